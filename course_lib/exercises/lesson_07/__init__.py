"""Exercises of lesson 07: the gradient of J, a step, the way down, how far and how long."""

from __future__ import annotations

from .cost_gradient import COST_GRADIENT
from .descend import DESCEND
from .gd import GD
from .max_lr import MAX_LR
from .steps_needed import STEPS_NEEDED

EXERCISES = (COST_GRADIENT, GD, MAX_LR, DESCEND, STEPS_NEEDED)
