"""Exercises of lesson 12: run any rule, choose a setting, rank with error bars, sensitivity."""

from __future__ import annotations

from .path import PATH
from .rank_with_error_bars import RANK_WITH_ERROR_BARS
from .sensitivity import SENSITIVITY
from .tune import TUNE

EXERCISES = (PATH, TUNE, RANK_WITH_ERROR_BARS, SENSITIVITY)
