"""Exercise 01.sensitivity: how far the output moves for each unit that each weight of W moves."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import layers
from ..drawing import drawing


def _sensitivity_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

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
    for h in range(len(v)):
        for d in range(len(x)):
            result[h, d] = v[h] * x[d]
    return result


SLIPS = """
transposed: outer(v, x) → outer(x, v)
    The numbers are right, but rows and columns are swapped. The result is laid out like `W`: a row
    for each hidden neuron.
weight itself counted: outer(v, x) → outer(v, x) * W
    This is how much each connection contributes to the output. The exercise asks by how much the
    output moves when the weight moves by one: does that depend on where the weight is?
second layer forgotten: x.expand_as(W)
    This is how far the hidden neuron moves. Its signal is weighted once more on its way to the
    output: which number does it meet there?
input forgotten: v[:, None].expand_as(W)
    This is how far the output moves when a hidden neuron moves by one. But how far does the neuron
    move? That depends on what flows into the weight's line.
derivative by the inputs, not summed: v[:, None] * W
    You let the input move, not the weight: this is how each path carries a change of its input.
    Look at which symbol stands below the line in ∂out/∂W.
derivative by the inputs: v @ W
    You let the inputs move, not the weights: there is one number for each input here. Look at which
    symbol stands below the line in ∂out/∂W.
derivative by the second layer: W @ x
    You let `v` move, not `W`: there is one number for each hidden neuron here. Look at which symbol
    stands below the line in ∂out/∂W.
the output itself: v @ (W @ x)
    This is the output. The exercise asks how far it moves for each single weight: as many numbers
    as `W` has entries.
added instead of multiplied: v[:, None] + x
    The two numbers on the path are added. The signal is weighted by the one after the other: what
    does a weight do to its signal?
place by place: v * x
    `*` lets v[0] meet x[0] only, v[1] only x[1], and so on. The result has an entry for each pair
    of a neuron and an input: every entry of `v` meets every one of `x`.
place by place, input first: x * v
    `*` lets x[0] meet v[0] only, x[1] only v[1], and so on. The result has an entry for each pair
    of a neuron and an input: every entry of `x` meets every one of `v`.
a dot product: v @ x
    `@` pairs the two lists place by place and adds up. Nothing is added here: the result has an
    entry for each pair of a neuron and an input.
a dot product, input first: x @ v
    `@` pairs the two lists place by place and adds up. No sum is asked for: the result has an entry
    for each pair of a neuron and an input.
two columns: v[:, None] @ x[:, None]
    Both stand upright, as columns, and `@` cannot multiply two columns. One of the two has to lie
    down: look at the axes that you add.
indices swapped:
    | result = torch.zeros_like(W)
    | for h in range(len(v)):
    |     for d in range(len(x)):
    |         result[h, d] = v[d] * x[h]
    | return result
    An index runs past the end: `h` counts the neurons and `d` the inputs, and somewhere they have
    changed places. Look at which of them belongs to `v` and which to `x`.
a single weight: v[1] * x[0]
    This is the answer for one weight, the one of the example. Each weight of `W` has an answer of
    its own: look at the places that you name.
added up: outer(v, x) → outer(v, x).sum()
    Your answers for all the weights are added into one number. Each weight should keep its own:
    look for a sum too many.
contribution to the neuron: W * x
    This is how much each connection contributes to its hidden neuron. The exercise asks by how much
    the output moves when the weight moves: does that depend on where the weight is?
the weights: W.clone()
    These are the weights. The exercise asks what happens to the output when one of them moves by
    one: where does its line begin, and what does its signal meet on the way?
backward without requires_grad: (v @ (W @ x)).backward()
    torch keeps no gradients here, since `W` comes without `requires_grad`. The exercise asks for
    the formula: which numbers does a signal through one weight meet on its way?
"""

SENSITIVITY = Exercise(
    id="01.sensitivity",
    points=2,
    asks="how far the output moves for each unit that each weight of W moves",
    reference=layers.sensitivity,
    cases=_sensitivity_cases,
    hints=(
        "Raise `W[0, 0]` by 1 and leave all else. By how much does the hidden neuron 0 move? And "
        "by how much does `out` move then?",
        "Follow the one weight `W[h, d]`. What flows into its line? Which number does the signal "
        "meet between the hidden neuron h and the output?",
        "Each entry of the result is a product of two numbers: one of them stands in `x`, the "
        "other in `v`. Row h, column d, like `W`.",
    ),
    slips=slips(SLIPS, layers.sensitivity),
    also_right=(
        _sensitivity_by_autograd,
        _sensitivity_by_loop,
        lambda x, W, v: v[:, None] * x[None, :],
        lambda x, W, v: torch.einsum("h,d->hd", v, x),
    ),
)
