"""How sure a mean over runs is."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from scipy.stats import t as student
from torch import Tensor


class Interval(NamedTuple):
    """A mean, and the ends of the interval around it.

    >>> found = Interval(-0.0104, -0.0141, 0.0062)
    >>> f"{found:+.3f}", f"{found:.2f}", str(Interval(1.25, -0.01, 2.5))
    ('−0.010 (−0.014 to +0.006)', '−0.01 (−0.01 to 0.01)', '+1.2 (+0.0 to +2.5)')
    """

    mean: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """Return the three numbers as `format` writes each, by default with signs, to one digit.

        Minus signs are true ones, and 0 has none.
        """
        spec = spec or "+.1f"
        mean, low, high = (
            format(0.0 if float(format(number, spec)) == 0 else number, spec) for number in self
        )
        return f"{mean} ({low} to {high})".replace("-", "\N{MINUS SIGN}")

    def __str__(self) -> str:
        return format(self)


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
