"""Exercise 17.weight_ema: a moving average of the weights, corrected for its start."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import weight_average
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, *shape, t, beta, special=False, dtype=torch.float64, scale=1.0) -> Case:
        each = tuple(scale * draw(*shape or (1,), dtype=dtype).view(shape) for _ in range(2))
        return Case(f"{words}, t = {t} and β = {beta:g}", each, {"t": t, "beta": beta}, special)

    same = draw(3)
    return [
        case("4 weights", 4, t=3, beta=0.8),
        case("2 by 3 weights", 2, 3, t=5, beta=0.7),
        case("5 weights", 5, t=2, beta=0.9),
        case("3 weights", 3, t=7, beta=0.6),
        case("the first weights of all", 4, t=1, beta=0.9),
        case("4 weights", 4, t=6, beta=0.0, special=True),
        case("4 weights", 4, t=4, beta=0.5, special=True),
        case("4 weights late in training", 4, t=100_000, beta=0.999, special=True),
        case("1 weight", 1, t=4, beta=0.85, special=True),
        case("a single number", t=4, beta=0.85, special=True),
        case("large weights", 3, t=4, beta=0.85, scale=1e6, special=True),
        case("20 weights in float32", 20, t=9, beta=0.95, dtype=torch.float32, special=True),
        Case("weights that did not move", (same, same.clone()), {"t": 5, "beta": 0.7}, True),
        Case("weights of 0", (0 * same, 0 * same), {"t": 5, "beta": 0.7}, True),
    ]


def _by_the_sum_of_weights(average, p, *, t, beta):
    plain = average * (1 - beta ** (t - 1))
    return (beta * plain + (1 - beta) * p) / (1 - beta**t)


def _by_lerp(average, p, *, t, beta):
    return torch.lerp(average, p, (1 - beta) / (1 - beta**t))


SLIPS = """
not corrected: (1 - beta) / (1 - beta**t) → (1 - beta)
    This is the plain average. At t = 1 it keeps most of what was there before any weights came:
    look at the share that the new weights should get then.
begun at the first weights:
    | return p.clone() if t == 1 else beta * average + (1 - beta) * p
    Your average begins at the first weights and is plain from then on. That is torch's way, and
    the first weights count too much in it. The exercise asks for the corrected share at every
    t.
p alone corrected:
    | return beta * average + (1 - beta) * p / (1 - beta**t)
    The new weights are divided by the sum, the old average is not. The shares of an average
    add up to 1: do yours?
corrected twice:
    | return (beta * average + (1 - beta) * p) / (1 - beta**t)
    The average that comes in is corrected already, and you divide it once more. At t = 2, with
    weights that did not move, is your result the weights?
β and 1 - β swapped: (1 - beta) / (1 - beta**t) → beta / (1 - beta**t)
    The new weights get β. Which of the two is small for a long memory?
swapped in the plain average: (1 - beta) / (1 - beta**t) → beta
    β and 1 - β have changed places, and the correction is missing.
t from 0: beta**t → beta ** (t + 1)
    Your correction is one update ahead. At t = 1 the new weights must get the whole share.
t late: beta**t → beta ** (t - 1)
    Your correction is one update late, so that t = 1 divides by 0. Updates are counted from 1.
not divided but multiplied: (1 - beta) / (1 - beta**t) → (1 - beta) * (1 - beta**t)
    You multiply by the sum of the weights where you should divide. The early averages would
    hardly move.
upside down: (1 - beta) / (1 - beta**t) → (1 - beta**t) / (1 - beta)
    Your share is upside down, and from t = 2 on above 1.
β times t: beta**t → beta * t
    β is multiplied by t. What fades by a factor at each update fades by a power.
sign below: 1 - beta**t → 1 + beta**t
    Below the line stands a sum. The weights given so far are what β to the power t leaves of 1.
power of 1 - β: beta**t → (1 - beta) ** t
    You take powers of 1 - β. What does the old average keep at each update?
the wrong way: (p - average) → (average - p)
    Your average moves away from the weights. Look at the sign of the difference.
moves the weights: return average + → return p +
    You begin from the weights and not from the average.
from the weights back: return average + → return p + ; (p - average) → (average - p)
    The old average and the new weights have changed places: the new weights get the large
    share.
the step alone: return average + → return
    You give back by how much the average moves. The exercise asks for the new average.
the weights: average + (1 - beta) / (1 - beta**t) * (p - average) → p.clone()
    Your result is the newest weights. What has become of the old average?
old average: average + (1 - beta) / (1 - beta**t) * (p - average) → average.clone()
    Your result is the old average. What do the new weights add to it?
plain mean: (1 - beta) / (1 - beta**t) → 1 / t
    This is the mean of all weights so far, and β has no part in it. It never forgets.
old average not scaled: (p - average) → p
    The old average stays whole and something is added, so that the sum grows. The shares of an
    average add up to 1.
half and half: (1 - beta) / (1 - beta**t) → 0.5
    Old average and new weights always count one half each. Where are β and t?
β of its own: beta → 0.99
    β is always 0.99 in your function. It is handed in.
corrected average of p alone:
    | return (1 - beta) * p / (1 - beta**t)
    The old average has no part in your result.
mean of all weights: (p - average) → (p.mean() - average)
    You take the mean over the places of p. Each weight has an average of its own.
"""

WEIGHT_EMA = Exercise(
    id="17.weight_ema",
    points=2,
    asks="the average of the weights after an update",
    reference=weight_average.weight_ema,
    cases=_cases,
    hints=(
        "At t = 1 only one set of weights has been seen. What is the average then, whatever β is? "
        "So which share do the new weights get?",
        "Long after the start the new weights get 1 - β. In between, 1 - β is divided by what the "
        "weights of the first t values add up to: see lesson 11.",
        "Move the average towards p by a share of their difference: 1 - β, over 1 minus β to the "
        "power t.",
    ),
    slips=slips(SLIPS, weight_average.weight_ema),
    also_right=(_by_the_sum_of_weights, _by_lerp),
    needs=("vmap",),
)
