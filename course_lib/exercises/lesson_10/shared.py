"""What several exercises of lesson 10 share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..drawing import drawing

Draw = Callable[..., Tensor]

OF_A_ROOT = """\
eps inside the root: (s.sqrt() + eps) → (s + eps).sqrt()
    ε stands inside the root. That is a dialect, not a slip: Keras has it so. The exercise asks for
    torch's form, where ε is added to the root.
eps forgotten: (s.sqrt() + eps) → s.sqrt()
    The ε handed in plays no part in your result: it is missing, or a number of your own. What
    happens to a weight that never had a gradient?
eps outside the fraction: g / (s.sqrt() + eps) → (g / s.sqrt() + eps)
    ε is added to the fraction, not to what it is divided by, so that every weight drifts by it.
    Look at your brackets.
eps added to the parameter: (s.sqrt() + eps) → s.sqrt() + eps
    ε is added to the parameter, and nothing keeps the division from being one by zero. Look at the
    brackets below the line.
eps kept in s: g * g → g * g + eps ; (s.sqrt() + eps) → s.sqrt()
    ε is added into s and stays there, so that it is added again at each step. It belongs below the
    line of the step alone, outside the root.
old s used: s = → new = ; eps), s → eps), new
    The step is divided by the old s. At the first step that is 0, and the step enormous. Renew s
    first, then step.
not divided: / (s.sqrt() + eps) →
    This is a step of gradient descent: s is kept and never used. What is the gradient divided by?
gradient missing: lr * g / → lr /
    The gradient is missing in the step: lr over the root is a rate, and always above 0. What is it
    multiplied by?
gradient squared in the step: lr * g / → lr * g * g /
    Above the line stands the squared gradient, which has no sign. The square belongs in s alone.
bracket around the difference: p - lr * g → (p - lr * g)
    The parameter itself is divided too. Only the step is: look at your brackets.
step kept: eps), s → eps), lr * g / (s.sqrt() + eps)
    The second result is the step. What the rule has to remember is s.
neither square nor root: g * g → g ; s.sqrt() → s
    There is no square and no root. In s two signs cancel then, and a step may go uphill.
twice for squared: g * g → 2 * g
    The gradient is doubled and not squared. In Python `*` multiplies; a power is `**`.
"""


def held(seed: int) -> tuple[Draw, Draw]:
    """Return how to draw numbers of either sign, and how to draw what a rule may remember: 0 up."""
    draw = drawing(seed)

    def squares(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return 0.1 + draw(*shape, dtype=dtype) ** 2

    return draw, squares
