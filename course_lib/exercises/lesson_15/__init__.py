"""Exercises of lesson 15: gains, depth, norms by layer, half precision, and what is wrong."""

from __future__ import annotations

from .depth_limit import DEPTH_LIMIT
from .diagnose import DIAGNOSE
from .gain import GAIN
from .log_norms import LOG_NORMS
from .overflow import OVERFLOW

EXERCISES = (GAIN, DEPTH_LIMIT, LOG_NORMS, OVERFLOW, DIAGNOSE)
