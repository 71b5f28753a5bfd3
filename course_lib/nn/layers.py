"""Weighted sums: one neuron, a layer of neurons, and what a single weight does.

Letters: n examples, d inputs, h neurons. A weight matrix has one row a neuron, `(h, d)`, as in
torch. Row j holds the d weights that carry the inputs to neuron j.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.nn.shapes import expect


def weighted_sum(inputs: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of the inputs, each times its own weight: `Σ_d w_d x_d`.

    inputs: `(..., d)`. weights: `(d,)`. Returns `(...)`: one number for each row of inputs.
    Raises ValueError if there is not one weight for each input.

    >>> weighted_sum(torch.tensor([2.0, 3.0]), torch.tensor([10.0, 1.0]))
    tensor(23.)
    """
    fits = inputs.ndim > 0 and weights.shape == inputs.shape[-1:]
    expect("weights", weights, f"({inputs.shape[-1] if inputs.ndim else 'd'},)", fits)
    return inputs @ weights


def neuron(x: Tensor, w: Tensor) -> Tensor:
    """Return the weighted sum of each example, the signal of one neuron: `out_n = Σ_d w_d x_nd`.

    x: inputs `(n, d)`. w: weights `(d,)`. Returns `(n,)`.
    Raises ValueError if the shapes do not fit.

    >>> neuron(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 1.0]))
    tensor([12., 34.])
    """
    expect("x", x, "(n, d)", x.ndim == 2)
    expect("w", w, f"({x.shape[1]},): one weight an input", w.shape == x.shape[1:])
    return weighted_sum(x, w)


def dense(x: Tensor, weight: Tensor) -> Tensor:
    """Return the signals of a layer of neurons: `out_nh = Σ_d weight_hd x_nd`.

    x: inputs `(n, d)`. weight: `(h, d)`, one row a neuron. Returns `(n, h)`.
    Raises ValueError if the shapes do not fit.

    >>> dense(torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 1.0], [0.0, 1.0], [1.0, 1.0]]))
    tensor([[12.,  2.,  3.]])
    """
    expect("x", x, "(n, d)", x.ndim == 2)
    fits = weight.ndim == 2 and weight.shape[1] == x.shape[1]
    expect("weight", weight, f"(h, {x.shape[1]}): one row a neuron, one column an input", fits)
    return x @ weight.T


def parameter_count(sizes: Sequence[int]) -> int:
    """Return how many weights and biases a fully connected network has.

    sizes: neurons in each layer, the inputs first: `[64, 32, 10]` is 64 inputs, one hidden layer
    of 32 and 10 outputs. A layer of h neurons on d inputs has h·d weights and h biases.
    Raises ValueError for fewer than two sizes or a size below one.

    >>> parameter_count([2, 4, 1])
    17
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"sizes is {list(sizes)}; it must hold two or more numbers, each 1 or more"
        )
    return sum(h * d + h for d, h in pairwise(sizes))


def sensitivity(x: Tensor, W: Tensor, v: Tensor) -> Tensor:
    """Return how far the output moves for each unit a weight moves: `∂out/∂W_hd = v_h x_d`.

    The network is `out = v · (W x)`: d inputs, h hidden neurons, one output, nothing in between.
    x: one example `(d,)`. W: `(h, d)`. v: `(h,)`. Returns `(h, d)`, like W. The values of W do not
    matter: the output is a straight line in each single weight.
    Raises ValueError if the shapes do not fit.

    >>> x, W, v = torch.tensor([1.0, 2.0]), torch.zeros(3, 2), torch.tensor([1.0, 0.0, -1.0])
    >>> sensitivity(x, W, v).tolist()
    [[1.0, 2.0], [0.0, 0.0], [-1.0, -2.0]]
    """
    expect("x", x, "(d,)", x.ndim == 1)
    expect("v", v, "(h,)", v.ndim == 1)
    expect("W", W, f"({len(v)}, {len(x)})", W.shape == (len(v), len(x)))
    return torch.outer(v, x)


def rescale(W: Tensor, x: Tensor, target: float) -> Tensor:
    """Return `c·W`, with c > 0 such that the signals of the layer have the size `target`.

    The size of many numbers is their root mean square, `rms(y) = √(mean of y²)`, here over all
    examples and neurons of `dense(x, c·W)`. A layer is linear, so `c = target / rms(dense(x, W))`.
    W: `(h, d)`. x: `(n, d)`. Returns `(h, d)`.
    Raises ValueError for a target that is not positive, for shapes that do not fit, and if all
    signals are zero, for then no factor can bring them to `target`.

    >>> rescale(torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 2.0]]), target=1.0)
    tensor([[0.2500, 0.2500]])
    """
    if not target > 0:
        raise ValueError(f"target is {target}; it must be greater than 0")
    size = dense(x, W).square().mean().sqrt()
    if size == 0:
        raise ValueError("every signal of dense(x, W) is 0; at least one must not be")
    return target / size * W
