"""Exercise 01.parameter_count: the number of weights and biases of a fully connected network."""

from __future__ import annotations

from itertools import pairwise

import torch

from ...checking import Case, Exercise, slips
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


SLIPS = """
biases left out: h * d + h → h * d
    You count every weight and no bias. Each neuron that receives signals also has a bias of its
    own.
last layer left out: pairwise(sizes) → pairwise(sizes[:-1])
    The last layer is missing: off by one. Look at where your loop or slice ends, and count the
    layers of `[2, 3, 1]`.
first layer left out: pairwise(sizes) → pairwise(sizes[1:])
    The first layer is missing: off by one. Look at where your loop or slice begins; the inputs are
    connected too.
wraps around: sum(sizes[i - 1] * sizes[i] + sizes[i] for i in range(len(sizes)))
    You connect the last layer back to the inputs. In Python the index -1 is the last entry: if you
    use a loop, look at what it does at its very first step.
inputs with biases: sum(d * h for d, h in pairwise(sizes)) + sum(sizes)
    The inputs got biases. They only hand their numbers on; a bias belongs to a neuron that receives
    signals.
a bias for each input: + h → + d
    You count a bias for each number that goes into a layer. Look at which side of the layer the
    biases belong to.
one bias for each layer: + h → + 1
    You count one bias for a whole layer. Its neurons do not share it: how many are they?
neurons instead of connections: h * d + h → h
    You count neurons. Most parameters sit on the lines between them: how many lines run from d
    inputs to h neurons?
sizes instead of connections: sum(sizes)
    You add up the sizes. Most parameters sit on the lines between two layers: how many lines run
    from d inputs to h neurons?
product of all sizes: math.prod(sizes)
    You multiply all sizes with each other. Only neighbours are connected, and each layer's
    parameters come on top of those of the others.
only the first layer: pairwise(sizes) → pairwise(sizes[:2])
    Only the first layer is counted. If you go through the layers in a loop, look at how far the
    `return` is indented: it ends the function at once.
only the last layer: pairwise(sizes) → pairwise(sizes[-2:])
    Only the last layer is counted. If you use a loop, each step of it forgets the steps before:
    look at what happens to the old total when a new layer comes.
only two layers: (sizes[0] + 1) * sizes[1] + (sizes[1] + 1) * sizes[2]
    You count two layers, as in the network above. A network may have one layer or ten: look at the
    entries of `sizes` that you name one by one.
past the end: sum(sizes[i] * sizes[i + 1] for i in range(len(sizes)))
    You ask for an entry of `sizes` behind the last one. There is one layer less than there are
    sizes: if you use a loop, look at what the index is at its last step.
every second layer: pairwise(sizes) → zip(sizes[::2], sizes[1::2])
    You skip every second layer. A layer of neurons receives lines and sends lines on, so its size
    belongs to two pairs: look at how you form them.
no biases at the output: sum(d * h for d, h in pairwise(sizes)) + sum(sizes[1:-1])
    The neurons of the last layer have no biases here. They receive lines too: look at where your
    slice of `sizes` ends.
one bias for each size: sum(d * h for d, h in pairwise(sizes)) + len(sizes)
    You count one bias for each entry of `sizes`, whatever it says. A bias belongs to one neuron:
    how many neurons receive lines?
biases on both sides: + h → + d + h
    Each layer gets biases for what goes into it and for what comes out. Look at which of the two
    sides receives lines in that layer.
one added on both sides: h * d + h → (h + 1) * (d + 1)
    You add 1 to both sizes of a layer. An input that is always 1 makes room for a bias in each
    neuron: on which side of the layer does it stand?
sizes added: h * d + h → h + d
    You add the two sizes of a layer. Draw 2 inputs and 3 neurons, and all the lines between them:
    which operation counts those?
"""

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
    slips=slips(SLIPS, layers.parameter_count),
    also_right=(_count_by_torch, _count_by_index),
)
