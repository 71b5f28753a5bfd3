"""Exercise 09.critical_beta: the β at which both roots meet, for two forms of momentum."""

from __future__ import annotations

import math

import torch

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim import averages


def _cases(seed: int) -> list[Case]:
    source = generator(seed)
    low, high = (0.02, 0.2, 0.5, 1.2), (0.15, 0.4, 0.8, 3.0)
    drawn = torch.rand(len(low), generator=source).tolist()
    values = [round(a + (b - a) * u, 3) for a, b, u in zip(low, high, drawn, strict=True)]
    return [
        *(Case(f"a = {a}", (a,)) for a in values),
        *(Case(f"a = {a:g}", (a,), special=True) for a in (1.0, 4.0, 0.25, 0.0, 1e-6)),
    ]


def _by_the_equation(a: float) -> tuple[float, float]:
    """Both from b² - 2 b (1 + a) + (1 - a)² = 0, whose smaller root is wanted."""
    smaller = 1 + a - math.sqrt((1 + a) ** 2 - (1 - a) ** 2)
    return smaller, (1 - a) ** 2 / (1 + a) ** 2


SLIPS = """
not squared: ** 2 →
    Both are the root s of β. You solved for s: what is β?
first not squared: (1 - math.sqrt(a)) ** 2 → 1 - math.sqrt(a)
    The first is the root s of β, not β itself.
second not squared: (1 + a)) ** 2 → (1 + a))
    The second is the root s of β, not β itself.
root of a forgotten: math.sqrt(a) → a
    In the first, a stands where its root should. From (1 - s)² = a, what is 1 - s?
one minus a: (1 - math.sqrt(a)) ** 2 → 1 - a
    The first is 1 - a. Start again from (1 + β - a)² = 4β, and mind the right side.
the other root: 1 - math → 1 + math
    The first is the other solution, 1 or more: with it nothing is ever forgotten. The equation has
    two; take the smaller.
both of the other root: 1 - math → 1 + math ; (1 - a) / (1 + a) → (1 + a) / (1 - a)
    Both are 1 or more, and with such a β nothing is ever forgotten. The first equation has a
    smaller solution, and the second fraction is upside down.
second upside down: (1 - a) / (1 + a) → (1 + a) / (1 - a)
    The second is upside down, 1 or more: with it nothing is ever forgotten.
the same twice: ((1 - a) / (1 + a)) ** 2 → (1 - math.sqrt(a)) ** 2
    The second is the first once more. In the form that averages the gradient counts 1 - β times:
    what stands in the place of a?
the average twice: (1 - math.sqrt(a)) ** 2 → ((1 - a) / (1 + a)) ** 2
    The first is that of the average. In classical momentum the gradient is added whole.
the other way round: (1 - math.sqrt(a)) ** 2 ↔ ((1 - a) / (1 + a)) ** 2
    The two have changed places: classical momentum comes first.
square over the top only: ((1 - a) / (1 + a)) ** 2 → (1 - a) ** 2 / (1 + a)
    In the second only the top of the fraction is squared. Look at your brackets.
root of a in the second: (1 - a) / (1 + a) → (1 - math.sqrt(a)) / (1 + math.sqrt(a))
    In the second, a has a root that does not belong there: that β is Polyak's, for a whole bowl of
    condition 1/a. Here (1 - s)² = (1 - s²) a.
root of a in the second, bottom forgotten: (1 - a) / (1 + a) → 1 - a
    In the second a factor is lost: from 1 - s = (1 + s) a, bring all s to one side.
β a for (1 - β) a: ((1 - a) / (1 + a)) ** 2 → (1 + math.sqrt(a)) ** -2
    In the second you put β a in the place of a. The gradient counts 1 - β times.
the roots themselves: math.sqrt(a), a
    These are not values of β: a larger a should want less memory, up to a = 1. Start from
    (1 + β - a)² = 4β.
bracket: (1 - a) / (1 + a) → 1 - a / 1 + a
    The second is 1 whatever a is. Either it is the larger solution, or brackets are missing in a
    fraction: what is above the line needs its own, and so does what is below.
1 - a for 1 - β: ((1 - a) / (1 + a)) ** 2 → (1 - math.sqrt((1 - a) * a)) ** 2
    In the second you put (1 - a) a into the solved formula. The gradient counts 1 - β times, and β
    is the unknown: go back to the equation.
root of a forgotten, second not squared: math.sqrt(a) → a ; (1 + a)) ** 2 → (1 + a))
    In the first, a stands where its root should; the second is the root of β, not β.
one minus a, second not squared: (1 - math.sqrt(a)) ** 2 → 1 - a ; (1 + a)) ** 2 → (1 + a))
    The first is 1 - a: mind the right side of (1 + β - a)² = 4β. The second is the root of β, not
    β.
one minus a in both: 1 - a, 1 - a
    Both are 1 - a. Start again from (1 + β - a)² = 4β, and mind the right side.
second one minus a: ((1 - a) / (1 + a)) ** 2 → 1 - a
    The second is 1 - a. Put (1 - s²) a in the place of a, and solve for s once more.
first alone: , ((1 - a) / (1 + a)) ** 2 →
    This is the first alone. Two are asked for: classical momentum, and the average.
second alone: (1 - math.sqrt(a)) ** 2, →
    This is the second alone. Two are asked for: classical momentum, and the average.
the size of the roots: abs(1 - math.sqrt(a)), abs((1 - a) / (1 + a))
    These are the sizes of the roots, by which the error shrinks at each step. The exercise asks for
    β, which is the product of the two roots.
square of a for its root: math.sqrt(a) → a * a
    In the first, a is squared where its root should stand. From (1 - s)² = a, what is 1 - s?
sign of a: (1 - math.sqrt(a)) ** 2 → 1 - 2 * math.sqrt(a) - a
    In the first a sign has slipped: the last term of a square like (x - y)² is never taken off.
Polyak's in the first: 1 - math.sqrt(a) → (1 - math.sqrt(a)) / (1 + math.sqrt(a))
    The first is Polyak's β, for a whole bowl of condition 1/a and the rate that goes with it. Here
    a is given, and there is one axis.
first β put into the second:
    | first = (1 - math.sqrt(a)) ** 2
    | return first, (1 - math.sqrt((1 - first) * a)) ** 2
    In the second the 1 - β is made of the first β. There β is the unknown once more: put (1 - s²) a
    into the equation, and solve it anew.
first β in the factor:
    | first = (1 - math.sqrt(a)) ** 2
    | return first, (1 - first) * a
    The second is what stands in the place of a, with the first β in it. There β is the unknown once
    more: solve the equation anew.
roots for squares: ** 2 → ** 0.5
    You solved for the root s of β, and took its root again. From s to β it is the other way.
in one tensor:
    | pair = (1 - math.sqrt(a)) ** 2, ((1 - a) / (1 + a)) ** 2
    | return torch.tensor(pair, dtype=torch.float64)
    Both numbers stand in one tensor. Give back two, with a comma between them.
"""

CRITICAL_BETA = Exercise(
    id="09.critical_beta",
    points=3,
    asks="the β at which both roots meet, for classical momentum and for the average",
    reference=averages.critical_beta,
    cases=_cases,
    hints=(
        "Roots meet where what stands under the root of the quadratic formula is 0. Write that "
        "down: a square on one side, 4β on the other. Call the root of β s: then β = s².",
        "Take the root of both sides, and you have 1 + s² - a = 2s. Move everything but a to one "
        "side: what is 1 - 2s + s²?",
        "For the average put (1 - s²) a in the place of a. Both sides then have a factor 1 - s: "
        "divide by it, solve for s, and square s at the end.",
    ),
    slips=slips(SLIPS, averages.critical_beta),
    also_right=(_by_the_equation, lambda a: [1 - 2 * a**0.5 + a, ((a - 1) / (a + 1)) ** 2]),
)
