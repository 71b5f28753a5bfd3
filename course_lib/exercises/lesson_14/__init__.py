"""Exercises of lesson 14: constants of activations, matrices, convolutions, networks, attention."""

from __future__ import annotations

from .activation_constant import ACTIVATION_CONSTANT
from .attention_growth import ATTENTION_GROWTH
from .compose import COMPOSE
from .conv_norm import CONV_NORM
from .power_iteration import POWER_ITERATION

EXERCISES = (ACTIVATION_CONSTANT, POWER_ITERATION, CONV_NORM, COMPOSE, ATTENTION_GROWTH)
