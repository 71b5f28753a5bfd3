"""The largest eigenvalues of a symmetric matrix from products alone: Lanczos."""

from collections.abc import Callable

import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]


def lanczos(product: Product, v: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    """Return the tridiagonal matrix that H is in the space of v, Hv, H²v, …: `(m,)` and `(m,)`.

    The first holds its diagonal α and the second what stands beside it, β. The last β stands beside
    nothing: it says how far the space is from closed under H. A round takes `α_k = q_k · H q_k`,
    `w = H q_k − α_k q_k − β_{k−1} q_{k−1}`, `β_k = ‖w‖` and `q_{k+1} = w / β_k`. Exactly computed,
    w would be perpendicular to all earlier q. Rounded it is not, and eigenvalues already found come
    back as ghosts. So w is made perpendicular to all of them, twice.
    product: v ↦ H v, H symmetric. v: `(n,)`, not 0. rounds: how many products, 1 to n; m is fewer
    where the space closes earlier. All q are kept: `(rounds, n)`.
    Source: Lanczos (1950); Paige (1972) on the rounding.

    >>> H = torch.diag(torch.tensor([3.0, 1.0]))
    >>> lanczos(lambda v: H @ v, torch.tensor([3.0, 4.0]), rounds=1)
    (tensor([1.7200]), tensor([0.9600]))
    """
    basis, alphas, betas = v[None] / v.norm(), [], []
    for _ in range(rounds):
        w = product(basis[-1])
        size = w.norm()
        alphas.append(basis[-1] @ w)
        for _ in range(2):
            w = w - basis.T @ (basis @ w)
        betas.append(w.norm())
        if betas[-1] <= len(v) * torch.finfo(v.dtype).eps * size:  # closed: the rest is rounding
            break
        basis = torch.cat([basis, w[None] / betas[-1]])
    return torch.stack(alphas), torch.stack(betas)


def lower_eigenvalues(
    product: Product, v: Tensor, rounds: int, count: int = 1
) -> tuple[Tensor, Tensor]:
    """Return the `count` largest eigenvalues from below, and how far off: two `(count,)`.

    They are estimates. The k-th is never above the k-th largest eigenvalue of H. Some eigenvalue,
    perhaps another one, is no further from it than its entry of the second tensor: `|β_m s|`, with
    s the last entry of the tridiagonal matrix's eigenvector. Both hold up to rounding. More rounds
    bring both nearer, the ends of the spectrum first. An eigenvalue that H has twice is found once,
    and one whose direction v has no share of is not found. For the smallest eigenvalues, hand in
    `lambda v: -product(v)`.
    product, v, rounds: as for `lanczos`, and fewer values come back where its space closes earlier.
    Raises ValueError unless `1 <= count <= rounds`.
    Source: Parlett (1980), The symmetric eigenvalue problem, chapters 10 and 13.

    >>> H = torch.diag(torch.tensor([3.0, 1.0, 0.0]))
    >>> values, _ = lower_eigenvalues(lambda v: H @ v, torch.ones(3), rounds=3, count=2)
    >>> values.round(decimals=4)
    tensor([3., 1.])
    """
    if not 1 <= count <= rounds:
        raise ValueError(f"count is {count}; it must be from 1 to rounds, which is {rounds}")
    alphas, betas = (numbers.double().cpu() for numbers in lanczos(product, v, rounds))
    T = torch.diag(alphas) + torch.diag(betas[:-1], 1) + torch.diag(betas[:-1], -1)
    values, vectors = torch.linalg.eigh(T)
    within = (betas[-1] * vectors[-1]).abs()
    return values.flip(0)[:count].to(v), within.flip(0)[:count].to(v)
