"""Exercise 12.rank_with_error_bars: the places that each rule can have."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import tuning
from ..drawing import drawing

Places = tuple[Tensor, Tensor]


def _rank_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(
        words: str, rules: int, seeds: int, quantile: float, apart: float, **more: bool
    ) -> Case:
        """Scores that share much seed by seed, with gaps around what the intervals resolve."""
        gaps = apart * draw(rules, 1)
        noise = (0.5 + draw(rules, 1).abs()) * draw(rules, seeds)
        return Case(words, (gaps + noise + draw(1, seeds), quantile), **more)

    scores, single = draw(4, 6), draw(5, 8, dtype=torch.float32)
    return [
        case("8 rules and 6 seeds", 8, 6, 2.57, 1.0),
        case("10 rules and 12 seeds", 10, 12, 2.2, 0.7),
        case("9 rules and 5 seeds", 9, 5, 1.3, 0.8),
        case("12 rules and 24 seeds", 12, 24, 3.5, 0.8),
        case("11 rules and 8 seeds", 11, 8, 2.36, 1.5),
        case("2 rules and 5 seeds", 2, 5, 2.78, 2.0, special=True),
        case("1 rule", 1, 5, 2.78, 1.0, special=True),
        case("2 seeds", 4, 2, 12.7, 3.0, special=True),
        Case("an interval of no width", (scores, 0.0), special=True),
        Case("an interval that is far too wide", (scores, 1e6), special=True),
        Case("rules that are all alike", (scores[:1].expand(4, 6).clone(), 2.57), special=True),
        Case("scores around 100,000", (1e5 + 10 * scores, 2.57), special=True),
        Case("5 rules and 8 seeds in float32", (single, 2.36), special=True),
    ]


def _by_loop(scores: Tensor, quantile: float) -> Places:
    rules, seeds = scores.shape
    first, last = [1] * rules, [rules] * rules
    for a in range(rules):
        for b in range(rules):
            d = scores[a] - scores[b]
            if d.mean() - quantile * d.std() / seeds**0.5 > 0:
                first[b] += 1
                last[a] -= 1
    return torch.tensor(first), torch.tensor(last)


def _undecided(scores: Tensor, quantile: float) -> Places:
    d = scores.unsqueeze(1) - scores.unsqueeze(0)
    reach = quantile * d.std(dim=-1) / d.shape[-1] ** 0.5
    first = 1 + (d.mean(dim=-1) < -reach).sum(dim=1)
    open_pairs = (d.mean(dim=-1).abs() <= reach).sum(dim=1) - 1
    return first, first + open_pairs


SLIPS = """
not paired: differences.std(dim=2) → (scores.var(dim=1)[:, None] + scores.var(dim=1)) ** 0.5
    The error is that of two groups that have nothing in common. On each seed all rules share data
    and start, which cancels in a difference: take differences first.
intervals that overlap: differences.std(dim=2) → (scores.std(dim=1)[:, None] + scores.std(dim=1))
    You ask whether the rules' own intervals overlap. They may overlap although the difference is
    sure, seed by seed: make one interval, of the differences.
not divided by the root: / scores.shape[1] ** 0.5 →
    The interval reaches as far as single runs scatter. A mean over many seeds is surer than one
    run: by how much?
divided by the number: ** 0.5 →
    The standard deviation is divided by the number of seeds. The error of a mean falls more slowly
    than that.
variance: std → var
    You use the variance where the standard deviation belongs. Which of them has the units of a
    score?
variance over seeds: std → var ; ** 0.5 →
    This is the variance of the mean. The standard error is its root, in the units of a score.
24 seeds: scores.shape[1] → 24
    You take 24 for the number of seeds, whatever table is handed in. Its shape says how many there
    are.
divided by seeds, not seeds less 1: dim=2) / → dim=2, correction=0) /
    Your standard deviation divides by the number of seeds. Since the mean is taken from the same
    seeds, n - 1 is what torch and the formula here divide by.
root of seeds less 1: scores.shape[1] → (scores.shape[1] - 1)
    You divide by the root of one seed less than there are. The n - 1 is inside the standard
    deviation already.
quantile left out: quantile * →
    The interval reaches one standard error, whatever quantile is handed in. That leaves a third of
    all cases outside.
quantile of 2: quantile → 2
    Your interval reaches about two standard errors, whatever quantile is handed in. Look for a
    number where the argument belongs.
quantile of 1.96: quantile → 1.96
    Your interval reaches 1.96 standard errors, whatever quantile is handed in. Look for a number
    where the argument belongs.
half the quantile: quantile → quantile / 2
    Your interval reaches half as far as it should. The quantile is the reach to one side, not the
    whole width.
by the means alone: quantile * error → 0
    This is the plain order of the means, as if all of them were exact. A difference counts only if
    its interval leaves out 0.
places seed by seed:
    | place = 1 + scores.argsort(dim=0, descending=True).argsort(dim=0)
    | return place.amin(dim=1), place.amax(dim=1)
    These are the best and the worst place that a rule had on any seed. That range grows with the
    number of seeds; the exercise asks what the mean differences leave open.
less is better: dim=0 ↔ dim=1
    The order is upside down: your first place goes to the lowest scores. Here more is better.
from 0: 1 + → ; len(scores) → len(scores) - 1
    The places are counted from 0. Nobody is surely better than the winner, and the winner is in
    place 1.
first from 0: 1 + →
    The first places are counted from 0. Nobody is surely better than the winner, and the winner is
    in place 1.
last one too many: len(scores) → len(scores) + 1
    The last places are too large by 1. A rule that beats nobody is in the last place, which is the
    number of rules.
last one too few: len(scores) → len(scores) - 1
    The last places are too small by 1. A rule that beats nobody is in the last place, which is the
    number of rules.
results swapped: 1 + better.sum(dim=0) ↔ len(scores) - better.sum(dim=1)
    The first places stand where the last ones belong. Either the results are swapped, or a rule
    counts as better while the upper end of the interval is above 0: look at which end has to be.
last counts the beaten: len(scores) - → 1 +
    Your last place is 1 plus how many rules this one surely beats, so that the best rule gets the
    worst place. Count those from the other end.
last is the first: len(scores) - better.sum(dim=1) → 1 + better.sum(dim=0)
    First and last place are the same. A rule whose rivals are neither surely better nor surely
    worse may be before or behind them.
better than itself: > → >=
    Each rule counts as surely better than itself: its difference to itself is 0, and so is the
    error. Must the interval lie above 0, or may it touch 0?
rules and seeds swapped: scores.shape[1] ↔ len(scores)
    You take the number of seeds for that of the rules, and the other way round. Which axis of the
    table counts rules?
first place by the upper end:
    | 1 + better → 1 + (differences.mean(dim=2) > -quantile * error)
    Your first places count every rule that may be better, those whose interval holds 0 among them.
    Which end of the interval says that a rule is surely better?
the same last place for all:
    | len(scores) - better.sum(dim=1) → 1 + better.sum(dim=0) + (~better).sum(dim=0)
    Your last place is the same for every rule, 1 more than there are rules. Which rules cannot be
    before a given one?
any sure difference: mean(dim=2) → mean(dim=2).abs()
    Every sure difference counts, whichever way it points. Surely better and surely worse have to be
    counted apart.
sizes of differences: error = → differences = differences.abs(); error =
    You take the size of each difference and lose its sign. Then every rule seems better than every
    other: leave the differences as they are.
divided by the rules: scores.shape[1] → len(scores)
    You divide by the root of the number of rules. Over what is the mean taken, over rules or over
    seeds?
multiplied by the root: / → *
    The standard deviation is multiplied by the root of the number of seeds. The more seeds, the
    shorter the interval has to be.
scatter of one rule: differences.std(dim=2) → scores.std(dim=1)[:, None]
    The interval has the width of one rule's own scatter. Between two rules it is the scatter of
    their differences, seed by seed, that counts.
median:
    | better = → middle = scores.quantile(0.5, dim=1); better =
    | differences.mean(dim=2) → (middle[:, None] - middle)
    The interval is put around the difference of the medians. It belongs to the mean of the
    differences.
one table:
    | return → return torch.stack((
    | dim=1) → dim=1)), dim=1)
    Both places come in one table. Return two tensors: all first places, then all last ones.
only the first place: , len(scores) - better.sum(dim=1) →
    Only the first places come back. The last places are missing.
"""

RANK_WITH_ERROR_BARS = Exercise(
    id="12.rank_with_error_bars",
    points=3,
    asks="the first and the last place that each rule can have",
    reference=tuning.rank_ranges,
    cases=_rank_cases,
    hints=(
        "Take two rules only. On each seed both met the same data and the same start. What single "
        "number does a seed give for the two of them, and when are you sure of its sign?",
        "Take differences seed by seed, their mean, and their standard deviation over the root of "
        "the number of seeds. For each pair you then know: surely better, surely worse, or open.",
        "`scores[:, None] - scores[None]` holds all pairs, seeds last. A rule is behind all that "
        "surely beat it, and before all that it surely beats: count along one axis of the table "
        "of pairs for the first place, along the other for the last.",
    ),
    slips=slips(SLIPS, tuning.rank_ranges),
    also_right=(_by_loop, _undecided),
)
