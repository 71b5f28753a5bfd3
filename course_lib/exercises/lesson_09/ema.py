"""Exercise 09.ema: the exponential moving average of a series."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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
        Case("1 value", (draw(1), 0.8), special=True),
        Case("values around 100,000", (1e5 * x, 0.8), special=True),
        Case("40 values in float32", (draw(40, dtype=torch.float32), 0.9), special=True),
    ]


def _recursive(step: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """Return the average with another step from the last average and a value to the next."""

    def average(x: Tensor, beta: float) -> Tensor:
        last, found = x.new_zeros(()), []
        for value in x:
            last = step(last, value, beta)
            found.append(last)
        return torch.stack(found)

    return average


_right = _recursive(lambda last, value, beta: beta * last + (1 - beta) * value)


def _from_the_first_value(x: Tensor, beta: float) -> Tensor:
    found = [x[0]]
    for value in x[1:]:
        found.append(beta * found[-1] + (1 - beta) * value)
    return torch.stack(found)


def _first_value_skipped(x: Tensor, beta: float) -> Tensor:
    found = [x.new_zeros(())]
    for value in x[1:]:
        found.append(beta * found[-1] + (1 - beta) * value)
    return torch.stack(found)


def _one_late(x: Tensor, beta: float) -> Tensor:
    return torch.cat([x.new_zeros(1), _right(x, beta)[:-1]])


def _corrected(x: Tensor, beta: float) -> Tensor:
    i = torch.arange(1, len(x) + 1, dtype=x.dtype)
    return _right(x, beta) / (1 - beta**i)


def _last_value_for_last_average(x: Tensor, beta: float) -> Tensor:
    return beta * torch.cat([x.new_zeros(1), x[:-1]]) + (1 - beta) * x


def _value_of_the_place_before(x: Tensor, beta: float) -> Tensor:
    return _right(x.roll(1), beta)


def _mean_of_a_window(x: Tensor, beta: float) -> Tensor:
    n = round(1 / (1 - beta))
    return torch.stack([x[max(i + 1 - n, 0) : i + 1].mean() for i in range(len(x))])


def _oldest_first(x: Tensor, beta: float) -> Tensor:
    weights = (1 - beta) * beta ** torch.arange(len(x), dtype=x.dtype)
    return (weights * x).cumsum(0)


def _by_weights(x: Tensor, beta: float) -> Tensor:
    age = torch.arange(len(x))[:, None] - torch.arange(len(x))
    weights = (1 - beta) * beta ** age.clamp(min=0).to(x.dtype)
    return (weights * (age >= 0)) @ x


def _by_wrapping_around(x: Tensor, beta: float) -> Tensor:
    found = torch.zeros_like(x)
    for i in range(len(x)):
        found[i] = beta * found[i - 1] + (1 - beta) * x[i]
    return found


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
    slips=(
        Slip(
            "β and 1 - β swapped",
            _recursive(lambda last, value, beta: (1 - beta) * last + beta * value),
            "β and 1 - β have changed places, so that a large β forgets at once. Which of the two "
            "says how much of the old average stays?",
        ),
        Slip(
            "starts at the first value",
            _from_the_first_value,
            "Your first average is the first value itself. That is one way to begin, and it gives "
            "one value a great weight; asked is the way that begins from an A of 0.",
        ),
        Slip(
            "corrected",
            _corrected,
            "Your averages are divided by the sum of their weights. That is the correction of "
            "lesson 11, and no slip; asked is the plain average, whose first values are too small.",
        ),
        Slip(
            "plain mean",
            lambda x, beta: x.cumsum(0) / torch.arange(1, len(x) + 1, dtype=x.dtype),
            "This is the plain mean of all values so far. It forgets nothing, and β has no part "
            "in it.",
        ),
        Slip(
            "mean of a window",
            _mean_of_a_window,
            "This is the plain mean of the last few values. It forgets all at once what an "
            "exponential average forgets little by little, and it needs all those values.",
        ),
        Slip(
            "mean of all",
            lambda x, beta: x.mean(),
            "This is one number, the mean of the whole series. Asked is an average after each "
            "value.",
        ),
        Slip(
            "1 - β forgotten",
            _recursive(lambda last, value, beta: beta * last + value),
            "The values are added whole, so the result is a fading sum, several times larger than "
            "the values. For an average the two weights add up to 1.",
        ),
        Slip(
            "β forgotten",
            _recursive(lambda last, value, beta: last + (1 - beta) * value),
            "The old average stays whole and the sum only grows. Something is missing before it.",
        ),
        Slip(
            "bracket",
            _recursive(lambda last, value, beta: beta * last + 1 - beta * value),
            "A pair of brackets is missing: it is 1 minus β, as a whole, that multiplies the "
            "value.",
        ),
        Slip(
            "old average forgotten",
            lambda x, beta: (1 - beta) * x,
            "Each result knows its own value only. The old average has no part in it: is it kept "
            "from one round of the loop to the next?",
        ),
        Slip(
            "last value for last average",
            _last_value_for_last_average,
            "The last value stands where the last average should. So only two values have a part "
            "in each result: look at what you carry from round to round.",
        ),
        Slip(
            "one late",
            _one_late,
            "Your averages come one step late: the first is 0, and the last is missing. Look at "
            "whether you keep the average before or after it is brought up to date.",
        ),
        Slip(
            "A₀ given back too",
            lambda x, beta: torch.cat([x.new_zeros(1), _right(x, beta)]),
            "There is one number too many: the 0 from before the first value. One average for each "
            "value is asked for.",
        ),
        Slip(
            "first value skipped",
            _first_value_skipped,
            "The first value has no part in anything. Look at where your loop begins.",
        ),
        Slip(
            "only the last",
            lambda x, beta: _right(x, beta)[-1],
            "This is the last average alone. Asked is a tensor with one after each value.",
        ),
        Slip(
            "left after one round",
            lambda x, beta: (1 - beta) * x[0],
            "This is the first average alone. Look at how far your `return` is indented.",
        ),
        Slip(
            "from the end",
            lambda x, beta: _right(x.flip(0), beta).flip(0),
            "Your average runs backwards, from the last value to the first. It would know the "
            "future.",
        ),
        Slip(
            "β of its own",
            lambda x, beta: _right(x, 0.9),
            "The result does not depend on β: 0.9 seems to stand in your code as a number.",
        ),
        Slip(
            "always one half",
            _recursive(lambda last, value, beta: (last + value) / 2),
            "The result does not depend on β: old average and value always count one half each.",
        ),
        Slip(
            "oldest value weighted most",
            _oldest_first,
            "The weights are on the wrong side: the oldest value counts most, and the newest "
            "least. It is age that makes a weight small.",
        ),
        Slip(
            "subtracted",
            _recursive(lambda last, value, beta: beta * last - (1 - beta) * value),
            "The values are taken off. The two parts of an average are added.",
        ),
        Slip(
            "both weighted by 1 - β",
            _recursive(lambda last, value, beta: (1 - beta) * (last + value)),
            "Old average and value both have the weight 1 - β. The old average has another one.",
        ),
        Slip(
            "both weighted by β",
            _recursive(lambda last, value, beta: beta * (last + value)),
            "Old average and value both have the weight β. The value has another one.",
        ),
        Slip(
            "1 - β for all",
            _recursive(lambda last, value, beta: (1 - beta) * (beta * last + value)),
            "The whole sum is multiplied by 1 - β, the old average too. It has its own weight "
            "already: look at your brackets.",
        ),
        Slip(
            "left after one round, in a list",
            lambda x, beta: _right(x, beta)[:1],
            "There is one average, that after the first value. Look at how far your `return` is "
            "indented.",
        ),
        Slip(
            "put into the list after the loop",
            lambda x, beta: _right(x, beta)[-1:],
            "There is one average, that after the last value. Look at how far the line is indented "
            "that puts an average into your list.",
        ),
        Slip(
            "one tensor in every place",
            lambda x, beta: _right(x, beta)[-1].expand(len(x)).clone(),
            "Every place holds the last average. `*=` and `+=` change the tensor that your list "
            "holds already: make a new one in each round.",
        ),
        Slip(
            "whole series in each round",
            lambda x, beta: (1 - beta ** len(x)) * x,
            "Each round mixes in the whole series. One value comes in at a time, and in each round "
            "another one.",
        ),
        Slip(
            "value of the place before",
            _value_of_the_place_before,
            "At place i your loop takes in the value of place i - 1; at place 0 that is the last "
            "one of the series. Which value has just come in?",
        ),
        Slip(
            "last value for last average, from place 1",
            lambda x, beta: torch.cat([x.new_zeros(1), _last_value_for_last_average(x, beta)[1:]]),
            "The last value stands where the last average should, and the first place is left "
            "empty. Look at what you carry from round to round, and at where your loop begins.",
        ),
        Slip(
            "1 + β",
            _recursive(lambda last, value, beta: beta * last + (1 + beta) * value),
            "The value has the weight 1 + β. The two weights of an average add up to 1.",
        ),
        Slip(
            "β before all",
            _recursive(lambda last, value, beta: beta * (last + (1 - beta) * value)),
            "The whole sum is multiplied by β, the value too. It has its own weight already: look "
            "at your brackets.",
        ),
    ),
    also_right=(
        _by_weights,
        _by_wrapping_around,
        _recursive(lambda last, value, beta: last + (1 - beta) * (value - last)),
        _recursive(lambda last, value, beta: value + beta * (last - value)),
    ),
)
