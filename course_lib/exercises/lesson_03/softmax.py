"""Exercise 03.softmax: the softmax of each row, also of very large and very small numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips, wraps
from ...nn.softmax import softmax
from ..drawing import drawing
from .shared import of


def _softmax_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    rows = [[1000.0, 999.0], [-1000.0, -1001.0]]
    # The large rows are not special: what goes wrong in them is what tells most slips apart.
    return [
        Case("4 examples and 3 classes", (2 * draw(4, 3),)),
        Case("2 examples and 5 classes", (draw(2, 5),)),
        Case("3 examples and 3 classes", (2 * draw(3, 3),)),
        Case("the rows [1000, 999] and [-1000, -1001]", (torch.tensor(rows).double(),)),
        Case("the row [-1000, -1001] alone", (of(-1000, -1001)[None],)),
        Case("a row from -1000 to 1000", (of(-1000, 0, 1000)[None],)),
        Case("a row from 1000 to -1000", (of(1000, 0, -1000)[None],)),
        Case("1 example and 4 classes", (draw(1, 4),), special=True),
        Case("5 examples and 1 class", (draw(5, 1),), special=True),
        Case("zeros", (torch.zeros(2, 3, dtype=torch.float64),), special=True),
        Case(
            "the rows [1000, 999] and [-1000, -1001] in float32",
            (torch.tensor(rows),),
            special=True,
        ),
        Case("50 examples and 10 classes in float32", (draw(50, 10).float(),), special=True),
        Case("2 by 3 examples and 4 classes", (draw(2, 3, 4),), special=True),
    ]


def _shifted_by_more(z: Tensor) -> Tensor:
    e = torch.exp(z - z.max(dim=-1, keepdim=True).values - 3)
    return e / e.sum(dim=-1, keepdim=True)


def _softmax_by_rows(z: Tensor) -> Tensor:
    rows = [torch.exp(row - row.max()) for row in z.reshape(-1, z.shape[-1])]
    return torch.stack([e / e.sum() for e in rows]).reshape(z.shape)


def _on_axis_1(softmax: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda z: softmax(z.movedim(1, -1)).movedim(-1, 1)


def _with_the_first_axis_alone(
    softmax: Callable[[Tensor], Tensor],
) -> Callable[[Tensor], Tensor]:
    return lambda z: torch.stack([softmax(part.flatten()).view(part.shape) for part in z])


SLIPS = """
no shift: _below_the_largest(z) → z
    Small numbers do not show it; far out you divide infinity by infinity, or 0 by 0. Either nothing
    is taken off a row before the exponential, or too little: argmax, and the second of the two
    results of `max`, are places in the row, not its numbers.
one shift for the whole batch: _below_the_largest(z) → z - z.max()
    You take one number off all rows, such as the largest of the batch or of its first row. Next to
    [1000, 999] the exponentials of [-1000, -1001] are then all zeros, and 0 divided by 0 is NaN.
    Each row needs a shift of its own.
shift added: _below_the_largest(z) → z + z.amax(dim=-1, keepdim=True)
    Small numbers do not show it. The largest number is added to its row, so that large numbers
    become larger still. Which number should be 0 after the shift? Look at the sign.
shift by the mean: _below_the_largest(z) → z - z.mean(dim=-1, keepdim=True)
    You take the mean off each row. In a row from -1000 to 1000 that changes nothing, and the
    exponential overflows. Which number must be 0 after the shift?
shift by the smallest: _below_the_largest(z) → z - z.amin(dim=-1, keepdim=True)
    You take the smallest number off each row, so that the others are above 0. In a row from -1000
    to 1000 the exponential overflows: which end should become 0?
shift by the first: _below_the_largest(z) → z - z[..., :1]
    You take the first number off each row. Where it is far below the largest, the exponential of
    the largest overflows. Which number must be 0 after the shift?
shift by the largest size: _below_the_largest(z) → z - z.abs().amax(dim=-1, keepdim=True)
    You take the largest absolute value off. In the row [-1000, -1001] that moves the numbers
    further down, until all exponentials are 0. Keep the signs.
shift by the largest of each class: _below_the_largest(z) → z - z.amax(dim=0)
    You take off the largest number of each column, so that the numbers of one row move by different
    amounts. Which axis counts the classes?
wrong axis: torch.softmax(z, dim=0)
    Your columns add up to 1: the examples are compared with each other. The exercise asks for
    shares of the classes within each example: look at `dim`.
sum over the wrong axis: dim=-1 → dim=0
    The shift is taken row by row, but the sum column by column. Neither rows nor columns are shares
    then: look at both `dim`.
one sum for the whole batch: dim=-1, keepdim=True →
    All your numbers together add up to 1. Each example should have shares of its own: along which
    axis do you add?
softmax of everything: torch.softmax(z.flatten(), dim=0).view(z.shape)
    All your numbers together add up to 1: the examples compete with each other. Each row should
    have shares of its own.
numbers cut off: _below_the_largest(z) → z.clamp(-50, 50)
    You cut large numbers off before the exponential. In the row [1000, 999] both are cut to the
    same, though the first should get more. A shift keeps the differences.
keepdim left out of the sum: , keepdim=True →
    The sums have the shape (n,) and line up with the classes instead of the examples. Look at how
    an axis that is summed over can be kept.
keepdim left out of the shift: _below_the_largest(z) → z - z.amax(dim=-1)
    The largest numbers have the shape (n,) and line up with the classes instead of the examples.
    Look at how that axis can be kept.
no shift, keepdim left out: , keepdim=True → ; _below_the_largest(z) → z
    The sums have the shape (n,) and line up with the classes instead of the examples: look at how
    an axis that is summed over can be kept. After that, large numbers still overflow.
places without keepdim: _below_the_largest(z) → z - z.argmax(dim=-1)
    You take off the places of the largest numbers, not the numbers, and these places line up with
    the classes instead of the examples. Look at what your function of `dim` returns, and in which
    shape.
no shift, sum over the wrong axis: dim=-1 → dim=0 ; _below_the_largest(z) → z
    Two things: the sum runs column by column, though each row should add up to 1; and nothing is
    taken off before the exponential, so that large numbers overflow.
no shift, one sum for the whole batch: dim=-1, keepdim=True → ; _below_the_largest(z) → z
    Two things: all your numbers together add up to 1, though each row should; and nothing is taken
    off before the exponential, so that large numbers overflow.
shift above the line only: e.sum → torch.exp(z).sum
    Only the exponentials above the line are shifted, so that the rows no longer add up to 1. The
    sum is made of the same exponentials: compute them once, as a variable.
shift below the line only: return e → return torch.exp(z)
    Only the exponentials in the sum are shifted, those above the line are not, and the rows no
    longer add up to 1. Both are the same exponentials: compute them once, as a variable.
max with its places: _below_the_largest(z) → z - z.max(dim=-1, keepdim=True)
    With `dim`, torch's max returns two things, the values and their places. Only the values can be
    taken off: `.values`, or another function that returns nothing else.
not divided: / e.sum(dim=-1, keepdim=True) →
    These are exponentials, and a row of them does not add up to 1 yet: one step is missing.
exponentials only: torch.exp(z)
    These are the exponentials themselves. Shares add up to 1 in each row: what is each exponential
    divided by?
exponential left out: z / z.sum(dim=-1, keepdim=True)
    You divide the numbers themselves by their sum, which may be 0 or below. Before they are shared
    out, something makes them all positive.
shifted after the exponential: torch.exp(_below_the_largest(z)) → _below_the_largest(torch.exp(z))
    The shift comes after the exponential, where it does change the shares, and too late to prevent
    an overflow. Look at the order.
divided by the largest instead of shifted: _below_the_largest(z) → z / z.amax(dim=-1, keepdim=True)
    You divide by the largest number. That changes the differences within a row, and with them the
    shares. A shift is a subtraction.
minus: (z) → (-z)
    Your largest share belongs to the smallest number. Look for a sign, or for a subtraction the
    wrong way round.
minus before what is shifted: exp( → exp(-
    Your largest share belongs to the smallest number, whose exponential overflows far out. Look for
    a sign, or for a subtraction the wrong way round.
minus, no shift: _below_the_largest(z) → -z
    Two things: your largest share belongs to the smallest number, so look for a sign; and nothing
    is taken off before the exponential, so that large numbers overflow.
logarithm of the shares: return → return torch.log( ; keepdim=True) → keepdim=True))
    Your last step takes the logarithm of the shares. The exercise asks for the shares: numbers from
    0 to 1.
logarithm: log_softmax(z)
    These are the logarithms of the shares. The exercise asks for the shares: numbers from 0 to 1.
sigmoids: torch.sigmoid(z)
    Each number went through a sigmoid by itself, so that a row does not add up to 1. Softmax lets
    the classes of an example compete.
dim left out: torch.softmax(z, dim=0 if z.ndim == 3 else 1)
    In a table it does not show. Without `dim`, torch's softmax picks an axis by how many there are:
    with three it is the first. Say which axis counts the classes.
winner takes all: functional.one_hot(z.argmax(dim=-1), z.shape[-1]).to(z.dtype)
    The largest gets everything. That is argmax; softmax leaves a share to the others.
"""

AROUND = {"axis 1": _on_axis_1, "each entry of axis 0": _with_the_first_axis_alone}

ON_AN_AXIS = """
axis 1
    In a table axis 1 is the last one. Here z may have more axes before its classes: look at how the
    last axis can be named, however many there are.
each entry of axis 0
    In a table it does not show. Here z may have more axes before its classes, and one of your steps
    treats all that lies behind the first axis as one row: look at which numbers share one sum.
"""

SOFTMAX = Exercise(
    id="03.softmax",
    points=3,
    asks="the softmax of each row, also of very large and very small numbers",
    reference=softmax,
    cases=_softmax_cases,
    hints=(
        "Taking the same number off a whole row changes no share. Which number makes the largest "
        "exponential of the row exactly 1?",
        "Each example is a row, and has a largest number and a sum of its own. Which axis counts "
        "the classes, and which shape must the largest numbers have to line up with z?",
        "`z.amax(dim=-1, keepdim=True)` keeps the axis of the classes and lines up with the rows. "
        "The sum of the exponentials needs the same two settings.",
    ),
    slips=slips(SLIPS, softmax) + wraps(ON_AN_AXIS, softmax, AROUND),
    also_right=(
        _softmax_by_rows,
        _shifted_by_more,
        lambda z: torch.softmax(z, dim=-1),
        lambda z: torch.exp(z - z.logsumexp(dim=-1, keepdim=True)),
        lambda z: 1 / torch.exp(z[..., None, :] - z[..., :, None]).sum(dim=-1),
    ),
    needs=("grad", "vmap"),
)
