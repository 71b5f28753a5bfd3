"""All exercises of the course: what each `lesson_NN` beside this file lists."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from .model import Exercise


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
