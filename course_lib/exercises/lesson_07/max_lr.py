"""Exercise 07.max_lr: the learning rate up to which no direction flies apart."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
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
        Case("curvatures around 0.01", (0.01 * unsorted(4),), special=True),
        Case("5 curvatures in float32", (unsorted(5, torch.float32),), special=True),
    ]


def _by_trying(curvatures: Tensor) -> Tensor:
    """Find the lowest of the limits of the directions, one after the other."""
    limit = 2 / curvatures[0]
    for curvature in curvatures[1:]:
        limit = torch.minimum(limit, 2 / curvature)
    return limit


SLIPS = """
one step to the minimum: 2 / → 1 /
    At this learning rate the steepest direction is at its minimum after one step. It may go
    farther, beyond the minimum: how far, before it ends where it began?
flattest direction: .max() → .min()
    This is the limit of the flattest direction. Every steeper one flies apart below it.
one step in the flattest direction: 2 / → 1 / ; .max() → .min()
    At this learning rate the flattest direction is done after one step, and steep ones have
    flown apart. Look at which direction you take, and at where its limit is.
the best, not the largest: 2 / (curvatures.min() + curvatures.max())
    This is the learning rate with the fastest convergence. Asked for is the one at which
    convergence ends.
mean curvature: .max() → .mean()
    This takes the mean of the curvatures. A direction steeper than the mean would fly apart.
median curvature: .max() → .median()
    This takes the median of the curvatures. Directions that are steeper would fly apart.
sum of the curvatures: .max() → .sum()
    This adds the curvatures up. Each direction goes its own way, so only one of them sets the
    limit.
length of the curvatures: .max() → .norm()
    This takes the length of the vector of curvatures. Each direction goes its own way; one of
    them sets the limit.
one for each direction: .max() →
    There is a limit for each direction here. One learning rate serves them all: which of these
    limits counts?
upside down: curvatures.max() / 2
    The fraction is upside down: the steeper the bowl, the smaller the step must be.
2 in the wrong place: 2 / → 0.5 /
    The 2 stands below the line: this is a quarter of the limit. For which lr is 1 - lr λ
    exactly -1?
product: 2 / → 2 *
    Curvature and 2 are multiplied. The steeper the bowl, the smaller the step must be.
largest curvature: 2 / →
    This is the largest curvature itself. Which learning rate goes with it?
root of the curvature: .max() → .max().sqrt()
    This takes the root of the curvature. In 1 - lr λ there is none.
curvature squared: .max() → .max() ** 2
    The curvature is squared. In 1 - lr λ it is not.
the first: .max() → [0]
    This takes the first curvature. They come in any order: which one is needed?
the last: .max() → [-1]
    This takes the last curvature. `eigvalsh` sorts them; here they come in any order.
where it stands: .max() → .argmax()
    `argmax` says where the largest curvature stands, not how large it is.
range: 2 / (curvatures.max() - curvatures.min())
    The smallest curvature is taken off the largest. For the limit one of them is enough.
condition number: curvatures.max() / curvatures.min()
    This is how much steeper the steepest direction is than the flattest, the condition number.
    It has no unit; a learning rate has that of one over a curvature.
minus for divided: 2 / → 2 -
    The curvature is taken off 2. Solve 1 - lr λ = -1 for lr, step by step.
sign: 2 / → -2 /
    The sign is wrong: a learning rate below 0 goes uphill.
always 2: 2 + 0 * curvatures.max()
    The result is 2, whatever the curvatures are.
mean of the limits: (2 / curvatures).mean()
    This takes the mean of all limits. At the mean the steepest direction has flown apart.
sum of the limits: (2 / curvatures).sum()
    This adds up the limits of all directions. One learning rate has to serve each of them.
product of the curvatures: .max() → .prod()
    This multiplies the curvatures. Each direction goes its own way; one of them sets the limit.
number of directions: _checked(curvatures).max() → curvatures.new_tensor(len(curvatures))
    This divides by the number of directions. How steep they are is what counts.
half of the best: 1 / (curvatures.min() + curvatures.max())
    This is half of the learning rate with the fastest convergence. Asked for is the one at
    which convergence ends.
root of the limit: (2 / curvatures.max()).sqrt()
    There is a root too many. Solve 1 - lr λ = -1 for lr, step by step.
one minus: 2 / → 1 - 2 /
    Something is taken off 1. Solve 1 - lr λ = -1 for lr, step by step.
twice the limit: 2 / → 4 /
    This is twice the limit: 1 - lr λ would be -3.
whole division: 2 / → 2 //
    The fraction is cut off: `//` divides and drops what stands behind the point.
"""

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
    slips=slips(SLIPS, descent.max_lr),
    also_right=(
        _by_trying,
        lambda c: (2 / c).min(),
        lambda c: 2 / c.sort().values[-1],
        lambda c: 2 * c.max() ** -1,
    ),
)
