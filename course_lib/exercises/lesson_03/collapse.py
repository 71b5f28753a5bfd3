"""Exercise 03.collapse: the weights and biases of the one layer that does what two layers do."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn.collapse import collapse
from ..drawing import drawing


def _two_layers(
    draw: Callable[..., Tensor], d: int, h: int, k: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw W1, b1, W2, b2."""
    W1, b1 = draw(h, d, dtype=dtype), draw(h, dtype=dtype)
    return W1, b1, draw(k, h, dtype=dtype), draw(k, dtype=dtype)


def _collapse_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    W1, b1, W2, b2 = _two_layers(draw, 3, 4, 2)
    return [
        Case("3 inputs, 5 hidden neurons and 2 outputs", _two_layers(draw, 3, 5, 2)),
        Case("6 inputs, 2 hidden neurons and 4 outputs", _two_layers(draw, 6, 2, 4)),
        Case("3 inputs, 3 hidden neurons and 3 outputs", _two_layers(draw, 3, 3, 3)),
        Case("4 inputs, 3 hidden neurons and 4 outputs", _two_layers(draw, 4, 3, 4)),
        Case("2 inputs, 3 hidden neurons and 3 outputs", _two_layers(draw, 2, 3, 3)),
        Case("1 input, 1 hidden neuron and 1 output", _two_layers(draw, 1, 1, 1), special=True),
        Case("first biases that are all zero", (W1, 0 * b1, W2, b2), special=True),
        Case("second biases that are all zero", (W1, b1, W2, 0 * b2), special=True),
        Case("second weights that are all zero", (W1, b1, 0 * W2, b2), special=True),
        Case("biases around 100,000", (W1, 1e5 * b1, W2, 1e5 * b2), special=True),
        Case(
            "64 inputs, 32 hidden neurons and 10 outputs in float32",
            _two_layers(draw, 64, 32, 10, torch.float32),
            special=True,
        ),
    ]


def _collapse_by_asking(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    def both(x: Tensor) -> Tensor:
        return functional.linear(functional.linear(x, W1, b1), W2, b2)

    nothing = both(W1.new_zeros(W1.shape[1]))
    return (both(torch.eye(W1.shape[1], dtype=W1.dtype)) - nothing).T, nothing


def _collapse_with_columns(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    whole = W2 @ torch.cat([W1, b1[:, None]], dim=1)
    return whole[:, :-1], whole[:, -1] + b2


SLIPS = """
order swapped: W2 @ W1 → W1 @ W2
    The product has the wrong order. The first layer meets x first, so it stands next to x: on which
    side is that?
order swapped, biases too: W1 @ W2, W1 @ b2 + b1
    The layers have changed places, in the weights and in the biases. The first layer meets x first,
    so it stands next to x.
order swapped, biases added: W2 @ W1 → W1 @ W2 ; W2 @ b1 → b1
    The product has the wrong order, and the biases are added as they are. Write both layers for one
    x and multiply the brackets out.
biases added: W2 @ b1 → b1
    In your bias the two biases are added as they are, but the first one goes through the second
    layer, like everything that the first layer gives.
first bias lost: W2 @ b1 + b2 → b2.clone()
    In your bias the first one is lost. What does it become on its way through the second layer?
second bias lost: + b2 →
    The first bias is taken through the second layer, and the second bias is lost.
both biases through the second layer: b1 + b2 → (b1 + b2)
    Both biases go through the second weights. The second bias is added after them: look at your
    brackets.
bias through both layers: W2 @ b1 → W2 @ W1 @ b1
    You take the first bias through both layers. It is added after the first one: which weights
    still lie ahead of it?
bias through the transpose: W2 @ b1 → b1 @ W2
    The first bias meets the wrong axis of `W2`. Look at which axis counts the hidden neurons, and
    on which side it stands.
bias through the first layer: W2 @ b1 → W1 @ b1
    The first bias goes through the first weights, but it is added after them. Which weights come
    next?
biases swapped: b1 + b2 → b2 + b1
    The biases have changed places: which of them lies before the second weights, and which comes
    after?
bias as a column: b1 + b2 → b1[:, None] + b2[:, None]
    Your bias is a column, (k, 1). The exercise asks for k numbers in one axis; a matrix times a
    vector gives just that, without a second axis.
bias as a column and a row: b1 + b2 → b1[:, None] + b2
    Your bias has become a table (k, k): a column plus a row. Look at the axis that you added to the
    first bias.
second bias subtracted: + b2 → - b2
    The second bias is taken off. Look at its sign when both layers are written out.
bias multiplied elementwise: W2 @ b1 → W2 * b1
    For the bias you multiply place by place: a bias that goes through a layer is summed over the
    hidden neurons.
order swapped on both sides: W2 @ W1 → W1 @ W2 ; W2 @ b1 → b1 @ W2
    In both products `W2` stands on the right. It works on what the first layer gives, and a layer's
    weights stand to the left of what they work on: write both layers out for one x.
everything multiplied elementwise: W1 * W2, b1 * b2
    `*` multiplies place by place, and two biases are never multiplied with each other. Write one
    layer inside the other for one x, and multiply the brackets out.
first bias twice: + b2 → + b1 + b2
    In your bias the first one comes in twice: through the second layer, and once more as it is.
    Multiply the brackets out: how often does it occur?
elementwise product: W2 @ W1 → W2 * W1
    `*` multiplies the matrices place by place. One layer after the other is the matrix product.
weights added: W1 + W2, b1 + b2
    Weights and biases are added, as if the layers stood side by side. Here one layer works on what
    the other gives.
result transposed: W2 @ W1 → (W2 @ W1).T
    The weights lie on their side: (d, k). As in every layer, a neuron is a row, so that the outputs
    come first.
both transposed: W2 @ W1 → W1 @ W2.T
    A transpose of `W2` has slipped in. The matrices fit as they are: what stands before x when both
    layers are written out?
results swapped: W2 @ b1 + b2, W2 @ W1
    Both results are right, but in the wrong order: the weights are asked for first.
weights alone: W2 @ W1
    The weights are right. The biases of the one layer are asked for too: two results, separated by
    a comma.
"""

COLLAPSE = Exercise(
    id="03.collapse",
    points=3,
    asks="the weights and biases of the one layer that does what two layers do",
    reference=collapse,
    cases=_collapse_cases,
    hints=(
        "Write both layers for one example x, one inside the other. Then multiply the brackets "
        "out. Which terms hold x, and which do not?",
        "What stands before x is the weight of the one layer; what does not hold x is its bias. "
        "Which way did the first bias go before it came out?",
        "Check the shapes: W must be (k, d), made of (k, h) and (h, d). b must be (k,); the first "
        "bias has h numbers, and a matrix that takes h and gives k is at hand.",
    ),
    slips=slips(SLIPS, collapse),
    also_right=(
        _collapse_by_asking,
        _collapse_with_columns,
        lambda W1, b1, W2, b2: (torch.einsum("kh,hd->kd", W2, W1), torch.mv(W2, b1) + b2),
        lambda W1, b1, W2, b2: [(W1.T @ W2.T).T, b1 @ W2.T + b2],
        lambda W1, b1, W2, b2: (W2.matmul(W1), (W2 * b1).sum(dim=1) + b2),
    ),
    needs=("vmap",),
)
