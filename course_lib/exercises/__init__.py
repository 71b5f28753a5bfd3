"""What a learner is told: exercises, and the engine that judges answers.

In reading order: model, output, guard, signature, pristine, compare, needs, stand_in, messages,
evaluate, progress_file, saved_answer, card, course_map, notebook; then `drawing`, and a file or
folder for each lesson.
"""

from .evaluate import evaluate
from .model import Case, Exercise, Outcome, Twin
from .notebook import check, hint, mine, progress, solution
from .registry import EXERCISES

__all__ = [
    "EXERCISES",
    "Case",
    "Exercise",
    "Outcome",
    "Twin",
    "check",
    "evaluate",
    "hint",
    "mine",
    "progress",
    "solution",
]
