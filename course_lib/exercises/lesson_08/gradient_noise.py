"""Exercise 08.gradient_noise: how far a mini-batch gradient lies from the full one."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim.batches import gradient_noise
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
        case("two examples", draw(2, 3), 1, replacement=False, special=True),
        case("float32", draw(8, 3, dtype=single), 4, replacement=False, special=True),
        case("one weight", draw(7), 2, replacement=False, special=True),
    ]


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


def _by_std(g: Tensor, size: int, *, replacement: bool) -> Tensor:
    sigma = g.std(dim=0, correction=0)
    if replacement:
        return sigma / size**0.5
    return sigma / size**0.5 * ((len(g) - size) / (len(g) - 1)) ** 0.5


def _by_covariance(g: Tensor, size: int, *, replacement: bool) -> Tensor:
    """As the text derives it; with all of 5 examples rounding leaves exactly 0 (4 is 2 * 2)."""
    variance = g.var(dim=0, correction=0)
    c = 0 * variance if replacement else -variance / max(len(g) - 1, 1)
    return (size * variance + size * (size - 1) * c).sqrt() / size


SLIPS = """
divided by the size: / size → / size**2
    The scatter is divided by the size of the batch. Its variance falls so; the standard error
    falls with the root.
not divided: / size →
    This is the scatter of single gradients: the size of the batch does not divide it. A mean of
    several scatters less.
sigma: / size → ; if not replacement → if False
    This is the scatter of single gradients, whatever the size of the batch is and however it is
    drawn.
not divided without replacement: variance * → size * variance *
    Without replacement the size of the batch divides nothing: the factor comes on top of the
    other formula.
root of n: / size → / n
    The scatter is divided by the root of the number of all examples. What is averaged is a
    batch.
times the root: / size → * size
    The noise grows with the batch here: the root of its size multiplies. That is the noise of a
    sum; the batch takes a mean.
n - 1 for sigma: .square().mean(dim=0) → .square().sum(dim=0) / (n - 1)
    There is n - 1 below the line of sigma, torch's default. That estimates the scatter of a
    larger whole from a sample; these n are the whole. Look at `correction`.
n - 1 for sigma, n in the factor, both ways:
    | .square().mean(dim=0) → .square().sum(dim=0) / (n - 1)
    | max(n - 1, 1) → n
    Without replacement your two deviations cancel. With replacement one is left: there is n - 1
    below the line of sigma. Look at `correction`.
factor forgotten: if not replacement → if False
    Without replacement the noise is as large as with it. A batch of all n examples has no
    noise: look at the factor.
factor without its root: (n - size) / max(n - 1, 1) → ((n - size) / (n - 1)) ** 2
    Without replacement the factor lacks its root: (n - B)/(n - 1) belongs to the variance.
factor both ways: if not replacement → if True
    The factor is there with replacement too. Then each draw is as free as the first, and even n
    draws leave some noise.
the two the other way round: if not replacement → if replacement
    With and without replacement have changed places. Which of them shrinks to 0 when the batch
    is everything?
n in the factor: max(n - 1, 1) → n
    The factor has n below its line. A batch of one must be as noisy either way: which number
    makes the factor 1 there?
factor upside down: (n - size) / max(n - 1, 1) → (n - 1) / max(n - size, 1)
    The factor is upside down: the noise grows where examples cannot come twice.
root above the line only: max(n - 1, 1) → (n - 1) ** 2
    In the factor the root is taken of n - B only. It goes over the whole fraction.
size - 1 in the factor: max(n - 1, 1) → max(size - 1, 1)
    Below the line of the factor stands the size of the batch minus 1. It is the number of all
    examples minus 1.
share that is left: (n - size) / max(n - 1, 1) → (1 - size / n) ** 2
    The factor is the share of examples outside the batch. It has n - 1 below its line, and
    stands under a root.
variance: .sqrt() →
    This is the variance of the batch's gradient. The standard error is its root.
variance over the root: .sqrt() → .sqrt() * per_example.std(dim=0, correction=0)
    The variance is divided by the root of the size. Divide the standard deviation by it, or
    take the root of everything.
around zero: (per_example - per_example.mean(dim=0)) → per_example
    The gradients are squared as they are. What scatters is their distance from their mean.
mean distance: .square().mean(dim=0) → .abs().mean(dim=0).square()
    You take the mean distance for sigma. Distances are squared, averaged, and then the root is
    taken.
summed squares: .square().mean( → .square().sum(
    The squared distances are added up and not divided by how many there are.
over the weights:
    | (per_example - per_example.mean(dim=0)) → per_example
    | .square().mean(dim=0) → .var(dim=-1, correction=0)
    You took the scatter along the weights: one result for each example. The exercise asks for one
    for each weight: look at the axis.
over everything:
    | (per_example - per_example.mean(dim=0)) → per_example
    | .square().mean(dim=0) → .var(correction=0)
    This is one number, the scatter of all gradients of all weights. Each weight has its own:
    average over the examples only.
over everything, around each weight's mean: .square().mean(dim=0) → .square().mean()
    This is one number, an average over the weights. The exercise asks for the noise of each weight.
one number for all weights: .sqrt() → .sum().sqrt()
    This is one number, the length of the noise over all weights. The exercise asks for the noise of
    each weight.
the first examples:
    | (per_example - → (per_example[:size] - ; per_example.mean → per_example[:size].mean
    The scatter is that of the first examples only, as many as a batch holds. It is that of all
    of them.
mean instead of scatter:
    | (per_example - per_example.mean(dim=0)).square().mean(dim=0) → torch.ones(()).double()
    | .sqrt() → .sqrt() * per_example.mean(dim=0)
    You divide the mean gradient. The noise comes from how the gradients scatter around it.
full gradient: per_example.mean(dim=0)
    This is the full gradient, the mean over the examples. The exercise asks how far a batch lies
    from it.
factor forgotten, n - 1 for sigma:
    | if not replacement → if False ; .square().mean(dim=0) → .square().sum(dim=0) / (n - 1)
    Without replacement the noise is as large as with it: the factor is missing. And sigma has n
    - 1 below its line, torch's default: look at `correction`.
brackets in the factor:
    | variance = variance * → return variance.sqrt() *
    | (n - size) / max(n - 1, 1) → ((n - size) / n - 1) ** 0.5
    A bracket is missing in the factor: n - 1 as a whole stands below the line. As it is
    written, a root of a negative number is taken.
brackets above the line: (n - size) / max(n - 1, 1) → (n - size / (n - 1))
    A bracket is missing in the factor: n - B as a whole stands above the line.
difference the other way round:
    | variance = variance * → return variance.sqrt() *
    | (n - size) / max(n - 1, 1) → ((size - n) / (n - 1)) ** 0.5
    The difference in the factor is the wrong way round, so a root of a negative number is
    taken. How many examples are left outside the batch?
around the mean of everything: .mean(dim=0)) → .mean())
    The distances are measured from one mean, over all weights. Each weight scatters around a
    mean of its own.
mean over the weights: .sqrt() → .sqrt().mean()
    In the end you average over the weights, which leaves one number. The exercise asks for the
    noise of each weight.
over the second axis:
    | (per_example - per_example.mean(dim=0)) → per_example
    | .square().mean(dim=0) → .var(dim=min(1, per_example.ndim - 1), correction=0)
    You took the scatter over the second axis. The examples stand along the first.
"""

GRADIENT_NOISE = Exercise(
    id="08.gradient_noise",
    points=3,
    asks="the standard error of a mini-batch gradient, with replacement and without",
    reference=gradient_noise,
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
    slips=slips(SLIPS, gradient_noise),
    also_right=(
        _by_std,
        _by_sums,
        _by_s,
        _by_covariance,
    ),
)
