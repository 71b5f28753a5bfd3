"""How constants of parts make the constant of the whole: products along a way, sums of ways."""

import math
from collections.abc import Iterable

from torch import Tensor


def upper_of_blocks(branches: Tensor, skips: Tensor) -> Tensor:
    """Return `Π_b (|s_b| + Π_l c_bl)`, a bound on the constant of blocks one after the other, `()`.

    branches: the constants of the layers of each block's branch, `(blocks, layers)`. skips: the
    weight of the shortcut around it, `(blocks,)`: 0 for none, 1 for a residual block. Along a way
    constants multiply, `Lip(f ∘ g) ≤ Lip f · Lip g`; where two ways meet they add up, `Lip(f + g) ≤
    Lip f + Lip g`. Neither need be reached.

    >>> upper_of_blocks(Tensor([[2.0, 0.5], [3.0, 2.0]]), Tensor([1.0, 0.0]))
    tensor(12.)
    """
    return (skips.abs() + branches.prod(dim=1)).prod()


def upper_of_chain(constants: Iterable[float | Tensor]) -> float | Tensor:
    """Return the product of constants. One of 0 makes it 0, even beside an infinite one.

    What does not depend on its input at all hands nothing on.

    >>> upper_of_chain([2.0, 3.0]), upper_of_chain([0.0, math.inf])
    (6.0, 0.0)
    """
    constants = list(constants)
    return 0.0 if any(constant == 0 for constant in constants) else math.prod(constants)
