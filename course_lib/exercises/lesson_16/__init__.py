"""Exercises of lesson 16: shortcuts, norms, attention, and which of them mends what."""

from __future__ import annotations

from .choose_fix import CHOOSE_FIX
from .cosine_attention import COSINE_ATTENTION
from .deepnorm_scale import DEEPNORM_SCALE
from .prenorm_postnorm import PRENORM_POSTNORM
from .rezero import REZERO

EXERCISES = (REZERO, PRENORM_POSTNORM, DEEPNORM_SCALE, COSINE_ATTENTION, CHOOSE_FIX)
