"""Exercises of lesson 06: a layer and ReLU backward, a network by hand, the check, the cost."""

from __future__ import annotations

from .count_cost import COUNT_COST
from .gradient_check import GRADIENT_CHECK
from .linear_vjp import LINEAR_VJP
from .relu_vjp import RELU_VJP
from .two_layer import TWO_LAYER

EXERCISES = (LINEAR_VJP, RELU_VJP, TWO_LAYER, GRADIENT_CHECK, COUNT_COST)
