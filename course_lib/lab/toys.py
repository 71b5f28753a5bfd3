"""Toy data in the plane, made to show what a straight line cannot do."""

import math

import torch
from torch import Tensor

from course_lib.lab.data import Split


def xor(n: int, noise: float, generator: torch.Generator) -> Split:
    """Return points around the corners of a square, whose class is whether their signs differ.

    x `(n, 2)` float32: a corner (±1, ±1) plus Gaussian noise of standard deviation `noise` in each
    coordinate. y `(n,)` int64: 1 at (−1, 1) and (1, −1), 0 at the other two, whatever the noise
    does to the point. The corners take turns, so that they differ by one point at most; the order
    is random. Drawn on the CPU. Raises ValueError for a negative n or noise.
    """
    _expect(n, noise)
    corner = torch.arange(n) % 4
    signs = torch.stack([corner % 2, corner // 2], dim=1)
    y = (signs[:, 0] != signs[:, 1]).long()
    return _shuffled(2.0 * signs - 1, y, noise, generator)


def spirals(n: int, noise: float, generator: torch.Generator) -> Split:
    """Return points on two spiral arms, one class each, that wind around each other.

    x `(n, 2)` float32: an arm runs from radius 0.1 to 1 while it turns once and a half around;
    the other is the same, turned by half a circle. Gaussian noise of standard deviation `noise` is
    added to each coordinate. Along an arm the points are drawn uniformly. y `(n,)` int64: 0 or 1;
    for an odd n class 0 has one more. The order is random. Drawn on the CPU.
    Raises ValueError for a negative n or noise.
    Source: two spirals after Lang and Witbrock (1988), Learning to tell two spirals apart.
    """
    _expect(n, noise)
    y = torch.arange(n) % 2
    along = torch.rand(n, generator=generator)
    angle = 3 * math.pi * along + math.pi * y
    radius = 0.1 + 0.9 * along
    x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return _shuffled(x, y, noise, generator)


def _shuffled(x: Tensor, y: Tensor, noise: float, generator: torch.Generator) -> Split:
    """Add noise to each coordinate, and put the points in a random order."""
    x = x + noise * torch.randn(x.shape, generator=generator)
    order = torch.randperm(len(y), generator=generator)
    return Split(x[order], y[order])


def _expect(n: int, noise: float) -> None:
    for name, value in {"n": n, "noise": noise}.items():
        if value < 0:
            raise ValueError(f"{name} is {value}; it must be 0 or more")
