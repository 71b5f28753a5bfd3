"""Exercise 10.scale_invariance: what becomes of a step when all gradients are multiplied."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import adaptive
from .shared import held


def _ratio_cases(seed: int) -> list[Case]:
    _, squares = held(seed)
    s = squares(4)
    return [
        Case("5 directions, c = 10 and ε = 0.5", (squares(5), 10.0), {"eps": 0.5}),
        Case("2 by 3 directions, c = 0.2 and ε = 2", (squares(2, 3), 0.2), {"eps": 2.0}),
        Case("4 directions, c = 3 and ε = 0.1", (s, 3.0), {"eps": 0.1}),
        Case("the default ε", (squares(4), 100.0), special=True),
        Case("an s of 0", (torch.zeros_like(s), 7.0), {"eps": 0.1}, special=True),
        Case("an s far above ε", (1e12 * s, 7.0), {"eps": 1e-3}, special=True),
        Case("an s far below ε", (1e-16 * s, 7.0), {"eps": 1e-3}, special=True),
        Case("c = 1", (s, 1.0), {"eps": 0.5}, special=True),
        Case("1 direction", (squares(1), 50.0), {"eps": 1.0}, special=True),
        Case("c = 1000", (s, 1000.0), {"eps": 1e-6}, special=True),
        Case(
            "20 directions in float32",
            (squares(20, dtype=torch.float32), 5.0),
            {"eps": 0.3},
            special=True,
        ),
    ]


def _by_two_steps(s, c, *, eps=1e-8):
    one = 1 / (s.sqrt() + eps)
    other = c / ((c * c * s).sqrt() + eps)
    return other / one


SLIPS = """
eps forgotten: torch.ones_like(s)
    Your factor is 1, whatever c is. That would be right without an ε. If there is one in your
    formula: what does c multiply, above the line and below it?
as gradient descent: c * torch.ones_like(s)
    Your factor is c, as for gradient descent. But s is made of the same gradients: what becomes of
    it?
upside down: (c * s.sqrt() + eps) / (c * (s.sqrt() + eps))
    This is one over the factor: the step with c is divided by the step without.
s times c: c * s.sqrt() → (c * s).sqrt()
    You multiply s by c. It averages squared gradients: by what are those multiplied?
root times c squared: c * s.sqrt() → c**2 * s.sqrt()
    The root of s is multiplied by c squared. s itself is: what is the root of that?
gradient not multiplied: c * ( → (
    Only what is below the line has changed. The gradient above it is multiplied as well.
gradient squared: c * ( → c**2 * (
    The gradient above the line is multiplied by c squared. It is s that holds squares.
no root: (s.sqrt() → (s ; c * s.sqrt() → c**2 * s
    A root is missing: the gradient is divided by the root of s, with ε added.
no root, s times c: s.sqrt() → s
    You take s for its root. The gradient is divided by the root of s, with ε added.
eps inside the root: c * (s + eps).sqrt() / (c**2 * s + eps).sqrt()
    ε stands inside the root. That is right for Keras's dialect; here it is added to the root.
eps inside, multiplied: c * s.sqrt() + eps → c * s.sqrt() + c**2 * eps
    ε is multiplied by c below the line. It is a constant of the rule: no gradient changes it. (If
    you divided all by c: what is left of ε then?)
eps once: c * (s.sqrt() + eps) → c * s.sqrt()
    ε is missing in the step without c. With s = 0 your factor is 0, and it should be c.
eps once, below: c * s.sqrt() + eps → c * s.sqrt()
    ε is missing in the step with c. It is small beside a large root, but it is there.
bracket below the line: (c * s.sqrt() + eps) → (c * s.sqrt()) + eps
    Below the line a bracket is missing, so that ε is added to the fraction.
bracket above, division too: c * (s.sqrt() + eps) → c * s.sqrt() + eps
    Above the line a bracket is missing: only ε is divided.
the new rate: c * (s.sqrt() + eps) → c
    This is the step with c, for a gradient and an lr of 1. By what is it to be divided?
difference: c / (c * s.sqrt() + eps) - 1 / (s.sqrt() + eps)
    This is a difference of the two steps. The exercise asks by what factor they differ.
either end: torch.where(s.sqrt() > eps, torch.ones_like(s), c)
    You give 1 above ε and c below it. These are the two ends; there is much between them: divide
    one step by the other.
one factor for all: s.sqrt() → (s.mean() + 0 * s).sqrt()
    All directions get one factor. Each has its own s, and its own factor.
what is below the line: (c * s.sqrt() + eps) / (s.sqrt() + eps)
    This is by what factor the divisor grows. The step is the gradient over the divisor: turn it
    over, and remember what happens to the gradient.
one over c: torch.ones_like(s) / c
    Your factor is one over c: you have divided by c and not multiplied. The gradient above the line
    is multiplied by c as well.
c in the gradient only: c / (s.sqrt() + eps)
    This is a step for a gradient of c and an s that knows nothing of c. What becomes of s, and by
    what is this step to be divided?
eps inside the new root only: (c * s.sqrt() + eps) → (c**2 * s + eps).sqrt()
    In the step with c your ε has slipped inside the root. It is added to it, in both steps.
new root forgotten: c * s.sqrt() → c**2 * s
    In the step with c a root is missing below the line.
mean of the factors: (c * (s.sqrt() + eps) / (c * s.sqrt() + eps)).mean()
    Only one number comes back, the mean of all factors. Each direction has its own.
product of the divisors: c / ((s.sqrt() + eps) * (c * s.sqrt() + eps))
    Both sums stand below the line. The step without c is divided by its sum, and you divide by that
    step: where does its sum go?
no brackets at all: c * s.sqrt() + eps / c * s.sqrt() + eps
    Two pairs of brackets are missing, so that only ε is divided, and by c alone.
c alone: c
    Your factor is the number c, as for gradient descent. Each direction has a factor of its own:
    what becomes of s?
divisors changed about: c * (c * s.sqrt() + eps) / (s.sqrt() + eps)
    The two divisors have changed places. The step with c is divided by the sum that has c in it: on
    which side of the line does that end up?
root lost with c: c * s.sqrt() → c * s
    In the step with c the root of s is lost. Of c and s, which is to be squared under the root?
eps of its own: + eps → + 1e-8
    ε is 1e-8 in your function, whatever is handed in. That is its default.
both steps: 1 / (s.sqrt() + eps), c / (c * s.sqrt() + eps)
    You give back both steps. The exercise asks for the second over the first.
bracket below the line, product: (c * s.sqrt() + eps) → c * (s.sqrt() + eps)
    Below the line a bracket is missing: Python divides by c, and then multiplies. And c does not
    multiply ε.
"""

SCALE_INVARIANCE = Exercise(
    id="10.scale_invariance",
    points=2,
    asks="by what factor RMSProp's step changes when all gradients are multiplied",
    reference=adaptive.step_ratio,
    cases=_ratio_cases,
    hints=(
        "Write down the step without c. Then write it down again with c: what has become of the "
        "gradient, and what of s, which averages squares?",
        "Divide the second step by the first: lr and the gradient cancel. What is left has c above "
        "the line, two roots, and two times ε.",
        "Try the ends. With ε = 0 the factor must be 1. With s = 0 it must be c. The root of c "
        "squared times s is c times the root of s; ε is the same in both steps.",
    ),
    slips=slips(SLIPS, adaptive.step_ratio),
    also_right=(
        _by_two_steps,
        lambda s, c, *, eps=1e-8: (s.sqrt() + eps) / (s.sqrt() + eps / c),
        lambda s, c, *, eps=1e-8: 1 + (c - 1) * eps / (c * s.sqrt() + eps),
    ),
)
