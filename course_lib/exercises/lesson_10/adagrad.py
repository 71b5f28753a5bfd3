"""Exercise 10.adagrad: a step of AdaGrad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import rules
from .shared import common_slips, held


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
        Case("the default ε", step(4), {"lr": 0.1}, special=True),
        Case("an s of 0, as before the first step", (p, g, zero), plain, special=True),
        Case("a gradient of 0", (p, zero, s), plain, special=True),
        Case("a gradient of 0 and an s of 0", (p, zero, zero), plain, special=True),
        Case("an s around a million", (p, g, 1e6 * s), plain, special=True),
        Case("gradients around a millionth", (p, 1e-6 * g, 1e-12 * s), plain, special=True),
        Case("1 number", step(1), plain, special=True),
        Case("50 numbers in float32", step(50, dtype=torch.float32), plain, special=True),
    ]


def _sum(g: Tensor, s: Tensor) -> Tensor:
    return s + g * g


def _move(g: Tensor, s: Tensor, eps: float) -> Tensor:
    return g / (s.sqrt() + eps)


def _rule(
    total: Callable[[Tensor, Tensor], Tensor] = _sum,
    move: Callable[[Tensor, Tensor, float], Tensor] = _move,
    *,
    use: Callable[[Tensor, Tensor], Tensor] = lambda old, new: new,
    end: Callable[..., Any] = lambda p, step, old, new: (p - step, new),
) -> Callable[..., Any]:
    """Return the rule with some of its parts written otherwise."""

    def rule(p, g, s, *, lr, eps=1e-10):
        new = total(g, s)
        return end(p, lr * move(g, use(s, new), eps), s, new)

    return rule


def _eps_added(p, g, s, *, lr, eps=1e-10):
    s = s + g * g
    return p - lr * g / s.sqrt() + eps, s


def _bracket_around_the_difference(p, g, s, *, lr, eps=1e-10):
    s = s + g * g
    return (p - lr * g) / (s.sqrt() + eps), s


def _eps_kept(p, g, s, *, lr, eps=1e-10):
    s = s + g * g + eps
    return p - lr * g / s.sqrt(), s


def _rate_kept(p, g, s, *, lr, eps=1e-10):
    lr = lr / ((s + g * g).sqrt() + eps)
    return p - lr * g, lr


def _sum_of_parameters(p, g, s, *, lr, eps=1e-10):
    s = s + p * p
    return p - lr * g / (s.sqrt() + eps), s


def _by_power(p, g, s, *, lr, eps=1e-10):
    new = torch.addcmul(s, g, g)
    return p - lr / (new**0.5 + eps) * g, new


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
    slips=(
        Slip(
            "RMSProp with 0.9",
            _rule(lambda g, s: 0.9 * s + 0.1 * g * g),
            "s is an average here, so this is RMSProp once more. AdaGrad forgets nothing.",
        ),
        Slip(
            "RMSProp with 0.99",
            _rule(lambda g, s: 0.99 * s + 0.01 * g * g),
            "s is an average here, so this is RMSProp once more, with β = 0.99. AdaGrad forgets "
            "nothing.",
        ),
        Slip(
            "still forgetting",
            _rule(lambda g, s: 0.99 * s + g * g),
            "The old s still loses a hundredth at each step. AdaGrad forgets nothing: which factor "
            "is left over from RMSProp?",
        ),
        Slip(
            "eps inside the root",
            _rule(move=lambda g, s, eps: g / (s + eps).sqrt()),
            "ε stands inside the root. That is a dialect, not a slip: Keras has it so. Asked is "
            "torch's form, where ε is added to the root.",
        ),
        Slip(
            "eps forgotten",
            _rule(move=lambda g, s, eps: g / s.sqrt()),
            "The ε handed in plays no part in your result: it is missing, or a number of your own. "
            "What happens to a weight that never had a gradient?",
        ),
        Slip(
            "eps outside the fraction",
            _rule(move=lambda g, s, eps: g / s.sqrt() + eps),
            "ε is added to the fraction, not to what it is divided by, so that every weight drifts "
            "by it. Look at your brackets.",
        ),
        Slip(
            "eps added to the parameter",
            _eps_added,
            "ε is added to the parameter, and nothing keeps the division from being one by zero. "
            "Look at the brackets below the line.",
        ),
        Slip(
            "no root",
            _rule(move=lambda g, s, eps: g / (s + eps)),
            "The root is missing: the gradient is divided by a sum of squares. A gradient twice as "
            "large then makes a step half as large.",
        ),
        Slip(
            "no square",
            _rule(lambda g, s: s + g),
            "s adds up the gradients themselves, not their squares. Gradients of both signs cancel "
            "in it.",
        ),
        Slip(
            "size for square",
            _rule(lambda g, s: s + g.abs()),
            "s adds up the sizes of the gradients; it should add up their squares.",
        ),
        Slip(
            "square of the sum",
            _rule(lambda g, s: (s + g) ** 2),
            "The sum is squared as a whole. Square the gradient first, and add then.",
        ),
        Slip(
            "no memory",
            _rule(lambda g, s: g * g),
            "The old s is lost: only the newest gradient is in it, so that every step is as long "
            "as the first.",
        ),
        Slip(
            "multiplied into s",
            _rule(lambda g, s: s * g * g),
            "The squared gradient is multiplied into s. From an s of 0 that never gets away.",
        ),
        *common_slips(_rule),
        Slip(
            "one rate for all",
            _rule(move=lambda g, s, eps: g / (s.sum().sqrt() + eps)),
            "All directions are divided by one number. That is a dialect of its own, AdaGrad with "
            "a norm; asked is the usual form, in which each direction has its own sum.",
        ),
        Slip(
            "root kept",
            _rule(lambda g, s: _sum(g, s).sqrt(), lambda g, s, eps: g / (s + eps)),
            "The step is right, but what you hand back is the root of s. The next sum goes on from "
            "s itself.",
        ),
        Slip(
            "mean of old and new",
            _rule(lambda g, s: (s + g * g) / 2),
            "s is the mean of the old s and the square. AdaGrad adds up: nothing is halved.",
        ),
        Slip(
            "parameter left where it was",
            _rule(end=lambda p, step, old, new: (p + 0 * step, new)),
            "The parameter comes back as it went in. Is the step computed and not taken, or its "
            "result given to no name?",
        ),
        Slip(
            "step kept",
            _rule(end=lambda p, step, old, new: (p - step, step)),
            "The second result is the step. What the rule has to remember is s.",
        ),
        Slip(
            "bracket around the difference",
            _bracket_around_the_difference,
            "The parameter itself is divided too. Only the step is: look at your brackets.",
        ),
        Slip(
            "eps kept in s",
            _eps_kept,
            "ε is added into s and stays there, so that it is added again at each step. It belongs "
            "below the line of the step alone, outside the root.",
        ),
        Slip(
            "gradient squared in the step",
            _rule(move=lambda g, s, eps: g * g / (s.sqrt() + eps)),
            "Above the line stands the squared gradient, which has no sign. The square belongs in "
            "s alone.",
        ),
        Slip(
            "gradient missing",
            _rule(move=lambda g, s, eps: 1 / (s.sqrt() + eps)),
            "The gradient is missing in the step: lr over the root is a rate, and always above 0. "
            "What is it multiplied by?",
        ),
        Slip(
            "multiplied",
            _rule(move=lambda g, s, eps: g * (s.sqrt() + eps)),
            "The gradient is multiplied by the root. So steps grow as gradients come in.",
        ),
        Slip(
            "rate kept",
            _rate_kept,
            "The second result is the rate of each direction. What the rule has to remember is s.",
        ),
        Slip(
            "squares of all",
            _rule(lambda g, s: s + (g * g).sum()),
            "The squares of all directions are added to each s. Each direction keeps its own: no "
            "sum over the tensor.",
        ),
        Slip(
            "subtracted",
            _rule(lambda g, s: s - g * g),
            "The square is taken away from s, which soon falls below 0. It is added.",
        ),
        Slip(
            "divided by itself",
            _rule(move=lambda g, s, eps: g / (g.abs() + eps)),
            "The gradient is divided by its own size. What has been added up in s plays no part in "
            "your step.",
        ),
        Slip(
            "parameters added up",
            _sum_of_parameters,
            "s adds up the squares of the parameter. It should know how large the gradients are.",
        ),
        Slip(
            "neither square nor root",
            _rule(lambda g, s: s + g, lambda g, s, eps: g / (s + eps)),
            "There is no square and no root. In s two signs cancel then, and a step may go uphill.",
        ),
        Slip(
            "size for square, no root",
            _rule(lambda g, s: s + g.abs(), lambda g, s, eps: g / (s + eps)),
            "You divide by a sum of sizes. AdaGrad adds up squares, and takes the root of the sum.",
        ),
        Slip(
            "twice for squared",
            _rule(lambda g, s: s + 2 * g),
            "The gradient is doubled and not squared. In Python `*` multiplies; a power is `**`.",
        ),
        Slip(
            "old s squared",
            _rule(lambda g, s: s * s + g * g),
            "The old s is squared as well. It is a sum of squares already.",
        ),
        Slip(
            "s as the step",
            _rule(move=lambda g, s, eps: s / (s.sqrt() + eps)),
            "The sum is divided by its own root. Above the line stands the gradient.",
        ),
        Slip(
            "step downhill for parameter",
            _rule(end=lambda p, step, old, new: (-step, new)),
            "The first result is the step, with its minus. Where is p?",
        ),
    ),
    also_right=(
        _by_power,
        _rule(lambda g, s: s + g.square(), end=lambda p, step, old, new: [p - step, new]),
        _rule(lambda g, s: s + g.abs() ** 2),
    ),
    needs=("rule", "vmap"),
)
