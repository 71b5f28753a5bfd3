"""Exercise 03.gelu: the exact GELU of each number: z times the share of a normal distribution
below z.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import activations
from ..drawing import drawing
from .shared import of


def _gelu_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("6 numbers", (2 * draw(6),)),
        Case("3 by 4 numbers", (1.5 * draw(3, 4),)),
        Case("4 by 2 small numbers", (0.1 * draw(4, 2),)),
        Case("a single number", (draw(1),), special=True),
        Case("the numbers -1, 0 and 1", (of(-1, 0, 1),), special=True),
        Case("zeros", (torch.zeros(2, 3, dtype=torch.float64),), special=True),
        Case("the numbers -10,000 and 10,000", (of(-1e4, 1e4),), special=True),
        Case("50 by 10 numbers in float32", (draw(50, 10, dtype=torch.float32),), special=True),
    ]


def _by_erf(z: Tensor) -> Tensor:
    """The formula as the lesson gives it; the slips are edits of this, not of the erfc form."""
    return 0.5 * z * (1 + torch.erf(z / math.sqrt(2)))


SLIPS = """
the tanh form: functional.gelu(z, approximate="tanh")
    This is the approximation with tanh: it is off by up to 0.0005. Many libraries offer both; the
    exact form is asked for, with erf.
the sigmoid form: z * torch.sigmoid(1.702 * z)
    This is the approximation by a sigmoid of 1.702 z: it is off by up to 0.02. The exact form is
    asked for, with erf.
silu: functional.silu(z)
    This is SiLU: z times its sigmoid. In GELU the share comes from the normal distribution, by erf.
root of two left out: / math.sqrt(2) →
    erf gets z itself, as if the bell were narrower. Look at what the formula divides z by inside
    erf.
times the root of two: / math → * math
    Inside erf you multiply by the root of 2. Look at the fraction again.
divided by two: math.sqrt(2) → 2
    Inside erf you divide by 2. The formula has its root there.
root outside: z / math.sqrt(2)) → z) / math.sqrt(2)
    You divide erf by the root of 2, where the formula divides what goes into erf. Look at where the
    bracket of erf closes.
brackets: (1 + torch.erf(z / math.sqrt(2))) → 1 + torch.erf(z / math.sqrt(2))
    Python multiplies before it adds, so that z meets only the 1. The sum of 1 and erf needs
    brackets of its own.
half left out: 0.5 * →
    Your result is twice too large: 1 + erf runs from 0 to 2. A share runs from 0 to 1.
half on erf only: 0.5 * → ; torch.erf → 0.5 * torch.erf
    The half applies to erf only, so that the share runs from 0.5 to 1.5. Look at your brackets.
half added: 0.5 * → ; 1 + → 0.5 +
    The half reaches the 1 and not erf, so that your share runs from -0.5 to 1.5. It belongs to the
    sum of both: look at your brackets.
root under the result: z / math.sqrt(2))) → z)) / math.sqrt(2)
    The root of 2 divides the whole result, where the formula divides what goes into erf. Look at
    where the bracket of erf closes.
erf of z as the share: z * torch.erf(z)
    Two things: you take erf itself for the share, though it runs from -1 to 1, and erf gets z as it
    is. Write Φ first, as a variable of its own, and look at the formula.
one left out: 1 + →
    Without the 1 your share runs from -½ to ½, and negative numbers come out above 0. What is added
    to erf first?
erf as the share: 0.5 * → ; 1 + →
    You take erf itself for the share, but it runs from -1 to 1. How do 1 and a half turn it into a
    share between 0 and 1?
the share alone: 0.5 * z → 0.5
    This is the share Φ(z). GELU multiplies z by it: look at your last step.
the share above: 1 + → 1 -
    You take the share that lies above z. At a large z GELU is nearly z: which share is nearly 1
    there?
density: z * torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    You multiply by the height of the bell, φ(z). The share Φ(z) is the area to the left of z.
the slope: activations.gelu_grad(z)
    This is the slope of GELU. The exercise asks for the function itself.
relu: torch.relu(z)
    This is ReLU. GELU bends smoothly: at z = -1 it is about -0.16.
sign inside: 1 + torch.erf(z / math.sqrt(2)) → 2 - torch.erf(z / math.sqrt(2))
    A minus stands before erf. Put in a large z: should the share go up or down?
"""

GELU = Exercise(
    id="03.gelu",
    points=2,
    asks="the exact GELU of each number: z times the share of a normal distribution below z",
    reference=activations.gelu,
    cases=_gelu_cases,
    hints=(
        "GELU multiplies z by a share between 0 and 1. Which share belongs to z = 0? To a very "
        "large z? Write the share first, as a variable of its own.",
        "The share is Φ(z), and the formula above gives it by erf. erf runs from -1 to 1; what is "
        "done to it, so that it runs from 0 to 1?",
        "torch.erf takes a tensor; math.sqrt(2) is a plain number. Check Φ alone before you "
        "multiply: Φ(0) is one half and Φ(1) about 0.8413.",
    ),
    slips=slips(SLIPS, _by_erf),
    also_right=(
        _by_erf,
        functional.gelu,
        lambda z: z * torch.special.ndtr(z),
        lambda z: 0.5 * z * torch.erfc(-z / math.sqrt(2)),
        lambda z: z * torch.distributions.Normal(0.0, 1.0).cdf(z),
        lambda z: z / 2 + z / 2 * torch.erf(z * 2**-0.5),
    ),
    needs=("grad", "vmap"),
)
