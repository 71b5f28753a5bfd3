"""Exercise 11.bias_correction: a moving average without the zero it started from."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import correction
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("4 averages, β = 0.9 and t = 3", (draw(4), 0.9, 3)),
        Case("2 by 3 averages, β = 0.6 and t = 2", (draw(2, 3), 0.6, 2)),
        Case("5 averages, β = 0.8 and t = 7", (draw(5), 0.8, 7)),
        Case("5 averages, β = 0.75 and t = 1", (draw(5), 0.75, 1)),
        Case("β = 0.9 and t = 1", (draw(3), 0.9, 1), special=True),
        Case("β = 0.999 and t = 1", (draw(3), 0.999, 1), special=True),
        Case("β = 0, which remembers nothing", (draw(3), 0.0, 5), special=True),
        Case(
            "averages that are all 0", (torch.zeros(3, dtype=torch.float64), 0.9, 2), special=True
        ),
        Case("1 average", (draw(1), 0.9, 4), special=True),
        Case("t = 100,000", (draw(3), 0.999, 100_000), special=True),
        Case("averages around 100,000", (1e5 * draw(3), 0.9, 2), special=True),
        Case(
            "3 averages in float32, β = 0.99 and t = 2",
            (draw(3, dtype=torch.float32), 0.99, 2),
            special=True,
        ),
    ]


def _by_adding_weights(average: Tensor, beta: float, t: int) -> Tensor:
    return average / sum((1 - beta) * beta**age for age in range(t))


SLIPS = """
not corrected: average.clone()
    The average comes back as it was. After a few values it is still too near 0: by which factor?
t left out: weight_given(beta, t) → (1 - beta)
    You divide by the weight of one value, whatever t is. After more values the average has given
    away more weight: where is t in your formula?
t from 0: weight_given(beta, t) → (1 - beta ** (t - 1))
    t is one too small: your power would be 0 after the first value, and you would divide by 0. t
    counts from 1 already.
t one too large: weight_given(beta, t) → (1 - beta ** (t + 1))
    t is one too large. It counts from 1 already: after the first value it is 1.
β times t: weight_given(beta, t) → (1 - beta * t)
    You multiply β by t. Each new value shrinks all old weights by β once more: what becomes of a
    weight after t of them?
multiplied: average / → average *
    You multiply by the weight that was given away, so that a small average gets smaller still. It
    is to become larger.
divided by what the zero kept: weight_given(beta, t) → beta**t
    You divide by the weight that the zero at the start still has. The exercise asks for the rest,
    the weight that the values have.
β and its rest swapped: weight_given(beta, t) → (1 - (1 - beta) ** t)
    β and 1 less β have changed places. The zero at the start is multiplied by β each time a value
    comes.
power of the bracket: weight_given(beta, t) → (1 - beta) ** t
    The power stands outside the bracket. It belongs to β alone.
brackets forgotten: weight_given(beta, t) → 1 - beta**t
    Without brackets only the 1 is divided by, and the power is taken off afterwards. What stands
    under the line?
sign: weight_given(beta, t) → (beta**t - 1)
    The sign is wrong: what you divide by is below 0. Which of the two numbers under the line is the
    larger?
added: weight_given(beta, t) → (1 + beta**t)
    Under the line you add, so that the average gets smaller. The values have less weight than 1 in
    all, not more.
root: weight_given(beta, t) → weight_given(beta, t) ** 0.5
    You divide by the root. That would be right for the root of an average; this is the average
    itself.
corrected twice: weight_given(beta, t) → weight_given(beta, t) ** 2
    You correct twice: what you divide by is the square of what it should be. One division makes up
    for the zero at the start.
the number of values: weight_given(beta, t) → t
    You divide by t. The average is not a sum: its values have weights already, and the question is
    what these add up to.
made a sum: average / → (1 - beta) * average /
    A factor of 1 less β is too many: either you multiply by it, or the weights that you add up
    lack it.
β of 0.9: beta → 0.9
    Your β is always 0.9. Take the one that is handed in.
taken off: average / → average -
    You take the weight off the average. The average is too small by a factor, not by an amount.
made up by adding: average + beta**t
    You add what is missing in weight to the average. The average is too small by a factor, not by
    an amount.
power the wrong way round: weight_given(beta, t) → (1 - t**beta)
    t is raised to the power β. It is the other way round.
multiplied by what the zero kept: average * beta**t
    You multiply by the weight that the zero at the start still has, so that a small average gets
    smaller.
one over it: average / → 1 /
    The average itself is missing above the line.
the weight alone: average / →
    This is the weight that the values have in all. The average is still to be divided by it.
ages from 1: weight_given(beta, t) → (beta * weight_given(beta, t))
    The weights that you divide by begin with that of age 1. The newest value has age 0.
the weight of the first value: weight_given(beta, t) → ((1 - beta) * beta ** (t - 1))
    You divide by the weight of the first value alone. The other values have given weight too: what
    do all weights add up to?
upside down: weight_given(beta, t) / average
    The fraction is upside down: the average belongs above the line.
"""

BIAS_CORRECTION = Exercise(
    id="11.bias_correction",
    points=1,
    asks="a moving average without the zero it started from",
    reference=correction.corrected,
    cases=_cases,
    hints=(
        "Take β = 0.9 and the value 5 over and over. What is the average after one value? After "
        "two? By what must each be divided to give 5?",
        "The weights that the average has given to its values add up to less than 1. In section "
        "“The cold start” you see to how much, after t of them.",
        "Raise β to the power t, and see what is missing to 1. That is what to divide by.",
    ),
    slips=slips(SLIPS, correction.corrected),
    also_right=(
        _by_adding_weights,
        lambda m, beta, t: m / (1 - pow(beta, t)),
        lambda m, beta, t: m + m * beta**t / (1 - beta**t),
    ),
    needs=("vmap",),
)
