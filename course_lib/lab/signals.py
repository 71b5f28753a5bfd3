"""Generated signals in ten classes: a task for one-dimensional convolutions, without a download."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import generator

LENGTH, CLASSES, POINTS = 40, 10, 12


def signals(
    train: int = 1000,
    validation: int = 500,
    test: int = 1000,
    *,
    noise: float = 0.08,
    seed: int = 0,
) -> Dataset:
    """Return generated signals, x `(n, 40)` float32, and their classes, y `(n,)` int64.

    The curve of the class (`templates`) is stretched to 14 to 28 points and put anywhere; its
    height is multiplied by 0.6 to 1.4; a slope of up to 0.75 is added, and noise.
    noise: the standard deviation of a smooth noise; a rough one, of a fifth of that, comes on top.
    seed: draws the examples; the ten curves are always the same.
    After the idea of MNIST-1D (Greydanus and Kobak, 2020), with other curves and other noise:
    numbers do not compare.

    >>> signals(train=20).train.x.shape
    torch.Size([20, 40])
    """
    sizes = [train, validation, test]
    drawn = _draw(sum(sizes), noise, generator(seed))
    parts = zip(drawn.x.split(sizes), drawn.y.split(sizes), strict=True)
    return Dataset("signals", *(Split(x, y) for x, y in parts))


def templates() -> Tensor:
    """Return the curve of each class, `(10, 12)`: smooth, 0 at both ends, at most 1 in size.

    Each is a sum of four sine waves whose weights were drawn once, from seed 0.
    """
    along = torch.linspace(0, torch.pi, POINTS, dtype=torch.float64)
    weights = torch.randn(CLASSES, 4, generator=generator(0), dtype=torch.float64)
    curves = weights @ torch.stack([torch.sin(k * along) for k in (1, 2, 3, 4)])
    return curves / curves.abs().amax(dim=1, keepdim=True)


def _draw(examples: int, noise: float, source: torch.Generator) -> Split:
    def uniform() -> Tensor:
        return torch.rand(examples, 1, generator=source, dtype=torch.float64)

    y = torch.randint(0, CLASSES, (examples,), generator=source)
    width = 14 + 14 * uniform()
    first = (LENGTH - width) * uniform()
    height = 0.6 + 0.8 * uniform()
    slope = 0.75 * (2 * uniform() - 1)
    x = height * _stretched(templates()[y], first, width)
    x = x + slope * torch.linspace(-1, 1, LENGTH, dtype=torch.float64)
    white, rough = torch.randn(2, examples, LENGTH, generator=source, dtype=torch.float64)
    smooth = 5**0.5 * avg_pool1d(white[:, None], 5, stride=1, padding=2)[:, 0]
    return Split((x + noise * smooth + noise / 5 * rough).float(), y)


def _stretched(curves: Tensor, first: Tensor, width: Tensor) -> Tensor:
    """Return curves `(n, points)` on 40 places, drawn from `first` on over `width`; 0 outside."""
    places = torch.arange(LENGTH, dtype=torch.float64)
    along = (places - first) / width * (POINTS - 1)
    inside = (along >= 0) & (along <= POINTS - 1)
    before = along.clamp(0, POINTS - 1 - 1e-9).long()
    share = along - before
    value = (1 - share) * curves.gather(1, before) + share * curves.gather(1, before + 1)
    return torch.where(inside, value, 0.0)
