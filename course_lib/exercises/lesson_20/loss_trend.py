"""Exercise 20.loss_trend: what the loss can tell of a step, averaged."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order.steering import loss_trend
from ..drawing import drawing

Trend = tuple[Tensor, Tensor, Tensor]


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, *shape, beta, cold=False, dtype=torch.float64, **more) -> Case:
        after, before, new, old = (draw(*shape or (1,), dtype=dtype).view(shape) for _ in range(4))
        old = old - 1
        start = (0 * after, 0 * before) if cold else (after, before)
        return Case(words, (*start, new, old), {"beta": beta}, **more)

    def downhill(words, n, beta, **more) -> Case:
        """Slopes before steps that all lead down, as usual."""
        after, new = draw(n), draw(n)
        before, old = -0.2 - draw(n).abs(), -0.2 - draw(n).abs()
        return Case(words, (after, before, new, old), {"beta": beta}, **more)

    zero, two = torch.zeros(3).double(), draw(3)
    up = 0.3 + draw(5).abs()
    return [
        downhill("5 layers", 5, 0.7),
        case("4 layers, some of which climb", 4, beta=0.6),
        Case("5 layers that all climb", (draw(5), up, draw(5), 2 * up), {"beta": 0.8}),
        downhill("3 layers and a short memory", 3, 0.25),
        case("2 by 3 layers", 2, 3, beta=0.4),
        case("averages that have seen nothing yet", 4, beta=0.9, cold=True, special=True),
        Case("the first step, along which nothing moved", (zero, zero, zero, zero), special=True),
        Case("a slope before of 0 in one of 3", (two, zero, two, two - two[0]), special=True),
        Case("slopes around a billionth", tuple(1e-9 * draw(4) for _ in range(4)), special=True),
        Case("the β that is not handed in", tuple(draw(4) for _ in range(4)), special=True),
        case("no memory", 4, beta=0.0, special=True),
        case("a single layer, of shape ()", beta=0.5, special=True),
        case("float32", 6, beta=0.7, dtype=torch.float32, special=True),
    ]


def _written_out(after, before, slope_after, slope_before, beta=0.95) -> Trend:
    after = after + (1 - beta) * (slope_after - after)
    before = before + (1 - beta) * (slope_before - before)
    r = -after / before.abs()
    return after, before, torch.where(before == 0, torch.zeros_like(r), r)


def _by_nan(after, before, slope_after, slope_before, beta=0.95) -> Trend:
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    r = -after * before.sign() / before
    return after, before, r.where(before != 0, torch.zeros(()).to(r))


SLIPS = """
of the newest slopes: slope_ratio(after, before) → slope_ratio(slope_after, slope_before)
    Your ratio is that of the newest slopes, which are noisy. It should be made of the averages.
average of ratios:
    | r = slope_ratio(after, before)
    | after = beta * after + (1 - beta) * slope_after
    | before = beta * before + (1 - beta) * slope_before
    | return after, before, beta * r + (1 - beta) * slope_ratio(slope_after, slope_before)
    You average ratios. A ratio of averages is calmer: where the slope before is nearly 0 a single
    ratio explodes.
of the averages before:
    | after = beta * after → old_after, old_before, after = after, before, beta * after
    | slope_ratio(after, before) → slope_ratio(old_after, old_before)
    Your ratio is made of the averages as they came in. The newest slopes should count in it.
no minus: slope_ratio(after, before) → -slope_ratio(after, before)
    Your ratio has the wrong sign. A step that was far too short should give 1.
upside down: slope_ratio(after, before) → slope_ratio(before, after)
    Your ratio is upside down. If the slope after the step is 0, r should be 0: what stands above?
signed: slope_ratio(after, before) → -slope_ratio(after, before) * before.sign()
    You divide by the slope with its sign. If a step leads uphill, the sign of r turns over: divide
    by its size.
signed and no minus: slope_ratio(after, before) → slope_ratio(after, before) * before.sign()
    Two things: you divide by the slope with its sign, where its size is due, and in front the minus
    is there or not as it should not be. Try a step that leads uphill.
size above: slope_ratio(after, before) → -slope_ratio(after, before).abs()
    You take the size of the slope after, too. Then nobody can see whether the step overshot.
size above, no minus: slope_ratio(after, before) → slope_ratio(after, before).abs()
    You take the size of the whole ratio. Then nobody can see whether the step overshot.
nothing before: slope_ratio(after, before) → -after / before.abs()
    You divide by 0 at the first step: nothing moved, there is no slope before. Which number is due
    there?
small number below: slope_ratio(after, before) → -after / (before.abs() + 1e-8)
    You add a small number below. Near the end slopes are small themselves, and then your ratio is
    drawn to 0. Decide by `before == 0`.
smaller number below: slope_ratio(after, before) → -after / (before.abs() + 1e-12)
    You add a small number below. Where slopes are small themselves your ratio is drawn to 0. Decide
    by `before == 0`.
clamped below: slope_ratio(after, before) → -after / before.abs().clamp(min=1e-8)
    You keep the lower part above a small number. Where slopes are small themselves your ratio is
    drawn to 0. Decide by `before == 0`.
one where nothing was: slope_ratio(after, before) → slope_ratio(after, before) + (before == 0)
    Where there is no slope before, your ratio is 1, as if the step had been far too short. Nothing
    was seen there: which number says so?
difference: slope_ratio(after, before) → -slope_ratio(after - before, before)
    You compare by a difference over the slope before. Asked for is how much of the slope is left.
difference alone: slope_ratio(after, before) → before - after
    You take a difference of slopes. It has units; a ratio has none, and serves every layer alike.
within bounds: slope_ratio(after, before) → slope_ratio(after, before).clamp(-1, 1)
    You keep r between −1 and 1. The sets of the controller do that by themselves.
β and its rest exchanged: beta * ↔ (1 - beta) *
    β and 1 less β have changed places. β belongs to what was.
sums: (1 - beta) * →
    The new slopes come in with their full weight. What stands before them in an average?
never forgets: beta * after → after ; beta * before → before
    Nothing multiplies the old averages, so that they never forget.
brackets: (1 - beta) → 1 - beta
    A pair of brackets is missing: 1 is added, and only β multiplies the new slope.
always 0.95: beta → 0.95
    Your β is always 0.95. Take the one that is handed in.
only after is averaged: before = beta * before + (1 - beta) * slope_before → before = slope_before
    The slope before is not averaged. Both are noisy.
only before is averaged: after = beta * after + (1 - beta) * slope_after → after = slope_after
    The slope after is not averaged. Both are noisy.
slopes exchanged: slope_after ↔ slope_before
    The two new slopes have changed places.
ratio first: after, before, slope_ratio(after, before) → slope_ratio(after, before), after, before
    The ratio comes back first. First what must be remembered, then r.
averages exchanged: return after, before → return before, after
    The two averages come back in the wrong order.
new slopes kept: return after, before → return slope_after, slope_before
    The new slopes come back where the averages belong. The next step would forget all others.
old averages kept:
    | after = beta * after → a, b, after = after.clone(), before.clone(), beta * after
    | return after, before → return a, b
    The averages come back as they came in: the next step would know nothing of this one.
ratio alone: after, before, slope_ratio(after, before) → slope_ratio(after, before)
    The ratio alone comes back. What must be remembered for the next step?
corrected: slope_ratio(after, before) → slope_ratio(after / (1 - beta), before)
    You correct one of the averages alone. Both began at 0, and in a ratio the correction cancels.
"""

LOSS_TREND = Exercise(
    id="20.loss_trend",
    points=2,
    asks="the averaged slopes after and before the steps, and their ratio",
    reference=loss_trend,
    cases=_cases,
    hints=(
        "Two averages, as in lesson 09, one of each slope. And which of them stands above?",
        "r is minus the average after, over the size of the average before. Why are averages "
        "divided, and not ratios averaged?",
        "At the first step nothing has moved: `torch.where(before == 0, …)` gives 0 there. Return "
        "the average after, the average before, and r.",
    ),
    slips=slips(SLIPS, loss_trend),
    also_right=(_written_out, _by_nan),
)
