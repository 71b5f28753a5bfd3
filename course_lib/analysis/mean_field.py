"""What a layer of very many neurons makes of sizes: sums become normal, and means exact.

Letters: q is the mean square of the sums that go into an activation φ; weights have mean 0 and
variance `gain² / d`, biases the standard deviation b. Sources: Poole and others (2016); Schoenholz
and others (2017), who write σ_w for the gain and σ_b for b.
"""

import math

import torch
from torch import Tensor

from course_lib.nn.activations import Activation

REACH, PLACES = 10.0, 20001  # standard deviations to either side, and where the mean is taken
COARSE = 401  # places where φ is smooth or the mean is taken again and again


def mean_squares(
    activation: Activation, spread: float | Tensor, places: int = PLACES
) -> tuple[Tensor, Tensor]:
    """Return the mean squares of φ(z) and of its slope φ′(z), for z normal with mean 0.

    spread: the standard deviation of z. In a wide layer with weights of mean 0 and variance
    `gain² / d` and no biases, z of the next layer has the variance `gain²` times the first, and on
    the way back a layer multiplies the mean square of the gradient by `gain²` times the second.
    Found by adding up over a fine grid, in float64; fewer places do for a smooth φ.
    Source: Poole and others (2016); Schoenholz and others (2017).

    >>> from course_lib.nn.activations import ACTIVATIONS
    >>> [round(mean.item(), 3) for mean in mean_squares(ACTIVATIONS["ReLU"], 1.0)]
    [0.5, 0.5]
    """
    u, weight = _grid(places)
    z = spread * u
    return tuple((weight * f(z).square()).sum() for f in (activation.f, activation.grad))


def next_q(activation: Activation, gain: float, q: float, bias: float = 0.0) -> float:
    """Return the mean square of the next layer's sums: `gain² · mean φ(√q u)² + b²`."""
    return gain**2 * mean_squares(activation, math.sqrt(q), COARSE)[0].item() + bias**2


def chi_1(activation: Activation, gain: float, q: float) -> float:
    """Return χ₁ = `gain² · mean φ′(√q u)²`: what a layer multiplies the gradient's mean square by.

    At q* it is also what it multiplies the squared distance of two nearly equal signals by.
    Source: Poole and others (2016), equation 8.

    >>> from course_lib.nn.activations import ACTIVATIONS
    >>> round(chi_1(ACTIVATIONS["ReLU"], 2**0.5, 7.0), 1)
    1.0
    """
    return gain**2 * mean_squares(activation, math.sqrt(q), COARSE)[1].item()


def fixed_point(activation: Activation, gain: float, bias: float = 0.0, steps: int = 1000) -> float:
    """Return q*, where the mean square of the sums settles after many layers, from q = 1.

    0, or what is left of 1 after so many layers, where signals die out.

    >>> from course_lib.nn.activations import ACTIVATIONS
    >>> round(fixed_point(ACTIVATIONS["tanh"], 2.0), 2)
    2.12
    """
    q = 1.0
    for _ in range(steps):
        q, before = next_q(activation, gain, q, bias), q
        if abs(q - before) <= 1e-12 * before:
            break
    return q


def critical_gain(activation: Activation, bias: float) -> float:
    """Return the gain at which χ₁ is 1 at q*, for an activation like tanh and biases of some size.

    Gains below it are the ordered phase, where gradients vanish; gains above it the chaotic one,
    where they explode. Found by halving an interval from 0.5 to 4.
    Raises ValueError unless bias is above 0. (Without biases it is 1 for tanh.)

    >>> from course_lib.nn.activations import ACTIVATIONS
    >>> round(critical_gain(ACTIVATIONS["tanh"], 0.05), 2)
    1.12
    """
    if not bias > 0:
        raise ValueError(f"bias is {bias}; it must be above 0")
    low, high = 0.5, 4.0
    for _ in range(30):
        gain = (low + high) / 2
        chaotic = chi_1(activation, gain, fixed_point(activation, gain, bias)) > 1
        low, high = (low, gain) if chaotic else (gain, high)
    return (low + high) / 2


def next_correlation(
    activation: Activation, gain: float, q: float, c: float, bias: float = 0.0
) -> float:
    """Return the correlation of the sums of two examples in the next layer.

    c: their correlation in this one. q: the mean square of the sums of each, at its fixed point.
    `(gain² · mean φ(u₁) φ(u₂) + b²) / q` for normal u₁, u₂ with variance q and correlation c.
    Its slope at c = 1 is χ₁. Source: Poole and others (2016), equation 7.
    """
    u, weight = _grid(COARSE)
    first = math.sqrt(q) * u[:, None]
    second = math.sqrt(q) * (c * u[:, None] + math.sqrt(1 - c * c) * u)
    product = activation.f(first) * activation.f(second)
    return (gain**2 * (weight[:, None] * weight * product).sum().item() + bias**2) / q


def _grid(places: int) -> tuple[Tensor, Tensor]:
    """Return places from −REACH to REACH, and the share of a standard normal law near each."""
    u = torch.linspace(-REACH, REACH, places, dtype=torch.float64)
    weight = torch.exp(-u.square() / 2)
    return u, weight / weight.sum()
