"""Exercises of lesson 02: biases, where neurons fire, how biases start and are held back."""

from __future__ import annotations

from .affine import AFFINE
from .bias_column import BIAS_COLUMN
from .l2_gradient import L2_GRADIENT
from .prior_bias import PRIOR_BIAS
from .threshold import THRESHOLD

EXERCISES = (AFFINE, THRESHOLD, BIAS_COLUMN, PRIOR_BIAS, L2_GRADIENT)
