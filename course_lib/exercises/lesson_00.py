"""Exercise of lesson 00: one weighted sum."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import Case, Exercise, slips
from ..lab.device import generator
from ..nn.layers import weighted_sum


def _cases(seed: int) -> list[Case]:
    g = generator(seed)

    def draw(n: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return torch.randn(n, generator=g, dtype=dtype), torch.randn(n, generator=g, dtype=dtype)

    big = tuple(1e6 * values for values in draw(4))
    return [
        Case("3 inputs", draw(3)),
        Case("5 inputs", draw(5)),
        Case("one input", draw(1), special=True),
        Case("inputs that are all zero", (torch.zeros(3), torch.ones(3)), special=True),
        Case("4 inputs in the millions", big, special=True),
        # All above 0: nothing cancels, so that the order in which a loop adds does not show.
        Case(
            "100 inputs in float32",
            tuple(values.abs() for values in draw(100, torch.float32)),
            special=True,
        ),
    ]


def _by_loop(inputs: Tensor, weights: Tensor) -> Tensor:
    total = torch.zeros((), dtype=inputs.dtype)
    for x, w in zip(inputs, weights, strict=True):
        total = total + x * w
    return total


SLIPS = """
mean instead of sum: (inputs * weights).mean()
    Your result shrinks as inputs are added: the products are averaged where they should be added.
    Look at the last step.
product of sums: inputs.sum() * weights.sum()
    The inputs are added up before they meet their weights, so every input counts with every weight.
    Each input should meet its own weight first.
weights left out: inputs @ weights → inputs.sum()
    The weights play no part in your result: it is the plain sum of the inputs. Look at where
    `weights` enters.
not added up: inputs @ → inputs *
    You have one product for each input; the exercise asks for a single number. One step is missing
    after the products.
sum of sums: (inputs + weights).sum()
    Inputs and weights are added to each other. A weight says how strongly its input counts: which
    operation makes something count twice as much?
only the first pair: inputs @ weights → inputs[0] * weights[0]
    Only the first input counts. If you go through the inputs in a loop, look at how far the
    `return` is indented: it ends the function at once.
only the last pair: inputs @ weights → inputs[-1] * weights[-1]
    Only the last input counts. If you use a loop, each step of it forgets the steps before: look at
    what happens to the old total when a new product comes.
first pair left out: inputs @ weights → inputs[1:] @ weights[1:]
    The first input is left out. Look at where your loop or slice begins: Python counts from 0.
last pair left out: inputs @ weights → inputs[:-1] @ weights[:-1]
    The last input is left out. Look at where your loop or slice ends: the end itself does not
    belong to it.
only two inputs: inputs @ weights → inputs[0] * weights[0] + inputs[1] * weights[1]
    Only the first two inputs count. There may be any number of them: look at the places that you
    name one by one.
multiplied at the end too: (inputs * weights).prod()
    The products are multiplied with each other. Look at your last step: one input of 0 should not
    silence all the others.
an axis that is not there: (inputs * weights).sum(dim=1)
    You work along axis 1, and there is none: a list of numbers has one axis, which is number 0.
    Look at what stands after `dim`.
input for inputs: inputs @ → input *
    `input` is a function that Python brings along. Look at the spelling of your function's own
    arguments.
"""

WEIGHTED_SUM = Exercise(
    id="00.weighted_sum",
    points=1,
    asks="the sum of the inputs, each multiplied by its weight",
    reference=weighted_sum,
    cases=_cases,
    hints=(
        "Take two inputs, 2 and 3, with weights 10 and 100. What should come out, on paper?",
        "There are two steps: first pair every input with its own weight, then make one number "
        "of the pairs. Which operation joins a pair?",
        "On tensors, `*` works place by place, and a tensor has a method that adds up its entries.",
    ),
    slips=slips(SLIPS, weighted_sum),
    also_right=(
        _by_loop,
        lambda inputs, weights: inputs @ weights,
        lambda inputs, weights: torch.einsum("d,d->", inputs, weights),
    ),
)

EXERCISES = (WEIGHTED_SUM,)
