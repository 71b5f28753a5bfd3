"""Moving averages, and what memory does to descent on a bowl.

An average that forgets is the idea behind momentum. The first half of this module is about averages
of a series, the second about the error of one direction of a bowl: there each step of a momentum
rule is the same linear map, so its eigenvalues say everything.
"""

import math

import torch
from torch import Tensor

# Averages of a series


def ema(x: Tensor, beta: float) -> Tensor:
    """Return the exponential moving average of a series: `A_i = β A_{i−1} + (1 − β) x_i`.

    x: `(n,)`, x_1 first. Returns `(n,)`, A_1 first. A_0 is 0, so that the first averages are too
    small: the weights of what has been seen add up to `1 − βⁱ`.
    Raises ValueError for a beta below 0, or not below 1.
    Source: Brown (1956), exponential smoothing, where 1 − β is α.

    >>> ema(torch.tensor([8.0, 8.0, 8.0]), beta=0.5)
    tensor([4., 6., 7.])
    """
    _expect_beta(beta)
    average, averages = torch.zeros_like(x[:1]).sum(), []
    for value in x:
        average = beta * average + (1 - beta) * value
        averages.append(average)
    return torch.stack(averages) if averages else x.clone()


def ema_weights(n: int, beta: float) -> Tensor:
    """Return how much the last n values count in an average, the newest first: `(1 − β) βᵏ`.

    Returns `(n,)`, float64; k is the age of a value. They add up to `1 − βⁿ`.
    Raises ValueError for a beta below 0, or not below 1.

    >>> ema_weights(3, beta=0.5)
    tensor([0.5000, 0.2500, 0.1250], dtype=torch.float64)
    """
    _expect_beta(beta)
    return (1 - beta) * beta ** torch.arange(n, dtype=torch.float64)


def window(beta: float) -> tuple[float, float]:
    """Return how many values an average spans, and their share of all weight.

    The span is `n = 1 / (1 − β)`: a plain mean of n values gives each the weight that the average
    gives the newest one. The share of the last n values is `1 − βⁿ`, near `1 − 1/e` for β near 1.
    n need not be whole. Raises ValueError for a beta below 0, or not below 1.

    >>> n, share = window(0.9)
    >>> round(n, 6), round(share, 2)
    (10.0, 0.65)
    """
    _expect_beta(beta)
    n = 1 / (1 - beta)
    return n, 1 - beta**n


def lag(beta: float) -> float:
    """Return how many steps an average lags behind: the mean age of what is in it, `β / (1 − β)`.

    Once the start is forgotten, the average of a straight line is that line as it was that many
    steps ago. Raises ValueError for a beta below 0, or not below 1.

    >>> lag(0.75)
    3.0
    """
    _expect_beta(beta)
    return beta / (1 - beta)


# One direction of a bowl
#
# There the gradient is λ e, with e the error and λ the curvature. Write a = lr λ. A step of
# classical momentum turns e_t and e_{t−1} into e_{t+1} = (1 + β − a) e_t − β e_{t−1}. What is left
# after t steps is made of the t-th powers of the eigenvalues of this map, the roots of
# z² − (1 + β − a) z + β. For the form that averages, v = β v + (1 − β) g, write (1 − β) a for a.


def step_matrix(a: float | Tensor, beta: float | Tensor) -> Tensor:
    """Return the map from (e_t, e_{t−1}) to (e_{t+1}, e_t), `(..., 2, 2)`, float64.

    a: lr times curvature, any shape. beta: that shape too, or a number.

    >>> step_matrix(1.0, 0.5)
    tensor([[ 0.5000, -0.5000],
            [ 1.0000,  0.0000]], dtype=torch.float64)
    """
    a, beta = _doubles(a, beta)
    one, zero = torch.ones_like(a), torch.zeros_like(a)
    rows = [torch.stack([1 + beta - a, -beta], dim=-1), torch.stack([one, zero], dim=-1)]
    return torch.stack(rows, dim=-2)


def spectral_radius(a: float | Tensor, beta: float | Tensor) -> Tensor:
    """Return what a step of classical momentum multiplies an error by in the long run, float64.

    It is the larger absolute value of the two roots: `√β` where they are complex and the error
    swings, else `(|1 + β − a| + √((1 + β − a)² − 4β)) / 2`. Above 1 the error grows, which is so
    beyond `a = 2 (1 + β)`. a: lr times curvature, any shape; beta: that shape too, or a number.

    >>> spectral_radius(torch.tensor([0.5, 0.001, 4.0]), 0.81)
    tensor([0.9000, 0.9946, 1.7187], dtype=torch.float64)
    """
    a, beta = _doubles(a, beta)
    middle = (1 + beta - a).abs()
    under_root = middle**2 - 4 * beta
    real = (middle + under_root.clamp(min=0).sqrt()) / 2
    return torch.where(under_root < 0, beta.sqrt(), real)


def critical_beta(a: float) -> tuple[float, float]:
    """Return the β at which an error dies out fastest: for classical momentum, for the average.

    There the two roots meet: `β = (1 − √a)²` for classical momentum, and `β = ((1 − a) / (1 + a))²`
    for the form that averages. With less memory one root is larger; with more the error swings and
    shrinks by a factor of √β a step. a: lr times curvature, 0 to 4 for the first to be below 1.
    Raises ValueError for an a below 0.
    Source: Polyak (1964) for the first; the second is the same with (1 − β) a for a.

    >>> critical_beta(0.25)
    (0.25, 0.36)
    """
    if a < 0:
        raise ValueError(f"a is {a}; it must be 0 or above")
    return (1 - math.sqrt(a)) ** 2, ((1 - a) / (1 + a)) ** 2


def best_momentum(condition: float, steepest: float = 1.0) -> tuple[float, float]:
    """Return the lr and β of classical momentum for a bowl: all its directions shrink by √β a step.

    With the steepest curvature L, the flattest μ = L / κ and κ the condition number:
    `lr = 4 / (√L + √μ)²`, `β = ((√κ − 1) / (√κ + 1))²`. Both ends are then critical, and what lies
    between them swings. Raises ValueError for a condition below 1.
    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods.

    >>> best_momentum(9.0)
    (2.25, 0.25)
    """
    if condition < 1:
        raise ValueError(f"condition is {condition}; it must be 1 or above")
    root = math.sqrt(condition)
    lr = 4 / (steepest * (1 + 1 / root) ** 2)
    return lr, ((root - 1) / (root + 1)) ** 2


def _expect_beta(beta: float) -> None:
    if not 0 <= beta < 1:
        raise ValueError(f"beta is {beta}; it must be 0 or above, and below 1")


def _doubles(a: float | Tensor, beta: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return both in float64, on the device of the one that is a tensor, in one shape."""
    device = next((t.device for t in (a, beta) if isinstance(t, Tensor)), None)
    both = (torch.as_tensor(t, dtype=torch.float64, device=device) for t in (a, beta))
    return torch.broadcast_tensors(*both)
