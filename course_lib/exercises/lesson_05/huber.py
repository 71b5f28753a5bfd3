"""Exercise 05.huber: Huber's loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, Slip
from ...nn import losses
from ..drawing import drawing


def _huber_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def numbers(n: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        """Predictions whose errors are large and small, of both signs."""
        size = torch.linspace(0.1, 4, n, dtype=dtype) + 0.05 * draw(n, dtype=dtype)
        sign = 1 - 2 * (torch.arange(n) % 2)
        y = draw(n, dtype=dtype)
        return y + sign * size, y

    p, y = numbers(6)
    half = torch.tensor([0.5, -0.5, 0.5], dtype=torch.float64)
    return [
        Case("12 predictions and delta 0.7", (*numbers(12), 0.7)),
        Case("20 predictions and delta 1.6", (*numbers(20), 1.6)),
        Case("15 predictions and delta 2.5", (*numbers(15), 2.5)),
        Case("6 predictions and delta 1", (p, y, 1.0), special=True),
        Case("1 prediction", (*numbers(1), 0.7), special=True),
        Case("predictions that are all right", (y, y.clone(), 0.7), special=True),
        Case("errors of exactly delta", (half, torch.zeros_like(half), 0.5), special=True),
        Case("a delta beyond all errors", (p, y, 100.0), special=True),
        Case("a delta of 0.001", (p, y, 1e-3), special=True),
        Case("errors around 10,000", (1e4 * p, y, 0.7), special=True),
        Case("60 predictions in float32", (*numbers(60, torch.float32), 0.7), special=True),
    ]


def _huber_pieces(
    small: Callable[[Tensor, float], Tensor],
    large: Callable[[Tensor, float], Tensor],
) -> Callable[[Tensor, Tensor, float], Tensor]:
    """Return a loss made of two pieces of the size of the error, which meet at delta."""

    def loss(p: Tensor, y: Tensor, delta: float) -> Tensor:
        size = (p - y).abs()
        return torch.where(size <= delta, small(size, delta), large(size, delta)).mean()

    return loss


def _half_square(size: Tensor, delta: float) -> Tensor:
    return size**2 / 2


def _straight(size: Tensor, delta: float) -> Tensor:
    return delta * (size - delta / 2)


def _huber_by_loop(p: Tensor, y: Tensor, delta: float) -> Tensor:
    each = []
    for error in (p - y).abs():
        each.append(error**2 / 2 if error <= delta else delta * error - delta**2 / 2)
    return torch.stack(each).mean()


def _a_mean_for_each_piece(p: Tensor, y: Tensor, delta: float) -> Tensor:
    size = (p - y).abs()
    small, large = size[size <= delta], size[size > delta]
    return _half_square(small, delta).mean() + _straight(large, delta).mean()


HUBER = Exercise(
    id="05.huber",
    points=2,
    asks="Huber's loss",
    reference=losses.huber,
    cases=_huber_cases,
    hints=(
        "There are two formulas, and each error picks one of them. By what does it choose, and "
        "does the sign of the error matter?",
        "Compute both formulas for all errors. Then `torch.where(condition, a, b)` takes from a "
        "where the condition holds, and from b elsewhere. What is the condition?",
        "Put the size of each error in a variable, with `.abs()`; both formulas and the condition "
        "can be written with it. Then the mean. Check: with delta 1 an error of exactly 1 costs "
        "one half by both formulas.",
    ),
    slips=(
        Slip(
            "no half",
            _huber_pieces(lambda s, d: s**2, _straight),
            "The half in front of the square is missing, so small errors cost twice what they "
            "should, and at delta the cost falls suddenly. What do your two pieces give there?",
        ),
        Slip(
            "no half anywhere",
            _huber_pieces(lambda s, d: s**2, lambda s, d: 2 * d * s - d**2),
            "Your loss is twice what it should be everywhere. It is smooth, and some books use it; "
            "the formula here has a half before the square.",
        ),
        Slip(
            "wrong branch",
            _huber_pieces(_straight, _half_square),
            "The two pieces have changed places: large errors are squared, small ones are not. "
            "Look at your condition, or at the order of what follows it.",
        ),
        Slip(
            "a step at delta",
            _huber_pieces(_half_square, lambda s, d: d * s),
            "Beyond delta something is missing that should be taken off: at delta the cost jumps "
            "up. What do your two pieces give for an error of exactly delta?",
        ),
        Slip(
            "a whole square taken off",
            _huber_pieces(_half_square, lambda s, d: d * (s - d)),
            "Beyond delta too much is taken off: the cost falls to 0 there. Look at what stands "
            "beside the size of the error in the brackets.",
        ),
        Slip(
            "slope 1 beyond delta",
            _huber_pieces(_half_square, lambda s, d: s - d / 2),
            "Beyond delta the cost rises with slope 1, whatever delta is; with delta 1 it happens "
            "to be right. A factor is missing in front of the brackets.",
        ),
        Slip(
            "plain absolute error beyond delta",
            _huber_pieces(_half_square, lambda s, d: s),
            "Beyond delta stands the plain size of the error. The second piece has a factor, and "
            "something is taken off, so that the two pieces meet.",
        ),
        Slip(
            "half lost beyond delta, with the brackets",
            _huber_pieces(_half_square, lambda s, d: d * s - d / 2),
            "Beyond delta you take off half of delta, in which a factor is missing. Either your "
            "brackets close too early, so that only the first part is multiplied; or a plain half, "
            "without delta, stands in them.",
        ),
        Slip(
            "smooth_l1 scaling",
            lambda p, y, d: functional.smooth_l1_loss(p, y, beta=d),
            "This is torch's `smooth_l1_loss`, which is Huber's loss divided by delta. The two are "
            "equal for delta 1 only: look for a division by delta.",
        ),
        Slip(
            "multiplied by delta",
            lambda p, y, d: d * functional.huber_loss(p, y, delta=d),
            "Everything is multiplied by delta once too often. The squared piece has no delta in "
            "it.",
        ),
        Slip(
            "sum for mean",
            lambda p, y, d: functional.huber_loss(p, y, delta=d, reduction="sum"),
            "The costs are added up, not averaged. Twice as many examples would make the loss "
            "twice as large: look at your last step.",
        ),
        Slip(
            "not averaged",
            lambda p, y, d: functional.huber_loss(p, y, delta=d, reduction="none"),
            "These are the costs of each example. A loss is a single number: what is done with "
            "them all?",
        ),
        Slip(
            "condition without a size",
            lambda p, y, d: torch.where(
                p - y <= d, (p - y) ** 2 / 2, d * ((p - y).abs() - d / 2)
            ).mean(),
            "Errors far below 0 take the squared piece, since a negative number is always below "
            "delta. What decides is the size of the error.",
        ),
        Slip(
            "straight piece without a size",
            lambda p, y, d: torch.where(
                (p - y).abs() <= d, (p - y) ** 2 / 2, d * ((p - y) - d / 2)
            ).mean(),
            "Large errors below 0 get a cost below 0: the straight piece uses the error with its "
            "sign. Its size is what costs.",
        ),
        Slip(
            "compared with the square",
            lambda p, y, d: torch.where(
                (p - y) ** 2 <= d, (p - y) ** 2 / 2, d * ((p - y).abs() - d / 2)
            ).mean(),
            "Your condition compares the square of the error with delta. Delta has the unit of the "
            "error itself.",
        ),
        Slip(
            "capped",
            lambda p, y, d: ((p - y).clamp(-d, d) ** 2 / 2).mean(),
            "Beyond delta your cost stays where it is. Huber's goes on rising, in a straight line: "
            "an error of 10 is worse than one of 5.",
        ),
        Slip(
            "one branch for all",
            lambda p, y, d: (
                functional.mse_loss(p, y) / 2
                if functional.l1_loss(p, y) <= d
                else d * (functional.l1_loss(p, y) - d / 2)
            ),
            "One piece is chosen for the whole batch, by its mean error. Each example chooses for "
            "itself, and the mean comes last.",
        ),
        Slip(
            "squared throughout",
            lambda p, y, d: functional.mse_loss(p, y) / 2,
            "Every error is squared: delta plays no part in your result. What costs an error "
            "beyond delta?",
        ),
        Slip(
            "straight throughout",
            lambda p, y, d: (d * ((p - y).abs() - d / 2)).mean(),
            "Every error takes the straight piece, and a prediction that is exactly right costs "
            "less than nothing. What costs an error within delta?",
        ),
        Slip(
            "pseudo-Huber",
            lambda p, y, d: (d**2 * ((1 + ((p - y) / d) ** 2).sqrt() - 1)).mean(),
            "This is the pseudo-Huber loss, a smooth relative. It is near Huber's loss but not "
            "equal to it: the formula here has two pieces and no root.",
        ),
        Slip(
            "the gradient",
            lambda p, y, d: (p - y).clamp(-d, d) / p.numel(),
            "This is the gradient of the loss, one number for each prediction. Asked is the loss "
            "itself, a single number.",
        ),
        Slip(
            "delta taken off",
            _huber_pieces(_half_square, lambda s, d: d * s - d),
            "Beyond delta the wrong amount is taken off: delta alone does not have the unit of a "
            "square. What do your two pieces give for an error of exactly delta?",
        ),
        Slip(
            "added beyond delta",
            _huber_pieces(_half_square, lambda s, d: d * (s + d / 2)),
            "Beyond delta something is added that should be taken off: at delta the cost jumps up. "
            "Look at the sign in the brackets.",
        ),
        Slip(
            "straight piece squared",
            _huber_pieces(_half_square, lambda s, d: d * (s - d / 2) ** 2),
            "The bracket of the second piece is squared, so that large errors are punished more "
            "than ever. That piece is a straight line.",
        ),
        Slip(
            "square forgotten",
            _huber_pieces(lambda s, d: s / 2, _straight),
            "Small errors are halved but not squared. Look at the first piece.",
        ),
        Slip(
            "compared with 1",
            lambda p, y, d: torch.where(
                (p - y).abs() <= 1, (p - y) ** 2 / 2, d * ((p - y).abs() - d / 2)
            ).mean(),
            "Your condition compares the error with 1. The place where the pieces meet is an "
            "argument of the function.",
        ),
        Slip(
            "averaged before the choice",
            lambda p, y, d: torch.where(
                (p - y).abs() <= d,
                _half_square((p - y).abs(), d).mean(),
                _straight((p - y).abs(), d).mean(),
            ),
            "Each piece is averaged before the choice, so that one number a prediction comes back. "
            "Choose for each example first; the mean comes last.",
        ),
        Slip(
            "delta never used",
            lambda p, y, d: functional.huber_loss(p, y),
            "This is Huber's loss with delta 1, whatever delta is handed in. Look for numbers that "
            "stand where the argument should, in the condition and in the second piece.",
        ),
        Slip(
            "doubled for squared",
            _huber_pieces(lambda s, d: 0.5 * s * 2, _straight),
            "Small errors cost their plain size: they are doubled where they should be squared, or "
            "not squared at all. Which operator is a power?",
        ),
        Slip(
            "half squared too",
            _huber_pieces(lambda s, d: (0.5 * s) ** 2, _straight),
            "Small errors cost half of what they should: the half is inside the square, and is "
            "squared with it. Look at the brackets of your first piece.",
        ),
        Slip(
            "condition without a size, turned round",
            lambda p, y, d: torch.where(
                y - p <= d, (p - y) ** 2 / 2, d * ((p - y).abs() - d / 2)
            ).mean(),
            "Predictions far too high take the squared piece: target minus prediction is then "
            "negative, and always below delta. What decides is the size of the error.",
        ),
        Slip(
            "a mean for each piece",
            _a_mean_for_each_piece,
            "Small and large errors each get a mean of their own, and the two are added. There is "
            "one mean, over all examples together: what is the sum of all costs divided by?",
        ),
        Slip(
            "doubled for squared, with its sign",
            lambda p, y, d: torch.where(
                (p - y).abs() <= d, 0.5 * (p - y) * 2, d * ((p - y).abs() - d / 2)
            ).mean(),
            "Small errors come in as they are, sign and all: they are doubled where they should be "
            "squared, or not squared at all. Which operator is a power?",
        ),
    ),
    also_right=(
        _huber_by_loop,
        lambda p, y, d: functional.huber_loss(p, y, delta=d),
        lambda p, y, d: d * functional.smooth_l1_loss(p, y, beta=d),
        lambda p, y, d: (
            (p - y).abs().clamp(max=d) * ((p - y).abs() - (p - y).abs().clamp(max=d) / 2)
        ).mean(),
    ),
    needs=("grad", "vmap"),
)
