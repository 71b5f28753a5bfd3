"""Exercise 10.scale_invariance: what becomes of a step when all gradients are multiplied."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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


Ratio = Callable[..., Tensor]


def _ratio(formula: Callable[[Tensor, float, float], Tensor]) -> Ratio:
    """Return a function of s, c and ε with their names and the default of ε."""

    def ratio(s, c, *, eps=1e-8):
        return formula(s, c, eps)

    return ratio


def _by_two_steps(s, c, *, eps=1e-8):
    one = 1 / (s.sqrt() + eps)
    other = c / ((c * c * s).sqrt() + eps)
    return other / one


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
    slips=(
        Slip(
            "eps forgotten",
            _ratio(lambda s, c, e: torch.ones_like(s)),
            "Your factor is 1, whatever c is. That would be right without an ε. If there is one in "
            "your formula: what does c multiply, above the line and below it?",
        ),
        Slip(
            "as gradient descent",
            _ratio(lambda s, c, e: c * torch.ones_like(s)),
            "Your factor is c, as for gradient descent. But s is made of the same gradients: what "
            "becomes of it?",
        ),
        Slip(
            "upside down",
            _ratio(lambda s, c, e: (c * s.sqrt() + e) / (c * (s.sqrt() + e))),
            "This is one over the factor: the step with c is divided by the step without.",
        ),
        Slip(
            "s times c",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / ((c * s).sqrt() + e)),
            "You multiply s by c. It averages squared gradients: by what are those multiplied?",
        ),
        Slip(
            "root times c squared",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / (c**2 * s.sqrt() + e)),
            "The root of s is multiplied by c squared. s itself is: what is the root of that?",
        ),
        Slip(
            "gradient not multiplied",
            _ratio(lambda s, c, e: (s.sqrt() + e) / (c * s.sqrt() + e)),
            "Only what is below the line has changed. The gradient above it is multiplied as well.",
        ),
        Slip(
            "gradient squared",
            _ratio(lambda s, c, e: c**2 * (s.sqrt() + e) / (c * s.sqrt() + e)),
            "The gradient above the line is multiplied by c squared. It is s that holds squares.",
        ),
        Slip(
            "no root",
            _ratio(lambda s, c, e: c * (s + e) / (c**2 * s + e)),
            "A root is missing: the gradient is divided by the root of s, with ε added.",
        ),
        Slip(
            "no root, s times c",
            _ratio(lambda s, c, e: c * (s + e) / (c * s + e)),
            "You take s for its root. The gradient is divided by the root of s, with ε added.",
        ),
        Slip(
            "eps inside the root",
            _ratio(lambda s, c, e: c * (s + e).sqrt() / (c**2 * s + e).sqrt()),
            "ε stands inside the root. That is right for Keras's dialect; here it is added to the "
            "root.",
        ),
        Slip(
            "eps inside, multiplied",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / ((c**2 * s).sqrt() + c**2 * e)),
            "ε is multiplied by c below the line. It is a constant of the rule: no gradient "
            "changes it. (If you divided all by c: what is left of ε then?)",
        ),
        Slip(
            "eps once",
            _ratio(lambda s, c, e: c * s.sqrt() / (c * s.sqrt() + e)),
            "ε is missing in the step without c. With s = 0 your factor is 0, and it should be c.",
        ),
        Slip(
            "eps once, below",
            _ratio(lambda s, c, e: (s.sqrt() + e) / s.sqrt()),
            "ε is missing in the step with c. It is small beside a large root, but it is there.",
        ),
        Slip(
            "bracket below the line",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / (c * s.sqrt()) + e),
            "Below the line a bracket is missing, so that ε is added to the fraction.",
        ),
        Slip(
            "bracket above, division too",
            _ratio(lambda s, c, e: c * s.sqrt() + e / (c * s.sqrt() + e)),
            "Above the line a bracket is missing: only ε is divided.",
        ),
        Slip(
            "the new rate",
            _ratio(lambda s, c, e: c / (c * s.sqrt() + e)),
            "This is the step with c, for a gradient and an lr of 1. By what is it to be divided?",
        ),
        Slip(
            "difference",
            _ratio(lambda s, c, e: c / (c * s.sqrt() + e) - 1 / (s.sqrt() + e)),
            "This is a difference of the two steps. Asked is by what factor they differ.",
        ),
        Slip(
            "either end",
            _ratio(lambda s, c, e: torch.where(s.sqrt() > e, torch.ones_like(s), c)),
            "You give 1 above ε and c below it. These are the two ends; there is much between "
            "them: divide one step by the other.",
        ),
        Slip(
            "one factor for all",
            _ratio(
                lambda s, c, e: (
                    c * (s.mean().sqrt() + e) / (c * s.mean().sqrt() + e) + torch.zeros_like(s)
                )
            ),
            "All directions get one factor. Each has its own s, and its own factor.",
        ),
        Slip(
            "what is below the line",
            _ratio(lambda s, c, e: (c * s.sqrt() + e) / (s.sqrt() + e)),
            "This is by what factor the divisor grows. The step is the gradient over the divisor: "
            "turn it over, and remember what happens to the gradient.",
        ),
        Slip(
            "one over c",
            _ratio(lambda s, c, e: torch.ones_like(s) / c),
            "Your factor is one over c: you have divided by c and not multiplied. The gradient "
            "above the line is multiplied by c as well.",
        ),
        Slip(
            "c in the gradient only",
            _ratio(lambda s, c, e: c / (s.sqrt() + e)),
            "This is a step for a gradient of c and an s that knows nothing of c. What becomes of "
            "s, and by what is this step to be divided?",
        ),
        Slip(
            "eps inside the new root only",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / (c**2 * s + e).sqrt()),
            "In the step with c your ε has slipped inside the root. It is added to it, in both "
            "steps.",
        ),
        Slip(
            "new root forgotten",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / (c**2 * s + e)),
            "In the step with c a root is missing below the line.",
        ),
        Slip(
            "mean of the factors",
            _ratio(lambda s, c, e: (c * (s.sqrt() + e) / (c * s.sqrt() + e)).mean()),
            "Only one number comes back, the mean of all factors. Each direction has its own.",
        ),
        Slip(
            "product of the divisors",
            _ratio(lambda s, c, e: c / ((s.sqrt() + e) * (c * s.sqrt() + e))),
            "Both sums stand below the line. The step without c is divided by its sum, and you "
            "divide by that step: where does its sum go?",
        ),
        Slip(
            "no brackets at all",
            _ratio(lambda s, c, e: c * s.sqrt() + e / c * s.sqrt() + e),
            "Two pairs of brackets are missing, so that only ε is divided, and by c alone.",
        ),
        Slip(
            "c alone",
            lambda s, c, *, eps=1e-8: c,
            "Your factor is the number c, as for gradient descent. Each direction has a factor of "
            "its own: what becomes of s?",
        ),
        Slip(
            "divisors changed about",
            _ratio(lambda s, c, e: c * (c * s.sqrt() + e) / (s.sqrt() + e)),
            "The two divisors have changed places. The step with c is divided by the sum that has "
            "c in it: on which side of the line does that end up?",
        ),
        Slip(
            "root lost with c",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / (c * s + e)),
            "In the step with c the root of s is lost. Of c and s, which is to be squared under "
            "the root?",
        ),
        Slip(
            "eps of its own",
            _ratio(lambda s, c, e: c * (s.sqrt() + 1e-8) / (c * s.sqrt() + 1e-8)),
            "ε is 1e-8 in your function, whatever is handed in. That is its default.",
        ),
        Slip(
            "both steps",
            lambda s, c, *, eps=1e-8: (1 / (s.sqrt() + eps), c / (c * s.sqrt() + eps)),
            "You give back both steps. Asked is the second over the first.",
        ),
        Slip(
            "bracket below the line, product",
            _ratio(lambda s, c, e: c * (s.sqrt() + e) / c * (s.sqrt() + e)),
            "Below the line a bracket is missing: Python divides by c, and then multiplies. And c "
            "does not multiply ε.",
        ),
    ),
    also_right=(
        _by_two_steps,
        _ratio(lambda s, c, e: (s.sqrt() + e) / (s.sqrt() + e / c)),
        _ratio(lambda s, c, e: 1 + (c - 1) * e / (c * s.sqrt() + e)),
    ),
)
