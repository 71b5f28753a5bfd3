"""Exercise 05.softmax_ce_gradient: the gradient of the categorical cross-entropy with respect to
the logits.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Exercise, slips
from ...nn import cross_entropy
from .categorical import class_cases


def _gradient_by_autograd(z: Tensor, y: Tensor) -> Tensor:
    z = z.detach().requires_grad_()
    return torch.autograd.grad(functional.cross_entropy(z, y), z)[0]


def _gradient_by_place(z: Tensor, y: Tensor) -> Tensor:
    p = torch.softmax(z, dim=1)
    p[torch.arange(len(y)), y] -= 1
    return p / len(y)


SLIPS = """
sign: softmax(z) - right → right - softmax(z)
    The sign is turned round. Raising the logit of the right class makes the loss smaller: is its
    entry of the gradient above 0 or below?
not divided by n: / len(z) →
    This is right for a loss that adds up the examples. The loss is their mean: what does that do to
    each entry?
sign, and not divided by n: (softmax(z) - right) / len(z) → right - softmax(z)
    The sign is turned round, and the mean over the examples is forgotten. Take the two one after
    the other.
divided by the classes too: len(z) → z.numel()
    You divide by all entries, examples times classes. The loss is a mean over the examples only.
divided by the classes: len(z) → z.shape[1]
    You divide by the number of classes. The loss is a mean over the examples: which axis counts
    them?
right class forgotten: - right →
    These are the probabilities alone, so that every logit is pushed down, even that of the right
    class. What does the right class's own logit do in the loss?
probabilities forgotten: softmax(z) - right → -right
    Only the right class is pulled, and always with the same strength. The other logits are in the
    loss too: in which term?
logits in place of probabilities: softmax(z) - right → z - right
    The logits are used where probabilities belong. What turns the one into the other?
wrong axis: softmax(z) → torch.softmax(z, dim=0)
    The probabilities add up to 1 down the examples, not across the classes. Look at `dim`.
sigmoid for softmax: softmax(z) → sigmoid(z)
    A sigmoid treats each class as a yes or no of its own. Here the probabilities of a row add up to
    1.
exp overflows: softmax(z) → z.exp() / z.exp().sum(dim=1, keepdim=True)
    The formula is right, but `exp` of 1000 is infinite, and infinity divided by infinity is not a
    number. torch has a softmax that shifts each row first.
by the probabilities: softmax(z) - right → -right / softmax(z)
    This is the gradient with respect to the probabilities. One step of the chain rule is missing:
    how do the probabilities change with the logits?
slope of the softmax once more: / len(z) → * softmax(z) * (1 - softmax(z)) / len(z)
    p times 1 minus p comes in once more. That belongs to squared error; in cross-entropy the
    logarithm cancels it.
of the Brier score: / len(z) → * 2 / len(z)
    Your gradient is twice what it should be. A factor 2 comes from a square, and there is none in
    this loss.
label numbers taken off: right) → y[:, None])
    The number of the class is taken off from every probability of the row. A label says where a 1
    is to be taken off, not how much.
every label from every row:
    | p = softmax(z)
    | p[:, y] -= 1
    | return p / len(z)
    `[:, y]` changes the labels of all examples in every row. Each row should change at its own
    label only: pair row numbers with labels.
only the right entry: softmax(z) - right → (softmax(z) - 1) * right
    Only the right class has an entry. The wrong ones are pushed down too: their logits are in the
    sum of the exponentials.
only the wrong entries: softmax(z) - right → softmax(z) * (1 - right)
    The right class has no entry. Its logit should be pulled up: how does the loss change with it?
the loss itself: categorical_logits(z, y)
    This is the loss, a single number. The exercise asks how it changes with each logit: a number
    for each of them.
averaged over the examples: / len(z) → .mean(dim=0)
    The examples are averaged into one row. Every logit of every example has an entry of its own.
one taken off everywhere: - right → - 1
    1 is taken off at every class. Only the right one has it taken off.
right class added: - right → + right
    The 1 at the right class is added. Raising the right logit makes the loss smaller: look at the
    sign between the two.
only the right classes marked: softmax(z) - right → right
    This only marks the right classes. Where are the probabilities, and what does the loss do when
    the right logit rises?
only the second part divided: (softmax(z) - right) / len(z) → softmax(z) - right / len(z)
    The division reaches only the last part. Look at your brackets.
set to -1: softmax(z) - right → torch.where(right == 1, -1, softmax(z))
    At the right class stands -1, whatever its probability. 1 is to be taken off from what stands
    there: look at your assignment.
only the first part divided: (softmax(z) - right) / len(z) → softmax(z) / len(z) - right
    The division reaches only the probabilities. Look at your brackets.
sum of the whole batch: softmax(z) → z.exp() / z.exp().sum()
    The exponentials of the whole batch are added up. The probabilities of each row should add up to
    1: look at the axis of your sum. torch's softmax takes one, too.
sum of the whole batch, and not divided by n:
    | (softmax(z) - right) / len(z) → z.exp() / z.exp().sum() - right
    The exponentials of the whole batch are added up, and the mean over the examples is forgotten.
    Take the two one after the other.
"""

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
    slips=slips(SLIPS, cross_entropy.categorical_logits_gradient),
    also_right=(
        _gradient_by_autograd,
        _gradient_by_place,
        lambda z, y: (
            (functional.log_softmax(z, dim=1).exp() - functional.one_hot(y, z.shape[1]))
            / z.shape[0]
        ),
        lambda z, y: torch.func.grad(lambda z: functional.cross_entropy(z, y))(z),
    ),
)
