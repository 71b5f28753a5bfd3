"""What several exercises of lesson 10 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...checking import Slip
from ..drawing import drawing

Draw = Callable[..., Tensor]


def held(seed: int) -> tuple[Draw, Draw]:
    """Return how to draw numbers of either sign, and how to draw what a rule may remember: 0 up."""
    draw = drawing(seed)

    def squares(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return 0.1 + draw(*shape, dtype=dtype) ** 2

    return draw, squares


def common_slips(rule: Callable[..., Callable[..., Any]]) -> tuple[Slip, ...]:
    """Return slips that can be made with either rule that divides by the root of s.

    rule: makes the exercise's rule, with its `move`, `use` or `end` written otherwise.
    """

    def lr_forgotten(p, g, s, *, lr, **more):
        return rule()(p, g, s, lr=1.0, **more)

    return (
        Slip(
            "s not returned",
            rule(end=lambda p, step, old, new: p - step),
            "Only the parameter comes back. The rule has to remember s for its next step: two "
            "things are due.",
        ),
        Slip(
            "old s returned",
            rule(end=lambda p, step, old, new: (p - step, old)),
            "The s that comes back is the one that went in, so nothing is ever remembered. Return "
            "the new one.",
        ),
        Slip(
            "old s used",
            rule(use=lambda old, new: old),
            "The step is divided by the old s. At the first step that is 0, and the step enormous. "
            "Renew s first, then step.",
        ),
        Slip(
            "wrong order",
            rule(end=lambda p, step, old, new: (new, p - step)),
            "Both results are right, in the wrong order: the parameter first, then what is "
            "remembered.",
        ),
        Slip(
            "step for parameter",
            rule(end=lambda p, step, old, new: (step, new)),
            "The first result is the step, not the parameter after it.",
        ),
        Slip(
            "uphill",
            rule(end=lambda p, step, old, new: (p + step, new)),
            "The step goes uphill: look at the sign before it.",
        ),
        Slip(
            "lr forgotten",
            lr_forgotten,
            "The learning rate plays no part in your step. Look at what g is multiplied by.",
        ),
        Slip(
            "not divided",
            rule(move=lambda g, s, eps: g),
            "This is a step of gradient descent: s is kept and never used. What is the gradient "
            "divided by?",
        ),
    )
