"""Exercise 06.linear_vjp: the gradients of a layer's inputs, weights and biases, given that of
its outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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
        Case("no examples, 3 inputs and 2 neurons", layer(0, 3, 2), special=True),
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


def _linear_without_g(g: Tensor, x: Tensor, w: Tensor) -> Three:
    ones = torch.ones_like(g)
    return ones @ w, ones.T @ x, ones.sum(dim=0)


def _linear_overwritten(g: Tensor, x: Tensor, weight: Tensor) -> Three:
    of_x, of_weight = torch.zeros_like(x), torch.zeros_like(weight)
    of_bias = torch.zeros(len(weight), dtype=x.dtype)
    for n in range(len(x)):
        for h in range(len(weight)):
            of_x[n] = g[n, h] * weight[h]
            of_weight[h] = g[n, h] * x[n]
            of_bias[h] = g[n, h]
    return of_x, of_weight, of_bias


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
        "side. The shapes of the results tell you which. There may be no examples (n = 0).",
    ),
    slips=(
        Slip(
            "weights' gradient transposed",
            lambda g, x, w: (g @ w, x.T @ g, g.sum(dim=0)),
            "The gradient of the weights lies on its side: it has a row for each input. It must "
            "have the shape of the weights, (h, d). Look at which factor of your product is "
            "turned.",
        ),
        Slip(
            "weights transposed on the way back",
            lambda g, x, w: (g @ w.T, g.T @ x, g.sum(dim=0)),
            "On the way back the weights are transposed, as they are on the way forward. It runs "
            "when a layer is square, and is wrong there too. Over which index should g and the "
            "weights be added up?",
        ),
        Slip(
            "both transposed",
            lambda g, x, w: (g @ w.T, x.T @ g, g.sum(dim=0)),
            "Both matrix products have a transpose in the wrong place. Write the shape under each "
            "factor: which index must disappear in each product?",
        ),
        Slip(
            "biases not added up",
            lambda g, x, w: (g @ w, g.T @ x, g.clone()),
            "The biases get one gradient for each example, (n, h). There is only one bias a "
            "neuron, and it serves all examples: something is missing over n.",
        ),
        Slip(
            "neither added up",
            lambda g, x, w: (g @ w, g[:, :, None] * x[:, None, :], g.clone()),
            "Weights and biases get a gradient for each example. There is only one set of them, "
            "which serves all examples: their gradients must be put together over n.",
        ),
        Slip(
            "weights not added up",
            lambda g, x, w: (g @ w, g[:, :, None] * x[:, None, :], g.sum(dim=0)),
            "The weights get a gradient for each example, (n, h, d). There is only one weight "
            "matrix, and it serves all examples: something is missing over n.",
        ),
        Slip(
            "biases added along the neurons",
            lambda g, x, w: (g @ w, g.T @ x, g.sum(dim=1)),
            "The biases' gradient is added up over the neurons, so that each example gets a "
            "number. It should be one for each neuron: look at the axis of your sum.",
        ),
        Slip(
            "biases added up altogether",
            lambda g, x, w: (g @ w, g.T @ x, g.sum()),
            "The biases' gradient is a single number. Each neuron has a bias of its own: look at "
            "the axis of your sum.",
        ),
        Slip(
            "biases with a row too many",
            lambda g, x, w: (g @ w, g.T @ x, g.sum(dim=0, keepdim=True)),
            "The biases' gradient has the shape (1, h), with the right numbers in it. It must have "
            "the shape of the biases, (h,): look for keepdim.",
        ),
        Slip(
            "mean for the biases",
            lambda g, x, w: (g @ w, g.T @ x, g.sum(dim=0) / max(len(g), 1)),
            "The biases' gradient is a mean over the examples. If the loss is a mean, its 1/n is "
            "in g already, and here it goes in twice: look for a mean or a division.",
        ),
        Slip(
            "mean for weights and biases",
            lambda g, x, w: (g @ w, g.T @ x / max(len(g), 1), g.sum(dim=0) / max(len(g), 1)),
            "The gradients of weights and biases are means over the examples. If the loss is a "
            "mean, its 1/n is in g already, and here it goes in twice.",
        ),
        Slip(
            "mean for the weights",
            lambda g, x, w: (g @ w, g.T @ x / max(len(g), 1), g.sum(dim=0)),
            "The weights' gradient is a mean over the examples. If the loss is a mean, its 1/n is "
            "in g already, and here it goes in twice: look for a division.",
        ),
        Slip(
            "everything divided by n",
            lambda g, x, w: tuple(t / max(len(g), 1) for t in (g @ w, g.T @ x, g.sum(dim=0))),
            "All three are divided by the number of examples. Whether the loss is a mean is a "
            "matter of the loss: its 1/n is in g already.",
        ),
        Slip(
            "g left out",
            _linear_without_g,
            "These are the slopes of the layer's outputs, added up: what comes out if g is 1 "
            "everywhere. Where does g go in?",
        ),
        Slip(
            "biases get ones",
            lambda g, x, w: (g @ w, g.T @ x, torch.ones_like(w[:, 0])),
            "The biases' gradient is 1: that is the slope of an output with respect to its bias. "
            "It is still to be multiplied by g, and added up over the examples.",
        ),
        Slip(
            "biases forgotten",
            lambda g, x, w: (g @ w, g.T @ x, torch.zeros_like(w[:, 0])),
            "The biases get no gradient, so they would never learn. The loss depends on them: move "
            "bias_h a little, and see which outputs move.",
        ),
        Slip(
            "biases left out",
            lambda g, x, w: (g @ w, g.T @ x),
            "There are two results; the biases' gradient is missing. It needs neither x nor the "
            "weights.",
        ),
        Slip(
            "weights first",
            lambda g, x, w: (g.T @ x, g @ w, g.sum(dim=0)),
            "The first two results have changed places: the inputs' gradient is asked for first.",
        ),
        Slip(
            "inputs last",
            lambda g, x, w: (g.T @ x, g.sum(dim=0), g @ w),
            "All three are right, but they come back in the wrong order: inputs, weights, biases.",
        ),
        Slip(
            "product of sums",
            lambda g, x, w: (g @ w, torch.outer(g.sum(dim=0), x.sum(dim=0)), g.sum(dim=0)),
            "The weights' gradient is the product of two sums. It is the sum of products: each "
            "example's g goes with that example's x, and then they are added.",
        ),
        Slip(
            "first example only",
            lambda g, x, w: (g @ w, g.T @ x, g[0] if len(g) else g.sum(dim=0)),
            "The biases' gradient is that of the first example. A bias serves all examples: what "
            "becomes of the others?",
        ),
        Slip(
            "the slopes themselves",
            lambda g, x, w: (w.clone(), x.clone(), torch.ones_like(w[:, 0])),
            "These are the slopes of the outputs: the weights, the inputs, and 1. Each is still to "
            "be multiplied by g, and added up over what they share.",
        ),
        Slip(
            "sign",
            lambda g, x, w: (-(g @ w), -(g.T @ x), -g.sum(dim=0)),
            "All signs are wrong. This is the direction of descent; a gradient points uphill, and "
            "the minus comes with the step.",
        ),
        Slip(
            "forward pass",
            lambda g, x, w: x @ w.T,
            "These are the outputs of the layer. Asked is the way back: three gradients, made from "
            "g.",
        ),
        Slip(
            "overwritten in the loop",
            _linear_overwritten,
            "Only the last pass of your loops is left: each one overwrites what the one before "
            "wrote. The contributions are to be added up: look for `=`.",
        ),
        Slip(
            "biases second",
            lambda g, x, w: (g @ w, g.sum(dim=0), g.T @ x),
            "The last two results have changed places: inputs, weights, biases is the order.",
        ),
        Slip(
            "outputs for g",
            lambda g, x, w: (x @ w.T @ w, (x @ w.T).T @ x, (x @ w.T).sum(dim=0)),
            "The outputs of the layer stand where g should. What they were plays no part on the "
            "way back; the gradient that arrives there is handed in.",
        ),
        Slip(
            "the step taken",
            lambda g, x, w: (g @ w, w - g.T @ x, g.sum(dim=0)),
            "Your second result is the weights after a step. Asked is their gradient; the step of "
            "descent comes later, and has a learning rate.",
        ),
    ),
    also_right=(
        _linear_by_autograd,
        _linear_by_loop,
        lambda g, x, w: (
            torch.einsum("nh,hd->nd", g, w),
            torch.einsum("nh,nd->hd", g, x),
            torch.einsum("nh->h", g),
        ),
        lambda g, x, w: (g @ w, (x.T @ g).T, torch.ones(len(g), dtype=g.dtype) @ g),
    ),
)
