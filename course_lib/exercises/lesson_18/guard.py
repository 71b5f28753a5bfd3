"""Exercise 18.guard: an estimate of curvature made fit to divide by."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order.steps import guard
from ..drawing import drawing


def _guard_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    edges = torch.tensor([-3.0, -0.1, 0.0, 0.1, 3.0], dtype=torch.float64)
    some = (torch.arange(12) % 4 > 0).double()
    infinite = torch.tensor([math.inf, -1.0], dtype=torch.float64)
    return [
        Case("12 curvatures, three of them 0", (2 * draw(12) * some, 0.5, 1.5)),
        Case("9 curvatures, floor 0.2 and ceiling 3", (3 * draw(9), 0.2, 3.0)),
        Case("4 by 5 curvatures, floor 0.7 and ceiling 2", (2 * draw(4, 5), 0.7, 2.0)),
        Case("15 curvatures, floor 0.3 and no ceiling", (2 * draw(15), 0.3)),
        Case("curvatures at the edges", (edges, 0.1, 3.0), special=True),
        Case("curvatures of 0", (torch.zeros(4).double(), 0.5, 2.0), special=True),
        Case("curvatures below 0 alone", (-draw(6).abs() - 0.1, 0.4, 1.0), special=True),
        Case("a single number", (draw(1)[0], 0.3, 2.0), special=True),
        Case("tiny curvatures", (1e-6 * draw(6), 1e-6, 2e-6), special=True),
        Case("huge curvatures", (1e6 * draw(5), 1e-3, 1e5), special=True),
        Case(
            "an infinite curvature",
            (infinite, 0.1, 5.0),
            special=True,
        ),
        Case("float32", (2 * draw(8).float(), 0.5, 1.5), special=True),
    ]


def _by_maximum(d: Tensor, floor: float, ceiling: float = math.inf) -> Tensor:
    raised = torch.maximum(torch.abs(d), torch.full_like(d, floor))
    return torch.minimum(raised, torch.full_like(d, ceiling))


def _by_where(d: Tensor, floor: float, ceiling: float = math.inf) -> Tensor:
    size = torch.where(d < 0, -d, d)
    size = torch.where(size < floor, floor, size)
    return torch.where(size > ceiling, ceiling, size)


SLIPS = """
sign first: d.clamp(min=floor, max=ceiling)
    All curvatures below 0 end at the floor, so that steps there are longest. The size of a
    negative one counts: what comes first?
sign kept: d.sign() * d.abs().clamp(min=floor, max=ceiling)
    Your result still has the sign of the curvature, and a 0 is still 0. To divide by it would lead
    uphill, or to infinity.
ceiling before the size: d.clamp(max=ceiling).abs().clamp(min=floor)
    The ceiling holds only for curvatures above 0. What becomes of a large one below 0?
no floor: min=floor, →
    Curvatures near 0 stay as they are. How long is a step that is divided by them?
no ceiling: , max=ceiling →
    The ceiling plays no part in your result.
size alone: .clamp(min=floor, max=ceiling) →
    Floor and ceiling play no part in your result.
floor added: (d.abs() + floor).clamp(max=ceiling)
    The floor is added to every curvature. It should change only those that lie below it.
root of squares: (d.square() + floor**2).sqrt().clamp(max=ceiling)
    Floor and curvature are joined as by Pythagoras, so that all curvatures grow. Only those below
    the floor should change.
floor at 0 alone: torch.where(d == 0, floor, d.abs().clamp(max=ceiling))
    Only a curvature of exactly 0 is raised. A tiny one makes a huge step too.
ends exchanged: floor ↔ ceiling
    Floor and ceiling have changed places.
floor for outliers: torch.where(d.abs() > ceiling, floor, d.abs().clamp(min=floor))
    Outliers fall to the floor, where steps are longest. To which end are they cut?
small ones to the ceiling: torch.where(d.abs() < floor, ceiling, d.abs().clamp(max=ceiling))
    Curvatures below the floor jump to the ceiling. To which end are they raised?
small ones to 0: torch.where(d.abs() < floor, 0, d.abs().clamp(max=ceiling))
    Curvatures below the floor become 0, and a division by 0 follows. They are to be raised.
floor for those below 0: torch.where(d < 0, floor, d.clamp(max=ceiling))
    Curvatures below 0 end at the floor, and small ones above 0 stay small. The size of the first
    counts, and the floor holds for all.
squares: d.abs() → d.square()
    You take squares. The size of a curvature is asked for, in its own unit.
roots: d.abs() → d.abs().sqrt()
    You take roots. The size of a curvature is asked for, in its own unit.
divided already: 1 / d.abs().clamp(min=floor, max=ceiling)
    You give one over the curvature. What a step is divided by is asked for.
floor as a share of the mean: min=floor → min=floor * d.abs().mean().item()
    The floor is a share of the mean size. Here it is a curvature itself.
floor as a share of the largest: min=floor → min=floor * d.abs().max().item()
    The floor is a share of the largest size. Here it is a curvature itself.
opposite sign: return d → return -d
    Your result lies below 0 throughout. Look for a minus.
"""

GUARD = Exercise(
    id="18.guard",
    points=1,
    asks="curvatures that a step may be divided by",
    reference=guard,
    cases=_guard_cases,
    hints=(
        "Three things go wrong when a gradient is divided by an estimate of curvature: it is "
        "below 0, it is nearly 0, it is absurdly large. Which of them does your line mend?",
        "The sign goes first, since a large curvature below 0 is still a large one.",
        "`clamp` raises what is below one number and cuts what is above another.",
    ),
    slips=slips(SLIPS, guard),
    also_right=(
        _by_maximum,
        _by_where,
        lambda d, floor, ceiling=math.inf: d.abs().clip(floor, ceiling),
    ),
)
