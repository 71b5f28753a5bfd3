"""Exercise 19.trimf: how well a word fits a number, by a triangle."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order import membership
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    x = 4 * draw(24) + 2
    a, b, c = (float(corner) for corner in 0.3 * draw(3) + torch.tensor([-2.0, 1.0, 6.0]))
    at = torch.tensor([a, b, c], dtype=torch.float64)
    return [
        Case("24 numbers and a triangle with a long right side", (x, a, b, c)),
        Case("6 by 4 numbers and a triangle with a long left side", (x.view(6, 4), -c, -b, -a)),
        Case("24 numbers and a narrow triangle", (draw(24), -0.8, 0.3, 0.9)),
        Case("the three corners themselves", (at, a, b, c), special=True),
        Case("numbers far away", (torch.tensor([-1e6, 1e6]).double(), a, b, c), special=True),
        Case("one number, of shape ()", (at[1] + 0.5, a, b, c), special=True),
        Case("no numbers", (draw(0), a, b, c), special=True),
        Case("a triangle with two equal sides", (x, 0.0, 2.0, 4.0), special=True),
        Case("24 numbers in float32", (x.float(), a, b, c), special=True),
    ]


def _by_cases(x: Tensor, a: float, b: float, c: float) -> Tensor:
    sides = torch.where(x < b, (x - a) / (b - a), (c - x) / (c - b))
    return torch.where((x > a) & (x < c), sides, torch.zeros_like(x))


def _by_relu(x: Tensor, a: float, b: float, c: float) -> Tensor:
    return torch.relu(1 - torch.relu((x - b) / (c - b)) - torch.relu((b - x) / (b - a)))


def _for_one_number(x: Tensor, a: float, b: float, c: float) -> Tensor:
    if x <= a or x >= c:
        return torch.zeros_like(x)
    return (x - a) / (b - a) if x < b else (c - x) / (c - b)


SLIPS = """
below 0 outside: .clamp(min=0) →
    Outside the triangle your membership falls below 0. A word can fit no worse than not at all.
larger side:
    | torch.minimum(rising, falling).clamp(min=0) → torch.maximum(rising, falling).clamp(0, 1)
    You take the larger of both sides. Below a, which of the two lines is large, and what should
    come out there?
larger side without a limit: torch.minimum(rising, falling) → torch.maximum(rising, falling)
    You take the larger of both sides, and it goes above 1. Below a, which of the two lines is
    large, and what should come out there?
whole base on both sides: (b - a) → (c - a) ; (c - b) → (c - a)
    Both sides are drawn over the whole base. Put in x = b: does each of them reach 1?
whole base on the left: (b - a) → (c - a)
    The left side is drawn over the whole base, so that it does not reach 1 at b.
whole base on the right: (c - b) → (c - a)
    The right side is drawn over the whole base, so that it does not begin at 1 at b.
sides exchanged: (b - a) ↔ (c - b)
    The lengths below the lines have changed places. Which of them does the left side run over?
right side rises:
    | rising, again = (x - a) / (b - a), (x - b) / (c - b)
    | return torch.where(x < b, rising, again).clamp(0, 1)
    Right of b your line begins at 0 and rises. It should begin at 1, and be 0 at c.
left side falls: (x - a) / (b - a) → (b - x) / (b - a)
    Your left line is 1 at a and 0 at b. It should be the other way round.
right side upside down: (c - x) / (c - b) → (x - c) / (c - b)
    The right line has the wrong sign: right of b, and left of c, it is below 0.
product of the sides: torch.minimum(rising, falling) → (rising * falling)
    You multiply both sides. At each x a single one of them counts.
mean of the sides: torch.minimum(rising, falling) → ((rising + falling) / 2)
    You take the mean of both sides. At each x a single one of them counts.
sum of the sides: torch.minimum(rising, falling) → (rising + falling)
    You add both sides. At each x a single one of them counts.
left side alone: torch.minimum(rising, falling) → rising
    Your membership goes on growing right of b. What limits it there?
right side alone: torch.minimum(rising, falling) → falling
    Your membership goes on growing left of b. What limits it there?
left shoulder: torch.minimum(rising, falling).clamp(min=0) → falling.clamp(0, 1)
    Left of b your membership stays at 1. A triangle falls on both sides.
right shoulder: torch.minimum(rising, falling).clamp(min=0) → rising.clamp(0, 1)
    Right of b your membership stays at 1. A triangle falls on both sides.
yes or no: torch.minimum(rising, falling).clamp(min=0) → ((x > a) & (x < c)).to(x)
    You answer yes or no. Between a corner and the peak there is a more or less.
for one number only:
    Your `if` looks at one number. x is a tensor of many: what decides for each of them?
area of 1: .clamp(min=0) → .clamp(min=0) * 2 / (c - a)
    You make the area 1, as for a probability. A membership is 1 at the peak.
squared: .clamp(min=0) → .clamp(min=0) ** 2
    Your sides are bent: a membership is squared. They should be straight.
bell: torch.minimum(rising, falling).clamp(min=0) → torch.exp(-(((x - b) / (c - a)) ** 2) / 2)
    You draw a bell, not a triangle. The sides are straight, and end in 0.
peak in the middle: (b - a) → ((c - a) / 2) ; (c - b) → ((c - a) / 2)
    Your peak is in the middle of the base, wherever b is.
half the base on both sides:
    | return (1 - (x - b).abs() / ((c - a) / 2)).clamp(min=0)
    You make both sides half of the base long. How long is each, if b is not in the middle?
left length on both sides:
    | return (1 - (x - b).abs() / (b - a)).clamp(min=0)
    Your right side is as long as the left one. Where does it end?
right length on both sides:
    | return (1 - (x - b).abs() / (c - b)).clamp(min=0)
    Your left side is as long as the right one. Where does it begin?
absolute value outside: .clamp(min=0) → .abs()
    Outside the triangle you take the absolute value of a line below 0, so that the membership
    grows again. How well does the word fit there?
peak left out:
    | left = torch.where((x > a) & (x < b), (x - a) / (b - a), 0)
    | return torch.where((x > b) & (x < c), (c - x) / (c - b), left)
    At x = b none of your conditions holds, so that the peak itself is lost. Where does b belong?
upside down:
    | return 1 - torch.minimum((x - a) / (b - a), (c - x) / (c - b)).clamp(min=0)
    Your triangle stands on its head: it is 0 at b.
"""

TRIMF = Exercise(
    id="19.trimf",
    points=1,
    asks="the membership of x in a triangle with the corners a, b and c",
    reference=membership.trimf,
    cases=_cases,
    hints=(
        "Draw the two lines: one through (a, 0) and (b, 1), the other through (b, 1) and (c, 0). "
        "Where does each of them lie above the other?",
        "The lower of both lines is right everywhere between a and c. What is wrong with it "
        "outside?",
        "A line through (a, 0) and (b, 1) has x minus a above, and what below? `torch.minimum` "
        "and `clamp` do the rest.",
    ),
    slips=slips(SLIPS, membership.trimf, {"for one number only": _for_one_number}),
    also_right=(_by_cases, _by_relu),
)
