"""Exercise 02.affine: the weighted sums of a layer, each neuron with its own bias."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import biases
from ..drawing import drawing
from ..families import slips_of_a_layer
from .shared import layer


def _affine_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    x, weight, bias = layer(draw, 3, 2, 4)
    return [
        Case("5 examples, 3 inputs and 4 neurons", layer(draw, 5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", layer(draw, 2, 6, 3)),
        Case("4 examples, 3 inputs and 4 neurons", layer(draw, 4, 3, 4)),
        Case("5 examples, 4 inputs and 4 neurons", layer(draw, 5, 4, 4)),
        Case("3 examples, 3 inputs and 3 neurons", layer(draw, 3, 3, 3)),
        Case("1 example, 3 inputs and 2 neurons", layer(draw, 1, 3, 2), special=True),
        Case("4 examples, 3 inputs and 1 neuron", layer(draw, 4, 3, 1), special=True),
        Case("1 example, 1 input and 1 neuron", layer(draw, 1, 1, 1), special=True),
        Case("biases that are all zero", (x, weight, torch.zeros_like(bias)), special=True),
        Case("inputs that are all zero", (torch.zeros_like(x), weight, bias), special=True),
        Case("biases around 100,000", (x, weight, 1e5 * bias), special=True),
        Case(
            "50 examples, 64 inputs and 10 neurons in float32",
            layer(draw, 50, 64, 10, torch.float32),
            special=True,
        ),
    ]


def _affine_by_loop(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    columns = [(x * w).sum(dim=1) + b for w, b in zip(weight, bias, strict=True)]
    return torch.stack(columns, dim=1)


def _affine_with_ones(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    return torch.cat([x, ones], dim=1) @ torch.cat([weight, bias[:, None]], dim=1).T


SLIPS = """
bias inside the product: x @ (weight + bias[:, None]).T
    The bias is added to the weights, inside the product, so it is multiplied by every input. A bias
    does not depend on the input: look at your brackets.
bias added to the inputs: (x + bias) @ weight.T
    The bias is added to the inputs, before the weights. It belongs to a neuron, not to an input:
    look at which step comes first.
bias added along the inputs: x @ (weight + bias).T
    The bias is added inside the brackets, to the weights, and even along the inputs. It comes after
    the product, one for each neuron.
broadcast along the batch: signals + bias → signals + bias[:, None]
    The biases run down the examples: each example gets a bias, where each neuron should. Look at
    the axis that you add to `bias`, and on which side shapes are lined up.
broadcast along the batch, bias first: signals + bias → bias[:, None] + signals
    The column of biases runs down the examples, so that each example gets a bias where each neuron
    should. Look at the axis that you add to `bias`.
transposed weights: dense(x, weight) → x @ weight
    The product sums over the neurons where it should sum over the inputs, as in lesson 01: a neuron
    is a row of `weight`. Look at which of its axes meets the inputs.
order swapped: dense(x, weight) → weight @ x
    The weights stand on the left, so that the product sums over the examples. Look at which axis of
    each of the two counts the inputs: those two have to meet.
result transposed: dense(x, weight) → weight @ x.T ; + bias → + bias[:, None]
    The numbers are right, but they are laid out as (neurons, examples). The examples come first:
    look at which side each matrix stands on.
result transposed, biases along the examples: dense(x, weight) → weight @ x.T
    Neurons stand in the rows here and examples in the columns, so that the biases run along the
    examples. Look at which side each matrix stands on: the examples come first.
elementwise product: dense(x, weight) → x * weight
    `*` multiplies place by place and adds nothing up. A layer needs a sum over the inputs for each
    pair of an example and a neuron, and only then the bias.
example and neuron in pairs: dense(x, weight) → (x * weight).sum(dim=1)
    `x * weight` lets example 0 meet neuron 0 only, example 1 neuron 1, and so on. In a layer each
    example meets every neuron: which product does that?
bias left out: + bias →
    The bias plays no part in your result: this is the layer of lesson 01. What should come out for
    an example whose inputs are all 0?
bias subtracted: + bias → - bias
    The bias is taken off. A bias above 0 makes a neuron answer more: look at the sign in the
    formula.
bias multiplied: + bias → * bias
    The bias multiplies the weighted sum, so that it acts like one more weight. An offset moves the
    answer even where the inputs are 0: which operation does that?
bias added once for each input: + bias → + x.shape[1] * bias
    The bias is added to every single product, so it counts once for each input. Look at what your
    sum runs over.
all biases to all neurons: + bias → + bias.sum()
    The biases are added up, and every neuron gets them all. Each neuron has one of its own: look
    for a sum too many.
one bias for all neurons: + bias → + bias[0]
    Every neuron gets the bias of the first. Look at where you pick an entry of `bias`: all are
    asked for.
only the biases: signals + bias → bias.expand(len(x), -1)
    Only the biases come out, the same in each row. The weighted sums are lost, or never there: if
    you fill columns in a loop, look at what `=` does to what stood there.
only the first neuron: signals + bias → functional.pad(signals[:, :1] + bias[0], (0, len(bias) - 1))
    Only the column of the first neuron is filled in. If you use a loop, look at how far the
    `return` is indented: it ends the function inside the loop.
a bias for each example, by loop:
    | torch.stack([row + bias[n] for n, row in enumerate(dense(x, weight))])
    Example 0 gets the first bias, example 1 the second, and so on. A bias belongs to a neuron: look
    at what the index of `bias` counts.
mean of the biases: + bias → + bias.mean()
    Every neuron gets the mean of all biases. Each neuron has one of its own: look for a mean too
    many.
a pair: signals + bias → signals, bias
    Two results come back, the weighted sums and the biases. The exercise asks for one matrix, in
    which the two have met: look for a comma where an operation should stand.
only the first bias: + bias → + functional.pad(bias[:1], (0, len(bias) - 1))
    Only the first neuron gets its bias. If you use a loop, look at how far the `return` is
    indented: it ends the function inside the loop.
"""

AFFINE = Exercise(
    id="02.affine",
    points=2,
    asks="the weighted sums of a layer, each neuron with its own bias",
    reference=biases.affine,
    cases=_affine_cases,
    hints=(
        "In lesson 01 a layer gave (n, h) numbers, one for each example and neuron. How many "
        "biases are there, and which of those numbers share one?",
        "Write the layer of lesson 01 first. Its result has n rows of h numbers, and the same h "
        "biases belong to every row. What happens when torch adds a tensor of shape (h,) to one of "
        "shape (n, h)?",
        "torch lines shapes up from the right: (n, h) and (h,) fit as they are. So the biases need "
        "no reshaping; the bias comes after the product, outside its brackets.",
    ),
    slips=slips(SLIPS, biases.affine) + slips_of_a_layer(biases.affine),
    also_right=(
        _affine_by_loop,
        _affine_with_ones,
        lambda x, weight, bias: functional.linear(x, weight, bias),
        lambda x, weight, bias: torch.einsum("nd,hd->nh", x, weight) + bias[None, :],
        lambda x, weight, bias: torch.addmm(bias, x, weight.T),
    ),
    needs=("grad",),
)
