"""Exercises of lesson 04: draws made of given numbers, scales of starting weights, symmetry."""

from __future__ import annotations

from .glorot_he import GLOROT_STD, HE_STD
from .normal import NORMAL
from .symmetric_gradient import SYMMETRIC_GRADIENT
from .truncated import TRUNCATED
from .uniform import UNIFORM

EXERCISES = (NORMAL, UNIFORM, TRUNCATED, SYMMETRIC_GRADIENT, GLOROT_STD, HE_STD)
