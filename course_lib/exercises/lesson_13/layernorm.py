"""Exercise 13.layernorm: the Jacobian of LayerNorm, for each example."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ...analysis.normalise import layer_norm_jacobian
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _layernorm_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    level = torch.full((2, 4), 3.0, dtype=torch.float64)
    return [
        Case("3 examples of 4 features, ε = 0.1", (draw(3, 4), draw(4), 0.1)),
        Case("2 examples of 5 features, ε = 0.5", (1 + 2 * draw(2, 5), draw(5), 0.5)),
        Case("4 examples of 4 features, ε = 0.01", (draw(4, 4) - 2, draw(4), 0.01)),
        Case("a single example, without a batch", (draw(6), draw(6), 0.1), special=True),
        Case("features that are all equal", (level, draw(4), 0.1), special=True),
        Case("1 feature", (draw(3, 1), draw(1), 0.1), special=True),
        Case("2 features", (draw(3, 2), draw(2), 0.1), special=True),
        Case("a γ of 1", (draw(2, 5), torch.ones(5, dtype=torch.float64), 0.1), special=True),
        Case("features in the thousands", (1000 * draw(2, 5), draw(5), 1e-5), special=True),
        Case("2 by 3 examples", (draw(2, 3, 4), draw(4), 0.1), special=True),
        Case("9 examples in float32", (draw(9, 8).float(), draw(8).float(), 0.1), special=True),
    ]


def _by_autograd(x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    def forward(x: Tensor) -> Tensor:
        return gamma * (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + eps)

    J = vmap(jacrev(forward))(x.reshape(-1, x.shape[-1]))
    return J.reshape(*x.shape, x.shape[-1])


def _by_einsum(x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    D = x.shape[-1]
    centred = x - x.mean(-1, keepdim=True)
    var = (centred**2).mean(-1, keepdim=True) + eps
    P = torch.eye(D, dtype=x.dtype) - torch.ones(D, D, dtype=x.dtype) / D
    outer = torch.einsum("...i,...j->...ij", centred, centred) / (D * var[..., None])
    return torch.diag(gamma) @ (P - outer) / var[..., None].sqrt()


def _with_another_size(size):
    """Return the right formula with a size of another form."""

    def wrong(x: Tensor, gamma: Tensor, eps: float) -> Tensor:
        centred, D = x - x.mean(dim=-1, keepdim=True), x.shape[-1]
        s = size(centred, eps)
        z, P = centred / s, torch.eye(D, dtype=x.dtype) - 1 / D
        return gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s[..., None]

    return wrong


def _over_all(x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    """Return the right formula with one mean and one size for all examples."""
    s = (x.var(correction=0) + eps).sqrt()
    z, D = (x - x.mean()) / s, x.shape[-1]
    P = torch.eye(D, dtype=x.dtype) - 1 / D
    return gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s


def _of_the_batch(x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    def forward(x: Tensor) -> Tensor:
        z = x - x.mean(dim=-1, keepdim=True)
        return gamma * z / (z.square().mean(dim=-1, keepdim=True) + eps).sqrt()

    return jacrev(forward)(x)


WRITTEN = {
    "one mean for the batch": _over_all,
    "whole batch at once": _of_the_batch,
    "eps outside the root": _with_another_size(
        lambda c, eps: c.square().mean(dim=-1, keepdim=True).sqrt() + eps
    ),
    "variance over D - 1": _with_another_size(
        lambda c, eps: (c.square().sum(dim=-1, keepdim=True) / (c.shape[-1] - 1) + eps).sqrt()
    ),
    "std and eps outside": _with_another_size(
        lambda c, eps: (c.square().sum(dim=-1, keepdim=True) / (c.shape[-1] - 1)).sqrt() + eps
    ),
    "no root": _with_another_size(lambda c, eps: c.square().mean(dim=-1, keepdim=True) + eps),
    "sum of squares": _with_another_size(
        lambda c, eps: (c.square().sum(dim=-1, keepdim=True) + eps).sqrt()
    ),
}

SLIPS = """
mean held fixed: _identity(x) - 1 / D → _identity(x)
    The mean is treated as a constant. If one feature grows, the mean grows too, and all others
    move: a part of the derivative is missing.
variance held fixed: (P - z[..., :, None] * z[..., None, :] / D) → P
    The size s is treated as a constant. If a feature grows, s changes too: a part of the
    derivative is missing.
both held fixed: (P - z[..., :, None] * z[..., None, :] / D) → _identity(x)
    Mean and size are treated as constants, so that each output feels its own input alone. But
    both are made of all inputs.
gamma on the columns: gamma[:, None] → gamma
    γ is multiplied into the columns. It stands at the outputs, and an output has a row.
gamma forgotten: gamma[:, None] * →
    γ plays no part in your result: all outputs have the scale 1.
D forgotten: / D) / s → ) / s
    In the part that belongs to the size, D is missing. The variance is a mean over D features:
    look at its derivative.
1 for 1/D: _identity(x) - 1 / D → _identity(x) - 1
    Of every entry you take off 1. By how much does the mean of D features grow if one grows by
    1?
plus for minus: (P - z → (P + z
    The part that belongs to the size has the other sign. If s grows, do the outputs grow or
    shrink?
not divided by s: / s[..., None] →
    The whole is not divided by s. What does a division by s do to a small change?
multiplied by s: / s[..., None] → * s[..., None]
    You multiply by s where you should divide: look at the last step.
divided by the variance: / s[..., None] → / s[..., None] ** 2
    You divide by s squared in the last step. Look at the powers of s.
centred for z: D = x.shape[-1] → D, z = x.shape[-1], z * s
    In the outer product stand the centred features, not divided by s. Look at the powers of s
    there.
x for z: D = x.shape[-1] → D, z = x.shape[-1], x
    In the outer product stand the features themselves. They are to be standardised first: mean
    off, and divided by s.
eps forgotten: standardised(x, eps) → standardised(x, 0.0)
    The ε handed in plays no part in your result. Where does it stand in s?
eps of 1e-5: standardised(x, eps) → standardised(x, 1e-5)
    You use the number 1e-5 for ε, whatever is handed in. Look for a number where the argument
    should stand.
square for outer product: z[..., :, None] * z[..., None, :] → (z * z)[..., None, :]
    Squares stand where each pair of features should have its product: an outer product is
    missing.
over the examples: standardised(x, eps) → standardised(x, eps, dim=0)
    Mean and size are taken over the examples, as BatchNorm does. LayerNorm takes them over the
    features of each example.
one mean for the batch:
    Mean and size are one number each for all examples. Each example has its own.
whole batch at once:
    Each output is taken by the inputs of all examples: that is where the extra axis comes from.
    Take each example alone.
eps outside the root:
    ε is added to the root. It stands inside, beside the variance.
variance over D - 1:
    The variance is divided by D - 1, as `std` and `var` do by default. LayerNorm takes the
    plain mean of squares.
std and eps outside:
    Two things in the size: `std` divides by D - 1, where the plain mean of squares is meant,
    and ε is added to the root, where it stands inside.
no root:
    You divide by the variance plus ε; the root is missing.
sum of squares:
    Under the root stands the sum of squares, not their mean.
outputs: gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s[..., None] → gamma * z
    These are the outputs of LayerNorm without the shift. How does each change with each input?
"""

LAYERNORM = Exercise(
    id="13.layernorm",
    points=3,
    asks="the Jacobian of LayerNorm, for each example",
    reference=layer_norm_jacobian,
    cases=_layernorm_cases,
    hints=(
        "Three things change when x_j grows a little: the feature itself, the mean, and the "
        "size s. Which of them did you take into account?",
        "First take the mean off: that is the matrix P, with 1 - 1/D on the diagonal and -1/D "
        "beside it. How does s change with x_j? Derive s² = Var + ε.",
        "∂s/∂x_j is z_j/D. So the derivative of (Px)_i / s is P_ij/s - z_i z_j/(D s). What does "
        "γ_i do to row i?",
    ),
    slips=slips(SLIPS, layer_norm_jacobian, WRITTEN),
    also_right=(_by_autograd, _by_einsum),
)
