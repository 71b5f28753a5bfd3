"""The part of the Hessian that is never below 0: Gauss-Newton, and its diagonal.

A loss of a network is a loss of its outputs z, and z depends on p. The chain rule gives the Hessian
two parts: `H = Σ_i J_iᵀ B_i J_i + Σ_ia (∂loss/∂z_ia) ∇²z_ia`. The first is Gauss-Newton. If the
loss is convex in z, it has no eigenvalue below 0. The second vanishes where the network is linear
in p, and where the loss's gradient in z is 0.

Letters: i example, a and b outputs, k parameter; `J (n, c, m)` the outputs' Jacobian in p, and
`B (n, c, c)` the loss's Hessian in the outputs of each example.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import jacrev

from course_lib.nn.softmax import softmax_jacobian


def gauss_newton_diagonal(model: Callable[[Tensor], Tensor], p: Tensor, B: Tensor) -> Tensor:
    """Return the diagonal of the Gauss-Newton matrix at p, `(m,)`: `Σ_i Σ_ab J_iak B_iab J_ibk`.

    model: p ↦ the outputs `(n, c)`. p: `(m,)`. B: `(n, c, c)`, of `cross_entropy_curvature` or
    `squared_error_curvature`, which hold the mean over the batch. No entry is below 0. J is built:
    for many examples take some at a time and add up.
    Source: Schraudolph (2002), Fast curvature matrix-vector products; Martens (2020), section 8.

    >>> x = torch.tensor([[1.0, 2.0]])
    >>> B = torch.full((1, 1, 1), 2.0)
    >>> gauss_newton_diagonal(lambda p: x @ p[:, None], torch.zeros(2), B)
    tensor([2., 8.])
    """
    J = jacrev(model)(p)
    return torch.einsum("iak,iab,ibk->k", J, B, J)


def cross_entropy_curvature(z: Tensor) -> Tensor:
    """Return the Hessian of the mean cross-entropy in each example's logits, `(n, c, c)`.

    `(diag(q) − q qᵀ) / n` with q the softmax of a row: the Jacobian of softmax over n. The right
    answers play no part. z: `(n, c)`.

    >>> cross_entropy_curvature(torch.tensor([[0.0, 0.0]]))
    tensor([[[ 0.2500, -0.2500],
             [-0.2500,  0.2500]]])
    """
    return softmax_jacobian(z) / len(z)


def squared_error_curvature(z: Tensor) -> Tensor:
    """Return the Hessian of the mean squared error in each example's outputs, `(n, c, c)`.

    `2 I / nc`, for the mean over all nc numbers, as `nn.losses.mse` takes it. z: `(n, c)`.

    >>> squared_error_curvature(torch.zeros(4, 1))[0]
    tensor([[0.5000]])
    """
    n, c = z.shape
    return (2 / (n * c)) * torch.eye(c, dtype=z.dtype, device=z.device).expand(n, c, c)
