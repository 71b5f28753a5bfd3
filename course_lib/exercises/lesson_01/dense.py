"""Exercise 01.dense: the weighted sums of a layer of neurons."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import layers
from ..drawing import drawing
from ..families import slips_of_a_layer


def _dense_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single = torch.float32
    return [
        Case("5 examples, 3 inputs and 4 neurons", (draw(5, 3), draw(4, 3))),
        Case("2 examples, 6 inputs and 3 neurons", (draw(2, 6), draw(3, 6))),
        Case("4 examples, 4 inputs and 4 neurons", (draw(4, 4), draw(4, 4))),
        Case("5 examples, 2 inputs and 2 neurons", (draw(5, 2), draw(2, 2))),
        Case("1 example, 3 inputs and 2 neurons", (draw(1, 3), draw(2, 3)), special=True),
        Case("4 examples, 3 inputs and 1 neuron", (draw(4, 3), draw(1, 3)), special=True),
        Case("1 example, 1 input and 1 neuron", (draw(1, 1), draw(1, 1)), special=True),
        Case("weights that are all zero", (draw(3, 2), torch.zeros(4, 2).double()), special=True),
        Case("weights around 100,000", (draw(3, 2), 1e5 * draw(4, 2)), special=True),
        Case(
            "10 examples, 64 inputs and 5 neurons in float32",
            (draw(10, 64, dtype=single), draw(5, 64, dtype=single)),
            special=True,
        ),
    ]


def _dense_by_loop(x: Tensor, weight: Tensor) -> Tensor:
    columns = [torch.stack([(example * row).sum() for example in x]) for row in weight]
    return torch.stack(columns, dim=1)


SLIPS = """
transposed weights: x @ weight
    The product sums over the neurons where it should sum over the inputs. In `weight` a neuron
    is a row: look at which of its axes meets the inputs of `x`.
order swapped: weight @ x
    The weights stand on the left, so that the product sums over the examples. Look at which
    axis of each of the two counts the inputs: those two have to meet.
result transposed: weight @ x.T
    The numbers are right, but they are laid out as (neurons, examples). The examples come
    first: look at which side each matrix stands on, or at the axis that you stack along.
elementwise product: x * weight
    `*` multiplies place by place and adds nothing up. A layer needs a sum over the inputs for
    each pair of an example and a neuron.
sum over the neurons: (x[:, None, :] * weight).sum(dim=1)
    The sum runs over the wrong axis: the neurons are gone and the inputs are left. Look at what
    each of the three axes (example, neuron, input) counts.
sum over the examples: (x[:, None, :] * weight).sum(dim=0)
    The sum runs over the wrong axis: the examples are mixed together. Look at what each of the
    three axes (example, neuron, input) counts.
not added up: x[:, None, :] * weight
    You have every single product, by example, neuron and input. The products of one neuron
    still have to become one number: a step is missing.
mean instead of sum: (x @ weight.T) / x.shape[1]
    The products are averaged where they should be added: an added input would make all the
    others count less. Look at the last step.
only the first neuron: x @ weight[0]
    Only the first neuron gives a signal. Look at where you pick a row of `weight`: all rows are
    asked for.
only the first example, alone: x[0] @ weight.T
    Only the first example gets an answer. Look at where you pick a row of `x`: all rows are asked
    for.
example and neuron in pairs: (x * weight).sum(dim=1)
    That is how one neuron worked. Here `*` lets example 0 meet neuron 0 only, example 1 neuron
    1, and so on; in a layer each example meets every neuron.
inputs transposed: x.T @ weight
    The wrong one of the two is turned on its side: the product sums over the examples. Look at
    which axis of each of the two counts the inputs.
letters of einsum: torch.einsum("nd,dh->nh", x, weight)
    The letters "dh" say that `weight` has a row for each input. It has a row for each neuron:
    look at the order of its two letters.
t without brackets: x @ weight.t
    `t` is a method: without brackets behind it you multiply by the method itself, not by what
    it gives back.
dot of matrices: x.dot(weight)
    In torch, unlike NumPy, `dot` takes two lists of numbers, each with a single axis. Look for
    the operation that multiplies matrices.
weights reshaped: x @ weight.reshape(weight.shape[1], weight.shape[0])
    `reshape` gives the shape that fits, but it deals the numbers out anew, so that the weights
    of different neurons mix. Turning a matrix on its side is something else.
result reshaped: (weight @ x.T).reshape(len(x), len(weight))
    `reshape` gives the shape asked for, but it deals the numbers out anew, so that they stand
    in the wrong places. Turning a matrix on its side is something else.
neurons end to end: torch.cat([x @ row for row in weight])
    The numbers are right, but they stand in one long row, neuron after neuron. Each neuron
    should fill a column: look at what `cat` does, and what `stack` does.
return inside the loops: functional.pad(x[:1] @ weight[:1].T, (0, len(weight) - 1, 0, len(x) - 1))
    Only the entry of the first example and the first neuron is filled in. If you use loops, look at
    how far the `return` is indented: it ends the function inside them.
only the first example: functional.pad(x[:1] @ weight.T, (0, 0, 0, len(x) - 1))
    Only the row of the first example is filled in. If you use loops, look at how far the `return`
    is indented: it ends the function inside the outer one.
"""

DENSE = Exercise(
    id="01.dense",
    points=2,
    asks="the weighted sums of a layer of neurons",
    reference=layers.dense,
    cases=_dense_cases,
    hints=(
        "How many numbers come out for one example, if the layer has 4 neurons? And for 5 "
        "examples? Write the shape of the result down first.",
        "Row h of `weight` is the `w` of neuron h. The result at [n, h] is what that neuron makes "
        "of example n: which two rows meet there?",
        "A matrix product adds over the last axis of its left side and the first axis of its right "
        "side. Both must count the inputs. Which of your two matrices has them elsewhere?",
    ),
    slips=slips(SLIPS, layers.dense) + slips_of_a_layer(layers.dense),
    also_right=(
        _dense_by_loop,
        lambda x, weight: torch.einsum("nd,hd->nh", x, weight),
        lambda x, weight: functional.linear(x, weight),
        lambda x, weight: (x[:, None, :] * weight).sum(dim=2),
        lambda x, weight: torch.stack([x @ row for row in weight], dim=1),
    ),
    needs=("grad",),
)
