"""What a layer of very many neurons makes of sizes: sums become normal, and means exact."""

import torch
from torch import Tensor

from course_lib.nn.activations import Activation

REACH, PLACES = 10.0, 20001  # standard deviations to either side, and where the mean is taken


def mean_squares(activation: Activation, spread: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean squares of φ(z) and of its slope φ′(z), for z normal with mean 0.

    spread: the standard deviation of z. In a wide layer with weights of mean 0 and variance
    `gain² / d` and no biases, z of the next layer has the variance `gain²` times the first, and on
    the way back a layer multiplies the mean square of the gradient by `gain²` times the second.
    Found by adding up over a fine grid, in float64. Source: Poole and others (2016); Schoenholz and
    others (2017).

    >>> from course_lib.nn.activations import ACTIVATIONS
    >>> [round(mean.item(), 3) for mean in mean_squares(ACTIVATIONS["ReLU"], 1.0)]
    [0.5, 0.5]
    """
    u = torch.linspace(-REACH, REACH, PLACES, dtype=torch.float64)
    weight = torch.exp(-u.square() / 2)
    weight = weight / weight.sum()
    z = spread * u
    return tuple((weight * f(z).square()).sum() for f in (activation.f, activation.grad))
