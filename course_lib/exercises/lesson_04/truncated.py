"""Exercise 04.truncated: numbers with this standard deviation, made of standard normal ones
without their tails.
"""

from __future__ import annotations

import math

import torch
from scipy import stats
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...nn import initializers, scales
from .shared import numbers

_K = scales.truncated_std(2.0)


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
    slips=(
        Slip(
            "not corrected",
            lambda z, std: std * z,
            "The numbers end up with 0.88 of the standard deviation that is asked for: z lost its "
            "tails, and its spread is below 1. Something has to make up for that.",
        ),
        Slip(
            "corrected the wrong way",
            lambda z, std: std * _K * z,
            "The correction goes the wrong way: z is spread too little, and you make it less. Is k "
            "above or below 1?",
        ),
        Slip(
            "variance of z",
            lambda z, std: std / _K**2 * z,
            "The numbers end up too wide: you divide by the variance of z. What k is the root of "
            "stands in the text; look for that root.",
        ),
        Slip(
            "root of k",
            lambda z, std: std / _K**0.5 * z,
            "A root too many: k is a standard deviation already, and you divide by its root.",
        ),
        Slip(
            "rounded to two digits",
            lambda z, std: std / 0.88 * z,
            "k is rounded to 0.88. It is a number like π: compute it, with all digits.",
        ),
        Slip(
            "rounded to four digits",
            lambda z, std: std / 0.8796 * z,
            "k is rounded to 0.8796. It is a number like π: compute it, with all digits.",
        ),
        Slip(
            "spread of this sample",
            lambda z, std: std / z.std() * z,
            "You divide by the standard deviation of these numbers. k belongs to the distribution; "
            "a sample of a few numbers has another, and one number has none.",
        ),
        Slip(
            "factor 2 forgotten",
            lambda z, std: std / _k(twos=2) * z,
            "k is off: what you take from 1 is half of what it should be. Above the line, in "
            "2 · c · φ(c), the limit c is 2 as well; below it, erf(c / √2) is the whole area "
            "between the limits already. Look at which of them lost or got a 2.",
        ),
        Slip(
            "density without its constant",
            lambda z, std: std / math.sqrt(abs(1 - 4 * math.exp(-2) / math.erf(math.sqrt(2)))) * z,
            "k is off: φ(2) lacks the factor 1 / √(2π) before the exponential.",
        ),
        Slip(
            "all divided by the area",
            lambda z, std: (
                std / math.sqrt((1 - 4 * stats.norm.pdf(2)) / math.erf(math.sqrt(2))) * z
            ),
            "k is off: the area divides the 1 too. Only what is taken off is divided by it: look "
            "at your brackets.",
        ),
        Slip(
            "square in the exponent forgotten",
            lambda z, std: (
                std
                / math.sqrt(1 - 4 * math.exp(-1) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
                * z
            ),
            "k is off: the exponent of φ lacks its square. At c = 2 a half of c is not a half of "
            "c²: look at what `exp` gets.",
        ),
        Slip(
            "root of the constant forgotten",
            lambda z, std: (
                std / math.sqrt(1 - 4 * math.exp(-2) / (2 * math.pi) / math.erf(math.sqrt(2))) * z
            ),
            "k is off: φ(2) is divided by 2π, where the root of it belongs.",
        ),
        Slip(
            "exponent not halved",
            lambda z, std: (
                std
                / math.sqrt(1 - 4 * math.exp(-4) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
                * z
            ),
            "k is off: the square in the exponent of φ is halved. Look at what `exp` gets.",
        ),
        Slip(
            "sign under the root",
            lambda z, std: std / _k(twos=-4) * z,
            "k is off: it comes out above 1. Without its tails a distribution is narrower: look at "
            "the sign under the root.",
        ),
        Slip(
            "std left out",
            lambda z, std: z / _K,
            "The tails are made up for, so that the numbers have the standard deviation 1. `std` "
            "plays no part yet.",
        ),
        Slip(
            "std left out, corrected the wrong way",
            lambda z, std: z * _K,
            "Two things: `std` plays no part in your result, and the correction goes the wrong "
            "way. z is spread too little: is k above or below 1?",
        ),
        Slip(
            "whole area",
            lambda z, std: std / _k(area=1.0) * z,
            "k is off: it is divided by the area between the limits, not by the whole area of 1.",
        ),
        Slip(
            "area up to the limit",
            lambda z, std: std / _k(area=stats.norm.cdf(2)) * z,
            "k is off: it divides by Φ(2), the area below 2. The lower tail is cut off too.",
        ),
        Slip(
            "erf at the limit",
            lambda z, std: std / _k(area=math.erf(2)) * z,
            "k is off: erf(2) is the area for another scale. The text takes erf at 2 / √2.",
        ),
        Slip(
            "standard deviation by the limit",
            lambda z, std: std / 2 * z,
            "You divide by the limit, so that std becomes the largest number. Asked is the "
            "standard deviation of the result.",
        ),
        Slip(
            "clipped after the stretch",
            lambda z, std: (std / _K * z).clamp(-2 * std, 2 * std),
            "The stretch is right, and then you clip at two std. The limits are two standard "
            "deviations of the normal *before* the cut, so they lie further out: leave them.",
        ),
        Slip(
            "divided by std",
            lambda z, std: z / (std * _K) if std else z,
            "A larger std should spread the numbers more, and here it spreads them less. Look at "
            "what you divide by.",
        ),
    ),
    also_right=(
        lambda z, std: z * std / 0.87962566103423978,
        lambda z, std: z * (std / _k()),
        lambda z, std: z * std / float(stats.truncnorm(-2, 2).std()),
        lambda z, std: z * (std / stats.truncnorm.std(-2, 2)),
        lambda z, std: std * z / (1 - 4 * stats.norm.pdf(2) / (2 * stats.norm.cdf(2) - 1)) ** 0.5,
    ),
)


def _k(twos: float = 4, area: float | None = None) -> float:
    """The standard deviation of z from its formula, or from the formula with a slip in it."""
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - twos * density / (area or math.erf(math.sqrt(2))))
