"""Exercise 09.momentum_ema: a step along the average of past gradients, article B's momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, Slip
from ...optim import rules
from ...optim.dialects import momentum_lr_inside
from .shared import Move, Velocity, common_slips, lr_inside_uphill, rule_of, velocity_cases


def _average(g, v, lr, beta):
    return beta * v + (1 - beta) * g


def _step(p, g, old, new, lr, beta):
    return p - lr * new, new


def _rule(velocity: Velocity = _average, move: Move = _step):
    return rule_of(velocity, move)


def _average_over_the_places(g, v, lr, beta):
    last, found = torch.zeros_like(g[0]), []
    for part in g:
        last = beta * last + (1 - beta) * part
        found.append(last)
    return torch.stack(found)


def _by_lerp(p, g, v, *, lr, beta=0.9):
    v = v.lerp(g, 1 - beta)
    return torch.add(p, v, alpha=-lr), v


def _in_a_list(p, g, v, *, lr, beta=0.9):
    new = v + (1 - beta) * (g - v)
    return [p - lr * new, new]


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
    slips=(
        Slip(
            "β and 1 - β swapped",
            _rule(lambda g, v, lr, beta: (1 - beta) * v + beta * g),
            "β and 1 - β have changed places. With β = 0.9 your velocity forgets nine tenths of "
            "itself at each step.",
        ),
        Slip(
            "old velocity used",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * old, new)),
            "The parameter moves by the velocity of one step ago, so that this gradient counts "
            "only at the next step. Look at the order of your two lines.",
        ),
        Slip(
            "classical",
            rules.momentum,
            "This is classical momentum, in which the gradient is added whole. It is a dialect, no "
            "slip, and comes in the next exercise; here the velocity is an average.",
        ),
        Slip(
            "Nesterov",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * (beta * new + (1 - beta) * g), new)
            ),
            "The parameter moves by an average that was brought up to date twice. That is "
            "Nesterov's look ahead, which comes later; here the step is along v itself.",
        ),
        Slip(
            "gradient descent",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g, new)),
            "The velocity is right, but the parameter moves by the gradient alone. What was the "
            "average made for?",
        ),
        Slip(
            "learning rate in the velocity",
            _rule(
                lambda g, v, lr, beta: beta * v + (1 - beta) * lr * g,
                lambda p, g, old, new, lr, beta: (p - new, new),
            ),
            "The learning rate stands inside the velocity. Some libraries do so, and it differs "
            "once the rate changes. Here v is an average of gradients, and lr multiplies the step.",
        ),
        Slip(
            "learning rate twice",
            _rule(lambda g, v, lr, beta: beta * v + (1 - beta) * lr * g),
            "The learning rate goes in twice, into the velocity and into the step. It belongs in "
            "one of them.",
        ),
        Slip(
            "velocity downhill",
            _rule(
                lambda g, v, lr, beta: beta * v - (1 - beta) * g,
                lambda p, g, old, new, lr, beta: (p + lr * new, new),
            ),
            "Your velocity points downhill and is added: a dialect of some libraries. Here v is "
            "the average of the gradients themselves, and the step takes it off.",
        ),
        Slip(
            "gradient taken off",
            _rule(lambda g, v, lr, beta: beta * v - (1 - beta) * g),
            "The gradient is taken off in the velocity, and the velocity is taken off in the step: "
            "two signs, and the parameter goes uphill.",
        ),
        Slip(
            "bracket",
            _rule(lambda g, v, lr, beta: beta * v + 1 - beta * g),
            "A pair of brackets is missing in the velocity: it is 1 minus β that multiplies g.",
        ),
        Slip(
            "old velocity forgotten",
            _rule(lambda g, v, lr, beta: (1 - beta) * g),
            "The old velocity has no part in the new one: nothing is remembered.",
        ),
        Slip(
            "β before the old velocity forgotten",
            _rule(lambda g, v, lr, beta: v + (1 - beta) * g),
            "The old velocity stays whole, so the velocity only grows. Something is missing before "
            "it.",
        ),
        Slip(
            "both weighted by β",
            _rule(lambda g, v, lr, beta: beta * v + beta * g),
            "Old velocity and gradient both have the weight β. In an average the two weights add "
            "up to 1.",
        ),
        Slip(
            "both weighted by 1 - β",
            _rule(lambda g, v, lr, beta: (1 - beta) * (v + g)),
            "Old velocity and gradient both have the weight 1 - β. In an average the two weights "
            "add up to 1.",
        ),
        Slip(
            "1 - β for all",
            _rule(lambda g, v, lr, beta: (1 - beta) * (beta * v + g)),
            "The whole sum is multiplied by 1 - β, the old velocity too. Look at your brackets.",
        ),
        Slip(
            "squared",
            _rule(lambda g, v, lr, beta: beta * v + (1 - beta) * g * g),
            "The squares of the gradient are averaged, so that its sign is lost. That belongs to "
            "lesson 10.",
        ),
        Slip(
            "parameter for velocity",
            _rule(
                move=lambda p, g, old, new, lr, beta: (
                    p - lr * (beta * p + (1 - beta) * g),
                    beta * p + (1 - beta) * g,
                )
            ),
            "The parameter is averaged with the gradient. Look at the names in your first line.",
        ),
        Slip(
            "1 - β in the step too",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (1 - beta) * new, new)),
            "The factor 1 - β comes in twice, in the velocity and in the step.",
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
            "classical, learning rate inside",
            lr_inside_uphill,
            "This is classical momentum with the learning rate inside the velocity: a dialect, no "
            "slip. Here the velocity is an average of gradients, and lr multiplies the step.",
        ),
        Slip(
            "classical, learning rate inside, velocity downhill",
            momentum_lr_inside,
            "This is the form that Keras has: no average, lr inside the velocity, which points "
            "downhill. A dialect, no slip. Here the velocity is an average of gradients.",
        ),
        Slip(
            "average over the places",
            _rule(_average_over_the_places),
            "Your average runs from place to place inside one gradient. It should run from step to "
            "step: of the steps before, all that is left is v.",
        ),
        Slip(
            "bracket in the step",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * beta * old + (1 - beta) * g, new)
            ),
            "The velocity is right. In the step lr and the minus reach only its first part: look "
            "at your brackets.",
        ),
        Slip(
            "1 + β",
            _rule(lambda g, v, lr, beta: beta * v + (1 + beta) * g),
            "The gradient has the weight 1 + β. The two weights of an average add up to 1.",
        ),
        Slip(
            "β before all",
            _rule(lambda g, v, lr, beta: beta * (v + (1 - beta) * g)),
            "The whole sum is multiplied by β, the gradient too. It has its own weight already: "
            "look at your brackets.",
        ),
        *common_slips(_average, _step),
    ),
    also_right=(_by_lerp, _in_a_list),
    needs=("rule", "vmap"),
)
