"""Exercises of lesson 21: five broken runs, and a plan that is trained."""

from __future__ import annotations

from .diagnose_1 import DIAGNOSE_1
from .diagnose_2 import DIAGNOSE_2
from .diagnose_3 import DIAGNOSE_3
from .diagnose_4 import DIAGNOSE_4
from .diagnose_5 import DIAGNOSE_5
from .final import FINAL

EXERCISES = (DIAGNOSE_1, DIAGNOSE_2, DIAGNOSE_3, DIAGNOSE_4, DIAGNOSE_5, FINAL)
