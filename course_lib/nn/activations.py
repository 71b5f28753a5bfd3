"""Activation functions, each followed by its slope, the derivative.

All are elementwise: z has any shape, and the result has its shape, dtype and device. Where a
function has a corner, its slope there is the one that torch takes. Softmax, which is not
elementwise, is in `softmax.py`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


def identity(z: Tensor) -> Tensor:
    """Return z as it is: no activation.

    >>> identity(torch.tensor([-2.0, 3.0]))
    tensor([-2.,  3.])
    """
    return z


def identity_grad(z: Tensor) -> Tensor:
    """Return the slope of `identity`, 1 everywhere."""
    return torch.ones_like(z)


def sigmoid(z: Tensor) -> Tensor:
    """Return `1 / (1 + e^−z)`, between 0 and 1.

    It is written with two exponentials that never exceed 1, `e^min(z, 0)` and `e^−max(z, 0)`: none
    overflows, and autograd finds the right slope for every finite z. At ±∞ the values are 1 and 0.
    Source: Verhulst (1845), the logistic curve.

    >>> sigmoid(torch.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    zero = z.new_zeros(())
    up = torch.exp(torch.minimum(z, zero))
    down = torch.exp(-torch.maximum(z, zero))
    return up / (up + down)


def sigmoid_grad(z: Tensor) -> Tensor:
    """Return the slope of `sigmoid`, `σ(z) σ(−z)`, at most ¼, at z = 0.

    It equals `σ (1 − σ)`, but nothing is subtracted from 1, so small slopes keep their digits.

    >>> sigmoid_grad(torch.tensor([0.0, 4.0]))
    tensor([0.2500, 0.0177])
    """
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Tensor) -> Tensor:
    """Return `(e^z − e^−z) / (e^z + e^−z)`, between −1 and 1. It is `2 σ(2z) − 1`.

    >>> tanh(torch.tensor([-1000.0, 0.0, 1.0]))
    tensor([-1.0000,  0.0000,  0.7616])
    """
    return torch.tanh(z)


def tanh_grad(z: Tensor) -> Tensor:
    """Return the slope of `tanh`, `1 − tanh²(z)`, written `4 σ(2z) σ(−2z)`; at most 1, at z = 0.

    >>> tanh_grad(torch.tensor([0.0, 2.0]))
    tensor([1.0000, 0.0707])
    """
    return 4 * sigmoid_grad(2 * z)


def relu(z: Tensor) -> Tensor:
    """Return `max(z, 0)`.

    Source: Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.

    >>> relu(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([0., 0., 3.])
    """
    return torch.relu(z)


def relu_grad(z: Tensor) -> Tensor:
    """Return the slope of `relu`: 1 above 0, else 0. At 0, where it has a corner, 0 is taken.

    >>> relu_grad(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([0., 0., 1.])
    """
    return (z > 0).to(z.dtype)


def leaky_relu(z: Tensor, slope: float = 0.01) -> Tensor:
    """Return z above 0, else `slope · z`.

    Source: Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic
    models.

    >>> leaky_relu(torch.tensor([-2.0, 0.0, 3.0]), slope=0.5)
    tensor([-1.,  0.,  3.])
    """
    return torch.where(z > 0, z, slope * z)


def leaky_relu_grad(z: Tensor, slope: float = 0.01) -> Tensor:
    """Return the slope of `leaky_relu`: 1 above 0, else `slope`, also at 0.

    >>> leaky_relu_grad(torch.tensor([-2.0, 0.0, 3.0]), slope=0.5)
    tensor([0.5000, 0.5000, 1.0000])
    """
    return torch.where(z > 0, torch.ones_like(z), slope * torch.ones_like(z))


def elu(z: Tensor, alpha: float = 1.0) -> Tensor:
    """Return z above 0, else `α (e^z − 1)`, which levels off at −α.

    Source: Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by
    exponential linear units (ELUs).

    >>> elu(torch.tensor([-1000.0, 0.0, 3.0]))
    tensor([-1.,  0.,  3.])
    """
    return torch.where(z > 0, z, alpha * torch.expm1(z.clamp(max=0)))


def elu_grad(z: Tensor, alpha: float = 1.0) -> Tensor:
    """Return the slope of `elu`: 1 above 0, else `α e^z`, which at 0 is α.

    >>> elu_grad(torch.tensor([-1.0, 0.0, 3.0]))
    tensor([0.3679, 1.0000, 1.0000])
    """
    return torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(z.clamp(max=0)))


def normal_cdf(z: Tensor) -> Tensor:
    """Return Φ(z) = `½ (1 + erf(z / √2))`, the share of a standard normal that lies below z.

    It is written `½ erfc(−z / √2)`, with `erfc = 1 − erf`, so it keeps its digits far below 0.

    >>> normal_cdf(torch.tensor([-1000.0, 0.0, 1.96]))
    tensor([0.0000, 0.5000, 0.9750])
    """
    return 0.5 * torch.erfc(-z / math.sqrt(2))


def gelu(z: Tensor) -> Tensor:
    """Return `z Φ(z)`, the exact form with erf, not the approximation with tanh.

    Source: Hendrycks and Gimpel (2016), Gaussian error linear units (GELUs).

    >>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    return z * normal_cdf(z)


def gelu_grad(z: Tensor) -> Tensor:
    """Return the slope of `gelu`, `Φ(z) + z φ(z)`, with φ the density of the standard normal.

    It runs from −0.1289 at −√2 to 1.1289 at √2.

    >>> gelu_grad(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.0833,  0.5000,  1.0833])
    """
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return normal_cdf(z) + z * density


def silu(z: Tensor) -> Tensor:
    """Return `z σ(z)`, also called swish.

    Source: Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning.

    >>> silu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2689,  0.0000,  0.7311])
    """
    return z * sigmoid(z)


def silu_grad(z: Tensor) -> Tensor:
    """Return the slope of `silu`, `σ(z) (1 + z σ(−z))`, between −0.0998 and 1.0998.

    >>> silu_grad(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([0.0723, 0.5000, 0.9277])
    """
    return sigmoid(z) * (1 + z * sigmoid(-z))


def softplus(z: Tensor) -> Tensor:
    """Return `log(1 + e^z)`, a ReLU without a corner, written `max(z, 0) + log(1 + e^−|z|)`.

    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), Incorporating second-order functional
    knowledge for better option pricing.

    >>> softplus(torch.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    return torch.maximum(z, z.new_zeros(())) + torch.log1p(torch.exp(-z.abs()))


def softplus_grad(z: Tensor) -> Tensor:
    """Return the slope of `softplus`, which is `sigmoid`.

    >>> softplus_grad(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return sigmoid(z)


def _tanh_of_softplus(z: Tensor) -> tuple[Tensor, Tensor]:
    """Return `t = tanh(softplus(z))` and `1 − t`, for Mish.

    With `w = e^z` they are `w (w + 2)` and 2, over their sum. As in `sigmoid`, w is written as one
    exponential over another, neither of which exceeds 1; and no 1 is taken away from.
    """
    zero = z.new_zeros(())
    up = torch.exp(torch.minimum(z, zero))
    down = torch.exp(-torch.maximum(z, zero))
    share, rest = up * (up + 2 * down), 2 * down * down
    return share / (share + rest), rest / (share + rest)


def mish(z: Tensor) -> Tensor:
    """Return `z tanh(softplus(z))`.

    Source: Misra (2019), Mish: a self regularized non-monotonic activation function.

    >>> mish(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.3034,  0.0000,  0.8651])
    """
    t, _ = _tanh_of_softplus(z)
    return z * t


def mish_grad(z: Tensor) -> Tensor:
    """Return the slope of `mish`, `t + z σ(z) (1 − t²)` with `t = tanh(softplus(z))`.

    It runs from −0.1125 to 1.0885, which it has near z = 1.4906.

    >>> mish_grad(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([0.0592, 0.6000, 1.0490])
    """
    t, rest = _tanh_of_softplus(z)
    return t + z * sigmoid(z) * rest * (1 + t)


class Activation(NamedTuple):
    """A function of one number, and its slope."""

    f: Callable[[Tensor], Tensor]
    grad: Callable[[Tensor], Tensor]


ACTIVATIONS = {
    "identity": Activation(identity, identity_grad),
    "sigmoid": Activation(sigmoid, sigmoid_grad),
    "tanh": Activation(tanh, tanh_grad),
    "ReLU": Activation(relu, relu_grad),
    "leaky ReLU": Activation(leaky_relu, leaky_relu_grad),
    "ELU": Activation(elu, elu_grad),
    "GELU": Activation(gelu, gelu_grad),
    "SiLU": Activation(silu, silu_grad),
    "softplus": Activation(softplus, softplus_grad),
    "Mish": Activation(mish, mish_grad),
}
