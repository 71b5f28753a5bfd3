"""All exercises of the course: what each `lesson_NN` beside this file lists."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ..checking import Exercise


def _collect() -> Mapping[str, Exercise]:
    found: dict[str, Exercise] = {}
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    for name in names:
        if not name.startswith("lesson_"):
            continue
        for exercise in importlib.import_module(f".{name}", __package__).EXERCISES:
            if exercise.id in found:
                raise ValueError(f"Two exercises have the id {exercise.id!r}.")
            found[exercise.id] = exercise
    return MappingProxyType(found)


EXERCISES = _collect()


def find(id: str) -> Exercise:
    """Return the exercise `id`; if there is none, raise ValueError with the nearest ids."""
    if id in EXERCISES:
        return EXERCISES[id]
    near = difflib.get_close_matches(str(id), EXERCISES, n=3, cutoff=0.4)
    offer = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(f"There is no exercise {id!r}.{offer}")
