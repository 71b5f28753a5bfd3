"""Exercise 05.mse: the mean of the squared errors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, Slip
from ...nn import losses
from ..drawing import drawing


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
    slips=(
        Slip(
            "sum for mean",
            lambda p, y: ((p - y) ** 2).sum(),
            "The squared errors are added up, not averaged. Twice as many examples would make the "
            "loss twice as large: look at your last step.",
        ),
        Slip(
            "not averaged",
            lambda p, y: (p - y) ** 2,
            "These are the squared errors, one for each example. A loss is a single number: what "
            "is done with them all?",
        ),
        Slip(
            "not squared",
            lambda p, y: (p - y).mean(),
            "The errors are averaged as they are, so that one too high and one too low cancel. "
            "Something has to be done to each error first.",
        ),
        Slip(
            "mean before square",
            lambda p, y: (p - y).mean() ** 2,
            "The mean is taken first and squared afterwards, so that errors of both signs cancel. "
            "Look at the order of the two steps.",
        ),
        Slip(
            "absolute",
            lambda p, y: (p - y).abs().mean(),
            "This is the mean absolute error: a miss by 3 costs three times a miss by 1. Here it "
            "should cost nine times as much.",
        ),
        Slip(
            "root",
            lambda p, y: ((p - y) ** 2).mean().sqrt(),
            "A root is taken at the end. That number, the root mean square error, has the unit of "
            "the target, but here the mean itself is asked for.",
        ),
        Slip(
            "length of the error",
            lambda p, y: (p - y).norm(),
            "This is the length of the vector of errors: a root of a sum. Neither a root nor a sum "
            "over the examples stands in the formula.",
        ),
        Slip(
            "halved",
            lambda p, y: ((p - y) ** 2).mean() / 2,
            "Your loss is half of what it should be. Some books put a half in front to have a "
            "simpler gradient; the formula here has none.",
        ),
        Slip(
            "divided by n - 1",
            lambda p, y: ((p - y) ** 2).sum() / (len(p) - 1) if len(p) > 1 else p[0] * torch.nan,
            "The sum is divided by one less than the number of examples, as for a variance. With a "
            "single example that is a division by 0: what does a mean divide by?",
        ),
        Slip(
            "variance of the errors",
            lambda p, y: (p - y).var(correction=0),
            "This is the variance of the errors: their own mean is taken off first, so that being "
            "too high everywhere costs nothing. Look for `var` or `std`.",
        ),
        Slip(
            "difference of squares",
            lambda p, y: (p**2 - y**2).mean(),
            "Prediction and target are squared one by one, and then subtracted. It is the "
            "difference that is squared: look at your brackets.",
        ),
        Slip(
            "only the target squared",
            lambda p, y: (p - y**2).mean(),
            "Only the target is squared: `**` binds more strongly than the minus. Look at your "
            "brackets.",
        ),
        Slip(
            "errors added",
            lambda p, y: ((p + y) ** 2).mean(),
            "Prediction and target are added. What is 0 when the two agree?",
        ),
        Slip(
            "error in shares of the target",
            lambda p, y: (((p - y) / y) ** 2).mean(),
            "Each error is divided by its target. That measures shares, and fails where a target "
            "is 0; the formula has no division inside.",
        ),
        Slip(
            "doubled for squared",
            lambda p, y: (2 * (p - y)).mean(),
            "The errors are doubled where they should be squared. Then errors of both signs "
            "cancel: which operator is a power?",
        ),
        Slip(
            "the gradient",
            lambda p, y: 2 * (p - y) / p.numel(),
            "This is the gradient of the loss, one number for each prediction. Asked is the loss "
            "itself, a single number.",
        ),
        Slip(
            "sum before square",
            lambda p, y: (p - y).sum() ** 2 / len(p),
            "The errors are added up first and squared afterwards, so that errors of both signs "
            "cancel. Look at the order of the steps.",
        ),
        Slip(
            "length of the error, divided",
            lambda p, y: (p - y).norm() / len(p),
            "This is the length of the vector of errors, divided by their number. A length has a "
            "root in it, and there is none in the formula: look at `norm`.",
        ),
    ),
    also_right=(
        lambda p, y: (y - p).pow(2).mean(),
        lambda p, y: torch.dot(p - y, p - y) / len(p),
        lambda p, y: functional.mse_loss(p, y),
        lambda p, y: sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p),
        lambda p, y: (p - y).abs().square().sum() / p.numel(),
    ),
    needs=("grad", "vmap"),
)
