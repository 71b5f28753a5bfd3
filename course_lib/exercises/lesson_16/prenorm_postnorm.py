"""Exercise 16.prenorm_postnorm: the Jacobians of a block with its norm before, or behind."""

from __future__ import annotations

import torch
from torch import Tensor

from ...analysis import shortcuts
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _norm_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def two(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return draw(*shape, dtype=dtype), draw(*shape, dtype=dtype)

    J, J_norm = two(3, 3)
    eye = torch.eye(3, dtype=torch.float64)
    return [
        Case("matrices of 3 by 3", (J, J_norm)),
        Case("matrices of 5 by 5", two(5, 5)),
        Case("4 matrices of 3 by 3 each", two(4, 3, 3)),
        Case("2 by 3 matrices of 4 by 4 each", two(2, 3, 4, 4), special=True),
        Case("3 matrices of 3 by 3 each", two(3, 3, 3), special=True),
        Case("matrices of 1 by 1", two(1, 1), special=True),
        Case("a branch that does nothing", (0 * J, J_norm), special=True),
        Case("a norm that lets nothing through", (J, 0 * J), special=True),
        Case("a norm that changes nothing", (J, eye), special=True),
        Case("a branch around a million", (1e6 * J, J_norm), special=True),
        Case("matrices of 8 by 8 in float32", two(8, 8, dtype=torch.float32), special=True),
    ]


def _with_the_product_first(J, J_norm):
    pre = J @ J_norm
    pre.diagonal(dim1=-2, dim2=-1).add_(1)
    return pre, J_norm + J_norm @ J


def _by_einsum(J, J_norm):
    eye = torch.diag_embed(torch.ones_like(J[..., 0]))
    pre = torch.einsum("...ik,...kj->...ij", J, J_norm) + eye
    return [pre, torch.einsum("...ik,...kj->...ij", J_norm, J + eye)]


PRE, POST = "residual_jacobian(J @ J_norm)", "J_norm @ residual_jacobian(J)"
SLIPS = f"""
pre and post swapped: {PRE}, {POST} → {POST}, {PRE}
    The two have changed places: Pre-LN, whose shortcut meets no norm, comes first.
order turned in Pre-LN: J @ J_norm → J_norm @ J
    In your Pre-LN block the branch comes first and the norm after it. What comes first stands
    on the right, next to the change that it takes.
order turned in Post-LN: {POST} → residual_jacobian(J) @ J_norm
    In your Post-LN block the norm comes first. What comes first stands on the right, next to
    the change that it takes.
order turned in both:
    | {PRE} → residual_jacobian(J_norm @ J)
    | {POST} → residual_jacobian(J) @ J_norm
    In both blocks the factors stand the wrong way round. What comes first stands on the right,
    next to the change that it takes.
norm on the shortcut in Pre-LN: {PRE} → residual_jacobian(J) @ J_norm
    In your Pre-LN block the shortcut is normalised too. There x itself is added, before any
    norm.
no norm on the shortcut in Post-LN: {POST} → residual_jacobian(J_norm @ J)
    In your Post-LN block the shortcut goes past the norm. There the norm takes the sum, and so
    both ways.
shortcut forgotten in Post-LN: {POST} → J_norm @ J
    In your Post-LN block the shortcut is missing: what does it do to a small change?
shortcut forgotten in Pre-LN: {PRE} → J @ J_norm
    In your Pre-LN block the shortcut is missing: what does it do to a small change?
shortcuts forgotten: {PRE}, {POST} → J @ J_norm, J_norm @ J
    Both shortcuts are missing. What does a shortcut do to a small change?
place by place in Pre-LN: J @ J_norm → J * J_norm
    In Pre-LN the two Jacobians are multiplied place by place. One map after the other is a
    product of matrices.
place by place in Post-LN: J_norm @ → J_norm *
    In Post-LN the two Jacobians are multiplied place by place. One map after the other is a
    product of matrices.
place by place in both: J @ J_norm → J * J_norm ; J_norm @ → J_norm *
    The Jacobians are multiplied place by place. One map after the other is a product of
    matrices.
added up: {PRE} → residual_jacobian(J + J_norm)
    In Pre-LN the two Jacobians are added up. The branch comes after the norm, not beside it.
norm added in Post-LN: {POST} → J_norm + residual_jacobian(J)
    In Post-LN the norm is added to the others. It comes after the sum, not beside it.
brackets forgotten in Post-LN: {POST} → J_norm + J
    In Post-LN the brackets are missing: the norm takes the shortcut, and the branch goes past
    it.
norm forgotten in Pre-LN: {PRE} → residual_jacobian(J)
    The norm of your Pre-LN block is missing. Where does the branch's input come from?
ones for the identity: {PRE}, {POST} → 1 + J @ J_norm, J_norm @ (1 + J)
    You add 1 to every entry of a matrix. A shortcut takes each place to itself, and to no other.
minus: {PRE}, {POST} → residual_jacobian(-J @ J_norm), J_norm @ residual_jacobian(-J)
    The branch is taken away from the shortcut. A block adds.
transposed: J @ J_norm → J.mT @ J_norm ; residual_jacobian(J) → residual_jacobian(J.mT)
    The branch's Jacobian is transposed. A row for each output, a column for each input: so it
    is handed in already.
norm transposed: J @ J_norm → J @ J_norm.mT ; J_norm @ → J_norm.mT @
    The norm's Jacobian is transposed. With a scale gamma that is not the same.
Pre-LN alone: {PRE}, {POST} → {PRE}
    Only one comes back. The exercise asks for both: Pre-LN, then Post-LN.
order turned and shortcut forgotten:
    | {PRE} → J_norm @ J
    | {POST} → J @ J_norm
    Two things: both shortcuts are missing, and the factors stand the wrong way round. What
    comes first stands on the right.
"""

PRENORM_POSTNORM = Exercise(
    id="16.prenorm_postnorm",
    points=2,
    asks="the Jacobians of a Pre-LN and of a Post-LN block",
    reference=shortcuts.norm_jacobians,
    cases=_norm_cases,
    hints=(
        "Follow a small change through each block. On which ways does it go, and what does it "
        "meet on each, in which order?",
        "One map after the other is a product of matrices, the first map on the right. Two ways "
        "that meet in a sum are a sum of matrices. A shortcut alone is the identity.",
        "Pre-LN: the change goes past everything, and also through the norm and then the "
        "branch. Post-LN: past the branch and through it, and then all of it through the norm.",
    ),
    slips=slips(SLIPS, shortcuts.norm_jacobians),
    also_right=(_with_the_product_first, _by_einsum),
)
