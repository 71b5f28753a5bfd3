"""What the three rules with a velocity share: cases, and the slips that all three invite."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case
from ..drawing import drawing

OF_A_VELOCITY = """\
velocity returned with the learning rate: , v → , lr * v
    The velocity comes back multiplied by the learning rate.
old velocity used and returned: v = beta → new = beta
    The velocity is never brought up to date. Look at the name under which you keep the new one.
β of its own: beta → 0.9
    β is always 0.9 in your rule. That is its default; what is handed in comes first.
"""

OF_A_STEP_ALONG_IT = """\
old velocity used: v = beta → new = beta ; , v → , new
    The parameter moves by the velocity of one step ago, so that this gradient counts only at the
    next step. Look at the order of your two lines.
β in the step: lr * v → lr * beta * v
    In the step the velocity is multiplied by β once more.
gradient and velocity: lr * v → lr * (g + v)
    The step is along the gradient and the velocity. The gradient is in the velocity already.
velocity times gradient: lr * v → lr * v * g
    In the step the velocity is multiplied by the gradient. It is made of gradients already: what
    does the step need of g?
"""


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
