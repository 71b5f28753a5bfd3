"""Exercise 09.ema: the exponential moving average of a series."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import averages
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    x = draw(7)
    return [
        Case("8 values and β = 0.7", (draw(8), 0.7)),
        Case("12 values and β = 0.4", (draw(12) + 2, 0.4)),
        Case("6 values and β = 0.85", (3 * draw(6), 0.85)),
        Case("7 values and β = 0.9", (x, 0.9), special=True),
        Case("7 values and β = 0", (x, 0.0), special=True),
        Case("7 values and β = 0.99", (x, 0.99), special=True),
        Case("7 values and β = 0.5", (x, 0.5), special=True),
        Case("values that are all 5", (torch.full_like(x, 5.0), 0.8), special=True),
        Case("values that are all zero", (torch.zeros_like(x), 0.8), special=True),
        Case("a last value of 0", (torch.cat([x, 0 * x[:1]]), 0.8), special=True),
        Case("1 value", (draw(1), 0.8), special=True),
        Case("values around 100,000", (1e5 * x, 0.8), special=True),
        Case("40 values in float32", (draw(40, dtype=torch.float32), 0.9), special=True),
    ]


def _by_weights(x: Tensor, beta: float) -> Tensor:
    age = torch.arange(len(x))[:, None] - torch.arange(len(x))
    weights = (1 - beta) * beta ** age.clamp(min=0).to(x.dtype)
    return (weights * (age >= 0)) @ x


def _by_wrapping_around(x: Tensor, beta: float) -> Tensor:
    found = torch.zeros_like(x)
    for i in range(len(x)):
        found[i] = beta * found[i - 1] + (1 - beta) * x[i]
    return found


def _by_the_difference(x: Tensor, beta: float) -> Tensor:
    last, found = 0 * x[0], []
    for value in x:
        last = last + (1 - beta) * (value - last)
        found.append(last)
    return torch.stack(found)


def _by_the_difference_from_the_value(x: Tensor, beta: float) -> Tensor:
    found = [(1 - beta) * x[0]]
    for value in x[1:]:
        found += [value + beta * (found[-1] - value)]
    return torch.stack(found)


SLIPS = """
β and 1 - β swapped: beta * average + (1 - beta) → (1 - beta) * average + beta
    β and 1 - β have changed places, so that a large β forgets at once. Which of the two says how
    much of the old average stays?
starts at the first value: torch.zeros_like(x[:1]).sum() → x[0]
    Your first average is the first value itself. That is one way to begin, and it gives one value a
    great weight; the exercise asks for the way that begins from an A of 0.
corrected: append(average) → append(average / (1 - beta ** (1 + len(averages))))
    Your averages are divided by the sum of their weights. That is the correction of lesson 11, and
    no slip; the exercise asks for the plain average, whose first values are too small.
plain mean: x.cumsum(0) / torch.arange(1, len(x) + 1, dtype=x.dtype)
    This is the plain mean of all values so far. It forgets nothing, and β has no part in it.
mean of a window:
    | n = round(1 / (1 - beta))
    | return torch.stack([x[max(i + 1 - n, 0) : i + 1].mean() for i in range(len(x))])
    This is the plain mean of the last few values. It forgets all at once what an exponential
    average forgets little by little, and it needs all those values.
mean of all: x.mean()
    This is one number, the mean of the whole series. The exercise asks for an average after each
    value.
1 - β forgotten: (1 - beta) * value → value
    The values are added whole, so the result is a fading sum, several times larger than the values.
    For an average the two weights add up to 1.
β forgotten: beta * average → average
    The old average stays whole and the sum only grows. Something is missing before it.
bracket: (1 - beta) → 1 - beta
    A pair of brackets is missing: it is 1 minus β, as a whole, that multiplies the value.
old average forgotten: beta * average + →
    Each result knows its own value only. The old average has no part in it: if you use a loop, is
    it kept from one round to the next?
last value for last average: append(average) → append(average); average = value
    The last value stands where the last average should. So only two values have a part in each
    result: look at what you carry from round to round.
one late:
    | averages.append(average) →
    | average = beta → averages.append(average); average = beta
    Your averages come one step late: the first is 0, and the last is missing. Look at whether you
    keep the average before or after it is brought up to date.
A₀ given back too: , [] → , [x.new_zeros(())]
    There is one number too many: the 0 from before the first value. One average for each value is
    asked for.
first value skipped: , [] → , [x.new_zeros(())] ; in x: → in x[1:]:
    The first value has no part in anything. If you use a loop, look at where it begins.
only the last: torch.stack(averages) if averages else x.clone() → average
    This is the last average alone. The exercise asks for a tensor with one after each value.
left after one round: averages.append(average) → return average
    This is the first average alone. If you use a loop, look at how far your `return` is indented.
from the end: in x: → in x.flip(0): ; torch.stack(averages) → torch.stack(averages).flip(0)
    Your average runs backwards, from the last value to the first. It would know the future.
β of its own: beta → 0.9
    The result does not depend on β: 0.9 seems to stand in your code as a number.
always one half: beta * average + (1 - beta) * value → (average + value) / 2
    The result does not depend on β: old average and value always count one half each.
oldest value weighted most:
    | ((1 - beta) * beta ** torch.arange(len(x), dtype=x.dtype) * x).cumsum(0)
    The weights are on the wrong side: the oldest value counts most, and the newest least. It is age
    that makes a weight small.
subtracted: + (1 - beta) → - (1 - beta)
    The values are taken off. The two parts of an average are added.
both weighted by 1 - β: beta * average → (1 - beta) * average
    Old average and value both have the weight 1 - β. The old average has another one.
both weighted by β: (1 - beta) * value → beta * value
    Old average and value both have the weight β. The value has another one.
1 - β for all: beta * average + (1 - beta) * value → (1 - beta) * (beta * average + value)
    The whole sum is multiplied by 1 - β, the old average too. It has its own weight already: look
    at your brackets.
left after one round, in a list: append(average) → append(average); return torch.stack(averages)
    There is one average, that after the first value. If you use a loop, look at how far your
    `return` is indented.
put into the list after the loop: torch.stack(averages) → torch.stack(averages[-1:])
    There is one average, that after the last value. If you use a loop, look at how far the line is
    indented that puts an average into your list.
one tensor in every place: torch.stack(averages) → torch.stack([average] * len(x))
    Every place holds the last average. `*=` and `+=` change the tensor that your list holds
    already: make a new one in each round.
whole series in each round: (1 - beta ** len(x)) * x
    Each round mixes in the whole series. One value comes in at a time, and in each round another
    one.
value of the place before: in x: → in x.roll(1):
    At place i the value of place i - 1 comes in; at place 0 that is the last one of the series.
    Which value has just come in?
last value for last average, from place 1:
    | torch.cat([0 * x[:1], beta * x[:-1] + (1 - beta) * x[1:]])
    The last value stands where the last average should, and the first place is left empty. If you
    use a loop, look at what you carry from round to round, and at where it begins.
1 + β: (1 - beta) → (1 + beta)
    The value has the weight 1 + β. The two weights of an average add up to 1.
β before all: beta * average + (1 - beta) * value → beta * (average + (1 - beta) * value)
    The whole sum is multiplied by β, the value too. It has its own weight already: look at your
    brackets.
"""

EMA = Exercise(
    id="09.ema",
    points=2,
    asks="the moving average of a series, after each of its values",
    reference=averages.ema,
    cases=_cases,
    hints=(
        "Take β = 0.5 and the values 8, 8, 8. What is the first average on paper, when the one "
        "before it is 0? And the second?",
        "One number has to be remembered from value to value: the last average. What is it before "
        "the loop? Where do you keep all that came out?",
        "In the loop the new average is made of two parts, the old average and the value. Their "
        "weights are the two in the formula. Collect the averages in a list; `torch.stack` makes "
        "a tensor of it.",
    ),
    slips=slips(SLIPS, averages.ema),
    also_right=(
        _by_weights,
        _by_wrapping_around,
        _by_the_difference,
        _by_the_difference_from_the_value,
    ),
)
