"""Biases: an offset for each neuron, where it fires, how to initialise it, how to penalise it.

Letters: n examples, d inputs, h neurons. A bias is one number a neuron, `(h,)`, as in torch.
"""

import torch
from torch import Tensor

from course_lib.nn.layers import dense
from course_lib.nn.shapes import expect


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the signals of a layer with biases: `out_nh = Σ_d weight_hd x_nd + bias_h`.

    x: inputs `(n, d)`. weight: `(h, d)`, one row a neuron. bias: `(h,)`. Returns `(n, h)`.
    Raises ValueError if the shapes do not fit.

    >>> affine(torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 1.0], [0.0, 1.0]]), torch.ones(2))
    tensor([[13.,  3.]])
    """
    signals = dense(x, weight)
    expect("bias", bias, f"({len(weight)},): one bias a neuron", bias.shape == (len(weight),))
    return signals + bias


def threshold(weight: Tensor, bias: Tensor) -> Tensor:
    """Return where neurons of one input fire: the x at which `weight · x + bias` is 0.

    weight and bias: one of each for each neuron, both `(h,)`. Returns `(h,)`. A neuron whose
    weight is 0 never changes its mind: its threshold is infinite, or NaN if its bias is 0 too.
    Raises ValueError if the shapes differ.

    >>> threshold(torch.tensor([2.0, -4.0]), torch.tensor([-6.0, 2.0]))
    tensor([3.0000, 0.5000])
    """
    expect("bias", bias, f"{tuple(weight.shape)}, like weight", bias.shape == weight.shape)
    return -bias / weight


def bias_column(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return inputs and weights whose plain product is `affine(x, weight, bias)`.

    A bias is the weight of an input that is always 1. x `(n, d)` gets a last column of ones,
    weight `(h, d)` gets the biases `(h,)` as its last column. Returns `(n, d + 1)`, `(h, d + 1)`.
    Raises ValueError if there is not one bias for each neuron.

    >>> bias_column(torch.tensor([[5.0]]), torch.tensor([[2.0], [3.0]]), torch.tensor([7.0, 8.0]))
    (tensor([[5., 1.]]), tensor([[2., 7.],
            [3., 8.]]))
    """
    expect("bias", bias, f"({len(weight)},): one bias a neuron", bias.shape == (len(weight),))
    ones = x.new_ones(len(x), 1)
    return torch.cat([x, ones], dim=1), torch.cat([weight, bias[:, None]], dim=1)


def prior_bias(p: Tensor) -> Tensor:
    """Return the bias whose sigmoid is p, the log-odds: `b = log(p / (1 − p))`.

    p: any shape, the share of examples in the class. Returns the same shape. With this output bias
    and small weights a model of two classes starts by predicting p for everyone, so that its first
    steps need not be spent on learning how rare the class is. p = 0 gives −∞ and p = 1 gives +∞.
    Raises ValueError for a p outside 0 to 1.
    Source: Lin, Goyal, Girshick, He and Dollár (2017), Focal loss, section 4.1.

    >>> prior_bias(torch.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
    """
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p is {p}; each must be from 0 to 1")
    return torch.log(p) - torch.log1p(-p)


def l2_gradient(gradient: Tensor, bias: Tensor, strength: float | Tensor) -> Tensor:
    """Return the gradient of `loss + strength · Σ_h bias_h²` with respect to the biases.

    gradient: that of the loss alone, of the same shape as bias. strength: λ, 0 or more. Returns
    `gradient + 2 λ bias`: the pull towards 0 grows with the bias. Deviation: torch's `weight_decay`
    is twice this λ, since its penalty is `weight_decay / 2 · Σ_h bias_h²`.
    Raises ValueError if the shapes differ.

    >>> l2_gradient(torch.tensor([1.0, 1.0]), torch.tensor([3.0, -5.0]), strength=0.5)
    tensor([ 4., -4.])
    """
    expect("gradient", gradient, f"{tuple(bias.shape)}, like bias", gradient.shape == bias.shape)
    return gradient + 2 * strength * bias


def l1_gradient(gradient: Tensor, bias: Tensor, strength: float | Tensor) -> Tensor:
    """Return a gradient of `loss + strength · Σ_h |bias_h|` with respect to the biases.

    gradient: that of the loss alone, of the same shape as bias. strength: λ, 0 or more. Returns
    `gradient + λ sign(bias)`: the pull towards 0 is the same however large the bias. At 0, where
    |b| has a kink, the pull is 0 (one of its subgradients).
    Raises ValueError if the shapes differ.

    >>> l1_gradient(torch.tensor([1.0, 1.0]), torch.tensor([3.0, -5.0]), strength=0.5)
    tensor([1.5000, 0.5000])
    """
    expect("gradient", gradient, f"{tuple(bias.shape)}, like bias", gradient.shape == bias.shape)
    return gradient + strength * bias.sign()


def constant_error(x: Tensor) -> Tensor:
    """Return how far the best weighted sum of the inputs stays from the constant 1, 0 to 1.

    x: inputs `(n, d)`. The result is the root mean square of `x w − 1` for the best w `(d,)`, a
    scalar in float64. At 0 the inputs can make a bias by themselves, and a layer needs none; at 1,
    as with inputs that are centred, no weighted sum comes any closer to 1 than 0 does. Directions
    in which the inputs are a million times smaller than in the largest one do not count.
    Raises ValueError if x is not a matrix.

    >>> constant_error(torch.tensor([[1.0, 3.0], [3.0, 1.0]])).item() < 1e-6
    True
    """
    expect("x", x, "(n, d)", x.ndim == 2)
    directions, sizes, _ = torch.linalg.svd(x.double(), full_matrices=False)
    directions = directions[:, sizes > 1e-6 * sizes[0]]
    reached = directions.sum(dim=0).square().sum() / len(x)
    return (1 - reached).clamp(min=0).sqrt()
