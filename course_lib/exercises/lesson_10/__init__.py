"""Exercises of lesson 10: RMSProp, the rate of each direction, AdaGrad, and another scale."""

from __future__ import annotations

from .adagrad import ADAGRAD
from .effective_lr import EFFECTIVE_LR
from .rmsprop import RMSPROP
from .scale_invariance import SCALE_INVARIANCE

EXERCISES = (RMSPROP, EFFECTIVE_LR, SCALE_INVARIANCE, ADAGRAD)
