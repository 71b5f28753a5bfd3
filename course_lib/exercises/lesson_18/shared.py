"""Losses and matrices that the cases of lesson 18 are made of."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import jvp

Loss = Callable[[Tensor], Tensor]


def load_forward_mode() -> None:
    """Let torch load what its forward mode needs on first use: half of a learner's second.

    It warns of itself while it does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        jvp(torch.sin, (torch.ones(()),), (torch.ones(()),))


def symmetric(draw: Callable[..., Tensor], n: int) -> Tensor:
    """Return a symmetric matrix with much beside its diagonal, of eigenvalues of either sign."""
    A = draw(n, n)
    return A + A.T + 0.5


def curved(draw: Callable[..., Tensor], n: int, dtype: torch.dtype = torch.float64) -> Loss:
    """Return a loss of a vector `(n,)` whose Hessian changes from point to point."""
    A, B = draw(n + 1, n).to(dtype), draw(n, n).to(dtype)

    def loss(p: Tensor) -> Tensor:
        return torch.logsumexp(A @ p, dim=0) + ((B @ p) ** 3).sum() / 6

    return loss


def curved_gradient(
    draw: Callable[..., Tensor], n: int, dtype: torch.dtype = torch.float64
) -> Callable[[Tensor], Tensor]:
    """Return the gradient of a loss as `curved` makes them, written out, so that it is quick."""
    A, B = draw(n + 1, n).to(dtype), draw(n, n).to(dtype)
    return lambda p: A.T @ torch.softmax(A @ p, dim=0) + B.T @ (B @ p) ** 2 / 2
