"""Exercise 09.nesterov: a step of Nesterov's momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule
from .shared import OF_A_VELOCITY, velocity_cases


def _by_add(p, g, v, *, lr, beta=0.9):
    new = torch.add(g, v, alpha=beta)
    return p - lr * torch.add(g, new, alpha=beta), new


def _written_out(p, g, v, *, lr, beta=0.9):
    return p - lr * ((1 + beta) * g + beta**2 * v), beta * v + g


SLIPS = """
classical: (g + beta * v) → v
    This is classical momentum: the step looks no further ahead. It comes out too where the old
    velocity is carried on in the step; it is the new one that should be.
gradient descent: (g + beta * v) → g
    The parameter moves by the gradient alone. The velocity has no part in your step.
gradient forgotten ahead: (g + beta * v) → beta * v
    The step is along β times the velocity, and the gradient does not come once more. Something is
    missing in the brackets.
bracket: (g + beta * v) → g + beta * v
    A pair of brackets is missing: the velocity is added, without the learning rate.
velocity without the learning rate: (g + beta * v) → g - beta * v
    The learning rate multiplies the gradient alone. Look at your brackets.
β forgotten ahead: g + beta * v → g + v
    In the step the velocity is carried on whole. At each step a part of it is lost.
β before the gradient: g + beta * v → v + beta * g
    In the step β stands before the gradient. It is the velocity that fades.
β before both: (g + beta * v) → beta * (g + v)
    In the step β multiplies the gradient too. It is the velocity that fades.
1 - β before the gradient: (g + → ((1 - beta) * g +
    In the step the gradient counts once in all. Either it has the weight 1 - β, that of an average,
    or the step is written out with the old velocity. Here it comes whole, and with v once more.
average: v + g → v + (1 - beta) * g ; (g + → ((1 - beta) * g +
    This is Nesterov's step in the form that averages: a dialect, no slip. The exercise asks for the
    form that adds the gradient whole, in both lines.
average in the velocity: v + g → v + (1 - beta) * g
    The velocity is an average, but the step adds the gradient whole. Here both lines add it whole.
learning rate inside: v + g → v - lr * g ; p - lr * (g + beta * v) → p + beta * v - lr * g
    The learning rate stands inside the velocity, which points downhill: the form that Keras has, a
    dialect. Here, as in torch, v is made of gradients alone.
learning rate inside, velocity uphill: v + g → v + lr * g ; lr * (g + beta * v) → beta * v - lr * g
    The learning rate stands inside the velocity, a dialect which differs once the rate changes.
    Here v is made of gradients alone.
look ahead kept: , v → , g + beta * v
    What you give back as velocity has the gradient in it twice. The look ahead serves this step
    only.
mean of the gradient in the velocity: v + g → v + g.mean()
    The velocity is made of one number, the mean of the gradient over all its places. Each place has
    a velocity of its own.
old velocity forgotten: beta * v + g → g.clone()
    The old velocity has no part in the new one: nothing is remembered.
gradient left out of the velocity: v + g → v
    The gradient never gets into the velocity. It comes in both lines.
β before the gradient in the velocity: beta * v + g → v + beta * g
    In the velocity β stands before the gradient. It is the old velocity that fades.
β forgotten in the velocity: = beta * v → = v
    In the velocity the old one stays whole: nothing ever slows down.
average, β and 1 - β swapped: beta * v + g → (1 - beta) * v + beta * g
    The velocity is an average, with β and 1 - β in each other's places. Here the gradient is added
    whole, and a part β of the old velocity stays.
1 - β in the step: lr * → lr * (1 - beta) *
    The step is multiplied by 1 - β. In this form that factor is nowhere.
β before both in the velocity: beta * v + g → beta * (v + g)
    In the velocity β multiplies the gradient too. It is the old velocity that fades.
velocity for gradient: (g + → (v +
    The step has the velocity twice. The gradient comes once more, and a part of the velocity.
sign ahead: (g + beta → (g - beta
    In the step gradient and velocity go opposite ways. Both are taken off: look at your signs.
1 - β ahead: (g + beta → (g + (1 - beta)
    In the step the velocity has the factor 1 - β. Carried on is what stays of it at each step.
moved ahead first: p - lr * beta * v - lr * (beta * v + g), beta * v + g
    The parameter moves along the old velocity, and along the new one besides. Here p is the point
    ahead already: it makes one move, with the new velocity.
two steps: (g + → (v + g +
    The parameter makes two steps, one of classical momentum and then Nesterov's. Only the velocity
    is that of the classical form.
1 - β before the old velocity: = beta → = (1 - beta)
    In the velocity a part 1 - β of the old one stays. A β of 0.9 should remember long: which part
    stays then?
velocity times gradient: (g + beta * v) → v * g
    In the step the velocity is multiplied by the gradient. It is made of gradients already: what
    does the step need of g?
β² ahead: (g + beta → (g + beta**2
    In the step the new velocity has the factor β². That square belongs to the old velocity, where
    the step is written out with it: the new one has faded once less.
written out with the new velocity: (g + beta * v) → ((1 + beta) * g + beta**2 * v)
    These are the factors of the step written out with the old velocity, but your v is the new one
    by then. Look at the order of your lines.
"""

NESTEROV = Exercise(
    id="09.nesterov",
    points=2,
    asks="a step of Nesterov's momentum",
    reference=rules.nesterov,
    cases=velocity_cases,
    hints=(
        "The velocity is that of classical momentum, to the letter. What differs is the step.",
        "The step is along what the velocity would be if the same gradient came once more: a part "
        "of the new velocity, and the gradient.",
        "In place of v the step has a sum in brackets: g, and β of the *new* v. What is given back "
        "is the parameter and v, not that sum.",
    ),
    slips=slips(SLIPS + OF_A_VELOCITY, rules.nesterov)
    + slips_of_a_rule(rules.nesterov, without={"slots swapped"}),
    also_right=(_by_add, _written_out),
    needs=("rule", "vmap"),
)
