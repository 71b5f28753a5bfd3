"""Exercises of lesson 19: from words to one number."""

from __future__ import annotations

from .centroid import CENTROID
from .firing import FIRING
from .rules import RULES
from .sugeno import SUGENO
from .trimf import TRIMF

EXERCISES = (TRIMF, FIRING, SUGENO, CENTROID, RULES)
