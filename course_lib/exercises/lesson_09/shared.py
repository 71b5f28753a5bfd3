"""What the three rules with a velocity share: cases, and the slips that all three invite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...checking import Case, Slip
from ..drawing import drawing

Velocity = Callable[[Tensor, Tensor, float, float], Tensor]  # g, v, lr, beta
Move = Callable[[Tensor, Tensor, Tensor, Tensor, float, float], Any]  # p, g, old v, new v, lr, beta


def velocity_cases(seed: int) -> list[Case]:
    """Return steps of a rule `(p, g, v, *, lr, beta)`: any moment of training, then the edges."""
    draw = drawing(seed)

    def step(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
        return draw(*shape, dtype=dtype), draw(*shape, dtype=dtype), draw(*shape, dtype=dtype)

    p, g, v = step(4)
    zero, plain = torch.zeros_like(g), {"lr": 0.1, "beta": 0.9}
    return [
        Case("5 numbers, lr = 0.3 and β = 0.8", step(5), {"lr": 0.3, "beta": 0.8}),
        Case("3 by 4 numbers, lr = 2 and β = 0.4", step(3, 4), {"lr": 2.0, "beta": 0.4}),
        Case("6 numbers, lr = 0.05 and β = 0.7", step(6), {"lr": 0.05, "beta": 0.7}),
        Case("the default β", step(4), {"lr": 0.1}, special=True),
        Case("a velocity of 0, as before the first step", (p, g, zero), plain, special=True),
        Case("a gradient of 0", (p, zero, v), plain, special=True),
        Case("a gradient and a velocity of 0", (p, zero, zero), plain, special=True),
        Case("gradients around a million", (p, 1e6 * g, 1e6 * v), plain, special=True),
        Case("a β of 0", step(4), {"lr": 0.1, "beta": 0.0}, special=True),
        Case("a β of 0.99", step(4), {"lr": 0.1, "beta": 0.99}, special=True),
        Case("an lr of 0", step(4), {"lr": 0.0, "beta": 0.9}, special=True),
        Case("1 number", step(1), plain, special=True),
        Case("50 numbers in float32", step(50, dtype=torch.float32), plain, special=True),
    ]


def rule_of(velocity: Velocity, move: Move) -> Callable[..., Any]:
    """Return a rule made of two parts: the new velocity, and what is given back."""

    def rule(p, g, v, *, lr, beta=0.9):
        return move(p, g, v, velocity(g, v, lr, beta), lr, beta)

    return rule


def lr_inside_uphill(p, g, v, *, lr, beta=0.9):
    """Take a step of `dialects.momentum_lr_inside`, with a velocity that points uphill."""
    v = beta * v + lr * g
    return p - v, v


def common_slips(velocity: Velocity, move: Move) -> tuple[Slip, ...]:
    """Return slips that can be made with any of the three rules, given how the rule is right."""

    def ends(end: Callable[..., Any]) -> Callable[..., Any]:
        """Return the rule with another end: `end` gets the new parameter too, at the end."""

        def other(p, g, old, new, lr, beta):
            return end(p, g, old, new, lr, move(p, g, old, new, lr, beta)[0])

        return rule_of(velocity, other)

    def steps(lr_of: Callable[[float], float]) -> Callable[..., Any]:
        """Return the rule with another learning rate in its step."""

        def other(p, g, old, new, lr, beta):
            return move(p, g, old, new, lr_of(lr), beta)

        return rule_of(velocity, other)

    return (
        Slip(
            "velocity not returned",
            ends(lambda p, g, old, new, lr, moved: moved),
            "The parameter is right, and it comes alone. The velocity has to come back too, or the "
            "next step begins from 0 again.",
        ),
        Slip(
            "parameter not returned",
            ends(lambda p, g, old, new, lr, moved: new),
            "This is the velocity alone. The rule gives back the new parameter and the velocity.",
        ),
        Slip(
            "the other way round",
            ends(lambda p, g, old, new, lr, moved: (new, moved)),
            "Both are right, in the wrong order: the parameter first, then what is remembered.",
        ),
        Slip(
            "old velocity returned",
            ends(lambda p, g, old, new, lr, moved: (moved, old)),
            "The parameter is right, but the velocity comes back as it went in: nothing will ever "
            "be remembered.",
        ),
        Slip(
            "gradient returned",
            ends(lambda p, g, old, new, lr, moved: (moved, g.clone())),
            "The parameter is right, but in the place of the velocity the gradient comes back.",
        ),
        Slip(
            "velocity returned with the learning rate",
            ends(lambda p, g, old, new, lr, moved: (moved, lr * new)),
            "The parameter is right, but the velocity comes back multiplied by the learning rate.",
        ),
        Slip(
            "parameter not moved",
            ends(lambda p, g, old, new, lr, moved: (p.clone(), new)),
            "The velocity is right, but the parameter comes back as it went in.",
        ),
        Slip(
            "step for parameter",
            ends(lambda p, g, old, new, lr, moved: (p - moved, new)),
            "In the place of the parameter the step comes back. It has to be taken off p.",
        ),
        Slip(
            "step downhill for parameter",
            ends(lambda p, g, old, new, lr, moved: (moved - p, new)),
            "In the place of the parameter the step comes back, with its minus. Where is p?",
        ),
        Slip(
            "velocity times gradient",
            ends(lambda p, g, old, new, lr, moved: (p - lr * new * g, new)),
            "In the step the velocity is multiplied by the gradient. It is made of gradients "
            "already: what does the step need of g?",
        ),
        Slip(
            "old velocity used and returned",
            rule_of(velocity, lambda p, g, old, new, lr, beta: move(p, g, old, old, lr, beta)),
            "The velocity is never brought up to date. Look at the name under which you keep the "
            "new one.",
        ),
        Slip(
            "uphill",
            steps(lambda lr: -lr),
            "The parameter moves along the gradients, which point uphill. Look at the sign of the "
            "step.",
        ),
        Slip(
            "learning rate forgotten",
            steps(lambda lr: 1.0),
            "The learning rate has no part in your step.",
        ),
        Slip(
            "learning rate of its own",
            steps(lambda lr: 0.1),
            "The learning rate is always 0.1 in your rule. It is handed in as `lr`.",
        ),
        Slip(
            "β of its own",
            rule_of(
                lambda g, v, lr, beta: velocity(g, v, lr, 0.9),
                lambda p, g, old, new, lr, beta: move(p, g, old, new, lr, 0.9),
            ),
            "β is always 0.9 in your rule. That is its default; what is handed in comes first.",
        ),
        Slip(
            "mean of the gradient",
            rule_of(lambda g, v, lr, beta: velocity(g.mean(), v, lr, beta), move),
            "The velocity is made of one number, the mean of the gradient over all its places. "
            "Each place has a velocity of its own.",
        ),
    )
