"""How sure a mean over runs is."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from scipy.stats import t as student
from torch import Tensor


class Interval(NamedTuple):
    """A mean, and the ends of the interval around it."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the three numbers, with signs, to one digit."""
        mean, low, high = (round(number, 1) + 0.0 for number in self)  # + 0.0: no minus before 0
        words = f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
        return words.replace("-", "\N{MINUS SIGN}")


def confidence_interval(values: Sequence[float] | Tensor, confidence: float = 0.95) -> Interval:
    """Return the mean of independent runs, and between which ends the true mean lies.

    values: one number a run, `(runs,)`. The ends are `mean ± t · s / √runs`, with s the standard
    deviation and t the quantile of Student's distribution. For a comparison hand in the differences
    of runs that share all but what is compared. Raises ValueError for fewer than two runs.
    Source: Student (1908), The probable error of a mean.
    """
    runs = torch.as_tensor(values, dtype=torch.float64).flatten()
    if len(runs) < 2:
        raise ValueError(f"values holds {len(runs)} runs; it must hold two or more")
    mean = runs.mean().item()
    quantile = float(student.ppf((1 + confidence) / 2, len(runs) - 1))
    reach = quantile * runs.std().item() / len(runs) ** 0.5
    return Interval(mean, mean - reach, mean + reach)
