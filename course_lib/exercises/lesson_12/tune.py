"""Exercise 12.tune: the setting with the best validation score, and what to report for it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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
        words: str, settings: int, seeds: int, lost: int = 0, shift: float = 0.0, **more: bool
    ) -> Case:
        validation, test = (s + shift for s in _scores(draw, settings, seeds, wide))
        if lost:  # runs that diverged, those with the best scores among them
            best = validation.flatten().topk(lost).indices
            hit = torch.zeros(settings * seeds, dtype=torch.bool)
            hit[best] = True
            validation, test = (
                s.masked_fill(hit.view(settings, seeds), torch.nan) for s in (validation, test)
            )
        return Case(words, (validation, test), **more)

    first, second = _scores(draw, 6, 3, wide)
    first[0, 1] = second[0, 1] = torch.nan
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
        case("9 settings and 5 seeds", 9, 5),
        case("scores below 0, 3 runs diverged", 10, 3, lost=3, shift=-3.0),
        case("16 settings with scores below 0", 16, 4, shift=-3.0),
        Case("6 settings and 3 seeds, the first setting diverged", (first, second)),
        case("1 seed", 6, 1, special=True),
        Case("1 setting", (row, 2 * row), special=True),
        Case("two settings that are equally good", (equal, equal / 2), special=True),
        Case("every setting with a diverged run", (none, none), special=True),
        Case("10 settings and 4 seeds in float32", _scores(draw, 10, 4, single), special=True),
    ]


def _pick(
    choose: Callable[[Tensor, Tensor], Tensor | int],
    report: Callable[[Tensor, Tensor, int], Tensor] = lambda v, t, i: t[i].mean(),
) -> Callable[[Tensor, Tensor], Answer]:
    """Return the answer that chooses and reports in these ways."""

    def answer(validation: Tensor, test: Tensor) -> Answer:
        best = int(choose(validation, test))
        return best, report(validation, test, best)

    return answer


def _worst(scores: Tensor) -> Tensor:
    return scores.nan_to_num(nan=-torch.inf)


def _by_mean(validation: Tensor, test: Tensor) -> Tensor:
    return _worst(validation).mean(dim=1).argmax()


def _wins(validation: Tensor, test: Tensor) -> Tensor:
    winners = _worst(validation).argmax(dim=0)
    return torch.bincount(winners, minlength=len(validation)).argmax()


def _by_loop(validation: Tensor, test: Tensor) -> Answer:
    best, highest = 0, -float("inf")
    for i, row in enumerate(validation.tolist()):
        mean = sum(-float("inf") if x != x else x for x in row) / len(row)
        if mean > highest:
            best, highest = i, mean
    return best, sum(test[best]) / test.shape[1]


def _rows_dropped(validation: Tensor, test: Tensor) -> Answer:
    whole = ~validation.isnan().any(dim=1)
    if not whole.any():
        return 0, test[0].mean()
    best = int(validation[whole].mean(dim=1).argmax())
    return best, test[best].mean()


def _climb(means: list[float]) -> int:
    best = 0
    for i, mean in enumerate(means):
        if mean > means[best]:
            best = i
    return best


def _diverged_out(validation: Tensor, test: Tensor) -> Answer:
    means = validation.mean(dim=1)
    means[means.isnan()] = -torch.inf
    best = torch.argmax(means)
    return best.item(), test.mean(dim=1)[best]


def _one_number(best: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Answer]:
    """Return the answer that takes the flat place of a single run for the setting."""
    return _pick(lambda v, t: min(int(best(v)), len(v) - 1))


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
    slips=(
        Slip(
            "best single run",
            _pick(lambda v, t: _worst(v).max(dim=1).values.argmax()),
            "You take the setting of the best single run. With luck a poor setting has one good "
            "seed: look at all of its seeds together.",
        ),
        Slip(
            "flat place",
            _one_number(lambda v: _worst(v).argmax()),
            "`argmax` without an axis counts through the whole table, so it finds a run, not a "
            "setting. Average over the seeds first.",
        ),
        Slip(
            "by test score",
            _pick(lambda v, t: _worst(t).mean(dim=1).argmax()),
            "You choose by the test scores. Whatever chooses is no test any more: its best score "
            "is partly luck. Which table is there to choose by?",
        ),
        Slip(
            "by both",
            _pick(lambda v, t: _worst(v + t).mean(dim=1).argmax()),
            "The test scores have a say in your choice. They may be looked at once, when the "
            "choice is made.",
        ),
        Slip(
            "reports the validation score",
            _pick(_by_mean, lambda v, t, i: v[i].mean()),
            "You report the score that you chose by. It is the highest of many, so luck has raised "
            "it. The other table has a score that did not choose.",
        ),
        Slip(
            "reports the best test score",
            _pick(_by_mean, lambda v, t, i: _worst(t).mean(dim=1).max()),
            "You report the best test score of all settings, not that of the setting you chose. "
            "That is choosing by the test scores once more.",
        ),
        Slip(
            "reports the best test run",
            _pick(_by_mean, lambda v, t, i: _worst(t[i]).max()),
            "You report the best of the setting's test runs. What can somebody expect who trains "
            "once with this setting?",
        ),
        Slip(
            "reports the first test run",
            _pick(_by_mean, lambda v, t, i: t[i, 0]),
            "You report one test run of the setting. There is one for each seed: what can somebody "
            "expect who trains once?",
        ),
        Slip(
            "counted without the diverged",
            _rows_dropped,
            "You drop the settings that diverged and then count again, so that your number points "
            "to another row of the table handed in. Keep all rows where they are.",
        ),
        Slip(
            "reports the mean of all settings",
            _pick(_by_mean, lambda v, t, i: t.mean()),
            "You report the mean test score of all settings. Only the one that you chose is to be "
            "reported.",
        ),
        Slip(
            "reports the median",
            _pick(_by_mean, lambda v, t, i: t[i].median()),
            "You report the median of the setting's test runs. Asked is their mean.",
        ),
        Slip(
            "places for scores",
            lambda v, t: (_worst(v).mean(dim=1).max(), _worst(t).mean(dim=1).max()),
            "Both results are best scores. The first one is to say which setting, the second what "
            "that same setting scores on test.",
        ),
        Slip(
            "one setting for each seed",
            lambda v, t: (_worst(v).argmax(dim=0), t[int(_by_mean(v, t))].mean()),
            "You choose a setting for each seed. One setting is asked for, which has to do for all "
            "of them: average each row before you look for the largest.",
        ),
        Slip(
            "reports the sum",
            _pick(_by_mean, lambda v, t, i: t[i].sum()),
            "The test scores of the setting are added up. What is to be reported is their mean.",
        ),
        Slip(
            "reports all seeds",
            _pick(_by_mean, lambda v, t, i: t[i]),
            "You report the test scores of all seeds. One number is asked for, their mean.",
        ),
        Slip(
            "lowest",
            _pick(lambda v, t: v.nan_to_num(nan=torch.inf).mean(dim=1).argmin()),
            "You take the lowest mean. Here more is better, for both tables.",
        ),
        Slip(
            "lowest, divergence included",
            _pick(lambda v, t: _worst(v).mean(dim=1).argmin()),
            "You take the lowest mean, which is that of a setting with a diverged run where there "
            "is one. Here more is better.",
        ),
        Slip(
            "NaN poisons",
            _pick(lambda v, t: v.mean(dim=1).argmax()),
            "A row with NaN has NaN for its mean, and `argmax` takes NaN for the largest of all: a "
            "setting that diverged wins. Give such runs a score before you average.",
        ),
        Slip(
            "NaN left out",
            _pick(lambda v, t: v.nanmean(dim=1).argmax(), lambda v, t, i: t[i].nanmean()),
            "Diverged runs are left out of the mean, so that a setting is judged by the runs that "
            "it did not spoil. A run that diverged has to count against its setting.",
        ),
        Slip(
            "NaN left out of the choice",
            _pick(lambda v, t: v.nanmean(dim=1).nan_to_num(nan=-torch.inf).argmax()),
            "For the choice diverged runs are left out of the mean. A run that diverged has to "
            "count against its setting.",
        ),
        Slip(
            "NaN for zero",
            _pick(lambda v, t: v.nan_to_num(nan=0.0).mean(dim=1).argmax()),
            "A diverged run counts as 0. That is no penalty where scores are losses with a minus, "
            "and not enough where they are accuracies: which score is worse than any other?",
        ),
        Slip(
            "NaN never beaten",
            _pick(lambda v, t: _climb(v.mean(dim=1).tolist())),
            "A comparison with NaN is always false. So a setting that diverged is never beaten if "
            "it comes first: give such runs a score before you compare.",
        ),
        Slip(
            "median",
            _pick(lambda v, t: _worst(v).median(dim=1).values.argmax()),
            "You compare medians over the seeds, which do not see a run that went wrong. Asked is "
            "the mean.",
        ),
        Slip(
            "most seeds won",
            _pick(_wins),
            "You take the setting that is first on most seeds. By how much it wins or loses plays "
            "no part then: compare means.",
        ),
        Slip(
            "worst run",
            _pick(lambda v, t: _worst(v).min(dim=1).values.argmax()),
            "You compare settings by their worst runs. That is careful; asked is the mean over the "
            "seeds.",
        ),
        Slip(
            "means over settings",
            _pick(lambda v, t: min(int(_worst(v).mean(dim=0).argmax()), len(v) - 1)),
            "You average over the settings, which compares seeds. A row is a setting: along which "
            "axis are its seeds?",
        ),
        Slip(
            "a column for a row",
            _pick(
                lambda v, t: min(int(_worst(v).mean(dim=0).argmax()), v.shape[1] - 1),
                lambda v, t, i: t[:, i].mean(),
            ),
            "You choose a column and report it. A row is a setting and a column a seed: along "
            "which axis do you average?",
        ),
        Slip(
            "first seed only",
            _pick(lambda v, t: _worst(v[:, 0]).argmax()),
            "You compare settings on the first seed only. All seeds have a say: average each row.",
        ),
        Slip(
            "the score instead of the place",
            lambda v, t: (_worst(v).mean(dim=1).max(), t[int(_by_mean(v, t))].mean()),
            "The first result is a score. Asked is which setting it belongs to, a whole number.",
        ),
        Slip(
            "results swapped",
            lambda v, t: (t[int(_by_mean(v, t))].mean(), int(_by_mean(v, t))),
            "The two results stand in the wrong order: first the setting, then its test score.",
        ),
        Slip(
            "the setting alone",
            lambda v, t: int(_by_mean(v, t)),
            "Only the setting comes back. The test score to report for it is missing.",
        ),
        Slip(
            "counted from 1",
            lambda v, t: (1 + int(_by_mean(v, t)), t[int(_by_mean(v, t))].mean()),
            "The settings are counted from 1. Python counts rows from 0.",
        ),
    ),
    also_right=(
        _by_loop,
        _diverged_out,
        lambda v, t: (_by_mean(v, t), t[_by_mean(v, t)].mean()),
    ),
)
