"""Random numbers for the cases of exercises: the same from the same seed, on every machine."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..lab.device import generator


def drawing(seed: int) -> Callable[..., Tensor]:
    """Return a function that draws random tensors, one after the other, from one seed."""
    source = generator(seed)

    def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=dtype)

    return draw
