"""Weights that are made of other numbers: the derivative with respect to inputs and to those."""

import torch
from torch import Tensor

from course_lib.analysis.bounds import exact_norm
from course_lib.analysis.linear_maps import linear
from course_lib.analysis.module import Module


def weight_norm(v: Tensor, g: Tensor) -> Module:
    """Return the layer `y_h = g_h v_hᵀx / ‖v_h‖`, as a function of its inputs x `(..., d)`.

    v: `(h, d)`, a direction for each neuron. g: `(h,)`, its length. Source: Salimans and Kingma
    (2016).
    """
    return linear(g[:, None] * v / v.norm(dim=1, keepdim=True))


def weight_norm_of_v(x: Tensor, g: Tensor) -> Module:
    """Return the same layer as a function of its directions v `(..., h, d)`, for one input `(d,)`.

    A neuron's output depends on its own direction alone: row h of the Jacobian holds
    `(g_h/‖v_h‖) (x − v̂_h (v̂_hᵀx))` at the places of v_h and 0 elsewhere. It is at right angles to
    v_h: a longer v changes nothing.
    """

    def rows(v: Tensor) -> Tensor:
        """Return the derivative of each neuron's output by its own direction, `(..., h, d)`."""
        length = v.norm(dim=-1, keepdim=True)
        unit = v / length
        return (g[:, None] / length) * (x - unit * (unit @ x)[..., None])

    def jacobian(v: Tensor) -> Tensor:
        own = torch.eye(v.shape[-2], dtype=v.dtype, device=v.device)
        return torch.einsum("...hd,hk->...hkd", rows(v), own).flatten(-2)

    return Module(
        forward=lambda v: g * (v @ x) / v.norm(dim=-1),
        jacobian=jacobian,
        jvp=lambda dv, v: (rows(v) * dv).sum(dim=-1),
        vjp=lambda c, v: rows(v) * c[..., None],
        axes=2,
    )


def spectral_norm(weight: Tensor, bias: Tensor | None = None) -> Module:
    """Return the layer with the weights `W / σ_max(W)`: no change of its input grows.

    Source: Miyato and others (2018).

    >>> spectral_norm(torch.tensor([[3.0, 0.0], [0.0, 1.0]])).jacobian(torch.zeros(2))[0, 0]
    tensor(1.)
    """
    return linear(weight / exact_norm(weight), bias)
