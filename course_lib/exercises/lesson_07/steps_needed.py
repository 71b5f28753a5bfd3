"""Exercise 07.steps_needed: after how many steps the distance has shrunk far enough."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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


def _slowest(c: Tensor, lr: float) -> float:
    return float((1 - lr * c).abs().max())


def _with(factor: Callable[[Tensor, float], Tensor]) -> Callable[[Tensor, float, float], int]:
    """Return an answer that takes another factor for the slowest one."""
    return lambda c, lr, shrink: _ceil(shrink, factor(c, lr))


def _by_loop(c: Tensor, lr: float, shrink: float) -> int:
    left, steps = torch.ones_like(c, dtype=torch.float64), 0
    while left.abs().max() > shrink:
        left, steps = left * (1 - lr * c), steps + 1
    return steps


def _without_sizes(c: Tensor, lr: float, shrink: float) -> int:
    left, steps = torch.ones_like(c), 0
    while left.max() > shrink:
        left, steps = left * (1 - lr * c), steps + 1
    return steps


def _by_length(c: Tensor, lr: float, shrink: float) -> int:
    left, steps = torch.ones_like(c, dtype=torch.float64), 0
    while left.norm() > shrink:
        left, steps = left * (1 - lr * c), steps + 1
    return steps


def _each_direction(c: Tensor, lr: float, shrink: float) -> int:
    return max(_ceil(shrink, abs(1 - lr * one)) for one in c.tolist())


def _linear(c: Tensor, lr: float, shrink: float) -> int:
    return math.ceil((1 - shrink) / (1 - _slowest(c, lr)))


def _best(c: Tensor) -> float:
    kappa = float(c.max() / c.min())
    return (kappa - 1) / (kappa + 1)


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
    slips=(
        Slip(
            "rounded down",
            lambda c, lr, shrink: math.floor(math.log(shrink) / math.log(_slowest(c, lr))),
            "One step too few: it is rounded down, so a little more than `shrink` is left.",
        ),
        Slip(
            "rounded to the nearest",
            lambda c, lr, shrink: round(math.log(shrink) / math.log(_slowest(c, lr))),
            "It is rounded to the nearest whole number. Where that is down, a little more than "
            "`shrink` is left.",
        ),
        Slip(
            "not rounded",
            lambda c, lr, shrink: math.log(shrink) / math.log(_slowest(c, lr)),
            "The formula is right, but there is no such thing as a part of a step: a whole number "
            "is asked for.",
        ),
        Slip(
            "one step too many",
            lambda c, lr, shrink: _ceil(shrink, _slowest(c, lr)) + 1,
            "One step too many. With a loop: count how often you multiply, and ask before you "
            "multiply.",
        ),
        Slip(
            "sign",
            lambda c, lr, shrink: -_ceil(shrink, _slowest(c, lr)),
            "The number is below 0. Both logarithms are: what is their ratio?",
        ),
        Slip(
            "flattest direction",
            _with(lambda c, lr: (1 - lr * c.min()).abs()),
            "This is the count for the flattest direction; it comes too when factors keep their "
            "signs. Near the largest learning rate another one is slower, since it swings.",
        ),
        Slip(
            "steepest direction",
            _with(lambda c, lr: (1 - lr * c.max()).abs()),
            "This is the count for the steepest direction. At most learning rates another one "
            "takes longer.",
        ),
        Slip(
            "fastest direction",
            _with(lambda c, lr: (1 - lr * c).abs().min()),
            "This is the count for the fastest direction. All of them have to arrive.",
        ),
        Slip(
            "first direction",
            _with(lambda c, lr: (1 - lr * c[0]).abs()),
            "This is the count for the first curvature. They come in any order. In a loop: does a "
            "`return` stand inside it?",
        ),
        Slip(
            "last direction",
            _with(lambda c, lr: (1 - lr * c[-1]).abs()),
            "This is the count for the last curvature. They come in any order. In a loop: is the "
            "count of each direction overwritten by the next one's?",
        ),
        Slip(
            "all directions as one length",
            _by_length,
            "This looks at the length of all distances together. Asked is each direction by "
            "itself.",
        ),
        Slip(
            "learning rate forgotten",
            _with(lambda c, lr: (1 - c).abs().max()),
            "The learning rate plays no part in the factor. What does one step multiply the "
            "distance by?",
        ),
        Slip(
            "plus for minus",
            _with(lambda c, lr: (1 + lr * c).abs().max()),
            "The factor is above 1, as if each step led away from the minimum. Look at its sign.",
        ),
        Slip(
            "mean curvature",
            _with(lambda c, lr: (1 - lr * c.mean()).abs()),
            "This takes the mean curvature. Each direction goes its own way, and the slowest has "
            "to arrive too.",
        ),
        Slip(
            "mean factor",
            _with(lambda c, lr: (1 - lr * c).abs().mean()),
            "This takes the mean of the factors. Each direction goes its own way, and the slowest "
            "has to arrive too.",
        ),
        Slip(
            "sum over the directions",
            lambda c, lr, shrink: sum(_ceil(shrink, abs(1 - lr * one)) for one in c.tolist()),
            "The steps of all directions are added up. One step moves them all at once.",
        ),
        Slip(
            "one for each direction",
            lambda c, lr, shrink: (math.log(shrink) / (1 - lr * c).abs().log()).ceil(),
            "There is a count for each direction. One number is asked for: when has the last of "
            "them arrived?",
        ),
        Slip(
            "the cost, not the distance",
            _with(lambda c, lr: (1 - lr * c).abs().max() ** 2),
            "This is when the cost has shrunk so far. The cost goes with the square of the "
            "distance, and the distance is asked for.",
        ),
        Slip(
            "upside down",
            lambda c, lr, shrink: math.ceil(math.log(_slowest(c, lr)) / math.log(shrink)),
            "Hardly more than 1 comes out, and the smaller `shrink`, the more steps it should "
            "take. Is the fraction of the logarithms upside down?",
        ),
        Slip(
            "log of the quotient",
            lambda c, lr, shrink: math.ceil(math.log(shrink / _slowest(c, lr))),
            "This is the logarithm of a quotient. It should be a quotient of logarithms.",
        ),
        Slip(
            "two bases",
            lambda c, lr, shrink: math.ceil(math.log10(shrink) / math.log(_slowest(c, lr))),
            "Two kinds of logarithm are mixed, `log10` and `log`. Either will do, if it is used "
            "twice.",
        ),
        Slip(
            "what a step takes away",
            _with(lambda c, lr: lr * c.min()),
            "lr λ is what a step takes away from the distance. What is left of it is what goes on "
            "to the next step.",
        ),
        Slip(
            "shrunk by, not to",
            lambda c, lr, shrink: _ceil(1 - shrink, _slowest(c, lr)),
            "This counts until `shrink` of the distance is gone. It should count until `shrink` of "
            "it is left.",
        ),
        Slip(
            "straight line",
            _linear,
            "This supposes that every step takes away the same length. It takes away the same "
            "share of what is left, so that steps become shorter.",
        ),
        Slip(
            "for small steps only",
            lambda c, lr, shrink: math.ceil(-math.log(shrink) / (lr * float(c.min()))),
            "This is the rule of thumb for tiny learning rates, where log(1 - lr λ) is nearly "
            "-lr λ. Here it has to be exact, and the flattest direction need not be the slowest.",
        ),
        Slip(
            "best learning rate supposed",
            lambda c, lr, shrink: _ceil(shrink, _best(c)),
            "This is the count at the best learning rate, from the condition number. Here `lr` is "
            "given, and may be worse.",
        ),
        Slip(
            "condition number",
            lambda c, lr, shrink: math.ceil(float(c.max() / c.min())),
            "This is the condition number. Neither `lr` nor `shrink` has a part in it.",
        ),
        Slip(
            "only the way to one half",
            lambda c, lr, shrink: _ceil(0.5, _slowest(c, lr)),
            "This counts until half of the distance is left, whatever `shrink` is.",
        ),
        Slip(
            "steepest without its size",
            _with(lambda c, lr: 1 - lr * c.max()),
            "This is the count for the steepest direction, and its factor may be below 0, where a "
            "logarithm ends. Which direction is the slowest, and does a sign matter?",
        ),
        Slip(
            "each without its size",
            lambda c, lr, shrink: max(_ceil(shrink, 1 - lr * one) for one in c.tolist()),
            "A direction that crosses the minimum has a factor below 0, and a logarithm of that "
            "there is not. Does the sign matter here?",
        ),
        Slip(
            "sign, rounded the other way",
            lambda c, lr, shrink: math.ceil(-math.log(shrink) / math.log(_slowest(c, lr))),
            "The number is below 0: one of the two logarithms has the wrong sign. Did you turn "
            "`shrink` upside down?",
        ),
        Slip(
            "what a step takes away, steepest",
            _with(lambda c, lr: lr * c.max()),
            "lr λ is what a step takes away, here in the steepest direction. What is left of the "
            "distance is what goes on to the next step.",
        ),
        Slip(
            "condition number times the logarithm",
            lambda c, lr, shrink: math.ceil(float(c.max() / c.min()) * -math.log(shrink)),
            "This is a rule of thumb with the condition number. Here `lr` is given, and the count "
            "has to be exact.",
        ),
        Slip(
            "twice as many",
            _with(lambda c, lr: (1 - lr * c).abs().max() ** 0.5),
            "There are twice as many steps as it takes: is there a root or a 2 too many?",
        ),
        Slip(
            "a thousandth",
            lambda c, lr, shrink: _ceil(0.001, _slowest(c, lr)),
            "This counts until a thousandth is left, whatever `shrink` is.",
        ),
        Slip(
            "product of logarithms",
            lambda c, lr, shrink: math.ceil(math.log(shrink) * math.log(_slowest(c, lr))),
            "The logarithms are multiplied. Solve factor^t = shrink for t.",
        ),
        Slip(
            "counter stands still",
            lambda c, lr, shrink: 0,
            "The count is always 0. In a loop: is the counter raised, and does the loop begin at "
            "all?",
        ),
        Slip(
            "size forgotten in the loop",
            _without_sizes,
            "A distance that has changed its side is below 0, and so below `shrink`, however far "
            "away it is: take sizes before you compare.",
        ),
    ),
    also_right=(
        _by_loop,
        _each_direction,
        lambda c, lr, shrink: int((math.log(shrink) / (1 - lr * c).abs().log()).max().ceil()),
        lambda c, lr, shrink: math.floor(math.log(shrink) / math.log(_slowest(c, lr))) + 1,
    ),
)
