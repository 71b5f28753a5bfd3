"""Exercise 05.categorical: the categorical cross-entropy of logits and right classes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, Slip
from ...nn import cross_entropy
from ..drawing import drawing


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


def _one_hot(z: Tensor, y: Tensor) -> Tensor:
    return functional.one_hot(y, z.shape[1])


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
    slips=(
        Slip(
            "log of softmax",
            lambda z, y: -_picked(torch.softmax(z, dim=1).log(), y).mean(),
            "The formula is right, but the softmax comes first and rounds a small probability to "
            "0, whose logarithm is infinite. Make the logarithm of the probabilities in one step.",
        ),
        Slip(
            "log of softmax, a little added",
            lambda z, y: -_picked((torch.softmax(z, dim=1) + 1e-9).log(), y).mean(),
            "A small number is added before the logarithm, so that no mistake costs more than "
            "about 20. Make the logarithm of the probabilities in one step, and nothing has to be "
            "added.",
        ),
        Slip(
            "exp overflows",
            lambda z, y: (z.exp().sum(dim=1).log() - _picked(z, y)).mean(),
            "The formula is right, but `exp` of 1000 is infinite, and of -1000 it is 0. The "
            "logarithm of a sum of exponentials can be had in one piece.",
        ),
        Slip(
            "exp overflows in the softmax",
            lambda z, y: -_picked((z.exp() / z.exp().sum(dim=1, keepdim=True)).log(), y).mean(),
            "The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity "
            "is not a number. The logarithm of a sum of exponentials can be had in one piece.",
        ),
        Slip(
            "one shift for the whole batch",
            lambda z, y: ((z - z.max()).exp().sum(dim=1).log() - _picked(z - z.max(), y)).mean(),
            "The largest logit of the whole batch is taken off, so that rows far below it are "
            "rounded to 0. Each row needs a shift of its own.",
        ),
        Slip(
            "sum for mean",
            lambda z, y: functional.cross_entropy(z, y, reduction="sum"),
            "The costs are added up, not averaged: look at your last step.",
        ),
        Slip(
            "not averaged",
            lambda z, y: functional.cross_entropy(z, y, reduction="none"),
            "These are the costs of each example. A loss is a single number: what is done with "
            "them all?",
        ),
        Slip(
            "divided by the classes too",
            lambda z, y: functional.cross_entropy(z, y) / z.shape[1],
            "The mean runs over examples and classes, so that k times too much is divided by. "
            "Each example has one cost: the mean is over the examples.",
        ),
        Slip(
            "wrong axis",
            lambda z, y: -_picked(functional.log_softmax(z, dim=0), y).mean(),
            "The probabilities add up to 1 down the examples, not across the classes. Look at "
            "`dim`.",
        ),
        Slip(
            "no axis kept",
            lambda z, y: -_picked(z - z.logsumexp(dim=(0, 1)), y).mean(),
            "The exponentials of the whole batch are added up. Each example has its own classes, "
            "and its own sum: look at `dim`.",
        ),
        Slip(
            "sign",
            lambda z, y: -functional.cross_entropy(z, y),
            "The loss has the wrong sign: it is never above 0, and grows as the answers get "
            "better. Logarithms of probabilities are never above 0; what turns them?",
        ),
        Slip(
            "logarithm forgotten",
            lambda z, y: -_picked(torch.softmax(z, dim=1), y).mean(),
            "This is minus the mean probability of the right class. A logarithm is missing.",
        ),
        Slip(
            "softmax forgotten",
            lambda z, y: -_picked(z, y).mean(),
            "This is minus the mean logit of the right class, which the other logits do not touch. "
            "Logits are not yet logarithms of probabilities: something is to be taken off.",
        ),
        Slip(
            "logarithm of logits",
            lambda z, y: -_picked(z.log(), y).mean(),
            "The logarithm is taken of the logits, which may be below 0. They have to become "
            "probabilities in between.",
        ),
        Slip(
            "softmax twice",
            lambda z, y: functional.cross_entropy(torch.softmax(z, dim=1), y),
            "The softmax is taken twice: you hand over probabilities to something that expects "
            "logits. The loss then can't come near 0, and torch does not complain.",
        ),
        Slip(
            "log-softmax taken as the loss of all classes",
            lambda z, y: -functional.log_softmax(z, dim=1).sum(dim=1).mean(),
            "Every class counts, whatever the right one is. Only the logarithm at the right class "
            "of each example belongs in the loss.",
        ),
        Slip(
            "all classes averaged",
            lambda z, y: -functional.log_softmax(z, dim=1).mean(),
            "All classes of a row count alike, and the right ones play no part: somewhere a mean "
            "runs over the classes, of the logits or of the logarithms. Pick one number from each "
            "row instead.",
        ),
        Slip(
            "every label from every row",
            lambda z, y: -functional.log_softmax(z, dim=1)[:, y].mean(),
            "`[:, y]` takes the labels of all examples from every row, n times n numbers. Each row "
            "should give the one of its own label: pair row numbers with labels.",
        ),
        Slip(
            "rows for columns",
            lambda z, y: -functional.log_softmax(z, dim=1)[y].mean(),
            "`[y]` picks rows, as if the labels were numbers of examples. Labels count classes, "
            "the second axis, one for each row.",
        ),
        Slip(
            "one yes or no for each class",
            lambda z, y: functional.binary_cross_entropy_with_logits(
                z, functional.one_hot(y, z.shape[1]).to(z.dtype)
            ),
            "Each class is judged as a yes or no of its own, with a sigmoid. Here exactly one "
            "class is right, and the probabilities of a row add up to 1.",
        ),
        Slip(
            "logarithm to the base 2",
            lambda z, y: functional.cross_entropy(z, y) / 0.6931471805599453,
            "The logarithm has the base 2, which measures in bits. Losses use the natural one.",
        ),
        Slip(
            "squared error",
            lambda z, y: (
                (torch.softmax(z, dim=1) - functional.one_hot(y, z.shape[1])).square().sum(dim=1)
            ).mean(),
            "This is the squared error of the probabilities, the Brier score. Asked is the "
            "logarithm of the probability that the right class got.",
        ),
        Slip(
            "right class forgotten",
            lambda z, y: z.logsumexp(dim=1).mean(),
            "This is the logarithm of the sum of the exponentials alone: the labels play no part. "
            "What is taken off for the right class?",
        ),
        Slip(
            "right class added",
            lambda z, y: (z.logsumexp(dim=1) + _picked(z, y)).mean(),
            "The logit of the right class is added. A large one should make the loss small: look "
            "at the sign.",
        ),
        Slip(
            "largest class for the right one",
            lambda z, y: (z.logsumexp(dim=1) - z.max(dim=1).values).mean(),
            "The largest logit of each row is taken off, right or not, so that a network is never "
            "wrong. Which class should it be?",
        ),
        Slip(
            "probability for the logit",
            lambda z, y: (z.logsumexp(dim=1) - _picked(torch.softmax(z, dim=1), y)).mean(),
            "A probability is taken off where the formula has a logit. Look at what you pick from.",
        ),
        Slip(
            "log of softmax, by one-hot",
            lambda z, y: -(_one_hot(z, y) * torch.softmax(z, dim=1).log()).sum(dim=1).mean(),
            "The formula is right, but the softmax comes first and rounds a small probability to "
            "0, whose logarithm is infinite; 0 times infinity is not a number. Make the logarithm "
            "of the probabilities in one step.",
        ),
        Slip(
            "exp overflows, by one-hot",
            lambda z, y: (
                -(_one_hot(z, y) * (z.exp() / z.exp().sum(dim=1, keepdim=True)).log())
                .sum(dim=1)
                .mean()
            ),
            "The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity "
            "is not a number; nor is 0 times infinity. The logarithm of a sum of exponentials can "
            "be had in one piece.",
        ),
        Slip(
            "labels of the first row",
            lambda z, y: (z.logsumexp(dim=1) - z[0, y]).mean(),
            "The logits of all labels are taken from the first row. Each label belongs to its own "
            "row: look at the shape of your index, or pair row numbers with labels.",
        ),
        Slip(
            "labels of the first row, after the logarithm",
            lambda z, y: -functional.log_softmax(z, dim=1)[0, y].mean(),
            "All labels pick from the first row, so that the other examples play no part. Each "
            "label belongs to its own row: look at the shape of your index, or pair row numbers "
            "with labels.",
        ),
        Slip(
            "logarithm of the sum forgotten",
            lambda z, y: (z.exp().sum(dim=1) - _picked(z, y)).mean(),
            "The sum of the exponentials stands there as it is. One step is missing between it and "
            "the difference.",
        ),
        Slip(
            "largest logit not put back",
            lambda z, y: (
                (z - z.max(dim=1, keepdim=True).values).exp().sum(dim=1).log() - _picked(z, y)
            ).mean(),
            "The largest logit of each row is taken off inside the exponential, but not at the "
            "right class. Both logits must be shifted alike, or the shift put back at the end.",
        ),
    ),
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
