"""Exercises of lesson 03: slopes, functions that do not overflow, and layers that collapse."""

from __future__ import annotations

from .collapse import COLLAPSE
from .gelu import GELU
from .relu_grad import RELU_GRAD
from .sigmoid import SIGMOID
from .softmax import SOFTMAX

EXERCISES = (RELU_GRAD, SIGMOID, GELU, SOFTMAX, COLLAPSE)
