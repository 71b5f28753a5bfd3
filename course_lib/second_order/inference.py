"""From what fires to one number: Sugeno's weighted mean, and Mamdani's centroid.

Where no rule fires there is nothing to average. Then both give `otherwise`, which the caller must
name: no number is right for every use.
"""

import torch
from torch import Tensor

from course_lib.nn.shapes import expect
from course_lib.second_order.rules import expect_norm


def sugeno(strengths: Tensor, consequences: Tensor, otherwise: float) -> Tensor:
    """Return the mean of the consequences, weighted by what fires, `(...)`: `Σ wᵢ zᵢ / Σ wᵢ`.

    strengths: of R rules, `(..., R)`, 0 or more. consequences: a number for each rule, `(R,)`.
    otherwise: the result where all strengths are 0. A strength that is NaN gives NaN.
    Each rule says a constant: the zero-order model of Takagi and Sugeno (1985).

    >>> sugeno(torch.tensor([[0.2, 0.6], [0.0, 0.0]]), torch.tensor([1.0, 5.0]), otherwise=-1.0)
    tensor([ 4., -1.])
    """
    total = strengths.sum(dim=-1)
    silent = total == 0
    share = strengths / torch.where(silent, 1.0, total)[..., None]
    mean = (share * consequences).sum(dim=-1)
    return torch.where(silent, otherwise, mean)


def outline(strengths: Tensor, sets: Tensor, norm: str = "minimum") -> Tensor:
    """Return the membership of each of m results in what all rules say together, `(..., m)`.

    strengths: of R rules, `(..., R)`. sets: for each rule the memberships of m results in the set
    that it names, `(R, m)`. A rule cuts its set off at its strength, or with `norm="product"`
    scales it; then the largest of all rules counts. Source: Mamdani and Assilian (1975), who cut.
    Raises ValueError for another norm.

    >>> outline(torch.tensor([0.5, 0.2]), torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.5, 1.0]]))
    tensor([0.0000, 0.5000, 0.2000])
    """
    expect_norm(norm)
    strengths = strengths[..., None]
    parts = torch.minimum(strengths, sets) if norm == "minimum" else strengths * sets
    return parts.amax(dim=-2)


def centroid(height: Tensor, grid: Tensor, otherwise: float) -> Tensor:
    """Return where the area under an outline has its centre, `(...)`: `∫ x μ dx / ∫ μ dx`.

    height: μ at m points, `(..., m)`; between them it is a straight line. grid: the points,
    `(m,)`, growing, m at least 2. From x to x + s, where μ goes from h to k, the area is
    `s (h + k) / 2` and the integral of x μ is `s (h (3x + s) + k (3x + 2s)) / 6`.
    otherwise: the result where μ is 0 everywhere. A μ that is NaN gives NaN. Raises ValueError for
    other shapes.

    >>> centroid(torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]), torch.arange(3.0), otherwise=9.0)
    tensor([1.6667, 9.0000])
    """
    expect("grid", grid, "(m,) with m at least 2", grid.ndim == 1 and len(grid) > 1)
    expect("height", height, f"(..., {len(grid)})", height.shape[-1:] == grid.shape)
    x, s = grid[:-1], grid.diff()
    h, k = height[..., :-1], height[..., 1:]
    area = (s * (h + k) / 2).sum(dim=-1)
    moment = (s * (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6).sum(dim=-1)
    silent = area == 0
    centre = moment / torch.where(silent, 1.0, area)
    return torch.where(silent, otherwise, centre)
