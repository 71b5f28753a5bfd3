"""Numbers that say something about many numbers."""

import statistics
from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.lab.data import Split


def accuracy(out: Tensor, y: Tensor) -> Tensor:
    """Return the share of examples, 0 to 1, whose largest output is that of the right class.

    out: `(n, c)`. y: the right classes, `(n,)`. Of equal outputs the first counts as the largest.
    Returns a scalar in float64, on the CPU (a device need not know float64).

    >>> accuracy(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
    tensor(0.5000, dtype=torch.float64)
    """
    return (out.argmax(dim=1) == y).sum().cpu().double() / len(y)


def median(values: Sequence[float] | Tensor) -> float:
    """Return the middle one of all numbers; of an even number, the mean of the middle two.

    Half of them are at most so large and half at least, as with the lines in the figures.
    (`torch.median` takes the lower one of the two.) Infinity counts as larger than all others.
    Raises ValueError for no numbers, and for NaN, which is neither larger nor smaller.

    >>> median([1, 5, 2, 3])
    2.5
    """
    numbers = torch.as_tensor(values, dtype=torch.float64).flatten().tolist()
    if not numbers or any(number != number for number in numbers):
        raise ValueError(f"values holds {len(numbers)} numbers, or NaN; it must hold one or more")
    return float(statistics.median(numbers))


def rms(x: Tensor) -> Tensor:
    """Return the root mean square of all numbers of x, a scalar: how large they are, sign aside."""
    return x.square().mean().sqrt()


def correlation_ratio(split: Split) -> Tensor:
    """Return how much each input tells about the class: the share of its variance, 0 to 1, `(d,)`.
    On the CPU, in float64.

    It is the variance between the class means over the variance of all values: the squared
    correlation ratio (Pearson, 1905). An input that never varies tells nothing: 0.
    """
    x, y = split.x.cpu().double(), split.y.cpu()
    count = y.bincount()
    present = count.nonzero().flatten()
    share = (count[present].double() / len(y))[:, None]
    means = torch.stack([x[y == c].mean(dim=0) for c in present])
    between = (share * (means - x.mean(dim=0)) ** 2).sum(dim=0)
    total = x.var(dim=0, correction=0)
    return torch.where(total > 0, between / total.clamp(min=1e-12), 0.0)


def shuffled_copy(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return x `(n, d)` with the values of each column dealt out to the rows at random.

    Each input keeps its values and its spread, and tells nothing about the example any more. What
    a model does with such inputs shows what it does with noise.
    """
    deals = [torch.randperm(len(x), generator=generator) for _ in range(x.shape[1])]
    return x.gather(0, torch.stack(deals, dim=1).to(x.device))
