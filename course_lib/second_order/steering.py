"""What the fuzzy optimizer does with its rate at every step, as one object.

The parts are in `rate`. A layer is one tensor of parameters. Of each three numbers are kept: the
averages of the slope after its steps and before them, and the log of what multiplies its base rate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.second_order.rate import plan, policy, rate_controller, slope_ratio

RATE = rate_controller()
KEPT = ("after", "before", "log_factor")


def inner_products(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Return `Σ aᵢ bᵢ` of each pair of tensors, `(pairs,)`, in a few launches for all of them.

    A sum is twice that of its positive terms less that of all sizes. Infinite or NaN where a term
    is: `0 · ∞` is NaN.

    >>> inner_products([torch.ones(2), torch.ones(1)], [torch.tensor([3.0, -1.0]), torch.zeros(1)])
    tensor([2., 0.])
    """
    terms = torch._foreach_mul(list(a), list(b))
    sizes = torch.stack(torch._foreach_norm(terms, 1))
    torch._foreach_clamp_min_(terms, 0.0)
    return 2 * torch.stack(torch._foreach_norm(terms, 1)) - sizes


def loss_trend(
    after: Tensor, before: Tensor, slope_after: Tensor, slope_before: Tensor, beta: float = 0.95
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the averages of both slopes along the steps, and their ratio r; all of one shape.

    `after ← β after + (1 − β) slope_after`, before likewise, and `r = −after / |before|`.
    slope_after: `g · Δ`, the slope of the loss along the last step, where it ended; slope_before:
    `g_before · Δ`, where it began. Both averages start at 0 and are too small at first, by one
    factor, which the ratio does not see.

    >>> zero = torch.zeros(())
    >>> loss_trend(zero, zero, torch.tensor(-1.0), torch.tensor(-2.0), beta=0.5)
    (tensor(-0.5000), tensor(-1.), tensor(0.5000))
    """
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, slope_ratio(after, before)


@dataclass(frozen=True)
class Steering:
    """From what the slopes answered and from progress to the factor of each layer's rate.

    total: how many evaluations of the gradient there will be. controller: from slope ratio and
    progress, `(layers,)` each, to the speed of the log of the factor; None for a factor of 1.
    plan: from progress to the share that time alone allows; None for 1. start: the log of the
    factor at first; 0 is used where there is no controller. gain: how far one step may move it;
    None for `min(100 / total, 0.6)`. beta: of the averages of the slopes.

    >>> steering = Steering(total=100)
    >>> memory, slopes = steering.begin(1), torch.tensor([[-2.0], [-2.0]])
    >>> memory, factors = steering(memory, slopes, evaluations=2)
    >>> memory[-1], factors
    (tensor([-4.1000], dtype=torch.float64), tensor([0.0166], dtype=torch.float64))
    """

    total: int
    controller: Callable[[Tensor, Tensor], Tensor] | None = RATE
    plan: Callable[[Tensor], Tensor] | None = plan
    start: float = -5.0
    gain: float | None = None
    beta: float = 0.95

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if not self.total >= 1:
            raise ValueError(f"total is {self.total}; it must be 1 or more")
        if not 0 <= self.beta < 1:
            raise ValueError(f"the beta of the slopes is {self.beta}; it must be from 0 to below 1")

    def begin(self, *layers: int) -> Tensor:
        """Return what is kept before the first step, `(3, layers)`: slopes of 0, and the start."""
        memory = torch.zeros(3, *layers, dtype=torch.float64)
        memory[-1] = 0.0 if self.controller is None else self.start
        return memory

    def progress(self, evaluations: int) -> Tensor:
        """Return the share of all evaluations that lay behind this one, `()`, 1 at the most."""
        return torch.tensor(min((evaluations - 1) / self.total, 1.0), dtype=torch.float64)

    def __call__(self, memory: Tensor, slopes: Tensor, evaluations: int) -> tuple[Tensor, Tensor]:
        """Return what is kept after a step, `(3, layers)`, and the factors of its rates.

        memory: as it was kept. slopes: along the last step, after it and before it, `(2, layers)`.
        evaluations: how many there were, this one included. Factors: `exp(M) · plan(p)`.
        Where the slope before was 0, as at the first step, nothing was compared: M stays.
        """
        p = self.progress(evaluations).to(memory)
        gain = min(100 / self.total, 0.6) if self.gain is None else self.gain
        after, before, log_factor = memory
        after, before, r = loss_trend(after, before, *slopes, self.beta)
        gain = gain * (before != 0).to(memory)
        controller, on_time = self.controller or _still, self.plan or torch.ones_like
        log_factor, factors = policy(log_factor, r, p, controller, on_time, gain)
        return torch.stack([after, before, log_factor]), factors


def _still(r: Tensor, p: Tensor) -> Tensor:
    """Return the speed of a rate that nothing steers."""
    return torch.zeros_like(r)
