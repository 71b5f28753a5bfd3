"""Exercises of lesson 01: a neuron, a layer, and what one weight does."""

from __future__ import annotations

from .dense import DENSE
from .neuron import NEURON
from .parameter_count import PARAMETER_COUNT
from .rescale import RESCALE
from .sensitivity import SENSITIVITY

EXERCISES = (NEURON, DENSE, PARAMETER_COUNT, SENSITIVITY, RESCALE)
