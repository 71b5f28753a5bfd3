"""Exercise 10.adagrad: a step of AdaGrad."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule, slips_of_epsilon
from .shared import OF_A_ROOT, held


def _adagrad_cases(seed: int) -> list[Case]:
    draw, squares = held(seed)

    def step(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
        p, g = draw(*shape, dtype=dtype), draw(*shape, dtype=dtype)
        return p, g, squares(*shape, dtype=dtype)

    p, g, s = step(4)
    zero, plain = torch.zeros_like(g), {"lr": 0.1, "eps": 1e-6}
    return [
        Case("5 numbers and ε = 0.1", step(5), {"lr": 0.3, "eps": 0.1}),
        Case("3 by 4 numbers and ε = 0.5", step(3, 4), {"lr": 2.0, "eps": 0.5}),
        Case("6 numbers and ε = 0.01", step(6), {"lr": 0.05, "eps": 0.01}),
        Case("gradients around a hundredth", (p, 0.01 * g, 1e-4 * s), {"lr": 0.5, "eps": 0.02}),
        Case("the default ε", step(4), {"lr": 0.1}, special=True),
        Case(
            "the default ε and tiny gradients", (p, 1e-9 * g, 1e-18 * s), {"lr": 0.1}, special=True
        ),
        Case("an s of 0, as before the first step", (p, g, zero), plain, special=True),
        Case("a gradient of 0", (p, zero, s), plain, special=True),
        Case("a gradient of 0 and an s of 0", (p, zero, zero), plain, special=True),
        Case("an s around a million", (p, g, 1e6 * s), plain, special=True),
        Case("gradients around a millionth", (p, 1e-6 * g, 1e-12 * s), plain, special=True),
        Case("1 number", step(1), plain, special=True),
        Case("50 numbers in float32", step(50, dtype=torch.float32), plain, special=True),
    ]


def _by_power(p, g, s, *, lr, eps=1e-10):
    new = torch.addcmul(s, g, g)
    return p - lr / (new**0.5 + eps) * g, new


def _as_a_list(p, g, s, *, lr, eps=1e-10):
    s = s + g.square()
    return [p - lr * g / (eps + torch.sqrt(s)), s]


def _with_sizes(p, g, s, *, lr, eps=1e-10):
    new = g.abs() ** 2 + s
    return p - lr * (g / (new.sqrt() + eps)), new


SLIPS = """
RMSProp with 0.9: s + g * g → 0.9 * s + 0.1 * g * g
    s is an average here, so this is RMSProp once more. AdaGrad forgets nothing.
RMSProp with 0.99: s + g * g → 0.99 * s + 0.01 * g * g
    s is an average here, so this is RMSProp once more, with β = 0.99. AdaGrad forgets nothing.
still forgetting: s + g → 0.99 * s + g
    The old s still loses a hundredth at each step. AdaGrad forgets nothing: which factor is left
    over from RMSProp?
no root: s.sqrt() → s
    The root is missing: the gradient is divided by a sum of squares. A gradient twice as large then
    makes a step half as large.
no square: g * g → g
    s adds up the gradients themselves, not their squares. Gradients of both signs cancel in it.
size for square: g * g → g.abs()
    s adds up the sizes of the gradients; it should add up their squares.
square of the sum: s + g * g → (s + g) ** 2
    The sum is squared as a whole. Square the gradient first, and add then.
no memory: s + g → g
    The old s is lost: only the newest gradient is in it, so that every step is as long as the
    first.
nothing added up: p - lr * g / (g.abs() + eps), s.clone()
    Each gradient is divided by its own size alone, and s comes back as it came in. Nothing is ever
    added up: what is s for?
multiplied into s: s + g → s * g
    The squared gradient is multiplied into s. From an s of 0 that never gets away.
one rate for all: s.sqrt() → s.sum().sqrt()
    All directions are divided by one number. That is a dialect of its own, AdaGrad with a norm;
    the exercise asks for the usual form, in which each direction has its own sum.
root kept: eps), s → eps), s.sqrt()
    What you hand back is the root of s. The next sum goes on from s itself.
mean of old and new: s + g * g → (s + g * g) / 2
    s is the mean of the old s and the square. AdaGrad adds up: nothing is halved.
multiplied: g / ( → g * (
    The gradient is multiplied by the root. So steps grow as gradients come in.
rate kept: eps), s → eps), lr / (s.sqrt() + eps)
    The second result is the rate of each direction. What the rule has to remember is s.
squares of all: g * g → (g * g).sum()
    The squares of all directions are added to each s. Each direction keeps its own: no sum over the
    tensor.
mean square of all: g * g → (g * g).mean()
    The squares of all directions are averaged with each other, and their mean is added to each s.
    Each direction keeps its own: no mean over the tensor.
subtracted: s + g → s - g
    The square is taken away from s, which soon falls below 0. It is added.
divided by itself: s.sqrt() → g.abs()
    The gradient is divided by its own size. What has been added up in s plays no part in your step.
parameters added up: g * g → p * p
    s adds up the squares of the parameter. It should know how large the gradients are.
size for square, no root: g * g → g.abs() ; s.sqrt() → s
    You divide by a sum of sizes. AdaGrad adds up squares, and takes the root of the sum.
old s squared: s + g → s * s + g
    The old s is squared as well. It is a sum of squares already.
s as the step: lr * g → lr * s
    The sum is divided by its own root. Above the line stands the gradient.
"""

ADAGRAD = Exercise(
    id="10.adagrad",
    points=2,
    asks="a step of AdaGrad",
    reference=rules.adagrad,
    cases=_adagrad_cases,
    hints=(
        "Start from your RMSProp. Which of its two lines makes an average, and what would make it "
        "a sum?",
        "A sum takes all of what was there and all of what comes: no weights. The line of the step "
        "stays as it is.",
        "New s: the old one and the squared gradient, both as they are. Then lr times g over the "
        "root of the new s with ε added; give back p and s.",
    ),
    slips=slips(SLIPS + OF_A_ROOT, rules.adagrad)
    + slips_of_a_rule(rules.adagrad, without={"slots swapped"})
    + slips_of_epsilon(rules.adagrad),
    also_right=(_by_power, _as_a_list, _with_sizes),
    needs=("rule", "vmap"),
)
