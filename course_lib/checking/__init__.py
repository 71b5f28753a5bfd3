"""The engine that judges answers. It knows no lesson and could serve another course.

In reading order: edits, model, slips; output, guard, record, pristine, compare, needs, trial,
stand_in; changes, mutants, kinds, reading; explain, messages, evaluate.
"""

from .evaluate import evaluate, expected, judge
from .model import Case, Exercise, Outcome, Slip
from .slips import slips, wraps

__all__ = [
    "Case",
    "Exercise",
    "Outcome",
    "Slip",
    "evaluate",
    "expected",
    "judge",
    "slips",
    "wraps",
]
