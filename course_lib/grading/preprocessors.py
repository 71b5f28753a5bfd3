"""What nbgrader calls: for the release, for what comes in, and in place of running it."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Unicode

from .clean import SECONDS, Clean
from .gather import Cell
from .marks import Mark, checks_of, grade, seed_of

PYTHON = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
SUMMARY = "descent-summary"  # the id of the cell that a graded notebook begins with
WIDTH = 100  # characters of a line under a check
_clean: list[Clean] = []  # one for all submissions of a run


class GiveStubs(NbGraderPreprocessor):
    """For the release: each answer cell gets the stub that was exported with it."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        """Put the stub in the place of the solution; a solution without one is an error."""
        stub = cell.metadata.pop("descent", {}).get("stub")
        if cell.metadata.get("nbgrader", {}).get("solution"):
            if stub is None:
                raise ValueError(f"the cell {cell.id} has no stub: export the lesson again")
            cell.source = stub
        return cell, resources


class Restore(NbGraderPreprocessor):
    """For what comes in: nothing of a submission counts but the text of its cells.

    Which cell is a check, and what it is worth, is taken from the gradebook; a check that was
    changed or deleted comes back. So no submission can stop the grading of others.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the notebook with the metadata of the release, and with all its checks."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            released = gradebook.find_notebook(names["notebook"], names["assignment"])
            points = {cell.name: cell.max_score for cell in released.grade_cells}
            solutions = {cell.name for cell in released.solution_cells}
            sources = {cell.name: (cell.source, cell.checksum) for cell in released.source_cells}
        claimed = {}
        for cell in nb.cells:
            name = _claim(cell)
            if name in sources and cell.cell_type == "code":
                claimed[name] = cell  # of copies, the last
        for cell in nb.cells:
            cell.metadata = NotebookNode()
        for name in sorted(sources):
            source, checksum = sources[name]
            cell = claimed.get(name)
            if cell is None and name in points:
                cell = new_code_cell()
                after = claimed.get(name.removesuffix("check") + "answer")
                place = nb.cells.index(after) + 1 if after is not None else len(nb.cells)
                nb.cells.insert(place, cell)
            if cell is None:
                continue
            if name in points:
                cell.source = source
            cell.metadata.nbgrader = NotebookNode(
                schema_version=3,
                grade_id=name,
                grade=name in points,
                solution=name in solutions,
                locked=name in points,
                task=False,
                cell_type="code",
                checksum=checksum,
                **({"points": points[name]} if name in points else {}),
            )
        nb.metadata = NotebookNode(PYTHON)
        return nb, resources


def _claim(cell: NotebookNode) -> str:
    """Return the name that a cell of a submission says it has; "" where it has none."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


class GradeSource(NbGraderPreprocessor):
    """In place of running a submission: each answer's source, in a clean process of its own."""

    secret = Unicode("", help="What the seeds of cases are drawn from").tag(config=True)
    seconds = Float(SECONDS, help="The time for all calls of one answer").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the notebook with a result under each check, and a summary at its beginning."""
        names = resources["nbgrader"]
        nodes = [cell for cell in nb.cells if cell.cell_type == "code"]
        metadata = [cell.metadata.get("nbgrader", {}) for cell in nodes]
        cells = [
            Cell(node.source, _answers(data)) for node, data in zip(nodes, metadata, strict=True)
        ]
        points = {i: data["points"] for i, data in enumerate(metadata) if data.get("grade")}
        seed = seed_of(self.secret, names["student"], names["notebook"], cells)
        if not _clean:
            _clean.append(Clean())
        checks = checks_of(cells, points)
        marks = grade(cells, checks, seed, _clean[0], self.seconds)
        for mark in marks:
            node = nodes[mark.check.place]
            node.outputs = outputs(mark)
            node.metadata["descent"] = facts(mark)
        for place in points.keys() - {mark.check.place for mark in marks}:
            nodes[place].outputs = [_error("This check is none of the course's.", 0, 0)]
        nb.cells.insert(0, new_markdown_cell(summary(marks), id=SUMMARY))
        nb.metadata["descent"] = {"graded": True, "seed": seed}
        return nb, resources


def _answers(metadata: dict[str, Any]) -> str:
    """Return the id of the exercise whose answer cell this is: 01-dense-answer is 01.dense's."""
    name = metadata.get("grade_id", "")
    return name.removesuffix("-answer").replace("-", ".", 1) if metadata.get("solution") else ""


def outputs(mark: Mark) -> list[NotebookNode]:
    """Return what stands under a check: the sentence, the points, and what the answer printed."""
    first = f"{mark.check.id}: {mark.outcome.message}"
    if mark.outcome.passed:
        shown = [new_output("stream", name="stdout", text=f"{_wrapped(first)}\n")]
    elif mark.earned:
        text = f"{_wrapped(first)}\nOf its results, some are right. {_drawn(mark.seed)}\n"
        shown = [
            new_output("stream", name="stdout", text=text),
            new_output("execute_result", data={"text/plain": str(mark.earned)}, execution_count=1),
        ]
    else:
        shown = [_error(first, mark.check.points, mark.seed)]
    if mark.outcome.printed:
        text = f"It printed:\n{mark.outcome.printed}"
        shown.append(new_output("stream", name="stdout", text=text))
    return shown


def _error(first: str, points: float, seed: int) -> NotebookNode:
    lines = [_wrapped(first), f"0 of {points:g} points. {_drawn(seed)}"]
    return new_output("error", ename="NotYet", evalue=first, traceback=lines)


def _wrapped(words: str) -> str:
    """Return words in lines that a feedback page shows whole: it does not break them itself."""
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in words.splitlines()
    )


def _drawn(seed: int) -> str:
    return f"(Cases drawn with seed {seed}.)"


def facts(mark: Mark) -> dict[str, Any]:
    """Return what a graded check remembers: for `make misses`, and for who measures."""
    return {
        "status": mark.outcome.status,
        "slip": mark.outcome.slip,
        "kind": mark.outcome.kind,
        "earned": mark.earned,
        "seconds": round(mark.seconds, 3),
        "peak_mb": round(mark.peak_mb),
    }


def summary(marks: Sequence[Mark]) -> str:
    """Return what a graded notebook begins with: each exercise with its points and its sentence."""
    earned, due = sum(m.earned for m in marks), sum(m.check.points for m in marks)
    lines = [f"**{earned:g} of {due:g} points.**", ""]
    for mark in marks:
        words = html.escape(mark.outcome.message, quote=False).replace("\n", " ")
        lines.append(f"- **{mark.check.id}**, {mark.earned:g} of {mark.check.points:g}: {words}")
    if marks:
        lines += [
            "",
            f"Cases drawn with seed {marks[0].seed}. To see them: `COURSE_SEED="
            f"{marks[0].seed} make lab`.",
        ]
    return "\n".join(lines)
