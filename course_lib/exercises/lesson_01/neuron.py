"""Exercise 01.neuron: the weighted sum of each example's inputs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import layers
from ..drawing import drawing
from ..families import slips_of_a_layer


def _neuron_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("5 examples of 3 inputs", (draw(5, 3), draw(3))),
        Case("2 examples of 6 inputs", (draw(2, 6), draw(6))),
        Case("4 examples of 4 inputs", (draw(4, 4), draw(4))),
        Case("1 example of 3 inputs", (draw(1, 3), draw(3)), special=True),
        Case("3 examples of 1 input", (draw(3, 1), draw(1)), special=True),
        Case("inputs that are all zero", (torch.zeros(3, 2), torch.ones(2)), special=True),
        Case("inputs around 100,000", (1e5 * draw(4, 3), draw(3)), special=True),
        Case(
            "200 examples of 64 inputs in float32",
            (draw(200, 64, dtype=torch.float32), draw(64, dtype=torch.float32)),
            special=True,
        ),
    ]


def _neuron_by_loop(x: Tensor, w: Tensor) -> Tensor:
    outputs = []
    for example in x:
        total = torch.zeros((), dtype=x.dtype)
        for signal, weight in zip(example, w, strict=True):
            total = total + signal * weight
        outputs.append(total)
    return torch.stack(outputs)


SLIPS = """
sum over the examples: (x * w).sum(dim=0)
    The sum runs over the examples, so that different images are mixed and every input stays by
    itself. Look at which axis of (n, d) counts the inputs.
not added up: x * w
    You have one product for each input of each example. A neuron sends a single number for each
    example: a step is missing after the products.
one number for all examples: (x * w).sum()
    All examples are added into one number. Each example should keep a number of its own: look at
    what your sum runs over.
mean instead of sum: (x * w).mean(dim=1)
    The products are averaged where they should be added: an added input would make all the others
    count less. Look at the last step.
weights left out: x.sum(dim=1)
    The weights play no part in your result: it is the plain sum of each example's inputs. Look at
    where `w` enters.
product of sums: x.sum(dim=1) * w.sum()
    The inputs are added up before they meet their weights, so each input counts with every weight.
    Look at the order of the two steps.
weights meet the examples: w @ x
    The weights are matched with the examples where they should be matched with the inputs. Look at
    the order of the two in your product, and at their shapes.
kept as a column: (x * w).sum(dim=1, keepdim=True)
    The numbers are right, but they stand in a column of shape (n, 1); the shape asked for is (n,).
    Look for an axis of length one that you keep or add.
only the first example: x[0] @ w
    Only the first example gets an answer. Look at where you pick a row of `x`: all rows are asked
    for.
sum instead of product: (x + w).sum(dim=1)
    Inputs and weights are added to each other. A weight says how strongly its input counts: what
    makes something count twice as much?
only two inputs: x[:, 0] * w[0] + x[:, 1] * w[1]
    Only the first two inputs count. There may be any number of them: look at the columns that you
    name one by one.
examples taken for inputs: x[0] * w[0] + x[1] * w[1]
    `x[0]` is the first example, not the first input, so that whole examples are weighted and added.
    Look at which axis of (n, d) your index picks from.
only the last product: x[:, -1] * w[-1]
    Only the last input counts. If you use a loop, each step of it forgets the steps before: look at
    what happens to the old total when a new product comes.
only the first product: x[:, 0] * w[0]
    Only the first input counts. If you use a loop, look at how far the `return` is indented: it
    ends the function at once.
first product left out: x[:, 1:] @ w[1:]
    The first input of each example is left out. Look at where your loop or slice begins: Python
    counts from 0.
last product left out: x[:, :-1] @ w[:-1]
    The last input of each example is left out. Look at where your loop or slice ends: the end
    itself does not belong to it.
a total after each input: (x * w).cumsum(dim=1).flatten()
    You hand over a total after each input, also those that are not finished. If you use a loop,
    look at how far the line that keeps the total is indented.
a weight for each example: (x * w[:, None]).sum(dim=1)
    `w` runs down the examples, so that each example meets one weight. Each input should: look for
    an axis that you add to `w`, or for a sum that comes too early.
inputs added up first: w * x.sum(dim=1)
    The inputs are added up before they meet their weights, and then each example meets one weight.
    Look at the order of the two steps.
examples transposed: x.T @ w
    `x` is turned on its side, so that the weights meet the examples. A product with `@` adds over
    the last axis of its left side: which one should that be?
dot of a matrix: x.dot(w)
    In torch, `dot` takes two lists of numbers, each with a single axis, and `x` has two. Look for
    an operation that takes a matrix on its left side.
"""

NEURON = Exercise(
    id="01.neuron",
    points=1,
    asks="the weighted sum of each example's inputs",
    reference=layers.neuron,
    cases=_neuron_cases,
    hints=(
        "Take one example with the inputs 2 and 3, and the weights 10 and 100. Which single number "
        "should come out? Then take a second example: how many numbers come out now?",
        "Every row of `x` meets the same `w`. In lesson 00 you wrote the sum for one row. What "
        "changes if there are several rows, and which direction must the sum run in?",
        "`x * w` multiplies each row of `x` by `w`, place by place, and keeps the shape (n, d). "
        "Of its two axes, the one that counts the inputs has to disappear.",
    ),
    slips=slips(SLIPS, layers.neuron)
    + slips_of_a_layer(layers.neuron, without={"neurons added up", "examples added up"}),
    also_right=(
        _neuron_by_loop,
        lambda x, w: (x * w).sum(dim=1),
        lambda x, w: torch.einsum("nd,d->n", x, w),
        lambda x, w: functional.linear(x, w),
    ),
)
