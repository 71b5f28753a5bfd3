"""Exercises of lesson 20: the fuzzy second-order optimizer, and how its parts are judged."""

from __future__ import annotations

from .ablate import ABLATE
from .loss_trend import LOSS_TREND
from .policy import POLICY
from .update import UPDATE

EXERCISES = (UPDATE, LOSS_TREND, POLICY, ABLATE)
