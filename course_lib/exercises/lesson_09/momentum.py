"""Exercise 09.momentum: a step of classical momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule
from .shared import OF_A_STEP_ALONG_IT, OF_A_VELOCITY, velocity_cases


def _by_add(p, g, v, *, lr, beta=0.9):
    new = torch.add(g, v, alpha=beta)
    return torch.add(p, new, alpha=-lr), new


def _written_out(p, g, v, *, lr, beta=0.9):
    return p - lr * g - lr * beta * v, g + v * beta


SLIPS = """
average: + g → + (1 - beta) * g
    This is the form that averages, as in the exercise before. It is a dialect, no slip: its steps
    are smaller by the factor 1 - β. The exercise asks for the form that adds the gradient whole.
learning rate inside: + g → + lr * g ; lr * v → v
    The learning rate stands inside the velocity. That is Polyak's own form, and it differs once the
    rate changes. Here, as in torch, v is made of gradients alone.
learning rate inside, velocity downhill: + g → - lr * g ; p - lr * v → p + v
    This is the form that Keras has: lr inside the velocity, which points downhill. A dialect, no
    slip. Here, as in torch, v is made of gradients alone, and lr multiplies the step.
learning rate twice: + g → + lr * g
    The learning rate goes in twice, into the velocity and into the step.
old velocity forgotten: beta * v + g → g.clone()
    The old velocity has no part in the new one, so this is plain gradient descent.
gradient descent: lr * v → lr * g
    The parameter moves by the gradient alone. What is the velocity for?
Nesterov: lr * v → lr * (g + beta * v)
    This is Nesterov's form: the step looks one velocity further ahead. A rule of its own, which
    comes next; here the step is along v itself.
β before the gradient: beta * v + g → v + beta * g
    β stands before the gradient, and the old velocity stays whole. Which of the two should fade?
β before both: beta * v + g → beta * (v + g)
    β multiplies the gradient too. It is the old velocity that fades: look at your brackets.
β forgotten: beta * v → v
    The old velocity stays whole: nothing ever slows down. Where is β?
1 - β before the old velocity: beta * v → (1 - beta) * v
    Of the old velocity a part 1 - β stays. A β of 0.9 should remember long: which part stays then?
1 - β for all: beta * v + g → (1 - beta) * (beta * v + g)
    The whole sum is multiplied by 1 - β. Here the gradient is added as it is.
velocity downhill: + g → - g ; p - lr → p + lr
    Your velocity points downhill and is added, a dialect. Here v is the fading sum of the gradients
    themselves, and the step takes it off.
gradient taken off: + g → - g
    The gradient is taken off in the velocity, and the velocity is taken off in the step: two signs,
    and the parameter goes uphill.
old velocity without the learning rate: p - lr * g - beta * v, beta * v + g
    The old velocity moves the parameter without the learning rate. The rate multiplies the whole
    new velocity: look at your brackets.
average, β and 1 - β swapped: beta * v + g → (1 - beta) * v + beta * g
    The velocity is an average, with β and 1 - β in each other's places. Here the gradient is added
    whole, and a part β of the old velocity stays.
1 - β in the step: lr * v → lr * (1 - beta) * v
    The step is multiplied by 1 - β. In this form that factor is nowhere.
average with a larger rate: + g → + (1 - beta) * g ; lr * v → lr / (1 - beta) * v
    This is the average with a larger rate. From a velocity of 0 it takes the same steps, but its v
    is another one. Here v itself becomes larger: the gradient is added whole.
divided by 1 - β: + g → + g / (1 - beta)
    The gradient is divided by 1 - β. The velocity of a steady gradient grows to that size by
    itself, step by step.
bracket in the step: p - lr * beta * v + g, beta * v + g
    In the step lr and the minus reach only the first part of the velocity: look at your brackets.
"""

MOMENTUM = Exercise(
    id="09.momentum",
    points=2,
    asks="a step of classical momentum",
    reference=rules.momentum,
    cases=velocity_cases,
    hints=(
        "Compare the two formulas of the velocity. What has gone from the one of 09.momentum_ema?",
        "A part β of the old velocity stays, and the gradient is added as it is. The learning rate "
        "has nothing to do with that line.",
        "Copy your 09.momentum_ema and take one factor out. Step with the new velocity, and give "
        "back parameter and velocity.",
    ),
    slips=slips(SLIPS + OF_A_STEP_ALONG_IT + OF_A_VELOCITY, rules.momentum)
    + slips_of_a_rule(rules.momentum, without={"slots swapped"}),
    also_right=(_by_add, _written_out),
    needs=("rule", "vmap"),
)
