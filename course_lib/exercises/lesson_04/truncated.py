"""Exercise 04.truncated: numbers with this standard deviation, made of standard normal ones
without their tails.
"""

from __future__ import annotations

import math

import torch
from scipy import stats
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...nn import initializers
from .shared import numbers


def _truncated_cases(seed: int) -> list[Case]:
    source, number = generator(seed), numbers(seed)

    def cut(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        drawn = torch.empty(*shape, dtype=dtype)
        return torch.nn.init.trunc_normal_(drawn, generator=source)

    z = cut(2, 3)
    return [
        Case("z of shape (4, 3)", (cut(4, 3), number(0.2, 0.8))),
        Case("z of shape (2, 5)", (cut(2, 5), number(1.5, 3))),
        Case("a single number", (cut(1), number(0.2, 0.8)), special=True),
        Case("std 1", (z, 1.0), special=True),
        Case("std 0", (z, 0.0), special=True),
        Case("std a million", (z, 1e6), special=True),
        Case(
            "z at its limits",
            (torch.tensor([-2.0, 2.0], dtype=torch.float64), 0.3),
            special=True,
        ),
        Case("z that is zero everywhere", (torch.zeros_like(z), 0.3), special=True),
        Case(
            "z of shape (50, 20) in float32",
            (cut(50, 20, dtype=torch.float32), 0.05),
            special=True,
        ),
    ]


def _by_the_formula(z: Tensor, std: float) -> Tensor:
    """The formula as the lesson gives it; the slips are edits of this."""
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    kept = math.erf(2 / math.sqrt(2))
    k = math.sqrt(1 - 4 * density / kept)
    return std / k * z


SLIPS = """
not corrected: / k →
    The numbers end up with 0.88 of the standard deviation that is asked for: z lost its tails, and
    its spread is below 1. Something has to make up for that.
corrected the wrong way: std / k → std * k
    The correction goes the wrong way: z is spread too little, and you make it less. Is k above or
    below 1?
variance of z: / k → / k**2
    The numbers end up too wide: you divide by the variance of z. What k is the root of stands in
    the text; look for that root.
root of k: / k → / k**0.5
    A root too many: k is a standard deviation already, and you divide by its root.
rounded to two digits: / k → / 0.88
    k is rounded to 0.88. It is a number like π: compute it, with all digits.
rounded to four digits: / k → / 0.8796
    k is rounded to 0.8796. It is a number like π: compute it, with all digits.
spread of this sample: / k → / z.std()
    You divide by the standard deviation of these numbers. k belongs to the distribution; a sample
    of a few numbers has another, and one number has none.
factor 2 forgotten: 4 * → 2 *
    k is off: what you take from 1 is half of what it should be. Above the line, in 2 · c · φ(c),
    the limit c is 2 as well; below it, erf(c / √2) is the whole area between the limits already.
    Look at which of them lost or got a 2.
density without its constant:
    | / math.sqrt(2 * math.pi) →
    | 1 - 4 * density / kept → abs(1 - 4 * density / kept)
    k is off: φ(2) lacks the factor 1 / √(2π) before the exponential.
all divided by the area: 1 - 4 * density → (1 - 4 * density)
    k is off: your area divides the 1 as well. It should divide only what is taken off the 1: look
    at your brackets.
square in the exponent forgotten: math.exp(-2) → math.exp(-1)
    k is off: the exponent of φ lacks its square. At c = 2 a half of c is not a half of c²: look at
    what `exp` gets.
root of the constant forgotten: math.sqrt(2 * math.pi) → (2 * math.pi)
    k is off: φ(2) is divided by 2π, where the root of it belongs.
exponent not halved: math.exp(-2) → math.exp(-4)
    k is off: in the exponent of φ you have the whole square, and a half is missing. Look at what
    `exp` gets.
sign under the root: 1 - → 1 +
    k is off: it comes out above 1. Without its tails a distribution is narrower: look at the sign
    under the root.
std left out: std / k → 1 / k
    The tails are made up for, so that the numbers have the standard deviation 1. `std` plays no
    part yet.
std left out, corrected the wrong way: std / k → k
    Two things: `std` plays no part in your result, and the correction goes the wrong way. z is
    spread too little: is k above or below 1?
whole area: / kept →
    k is off: the area between the limits plays no part in it, as if the area that is kept were 1.
    Look at what stands below the line.
area up to the limit: density / kept → density / ((1 + kept) / 2)
    k is off: it divides by Φ(2), the area below 2. The lower tail is cut off too.
erf at the limit: math.erf(2 / math.sqrt(2)) → math.erf(2)
    k is off: erf(2) is the area for another scale. The text takes erf at 2 / √2.
standard deviation by the limit: / k → / 2
    You divide by the limit, so that std becomes the largest number. The exercise asks for the
    standard deviation of the result.
clipped after the stretch: std / k * z → (std / k * z).clamp(-2 * std, 2 * std)
    The stretch is right, and then you clip at two std. The limits are two standard deviations of
    the normal *before* the cut, so they lie further out: leave them.
divided by std: std / k * z → z / (std * k) if std else z
    A larger std should spread the numbers more, and here it spreads them less. Look at what you
    divide by.
"""

TRUNCATED = Exercise(
    id="04.truncated",
    points=2,
    asks="numbers with this standard deviation, made of standard normal ones without their tails",
    reference=initializers.truncated_from,
    cases=_truncated_cases,
    hints=(
        "Before the tails were cut off, z had the standard deviation 1. Is it larger or smaller "
        "now? So must z be stretched by more than std, or by less?",
        "The text gives k, the standard deviation of z. If z has k and you want std, what do you "
        "multiply by?",
        "Compute k with all its digits, with `math.exp`, `math.pi`, `math.sqrt` and `math.erf`. "
        "Mind the root around the whole, and that the area between the limits is erf(2 / √2).",
    ),
    slips=slips(SLIPS, _by_the_formula),
    also_right=(
        lambda z, std: z * std / 0.87962566103423978,
        _by_the_formula,
        lambda z, std: z * std / float(stats.truncnorm(-2, 2).std()),
        lambda z, std: z * (std / stats.truncnorm.std(-2, 2)),
        lambda z, std: std * z / (1 - 4 * stats.norm.pdf(2) / (2 * stats.norm.cdf(2) - 1)) ** 0.5,
    ),
)
