"""Costs of two numbers on which to watch a rule: value, gradient, and where the minima are.

A point is the last axis of a tensor, `(..., 2)`, so that one call serves a path or a whole grid.
Gradients are written out; the tests compare them with autograd.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.optim.cost import cost, cost_gradient


@dataclass(frozen=True)
class Surface:
    """A cost of two numbers.

    value: from points `(..., 2)` to costs `(...)`. gradient: from points to `(..., 2)`.
    minima: every point at which the cost is locally lowest.
    window: (x low, x high, y low, y high), the part worth a look. start: a usual place to begin.
    """

    name: str
    value: Callable[[Tensor], Tensor]
    gradient: Callable[[Tensor], Tensor]
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]
    start: tuple[float, float]


def bowl(condition: float) -> Surface:
    """Return the quadratic `½ (x² / κ + y²)`; κ, the condition, is 1 for a round bowl.

    The curvature along y is 1 and along x 1/κ: y is the steep axis, x the flat one. Raises
    ValueError for a condition below 1.
    """
    if not 1 <= condition < math.inf:
        raise ValueError(f"condition is {condition}; it must be 1 or more, and finite")
    curvature = torch.tensor([1 / condition, 1.0], dtype=torch.float64)
    return Surface(
        f"bowl, condition {condition:g}",
        value=lambda p: (p.square() * curvature.to(p)).sum(dim=-1) / 2,
        gradient=lambda p: p * curvature.to(p),
        minima=((0.0, 0.0),),
        window=(-10.0, 3.0, -2.0, 2.0),
        start=(-8.0, 1.5),
    )


def _saddle(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    return x**2 / 2 - y**2 / 2 + y**4 / 4


def _saddle_gradient(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    return torch.stack([x, y**3 - y], dim=-1)


def _beale(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    return sum((c - x + x * y**k) ** 2 for k, c in enumerate(_BEALE, start=1))


def _beale_gradient(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    along_x, along_y = torch.zeros_like(x), torch.zeros_like(y)
    for k, c in enumerate(_BEALE, start=1):
        r = c - x + x * y**k
        along_x = along_x + 2 * r * (y**k - 1)
        along_y = along_y + 2 * r * x * k * y ** (k - 1)
    return torch.stack([along_x, along_y], dim=-1)


def _rosenbrock(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    off = y - x**2
    return torch.stack([-2 * (1 - x) - 400 * x * off, 200 * off], dim=-1)


def _himmelblau(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_gradient(p: Tensor) -> Tensor:
    x, y = p.unbind(dim=-1)
    first, second = x**2 + y - 11, x + y**2 - 7
    return torch.stack([4 * x * first + 2 * second, 2 * first + 4 * y * second], dim=-1)


_BEALE = (1.5, 2.25, 2.625)

RAVINE = bowl(50)

SADDLE = Surface(
    "saddle",  # ½x² − ½y² + ¼y⁴: a saddle at (0, 0), with a minimum on either side
    _saddle,
    _saddle_gradient,
    minima=((0.0, -1.0), (0.0, 1.0)),
    window=(-2.0, 2.0, -1.6, 1.6),
    start=(-1.8, 0.01),
)

BEALE = Surface(
    "Beale",  # Beale (1958): Σ (c − x + x yᵏ)², a flat plain with steep walls
    _beale,
    _beale_gradient,
    minima=((3.0, 0.5),),
    window=(-1.0, 4.5, -1.5, 1.5),
    start=(1.0, 1.3),
)

ROSENBROCK = Surface(
    "Rosenbrock",  # Rosenbrock (1960): (1 − x)² + 100 (y − x²)², a bent ravine
    _rosenbrock,
    _rosenbrock_gradient,
    minima=((1.0, 1.0),),
    window=(-2.0, 2.0, -1.0, 3.0),
    start=(-1.2, 1.0),
)

HIMMELBLAU = Surface(
    "Himmelblau",  # Himmelblau (1972): (x² + y − 11)² + (x + y² − 7)², four minima of value 0
    _himmelblau,
    _himmelblau_gradient,
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ),
    window=(-5.0, 5.0, -5.0, 5.0),
    start=(0.0, 0.0),
)

SURFACES = {s.name: s for s in (SADDLE, RAVINE, BEALE, ROSENBROCK, HIMMELBLAU)}


def neuron(x: Tensor, y: Tensor) -> Surface:
    """Return the cost J of a weight and a bias on data, x and y `(n,)`: see `optim.cost`.

    A point is (w, b). The minimum is the line of least squares, and the window reaches as far
    around it, along each axis, as it takes J to rise by twice the variance of y. Raises ValueError
    for an x that is the same in all examples: every bias would then have a weight that goes with
    it.
    """
    spread, centre = x.var(correction=0), x.mean()
    if not spread > 0:
        raise ValueError(f"x is {float(centre)} in each of {len(x)} examples; it must vary")
    w = ((x - centre) * (y - y.mean())).mean() / spread
    b = y.mean() - w * centre
    rise = (2 * y.var(correction=0)).sqrt()
    reach_w, reach_b = float(rise / x.square().mean().sqrt()), float(rise)
    low_w, low_b = float(w) - reach_w, float(b) - reach_b
    return Surface(
        "neuron",
        value=lambda p: cost(p[..., 0], p[..., 1], x.to(p), y.to(p)),
        gradient=lambda p: torch.stack(
            cost_gradient(p[..., 0], p[..., 1], x.to(p), y.to(p)), dim=-1
        ),
        minima=((float(w), float(b)),),
        window=(low_w, low_w + 2 * reach_w, low_b, low_b + 2 * reach_b),
        start=(low_w + 0.2 * reach_w, low_b + 0.2 * reach_b),
    )
