"""Singular values without the matrix: power iteration on products with J and with Jᵀ."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.analysis.module import Module

Product = Callable[[Tensor], Tensor]


def lower_norm(product: Product, transposed: Product, v: Tensor, rounds: int) -> Tensor:
    """Return an estimate of the largest singular value of J from below, a number `()`.

    product: `v ↦ J v`. transposed: `u ↦ Jᵀ u`. v: where it begins, of the input's shape, not 0.
    Each round takes `v ← Jᵀ J v / ‖Jᵀ J v‖`; what is returned is `‖J v‖` for the last v of norm 1.
    Since `‖J v‖ ≤ σ_max` for every such v, it is never too large, and it never falls from round to
    round. It tends to σ_max unless v has no share of that direction; the error shrinks by about
    `(σ_2 / σ_1)⁴` a round. So it estimates, and does not certify: see `bounds` for that. Source:
    von Mises and Pollaczek-Geiringer (1929).

    >>> J = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    >>> lower_norm(lambda v: J @ v, lambda u: J.T @ u, torch.ones(2), rounds=5)
    tensor(3.)
    """
    v = v / v.norm()
    for _ in range(rounds):
        ahead = product(v)
        length = ahead.norm()
        if length == 0:  # and so is every later one
            break
        back = transposed(ahead / length)  # divided here too: squares may leave the dtype's range
        v = back / back.norm()
    return product(v).norm()


def lower_norm_at(
    module: Module, x: Tensor, rounds: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return an estimate from below of the norm of a module's Jacobian at one example x.

    It begins from random numbers, drawn on the CPU.
    """
    v = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
    return lower_norm(lambda v: module.jvp(v, x), lambda u: module.vjp(u, x), v, rounds)


def lower_norm_by_squaring(weight: Tensor, begin: Tensor, squarings: int) -> Tensor:
    """Return an estimate of σ_max of a matrix `(h, d)` from below, a number `()`.

    begin: `(h,)`, not 0. W Wᵀ is squared so many times and then taken times `begin`: that gives the
    direction u of `2^squarings` rounds on Wᵀ. What is returned is `‖Wᵀ u‖`, never above σ_max. It
    is made for training: runs may be batched by `vmap`, and gradients see W alone, u counts as
    constant. For a matrix of 0 it is 0. Fourth powers of the weights have to be in the dtype's
    range: in float32 below about 1e9.
    Source: Miyato and others (2018), whose norm is `uᵀ W v` with one round a step, and u kept.

    >>> lower_norm_by_squaring(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.ones(2), squarings=3)
    tensor(3.)
    """
    with torch.no_grad():
        power = _unit(weight @ weight.T)  # divided each time: powers would leave the dtype's range
        for _ in range(squarings):
            power = _unit(power @ power)
        u = _unit(power @ begin)
    return (u @ weight).norm()


def _unit(x: Tensor) -> Tensor:
    """Return x over the root of all its squares, or 0 if they are 0."""
    length = x.norm()
    return x / torch.where(length > 0, length, 1.0)
