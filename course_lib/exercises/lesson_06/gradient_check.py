"""Exercise 06.gradient_check: the gradient of a loss by central differences."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import gradient_check
from ..drawing import drawing

Loss = Callable[[Tensor], Tensor]


def _check_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def loss(*shape: int, dtype: torch.dtype = torch.float64) -> Loss:
        """Return a smooth loss of weights of this shape that treats no two of them alike."""
        a, b = draw(*shape, dtype=dtype), 1 + draw(*shape, dtype=dtype).abs()
        return lambda w: torch.exp(0.3 * (a * w).sum()) + (b * torch.sin(w + a)).sum()

    def case(words: str, *shape: int, step: float, scale: float = 1.0, **more: bool) -> Case:
        return Case(words, (loss(*shape), scale * draw(*shape), step), **more)

    curve, single = draw(3).abs() + 1, torch.float32
    return [
        case("3 weights and step 0.1", 3, step=0.1),
        case("2 by 3 weights and step 0.2", 2, 3, step=0.2),
        case("4 weights and step 0.05", 4, step=0.05),
        case("3 by 3 weights and step 0.1", 3, 3, step=0.1),
        case("1 weight and step 0.1", 1, step=0.1, special=True),
        case("2 weights and step 0.1", 2, step=0.1, special=True),
        case("3 weights and step 0.001", 3, step=0.001, special=True),
        case("3 weights and step 1", 3, step=1.0, special=True),
        case("3 weights that are all zero", 3, step=0.1, scale=0.0, special=True),
        Case(
            "a parabola and step 2",
            (lambda w: (curve * w**2).sum(), draw(3), 2.0),
            special=True,
        ),
        Case("a plane and step 0.1", (lambda w: (curve * w).sum(), draw(3), 0.1), special=True),
        Case("a loss that never changes", (lambda w: 0 * w.sum() + 5, draw(3), 0.1), special=True),
        Case(
            "2 by 2 weights in float32 and step 0.1",
            (loss(2, 2, dtype=single), draw(2, 2, dtype=single), 0.1),
            special=True,
        ),
    ]


def _by_axes(f: Loss, w: Tensor, step: float) -> Tensor:
    axes = torch.eye(w.numel(), dtype=w.dtype).view(-1, *w.shape)
    slopes = [(f(w + step * axis) - f(w - step * axis)) / (2 * step) for axis in axes]
    return torch.stack(slopes).view(w.shape)


def _by_copies(f: Loss, w: Tensor, step: float) -> Tensor:
    slopes = []
    for place in range(w.numel()):
        up, down = w.clone().view(-1), w.clone().view(-1)
        up[place] += step
        down[place] -= step
        slopes.append((f(up.view(w.shape)) - f(down.view(w.shape))) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _by_moving(f: Loss, w: Tensor, step: float) -> Tensor:
    moving, slopes = w.clone().view(-1), []
    for place in range(w.numel()):
        moving[place] += step
        up = f(moving.view(w.shape))
        moving[place] -= 2 * step
        slopes.append((up - f(moving.view(w.shape))) / (2 * step))
        moving[place] = w.view(-1)[place]
    return torch.stack(slopes).view(w.shape)


SLIPS = """
one-sided, upward: f(w - step * axis)) / (2 * step) → f(w)) / step
    This is a one-sided difference: it looks at f above and here. Its error is far larger at the
    same step. A central one looks as far to the left as to the right.
one-sided, downward: f(w + step * axis) → f(w) ; (2 * step) → step
    This is a one-sided difference: it looks at f here and below. Its error is far larger at the
    same step. A central one looks as far to the left as to the right.
divided by the step: (2 * step) → step
    Everything is twice as large as it should be. How far apart are the two places at which you call
    f?
not divided: / (2 * step) →
    This is how much f rises, not how steeply. A slope is a rise over the distance in which it
    happens.
one-sided, over twice the step: f(w - step * axis) → f(w)
    f is called one step above and here, and the rise is divided by twice the step. Look at where
    the weight stands at your second call.
half the step: step * axis → step / 2 * axis ; (2 * step) → step
    This is a central difference, but it goes only half a step to each side. The whole step is
    meant: up by it, and down by it.
brackets of the distance: (2 * step) → 2 * step
    Below the line brackets are missing: `/ 2 * step` divides by 2 and then multiplies. Look at what
    you divide by.
brackets of the rise: (f(w + → f(w + ; axis)) / → axis) /
    Only the second value of f is divided: brackets are missing around the difference.
all weights at once: (f(w + step) - f(w - step)) / (2 * step)
    All weights are moved at once, which gives one slope for all of them together. Each weight needs
    a slope of its own, with the others held still.
all weights at once, in every place: ((f(w + step) - f(w - step)) / (2 * step)).expand(w.shape)
    Each weight gets the same number, the slope for moving all of them at once. Move one weight at a
    time, with the others held still.
sum for difference: ) - f( → ) + f(
    The two values of f are added. A slope is made of how much f differs between the two places.
twice the step: step * axis → 2 * step * axis
    Each weight is moved by twice the step, while the rise is divided by the distance of a single
    one. Up by the step, and down by the step.
twice the step, well divided: step * axis → 2 * step * axis ; (2 * step) → (4 * step)
    This is a central difference, but it goes two steps to each side. One is meant: up by it, and
    down by it.
last weight forgotten: torch.stack(slopes) → torch.stack([*slopes[:-1], 0 * slopes[-1]])
    The last slope is always 0. If you use a loop, look at where it ends.
slopes added up: torch.stack(slopes).view(w.shape) → sum(slopes)
    The slopes are added up to one number. Each weight needs its own: collect them, in the shape of
    w.
sign: w + step ↔ w - step
    All signs are wrong. Where f rises with a weight the slope must be above 0: look at which value
    is taken from which.
step in proportion to the weight: step * axis → step * w * axis
    Each weight is moved in proportion to itself, so the distance is not twice the step, and a
    weight of 0 never moves. The step is added as it is.
the exact gradient: torch.func.grad(f)(w)
    This is the exact gradient, or so near it that the step handed in plays no part: it comes from
    autograd, or from a step of your own. The exercise asks for the central difference with the
    given step, error and all, from nothing but values of f.
second derivative: - f(w - step * axis)) / (2 * step) → - 2 * f(w) + f(w - step * axis)) / step**2
    This is the second derivative, how the slope itself changes. For the slope two values are
    enough.
left flat: .view(w.shape) →
    The slopes are right but come in one long row. Each belongs to a weight, so the result has the
    shape of w: a last step is missing.
only the first weight: torch.stack(slopes).view(w.shape) → slopes[0]
    Only the slope of the first weight comes back. If you use a loop, look for a `return` inside it.
moved by 1: step * axis → axis
    Each weight is moved by 1, while the rise is divided by twice the step. Where does the step go
    in when you move a weight?
divided by 2: (2 * step) → 2
    The rise is divided by 2, whatever the step. A slope is a rise over the distance in which it
    happens: how far apart are the two places?
only the first place filled:
    | torch.stack(slopes) → torch.stack([slopes[0], *(0 * slope for slope in slopes[1:])])
    Only the first slope is there, the others are 0. If you use a loop, look for a `return` inside
    it.
a step of its own: step → 1e-3
    This is a central difference with step 0.001, whatever step is handed in. Look for a number
    where the argument should stand.
"""

SLIPS_OF_COPIES = """
a row at a time: w.numel() → len(w) ; .view(-1) → ; .view(w.shape) →
    A whole row of weights is moved at once when w is a matrix. Each weight needs a slope of its
    own: flatten a copy of w first, or go through both axes.
moved apart and not put back:
    | up, down = w.clone().view(-1), w.clone().view(-1) → pass
    | slopes = [] → slopes, up, down = [], w.clone().view(-1), w.clone().view(-1)
    Something is made once, before the loop, a copy or a step: every weight stays where it was moved
    to, and the next ones are measured from there. Begin each weight from the same place.
weight replaced by the step: += step → = step ; -= step → = -step
    The weight is replaced by the step instead of being moved by it. Look for `=` where a sum should
    stand.
f gets a flat tensor: up.view(w.shape) → up ; down.view(w.shape) → down
    f is given one long row, while w is a matrix: the loss expects the shape of w. Before each call
    give the moved copy its shape back, with `view`.
a row at a time, in every place:
    | w.numel() → len(w) ; .view(-1) → ; .view(w.shape) →
    | torch.stack(slopes) → torch.stack([slope.expand(w[0].shape) for slope in slopes])
    When w is a matrix, a whole row of weights is moved at once, and its places all get the same
    number. Each weight needs a slope of its own: go through a flat copy, or through both axes.
"""

SLIPS_OF_MOVING = """
not put back: moving[place] = w.view(-1)[place] → pass
    A weight stays where its second call left it, and the next ones are measured from there. Begin
    each weight from the same place.
not put back, one-sided:
    | moving[place] -= 2 * step → pass
    | up - f(moving.view(w.shape))) / (2 * step) → up - f(w)) / step
    | moving[place] = w.view(-1)[place] → pass
    A weight stays where it was moved to, and the next rises contain the earlier ones. Begin each
    weight from the same place; and look to both sides of it.
"""

GRADIENT_CHECK = Exercise(
    id="06.gradient_check",
    points=3,
    asks="the gradient of a loss by central differences",
    reference=gradient_check.central_difference,
    cases=_check_cases,
    hints=(
        "Start with a single weight. You may call f wherever you like. From two of its values, how "
        "would you guess the slope in between?",
        "One weight goes up by the step and f is called; the same weight goes down by the step and "
        "f is called again. How far apart were the two places? Then comes the next weight, from "
        "where the first one is back at its old value.",
        "Work on a copy, `w.flatten().clone()`, which is flat whatever the shape of w; go through "
        "its places one by one, and give the list of slopes the shape of w at the end.",
    ),
    slips=slips(SLIPS, _by_axes)
    + slips(SLIPS_OF_COPIES, _by_copies)
    + slips(SLIPS_OF_MOVING, _by_moving),
    also_right=(_by_axes, _by_copies, _by_moving),
)
