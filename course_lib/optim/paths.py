"""Run a rule from a point, and keep every point on the way."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply, slot_names


def path(
    rule: Rule, gradient: Callable[[Tensor], Tensor], start: Tensor, *, steps: int, **hyper: float
) -> Tensor:
    """Return the points that a rule visits, `(steps + 1, *start.shape)`; the first is the start.

    gradient: of the point, with the point's shape. hyper: what the rule takes, lr at least. Slots
    are zero before the first step, which is t = 1.

    >>> from course_lib.optim.rules import gd
    >>> path(gd, lambda p: 2 * p, torch.tensor(1.0), steps=3, lr=0.25)
    tensor([1.0000, 0.5000, 0.2500, 0.1250])
    """
    p = start.detach()
    slots = (torch.zeros_like(p),) * len(slot_names(rule))
    points = [p]
    for t in range(1, steps + 1):
        p, slots = apply(rule, p, gradient(p), slots, t=t, **hyper)
        points.append(p)
    return torch.stack(points)
