"""Exercises of lesson 18: products with the Hessian, its diagonal, and steps that divide by it."""

from __future__ import annotations

from .diagonal_fd import DIAGONAL_FD
from .guard import GUARD
from .hutchinson import HUTCHINSON
from .hvp import HVP
from .newton_step import NEWTON_STEP

EXERCISES = (HVP, DIAGONAL_FD, HUTCHINSON, NEWTON_STEP, GUARD)
