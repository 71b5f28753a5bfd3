"""Generated signals in ten classes: a task for one-dimensional convolutions, without a download."""

import torch
from torch import Tensor

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import generator

LENGTH, CLASSES, POINTS = 40, 10, 12


def templates() -> Tensor:
    """Return the shape of each class, `(10, 12)`: smooth curves that begin and end at 0.

    Sums of three sine waves with weights drawn once, from seed 0; their largest value is 1 in size.
    """
    along = torch.linspace(0, torch.pi, POINTS, dtype=torch.float64)
    weights = torch.randn(CLASSES, 4, generator=generator(0), dtype=torch.float64)
    curves = weights @ torch.stack([torch.sin(k * along) for k in (1, 2, 3, 4)])
    return curves / curves.abs().amax(dim=1, keepdim=True)


def signals(examples: int, source: torch.Generator, noise: float = 0.08) -> Split:
    """Return signals and their classes, x `(examples, 40)` float32 and y `(examples,)` int64.

    The curve of the class (`templates`) is stretched to 14 to 28 points and put anywhere; its
    height is multiplied by 0.6 to 1.4; a slope of up to 0.75 is added, and noise
    of two kinds: smooth, of size `noise`, and rough, of a fifth of that. After the idea of MNIST-1D
    (Greydanus, 2020), with other curves and other noise: numbers do not compare.
    """
    y = torch.randint(0, CLASSES, (examples,), generator=source)
    width = 14 + 14 * _uniform(examples, source)
    first = (LENGTH - width) * _uniform(examples, source)
    height = 0.6 + 0.8 * _uniform(examples, source)
    slope = 0.75 * (2 * _uniform(examples, source) - 1)
    x = height * _stretched(templates()[y], first, width)
    x = x + slope * torch.linspace(-1, 1, LENGTH, dtype=torch.float64)
    rough = torch.randn(2, examples, LENGTH, generator=source, dtype=torch.float64)
    smooth = torch.nn.functional.avg_pool1d(rough[:1].transpose(0, 1), 5, 1, 2)[:, 0] * 5**0.5
    return Split((x + noise * smooth + noise / 5 * rough[1]).float(), y)


def signals_1d(train: int = 6000, validation: int = 1000, test: int = 3000) -> Dataset:
    """Return generated signals as a data set, always the same for the same sizes.

    x `(n, 40)` float32, y `(n,)` int64, ten classes; see `signals`.
    """
    whole = signals(train + validation + test, generator(1))
    cuts = torch.arange(len(whole)).split([train, validation, test])
    return Dataset("signals_1d", *(Split(whole.x[part], whole.y[part]) for part in cuts))


def _uniform(examples: int, source: torch.Generator) -> Tensor:
    return torch.rand(examples, 1, generator=source, dtype=torch.float64)


def _stretched(curves: Tensor, first: Tensor, width: Tensor) -> Tensor:
    """Return curves `(n, points)` on 40 places, drawn from `first` on over `width`; 0 outside."""
    places = torch.arange(LENGTH, dtype=torch.float64)
    along = (places - first) / width * (POINTS - 1)
    inside = (along >= 0) & (along <= POINTS - 1)
    before = along.clamp(0, POINTS - 1 - 1e-9).long()
    share = along - before
    value = (1 - share) * curves.gather(1, before) + share * curves.gather(1, before + 1)
    return torch.where(inside, value, 0.0)
