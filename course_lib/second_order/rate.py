"""A controller for the learning rate: from what the slope of the loss answers, and from progress.

"Raise the rate until the slope answers, then follow the plan." After each step two slopes along it
are compared: that of the loss before the step, `g_before · Δ`, and that after it, `g_after · Δ`,
with Δ the step. Each is averaged (lesson 09), since gradients of batches are noisy.
"""

import torch
from torch import Tensor

from course_lib.second_order.controller import Sugeno, Variable
from course_lib.second_order.inference import sugeno

_FLOAT = torch.float64

SLOPE = Variable(("overshoot", "level", "short"), torch.tensor([-0.5, -0.1, 0.3], dtype=_FLOAT))
PROGRESS = Variable(
    ("start", "early", "middle", "late"), torch.tensor([0.0, 0.08, 0.5, 1.0], dtype=_FLOAT)
)
RULES = (
    ("short", "start", 1.5),
    ("short", "early", 1.5),
    ("any", "any", 0.0),
)
PLAN = torch.tensor([1.0, 1.0, 0.5, 0.0], dtype=_FLOAT)


def slope_ratio(after: Tensor, before: Tensor) -> Tensor:
    """Return how much of a slope is left after a step, of the shape of both: `−after / |before|`.

    before, after: slopes of the loss along the step, where it began and where it ended; downhill
    is below 0. The ratio is 1 if the slope is as it was, so that the step was far too short; 0 if
    the step ended at the floor; below 0 if it went past it. On a quadratic along a step of
    gradient descent it is `1 − lr · curvature`. Where before is 0, as at the first step, there is
    nothing to compare and the ratio is 0.

    >>> slope_ratio(torch.tensor([-2.0, -1.0, 1.0]), torch.tensor([-2.0, -2.0, -2.0]))
    tensor([ 1.0000,  0.5000, -0.5000])
    """
    nothing = before == 0
    return torch.where(nothing, 0.0, -after / torch.where(nothing, 1.0, before.abs()))


def rate_controller() -> Sugeno:
    """Return the controller: from slope ratio and progress to how fast the rate should grow.

    Its result is the speed of log rate: above 0 where steps are too short early on, 0 elsewhere.

    >>> r, p = torch.tensor([1.0, 0.1, -0.3, 1.0]), torch.tensor([0.0, 0.0, 0.0, 0.5])
    >>> rate_controller()(r, p)
    tensor([1.5000, 0.7500, 0.0000, 0.0000])
    """
    return Sugeno.of(RULES, SLOPE, PROGRESS, otherwise=0.0)


def plan(p: Tensor) -> Tensor:
    """Return the share of the rate that the plan on time alone allows, of the shape of p.

    p: progress, evaluations done over evaluations in all. A Sugeno table on one input is a line
    drawn through its corners: here through (0, 1), (0.08, 1), (0.5, 0.5) and (1, 0).

    >>> plan(torch.tensor([0.0, 0.08, 0.29, 0.75, 1.0]))
    tensor([1.0000, 1.0000, 0.7500, 0.2500, 0.0000])
    """
    return sugeno(PROGRESS(p), PLAN.to(p), otherwise=0.0)


def steered(log_factor: Tensor, r: Tensor, p: Tensor, controller, gain: float) -> Tensor:
    """Return the new log of the factor that multiplies the base rate: `M + gain · V(r, p)`.

    log_factor: M, of the shape of r and p. controller: V, such as `rate_controller()`.
    The rate is then `base · exp(M) · plan(p)`.

    >>> r, p = torch.tensor(1.0), torch.tensor(0.0)
    >>> steered(torch.tensor(-5.0), r, p, rate_controller(), gain=0.5)
    tensor(-4.2500)
    """
    return log_factor + gain * controller(r, p)


def policy(log_factor, r, p, controller, plan, gain):
    """Return the new log of the factor, M, and what the base rate is multiplied by at this step.

    `M ← M + gain · V(r, p)`, and the factor is `exp(M) · plan(p)`. What is kept is M: the plan acts
    on this step alone. All tensors are of one shape. log_factor: M as it was. r: slope ratio.
    p: progress. controller: V, such as `rate_controller()`. gain: a number or a tensor; where it is
    0, M stays.

    >>> r, p = torch.tensor([1.0, -0.5]), torch.tensor([0.0, 0.5])
    >>> policy(torch.zeros(2), r, p, rate_controller(), plan, gain=0.5)
    (tensor([0.7500, 0.0000]), tensor([2.1170, 0.5000]))
    """
    log_factor = steered(log_factor, r, p, controller, gain)
    return log_factor, log_factor.exp() * plan(p)
