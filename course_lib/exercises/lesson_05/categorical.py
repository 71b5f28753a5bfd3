"""Exercise 05.categorical: the categorical cross-entropy of logits and right classes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import cross_entropy
from ..drawing import drawing
from ..families import slips_of_a_mean


def class_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def answers(n: int, k: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return 2 * draw(n, k, dtype=dtype), (2 * torch.arange(n) + 1) % k

    def rows(*of: list[float]) -> Tensor:
        return torch.tensor(of, dtype=torch.float64)

    z, y = answers(4, 3)
    far = rows([1000, 999], [-1000, -1001])
    return [
        Case("5 examples and 3 classes", answers(5, 3)),
        Case("4 examples and 6 classes", answers(4, 6)),
        Case("7 examples and 4 classes", answers(7, 4)),
        Case("4 examples and 4 classes", answers(4, 4)),
        Case("1 example and 3 classes", answers(1, 3), special=True),
        Case("3 examples and 1 class", answers(3, 1), special=True),
        Case("logits that are all zero", (torch.zeros_like(z), y), special=True),
        Case("logits of 1000 and 999", (far[:1], torch.tensor([1])), special=True),
        Case("logits of -1000 and -1001", (far[1:], torch.tensor([0])), special=True),
        Case(
            "one row around 1000 and one around -1000",
            (far, torch.tensor([0, 1])),
            special=True,
        ),
        Case(
            "a logit of 1000 against 0 for a wrong class",
            (rows([1000, 0, 0]), torch.tensor([2])),
            special=True,
        ),
        Case("50 examples and 10 classes in float32", answers(50, 10, torch.float32), special=True),
    ]


def _picked(log_p: Tensor, y: Tensor) -> Tensor:
    return log_p.gather(1, y[:, None])[:, 0]


def _by_example(z: Tensor, y: Tensor) -> Tensor:
    each = [torch.logsumexp(row, dim=0) - row[right] for row, right in zip(z, y, strict=True)]
    return torch.stack(each).mean()


def _by_one_hot(z: Tensor, y: Tensor) -> Tensor:
    right = functional.one_hot(y, z.shape[1])
    return -(right * functional.log_softmax(z, dim=1)).sum(dim=1).mean()


def _by_own_shift(z: Tensor, y: Tensor) -> Tensor:
    z = z - z.max(dim=1, keepdim=True).values
    return (z.exp().sum(dim=1).log() - _picked(z, y)).mean()


SLIPS = """
log of softmax: log_softmax(z) → softmax(z).log()
    The formula is right, but the softmax comes first and rounds a small probability to 0, whose
    logarithm is infinite. Make the logarithm of the probabilities in one step.
log of softmax, a little added: log_softmax(z) → (softmax(z) + 1e-9).log()
    A small number is added before the logarithm, so that no mistake costs more than about 20. Make
    the logarithm of the probabilities in one step, and nothing has to be added.
exp overflows: log_softmax(z) → (z - z.exp().sum(dim=1, keepdim=True).log())
    The formula is right, but `exp` of 1000 is infinite, and of -1000 it is 0. The logarithm of a
    sum of exponentials can be had in one piece.
exp overflows in the softmax:
    | log_softmax(z) → (z.exp() / z.exp().sum(dim=1, keepdim=True)).log()
    The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity is not a
    number. The logarithm of a sum of exponentials can be had in one piece.
one shift for the whole batch:
    | log_softmax(z) → (z - z.max() - (z - z.max()).exp().sum(dim=1, keepdim=True).log())
    The largest logit of the whole batch is taken off, so that rows far below it are rounded to 0.
    Each row needs a shift of its own.
costs of each example: .gather(1, y[:, None]).mean() → .gather(1, y[:, None])[:, 0]
    These are the costs of each example. A loss is a single number: what is done with them all?
divided by the classes too: .mean() → .mean() / z.shape[1]
    The mean runs over examples and classes, so that k times too much is divided by. Each example
    has one cost: the mean is over the examples.
wrong axis: log_softmax(z) → functional.log_softmax(z, dim=0)
    The probabilities add up to 1 down the examples, not across the classes. Look at `dim`.
no axis kept: log_softmax(z) → (z - z.logsumexp(dim=(0, 1)))
    The exponentials of the whole batch are added up. Each example has its own classes, and its own
    sum: look at `dim`.
sign: -log_softmax → log_softmax
    The loss has the wrong sign: it is never above 0, and grows as the answers get better.
    Logarithms of probabilities are never above 0; what turns them?
logarithm forgotten: log_softmax → softmax
    This is minus the mean probability of the right class. A logarithm is missing.
softmax forgotten: log_softmax(z) → z
    This is minus the mean logit of the right class, which the other logits do not touch. Logits are
    not yet logarithms of probabilities: something is to be taken off.
logarithm of logits: log_softmax(z) → z.log()
    The logarithm is taken of the logits, which may be below 0. They have to become probabilities in
    between.
softmax twice: log_softmax(z) → log_softmax(softmax(z))
    The softmax is taken twice: you hand over probabilities to something that expects logits. The
    loss then can't come near 0, and torch does not complain.
log-softmax taken as the loss of all classes: .gather(1, y[:, None]) → .sum(dim=1)
    Every class counts, whatever the right one is. Only the logarithm at the right class of each
    example belongs in the loss.
all classes averaged: .gather(1, y[:, None]) →
    All classes of a row count alike, and the right ones play no part: somewhere a mean runs over
    the classes, of the logits or of the logarithms. Pick one number from each row instead.
every label from every row: .gather(1, y[:, None]) → [:, y]
    `[:, y]` takes the labels of all examples from every row, n times n numbers. Each row should
    give the one of its own label: pair row numbers with labels.
rows for columns: .gather(1, y[:, None]) → [y]
    `[y]` picks rows, as if the labels were numbers of examples. Labels count classes, the second
    axis, one for each row.
one yes or no for each class: bce_logits(z, _one_hot("z", z, y))
    Each class is judged as a yes or no of its own, with a sigmoid. Here exactly one class is right,
    and the probabilities of a row add up to 1.
logarithm to the base 2: .mean() → .mean() / math.log(2)
    The logarithm has the base 2, which measures in bits. Losses use the natural one.
squared error: brier(softmax(z), y)
    This is the squared error of the probabilities, the Brier score. The exercise asks for the
    logarithm of the probability that the right class got.
right class forgotten: z.logsumexp(dim=1).mean()
    This is the logarithm of the sum of the exponentials alone: the labels play no part. What is
    taken off for the right class?
right class added: -log_softmax(z) → (z.logsumexp(dim=1, keepdim=True) + z)
    The logit of the right class is added. A large one should make the loss small: look at the sign.
largest class for the right one: .gather(1, y[:, None]) → .max(dim=1).values
    The largest logit of each row is taken off, right or not, so that a network is never wrong.
    Which class should it be?
probability for the logit: -log_softmax(z) → (z.logsumexp(dim=1, keepdim=True) - softmax(z))
    A probability is taken off where the formula has a logit. Look at what you pick from.
log of softmax, by one-hot: -(_one_hot("z", z, y) * softmax(z).log()).sum(dim=1).mean()
    The formula is right, but the softmax comes first and rounds a small probability to 0, whose
    logarithm is infinite; 0 times infinity is not a number. Make the logarithm of the probabilities
    in one step.
exp overflows, by one-hot:
    | p = z.exp() / z.exp().sum(dim=1, keepdim=True)
    | return -(_one_hot("z", z, y) * p.log()).sum(dim=1).mean()
    The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity is not a
    number; nor is 0 times infinity. The logarithm of a sum of exponentials can be had in one piece.
labels of the first row: (z.logsumexp(dim=1) - z[0, y]).mean()
    The logits of all labels are taken from the first row. Each label belongs to its own row: look
    at the shape of your index, or pair row numbers with labels.
labels of the first row, after the logarithm: .gather(1, y[:, None]) → [0, y]
    All labels pick from the first row, so that the other examples play no part. Each label belongs
    to its own row: look at the shape of your index, or pair row numbers with labels.
logarithm of the sum forgotten: -log_softmax(z) → (z.exp().sum(dim=1, keepdim=True) - z)
    The sum of the exponentials stands there as it is. One step is missing between it and the
    difference.
largest logit not put back:
    | shifted = z - z.amax(dim=1, keepdim=True)
    | return (shifted.exp().sum(dim=1).log() - z.gather(1, y[:, None])[:, 0]).mean()
    The largest logit of each row is taken off inside the exponential, but not at the right class.
    Both logits must be shifted alike, or the shift put back at the end.
"""

CATEGORICAL = Exercise(
    id="05.categorical",
    points=2,
    asks="the categorical cross-entropy of logits and right classes",
    reference=cross_entropy.categorical_logits,
    cases=class_cases,
    hints=(
        "Each example is judged by one of its k probabilities alone. Which one, and what is done "
        "to it?",
        "Make logarithms of probabilities first, as an (n, k) tensor: a logit minus the logarithm "
        "of the sum of the exponentials of its row. torch has that last part in one piece, which "
        "does not overflow. Then pick one number from each row.",
        "`z.logsumexp(dim=1)` is the part to take off; with `keepdim=True` it lines up with "
        "the rows. To pick the entry y[i] of row i for every i, give two lists of places: "
        "`torch.arange(n)` and y. Mean and minus come last.",
    ),
    slips=slips_of_a_mean(cross_entropy.categorical_logits)
    + slips(SLIPS, cross_entropy.categorical_logits),
    also_right=(
        _by_example,
        _by_one_hot,
        _by_own_shift,
        lambda z, y: functional.cross_entropy(z, y),
        lambda z, y: functional.nll_loss(functional.log_softmax(z, dim=1), y),
        lambda z, y: -_picked(functional.log_softmax(z, dim=1), y).mean(),
    ),
    needs=("grad", "vmap"),
)
