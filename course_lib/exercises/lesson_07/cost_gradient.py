"""Exercise 07.cost_gradient: how fast the cost J rises with the weight and with the bias."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import cost
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


def _slip(
    residual: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = lambda w, b, x, y: w * x + b - y,
    of_w: Callable[[Tensor, Tensor], Tensor] = lambda r, x: (2 * r * x).mean(),
    of_b: Callable[[Tensor, Tensor], Tensor] = lambda r, x: (2 * r).mean(),
) -> Callable[[Tensor, Tensor, Tensor, Tensor], Two]:
    """Return an answer that differs from the right one in what is handed in."""

    def answer(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
        r = residual(w, b, x, y)
        return of_w(r, x), of_b(r, x)

    return answer


def _target_for_input(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    r = w * x + b - y
    return (2 * r * y).mean(), (2 * r).mean()


def _swapped(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    r = w * x + b - y
    return (2 * r).mean(), (2 * r * x).mean()


def _by_autograd(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    return torch.func.grad(lambda w, b: ((w * x + b - y) ** 2).mean(), (0, 1))(w, b)


def _by_loop(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Two:
    dw, db = 0 * w, 0 * b
    for i in range(len(x)):
        r = w * x[i] + b - y[i]
        dw = dw + 2 * r * x[i] / len(x)
        db = db + 2 * r / len(x)
    return dw, db


COST_GRADIENT = Exercise(
    id="07.cost_gradient",
    points=2,
    asks="how fast the cost J rises with the weight and with the bias",
    reference=cost.cost_gradient,
    cases=_cost_cases,
    hints=(
        "Take one example. Its part of J is the square of its residual r. How fast does r² change "
        "with r? How fast does r change with w, and how fast with b?",
        "Chain the slopes, as in lesson 06. With w you get a product of three factors, with b one "
        "factor fewer. Do it for all examples at once.",
        "J is a mean over the examples, so each of its slopes is the mean of theirs. Return the "
        "one of w first.",
    ),
    slips=(
        Slip(
            "gradient of the sum",
            _slip(of_w=lambda r, x: (2 * r * x).sum(), of_b=lambda r, x: (2 * r).sum()),
            "This is the gradient of the sum of the squares. J is their mean, so that twice the "
            "data do not make steps twice as long.",
        ),
        Slip(
            "sum for the weight",
            _slip(of_w=lambda r, x: (2 * r * x).sum()),
            "For the weight the examples are added up, for the bias they are averaged. J is a "
            "mean.",
        ),
        Slip(
            "sum for the bias",
            _slip(of_b=lambda r, x: (2 * r).sum()),
            "For the bias the examples are added up, for the weight they are averaged. J is a "
            "mean.",
        ),
        Slip(
            "residual the wrong way round",
            _slip(residual=lambda w, b, x, y: y - (w * x + b)),
            "Both signs are wrong: this points downhill. Is your residual prediction minus target? "
            "(The square does not mind, its slope does. The minus of descent comes later.)",
        ),
        Slip(
            "sign of the weight's",
            _slip(of_w=lambda r, x: -(2 * r * x).mean()),
            "The slope along w has the wrong sign, the one along b is right.",
        ),
        Slip(
            "sign of the bias's",
            _slip(of_b=lambda r, x: -(2 * r).mean()),
            "The slope along b has the wrong sign, the one along w is right.",
        ),
        Slip(
            "factor 2 forgotten",
            _slip(of_w=lambda r, x: (r * x).mean(), of_b=lambda r, x: r.mean()),
            "Both are half of what they should be. That is the gradient of J/2, which some books "
            "take for J, a dialect. Here J has no half: what is the slope of r²?",
        ),
        Slip(
            "factor 2 forgotten for the weight",
            _slip(of_w=lambda r, x: (r * x).mean()),
            "The slope along w is half of what it should be, the one along b is right.",
        ),
        Slip(
            "factor 2 forgotten for the bias",
            _slip(of_b=lambda r, x: r.mean()),
            "The slope along b is half of what it should be, the one along w is right.",
        ),
        Slip(
            "x forgotten",
            _slip(of_w=lambda r, x: (2 * r).mean()),
            "Both slopes are the same, as if w were added like b. How fast does a prediction "
            "change with w?",
        ),
        Slip(
            "x for the bias too",
            _slip(of_b=lambda r, x: (2 * r * x).mean()),
            "Both slopes are the same, as if b were multiplied by the input like w. How fast does "
            "a prediction change with b?",
        ),
        Slip(
            "swapped",
            _swapped,
            "Both slopes are right, and they come in the wrong order: the one along w first.",
        ),
        Slip(
            "product of means",
            _slip(of_w=lambda r, x: 2 * r.mean() * x.mean()),
            "For the weight this is the mean residual times the mean input. Each example needs its "
            "own product before the mean is taken.",
        ),
        Slip(
            "mean residual times each input",
            _slip(of_w=lambda r, x: 2 * r.mean() * x),
            "The weight gets a slope for each example, made with the mean residual. Multiply "
            "first, example by example, then take the mean.",
        ),
        Slip(
            "not averaged",
            _slip(of_w=lambda r, x: 2 * r * x, of_b=lambda r, x: 2 * r),
            "Weight and bias get a slope for each example. J is one number for all of them: put "
            "the examples together.",
        ),
        Slip(
            "not averaged for the bias",
            _slip(of_b=lambda r, x: 2 * r),
            "The bias gets a slope for each example, the weight one for all. J is one number for "
            "all examples.",
        ),
        Slip(
            "averaged twice",
            _slip(
                of_w=lambda r, x: (2 * r * x).mean() / len(x),
                of_b=lambda r, x: (2 * r).mean() / len(x),
            ),
            "Both are divided by the number of examples twice. `mean` has done it already.",
        ),
        Slip(
            "bias forgotten in the prediction",
            _slip(residual=lambda w, b, x, y: w * x - y),
            "The residuals are those of a line through the origin. The prediction has a bias.",
        ),
        Slip(
            "bias taken off",
            _slip(residual=lambda w, b, x, y: w * x - b - y),
            "In your residuals the bias has the wrong sign. Write out prediction minus target, and "
            "look for brackets behind a minus.",
        ),
        Slip(
            "bracket around the prediction forgotten",
            _slip(residual=lambda w, b, x, y: y - w * x + b),
            "In your residuals w x and b have opposite signs: a minus before a sum needs brackets. "
            "And prediction minus target needs no such minus.",
        ),
        Slip(
            "input times target only",
            lambda w, b, x, y: ((2 * (w * x + b - y * x)).mean(), (2 * (w * x + b - y)).mean()),
            "For the weight only the target is multiplied by the input. It is the whole residual "
            "that is: look for brackets.",
        ),
        Slip(
            "input squared",
            _slip(of_w=lambda r, x: (2 * r * x**2).mean()),
            "For the weight the input is multiplied in twice. How fast does a prediction change "
            "with w?",
        ),
        Slip(
            "bias forgotten in its own slope",
            lambda w, b, x, y: ((2 * (w * x + b - y) * x).mean(), (2 * (w * x - y)).mean()),
            "The slope along w is right. For the other one your residuals have no bias.",
        ),
        Slip(
            "target added",
            _slip(residual=lambda w, b, x, y: w * x + b + y),
            "In your residuals the target is added to the prediction. It is how far they are apart "
            "that counts.",
        ),
        Slip(
            "target forgotten",
            _slip(residual=lambda w, b, x, y: w * x + b),
            "The targets play no part. How wrong a prediction is depends on what it should be.",
        ),
        Slip(
            "residual forgotten",
            _slip(of_w=lambda r, x: (2 * x).mean(), of_b=lambda r, x: 2 + 0 * r.mean()),
            "The residuals are missing. The slope of a square depends on where you stand.",
        ),
        Slip(
            "residual squared",
            _slip(of_w=lambda r, x: (2 * r**2 * x).mean(), of_b=lambda r, x: (2 * r**2).mean()),
            "The residuals are still squared. What is the slope of r²?",
        ),
        Slip(
            "square for twice",
            _slip(of_w=lambda r, x: (r**2 * x).mean(), of_b=lambda r, x: (r**2).mean()),
            "The residuals are squared where they should be doubled: `**2` and `2 *` are easily "
            "mixed up.",
        ),
        Slip(
            "the cost itself",
            _slip(of_w=lambda r, x: (r**2).mean(), of_b=lambda r, x: (r**2).mean()),
            "This is the cost J, twice. Its slopes are asked for.",
        ),
        Slip(
            "size of the residual",
            _slip(
                of_w=lambda r, x: (2 * r.abs() * x).mean(), of_b=lambda r, x: (2 * r.abs()).mean()
            ),
            "The residuals have lost their signs. Which way to go depends on whether a prediction "
            "is too high or too low.",
        ),
        Slip(
            "sign of the residual",
            _slip(of_w=lambda r, x: (r.sign() * x).mean(), of_b=lambda r, x: r.sign().mean()),
            "This is the gradient of the mean absolute error of lesson 05. J is a mean of squares.",
        ),
        Slip(
            "w for x",
            lambda w, b, x, y: ((2 * (w * x + b - y) * w).mean(), (2 * (w * x + b - y)).mean()),
            "The slope along w is multiplied by w. How fast does w x change when w does?",
        ),
        Slip(
            "b in its own slope",
            lambda w, b, x, y: (
                (2 * (w * x + b - y) * x).mean(),
                (2 * (w * x + b - y) * b).mean(),
            ),
            "The slope along b is multiplied by b. By how much does a prediction rise when b rises "
            "by 1?",
        ),
        Slip(
            "each multiplied by itself",
            lambda w, b, x, y: (
                (2 * (w * x + b - y) * w).mean(),
                (2 * (w * x + b - y) * b).mean(),
            ),
            "Each slope is multiplied by its own parameter. What counts is how fast a prediction "
            "changes with it.",
        ),
        Slip(
            "2 times the first term only",
            lambda w, b, x, y: (((2 * w * x + b - y) * x).mean(), (2 * w * x + b - y).mean()),
            "The 2 multiplies w x alone. Look for brackets around your residual.",
        ),
        Slip(
            "weight's slope only",
            lambda w, b, x, y: (2 * (w * x + b - y) * x).mean(),
            "There is one result, the slope along w. The one along b is asked for as well.",
        ),
        Slip(
            "in one tensor",
            lambda w, b, x, y: torch.stack(_slip()(w, b, x, y)),
            "Both slopes are right, but they come in one tensor. Return them one beside the other: "
            "`return dw, db`.",
        ),
        Slip(
            "last example only",
            lambda w, b, x, y: (2 * (w * x + b - y)[-1] * x[-1], 2 * (w * x + b - y)[-1]),
            "Only the last example counts. In a loop, add to what is there (`+=`), and divide by "
            "n at the end.",
        ),
        Slip(
            "last example only, divided by the count",
            lambda w, b, x, y: (
                2 * (w * x + b - y)[-1] * x[-1] / len(x),
                2 * (w * x + b - y)[-1] / len(x),
            ),
            "Only the last example is left, divided by n: each turn of a loop overwrites what the "
            "one before found. Add to it (`+=`).",
        ),
        Slip(
            "return inside the loop",
            lambda w, b, x, y: (
                2 * (w * x + b - y)[0] * x[0] / len(x),
                2 * (w * x + b - y)[0] / len(x),
            ),
            "Only the first example counts. Is your `return` inside the loop?",
        ),
        Slip(
            "target for the input",
            _target_for_input,
            "For the weight the residual is multiplied by the target. How fast does a prediction "
            "change with w?",
        ),
        Slip(
            "sum without the 2",
            _slip(of_w=lambda r, x: (r * x).sum(), of_b=lambda r, x: r.sum()),
            "This is a sum where a mean is asked for, and the slope of a square is missing its "
            "factor.",
        ),
        Slip(
            "wrong way round without the 2",
            _slip(of_w=lambda r, x: -(r * x).mean(), of_b=lambda r, x: -r.mean()),
            "Two slips: the residual is taken the wrong way round, and the slope of a square is "
            "missing its factor.",
        ),
        Slip(
            "wrong way round as a sum",
            _slip(of_w=lambda r, x: -(2 * r * x).sum(), of_b=lambda r, x: -(2 * r).sum()),
            "Two slips: the residual is taken the wrong way round, and there is a sum where a "
            "mean is asked for.",
        ),
        Slip(
            "quarter",
            _slip(of_w=lambda r, x: (r * x).mean() / 2, of_b=lambda r, x: r.mean() / 2),
            "Both are a quarter of what they should be: the slope of a square multiplies by 2, it "
            "does not divide.",
        ),
        Slip(
            "slopes of the prediction",
            lambda w, b, x, y: (x.mean(), torch.ones_like(b)),
            "These are the slopes of a prediction. How wrong it is has a part in the slope of J.",
        ),
        Slip(
            "a step of descent",
            lambda w, b, x, y: (
                w - (2 * (w * x + b - y) * x).mean(),
                b - (2 * (w * x + b - y)).mean(),
            ),
            "This takes a step. Asked for are the slopes alone; the step is the next exercise.",
        ),
    ),
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
