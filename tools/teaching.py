"""Export lessons as a course for nbgrader, or gather the wrong answers of a class without a name.

    python tools/teaching.py export 01 04 [--tier scaffold] [--to FOLDER]
    python tools/teaching.py misses [--to FOLDER]

A course has the solved lessons in source/, what learners get in release/, and the gradebook.
docs/teaching.md leads through the rest.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from build import ROOT as PROJECT
from build import BuildError, digest, load, sources
from course_lib.exercises import EXERCISES
from course_lib.grading.course import CONFIG, secret
from derive import derive, secret_lines
from lesson import Cell, Lesson, indent

TIERS = ("core", "scaffold")
FOLDER = PROJECT / "classroom"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("export", "misses"))
    parser.add_argument("lessons", nargs="*", help="numbers, such as 01 04; without any, all")
    parser.add_argument("--tier", choices=TIERS, default="core", help="what an answer begins with")
    parser.add_argument("--to", type=Path, default=FOLDER, help="the course's folder")
    options = parser.parse_args(arguments)
    if options.what == "misses":
        from course_lib.grading.misses import report

        print(report(options.to))
        return 0
    try:
        return export(options.lessons, options.tier, options.to.resolve())
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1


def export(numbers: Sequence[str], tier: str, to: Path) -> int:
    """Write the course and return an exit code. A lesson that is there already is renewed."""
    known = {path.name[:2]: path for path in sources(PROJECT)}
    if unknown := [number for number in numbers if number not in known]:
        print(f"There is no lesson {unknown[0]} in solutions/.", file=sys.stderr)
        return 1
    to.mkdir(parents=True, exist_ok=True)
    (to / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    secret(to)
    for number in numbers or known:
        name = known[number].stem
        file = to / "source" / name / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(assignment(known[number], tier), file)
        if nbgrader(to, "generate_assignment", name, "--create", "--force").returncode:
            print(f"nbgrader does not take lesson {number}: see above.", file=sys.stderr)
            return 1
        print(f"Lesson {number} ({tier}) is in {to / 'release' / name}.", flush=True)
    return 0


def assignment(source: Path, tier: str) -> NotebookNode:
    """Return a lesson, solved, with the stub of its tier in the metadata of each answer cell."""
    lesson = load(source, PROJECT, EXERCISES)
    notebook = derive(lesson, learner=False, sha256=digest(source))
    for cell, node in zip(lesson.cells, notebook.cells, strict=True):
        if cell.role == "answer":
            node.metadata["descent"] = {"stub": stub(lesson, cell, tier)}
    return notebook


def stub(lesson: Lesson, cell: Cell, tier: str) -> str:
    """Return what a learner finds in an answer cell.

    core: the first line, what it is about, and `...`. scaffold: the exercise's first hint as a
    comment too, and the first half of a solution that has several lines.
    """
    if tier == "core":
        return cell.stub
    lines, (begin, _) = cell.source.split("\n"), cell.region
    margin = indent(lines[begin])
    hint = comment(EXERCISES[cell.exercise].hints[0], margin)
    dots = cell.stub.rstrip().split("\n")[-1]
    return "\n".join([*lines[:begin], *hint, *first_half(cell.solution()), dots])


def first_half(solution: list[str]) -> list[str]:
    """Return the lines of the first half of a solution's statements, rounded down.

    What matters may stand early: the last statement that is more than `return p, s` is not given.
    """
    body = ast.parse("\n".join(["if True:", *(f" {line}" for line in solution)])).body[0].body
    secret = set(secret_lines(solution))
    tells = [
        i
        for i, statement in enumerate(body)
        if secret & set(secret_lines(solution[statement.lineno - 2 : statement.end_lineno - 1]))
    ]
    count = min(len(body) // 2, *tells[-1:])
    return solution[: body[count - 1].end_lineno - 1] if count else []


def comment(words: str, margin: str) -> list[str]:
    """Return a sentence as lines of a comment."""
    begin = f"{margin}# "
    return textwrap.wrap(words, 100, initial_indent=begin, subsequent_indent=begin)


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run nbgrader in a course's folder. It starts programs that lie beside Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "nbgrader", *arguments, "--log-level=WARN"]
    return subprocess.run(command, cwd=course, env=os.environ | {"PATH": path})


if __name__ == "__main__":
    sys.exit(main())
