"""What a rule is like, found out by trying it once.

A rule that works place by place may be given parameters laid end to end, or cut into pieces, and
nothing changes. A rule that looks at a whole tensor, at its norm or its rows, must be given each
tensor as it is. A rule that hands on what it was given needs care when results are written back.
"""

from typing import Any

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply, slot_names


def is_elementwise(rule: Rule, **hyper: Any) -> bool:
    """Return whether a rule gives the same for a matrix, for its rows, and for all laid end to end.

    It is tried on gradients from a thousandth to a thousand in size and on slots that are not zero.
    A rule that cannot be applied to all three, or that draws random numbers, is not elementwise.

    >>> from course_lib.optim.rules import gd
    >>> is_elementwise(gd, lr=0.1)
    True
    >>> is_elementwise(lambda p, g, *, lr: p - lr * g / g.norm(), lr=0.1)
    False
    """

    def run(*matrices: Tensor) -> Tensor:
        p, g, *slots = (matrix.clone() for matrix in matrices)
        new, kept = apply(rule, p, g, tuple(slots), t=3, **hyper)
        return torch.stack([new, *kept])

    matrices = _some(rule)
    try:
        whole = run(*matrices)
        by_row = [run(*row) for row in zip(*matrices, strict=True)]
        flat = run(*(matrix.flatten() for matrix in matrices))
        return all(
            torch.allclose(whole, other.reshape(whole.shape), rtol=1e-12, atol=0, equal_nan=True)
            for other in (torch.stack(by_row, dim=1), flat)
        )
    except Exception:  # of whatever kind: it is the rule's, and it comes again where it is run
        return False


def hands_on(rule: Rule, **hyper: Any) -> bool:
    """Return whether a result lies in the memory of an input, as in `return p - lr * g, g, last`.

    >>> hands_on(lambda p, g, last, before, *, lr: (p - lr * before, g, last), lr=0.1)
    True
    """
    p, g, *slots = _some(rule)
    try:
        new, kept = apply(rule, p, g, tuple(slots), t=3, **hyper)
    except Exception:  # as above
        return False
    places = {value.untyped_storage().data_ptr() for value in (p, g, *slots)}
    return any(value.untyped_storage().data_ptr() in places for value in (new, *kept))


def _some(rule: Rule) -> list[Tensor]:
    """Return a parameter, a gradient and slots `(4, 6)`: small and large rows, slots above 0."""
    source = torch.Generator().manual_seed(0)
    size = torch.logspace(-3, 3, 4, dtype=torch.float64)[:, None]
    p, g, *slots = (
        torch.randn(4, 6, generator=source, dtype=torch.float64) * size
        for _ in range(2 + len(slot_names(rule)))
    )
    return [p, g, *(slot.abs() for slot in slots)]
