"""Exercise 08.gradient_noise: how far a mini-batch gradient lies from the full one."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import batches
from ..drawing import drawing


def _noise_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single, alike = torch.float32, torch.tensor([[3.0, -1.0]] * 5, dtype=torch.float64)

    def case(words: str, g: Tensor, size: int, replacement: bool, **more: bool) -> Case:
        how = "with" if replacement else "without"
        words = f"{words}, batches of {size} out of {len(g)}, {how} replacement"
        return Case(words, (g, size), {"replacement": replacement}, **more)

    return [
        case("4 weights", 3 + draw(9, 4), 3, replacement=True),
        case("4 weights", 3 + draw(9, 4), 3, replacement=False),
        case("a 2 by 3 weight matrix", draw(12, 2, 3) - 1, 5, replacement=True),
        case("a 2 by 3 weight matrix", draw(12, 2, 3) - 1, 5, replacement=False),
        case("3 weights", 5 * draw(20, 3) + 1, 8, replacement=False),
        case("batches of one", draw(6, 3) + 1, 1, replacement=True, special=True),
        case("batches of one", draw(6, 3) + 1, 1, replacement=False, special=True),
        case("all examples", draw(5, 3) + 1, 5, replacement=True, special=True),
        case("all examples", draw(5, 3) + 1, 5, replacement=False, special=True),
        case("more than there are", draw(4, 2), 10, replacement=True, special=True),
        case("gradients that are all alike", alike, 2, replacement=False, special=True),
        case("float32", draw(8, 3, dtype=single), 4, replacement=False, special=True),
        case("one weight", draw(7), 2, replacement=False, special=True),
    ]


def _variance(g: Tensor) -> Tensor:
    return (g - g.mean(dim=0)).square().mean(dim=0)


def _shrink(g: Tensor, size: int) -> float:
    """What drawing without replacement does to the variance."""
    return (len(g) - size) / max(len(g) - 1, 1)


def _noise(*, spread=None, size=None, shrink=None, whole=None):
    """Return an answer with one part of it replaced.

    spread: of the gradients, from g. size: what they are divided by, from the size and g. shrink:
    without replacement, from g and size. whole: of spread, divisor, shrink and whether replaced.
    """
    spread = spread or (lambda g: _variance(g).sqrt())
    divisor = size or (lambda size, g: size**0.5)
    shrink = shrink or (lambda g, size: _shrink(g, size) ** 0.5)
    whole = whole or (lambda s, root, factor, replaced: s / root * (1 if replaced else factor))

    def answer(g: Tensor, size: int, *, replacement: bool) -> Tensor:
        return whole(spread(g), divisor(size, g), shrink(g, size), replacement)

    return answer


def _by_sums(g: Tensor, size: int, *, replacement: bool) -> Tensor:
    mean = g.sum(dim=0) / len(g)
    total = torch.zeros_like(mean)
    for one in g:
        total = total + (one - mean) ** 2
    error = torch.sqrt(total / len(g) / size)
    if replacement or len(g) == 1:
        return error
    return error * ((len(g) - size) / (len(g) - 1)) ** 0.5


def _by_s(g: Tensor, size: int, *, replacement: bool) -> Tensor:
    """With s, which divides by n - 1, the factor without replacement has n for n - 1."""
    n = len(g)
    if n == 1:
        return torch.zeros_like(g[0])
    s = g.std(dim=0)
    factor = (n - 1) / n if replacement else (n - size) / n
    return s * (factor / size) ** 0.5


def _by_covariance(g: Tensor, size: int, *, replacement: bool) -> Tensor:
    """As the text derives it; with all of 5 examples rounding leaves exactly 0 (4 is 2 * 2)."""
    variance = g.var(dim=0, correction=0)
    c = 0 * variance if replacement else -variance / max(len(g) - 1, 1)
    return (size * variance + size * (size - 1) * c).sqrt() / size


def _std_of(g: Tensor) -> Tensor:
    """`g.std(dim=0)`, which torch warns about and gives as NaN for one example."""
    return g.std(dim=0) if len(g) > 1 else torch.full_like(g[0], torch.nan)


GRADIENT_NOISE = Exercise(
    id="08.gradient_noise",
    points=3,
    asks="the standard error of a mini-batch gradient, with replacement and without",
    reference=batches.gradient_noise,
    cases=_noise_cases,
    hints=(
        "Take one weight. Its n gradients scatter around their mean: by how much? That is sigma, "
        "the root of the mean squared distance. One result for each weight: over which axis?",
        "The mean of B gradients drawn with replacement scatters by √B less. Drawn without, it "
        "scatters less still, and not at all when B is n.",
        "Below sigma's line stands n, not n - 1: all n gradients are known, nothing is estimated. "
        "In torch that is `correction=0`. The factor for drawing without replacement stands under "
        "a root.",
    ),
    slips=(
        Slip(
            "divided by the size",
            _noise(size=lambda size, g: size),
            "The scatter is divided by the size of the batch. Its variance falls so; the standard "
            "error falls with the root.",
        ),
        Slip(
            "not divided",
            _noise(size=lambda size, g: 1),
            "This is the scatter of single gradients: the size of the batch does not divide it. A "
            "mean of several scatters less.",
        ),
        Slip(
            "sigma",
            lambda g, size, *, replacement: _variance(g).sqrt(),
            "This is the scatter of single gradients, whatever the size of the batch is and "
            "however it is drawn.",
        ),
        Slip(
            "not divided without replacement",
            lambda g, size, *, replacement: (
                _variance(g).sqrt() * (size**-0.5 if replacement else _shrink(g, size) ** 0.5)
            ),
            "With replacement it is right. Without, the size of the batch divides nothing: the "
            "factor comes on top of the other formula.",
        ),
        Slip(
            "root of n",
            _noise(size=lambda size, g: len(g) ** 0.5),
            "The scatter is divided by the root of the number of all examples. What is averaged is "
            "a batch.",
        ),
        Slip(
            "times the root",
            _noise(size=lambda size, g: size**-0.5),
            "The noise grows with the batch here: the root of its size multiplies. That is the "
            "noise of a sum; the batch takes a mean.",
        ),
        Slip(
            "n - 1 for sigma",
            _noise(spread=_std_of),
            "There is n - 1 below the line of sigma, torch's default. That estimates the scatter "
            "of a larger whole from a sample; these n are the whole. Look at `correction`.",
        ),
        Slip(
            "n - 1 for sigma, n in the factor, both ways",
            lambda g, size, *, replacement: (
                _std_of(g) / size**0.5 * (1 if replacement else ((len(g) - size) / len(g)) ** 0.5)
            ),
            "Without replacement your two deviations cancel. With replacement one is left: there "
            "is n - 1 below the line of sigma. Look at `correction`.",
        ),
        Slip(
            "factor forgotten",
            _noise(shrink=lambda g, size: 1),
            "Without replacement the noise is as large as with it. A batch of all n examples has "
            "no noise: look at the factor.",
        ),
        Slip(
            "factor without its root",
            _noise(shrink=_shrink),
            "With replacement it is right. Without, the factor lacks its root: (n - B)/(n - 1) "
            "belongs to the variance.",
        ),
        Slip(
            "factor both ways",
            lambda g, size, *, replacement: (
                _variance(g).sqrt() / size**0.5 * (max(_shrink(g, size), 0) ** 0.5)
            ),
            "The factor is there with replacement too. Then each draw is as free as the first, and "
            "even n draws leave some noise.",
        ),
        Slip(
            "the two the other way round",
            lambda g, size, *, replacement: (
                _variance(g).sqrt()
                / size**0.5
                * (max(_shrink(g, size), 0) ** 0.5 if replacement else 1)
            ),
            "With and without replacement have changed places. Which of them shrinks to 0 when the "
            "batch is everything?",
        ),
        Slip(
            "n in the factor",
            _noise(shrink=lambda g, size: ((len(g) - size) / len(g)) ** 0.5),
            "The factor has n below its line. A batch of one must be as noisy either way: which "
            "number makes the factor 1 there?",
        ),
        Slip(
            "factor upside down",
            _noise(shrink=lambda g, size: (max(len(g) - 1, 1) / max(len(g) - size, 1)) ** 0.5),
            "The factor is upside down: the noise grows where examples cannot come twice.",
        ),
        Slip(
            "root above the line only",
            _noise(shrink=lambda g, size: max(len(g) - size, 0) ** 0.5 / max(len(g) - 1, 1)),
            "In the factor the root is taken of n - B only. It goes over the whole fraction.",
        ),
        Slip(
            "size - 1 in the factor",
            _noise(shrink=lambda g, size: ((len(g) - size) / max(size - 1, 1)) ** 0.5),
            "Below the line of the factor stands the size of the batch minus 1. It is the number "
            "of all examples minus 1.",
        ),
        Slip(
            "share that is left",
            _noise(shrink=lambda g, size: 1 - size / len(g)),
            "The factor is the share of examples outside the batch. It has n - 1 below its line, "
            "and stands under a root.",
        ),
        Slip(
            "variance",
            _noise(
                whole=lambda s, root, factor, replaced: (
                    (s / root * (1 if replaced else factor)) ** 2
                )
            ),
            "This is the variance of the batch's gradient. The standard error is its root.",
        ),
        Slip(
            "variance over the root",
            _noise(spread=_variance),
            "The variance is divided by the root of the size. Divide the standard deviation by it, "
            "or take the root of everything.",
        ),
        Slip(
            "around zero",
            _noise(spread=lambda g: g.square().mean(dim=0).sqrt()),
            "The gradients are squared as they are. What scatters is their distance from their "
            "mean.",
        ),
        Slip(
            "mean distance",
            _noise(spread=lambda g: (g - g.mean(dim=0)).abs().mean(dim=0)),
            "You take the mean distance for sigma. Distances are squared, averaged, and then the "
            "root is taken.",
        ),
        Slip(
            "summed squares",
            _noise(spread=lambda g: (g - g.mean(dim=0)).square().sum(dim=0).sqrt()),
            "The squared distances are added up and not divided by how many there are.",
        ),
        Slip(
            "over the weights",
            lambda g, size, *, replacement: _noise(spread=lambda g: g.std(dim=-1, correction=0))(
                g, size, replacement=replacement
            ),
            "You took the scatter along the weights: one result for each example. Asked is one for "
            "each weight: look at the axis.",
        ),
        Slip(
            "over everything",
            _noise(spread=lambda g: g.std(correction=0)),
            "This is one number, the scatter of all gradients of all weights. Each weight has its "
            "own: average over the examples only.",
        ),
        Slip(
            "over everything, around each weight's mean",
            _noise(spread=lambda g: _variance(g).mean().sqrt()),
            "This is one number, an average over the weights. Asked is the noise of each weight.",
        ),
        Slip(
            "one number for all weights",
            _noise(
                whole=lambda s, root, factor, replaced: (
                    (s / root * (1 if replaced else factor)).square().sum().sqrt()
                )
            ),
            "This is one number, the length of the noise over all weights. Asked is the noise of "
            "each weight.",
        ),
        Slip(
            "the first examples",
            lambda g, size, *, replacement: (
                _variance(g[:size]).sqrt()
                / size**0.5
                * (1 if replacement else _shrink(g, size) ** 0.5)
            ),
            "The scatter is that of the first examples only, as many as a batch holds. It is that "
            "of all of them.",
        ),
        Slip(
            "mean instead of scatter",
            lambda g, size, *, replacement: (
                g.mean(dim=0) / size**0.5 * (1 if replacement else _shrink(g, size) ** 0.5)
            ),
            "You divide the mean gradient. The noise comes from how the gradients scatter around "
            "it.",
        ),
        Slip(
            "full gradient",
            lambda g, size, *, replacement: g.mean(dim=0),
            "This is the full gradient, the mean over the examples. Asked is how far a batch lies "
            "from it.",
        ),
        Slip(
            "factor forgotten, n - 1 for sigma",
            _noise(spread=_std_of, shrink=lambda g, size: 1),
            "Without replacement the noise is as large as with it: the factor is missing. And "
            "sigma has n - 1 below its line, torch's default: look at `correction`.",
        ),
        Slip(
            "brackets in the factor",
            lambda g, size, *, replacement: (
                _variance(g).sqrt()
                / size**0.5
                * (1 if replacement else ((len(g) - size) / len(g) - 1) ** 0.5)
            ),
            "A bracket is missing in the factor: n - 1 as a whole stands below the line. As it is "
            "written, a root of a negative number is taken.",
        ),
        Slip(
            "brackets above the line",
            _noise(shrink=lambda g, size: (len(g) - size / max(len(g) - 1, 1)) ** 0.5),
            "A bracket is missing in the factor: n - B as a whole stands above the line.",
        ),
        Slip(
            "difference the other way round",
            lambda g, size, *, replacement: (
                _variance(g).sqrt()
                / size**0.5
                * (1 if replacement else ((size - len(g)) / max(len(g) - 1, 1)) ** 0.5)
            ),
            "The difference in the factor is the wrong way round, so a root of a negative number "
            "is taken. How many examples are left outside the batch?",
        ),
        Slip(
            "around the mean of everything",
            _noise(spread=lambda g: (g - g.mean()).square().mean(dim=0).sqrt()),
            "The distances are measured from one mean, over all weights. Each weight scatters "
            "around a mean of its own.",
        ),
        Slip(
            "mean over the weights",
            _noise(
                whole=lambda s, root, factor, replaced: (
                    s / root * (1 if replaced else factor)
                ).mean()
            ),
            "In the end you average over the weights, which leaves one number. Asked is the noise "
            "of each weight.",
        ),
        Slip(
            "over the second axis",
            _noise(spread=lambda g: g.std(dim=min(1, g.ndim - 1), correction=0)),
            "You took the scatter over the second axis. The examples stand along the first.",
        ),
    ),
    also_right=(
        lambda g, size, *, replacement: (
            g.std(dim=0, correction=0) * ((1 if replacement else _shrink(g, size)) / size) ** 0.5
        ),
        _by_sums,
        _by_s,
        _by_covariance,
    ),
)
