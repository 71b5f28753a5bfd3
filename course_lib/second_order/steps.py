"""Steps that curvature shapes, and the guard that an estimate of it needs before it divides."""

import math

import torch
from torch import Tensor


def newton_step(p: Tensor, g: Tensor, H: Tensor, lr: float = 1.0, damping: float = 0.0) -> Tensor:
    """Return p after a Newton step, `(n,)`: `p − lr (H + λ I)⁻¹ g`.

    With lr 1 and no damping it goes to where the gradient of the quadratic `g, H` is 0: its
    minimum if all eigenvalues of H are above 0, else a saddle or a maximum. A damping λ above the
    size of the lowest eigenvalue makes every step point downhill, and a large one makes it a short
    step along −g.
    p, g: `(n,)`. H: `(n, n)`, symmetric. damping: λ, in the unit of a curvature.
    Raises torch's error if H + λ I has no inverse.
    Source: Newton's method for the equation `gradient = 0`; damped as Levenberg (1944).

    >>> H = torch.tensor([[2.0, 0.0], [0.0, 10.0]])
    >>> newton_step(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 10.0]), H)
    tensor([0., 0.])
    """
    damped = H + damping * torch.eye(len(p)).to(H)
    return p - lr * torch.linalg.solve(damped, g)


def guard(d: Tensor, floor: float, ceiling: float = math.inf) -> Tensor:
    """Return curvatures that a step may be divided by, like d: `min(max(|d|, floor), ceiling)`.

    Of the sign only the size stays: along a curvature below 0 a quotient g/d would go uphill. The
    floor bounds the step where d is near 0, `|g/d| ≤ |g| / floor`. The ceiling keeps one outlier
    from stopping its parameter. NaN stays NaN.
    d: any shape. floor: above 0, in the unit of a curvature. ceiling: floor or above.
    Source: the absolute value as in Dauphin and others (2014), for a diagonal.

    >>> guard(torch.tensor([-4.0, 0.01, 50.0]), floor=0.1, ceiling=10.0)
    tensor([ 4.0000,  0.1000, 10.0000])
    """
    return d.abs().clamp(min=floor, max=ceiling)


def diagonal_step(p: Tensor, g: Tensor, d: Tensor, lr: float = 1.0) -> Tensor:
    """Return p after a step that each parameter's own curvature divides: `p − lr g / d`, like p.

    Newton's step for a diagonal H. p, g, d: of one shape; d above 0, as `guard` makes it.

    >>> diagonal_step(torch.ones(2), torch.tensor([2.0, 5.0]), torch.tensor([2.0, 10.0]))
    tensor([0.0000, 0.5000])
    """
    return p - lr * g / d
