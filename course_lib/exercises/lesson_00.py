"""Exercise of lesson 00: one weighted sum."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import Case, Exercise, Slip
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
    slips=(
        Slip(
            "mean instead of sum",
            lambda inputs, weights: (inputs * weights).mean(),
            "Your result shrinks as inputs are added: the products are averaged where they should "
            "be added. Look at the last step.",
        ),
        Slip(
            "product of sums",
            lambda inputs, weights: inputs.sum() * weights.sum(),
            "The inputs are added up before they meet their weights, so every input counts with "
            "every weight. Each input should meet its own weight first.",
        ),
        Slip(
            "weights left out",
            lambda inputs, weights: inputs.sum(),
            "The weights play no part in your result: it is the plain sum of the inputs. Look at "
            "where `weights` enters.",
        ),
        Slip(
            "not added up",
            lambda inputs, weights: inputs * weights,
            "You have one product for each input; the exercise asks for a single number. One step "
            "is missing after the products.",
        ),
        Slip(
            "sum of sums",
            lambda inputs, weights: (inputs + weights).sum(),
            "Inputs and weights are added to each other. A weight says how strongly its input "
            "counts: which operation makes something count twice as much?",
        ),
        Slip(
            "only the first pair",
            lambda inputs, weights: inputs[0] * weights[0],
            "Only the first input counts. If you go through the inputs in a loop, look at how far "
            "the `return` is indented: it ends the function at once.",
        ),
        Slip(
            "only the last pair",
            lambda inputs, weights: inputs[-1] * weights[-1],
            "Only the last input counts: each step of your loop forgets the steps before. Look at "
            "what happens to the old total when a new product comes.",
        ),
        Slip(
            "first pair left out",
            lambda inputs, weights: (inputs * weights)[1:].sum(),
            "The first input is left out. Look at where your loop or slice begins: Python counts "
            "from 0.",
        ),
        Slip(
            "last pair left out",
            lambda inputs, weights: (inputs * weights)[:-1].sum(),
            "The last input is left out. Look at where your loop or slice ends: the end itself "
            "does not belong to it.",
        ),
        Slip(
            "only two inputs",
            lambda inputs, weights: inputs[0] * weights[0] + inputs[1] * weights[1],
            "Only the first two inputs count. There may be any number of them: look at the places "
            "that you name one by one.",
        ),
        Slip(
            "multiplied at the end too",
            lambda inputs, weights: (inputs * weights).prod(),
            "The products are multiplied with each other. Look at your last step: one input of 0 "
            "should not silence all the others.",
        ),
        Slip(
            "an axis that is not there",
            lambda inputs, weights: (inputs * weights).sum(dim=1),
            "You work along axis 1, and there is none: a list of numbers has one axis, which is "
            "number 0. Look at what stands after `dim`.",
        ),
        Slip(
            "input for inputs",
            lambda inputs, weights: input * weights,
            "`input` is a function that Python brings along. Look at the spelling of your "
            "function's own arguments.",
        ),
    ),
    also_right=(
        _by_loop,
        lambda inputs, weights: inputs @ weights,
        lambda inputs, weights: torch.einsum("d,d->", inputs, weights),
    ),
)

EXERCISES = (WEIGHTED_SUM,)
