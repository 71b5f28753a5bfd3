"""Exercises of lesson 08: batches, a step on one, its noise, how many steps, and a file."""

from __future__ import annotations

from .batches import BATCHES
from .epoch_updates import EPOCH_UPDATES
from .gradient_noise import GRADIENT_NOISE
from .sgd_step import SGD_STEP
from .stream import STREAM

EXERCISES = (BATCHES, SGD_STEP, EPOCH_UPDATES, GRADIENT_NOISE, STREAM)
