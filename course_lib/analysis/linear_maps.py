"""Linear modules: the derivative does not depend on where it is taken.

Letters: h outputs and d inputs of a layer; in images a channels out, c channels in, rows and
columns.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.analysis.module import Module


def linear_jacobian(x: Tensor, weight: Tensor) -> Tensor:
    """Return the Jacobian of `W x + b` at each example of x `(..., d)`: W itself, `(..., h, d)`."""
    return weight.expand(*x.shape[:-1], *weight.shape)


def linear(weight: Tensor, bias: Tensor | None = None) -> Module:
    """Return `W x + b`, with the Jacobian W. weight: `(h, d)`. bias: `(h,)`, or None.

    >>> linear(torch.tensor([[1.0, 2.0]])).jvp(torch.tensor([1.0, 1.0]), torch.zeros(2))
    tensor([3.])
    """
    return Module(
        forward=lambda x: F.linear(x, weight, bias),
        jacobian=lambda x: linear_jacobian(x, weight),
        jvp=lambda dx, x: dx @ weight.T,
        vjp=lambda g, x: g @ weight,
    )


def scaling(factor: Tensor, shift: Tensor | float = 0.0) -> Module:
    """Return `factor ⊙ x + shift`, for numbers `(d,)`: the Jacobian is `diag(factor)`."""
    return Module(
        forward=lambda x: factor * x + shift,
        jacobian=lambda x: torch.diag_embed(factor.expand_as(x)),
        jvp=lambda dx, x: factor * dx,
        vjp=lambda g, x: factor * g,
    )


def dropout(mask: Tensor, keep: float) -> Module:
    """Return dropout in training, `m ⊙ x / keep`, for a mask m `(d,)` of ones and zeros."""
    return scaling(mask / keep)


def convolution(
    kernel: Tensor, padding: int = 0, circular: bool = False, stride: int = 1
) -> Module:
    """Return the convolution of images `(..., c, rows, columns)` with a kernel.

    kernel: `(a, c, height, width)`. padding: how many rows and columns are added on each side, of
    zeros, or taken from the other side. stride: of the results only every stride-th row and column
    is kept. At stride 1 the Jacobian is a doubly block-Toeplitz matrix; if the padding is circular
    and the result as large as the image, a doubly block-circulant one.
    """
    zeros = 0 if circular else padding

    def forward(x: Tensor) -> Tensor:
        images = x.reshape(-1, *x.shape[-3:])
        if circular:
            images = F.pad(images, (padding,) * 4, mode="circular")
        out = F.conv2d(images, kernel, stride=stride, padding=zeros)
        return out.reshape(*x.shape[:-3], *out.shape[1:])

    def vjp(g: Tensor, x: Tensor) -> Tensor:
        images = g.reshape(-1, *g.shape[-3:])
        sides = zip(x.shape[-2:], kernel.shape[-2:], strict=True)
        unused = [(side + 2 * padding - k) % stride for side, k in sides]  # no result reaches them
        back = F.conv_transpose2d(
            images, kernel, stride=stride, padding=zeros, output_padding=unused
        )
        if circular:
            back = _fold(_fold(back, padding, 2), padding, 3)
        return back.reshape(x.shape)

    return _of_images(forward, vjp)


def average_pool(size: int) -> Module:
    """Return the mean of each block of `size` by `size` places, without overlap, by channel.

    x: `(..., c, rows, columns)`. Each output has `1 / size²` of each of its inputs.
    """

    def forward(x: Tensor) -> Tensor:
        out = F.avg_pool2d(x.reshape(-1, *x.shape[-3:]), size)
        return out.reshape(*x.shape[:-3], *out.shape[1:])

    def vjp(g: Tensor, x: Tensor) -> Tensor:
        spread = g.repeat_interleave(size, -2).repeat_interleave(size, -1) / size**2
        rows, columns = x.shape[-2:]
        return F.pad(spread, (0, columns - spread.shape[-1], 0, rows - spread.shape[-2]))

    return _of_images(forward, vjp)


def _of_images(
    forward: Callable[[Tensor], Tensor], vjp: Callable[[Tensor, Tensor], Tensor]
) -> Module:
    """Return a linear module of images: its matrix is what it makes of images with a single 1."""

    def jacobian(x: Tensor) -> Tensor:
        shape = x.shape[-3:]
        ones = torch.eye(shape.numel(), dtype=x.dtype, device=x.device).view(-1, *shape)
        matrix = forward(ones).flatten(1).T
        return matrix.expand(*x.shape[:-3], *matrix.shape)

    return Module(forward, jacobian, lambda dx, x: forward(dx), vjp, axes=3)


def _fold(padded: Tensor, padding: int, axis: int) -> Tensor:
    """Add what lies in the padding to the places of the other side that it was taken from."""
    if padding == 0:
        return padded
    length = padded.shape[axis] - 2 * padding
    cut = partial(padded.narrow, axis)
    inside = cut(padding, length).clone()
    inside.narrow(axis, length - padding, padding).add_(cut(0, padding))
    inside.narrow(axis, 0, padding).add_(cut(padding + length, padding))
    return inside
