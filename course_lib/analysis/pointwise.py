"""Modules that work place by place, and softmax, which mixes the places of a row."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.analysis.linear_maps import linear
from course_lib.analysis.module import Module, chain
from course_lib.nn.activations import ACTIVATIONS
from course_lib.nn.backprop import softmax_vjp
from course_lib.nn.softmax import softmax, softmax_jacobian


def activation(name: str) -> Module:
    """Return an activation φ of `nn.activations`, by its name: the Jacobian is `diag(φ′(x))`.

    Raises ValueError for a name that is not there.

    >>> activation("ReLU").jacobian(torch.tensor([-1.0, 2.0]))
    tensor([[0., 0.],
            [0., 1.]])
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"no activation is called {name!r}: there are {', '.join(ACTIVATIONS)}")
    f, slope = ACTIVATIONS[name].f, ACTIVATIONS[name].grad
    return Module(
        forward=f,
        jacobian=lambda x: torch.diag_embed(slope(x)),
        jvp=lambda dx, x: slope(x) * dx,
        vjp=lambda g, x: slope(x) * g,
    )


def soft_max() -> Module:
    """Return softmax over the last axis: `diag(p) − p pᵀ`, which is symmetric.

    >>> soft_max().jvp(torch.tensor([1.0, 0.0]), torch.zeros(2))
    tensor([ 0.2500, -0.2500])
    """

    def product(change: Tensor, x: Tensor) -> Tensor:
        return softmax_vjp(change, softmax(x))

    return Module(softmax, softmax_jacobian, product, product)


def max_pool(size: int) -> Module:
    """Return the largest of `size` by `size` places that do not overlap, for each channel.

    x: `(..., c, rows, columns)`. The Jacobian selects: a 1 in each row, at the largest input. Of
    equal ones it is the first.
    """

    def places(x: Tensor) -> tuple[Tensor, Tensor]:
        images = x.reshape(-1, *x.shape[-3:])
        out, at = F.max_pool2d(images, size, return_indices=True)
        return out.reshape(*x.shape[:-3], *out.shape[1:]), at.reshape(*x.shape[:-2], -1)

    def forward(x: Tensor) -> Tensor:
        return places(x)[0]

    def jvp(dx: Tensor, x: Tensor) -> Tensor:
        out, at = places(x)
        return dx.flatten(-2).gather(-1, at).reshape(out.shape)

    def vjp(g: Tensor, x: Tensor) -> Tensor:
        _, at = places(x)
        return torch.zeros_like(x).flatten(-2).scatter(-1, at, g.flatten(-2)).reshape(x.shape)

    def jacobian(x: Tensor) -> Tensor:
        _, at = places(x)
        channel = torch.arange(x.shape[-3], device=x.device)[:, None] * x.shape[-2:].numel()
        columns = (at + channel).flatten(-2)
        rows = columns.new_zeros(*columns.shape, x.shape[-3:].numel())
        return rows.scatter(-1, columns[..., None], 1).to(x.dtype)

    return Module(forward, jacobian, jvp, vjp, axes=3)


def feed_forward(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor, name: str) -> Module:
    """Return `W2 φ(W1 x + b1) + b2`, φ by its name: the Jacobian is `W2 diag(φ′) W1`."""
    first, slope = linear(W1, b1), ACTIVATIONS[name].grad

    def jacobian(x: Tensor) -> Tensor:
        return W2 * slope(first.forward(x))[..., None, :] @ W1

    whole = chain(first, activation(name), linear(W2, b2))
    return whole._replace(jacobian=jacobian)  # a diagonal matrix needs no product of matrices
