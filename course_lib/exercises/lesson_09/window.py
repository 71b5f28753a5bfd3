"""Exercise 09.window: over how many values an average spans, and their share of the weight."""

from __future__ import annotations

import math

import torch

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim import averages


def _cases(seed: int) -> list[Case]:
    source = generator(seed)
    low, high = (0.615, 0.67, 0.75, 0.93), (0.66, 0.71, 0.85, 0.975)
    drawn = torch.rand(len(low), generator=source).tolist()
    betas = [round(a + (b - a) * u, 3) for a, b, u in zip(low, high, drawn, strict=True)]
    return [
        *(Case(f"β = {beta}", (beta,)) for beta in betas),
        *(Case(f"β = {beta:g}", (beta,), special=True) for beta in (0.9, 0.99, 0.5, 0.0, 0.9999)),
    ]


SLIPS = """
lag: 1 / (1 - beta) → beta / (1 - beta)
    Your n is one too small: that is how far the average lags, the mean age of its values. Look at
    what stands above the line of your fraction.
upside down: 1 / (1 - beta) → 1 - beta
    Your n is below 1: that is the weight of the newest value. A plain mean gives that weight to
    each of how many?
one over β: 1 / (1 - beta) → 1 / beta
    Your n shrinks as β grows. A β near 1 remembers long: which of the two weights has to be small
    for that?
rounded: 1 / (1 - beta) → round(1 / (1 - beta))
    Your n is rounded. Leave it as it is: it need not be whole.
rounded down: 1 / (1 - beta) → int(1 / (1 - beta))
    Your n is cut to a whole number. Leave it as it is; a power may have any exponent.
twice as far: 1 / (1 - beta) → (1 + beta) / (1 - beta)
    This n is that of a plain mean which is as calm as the average, a fair measure too. The exercise
    asks for the n at which a plain mean gives each value the newest one's weight.
until 1/e: 1 / (1 - beta) → -1 / math.log(beta)
    This n is where a value's weight has fallen to 1/e of the newest one's: close to what is asked,
    and a definition as well, but another one.
until half: 1 / (1 - beta) → math.log(0.5) / math.log(beta)
    This n is the half-life, after which a weight has halved. The exercise asks for the n at which a
    plain mean gives each value the newest one's weight.
what is left over: 1 - beta**n → beta**n
    Your share is what older values and the start have. The exercise asks for the share of the last
    n values themselves.
the limit: 1 - beta**n → 1 - 1 / math.e
    Your share is the same for every β. That is its limit for β near 1; for 0.5 the two last values
    have more.
weight of one value: 1 - beta**n → (1 - beta) * beta**n
    This is the weight of a single value, n steps old. The exercise asks for the sum of the weights
    of the last n.
1 - β to the n: 1 - beta**n → (1 - beta) ** n
    What is multiplied again and again is not 1 - β. At each step the old average keeps which part
    of its weight?
bracket: 1 - beta**n → 1 - (1 - beta) ** n
    The power is that of 1 - β. What fades by a factor at each step is the old average: by which
    factor?
one value short: beta**n → beta ** (n - 1)
    Your share leaves out one of the n values. With β = 0.5 the last two together have three
    quarters of the weight.
one value more: beta**n → beta ** (n + 1)
    Your share counts one value too many. With β = 0.5 the last two together have three quarters of
    the weight.
as in a plain mean: 1 - beta**n → n * (1 - beta)
    Your share is 1: you gave all n values the weight of the newest. Their weights fall with age,
    and values older than n count too.
n times β: beta**n → n * beta
    β is multiplied by n. A weight fades by the factor β at each of n steps, one after the other.
in per cent: 1 - beta**n → 100 * (1 - beta**n)
    Your share is in per cent. Give it as a number from 0 to 1.
lag, right share: return n, → return beta / (1 - beta),
    The n that you hand back is one too small: that is the mean age of the values, by which an
    average lags.
upside down, right share: return n, → return 1 - beta,
    What you hand back as n is the weight of the newest value: how many values of this weight make
    1?
rounded, right share: return n, → return round(n),
    The n that you hand back is rounded. It need not be whole.
rounded down, right share: return n, → return int(n),
    The n that you hand back is cut to a whole number. It need not be whole.
rounded up: 1 / (1 - beta) → math.ceil(1 / (1 - beta) - 1e-9)
    Your n is rounded up. Leave it as it is: it need not be whole.
whole values added up: 1 - beta**n → sum((1 - beta) * beta**k for k in range(int(n + 1e-9)))
    Your share adds up the weights of whole values and leaves off a part of n. The sum has a short
    formula, in which n need not be whole.
weight of the newest: 1 - beta**n → 1 - beta
    Your share is that of the newest value alone. The exercise asks for that of the last n together.
the rest in the limit: 1 - beta**n → 1 / math.e
    Your share is the same for every β, and it is what older values have in the limit. The exercise
    asks for the share of the last n, for this β.
divided by 1 - β: 1 - beta**n → (1 - beta**n) / (1 - beta)
    Your share is above 1: the powers of β are added up, but each weight also has the factor in
    front.
the other way round: n, 1 - beta**n → 1 - beta**n, n
    The two numbers have changed places: n is asked for first.
n alone: , 1 - beta**n →
    This is n alone. Two numbers are asked for: n and the share.
share alone: return n, → return
    This is the share alone. Two numbers are asked for: n and the share.
1 + β below: 1 / (1 - beta) → 1 / (1 + beta)
    Your n is below 1, and it shrinks as β grows. Look at the sign below the line of your fraction.
1 - β once too often: 1 - beta**n → (1 - beta) * (1 - beta**n)
    Your share has the factor 1 - β once too often: by it, the weights of all values would add up to
    1 - β, and they add up to 1.
whole values added up, the newest left out:
    | 1 - beta**n → sum((1 - beta) * beta**k for k in range(1, int(n + 1e-9) + 1))
    Your sum of weights begins one step too late: the newest value has an age of 0. And n need not
    be whole; the sum has a short formula.
powers added up: 1 - beta**n → sum(beta**k for k in range(int(n + 1e-9)))
    Your share is above 1: powers of β are added up, and the factor in front of each weight is
    missing. And n need not be whole; the sum has a short formula.
rest added: 1 - beta**n → 1 + beta**n
    Your share is above 1: the part that older values have is added to the whole.
rest with its sign: 1 - beta**n → beta**n - 1
    Your share is below 0. Of the whole, take off what older values have.
in one tensor: n, 1 - beta**n → torch.tensor([n, 1 - beta**n], dtype=torch.float64)
    Both numbers stand in one tensor. Give back two, with a comma between them.
"""

WINDOW = Exercise(
    id="09.window",
    points=1,
    asks="the number of values that an average spans, and their share of its weight",
    reference=averages.window,
    cases=_cases,
    hints=(
        "The newest value has the weight 1 - β. In a plain mean of n values, which weight has each "
        "of them?",
        "Set the two weights equal and solve for n. For the share: how much weight is in the first "
        "A of a series, how much in the second? With β = 0.5 that is 0.5, then 0.75.",
        "What a series of nothing but ones averages to after n values is the weight of n values. "
        "The rest is still that of the 0 at the start, which has been multiplied by β n times.",
    ),
    slips=slips(SLIPS, averages.window),
    also_right=(
        lambda beta: [(1 - beta) ** -1, 1 - beta ** (1 / (1 - beta))],
        lambda beta: (
            1 / (1 - beta),
            -math.expm1(math.log(beta) / (1 - beta)) if beta > 0 else 1.0,
        ),
    ),
)
