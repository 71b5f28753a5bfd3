"""What a learner is told: the exercises of the course, and what a notebook calls.

In reading order: drawing, a file or folder for each lesson, registry; then progress_file,
saved_answer, card, course_map, notebook, take_along.
"""

from .notebook import check, hint, mine, progress, solution
from .registry import EXERCISES
from .take_along import load_work, save_work

__all__ = [
    "EXERCISES",
    "check",
    "hint",
    "load_work",
    "mine",
    "progress",
    "save_work",
    "solution",
]
