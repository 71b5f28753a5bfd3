"""Bias correction: why the first averages of Adam are too small, and what mends them.

A moving average `m ← β m + (1 − β) x` that starts at zero has, after t values, given them weights
that add up to `1 − βᵗ`, not to 1. What is missing went to the zero at the start.
"""

import torch
from torch import Tensor


def weight_given(beta: float | Tensor, t: int) -> float | Tensor:
    """Return the sum of the weights that a moving average has given to its t values: `1 − βᵗ`.

    beta: from 0 to below 1. t: whole number, 1 or more. Raises ValueError for another t: before
    the first value there is no weight to divide by.

    >>> weight_given(0.5, 3)
    0.875
    """
    if t < 1:
        raise ValueError(f"t is {t}; it counts values and must be 1 or more")
    return 1 - beta**t


def corrected(average: Tensor, beta: float | Tensor, t: int) -> Tensor:
    """Return what a moving average would be without the zero it started from: `m / (1 − βᵗ)`.

    It is the weighted mean of the t values. For the same value over and over it is that value, at
    every t. average: of any shape, after t values. beta and t: as for `weight_given`.
    Source: Kingma and Ba (2015), section 3.

    >>> corrected(torch.tensor([0.3]), beta=0.9, t=1)
    tensor([3.])
    """
    return average / weight_given(beta, t)


def uncorrected_factor(beta1: float, beta2: float, t: int, mended: str = "") -> float:
    """Return how many times as long Adam's step t is if averages are left as they are and ε is 0.

    It is `(1 − β₁ᵗ) / √(1 − β₂ᵗ)` with neither average corrected; the part of a corrected average
    is 1. mended: which averages are corrected, "", "m", "v" or "mv".

    >>> round(uncorrected_factor(0.9, 0.999, 1), 2)
    3.16
    """
    of_m = 1.0 if "m" in mended else weight_given(beta1, t)
    of_v = 1.0 if "v" in mended else weight_given(beta2, t)
    return of_m / of_v**0.5


def adam_partly_corrected(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, mended="mv"):
    """Return the parameter and both averages after a step of Adam that corrects only some of them.

    mended: which averages are corrected, "", "m", "v" or "mv"; with "mv" it is `rules.adam`.

    >>> p, g, zero = torch.ones(1), torch.tensor([-5.0]), torch.zeros(1)
    >>> adam_partly_corrected(p, g, zero, zero, t=1, lr=0.1, mended="v")[0]
    tensor([1.0100])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_used = corrected(m, beta1, t) if "m" in mended else m
    v_used = corrected(v, beta2, t) if "v" in mended else v
    return p - lr * m_used / (v_used.sqrt() + eps), m, v


def first_step(g: Tensor, lr: float | Tensor, eps: float | Tensor = 1e-8) -> Tensor:
    """Return by how much Adam changes a parameter in its first step: `−lr g / (|g| + ε)`.

    g: gradients, of any shape. Both corrected averages are then made of one value, so that no β is
    left: `m̂ = g` and `√v̂ = |g|`. As long as ε is small next to g, the step has the length lr.

    >>> first_step(torch.tensor([5.0, -1e-3, 0.0]), lr=0.1)
    tensor([-0.1000,  0.1000, -0.0000])
    """
    return -lr * g / (g.abs() + eps)


def rmsprop_by_adam(
    rule, p: Tensor, g: Tensor, s: Tensor, *, t: int, lr: float, beta: float, eps: float
) -> tuple[Tensor, Tensor]:
    """Return the parameter and the average after a step of RMSProp with its average corrected.

    rule: Adam, `rule(p, g, m, v, *, t, lr, beta1, beta2, eps) -> (p, m, v)`. With β₁ = 0 it does
    not remember gradients, so that its m is g and whatever m was before does not count.
    s: the average of squared gradients before the step.

    >>> from course_lib.optim.rules import adam
    >>> p, g, s = torch.tensor([1.0]), torch.tensor([3.0]), torch.zeros(1)
    >>> rmsprop_by_adam(adam, p, g, s, t=1, lr=0.5, beta=0.9, eps=0.0)[0]
    tensor([0.5000])
    """
    p, _, s = rule(p, g, torch.zeros_like(g), s, t=t, lr=lr, beta1=0.0, beta2=beta, eps=eps)
    return p, s
