"""Exercise 02.bias_column: inputs with a last column of ones, and weights with the biases as
their last column.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import biases
from ..drawing import drawing
from .shared import layer


def _column_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    x, weight, bias = layer(draw, 3, 2, 4)
    return [
        Case("5 examples, 3 inputs and 4 neurons", layer(draw, 5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", layer(draw, 2, 6, 3)),
        Case("4 examples, 3 inputs and 4 neurons", layer(draw, 4, 3, 4)),
        Case("1 example, 2 inputs and 1 neuron", layer(draw, 1, 2, 1), special=True),
        Case("inputs that are all zero", (torch.zeros_like(x), weight, bias), special=True),
        Case("biases around 100,000", (x, weight, 1e5 * bias), special=True),
        Case(
            "50 examples, 64 inputs and 10 neurons in float32",
            layer(draw, 50, 64, 10, torch.float32),
            special=True,
        ),
    ]


def _column_by_padding(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    wide = torch.zeros(len(weight), weight.shape[1] + 1, dtype=weight.dtype)
    wide[:, :-1] = weight
    wide[:, -1] = bias
    return functional.pad(x, (0, 1), value=1.0), wide


SLIPS = """
ones first: [x, ones] → [ones, x] ; [weight, bias[:, None]] → [bias[:, None], weight]
    Your two matrices fit each other, but the new column stands first. It is asked for as the last
    one: look at the order inside your cat.
ones first, biases last: [x, ones] → [ones, x]
    The ones are the first column and the biases the last, so they never meet. Both belong at the
    end: look at the order inside the cat of the inputs.
ones last, biases first: [weight, bias[:, None]] → [bias[:, None], weight]
    The ones are the last column and the biases the first, so they never meet. Both belong at the
    end: look at the order inside the cat of the weights.
zeros instead of ones: new_ones → new_zeros
    The new input is always 0, so the biases never get through. What must a bias be multiplied by to
    arrive as it is?
ones and biases swapped:
    | bias[:, None] → torch.ones_like(bias[:, None])
    | [x, ones] → [x, bias[:, None]]
    The biases went to the inputs and the ones to the weights. A bias belongs to a neuron, and a
    neuron is a row of `weight`.
ones in both: bias[:, None] → torch.ones_like(bias[:, None])
    The weights got ones too, so that every neuron has the bias 1. Where are the biases that you
    were given?
a row of ones: torch.cat([x, ones], dim=1) → torch.cat([x, torch.ones_like(x[:1])])
    The ones were added as a row: one example more, and no input more. Look at the axis that your
    cat works along.
a block of ones: [x, ones] → [x, torch.ones_like(x)]
    You append as many ones as there are inputs. One new input is enough: look at the shape of your
    ones.
axis forgotten: , dim=1 →
    Your matrices are set below each other, as `vstack` does, and `cat` without `dim`. Beside each
    other is asked for: which axis counts the columns?
flat: (len(x), 1) → (len(x))
    What you append is flat, of one axis, and torch asks for a matrix. A column of n numbers has the
    shape (n, 1): look at how to give a tensor a second axis.
biases lie down: bias[:, None] → bias[None]
    Your biases are a row, of shape (1, h), and torch cannot set that beside the weights. They have
    to stand upright: look at which axis you add.
biases as a new row: bias[:, None]], dim=1 → bias[None]]
    The biases are put below the weights, as if they were one more neuron. Each neuron is a row and
    gets one number at its end: look at the axis of your cat.
weights transposed: [weight, bias[:, None]], dim=1 → [weight.T, bias[None]]
    The first matrix is right, the second lies on its side. As in every layer, a neuron is a row of
    it.
added instead of appended: x + 1, weight + bias[:, None]
    One is added to every input and the bias to every weight. They should stand beside the others,
    as one more column, and leave them alone.
weights left as they were: torch.cat([weight, bias[:, None]], dim=1) → weight
    The inputs have a new column and the weights do not, so that they no longer fit. Where do the
    biases go?
inputs left as they were: torch.cat([x, ones], dim=1) → x
    The weights have a new column and the inputs do not, so that they no longer fit. What should the
    biases be multiplied by?
both left as they were: x, weight
    Inputs and weights come back as they went in. Each of them gets one more column: which?
results swapped: [x, ones] ↔ [weight, bias[:, None]]
    Both matrices are right, but they come back in the wrong order: the inputs are asked for first.
the layer's result: affine(x, weight, bias)
    This is the result of the layer. The exercise asks for the two matrices that make it, as a pair.
a plain 1: [x, ones] → [x, 1]
    `cat` joins tensors, and 1 is a plain number. A 1 is needed in each row: which tensor holds
    those, and what is its shape?
ones for each neuron: len(x) → len(weight)
    You make a 1 for each neuron. The column stands beside `x` and is as long as it is: what do its
    rows count?
ones for each input: len(x) → x.shape[1]
    You make a 1 for each input. The column stands beside `x` and is as long as it is: look at which
    entry of `x.shape` you take.
stacked: torch.cat([x, ones], dim=1) → torch.stack([x, ones])
    `stack` lays tensors of equal shape along a new axis. Here no new axis is wanted: the column
    goes on in the axis of the inputs. Look for the function that joins.
last input overwritten: [x, ones] → [x[:, :-1], ones]
    The ones have replaced the last input. They should stand beside it: the matrix gets one column
    more than `x` has.
last column overwritten in both: [x, → [x[:, :-1], ; [weight, → [weight[:, :-1],
    The ones have replaced the last input, and the biases its weights. They should stand beside
    them: each matrix gets one column more.
only the inputs: , torch.cat([weight, bias[:, None]], dim=1) →
    Only the inputs come back. The exercise asks for two matrices: look at what stands after
    `return`.
biases alone: torch.cat([weight, bias[:, None]], dim=1) → bias[:, None]
    Your second matrix holds the biases alone. They should stand beside the weights, which are still
    needed for the other inputs.
"""

BIAS_COLUMN = Exercise(
    id="02.bias_column",
    points=2,
    asks="inputs with a last column of ones, and weights with the biases as their last column",
    reference=biases.bias_column,
    cases=_column_cases,
    hints=(
        "Invent one more input that is 1 in every example. Which weight should each neuron give "
        "it, so that it adds exactly the neuron's bias?",
        "The inputs get one more column, and the weights get one more column: (n, d + 1) and (h, d "
        "+ 1). A flat tensor of shape (h,) has to stand upright before it can be a column.",
        "`torch.cat([a, b], dim=1)` sets columns beside each other, if both are matrices. "
        "`bias[:, None]` has the shape (h, 1). Give back both results, the inputs first.",
    ),
    slips=slips(SLIPS, biases.bias_column),
    also_right=(
        _column_by_padding,
        lambda x, w, b: (torch.column_stack([x, x.new_ones(len(x))]), torch.column_stack([w, b])),
        lambda x, w, b: [torch.hstack([x, x.new_ones(len(x), 1)]), torch.hstack([w, b[:, None]])],
    ),
)
