"""Exercises of lesson 09: a moving average, its window, three rules with a velocity, the best β."""

from __future__ import annotations

from .critical_beta import CRITICAL_BETA
from .ema import EMA
from .momentum import MOMENTUM
from .momentum_ema import MOMENTUM_EMA
from .nesterov import NESTEROV
from .window import WINDOW

EXERCISES = (EMA, WINDOW, MOMENTUM_EMA, MOMENTUM, NESTEROV, CRITICAL_BETA)
