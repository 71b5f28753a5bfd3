"""What a lesson goes on with until the learner's own answer is right."""

from __future__ import annotations

import functools
from typing import Any

from .model import Exercise

_made: dict[str, Any] = {}  # by the exercise's id


def stand_in(exercise: Exercise) -> Any:
    """Works like the reference; the same object each time, so that it is known when it returns."""
    if exercise.id not in _made:
        _made[exercise.id] = _copy(exercise.reference)
    return _made[exercise.id]


def stands_in(answer: Any) -> bool:
    """Whether `answer` is a stand-in."""
    return any(answer is made for made in _made.values())


def _copy(reference: Any) -> Any:
    """Another function, or another value, that is equal to `reference`."""
    if not callable(reference):
        return type("StandIn", (type(reference),), {})(reference)

    @functools.wraps(reference)
    def standing_in(*args: Any, **kwargs: Any) -> Any:
        return reference(*args, **kwargs)

    return standing_in
