"""Exercise 02.threshold: the input at which each neuron's output changes sign."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import biases
from ..drawing import drawing


def _threshold_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single = torch.float32

    def neurons(h: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return draw(h, dtype=dtype), draw(h, dtype=dtype)

    weight, bias = neurons(4)
    return [
        Case("5 neurons", neurons(5)),
        Case("3 neurons", neurons(3)),
        Case("4 neurons whose weights are below 0", (-weight.abs() - 0.1, bias)),
        # Above 0, so that an `if weight > 0` goes the right way.
        Case("1 neuron", (draw(1).abs() + 0.1, draw(1)), special=True),
        Case("biases that are all zero", (weight, torch.zeros_like(bias)), special=True),
        Case("weights around 0.000001", (1e-6 * weight, bias), special=True),
        Case("biases around 100,000", (weight, 1e5 * bias), special=True),
        Case("100 neurons in float32", neurons(100, single), special=True),
    ]


SLIPS = """
sign: -bias → bias
    Your threshold lies on the wrong side of 0. Put it back into weight · x + bias: the two should
    cancel, not add.
upside down: -bias / weight → -weight / bias
    The fraction stands upside down. Twice the bias should push the threshold twice as far out: look
    at what divides what.
upside down, and the sign: -bias / weight → weight / bias
    The fraction stands upside down, and its sign is lost too. Start from weight · x + bias = 0, one
    step at a time.
weight forgotten: / weight →
    Your threshold does not depend on the weight. A neuron that amplifies its input ten times needs
    ten times less of it: look at what stands before x.
multiplied: / weight → * weight
    You multiply by the weight. A stronger weight should bring the threshold nearer to 0, not push
    it away: how is a factor before x undone?
subtracted: / weight → - weight
    The weight is taken off. It multiplies x, so taking it off does not undo it.
sign of the weight lost: / weight → / weight.abs()
    This is right for weights above 0 only. With a weight below 0 your threshold lies on the wrong
    side: look for an abs or a square.
never below 0: -bias / weight → (bias / weight).abs()
    Your threshold is never below 0. It can be, when weight and bias have the same sign: look for an
    abs.
where the output is one: -bias → (1 - bias)
    This is where the output reaches 1. The sign changes elsewhere: look at the right side of your
    equation.
where the output is one half: -bias → (0.5 - bias)
    This is where the output reaches one half. A neuron begins to fire where its output leaves 0:
    look at the right side of your equation.
the bias itself: bias.clone()
    This is the bias. It is what the neuron says at the input 0; the exercise asks for the input at
    which it says 0.
the output at one: weight + bias
    This is the output for the input 1. The exercise asks for the other direction: which input gives
    the output 0?
only the first neuron: -bias / weight → -bias[0] / weight[0]
    Only the first neuron gets an answer. Look at the places that you name, or at how far a `return`
    in a loop is indented.
an if on many numbers: -bias / weight → -bias / weight if weight > 0 else bias / weight
    An `if` needs one yes or no, and here is one for each neuron. Solve the equation for a weight
    below 0: do you get another formula?
rounded down: / weight → // weight
    Your thresholds are whole numbers: `//` divides and rounds down. Look at the sign that you
    divide with.
every neuron with every other: / weight → / weight[:, None]
    The bias of each neuron meets the weights of all the others. The two tensors have the same shape
    and fit as they are: look for an axis that you add.
"""

THRESHOLD = Exercise(
    id="02.threshold",
    points=1,
    asks="the input at which each neuron's output changes sign",
    reference=biases.threshold,
    cases=_threshold_cases,
    hints=(
        "A neuron has the weight 2 and the bias -6. What is its output at the input 1? At 10? "
        "Where in between is it exactly 0?",
        "At the threshold the weighted input and the bias cancel. Write that down as an equation "
        "with an unknown x, for one neuron.",
        "`weight * x + bias = 0`: bring the bias to the other side, which changes something about "
        "it, then get rid of what stands before x. The same works for whole tensors.",
    ),
    slips=slips(SLIPS, biases.threshold),
    also_right=(
        lambda weight, bias: (0 - bias) / weight,
        lambda weight, bias: bias / -weight,
        lambda weight, bias: torch.stack([-b / w for w, b in zip(weight, bias, strict=True)]),
        lambda weight, bias: -(bias * weight.reciprocal()),
    ),
)
