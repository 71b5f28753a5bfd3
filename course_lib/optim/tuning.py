"""Comparing update rules: choose a setting, rank with intervals, measure sensitivity.

A score is a number, the higher the better: an accuracy, or minus a loss. Scores come from runs,
one for each setting or rule and each seed. A run that diverged has NaN for its score.
"""

import torch
from torch import Tensor


def tune(validation: Tensor, test: Tensor) -> tuple[int, Tensor]:
    """Return which setting to use, and the test score to report for it.

    validation, test: scores `(settings, seeds)`. The setting is the one with the best mean
    validation score over the seeds. A run that diverged counts as minus infinity, so that its
    setting is taken only where every setting has such a run. The first of equals is taken. What is
    reported is the mean test score of that setting `()`: the test scores choose nothing.

    >>> tune(torch.tensor([[0.9, 0.5], [0.8, 0.8]]), torch.tensor([[0.8, 0.6], [0.7, 0.8]]))
    (1, tensor(0.7500))
    """
    best = int(validation.nan_to_num(nan=-torch.inf).mean(dim=1).argmax())
    return best, test[best].mean()


def rank_ranges(scores: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Return the first and the last place that each rule can have, two int64 tensors `(rules,)`.

    scores: `(rules, seeds)`, where a seed gives all rules the same data, start and order. Rule a is
    *surely better* than rule b if the interval of their mean difference lies above 0: with the
    differences `d = scores[a] − scores[b]`, seed by seed, and s their standard deviation (n − 1),
    `mean(d) − quantile · s / √seeds > 0`. A rule's first place is 1 plus the number of rules surely
    better than it; its last place is the number of rules less those surely worse.

    >>> rank_ranges(torch.tensor([[0.9, 0.8], [0.7, 0.5], [0.9, 0.7]]), quantile=2.0)
    (tensor([1, 3, 1]), tensor([2, 3, 2]))
    """
    differences = scores[:, None] - scores[None, :]  # (rules, rules, seeds): row minus column
    error = differences.std(dim=2) / scores.shape[1] ** 0.5
    better = differences.mean(dim=2) > quantile * error
    return 1 + better.sum(dim=0), len(scores) - better.sum(dim=1)


def decades_near_best(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    """Return over how many powers of ten the learning rate may vary, `()`.

    rates: `(k,)`, ascending, above 0. scores: `(k,)`, one a rate, NaN where it diverged; at least
    one is a number. Around the best rate (the first of equals) lies an unbroken stretch of rates
    whose scores are at least the best one less `tolerance`. The result is `log10(high / low)` of
    its ends. NaN is never within the tolerance.

    >>> rates = torch.tensor([0.001, 0.01, 0.1, 1.0])
    >>> decades_near_best(rates, torch.tensor([0.4, 0.9, 0.95, torch.nan]), tolerance=0.1)
    tensor(1.)
    """
    known = scores.nan_to_num(nan=-torch.inf)
    best = int(known.argmax())
    near = (known >= known[best] - tolerance).tolist()
    low = high = best
    while low > 0 and near[low - 1]:
        low -= 1
    while high + 1 < len(near) and near[high + 1]:
        high += 1
    return torch.log10(rates[high] / rates[low])


def ablate(whole: Tensor, without: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Return what each part of a design is worth, and how sure that is, `(parts,)` each.

    whole: losses of the whole design, `(settings, seeds)`, above 0; without: those of the design
    without one part, `(parts, settings, seeds)`, on the same seeds. First a seed's log10 losses are
    averaged over all settings, then the whole's average is taken less the other's, seed by seed.
    Returned are the mean difference, below 0 where the part helps, and the reach of its interval to
    either side, `quantile · s / √seeds`, with s the standard deviation over seeds, by n − 1.

    >>> whole, without = torch.tensor([[0.1, 0.1, 0.1]]), torch.tensor([[[1.0, 10.0, 1.0]]])
    >>> mean, reach = ablate(whole, without, quantile=3.0)
    >>> mean, reach
    (tensor([-1.3333]), tensor([1.]))
    """
    apart = whole.log10().mean(dim=0) - without.log10().mean(dim=1)
    seeds = apart.shape[1]
    return apart.mean(dim=1), quantile * apart.std(dim=1) / seeds**0.5
