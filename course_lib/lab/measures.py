"""Numbers that say something about many numbers."""

import torch
from torch import Tensor

from course_lib.lab.data import Split


def rms(x: Tensor) -> Tensor:
    """Return the root mean square of all numbers of x, a scalar: how large they are, sign aside."""
    return x.square().mean().sqrt()


def predictive_power(split: Split) -> Tensor:
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
