"""Curvature from differences of gradients: a coordinate at a time, or all of them at once.

A coordinate at a time gives the diagonal of the Hessian, at two gradients a coordinate. All at once
costs one more gradient, and gives something else: see `joint_quotient`.

Letters: `g` gradient, `δ` (delta) the probe, how far each coordinate is moved; `H` the Hessian.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Gradient = Callable[[Tensor], Tensor]


def diagonal_fd(gradient: Gradient, p: Tensor, h: float) -> Tensor:
    """Return the diagonal of the Hessian at p, `(n,)`, from central differences of the gradient.

    `d_i = (g_i(p + h e_i) − g_i(p − h e_i)) / 2h`, with e_i the unit vector of coordinate i: one
    coordinate moves, and its own gradient is read. It costs 2n gradients. The error falls as h²,
    and what rounding adds grows as 1/h.
    gradient: p ↦ the gradient, `(n,)`. p: `(n,)`. h: above 0, in the unit of p.

    >>> g = lambda p: torch.stack([p[0] * p[1], p[0] ** 2 / 2])  # of a loss of p₀² p₁ / 2
    >>> diagonal_fd(g, torch.tensor([3.0, 1.0]), h=0.5)
    tensor([1., 0.])
    """
    d = torch.zeros_like(p)
    for i in range(len(p)):
        step = torch.zeros_like(p)
        step[i] = h
        d[i] = (gradient(p + step) - gradient(p - step))[i] / (2 * h)
    return d


def secant(g: Tensor, moved: Tensor, delta: Tensor) -> Tensor:
    """Return by how much each gradient changed, over how far its own coordinate was moved.

    `(g_i(p + δ) − g_i(p)) / δ_i`, and 0 where δ_i is 0: what was not moved tells nothing. g, moved:
    the gradients before and after; delta: the probe; all of one shape. The two gradients may come
    from a probe (`forward_probe`) or from two training steps in a row, at no cost; then delta is
    the step between them. Elementwise, but no estimate of the diagonal: see `joint_quotient`.

    >>> secant(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 1.5]), torch.tensor([0.5, 0.0]))
    tensor([2., 0.])
    """
    return torch.where(delta == 0, 0.0, (moved - g) / delta)


def forward_probe(gradient: Gradient, p: Tensor, g: Tensor, delta: Tensor) -> Tensor:
    """Return the quotient `(g(p + δ) − g(p)) / δ`, shaped like p.

    One more gradient than a training step needs. g: the gradient at p, of the same batch as what
    `gradient` gives: two batches differ, and the quotient with them (`secant_noise`). delta: the
    probe, along `−g` as a training step would go, or any other way.

    >>> forward_probe(lambda p: p**2, torch.tensor([1.0]), torch.tensor([1.0]), torch.tensor([0.5]))
    tensor([2.5000])
    """
    return secant(g, gradient(p + delta), delta)


def central_probe(gradient: Gradient, p: Tensor, delta: Tensor) -> Tensor:
    """Return the quotient `(g(p + δ) − g(p − δ)) / 2δ`, shaped like p.

    Two more gradients than a training step needs. For small probes it is nearer to
    `joint_quotient` than the forward one: the error falls as δ², not as δ. It is no nearer to the
    diagonal.

    >>> central_probe(lambda p: p**2, torch.tensor([1.0]), torch.tensor([0.5]))
    tensor([2.])
    """
    return secant(gradient(p - delta), gradient(p + delta), 2 * delta)


def joint_quotient(H: Tensor, delta: Tensor) -> Tensor:
    """Return what a quotient of all coordinates at once tends to, `(n,)`: `(H δ)_i / δ_i`.

    `= H_ii + Σ_{j≠i} H_ij δ_j / δ_i`. On a quadratic it is the quotient, whatever the probe's size;
    elsewhere for probes that shrink. It is the diagonal only where H is diagonal, and no smaller
    probe brings it nearer: the sum depends on δ's direction alone. Where δ_i is small beside the
    others it is large, of either sign. Where δ_i is 0 it is 0, as in `secant`.

    Of all diagonal matrices D it is the one that does to δ what H does, `D δ = H δ`: the secant
    equation of quasi-Newton methods. So it may serve a step along δ where it is no estimate.
    H: `(n, n)`. delta: `(n,)`.

    >>> joint_quotient(torch.tensor([[1.0, 2.0], [2.0, 1.0]]), torch.tensor([1.0, -1.0]))
    tensor([-1., -1.])
    """
    return secant(torch.zeros_like(delta), H @ delta, delta)


def secant_noise(sigma: Tensor | float, delta: Tensor) -> Tensor:
    """Return the standard deviation that two batches add to a quotient: `√2 σ / |δ|`, like delta.

    sigma: the standard deviation of a batch's gradient, in each coordinate. It holds for two
    batches that are drawn independently. From one batch for both gradients most of it cancels.
    delta: nowhere 0.

    >>> secant_noise(0.5, torch.tensor([0.01]))
    tensor([70.7107])
    """
    return 2**0.5 * sigma / delta.abs()
