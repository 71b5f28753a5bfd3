"""What several exercises of lesson 02 draw their cases from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def layer(
    draw: Callable[..., Tensor], n: int, d: int, h: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs `(n, d)`, weights `(h, d)` and biases `(h,)`."""
    return draw(n, d, dtype=dtype), draw(h, d, dtype=dtype), draw(h, dtype=dtype)
