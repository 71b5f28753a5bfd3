"""What several exercises of lesson 10 share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..drawing import drawing

Draw = Callable[..., Tensor]


def held(seed: int) -> tuple[Draw, Draw]:
    """Return how to draw numbers of either sign, and how to draw what a rule may remember: 0 up."""
    draw = drawing(seed)

    def squares(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return 0.1 + draw(*shape, dtype=dtype) ** 2

    return draw, squares
