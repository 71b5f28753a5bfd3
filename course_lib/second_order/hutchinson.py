"""The diagonal of a matrix from products with random signs."""

from collections.abc import Callable

import torch
from torch import Tensor


def hutchinson(
    product: Callable[[Tensor], Tensor], p: Tensor, samples: int, generator: torch.Generator
) -> Tensor:
    """Return an estimate of the diagonal of H, shaped like p: the mean of `z ∘ (H z)`.

    The z are `samples` probes, each number of which is 1 or −1 with the same chance (Rademacher).
    Entry i of `z ∘ (H z)` is `H_ii z_i² + Σ_{j≠i} H_ij z_i z_j`. Since z_i² is 1, and z_i z_j is 0
    on average, the estimate is unbiased. A probe costs one product.
    product: v ↦ H v. p: what is probed at; it gives shape, dtype and device. generator: on the CPU,
    where all probes are drawn at once by `torch.randint`.
    Source: Bekas, Kokiopoulou and Saad (2007), An estimator for the diagonal of a matrix, after
    Hutchinson (1990), who estimated the trace. Deviation: they divide by the sum of `z ∘ z`, which
    for signs is `samples`.

    >>> H = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    >>> hutchinson(lambda v: H @ v, torch.zeros(2), 1, torch.Generator())
    tensor([3., 1.])
    """
    coins = torch.randint(0, 2, (samples, *p.shape), generator=generator)
    z = (2 * coins - 1).to(p)
    return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)


def hutchinson_deviation(H: Tensor, samples: int) -> Tensor:
    """Return the standard deviation of `hutchinson`, `(n,)`: `√(Σ_{j≠i} H_ij² / samples)`.

    For a symmetric H `(n, n)`, since the products z_i z_j of different pairs are uncorrelated and
    of variance 1. Without anything beside the diagonal it is 0: one probe is exact.

    >>> hutchinson_deviation(torch.tensor([[1.0, 2.0], [2.0, 1.0]]), samples=4)
    tensor([1., 1.])
    """
    beside = H.square().sum(dim=1) - H.diagonal().square()
    return (beside / samples).sqrt()
