"""What a shortcut and a normalisation make of a block's Jacobian, as formulas of matrices.

Letters: n examples, i and j the D places of an example; J the Jacobian of a branch, a row for each
output; g the gradient of the loss with respect to a block's output.
"""

import torch
from torch import Tensor

from course_lib.analysis.module import residual_jacobian


def rezero_vjp(g: Tensor, f: Tensor, J: Tensor, alpha: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return the gradients of the inputs and of α of a block `y = x + α f(x)`, for a batch.

    The inputs' are `g + α Jᵀ g`, `(n, d)`, for each example. α is one number that all examples and
    places share: its gradient, `()`, is the sum of `g ⊙ f`. g: `(n, d)`. f: what the branch gave,
    `(n, d)`. J: its Jacobians, `(n, d, d)`. Source: Bachlechner and others (2021), ReZero.

    >>> g, f, J = torch.ones(1, 2), torch.tensor([[3.0, 4.0]]), torch.ones(1, 2, 2)
    >>> rezero_vjp(g, f, J, 0.0)  # at the start the inputs do not see the branch, and α does
    (tensor([[1., 1.]]), tensor(7.))
    """
    of_x = g + alpha * torch.einsum("ni,nij->nj", g, J)
    return of_x, (g * f).sum()


def norm_jacobians(J: Tensor, J_norm: Tensor) -> tuple[Tensor, Tensor]:
    """Return the Jacobians of `x + f(norm(x))`, Pre-LN, and of `norm(x + f(x))`, Post-LN.

    They are `I + J J_norm` and `J_norm (I + J)`, each `(..., d, d)`. J: of the branch f. J_norm: of
    the norm. Both are taken where the signal is when it comes there: in a Pre-LN block that of f
    belongs to the normalised x, in a Post-LN block that of the norm to `x + f(x)`. Source: Xiong
    and others (2020).

    >>> zero, half = torch.zeros(2, 2), 0.5 * torch.eye(2)
    >>> pre, post = norm_jacobians(zero, half)  # a branch that does nothing
    >>> pre.diag(), post.diag()
    (tensor([1., 1.]), tensor([0.5000, 0.5000]))
    """
    return residual_jacobian(J @ J_norm), J_norm @ residual_jacobian(J)
