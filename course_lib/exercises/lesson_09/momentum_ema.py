"""Exercise 09.momentum_ema: a step along the average of past gradients, article B's momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule
from .shared import OF_A_STEP_ALONG_IT, OF_A_VELOCITY, velocity_cases


def _by_lerp(p, g, v, *, lr, beta=0.9):
    v = v.lerp(g, 1 - beta)
    return torch.add(p, v, alpha=-lr), v


def _in_a_list(p, g, v, *, lr, beta=0.9):
    new = v + (1 - beta) * (g - v)
    return [p - lr * new, new]


SLIPS = """
β and 1 - β swapped: beta * v + (1 - beta) → (1 - beta) * v + beta
    β and 1 - β have changed places. With β = 0.9 your velocity forgets nine tenths of itself at
    each step.
classical: (1 - beta) * g → g
    This is classical momentum, in which the gradient is added whole. It is a dialect, no slip, and
    comes in the next exercise; here the velocity is an average.
Nesterov: lr * v → lr * (beta * v + (1 - beta) * g)
    The parameter moves by an average that was brought up to date twice. That is Nesterov's look
    ahead, which comes later; here the step is along v itself.
gradient descent: lr * v → lr * g
    The parameter moves by the gradient alone. What was the average made for?
learning rate in the velocity: (1 - beta) * g → (1 - beta) * lr * g ; lr * v → v
    The learning rate stands inside the velocity. Some libraries do so, and it differs once the rate
    changes. Here v is an average of gradients, and lr multiplies the step.
learning rate twice: (1 - beta) * g → (1 - beta) * lr * g
    The learning rate goes in twice, into the velocity and into the step. It belongs in one of them.
velocity downhill: + (1 - beta) → - (1 - beta) ; p - lr → p + lr
    Your velocity points downhill and is added: a dialect of some libraries. Here v is the average
    of the gradients themselves, and the step takes it off.
gradient taken off: + (1 - beta) → - (1 - beta)
    The gradient is taken off in the velocity, and the velocity is taken off in the step: two signs,
    and the parameter goes uphill.
bracket: (1 - beta) → 1 - beta
    A pair of brackets is missing in the velocity: it is 1 minus β that multiplies g.
old velocity forgotten: beta * v + →
    The old velocity has no part in the new one: nothing is remembered.
β before the old velocity forgotten: beta * v → v
    The old velocity stays whole, so the velocity only grows. Something is missing before it.
both weighted by β: (1 - beta) → beta
    Old velocity and gradient both have the weight β. In an average the two weights add up to 1.
both weighted by 1 - β: beta * v → (1 - beta) * v
    Old velocity and gradient both have the weight 1 - β. In an average the two weights add up to 1.
1 - β for all: beta * v + (1 - beta) * g → (1 - beta) * (beta * v + g)
    The whole sum is multiplied by 1 - β, the old velocity too. Look at your brackets.
squared: * g → * g * g
    The squares of the gradient are averaged, so that its sign is lost. That belongs to lesson 10.
parameter for velocity: beta * v → beta * p
    The parameter is averaged with the gradient. Look at the names in your first line.
1 - β in the step too: lr * v → lr * (1 - beta) * v
    The factor 1 - β comes in twice, in the velocity and in the step.
classical, learning rate inside: (1 - beta) * g → lr * g ; p - lr * v → p - v
    This is classical momentum with the learning rate inside the velocity: a dialect, no slip. Here
    the velocity is an average of gradients, and lr multiplies the step.
classical, learning rate inside, velocity downhill: + (1 - beta) → - lr ; p - lr * v → p + v
    This is the form that Keras has: no average, lr inside the velocity, which points downhill. A
    dialect, no slip. Here the velocity is an average of gradients.
average over the places:
    | average, averages = torch.zeros_like(g[0]), []
    | for part in g:
    |     average = beta * average + (1 - beta) * part
    |     averages.append(average)
    | v = torch.stack(averages)
    | return p - lr * v, v
    Your average runs from place to place inside one gradient. It should run from step to step: of
    the steps before, all that is left is v.
bracket in the step: p - lr * beta * v + (1 - beta) * g, beta * v + (1 - beta) * g
    In the step lr and the minus reach only the first part of the velocity: look at your brackets.
1 + β: (1 - beta) → (1 + beta)
    The gradient has the weight 1 + β. The two weights of an average add up to 1.
β before all: beta * v + (1 - beta) * g → beta * (v + (1 - beta) * g)
    The whole sum is multiplied by β, the gradient too. It has its own weight already: look at your
    brackets.
"""

MOMENTUM_EMA = Exercise(
    id="09.momentum_ema",
    points=2,
    asks="a step along the average of past gradients",
    reference=rules.momentum_ema,
    cases=velocity_cases,
    hints=(
        "The velocity v is a moving average, as in 09.ema. Of what? And where in gradient descent "
        "does it go?",
        "First bring the velocity up to date, then step with the new one. What does the next step "
        "need to be told, besides the parameter?",
        "Two lines and a `return` of two things. The first line is that of 09.ema with g for the "
        "value; the second is that of gradient descent with the new v for g.",
    ),
    slips=slips(SLIPS + OF_A_STEP_ALONG_IT + OF_A_VELOCITY, rules.momentum_ema)
    + slips_of_a_rule(rules.momentum_ema, without={"slots swapped"}),
    also_right=(_by_lerp, _in_a_list),
    needs=("rule", "vmap"),
)
