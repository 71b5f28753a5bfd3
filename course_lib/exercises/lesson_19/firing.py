"""Exercise 19.firing: how strongly each rule of a table fires."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order import rules
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def degrees(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.sigmoid(1.5 * draw(*shape, dtype=dtype))

    none, all_ = torch.zeros(4, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    float32 = (degrees(4, dtype=torch.float32), degrees(3, dtype=torch.float32))
    return [
        Case("3 and 4 sets, by the product", (degrees(3), degrees(4), "product")),
        Case("3 and 4 sets, by the minimum", (degrees(3), degrees(4), "minimum")),
        Case("5 examples of 2 and 3 sets, by the product", (degrees(5, 2), degrees(5, 3))),
        Case("5 examples, by the minimum", (degrees(5, 2), degrees(5, 3), "minimum")),
        Case("3 and 3 sets, by the product", (degrees(3), degrees(3), "product"), special=True),
        Case("3 and 3 sets, by the minimum", (degrees(3), degrees(3), "minimum"), special=True),
        Case("memberships of 0", (none, degrees(3), "product"), special=True),
        Case("memberships of 1", (all_, degrees(3), "minimum"), special=True),
        Case("one set and one set", (degrees(1), degrees(1)), special=True),
        Case("2 by 3 examples", (degrees(2, 3, 4), degrees(2, 3, 2), "minimum"), special=True),
        Case("float32, by the product", float32, special=True),
        Case("float32, by the minimum", (*float32, "minimum"), special=True),
    ]


def _by_einsum(first: Tensor, second: Tensor, norm: str = "product") -> Tensor:
    if norm == "product":
        return torch.einsum("...i,...j->...ij", first, second)
    a, b = torch.broadcast_tensors(first.unsqueeze(-1), second.unsqueeze(-2))
    return torch.where(a < b, a, b)


def _by_loops(first: Tensor, second: Tensor, norm: str = "product") -> Tensor:
    both = torch.zeros(*first.shape, second.shape[-1], dtype=first.dtype)
    for i in range(first.shape[-1]):
        for j in range(second.shape[-1]):
            a, b = first[..., i], second[..., j]
            both[..., i, j] = a * b if norm == "product" else torch.minimum(a, b)
    return both


SLIPS = """
or for and: torch.minimum(first, second) → torch.maximum(first, second)
    In one case you take the larger membership: that is "or". "And" asks for both, so that the word
    which fits worse decides.
sum for product: else first * second → else first + second
    You add two memberships. "And" of two words that fit by a half would then fit entirely: what
    stands between the two?
sum that is held at 1: else first * second → else (first + second).clamp(max=1)
    You add two memberships and stop at 1: that is one of the forms of "or". Here "and" is asked
    for.
or by sum and product: else first * second → else first + second - first * second
    The sum less the product is the "or" that goes with the product. Here "and" is asked for.
mean for product: else first * second → else (first + second) / 2
    You take the mean of both. Then a rule fires by a half even if one of its words does not fit
    at all.
root of the product: else first * second → else (first * second).sqrt()
    You take the root of the product. That is a mean, the geometric one; "and" is the product
    itself.
bounded difference: else first * second → else (first + second - 1).clamp(min=0)
    Łukasiewicz has this "and": the sum less 1. It is a third one; look at the two that are asked
    for.
both maxima:
    | torch.maximum(first[..., :, None], second[..., None, :])
    You take the larger membership in every case: that is "or".
always the product:
    | first[..., :, None] * second[..., None, :]
    `norm` plays no part in your result: you always multiply.
always the minimum:
    | torch.minimum(first[..., :, None], second[..., None, :])
    `norm` plays no part in your result: you always take the smaller one.
norms exchanged: norm == "minimum" → norm != "minimum"
    The two norms have changed places: look at your `if`.
transposed: first[..., :, None], second[..., None, :] → first[..., None, :], second[..., :, None]
    Rows and columns have changed places. The sets of the first input are the rows.
pair by pair: first[..., :, None], second[..., None, :] → first, second
    You join set 1 with set 1, set 2 with set 2. Each set of the one input is joined with each of
    the other: that makes a table.
pair by pair and always the product:
    | first * second
    You join set 1 with set 1, set 2 with set 2, in a row; with other numbers of sets PyTorch stops.
    Each set of the one input is joined with each of the other: that makes a table. Besides, `norm`
    plays no part.
pair by pair and always the minimum:
    | torch.minimum(first, second)
    You take the smaller of set 1 and set 1, set 2 and set 2, in a row; with other numbers of sets
    PyTorch stops. Each set of the one input is joined with each of the other: that makes a table.
    Besides, `norm` plays no part.
pair by pair with a sum:
    | torch.minimum(first, second) if norm == "minimum" else first + second
    You join set 1 with set 1, set 2 with set 2. Each set of the one input is joined with each of
    the other: that makes a table. Besides, in one case you add: is a sum an "and"?
pair by pair and always a sum:
    | first + second
    You add set 1 and set 1, set 2 and set 2. Each set of the one input is joined with each of the
    other: that makes a table. Besides, `norm` plays no part, and a sum is no "and".
pair by pair and the larger:
    | torch.maximum(first, second) if norm == "minimum" else first * second
    You join set 1 with set 1, set 2 with set 2. Each set of the one input is joined with each of
    the other: that makes a table. Besides, in one case you take the larger membership, which is
    "or".
product alone in a table:
    | a, b = first[..., :, None], second[..., None, :]
    | return torch.minimum(first, second) if norm == "minimum" else a * b
    By the product you make a table. By the minimum you join set 1 with set 1, set 2 with set 2:
    there too, each set of the one input is joined with each of the other.
minimum alone in a table:
    | a, b = first[..., :, None], second[..., None, :]
    | return torch.minimum(a, b) if norm == "minimum" else first * second
    By the minimum you make a table. By the product you join set 1 with set 1, set 2 with set 2:
    there too, each set of the one input is joined with each of the other.
second without its axis: second[..., None, :] → second
    For one example your table is right. With many, `second` lacks an axis, and its examples are
    lined up with the sets of `first`: look at both shapes, from the right.
outer for one example:
    | if norm == "minimum":
    |     return torch.minimum(first[..., :, None], second[..., None, :])
    | return torch.outer(first, second)
    The product is right for one example. With many, both inputs have an axis for the examples, and
    what you join them with knows of one axis alone.
always the product of one example:
    | torch.outer(first, second)
    Your product is right for one example, and has no place for many: both inputs then have an axis
    for the examples. Besides, `norm` plays no part in your result.
always the product of one example, by einsum:
    | torch.einsum("i,j->ij", first, second)
    Your letters stand for the sets of one example. They have no place for many, where both inputs
    have an axis more. Besides, `norm` plays no part in your result.
one example made a column:
    | smaller = norm == "minimum"
    | return torch.minimum(first.reshape(-1, 1), second) if smaller else torch.outer(first, second)
    For one example your table is right. With many, your column runs through the sets of all
    examples, and the axis of the examples is lost: look at both shapes.
one example of both:
    | a, b = first[:, None], second
    | return torch.minimum(a, b) if norm == "minimum" else torch.outer(first, second)
    For one example your table is right. With many, both inputs have an axis for the examples, and
    nothing in your code leaves room for it: look at both shapes.
matrix product:
    | torch.minimum(first, second) if norm == "minimum" else first @ second
    `@` adds up what it multiplies, set by set. Here nothing is added up: each set of the one input
    is joined with each of the other, and that makes a table.
always a matrix product:
    | first @ second
    `@` adds up what it multiplies, set by set. Here nothing is added up: each set of the one input
    is joined with each of the other, and that makes a table. Besides, `norm` plays no part.
two columns:
    | first, second = first[..., :, None], second[..., :, None]
    | return torch.minimum(first, second) if norm == "minimum" else first * second
    You make a column of each input, and join set 1 with set 1 again, set 2 with set 2. In which
    direction must the sets of `second` run, so that each meets all of `first`?
axis at the front: first[..., :, None], second[..., None, :] → first[:, None], second[None, :]
    With many examples your new axes are in the wrong place: they belong at the end, as the
    examples come first.
axes counted from the front:
    | a, b = first[:, :, None], second[:, None, :]
    | return torch.minimum(a, b) if norm == "minimum" else a * b
    Your colons stand for one axis of examples. A single example has none, and a batch may have
    two: how do you index from the end?
each example with each:
    | a, b = first[:, None, :, None], second[None, :, None, :]
    | return torch.minimum(a, b) if norm == "minimum" else a * b
    You join each example with every other, and a single example stops you. An example's words of
    the one input meet that same example's words of the other.
as one row:
    | a, b = first[..., :, None], second[..., None, :]
    | both = torch.minimum(a, b) if norm == "minimum" else a * b
    | return both.flatten(-2)
    All rules come back in one row. A table is asked for, with rows and columns.
shares:
    | a, b = first[..., :, None], second[..., None, :]
    | both = torch.minimum(a, b) if norm == "minimum" else a * b
    | return both / both.sum(dim=(-2, -1), keepdim=True)
    You divide by the sum of all strengths. That comes later, when the consequences are averaged;
    here each rule is on its own.
only the strongest:
    | a, b = first[..., :, None], second[..., None, :]
    | both = torch.minimum(a, b) if norm == "minimum" else a * b
    | return both.amax(dim=(-2, -1))
    Only the strongest rule comes back. How strongly does each of them fire?
others set to 0:
    | a, b = first[..., :, None], second[..., None, :]
    | both = torch.minimum(a, b) if norm == "minimum" else a * b
    | return both * (both == both.amax(dim=(-2, -1), keepdim=True))
    You keep the strongest rule and set all others to 0. Each rule fires by its own strength.
first alone: first * second → first * torch.ones_like(second)
    In one case the second input plays no part in your result.
squared: first * second → (first * second) ** 2
    In one case your result is squared.
"""

FIRING = Exercise(
    id="19.firing",
    points=1,
    asks="how strongly the rule of each pair of sets fires",
    reference=rules.firing,
    cases=_cases,
    hints=(
        "A rule asks for one word of each input. How many rules are there for 3 words and 4?",
        "Put the memberships of the first input in a column and those of the second in a row, on "
        "the last two axes. What does PyTorch do with a column and a row?",
        "`first[..., :, None]` is a column for each example. `norm` then says how the two are "
        "joined: two numbers are multiplied, or `torch.minimum` takes the smaller one.",
    ),
    slips=slips(SLIPS, rules.firing),
    also_right=(_by_einsum, _by_loops),
)
