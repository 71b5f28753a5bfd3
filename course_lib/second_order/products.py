"""The Hessian without the matrix: its product with a vector, and its diagonal from products."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, vmap

Loss = Callable[[Tensor], Tensor]


def hvp(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    """Return the Hessian of a loss at p times v: `H v`, shaped like p.

    The slope of the loss along v is the number `∇loss(p) · v`, and its gradient is `H v`: a
    gradient of a gradient, without the matrix, at the cost of a few gradients. It is exact but for
    rounding, so v need not be small.
    loss: p ↦ a number `()`. p: of any shape, often `(n,)`. v: like p. A kink has no second
    derivative, and autograd sees none: that of ReLU is 0 everywhere.
    Source: Pearlmutter (1994), Fast exact multiplication by the Hessian. Deviation: he goes forward
    over the gradient; here both derivatives go backward, which took less time in our networks.

    >>> p, v = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 0.0])
    >>> hvp(lambda p: p[0] ** 2 * p[1], p, v)  # H = [[2, 6], [6, 0]]
    tensor([2., 6.])
    """

    def slope(p: Tensor) -> Tensor:
        return (grad(loss)(p) * v).sum()

    return grad(slope)(p)


def exact_diagonal(loss: Loss, p: Tensor, chunk: int = 64) -> Tensor:
    """Return the diagonal of the Hessian of a loss at p, shaped like p: `H_ii = e_iᵀ H e_i`.

    It takes a product for each of the n parameters: the truth that estimates are held against, for
    small networks. chunk: how many products are taken at once; the memory grows with it.

    >>> exact_diagonal(lambda p: p[0] ** 2 * p[1], torch.tensor([3.0, 1.0]))
    tensor([2., 0.])
    """
    units = torch.eye(p.numel(), dtype=p.dtype, device=p.device).reshape(-1, *p.shape)
    entries = vmap(lambda unit: (unit * hvp(loss, p, unit)).sum(), chunk_size=chunk)(units)
    return entries.reshape(p.shape)
