"""Exercise 14.power_iteration: the largest singular value by products alone."""

from __future__ import annotations

import torch

from ...analysis import power_iteration
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _power_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, h: int, d: int, rounds: int, scale: float = 1.0, **more) -> Case:
        dtype = more.pop("dtype", torch.float64)
        W, v = scale * draw(h, d, dtype=dtype), draw(d, dtype=dtype)
        return Case(words, (lambda x: W @ x, lambda u: W.T @ u, v, rounds), **more)

    spread = torch.diag(torch.tensor([3.0, 1.0, 0.2], dtype=torch.float64))
    return [
        case("a 5 by 3 matrix and 2 rounds", 5, 3, 2),
        case("a 3 by 6 matrix and 3 rounds", 3, 6, 3),
        case("a 4 by 4 matrix and 1 round", 4, 4, 1),
        case("a 7 by 5 matrix and 4 rounds", 7, 5, 4),
        case("a 4 by 5 matrix and no round", 4, 5, 0),
        case("a 6 by 4 matrix and 60 rounds", 6, 4, 60, special=True),
        case("a matrix around a thousandth", 4, 3, 3, scale=1e-3, special=True),
        case("a matrix around a thousand", 4, 3, 3, scale=1e3, special=True),
        Case(
            "a diagonal matrix and 200 rounds",
            (lambda x: spread @ x, lambda u: spread @ u, draw(3), 200),
            special=True,
        ),
        case("a 1 by 1 matrix and 2 rounds", 1, 1, 2, special=True),
        case("float32 and 5 rounds", 5, 4, 5, dtype=torch.float32, special=True),
    ]


def _once_a_round(product, transposed, v, rounds):
    v = v / v.norm()
    for _ in range(rounds):
        v = transposed(product(v))
        v = v / v.norm()
    return product(v).norm()


def _by_rayleigh(product, transposed, v, rounds):
    for _ in range(rounds):
        v = transposed(product(v))
        v = v / torch.linalg.vector_norm(v)
    return ((v @ transposed(product(v))) / (v @ v)).sqrt()


def _by_quotient(product, transposed, v, rounds):
    for _ in range(rounds):
        u = product(v)
        v = transposed(u / u.norm())
        v = v / v.norm()
    return product(v).norm() / v.norm()


SLIPS = """
no normalising:
    | for _ in range(rounds):
    |     v = transposed(product(v))
    | return product(v).norm()
    The vector is never divided by its length, so that it grows or shrinks from round to round, and
    the result with it.
normalised at the start only:
    | v = v / v.norm()
    | for _ in range(rounds):
    |     v = transposed(product(v))
    | return product(v).norm()
    The vector has length 1 at the start and no more after a round. When has it to be divided again?
start not normalised: v = v / v.norm() → v = v + 0
    With no round your result depends on how long the vector was that you began with. Which length
    must the last v have?
eigenvalue: product(v).norm() → product(v).norm() ** 2
    This is the eigenvalue of JᵀJ. How is it related to a singular value of J?
length of both products: return product(v).norm() → return transposed(product(v)).norm()
    You return the length of JᵀJv: what both products do together. How much does J alone stretch v?
root of both products: return product(v).norm() → return transposed(product(v)).norm().sqrt()
    You take the root of the length of JᵀJv. That comes to the same in the end, and is a
    bound as well, but what is asked for is the length of Jv.
half a round: v = back / back.norm() → v = back
    v is not divided by its length after the second product. When does it have to have length 1?
way back:
    | for _ in range(rounds):
    |     ahead = product(v)
    |     v = transposed(ahead / ahead.norm())
    | return v.norm()
    You return how long the transposed product is, half a round before the end. How long is Jv, for
    the last v of length 1?
length in the last round:
    | length = v.norm()
    | v = v / length
    | for _ in range(rounds):
    |     v = transposed(product(v))
    |     length = v.norm()
    |     v = v / length
    | return length
    You return the length that you divide by in the last round: what both products together do. How
    much does J alone stretch the last v?
root of the last length:
    | length = v.norm()
    | v = v / length
    | for _ in range(rounds):
    |     v = transposed(product(v))
    |     length = v.norm()
    |     v = v / length
    | return length.sqrt()
    You take the root of the length that you divide by in the last round. That is a bound as well,
    but what is asked for is the length of Jv for the *last* v.
J alone: transposed(ahead / length) → ahead
    You multiply by J again and again, and never by its transpose. For a J that is not symmetric
    that may find something else, and for one that is not square nothing.
order of the products: product ↔ transposed
    The two products have changed places. v belongs to the inputs: which of the two takes it?
a round too few: range(rounds) → range(rounds - 1)
    Your result is a round early. Is it the length of Jv for the *last* v, or of one before?
a round too many: range(rounds) → range(rounds + 1)
    Your result is a round late: count how often both products are taken.
vector returned: return product(v).norm() → return v
    The direction comes back. How much it is stretched is asked for.
image returned: return product(v).norm() → return product(v)
    What J makes of the direction comes back. How long is it?
length of v: return product(v).norm() → return v.norm()
    You return the length of v, which is 1. How long is v after J?
largest entry: return product(v).norm() → return product(v).abs().max()
    This is the largest entry of Jv. Its length is asked for.
entries added up: return product(v).norm() → return product(v).abs().sum()
    You add up the sizes of the entries of Jv. Its length is Euclidean.
divided by the sum: back / back.norm() → back / back.sum()
    You divide by the sum of the entries. After that the length of v is not 1.
divided by the largest: back / back.norm() → back / back.abs().max()
    You divide by the largest entry. That keeps v in range, but its length is not 1: divide once
    more at the end, or by the length.
squared length: back / back.norm() → back / back.norm() ** 2
    You divide by the square of the length. What has to be 1?
every round from the start:
    | w = v / v.norm()
    | for _ in range(rounds):
    |     w = transposed(product(v / v.norm()))
    |     w = w / w.norm()
    | return product(w).norm()
    Each round begins from the first vector again: the new one is not kept.
no rounds: range(rounds) → range(0)
    No round is done. Is there a `return` too early, or does the loop change another name than v?
"""

POWER_ITERATION = Exercise(
    id="14.power_iteration",
    points=2,
    asks="the largest singular value, from below",
    reference=power_iteration.lower_norm,
    cases=_power_cases,
    hints=(
        "Draw a circle, and what J makes of it, an ellipse. Which direction do J and then Jᵀ "
        "favour?",
        "A round: product, then transposed, then divide by the length. After the rounds v has the "
        "length 1.",
        "What is asked for is how long `product(v)` is, for the last v of length 1. With no round "
        "it is the v you were given, divided by its length.",
    ),
    slips=slips(SLIPS, power_iteration.lower_norm),
    also_right=(_once_a_round, _by_rayleigh, _by_quotient),
)
