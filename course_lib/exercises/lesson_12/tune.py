"""Exercise 12.tune: the setting with the best validation score, and what to report for it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import tuning
from ..drawing import drawing

Answer = tuple[int, Tensor]


def _scores(draw: Callable, settings: int, seeds: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return scores that differ by setting, by seed and by chance."""
    level = draw(settings, 1, dtype=dtype)
    both = (0.6 + 0.05 * level + 0.1 * draw(settings, seeds, dtype=dtype) for _ in range(2))
    return tuple(both)


def _tune_cases(seed: int) -> list[Case]:
    draw, wide, single = drawing(seed), torch.float64, torch.float32

    def case(
        words: str, settings: int, seeds: int, lost: int = 0, shift: float = 0.0, poor: bool = False
    ) -> Case:
        """Scores of runs of which the best (the poorest, if `poor`) `lost` ones diverged."""
        validation, test = (s + shift for s in _scores(draw, settings, seeds, wide))
        hit = torch.zeros(settings * seeds, dtype=torch.bool)
        hit[validation.flatten().topk(lost, largest=not poor).indices] = True
        hit = hit.view(settings, seeds)
        return Case(
            words, (validation.masked_fill(hit, torch.nan), test.masked_fill(hit, torch.nan))
        )

    first, second = _scores(draw, 6, 3, wide)
    first[0, 1] = second[0, 1] = torch.nan
    huge = tuple(1e200 * (scores - 2) for scores in _scores(draw, 10, 3, wide))
    huge[0][4, 1] = huge[1][4, 1] = torch.nan
    everywhere = _scores(draw, 5, 4, wide)
    for setting, seed in enumerate((2, 0, 3, 1, 2)):
        everywhere[0][setting, seed] = everywhere[1][setting, seed] = torch.nan
    row = draw(1, 4)
    equal = torch.tensor([[0.5, 0.7], [0.8, 0.8], [0.8, 0.8]], dtype=wide)
    none = torch.full((3, 2), torch.nan, dtype=wide)
    return [
        case("8 settings and 3 seeds, 2 runs diverged", 8, 3, lost=2),
        case("12 settings and 4 seeds", 12, 4),
        case("20 settings and 5 seeds, 4 runs diverged", 20, 5, lost=4),
        case("15 settings and 3 seeds", 15, 3),
        case("30 settings and 6 seeds, 7 runs diverged", 30, 6, lost=7),
        case("25 settings and 4 seeds", 25, 4),
        case("9 settings with scores below 0", 9, 5, shift=-3.0),
        case("scores below 0, 3 runs diverged", 10, 3, lost=3, shift=-3.0),
        case("scores below 0, a poor run diverged", 16, 4, lost=1, shift=-3.0, poor=True),
        Case("6 settings and 3 seeds, the first setting diverged", (first, second)),
        Case("10 settings with losses around 1e200, 1 run diverged", huge),
        Case("1 seed", _scores(draw, 6, 1, wide), special=True),
        Case("1 setting", (row, 2 * row), special=True),
        Case("two settings that are equally good", (equal, equal / 2), special=True),
        Case("every setting with a diverged run", everywhere, special=True),
        Case("runs that all diverged", (none, none), special=True),
        Case("10 settings and 4 seeds in float32", _scores(draw, 10, 4, single), special=True),
    ]


def _by_loop(validation: Tensor, test: Tensor) -> Answer:
    best, highest = 0, -float("inf")
    for i, row in enumerate(validation.tolist()):
        mean = sum(-float("inf") if x != x else x for x in row) / len(row)
        if mean > highest:
            best, highest = i, mean
    return best, sum(test[best]) / test.shape[1]


def _diverged_out(validation: Tensor, test: Tensor) -> Answer:
    means = validation.mean(dim=1)
    means[means.isnan()] = -torch.inf
    best = torch.argmax(means)
    return best.item(), test.mean(dim=1)[best]


def _places_as_tensors(validation: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    best = validation.nan_to_num(nan=-torch.inf).sum(dim=1).argmax()
    return best, test[best].mean()


SLIPS = """
best single run: mean(dim=1) → amax(dim=1)
    You take the setting of the best single run. With luck a poor setting has one good seed: look at
    all of its seeds together.
flat place: .mean(dim=1) →
    `argmax` without an axis counts through the whole table, so it finds a run, not a setting.
    Average over the seeds first.
by test score: validation → test
    You choose by the test scores. Whatever chooses is no test any more: its best score is partly
    luck. Which table is there to choose by?
by both: validation → (validation + test)
    The test scores have a say in your choice. They may be looked at once, when the choice is made.
reports the validation score: test[best] → validation[best]
    You report the score that you chose by. It is the highest of many, so luck has raised it. The
    other table has a score that did not choose.
reports the best test score:
    | test[best].mean() → test.nan_to_num(nan=-torch.inf).mean(dim=1).max()
    You report the best test score of all settings, not that of the setting you chose. That is
    choosing by the test scores once more.
reports the best test run: test[best].mean() → test[best].max()
    You report the best of the setting's test runs. What can somebody expect who trains once with
    this setting?
reports the first test run: test[best].mean() → test[best, 0]
    You report one test run of the setting. There is one for each seed: what can somebody expect who
    trains once?
counted without the diverged:
    | whole = ~validation.isnan().any(dim=1)
    | best = int(validation[whole].mean(dim=1).argmax())
    | return best, test[best].mean()
    You drop the settings that diverged and then count again, so that your number points to another
    row of the table handed in. Keep all rows where they are.
counted without the diverged, in both tables:
    | whole = ~validation.isnan().any(dim=1)
    | best = int(validation[whole].mean(dim=1).argmax())
    | return best, test[whole][best].mean()
    The score is right and the setting is not: you drop the settings that diverged and then count,
    so that your number points to another row of the table handed in. Keep all rows where they are.
reports the mean of all settings: test[best] → test
    You report the mean test score of all settings. Only the one that you chose is to be reported.
reports the median: test[best].mean() → test[best].median()
    You report the median of the setting's test runs. The exercise asks for their mean.
places for scores:
    | scores = [table.nan_to_num(nan=-torch.inf).mean(dim=1) for table in (validation, test)]
    | return scores[0].max(), scores[1].max()
    Both results are best scores. The first one is to say which setting, the second what that same
    setting scores on test.
one setting for each seed: return best → return validation.nan_to_num(nan=-torch.inf).argmax(dim=0)
    You choose a setting for each seed. One setting is asked for, which has to do for all of them:
    average each row before you look for the largest.
reports the sum: test[best].mean() → test[best].sum()
    The test scores of the setting are added up. What is to be reported is their mean.
reports all seeds: test[best].mean() → test[best]
    You report the test scores of all seeds. One number is asked for, their mean.
lowest: -torch.inf → torch.inf ; argmax → argmin
    You take the lowest mean. Here more is better, for both tables.
lowest, divergence included: argmax → argmin
    You take the lowest mean, which is that of a setting with a diverged run where there is one.
    Here more is better.
NaN poisons: .nan_to_num(nan=-torch.inf) →
    A row with NaN has NaN for its mean, and `argmax` takes NaN for the largest of all: a setting
    that diverged wins. Give such runs a score before you average.
NaN left out: nan_to_num(nan=-torch.inf).mean(dim=1) → nanmean(dim=1) ; .mean() → .nanmean()
    Diverged runs are left out of the mean, so that a setting is judged by the runs that it did not
    spoil. A run that diverged has to count against its setting.
NaN left out of the choice:
    | nan_to_num(nan=-torch.inf).mean(dim=1) → nanmean(dim=1).nan_to_num(nan=-torch.inf)
    For the choice diverged runs are left out of the mean. A run that diverged has to count against
    its setting.
NaN for zero: -torch.inf → 0.0
    A diverged run counts as 0. That is no penalty where scores are losses with a minus, and not
    enough where they are accuracies: which score is worse than any other?
a finite penalty: -torch.inf → -1e9
    A diverged run counts as a large negative number. Losses can be larger still, and then its
    setting wins: which score is worse than any other?
NaN left out of the report: test[best].mean() → test[best].nanmean()
    Diverged runs are left out of the score that you report, so that nobody sees them. Where the
    setting has such a run, its mean is to say so.
starting from score 0:
    | best, highest = 0, 0.0
    | for i, row in enumerate(validation.nan_to_num(nan=-torch.inf)):
    |     if row.mean() > highest:
    |         best, highest = i, row.mean()
    | return best, test[best].mean()
    Your search starts from the score 0. Where all scores are below 0, no setting beats that: with
    which score does a search for the largest begin?
nothing beats score 0:
    | best, highest = None, 0.0
    | for i, row in enumerate(validation.nan_to_num(nan=-torch.inf)):
    |     if row.mean() > highest:
    |         best, highest = i, row.mean()
    | return best, test[best].mean()
    Where all scores are below 0 your search finds no setting and leaves None. With which score does
    a search for the largest begin?
penalty in the report: test[best] → test[best].nan_to_num(nan=-torch.inf)
    The penalty for diverged runs is in the reported score too. It is there for the choice: the test
    scores are averaged as they are.
always the first setting: .mean(dim=1) → .mean()
    You take the first setting, whatever the scores. Is the mean taken over the whole table, or does
    a loop stop too early?
NaN never beaten:
    | best, means = 0, validation.mean(dim=1)
    | for i, mean in enumerate(means):
    |     if mean > means[best]:
    |         best = i
    | return best, test[best].mean()
    A comparison with NaN is always false. So a setting that diverged is never beaten if it comes
    first: give such runs a score before you compare.
median: mean(dim=1) → median(dim=1).values
    You compare medians over the seeds, which do not see a run that went wrong. The exercise asks
    for the mean.
most seeds won: mean(dim=1).argmax() → argmax(dim=0).bincount().argmax()
    You take the setting that is first on most seeds. By how much it wins or loses plays no part
    then: compare means.
worst run: mean(dim=1) → amin(dim=1)
    You compare settings by their worst runs. That is careful; the exercise asks for the mean over
    the seeds.
means over settings: dim=1 → dim=0
    You average over the settings, which compares seeds. A row is a setting: along which axis are
    its seeds?
a column for a row: dim=1 → dim=0 ; test[best] → test[:, best]
    You choose a column and report it. A row is a setting and a column a seed: along which axis do
    you average?
first seed only: .mean(dim=1) → [:, 0]
    You compare settings on the first seed only. All seeds have a say: average each row.
the score instead of the place:
    | return best → return validation.nan_to_num(nan=-torch.inf).mean(dim=1).max()
    The first result is a score. The exercise asks which setting it belongs to, a whole number.
results swapped: best, test[best].mean() → test[best].mean(), best
    The two results stand in the wrong order: first the setting, then its test score.
the setting alone: best, test[best].mean() → best
    Only the setting comes back. The test score to report for it is missing.
counted from 1: return best → return 1 + best
    The settings are counted from 1. Python counts rows from 0.
"""

TUNE = Exercise(
    id="12.tune",
    points=2,
    asks="the setting with the best mean validation score, and the test score to report for it",
    reference=tuning.tune,
    cases=_tune_cases,
    hints=(
        "You have a table: a row for each setting, a column for each seed. What single number says "
        "how good a setting is? Which of the two tables may have a say in the choice?",
        "Average each row of the validation scores over its seeds. Before that, give the runs that "
        "diverged a score that no setting can make up for.",
        "`nan_to_num(nan=…)` replaces NaN, `.mean(dim=1)` averages rows, `.argmax()` finds the "
        "first of the largest. Then go to that row of the other table, and average it.",
    ),
    slips=slips(SLIPS, tuning.tune),
    also_right=(_by_loop, _diverged_out, _places_as_tensors),
)
