"""Losses for classification: how surprised a model is by the right answer, and how that pulls.

Each loss is the mean over the examples of a batch, and each has its gradient beside it: with
respect to probabilities, or to *logits*, the numbers from which a sigmoid or a softmax makes
probabilities. A batch without an example has no mean: ValueError. Logarithms are natural.

Letters: n examples, k classes, `z` logits, `p` probabilities, `y` the right answers.

On probabilities nothing is clipped. A right answer that was held impossible costs infinity, a wrong
one that was held impossible costs 0. Dialects: Keras, unless it finds the logits, moves every
probability at least 1e-7 away from 0 and 1, so that no answer costs more than 16.12; in float32,
where 1 − 1e-7 is rounded, a certain yes costs 15.94 if the answer is no. `torch.nn.BCELoss` lets
no logarithm fall below −100.
"""

import torch
from torch import Tensor

from course_lib.nn.activations import sigmoid, softplus
from course_lib.nn.shapes import expect
from course_lib.nn.softmax import log_softmax, softmax

# Two classes: one number for each example


def bce(p: Tensor, y: Tensor) -> Tensor:
    """Return the binary cross-entropy of probabilities: `−1/n Σ_i [y log p + (1 − y) log(1 − p)]`.

    p: probabilities, `(n,)` or any other shape. y: 0 or 1, or a share between, of the same shape.
    A scalar: infinite where the right answer had probability 0. A p outside 0 to 1 gives NaN, or a
    number without meaning where the logarithm that fails has weight 0.
    Raises ValueError if the shapes differ or hold nothing.
    Source: Good (1952), Rational decisions: the logarithmic score.

    >>> bce(torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1.0, 1.0, 0.0]))
    tensor(0.2310)
    """
    _expect_pairs("p", p, y)
    return -(_times_log(y, p) + _times_log(1 - y, 1 - p)).mean()


def bce_gradient(p: Tensor, y: Tensor) -> Tensor:
    """Return how `bce` changes with each probability: `((1 − y) / (1 − p) − y / p) / n`.

    It is infinite where the right answer had probability 0. Arguments and errors as for `bce`.

    >>> bce_gradient(torch.tensor([0.5, 1.0]), torch.tensor([1.0, 1.0]))
    tensor([-1.0000, -0.5000])
    """
    _expect_pairs("p", p, y)
    return (_over(1 - y, 1 - p) - _over(y, p)) / p.numel()


def bce_logits(z: Tensor, y: Tensor) -> Tensor:
    """Return the binary cross-entropy of logits: `bce(sigmoid(z), y)`, without overflow.

    The mean of `−y log σ(z) − (1 − y) log σ(−z)`, since `1 − σ(z) = σ(−z)`. And `−log σ(z)` is
    `softplus(−z)`, so that no probability is ever rounded to 0 or 1: a logit of −10,000 for a yes
    costs 10,000.

    z: `(n,)` or any other shape. y: 0 or 1, or a share between, of the same shape. A scalar.
    Raises ValueError if the shapes differ or hold nothing.

    >>> bce_logits(torch.tensor([0.0, 1e4, -1e4]), torch.tensor([1.0, 1.0, 0.0]))
    tensor(0.2310)
    """
    _expect_pairs("z", z, y)
    return (y * softplus(-z) + (1 - y) * softplus(z)).mean()


def bce_logits_gradient(z: Tensor, y: Tensor) -> Tensor:
    """Return how `bce_logits` changes with each logit: `(σ(z) − y) / n`.

    The pull on a logit is never more than `1 / n`. Arguments and errors as for `bce_logits`.

    >>> bce_logits_gradient(torch.tensor([0.0, -1e4]), torch.tensor([1.0, 1.0]))
    tensor([-0.2500, -0.5000])
    """
    _expect_pairs("z", z, y)
    return (sigmoid(z) - y) / z.numel()


# Many classes: k numbers for each example, one of them for the right class


def categorical(p: Tensor, y: Tensor) -> Tensor:
    """Return the categorical cross-entropy of probabilities: `−1/n Σ_i log p_i[y_i]`.

    p: probabilities `(n, k)`, each row of which adds up to 1. y: `(n,)` whole numbers, the right
    classes, 0 to k − 1. A scalar: infinite where a right class had probability 0. Rows that do not
    add up to 1 are taken as they are. Dialect: Keras divides each row by its sum first.
    Raises ValueError for other shapes, if there is no example or no class, and for classes in
    floating point; torch raises for a class that is not from 0 to k − 1.

    >>> categorical(torch.tensor([[0.5, 0.5], [0.0, 1.0]]), torch.tensor([0, 1]))
    tensor(0.3466)
    """
    _expect_classes("p", p, y)
    return -p.gather(1, y[:, None]).log().mean()


def categorical_gradient(p: Tensor, y: Tensor) -> Tensor:
    """Return how `categorical` changes with each probability, `(n, k)`.

    `−1 / (n p)` at the right class and 0 elsewhere, as if each p could move by itself. It is
    infinite where a right class had probability 0. Arguments and errors as for `categorical`.

    >>> categorical_gradient(torch.tensor([[0.5, 0.5]]), torch.tensor([0]))
    tensor([[-2.,  0.]])
    """
    right = _one_hot("p", p, y)
    return _over(-right, p) / len(p)


def categorical_logits(z: Tensor, y: Tensor) -> Tensor:
    """Return the categorical cross-entropy of logits: `categorical(softmax(z), y)`, stable.

    The mean of `log Σ_j exp(z_ij) − z_i[y_i]`, which is `−log_softmax(z_i)` at the right class.
    Large logits do not overflow, and no probability is rounded to 0. Adding a constant to a row
    changes nothing. With one class the loss is 0.

    z: logits `(n, k)`. y: `(n,)` whole numbers, the right classes, 0 to k − 1. A scalar.
    Raises ValueError and torch's errors as `categorical` does.

    >>> categorical_logits(torch.tensor([[0.0, 0.0], [-1e4, 1e4]]), torch.tensor([0, 1]))
    tensor(0.3466)
    """
    _expect_classes("z", z, y)
    return -log_softmax(z).gather(1, y[:, None]).mean()


def categorical_logits_gradient(z: Tensor, y: Tensor) -> Tensor:
    """Return how `categorical_logits` changes with each logit: `(p − e_y) / n`, `(n, k)`.

    p is the softmax of z, and e_y has a 1 at the right class and 0 elsewhere. Each row adds up
    to 0. Arguments and errors as for `categorical_logits`.
    Source: Bridle (1990), Training stochastic model recognition algorithms.

    >>> categorical_logits_gradient(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
    tensor([[-0.5000,  0.5000]])
    """
    right = _one_hot("z", z, y)
    return (softmax(z) - right) / len(z)


def brier(p: Tensor, y: Tensor) -> Tensor:
    """Return the Brier score, squared error on probabilities: `1/n Σ_i Σ_j (p_ij − [j = y_i])²`.

    p: probabilities `(n, k)`. y: `(n,)` whole numbers, the right classes. A scalar from 0 to 2.
    Like cross-entropy it is *proper*: on average no probabilities do better than the true ones.
    Dialect: with two classes many take one of the two equal squares, `mse` of the probability of
    class 1, which is half of this (scikit-learn's default for two classes).
    Raises ValueError and torch's errors as `categorical` does.
    Source: Brier (1950), Verification of forecasts expressed in terms of probability, equation 2.

    >>> brier(torch.tensor([[0.5, 0.5], [0.0, 1.0]]), torch.tensor([0, 1]))
    tensor(0.2500)
    """
    right = _one_hot("p", p, y)
    return (p - right).square().sum(dim=1).mean()


def brier_gradient(p: Tensor, y: Tensor) -> Tensor:
    """Return how `brier` changes with each probability: `2 (p − e_y) / n`, `(n, k)`.

    As if each p could move by itself. Arguments and errors as for `brier`.

    >>> brier_gradient(torch.tensor([[0.5, 0.5]]), torch.tensor([0]))
    tensor([[-1.,  1.]])
    """
    right = _one_hot("p", p, y)
    return 2 * (p - right) / len(p)


# Products and quotients in which a weight of 0 beats an infinity


def _times_log(weight: Tensor, p: Tensor) -> Tensor:
    """Return `weight · log p`, and 0 where the weight is 0; its slope is `_over(weight, p)`."""
    none = weight == 0
    return torch.where(none, 0.0, weight * torch.where(none, 1.0, p).log())


def _over(weight: Tensor, p: Tensor) -> Tensor:
    none = weight == 0
    return torch.where(none, 0.0, weight / torch.where(none, 1.0, p))


# What fits


def _expect_pairs(name: str, outputs: Tensor, y: Tensor) -> None:
    same = f"{tuple(outputs.shape)}, like {name}"
    expect("y", y, same, y.shape == outputs.shape)
    expect(name, outputs, "non-empty", outputs.numel() > 0)


def _expect_classes(name: str, outputs: Tensor, y: Tensor) -> None:
    fits = outputs.ndim == 2 and outputs.numel() > 0
    expect(name, outputs, "(n, k) with n and k 1 or more", fits)
    expect("y", y, f"({len(outputs)},), a class for each example", y.shape == (len(outputs),))
    if y.is_floating_point():
        raise ValueError(f"y has dtype {y.dtype}; it must hold whole numbers, the right classes")


def _one_hot(name: str, outputs: Tensor, y: Tensor) -> Tensor:
    """Return e_y: 1 at the right class and 0 elsewhere, shaped and typed like the outputs.

    A class that is not from 0 to k − 1 raises, as in `categorical`: torch names it.
    """
    _expect_classes(name, outputs, y)
    return torch.zeros_like(outputs).scatter(1, y[:, None].long(), 1.0)
