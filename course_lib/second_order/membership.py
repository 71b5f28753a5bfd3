"""Membership: how well a word fits a number, from 0, not at all, to 1, entirely.

x is a tensor of any shape. Corners, centers and widths are numbers, or tensors that go with x:
for k sets at once hand in x as `(..., 1)` and corners as `(k,)`. At a corner the derivative jumps;
there autograd gives something between the slopes on both sides.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.nn.shapes import expect

Number = Tensor | float
Shape = Callable[[Tensor, Tensor], Tensor]


def trimf(x: Tensor, a: Number, b: Number, c: Number) -> Tensor:
    """Return the membership of x in a triangle, of the shape of x: 0 outside a and c, 1 at b.

    `max(0, min((x − a) / (b − a), (c − x) / (c − b)))`, with a < b < c. Raises ValueError for
    numbers in another order; tensors are not looked into, as that would make a GPU wait. For a
    vertical side let the triangle reach beyond the universe. Source: Zadeh (1965) has the sets;
    the formula is scikit-fuzzy's `trimf`, which allows a = b too.

    >>> trimf(torch.tensor([0.0, 1.0, 2.0, 4.0, 9.0]), 0.0, 2.0, 6.0)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    expect_growing(a=a, b=b, c=c)
    rising = (x - a) / (b - a)
    falling = (c - x) / (c - b)
    return torch.minimum(rising, falling).clamp(min=0)


def trapmf(x: Tensor, a: Number, b: Number, c: Number, d: Number) -> Tensor:
    """Return the membership of x in a trapezoid: 0 outside a and d, 1 from b to c.

    `max(0, min((x − a) / (b − a), 1, (d − x) / (d − c)))`, with a < b ≤ c < d; with b = c it is a
    triangle. Raises ValueError as `trimf` does. scikit-fuzzy's `trapmf` allows a = b too.

    >>> trapmf(torch.tensor([0.0, 1.0, 2.0, 4.0, 5.0]), 0.0, 2.0, 4.0, 6.0)
    tensor([0.0000, 0.5000, 1.0000, 1.0000, 0.5000])
    """
    expect_growing(a=a, b=b)
    expect_growing(c=c, d=d)
    if not isinstance(b, Tensor) and not isinstance(c, Tensor) and b > c:
        raise ValueError(f"b is {b} and c is {c}; b must not be larger than c")
    rising = (x - a) / (b - a)
    falling = (d - x) / (d - c)
    return torch.minimum(rising, falling).clamp(min=0, max=1)


def gaussmf(x: Tensor, center: Number, width: Number) -> Tensor:
    """Return the membership of x in a bell: `exp(−½ ((x − center) / width)²)`.

    It is 1 at the center and `exp(−½)`, about 0.61, one width away from it. It is 0 nowhere, but
    for numbers too small to be held. scikit-fuzzy: `gaussmf(x, mean, sigma)`.

    >>> gaussmf(torch.tensor([1.0, 3.0]), 1.0, 2.0)
    tensor([1.0000, 0.6065])
    """
    return torch.exp(-(((x - center) / width) ** 2) / 2)


def sigmf(x: Tensor, center: Number, slope: Number) -> Tensor:
    """Return the membership of x in a set with one open side: `1 / (1 + exp(−slope (x − center)))`.

    It is ½ at the center. With a slope above 0 large x belong to the set, below 0 small ones.
    scikit-fuzzy: `sigmf(x, b, c)` with b the center and c the slope.

    >>> sigmf(torch.tensor([1.0, 100.0]), 1.0, 2.0)
    tensor([0.5000, 1.0000])
    """
    return torch.sigmoid(slope * (x - center))


def partition(x: Tensor, corners: Tensor) -> Tensor:
    """Return the memberships of x in k triangles that share the universe, `(..., k)`.

    Set i is 1 at corner i, and falls to 0 at the corners beside it; beyond the first and the last
    corner nothing changes any more. So at every x the memberships add up to 1, and two at most
    are not 0: a partition in the sense of Ruspini (1969).
    corners: `(k,)`, growing, k at least 2. Raises ValueError for another shape.

    >>> partition(torch.tensor([-1.0, 0.5, 3.0]), torch.tensor([0.0, 1.0, 2.0]))
    tensor([[1.0000, 0.0000, 0.0000],
            [0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 1.0000]])
    """
    expect("corners", corners, "(k,) with k at least 2", corners.ndim == 1 and len(corners) > 1)
    inside = x.clamp(corners[0], corners[-1])
    before = torch.cat([2 * corners[:1] - corners[1:2], corners[:-1]])
    after = torch.cat([corners[1:], 2 * corners[-1:] - corners[-2:-1]])
    return trimf(inside[..., None], before, corners, after)


def bells(x: Tensor, corners: Tensor) -> Tensor:
    """Return the memberships of x in k bells, one at each corner, `(..., k)`.

    The width of a bell is 0.4 times the mean distance of neighbours. They do not add up to 1.

    >>> bells(torch.tensor(0.5), torch.tensor([0.0, 1.0, 2.0]))
    tensor([0.4578, 0.4578, 0.0009])
    """
    width = 0.4 * (corners[-1] - corners[0]) / (len(corners) - 1)
    return gaussmf(x[..., None], corners, width)


def coverage(degrees: Tensor) -> Tensor:
    """Return how well the sets cover a universe, a number `()`: the least of the best memberships.

    degrees: memberships at m points of the universe in k sets, `(m, k)`. At 0 there is a point
    that no word fits, so that no rule fires there. Lee (1990) asks for ½ at least.

    >>> coverage(torch.tensor([[1.0, 0.0], [0.2, 0.3], [0.0, 1.0]]))
    tensor(0.3000)
    """
    return degrees.amax(dim=-1).amin()


def expect_growing(**corners: Number) -> None:
    """Raise ValueError unless numbers handed in by name grow; tensors are not looked into."""
    for (first, low), (second, high) in pairwise(corners.items()):
        if isinstance(low, Tensor) or isinstance(high, Tensor) or low < high:
            continue
        raise ValueError(f"{first} is {low} and {second} is {high}; {first} must be smaller")
