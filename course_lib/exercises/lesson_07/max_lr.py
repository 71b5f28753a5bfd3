"""Exercise 07.max_lr: the learning rate up to which no direction flies apart."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import descent
from ..drawing import drawing


def _rate_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def unsorted(d: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Return curvatures whose largest and smallest stand neither first nor last."""
        ordered = draw(d, dtype=dtype).exp().sort().values
        return torch.cat([ordered[1:2], ordered[:1], ordered[-1:], ordered[2:-1]])

    return [
        Case("4 curvatures", (unsorted(4),)),
        Case("5 curvatures", (unsorted(5),)),
        Case("7 curvatures", (unsorted(7),)),
        Case("6 curvatures around 100", (100 * unsorted(6),)),
        Case("1 curvature", (draw(1).exp(),), special=True),
        Case("2 curvatures", (draw(2).exp(),), special=True),
        Case("3 curvatures that are all 4", (torch.full((3,), 4.0).double(),), special=True),
        Case("curvatures from 0.001 to 1000", (torch.logspace(-3, 3, 5).double(),), special=True),
        Case("5 curvatures in float32", (unsorted(5, torch.float32),), special=True),
    ]


def _by_trying(curvatures: Tensor) -> Tensor:
    """Find the lowest of the limits of the directions, one after the other."""
    limit = 2 / curvatures[0]
    for curvature in curvatures[1:]:
        limit = torch.minimum(limit, 2 / curvature)
    return limit


MAX_LR = Exercise(
    id="07.max_lr",
    points=1,
    asks="the learning rate up to which no direction flies apart",
    reference=descent.max_lr,
    cases=_rate_cases,
    hints=(
        "Take one direction with curvature λ. A step multiplies the distance by 1 - lr λ. For "
        "which lr is that exactly -1?",
        "There is one learning rate for all directions. Which direction is the first to fly apart "
        "when you turn it up?",
    ),
    slips=(
        Slip(
            "one step to the minimum",
            lambda c: 1 / c.max(),
            "At this learning rate the steepest direction is at its minimum after one step. It may "
            "go farther, beyond the minimum: how far, before it ends where it began?",
        ),
        Slip(
            "flattest direction",
            lambda c: 2 / c.min(),
            "This is the limit of the flattest direction. Every steeper one flies apart below it.",
        ),
        Slip(
            "one step in the flattest direction",
            lambda c: 1 / c.min(),
            "At this learning rate the flattest direction is done after one step, and steep ones "
            "have flown apart. Look at which direction you take, and at where its limit is.",
        ),
        Slip(
            "the best, not the largest",
            lambda c: 2 / (c.min() + c.max()),
            "This is the learning rate with the fastest convergence. Asked for is the one at which "
            "convergence ends.",
        ),
        Slip(
            "mean curvature",
            lambda c: 2 / c.mean(),
            "This takes the mean of the curvatures. A direction steeper than the mean would fly "
            "apart.",
        ),
        Slip(
            "median curvature",
            lambda c: 2 / c.median(),
            "This takes the median of the curvatures. Directions that are steeper would fly apart.",
        ),
        Slip(
            "sum of the curvatures",
            lambda c: 2 / c.sum(),
            "This adds the curvatures up. Each direction goes its own way, so only one of them "
            "sets the limit.",
        ),
        Slip(
            "length of the curvatures",
            lambda c: 2 / c.norm(),
            "This takes the length of the vector of curvatures. Each direction goes its own way; "
            "one of them sets the limit.",
        ),
        Slip(
            "one for each direction",
            lambda c: 2 / c,
            "There is a limit for each direction here. One learning rate serves them all: which of "
            "these limits counts?",
        ),
        Slip(
            "upside down",
            lambda c: c.max() / 2,
            "The fraction is upside down: the steeper the bowl, the smaller the step must be.",
        ),
        Slip(
            "2 in the wrong place",
            lambda c: 1 / (2 * c.max()),
            "The 2 stands below the line: this is a quarter of the limit. For which lr is 1 - lr λ "
            "exactly -1?",
        ),
        Slip(
            "product",
            lambda c: 2 * c.max(),
            "Curvature and 2 are multiplied. The steeper the bowl, the smaller the step must be.",
        ),
        Slip(
            "largest curvature",
            lambda c: c.max(),
            "This is the largest curvature itself. Which learning rate goes with it?",
        ),
        Slip(
            "root of the curvature",
            lambda c: 2 / c.max().sqrt(),
            "This takes the root of the curvature. In 1 - lr λ there is none.",
        ),
        Slip(
            "curvature squared",
            lambda c: 2 / c.max() ** 2,
            "The curvature is squared. In 1 - lr λ it is not.",
        ),
        Slip(
            "the first",
            lambda c: 2 / c[0],
            "This takes the first curvature. They come in any order: which one is needed?",
        ),
        Slip(
            "the last",
            lambda c: 2 / c[-1],
            "This takes the last curvature. `eigvalsh` sorts them; here they come in any order.",
        ),
        Slip(
            "where it stands",
            lambda c: 2 / c.argmax(),
            "`argmax` says where the largest curvature stands, not how large it is.",
        ),
        Slip(
            "range",
            lambda c: 2 / (c.max() - c.min()),
            "The smallest curvature is taken off the largest. For the limit one of them is enough.",
        ),
        Slip(
            "condition number",
            lambda c: c.max() / c.min(),
            "This is how much steeper the steepest direction is than the flattest, the condition "
            "number. It has no unit; a learning rate has that of one over a curvature.",
        ),
        Slip(
            "minus for divided",
            lambda c: 2 - c.max(),
            "The curvature is taken off 2. Solve 1 - lr λ = -1 for lr, step by step.",
        ),
        Slip(
            "sign",
            lambda c: -2 / c.max(),
            "The sign is wrong: a learning rate below 0 goes uphill.",
        ),
        Slip(
            "always 2",
            lambda c: 2 + 0 * c.max(),
            "The result is 2, whatever the curvatures are.",
        ),
        Slip(
            "mean of the limits",
            lambda c: (2 / c).mean(),
            "This takes the mean of all limits. At the mean the steepest direction has flown "
            "apart.",
        ),
        Slip(
            "sum of the limits",
            lambda c: (2 / c).sum(),
            "This adds up the limits of all directions. One learning rate has to serve each of "
            "them.",
        ),
        Slip(
            "product of the curvatures",
            lambda c: 2 / c.prod(),
            "This multiplies the curvatures. Each direction goes its own way; one of them sets "
            "the limit.",
        ),
        Slip(
            "number of directions",
            lambda c: 2 / torch.tensor(float(len(c)), dtype=c.dtype),
            "This divides by the number of directions. How steep they are is what counts.",
        ),
        Slip(
            "half of the best",
            lambda c: 1 / (c.min() + c.max()),
            "This is half of the learning rate with the fastest convergence. Asked for is the one "
            "at which convergence ends.",
        ),
        Slip(
            "root of the limit",
            lambda c: (2 / c.max()).sqrt(),
            "There is a root too many. Solve 1 - lr λ = -1 for lr, step by step.",
        ),
        Slip(
            "one minus",
            lambda c: 1 - 2 / c.max(),
            "Something is taken off 1. Solve 1 - lr λ = -1 for lr, step by step.",
        ),
        Slip(
            "twice the limit",
            lambda c: 4 / c.max(),
            "This is twice the limit: 1 - lr λ would be -3.",
        ),
    ),
    also_right=(
        _by_trying,
        lambda c: (2 / c).min(),
        lambda c: 2 / c.sort().values[-1],
        lambda c: 2 * c.max() ** -1,
    ),
)
