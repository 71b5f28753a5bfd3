"""Exercises of lesson 13: the Jacobians of six modules."""

from __future__ import annotations

from .attention_block import ATTENTION_BLOCK
from .layernorm import LAYERNORM
from .linear import LINEAR
from .residual import RESIDUAL
from .rmsnorm import RMSNORM
from .softmax import SOFTMAX

EXERCISES = (LINEAR, SOFTMAX, LAYERNORM, RMSNORM, RESIDUAL, ATTENTION_BLOCK)
