"""Lipschitz constants of modules, from their weights and from the constants of their parts.

Names say which it is: `exact`, the largest norm that the Jacobian has anywhere, and `upper`, never
too small; both up to rounding. Norms are Euclidean. Letters: γ the scale that is learnt, `(D,)`, or
`(c,)` for channels; ε what is added under the root; f a module, and `of_f` its constant or a bound.

Without ε a normalisation has no constant: it stretches small inputs without end, and the answer is
infinity. All functions that take it raise ValueError if it is below 0.
"""

import math

import torch
from torch import Tensor

from course_lib.analysis.bounds import exact_norm
from course_lib.analysis.compose import upper_of_chain
from course_lib.analysis.constants import CONSTANTS
from course_lib.analysis.normalise import centred
from course_lib.analysis.weights import weight_norm

Number = float | Tensor


# Normalisation


def exact_l2_normalise(eps: float) -> float:
    """Return `1/√ε`, reached at the input 0.

    >>> exact_l2_normalise(0.25)
    2.0
    """
    return _over_root(1.0, eps)


def exact_layer_norm(gamma: Tensor, eps: float) -> Tensor:
    """Return `σ_max(diag(γ) P) / √ε`, reached where all features are equal.

    There the Jacobian is `diag(γ) P / √ε`. Elsewhere it is `diag(γ) (P − z zᵀ/D) / s`: s is larger,
    and nothing is stretched more once its share along z is smaller. For one feature it is 0.

    >>> exact_layer_norm(torch.tensor([3.0, 0.0]), eps=0.25)  # 3 · √(1 − 1/D) / √ε
    tensor(4.2426)
    """
    return _over_root(exact_norm(centred(torch.diag(gamma))), eps)


def upper_layer_norm(gamma: Tensor, eps: float) -> Tensor:
    """Return `max |γ| / √ε`. It is exact if all |γ| are equal and there are two features or more.

    >>> upper_layer_norm(torch.ones(2), eps=1e-5)
    tensor(316.2278)
    """
    return _over_root(gamma.abs().amax(), eps)


def exact_rms_norm(gamma: Tensor, eps: float) -> Tensor:
    """Return `max |γ| / √ε`, reached at the input 0.

    >>> exact_rms_norm(torch.tensor([1.0, -3.0]), eps=0.25)
    tensor(6.)
    """
    return _over_root(gamma.abs().amax(), eps)


def exact_center_norm(gamma: Tensor) -> Tensor:
    """Return `D/(D − 1) · σ_max(diag(γ) P)`, the norm of a matrix, the same everywhere.

    Raises ValueError for a single feature, whose mean is all there is.
    """
    return _without_its_mean(gamma) * exact_norm(centred(torch.diag(gamma)))


def upper_center_norm(gamma: Tensor) -> Tensor:
    """Return `D/(D − 1) · max |γ|`. It is exact if all |γ| are equal.

    Raises ValueError for a single feature, whose mean is all there is.

    >>> upper_center_norm(torch.ones(5))
    tensor(1.2500)
    """
    return _without_its_mean(gamma) * gamma.abs().amax()


def exact_batch_norm(gamma: Tensor, eps: float) -> Tensor:
    """Return `max |γ| / √ε`, for BatchNorm in training, as a function of the whole batch.

    A batch of two or more without spread in the channel of the largest |γ| reaches it.
    """
    return _over_root(gamma.abs().amax(), eps)


def exact_batch_norm_evaluation(gamma: Tensor, variance: Tensor, eps: float) -> Tensor:
    """Return the largest `|γ| / √(variance + ε)`, all `(c,)`: in evaluation BatchNorm is linear.

    >>> exact_batch_norm_evaluation(torch.ones(2), torch.tensor([4.0, 0.25]), eps=0.0)
    tensor(2.)
    """
    return (gamma.abs() / (variance + eps).sqrt()).amax()


def exact_weight_norm(v: Tensor, g: Tensor) -> Tensor:
    """Return `‖diag(g) V̂‖` of a layer with directions v `(h, d)` and lengths g `(h,)`.

    For a single neuron it is |g|; for all together at least the largest |g|, and at most `‖g‖`.
    """
    return exact_norm(weight_norm(v, g).jacobian(v[0]))  # which is the layer's matrix


# Modules without weights


def exact_dropout(keep: float) -> float:
    """Return `1 / keep`, for each mask in training that keeps something.

    Raises ValueError for a keep that is not in (0, 1].
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep is {keep}; it is above 0 and at most 1")
    return 1 / keep


def exact_average_pool(size: int) -> float:
    """Return `1 / size`, for squares that do not overlap, reached where each of them is constant.

    A mean of `size²` numbers is as long as a `1/size`-th of them, and no more. For max-pooling see
    `MAX_POOL`.
    """
    return 1 / size


# Modules made of modules


def upper_feed_forward(W1: Tensor, W2: Tensor, name: str) -> Tensor:
    """Return `L_φ σ_max(W1) σ_max(W2)` for `W2 φ(W1 x + b1) + b2`, φ by its name."""
    return CONSTANTS[name].value * exact_norm(W1) * exact_norm(W2)


def upper_residual(of_f: Number, alpha: Number = 1.0, skip: float = 1.0) -> Number:
    """Return `|skip| + max |alpha| · Lip f` for `skip · x + alpha ⊙ f(x)`.

    With alpha = 1/L in each of L blocks and Lip f = 1, all together stay below e; without it they
    reach 2^L. With alpha = 0, as ReZero begins, it is 1 for any f.

    >>> upper_residual(1.0) ** 20, round(upper_residual(1.0, alpha=1 / 20) ** 20, 3)
    (1048576.0, 2.653)
    """
    return abs(skip) + upper_of_chain([_largest(alpha), of_f])


def lower_residual(of_f: Number, alpha: Number = 1.0, skip: float = 1.0) -> Number:
    """Return a bound from below on all singular values of a residual block, at any input.

    It is `|skip| − max |alpha| · Lip f`, or 0: while f is a small part of the block, no change of
    the input is lost. of_f: a bound from above on the constant of f.

    >>> lower_residual(0.25), lower_residual(2.0)
    (0.75, 0.0)
    """
    return max(abs(skip) - upper_of_chain([_largest(alpha), of_f]), 0.0)


def upper_pre_norm(of_f: Number, of_norm: Number) -> Number:
    """Return `1 + Lip f · Lip norm` for `x + f(norm(x))`."""
    return upper_residual(upper_of_chain([of_f, of_norm]))


def upper_post_norm(of_f: Number, of_norm: Number, skip: float = 1.0) -> Number:
    """Return `Lip norm · (skip + Lip f)` for `norm(skip · x + f(x))`.

    skip: 1, but in DeepNorm for an encoder `(2 · layers)^¼`.
    """
    return upper_of_chain([of_norm, upper_residual(of_f, skip=skip)])


def _over_root(size: Number, eps: float) -> Number:
    if eps < 0:
        raise ValueError(f"eps is {eps}; it is 0 or more")
    return size / eps**0.5 if eps > 0 else size + math.inf


def _without_its_mean(gamma: Tensor) -> float:
    """Return `D/(D − 1)`."""
    if len(gamma) < 2:
        raise ValueError(f"gamma has {len(gamma)} feature; CenterNorm takes two or more")
    return len(gamma) / (len(gamma) - 1)


def _largest(alpha: Number) -> Number:
    return alpha.abs().amax() if isinstance(alpha, Tensor) else abs(alpha)
