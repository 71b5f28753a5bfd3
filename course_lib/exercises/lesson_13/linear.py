"""Exercise 13.linear: the Jacobian of a layer of weighted sums, for each example."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ...analysis.linear_maps import linear_jacobian
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _linear_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("4 examples of 3 inputs and 2 neurons", (draw(4, 3), draw(2, 3))),
        Case("2 examples of 3 inputs and 5 neurons", (draw(2, 3), draw(5, 3))),
        Case("3 examples of 4 inputs and 4 neurons", (draw(3, 4), draw(4, 4))),
        Case("a single example, without a batch", (draw(3), draw(2, 3)), special=True),
        Case("2 by 3 examples", (draw(2, 3, 4), draw(5, 4)), special=True),
        Case("1 input and 1 neuron", (draw(2, 1), draw(1, 1)), special=True),
        Case("inputs of 0", (torch.zeros_like(draw(2, 3)), draw(4, 3)), special=True),
        Case("weights of 0", (draw(2, 3), torch.zeros_like(draw(4, 3))), special=True),
        Case("20 examples in float32", (draw(20, 6).float(), draw(5, 6).float()), special=True),
    ]


def _by_autograd(x: Tensor, W: Tensor) -> Tensor:
    flat = x.reshape(-1, x.shape[-1])
    J = vmap(jacrev(lambda x: W @ x))(flat)
    return J.reshape(*x.shape[:-1], *W.shape)


def _of_the_batch(x: Tensor, W: Tensor) -> Tensor:
    return jacrev(lambda x: x @ W.T)(x)


SLIPS = """
transposed: weight.T.expand(*x.shape[:-1], *weight.T.shape)
    Rows and columns have changed places. A row of the Jacobian belongs to an output, a column
    to an input.
one matrix alone: weight.clone()
    You give a single matrix. Each example has its own, even if they are all alike: look at the
    shape that is asked for.
outputs: x @ weight.T
    These are the outputs of the layer. How much do they change if one input changes a little?
weights times inputs: weight * x[..., None, :]
    Each weight is multiplied by its input. That is what the input adds to the sum; how fast the
    sum grows with the input is another number.
inputs for weights: x[..., None, :].expand(*x.shape[:-1], *weight.shape)
    You give the inputs: that is the derivative with respect to a weight. Here an input changes,
    and the weights stay.
sum over neurons: weight.sum(dim=0).expand(*x.shape)
    You add up over the neurons. Each output has a row of its own.
added up over the batch: weight * x.shape[0]
    The matrices of all examples are added up. Each keeps a place of its own.
mean over neurons: weight.expand(*x.shape[:-1], *weight.shape) / weight.shape[0]
    You divide by how many neurons there are, as by a mean. There is none in a weighted sum.
ones: torch.ones_like(weight).expand(*x.shape[:-1], *weight.shape)
    All entries are 1. How fast an output grows with an input depends on what lies between them.
whole batch at once:
    Each output is taken by the inputs of all examples: that is where the extra axis comes from.
    Take each example alone.
transposed and times inputs: (weight * x[..., None, :]).mT
    Rows and columns have changed places, and each weight is multiplied by its input. A row
    belongs to an output; its entries say how fast the sum grows.
signs lost: weight.abs().expand(*x.shape[:-1], *weight.shape)
    You give sizes. An output falls where a weight is below 0.
"""

LINEAR = Exercise(
    id="13.linear",
    points=1,
    asks="the Jacobian of a layer of weighted sums, for each example",
    reference=linear_jacobian,
    cases=_linear_cases,
    hints=(
        "Output i is the sum of w_ij x_j over the inputs j. Let one input x_j grow a little and "
        "hold the others: how fast does output i grow?",
        "Does that depend on the input x itself? So how do the matrices of two examples differ?",
        "`W.expand(n, h, d)` shows one matrix n times. The axes of the batch are `x.shape[:-1]`.",
    ),
    slips=slips(SLIPS, linear_jacobian, {"whole batch at once": _of_the_batch}),
    also_right=(
        _by_autograd,
        lambda x, W: W.repeat(*x.shape[:-1], 1, 1),
        lambda x, W: W + torch.zeros(*x.shape[:-1], 1, 1, dtype=W.dtype),
        lambda x, W: torch.broadcast_to(W, (*x.shape[:-1], *W.shape)),
    ),
)
