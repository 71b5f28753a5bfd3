"""Exercise 03.sigmoid: the sigmoid of each number, by exponentials that cannot overflow."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import activations
from ..drawing import drawing
from .shared import of


class SmallExponentials(Tensor):
    """A tensor that raises OverflowError when an exponential of it exceeds 1.

    An infinite exponential can leave the result right, where it is not picked or divides a 1, and
    still make its slope NaN.
    """

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = super().__torch_function__(func, types, args, kwargs or {})
        if func.__name__ in ("exp", "exp2", "expm1", "__rpow__") and (result > 1).any():
            raise OverflowError("an exponential is above 1")
        return result


def _sigmoid_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    # In float16 the exponential overflows above 11.09, and 1 - 0.0002 is 1.
    jitter = 0.3 * draw(1).tanh()
    lowest = torch.cat([of(-13.5, -13, -12.5, -12) + jitter, of(-11)])
    lower = torch.cat([of(-10, -9.5, -9, -8.5) + jitter, of(-7)])
    return [
        Case("6 numbers", (2 * draw(6),)),
        Case("3 by 4 numbers", (3 * draw(3, 4),)),
        Case("4 by 2 small numbers", (0.1 * draw(4, 2),)),
        Case("a single number", (draw(1),), special=True),
        Case("zeros", (torch.zeros(2, 3, dtype=torch.float64),), special=True),
        Case("the numbers -1000 and 1000", (of(-1000, 1000),), special=True),
        Case("the numbers -10,000 and 10,000", (of(-1e4, 1e4),), special=True),
        Case("-1000 and 1000 in float32", (of(-1000, 1000).float(),), special=True),
        Case(
            "numbers from -1000 to 1000, of which no exponential may exceed 1",
            (of(-1000, -2, 0, 2, 1000).as_subclass(SmallExponentials),),
            special=True,
        ),
        Case("50 by 10 numbers in float32", (draw(50, 10, dtype=torch.float32),), special=True),
        Case("5 numbers near -12 in float16", (lowest.half(),), special=True),
        Case("5 numbers near -9 in float16", (lower.half(),), special=True),
    ]


def _sigmoid_by_cases(z: Tensor) -> Tensor:
    small = torch.exp(-z.abs())
    return torch.where(z >= 0, 1 / (1 + small), small / (1 + small))


def _sigmoid_by_masking(z: Tensor) -> Tensor:
    out, right = torch.empty_like(z), z >= 0
    out[right] = 1 / (1 + torch.exp(-z[right]))
    out[~right] = torch.exp(z[~right]) / (1 + torch.exp(z[~right]))
    return out


SLIPS = """
overflow below: 1 / (1 + torch.exp(-z))
    Near 0 it does not show. Far below 0 your exponential becomes infinite: at -12 in float16 the
    result drops to 0, and a gradient would be 0 times infinity. Every exponential should get
    numbers up to 0 only.
overflow above: torch.exp(z) / (1 + torch.exp(z))
    Near 0 it does not show. At z = 1000 your exponential is infinite, and infinity divided by
    infinity is NaN. Which form of the sigmoid suits numbers above 0?
an exponential above 1:
    | torch.where(z < 0, torch.exp(z) / (1 + torch.exp(z)), 1 / (1 + torch.exp(-z)))
    The values are right, but an exponential above 1 is still computed, and where it is infinite the
    slope is NaN. `where` computes both of its sides for every number, and a wider dtype only moves
    the edge. Look at what goes into your exponentials.
forms on the wrong sides:
    | torch.where(z < 0, 1 / (1 + torch.exp(-z)), torch.exp(z) / (1 + torch.exp(z)))
    Near 0 it does not show. Each of your two forms is used on the side where it overflows. For z
    above 0, which exponential stays small? Look at the order in `where`.
cut at ten: torch.sigmoid(z.clamp(-10, 10))
    You cut z off at -10 and 10, so that all numbers further out give one result: 0.00005 at -1000.
    Which form has an exponential that cannot overflow, without a cut on both sides?
by tanh: 0.5 * (1 + torch.tanh(z / 2))
    It never overflows, but it adds 1 to a number near -1: below z = -9 nothing is left in float16.
    Small results should come from a small exponential.
one minus a share: 1 - 1 / (1 + torch.exp(z))
    It takes a share near 1 from 1: below z = -9 nothing is left in float16. Small results should
    come from a small exponential.
mirrored: up / ( → down / (
    Your curve falls where it should rise: it is the sigmoid of -z. Look at the sign in each
    exponential, also before an absolute value, and at which side of `where` comes first.
brackets: 1 / 1 + torch.exp(-z)
    This is 1 + exp(-z), which belongs below the line. Either the division is missing, or its
    denominator has no brackets: Python divides before it adds.
minus in the denominator: up + down → up - down
    The denominator holds a minus, so that it is 0 at z = 0. What should the sigmoid be there?
one left out: (up + down) → down
    Without the 1 in the denominator this is just exp(z), which grows without end. The sigmoid stays
    below 1.
right side for both: 1 / (1 + torch.exp(-z.abs()))
    Your curve goes up on both sides: z and -z give the same. If you use an absolute value, what
    stands above the line differs below 0; if not, look at the sign in each exponential.
left side for both: torch.exp(-z.abs()) / (1 + torch.exp(-z.abs()))
    Your curve goes down on both sides: z and -z give the same. If you use an absolute value, what
    stands above the line differs above 0; if not, look at the sign in each exponential.
denominator forgotten below: / (up + down) → / torch.where(z < 0, 1, up + down)
    From 0 upwards it does not show. Below 0 you give the exponential alone, so that the curve jumps
    at 0. What stands below the line on that side?
never below one half: torch.minimum(z, zero) → zero
    All numbers below 0 get one half: they are cut off before the exponential. What stands on top
    for them?
never above one half: torch.maximum(z, zero) → zero
    All numbers above 0 get one half: they are cut off before both exponentials. Only one of them
    should be cut off there.
tanh: torch.tanh(z)
    This is tanh, which runs from -1 to 1. The sigmoid runs from 0 to 1.
twice as steep: torch.sigmoid(2 * z)
    It runs from 0 to 1, but it is twice as steep: the sigmoid of 2z. If you use tanh, look at what
    goes into it; if you use exponentials, look at which of them should be 1.
the slope: torch.sigmoid(z) * torch.sigmoid(-z)
    This is the slope of the sigmoid, a bump. The exercise asks for the curve itself.
softmax: torch.softmax(z, dim=-1)
    Your numbers add up to 1: that is softmax, which compares them with each other. The sigmoid
    treats each number by itself.
the logarithm: functional.logsigmoid(z)
    This is the logarithm of the sigmoid, which is never above 0. Look at your last step.
a step: (z > 0).to(z.dtype)
    Only 0 and 1 come out. The sigmoid passes through all numbers between them.
powers of two: torch.exp( → torch.exp2(
    You take powers of 2. The sigmoid is made with powers of e: torch.exp.
"""

SIGMOID = Exercise(
    id="03.sigmoid",
    points=2,
    asks="the sigmoid of each number, by exponentials that cannot overflow",
    reference=activations.sigmoid,
    cases=_sigmoid_cases,
    hints=(
        "Multiply top and bottom of 1 / (1 + exp(-z)) by exp(z). Now there are two ways to write "
        "one number. For which z does each of them overflow?",
        "An exponential is at most 1 when what goes in is at most 0. For z above 0 that is so for "
        "exp(-z), for z below 0 it is exp(z). `torch.minimum` and `torch.maximum` with a zero cut "
        "a number off on one side.",
        "Let one exponential get z where z is below 0, and else 0; let the other get -z where z "
        "is above 0, and else 0. One of the two is always 1. The first, divided by the sum of "
        "both, is the sigmoid on either side.",
    ),
    slips=slips(SLIPS, activations.sigmoid),
    also_right=(
        _sigmoid_by_cases,
        _sigmoid_by_masking,
        torch.sigmoid,
        lambda z: torch.exp(functional.logsigmoid(z)),
        lambda z: torch.exp(z.clamp(max=0)) / (1 + torch.exp(-z.abs())),
    ),
    needs=("grad", "vmap"),
)
