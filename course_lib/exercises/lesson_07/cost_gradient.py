"""Exercise 07.cost_gradient: how fast the cost J rises with the weight and with the bias."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim.cost import cost_gradient
from ..drawing import drawing

Two = tuple[Tensor, Tensor]


def _cost_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, n: int, **more: bool) -> Case:
        return Case(words, (*draw(2), 1 + draw(n), 2 + draw(n)), **more)

    w, b, x, y = *draw(2), draw(4), draw(4)
    single = torch.float32
    return [
        case("5 examples", 5),
        case("8 examples", 8),
        case("3 examples", 3),
        case("12 examples", 12),
        case("1 example", 1, special=True),
        Case("inputs that are all 0", (w, b, torch.zeros_like(x), y), special=True),
        Case("w = 0 and b = 0", (torch.zeros_like(w), torch.zeros_like(b), x, y), special=True),
        Case("a line through all examples", (w, b, x, w * x + b), special=True),
        Case("inputs around 1000", (w, b, 1000 + x, y), special=True),
        Case(
            "100 examples in float32",
            (*draw(2, dtype=single), draw(100, dtype=single), draw(100, dtype=single)),
            special=True,
        ),
    ]


def _by_autograd(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    return torch.func.grad(lambda w, b: ((w * x + b - y) ** 2).mean(), (0, 1))(w, b)


def _by_loop(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    dw, db = 0 * w, 0 * b
    for i in range(len(x)):
        r = w * x[i] + b - y[i]
        dw = dw + 2 * r * x[i] / len(x)
        db = db + 2 * r / len(x)
    return dw, db


SLIPS = """
gradient of the sum: .mean( → .sum(
    This is the gradient of the sum of the squares. J is their mean, so that twice the data do
    not make steps twice as long.
sum for the weight: (2 * r * x).mean → (2 * r * x).sum
    For the weight the examples are added up, for the bias they are averaged. J is a mean.
sum for the bias: (2 * r).mean → (2 * r).sum
    For the bias the examples are added up, for the weight they are averaged. J is a mean.
residual the wrong way round: r = → r = y - ( ; - y → )
    Both signs are wrong: this points downhill. Is your residual prediction minus target? (The
    square does not mind, its slope does. The minus of descent comes later.)
sign of the weight's: (2 * r * x) → -(2 * r * x)
    The slope along w has the wrong sign, the one along b is right.
sign of the bias's: (2 * r) → -(2 * r)
    The slope along b has the wrong sign, the one along w is right.
factor 2 forgotten: 2 * r → r
    Both are half of what they should be. That is the gradient of J/2, which some books take for
    J, a dialect. Here J has no half: what is the slope of r²?
factor 2 forgotten for the weight: 2 * r * x → r * x
    The slope along w is half of what it should be, the one along b is right.
factor 2 forgotten for the bias: (2 * r) → r
    The slope along b is half of what it should be, the one along w is right.
x forgotten: r * x → r
    Both slopes are the same, as if w were added like b. How fast does a prediction change with
    w?
x for the bias too: (2 * r) → (2 * r * x)
    Both slopes are the same, as if b were multiplied by the input like w. How fast does a
    prediction change with b?
swapped: (2 * r * x) ↔ (2 * r)
    Both slopes are right, and they come in the wrong order: the one along w first.
product of means: (2 * r * x).mean(dim=-1) → 2 * r.mean() * x.mean()
    For the weight this is the mean residual times the mean input. Each example needs its own
    product before the mean is taken.
mean residual times each input: (2 * r * x).mean(dim=-1) → 2 * r.mean() * x
    The weight gets a slope for each example, made with the mean residual. Multiply first,
    example by example, then take the mean.
not averaged: .mean(dim=-1) →
    Weight and bias get a slope for each example. J is one number for all of them: put the
    examples together.
not averaged for the bias: (2 * r).mean(dim=-1) → 2 * r
    The bias gets a slope for each example, the weight one for all. J is one number for all
    examples.
averaged twice: .mean(dim=-1) → .mean() / len(x)
    Both are divided by the number of examples twice. `mean` has done it already.
bias forgotten in the prediction: + b[..., None] →
    The residuals are those of a line through the origin. The prediction has a bias.
bias taken off: + b → - b
    In your residuals the bias has the wrong sign. Write out prediction minus target, and look
    for brackets behind a minus.
bracket around the prediction forgotten: r = w[..., None] * x + b[..., None] - y → r = y - w * x + b
    In your residuals w x and b have opposite signs: a minus before a sum needs brackets. And
    prediction minus target needs no such minus.
input times target only: 2 * r * x → 2 * (w * x + b - y * x)
    For the weight only the target is multiplied by the input. It is the whole residual that is:
    look for brackets.
input squared: r * x → r * x**2
    For the weight the input is multiplied in twice. How fast does a prediction change with w?
bias forgotten in its own slope: (2 * r) → (2 * (r - b))
    The slope along w is right. For the other one your residuals have no bias.
target added: - y → + y
    In your residuals the target is added to the prediction. It is how far they are apart that
    counts.
target forgotten: - y →
    The targets play no part. How wrong a prediction is depends on what it should be.
residual forgotten: 2 * r * x → 2 * x ; (2 * r).mean(dim=-1) → 2 + 0 * b
    The residuals are missing. The slope of a square depends on where you stand.
residual squared: 2 * r → 2 * r**2
    The residuals are still squared. What is the slope of r²?
square for twice: 2 * r → r**2
    The residuals are squared where they should be doubled: `**2` and `2 *` are easily mixed up.
the cost itself: 2 * r * x → r**2 ; 2 * r → r**2
    This is the cost J, twice. Its slopes are asked for.
size of the residual: 2 * r → 2 * r.abs()
    The residuals have lost their signs. Which way to go depends on whether a prediction is too
    high or too low.
sign of the residual: 2 * r → r.sign()
    This is the gradient of the mean absolute error of lesson 05. J is a mean of squares.
w for x: r * x → r * w
    The slope along w is multiplied by w. How fast does w x change when w does?
b in its own slope: (2 * r) → (2 * r * b)
    The slope along b is multiplied by b. By how much does a prediction rise when b rises by 1?
each multiplied by itself: r * x → r * w ; (2 * r) → (2 * r * b)
    Each slope is multiplied by its own parameter. What counts is how fast a prediction changes
    with it.
2 times the first term only: r = → r = 2 * ; 2 * r → r
    The 2 multiplies w x alone. Look for brackets around your residual.
weight's slope only: , (2 * r).mean(dim=-1) →
    There is one result, the slope along w. The one along b is asked for as well.
in one tensor: return → return torch.stack([ ; (2 * r).mean(dim=-1) → (2 * r).mean()])
    Both slopes are right, but they come in one tensor. Return them one beside the other:
    `return dw, db`.
last example only: .mean(dim=-1) → [-1]
    Only the last example counts. In a loop, add to what is there (`+=`), and divide by n at the
    end.
last example only, divided by the count: .mean(dim=-1) → [-1] / len(x)
    Only the last example is left, divided by n. If you use a loop: does each turn overwrite
    what the one before found? Add to it (`+=`).
return inside the loop: .mean(dim=-1) → [0] / len(x)
    Only the first example counts. If you use a loop: is your `return` inside it?
target for the input: r * x → r * y
    For the weight the residual is multiplied by the target. How fast does a prediction change
    with w?
sum without the 2: 2 * r → r ; .mean( → .sum(
    This is a sum where a mean is asked for, and the slope of a square is missing its factor.
wrong way round without the 2: 2 * r → -r
    Two slips: the residual is taken the wrong way round, and the slope of a square is missing
    its factor.
wrong way round as a sum: 2 * r → -2 * r ; .mean( → .sum(
    Two slips: the residual is taken the wrong way round, and there is a sum where a mean is
    asked for.
quarter: 2 * r → r / 2
    Both are a quarter of what they should be: the slope of a square multiplies by 2, it does
    not divide.
slopes of the prediction: x.mean(), torch.ones_like(b)
    These are the slopes of a prediction. How wrong it is has a part in the slope of J.
a step of descent: (2 * r * x) → w - (2 * r * x) ; (2 * r) → b - (2 * r)
    This takes a step. Asked for are the slopes alone; the step is the next exercise.
"""

COST_GRADIENT = Exercise(
    id="07.cost_gradient",
    points=2,
    asks="how fast the cost J rises with the weight and with the bias",
    reference=cost_gradient,
    cases=_cost_cases,
    hints=(
        "Take one example. Its part of J is the square of its residual r. How fast does r² change "
        "with r? How fast does r change with w, and how fast with b?",
        "Chain the slopes, as in lesson 06. With w you get a product of three factors, with b one "
        "factor fewer. Do it for all examples at once.",
        "J is a mean over the examples, so each of its slopes is the mean of theirs. Return the "
        "one of w first.",
    ),
    slips=slips(SLIPS, cost_gradient),
    also_right=(
        _by_autograd,
        _by_loop,
        lambda w, b, x, y: (
            2 * ((w * x + b - y) * x).sum() / len(x),
            2 * (w * x + b - y).sum() / len(x),
        ),
    ),
    needs=("vmap",),
)
