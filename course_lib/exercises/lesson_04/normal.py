"""Exercise 04.normal: numbers with this mean and standard deviation, made of standard normal
ones.
"""

from __future__ import annotations

import numpy as np
import torch

from ...checking import Case, Exercise, slips
from ...nn import initializers
from ..drawing import drawing
from .shared import numbers


def _normal_cases(seed: int) -> list[Case]:
    draw, number = drawing(seed), numbers(seed)
    z = draw(2, 3)
    return [
        Case("z of shape (4, 3)", (draw(4, 3), number(1, 3), number(0.2, 0.8))),
        Case("z of shape (2, 5)", (draw(2, 5), number(-3, -1), number(1.5, 3))),
        Case("a single number", (draw(1), number(1, 3), number(0.2, 0.8)), special=True),
        Case("mean 0 and std 0.05", (z, 0.0, 0.05), special=True),
        Case("std 1", (z, 2.0, 1.0), special=True),
        Case("std 0", (z, 2.0, 0.0), special=True),
        Case("a mean of a million", (z, 1e6, 3.0), special=True),
        Case("z that is zero everywhere", (torch.zeros_like(z), 2.0, 3.0), special=True),
        Case(
            "z of shape (50, 20) in float32",
            (draw(50, 20, dtype=torch.float32), 0.1, 0.05),
            special=True,
        ),
    ]


SLIPS = """
variance as std: std * z → std**2 * z
    z is stretched by the square of std. N(μ, σ²) names the variance, but a number is stretched by
    the standard deviation: look at the exponent.
root of the std: std * z → std**0.5 * z
    z is stretched by the root of std. The argument is the standard deviation already, not the
    variance: look for a root too many.
moved before it is stretched: std * (z + mean)
    The mean is stretched too, so the result lies around std · mean. Look at your brackets: which
    comes first?
mean and std swapped: std + mean * z
    Mean and std have changed places. Where z is 0, the result should be the mean.
mean left out: mean + →
    The numbers lie around 0, whatever the mean: it plays no part yet.
std left out: std * →
    The spread of the numbers is still 1. The std plays no part yet.
std added: std * z → z + std
    The std is added. That moves the numbers and leaves their spread at 1: which operation
    stretches?
mean subtracted: std * z - mean
    The mean is taken off, so the numbers lie around its opposite. Look at the sign.
standardised: (z - mean) / std
    This is the way back: it takes numbers with that mean and std to standard normal ones. z is
    standard normal already.
z itself: z.clone()
    You give z back: its mean is 0 and its standard deviation 1. Neither `mean` nor `std` plays a
    part yet.
moved down before it is stretched: std * (z - mean)
    Two things: the mean is taken off, and it is stretched too, as it comes first. Where z is 0, the
    result should be the mean: look at the sign and at your brackets.
moved, then divided: (z + mean) / std
    You divide by std, the mean included. A larger std should spread the numbers more, and leave the
    mean alone: look at what you divide by, and at your brackets.
divided by std: std * z → z / std
    A larger std should spread the numbers more, and here it spreads them less. Look at what you
    divide by.
moved and stretched by the sample: std * z → std * (z - z.mean()) / z.std()
    The sample itself is forced to have this mean and std. Mean and std belong to the distribution;
    a sample of a few numbers may differ: leave z as it was drawn.
mean multiplied: mean + → mean *
    The mean multiplies the numbers, so they still lie around 0. Which operation moves them?
both multiply z: mean + std → (mean + std)
    z is multiplied by both, so the numbers still lie around 0. Only one of the two stretches; the
    other moves. Look at your brackets.
std on the mean: mean * std + z
    The std multiplies the mean, where it should stretch z. Look at which of them stands beside it.
z turned over: + std → - std
    The distribution does not show it, but each number lies on the other side of the mean than its
    z: larger z should give larger numbers.
density:
    | spread = std or math.inf  # a std of 0 has no density
    | return torch.exp(-(((z - mean) / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))
    This is the density of the normal distribution, how likely a number is. The exercise asks for
    the numbers themselves, made of z.
range of the std: std * z → std * (2 * z - 1)
    You treat z as even numbers from 0 to 1. It is standard normal, around 0 already: look for a
    step that moves it.
"""

NORMAL = Exercise(
    id="04.normal",
    points=1,
    asks="numbers with this mean and standard deviation, made of standard normal ones",
    reference=initializers.normal_from,
    cases=_normal_cases,
    hints=(
        "z has mean 0 and standard deviation 1. What happens to both if every number is doubled? "
        "And if 10 is added to every number?",
        "Stretch first, then move: moving does not change how far the numbers are from each other.",
        "One product and one sum. To see which number stretches, ask what should come out where z "
        "is 0.",
    ),
    slips=slips(SLIPS, initializers.normal_from),
    also_right=(
        lambda z, mean, std: z * std + mean,
        lambda z, mean, std: torch.add(torch.full_like(z, mean), z, alpha=std),
        lambda z, mean, std: torch.lerp(torch.full_like(z, mean), mean + z, std),
        lambda z, mean, std: np.float64(mean) + std * z,
    ),
)
