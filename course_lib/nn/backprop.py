"""Backpropagation: how each layer hands a gradient back, a network by hand, a tape, the cost.

A layer takes `x` and gives `out`; later layers make a loss of `out`. Write g for the gradient of
the loss with respect to `out`: it has the shape of `out`. The layer's vector-Jacobian product turns
g into the gradient with respect to whatever went in, `Jᵀ g` for the layer's Jacobian J, without
ever building J. The first g is the gradient of the loss with respect to the outputs of the network;
`course_lib.nn.losses` has it for each loss.

Letters: n examples, d inputs, h neurons, c outputs of a network. Every function takes g first, then
what the layer's forward pass had. Gradients are named by what they belong to: `of_weight`.
Source: Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.nn.activations import relu
from course_lib.nn.biases import affine
from course_lib.nn.shapes import expect

# Layers


def linear_vjp(g: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of a layer `out_nh = Σ_d weight_hd x_nd + bias_h`, given that of `out`.

    g: `(n, h)`. x: `(n, d)`. weight: `(h, d)`. Returns three gradients: of the inputs
    `of_x_nd = Σ_h g_nh weight_hd`, `(n, d)`; of the weights `of_weight_hd = Σ_n g_nh x_nd`,
    `(h, d)`; of the biases `of_bias_h = Σ_n g_nh`, `(h,)`. Weights and biases serve all examples,
    so theirs are sums over the examples; a loss that is a mean has its 1/n in g already.
    Raises ValueError if the shapes do not fit.

    >>> linear_vjp(torch.tensor([[1.0]]), torch.tensor([[2.0, 3.0]]), torch.tensor([[4.0, 5.0]]))
    (tensor([[4., 5.]]), tensor([[2., 3.]]), tensor([1.]))
    """
    expect("x", x, "(n, d)", x.ndim == 2)
    fits = weight.ndim == 2 and weight.shape[1] == x.shape[1]
    expect("weight", weight, f"(h, {x.shape[1]}): one row a neuron, one column an input", fits)
    out = (len(x), len(weight))
    expect("g", g, f"{out}, like the outputs of the layer", g.shape == out)
    return g @ weight, g.T @ x, g.sum(dim=0)


def elementwise_vjp(g: Tensor, slope: Tensor) -> Tensor:
    """Return the gradient of z, given that of `out = φ(z)`, where φ is elementwise.

    slope: the derivative `φ′(z)`, from `course_lib.nn.activations`. g, slope and the result have
    the shape of z. The Jacobian is diagonal, so the product is `g · slope`, element by element.
    Raises ValueError if the shapes differ.

    >>> elementwise_vjp(torch.tensor([3.0, 3.0]), slope=torch.tensor([1.0, 0.5]))
    tensor([3.0000, 1.5000])
    """
    expect("g", g, f"{tuple(slope.shape)}, like slope", g.shape == slope.shape)
    return g * slope


def relu_vjp(g: Tensor, z: Tensor) -> Tensor:
    """Return the gradient of z, given that of `out = relu(z)`: g where z > 0, else 0.

    g and z: any shape, the same. ReLU has a kink at 0; there the gradient is 0, as in torch. It is
    0 below 0 even where g is infinite.
    Raises ValueError if the shapes differ.

    >>> relu_vjp(torch.tensor([5.0, 6.0, -7.0]), z=torch.tensor([-1.0, 0.0, 2.0]))
    tensor([ 0.,  0., -7.])
    """
    expect("g", g, f"{tuple(z.shape)}, like z", g.shape == z.shape)
    return torch.where(z > 0, g, 0.0)


def softmax_vjp(g: Tensor, p: Tensor) -> Tensor:
    """Return the gradient of the logits, given that of `p = softmax(logits)`, row by row.

    g and p: `(..., c)`; p is what softmax gave, so its rows sum to 1. The Jacobian of a row is
    `diag(p) − p pᵀ`, so the product is `p_c (g_c − Σ_k g_k p_k)`, `(..., c)`. The Jacobian is
    symmetric: the same product turns a small change of the logits into the change of p.
    Raises ValueError if the shapes do not fit.

    >>> softmax_vjp(torch.tensor([[1.0, 0.0]]), p=torch.tensor([[0.5, 0.5]]))
    tensor([[ 0.2500, -0.2500]])
    """
    expect("p", p, "(..., c)", p.ndim > 0)
    expect("g", g, f"{tuple(p.shape)}, like p", g.shape == p.shape)
    return p * (g - (g * p).sum(dim=-1, keepdim=True))


# A network by hand


def two_layer(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """Return the outputs of a network of two layers with ReLU between: `(n, c)`.

    x: `(n, d)`. W1: `(h, d)`. b1: `(h,)`. W2: `(c, h)`. b2: `(c,)`.
    Raises ValueError if the shapes do not fit.

    >>> one = torch.ones(1, 1)
    >>> two_layer(one, 2 * one, torch.tensor([-5.0]), one, torch.tensor([7.0]))
    tensor([[7.]])
    """
    return affine(relu(affine(x, W1, b1)), W2, b2)


def two_layer_vjp(
    g: Tensor, x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of W1, b1, W2 and b2 in `two_layer`, given that of its outputs.

    g: `(n, c)`. The rest as in `two_layer`; given g, no gradient depends on b2. Each result
    has the shape of its parameter.
    Raises ValueError if the shapes do not fit.

    >>> one = torch.ones(1, 1)
    >>> [t.item() for t in two_layer_vjp(one, 3 * one, 2 * one, torch.tensor([1.0]), 5 * one)]
    [15.0, 5.0, 7.0, 1.0]
    """
    z = affine(x, W1, b1)
    hidden = relu(z)
    of_hidden, of_W2, of_b2 = linear_vjp(g, hidden, W2)
    _, of_W1, of_b1 = linear_vjp(relu_vjp(of_hidden, z), x, W1)
    return of_W1, of_b1, of_W2, of_b2


# What it costs


def count_cost(sizes: Sequence[int], n: int) -> tuple[int, int]:
    """Return how many multiplications a fully connected network needs, forward and backward.

    sizes: neurons in each layer, the inputs first: `[64, 32, 10]`. n: examples. A layer of h
    neurons on d inputs needs n·d·h forward, n·d·h for the gradient of its weights, and n·d·h for
    that of its inputs. Nobody asks for the gradient of the data, so the first layer does without
    the last of these. Only matrix products are counted, no elementwise operations. Returns two
    integers: forward, backward.
    Raises ValueError for fewer than two sizes, a size below one or a negative n.

    >>> count_cost([64, 32, 10], n=1)
    (2368, 2688)
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"sizes is {list(sizes)}; it must hold two or more numbers, each 1 or more"
        )
    if n < 0:
        raise ValueError(f"n is {n}; it must be 0 or more")
    forward = n * sum(d * h for d, h in pairwise(sizes))
    return forward, 2 * forward - n * sizes[0] * sizes[1]


# A tape


class Step(NamedTuple):
    """One line of a tape: `name` is what `operation` makes of the values called `inputs`."""

    name: str
    operation: str
    inputs: tuple[str, ...]


class Operation(NamedTuple):
    """A small function and its VJP: `vjp(g, *inputs)` returns one gradient for each input."""

    forward: Callable[..., Tensor]
    vjp: Callable[..., tuple[Tensor, ...]]


OPERATIONS = {
    "plus": Operation(lambda a, b: a + b, lambda g, a, b: (g, g)),
    "times": Operation(lambda a, b: a * b, lambda g, a, b: (g * b, g * a)),
    "ReLU": Operation(relu, lambda g, z: (relu_vjp(g, z),)),
    "squared error": Operation(
        lambda out, y: (out - y) ** 2, lambda g, out, y: (2 * g * (out - y), 2 * g * (y - out))
    ),
}


def tape_forward(
    tape: Sequence[Step], leaves: Mapping[str, Tensor], steps: int | None = None
) -> dict[str, Tensor]:
    """Return the value of each name after the first `steps` lines of a tape (by default, all).

    leaves: the values that the tape starts from, all of one shape.
    Raises KeyError for an operation or an input that does not exist.

    >>> tape = [Step("z", "times", ("w", "x")), Step("out", "ReLU", ("z",))]
    >>> tape_forward(tape, {"w": torch.tensor(2.0), "x": torch.tensor(3.0)})["out"]
    tensor(6.)
    """
    values = dict(leaves)
    for step in tape[:steps]:
        arguments = (values[name] for name in step.inputs)
        values[step.name] = OPERATIONS[step.operation].forward(*arguments)
    return values


def tape_backward(
    tape: Sequence[Step], values: Mapping[str, Tensor], steps: int | None = None
) -> dict[str, Tensor]:
    """Return the gradient of the tape's last value with respect to each name that it reaches.

    values: what `tape_forward` returned. Goes through `steps` lines (by default, all) from the last
    to the first. A value that is used twice gets a gradient from each use: they are added.

    >>> tape = [Step("square", "times", ("w", "w"))]
    >>> tape_backward(tape, tape_forward(tape, {"w": torch.tensor(3.0)}))["w"]
    tensor(6.)
    """
    last = tape[-1].name
    gradients = {last: torch.ones_like(values[last])}
    for step in list(reversed(tape))[:steps]:
        if step.name not in gradients:
            continue
        arguments = (values[name] for name in step.inputs)
        parts = OPERATIONS[step.operation].vjp(gradients[step.name], *arguments)
        for name, part in zip(step.inputs, parts, strict=True):
            gradients[name] = gradients[name] + part if name in gradients else part
    return gradients
