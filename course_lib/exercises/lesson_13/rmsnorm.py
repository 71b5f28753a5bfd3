"""Exercise 13.rmsnorm: what RMSNorm makes of a small change, without a matrix."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import jvp

from ...analysis.normalise import rms_norm_jvp
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _rmsnorm_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    zero = torch.zeros(2, 4, dtype=torch.float64)
    float32 = (draw(9, 8).float(), draw(9, 8).float(), draw(8).float(), 0.1)
    return [
        Case("3 examples of 4 features, ε = 0.1", (draw(3, 4), draw(3, 4), draw(4), 0.1)),
        Case("2 examples of 5 features, ε = 0.5", (draw(2, 5), 1 + draw(2, 5), draw(5), 0.5)),
        Case("4 examples of 4 features, ε = 0.01", (draw(4, 4), draw(4, 4) - 2, draw(4), 0.01)),
        Case("a single example, without a batch", (draw(6), draw(6), draw(6), 0.1), special=True),
        Case("inputs of 0", (draw(2, 4), zero, draw(4), 0.1), special=True),
        Case("a change of 0", (zero, draw(2, 4), draw(4), 0.1), special=True),
        Case("1 feature", (draw(3, 1), draw(3, 1), draw(1), 0.1), special=True),
        Case(
            "features in the thousands", (draw(2, 5), 1e3 * draw(2, 5), draw(5), 0.1), special=True
        ),
        Case("2 by 3 examples", (draw(2, 3, 4), draw(2, 3, 4), draw(4), 0.1), special=True),
        Case("9 examples in float32", float32, special=True),
    ]


def _by_autograd(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    def forward(x: Tensor) -> Tensor:
        return gamma * x / (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()

    return jvp(forward, (x,), (dx,))[1]


def _by_the_matrix(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    D, r2 = x.shape[-1], (x**2).mean(-1) + eps
    inner = x[..., :, None] * x[..., None, :] / (D * r2[..., None, None])
    J = gamma[:, None] * (torch.eye(D, dtype=x.dtype) - inner) / r2[..., None, None].sqrt()
    return (J @ dx[..., None])[..., 0]


def _by_the_quotient_rule(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    r = torch.sqrt((x * x).mean(dim=-1, keepdim=True) + eps)
    dr = (x * dx).mean(dim=-1, keepdim=True) / r
    return gamma * (dx * r - x * dr) / r**2


def _with_the_transpose(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    r = (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    z, g = x / r, gamma * dx
    return (g - z * (z * g).mean(dim=-1, keepdim=True)) / r


def _of_the_change(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    return gamma * dx / (dx.square().mean(dim=-1, keepdim=True) + eps).sqrt()


def _difference(dx: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    def forward(x: Tensor) -> Tensor:
        return gamma * x / (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()

    return forward(x + dx) - forward(x)


ROOT = "root_mean_square(x, eps)"
SLIPS = f"""
size held fixed: (dx - z * (z * dx).mean(dim=-1, keepdim=True)) → dx
    The size r is treated as a constant. When x changes, r changes too: a part of the derivative
    is missing.
sum for mean: (z * dx).mean → (z * dx).sum
    In the part that belongs to the size you add up where a mean is due. r is made of a mean of
    squares: look at its derivative.
sum of squares: {ROOT} → (x.square().sum(dim=-1, keepdim=True) + eps).sqrt()
    Under the root stands the sum of squares, not their mean.
plus for minus: (dx - z → (dx + z
    The part that belongs to the size has the other sign. If r grows, do the outputs grow or
    shrink?
x for z: z = x / r → z = x
    Twice the input itself stands where it should be divided by r first. Look at the powers of
    r.
gamma forgotten: gamma * →
    γ plays no part in your result: all outputs have the scale 1.
product with the transpose:
    γ is multiplied in before the matrix: that is the product with the transpose, for gradients.
    Here a change goes forward, and γ comes last.
not divided by r: ) / r → )
    The whole is not divided by r. What does a division by r do to a small change?
divided twice: ) / r → ) / r**2
    You divide by r once too often in the last step.
multiplied by r: ) / r → ) * r
    You multiply by r where you should divide: look at the last step.
eps forgotten: {ROOT} → root_mean_square(x, 0.0)
    The ε handed in plays no part in your result. Where does it stand in r?
eps of 1e-5: {ROOT} → root_mean_square(x, 1e-5)
    You use the number 1e-5 for ε, whatever is handed in. Look for a number where the argument
    should stand.
eps outside the root: {ROOT} → root_mean_square(x, 0.0) + eps
    ε is added to the root. It stands inside, beside the mean of squares.
no root: {ROOT} → {ROOT}.square()
    The root is missing: you divide by a mean of squares.
mean taken off, as in LayerNorm: (dx - z → (dx - dx.mean(dim=-1, keepdim=True) - z
    You take the mean off the change, as LayerNorm does. RMSNorm has no mean in it.
mean taken off throughout: dx → (dx - dx.mean(dim=-1, keepdim=True))
    You take the mean off the change first, as LayerNorm does. RMSNorm has no mean in it.
difference of outputs:
    You give the difference of two outputs. A derivative is the part that is in proportion to
    dx: with twice the change it is twice as large. Is yours?
RMSNorm of the change:
    You normalise the change itself. It is carried through by the derivative, taken at x.
outputs: gamma * (dx - z * (z * dx).mean(dim=-1, keepdim=True)) / r → gamma * z
    These are the outputs of RMSNorm. What becomes of the small change dx?
change and input exchanged: x ↔ dx
    x and dx have changed places: you took the derivative at dx.
one size for the batch: {ROOT} → (x.square().mean() + eps).sqrt()
    r is one number for all examples. Each example has a size of its own.
one share for the batch: (z * dx).mean(dim=-1, keepdim=True) → (z * dx).mean()
    The mean of z times dx runs over all examples. Each example has its own.
square for product: (z * dx) → (z * z)
    Where z meets the change, z stands twice. How much of dx points along z?
"""

WRITTEN = {
    "product with the transpose": _with_the_transpose,
    "difference of outputs": _difference,
    "RMSNorm of the change": _of_the_change,
}

RMSNORM = Exercise(
    id="13.rmsnorm",
    points=2,
    asks="what RMSNorm makes of a small change of its input",
    reference=rms_norm_jvp,
    cases=_rmsnorm_cases,
    hints=(
        "The output is γ x / r. When x changes by dx, what changes above the line, and what "
        "below it?",
        "r² is the mean of x² plus ε. So 2 r dr is the mean of 2 x dx. What is dr?",
        "Write z for x over r: dr is the mean of z dx, and x dr / r² is z dr / r. Put both "
        "parts together; γ comes last. No matrix is needed.",
    ),
    slips=slips(SLIPS, rms_norm_jvp, WRITTEN),
    also_right=(_by_autograd, _by_the_matrix, _by_the_quotient_rule),
)
