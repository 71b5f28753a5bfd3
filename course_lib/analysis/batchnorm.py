"""BatchNorm: in training the examples of a batch normalise each other; in evaluation it is linear.

Letters: n, m examples of N, c channels. An input is a whole batch, `(..., n, c)`.
"""

import torch
from torch import Tensor

from course_lib.analysis.linear_maps import scaling
from course_lib.analysis.module import Module
from course_lib.analysis.normalise import standardised, without_the_size


def batch_norm(gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Module:
    """Return BatchNorm in training: `γ z + β` with `z = (x − mean) / s` over the batch, by channel.

    s is `√(Var + ε)` with the plain mean of squares. Channels stay apart; the examples of a channel
    do not: its Jacobian is `(γ/s) (I − 11ᵀ/N − z zᵀ/N)`, `(N, N)`, symmetric. gamma and beta:
    `(c,)`. Source: Ioffe and Szegedy (2015).

    >>> norm = batch_norm(torch.ones(1), torch.zeros(1), eps=0.0)
    >>> norm.jacobian(torch.tensor([[1.0], [3.0]])).abs().max() < 1e-6  # two examples are ±1
    tensor(True)
    """

    def jacobian(x: Tensor) -> Tensor:
        z, s = standardised(x, eps, dim=-2)
        N, channels = x.shape[-2:]
        ones = torch.eye(N, dtype=x.dtype, device=x.device)
        of_channel = ones[:, :, None] - 1 / N - torch.einsum("...nc,...mc->...nmc", z, z) / N
        of_channel = of_channel * (gamma / s)[..., None, :]
        own = torch.eye(channels, dtype=x.dtype, device=x.device)
        whole = torch.einsum("...nmc,cd->...ncmd", of_channel, own)
        return whole.reshape(*x.shape[:-2], N * channels, N * channels)

    def product(change: Tensor, x: Tensor) -> Tensor:
        return gamma * without_the_size(change, *standardised(x, eps, dim=-2), dim=-2)

    def forward(x: Tensor) -> Tensor:
        return gamma * standardised(x, eps, dim=-2)[0] + beta

    return Module(forward, jacobian, product, product, axes=2)


def batch_norm_evaluation(
    gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, eps: float = 1e-5
) -> Module:
    """Return BatchNorm in evaluation: mean and variance are numbers that were kept, all `(c,)`.

    The Jacobian is `diag(γ / √(variance + ε))` for each example, x `(..., c)`.
    """
    factor = gamma / (variance + eps).sqrt()
    return scaling(factor, beta - factor * mean)
