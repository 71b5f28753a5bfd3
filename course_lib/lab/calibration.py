"""Whether probabilities mean what they say: of all answers given with 80 %, are 80 % right?"""

from typing import NamedTuple

import torch
from torch import Tensor


class Bins(NamedTuple):
    """Answers sorted by how sure they were, one row a bin. NaN where a bin is empty."""

    count: Tensor  # (bins,) int64
    confidence: Tensor  # (bins,) the mean probability that the answers were given with
    accuracy: Tensor  # (bins,) the share of them that is right


def reliability_bins(confidence: Tensor, right: Tensor, bins: int = 10) -> Bins:
    """Return how sure answers were and how often they were right, in bins of equal width.

    confidence: `(n,)`, the probability that each answer was given with, 0 to 1. right: `(n,)`,
    whether it was right, bool or 0 and 1. A bin holds its upper end, not its lower; 0 is in the
    first. Float64, on the CPU.
    Raises ValueError for other shapes, a confidence outside 0 to 1, no answers and no bins.
    Source: Murphy and Winkler (1977), Reliability of subjective probability forecasts of
    precipitation and temperature.

    >>> reliability_bins(torch.tensor([0.1, 0.9, 0.8]), torch.tensor([0, 1, 0]), bins=2).accuracy
    tensor([0.0000, 0.5000], dtype=torch.float64)
    """
    if confidence.ndim != 1 or right.shape != confidence.shape or not len(confidence):
        shapes = f"{tuple(confidence.shape)} and {tuple(right.shape)}"
        raise ValueError(f"confidence and right have shapes {shapes}; both must be (n,), n above 0")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("confidence has values outside 0 to 1; each must be a probability")
    if bins < 1:
        raise ValueError(f"bins is {bins}; it must be 1 or more")
    sure, hit = confidence.detach().cpu().double(), right.detach().cpu().double()
    inner = torch.linspace(0, 1, bins + 1, dtype=torch.float64)[1:-1]
    place = torch.bucketize(sure, inner)
    count = place.bincount(minlength=bins)
    mean_sure, mean_hit = (
        torch.zeros(bins, dtype=torch.float64).index_add(0, place, values) / count
        for values in (sure, hit)
    )
    return Bins(count, mean_sure, mean_hit)


def calibration_error(confidence: Tensor, right: Tensor, bins: int = 10) -> float:
    """Return the expected calibration error, 0 to 1: `Σ_b (n_b / n) |accuracy_b − confidence_b|`.

    The mean distance between how sure the answers of a bin were and how often they were right.
    Arguments and errors as for `reliability_bins`. Chance alone makes it larger than 0: with few
    answers even true probabilities do not come out at 0.
    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using
    Bayesian binning, AAAI.

    >>> calibration_error(torch.tensor([1.0, 1.0]), torch.tensor([1, 0]))
    0.5
    """
    count, sure, hit = reliability_bins(confidence, right, bins)
    return float((count / count.sum() * (hit - sure).abs()).nansum())


def overconfidence(confidence: Tensor, right: Tensor) -> float:
    """Return the mean confidence minus the accuracy, −1 to 1: above 0, answers are too sure.

    Unlike `calibration_error` it is 0 on average for true probabilities, however few the answers.
    Arguments and errors as for `reliability_bins`.

    >>> overconfidence(torch.tensor([1.0, 1.0]), torch.tensor([1, 0]))
    0.5
    """
    _, sure, hit = reliability_bins(confidence, right, bins=1)
    return float(sure[0] - hit[0])
