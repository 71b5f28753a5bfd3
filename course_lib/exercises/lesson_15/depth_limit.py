"""Exercise 15.depth_limit: after how many layers a size has changed by a factor."""

from __future__ import annotations

import math

import torch

from ...analysis.propagation import depth_limit
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    chi = (0.3 * draw(6)).exp()
    return [
        Case("6 values of χ and a factor of 100", (chi, 100.0)),
        Case("2 by 3 values of χ, a factor of 1e7", ((0.2 * draw(2, 3) - 0.3).exp(), 1e7)),
        Case("4 values of χ and a factor of 3", ((draw(4) + 0.2).exp(), 3.0)),
        Case("one χ below 1", (torch.tensor(0.81, dtype=torch.float64), 10.0), special=True),
        Case("one χ above 1", (torch.tensor(1.44, dtype=torch.float64), 10.0), special=True),
        Case("a χ of 1", (torch.tensor([1.0, 2.0], dtype=torch.float64), 10.0), special=True),
        Case("values of χ very near 1", (1 + 1e-6 * chi, 10.0), special=True),
        Case("values of χ far from 1", (torch.cat([1e6 * chi, 1e-6 * chi]), 65504.0), special=True),
        Case("float32", ((0.3 * draw(5, dtype=torch.float32)).exp(), 1000.0), special=True),
    ]


SLIPS = """
mean square for size: 2 * math → math
    This is when the *mean square* has changed by the factor. The size is its root: is it reached
    sooner or later?
halved: 2 * math → 0.5 * math
    You halve where you should double. The size is the root of the mean square, so it changes more
    slowly.
no absolute value: .abs() →
    Where χ is below 1 your number of layers is below 0. A size can fall by a factor as well as
    grow.
only for a fall: chi.log().abs() → -chi.log()
    Where χ is above 1 your number of layers is below 0. A size can grow by a factor as well as
    fall.
upside down: chi.log().abs() / (2 * math.log(factor))
    This is one over the depth. A larger factor should take more layers.
two kinds of logarithm, above: math.log(factor) → math.log10(factor)
    Above the line the logarithm has the base 10, below it the base e. Take one base for both.
two kinds of logarithm, below: chi.log() → chi.log10()
    Below the line the logarithm has the base 10, above it the base e. Take one base for both.
base 2 above: math.log(factor) → math.log2(factor)
    Above the line the logarithm has the base 2, below it the base e. Take one base for both.
base 2 below: chi.log() → chi.log2()
    Below the line the logarithm has the base 2, above it the base e. Take one base for both.
near 1 only: chi.log().abs() → (chi - 1).abs()
    You take χ less 1 for the logarithm of χ. That is near it where χ is near 1, and only there.
near 1 only, of the root:
    | return math.log(factor) / (chi.sqrt() - 1).abs()
    You take the root of χ, less 1, for its logarithm. That is near it where χ is near 1, and only
    there.
only a rise: chi.log().abs() → chi.log().clamp(min=0)
    Where χ is below 1 your number of layers is infinite. A size can fall by a factor as well as
    grow.
no logarithm above: math.log(factor) → factor
    Layers multiply. How many times χ must be multiplied to reach the factor asks for logarithms of
    both.
no logarithm below: chi.log().abs() → chi
    Below the line stands χ itself. Layers multiply: what does a logarithm make of a product?
no logarithms: 2 * math.log(factor) / chi.log().abs() → factor / chi
    You divide as if each layer added χ. Layers multiply: how often must χ be multiplied to reach
    the factor?
rounded down: (2 * math.log(factor) / chi.log().abs()).floor()
    You round down to whole layers. The exercise asks for the number itself.
rounded up: (2 * math.log(factor) / chi.log().abs()).ceil()
    You round up to whole layers. The exercise asks for the number itself.
rounded: (2 * math.log(factor) / chi.log().abs()).round()
    You round to whole layers. The exercise asks for the number itself.
multiplied: / chi → * chi
    The logarithms are multiplied. The further χ is from 1, the fewer layers it takes.
factor missing: 2 * math.log(factor) → 2
    The factor plays no part in your result: this is when a size has changed by e.
depth scale: 2 * math.log(factor) → 1
    The factor plays no part in your result: this is the depth in which a mean square changes by e.
root and 2: chi.log() → chi.sqrt().log()
    You take the root of χ, and double as well. Either one says that the size is the root of the
    mean square; both say it twice.
difference of logarithms: 2 * (math.log(factor) - chi.log().abs())
    You subtract the logarithms. How many times does the one go into the other?
logarithm of a ratio: 2 * (factor / chi).log().abs()
    This is the logarithm of a ratio. What is asked for is a ratio of logarithms.
square of the factor: 2 * math.log(factor) → math.log(factor) ** 2
    The logarithm is squared. The logarithm of a square is something else.
a power for a depth: chi**factor
    This is what so many layers make of a mean square. The exercise asks the other way round: how
    many layers for a given factor?
size for mean square, and no absolute value: 2 * math → math ; .abs() →
    Two things: this is for the mean square, whose root the size is; and where χ is below 1 your
    number of layers is below 0.
"""

DEPTH_LIMIT = Exercise(
    id="15.depth_limit",
    points=2,
    asks="after how many layers a size has changed by a factor",
    reference=depth_limit,
    cases=_cases,
    hints=(
        "After L layers the mean square is χ to the power L times what it was. And the size, which "
        "is its root?",
        "Write down that the size has changed by the factor, or by one over the factor, and take "
        "logarithms of both sides.",
        "L over 2, times the size of the logarithm of χ, is the logarithm of the factor.",
    ),
    slips=slips(SLIPS, depth_limit),
    also_right=(
        lambda chi, factor: math.log(factor) / chi.sqrt().log().abs(),
        lambda chi, factor: (2 * math.log10(factor) / chi.log10()).abs(),
        lambda chi, factor: math.log(factor**2) / torch.log(chi).abs(),
    ),
)
