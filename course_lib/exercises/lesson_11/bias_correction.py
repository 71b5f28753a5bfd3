"""Exercise 11.bias_correction: a moving average without the zero it started from."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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
    slips=(
        Slip(
            "not corrected",
            lambda m, beta, t: m.clone(),
            "The average comes back as it was. After a few values it is still too near 0: by which "
            "factor?",
        ),
        Slip(
            "t left out",
            lambda m, beta, t: m / (1 - beta),
            "You divide by the weight of one value, whatever t is. After more values the average "
            "has given away more weight: where is t in your formula?",
        ),
        Slip(
            "t from 0",
            lambda m, beta, t: m / (1 - beta ** (t - 1)),
            "t is one too small: your power would be 0 after the first value, and you would divide "
            "by 0. t counts from 1 already.",
        ),
        Slip(
            "t one too large",
            lambda m, beta, t: m / (1 - beta ** (t + 1)),
            "t is one too large. It counts from 1 already: after the first value it is 1.",
        ),
        Slip(
            "β times t",
            lambda m, beta, t: m / (1 - beta * t),
            "You multiply β by t. Each new value shrinks all old weights by β once more: what "
            "becomes of a weight after t of them?",
        ),
        Slip(
            "multiplied",
            lambda m, beta, t: m * (1 - beta**t),
            "You multiply by the weight that was given away, so that a small average gets smaller "
            "still. It is to become larger.",
        ),
        Slip(
            "divided by what the zero kept",
            lambda m, beta, t: m / beta**t,
            "You divide by the weight that the zero at the start still has. Asked is the rest, the "
            "weight that the values have.",
        ),
        Slip(
            "β and its rest swapped",
            lambda m, beta, t: m / (1 - (1 - beta) ** t),
            "β and 1 less β have changed places. The zero at the start is multiplied by β each "
            "time a value comes.",
        ),
        Slip(
            "power of the bracket",
            lambda m, beta, t: m / (1 - beta) ** t,
            "The power stands outside the bracket. It belongs to β alone.",
        ),
        Slip(
            "brackets forgotten",
            lambda m, beta, t: m / 1 - beta**t,
            "Without brackets only the 1 is divided by, and the power is taken off afterwards. "
            "What stands under the line?",
        ),
        Slip(
            "sign",
            lambda m, beta, t: m / (beta**t - 1),
            "The sign is wrong: what you divide by is below 0. Which of the two numbers under the "
            "line is the larger?",
        ),
        Slip(
            "added",
            lambda m, beta, t: m / (1 + beta**t),
            "Under the line you add, so that the average gets smaller. The values have less weight "
            "than 1 in all, not more.",
        ),
        Slip(
            "root",
            lambda m, beta, t: m / (1 - beta**t) ** 0.5,
            "You divide by the root. That would be right for the root of an average; this is the "
            "average itself.",
        ),
        Slip(
            "the number of values",
            lambda m, beta, t: m / t,
            "You divide by t. The average is not a sum: its values have weights already, and the "
            "question is what these add up to.",
        ),
        Slip(
            "made a sum",
            lambda m, beta, t: m * (1 - beta) / (1 - beta**t),
            "Your result is 1 less β times what it should be. Either you multiply by this factor "
            "once more, or the weights that you add up lack it.",
        ),
        Slip(
            "β of 0.9",
            lambda m, beta, t: m / (1 - 0.9**t),
            "Your β is always 0.9. Take the one that is handed in.",
        ),
        Slip(
            "taken off",
            lambda m, beta, t: m - (1 - beta**t),
            "You take the weight off the average. The average is too small by a factor, not by an "
            "amount.",
        ),
        Slip(
            "made up by adding",
            lambda m, beta, t: m + beta**t,
            "You add what is missing in weight to the average. The average is too small by a "
            "factor, not by an amount.",
        ),
        Slip(
            "power the wrong way round",
            lambda m, beta, t: m / (1 - t**beta),
            "t is raised to the power β. It is the other way round.",
        ),
        Slip(
            "multiplied by what the zero kept",
            lambda m, beta, t: m * beta**t,
            "You multiply by the weight that the zero at the start still has, so that a small "
            "average gets smaller.",
        ),
        Slip(
            "one over it",
            lambda m, beta, t: 1 / (1 - beta**t),
            "The average itself is missing above the line.",
        ),
        Slip(
            "the weight alone",
            lambda m, beta, t: 1 - beta**t,
            "This is the weight that the values have in all. The average is still to be divided "
            "by it.",
        ),
        Slip(
            "ages from 1",
            lambda m, beta, t: m / (beta * (1 - beta**t)),
            "What you divide by is β times too small: the weights that you add up begin with that "
            "of age 1. The newest value has age 0.",
        ),
        Slip(
            "the weight of the first value",
            lambda m, beta, t: m / ((1 - beta) * beta ** (t - 1)),
            "You divide by the weight of the first value alone. The other values have given weight "
            "too: what do all weights add up to?",
        ),
        Slip(
            "upside down",
            lambda m, beta, t: (1 - beta**t) / m,
            "The fraction is upside down: the average belongs above the line.",
        ),
    ),
    also_right=(
        _by_adding_weights,
        lambda m, beta, t: m / (1 - pow(beta, t)),
        lambda m, beta, t: m + m * beta**t / (1 - beta**t),
    ),
    needs=("vmap",),
)
