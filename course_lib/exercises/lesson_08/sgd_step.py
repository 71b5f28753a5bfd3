"""Exercise 08.sgd_step: one step of gradient descent on a mini-batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim.batches import sgd_step

Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]


def _of_a_line(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of the mean squared error of `x @ w`, w `(d,)`."""
    return (2 * (x @ w - y)[:, None] * x).mean(dim=0)


def _of_classes(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of the mean cross-entropy of `x @ w.T`, w `(c, d)`."""
    p = (x @ w.T).softmax(dim=1)
    return (p - torch.nn.functional.one_hot(y, len(w))).T @ x / len(x)


def _step_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=dtype)

    def places(n: int, size: int) -> Tensor:
        """A batch of `size` out of n that is not the first examples, in a random order."""
        return torch.cat([torch.tensor([n - 1]), torch.randperm(n - 1, generator=source)])[:size]

    def line(words: str, n: int, d: int, size: int, lr: float, **more) -> Case:
        dtype = more.pop("dtype", torch.float64)
        x, y, w = draw(n, d, dtype=dtype), draw(n, dtype=dtype), draw(d, dtype=dtype)
        words = f"{words}, {size} of {n} examples and lr {lr:g}"
        return Case(words, (_of_a_line, w, x, y, places(n, size), lr), **more)

    def classes(n: int, size: int, lr: float, **more) -> Case:
        y = torch.randint(3, (n,), generator=source)
        words = f"a weight matrix, {size} of {n} examples and lr {lr:g}"
        args = (_of_classes, draw(3, 4), draw(n, 4), y, places(n, size), lr)
        return Case(words, args, **more)

    return [
        line("5 weights", 9, 5, 3, 0.3),
        classes(12, 5, 0.7),
        line("3 weights", 20, 3, 6, 0.05),
        line("a batch of one", 6, 2, 1, 0.2, special=True),
        line("all in one batch", 4, 3, 4, 0.2, special=True),
        classes(6, 1, 2.0, special=True),
        line("in float32", 8, 3, 4, 0.25, dtype=torch.float32, special=True),
        line("a rate of 0", 8, 3, 4, 0.0, special=True),
        Case(
            "an example that is in the batch twice",
            (_of_a_line, draw(2), draw(5, 2), draw(5), torch.tensor([3, 1, 3]), 0.5),
            special=True,
        ),
        Case(
            "weights of 0",
            (_of_a_line, torch.zeros(2).double(), draw(5, 2), draw(5), torch.tensor([2, 4]), 0.5),
            special=True,
        ),
    ]


def _averaged(gradient: Gradient, w: Tensor, x: Tensor, y: Tensor, chosen: Tensor, lr: float):
    total = torch.zeros_like(w)
    for i in chosen.tolist():
        total = total + gradient(w, x[[i]], y[[i]])
    return w - lr * total / len(chosen)


SLIPS = """
all examples: [chosen] →
    This is a step on all examples. `chosen` says which of them are in the batch.
answers not chosen: y[chosen] → y
    The inputs are those of the batch, the answers those of all examples. Both must be chosen.
inputs not chosen: x[chosen] → x
    The answers are those of the batch, the inputs those of all examples. Both must be chosen.
answers of the first examples: y[chosen] → y[: len(chosen)]
    The inputs are chosen, but the answers are those of the first examples: each input gets
    somebody else's answer.
the first examples: [chosen] → [: len(chosen)]
    This takes as many examples as are chosen, but the first ones. Use `chosen` as an index.
uphill: w - → w +
    The step goes uphill. The gradient points to where the loss grows.
not moved: w.clone()
    The weights come back as they were. Do you return the new ones?
learning rate forgotten: lr * →
    The step is as long as the gradient. The learning rate has no part in it.
the step alone: w - →
    This is what is to be taken away from the weights. The exercise asks for the weights after it.
the step alone, with its sign: w - → -
    This is the step, with the right sign. The exercise asks for the weights after it.
the gradient alone: w - lr * →
    This is the gradient of the batch. The exercise asks for the weights after a step along it.
divided by the batch: lr → lr / len(chosen)
    The gradient is divided by the size of the batch. It is a mean already.
times the batch: lr → lr * len(chosen)
    The gradients of the examples are added up, or the mean is multiplied by the size of the
    batch. The step must not grow with the batch.
times the batch's share: lr → lr * len(chosen) / len(x)
    The step is shortened by the batch's share of all examples. A mean over few examples is as
    large as one over many.
scaled up to all: lr → lr * len(x) / len(chosen)
    The step is made longer, as if the batch stood for a sum over all examples. The loss is a
    mean.
divided by all: lr → lr / len(x)
    The gradient is divided by the number of all examples. It is a mean over the batch already.
a step for each example:
    | for i in chosen:
    |     w = w - lr * gradient(w, x[i, None], y[i, None])
    | return w
    You make a step for each example of the batch, one after the other. The exercise asks for one
    step, along the mean of their gradients at the same weights.
last example only: [chosen] → [chosen[-1:]]
    Only the last example of the batch has a say. If you use a loop: is something overwritten in
    it?
first example only: [chosen] → [chosen[:1]]
    Only the first example of the batch has a say. If you use a loop: does a `return` stand
    inside it?
the other examples:
    | others = ~torch.isin(torch.arange(len(x)), chosen)
    | return w - lr * gradient(w, x[others], y[others])
    The step uses all examples but the chosen ones.
places for answers: y[chosen] → chosen.to(y)
    The places in `chosen` are used as answers. They say where to look in y.
rate on the weights: w - lr * → lr * (w - ; y[chosen]) → y[chosen]))
    The learning rate multiplies the weights as well. Look at your brackets.
rate for the weights' share: w - → (1 - lr) * w -
    The weights shrink at every step, whatever the gradient says.
rate 0.1: lr → 0.1
    The learning rate is 0.1 whatever is handed in. Use `lr`.
one number for all weights: y[chosen]) → y[chosen]).mean()
    All weights move by the same amount: the gradient is averaged over the weights. It is a mean
    over examples already, and each weight has its own.
sum over the weights: y[chosen]) → y[chosen]).sum()
    All weights move by the same amount: the gradient is added up over the weights. Each weight
    has its own.
sign of the gradient: y[chosen]) → y[chosen]).sign()
    Only the signs of the gradient are used. Steep directions take longer steps.
rate divided: lr * → 1 / (lr or 1) *
    The gradient is divided by the learning rate: a smaller rate gives longer steps.
backwards: w - lr → -w + lr
    The sign of everything is wrong: the weights are taken from the step. Look at what stands
    before the minus.
with the gradient: y[chosen]) → y[chosen]), gradient(w, x[chosen], y[chosen])
    Two things come back. The exercise asks for the new weights alone.
weights last: (w, x[chosen], y[chosen]) → (x[chosen], y[chosen], w)
    `gradient` is handed its arguments in another order than it takes them: weights, inputs,
    answers.
weights not handed over: (w, x → (x
    `gradient` takes three things: weights, inputs, answers. It gets two.
gradient not called: gradient(w, x[chosen], y[chosen]) → gradient
    `gradient` is a function, and it is not called: hand it weights, inputs and answers in
    brackets.
an index to something else: (w, x[chosen], y[chosen]) → (w, x, y)[chosen]
    `chosen` is used as an index to the weights, to the gradient or to the columns of x. It
    holds places of examples: these are rows of x, and entries of y.
examples without their axis: [chosen] → [chosen[0]]
    `gradient` is handed single examples, and it takes a batch: x of shape (B, d). No loop is
    needed; an index can hold many places.
last example, divided: [chosen] → [chosen[-1:]] ; lr → lr / len(chosen)
    Only the last example has a say, and its gradient is divided by the size of the batch. If
    you use a loop: look at how it adds up.
brackets: w - lr → (w - lr)
    The learning rate is taken from the weights, and the rest multiplied. Look at your brackets.
steps of one length:
    | g = gradient(w, x[chosen], y[chosen])
    | return w - lr * g / g.norm()
    The gradient is divided by its length, so that all steps are equally long. In a step of SGD
    a steep slope gives a long one.
squared: y[chosen]) → y[chosen]) ** 2
    The gradient is squared, which makes every step go the same way.
"""

SGD_STEP = Exercise(
    id="08.sgd_step",
    points=2,
    asks="the weights after one step on a mini-batch",
    reference=sgd_step,
    cases=_step_cases,
    hints=(
        "A step of gradient descent needs a gradient. Which examples may it look at, and how do "
        "you pick them out of x and y?",
        "A tensor of places is an index: `x[chosen]` holds these rows of x. The answers must be "
        "those of the same examples.",
        "`gradient` is a mean over whatever examples it is given, so nothing is left to divide. "
        "Then step downhill, `lr` times as far.",
    ),
    slips=slips(SLIPS, sgd_step),
    also_right=(
        _averaged,
        lambda gradient, w, x, y, chosen, lr: torch.sub(
            w, gradient(w, x.index_select(0, chosen), y.index_select(0, chosen)), alpha=lr
        ),
        lambda gradient, w, x, y, chosen, lr: (
            w + (-lr) * gradient(w, x[chosen.tolist()], y[chosen.tolist()])
        ),
    ),
)
