"""A network of any number of layers, as where it starts and a function of parameters and inputs."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.lab.training import Params
from course_lib.nn.biases import affine
from course_lib.nn.initializers import he_normal, lecun_normal

Initializer = Callable[..., Tensor]  # of a shape (h, d) and generator=…


def start(
    sizes: Sequence[int], source: torch.Generator, initializer: Initializer | None = None
) -> Params:
    """Return random weights, `W1` `(h, d)`, `W2`, …, and biases of 0, `b1` `(h,)`, `b2`, ….

    sizes: neurons a layer, the inputs first. source: what the weights are drawn from, layer by
    layer. initializer: of all layers; None for weights that keep the size of the signals:
    N(0, 1/d) in the first layer, whose inputs come as they are, and N(0, 2/d) behind a ReLU.

    >>> [tuple(p.shape) for p in start([64, 32, 10], torch.Generator()).values()]
    [(32, 64), (32,), (10, 32), (10,)]
    """
    params = {}
    for layer, (d, h) in enumerate(pairwise(sizes), start=1):
        draw = initializer or (lecun_normal if layer == 1 else he_normal)
        params[f"W{layer}"] = draw((h, d), generator=source)
        params[f"b{layer}"] = torch.zeros(h)
    return params


def network(
    params: Params, x: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    """Return the outputs `(n, c)`. `activation` stands between two layers, not behind the last.

    params: `W1`, `b1`, `W2`, …, as `start` gives them. x: `(n, d)`.

    >>> params = {"W1": -torch.eye(2), "b1": torch.zeros(2), "W2": torch.ones(1, 2)}
    >>> network(params | {"b2": torch.ones(1)}, torch.tensor([[1.0, -2.0]]))
    tensor([[3.]])
    """
    layers = len(params) // 2
    for layer in range(1, layers):
        x = activation(affine(x, params[f"W{layer}"], params[f"b{layer}"]))
    return affine(x, params[f"W{layers}"], params[f"b{layers}"])
