"""Softmax: many numbers become shares of 1. It mixes places, so its derivative is a matrix.

Letters: k classes, along the last axis. Any axes may come before it, and each of their places is a
row of its own.
"""

import torch
from torch import Tensor

from course_lib.nn.shapes import expect


def softmax(z: Tensor) -> Tensor:
    """Return `p_k = e^z_k / Σ_j e^z_j` for each row: positive numbers whose sum is 1.

    z: `(..., k)`, k 1 or more. Returns `(..., k)`. The largest number of each row is taken off
    first, which changes nothing but keeps `e^z` from overflowing: the largest exponential is 1. A
    place that is −∞ gets share 0. A row that holds +∞ or NaN, or only −∞, becomes NaN. The sum is
    taken in the dtype of z: in float16 a row whose exponentials add up to more than 65,504 (70,000
    equal classes, say) overflows, and its shares are 0.
    Raises ValueError for a z without classes.
    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network
    outputs.

    >>> softmax(torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]]))
    tensor([[0.7311, 0.2689],
            [0.7311, 0.2689]])
    """
    e = torch.exp(_below_the_largest(z))
    return e / e.sum(dim=-1, keepdim=True)


def softmax_jacobian(z: Tensor) -> Tensor:
    """Return the derivative of softmax, `∂p_i/∂z_j = p_i (δ_ij − p_j)`, or `diag(p) − p pᵀ`.

    z: `(..., k)`. Returns `(..., k, k)`, i before j. Each row and each column sums to 0: shares can
    only be taken from each other. Raises ValueError for a z without classes.

    >>> softmax_jacobian(torch.tensor([0.0, 0.0]))
    tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]])
    """
    p = softmax(z)
    return torch.diag_embed(p) - p[..., :, None] * p[..., None, :]


def log_softmax(z: Tensor) -> Tensor:
    """Return `log p_k = z_k − log Σ_j e^z_j` for each row, without a logarithm of 0.

    z: `(..., k)`. Returns `(..., k)`, none above 0. Where p underflows to 0, its
    logarithm is still right. Raises ValueError for a z without classes.

    >>> log_softmax(torch.tensor([[0.0, 0.0], [0.0, -1000.0]]))
    tensor([[-6.9315e-01, -6.9315e-01],
            [ 0.0000e+00, -1.0000e+03]])
    """
    shifted = _below_the_largest(z)
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def log_softmax_jacobian(z: Tensor) -> Tensor:
    """Return the derivative of log_softmax, `∂ log p_i/∂z_j = δ_ij − p_j`.

    z: `(..., k)`. Returns `(..., k, k)`, i before j: each row sums to 0. Raises ValueError for a z
    without classes.

    >>> log_softmax_jacobian(torch.tensor([0.0, 0.0]))
    tensor([[ 0.5000, -0.5000],
            [-0.5000,  0.5000]])
    """
    p = softmax(z)
    return torch.diag_embed(torch.ones_like(p)) - p[..., None, :]


def _below_the_largest(z: Tensor) -> Tensor:
    """Return z minus the largest of its row, which autograd may treat as a constant."""
    expect("z", z, "(..., k) with k 1 or more", z.ndim > 0 and z.shape[-1] > 0)
    return z - z.detach().amax(dim=-1, keepdim=True)
