"""Exercise 20.ablate: what a part of a design is worth, with an interval."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim.tuning import ablate
from ..drawing import drawing

Worth = tuple[Tensor, Tensor]


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def losses(parts: int, settings: int, seeds: int, dtype=torch.float64) -> tuple[Tensor, Tensor]:
        """Losses over some decades, with much that runs of one seed share."""

        def of(*shape: int) -> Tensor:
            return draw(*shape, dtype=dtype)

        shared = of(seeds)
        whole = 0.3 * of(settings, seeds) + 0.6 * of(settings, 1) + shared - 1
        without = 0.4 * of(parts, settings, seeds) + of(parts, settings, 1) + shared
        return 10**whole, 10**without

    def case(words, parts, settings, seeds, quantile, **more) -> Case:
        return Case(words, (*losses(parts, settings, seeds), quantile), **more)

    whole, without = losses(2, 3, 6)
    single = losses(3, 4, 8, torch.float32)
    return [
        case("3 parts, 5 base rates, 8 seeds", 3, 5, 8, 2.9),
        case("2 parts, 4 base rates, 12 seeds", 2, 4, 12, 2.6),
        case("4 parts, 3 base rates, 5 seeds", 4, 3, 5, 3.5),
        case("4 parts, 5 base rates, 3 seeds", 4, 5, 3, 7.6, special=True),
        case("1 part", 1, 5, 8, 2.4, special=True),
        case("1 base rate", 3, 1, 8, 2.9, special=True),
        case("2 seeds", 2, 4, 2, 12.7, special=True),
        Case("a part that changes nothing", (whole, whole[None].clone(), 2.6), special=True),
        Case("losses around a billionth", (1e-9 * whole, 1e-9 * without, 2.6), special=True),
        Case("an interval of no width", (whole, without, 0.0), special=True),
        Case("float32", (*single, 2.8), special=True),
    ]  # fmt: skip


def _by_loop(whole: Tensor, without: Tensor, quantile: float) -> Worth:
    means, reaches = [], []
    for part in without:
        d = (whole.log() - part.log()).mean(dim=0) / torch.log(torch.tensor(10.0).to(whole))
        means.append(d.mean())
        reaches.append(quantile * d.std() / len(d) ** 0.5)
    return torch.stack(means), torch.stack(reaches)


def _as_quotients(whole: Tensor, without: Tensor, quantile: float) -> Worth:
    d = (whole / without).log10().mean(1)
    return d.mean(1), quantile * d.std(1) * d.shape[1] ** -0.5


SLIPS = """
the other way round: whole.log10().mean(dim=0) ↔ without.log10().mean(dim=1)
    Your differences have the wrong sign: the whole's loss comes first, so that below 0 the part
    helps.
no logs: .log10() →
    Your losses go in without a log. A base rate with a huge loss would then decide alone: which
    scale counts decades alike?
natural logs: log10 → log
    You take the natural log. Decades are counted by log10.
base two: log10 → log2
    You take the log to base 2. Decades are counted by log10.
log of the mean:
    | .log10().mean(dim=0) → .mean(dim=0).log10()
    | .log10().mean(dim=1) → .mean(dim=1).log10()
    You average losses and take the log then, so that the largest loss decides. First the log of
    each, then the mean over base rates.
all runs alike:
    | apart = (whole.log10() - without.log10()).flatten(1)
    | return apart.mean(dim=1), quantile * apart.std(dim=1) / apart.shape[1]**0.5
    Every run counts as a draw of its own. But runs of one seed share data and start: a seed gives
    one number. What must be averaged first?
spread of all runs, root of seeds:
    | apart = (whole.log10() - without.log10()).flatten(1)
    | return apart.mean(dim=1), quantile * apart.std(dim=1) / whole.shape[1]**0.5
    Your spread is that of all runs, over base rates too. Average a seed's runs first: it gives one
    number.
over settings:
    | apart = whole.log10().mean(dim=1) - without.log10().mean(dim=2)
    | seeds = apart.shape[1]
    | return apart.mean(dim=1), quantile * apart.std(dim=1) / seeds**0.5
    You average over seeds first, and take the spread over base rates. Base rates were chosen, seeds
    were drawn: over which of them is one unsure?
not paired:
    | a, b = whole.log10().mean(dim=0), without.log10().mean(dim=1)
    | reach = quantile * ((a.var() + b.var(dim=1)) / len(a)) ** 0.5
    | return a.mean() - b.mean(dim=1), reach
    Your spread is that of two groups that have nothing in common. A seed is the same in both: take
    the difference seed by seed, then its spread.
intervals that overlap:
    | a, b = whole.log10().mean(dim=0), without.log10().mean(dim=1)
    | reach = quantile * (a.std() + b.std(dim=1)) / len(a) ** 0.5
    | return a.mean() - b.mean(dim=1), reach
    You add the reaches of two intervals. Take the difference seed by seed, and one interval of
    that.
spread of the variant alone:
    | a, b = whole.log10().mean(dim=0), without.log10().mean(dim=1)
    | return a.mean() - b.mean(dim=1), quantile * b.std(dim=1) / len(a) ** 0.5
    Your spread is that of the runs without the part. It should be that of the differences, seed by
    seed.
spread of the whole alone:
    | a, b = whole.log10().mean(dim=0), without.log10().mean(dim=1)
    | return a.mean() - b.mean(dim=1), quantile * a.std() / len(a) ** 0.5 + 0 * b.mean(dim=1)
    Your spread is that of the whole design. It should be that of the differences, seed by seed.
not divided by the root: / seeds**0.5 →
    The reach is that of single seeds. A mean over many is surer: by how much?
divided by the number: seeds**0.5 → seeds
    You divide by the number of seeds. The error of a mean falls more slowly than that.
variance: std → var
    You use the variance where the standard deviation belongs.
by n: apart.std(dim=1) → apart.std(dim=1, correction=0)
    Your standard deviation divides by the number of seeds. The mean is taken from the same seeds:
    by what is divided?
root of seeds less 1: seeds**0.5 → (seeds - 1) ** 0.5
    You divide by the root of one seed less than there are. The n − 1 is in the standard deviation
    already.
quantile forgotten: quantile * →
    quantile has no part in your reach.
quantile of 2: quantile → 2
    Your quantile is always 2. Take the one that is handed in: it is wider where several parts are
    compared.
quantile of 1.96: quantile → 1.96
    Your quantile is always 1.96. Take the one that is handed in: it is wider where several parts
    are compared.
whole width: quantile * → 2 * quantile *
    Your reach is the whole width of the interval. Asked for is how far it goes to one side.
ends for mean and reach:
    | apart = whole.log10().mean(dim=0) - without.log10().mean(dim=1)
    | mean, reach = apart.mean(dim=1), quantile * apart.std(dim=1) / apart.shape[1]**0.5
    | return mean - reach, mean + reach
    You return the two ends of the interval. Asked for are its middle and its reach.
results exchanged: apart.mean(dim=1) ↔ quantile * apart.std(dim=1) / seeds**0.5
    Reach and mean come back in the wrong order.
median: apart.mean(dim=1) → apart.median(dim=1).values
    You return the median of the differences. The interval is that of a mean.
sum over settings:
    | log10().mean(dim=0) → log10().sum(dim=0)
    | log10().mean(dim=1) → log10().sum(dim=1)
    You add up over base rates. With more of them the result would grow.
best rate of each:
    | log10().mean(dim=0) → log10().amin(dim=0)
    | log10().mean(dim=1) → log10().amin(dim=1)
    You take each seed's best base rate. Nobody knows it beforehand: all of them should count.
one for all parts: apart.std(dim=1) → (apart.std() + 0 * apart.std(dim=1))
    All parts share one spread. Each has its own differences.
"""

ABLATE = Exercise(
    id="20.ablate",
    points=2,
    asks="the mean difference that each part makes, and the reach of its interval",
    reference=ablate,
    cases=_cases,
    hints=(
        "How many numbers does one seed give for one part? It is the seeds that were drawn.",
        "First the log10 of each loss, then the mean over base rates, then the difference, seed by "
        "seed. Which axes are those, in each of the two tensors?",
        "From `(parts, seeds)` differences: their mean, and quantile times their standard "
        "deviation over the root of the number of seeds.",
    ),
    slips=slips(SLIPS, ablate),
    also_right=(_by_loop, _as_quotients),
)
