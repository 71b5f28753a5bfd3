"""Exercise 15.log_norms: logarithms of the lengths of a gradient, layer by layer."""

from __future__ import annotations

import torch

from ...analysis.propagation import log_norms
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    turn = torch.linalg.qr(draw(4, 4)).Q
    return [
        Case("3 layers of width 4", (draw(3, 4, 4), draw(4))),
        Case("200 layers that shrink a gradient", (0.01 * draw(200, 3, 3), draw(3))),
        Case("6 layers of width 2", (2 * draw(6, 2, 2), 5 * draw(2))),
        Case("200 layers that make it grow", (100 * draw(200, 3, 3), draw(3)), special=True),
        Case("1 layer", (draw(1, 5, 5), draw(5)), special=True),
        Case("no layer", (draw(0, 3, 3), draw(3)), special=True),
        Case("width 1", (draw(4, 1, 1), draw(1)), special=True),
        Case("layers that only turn", (turn.expand(5, 4, 4), draw(4)), special=True),
        Case(
            "40 layers in float32",
            (0.2 * draw(40, 3, 3, dtype=torch.float32), draw(3, dtype=torch.float32)),
            special=True,
        ),
    ]


def _as_list(jacobians, g):
    logs, length = [g.norm().log10()], g.norm()
    for k in range(len(jacobians) - 1, -1, -1):
        g = g / length @ jacobians[k]
        length = g.norm()
        logs.insert(0, logs[0] + length.log10())
    return torch.stack(logs)


def _by_a_running_sum(jacobians, g):
    lengths, g = [g.norm()], g / g.norm()
    for J in list(jacobians)[::-1]:
        g = J.mT @ g
        lengths.append(g.norm())
        g = g / g.norm()
    return torch.stack(lengths).log10().cumsum(0).flip(0)


SLIPS = """
not transposed: J.T @ → J @
    Each Jacobian is used as it stands. That carries a small change forward; a gradient goes the
    other way: which side of the matrix does it meet?
first layer first: reversed(jacobians) → jacobians
    The first layer is used first. The gradient comes from the end: which layer does it meet first?
last layer first in the result: found[::-1] → found
    The right numbers stand in the wrong order. Entry 0 is for the gradient at x, before the first
    layer.
natural logarithms: .log10() → .log()
    These are natural logarithms. The exercise asks for those with base 10.
base 2: .log10() → .log2()
    These are logarithms with base 2. The exercise asks for those with base 10.
lengths: torch.stack(found[::-1]) → 10 ** torch.stack(found[::-1])
    These are the lengths themselves, which soon become 0 or infinite. Give back their logarithms.
each layer alone: found.append(found[-1] + length.log10()) → found.append(length.log10())
    Each entry knows its own layer alone. You made the gradient as long as 1 before each layer: what
    has become of the lengths that you divided by?
not made as long as 1: (g / length) → g
    You add up logarithms, but the gradient keeps its length from one layer to the next. So each
    length is counted again in every later layer.
plain product:
    | (g / length) → g
    | found.append(found[-1] + length.log10()) → found.append(length.log10())
    In few layers this is right. In many the gradient itself becomes 0 or infinite before you take
    the logarithm: make it as long as 1 on the way, and keep account.
as long as 1 too early: found[-1] + length.log10() → found[-1] + (g / length).norm().log10()
    No layer counts in your logarithms: you make the gradient as long as 1, and take its length
    after that. Which comes first?
own length left out: found = [length.log10()] → found = [0 * length]
    The length of the gradient that comes in has no part in your result. The last entry is its
    logarithm.
last entry missing: found[::-1] → found[:0:-1]
    The last entry is missing, that of the gradient that comes in. There is one more than layers.
first entry missing: found[::-1] → found[-2::-1]
    The first entry is missing, that of the gradient at x. There is one more than layers.
last one only: torch.stack(found[::-1]) → found[-1]
    Only the length at x comes back. One is asked for behind each layer as well.
root mean squares: g.norm() → g.square().mean().sqrt()
    These are root mean squares. The length of a vector is the root of the *sum* of squares.
sum of sizes: g.norm() → g.abs().sum()
    You take the sum of sizes for a length. A length is the root of the sum of squares.
largest: g.norm() → g.abs().amax()
    You take the largest size for a length. A length is the root of the sum of squares.
squared lengths: length.log10() → 2 * length.log10()
    Your logarithms are twice too large: those of squared lengths.
bound: g = J.T @ (g / length) → g = torch.linalg.svdvals(J)[:1]
    You add up norms of matrices. That is how much a gradient can grow at the most; yours follows
    one gradient.
Frobenius: g = J.T @ (g / length) → g = J.flatten()
    You add up norms of matrices. Follow the one gradient that comes in.
multiplied by the length: (g / length) → (g * length)
    The gradient is multiplied by its length where it should be divided.
logarithms multiplied: found[-1] + length → found[-1] * length
    The logarithms are multiplied. When lengths multiply, what do logarithms do?
logarithms subtracted: found[-1] + length → found[-1] - length
    The logarithms are subtracted. When lengths multiply, what do logarithms do?
unequal entries multiplied: J.T @ → J.diagonal() *
    Only the diagonal of each Jacobian is used: look at how a vector is multiplied by a matrix.
forward:
    | J.T @ → J @
    | reversed(jacobians) → jacobians
    | found[::-1] → found
    You carry a change forward, from the first layer on. A gradient comes in behind the last layer
    and goes back: which way does it meet a matrix, and in which order?
not transposed, and first layer first: J.T @ → J @ ; reversed(jacobians) → jacobians
    A small change of x is carried forward, through the layers as they stand. A gradient goes the
    other way, from the last layer to the first.
start at the wrong end: found[::-1] → found ; reversed(jacobians) → jacobians
    You begin with the first layer. The gradient comes in behind the last one.
"""

LOG_NORMS = Exercise(
    id="15.log_norms",
    points=3,
    asks="logarithms of the lengths of a gradient, layer by layer",
    reference=log_norms,
    cases=_cases,
    hints=(
        "On its way back through a layer a gradient g becomes Jᵀ g. In which order does it meet "
        "the layers?",
        "Divide g by its length before each layer, so that it never gets too small or too large. "
        "The true length is then the product of all lengths you found: what is its logarithm?",
        "Keep a list that starts with the logarithm of the length of g. For each layer, the last "
        "one first: g over its length, times Jᵀ; its new length; the last entry plus its "
        "logarithm. At the end turn the list round and stack it.",
    ),
    slips=slips(SLIPS, log_norms),
    also_right=(_as_list, _by_a_running_sum),
)
