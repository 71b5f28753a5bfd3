"""Exercise 05.mse: the mean of the squared errors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import losses
from ..drawing import drawing
from ..families import slips_of_a_mean


def _mse_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def numbers(n: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        return 2 * draw(n, dtype=dtype) + 0.5, draw(n, dtype=dtype)

    p, y = numbers(4)
    return [
        Case("5 predictions", numbers(5)),
        Case("8 predictions", numbers(8)),
        Case("3 predictions", numbers(3)),
        Case("1 prediction", numbers(1), special=True),
        Case("predictions that are all right", (y, y.clone()), special=True),
        Case("predictions that are all zero", (torch.zeros_like(p), y), special=True),
        Case("targets that are all zero", (p, torch.zeros_like(y)), special=True),
        Case("errors around 10,000", (1e4 * p, y), special=True),
        Case("60 predictions in float32", numbers(60, torch.float32), special=True),
    ]


SLIPS = """
not squared: .square() →
    The errors are averaged as they are, so that one too high and one too low cancel. Something has
    to be done to each error first.
mean before square: .square().mean() → .mean().square()
    The mean is taken first and squared afterwards, so that errors of both signs cancel. Look at the
    order of the two steps.
absolute: .square() → .abs()
    This is the mean absolute error: a miss by 3 costs three times a miss by 1. Here it should cost
    nine times as much.
root: .mean() → .mean().sqrt()
    A root is taken at the end. That number, the root mean square error, has the unit of the target,
    but here the mean itself is asked for.
length of the error: .square().mean() → .norm()
    This is the length of the vector of errors: a root of a sum. Neither a root nor a sum over the
    examples stands in the formula.
halved: return → return 0.5 *
    Your loss is half of what it should be. Some books put a half in front to have a simpler
    gradient; the formula here has none.
divided by n - 1: .mean() → .sum() / (len(target) - 1)
    The sum is divided by one less than the number of examples, as for a variance. With a single
    example that is a division by 0: what does a mean divide by?
variance of the errors: .square().mean() → .var(correction=0)
    This is the variance of the errors: their own mean is taken off first, so that being too high
    everywhere costs nothing. Look for `var` or `std`.
difference of squares: (prediction**2 - target**2).mean()
    Prediction and target are squared one by one, and then subtracted. It is the difference that is
    squared: look at your brackets.
only the target squared: (prediction - target**2).mean()
    Only the target is squared: `**` binds more strongly than the minus. Look at your brackets.
errors added: _error(prediction, target) → (prediction + target)
    Prediction and target are added. What is 0 when the two agree?
error in shares of the target: .square() → .div(target).square()
    Each error is divided by its target. That measures shares, and fails where a target is 0; the
    formula has no division inside.
doubled for squared: .square() → .mul(2)
    The errors are doubled where they should be squared. Then errors of both signs cancel: which
    operator is a power?
the gradient: 2 * (prediction - target) / prediction.numel()
    This is the gradient of the loss, one number for each prediction. The exercise asks for the loss
    itself, a single number.
sum before square: .square().mean() → .sum().square() / len(target)
    The errors are added up first and squared afterwards, so that errors of both signs cancel. Look
    at the order of the steps.
length of the error, divided: .square().mean() → .norm() / len(target)
    This is the length of the vector of errors, divided by their number. A length has a root in it,
    and there is none in the formula: look at `norm`.
"""

MSE = Exercise(
    id="05.mse",
    points=1,
    asks="the mean of the squared errors",
    reference=losses.mse,
    cases=_mse_cases,
    hints=(
        "Two predictions miss by 1 and by -3. What are the two errors, squared? What is their "
        "mean?",
        "There are three steps: the error of each prediction, its square, the mean of all. Which "
        "of them can torch do for the whole tensor at once?",
        "Subtract the tensors, square the difference with `** 2`, and only then take `.mean()`. "
        "Mind the brackets: the square belongs to the whole difference.",
    ),
    slips=slips_of_a_mean(losses.mse) + slips(SLIPS, losses.mse),
    also_right=(
        lambda p, y: (y - p).pow(2).mean(),
        lambda p, y: torch.dot(p - y, p - y) / len(p),
        lambda p, y: functional.mse_loss(p, y),
        lambda p, y: sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p),
        lambda p, y: (p - y).abs().square().sum() / p.numel(),
    ),
    needs=("grad", "vmap"),
)
