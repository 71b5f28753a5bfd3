"""Exercises of lesson 11: the correction, Adam, its first step, AdamW, RMSProp made of Adam."""

from __future__ import annotations

from .adam import ADAM
from .adamw import ADAMW
from .as_composition import AS_COMPOSITION
from .bias_correction import BIAS_CORRECTION
from .first_step import FIRST_STEP

EXERCISES = (BIAS_CORRECTION, ADAM, FIRST_STEP, AS_COMPOSITION, ADAMW)
