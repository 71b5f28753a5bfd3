"""Exercise 10.rmsprop: a step of RMSProp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import rules
from .shared import common_slips, held

Pair = tuple[Tensor, Tensor]


def _rmsprop_cases(seed: int) -> list[Case]:
    draw, squares = held(seed)

    def step(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
        p, g = draw(*shape, dtype=dtype), draw(*shape, dtype=dtype)
        return p, g, squares(*shape, dtype=dtype)

    p, g, s = step(4)
    zero, plain = torch.zeros_like(g), {"lr": 0.1, "beta": 0.9, "eps": 1e-6}
    return [
        Case("5 numbers, β = 0.9 and ε = 0.1", step(5), {"lr": 0.3, "beta": 0.9, "eps": 0.1}),
        Case("3 by 4 numbers, β = 0.4, ε = 0.5", step(3, 4), {"lr": 2.0, "beta": 0.4, "eps": 0.5}),
        Case("6 numbers, β = 0.8, ε = 0.01", step(6), {"lr": 0.05, "beta": 0.8, "eps": 0.01}),
        Case("the default β and ε", step(4), {"lr": 0.1}, special=True),
        Case("an s of 0, as before the first step", (p, g, zero), plain, special=True),
        Case("a gradient of 0", (p, zero, s), plain, special=True),
        Case("a gradient of 0 and an s of 0", (p, zero, zero), plain, special=True),
        Case("gradients around a million", (p, 1e6 * g, 1e12 * s), plain, special=True),
        Case("gradients around a millionth", (p, 1e-6 * g, 1e-12 * s), plain, special=True),
        Case("a β of 0", step(4), {"lr": 0.1, "beta": 0.0, "eps": 0.1}, special=True),
        Case("1 number", step(1), plain, special=True),
        Case("50 numbers in float32", step(50, dtype=torch.float32), plain, special=True),
    ]


def _average(g: Tensor, s: Tensor, beta: float) -> Tensor:
    return beta * s + (1 - beta) * g * g


def _move(g: Tensor, s: Tensor, eps: float) -> Tensor:
    return g / (s.sqrt() + eps)


def _rule(
    average: Callable[[Tensor, Tensor, float], Tensor] = _average,
    move: Callable[[Tensor, Tensor, float], Tensor] = _move,
    *,
    use: Callable[[Tensor, Tensor], Tensor] = lambda old, new: new,
    end: Callable[..., Any] = lambda p, step, old, new: (p - step, new),
) -> Callable[..., Any]:
    """Return the rule with some of its parts written otherwise."""

    def rule(p, g, s, *, lr, beta=0.99, eps=1e-8):
        new = average(g, s, beta)
        return end(p, lr * move(g, use(s, new), eps), s, new)

    return rule


def _eps_added(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(g, s, beta)
    return p - lr * g / new.sqrt() + eps, new


def _eps_added_to_the_rate(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(g, s, beta)
    return p - (lr / new.sqrt() + eps) * g, new


def _defaults_only(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(g, s, 0.99)
    return p - lr * _move(g, new, 1e-8), new


def _beta_of_its_own(own: float) -> Callable[..., Pair]:
    def rule(p, g, s, *, lr, beta=0.99, eps=1e-8):
        new = _average(g, s, own)
        return p - lr * _move(g, new, eps), new

    return rule


def _bracket_around_the_difference(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(g, s, beta)
    return (p - lr * g) / (new.sqrt() + eps), new


def _average_of_parameters(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(p, s, beta)
    return p - lr * _move(g, new, eps), new


def _eps_kept(p, g, s, *, lr, beta=0.99, eps=1e-8):
    new = _average(g, s, beta) + eps
    return p - lr * g / new.sqrt(), new


def _in_one_line(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = s.lerp(g.square(), 1 - beta)
    return p - lr / (s**0.5 + eps) * g, s


def _by_addcdiv(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = (s * beta).addcmul(g, g, value=1 - beta)
    return torch.addcdiv(p, g, s.sqrt() + eps, value=-lr), s


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
    slips=(
        Slip(
            "eps inside the root",
            _rule(move=lambda g, s, eps: g / (s + eps).sqrt()),
            "ε stands inside the root. That is a dialect, not a slip: Keras has it so. Asked is "
            "torch's form, where ε is added to the root.",
        ),
        Slip(
            "larger of root and eps",
            _rule(move=lambda g, s, eps: g / s.sqrt().clamp(min=eps)),
            "You divide by the root or by ε, whichever is larger. That is a dialect, and it "
            "prevents division by zero too. Here ε is added to the root, however large that is.",
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
            "The root is missing: the gradient is divided by an average of squares. A gradient "
            "twice as large then makes a step half as large.",
        ),
        Slip(
            "no square",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * g),
            "s averages the gradients themselves, not their squares. It can be below 0, and then "
            "there is no root.",
        ),
        Slip(
            "size for square",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * g.abs()),
            "s averages the sizes of the gradients; it should average their squares. The root "
            "comes later, of the average.",
        ),
        Slip(
            "1 - beta missing",
            _rule(lambda g, s, beta: beta * s + g * g),
            "The squared gradient enters s with its full weight. So s is no average: with β = 0.99 "
            "it ends up a hundred times too large. What must the two weights add up to?",
        ),
        Slip(
            "beta swapped",
            _rule(lambda g, s, beta: (1 - beta) * s + beta * g * g),
            "β and 1 - β have changed places: s hardly remembers anything. Which of the two is the "
            "larger, and what should weigh more, the past or the newest gradient?",
        ),
        Slip(
            "bracket in 1 - beta",
            _rule(lambda g, s, beta: beta * s + 1 - beta * g * g),
            "In the average a bracket is missing: β alone is multiplied by the square, and the 1 "
            "is added as it is.",
        ),
        Slip(
            "weight squared too",
            _rule(lambda g, s, beta: beta * s + ((1 - beta) * g) ** 2),
            "1 - β is squared along with the gradient. Only the gradient is: look at your "
            "brackets.",
        ),
        Slip(
            "square of the average",
            _rule(lambda g, s, beta: (beta * s + (1 - beta) * g) ** 2),
            "The average is squared as a whole. Square the gradient first, and average then.",
        ),
        *common_slips(_rule),
        Slip(
            "multiplied",
            _rule(move=lambda g, s, eps: g * (s.sqrt() + eps)),
            "The gradient is multiplied by the root. So large gradients make even larger steps.",
        ),
        Slip(
            "gradient missing",
            _rule(move=lambda g, s, eps: 1 / (s.sqrt() + eps)),
            "The gradient is missing in the step: lr over the root is a rate, and always above 0. "
            "What is it multiplied by?",
        ),
        Slip(
            "divided by itself",
            _rule(move=lambda g, s, eps: g / (g.abs() + eps)),
            "The gradient is divided by its own size, so that only its sign is left. What has been "
            "averaged in s plays no part in your step.",
        ),
        Slip(
            "sum for average",
            _rule(lambda g, s, beta: s + g * g),
            "s adds up the squared gradients. That is AdaGrad, which comes later in this lesson: "
            "its s never forgets. RMSProp averages.",
        ),
        Slip(
            "momentum",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * g, lambda g, s, eps: s),
            "This is momentum, from lesson 09: it averages gradients and steps along the average. "
            "Here the squares are averaged, and the gradient is divided.",
        ),
        Slip(
            "s as the step",
            _rule(move=lambda g, s, eps: s / (s.sqrt() + eps)),
            "The average is divided by its own root. Above the line stands the gradient.",
        ),
        Slip(
            "root kept",
            _rule(lambda g, s, beta: _average(g, s, beta).sqrt(), lambda g, s, eps: g / (s + eps)),
            "The step is right, but what you hand back is the root of s. The next average goes on "
            "from s itself.",
        ),
        Slip(
            "one rate for all",
            _rule(move=lambda g, s, eps: g / (s.mean().sqrt() + eps)),
            "All directions are divided by one number, made of all of them. Each is to be divided "
            "by its own: no mean or norm over the tensor.",
        ),
        Slip(
            "beta hard-coded, 0.9",
            _beta_of_its_own(0.9),
            "β is 0.9 in your function, whatever is handed in. Look for a number where the "
            "argument should stand.",
        ),
        Slip(
            "beta hard-coded, 0.99",
            _beta_of_its_own(0.99),
            "β is 0.99 in your function, whatever is handed in. Look for a number where the "
            "argument should stand.",
        ),
        Slip(
            "eps inside and no root",
            _rule(move=lambda g, s, eps: g / (s + eps) ** 2),
            "You divide by a square where a root should be: look at the power below the line.",
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
            "parameters averaged",
            _average_of_parameters,
            "s averages the squares of the parameter. It should know how large the gradients are.",
        ),
        Slip(
            "divided by 1 - beta",
            _rule(lambda g, s, beta: _average(g, s, beta) / (1 - beta)),
            "The average is divided by 1 - β once more, at every step. Its two weights add up to 1 "
            "already.",
        ),
        Slip(
            "square of all",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * (g * g).sum()),
            "The squares of all directions are added up before they are averaged. Each direction "
            "keeps its own: no sum or norm over the tensor.",
        ),
        Slip(
            "mean square of all",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * (g * g).mean()),
            "The squares of all directions are averaged with each other. Each direction keeps its "
            "own, and averages it over the steps: no mean over the tensor.",
        ),
        Slip(
            "spread for square",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * (g - s) ** 2),
            "s averages squares of g minus s. That is how a variance would look; here the squared "
            "gradient itself is averaged.",
        ),
        Slip(
            "old s squared",
            _rule(lambda g, s, beta: beta * s * s + (1 - beta) * g * g),
            "The old s is squared as well. It is an average of squares already.",
        ),
        Slip(
            "eps multiplied",
            _rule(move=lambda g, s, eps: g / s.sqrt() * eps),
            "ε is multiplied, which makes the step vanish. It is added, below the line.",
        ),
        Slip(
            "neither square nor root",
            _rule(
                lambda g, s, beta: beta * s + (1 - beta) * g,
                lambda g, s, eps: g / (s + eps),
            ),
            "There is no square and no root. In s two signs cancel then, and a step may go uphill.",
        ),
        Slip(
            "size for square, no root",
            _rule(
                lambda g, s, beta: beta * s + (1 - beta) * g.abs(),
                lambda g, s, eps: g / (s + eps),
            ),
            "You divide by an average of sizes. That is a rule too, and no slip; RMSProp averages "
            "squares, and takes the root of the average.",
        ),
        Slip(
            "twice for squared",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * 2 * g),
            "The gradient is doubled and not squared. In Python `*` multiplies; a power is `**`.",
        ),
        Slip(
            "subtracted",
            _rule(lambda g, s, beta: beta * s - (1 - beta) * g * g),
            "In the average the square is taken off, so that s falls below 0 and has no root. It "
            "is added.",
        ),
        Slip(
            "matrix product",
            _rule(lambda g, s, beta: beta * s + (1 - beta) * (g @ g)),
            "`@` multiplies and adds up over all directions. Each direction is squared by itself.",
        ),
        Slip(
            "s for the gradient",
            _rule(move=lambda g, s, eps: s),
            "The step is along s, which is never below 0, and nothing is divided. s tells how "
            "large gradients are, and not where they point.",
        ),
        Slip(
            "step downhill for parameter",
            _rule(end=lambda p, step, old, new: (-step, new)),
            "The first result is the step, with its minus. Where is p?",
        ),
        Slip(
            "eps added to the rate",
            _eps_added_to_the_rate,
            "ε is added to the rate, after the division. It belongs below the line: look at your "
            "brackets.",
        ),
        Slip(
            "own β and own ε",
            _defaults_only,
            "β is 0.99 and ε is 1e-8 in your rule, whatever is handed in. Those are their "
            "defaults.",
        ),
    ),
    also_right=(
        _in_one_line,
        _by_addcdiv,
        _rule(end=lambda p, step, old, new: [p - step, new]),
        _rule(lambda g, s, beta: s + (1 - beta) * (g**2 - s)),
    ),
    needs=("rule", "vmap"),
)
