"""What several exercises of lesson 04 draw their cases from."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ...lab.device import generator


def numbers(seed: int) -> Callable[[float, float], float]:
    """Return a function that draws a number from low to high, of three digits behind the point."""
    source = generator(seed)

    def number(low: float, high: float) -> float:
        return round(low + (high - low) * torch.rand((), generator=source).item(), 3)

    return number
