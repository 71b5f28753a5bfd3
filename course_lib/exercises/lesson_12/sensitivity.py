"""Exercise 12.sensitivity: over how many powers of ten the learning rate may vary."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim import tuning
from ..drawing import drawing


def _sensitivity_cases(seed: int) -> list[Case]:
    draw, source, wide = drawing(seed), generator(seed + 1), torch.float64

    def rates(k: int, dtype: torch.dtype = wide) -> Tensor:
        """Rates that rise by factors which are not all alike."""
        gaps = 0.2 + torch.rand(k, generator=source, dtype=wide)
        return (10 ** (gaps.cumsum(0) - 4)).to(dtype)

    def hill(k: int, best: int, width: int, dtype: torch.dtype = wide) -> Tensor:
        """Scores near 0.9 around place `best`, low elsewhere, with one near 0.9 far off."""
        scores = 0.3 + 0.1 * draw(k, dtype=dtype).abs().clamp(max=2)
        for place in range(max(best - width, 0), min(best + width + 1, k)):
            scores[place] = 0.86 + 0.035 * torch.rand((), generator=source, dtype=wide)
        scores[best] = 0.9
        return scores

    def case(words: str, k: int, best: int, width: int, **more: bool) -> Case:
        scores = hill(k, best, width)
        scores[1] = 0.87  # near the best, but on the far side of a gap
        scores[best + width + 2 :] = torch.nan
        return Case(words, (rates(k), scores, 0.05), **more)

    uneven = hill(12, 6, 1)
    uneven[7], uneven[8], uneven[9], uneven[11] = 0.897, 0.87, 0.88, 0.862
    low = -2 - 40 * (1 - hill(11, 5, 2))
    low[9:] = torch.nan
    stairs = torch.tensor([0.2, 0.77, 0.8, 0.83, 0.86, 0.9, 0.87, 0.84, 0.81, 0.3], dtype=wide)
    hills = torch.tensor([0.2, 0.86, 0.87, 0.88, 0.86, 0.3, 0.87, 0.9, 0.2, 0.1], dtype=wide)
    few, rise = rates(5), torch.linspace(0.2, 1, 5, dtype=wide)
    twice = torch.tensor([0.1, 0.9, 0.9, 0.2, 0.9], dtype=wide)
    flat = torch.full((5,), 0.7, dtype=wide)
    within = torch.tensor([0.86, 0.88, 0.9, 0.87, 0.89], dtype=wide)
    island = torch.tensor([0.88, 0.87, 0.89, 0.9, 0.86, 0.3, 0.2, 0.87], dtype=wide)
    hole = torch.tensor(
        [0.3, 0.87, torch.nan, 0.88, 0.89, 0.9, 0.87, torch.nan, 0.2, 0.88], dtype=wide
    )
    edges = torch.tensor([0.25, 0.5, 0.75, 0.625, 0.5, 0.25, 0.75, 0.625], dtype=wide)
    steep = torch.tensor([torch.nan, -3e200, -1.2e200, -1e200, torch.nan, -1.1e200], dtype=wide)
    one = torch.tensor([torch.nan, 0.2, torch.nan, torch.nan, torch.nan], dtype=wide)
    return [
        case("12 rates, a wide hill", 12, 6, 2),
        Case("12 rates, a hill with two sides", (rates(12), uneven, 0.05)),
        case("9 rates, a narrow hill", 9, 5, 1),
        Case("10 rates and scores like stairs", (rates(10), stairs, 0.05)),
        Case("11 rates and scores below 0", (rates(11), low, 1.9)),
        case("14 rates, a very wide hill", 14, 7, 3),
        case("10 rates, a hill with its top near the end", 10, 7, 1),
        Case("10 rates, a lower hill that is wider", (rates(10), hills, 0.05)),
        Case("10 rates, a hill with two diverged rates in it", (rates(10), hole, 0.05)),
        Case("8 rates, the lowest and the highest good", (rates(8), island, 0.05)),
        Case("8 rates, two of them best, some just within", (rates(8), edges, 0.25)),
        Case("a top at the highest rate", (few, rise, 0.3), special=True),
        Case("a top at the lowest rate", (few, rise.flip(0), 0.3), special=True),
        Case("scores that are all equal", (few, flat, 0.1), special=True),
        Case("scores that are all within the tolerance", (few, within, 0.1), special=True),
        Case("losses around 1e200", (rates(6), steep, 5e199), special=True),
        Case("all rates but one diverged", (few, one, 0.1), special=True),
        Case("1 rate", (few[:1], flat[:1], 0.1), special=True),
        Case("a tolerance of 0 and three best rates", (few, twice, 0.0), special=True),
        Case(
            "9 rates in float32",
            (rates(9, torch.float32), hill(9, 4, 2, torch.float32), 0.05),
            special=True,
        ),
    ]


def _by_mask(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s = scores.nan_to_num(nan=-torch.inf)
    best = int(s.argmax())
    away = (s < s[best] - tolerance).nonzero().flatten()
    low = int(away[away < best].max()) + 1 if (away < best).any() else 0
    high = int(away[away > best].min()) - 1 if (away > best).any() else len(rates) - 1
    return rates[high].log10() - rates[low].log10()


def _by_loop(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s = scores.nan_to_num(nan=-torch.inf)
    best = int(s.argmax())
    low = high = best
    for place in range(best, -1, -1):
        if s[place] < s[best] - tolerance:
            break
        low = place
    for place in range(best, len(s)):
        if s[place] < s[best] - tolerance:
            break
        high = place
    return torch.log10(rates[high] / rates[low])


SLIPS = """
gaps jumped: rates[high] → rates[near].max() ; rates[low] → rates[near].min()
    You take the lowest and the highest of all rates within the tolerance. Between them are rates
    that fail; the stretch around the best one has to be unbroken.
difference of rates: torch.log10 → ; high] / → high] -
    This is the difference of the two rates. Powers of ten are asked for, and they come from a
    ratio.
ratio: torch.log10 →
    This is the ratio of the two rates. How many powers of ten is it?
logarithm of the difference: high] / → high] -
    You take the logarithm of the difference of the two rates. Powers of ten between two rates come
    from their ratio.
natural logarithm: log10 → log
    This is the natural logarithm of the ratio. Powers of ten take the one to base 10.
powers of two: log10 → log2
    This counts doublings. Powers of ten are asked for.
ratio upside down: rates[high] ↔ rates[low]
    The result is below 0: the ratio is upside down.
half the width: torch.log10 → 0.5 * torch.log10
    This is half the width. The whole stretch is asked for, from its lowest rate to its highest.
upward only: rates[low] → rates[best]
    You go upward from the best rate only. A rate can be too small as well.
downward only: rates[high] → rates[best]
    You go downward from the best rate only. A rate can be too large as well.
one place too far: near[low - 1] → near[low] ; near[high + 1] → near[high]
    Both ends are one rate too far: they are the first rates that fail, not the last that are good.
one place too far up: near[high + 1] → near[high]
    The upper end is one rate too far: it is the first that fails, not the last that is good.
one place too far down: near[low - 1] → near[low]
    The lower end is one rate too far: it is the first that fails, not the last that is good.
share of the best: - tolerance → * (1 - tolerance)
    The tolerance is taken as a share of the best score. It is a difference of scores, in their own
    units; with scores below 0 a share makes no sense.
how many rates: torch.log10(rates[high] / rates[low]) → high - low
    You count rates. How far apart they are plays no part then: what is the ratio of the last to the
    first?
NaN for the best: -torch.inf → torch.inf
    A rate that diverged passes for the best one. NaN needs a score that is never within the
    tolerance.
NaN not replaced: .nan_to_num(nan=-torch.inf) →
    `max` and `argmax` take NaN for the largest of all, and nothing is near enough to NaN. Give
    rates that diverged a score first.
NaN within the tolerance:
    | (known >= known[best] - tolerance) → (~(scores < known[best] - tolerance))
    Rates that diverged count as good enough: a comparison with NaN is false, so asking whether a
    score is too low lets NaN pass. Ask whether it is good enough.
lowest is best: scores.nan_to_num → (-scores).nan_to_num
    You look around the lowest score. Here more is better.
above the best: - tolerance → + tolerance
    No rate but the best one is near enough for you: is the tolerance added where it has to be taken
    away?
tolerance of 0.01: tolerance → 0.01
    Your tolerance is a hundredth, whatever is handed in. Look for a number where the argument
    belongs.
from step to step:
    | near[low - 1] → known[low - 1] >= known[low] - tolerance
    | near[high + 1] → known[high + 1] >= known[high] - tolerance
    You compare each score with its neighbour's, so that many small losses add up unseen. Compare
    with the best score.
tolerance as the least score: known[best] - tolerance → tolerance
    Scores are compared with the tolerance itself. It is how far below the best score they may be.
half the tolerance: tolerance → tolerance / 2
    Your tolerance is half of what is handed in. It is how far below the best a score may be, not
    the width of a band around it.
NaN for zero: -torch.inf → 0.0
    Rates that diverged have a score of 0 with you, which beats every score below 0. NaN needs a
    score that is never within the tolerance.
a finite penalty: -torch.inf → -1e9
    Rates that diverged get a large negative score. Scores can be lower still: which one is never
    within any tolerance?
dropped before the walk:
    | known = → keep = ~scores.isnan(); rates, scores = rates[keep], scores[keep]; known =
    Rates that diverged are taken out of the list before you walk, so that the stretch runs across
    them. A rate that diverged has to end it.
round the end: low > 0 and →
    Your way down does not stop at the lowest rate. Place -1 is the last one in Python, and you go
    on from there.
just within the tolerance left out: >= → >
    A score that is below the best one by the tolerance itself is left out. Read again what is good
    enough.
last of the best: int(known.argmax()) → int((known == known.max()).nonzero()[-1])
    Where several rates are best, you start from the last of them. The exercise asks for the first.
how many good rates: torch.log10(rates[high] / rates[low]) → sum(near)
    You count all good rates, wherever they lie. The exercise asks how far apart the ends of the
    unbroken stretch are, in powers of ten.
longest stretch:
    | known = scores.nan_to_num(nan=-torch.inf)
    | widest, begin = rates.new_zeros(()), None
    | for rate, good in zip(rates, known >= known.max() - tolerance):
    |     begin = (rate if begin is None else begin) if good else None
    |     if good:
    |         widest = torch.maximum(widest, torch.log10(rate / begin))
    | return widest
    You take the widest stretch of good rates. The exercise asks for the one in which the best rate
    lies.
the whole range: rates[high] → rates[-1] ; rates[low] → rates[0]
    This is the width of the whole list of rates. Where does the stretch of good ones end?
all that did not diverge:
    | rates[high] → rates[~scores.isnan()].max()
    | rates[low] → rates[~scores.isnan()].min()
    Every rate counts that did not diverge. It also has to be good enough.
ratio of logarithms:
    | torch.log10(rates[high] / rates[low]) → rates[high].log10() / rates[low].log10()
    You divide one logarithm by the other. The logarithm of a ratio is their difference.
how many rates, ends included: torch.log10(rates[high] / rates[low]) → high - low + 1
    You count rates, both ends included. How far apart they are plays no part then: what is the
    ratio of the last to the first?
the best rate: torch.log10(rates[high] / rates[low]) → rates[best]
    This is the best rate itself. The exercise asks how far one may go from it.
the ends: torch.log10(rates[high] / rates[low]) → rates[low], rates[high]
    These are the two ends of the stretch. One number is asked for: how many powers of ten lie
    between them.
"""

SENSITIVITY = Exercise(
    id="12.sensitivity",
    points=2,
    asks="over how many powers of ten the learning rate may vary",
    reference=tuning.decades_near_best,
    cases=_sensitivity_cases,
    hints=(
        "Draw scores over rates, and a line as far below the best score as the tolerance. Start at "
        "the best rate. How far can you walk to the left, and to the right, above the line?",
        "First give rates that diverged a score that is never above the line. Then go from the "
        "best place down while the next one is still good, and up in the same way.",
        "Two loops, `while low > 0 and …` and `while high + 1 < len(rates) and …`, find the ends. "
        "How many powers of ten lie between two rates? Ask their ratio.",
    ),
    slips=slips(SLIPS, tuning.decades_near_best),
    also_right=(_by_loop, _by_mask),
)
