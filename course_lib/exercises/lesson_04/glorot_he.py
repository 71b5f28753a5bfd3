"""Exercises 04.glorot_std and 04.he_std."""

from __future__ import annotations

import math

import numpy as np
import torch

from ...checking import Case, Exercise, Slip
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
    slips=(
        Slip(
            "fan-in only",
            lambda shape: math.sqrt(1 / shape[1]),
            "Only the inputs count in your result: that is LeCun's rule, the half of the "
            "compromise that the way forward asks for.",
        ),
        Slip(
            "fan-out only",
            lambda shape: math.sqrt(1 / shape[0]),
            "Only the neurons count in your result: that is the half of the compromise that the "
            "way back asks for.",
        ),
        Slip(
            "sum instead of mean",
            lambda shape: math.sqrt(1 / (shape[0] + shape[1])),
            "You divide by the sum of the fans, where their mean belongs: the variance is half of "
            "what it should be.",
        ),
        Slip(
            "variance",
            lambda shape: 2 / (shape[0] + shape[1]),
            "This is the variance. Asked is the standard deviation: one step is missing.",
        ),
        Slip(
            "root of the factor only",
            lambda shape: math.sqrt(2) / (shape[0] + shape[1]),
            "The root covers the 2 alone. It belongs around the whole fraction: look at where its "
            "bracket closes.",
        ),
        Slip(
            "root of the fans only",
            lambda shape: 2 / math.sqrt(shape[0] + shape[1]),
            "Your variance is twice what it should be. Either the 2 stands outside the root, which "
            "belongs around the whole fraction, or a factor 2 comes in twice: the mean of the fans "
            "brings one, and nothing else does.",
        ),
        Slip(
            "limit of the uniform form",
            lambda shape: math.sqrt(6 / (shape[0] + shape[1])),
            "This is the limit of Glorot's uniform form. Its standard deviation is smaller by the "
            "root of 3, and that is what is asked for.",
        ),
        Slip(
            "upside down",
            lambda shape: math.sqrt((shape[0] + shape[1]) / 2),
            "The fraction stands on its head: more inputs should make smaller weights.",
        ),
        Slip(
            "He",
            lambda shape: math.sqrt(2 / shape[1]),
            "This is He's rule, with the inputs alone. Glorot's looks at both fans: where are the "
            "neurons?",
        ),
        Slip(
            "product of the fans",
            lambda shape: math.sqrt(2 / (shape[0] * shape[1])),
            "The fans are multiplied. That is the number of weights; a mean adds.",
        ),
        Slip(
            "geometric mean",
            lambda shape: (shape[0] * shape[1]) ** -0.25,
            "This takes the geometric mean of the fans, the root of their product. Glorot and "
            "Bengio take the plain mean.",
        ),
        Slip(
            "mean of the variances",
            lambda shape: math.sqrt((1 / shape[0] + 1 / shape[1]) / 2),
            "This is the mean of the two variances. Glorot and Bengio take the mean of the fans, "
            "and then one over it: the order matters.",
        ),
        Slip(
            "mean of the deviations",
            lambda shape: (shape[0] ** -0.5 + shape[1] ** -0.5) / 2,
            "This is the mean of the two standard deviations. Take the mean of the fans first.",
        ),
        Slip(
            "variances added",
            lambda shape: math.sqrt(1 / shape[0] + 1 / shape[1]),
            "The two variances are added, which makes more than either way asks for. A compromise "
            "lies between them.",
        ),
        Slip(
            "brackets",
            lambda shape: math.sqrt(2 / shape[1] + shape[0]),
            "Brackets are missing below the line: only the first fan is divided by, the other is "
            "added afterwards.",
        ),
        Slip(
            "brackets, neurons first",
            lambda shape: math.sqrt(2 / shape[0] + shape[1]),
            "Brackets are missing below the line: only the neurons are divided by, the inputs are "
            "added afterwards.",
        ),
        Slip(
            "bracket in the mean",
            lambda shape: math.sqrt(1 / (shape[0] + shape[1] / 2)),
            "Only the inputs are halved. A mean halves the sum: look at your brackets.",
        ),
        Slip(
            "bracket in the mean, neurons halved",
            lambda shape: math.sqrt(1 / (shape[1] + shape[0] / 2)),
            "Only the neurons are halved. A mean halves the sum: look at your brackets.",
        ),
        Slip(
            "two fractions",
            lambda shape: math.sqrt(2 / shape[0] + 2 / shape[1]),
            "One fraction has become two. The sum stands below the line: 2 / (a + b) is not "
            "2 / a + 2 / b.",
        ),
        Slip(
            "corrected for lost tails",
            lambda shape: math.sqrt(2 / (shape[0] + shape[1])) / scales.truncated_std(2.0),
            "You divide by k, the correction for numbers without their tails. That belongs to the "
            "drawing, as in 04.truncated; asked is the standard deviation that the weights end up "
            "with.",
        ),
        Slip(
            "corrected for lost tails, rounded",
            lambda shape: math.sqrt(2 / (shape[0] + shape[1])) / 0.8796,
            "You divide by 0.8796, the correction for numbers without their tails. That belongs "
            "to the drawing, as in 04.truncated; asked is the standard deviation that the weights "
            "end up with.",
        ),
        Slip(
            "He, fan-out",
            lambda shape: math.sqrt(2 / shape[0]),
            "This is He's rule, with the neurons alone. Glorot's looks at both fans.",
        ),
        Slip(
            "squared",
            lambda shape: (2 / (shape[0] + shape[1])) ** 2,
            "The variance is squared. The standard deviation is the other way from there.",
        ),
        Slip(
            "double slash",
            lambda shape: math.sqrt(2 // (shape[0] + shape[1])),
            "Your result is 0 for any layer of some size: `//` drops what is behind the point.",
        ),
    ),
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
    slips=(
        Slip(
            "factor 1",
            lambda shape: math.sqrt(1 / shape[1]),
            "This is LeCun's rule, for a layer without an activation. A ReLU takes half of the "
            "mean square away: what makes up for it?",
        ),
        Slip(
            "no root",
            lambda shape: 2 / shape[1],
            "This is the variance. Asked is the standard deviation: one step is missing.",
        ),
        Slip(
            "fan_out",
            lambda shape: math.sqrt(2 / shape[0]),
            "This is He's other mode, fan-out: it keeps the size of gradients. Asked is fan-in, "
            "for signals. Which of the two numbers in the shape counts the inputs?",
        ),
        Slip(
            "factor 1, fan_out",
            lambda shape: math.sqrt(1 / shape[0]),
            "Two things: you divide by the neurons, where the inputs belong, and the factor for "
            "the ReLU is missing.",
        ),
        Slip(
            "no root, fan_out",
            lambda shape: 2 / shape[0],
            "Two things: this is a variance, where a standard deviation is asked for, and it "
            "counts the neurons, where the inputs belong.",
        ),
        Slip(
            "root of the factor only",
            lambda shape: math.sqrt(2) / shape[1],
            "The root covers the 2 alone. It belongs around the whole fraction: look at where its "
            "bracket closes.",
        ),
        Slip(
            "root of the fan only",
            lambda shape: 2 / math.sqrt(shape[1]),
            "Your variance is twice what it should be. Either the 2 stands outside the root, where "
            "it doubles the standard deviation, or it comes in twice. A ReLU asks for one "
            "doubling, of the variance.",
        ),
        Slip(
            "factor one half",
            lambda shape: math.sqrt(1 / (2 * shape[1])),
            "The factor goes the wrong way: a ReLU makes signals smaller already, and you make the "
            "weights smaller too.",
        ),
        Slip(
            "limit of the uniform form",
            lambda shape: math.sqrt(6 / shape[1]),
            "This is the limit of He's uniform form. Its standard deviation is smaller by the root "
            "of 3, and that is what is asked for.",
        ),
        Slip(
            "Glorot",
            lambda shape: math.sqrt(2 / (shape[0] + shape[1])),
            "This is Glorot's rule, with both fans. He's looks at the inputs alone.",
        ),
        Slip(
            "mean of the fans",
            lambda shape: math.sqrt(4 / (shape[0] + shape[1])),
            "You divide by the mean of the fans. The factor for the ReLU is there; only the inputs "
            "are asked for.",
        ),
        Slip(
            "upside down",
            lambda shape: math.sqrt(shape[1] / 2),
            "The fraction stands on its head: more inputs should make smaller weights.",
        ),
        Slip(
            "multiplied by the fan",
            lambda shape: math.sqrt(2 * shape[1]),
            "You multiply by the inputs. More inputs should make smaller weights.",
        ),
        Slip(
            "number of weights",
            lambda shape: math.sqrt(2 / (shape[0] * shape[1])),
            "You divide by the number of all weights. A neuron meets only the weights of its own "
            "row.",
        ),
        Slip(
            "factor by the standard deviation",
            lambda shape: 0.5 * math.sqrt(1 / shape[1]),
            "The standard deviation is halved, where the variance should be doubled. What does a "
            "ReLU do to the mean square?",
        ),
        Slip(
            "torch's default layer",
            lambda shape: math.sqrt(1 / (3 * shape[1])),
            "This is what `torch.nn.Linear` does if nobody asks: the even numbers within one over "
            "the root of fan-in. The factor for the ReLU is another one.",
        ),
        Slip(
            "corrected for lost tails",
            lambda shape: math.sqrt(2 / shape[1]) / scales.truncated_std(2.0),
            "You divide by k, the correction for numbers without their tails. That belongs to the "
            "drawing; asked is the standard deviation that the weights end up with.",
        ),
        Slip(
            "corrected for lost tails, rounded",
            lambda shape: math.sqrt(2 / shape[1]) / 0.8796,
            "You divide by 0.8796, the correction for numbers without their tails. That belongs "
            "to the drawing; asked is the standard deviation that the weights end up with.",
        ),
        Slip(
            "factor 1, no root",
            lambda shape: 1 / shape[1],
            "Two things: the factor for the ReLU is missing, and this is a variance, where a "
            "standard deviation is asked for.",
        ),
        Slip(
            "squared",
            lambda shape: (2 / shape[1]) ** 2,
            "The variance is squared. The standard deviation is the other way from there.",
        ),
        Slip(
            "limit of the uniform form, fan_out",
            lambda shape: math.sqrt(6 / shape[0]),
            "Two things: this is the limit of the uniform form, not its standard deviation, and it "
            "counts the neurons, where the inputs belong.",
        ),
        Slip(
            "double slash",
            lambda shape: math.sqrt(2 // shape[1]),
            "Your result is 0 for any layer with more than two inputs: `//` drops what is behind "
            "the point.",
        ),
    ),
    also_right=(
        lambda shape: (shape[1] / 2) ** -0.5,
        lambda shape: np.sqrt(2.0 / shape[-1]),
        lambda shape: math.sqrt(2) / math.sqrt(shape[1]),
        lambda shape: torch.tensor(2 / shape[1], dtype=torch.float64).sqrt(),
    ),
)
