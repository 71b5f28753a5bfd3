"""Exercise 12.sensitivity: over how many powers of ten the learning rate may vary."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...optim import tuning
from ..drawing import drawing


def _sensitivity_cases(seed: int) -> list[Case]:
    draw, source = drawing(seed), generator(seed + 1)

    def rates(k: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Rates that rise by factors which are not all alike."""
        gaps = 0.2 + torch.rand(k, generator=source, dtype=torch.float64)
        return (10 ** (gaps.cumsum(0) - 4)).to(dtype)

    def hill(k: int, best: int, width: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Scores near 0.9 around place `best`, low elsewhere, with one near 0.9 far off."""
        scores = 0.3 + 0.1 * draw(k, dtype=dtype).abs().clamp(max=2)
        for place in range(max(best - width, 0), min(best + width + 1, k)):
            scores[place] = 0.86 + 0.035 * torch.rand((), generator=source, dtype=torch.float64)
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
    stairs = torch.tensor([0.2, 0.77, 0.8, 0.83, 0.86, 0.9, 0.87, 0.84, 0.81, 0.3])
    hills = torch.tensor([0.2, 0.86, 0.87, 0.88, 0.86, 0.3, 0.87, 0.9, 0.2, 0.1])
    few, rise = rates(5), torch.linspace(0.2, 1, 5, dtype=torch.float64)
    twice = torch.tensor([0.1, 0.9, 0.9, 0.2, 0.9], dtype=torch.float64)
    flat = torch.full((5,), 0.7, dtype=torch.float64)
    one = torch.tensor([torch.nan, 0.2, torch.nan, torch.nan, torch.nan], dtype=torch.float64)
    return [
        case("12 rates, a wide hill", 12, 6, 2),
        Case("12 rates, a hill with two sides", (rates(12), uneven, 0.05)),
        case("9 rates, a narrow hill", 9, 5, 1),
        Case("10 rates and scores like stairs", (rates(10), stairs.double(), 0.05)),
        Case("11 rates and scores below 0", (rates(11), low, 1.9)),
        case("14 rates, a very wide hill", 14, 7, 3),
        case("10 rates, a hill with its top near the end", 10, 7, 1),
        Case("10 rates, a lower hill that is wider", (rates(10), hills.double(), 0.05)),
        Case("a top at the highest rate", (few, rise, 0.3), special=True),
        Case("a top at the lowest rate", (few, rise.flip(0), 0.3), special=True),
        Case("scores that are all equal", (few, flat, 0.1), special=True),
        Case("all rates but one diverged", (few, one, 0.1), special=True),
        Case("1 rate", (few[:1], flat[:1], 0.1), special=True),
        Case("a tolerance of 0 and three best rates", (few, twice, 0.0), special=True),
        Case(
            "9 rates in float32",
            (rates(9, torch.float32), hill(9, 4, 2, torch.float32), 0.05),
            special=True,
        ),
    ]


def _known(scores: Tensor) -> Tensor:
    return scores.nan_to_num(nan=-torch.inf)


def _stretch(
    near: Callable[[Tensor, float], Tensor] = lambda s, tol: s >= s.max() - tol,
    known: Callable[[Tensor], Tensor] = _known,
    low_by: int = 0,
    high_by: int = 0,
) -> Callable[[Tensor, Tensor, float], tuple[int, int]]:
    """Return what finds both ends of the unbroken stretch around the best place."""

    def ends(rates: Tensor, scores: Tensor, tolerance: float) -> tuple[int, int]:
        s = known(scores)
        inside, best = near(s, tolerance).tolist(), int(s.argmax())
        low = high = best
        while low > 0 and inside[low - 1]:
            low -= 1
        while high + 1 < len(inside) and inside[high + 1]:
            high += 1
        return max(low - low_by, 0), min(high + high_by, len(inside) - 1)

    return ends


def _downhill(rates: Tensor, scores: Tensor, tolerance: float) -> tuple[int, int]:
    s = _known(scores)
    low = high = int(s.argmax())
    while low > 0 and s[low - 1] >= s[low] - tolerance:
        low -= 1
    while high + 1 < len(s) and s[high + 1] >= s[high] - tolerance:
        high += 1
    return low, high


def _width(
    ends: Callable = _stretch(),  # noqa: B008
    size: Callable[[Tensor, Tensor], Tensor] = lambda low, high: torch.log10(high / low),
) -> Callable[[Tensor, Tensor, float], Tensor]:
    def answer(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
        low, high = ends(rates, scores, tolerance)
        return size(rates[low], rates[high])

    return answer


def _all_near(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s = _known(scores)
    near = rates[s >= s.max() - tolerance]
    return torch.log10(near.max() / near.min())


def _count(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    low, high = _stretch()(rates, scores, tolerance)
    return torch.tensor(float(high - low), dtype=rates.dtype)


def _with_best(size: Callable) -> Callable:
    """Return the answer made of low, best and high rate."""

    def answer(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
        low, high = _stretch()(rates, scores, tolerance)
        return size(rates[low], rates[int(_known(scores).argmax())], rates[high])

    return answer


def _longest(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s, widest, begin = _known(scores), rates.new_zeros(()), None
    for rate, good in zip(rates, s >= s.max() - tolerance, strict=True):
        begin = (rate if begin is None else begin) if good else None
        if good:
            widest = torch.maximum(widest, torch.log10(rate / begin))
    return widest


def _by_mask(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s = _known(scores)
    best = int(s.argmax())
    away = (s < s[best] - tolerance).nonzero().flatten()
    low = int(away[away < best].max()) + 1 if (away < best).any() else 0
    high = int(away[away > best].min()) - 1 if (away > best).any() else len(rates) - 1
    return rates[high].log10() - rates[low].log10()


def _by_loop(rates: Tensor, scores: Tensor, tolerance: float) -> Tensor:
    s = _known(scores)
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
    slips=(
        Slip(
            "gaps jumped",
            _all_near,
            "You take the lowest and the highest of all rates within the tolerance. Between them "
            "are rates that fail; the stretch around the best one has to be unbroken.",
        ),
        Slip(
            "difference of rates",
            _width(size=lambda low, high: high - low),
            "This is the difference of the two rates. Powers of ten are asked for, and they come "
            "from a ratio.",
        ),
        Slip(
            "ratio",
            _width(size=lambda low, high: high / low),
            "This is the ratio of the two rates. How many powers of ten is it?",
        ),
        Slip(
            "logarithm of the difference",
            _width(size=lambda low, high: torch.log10(high - low)),
            "You take the logarithm of the difference of the two rates. Powers of ten between two "
            "rates come from their ratio.",
        ),
        Slip(
            "natural logarithm",
            _width(size=lambda low, high: torch.log(high / low)),
            "This is the natural logarithm of the ratio. Powers of ten take the one to base 10.",
        ),
        Slip(
            "powers of two",
            _width(size=lambda low, high: torch.log2(high / low)),
            "This counts doublings. Powers of ten are asked for.",
        ),
        Slip(
            "ratio upside down",
            _width(size=lambda low, high: torch.log10(low / high)),
            "The result is below 0: the ratio is upside down.",
        ),
        Slip(
            "half the width",
            _width(size=lambda low, high: torch.log10(high / low) / 2),
            "This is half the width. The whole stretch is asked for, from its lowest rate to its "
            "highest.",
        ),
        Slip(
            "upward only",
            _with_best(lambda low, best, high: torch.log10(high / best)),
            "You go upward from the best rate only. A rate can be too small as well.",
        ),
        Slip(
            "downward only",
            _with_best(lambda low, best, high: torch.log10(best / low)),
            "You go downward from the best rate only. A rate can be too large as well.",
        ),
        Slip(
            "one place too far",
            _width(_stretch(low_by=1, high_by=1)),
            "Both ends are one rate too far: they are the first rates that fail, not the last that "
            "are good.",
        ),
        Slip(
            "one place too far up",
            _width(_stretch(high_by=1)),
            "The upper end is one rate too far: it is the first that fails, not the last that is "
            "good.",
        ),
        Slip(
            "one place too far down",
            _width(_stretch(low_by=1)),
            "The lower end is one rate too far: it is the first that fails, not the last that is "
            "good.",
        ),
        Slip(
            "share of the best",
            _width(_stretch(near=lambda s, tol: s >= s.max() * (1 - tol))),
            "The tolerance is taken as a share of the best score. It is a difference of scores, "
            "in their own units; with scores below 0 a share makes no sense.",
        ),
        Slip(
            "how many rates",
            _count,
            "You count rates. How far apart they are plays no part then: what is the ratio of the "
            "last to the first?",
        ),
        Slip(
            "NaN for the best",
            _width(_stretch(known=lambda s: s.nan_to_num(nan=torch.inf))),
            "A rate that diverged passes for the best one. NaN needs a score that is never within "
            "the tolerance.",
        ),
        Slip(
            "NaN not replaced",
            _width(_stretch(known=lambda s: s)),
            "`max` and `argmax` take NaN for the largest of all, and nothing is near enough to "
            "NaN. Give rates that diverged a score first.",
        ),
        Slip(
            "NaN within the tolerance",
            lambda rates, scores, tolerance: _width(
                _stretch(known=lambda s: s.nan_to_num(nan=float(s[~s.isnan()].max()) - tolerance))
            )(rates, scores, tolerance),
            "Rates that diverged count as good enough: a comparison with NaN is false, so asking "
            "whether a score is too low lets NaN pass. Ask whether it is good enough.",
        ),
        Slip(
            "lowest is best",
            _width(
                lambda rates, scores, tol: _stretch(near=lambda s, t: s >= s.max() - t)(
                    rates, -scores, tol
                )
            ),
            "You look around the lowest score. Here more is better.",
        ),
        Slip(
            "above the best",
            lambda rates, scores, tolerance: _width(
                _stretch(near=lambda s, tol: s >= s.max() + tol)
            )(rates, scores, tolerance),
            "No rate but the best one is near enough for you: is the tolerance added where it has "
            "to be taken away?",
        ),
        Slip(
            "tolerance of 0.01",
            _width(_stretch(near=lambda s, tol: s >= s.max() - 0.01)),
            "Your tolerance is a hundredth, whatever is handed in. Look for a number where the "
            "argument belongs.",
        ),
        Slip(
            "from step to step",
            _width(_downhill),
            "You compare each score with its neighbour's, so that many small losses add up unseen. "
            "Compare with the best score.",
        ),
        Slip(
            "tolerance as the least score",
            _width(_stretch(near=lambda s, tol: s >= tol)),
            "Scores are compared with the tolerance itself. It is how far below the best score "
            "they may be.",
        ),
        Slip(
            "half the tolerance",
            _width(_stretch(near=lambda s, tol: s >= s.max() - tol / 2)),
            "Your tolerance is half of what is handed in. It is how far below the best a score may "
            "be, not the width of a band around it.",
        ),
        Slip(
            "NaN for zero",
            _width(_stretch(known=lambda s: s.nan_to_num(nan=0.0))),
            "Rates that diverged have a score of 0 with you, which beats every score below 0. NaN "
            "needs a score that is never within the tolerance.",
        ),
        Slip(
            "longest stretch",
            _longest,
            "You take the widest stretch of good rates. Asked is the one in which the best rate "
            "lies.",
        ),
        Slip(
            "the whole range",
            lambda rates, scores, tolerance: torch.log10(rates[-1] / rates[0]),
            "This is the width of the whole list of rates. Where does the stretch of good ones "
            "end?",
        ),
        Slip(
            "all that did not diverge",
            lambda rates, scores, tolerance: torch.log10(
                rates[~scores.isnan()].max() / rates[~scores.isnan()].min()
            ),
            "Every rate counts that did not diverge. It also has to be good enough.",
        ),
        Slip(
            "ratio of logarithms",
            _width(size=lambda low, high: high.log10() / low.log10()),
            "You divide one logarithm by the other. The logarithm of a ratio is their difference.",
        ),
        Slip(
            "how many rates, ends included",
            lambda rates, scores, tolerance: _count(rates, scores, tolerance) + 1,
            "You count rates, both ends included. How far apart they are plays no part then: what "
            "is the ratio of the last to the first?",
        ),
        Slip(
            "the best rate",
            lambda rates, scores, tolerance: rates[int(_known(scores).argmax())],
            "This is the best rate itself. Asked is how far one may go from it.",
        ),
        Slip(
            "the ends",
            lambda rates, scores, tolerance: tuple(
                rates[place] for place in _stretch()(rates, scores, tolerance)
            ),
            "These are the two ends of the stretch. One number is asked for: how many powers of "
            "ten lie between them.",
        ),
    ),
    also_right=(_by_loop, _by_mask, _width()),
)
