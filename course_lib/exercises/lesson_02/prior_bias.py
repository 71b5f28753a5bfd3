"""Exercise 02.prior_bias: the bias at which a neuron without any input gives the probability p."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...nn import biases


def _prior_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def shares(*shape: int) -> Tensor:
        return 0.05 + 0.9 * torch.rand(*shape, generator=source, dtype=torch.float64)

    def of(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)

    return [
        Case("4 shares", (shares(4),)),
        Case("2 by 3 shares", (shares(2, 3),)),
        Case("3 small shares", (0.1 * shares(3),)),
        Case("a single share", (shares(1),), special=True),
        Case("a share of one half", (of(0.5),), special=True),
        Case("shares of one in a billion and fewer", (of(1e-9, 1e-15, 1e-200),), special=True),
        Case("shares just below 1", (of(1 - 1e-3, 1 - 1e-6, 1 - 1e-8),), special=True),
        Case("50 shares in float32", (shares(50).float(),), special=True),
    ]


SLIPS = """
p itself: p.clone()
    This is the probability. The bias goes in before the sigmoid, where any number is allowed, also
    below 0: which number does the sigmoid turn into p?
sign: torch.log(p) ↔ torch.log1p(-p)
    The sign is wrong: a rare class would start out likely. Look at which share stands above the
    line, or for a minus that has been lost on the way.
odds without the logarithm: p / (1 - p)
    These are the odds. They are never below 0, so the sigmoid could never give less than one half:
    a step is missing.
odds upside down: (1 - p) / p
    These are the odds that it does not happen, without a logarithm. They are never below 0, so the
    sigmoid could never give less than one half.
logarithm of p: - torch.log1p(-p) →
    This is the logarithm of p. It is right for very rare classes only, and for one half it is not
    0: how often does the class not happen?
minus the logarithm of p: -torch.log(p)
    This is how surprised one is when it happens. For p one half it is not 0, as it should be: how
    often does it not happen?
logarithm of the rest: torch.log(p) - →
    This looks only at how often it does not happen. Both shares are needed, one above the line and
    one below.
brackets: torch.log(p / 1 - p)
    Your logarithm is taken of 0, whatever p is: a division goes before a plus or a minus. Put a p
    into your brackets, one step at a time.
brackets, logarithm first: torch.log(p) / (1 - p)
    The logarithm covers p alone, and is divided afterwards. Look at where its bracket closes.
no brackets at all: torch.log(p) / 1 - p
    The logarithm covers p alone, and below the line only the 1 is left. Look at where your brackets
    open and close.
logarithm of a number below 0: torch.log(p / (p - 1))
    Every result is NaN, not a number: a logarithm is taken of a number below 0. Put p one half into
    its brackets, one step at a time: where does the sign turn?
plus for minus: log1p(-p) → log1p(p)
    Below the line stands 1 + p. How often it does not happen is something else: look at the sign.
logarithms added: torch.log(p) - → torch.log(p) +
    Two logarithms are added, which is the logarithm of a product. Which of the two shares should
    make the bias smaller when it grows?
a ratio of logarithms: torch.log(p) - → torch.log(p) /
    This divides one logarithm by another. A logarithm of a fraction is something else: look at the
    order of the two steps.
logarithm to the base 10: torch.log10(p / (1 - p))
    The logarithm has the base 10. The sigmoid is built on e: look for the logarithm that undoes
    `exp`.
logarithm to the base 2: torch.log2(p / (1 - p))
    The logarithm has the base 2. The sigmoid is built on e: look for the logarithm that undoes
    `exp`.
the sigmoid itself: torch.sigmoid(p)
    This is the sigmoid of p. The exercise asks for the way back: which number does the sigmoid turn
    into p?
difference: p - (1 - p)
    This is the difference between p and its opposite. It is 0 at one half, as it should be, but it
    never gets below -1: put it into the sigmoid and see.
brackets around the rest: torch.log1p(-p) → 1 - p.log()
    Your result is -1 for every share: the second part takes away what the first has given. Brackets
    are missing around what the second logarithm is taken of.
a ratio of logarithms, upside down: torch.log1p(-p) / torch.log(p)
    This divides one logarithm by another. The exercise asks for one logarithm, of a fraction: look
    at the order of the two steps.
odds upside down, subtracted: 1 - 1 / p
    This is minus the odds that it does not happen, so it is never above 0. The exponential is still
    to be undone: a step is missing.
math.log: math.log(p / (1 - p))
    `math.log` takes one number, and `p` may hold many. Look for the logarithm that works on
    tensors.
"""

PRIOR_BIAS = Exercise(
    id="02.prior_bias",
    points=2,
    asks="the bias at which a neuron without any input gives the probability p",
    reference=biases.prior_bias,
    cases=_prior_cases,
    hints=(
        "With all inputs at 0 only the bias is left, and the sigmoid must turn it into p. Should "
        "the bias be above or below 0 if p is one half? If p is one in a hundred?",
        "Set 1 / (1 + exp(-b)) = p and solve for b, on paper: turn both sides over, take 1 off, "
        "and look at what is left of the exponential.",
        "It is the logarithm of a fraction: how often it happens over how often it does not. Mind "
        "the brackets below the line.",
    ),
    slips=slips(SLIPS, biases.prior_bias),
    also_right=(
        torch.logit,
        lambda p: torch.log(p) - torch.log(1 - p),
        lambda p: -torch.log(1 / p - 1),
        lambda p: torch.log(p / (1 - p)),
        lambda p: -torch.log((1 - p) / p),
    ),
)
