"""Exercise 06.linear_vjp: the gradients of a layer's inputs, weights and biases, given that of
its outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import backprop
from ..drawing import drawing

Three = tuple[Tensor, Tensor, Tensor]


def _linear_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def layer(n: int, d: int, h: int, dtype: torch.dtype = torch.float64) -> Three:
        return draw(n, h, dtype=dtype), draw(n, d, dtype=dtype), draw(h, d, dtype=dtype)

    g, x, weight = layer(3, 2, 4)
    return [
        Case("5 examples, 3 inputs and 4 neurons", layer(5, 3, 4)),
        Case("2 examples, 6 inputs and 3 neurons", layer(2, 6, 3)),
        Case("4 examples, 3 inputs and 4 neurons", layer(4, 3, 4)),
        Case("5 examples, 4 inputs and 4 neurons", layer(5, 4, 4)),
        Case("3 examples, 3 inputs and 3 neurons", layer(3, 3, 3)),
        Case("1 example, 3 inputs and 2 neurons", layer(1, 3, 2), special=True),
        Case("4 examples, 3 inputs and 1 neuron", layer(4, 3, 1), special=True),
        Case("4 examples, 1 input and 3 neurons", layer(4, 1, 3), special=True),
        Case("1 example, 1 input and 1 neuron", layer(1, 1, 1), special=True),
        Case("a g that is all zero", (torch.zeros_like(g), x, weight), special=True),
        Case("weights that are all zero", (g, x, torch.zeros_like(weight)), special=True),
        Case("inputs around 100,000", (g, 1e5 * x, weight), special=True),
        Case(
            "50 examples, 64 inputs and 10 neurons in float32",
            layer(50, 64, 10, torch.float32),
            special=True,
        ),
    ]


def _linear_by_autograd(g: Tensor, x: Tensor, weight: Tensor) -> Three:
    x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
    bias = torch.zeros(len(weight), dtype=x.dtype, requires_grad=True)
    return torch.autograd.grad(x @ weight.T + bias, (x, weight, bias), g)


def _linear_by_loop(g: Tensor, x: Tensor, weight: Tensor) -> Three:
    of_x, of_weight = torch.zeros_like(x), torch.zeros_like(weight)
    of_bias = torch.zeros(len(weight), dtype=x.dtype)
    for n in range(len(x)):
        for h in range(len(weight)):
            of_x[n] += g[n, h] * weight[h]
            of_weight[h] += g[n, h] * x[n]
            of_bias[h] += g[n, h]
    return of_x, of_weight, of_bias


def _linear_by_lists(g: Tensor, x: Tensor, weight: Tensor) -> Three:
    of_x = torch.stack([sum(g_h * row for g_h, row in zip(one, weight, strict=True)) for one in g])
    of_weight = torch.stack([(column[:, None] * x).sum(dim=0) for column in g.T])
    return of_x, of_weight, torch.stack([column.sum() for column in g.T])


SLIPS = """
weights' gradient transposed: g.T @ x → x.T @ g
    The gradient of the weights lies on its side: it has a row for each input. It must have the
    shape of the weights, (h, d). Look at which factor of your product is turned.
weights transposed on the way back: g @ weight → g @ weight.T
    On the way back the weights are transposed, as they are on the way forward. It runs when a layer
    is square, and is wrong there too. Over which index should g and the weights be added up?
both transposed: g @ weight, g.T @ x → g @ weight.T, x.T @ g
    Both matrix products have a transpose in the wrong place. Write the shape under each factor:
    which index must disappear in each product?
biases not added up: g.sum(dim=0) → g
    The biases get one gradient for each example, (n, h). There is only one bias a neuron, and it
    serves all examples: something is missing over n.
neither added up: g.T @ x, g.sum(dim=0) → g[:, :, None] * x[:, None, :], g
    Weights and biases get a gradient for each example. There is only one set of them, which serves
    all examples: their gradients must be put together over n.
weights not added up: g.T @ x → g[:, :, None] * x[:, None, :]
    The weights get a gradient for each example, (n, h, d). There is only one weight matrix, and it
    serves all examples: something is missing over n.
biases added along the neurons: dim=0 → dim=1
    The biases' gradient is added up over the neurons, so that each example gets a number. It should
    be one for each neuron: look at the axis of your sum.
biases added up altogether: dim=0 →
    The biases' gradient is a single number. Each neuron has a bias of its own: look at the axis of
    your sum.
biases with a row too many: dim=0 → dim=0, keepdim=True
    The biases' gradient has the shape (1, h), with the right numbers in it. It must have the shape
    of the biases, (h,): look for keepdim.
mean for the biases: g.sum(dim=0) → g.mean(dim=0)
    The biases' gradient is a mean over the examples. If the loss is a mean, its 1/n is in g
    already, and here it goes in twice: look for a mean or a division.
mean for weights and biases: g.T @ x, g.sum(dim=0) → g.T @ x / len(g), g.mean(dim=0)
    The gradients of weights and biases are means over the examples. If the loss is a mean, its 1/n
    is in g already, and here it goes in twice.
mean for the weights: g.T @ x → g.T @ x / len(g)
    The weights' gradient is a mean over the examples. If the loss is a mean, its 1/n is in g
    already, and here it goes in twice: look for a division.
everything divided by n: g @ weight / len(g), g.T @ x / len(g), g.mean(dim=0)
    All three are divided by the number of examples. Whether the loss is a mean is a matter of the
    loss: its 1/n is in g already.
g left out:
    | g = torch.ones_like(g)
    | return g @ weight, g.T @ x, g.sum(dim=0)
    These are the slopes of the layer's outputs, added up: what comes out if g is 1 everywhere.
    Where does g go in?
biases get ones: g.sum(dim=0) → torch.ones_like(weight[:, 0])
    The biases' gradient is 1: that is the slope of an output with respect to its bias. It is still
    to be multiplied by g, and added up over the examples.
biases forgotten: g.sum(dim=0) → torch.zeros_like(weight[:, 0])
    The biases get no gradient, so they would never learn. The loss depends on them: move bias_h a
    little, and see which outputs move.
biases left out: , g.sum(dim=0) →
    There are two results; the biases' gradient is missing. It needs neither x nor the weights.
weights first: g @ weight ↔ g.T @ x
    The first two results have changed places: the inputs' gradient is asked for first.
inputs last: g @ weight, g.T @ x, g.sum(dim=0) → g.T @ x, g.sum(dim=0), g @ weight
    All three are right, but they come back in the wrong order: inputs, weights, biases.
product of sums: g.T @ x → torch.outer(g.sum(dim=0), x.sum(dim=0))
    The weights' gradient is the product of two sums. It is the sum of products: each example's g
    goes with that example's x, and then they are added.
first example only: g.sum(dim=0) → g[0]
    The biases' gradient is that of the first example. A bias serves all examples: what becomes of
    the others?
the slopes themselves: weight, x, torch.ones_like(weight[:, 0])
    These are the slopes of the outputs: the weights, the inputs, and 1. Each is still to be
    multiplied by g, and added up over what they share.
sign: -(g @ weight), -(g.T @ x), -g.sum(dim=0)
    All signs are wrong. This is the direction of descent; a gradient points uphill, and the minus
    comes with the step.
forward pass: x @ weight.T
    These are the outputs of the layer. The exercise asks for the way back: three gradients, made
    from g.
overwritten in the loop:
    | of_x, of_weight, of_bias = torch.zeros_like(x), torch.zeros_like(weight), g[0].clone()
    | for n in range(len(x)):
    |     for h in range(len(weight)):
    |         of_x[n] = g[n, h] * weight[h]
    |         of_weight[h] = g[n, h] * x[n]
    |         of_bias[h] = g[n, h]
    | return of_x, of_weight, of_bias
    Only the last product of each sum is left. If you use loops, each pass overwrites what the one
    before wrote. The contributions are to be added up: look for `=`.
biases second: g.T @ x ↔ g.sum(dim=0)
    The last two results have changed places: inputs, weights, biases is the order.
outputs for g:
    | g = x @ weight.T
    | return g @ weight, g.T @ x, g.sum(dim=0)
    The outputs of the layer stand where g should. What they were plays no part on the way back; the
    gradient that arrives there is handed in.
the step taken: g.T @ x → weight - g.T @ x
    Your second result is the weights after a step. The exercise asks for their gradient; the step
    of descent comes later, and has a learning rate.
"""

LINEAR_VJP = Exercise(
    id="06.linear_vjp",
    points=3,
    asks="the gradients of a layer's inputs, weights and biases, given that of its outputs",
    reference=backprop.linear_vjp,
    cases=_linear_cases,
    hints=(
        "Take one output, out_nh. Which x, which weights and which bias does it depend on, and how "
        "fast does it change with each? Then turn it around: which outputs does x_nd move?",
        "x_nd moves the outputs of example n at all neurons: add over h. weight_hd moves those of "
        "neuron h in all examples: add over n. bias_h does so as well. Each time g_nh times a "
        "slope.",
        "A sum over the index that two matrices share is a matrix product. For x the shared index "
        "is h, for the weights it is n; turn one matrix over where the index stands on the wrong "
        "side. The shapes of the results tell you which.",
    ),
    slips=slips(SLIPS, backprop.linear_vjp),
    also_right=(
        _linear_by_autograd,
        _linear_by_loop,
        _linear_by_lists,
        lambda g, x, w: (
            torch.einsum("nh,hd->nd", g, w),
            torch.einsum("nh,nd->hd", g, x),
            torch.einsum("nh->h", g),
        ),
        lambda g, x, w: (g @ w, (x.T @ g).T, torch.ones(len(g), dtype=g.dtype) @ g),
    ),
)
