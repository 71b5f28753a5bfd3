"""What examples say about a constant: never more than the truth."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.func import jacrev

from course_lib.analysis.bounds import exact_norm


def lower_constant(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Return the largest `|f(b) − f(a)| / |b − a|` over neighbours a, b of z, a number `()`.

    f: a function of numbers, place by place. z: `(n,)`, rising. The Lipschitz constant is the
    largest such quotient over all pairs; neighbours are enough, since a quotient over more places
    is a mean of theirs. It is never too large, up to rounding.

    >>> lower_constant(torch.relu, torch.tensor([-1.0, 0.0, 3.0]))
    tensor(1.)
    """
    return (f(z).diff() / z.diff()).abs().max()


def norms_by_scale(
    f: Callable[[Tensor], Tensor], X: Tensor, scales: Sequence[float] | Tensor
) -> Tensor:
    """Return the norm of the Jacobian of f at `scale · X`, for each scale, `(scales,)`.

    X: of any shape, and so is f(X): both are laid end to end. If these norms have no bound, f is
    not Lipschitz.

    >>> norms_by_scale(torch.square, torch.tensor([[1.0, 2.0]]), [1.0, 10.0])
    tensor([ 4., 40.])
    """
    matrices = [jacrev(f)(scale * X).reshape(f(X).numel(), X.numel()) for scale in scales]
    return torch.stack([exact_norm(matrix) for matrix in matrices])
