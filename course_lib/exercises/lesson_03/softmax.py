"""Exercise 03.softmax: the softmax of each row, also of very large and very small numbers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, Slip
from ...nn import softmax
from ..drawing import drawing
from .shared import of


def _softmax_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    rows = [[1000.0, 999.0], [-1000.0, -1001.0]]
    return [
        Case("4 examples and 3 classes", (2 * draw(4, 3),)),
        Case("2 examples and 5 classes", (draw(2, 5),)),
        Case("3 examples and 3 classes", (2 * draw(3, 3),)),
        Case("1 example and 4 classes", (draw(1, 4),), special=True),
        Case("5 examples and 1 class", (draw(5, 1),), special=True),
        Case("zeros", (torch.zeros(2, 3, dtype=torch.float64),), special=True),
        Case(
            "the rows [1000, 999] and [-1000, -1001]", (torch.tensor(rows).double(),), special=True
        ),
        Case("the row [-1000, -1001] alone", (of(-1000, -1001)[None],), special=True),
        Case("a row from -1000 to 1000", (of(-1000, 0, 1000)[None],), special=True),
        Case("the same rows in float32", (torch.tensor(rows),), special=True),
        Case("50 examples and 10 classes in float32", (draw(50, 10).float(),), special=True),
    ]


def _shares(z: Tensor, shift: Tensor) -> Tensor:
    e = torch.exp(z - shift)
    return e / e.sum(dim=1, keepdim=True)


def _without_keepdim(z: Tensor) -> Tensor:
    e = torch.exp(z - z.max(dim=1).values[:, None])
    return e / e.sum(dim=1)


def _shift_without_keepdim(z: Tensor) -> Tensor:
    e = torch.exp(z - z.max(dim=1).values)
    return e / e.sum(dim=1, keepdim=True)


def _one_sum(z: Tensor) -> Tensor:
    e = torch.exp(z - z.amax(dim=1, keepdim=True))
    return e / e.sum()


def _shifted_after(z: Tensor) -> Tensor:
    e = torch.exp(z) - torch.exp(z).amax(dim=1, keepdim=True)
    return e / e.sum(dim=1, keepdim=True)


def _softmax_by_rows(z: Tensor) -> Tensor:
    rows = [torch.exp(row - row.max()) for row in z]
    return torch.stack([e / e.sum() for e in rows])


SOFTMAX = Exercise(
    id="03.softmax",
    points=3,
    asks="the softmax of each row, also of very large and very small numbers",
    reference=softmax.softmax,
    cases=_softmax_cases,
    hints=(
        "Taking the same number off a whole row changes no share. Which number makes the largest "
        "exponential of the row exactly 1?",
        "Each example is a row, and has a largest number and a sum of its own. Which axis counts "
        "the classes, and which shape must the largest numbers have to line up with z?",
        "`z.amax(dim=1, keepdim=True)` has the shape (n, 1) and lines up with the rows. The sum of "
        "the exponentials needs the same two settings.",
    ),
    slips=(
        Slip(
            "no shift",
            lambda z: torch.exp(z) / torch.exp(z).sum(dim=1, keepdim=True),
            "Right for small numbers; far out you divide infinity by infinity, or 0 by 0. Either "
            "nothing is taken off a row before the exponential, or too little: argmax, and the "
            "second of the two results of `max`, are places in the row, not its numbers.",
        ),
        Slip(
            "one shift for the whole batch",
            lambda z: _shares(z, z.max()),
            "You take one number off all rows, such as the largest of the batch or of its first "
            "row. Next to [1000, 999] the exponentials of [-1000, -1001] are then all zeros, and 0 "
            "divided by 0 is NaN. Each row needs a shift of its own.",
        ),
        Slip(
            "shift added",
            lambda z: _shares(z, -z.amax(dim=1, keepdim=True)),
            "Right for small numbers. The largest number is added to its row, so that large "
            "numbers become larger still. Which number should be 0 after the shift? Look at the "
            "sign.",
        ),
        Slip(
            "shift by the mean",
            lambda z: _shares(z, z.mean(dim=1, keepdim=True)),
            "You take the mean off each row. In a row from -1000 to 1000 that changes nothing, and "
            "the exponential overflows. Which number must be 0 after the shift?",
        ),
        Slip(
            "shift by the smallest",
            lambda z: _shares(z, z.amin(dim=1, keepdim=True)),
            "You take the smallest number off each row, so that the others are above 0. In a row "
            "from -1000 to 1000 the exponential overflows: which end should become 0?",
        ),
        Slip(
            "shift by the largest size",
            lambda z: _shares(z, z.abs().amax(dim=1, keepdim=True)),
            "You take the largest absolute value off. In the row [-1000, -1001] that moves the "
            "numbers further down, until all exponentials are 0. Keep the signs.",
        ),
        Slip(
            "shift by the largest of each class",
            lambda z: _shares(z, z.amax(dim=0, keepdim=True)),
            "You take off the largest number of each column, so that the numbers of one row move "
            "by different amounts. Which axis counts the classes?",
        ),
        Slip(
            "wrong axis",
            lambda z: torch.softmax(z, dim=0),
            "Your columns add up to 1: the examples are compared with each other. Asked are shares "
            "of the classes within each example: look at `dim`.",
        ),
        Slip(
            "sum over the wrong axis",
            lambda z: (
                torch.exp(z - z.amax(dim=1, keepdim=True))
                / torch.exp(z - z.amax(dim=1, keepdim=True)).sum(dim=0, keepdim=True)
            ),
            "The shift is taken row by row, but the sum column by column. Neither rows nor columns "
            "are shares then: look at both `dim`.",
        ),
        Slip(
            "one sum for the whole batch",
            _one_sum,
            "All your numbers together add up to 1. Each example should have shares of its own: "
            "along which axis do you add?",
        ),
        Slip(
            "softmax of everything",
            lambda z: torch.softmax(z.flatten(), dim=0).view(z.shape),
            "All your numbers together add up to 1: the examples compete with each other. Each row "
            "should have shares of its own.",
        ),
        Slip(
            "numbers cut off",
            lambda z: torch.softmax(z.clamp(-50, 50), dim=1),
            "You cut large numbers off before the exponential. In the row [1000, 999] both are "
            "cut to the same, though the first should get more. A shift keeps the differences.",
        ),
        Slip(
            "keepdim left out of the sum",
            _without_keepdim,
            "The sums have the shape (n,) and line up with the classes instead of the examples. "
            "Look at how an axis that is summed over can be kept.",
        ),
        Slip(
            "keepdim left out of the shift",
            _shift_without_keepdim,
            "The largest numbers have the shape (n,) and line up with the classes instead of the "
            "examples. Look at how that axis can be kept.",
        ),
        Slip(
            "no shift, keepdim left out",
            lambda z: torch.exp(z) / torch.exp(z).sum(dim=1),
            "The sums have the shape (n,) and line up with the classes instead of the examples: "
            "look at how an axis that is summed over can be kept. After that, large numbers still "
            "overflow.",
        ),
        Slip(
            "places without keepdim",
            lambda z: _shares(z, z.argmax(dim=1)),
            "You take off the places of the largest numbers, not the numbers, and these places "
            "line up with the classes instead of the examples. Look at what your function of "
            "`dim` returns, and in which shape.",
        ),
        Slip(
            "shift above the line only",
            lambda z: (
                torch.exp(z - z.amax(dim=1, keepdim=True)) / torch.exp(z).sum(dim=1, keepdim=True)
            ),
            "Only the exponentials above the line are shifted, so that the rows no longer add up "
            "to 1. The sum is made of the same exponentials: compute them once, as a variable.",
        ),
        Slip(
            "shift below the line only",
            lambda z: (
                torch.exp(z) / torch.exp(z - z.amax(dim=1, keepdim=True)).sum(dim=1, keepdim=True)
            ),
            "Only the exponentials in the sum are shifted, those above the line are not, and the "
            "rows no longer add up to 1. Both are the same exponentials: compute them once, as a "
            "variable.",
        ),
        Slip(
            "max with its places",
            lambda z: _shares(z, z.max(dim=1, keepdim=True)),
            "With `dim`, torch's max returns two things, the values and their places. Only the "
            "values can be taken off: `.values`, or another function that returns nothing else.",
        ),
        Slip(
            "not divided",
            lambda z: torch.exp(z - z.amax(dim=1, keepdim=True)),
            "The exponentials are right, but a row does not add up to 1 yet: one step is missing.",
        ),
        Slip(
            "exponentials only",
            lambda z: torch.exp(z),
            "These are the exponentials themselves. Shares add up to 1 in each row: what is each "
            "exponential divided by?",
        ),
        Slip(
            "exponential left out",
            lambda z: z / z.sum(dim=1, keepdim=True),
            "You divide the numbers themselves by their sum, which may be 0 or below. Before they "
            "are shared out, something makes them all positive.",
        ),
        Slip(
            "shifted after the exponential",
            _shifted_after,
            "The shift comes after the exponential, where it does change the shares, and too late "
            "to prevent an overflow. Look at the order.",
        ),
        Slip(
            "divided by the largest instead of shifted",
            lambda z: _shares(z / z.amax(dim=1, keepdim=True), torch.zeros(1, dtype=z.dtype)),
            "You divide by the largest number. That changes the differences within a row, and with "
            "them the shares. A shift is a subtraction.",
        ),
        Slip(
            "minus",
            lambda z: torch.softmax(-z, dim=1),
            "Your largest share belongs to the smallest number. Look for a sign, or for a "
            "subtraction the wrong way round.",
        ),
        Slip(
            "logarithm",
            lambda z: torch.log_softmax(z, dim=1),
            "These are the logarithms of the shares. Asked are the shares: numbers from 0 to 1.",
        ),
        Slip(
            "sigmoids",
            lambda z: torch.sigmoid(z),
            "Each number went through a sigmoid by itself, so that a row does not add up to 1. "
            "Softmax lets the classes of an example compete.",
        ),
        Slip(
            "winner takes all",
            lambda z: functional.one_hot(z.argmax(dim=1), z.shape[1]).to(z.dtype),
            "The largest gets everything. That is argmax; softmax leaves a share to the others.",
        ),
    ),
    also_right=(
        _softmax_by_rows,
        lambda z: torch.softmax(z, dim=1),
        lambda z: torch.exp(z - z.logsumexp(dim=1, keepdim=True)),
        lambda z: _shares(z, z.max(dim=-1, keepdim=True).values + 3),
        lambda z: 1 / torch.exp(z[:, None, :] - z[:, :, None]).sum(dim=2),
    ),
    needs=("grad", "vmap"),
)
