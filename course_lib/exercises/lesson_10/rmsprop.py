"""Exercise 10.rmsprop: a step of RMSProp."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule, slips_of_epsilon
from .shared import OF_A_ROOT, held


def _rmsprop_cases(seed: int) -> list[Case]:
    draw, squares = held(seed)

    def step(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
        p, g = draw(*shape, dtype=dtype), draw(*shape, dtype=dtype)
        return p, g, squares(*shape, dtype=dtype)

    p, g, s = step(4)
    zero, plain = torch.zeros_like(g), {"lr": 0.1, "beta": 0.9, "eps": 1e-6}
    small = {"lr": 0.5, "beta": 0.7, "eps": 0.02}
    return [
        Case("5 numbers, β = 0.9 and ε = 0.1", step(5), {"lr": 0.3, "beta": 0.9, "eps": 0.1}),
        Case("3 by 4 numbers, β = 0.4, ε = 0.5", step(3, 4), {"lr": 2.0, "beta": 0.4, "eps": 0.5}),
        Case("6 numbers, β = 0.8, ε = 0.01", step(6), {"lr": 0.05, "beta": 0.8, "eps": 0.01}),
        Case("gradients around a hundredth", (p, 0.01 * g, 1e-4 * s), small),
        Case("the default β and ε", step(4), {"lr": 0.1}, special=True),
        Case(
            "the default ε and tiny gradients", (p, 1e-7 * g, 1e-14 * s), {"lr": 0.1}, special=True
        ),
        Case("an s of 0, as before the first step", (p, g, zero), plain, special=True),
        Case("a gradient of 0", (p, zero, s), plain, special=True),
        Case("a gradient of 0 and an s of 0", (p, zero, zero), plain, special=True),
        Case("gradients around a million", (p, 1e6 * g, 1e12 * s), plain, special=True),
        Case("gradients around a millionth", (p, 1e-6 * g, 1e-12 * s), plain, special=True),
        Case("a β of 0", step(4), {"lr": 0.1, "beta": 0.0, "eps": 0.1}, special=True),
        Case("1 number", step(1), plain, special=True),
        Case("50 numbers in float32", step(50, dtype=torch.float32), plain, special=True),
    ]


def _in_one_line(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = s.lerp(g.square(), 1 - beta)
    return p - lr / (s**0.5 + eps) * g, s


def _by_addcdiv(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = (s * beta).addcmul(g, g, value=1 - beta)
    return torch.addcdiv(p, g, s.sqrt() + eps, value=-lr), s


def _as_a_list(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = s + (1 - beta) * (g**2 - s)
    return [p - lr * g / (s.sqrt() + eps), s]


SLIPS = """
larger of root and eps: (s.sqrt() + eps) → s.sqrt().clamp(min=eps)
    You divide by the root or by ε, whichever is larger. That is a dialect, and it prevents division
    by zero too. Here ε is added to the root, however large that is.
no root: s.sqrt() → s
    The root is missing: the gradient is divided by an average of squares. A gradient twice as large
    then makes a step half as large.
no square: g * g → g
    s averages the gradients themselves, not their squares. It can be below 0, and then there is no
    root.
size for square: g * g → g.abs()
    s averages the sizes of the gradients; it should average their squares. The root comes later, of
    the average.
1 - beta missing: (1 - beta) * g → g
    The squared gradient enters s with its full weight. So s is no average: with β = 0.99 it ends up
    a hundred times too large. What must the two weights add up to?
beta swapped: beta * s + (1 - beta) → (1 - beta) * s + beta
    β and 1 - β have changed places: s hardly remembers anything. Which of the two is the larger,
    and what should weigh more, the past or the newest gradient?
bracket in 1 - beta: (1 - beta) → 1 - beta
    In the average a bracket is missing: β alone is multiplied by the square, and the 1 is added as
    it is.
weight squared too: (1 - beta) * g * g → ((1 - beta) * g) ** 2
    1 - β is squared along with the gradient. Only the gradient is: look at your brackets.
square of the average: beta * s + (1 - beta) * g * g → (beta * s + (1 - beta) * g) ** 2
    The average is squared as a whole. Square the gradient first, and average then.
started anew: beta * s + →
    The s that is handed in has no part in the new one: the average starts from 0 again at each
    call. What should become of the old s?
multiplied: g / ( → g * (
    The gradient is multiplied by the root. So large gradients make even larger steps.
divided by itself: s.sqrt() → g.abs()
    The gradient is divided by its own size, so that only its sign is left. What has been averaged
    in s plays no part in your step.
sum for average: beta * s + (1 - beta) * g → s + g
    s adds up the squared gradients. That is AdaGrad, which comes later in this lesson: its s never
    forgets. RMSProp averages.
momentum: g * g → g ; g / (s.sqrt() + eps) → s
    This is momentum, from lesson 09: it averages gradients and steps along the average. Here the
    squares are averaged, and the gradient is divided.
s as the step: lr * g → lr * s
    The average is divided by its own root. Above the line stands the gradient.
root kept: eps), s → eps), s.sqrt()
    What you hand back is the root of s. The next average goes on from s itself.
one rate for all: s.sqrt() → s.mean().sqrt()
    All directions are divided by one number, made of all of them. Each is to be divided by its own:
    no mean or norm over the tensor.
beta hard-coded, 0.9: beta → 0.9
    β is 0.9 in your function, whatever is handed in. Look for a number where the argument should
    stand.
beta hard-coded, 0.99: beta → 0.99
    β is 0.99 in your function, whatever is handed in. Look for a number where the argument should
    stand.
eps inside and no root: (s.sqrt() + eps) → (s + eps) ** 2
    You divide by a square where a root should be: look at the power below the line.
parameters averaged: g * g → p * p
    s averages the squares of the parameter. It should know how large the gradients are.
divided by 1 - beta: beta * s + (1 - beta) * g * g → (beta * s + (1 - beta) * g * g) / (1 - beta)
    The average is divided by 1 - β once more, at every step. Its two weights add up to 1 already.
square of all: g * g → (g * g).sum()
    The squares of all directions are added up before they are averaged. Each direction keeps its
    own: no sum or norm over the tensor.
mean square of all: g * g → (g * g).mean()
    The squares of all directions are averaged with each other. Each direction keeps its own, and
    averages it over the steps: no mean over the tensor.
spread for square: g * g → (g - s) ** 2
    s averages squares of g minus s. That is how a variance would look; here the squared gradient
    itself is averaged.
old s squared: beta * s → beta * s * s
    The old s is squared as well. It is an average of squares already.
eps multiplied: (s.sqrt() + eps) → s.sqrt() * eps
    ε is multiplied, which makes the step vanish. It is added, below the line.
size for square, no root: g * g → g.abs() ; s.sqrt() → s
    You divide by an average of sizes. That is a rule too, and no slip; RMSProp averages squares,
    and takes the root of the average.
subtracted: + (1 - beta) → - (1 - beta)
    In the average the square is taken off, so that s falls below 0 and has no root. It is added.
matrix product: g * g → (g @ g)
    `@` multiplies and adds up over all directions. Each direction is squared by itself.
s for the gradient: g / (s.sqrt() + eps) → s
    The step is along s, which is never below 0, and nothing is divided. s tells how large gradients
    are, and not where they point.
eps added to the rate: lr * g / (s.sqrt() + eps) → (lr / s.sqrt() + eps) * g
    ε is added to the rate, after the division. It belongs below the line: look at your brackets.
own β and own ε: beta → 0.99 ; eps → 1e-8
    β is 0.99 and ε is 1e-8 in your rule, whatever is handed in. Those are their defaults.
"""

RMSPROP = Exercise(
    id="10.rmsprop",
    points=3,
    asks="a step of RMSProp",
    reference=rules.rmsprop,
    cases=_rmsprop_cases,
    hints=(
        "The rule has two lines, one for s and one for p. The first is a moving average as in "
        "lesson 09. What is averaged?",
        "In the second line the gradient is divided by something of its own size. An average of "
        "squares is too large for that: what brings it back? Where does ε go, so that nothing is "
        "ever divided by 0?",
        "New s: β of the old one, and the rest of the squared gradient. Then the step, with the "
        "new s: lr times g, over the sum of the root and ε. Give back p and s, in this order.",
    ),
    slips=slips(SLIPS + OF_A_ROOT, rules.rmsprop)
    + slips_of_a_rule(rules.rmsprop, without={"slots swapped"})
    + slips_of_epsilon(rules.rmsprop),
    also_right=(_in_one_line, _by_addcdiv, _as_a_list),
    needs=("rule", "vmap"),
)
