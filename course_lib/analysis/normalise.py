"""Normalisation: an input is divided by a size of its own.

Letters: D features, along the last axis; P = I − 11ᵀ/D takes the mean off; γ and β are the scale
and the shift that are learnt, `(D,)`; ε > 0 is added under the root.

A size grows with its input. So each Jacobian has the form `(A − z zᵀ/D) / size`: what changes the
size alone is taken away.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.analysis.module import Module


def centred(x: Tensor, dim: int = -1) -> Tensor:
    """Return `P x`: x less its mean over an axis."""
    return x - x.mean(dim=dim, keepdim=True)


def standardised(x: Tensor, eps: float, dim: int = -1) -> tuple[Tensor, Tensor]:
    """Return `z = P x / s` over an axis, and `s = √(Var(x) + ε)`, Var a plain mean of squares."""
    s = (centred(x, dim).square().mean(dim=dim, keepdim=True) + eps).sqrt()
    return centred(x, dim) / s, s


def without_the_size(change: Tensor, z: Tensor, s: Tensor, dim: int = -1) -> Tensor:
    """Return `(P − z zᵀ/D) change / s`, what becomes of a change of x in `standardised`.

    It is symmetric: for a gradient the same product is that of x.
    """
    return (centred(change, dim) - z * (z * change).mean(dim=dim, keepdim=True)) / s


def l2_normalise(eps: float) -> Module:
    """Return `y = x/r` with `r = √(‖x‖² + ε)`: the Jacobian is `(I − y yᵀ) / r`, symmetric.

    >>> l2_normalise(0.0).jacobian(torch.tensor([2.0, 0.0]))
    tensor([[0.0000, 0.0000],
            [0.0000, 0.5000]])
    """

    def size(x: Tensor) -> Tensor:
        return (x.square().sum(dim=-1, keepdim=True) + eps).sqrt()

    def jacobian(x: Tensor) -> Tensor:
        y = x / size(x)
        return (_identity(x) - y[..., :, None] * y[..., None, :]) / size(x)[..., None]

    def product(change: Tensor, x: Tensor) -> Tensor:
        y = x / size(x)
        return (change - y * (y * change).sum(dim=-1, keepdim=True)) / size(x)

    return Module(lambda x: x / size(x), jacobian, product, product)


def layer_norm_jacobian(x: Tensor, gamma: Tensor, eps: float = 1e-5) -> Tensor:
    """Return LayerNorm's Jacobian at each example, `diag(γ) (P − z zᵀ/D) / s`, `(..., D, D)`.

    P takes off the mean, z zᵀ/D the share that would change the size s.
    """
    z, s = standardised(x, eps)
    D = x.shape[-1]
    P = _identity(x) - 1 / D
    return gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s[..., None]


def layer_norm(gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Module:
    """Return LayerNorm, `γ ⊙ z + β` with `z = P x / s` and `s = √(Var(x) + ε)`.

    The Jacobian is `diag(γ) (P − z zᵀ/D) / s`. With γ = 1 its singular values are 1/s, D − 2 times,
    ε/s³ and 0. Source: Ba, Kiros and Hinton (2016).

    >>> norm = layer_norm(torch.ones(3), torch.zeros(3), eps=0.0)
    >>> norm.jvp(torch.ones(3), torch.tensor([1.0, 2.0, 4.0])).abs().max() < 1e-6  # a shift
    tensor(True)
    """

    return Module(
        forward=lambda x: gamma * standardised(x, eps)[0] + beta,
        jacobian=lambda x: layer_norm_jacobian(x, gamma, eps),
        jvp=lambda dx, x: gamma * without_the_size(dx, *standardised(x, eps)),
        vjp=lambda g, x: without_the_size(gamma * g, *standardised(x, eps)),
    )


def root_mean_square(x: Tensor, eps: float) -> Tensor:
    """Return `r = √(mean(x²) + ε)` of each example, `(..., 1)`."""
    return (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()


def rms_norm_jvp(dx: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> Tensor:
    """Return what RMSNorm makes of a small change dx of x, `(..., D)`, without a matrix.

    It is `γ ⊙ (dx − z mean(z ⊙ dx)) / r` with `r = √(mean(x²) + ε)` and `z = x/r`.
    """
    r = root_mean_square(x, eps)
    z = x / r
    return gamma * (dx - z * (z * dx).mean(dim=-1, keepdim=True)) / r


def rms_norm(gamma: Tensor, eps: float = 1e-5) -> Module:
    """Return RMSNorm, `γ ⊙ z` with `z = x/r` and `r = √(mean(x²) + ε)`.

    The Jacobian is `diag(γ) (I − z zᵀ/D) / r`. Source: Zhang and Sennrich (2019).

    >>> rms_norm(torch.ones(2), eps=0.0).forward(torch.tensor([3.0, 4.0])).square().mean()
    tensor(1.)
    """

    def jacobian(x: Tensor) -> Tensor:
        r = root_mean_square(x, eps)
        z = x / r
        inner = _identity(x) - z[..., :, None] * z[..., None, :] / x.shape[-1]
        return gamma[:, None] * inner / r[..., None]

    return Module(
        forward=lambda x: gamma * x / root_mean_square(x, eps),
        jacobian=jacobian,
        jvp=lambda dx, x: rms_norm_jvp(dx, x, gamma, eps),
        vjp=lambda g, x: rms_norm_jvp(gamma * g, x, torch.ones_like(gamma), eps),
    )


def center_norm(gamma: Tensor, beta: Tensor) -> Module:
    """Return CenterNorm, `γ ⊙ D/(D − 1) · P x + β`: nothing is divided, and it is Lipschitz.

    Source: Qi and others (2023), LipsFormer.
    Raises ValueError for a single feature, whose mean is all there is.
    """
    if len(gamma) < 2:
        raise ValueError(f"gamma has {len(gamma)} feature; CenterNorm takes two or more")
    factor = len(gamma) / (len(gamma) - 1)

    def jacobian(x: Tensor) -> Tensor:
        J = factor * gamma[:, None] * (_identity(x) - 1 / x.shape[-1])
        return J.expand(*x.shape[:-1], *J.shape)

    return Module(
        forward=lambda x: factor * gamma * centred(x) + beta,
        jacobian=jacobian,
        jvp=lambda dx, x: factor * gamma * centred(dx),
        vjp=lambda g, x: factor * centred(gamma * g),
    )


NORMS: dict[str, Callable[[Tensor, Tensor], Module]] = {  # of γ and β; RMSNorm has no β
    "LayerNorm": layer_norm,
    "RMSNorm": lambda gamma, beta: rms_norm(gamma),
    "CenterNorm": center_norm,
}


def _identity(x: Tensor) -> Tensor:
    return torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
