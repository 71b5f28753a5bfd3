"""Exercise 05.huber: Huber's loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import losses
from ..drawing import drawing
from ..families import slips_of_a_mean


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


def _by_pieces(prediction: Tensor, target: Tensor, delta: float) -> Tensor:
    """Return the loss as the lesson has it, in two pieces: the form in which slips are made."""
    size = (prediction - target).abs()
    square, straight = size**2 / 2, delta * (size - delta / 2)
    return torch.where(size <= delta, square, straight).mean()


def _huber_by_loop(p: Tensor, y: Tensor, delta: float) -> Tensor:
    each = []
    for error in (p - y).abs():
        each.append(error**2 / 2 if error <= delta else delta * error - delta**2 / 2)
    return torch.stack(each).mean()


SLIPS = """
no half: size**2 / 2 → size**2
    The half in front of the square is missing, so small errors cost twice what they should, and at
    delta the cost falls suddenly. What do your two pieces give there?
no half anywhere: size**2 / 2, delta → size**2, 2 * delta
    Your loss is twice what it should be everywhere. It is smooth, and some books use it; the
    formula here has a half before the square.
wrong branch: delta, square, straight → delta, straight, square
    The two pieces have changed places: large errors are squared, small ones are not. Look at your
    condition, or at the order of what follows it.
a step at delta: (size - delta / 2) → size
    Beyond delta something is missing that should be taken off: at delta the cost jumps up. What do
    your two pieces give for an error of exactly delta?
a whole square taken off: size - delta / 2 → size - delta
    Beyond delta too much is taken off: the cost falls to 0 there. Look at what stands beside the
    size of the error in the brackets.
slope 1 beyond delta: delta * (size - delta / 2) → size - delta / 2
    Beyond delta the cost rises with slope 1, whatever delta is; with delta 1 it happens to be
    right. A factor is missing in front of the brackets.
plain absolute error beyond delta: delta * (size - delta / 2) → size
    Beyond delta stands the plain size of the error. The second piece has a factor, and something is
    taken off, so that the two pieces meet.
half lost beyond delta, with the brackets: (size - delta / 2) → size - delta / 2
    Beyond delta you take off half of delta, in which a factor is missing. Either your brackets
    close too early, so that only the first part is multiplied; or a plain half, without delta,
    stands in them.
smooth_l1 scaling: return → return 1 / delta *
    This is torch's `smooth_l1_loss`, which is Huber's loss divided by delta. The two are equal for
    delta 1 only: look for a division by delta.
multiplied by delta: return → return delta *
    Everything is multiplied by delta once too often. The squared piece has no delta in it.
condition without a size: size <= delta → prediction - target <= delta
    Errors far below 0 take the squared piece, since a negative number is always below delta. What
    decides is the size of the error.
straight piece without a size: (size - delta / 2) → (prediction - target - delta / 2)
    Large errors below 0 get a cost below 0: the straight piece uses the error with its sign. Its
    size is what costs.
compared with the square: size <= delta → size**2 <= delta
    Your condition compares the square of the error with delta. Delta has the unit of the error
    itself.
capped: delta, square, straight → delta, square, delta**2 / 2
    Beyond delta your cost stays where it is. Huber's goes on rising, in a straight line: an error
    of 10 is worse than one of 5.
one branch for all: size <= delta → size.mean() <= delta
    One piece is chosen for the whole batch, by its mean error. Each example chooses for itself, and
    the mean comes last.
squared throughout: torch.where(size <= delta, square, straight) → square
    Every error is squared: delta plays no part in your result. What costs an error beyond delta?
straight throughout: torch.where(size <= delta, square, straight) → straight
    Every error takes the straight piece, and a prediction that is exactly right costs less than
    nothing. What costs an error within delta?
pseudo-Huber: (delta**2 * ((1 + ((prediction - target) / delta) ** 2).sqrt() - 1)).mean()
    This is the pseudo-Huber loss, a smooth relative. It is near Huber's loss but not equal to it:
    the formula here has two pieces and no root.
the gradient: (prediction - target).clamp(-delta, delta) / prediction.numel()
    This is the gradient of the loss, one number for each prediction. The exercise asks for the loss
    itself, a single number.
delta taken off: delta * (size - delta / 2) → delta * size - delta
    Beyond delta the wrong amount is taken off: delta alone does not have the unit of a square. What
    do your two pieces give for an error of exactly delta?
added beyond delta: size - delta / 2 → size + delta / 2
    Beyond delta something is added that should be taken off: at delta the cost jumps up. Look at
    the sign in the brackets.
straight piece squared: (size - delta / 2) → (size - delta / 2) ** 2
    The bracket of the second piece is squared, so that large errors are punished more than ever.
    That piece is a straight line.
square forgotten: size**2 / 2 → size / 2
    Small errors are halved but not squared. Look at the first piece.
compared with 1: size <= delta → size <= 1
    Your condition compares the error with 1. The place where the pieces meet is an argument of the
    function.
averaged before the choice: square, straight).mean() → square.mean(), straight.mean())
    Each piece is averaged before the choice, so that one number a prediction comes back. Choose for
    each example first; the mean comes last.
delta never used: delta → 1
    This is Huber's loss with delta 1, whatever delta is handed in. Look for numbers that stand
    where the argument should, in the condition and in the second piece.
doubled for squared: size**2 / 2 → size * 2 / 2
    Small errors cost their plain size: they are doubled where they should be squared, or not
    squared at all. Which operator is a power?
half squared too: size**2 / 2 → (size / 2) ** 2
    Small errors cost half of what they should: the half is inside the square, and is squared with
    it. Look at the brackets of your first piece.
condition without a size, turned round: size <= delta → target - prediction <= delta
    Predictions far too high take the squared piece: target minus prediction is then negative, and
    always below delta. What decides is the size of the error.
a mean for each piece:
    | size = (prediction - target).abs()
    | small, large = size[size <= delta], size[size > delta]
    | return (small**2 / 2).mean() + (delta * (large - delta / 2)).mean()
    Small and large errors each get a mean of their own, and the two are added. There is one mean,
    over all examples together: what is the sum of all costs divided by?
doubled for squared, with its sign: size**2 / 2 → (prediction - target) * 2 / 2
    Small errors come in as they are, sign and all: they are doubled where they should be squared,
    or not squared at all. Which operator is a power?
"""

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
    slips=slips_of_a_mean(_by_pieces) + slips(SLIPS, _by_pieces),
    also_right=(
        _by_pieces,
        _huber_by_loop,
        lambda p, y, d: functional.huber_loss(p, y, delta=d),
        lambda p, y, d: d * functional.smooth_l1_loss(p, y, beta=d),
        lambda p, y, d: (
            (p - y).abs().clamp(max=d) * ((p - y).abs() - (p - y).abs().clamp(max=d) / 2)
        ).mean(),
    ),
    needs=("grad", "vmap"),
)
