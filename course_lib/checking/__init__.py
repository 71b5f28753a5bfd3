"""The engine that judges answers. It knows no lesson and could serve another course.

In reading order: model, edits, slips; output, guard, record, pristine, compare, needs, stand_in,
messages, evaluate.
"""

from .evaluate import evaluate
from .model import Case, Exercise, Outcome, Slip
from .slips import slips, wraps

__all__ = ["Case", "Exercise", "Outcome", "Slip", "evaluate", "slips", "wraps"]
