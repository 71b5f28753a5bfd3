"""Exercise 13.residual: the Jacobian of a branch with a shortcut."""

from __future__ import annotations

import torch
from torch import Tensor

from ...analysis.module import residual_jacobian
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _residual_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("a 4 by 4 Jacobian and 4 weights", (draw(4, 4), draw(4))),
        Case("3 Jacobians, 5 by 5, 5 weights and a skip of 2", (draw(3, 5, 5), draw(5), 2.0)),
        Case("3 Jacobians, 3 by 3, and α = 0.3", (draw(3, 3, 3), 0.3)),
        Case("a 4 by 4 Jacobian, α = -2 and a skip of 0.5", (draw(4, 4), -2.0, 0.5)),
        Case("an α of 0", (draw(4, 4), 0.0), special=True),
        Case("an α of 1", (draw(4, 4), 1.0), special=True),
        Case("a Jacobian of 0", (torch.zeros(3, 3, dtype=torch.float64), draw(3)), special=True),
        Case("a 1 by 1 Jacobian", (draw(1, 1), 0.5), special=True),
        Case("2 by 3 Jacobians", (draw(2, 3, 4, 4), draw(4)), special=True),
        Case("6 Jacobians in float32", (draw(6, 8, 8).float(), draw(8).float()), special=True),
    ]


def _by_the_diagonal(J: Tensor, alpha: Tensor | float, skip: float = 1.0) -> Tensor:
    alpha = torch.as_tensor(alpha, dtype=J.dtype) * torch.ones(J.shape[-1], dtype=J.dtype)
    out = torch.diag(alpha) @ J
    out.diagonal(dim1=-2, dim2=-1).add_(skip)
    return out


def _by_rows(J: Tensor, alpha: Tensor | float, skip: float = 1.0) -> Tensor:
    weights = alpha.reshape(-1, 1) if isinstance(alpha, Tensor) else alpha
    return skip * torch.eye(J.shape[-1]).to(J) + weights * J


SLIPS = """
identity forgotten: skip * torch.eye(J.shape[-1]).to(J) + →
    The shortcut is missing. What does x itself, added to the branch, do to the derivative?
ones for the identity: torch.eye(J.shape[-1]).to(J) → torch.ones_like(J)
    You add 1 to every entry. On the shortcut each output feels its own input, and no other.
alpha on the columns: alpha[..., None] * J → alpha * J
    α is multiplied into the columns. It stands at the outputs of the branch, and an output has
    a row.
alpha forgotten: alpha[..., None] * →
    α plays no part in your result: the branch enters with its full weight.
alpha on the shortcut too: skip * → alpha[..., None] *
    α is multiplied into the shortcut too. It weighs the branch alone.
alpha on the shortcut alone: skip * → alpha[..., None] * ; + alpha[..., None] * J → + J
    α weighs the shortcut, and the branch enters with its full weight. It is the other way
    round.
alpha on both: skip * → alpha[..., None] * skip *
    α multiplies the whole sum. It weighs the branch alone.
a mean of both: skip * → (1 - alpha[..., None]) *
    The shortcut is weighed by 1 - α, as in a gate. Here `skip` alone weighs it.
minus the branch: + alpha → - alpha
    The branch is taken off. It is added to x.
J transposed: * J → * J.mT
    Rows and columns of the branch's Jacobian have changed places.
alpha squared: alpha[..., None] * J → alpha[..., None] ** 2 * J
    α enters twice. Look at how often the branch is multiplied by it.
shortcut taken off: skip * → -skip *
    The shortcut is taken off. It is added to the branch.
skip forgotten: skip * →
    `skip` plays no part in your result: the shortcut passes as it is. By what is x multiplied?
skip on the branch too: alpha[..., None] * J → alpha[..., None] * J * skip
    `skip` is multiplied into the branch too. It weighs the shortcut alone.
"""

RESIDUAL = Exercise(
    id="13.residual",
    points=1,
    asks="the Jacobian of skip · x + α f(x), from that of f",
    reference=residual_jacobian,
    cases=_residual_cases,
    hints=(
        "The output is a sum of two parts. What is the Jacobian of x itself, and of 2 x?",
        "α_i multiplies output i of the branch. Which entries of the branch's Jacobian belong "
        "to output i?",
        "`torch.eye(d)` is the identity. A number for each row stands in a column: `alpha[:, "
        "None]`; make it a tensor first if it is a number.",
    ),
    slips=slips(SLIPS, residual_jacobian),
    also_right=(_by_the_diagonal, _by_rows),
)
