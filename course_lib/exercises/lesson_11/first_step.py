"""Exercise 11.first_step: by how much Adam changes a parameter in its first step."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import correction
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("4 gradients, lr = 0.5 and ε = 0.1", (draw(4), 0.5, 0.1)),
        Case("2 by 3 gradients, lr = 0.2 and ε = 0.3", (draw(2, 3), 0.2, 0.3)),
        Case("5 gradients, lr = 2 and ε = 0.05", (3 * draw(5), 2.0, 0.05)),
        Case("gradients around 1 and ε = 1e-8", (draw(4), 0.1, 1e-8), special=True),
        Case("gradients as small as ε", (1e-8 * draw(4), 0.1, 1e-8), special=True),
        Case("gradients that are all 0", (0 * draw(3), 0.1, 1e-8), special=True),
        Case("gradients around 100,000", (1e5 * draw(3), 0.01, 1e-8), special=True),
        Case("1 gradient", (draw(1), 0.1, 0.01), special=True),
        Case("a lr of 0", (draw(3), 0.0, 0.1), special=True),
        Case(
            "6 gradients in float32, lr = 0.1 and ε = 0.01",
            (draw(6, dtype=torch.float32), 0.1, 0.01),
            special=True,
        ),
    ]


def _by_the_rule(g: Tensor, lr: float, eps: float) -> Tensor:
    m, v = 0.1 * g, 0.001 * g * g
    return -lr * (m / (1 - 0.9)) / ((v / (1 - 0.999)).sqrt() + eps)


SLIPS = """
sign: -lr → lr
    The sign is wrong. The exercise asks by how much the parameter changes: where g is above 0, it
    goes down.
ε forgotten: -lr * torch.sign(g)
    Every step has the full length lr. That is nearly so, while ε is small next to g. Where ε is as
    large as g, how long is the step?
no correction: lr * g → lr * 0.1 * g ; g.abs() → 0.001**0.5 * g.abs()
    These are the averages of the first step without their corrections. What becomes of 1 less β
    when it is divided by the correction at t = 1?
v not corrected: g.abs() → 0.001**0.5 * g.abs()
    v is not corrected: there is still the root of 1 less β₂ under the line. The correction at t = 1
    takes it away.
m not corrected: lr * g → lr * 0.1 * g
    m is not corrected: a tenth is left above the line. The correction at t = 1 takes it away.
ε before the correction: + eps → + eps / 0.001**0.5
    ε is added before v is corrected, which is the dialect of Keras. Here ε is added to the root of
    the corrected v.
ε inside the root: (g.abs() + eps) → (g * g + eps).sqrt()
    ε is under the root. In Adam it is added to the root.
ε outside: (g.abs() + eps) → g.abs() + eps
    ε is added to the change. It belongs under the line: look for a missing pair of brackets.
plain gradient descent: / (g.abs() + eps) →
    This is the step of gradient descent, long where the gradient is large. What does Adam divide it
    by?
momentum's first step: -lr * 0.1 * g
    This is the first step of momentum as an average. Adam corrects that average, and divides by a
    root.
size above the line: lr * g → lr * g.abs()
    Every parameter goes down, whatever the sign of its gradient. Above the line stands g itself.
no size below the line: g.abs() → g
    Under the line stands g with its sign, so that below 0 both signs cancel. The root of a square
    is never below 0.
no root: g.abs() → g * g
    The root is missing: under the line stands the square of g.
over the length: g.abs() → g.norm()
    You divide by the length of the whole gradient. Each parameter is divided by the size of its
    own.
ε before the size: (g.abs() + eps) → (g + eps).abs()
    ε is added to g before its size is taken, so that below 0 it counts the wrong way. First the
    size, then ε.
g missing above the line: lr * g → lr
    Above the line g is missing, so that small gradients make long steps, all of them downwards.
root of the size: g.abs() → g.abs().sqrt()
    Under the line stands the root of the size of g. The root is of the square of g.
no root, no correction: lr * g → lr * 0.1 * g ; g.abs() → 0.001 * g * g
    These are m and v of the first step as they are. Two things are missing: the corrections, and
    the root.
over the largest: g.abs() → g.abs().max()
    You divide by the largest of all gradients. Each parameter is divided by the size of its own.
the parameter after it: -lr * g → g - lr * g
    The gradient itself is in your result. The exercise asks for the change of the parameter alone.
lr forgotten: lr * g → g
    The learning rate is missing.
1e-8 for ε: eps → 1e-8
    Your ε is always 1e-8. Take the one that is handed in.
brackets forgotten: (g.abs() + eps) → g.abs() - eps
    ε is taken off the change. It belongs under the line: look for a missing pair of brackets.
a constant length: torch.full_like(g, -lr)
    The change is the same for all, whatever the gradient. Its length is nearly lr; what gives it
    its sign?
sign, ε forgotten: lr * torch.sign(g)
    Two things: the sign is wrong, since where g is above 0 the parameter goes down. And where ε is
    as large as g, the step is shorter than lr.
the size alone: -lr * g → lr * g.abs()
    This is the length of the change. The exercise asks for the change with its sign: where g is
    above 0, the parameter goes down.
ε added to the quotient: g / (g.abs() + eps) → (g / g.abs() + eps)
    ε is added to the quotient. It belongs under the line: look at your brackets.
"""

FIRST_STEP = Exercise(
    id="11.first_step",
    points=2,
    asks="by how much Adam changes a parameter in its first step",
    reference=correction.first_step,
    cases=_cases,
    hints=(
        "Before the first step m and v are 0. What are they after it, in terms of g, β₁ and β₂? "
        "What do the corrections divide them by at t = 1?",
        "So every β cancels: the corrected m is g, and the corrected v is its square. What is the "
        "root of a square, also where g is below 0?",
        "The change is lr times g over its own size with ε added, with the sign of descent.",
    ),
    slips=slips(SLIPS, correction.first_step),
    also_right=(
        _by_the_rule,
        lambda g, lr, eps: -lr * g / ((g * g).sqrt() + eps),
        lambda g, lr, eps: -lr * torch.sign(g) * g.abs() / (g.abs() + eps),
        lambda g, lr, eps: torch.zeros_like(g) - lr * g / (torch.abs(g) + eps),
    ),
    needs=("vmap",),
)
