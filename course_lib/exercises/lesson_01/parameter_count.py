"""Exercise 01.parameter_count: the number of weights and biases of a fully connected network."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...nn import layers


def _count_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def sizes(length: int) -> list[int]:
        return [2 + n for n in torch.randperm(8, generator=source)[:length].tolist()]

    three, four, five = sizes(3), sizes(4), sizes(5)
    return [
        Case(f"the sizes {three}", (three,)),
        Case(f"the sizes {four}", (four,)),
        Case(f"the sizes {five}", (five,)),
        Case("the sizes [64, 10]", ([64, 10],)),
        Case("the sizes [5, 5, 5]", ([5, 5, 5],), special=True),
        Case("the sizes [1, 1]", ([1, 1],), special=True),
        Case("the sizes [3072, 4096, 4096, 1000]", ([3072, 4096, 4096, 1000],), special=True),
    ]


def _count_by_torch(sizes: list[int]) -> int:
    net = [torch.nn.Linear(d, h, device="meta") for d, h in pairwise(sizes)]
    return sum(p.numel() for layer in net for p in layer.parameters())


def _count_by_index(sizes: list[int]) -> int:
    total = 0
    for i in range(1, len(sizes)):
        total += (sizes[i - 1] + 1) * sizes[i]
    return total


PARAMETER_COUNT = Exercise(
    id="01.parameter_count",
    points=1,
    asks="the number of weights and biases of a fully connected network",
    reference=layers.parameter_count,
    cases=_count_cases,
    hints=(
        "Draw `[2, 3, 1]`: two inputs, three neurons, one output. How many lines do you draw? How "
        "many neurons receive lines?",
        "Take one layer at a time. A layer of h neurons on d inputs has a line from each input to "
        "each neuron, and one bias for each neuron. Which two entries of `sizes` are d and h?",
        "`len(sizes)` sizes make `len(sizes) - 1` layers: each size with the one that follows it. "
        "Go through those pairs and add up.",
    ),
    slips=(
        Slip(
            "biases left out",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)),
            "You count every weight and no bias. Each neuron that receives signals also has a bias "
            "of its own.",
        ),
        Slip(
            "last layer left out",
            lambda sizes: sum(d * h + h for d, h in pairwise(sizes[:-1])),
            "The last layer is missing: off by one. Look at where your loop or slice ends, and "
            "count the layers of `[2, 3, 1]`.",
        ),
        Slip(
            "first layer left out",
            lambda sizes: sum(d * h + h for d, h in pairwise(sizes[1:])),
            "The first layer is missing: off by one. Look at where your loop or slice begins; the "
            "inputs are connected too.",
        ),
        Slip(
            "wraps around",
            lambda sizes: sum(sizes[i - 1] * sizes[i] + sizes[i] for i in range(len(sizes))),
            "You connect the last layer back to the inputs. In Python the index -1 is the last "
            "entry: look at what your loop does at its very first step.",
        ),
        Slip(
            "inputs with biases",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)) + sum(sizes),
            "The inputs got biases. They only hand their numbers on; a bias belongs to a neuron "
            "that receives signals.",
        ),
        Slip(
            "a bias for each input",
            lambda sizes: sum(d * h + d for d, h in pairwise(sizes)),
            "You count a bias for each number that goes into a layer. Look at which side of the "
            "layer the biases belong to.",
        ),
        Slip(
            "one bias for each layer",
            lambda sizes: sum(d * h + 1 for d, h in pairwise(sizes)),
            "You count one bias for a whole layer. Its neurons do not share it: how many are they?",
        ),
        Slip(
            "neurons instead of connections",
            lambda sizes: sum(sizes[1:]),
            "You count neurons. Most parameters sit on the lines between them: how many lines run "
            "from d inputs to h neurons?",
        ),
        Slip(
            "sizes instead of connections",
            sum,
            "You add up the sizes. Most parameters sit on the lines between two layers: how many "
            "lines run from d inputs to h neurons?",
        ),
        Slip(
            "product of all sizes",
            prod,
            "You multiply all sizes with each other. Only neighbours are connected, and each "
            "layer's parameters come on top of those of the others.",
        ),
        Slip(
            "only the first layer",
            lambda sizes: (sizes[0] + 1) * sizes[1],
            "Only the first layer is counted. If you go through the layers in a loop, look at how "
            "far the `return` is indented: it ends the function at once.",
        ),
        Slip(
            "only the last layer",
            lambda sizes: (sizes[-2] + 1) * sizes[-1],
            "Only the last layer is counted: each step of your loop forgets the steps before. Look "
            "at what happens to the old total when a new layer comes.",
        ),
        Slip(
            "only two layers",
            lambda sizes: (sizes[0] + 1) * sizes[1] + (sizes[1] + 1) * sizes[2],
            "You count two layers, as in the network above. A network may have one layer or ten: "
            "look at the entries of `sizes` that you name one by one.",
        ),
        Slip(
            "past the end",
            lambda sizes: sum(sizes[i] * sizes[i + 1] for i in range(len(sizes))),
            "Your loop asks for an entry behind the last one: off by one. There is one layer less "
            "than there are sizes: look at what the index is at the last step.",
        ),
        Slip(
            "every second layer",
            lambda sizes: sum((d + 1) * h for d, h in zip(sizes[::2], sizes[1::2], strict=False)),
            "You skip every second layer. A layer of neurons receives lines and sends lines on, so "
            "its size belongs to two pairs: look at how you form them.",
        ),
        Slip(
            "no biases at the output",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)) + sum(sizes[1:-1]),
            "The neurons of the last layer have no biases here. They receive lines too: look at "
            "where your slice of `sizes` ends.",
        ),
        Slip(
            "one bias for each size",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)) + len(sizes),
            "You count one bias for each entry of `sizes`, whatever it says. A bias belongs to one "
            "neuron: how many neurons receive lines?",
        ),
        Slip(
            "biases on both sides",
            lambda sizes: sum(d * h + d + h for d, h in pairwise(sizes)),
            "Each layer gets biases for what goes into it and for what comes out. Look at which of "
            "the two sides receives lines in that layer.",
        ),
        Slip(
            "one added on both sides",
            lambda sizes: sum((d + 1) * (h + 1) for d, h in pairwise(sizes)),
            "You add 1 to both sizes of a layer. An input that is always 1 makes room for a bias "
            "in each neuron: on which side of the layer does it stand?",
        ),
        Slip(
            "sizes added",
            lambda sizes: sum(d + h for d, h in pairwise(sizes)),
            "You add the two sizes of a layer. Draw 2 inputs and 3 neurons, and all the lines "
            "between them: which operation counts those?",
        ),
    ),
    also_right=(_count_by_torch, _count_by_index),
)
