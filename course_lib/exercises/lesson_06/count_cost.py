"""Exercise 06.count_cost: how many multiplications a network needs forward, and how many
backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch

from ...checking import Case, Exercise, slips
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


def _cost_by_loop(sizes: Sequence[int], n: int) -> tuple[int, int]:
    forward = backward = 0
    for layer in range(1, len(sizes)):
        one = n * sizes[layer - 1] * sizes[layer]
        forward += one
        backward += one if layer == 1 else 2 * one
    return forward, backward


def _cost_from_the_products(sizes: Sequence[int], n: int) -> list[int]:
    products = [d * h for d, h in pairwise(sizes)]
    return [n * sum(products), n * (sum(products) + sum(products[1:]))]


SLIPS = """
exactly twice: - n * sizes[0] * sizes[1] →
    Backward is exactly twice forward: that counts a gradient which nobody needs. Which layer's
    inputs are not made by any weights?
as much as forward: 2 * forward - n * sizes[0] * sizes[1] → forward
    Backward costs as much as forward here. On the way back a layer makes two matrix products: for
    what are they?
inputs only: 2 * forward → forward
    Backward counts what is handed on to the layer before, and nothing else. The gradients of the
    weights are products too.
three times: 2 * forward - n * sizes[0] * sizes[1] → 3 * forward
    Backward is three times forward. Biases need sums only, no products: which two products are
    left, and does every layer need both?
forward counted in: 2 * forward → 3 * forward
    Backward contains the way forward as well. Its results are kept, and need not be computed again.
last layer spared: sizes[0] * sizes[1] → sizes[-2] * sizes[-1]
    The last layer is spared one of its two products. It is another layer whose inputs nobody wants
    to change: look at the other end.
examples left out: n * →
    This is the count for one example. Each example goes through all of it.
weights' products without the examples:
    | 2 * forward → sum(d * h for d, h in pairwise(sizes)) + forward
    The gradients of the weights are counted as one product a weight. Each weight's gradient is a
    sum over the examples, with a product for each of them.
biases counted: return forward, → return forward + n * sum(sizes[1:]), n * sum(sizes[1:]) +
    The biases are counted too. They are added, not multiplied.
biases counted forward: return forward, → return forward + n * sum(sizes[1:]),
    On the way forward the biases are counted too. They are added, not multiplied.
additions counted: n * → 2 * n *
    Both numbers are twice what they should be: you count additions as well. Only multiplications
    are asked for.
sizes added up: d * h → d + h ; sizes[0] * sizes[1] → (sizes[0] + sizes[1])
    The sizes of neighbouring layers are added. Each neuron takes each input: how many pairs are
    there?
all sizes multiplied: n * math.prod(sizes), 2 * n * math.prod(sizes)
    All sizes are multiplied together. Only neighbouring layers are connected: one product for each
    pair of them, and then add.
exactly twice, examples left out: - n * sizes[0] * sizes[1] → ; n * →
    This is the count for one example, and backward is exactly twice forward. Each example goes
    through all of it; and one layer's inputs need no gradient.
additions counted, exactly twice: - n * sizes[0] * sizes[1] → ; n * → 2 * n *
    Additions are counted as well, and backward is exactly twice forward: that counts a gradient
    which nobody needs. Only multiplications are asked for.
first layer left out: - n * → - 2 * n *
    On the way back the first layer is left out altogether. Its inputs need no gradient, but its
    weights do.
first layer left out, both ways: pairwise(sizes) → pairwise(sizes[1:])
    The first layer is left out on the way forward, and counted less than nothing on the way back.
    The inputs are the first of the sizes: if you use a loop, look at where it begins.
first layer left out, both ways, exactly twice:
    | pairwise(sizes) → pairwise(sizes[1:])
    | - n * sizes[0] * sizes[1] →
    The first layer is left out, both ways. Its inputs need no gradient, but they are multiplied on
    the way forward, and its weights need one. If you use a loop, look at where it begins.
first layer only: n * sizes[0] * sizes[1], 2 * n * sizes[0] * sizes[1]
    Only the first layer is counted. Go through all pairs of neighbours in the list.
neurons counted: n * sum(sizes), 2 * n * sum(sizes)
    You count neurons. Each neuron has a weight for each of its inputs, and each weight costs a
    multiplication.
the other way round: return forward, → return ; sizes[1] → sizes[1], forward
    The two numbers have changed places: forward is asked for first.
both together: return forward, 2 * → return 3 *
    This is one number, for both ways together. The exercise asks for two: forward, backward.
last layer left out: pairwise(sizes) → pairwise(sizes[:-1])
    The last layer is left out, both ways. A list of three sizes has two layers. If you use a loop,
    look at where it ends.
one example's share taken off: - n * → -
    What you take off backward is that of one example. The product that is never made would be made
    for each of them.
inputs taken off: * sizes[1] →
    Backward you take off one multiplication for each input. The product that is never made has
    more: how many neurons does each input go to?
two layers only: pairwise(sizes) → pairwise(sizes[:3])
    Only the first two layers are counted. The list may be of any length: go through all pairs of
    neighbours in it.
three sizes taken apart:
    | d, h, c = sizes
    | return n * (d * h + h * c), n * (d * h + 2 * h * c)
    Your function takes apart a list of exactly three sizes. It may be of any length: go through all
    pairs of neighbours in it.
last layer left out, exactly twice:
    | pairwise(sizes) → pairwise(sizes[:-1])
    | - n * sizes[0] * sizes[1] →
    The last layer is left out, both ways: if you use a loop, look at where it ends. And backward is
    exactly twice forward, which counts a gradient that nobody needs.
"""

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
    slips=slips(SLIPS, backprop.count_cost),
    also_right=(
        _cost_by_loop,
        _cost_from_the_products,
    ),
)
