"""Exercise 02.bias_column: inputs with a last column of ones, and weights with the biases as
their last column.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, Slip
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


def _ones(x: Tensor) -> Tensor:
    return torch.ones(len(x), 1, dtype=x.dtype)


def _append(left: Tensor, right: Tensor) -> Tensor:
    return torch.cat([left, right], dim=1)


def _column_by_padding(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    wide = torch.zeros(len(weight), weight.shape[1] + 1, dtype=weight.dtype)
    wide[:, :-1] = weight
    wide[:, -1] = bias
    return functional.pad(x, (0, 1), value=1.0), wide


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
    slips=(
        Slip(
            "ones first",
            lambda x, w, b: (_append(_ones(x), x), _append(b[:, None], w)),
            "Your two matrices fit each other, but the new column stands first. It is asked for as "
            "the last one: look at the order inside your cat.",
        ),
        Slip(
            "ones first, biases last",
            lambda x, w, b: (_append(_ones(x), x), _append(w, b[:, None])),
            "The ones are the first column and the biases the last, so they never meet. Both "
            "belong at the end: look at the order inside the cat of the inputs.",
        ),
        Slip(
            "ones last, biases first",
            lambda x, w, b: (_append(x, _ones(x)), _append(b[:, None], w)),
            "The ones are the last column and the biases the first, so they never meet. Both "
            "belong at the end: look at the order inside the cat of the weights.",
        ),
        Slip(
            "zeros instead of ones",
            lambda x, w, b: (_append(x, 0 * _ones(x)), _append(w, b[:, None])),
            "The new input is always 0, so the biases never get through. What must a bias be "
            "multiplied by to arrive as it is?",
        ),
        Slip(
            "ones and biases swapped",
            lambda x, w, b: (_append(x, b[:, None]), _append(w, _ones(w))),
            "The biases went to the inputs and the ones to the weights. A bias belongs to a "
            "neuron, and a neuron is a row of `weight`.",
        ),
        Slip(
            "ones in both",
            lambda x, w, b: (_append(x, _ones(x)), _append(w, _ones(w))),
            "The weights got ones too, so that every neuron has the bias 1. Where are the biases "
            "that you were given?",
        ),
        Slip(
            "a row of ones",
            lambda x, w, b: (torch.cat([x, torch.ones_like(x[:1])]), _append(w, b[:, None])),
            "The ones were added as a row: one example more, and no input more. Look at the axis "
            "that your cat works along.",
        ),
        Slip(
            "a block of ones",
            lambda x, w, b: (_append(x, torch.ones_like(x)), _append(w, b[:, None])),
            "You append as many ones as there are inputs. One new input is enough: look at the "
            "shape of your ones.",
        ),
        Slip(
            "axis forgotten",
            lambda x, w, b: (torch.cat([x, _ones(x)]), torch.cat([w, b[:, None]])),
            "Your matrices are set below each other, as `vstack` does, and `cat` without `dim`. "
            "Beside each other is asked for: which axis counts the columns?",
        ),
        Slip(
            "flat",
            lambda x, w, b: (torch.cat([x, torch.ones(len(x))], dim=1), _append(w, b[:, None])),
            "What you append is flat, of one axis, and torch asks for a matrix. A column of n "
            "numbers has the shape (n, 1): look at how to give a tensor a second axis.",
        ),
        Slip(
            "biases lie down",
            lambda x, w, b: (_append(x, _ones(x)), _append(w, b[None])),
            "Your biases are a row, of shape (1, h), and torch cannot set that beside the weights. "
            "They have to stand upright: look at which axis you add.",
        ),
        Slip(
            "biases as a new row",
            lambda x, w, b: (_append(x, _ones(x)), torch.cat([w, b[None]])),
            "The biases are put below the weights, as if they were one more neuron. Each neuron is "
            "a row and gets one number at its end: look at the axis of your cat.",
        ),
        Slip(
            "weights transposed",
            lambda x, w, b: (_append(x, _ones(x)), torch.cat([w.T, b[None]])),
            "The first matrix is right, the second lies on its side. As in every layer, a neuron "
            "is a row of it.",
        ),
        Slip(
            "added instead of appended",
            lambda x, w, b: (x + 1, w + b[:, None]),
            "One is added to every input and the bias to every weight. They should stand beside "
            "the others, as one more column, and leave them alone.",
        ),
        Slip(
            "weights left as they were",
            lambda x, w, b: (_append(x, _ones(x)), w),
            "The inputs have a new column and the weights do not, so that they no longer fit. "
            "Where do the biases go?",
        ),
        Slip(
            "inputs left as they were",
            lambda x, w, b: (x, _append(w, b[:, None])),
            "The weights have a new column and the inputs do not, so that they no longer fit. What "
            "should the biases be multiplied by?",
        ),
        Slip(
            "results swapped",
            lambda x, w, b: (_append(w, b[:, None]), _append(x, _ones(x))),
            "Both matrices are right, but they come back in the wrong order: the inputs are asked "
            "for first.",
        ),
        Slip(
            "the layer's result",
            lambda x, w, b: x @ w.T + b,
            "This is the result of the layer. Asked are the two matrices that make it, as a pair.",
        ),
        Slip(
            "a plain 1",
            lambda x, w, b: (torch.cat([x, 1], dim=1), _append(w, b[:, None])),
            "`cat` joins tensors, and 1 is a plain number. A 1 is needed in each row: which tensor "
            "holds those, and what is its shape?",
        ),
        Slip(
            "ones for each neuron",
            lambda x, w, b: (_append(x, _ones(w)), _append(w, b[:, None])),
            "You make a 1 for each neuron. The column stands beside `x` and is as long as it is: "
            "what do its rows count?",
        ),
        Slip(
            "ones for each input",
            lambda x, w, b: (_append(x, _ones(x.T)), _append(w, b[:, None])),
            "You make a 1 for each input. The column stands beside `x` and is as long as it is: "
            "look at which entry of `x.shape` you take.",
        ),
        Slip(
            "stacked",
            lambda x, w, b: (torch.stack([x, _ones(x)]), _append(w, b[:, None])),
            "`stack` lays tensors of equal shape along a new axis. Here no new axis is wanted: the "
            "column goes on in the axis of the inputs. Look for the function that joins.",
        ),
        Slip(
            "last input overwritten",
            lambda x, w, b: (_append(x[:, :-1], _ones(x)), _append(w, b[:, None])),
            "The ones have replaced the last input. They should stand beside it: the matrix gets "
            "one column more than `x` has.",
        ),
        Slip(
            "last column overwritten in both",
            lambda x, w, b: (_append(x[:, :-1], _ones(x)), _append(w[:, :-1], b[:, None])),
            "The ones have replaced the last input, and the biases its weights. They should stand "
            "beside them: each matrix gets one column more.",
        ),
        Slip(
            "only the inputs",
            lambda x, w, b: _append(x, _ones(x)),
            "Only the inputs come back. Asked are two matrices: look at what stands after "
            "`return`.",
        ),
        Slip(
            "biases alone",
            lambda x, w, b: (_append(x, _ones(x)), b[:, None]),
            "Your second matrix holds the biases alone. They should stand beside the weights, "
            "which are still needed for the other inputs.",
        ),
    ),
    also_right=(
        _column_by_padding,
        lambda x, w, b: (torch.column_stack([x, x.new_ones(len(x))]), torch.column_stack([w, b])),
        lambda x, w, b: [torch.hstack([x, _ones(x)]), torch.hstack([w, b.unsqueeze(1)])],
    ),
)
