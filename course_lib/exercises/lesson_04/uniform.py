"""Exercise 04.uniform: the standard deviation of numbers that are spread evenly between two
limits.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from ...checking import Case, Exercise, slips
from ...nn import scales
from .shared import numbers


def _uniform_cases(seed: int) -> list[Case]:
    number = numbers(seed)

    def limits(low: float, high: float) -> tuple[float, float]:
        return number(low, low + 1), number(high, high + 1)

    return [
        Case("limits below and above 0", limits(-2, 4)),
        Case("two limits above 0", limits(1, 6)),
        Case("two limits below 0", limits(-9, -4)),
        Case("limits -0.05 and 0.05", (-0.05, 0.05), special=True),
        Case("limits 0 and 1", (0.0, 1.0), special=True),
        Case("limits that are equal", (2.0, 2.0), special=True),
        Case("limits around 1000", (999.0, 1001.0), special=True),
        Case("limits a billion apart", (-5e8, 5e8), special=True),
    ]


SLIPS = """
variance: (high - low) ** 2 / 12
    This is the variance. The standard deviation has the unit of the limits: one step is missing.
root of the divisor forgotten: math.sqrt(12) → 12
    The distance lost its square, but the divisor did not get its root. Take the root of the whole
    fraction.
square of the distance forgotten: math.sqrt((high - low) / 12)
    A root is taken of the distance without its square. Limits twice as far apart should double the
    result: look at the exponent.
twice for squared: math.sqrt((high - low) * 2 / 12)
    The distance is doubled, where the formula squares it. Look at `*` and `**`.
root of the distance only: math.sqrt(high - low) / 12
    The root covers the distance alone, and the distance lacks its square. The root belongs around
    the whole fraction: look at where its bracket closes.
the sum: high + low
    This is the sum of the limits. Moving both up by 100 should change nothing: which step gives how
    far apart they are?
a third: math.sqrt(12) → 3
    This is a third of the distance. The 3 belongs under a root, and to half the distance: look at
    the formula for the variance.
half the distance: math.sqrt(12) → 2
    This is how far the limits are from the middle. Most numbers are nearer than that: look at the
    formula for the variance.
the distance itself: / math.sqrt(12) →
    This is the distance of the limits. The standard deviation is much smaller: no number is further
    from the mean than half of it.
limits seen as one-sided: 12 → 3
    The root of 3 belongs to half the distance, from the middle to a limit. You have taken the whole
    distance.
limits seen as symmetric: high / math.sqrt(3)
    Only the upper limit plays a part. That is right for limits that lie evenly around 0; here they
    may lie anywhere.
the mean: (low + high) / 2
    This is the mean. The standard deviation says how far numbers are from it.
sum for difference: high - low → high + low
    The limits are added. Moving both up by 100 should change nothing: look at the sign.
order of the limits: high - low → low - high
    A standard deviation is never below 0. Look at the order of the limits.
root mean square: math.sqrt((high**2 + high * low + low**2) / 3) if high > low else abs(low)
    This is the root mean square, the distance from 0. The standard deviation is the distance from
    the mean of the numbers.
root of the divisor only: (high - low) → (high - low) ** 2
    The root covers the 12 alone. It belongs around the whole fraction, the square included.
squares taken first: math.sqrt((high**2 - low**2) / 12)
    The limits are squared before they are subtracted. The square belongs to their distance: look at
    your brackets.
two numbers: 12 → 2
    This is the standard deviation of the two limits alone, as a sample of two. All the numbers
    between them count.
a sixth: math.sqrt(12) → 6
    This is a sixth of the distance: a rule of thumb for bell curves, or the formula with a factor 2
    in the place of the square and without its root. Look at `*` and `**`, and at the last step from
    a variance.
a quarter: math.sqrt(12) → 4
    A quarter of the distance is the mean distance from the middle. The standard deviation squares
    first, and takes the root at the end.
"""

UNIFORM = Exercise(
    id="04.uniform",
    points=1,
    asks="the standard deviation of numbers that are spread evenly between two limits",
    reference=scales.uniform_std,
    cases=_uniform_cases,
    hints=(
        "What happens to the standard deviation if both limits move up by 100? And if the limits "
        "are twice as far apart?",
        "The text gives the variance. What has to be done with a variance to get a standard "
        "deviation?",
        "It is the distance of the limits, over the root of a whole number.",
    ),
    slips=slips(SLIPS, scales.uniform_std),
    also_right=(
        lambda low, high: math.sqrt((high - low) ** 2 / 12),
        lambda low, high: abs(high - low) / 2 / 3**0.5,
        lambda low, high: np.sqrt((high - low) ** 2 / 12),
        lambda low, high: ((torch.tensor(high, dtype=torch.float64) - low) ** 2 / 12).sqrt(),
    ),
)
