"""Exercise 19.centroid: where the area under an outline has its centre."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order import inference
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def outline(*shape: int) -> Tensor:
        return torch.sigmoid(1.5 * draw(*shape))

    def steps(points: int) -> Tensor:
        return (0.3 + draw(points).abs()).cumsum(0) - 1

    even = torch.linspace(-1, 3, 6, dtype=torch.float64)
    some = outline(4, 6) * torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)[:, None]
    sides = torch.tensor([0.5, 1.0, 0.5], dtype=torch.float64)
    peak = torch.tensor([0.0, 0.0, 0.8, 0.0, 0.0], dtype=torch.float64)
    return [
        Case("an outline at 5 points, in uneven steps", (outline(5), steps(5), 0.7)),
        Case("3 outlines at 6 points, in even steps", (outline(3, 6), even, -0.5)),
        Case("4 outlines at 6 points, two of them 0", (some, steps(6), 0.4)),
        Case("4 outlines at 4 points", (outline(4, 4), steps(4) - 3, 0.0)),
        Case("an outline that is 0 everywhere", (0 * outline(5), steps(5), -2.5), special=True),
        Case("an outline with one peak", (peak, steps(5), 1.0), special=True),
        Case("an outline that is level", (torch.ones(7).double(), steps(7), 1.0), special=True),
        Case("2 points", (outline(2, 2), steps(2), 1.0), special=True),
        Case("a centre at 0", (sides, torch.tensor([-1.0, 0, 1]).double(), 1.0), special=True),
        Case("a faint outline", (1e-9 * outline(5), steps(5), 1.0), special=True),
        Case("2 by 3 outlines", (outline(2, 3, 5), steps(5), 1.0), special=True),
        Case("float32", (outline(9, 8).float(), steps(8).float(), 0.3), special=True),
    ]


def _by_pieces(height: Tensor, grid: Tensor, otherwise: float) -> Tensor:
    area = moment = torch.zeros(height.shape[:-1], dtype=height.dtype)
    for i in range(len(grid) - 1):
        h, k, x, s = height[..., i], height[..., i + 1], grid[i], grid[i + 1] - grid[i]
        area = area + s * (h + k) / 2
        rectangle, triangle = s * h * (x + s / 2), s * (k - h) / 2 * (x + 2 * s / 3)
        moment = moment + rectangle + triangle
    return torch.where(area > 0, moment / area, torch.full_like(area, otherwise))


def _by_simpson(height: Tensor, grid: Tensor, otherwise: float) -> Tensor:
    s = grid[1:] - grid[:-1]
    between = (grid[1:] + grid[:-1]) / 2 * (height[..., 1:] + height[..., :-1]) / 2
    ends = (height * grid)[..., 1:] + (height * grid)[..., :-1]
    moment, area = (s * (ends + 4 * between) / 6).sum(-1), torch.trapezoid(height, grid)
    return torch.where(area == 0, otherwise, moment / area)


SLIPS = """
sum over the points:
    | total = height.sum(dim=-1)
    | mean = (height * grid).sum(dim=-1) / total
    | return torch.where(total == 0, otherwise, mean)
    You sum over the points alone. Steps of different length then count alike, and points at the
    ends count whole, though the area reaches to one side of them only.
sum over the points, silence forgotten: (height * grid).sum(dim=-1) / height.sum(dim=-1)
    You sum over the points alone, and divide 0 by 0 where μ is 0 everywhere. Integrals are asked
    for, and a result where there is no area.
sum over the points, with a small number:
    | (height * grid).sum(dim=-1) / (height.sum(dim=-1) + 1e-8)
    You sum over the points alone, and a small number below stands in for `otherwise`. Integrals
    are asked for, and a result where there is no area.
trapezoid rule for x μ: (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6 → (h * x + k * (x + s)) / 2
    You treat x μ as a straight line between points. μ is one, and x times a straight line is bent:
    look at its integral.
middles: (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6 → (h + k) / 2 * (x + s / 2)
    Each piece counts at its middle. Where μ rises or falls the centre of a piece lies nearer to
    its higher end.
middles, steps forgotten:
    | (s * (h + k) / 2) → ((h + k) / 2)
    | (s * (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6) → ((h + k) / 2 * (x + s / 2))
    Two things: each piece counts at its middle, and the lengths of the steps are missing. Where
    does the centre of a piece lie, and how much does a long piece weigh?
left ends: (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6 → (h + k) / 2 * x
    Each piece counts at its left end. Where is its centre?
right ends: (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6 → (h + k) / 2 * (x + s)
    Each piece counts at its right end. Where is its centre?
rectangles:
    | (s * (h + k) / 2) → (s * h)
    | (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6 → h * (x + s / 2)
    You use rectangles of the height at the left. Between points μ is a straight line.
rectangles at their left ends:
    | s, h, x = grid.diff(), height[..., :-1], grid[:-1]
    | area = (s * h).sum(dim=-1)
    | return torch.where(area == 0, otherwise, (s * h * x).sum(dim=-1) / area)
    Your pieces are rectangles, and each counts at its left end. Between points μ is a straight
    line. What area does it bound, and where is its centre?
points above 0 alike:
    | inside = (height > 0).to(height)
    | total = inside.sum(dim=-1)
    | return torch.where(total == 0, otherwise, (inside * grid).sum(dim=-1) / total)
    You take the mean of all points where μ is above 0. They do not count alike: what weighs a
    piece?
heights exchanged: h * (3 * x + s) + k * (3 * x + 2 * s) → k * (3 * x + s) + h * (3 * x + 2 * s)
    In the moment the two heights have changed places: a piece is heavier at its higher end.
highest point: moment / torch.where(silent, 1.0, area) → grid[height.argmax(dim=-1)]
    You give the place of the highest point. The centre depends on the whole area.
highest point, silence forgotten: grid[height.argmax(dim=-1)]
    You give the place of the highest point. The centre depends on the whole area, and where there
    is none `otherwise` is asked for.
not divided: moment / torch.where(silent, 1.0, area) → moment
    The moment is not divided by the area.
divided by the heights: area = (s * (h + k) / 2).sum(dim=-1) → area = height.sum(dim=-1)
    You divide by the sum of the heights. The area has a width too.
steps forgotten below: (s * (h + k) / 2) → ((h + k) / 2)
    The area lacks the lengths of the steps.
steps forgotten above: (s * (h * (3 → ((h * (3
    The moment lacks the lengths of the steps.
steps forgotten: (s * (h + k) / 2) → ((h + k) / 2) ; (s * (h * (3 → ((h * (3
    The lengths of the steps are missing above and below: long pieces count no more than short ones.
half forgotten: (s * (h + k) / 2) → (s * (h + k))
    Your area is twice as large as it should be: what is the mean height of a piece?
third for sixth: 2 * s)) / 6 → 2 * s)) / 3
    Your moment is twice as large as it should be. Try a level outline: its centre is the middle.
silence forgotten:
    | x, s, h, k = grid[:-1], grid.diff(), height[..., :-1], height[..., 1:]
    | area = (s * (h + k) / 2).sum(dim=-1)
    | return (s * (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6).sum(dim=-1) / area
    Where μ is 0 everywhere you divide 0 by 0. What is handed in for that?
silence gives 0: otherwise → 0.0
    Where μ is 0 everywhere your result is 0, whatever is handed in for that.
middle of the grid: moment / torch.where(silent, 1.0, area) → (grid[0] + grid[-1]) / 2
    You give the middle of the grid. The outline plays no part in it.
half of the area:
    | s = grid.diff()
    | piece = s * (height[..., :-1] + height[..., 1:]) / 2
    | area = piece.sum(dim=-1, keepdim=True)
    | place = (piece.cumsum(dim=-1) < area / 2).sum(dim=-1)
    | return torch.where(area[..., 0] == 0, otherwise, grid[place])
    You look for the point with half of the area on either side: that is the bisector. The centre
    is the mean of x.
one area for all: torch.where(silent, 1.0, area) → area.sum()
    You divide by the area of all outlines together. Each outline has its own.
the area:
    | return torch.where(silent, otherwise, centre) → return area
    You give the area. It stands below.
divided by the length of the grid:
    | torch.where(silent, 1.0, area) → (grid[-1] - grid[0])
    You divide by the length of the grid. Below stands the area under μ.
otherwise if one is 0: silent = area == 0 → silent = (height == 0).any(dim=-1)
    As soon as μ is 0 at one point, you give what is handed in. That is for μ of 0 everywhere.
sides of where:
    | silent, otherwise, centre → silent, centre, otherwise
    The two sides of your `where` have changed places.
"""

CENTROID = Exercise(
    id="19.centroid",
    points=3,
    asks="where the area under an outline has its centre",
    reference=inference.centroid,
    cases=_cases,
    hints=(
        "The centre is the mean of x, weighted by μ: an integral above and one below. Between two "
        "points μ is a straight line, so that the lower one is a sum of trapezoids.",
        "Take one piece, from x to x + s, where μ goes from h to k. It is a rectangle and a "
        "triangle. What area has each, and where is its centre?",
        "The centre of a triangle with its high end at the right lies at two thirds of the way. "
        "Rectangle: area s h, centre x + s / 2. Triangle: area s (k − h) / 2, below 0 if μ falls.",
    ),
    slips=slips(SLIPS, inference.centroid),
    also_right=(_by_pieces, _by_simpson),
)
