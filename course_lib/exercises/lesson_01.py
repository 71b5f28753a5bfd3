"""Exercises of lesson 01: a neuron, a layer, and what one weight does."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from ..lab.device import generator
from ..nn import layers
from .model import Case, Exercise, Twin


class _Draw:
    """Random tensors, one after the other, from one seed."""

    def __init__(self, seed: int):
        self.source = generator(seed)

    def __call__(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.randn(*shape, generator=self.source, dtype=dtype)


# 01.neuron


def _neuron_cases(seed: int) -> list[Case]:
    draw = _Draw(seed)
    return [
        Case("5 examples of 3 inputs", (draw(5, 3), draw(3))),
        Case("2 examples of 6 inputs", (draw(2, 6), draw(6))),
        Case("4 examples of 4 inputs", (draw(4, 4), draw(4))),
        Case("1 example of 3 inputs", (draw(1, 3), draw(3)), special=True),
        Case("3 examples of 1 input", (draw(3, 1), draw(1)), special=True),
        Case("inputs that are all zero", (torch.zeros(3, 2), torch.ones(2)), special=True),
        Case("inputs around 100,000", (1e5 * draw(4, 3), draw(3)), special=True),
        Case(
            "200 examples of 64 inputs in float32",
            (draw(200, 64, dtype=torch.float32), draw(64, dtype=torch.float32)),
            special=True,
        ),
    ]


def _neuron_by_loop(x: Tensor, w: Tensor) -> Tensor:
    outputs = []
    for example in x:
        total = torch.zeros((), dtype=x.dtype)
        for signal, weight in zip(example, w, strict=True):
            total = total + signal * weight
        outputs.append(total)
    return torch.stack(outputs)


NEURON = Exercise(
    id="01.neuron",
    points=1,
    asks="the weighted sum of each example's inputs",
    reference=layers.neuron,
    cases=_neuron_cases,
    hints=(
        "Take one example with the inputs 2 and 3, and the weights 10 and 100. Which single number "
        "should come out? Then take a second example: how many numbers come out now?",
        "Every row of `x` meets the same `w`. In lesson 00 you wrote the sum for one row. What "
        "changes if there are several rows, and which direction must the sum run in?",
        "`x * w` multiplies each row of `x` by `w`, place by place, and keeps the shape (n, d). "
        "Of its two axes, the one that counts the inputs has to disappear.",
    ),
    twins=(
        Twin(
            "sum over the examples",
            lambda x, w: (x * w).sum(dim=0),
            "The sum runs over the examples, so that different images are mixed and every input "
            "stays by itself. Look at which axis of (n, d) counts the inputs.",
        ),
        Twin(
            "not added up",
            lambda x, w: x * w,
            "You have one product for each input of each example. A neuron sends a single number "
            "for each example: a step is missing after the products.",
        ),
        Twin(
            "one number for all examples",
            lambda x, w: (x * w).sum(),
            "All examples are added into one number. Each example should keep a number of its own: "
            "look at what your sum runs over.",
        ),
        Twin(
            "mean instead of sum",
            lambda x, w: (x * w).mean(dim=1),
            "The products are averaged where they should be added: an added input would make all "
            "the others count less. Look at the last step.",
        ),
        Twin(
            "weights left out",
            lambda x, w: x.sum(dim=1),
            "The weights play no part in your result: it is the plain sum of each example's "
            "inputs. Look at where `w` enters.",
        ),
        Twin(
            "product of sums",
            lambda x, w: x.sum(dim=1) * w.sum(),
            "The inputs are added up before they meet their weights, so each input counts with "
            "every weight. Look at the order of the two steps.",
        ),
        Twin(
            "weights meet the examples",
            lambda x, w: w @ x,
            "The weights are matched with the examples where they should be matched with the "
            "inputs. Look at the order of the two in your product, and at their shapes.",
        ),
        Twin(
            "kept as a column",
            lambda x, w: (x * w).sum(dim=1, keepdim=True),
            "The numbers are right, but they stand in a column of shape (n, 1); the shape asked "
            "for is (n,). Look for an axis of length one that you keep or add.",
        ),
        Twin(
            "only the first example",
            lambda x, w: (x[0] * w).sum(),
            "Only the first example gets an answer. Look at where you pick a row of `x`: all rows "
            "are asked for.",
        ),
        Twin(
            "sum instead of product",
            lambda x, w: (x + w).sum(dim=1),
            "Inputs and weights are added to each other. A weight says how strongly its input "
            "counts: what makes something count twice as much?",
        ),
    ),
    also_right=(
        _neuron_by_loop,
        lambda x, w: (x * w).sum(dim=1),
        lambda x, w: torch.einsum("nd,d->n", x, w),
        lambda x, w: functional.linear(x, w),
    ),
)


# 01.dense


def _dense_cases(seed: int) -> list[Case]:
    draw = _Draw(seed)
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
            "50 examples, 64 inputs and 10 neurons in float32",
            (draw(50, 64, dtype=single), draw(10, 64, dtype=single)),
            special=True,
        ),
    ]


def _dense_by_loop(x: Tensor, weight: Tensor) -> Tensor:
    columns = [torch.stack([(example * row).sum() for example in x]) for row in weight]
    return torch.stack(columns, dim=1)


DENSE = Exercise(
    id="01.dense",
    points=2,
    asks="the weighted sums of a layer of neurons",
    reference=layers.dense,
    cases=_dense_cases,
    hints=(
        "How many numbers come out for one example, if the layer has 4 neurons? And for 5 "
        "examples? Write the shape of the result down first.",
        "Row j of `weight` is the `w` of neuron j. The result at [i, j] is what that neuron makes "
        "of example i: which two rows meet there?",
        "A matrix product adds over the last axis of its left side and the first axis of its right "
        "side. Both must count the inputs. Which of your two matrices has them elsewhere?",
    ),
    twins=(
        Twin(
            "transposed weights",
            lambda x, weight: x @ weight,
            "The product sums over the neurons where it should sum over the inputs. In `weight` a "
            "neuron is a row: look at which of its axes meets the inputs of `x`.",
        ),
        Twin(
            "order swapped",
            lambda x, weight: weight @ x,
            "The weights stand on the left, so that the product sums over the examples. Look at "
            "which axis of each of the two counts the inputs: those two have to meet.",
        ),
        Twin(
            "result transposed",
            lambda x, weight: weight @ x.T,
            "The numbers are right, but they are laid out as (neurons, examples). The examples "
            "come first, here and in torch: look at which side each matrix stands on.",
        ),
        Twin(
            "elementwise product",
            lambda x, weight: x * weight,
            "`*` multiplies place by place and adds nothing up. A layer needs a sum over the "
            "inputs for each pair of an example and a neuron.",
        ),
        Twin(
            "sum over the neurons",
            lambda x, weight: (x[:, None, :] * weight).sum(dim=1),
            "The sum runs over the wrong axis: the neurons are gone and the inputs are left. Look "
            "at what each of the three axes (example, neuron, input) counts.",
        ),
        Twin(
            "sum over the examples",
            lambda x, weight: (x[:, None, :] * weight).sum(dim=0),
            "The sum runs over the wrong axis: the examples are mixed together. Look at what each "
            "of the three axes (example, neuron, input) counts.",
        ),
        Twin(
            "not added up",
            lambda x, weight: x[:, None, :] * weight,
            "You have every single product, by example, neuron and input. The products of one "
            "neuron still have to become one number: a step is missing.",
        ),
        Twin(
            "mean instead of sum",
            lambda x, weight: (x @ weight.T) / x.shape[1],
            "The products are averaged where they should be added: an added input would make all "
            "the others count less. Look at the last step.",
        ),
        Twin(
            "neurons added up",
            lambda x, weight: (x @ weight.T).sum(dim=1),
            "The neurons of the layer are added into one number. Each neuron should keep its own: "
            "look for a sum too many.",
        ),
        Twin(
            "only the first neuron",
            lambda x, weight: x @ weight[0],
            "Only the first neuron gives a signal. Look at where you pick a row of `weight`: all "
            "rows are asked for.",
        ),
    ),
    also_right=(
        _dense_by_loop,
        lambda x, weight: torch.einsum("nd,hd->nh", x, weight),
        lambda x, weight: functional.linear(x, weight),
        lambda x, weight: (x[:, None, :] * weight).sum(dim=2),
        lambda x, weight: torch.stack([x @ row for row in weight], dim=1),
    ),
    needs=("grad",),
)


# 01.parameter_count


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
    twins=(
        Twin(
            "biases left out",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)),
            "You count every weight and no bias. Each neuron that receives signals also has a bias "
            "of its own.",
        ),
        Twin(
            "last layer left out",
            lambda sizes: sum(d * h + h for d, h in pairwise(sizes[:-1])),
            "The last layer is missing: off by one. Look at where your loop or slice ends, and "
            "count the layers of `[2, 3, 1]`.",
        ),
        Twin(
            "first layer left out",
            lambda sizes: sum(d * h + h for d, h in pairwise(sizes[1:])),
            "The first layer is missing: off by one. Look at where your loop or slice begins; the "
            "inputs are connected too.",
        ),
        Twin(
            "wraps around",
            lambda sizes: sum(sizes[i - 1] * sizes[i] + sizes[i] for i in range(len(sizes))),
            "You connect the last layer back to the inputs. In Python the index -1 is the last "
            "entry: look at what your loop does at its very first step.",
        ),
        Twin(
            "inputs with biases",
            lambda sizes: sum(d * h for d, h in pairwise(sizes)) + sum(sizes),
            "The inputs got biases. They only hand their numbers on; a bias belongs to a neuron "
            "that receives signals.",
        ),
        Twin(
            "a bias for each input",
            lambda sizes: sum(d * h + d for d, h in pairwise(sizes)),
            "You count a bias for each number that goes into a layer. Look at which side of the "
            "layer the biases belong to.",
        ),
        Twin(
            "one bias for each layer",
            lambda sizes: sum(d * h + 1 for d, h in pairwise(sizes)),
            "You count one bias for a whole layer. Its neurons do not share it: how many are they?",
        ),
        Twin(
            "neurons instead of connections",
            lambda sizes: sum(sizes[1:]),
            "You count neurons. Most parameters sit on the lines between them: how many lines run "
            "from d inputs to h neurons?",
        ),
        Twin(
            "sizes instead of connections",
            sum,
            "You add up the sizes. Most parameters sit on the lines between two layers: how many "
            "lines run from d inputs to h neurons?",
        ),
        Twin(
            "product of all sizes",
            prod,
            "You multiply all sizes with each other. Only neighbours are connected, and each "
            "layer's parameters come on top of those of the others.",
        ),
    ),
    also_right=(_count_by_torch, _count_by_index),
)


# 01.sensitivity


def _sensitivity_cases(seed: int) -> list[Case]:
    draw = _Draw(seed)

    def case(d: int, h: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
        return draw(d, dtype=dtype), draw(h, d, dtype=dtype), draw(h, dtype=dtype)

    x, W, v = case(3, 2)
    return [
        Case("3 inputs and 4 hidden neurons", case(3, 4)),
        Case("5 inputs and 2 hidden neurons", case(5, 2)),
        Case("3 inputs and 3 hidden neurons", case(3, 3)),
        Case("1 input and 1 hidden neuron", case(1, 1), special=True),
        Case("weights W that are all zero", (x, torch.zeros_like(W), v), special=True),
        Case("inputs that are all zero", (torch.zeros_like(x), W, v), special=True),
        Case("inputs around 100,000", (1e5 * x, W, v), special=True),
        Case(
            "64 inputs and 10 hidden neurons in float32", case(64, 10, torch.float32), special=True
        ),
    ]


def _sensitivity_by_autograd(x: Tensor, W: Tensor, v: Tensor) -> Tensor:
    W = W.detach().requires_grad_()
    return torch.autograd.grad(v @ (W @ x), W)[0]


def _sensitivity_by_loop(x: Tensor, W: Tensor, v: Tensor) -> Tensor:
    result = torch.zeros_like(W)
    for j in range(len(v)):
        for i in range(len(x)):
            result[j, i] = v[j] * x[i]
    return result


SENSITIVITY = Exercise(
    id="01.sensitivity",
    points=2,
    asks="how far the output moves for each unit that each weight of W moves",
    reference=layers.sensitivity,
    cases=_sensitivity_cases,
    hints=(
        "Raise `W[0, 0]` by 1 and leave all else. By how much does the hidden neuron 0 move? And "
        "by how much does `out` move then?",
        "Follow the one weight `W[j, i]`. What flows into its line? Which number does the signal "
        "meet between the hidden neuron j and the output?",
        "Each entry of the result is a product of two numbers: one of them stands in `x`, the "
        "other in `v`. Row j, column i, like `W`.",
    ),
    twins=(
        Twin(
            "transposed",
            lambda x, W, v: torch.outer(x, v),
            "The numbers are right, but rows and columns are swapped. The result is laid out like "
            "`W`: a row for each hidden neuron.",
        ),
        Twin(
            "weight itself counted",
            lambda x, W, v: torch.outer(v, x) * W,
            "This is how much each connection contributes to the output. Asked is by how much the "
            "output moves when the weight moves by one: does that depend on where the weight is?",
        ),
        Twin(
            "second layer forgotten",
            lambda x, W, v: x.expand_as(W),
            "This is how far the hidden neuron moves. Its signal is weighted once more on its way "
            "to the output: which number does it meet there?",
        ),
        Twin(
            "input forgotten",
            lambda x, W, v: v[:, None].expand_as(W),
            "This is how far the output moves when a hidden neuron moves by one. But how far does "
            "the neuron move? That depends on what flows into the weight's line.",
        ),
        Twin(
            "derivative by the inputs, not summed",
            lambda x, W, v: v[:, None] * W,
            "You let the input move, not the weight: this is how each path carries a change of its "
            "input. Look at which symbol stands below the line in ∂out/∂W.",
        ),
        Twin(
            "derivative by the inputs",
            lambda x, W, v: v @ W,
            "You let the inputs move, not the weights: there is one number for each input here. "
            "Look at which symbol stands below the line in ∂out/∂W.",
        ),
        Twin(
            "derivative by the second layer",
            lambda x, W, v: W @ x,
            "You let `v` move, not `W`: there is one number for each hidden neuron here. Look at "
            "which symbol stands below the line in ∂out/∂W.",
        ),
        Twin(
            "the output itself",
            lambda x, W, v: v @ (W @ x),
            "This is the output. Asked is how far it moves for each single weight: as many numbers "
            "as `W` has entries.",
        ),
        Twin(
            "added instead of multiplied",
            lambda x, W, v: v[:, None] + x,
            "The two numbers on the path are added. The signal is weighted by the one after the "
            "other: what does a weight do to its signal?",
        ),
    ),
    also_right=(
        _sensitivity_by_autograd,
        _sensitivity_by_loop,
        lambda x, W, v: v[:, None] * x[None, :],
        lambda x, W, v: torch.einsum("h,d->hd", v, x),
    ),
)


# 01.rescale


def _rescale_cases(seed: int) -> list[Case]:
    draw = _Draw(seed)
    single = torch.float32
    return [
        Case("4 neurons, 3 inputs, 5 examples and target 2.5", (draw(4, 3), draw(5, 3), 2.5)),
        Case("2 neurons, 6 inputs, 7 examples and target 0.3", (draw(2, 6), draw(7, 6), 0.3)),
        Case("3 neurons, 3 inputs, 3 examples and target 1.7", (draw(3, 3), draw(3, 3), 1.7)),
        Case("target 1", (draw(4, 2), draw(6, 2), 1.0), special=True),
        Case("a single weight and example", (draw(1, 1), draw(1, 1), 2.0), special=True),
        Case("weights around 100,000", (1e5 * draw(4, 3), draw(5, 3), 2.0), special=True),
        Case("the tiny target 0.000001", (draw(4, 3), draw(5, 3), 1e-6), special=True),
        Case(
            "10 neurons and 64 inputs in float32",
            (draw(10, 64, dtype=single), draw(50, 64, dtype=single), 0.5),
            special=True,
        ),
    ]


def _signals(W: Tensor, x: Tensor) -> Tensor:
    return x @ W.T


def _spread(y: Tensor, less: int) -> Tensor:
    """Return the standard deviation, with `n - less` below the line; NaN for 0 / 0."""
    return ((y - y.mean()).square().sum() / (y.numel() - less)).sqrt()


def _rescale_by_squares(W: Tensor, x: Tensor, target: float) -> Tensor:
    y = torch.einsum("nd,hd->nh", x, W)
    return W * (target**2 * y.numel() / (y**2).sum()) ** 0.5


RESCALE = Exercise(
    id="01.rescale",
    points=2,
    asks="c·W, such that the root mean square of the layer's signals is the target",
    reference=layers.rescale,
    cases=_rescale_cases,
    hints=(
        "If you double all weights of a layer, what happens to its signals? And to the root of the "
        "mean of their squares?",
        "First measure how large the signals are with W as it is: one number, over all examples "
        "and neurons. If that number is 3 and the target is 6, what is c?",
        "Root mean square, read from right to left: square every signal, take the mean of all of "
        "them, take the root. Then compare it with the target.",
    ),
    twins=(
        Twin(
            "root forgotten",
            lambda W, x, target: target / _signals(W, x).square().mean() * W,
            "The signals are measured by the mean of their squares; the root is missing. Look at "
            "the three words root, mean, square.",
        ),
        Twin(
            "upside down",
            lambda W, x, target: _signals(W, x).square().mean().sqrt() / target * W,
            "The factor stands upside down: signals that are too small get smaller still. If the "
            "size is 3 and the target 6, what should c be?",
        ),
        Twin(
            "standard deviation",
            lambda W, x, target: target / _spread(_signals(W, x), 1) * W,
            "You measure the spread around the mean, the standard deviation. Root mean square "
            "measures from zero: look for a mean that is taken off first.",
        ),
        Twin(
            "standard deviation, divided by n",
            lambda W, x, target: target / _spread(_signals(W, x), 0) * W,
            "You measure the spread around the mean, a standard deviation. Root mean square "
            "measures from zero: look for a mean that is taken off first.",
        ),
        Twin(
            "sum instead of mean",
            lambda W, x, target: target / _signals(W, x).norm() * W,
            "The squares are added up where their mean is asked for, so the result depends on how "
            "many examples there are. Look at the middle one of the three words.",
        ),
        Twin(
            "mean size",
            lambda W, x, target: target / _signals(W, x).abs().mean() * W,
            "You take the mean of the sizes without squares and root. Large signals count for more "
            "in a root mean square: look at the three words again.",
        ),
        Twin(
            "largest signal",
            lambda W, x, target: target / _signals(W, x).abs().max() * W,
            "You bring the largest signal to the target. All signals together are meant: look at "
            "how you measure their size.",
        ),
        Twin(
            "size of the weights",
            lambda W, x, target: target / W.square().mean().sqrt() * W,
            "You bring the weights to the target size. The signals are meant, and they depend on "
            "the inputs too: look at what you measure.",
        ),
        Twin(
            "each neuron by itself",
            lambda W, x, target: target * W / _signals(W, x).square().mean(dim=0).sqrt()[:, None],
            "Each neuron gets a factor of its own, so that the rows change against each other. "
            "One factor for the whole matrix is asked for: look at what your mean runs over.",
        ),
        Twin(
            "transposed weights",
            lambda W, x, target: target / (x @ W).square().mean().sqrt() * W,
            "The size is measured on other signals than those of the layer: `W` is used the wrong "
            "way round. In 01.dense a row of it belongs to a neuron.",
        ),
        Twin(
            "only multiplied by the target",
            lambda W, x, target: target * W,
            "The weights are multiplied by the target, whatever size the signals had before. "
            "Measure first: what should happen if they already have the right size?",
        ),
        Twin(
            "the factor itself",
            lambda W, x, target: target / _signals(W, x).square().mean().sqrt(),
            "This is the factor c, and it is right. Asked is the matrix that it makes.",
        ),
        Twin(
            "the signals",
            lambda W, x, target: target / _signals(W, x).square().mean().sqrt() * _signals(W, x),
            "You give back the signals at the right size. Asked are the weights that make them.",
        ),
    ),
    also_right=(
        _rescale_by_squares,
        lambda W, x, target: W * (target / _signals(W, x).pow(2).mean().sqrt()),
    ),
)

EXERCISES = (NEURON, DENSE, PARAMETER_COUNT, SENSITIVITY, RESCALE)
