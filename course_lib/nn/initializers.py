"""Initial weights: a function for each way to draw them, all called `name(shape, generator=…)`.

Numbers are drawn on the CPU from the generator that is handed in: the same seed gives the same
weights on every device. Move them afterwards. Shapes are torch's, `(h, d)`: see `scales`.

Dialects. Keras's Glorot, He and LeCun normals are truncated at two standard deviations and widened
again; torch's are plain. Here `truncated=True` is Keras's form and the default is torch's.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from course_lib.nn.scales import (
    fans,
    glorot_std,
    he_std,
    lecun_std,
    truncated_std,
    uniform_limit,
)

# From numbers that are drawn already


def normal_from(z: Tensor, mean: float, std: float) -> Tensor:
    """Return numbers with this mean and standard deviation, made of standard normal ones.

    z: any shape, mean 0 and standard deviation 1. Returns `mean + std · z`, the same shape.
    Raises ValueError for a std below 0.

    >>> normal_from(torch.tensor([-1.0, 0.0, 2.0]), mean=10.0, std=3.0)
    tensor([ 7., 10., 16.])
    """
    _not_negative("std", std)
    return mean + std * z


def truncated_from(z: Tensor, std: float) -> Tensor:
    """Return numbers with mean 0 and this standard deviation, made of normal ones without tails.

    z: any shape, standard normal numbers of which none is beyond ±2. Their standard deviation is
    0.8796, not 1, so they are divided by it: `std · z / truncated_std(2)`.
    Raises ValueError for a std below 0. Source: Keras, `VarianceScaling`.

    >>> truncated_from(torch.tensor([-2.0, 0.0, 1.0]), std=0.1)
    tensor([-0.2274,  0.0000,  0.1137])
    """
    _not_negative("std", std)
    return (std / truncated_std(2.0)) * z


# One distribution for all layers


def normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    mean: float = 0.0,
    std: float = 0.05,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return independent numbers from N(mean, std²). Defaults: Keras's `RandomNormal`.

    Raises ValueError for a std below 0.

    >>> normal((2, 3), generator=torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3])
    """
    return normal_from(torch.randn(shape, generator=generator, dtype=dtype), mean, std)


def uniform(
    shape: Sequence[int],
    *,
    generator: Generator,
    low: float = -0.05,
    high: float = 0.05,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return independent numbers, uniform from low to high. Defaults: Keras's `RandomUniform`.

    Raises ValueError unless `low <= high`.

    >>> weight = uniform((50, 50), generator=torch.Generator().manual_seed(0))
    >>> bool((weight.abs() <= 0.05).all())
    True
    """
    if not low <= high:
        raise ValueError(f"low is {low} and high is {high}; low must not be above high")
    drawn = low + (high - low) * torch.rand(shape, generator=generator, dtype=dtype)
    return drawn.clamp(low, high)  # rounding may have gone beyond


def truncated_normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    mean: float = 0.0,
    std: float = 0.05,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return numbers from N(mean, std²), of which none is further than 2 std from the mean.

    Their own standard deviation is 0.8796 std. They are `mean + std · Φ⁻¹(u)`, with u uniform from
    Φ(−2) to Φ(2) and Φ the normal distribution function: no number is rejected and drawn again.
    Defaults: Keras's `TruncatedNormal`. Raises ValueError for a std below 0.

    >>> weight = truncated_normal((50, 50), generator=torch.Generator().manual_seed(0), std=1.0)
    >>> bool((weight.abs() <= 2).all())
    True
    """
    return normal_from(_without_tails(shape, generator), mean, std).to(dtype)


def zeros(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return zeros. The generator is not used; it is there so that all are called alike.

    >>> zeros((1, 2))
    tensor([[0., 0.]])
    """
    return constant(shape, value=0.0, dtype=dtype)


def ones(
    shape: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return ones. The generator is not used.

    >>> ones((1, 2))
    tensor([[1., 1.]])
    """
    return constant(shape, value=1.0, dtype=dtype)


def constant(
    shape: Sequence[int],
    *,
    value: float,
    generator: Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return a tensor with the same value everywhere. The generator is not used.

    >>> constant((1, 2), value=0.1)
    tensor([[0.1000, 0.1000]])
    """
    return torch.full(tuple(shape), value, dtype=dtype)


# A scale for each layer


def lecun_normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    truncated: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return normal numbers with std `√(1 / fan_in)`. For layers without an activation, and SELU.

    truncated: True for Keras's `LecunNormal`. Raises ValueError as `fans` does.
    Source: LeCun and others (1998), equation 16.
    """
    return _scaled_normal(shape, lecun_std(shape), truncated, generator, dtype)


def lecun_uniform(
    shape: Sequence[int], *, generator: Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return uniform numbers between `±√(3 / fan_in)`, whose std is that of `lecun_normal`.

    Raises ValueError as `fans` does. Source: as `lecun_normal`.
    """
    return _scaled_uniform(shape, lecun_std(shape), generator, dtype)


def glorot_normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    truncated: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return normal numbers with std `√(2 / (fan_in + fan_out))`. For tanh and its like.

    truncated: True for Keras's `GlorotNormal`, False for torch's `xavier_normal_`.
    Raises ValueError as `fans` does. Source: Glorot and Bengio (2010), equation 12.
    """
    return _scaled_normal(shape, glorot_std(shape), truncated, generator, dtype)


def glorot_uniform(
    shape: Sequence[int], *, generator: Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return uniform numbers between `±√(6 / (fan_in + fan_out))`. The default of Keras.

    Raises ValueError as `fans` does. Source: Glorot and Bengio (2010), equation 16.
    """
    return _scaled_uniform(shape, glorot_std(shape), generator, dtype)


def he_normal(
    shape: Sequence[int],
    *,
    generator: Generator,
    mode: str = "fan_in",
    slope: float = 0.0,
    truncated: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return normal numbers with std `√(2 / fan_in)`. For ReLU. mode and slope: see `he_std`.

    truncated: True for Keras's `HeNormal`, False for torch's `kaiming_normal_`.
    Raises ValueError as `he_std` does. Source: He, Zhang, Ren and Sun (2015), equation 10.
    """
    return _scaled_normal(shape, he_std(shape, mode, slope), truncated, generator, dtype)


def he_uniform(
    shape: Sequence[int],
    *,
    generator: Generator,
    mode: str = "fan_in",
    slope: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return uniform numbers between `±√(6 / fan_in)`. For ReLU. mode and slope: see `he_std`.

    Raises ValueError as `he_std` does. Source: as `he_normal`.
    """
    return _scaled_uniform(shape, he_std(shape, mode, slope), generator, dtype)


def orthogonal(
    shape: Sequence[int],
    *,
    generator: Generator,
    gain: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return `gain · Q`, where Q is a random matrix whose singular values are all 1.

    shape: `(h, d)`; of `(h, d, *kernel)` the axes after the first count as one. The rows of Q are
    orthonormal, or its columns if there are more rows than columns: only then, or in a square,
    does Q keep the length of every vector. Q comes from a QR decomposition, and the signs of R's
    diagonal make it uniformly distributed over all such matrices.
    Raises ValueError as `fans` does. Source: Saxe, McClelland and Ganguli (2014).

    >>> Q = orthogonal((2, 5), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> torch.allclose(Q @ Q.T, torch.eye(2, dtype=torch.float64))
    True
    """
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    wide = torch.float64 if dtype == torch.float64 else torch.float32  # QR has no half precision
    drawn = torch.randn(rows, columns, generator=generator, dtype=wide)
    q, r = torch.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * r.diagonal().sign()
    return (gain * (q.T if rows < columns else q)).reshape(tuple(shape)).to(dtype)


def _scaled_normal(
    shape: Sequence[int], std: float, truncated: bool, generator: Generator, dtype: torch.dtype
) -> Tensor:
    if truncated:
        return truncated_from(_without_tails(shape, generator), std).to(dtype)
    return normal(shape, generator=generator, std=std, dtype=dtype)


def _scaled_uniform(
    shape: Sequence[int], std: float, generator: Generator, dtype: torch.dtype
) -> Tensor:
    limit = uniform_limit(std)
    return uniform(shape, generator=generator, low=-limit, high=limit, dtype=dtype)


def _without_tails(shape: Sequence[int], generator: Generator) -> Tensor:
    """Return standard normal numbers of which none is beyond ±2, in float64."""
    even = 2 * torch.rand(tuple(shape), generator=generator, dtype=torch.float64) - 1
    z = math.sqrt(2) * torch.erfinv(math.erf(math.sqrt(2)) * even)
    return z.clamp(-2, 2)


def _not_negative(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is {value}; it must be 0 or more")
