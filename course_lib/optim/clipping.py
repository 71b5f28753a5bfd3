"""Gradients that are too long, cut: all together by their norm, or each number by its size."""

from collections.abc import Sequence

import torch
from torch import Tensor


def clip_by_norm(gradients: Sequence[Tensor], largest: float) -> list[Tensor]:
    """Return the gradients, shortened together if their common norm is above `largest`.

    The norm is that of all numbers in all tensors, `‖g‖ = √(Σ g²)`. Each tensor is multiplied by
    `min(1, largest / ‖g‖)`: their direction stays. It is the nearest point of a ball, so that no
    two gradients end further apart than they were (Lipschitz constant 1).
    gradients: one or more tensors of any shapes. largest: above 0.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1. Deviation: torch's `clip_grad_norm_`
    adds 1e-6 to the norm.

    >>> clip_by_norm([torch.tensor([3.0]), torch.tensor([4.0, 0.0])], largest=1.0)
    [tensor([0.6000]), tensor([0.8000, 0.0000])]
    """
    norm = torch.stack([g.norm() for g in gradients]).norm()
    share = (largest / norm).clamp(max=1)
    return [share * g for g in gradients]


def clip_by_value(gradients: Sequence[Tensor], largest: float) -> list[Tensor]:
    """Return the gradients with every number cut to the range from −largest to largest.

    The direction changes: large numbers are cut, small ones stay. It is the nearest point of a
    cube (Lipschitz constant 1). torch's `clip_grad_value_` does the same.
    gradients: tensors of any shapes. largest: above 0.

    >>> clip_by_value([torch.tensor([3.0, -0.5])], largest=1.0)
    [tensor([ 1.0000, -0.5000])]
    """
    return [g.clamp(-largest, largest) for g in gradients]
