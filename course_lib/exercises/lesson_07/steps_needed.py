"""Exercise 07.steps_needed: after how many steps the distance has shrunk far enough."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import descent
from ..drawing import drawing


def _steps_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, d: int, share: float, shrink: float, **more: bool) -> Case:
        """Return a case at a share of the largest learning rate whose count is no near miss."""
        while True:
            curvatures = 3 * draw(d).sigmoid() + 0.3
            lr = share * 2 / float(curvatures.max())
            slowest = float((1 - lr * curvatures).abs().max())
            exact = math.log(shrink) / math.log(slowest)
            if 0.2 < exact % 1 < 0.8 and (d == 1 or _slips_show(curvatures, lr, shrink)):
                return Case(
                    f"{words}, lr = {lr:.3g} and shrink = {shrink:g}",
                    (curvatures, lr, shrink),
                    **more,
                )

    return [
        case("4 curvatures", 4, 0.4, 0.01),
        case("3 curvatures", 3, 0.97, 0.02),
        case("5 curvatures", 5, 0.15, 0.1),
        case("6 curvatures", 6, 0.96, 0.3),
        case("4 other curvatures", 4, 0.6, 0.003),
        case("1 curvature", 1, 0.32, 0.01, special=True),
        case("2 curvatures", 2, 0.7, 1e-6, special=True),
        Case("one step is enough", (torch.tensor([0.9, 1.1]).double(), 1.0, 0.5), special=True),
        Case(
            "3 curvatures that are all 1, lr = 0.5 and shrink = 0.01",
            (torch.ones(3).double(), 0.5, 0.01),
            special=True,
        ),
        Case(
            "curvatures of 1 and 1.5, lr = 0.5 and shrink = 0.25",
            (torch.tensor([1.0, 1.5]).double(), 0.5, 0.25),
            special=True,
        ),
        Case(
            "curvatures of 1 and 0.0005, lr = 1.2 and shrink = 0.001",
            (torch.tensor([1.0, 0.0005]).double(), 1.2, 0.001),
            special=True,
        ),
        Case("curvatures in float32", (torch.tensor([1.0, 0.2]), 1.5, 0.01), special=True),
    ]


def _slips_show(curvatures: Tensor, lr: float, shrink: float) -> bool:
    """Whether flattest and steepest direction differ, and the flattest does not cross its minimum.

    So an answer that keeps the signs of the factors takes the flattest one's, and no log of a
    negative number; and a loop without sizes takes a step more where the steepest one swings.
    """
    flat, steep = 1 - lr * float(curvatures.min()), 1 - lr * float(curvatures.max())
    if flat < 0.05 or abs(abs(steep) - flat) < 0.15:
        return False
    return steep > -flat or _ceil(shrink, flat) % 2 == 0


def _ceil(shrink: float, factor: float) -> int:
    return math.ceil(math.log(shrink) / math.log(float(factor)))


def _by_loop(c: Tensor, lr: float, shrink: float) -> int:
    left, steps = torch.ones_like(c, dtype=torch.float64), 0
    while left.abs().max() > shrink:
        left, steps = left * (1 - lr * c), steps + 1
    return steps


def _each_direction(c: Tensor, lr: float, shrink: float) -> int:
    return max(_ceil(shrink, abs(1 - lr * one)) for one in c.tolist())


SLIPS = """
rounded down: math.ceil → math.floor
    One step too few: it is rounded down, so a little more than `shrink` is left.
rounded to the nearest: math.ceil → round
    It is rounded to the nearest whole number. Where that is down, a little more than `shrink`
    is left.
not rounded: math.ceil →
    The formula is right, but there is no such thing as a part of a step: a whole number is
    asked for.
one step too many: else math → else 1 + math
    One step too many. With a loop: count how often you multiply, and ask before you multiply.
one more where it comes out even: math.ceil( → 1 + math.floor(
    Where exactly `shrink` is left after a step, that is enough, and you take one more. Look at how
    you round, or in a loop at how you compare.
sign: math.ceil → -math.ceil
    The number is below 0. Both logarithms are: what is their ratio?
flattest direction: rate(curvatures, lr) → abs(1 - lr * curvatures.min())
    This is the count for the flattest direction; it comes too when factors keep their signs.
    Near the largest learning rate another one is slower, since it swings.
steepest direction: rate(curvatures, lr) → abs(1 - lr * curvatures.max())
    This is the count for the steepest direction. At most learning rates another one takes
    longer.
fastest direction: rate(curvatures, lr) → (1 - lr * curvatures).abs().min()
    This is the count for the fastest direction. All of them have to arrive.
first direction: rate(curvatures, lr) → abs(1 - lr * curvatures[0])
    This is the count for the first curvature. They come in any order. If you use a loop: does a
    `return` stand inside it?
last direction: rate(curvatures, lr) → abs(1 - lr * curvatures[-1])
    This is the count for the last curvature. They come in any order. If you use a loop: is the
    count of each direction overwritten by the next one's?
all directions as one length:
    | left, steps = torch.ones_like(curvatures).double(), 0
    | while left.norm() > shrink:
    |     left, steps = left * (1 - lr * curvatures), steps + 1
    | return steps
    This looks at the length of all distances together. The exercise asks for each direction by
    itself.
learning rate forgotten: rate(curvatures, lr) → rate(curvatures, 1) ; not slowest < 1 → False
    The learning rate plays no part in the factor. What does one step multiply the distance by?
plus for minus: rate(curvatures, lr) → rate(curvatures, -lr) ; not slowest < 1 → False
    The factor is above 1, as if each step led away from the minimum. Look at its sign.
mean curvature: rate(curvatures, lr) → abs(1 - lr * curvatures.mean())
    This takes the mean curvature. Each direction goes its own way, and the slowest has to
    arrive too.
mean factor: rate(curvatures, lr) → (1 - lr * curvatures).abs().mean()
    This takes the mean of the factors. Each direction goes its own way, and the slowest has to
    arrive too.
sum over the directions:
    | left = (1 - lr * curvatures).abs().tolist()
    | return sum(math.ceil(math.log(shrink) / math.log(one)) for one in left)
    The steps of all directions are added up. One step moves them all at once.
one for each direction: (math.log(shrink) / (1 - lr * curvatures).abs().log()).ceil()
    There is a count for each direction. One number is asked for: when has the last of them
    arrived?
the cost, not the distance: rate(curvatures, lr) → rate(curvatures, lr) ** 2
    This is when the cost has shrunk so far. The cost goes with the square of the distance, and
    the distance is asked for.
upside down: math.log(shrink) ↔ math.log(slowest)
    Hardly more than 1 comes out, and the smaller `shrink`, the more steps it should take. Is
    the fraction of the logarithms upside down?
log of the quotient: math.log(shrink) / math.log(slowest) → math.log(shrink / slowest)
    This is the logarithm of a quotient. It should be a quotient of logarithms.
two bases: math.log(shrink) → math.log10(shrink)
    Two kinds of logarithm are mixed, `log10` and `log`. Either will do, if it is used twice.
what a step takes away: rate(curvatures, lr) → lr * curvatures.min()
    lr λ is what a step takes away from the distance. What is left of it is what goes on to the
    next step.
shrunk by, not to: math.log(shrink) → math.log(1 - shrink)
    This counts until `shrink` of the distance is gone. It should count until `shrink` of it is
    left.
straight line: math.log(shrink) / math.log(slowest) → (1 - shrink) / (1 - slowest)
    This supposes that every step takes away the same length. It takes away the same share of
    what is left, so that steps become shorter.
for small steps only: math.ceil(-math.log(shrink) / (lr * curvatures.min()))
    This is the rule of thumb for tiny learning rates, where log(1 - lr λ) is nearly -lr λ. Here
    it has to be exact, and the flattest direction need not be the slowest.
best learning rate supposed: rate(curvatures, lr) → rate(curvatures, best_lr(curvatures))
    This is the count at the best learning rate, from the condition number. Here `lr` is given,
    and may be worse.
condition number: math.ceil(condition_number(curvatures))
    This is the condition number. Neither `lr` nor `shrink` has a part in it.
only the way to one half: math.log(shrink) → math.log(0.5)
    This counts until half of the distance is left, whatever `shrink` is.
steepest without its size: rate(curvatures, lr) → 1 - lr * curvatures.max()
    This is the count for the steepest direction, and its factor may be below 0, where a
    logarithm ends. Which direction is the slowest, and does a sign matter?
each without its size:
    | left = (1 - lr * curvatures).tolist()
    | return max(math.ceil(math.log(shrink) / math.log(one)) for one in left)
    A direction that crosses the minimum has a factor below 0, and a logarithm of that there is
    not. Does the sign matter here?
sign, rounded the other way: math.log(shrink) → -math.log(shrink)
    The number is below 0: one of the two logarithms has the wrong sign. Did you turn `shrink`
    upside down?
what a step takes away, steepest:
    | rate(curvatures, lr) → lr * curvatures.max() ; not slowest < 1 → False
    lr λ is what a step takes away, here in the steepest direction. What is left of the distance
    is what goes on to the next step.
condition number times the logarithm: math.ceil(condition_number(curvatures) * -math.log(shrink))
    This is a rule of thumb with the condition number. Here `lr` is given, and the count has to
    be exact.
twice as many: rate(curvatures, lr) → rate(curvatures, lr) ** 0.5
    There are twice as many steps as it takes: is there a root or a 2 too many?
a thousandth: math.log(shrink) → math.log(0.001)
    This counts until a thousandth is left, whatever `shrink` is.
product of logarithms: log(shrink) / → log(shrink) *
    The logarithms are multiplied. Solve factor^t = shrink for t.
counter stands still: 0
    The count is always 0. If you use a loop: is the counter raised, and does the loop begin at
    all?
size forgotten in the loop:
    | left, steps = torch.ones_like(curvatures), 0
    | while left.max() > shrink:
    |     left, steps = left * (1 - lr * curvatures), steps + 1
    | return steps
    A distance that has changed its side is below 0, and so below `shrink`, however far away it
    is: take sizes before you compare.
"""

STEPS_NEEDED = Exercise(
    id="07.steps_needed",
    points=3,
    asks="after how many steps no direction has more than `shrink` of its distance left",
    reference=descent.steps_needed,
    cases=_steps_cases,
    hints=(
        "What does one step multiply the distance by, in each direction? A minus means that the "
        "step crosses the minimum: does the sign matter here?",
        "After t steps the slowest direction has its factor to the power t of its distance left. "
        "Which direction is the slowest? It need not be the flattest.",
        "For which t does this power reach `shrink`? Take logarithms on both sides, and think of "
        "which way to round. `math.log` and `math.ceil` take plain numbers.",
    ),
    slips=slips(SLIPS, descent.steps_needed),
    also_right=(
        _by_loop,
        _each_direction,
        lambda c, lr, shrink: int((math.log(shrink) / (1 - lr * c).abs().log()).max().ceil()),
    ),
)
