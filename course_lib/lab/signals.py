"""Signals made up on the spot: ten shapes, moved, stretched, tilted and buried in noise."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import generator

LENGTH, CLASSES, KNOTS = 40, 10, 12


def signals(
    train: int = 1000,
    validation: int = 500,
    test: int = 1000,
    *,
    noise: float = 0.25,
    seed: int = 0,
) -> Dataset:
    """Return made-up signals of length 40 in ten classes, in the manner of MNIST-1D.

    x `(n, 40)` float32, about 0 on the mean. y `(n,)` int64, the class, all ten equally likely.
    noise: the standard deviation of the noise, smoothed over three neighbours; that of a shape's
    heights is about 1.
    seed: draws the examples; the ten shapes are always the same. The idea is from Greydanus and
    Kobak, Scaling Down Deep Learning with MNIST-1D (2020); shapes and numbers are our own.

    >>> signals(train=20).train.x.shape
    torch.Size([20, 40])
    """
    random = generator(seed)
    parts = (_draw(count, noise, random) for count in (train, validation, test))
    return Dataset("signals", *parts)


def shapes() -> Tensor:
    """Return the shape of each class `(10, 12)`: heights at equal distances, 0 at both ends."""
    heights = torch.randn(CLASSES, KNOTS, generator=generator(0))
    heights[:, [0, -1]] = 0
    return heights


def _draw(count: int, noise: float, random: torch.Generator) -> Split:
    """Draw classes, then move, stretch, scale and tilt their shapes, and add smoothed noise."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=random)

    y = torch.randint(CLASSES, (count,), generator=random)
    width = uniform(18, 30)
    start = uniform(0, 1) * (LENGTH - width)
    height, tilt = uniform(0.7, 1.4), uniform(-0.75, 0.75)
    time = torch.arange(LENGTH, dtype=torch.float32)
    x = height * _heights_at(shapes()[y], (time - start) / width)
    x = x + tilt * (2 * time / (LENGTH - 1) - 1)
    white = noise * torch.randn(count, 1, LENGTH + 2, generator=random)
    smooth = 3**0.5 * avg_pool1d(white, 3, stride=1)  # of the same standard deviation
    return Split(x + smooth.squeeze(1), y)


def _heights_at(heights: Tensor, where: Tensor) -> Tensor:
    """Return the broken line through `heights` (n, k) at `where` (n, d): 0 to 1 is all of it."""
    last = heights.shape[1] - 1
    place = (where * last).clamp(0, last)
    left = place.floor().clamp(max=last - 1).long()
    share = place - left
    return (1 - share) * heights.gather(1, left) + share * heights.gather(1, left + 1)
