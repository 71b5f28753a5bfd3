"""How large initial weights should be: fans, and the standard deviation that each rule asks for.

A weight matrix has one row a neuron, `(h, d)`, as in torch: d inputs meet h neurons, so its fan-in
is d and its fan-out is h. Keras keeps the transpose, `(d, h)`. `std` is a standard deviation.
"""

import math
from collections.abc import Sequence


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return fan-in and fan-out: how many inputs a neuron has, how many neurons an input feeds.

    shape: `(h, d)`, or `(h, d, *kernel)` for a convolution, whose kernel multiplies both. This is
    torch's layout. Deviation: Keras has `(d, h)` and `(*kernel, d, h)`.
    Raises ValueError for fewer than two axes, and for an axis without entries.

    >>> fans((10, 64)), fans((8, 3, 5, 5))
    ((64, 10), (75, 200))
    """
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"shape is {tuple(shape)}; it must have two or more axes, each 1 or more")
    h, d, *kernel = shape
    field = math.prod(kernel)
    return d * field, h * field


def lecun_std(shape: Sequence[int]) -> float:
    """Return `√(1 / fan_in)`: signals keep their size in a layer without an activation.

    shape: `(h, d)` or `(h, d, *kernel)`. Raises ValueError as `fans` does.
    Source: LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, equation 16.

    >>> lecun_std((10, 64))
    0.125
    """
    fan_in, _ = fans(shape)
    return math.sqrt(1 / fan_in)


def glorot_std(shape: Sequence[int]) -> float:
    """Return `√(2 / (fan_in + fan_out))`: one over the root of the mean of both fans.

    Signals on the way forward ask for a variance of `1 / fan_in`, gradients on the way back for
    `1 / fan_out`. This is the compromise; also called Xavier. shape: `(h, d)` or `(h, d, *kernel)`.
    Raises ValueError as `fans` does. Source: Glorot and Bengio (2010), equation 12.

    >>> glorot_std((36, 64))
    0.1414213562373095
    """
    fan_in, fan_out = fans(shape)
    return math.sqrt(2 / (fan_in + fan_out))


def he_std(shape: Sequence[int], mode: str = "fan_in", slope: float = 0.0) -> float:
    """Return `√(2 / fan_in)`: a ReLU lets half of the mean square through, so it is doubled.

    shape: `(h, d)` or `(h, d, *kernel)`. mode: "fan_in" keeps the size of signals, "fan_out" that
    of gradients; He and others show that either is enough. slope: of a leaky ReLU below 0, which
    turns the 2 into `2 / (1 + slope²)`. Also called Kaiming.
    Raises ValueError for another mode, and as `fans` does.
    Source: He, Zhang, Ren and Sun (2015), equations 10, 14 and 15.

    >>> he_std((10, 32)), he_std((8, 32), mode="fan_out")
    (0.25, 0.5)
    """
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is {mode!r}; it must be 'fan_in' or 'fan_out'")
    fan = fans(shape)[mode == "fan_out"]
    return math.sqrt(2 / (1 + slope**2) / fan)


def uniform_std(low: float, high: float) -> float:
    """Return the standard deviation of a uniform distribution, low to high: `(high − low)/√12`.

    Raises ValueError unless `low <= high`.

    >>> uniform_std(-0.05, 0.05)
    0.02886751345948129
    """
    if not low <= high:
        raise ValueError(f"low is {low} and high is {high}; low must not be above high")
    return (high - low) / math.sqrt(12)


def uniform_limit(std: float) -> float:
    """Return the a for which the uniform distribution from −a to a has this std: `√3 · std`.

    >>> round(uniform_std(-uniform_limit(0.7), uniform_limit(0.7)), 12)
    0.7
    """
    return math.sqrt(3) * std


def truncated_std(limit: float = 2.0) -> float:
    """Return the standard deviation of a standard normal distribution truncated at ±limit.

    It is `√(1 − 2 c φ(c) / (Φ(c) − Φ(−c)))`, with c the limit, φ the normal density and Φ its
    distribution function. At 2 it is 0.87962566, the number in Keras. Below 0.01 the 1 and what is
    taken from it nearly cancel; there it is `c √(1/3 − 2c²/45)`, the start of the Taylor series.
    Raises ValueError unless limit is above 0.
    Source: Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 13.

    >>> truncated_std()
    0.8796256610342398
    """
    if not limit > 0:
        raise ValueError(f"limit is {limit}; it must be above 0")
    if limit < 0.01:
        return limit * math.sqrt(1 / 3 - 2 * limit**2 / 45)
    density = math.exp(-(limit**2) / 2) / math.sqrt(2 * math.pi)
    kept = math.erf(limit / math.sqrt(2))
    return math.sqrt(1 - 2 * limit * density / kept)
