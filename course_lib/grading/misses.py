"""From a class's graded notebooks: wrong answers that got no name, the next slips to write.

Answers are put together by what they compute. Nothing about learners is kept or shown but code.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checking.compare import same
from ..checking.record import Record
from ..exercises import EXERCISES
from .clean import SECONDS, Clean
from .gather import Cell
from .marks import Check, Mark, checks_of, grade, results

SEED = 0  # one for all, so that answers can be compared
LONGEST = 20  # lines of an answer that are shown


@dataclass
class Group:
    """Wrong answers to one exercise that compute the same. `texts` counts how they are written."""

    id: str
    record: Record
    texts: Counter[str]

    @property
    def size(self) -> int:
        """How many answers these are."""
        return self.texts.total()


def report(course: Path, seconds: float = SECONDS) -> str:
    """Return the groups of a course as text, the largest first within each exercise."""
    clean = Clean()
    try:
        groups, count = gathered(sorted(course.glob("autograded/*/*/*.ipynb")), clean, seconds)
    finally:
        clean.close()
    nameless = sum(group.size for group in groups)
    lines = [f"{count} graded notebooks, {nameless} wrong answers without a name."]
    for group in groups:
        text, _ = group.texts.most_common(1)[0]
        shown = text.strip().splitlines()
        cut = ["…"] if len(shown) > LONGEST else []
        again = len(group.texts) - 1
        others = f", {again} more written otherwise" if again else ""
        lines += ["", f"{group.id}: {group.size} that compute the same{others}. One of them:"]
        lines.append(textwrap.indent("\n".join(shown[:LONGEST] + cut), "    "))
    return "\n".join(lines)


def gathered(
    files: Sequence[Path], clean: Clean, seconds: float = SECONDS
) -> tuple[list[Group], int]:
    """Return the groups in the order of the exercises, and how many notebooks were graded."""
    groups: list[Group] = []
    count = 0
    for file in files:
        notebook = json.loads(file.read_text("utf-8"))
        if not notebook["metadata"].get("descent", {}).get("graded"):
            continue
        count += 1
        for mark, record in _nameless(notebook, clean, seconds):
            _put(groups, mark, record)
    return sorted(groups, key=lambda group: (group.id, -group.size)), count


def _nameless(notebook: dict, clean: Clean, seconds: float) -> Iterator[tuple[Mark, Record]]:
    """Yield the answers that were graded as wrong and match no slip, with what they compute now."""
    nodes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cells = [Cell("".join(node["source"])) for node in nodes]
    points = {}
    for place, node in enumerate(nodes):
        found = node["metadata"].get("descent", {})
        if found.get("status", "").startswith("wrong") and not found["slip"]:
            points[place] = 1.0
    checks: list[Check] = checks_of(cells, points)
    for check in checks:
        for mark in grade(cells, [check], SEED, clean, seconds):
            if mark.source is not None and mark.outcome.slip is None:
                cases = list(EXERCISES[check.id].cases(SEED))
                ended = clean.run(mark.source, cases, seconds)
                if ended.trial is not None and ended.trial.results:
                    yield mark, results(ended, cases, EXERCISES[check.id])


def _put(groups: list[Group], mark: Mark, record: Record) -> None:
    """Add an answer to the group that computes the same, or make one."""
    for group in groups:
        alike = group.id == mark.check.id and len(group.record) == len(record)
        if alike and all(map(same, record, group.record)):
            group.texts[mark.source.text] += 1
            return
    groups.append(Group(mark.check.id, record, Counter([mark.source.text])))
