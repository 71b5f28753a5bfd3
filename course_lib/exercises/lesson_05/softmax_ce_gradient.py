"""Exercise 05.softmax_ce_gradient: the gradient of the categorical cross-entropy with respect to
the logits.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Exercise, Slip
from ...nn import cross_entropy
from .categorical import class_cases


def _one_hot(z: Tensor, y: Tensor) -> Tensor:
    return functional.one_hot(y, z.shape[1]).to(z.dtype)


def _gradient_by_autograd(z: Tensor, y: Tensor) -> Tensor:
    z = z.detach().requires_grad_()
    return torch.autograd.grad(functional.cross_entropy(z, y), z)[0]


def _gradient_by_place(z: Tensor, y: Tensor) -> Tensor:
    p = torch.softmax(z, dim=1)
    p[torch.arange(len(y)), y] -= 1
    return p / len(y)


def _all_labels_taken_off(z: Tensor, y: Tensor) -> Tensor:
    p = torch.softmax(z, dim=1)
    p[:, y] -= 1
    return p / len(y)


def _right_entry_set(z: Tensor, y: Tensor) -> Tensor:
    p = torch.softmax(z, dim=1)
    p[torch.arange(len(y)), y] = -1
    return p / len(y)


SOFTMAX_CE_GRADIENT = Exercise(
    id="05.softmax_ce_gradient",
    points=2,
    asks="the gradient of the categorical cross-entropy with respect to the logits",
    reference=cross_entropy.categorical_logits_gradient,
    cases=class_cases,
    hints=(
        "Raise the logit of a wrong class a little. Does the loss rise or fall? And the right "
        "class's logit? So which entries of the gradient are above 0, and which below?",
        "For one example: the derivative of the log of the sum of exponentials by one of the "
        "logits is the probability of that class. What does the other term, minus the logit of "
        "the right class, add?",
        "Compute the probabilities, (n, k), with `torch.softmax`. Make a tensor of the same shape "
        "with a 1 at each right class and 0 elsewhere: `torch.nn.functional.one_hot`, which has to "
        "be told the number of classes too. The rest is a difference, and the mean over the "
        "examples.",
    ),
    slips=(
        Slip(
            "sign",
            lambda z, y: (_one_hot(z, y) - torch.softmax(z, dim=1)) / len(y),
            "The sign is turned round. Raising the logit of the right class makes the loss "
            "smaller: is its entry of the gradient above 0 or below?",
        ),
        Slip(
            "not divided by n",
            lambda z, y: torch.softmax(z, dim=1) - _one_hot(z, y),
            "This is right for a loss that adds up the examples. The loss is their mean: what does "
            "that do to each entry?",
        ),
        Slip(
            "sign, and not divided by n",
            lambda z, y: _one_hot(z, y) - torch.softmax(z, dim=1),
            "The sign is turned round, and the mean over the examples is forgotten. Take the two "
            "one after the other.",
        ),
        Slip(
            "divided by the classes too",
            lambda z, y: (torch.softmax(z, dim=1) - _one_hot(z, y)) / z.numel(),
            "You divide by all entries, examples times classes. The loss is a mean over the "
            "examples only.",
        ),
        Slip(
            "divided by the classes",
            lambda z, y: (torch.softmax(z, dim=1) - _one_hot(z, y)) / z.shape[1],
            "You divide by the number of classes. The loss is a mean over the examples: which axis "
            "counts them?",
        ),
        Slip(
            "right class forgotten",
            lambda z, y: torch.softmax(z, dim=1) / len(y),
            "These are the probabilities alone, so that every logit is pushed down, even that of "
            "the right class. What does the right class's own logit do in the loss?",
        ),
        Slip(
            "probabilities forgotten",
            lambda z, y: -_one_hot(z, y) / len(y),
            "Only the right class is pulled, and always with the same strength. The other logits "
            "are in the loss too: in which term?",
        ),
        Slip(
            "logits in place of probabilities",
            lambda z, y: (z - _one_hot(z, y)) / len(y),
            "The logits are used where probabilities belong. What turns the one into the other?",
        ),
        Slip(
            "wrong axis",
            lambda z, y: (torch.softmax(z, dim=0) - _one_hot(z, y)) / len(y),
            "The probabilities add up to 1 down the examples, not across the classes. Look at "
            "`dim`.",
        ),
        Slip(
            "sigmoid for softmax",
            lambda z, y: (torch.sigmoid(z) - _one_hot(z, y)) / len(y),
            "A sigmoid treats each class as a yes or no of its own. Here the probabilities of a "
            "row add up to 1.",
        ),
        Slip(
            "exp overflows",
            lambda z, y: (z.exp() / z.exp().sum(dim=1, keepdim=True) - _one_hot(z, y)) / len(y),
            "The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity "
            "is not a number. torch has a softmax that shifts each row first.",
        ),
        Slip(
            "by the probabilities",
            lambda z, y: -_one_hot(z, y) / torch.softmax(z, dim=1) / len(y),
            "This is the gradient with respect to the probabilities. One step of the chain rule is "
            "missing: how do the probabilities change with the logits?",
        ),
        Slip(
            "slope of the softmax once more",
            lambda z, y: (
                (torch.softmax(z, dim=1) - _one_hot(z, y))
                * torch.softmax(z, dim=1)
                * (1 - torch.softmax(z, dim=1))
                / len(y)
            ),
            "p times 1 minus p comes in once more. That belongs to squared error; in cross-entropy "
            "the logarithm cancels it.",
        ),
        Slip(
            "of the Brier score",
            lambda z, y: 2 * (torch.softmax(z, dim=1) - _one_hot(z, y)) / len(y),
            "Your gradient is twice what it should be. A factor 2 comes from a square, and there "
            "is none in this loss.",
        ),
        Slip(
            "label numbers taken off",
            lambda z, y: (torch.softmax(z, dim=1) - y[:, None]) / len(y),
            "The number of the class is taken off from every probability of the row. A label says "
            "where a 1 is to be taken off, not how much.",
        ),
        Slip(
            "every label from every row",
            _all_labels_taken_off,
            "`[:, y]` changes the labels of all examples in every row. Each row should change at "
            "its own label only: pair row numbers with labels.",
        ),
        Slip(
            "only the right entry",
            lambda z, y: (torch.softmax(z, dim=1) - 1) * _one_hot(z, y) / len(y),
            "Only the right class has an entry. The wrong ones are pushed down too: their logits "
            "are in the sum of the exponentials.",
        ),
        Slip(
            "only the wrong entries",
            lambda z, y: torch.softmax(z, dim=1) * (1 - _one_hot(z, y)) / len(y),
            "The right class has no entry. Its logit should be pulled up: how does the loss change "
            "with it?",
        ),
        Slip(
            "the loss itself",
            lambda z, y: functional.cross_entropy(z, y),
            "This is the loss, a single number. Asked is how it changes with each logit: a number "
            "for each of them.",
        ),
        Slip(
            "averaged over the examples",
            lambda z, y: (torch.softmax(z, dim=1) - _one_hot(z, y)).mean(dim=0),
            "The examples are averaged into one row. Every logit of every example has an entry of "
            "its own.",
        ),
        Slip(
            "one taken off everywhere",
            lambda z, y: (torch.softmax(z, dim=1) - 1) / len(y),
            "1 is taken off at every class. Only the right one has it taken off.",
        ),
        Slip(
            "right class added",
            lambda z, y: (torch.softmax(z, dim=1) + _one_hot(z, y)) / len(y),
            "The 1 at the right class is added. Raising the right logit makes the loss smaller: "
            "look at the sign between the two.",
        ),
        Slip(
            "only the right classes marked",
            lambda z, y: _one_hot(z, y) / len(y),
            "This only marks the right classes. Where are the probabilities, and what does the "
            "loss do when the right logit rises?",
        ),
        Slip(
            "only the second part divided",
            lambda z, y: torch.softmax(z, dim=1) - _one_hot(z, y) / len(y),
            "The division reaches only the last part. Look at your brackets.",
        ),
        Slip(
            "set to -1",
            _right_entry_set,
            "At the right class stands -1, whatever its probability. 1 is to be taken off from "
            "what stands there: look at your assignment.",
        ),
        Slip(
            "only the first part divided",
            lambda z, y: torch.softmax(z, dim=1) / len(y) - _one_hot(z, y),
            "The division reaches only the probabilities. Look at your brackets.",
        ),
        Slip(
            "sum of the whole batch",
            lambda z, y: (z.exp() / z.exp().sum() - _one_hot(z, y)) / len(y),
            "The exponentials of the whole batch are added up. The probabilities of each row "
            "should add up to 1: look at the axis of your sum. torch's softmax takes one, too.",
        ),
        Slip(
            "sum of the whole batch, and not divided by n",
            lambda z, y: z.exp() / z.exp().sum() - _one_hot(z, y),
            "The exponentials of the whole batch are added up, and the mean over the examples is "
            "forgotten. Take the two one after the other.",
        ),
    ),
    also_right=(
        _gradient_by_autograd,
        _gradient_by_place,
        lambda z, y: (functional.log_softmax(z, dim=1).exp() - _one_hot(z, y)) / z.shape[0],
        lambda z, y: torch.func.grad(lambda z: functional.cross_entropy(z, y))(z),
    ),
)
