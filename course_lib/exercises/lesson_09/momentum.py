"""Exercise 09.momentum: a step of classical momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, Slip
from ...optim import rules
from ...optim.dialects import momentum_lr_inside
from .shared import Move, Velocity, common_slips, lr_inside_uphill, rule_of, velocity_cases


def _velocity(g, v, lr, beta):
    return beta * v + g


def _step(p, g, old, new, lr, beta):
    return p - lr * new, new


def _rule(velocity: Velocity = _velocity, move: Move = _step):
    return rule_of(velocity, move)


def _by_add(p, g, v, *, lr, beta=0.9):
    new = torch.add(g, v, alpha=beta)
    return torch.add(p, new, alpha=-lr), new


def _written_out(p, g, v, *, lr, beta=0.9):
    return p - lr * g - lr * beta * v, g + v * beta


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
    slips=(
        Slip(
            "average",
            rules.momentum_ema,
            "This is the form that averages, as in the exercise before. It is a dialect, no slip: "
            "its steps are smaller by the factor 1 - β. Asked is the form that adds the gradient "
            "whole.",
        ),
        Slip(
            "learning rate inside",
            lr_inside_uphill,
            "The learning rate stands inside the velocity. That is Polyak's own form, and it "
            "differs once the rate changes. Here, as in torch, v is made of gradients alone.",
        ),
        Slip(
            "learning rate inside, velocity downhill",
            momentum_lr_inside,
            "This is the form that Keras has: lr inside the velocity, which points downhill. A "
            "dialect, no slip. Here, as in torch, v is made of gradients alone, and lr multiplies "
            "the step.",
        ),
        Slip(
            "learning rate twice",
            _rule(lambda g, v, lr, beta: beta * v + lr * g),
            "The learning rate goes in twice, into the velocity and into the step.",
        ),
        Slip(
            "old velocity forgotten",
            _rule(lambda g, v, lr, beta: g.clone()),
            "The old velocity has no part in the new one, so this is plain gradient descent.",
        ),
        Slip(
            "gradient descent",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g, new)),
            "The velocity is right, but the parameter moves by the gradient alone. What is the "
            "velocity for?",
        ),
        Slip(
            "old velocity used",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * old, new)),
            "The parameter moves by the velocity of one step ago, so that this gradient counts "
            "only at the next step. Look at the order of your two lines.",
        ),
        Slip(
            "Nesterov",
            rules.nesterov,
            "This is Nesterov's form: the step looks one velocity further ahead. A rule of its "
            "own, which comes next; here the step is along v itself.",
        ),
        Slip(
            "β before the gradient",
            _rule(lambda g, v, lr, beta: v + beta * g),
            "β stands before the gradient, and the old velocity stays whole. Which of the two "
            "should fade?",
        ),
        Slip(
            "β before both",
            _rule(lambda g, v, lr, beta: beta * (v + g)),
            "β multiplies the gradient too. It is the old velocity that fades: look at your "
            "brackets.",
        ),
        Slip(
            "β forgotten",
            _rule(lambda g, v, lr, beta: v + g),
            "The old velocity stays whole: nothing ever slows down. Where is β?",
        ),
        Slip(
            "1 - β before the old velocity",
            _rule(lambda g, v, lr, beta: (1 - beta) * v + g),
            "Of the old velocity a part 1 - β stays. A β of 0.9 should remember long: which part "
            "stays then?",
        ),
        Slip(
            "1 - β for all",
            _rule(lambda g, v, lr, beta: (1 - beta) * (beta * v + g)),
            "The whole sum is multiplied by 1 - β. Here the gradient is added as it is.",
        ),
        Slip(
            "velocity downhill",
            _rule(
                lambda g, v, lr, beta: beta * v - g,
                lambda p, g, old, new, lr, beta: (p + lr * new, new),
            ),
            "Your velocity points downhill and is added, a dialect. Here v is the fading sum of "
            "the gradients themselves, and the step takes it off.",
        ),
        Slip(
            "gradient taken off",
            _rule(lambda g, v, lr, beta: beta * v - g),
            "The gradient is taken off in the velocity, and the velocity is taken off in the step: "
            "two signs, and the parameter goes uphill.",
        ),
        Slip(
            "old velocity without the learning rate",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g - beta * old, new)),
            "The old velocity moves the parameter without the learning rate. The rate multiplies "
            "the whole new velocity: look at your brackets.",
        ),
        Slip(
            "average, β and 1 - β swapped",
            _rule(lambda g, v, lr, beta: (1 - beta) * v + beta * g),
            "The velocity is an average, with β and 1 - β in each other's places. Here the "
            "gradient is added whole, and a part β of the old velocity stays.",
        ),
        Slip(
            "1 - β in the step",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (1 - beta) * new, new)),
            "The velocity is right, but the step is multiplied by 1 - β. In this form that "
            "factor is nowhere.",
        ),
        Slip(
            "β in the step",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * beta * new, new)),
            "The velocity is right, but in the step it is multiplied by β once more.",
        ),
        Slip(
            "gradient and velocity",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (g + new), new)),
            "The step is along the gradient and the velocity. The gradient is in the velocity "
            "already.",
        ),
        Slip(
            "average with a larger rate",
            _rule(
                lambda g, v, lr, beta: beta * v + (1 - beta) * g,
                lambda p, g, old, new, lr, beta: (p - lr / (1 - beta) * new, new),
            ),
            "This is the average with a larger rate. From a velocity of 0 it takes the same "
            "steps, but its v is another one. Here v itself becomes larger: the gradient is added "
            "whole.",
        ),
        Slip(
            "divided by 1 - β",
            _rule(lambda g, v, lr, beta: beta * v + g / (1 - beta)),
            "The gradient is divided by 1 - β. The velocity of a steady gradient grows to that "
            "size by itself, step by step.",
        ),
        Slip(
            "bracket in the step",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * beta * old + g, new)),
            "The velocity is right. In the step lr and the minus reach only its first part: look "
            "at your brackets.",
        ),
        *common_slips(_velocity, _step),
    ),
    also_right=(_by_add, _written_out),
    needs=("rule", "vmap"),
)
