"""Exercises of lesson 17: clipping, a schedule, averaged weights, decay, spectral normalisation."""

from __future__ import annotations

from .clip_by_norm import CLIP_BY_NORM
from .decoupled import DECOUPLED
from .spectral_normalise import SPECTRAL_NORMALISE
from .warmup_cosine import WARMUP_COSINE
from .weight_ema import WEIGHT_EMA

EXERCISES = (SPECTRAL_NORMALISE, WEIGHT_EMA, CLIP_BY_NORM, WARMUP_COSINE, DECOUPLED)
