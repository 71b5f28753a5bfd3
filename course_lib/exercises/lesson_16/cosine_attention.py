"""Exercise 16.cosine_attention: attention whose scores are cosines."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...analysis import attention
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _attention_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def tokens(
        *batch: int, n: int, m: int, k: int, v: int, dtype: torch.dtype = torch.float64
    ) -> tuple[Tensor, ...]:
        return tuple(draw(*batch, *shape, dtype=dtype) for shape in ((n, k), (m, k), (m, v)))

    Q, K, V = tokens(n=4, m=4, k=3, v=3)
    zero, rough = torch.zeros_like(Q), {"nu": 0.6, "tau": 4.0, "eps": 0.3}
    plain = {"nu": 0.8, "tau": 5.0}
    return [
        Case("4 tokens that ask 5", tokens(n=4, m=5, k=3, v=2), rough),
        Case(
            "3 tokens that ask 6", tokens(n=3, m=6, k=4, v=5), {"nu": 2.5, "tau": 0.7, "eps": 1.0}
        ),
        Case("2 sequences of 3 tokens", tokens(2, n=3, m=4, k=5, v=2), rough),
        Case("as many tokens as features", (Q, K, V), rough, special=True),
        Case("the default settings", tokens(n=3, m=5, k=4, v=2), special=True),
        Case("tokens a thousand times as large", (1e3 * Q, 1e3 * K, 1e3 * V), plain, special=True),
        Case("tokens around a millionth", (1e-6 * Q, 1e-6 * K, 1e-6 * V), plain, special=True),
        Case("queries of 0", (zero, K, V), plain, special=True),
        Case("values of 0", (Q, K, 0 * V), plain, special=True),
        Case("a large tau", (Q, K, V), {"tau": 1e3}, special=True),
        Case("1 token", tokens(n=1, m=1, k=3, v=3), rough, special=True),
        Case("1 feature", tokens(n=3, m=4, k=1, v=1), rough, special=True),
        Case(
            "12 tokens in float32",
            tokens(n=12, m=12, k=8, v=8, dtype=torch.float32),
            plain,
            special=True,
        ),
    ]


def _by_functions(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    q, k, v = ((row.pow(2).sum(-1, keepdim=True) + eps).rsqrt() * row for row in (Q, K, V))
    return nu * F.softmax(tau * torch.einsum("...ik,...jk->...ij", q, k), dim=-1) @ v


def _by_torch(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    def unit(rows):
        return rows / torch.sqrt(torch.linalg.vecdot(rows, rows) + eps).unsqueeze(-1)

    return F.scaled_dot_product_attention(unit(Q), unit(K), nu * unit(V), scale=tau)


BODY = "nu * softmax(tau * unit(Q) @ unit(K).mT) @ unit(V)"
UNIT = "l2_normalise(eps).forward"
SLIPS = f"""
values as they are: unit(V) → V
    The values are not divided by their lengths. Then the result grows with its inputs.
queries as they are: unit(Q) → Q
    The queries are not divided by their lengths, so your scores are no cosines.
keys as they are: unit(K) → K
    The keys are not divided by their lengths, so your scores are no cosines.
nothing divided: {BODY} → nu * softmax(tau * Q @ K.mT) @ V
    Nothing is divided by its length. That is dot-product attention.
scores of raw queries and keys: unit(Q) @ unit(K) → Q @ K
    Queries and keys are not divided by their lengths, so your scores are no cosines.
dot-product attention: {BODY} → nu * softmax(Q @ K.mT / Q.shape[-1] ** 0.5) @ V
    That is dot-product attention, with its root of the number of features. Here lengths are
    divided out first, and tau takes the root's place.
root of the features kept: tau * unit(Q) → tau / Q.shape[-1] ** 0.5 * unit(Q)
    The scores are still divided by the root of the number of features. The lengths are gone
    already, and tau says how large scores may be.
tau forgotten: tau * →
    tau plays no part. It says how large scores may be.
divided by tau: softmax(tau * unit(Q) @ unit(K).mT) → softmax(unit(Q) @ unit(K).mT / tau)
    You divide by tau. Here it multiplies: a larger one makes attention sharper.
tau outside softmax: softmax(tau * unit(Q) @ unit(K).mT) → tau * softmax(unit(Q) @ unit(K).mT)
    tau multiplies the weights of the mean. It belongs inside, with the scores.
nu forgotten: nu * →
    nu plays no part. It says how long a row of the result may be.
nu with the scores: {BODY} → softmax(nu * tau * unit(Q) @ unit(K).mT) @ unit(V)
    nu stands with the scores. It belongs outside softmax, with the values.
nu and tau swapped: {BODY} → tau * softmax(nu * unit(Q) @ unit(K).mT) @ unit(V)
    nu and tau have changed places: tau belongs with the scores, nu with the result.
softmax along columns:
    | softmax(tau * unit(Q) @ unit(K).mT) → torch.softmax(tau * unit(Q) @ unit(K).mT, dim=-2)
    The weights of each column add up to 1. A row belongs to the token that asks: its weights
    are to add up to 1.
no softmax: softmax(tau * unit(Q) @ unit(K).mT) → (tau * unit(Q) @ unit(K).mT)
    The scores themselves are the weights. What makes shares of them, above 0 and with the sum
    1?
divided along columns:
    | {UNIT} → lambda rows: rows / (rows.square().sum(dim=-2, keepdim=True) + eps).sqrt()
    You divide each column by its length. A token is a row.
divided by one length:
    | {UNIT} → lambda rows: rows / (rows.square().sum(dim=(-2, -1), keepdim=True) + eps).sqrt()
    You divide by one length for the whole matrix. Each token is divided by its own.
divided by the mean square:
    | {UNIT} → lambda rows: rows / (rows.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    You divide by a root mean square, as RMSNorm does. A length is the root of a sum of squares.
no root: {UNIT} → lambda rows: rows / (rows.square().sum(dim=-1, keepdim=True) + eps)
    The root is missing: you divide by the square of the length.
sum of sizes: {UNIT} → lambda rows: rows / (rows.abs().sum(dim=-1, keepdim=True) + eps)
    You divide by the sum of absolute values. The length here is the root of the sum of squares.
ε outside the root: {UNIT} → lambda rows: rows / (rows.norm(dim=-1, keepdim=True) + eps)
    ε is added to the length. Here it stands under the root, with the squares.
ε forgotten: {UNIT} → lambda rows: rows / rows.norm(dim=-1, keepdim=True)
    The ε handed in plays no part. What becomes of a row of zeros?
ε as a floor: {UNIT} → lambda rows: rows / rows.norm(dim=-1, keepdim=True).clamp(min=eps)
    ε is the smallest length that you divide by, as in torch's normalize. Here it stands under
    the root, with the squares.
ε of its own: l2_normalise(eps) → l2_normalise(1e-6)
    ε is 1e-6 in your function, whatever is handed in. That is its default.
softmax instead of lengths: {UNIT} → lambda rows: softmax(rows)
    Softmax makes the sum of a row 1, not its length. What is to be divided by what?
centred as LayerNorm:
    | {UNIT} → lambda rows: l2_normalise(eps).forward(rows - rows.mean(dim=-1, keepdim=True))
    You take off the mean of each row, as LayerNorm does. Here a row is divided by its length
    alone.
result divided: {BODY} → nu * unit(softmax(tau * unit(Q) @ unit(K).mT) @ V)
    You divide the result by its length. The values are divided, each by its own, before their
    mean.
scores divided: {BODY} → nu * softmax(tau * unit(Q @ K.mT)) @ unit(V)
    You divide the rows of scores by their lengths. The queries and the keys are what is
    divided.
queries and keys swapped: unit(Q) @ unit(K).mT → unit(K) @ unit(Q).mT
    Queries and keys have changed places. A row of scores belongs to the token that asks.
values as they are, tau forgotten: unit(V) → V ; tau * →
    Two things: the values are not divided by their lengths, and tau plays no part.
values as they are, nu forgotten: unit(V) → V ; nu * →
    Two things: the values are not divided by their lengths, and nu plays no part.
columns, both:
    | softmax(tau * unit(Q) @ unit(K).mT) → torch.softmax(tau * unit(Q) @ unit(K).mT, dim=-2)
    | unit(V) → V
    Two things: the weights of each column add up to 1 where those of a row should, and the
    values are not divided.
"""

COSINE_ATTENTION = Exercise(
    id="16.cosine_attention",
    points=2,
    asks="scaled cosine attention",
    reference=attention.attend_by_cosine,
    cases=_attention_cases,
    hints=(
        "Three matrices are divided in the same way, each row by its own length. What is the "
        "length of a row, and where does ε stand?",
        "Queries meet transposed keys, row by row, and tau multiplies the scores. Softmax makes "
        "shares of each row of scores. Then shares meet values.",
        "Write a small function that divides rows, with keepdim=True in its sum. Call it three "
        "times. tau goes inside softmax, nu outside.",
    ),
    slips=slips(SLIPS, attention.attend_by_cosine),
    also_right=(_by_functions, _by_torch),
    needs=("vmap",),
)
