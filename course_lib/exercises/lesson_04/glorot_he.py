"""Exercises 04.glorot_std and 04.he_std."""

from __future__ import annotations

import math

import numpy as np
import torch

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...nn import scales


def _shape_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def between(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=source))

    return [
        Case("a narrowing layer", ((between(8, 20), between(40, 90)),)),
        Case("a widening layer", ((between(100, 300), between(30, 60)),)),
        Case("a layer of shape (10, 64)", ((10, 64),)),
        Case("a square layer", (2 * (between(21, 29),),), special=True),
        Case("one neuron with one input", ((1, 1),), special=True),
        Case("one neuron", ((1, between(20, 60)),), special=True),
        Case("one input", ((between(20, 60), 1),), special=True),
        Case("a layer of 4096 by 1024", ((4096, 1024),), special=True),
    ]


OF_HE = """
factor 1: 2 / → 1 /
    This is LeCun's rule, for a layer without an activation. A ReLU takes half of the mean square
    away: what makes up for it?
no root: math.sqrt →
    This is the variance. The exercise asks for the standard deviation: one step is missing.
fan_out: math.sqrt(2 / shape[0])
    This is He's other mode, fan-out: it keeps the size of gradients. The exercise asks for fan-in,
    for signals. Which of the two numbers in the shape counts the inputs?
factor 1, fan_out: math.sqrt(1 / shape[0])
    Two things: you divide by the neurons, where the inputs belong, and the factor for the ReLU is
    missing.
no root, fan_out: 2 / shape[0]
    Two things: this is a variance, where a standard deviation is asked for, and it counts the
    neurons, where the inputs belong.
root of the factor only: math.sqrt(2) / shape[1]
    The root covers the 2 alone. It belongs around the whole fraction: look at where its bracket
    closes.
root of the fan only: 2 / math.sqrt(shape[1])
    Your variance is twice what it should be. Either the 2 stands outside the root, where it doubles
    the standard deviation, or it comes in twice. A ReLU asks for one doubling, of the variance.
factor one half: 2 / → 0.5 /
    The factor goes the wrong way: a ReLU makes signals smaller already, and you make the weights
    smaller too.
limit of the uniform form: 2 / → 6 /
    This is the limit of He's uniform form. Its standard deviation is smaller by the root of 3, and
    that is what is asked for.
Glorot: / fan → / sum(shape)
    This is Glorot's rule, with both fans. He's looks at the inputs alone.
mean of the fans: / fan → / (sum(shape) / 2)
    You divide by the mean of the fans. The factor for the ReLU is there; only the inputs are asked
    for.
upside down: math.sqrt(shape[1] / 2)
    The fraction stands on its head: more inputs should make smaller weights.
multiplied by the fan: / fan → * fan
    You multiply by the inputs. More inputs should make smaller weights.
number of weights: / fan → / math.prod(shape)
    You divide by the number of all weights. A neuron meets only the weights of its own row.
factor by the standard deviation: 0.5 * math.sqrt(1 / shape[1])
    The standard deviation is halved, where the variance should be doubled. What does a ReLU do to
    the mean square?
torch's default layer: math.sqrt(1 / (3 * shape[1]))
    This is what `torch.nn.Linear` does if nobody asks: the even numbers within one over the root of
    fan-in. The factor for the ReLU is another one.
corrected for lost tails: return → return 1 / truncated_std() *
    You divide by k, the correction for numbers without their tails. That belongs to the drawing;
    the exercise asks for the standard deviation that the weights end up with.
corrected for lost tails, rounded: return → return 1 / 0.8796 *
    You divide by 0.8796, the correction for numbers without their tails. That belongs to the
    drawing; the exercise asks for the standard deviation that the weights end up with.
factor 1, no root: 1 / shape[1]
    This is 1 over the inputs, the variance of LeCun's rule. The exercise asks for He's standard
    deviation. Two things are missing, the factor for the ReLU and the root; or both are there, and
    your power takes in less than you think: look at its brackets.
squared: (2 / shape[1]) ** 2
    The variance is squared. The standard deviation is the other way from there.
limit of the uniform form, fan_out: math.sqrt(6 / shape[0])
    Two things: this is the limit of the uniform form, not its standard deviation, and it counts the
    neurons, where the inputs belong.
double slash: math.sqrt(2 // shape[1])
    Your result is 0 for any layer with more than two inputs: `//` drops what is behind the point.
"""

OF_GLOROT = """
fan-in only: 2 / (fan_in + fan_out) → 1 / fan_in
    Only the inputs count in your result: that is LeCun's rule, the half of the compromise that the
    way forward asks for.
fan-out only: 2 / (fan_in + fan_out) → 1 / fan_out
    Only the neurons count in your result: that is the half of the compromise that the way back asks
    for.
sum instead of mean: 2 / → 1 /
    You divide by the sum of the fans, where their mean belongs: the variance is half of what it
    should be.
variance: math.sqrt →
    This is the variance. The exercise asks for the standard deviation: one step is missing.
one over both fans: 1 / sum(shape)
    This is 1 over the sum of the fans. Two things are missing, the 2 of their mean and the root; or
    both are there, and your power takes in less than you think: look at its brackets.
root of the factor only: math.sqrt(2) / sum(shape)
    The root covers the 2 alone. It belongs around the whole fraction: look at where its bracket
    closes.
root of the fans only: 2 / math.sqrt(sum(shape))
    Your variance is twice what it should be. Either the 2 stands outside the root, which belongs
    around the whole fraction, or a factor 2 comes in twice: the mean of the fans brings one, and
    nothing else does.
limit of the uniform form: 2 / → 6 /
    This is the limit of Glorot's uniform form. Its standard deviation is smaller by the root of 3,
    and that is what is asked for.
upside down: 2 / (fan_in + fan_out) → (fan_in + fan_out) / 2
    The fraction stands on its head: more inputs should make smaller weights.
He: (fan_in + fan_out) → fan_in
    This is He's rule, with the inputs alone. Glorot's looks at both fans: where are the neurons?
product of the fans: fan_in + fan_out → fan_in * fan_out
    The fans are multiplied. That is the number of weights; a mean adds.
geometric mean: math.prod(shape) ** -0.25
    This takes the geometric mean of the fans, the root of their product. Glorot and Bengio take the
    plain mean.
mean of the variances: 2 / (fan_in + fan_out) → (1 / fan_in + 1 / fan_out) / 2
    This is the mean of the two variances. Glorot and Bengio take the mean of the fans, and then one
    over it: the order matters.
mean of the deviations: (shape[0] ** -0.5 + shape[1] ** -0.5) / 2
    This is the mean of the two standard deviations. Take the mean of the fans first.
variances added: 2 / (fan_in + fan_out) → 1 / fan_in + 1 / fan_out
    The two variances are added, which makes more than either way asks for. A compromise lies
    between them.
brackets: (fan_in + fan_out) → fan_in + fan_out
    Brackets are missing below the line: only the first fan is divided by, the other is added
    afterwards.
brackets, neurons first: (fan_in + fan_out) → fan_out + fan_in
    Brackets are missing below the line: only the neurons are divided by, the inputs are added
    afterwards.
bracket in the mean: 2 / (fan_in + fan_out) → 1 / (fan_out + fan_in / 2)
    Only the inputs are halved. A mean halves the sum: look at your brackets.
bracket in the mean, neurons halved: 2 / (fan_in + fan_out) → 1 / (fan_in + fan_out / 2)
    Only the neurons are halved. A mean halves the sum: look at your brackets.
two fractions: 2 / (fan_in + fan_out) → 2 / fan_in + 2 / fan_out
    One fraction has become two. The sum stands below the line: 2 / (a + b) is not 2 / a + 2 / b.
corrected for lost tails: return → return 1 / truncated_std() *
    You divide by k, the correction for numbers without their tails. That belongs to the drawing, as
    in 04.truncated; the exercise asks for the standard deviation that the weights end up with.
corrected for lost tails, rounded: return → return 1 / 0.8796 *
    You divide by 0.8796, the correction for numbers without their tails. That belongs to the
    drawing, as in 04.truncated; the exercise asks for the standard deviation that the weights end
    up with.
He, fan-out: (fan_in + fan_out) → fan_out
    This is He's rule, with the neurons alone. Glorot's looks at both fans.
squared: (2 / sum(shape)) ** 2
    The variance is squared. The standard deviation is the other way from there.
double slash: / → //
    Your result is 0 for any layer of some size: `//` drops what is behind the point.
"""

GLOROT_STD = Exercise(
    id="04.glorot_std",
    points=2,
    asks="the standard deviation that Glorot and Bengio give the weights of a layer",
    reference=scales.glorot_std,
    cases=_shape_cases,
    hints=(
        "The shape is (neurons, inputs). Which of the two is fan-in, which is fan-out?",
        "Forward asks for the variance 1 / fan-in, backward for 1 / fan-out. Take the mean of the "
        "two fans in their place. What does a layer of shape (36, 64) get?",
        "For (36, 64) the mean fan is 50, and the variance is 1/50. One step is left from the "
        "variance to the standard deviation.",
    ),
    slips=slips(OF_GLOROT, scales.glorot_std),
    also_right=(
        lambda shape: ((shape[0] + shape[1]) / 2) ** -0.5,
        lambda shape: np.sqrt(2 / sum(shape)),
        lambda shape: torch.tensor(2 / (shape[0] + shape[1]), dtype=torch.float64).sqrt(),
        lambda shape: math.sqrt(1 / np.mean(shape)),
    ),
)

HE_STD = Exercise(
    id="04.he_std",
    points=2,
    asks="the standard deviation that He and others give the weights of a layer, by its inputs",
    reference=scales.he_std,
    cases=_shape_cases,
    hints=(
        "The shape is (neurons, inputs). Which of the two is fan-in?",
        "Without an activation the variance 1 / fan-in would do. What does a ReLU take away, and "
        "by what must the variance be multiplied to make up for it?",
        "For (10, 32) the variance is 1/16. One step is left from the variance to the standard "
        "deviation.",
    ),
    slips=slips(OF_HE, scales.he_std),
    also_right=(
        lambda shape: (shape[1] / 2) ** -0.5,
        lambda shape: np.sqrt(2.0 / shape[-1]),
        lambda shape: math.sqrt(2) / math.sqrt(shape[1]),
        lambda shape: torch.tensor(2 / shape[1], dtype=torch.float64).sqrt(),
    ),
)
