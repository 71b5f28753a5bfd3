"""Exercise 06.count_cost: how many multiplications a network needs forward, and how many
backward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...nn import backprop


def _cost_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def sizes(layers: int) -> list[int]:
        return torch.randint(2, 60, (layers + 1,), generator=source).tolist()

    def case(words: str, layers: int, n: int) -> Case:
        own = sizes(layers)
        return Case(f"{words}, sizes {own} and {n} examples", (own, n))

    return [
        case("2 layers", 2, 7),
        case("3 layers", 3, 20),
        case("4 layers", 4, 13),
        case("5 layers", 5, 2),
        Case("1 layer of 10 neurons on 64 inputs", ([64, 10], 3), special=True),
        Case("1 example", ([64, 32, 10], 1), special=True),
        Case("no examples", ([64, 32, 10], 0), special=True),
        Case("layers of 1 neuron", ([1, 1, 1], 5), special=True),
        Case("wide layers", ([1000, 4000, 4000, 10], 512), special=True),
    ]


def _products(sizes: Sequence[int]) -> list[int]:
    return [d * h for d, h in pairwise(sizes)]


def _cost_by_loop(sizes: Sequence[int], n: int) -> tuple[int, int]:
    forward = backward = 0
    for layer in range(1, len(sizes)):
        one = n * sizes[layer - 1] * sizes[layer]
        forward += one
        backward += one if layer == 1 else 2 * one
    return forward, backward


def _three_sizes(sizes: Sequence[int], n: int) -> tuple[int, int]:
    d, h, c = sizes
    return n * (d * h + h * c), n * (d * h + 2 * h * c)


COUNT_COST = Exercise(
    id="06.count_cost",
    points=2,
    asks="how many multiplications a network needs forward, and how many backward",
    reference=backprop.count_cost,
    cases=_cost_cases,
    hints=(
        "A layer of h neurons on d inputs: how many multiplications are in one output? How many "
        "outputs are there for n examples?",
        "On the way back a layer makes two matrix products: one for its inputs, one for its "
        "weights. How many multiplications has each? Compare with the way forward.",
        "So the way back costs twice the way forward, layer by layer, but for one layer whose "
        "inputs nobody wants to change. Which layer is that?",
    ),
    slips=(
        Slip(
            "exactly twice",
            lambda sizes, n: (n * sum(_products(sizes)), 2 * n * sum(_products(sizes))),
            "Backward is exactly twice forward: that counts a gradient which nobody needs. Which "
            "layer's inputs are not made by any weights?",
        ),
        Slip(
            "as much as forward",
            lambda sizes, n: (n * sum(_products(sizes)), n * sum(_products(sizes))),
            "Backward costs as much as forward here. On the way back a layer makes two matrix "
            "products: for what are they?",
        ),
        Slip(
            "inputs only",
            lambda sizes, n: (n * sum(_products(sizes)), n * sum(_products(sizes)[1:])),
            "Backward counts what is handed on to the layer before, and nothing else. The "
            "gradients of the weights are products too.",
        ),
        Slip(
            "three times",
            lambda sizes, n: (n * sum(_products(sizes)), 3 * n * sum(_products(sizes))),
            "Backward is three times forward. Biases need sums only, no products: which two "
            "products are left, and does every layer need both?",
        ),
        Slip(
            "forward counted in",
            lambda sizes, n: (
                n * sum(_products(sizes)),
                n * (3 * sum(_products(sizes)) - _products(sizes)[0]),
            ),
            "Backward contains the way forward as well. Its results are kept, and need not be "
            "computed again.",
        ),
        Slip(
            "last layer spared",
            lambda sizes, n: (
                n * sum(_products(sizes)),
                n * (2 * sum(_products(sizes)) - _products(sizes)[-1]),
            ),
            "The last layer is spared one of its two products. It is another layer whose inputs "
            "nobody wants to change: look at the other end.",
        ),
        Slip(
            "examples left out",
            lambda sizes, n: (
                sum(_products(sizes)),
                2 * sum(_products(sizes)) - _products(sizes)[0],
            ),
            "This is the count for one example. Each example goes through all of it.",
        ),
        Slip(
            "weights' products without the examples",
            lambda sizes, n: (
                n * sum(_products(sizes)),
                sum(_products(sizes)) + n * sum(_products(sizes)[1:]),
            ),
            "The gradients of the weights are counted as one product a weight. Each weight's "
            "gradient is a sum over the examples, with a product for each of them.",
        ),
        Slip(
            "biases counted",
            lambda sizes, n: (
                n * (sum(_products(sizes)) + sum(sizes[1:])),
                n * (2 * sum(_products(sizes)) - _products(sizes)[0] + sum(sizes[1:])),
            ),
            "The biases are counted too. They are added, not multiplied.",
        ),
        Slip(
            "biases counted forward",
            lambda sizes, n: (
                n * (sum(_products(sizes)) + sum(sizes[1:])),
                n * (2 * sum(_products(sizes)) - _products(sizes)[0]),
            ),
            "On the way forward the biases are counted too. They are added, not multiplied.",
        ),
        Slip(
            "additions counted",
            lambda sizes, n: (
                2 * n * sum(_products(sizes)),
                2 * n * (2 * sum(_products(sizes)) - _products(sizes)[0]),
            ),
            "Both numbers are twice what they should be: you count additions as well. Only "
            "multiplications are asked for.",
        ),
        Slip(
            "sizes added up",
            lambda sizes, n: (
                n * sum(a + b for a, b in pairwise(sizes)),
                n * (2 * sum(a + b for a, b in pairwise(sizes)) - sizes[0] - sizes[1]),
            ),
            "The sizes of neighbouring layers are added. Each neuron takes each input: how many "
            "pairs are there?",
        ),
        Slip(
            "all sizes multiplied",
            lambda sizes, n: (n * math.prod(sizes), 2 * n * math.prod(sizes)),
            "All sizes are multiplied together. Only neighbouring layers are connected: one "
            "product for each pair of them, and then add.",
        ),
        Slip(
            "exactly twice, examples left out",
            lambda sizes, n: (sum(_products(sizes)), 2 * sum(_products(sizes))),
            "This is the count for one example, and backward is exactly twice forward. Each "
            "example goes through all of it; and one layer's inputs need no gradient.",
        ),
        Slip(
            "additions counted, exactly twice",
            lambda sizes, n: (2 * n * sum(_products(sizes)), 4 * n * sum(_products(sizes))),
            "Additions are counted as well, and backward is exactly twice forward: that counts a "
            "gradient which nobody needs. Only multiplications are asked for.",
        ),
        Slip(
            "first layer left out",
            lambda sizes, n: (n * sum(_products(sizes)), 2 * n * sum(_products(sizes)[1:])),
            "On the way back the first layer is left out altogether. Its inputs need no gradient, "
            "but its weights do.",
        ),
        Slip(
            "first layer only",
            lambda sizes, n: (n * _products(sizes)[0], 2 * n * _products(sizes)[0]),
            "Only the first layer is counted. Go through all pairs of neighbours in the list.",
        ),
        Slip(
            "neurons counted",
            lambda sizes, n: (n * sum(sizes), 2 * n * sum(sizes)),
            "You count neurons. Each neuron has a weight for each of its inputs, and each weight "
            "costs a multiplication.",
        ),
        Slip(
            "the other way round",
            lambda sizes, n: (
                n * (2 * sum(_products(sizes)) - _products(sizes)[0]),
                n * sum(_products(sizes)),
            ),
            "The two numbers have changed places: forward is asked for first.",
        ),
        Slip(
            "both together",
            lambda sizes, n: n * (3 * sum(_products(sizes)) - _products(sizes)[0]),
            "This is one number, for both ways together. Asked are two: forward, backward.",
        ),
        Slip(
            "last layer left out",
            lambda sizes, n: (
                n * sum(_products(sizes)[:-1]),
                n * (2 * sum(_products(sizes)[:-1]) - _products(sizes)[0]),
            ),
            "The last layer is left out, both ways. A list of three sizes has two layers: look at "
            "where your loop ends.",
        ),
        Slip(
            "one example's share taken off",
            lambda sizes, n: (
                n * sum(_products(sizes)),
                2 * n * sum(_products(sizes)) - _products(sizes)[0],
            ),
            "What you take off backward is that of one example. The product that is never made "
            "would be made for each of them.",
        ),
        Slip(
            "inputs taken off",
            lambda sizes, n: (
                n * sum(_products(sizes)),
                2 * n * sum(_products(sizes)) - n * sizes[0],
            ),
            "Backward you take off one multiplication for each input. The product that is never "
            "made has more: how many neurons does each input go to?",
        ),
        Slip(
            "two layers only",
            lambda sizes, n: (
                n * (sizes[0] * sizes[1] + sizes[1] * sizes[2]),
                n * (sizes[0] * sizes[1] + 2 * sizes[1] * sizes[2]),
            ),
            "Only the first two layers are counted. The list may be of any length: go through all "
            "pairs of neighbours in it.",
        ),
        Slip(
            "three sizes taken apart",
            _three_sizes,
            "Your function takes apart a list of exactly three sizes. It may be of any length: go "
            "through all pairs of neighbours in it.",
        ),
        Slip(
            "last layer left out, exactly twice",
            lambda sizes, n: (n * sum(_products(sizes)[:-1]), 2 * n * sum(_products(sizes)[:-1])),
            "The last layer is left out, both ways: look at where your loop ends. And backward is "
            "exactly twice forward, which counts a gradient that nobody needs.",
        ),
    ),
    also_right=(
        _cost_by_loop,
        lambda sizes, n: [
            n * sum(_products(sizes)),
            n * (sum(_products(sizes)) + sum(_products(sizes)[1:])),
        ],
    ),
)
