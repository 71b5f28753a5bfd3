"""Exercise 06.two_layer: the gradients of both layers' weights and biases, given that of the
outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import backprop
from ..drawing import drawing

Four = tuple[Tensor, Tensor, Tensor, Tensor]


def _two_layer_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def net(n: int, d: int, h: int, c: int, dtype: torch.dtype = torch.float64) -> tuple:
        shapes = ((n, c), (n, d), (h, d), (h,), (c, h))
        return tuple(draw(*shape, dtype=dtype) for shape in shapes)

    g, x, W1, b1, W2 = net(4, 3, 5, 2)
    return [
        Case("6 examples, 3 inputs, 5 hidden neurons and 2 outputs", net(6, 3, 5, 2)),
        Case("5 examples, 2 inputs, 4 hidden neurons and 3 outputs", net(5, 2, 4, 3)),
        Case("6 examples, 4 inputs, 4 hidden neurons and 4 outputs", net(6, 4, 4, 4)),
        Case("5 examples, 5 inputs, 5 hidden neurons and 5 outputs", net(5, 5, 5, 5)),
        Case("1 example, 3 inputs, 4 hidden neurons and 2 outputs", net(1, 3, 4, 2), special=True),
        Case("4 examples and one of everything else", net(4, 1, 1, 1), special=True),
        Case("a g that is all zero", (torch.zeros_like(g), x, W1, b1, W2), special=True),
        Case(
            "hidden neurons that never fire",
            (g, x, torch.zeros_like(W1), -b1.abs() - 0.1, W2),
            special=True,
        ),
        Case(
            "hidden sums that are exactly 0",
            (g, x, torch.zeros_like(W1), torch.zeros_like(b1), W2),
            special=True,
        ),
        Case("inputs around 100,000", (g, 1e5 * x, W1, b1, W2), special=True),
        Case(
            "50 images, 64 inputs, 32 hidden neurons and 10 outputs in float32",
            net(50, 64, 32, 10, torch.float32),
            special=True,
        ),
    ]


def _two_layer_by_autograd(g: Tensor, x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor) -> Four:
    b2 = torch.zeros(len(W2), dtype=W2.dtype)
    params = [value.detach().clone().requires_grad_() for value in (W1, b1, W2, b2)]
    out = torch.relu(x @ params[0].T + params[1]) @ params[2].T + params[3]
    return torch.autograd.grad(out, params, g)


def _two_layer_by_loop(g: Tensor, x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor) -> Four:
    of_W1, of_b1, of_W2 = torch.zeros_like(W1), torch.zeros_like(b1), torch.zeros_like(W2)
    for one_g, one_x in zip(g, x, strict=True):
        z = W1 @ one_x + b1
        of_z = (W2.T @ one_g) * (z > 0)
        of_W1 += torch.outer(of_z, one_x)
        of_b1 += of_z
        of_W2 += torch.outer(one_g, z.clamp(min=0))
    return of_W1, of_b1, of_W2, g.sum(dim=0)


def _gate_from_the_values(g: Tensor, x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor) -> Four:
    hidden = torch.relu(x @ W1.T + b1)
    of_z = torch.where(hidden > 0, g @ W2, 0.0)
    return of_z.T @ x, of_z.sum(dim=0), g.T @ hidden, g.sum(dim=0)


SLIPS = """
gate forgotten: relu_vjp(of_hidden, z) → of_hidden
    The gradients of W1 and b1 are what they would be without ReLU. A hidden neuron that gave 0 for
    an example must not learn from it: a step is missing on the way back.
gate open at 0: relu_vjp(of_hidden, z) → of_hidden * (z >= 0)
    A hidden sum of exactly 0 lets the gradient through. At its corner ReLU's slope is taken as 0,
    here and in torch: look at your comparison.
gate of the gradient's sign: relu_vjp(of_hidden, z) → of_hidden * (of_hidden > 0)
    The gate looks at the sign of the gradient that comes back. Whether a hidden neuron fired was
    decided on the way forward: look at what you compare with 0.
gate upside down: relu_vjp(of_hidden, z) → of_hidden * (z < 0)
    The gate is open where a hidden neuron did not fire, and shut where it did. Look at your
    comparison.
the value for the slope: relu_vjp(of_hidden, z) → of_hidden * hidden
    What comes back is multiplied by the hidden values. It must be multiplied by the slope of ReLU
    there, which is 0 or 1.
gate at the outputs: linear_vjp(g, hidden, W2) → linear_vjp(relu_vjp(g, hidden @ W2.T), hidden, W2)
    There is a gate at the outputs too. ReLU stands between the two layers only; the outputs are
    plain sums.
first bias before the gate: return of_W1, of_b1 → return of_W1, of_hidden.sum(dim=0)
    W1 is right, b1 is not: its gradient is taken before ReLU's gate. b1 is added before ReLU, so
    what comes back has passed the gate when it arrives there.
first weights before the gate: return of_W1 → return of_hidden.T @ x
    b1 is right, W1 is not: its gradient is taken before ReLU's gate. Look at which of the two
    gradients you multiply by x.
sums for hidden values: linear_vjp(g, hidden, W2) → linear_vjp(g, z, W2)
    W2's gradient uses the hidden sums. What W2 was multiplied by on the way forward is what ReLU
    made of them.
inputs for hidden values: of_b1, of_W2 → of_b1, g.T @ x
    W2's gradient uses x. A layer's gradient needs the inputs of that layer: what was W2 multiplied
    by on the way forward?
bias left out on the way forward: affine(x, W1, b1) → x @ W1.T
    The hidden sums are made without b1, so the wrong gates are open and the hidden values are
    wrong. Look at your way forward.
W2 transposed: linear_vjp(g, hidden, W2) → (g @ W2.T, g.T @ hidden, g.sum(dim=0))
    On the way back W2 is transposed, as it is on the way forward. It runs only where there are as
    many outputs as hidden neurons, and is wrong there too.
back through W1: linear_vjp(g, hidden, W2) → (g @ W1, g.T @ hidden, g.sum(dim=0))
    g goes back through W1. Between the outputs and the hidden values stands the other weight
    matrix.
W2 left out: relu_vjp(of_hidden, z) → g * (z > 0)
    g goes to the first layer without passing W2. How much a hidden value moves the outputs depends
    on the weights between them.
first weights' gradient transposed: return of_W1 → return of_W1.T
    W1's gradient lies on its side. Each gradient has the shape of its parameter: look at which
    factor is turned.
second weights' gradient transposed: of_b1, of_W2 → of_b1, of_W2.T
    W2's gradient lies on its side. Each gradient has the shape of its parameter: look at which
    factor is turned.
both weights' gradients transposed: return of_W1, of_b1, of_W2 → return of_W1.T, of_b1, of_W2.T
    The gradients of both weight matrices lie on their sides. Each has the shape of its parameter:
    look at which factor of your products is turned.
biases not added up: of_W1, of_b1, of_W2, of_b2 → of_W1, relu_vjp(of_hidden, z), of_W2, g
    The biases get a gradient for each example. There is one bias a neuron, and it serves all
    examples: something is missing over n.
biases added along the neurons:
    | of_b1, of_W2, of_b2 → relu_vjp(of_hidden, z).sum(dim=1), of_W2, g.sum(dim=1)
    The biases' gradients are added up over the neurons. There should be one for each neuron: look
    at the axis of your sums.
output biases added along the outputs: of_b1, of_W2, of_b2 → of_b1, of_W2, g.sum(dim=1)
    The gradient of b2 is added up over the outputs, so that each example gets a number. There
    should be one for each output: look at the axis of your sum.
means over the examples: linear_vjp(g, hidden, W2) → linear_vjp(g / len(g), hidden, W2)
    All four are divided by the number of examples. If the loss is a mean, its 1/n is in g already,
    and here it goes in twice.
means for the biases: of_b1, of_W2, of_b2 → of_b1 / len(g), of_W2, of_b2 / len(g)
    The biases' gradients are means over the examples, those of the weights are sums. If the loss is
    a mean, its 1/n is in g already.
second layer first: of_W1, of_b1, of_W2, of_b2 → of_W2, of_b2, of_W1, of_b1
    The layers have changed places in the result: W1 and b1 are asked for first. You compute them
    last.
weights first, then biases: of_W1, of_b1, of_W2, of_b2 → of_W1, of_W2, of_b1, of_b2
    All four are right, but they come back in the wrong order: W1, b1, W2, b2.
weights only: of_W1, of_b1, of_W2, of_b2 → of_W1, of_W2
    There are two results, those of the weights. The biases learn as well: four gradients are asked
    for, W1, b1, W2, b2.
gate without the bias: relu_vjp(of_hidden, z) → relu_vjp(of_hidden, x @ W1.T)
    The gates are set without b1, though the hidden values have it. A neuron fires where its whole
    sum, bias included, is above 0.
mean for the output biases: of_b1, of_W2, of_b2 → of_b1, of_W2, of_b2 / len(g)
    The gradient of b2 is a mean over the examples, the others are sums. If the loss is a mean, its
    1/n is in g already.
output biases not added up: of_b1, of_W2, of_b2 → of_b1, of_W2, g
    The gradient of b2 has a row for each example. There is one bias for each output, and it serves
    all examples: something is missing over n.
biases swapped: of_b1, of_W2, of_b2 → of_b2, of_W2, of_b1
    The gradients of b1 and b2 have changed places. b2 belongs to the outputs.
first layer forgotten: return of_W1, of_b1 → return 0 * of_W1, 0 * of_b1
    The first layer gets no gradient, so it would never learn. The loss depends on it through the
    hidden values: what comes back to them?
biases forgotten: of_b1, of_W2, of_b2 → 0 * of_b1, of_W2, 0 * of_b2
    The biases get no gradient. The loss depends on them: move one a little, and see which sums
    move.
sign: linear_vjp(g, hidden, W2) → linear_vjp(-g, hidden, W2)
    All signs are wrong. A gradient points uphill; the minus comes with the step of descent.
arguments of ReLU's way back swapped: relu_vjp(of_hidden, z) → relu_vjp(z, of_hidden)
    At the gate g and z have changed places: the hidden sums are let through where the gradient is
    above 0. Look at the order of `relu_vjp`'s arguments.
ReLU forgotten both ways: relu(z) → z ; relu_vjp(of_hidden, z) → of_hidden
    ReLU is missing on the way forward and on the way back: these are the gradients of two layers
    with nothing in between.
biases first in each layer: of_W1, of_b1, of_W2, of_b2 → of_b1, of_W1, of_b2, of_W2
    In both layers weights and biases have changed places. Look at the order in which you take apart
    what `linear_vjp` gives, and at your `return`.
weights taken first from linear_vjp:
    | of_hidden, of_W2, of_b2 = → of_W2, of_hidden, of_b2 =
    | _, of_W1, of_b1 = → of_W1, _, of_b1 =
    | relu_vjp(of_hidden, z) → of_hidden * (z > 0)
    What comes back to the hidden values and the gradient of W2 have changed places. Look at the
    order in which `linear_vjp` gives its three results.
weights taken first from linear_vjp, gate by where:
    | of_hidden, of_W2, of_b2 = → of_W2, of_hidden, of_b2 =
    | _, of_W1, of_b1 = → of_W1, _, of_b1 =
    | relu_vjp(of_hidden, z) → torch.where(z > 0, of_hidden, 0.0)
    The gradient of W2 and what comes back to the hidden values have changed places. Look at the
    order in which `linear_vjp` gives its three results.
inputs taken last from linear_vjp:
    | of_hidden, of_W2, of_b2 = → of_W2, of_b2, of_hidden =
    | _, of_W1, of_b1 = → of_W1, of_b1, _ =
    | relu_vjp(of_hidden, z) → of_hidden * (z > 0)
    The three results of `linear_vjp` get the wrong names: it gives what belongs to the layer's
    inputs first, not last.
"""

TWO_LAYER = Exercise(
    id="06.two_layer",
    points=3,
    asks="the gradients of both layers' weights and biases, given that of the outputs",
    reference=backprop.two_layer_vjp,
    cases=_two_layer_cases,
    hints=(
        "You need what went into each layer, so go forward first: the hidden sums, then what ReLU "
        "makes of them. Which of the five arguments does that take?",
        "Go back in the opposite order: second layer, ReLU, first layer. Each takes the gradient "
        "of its outputs and hands on that of its inputs. You have written all three before.",
        "The second layer's inputs are the hidden values, those of the first are x. What goes "
        "back through W2 must pass ReLU's gate, at the hidden sums, before the first layer sees "
        "it.",
    ),
    slips=slips(SLIPS, backprop.two_layer_vjp),
    also_right=(
        _two_layer_by_autograd,
        _two_layer_by_loop,
        _gate_from_the_values,
    ),
)
