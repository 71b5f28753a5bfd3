"""The map of the course: every lesson, its exercises, what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ..checking import Exercise
from ..course import PARTS
from .progress_file import Entry
from .registry import EXERCISES

_LEFT = 'style="text-align:left"'


@dataclass(frozen=True)
class CourseMap:
    """Shows as a table, in text and HTML. `note` is a sentence about the progress file, or ""."""

    entries: Mapping[str, Entry]
    note: str = ""

    def __repr__(self) -> str:
        lines = [self._total(), *([self.note] if self.note else [])]
        for part, lessons in PARTS:
            lines.append(part)
            for number, title in lessons:
                lines.append(f"  {number} {title}: {self._summary(number)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = []
        for part, lessons in PARTS:
            rows.append(f'<tr><th colspan="3" scope="colgroup" {_LEFT}>{escape(part)}</th></tr>')
            for number, title in lessons:
                rows.append(
                    f"<tr><td {_LEFT}>{number}</td>"
                    f"<td {_LEFT}>{escape(title)}</td>"
                    f"<td {_LEFT}>{escape(self._summary(number))}</td></tr>"
                )
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        head = "".join(
            f'<th scope="col" {_LEFT}>{name}</th>' for name in ("No.", "Lesson", "Exercises")
        )
        return (
            f"{note}<table><caption {_LEFT}>{escape(self._total())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _total(self) -> str:
        done = [e for e in EXERCISES.values() if self._entry(e).passed]
        points = sum(e.points for e in done)
        of = sum(e.points for e in EXERCISES.values())
        return f"Your progress: {len(done)} of {len(EXERCISES)} exercises, {points} of {of} points."

    def _summary(self, number: str) -> str:
        exercises = [e for id, e in EXERCISES.items() if id.split(".")[0] == number]
        if not exercises:
            return "in preparation"
        names: dict[str, list[str]] = {"✓ right": [], "… tried": [], "○ open": []}
        for exercise in exercises:
            names[self._state(exercise)].append(exercise.id.split(".")[1])
        return "; ".join(f"{state}: {', '.join(found)}" for state, found in names.items() if found)

    def _state(self, exercise: Exercise) -> str:
        entry = self._entry(exercise)
        return "✓ right" if entry.passed else "… tried" if entry.tries else "○ open"

    def _entry(self, exercise: Exercise) -> Entry:
        return self.entries.get(exercise.id, Entry())
