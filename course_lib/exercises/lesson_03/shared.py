"""What several exercises of lesson 03 draw their cases from."""

from __future__ import annotations

import torch
from torch import Tensor


def of(*values: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return a tensor of these numbers."""
    return torch.tensor(values, dtype=dtype)
