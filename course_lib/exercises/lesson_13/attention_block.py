"""Exercise 13.attention_block: how one output of attention changes with one token."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import jacrev

from ...analysis.attention import attention_block
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _block_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def held(n: int, d: int, v: int) -> tuple[Tensor, Tensor, Tensor]:
        return draw(n, d), draw(d, d), draw(d, v)

    level = torch.ones(3, 3, dtype=torch.float64)
    B, W_V = draw(3, 3), draw(3, 2)
    return [
        Case("4 tokens of 3 features, output 0 and token 2", (*held(4, 3, 2), 0, 2)),
        Case("4 tokens of 3 features, output 1 and token 1", (*held(4, 3, 2), 1, 1)),
        Case("3 tokens of 3 features, output 2 and token 0", (*held(3, 3, 3), 2, 0)),
        Case("3 tokens of 3 features, output 0 and token 0", (*held(3, 3, 3), 0, 0)),
        Case("1 token", (*held(1, 3, 2), 0, 0), special=True),
        Case("tokens that are all equal", (level, B, W_V, 1, 2), special=True),
        Case("a B of 0", (draw(4, 3), 0 * B, W_V, 3, 3), special=True),
        Case("large scores", (2 * draw(4, 3), B, W_V, 2, 2), special=True),
        Case("1 feature", (*held(4, 1, 1), 3, 0), special=True),
        Case("float32", (draw(6, 3).float(), B.float(), W_V.float(), 5, 4), special=True),
    ]


def _by_autograd(X: Tensor, B: Tensor, W_V: Tensor, i: int, j: int) -> Tensor:
    whole = jacrev(lambda X: torch.softmax(X @ B @ X.T, dim=1) @ X @ W_V)(X)
    return whole[i, :, j]


def _by_parts(X: Tensor, B: Tensor, W_V: Tensor, i: int, j: int) -> Tensor:
    A = torch.softmax(X @ B @ X.T, dim=1)[i]
    H = X @ W_V
    mean = A @ H
    J = A[j] * (W_V.T + torch.outer(H[j] - mean, B.T @ X[i]))
    if i == j:
        J = J + ((A[:, None] * (H - mean)).T @ X) @ B.T
    return J


SLIPS = """
weights held fixed: W_V.T @ X.T @ change + →
    The weights of attention are treated as constants. They are made of the tokens: if one
    moves, they change too, and a part of the derivative is missing.
value path forgotten: + A[j] * W_V.T →
    Token j is also one of the values that are averaged. That part is missing.
value of its own token alone: + A[j] * W_V.T → + (i == j) * A[j] * W_V.T
    You count token j as a value for output j alone. Every output takes a share of it.
scaled once more: X[i] @ B @ X.T → X[i] @ B @ X.T / X.shape[1] ** 0.5
    The scores are divided by the root of a number of features. B has that factor in it already.
B scaled once more: B → (B / X.shape[1] ** 0.5)
    You divide B by the root of a number of features. It has that factor in it already.
token that asks forgotten: if i == j: → if False:
    For i = j a part is missing: token i is asked like all others, but it asks too.
always as the token that asks: if i == j: → if True:
    One part is there whatever i and j are. Token j moves the question of output i only if it is
    the token that asks.
softmax of the diagonal alone: softmax_jacobian(scores) → torch.diag(softmax(scores))
    The Jacobian of softmax lacks a part: all weights of a row add up to 1, so that one grows at
    the cost of the others.
slopes of softmax alone: softmax_jacobian(scores) → softmax_jacobian(scores).diag().diag()
    Of the Jacobian of softmax only the diagonal is there. All weights of a row add up to 1, so
    that one grows at the cost of the others.
no softmax in the change: softmax_jacobian(scores) → torch.diag(scores.new_ones(len(scores)))
    The scores are changed as if there were no softmax after them. Which Jacobian stands between
    scores and weights?
i and j exchanged: i ↔ j
    i and j have changed places. i is the output, and j the token that moves.
another weight: A[j] → A[i]
    The value path has the wrong weight: how much does output i take of token j?
B transposed in the scores: X[i] @ B @ X.T → X[i] @ B.T @ X.T
    In the scores B is transposed. The token that asks stands to its left.
B transposed for the token that asks: P @ X @ B.T → P @ X @ B
    In the part of the token that asks, B should be turned over. Write the score of i and m as a
    sum, and take the derivative by x_i.
B transposed for the token that is asked: X[i] @ B) → X[i] @ B.T)
    In the part of the token that is asked, B is turned over. Write the score of i and j as a
    sum, and take the derivative by x_j.
x_j for x_i: P[:, j], X[i] @ B → P[:, j], X[j] @ B
    The score of i and j has two tokens in it. Its derivative by the one leaves the other:
    which?
x_j alone for the values: W_V.T @ X.T @ change → torch.outer(W_V.T @ X[j], change[j])
    Only token j is taken as a value. If the weights change, all tokens count.
W_V not transposed: W_V.T @ X.T @ change + A[j] * W_V.T → X.T @ change @ W_V + A[j] * W_V
    W_V stands on the other side. A row of the Jacobian belongs to an output: which axis of W_V
    is that?
W_V forgotten: W_V.T @ X.T @ change + A[j] * W_V.T → X.T @ change + A[j] * torch.eye(len(B)).to(X)
    W_V is missing: the values are the tokens times W_V.
transposed: W_V.T @ X.T @ change + A[j] * W_V.T → (X.T @ change).T @ W_V + A[j] * W_V
    Rows and columns have changed places. A row of the Jacobian belongs to an output, a column
    to an input.
"""

ATTENTION_BLOCK = Exercise(
    id="13.attention_block",
    points=3,
    asks="how output i of attention changes with token j",
    reference=attention_block,
    cases=_block_cases,
    hints=(
        "Token j can stand in three places: as a value that is averaged, as a token that is "
        "asked, and, if i = j, as the token that asks. Each place gives a part.",
        "Value: A_ij W_Vᵀ. For the other two, how do the scores of output i change, a vector "
        "with a place for each token? Then comes softmax, and then the mean of the values.",
        "Scores of i: s_m = x_iᵀ B x_m. If x_j moves, s_j alone changes, by x_iᵀ B dx. If x_i "
        "moves, all change, by X Bᵀ dx. The weights change by P, and the output by W_Vᵀ Xᵀ "
        "times that.",
    ),
    slips=slips(SLIPS, attention_block),
    also_right=(_by_autograd, _by_parts),
)
