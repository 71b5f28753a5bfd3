"""Grade a class of 60 on one lesson: the time and memory that a submission takes.

    python tools/class_of_60.py            measure, store it, write it in docs/teaching.md
    python tools/class_of_60.py NN SIZE    measure another lesson or class, and print it

Each learner hands in another mixture of right answers, slips, stubs and, one in ten, an endless
loop. The grading is killed halfway and started again. What is measured stands, with where it came
from, in class_of_60.json beside this file. Some minutes.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import nbformat

import teaching
from build import ROOT, load, sources
from course_lib.exercises import EXERCISES
from course_lib.lab.stored import write_experiment
from course_lib.lab.timing import processor

PAGE = ROOT / "docs" / "teaching.md"
HEADING = "## Measured\n\n"  # what follows it on the page is written here
COMMAND = "python tools/class_of_60.py"
MEASURED = """A class of {size} on lesson {lesson}, {answers} answers each, a mixture of right,
wrong, untouched and endless ones (`{command}`): {as_due} had the marks that they were due. The
grading was killed when {graded_when_killed} of them were graded, and started again. An answer's
process took at most {answer_mb} MB and, the {answers} of a submission together, {answers_seconds}
s of processor time. A submission took {processor_seconds} s of processor time in all, the start of
nbgrader included, and {seconds} s by the clock on {processors} processors, with a load of {load},
that of other programs included. The process that judges took {judge_mb} MB."""


def main(number: str = "01", size: int = 60, keep: bool = True) -> int:
    """Measure and print it; where it is to be kept, store it and write it on the page."""
    data = measure(number, size)
    print(json.dumps(data, indent=1))
    if data["as_due"] < size:
        print("Not all have the marks that they were due.", file=sys.stderr)
        return 1
    if keep:
        print(write_experiment(__file__, data, command=COMMAND))
        page = PAGE.read_text("utf-8").partition(HEADING)[0]
        PAGE.write_text(page + HEADING + section(data), encoding="utf-8")
    return 0


def section(data: dict[str, Any]) -> str:
    """Return what stands on the page of what was measured."""
    shown = data | {
        "as_due": f"all {data['size']}" if data["as_due"] == data["size"] else data["as_due"],
        **{name: f"{data[name]:.1f}" for name in data if name.endswith("seconds")},
        "load": f"{data['load']:.1f}",
        "command": COMMAND,
    }
    words = textwrap.fill(" ".join(MEASURED.format(**shown).split()), 100)
    return f"<!-- Written by tools/class_of_60.py. Do not edit. -->\n\n{words}\n"


def measure(number: str, size: int) -> dict[str, Any]:
    """Export, hand in, grade, kill, grade again; return what it took."""
    source = next(path for path in sources(ROOT) if path.name.startswith(number))
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        teaching.main(["export", number, "--to", folder])
        due = {f"learner{name}": hand_in(course, source, name) for name in range(size)}
        loads = [os.getloadavg()[0]]
        started = time.monotonic()
        first = autograde(course, source.stem)
        while len(done(course)) < size // 2 and first.poll() is None:
            time.sleep(0.2)
        first.send_signal(signal.SIGKILL)
        first.wait()
        halfway = time.monotonic() - started
        loads.append(os.getloadavg()[0])
        finished = len(done(course))
        started = time.monotonic()
        _, status, used = os.wait4(autograde(course, source.stem).pid, 0)
        rest = time.monotonic() - started
        loads.append(os.getloadavg()[0])
        if os.waitstatus_to_exitcode(status):
            raise RuntimeError("nbgrader does not grade what is left: see above")
        teaching.nbgrader(course, "export")
        with (course / "grades.csv").open() as file:
            rows = [(row["student_id"], float(row["score"])) for row in csv.DictReader(file)]
        facts = [
            fact
            for file in course.glob("autograded/*/*/*.ipynb")
            for cell in json.loads(file.read_text("utf-8"))["cells"]
            if (fact := cell["metadata"].get("descent"))
        ]
    return {
        "device": "cpu",
        "processor": processor(),
        "processors": os.cpu_count(),
        "load": sum(loads) / len(loads),
        "lesson": number,
        "size": size,
        "answers": len(facts) // size,
        "as_due": len({*rows} & {*due.items()}),
        "graded_when_killed": finished,
        "seconds": (halfway + rest) / size,
        "processor_seconds": (used.ru_utime + used.ru_stime) / (size - finished),
        "answers_seconds": sum(fact["seconds"] for fact in facts) / size,
        "judge_mb": round(used.ru_maxrss / 1e3),
        "answer_mb": max(fact["peak_mb"] for fact in facts),
    }


def hand_in(course: Path, source: Path, name: int) -> float:
    """Write a submission and return the points that it deserves."""
    draw = random.Random(name)
    lesson = load(source, ROOT, EXERCISES)
    file = course / "release" / source.stem / f"{source.stem}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    points = 0.0
    for cell in lesson.answers:
        kind = draw.choice(["right", "right", "stub", "wrong"])
        answer = cells[cell.id]
        if kind == "right":
            answer.source, points = cell.source, points + lesson.points[cell.exercise]
        elif kind == "wrong":
            body = "while True: pass" if draw.random() < 0.1 else "return 0"
            answer.source = answer.source.replace("return ...", body)
    target = course / "submitted" / f"learner{name}" / source.stem / file.name
    target.parent.mkdir(parents=True)
    nbformat.write(notebook, target)
    return points


def autograde(course: Path, lesson: str) -> subprocess.Popen:
    """Start nbgrader on the class."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", "autograde", lesson]
    return subprocess.Popen(
        [*command, "--log-level=ERROR"], cwd=course, env=os.environ | {"PATH": path}
    )


def done(course: Path) -> list[Path]:
    """Return the submissions that are graded to the end."""
    from course_lib.grading.course import is_graded

    return [folder for folder in course.glob("autograded/*/*") if is_graded(folder)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2], *map(int, sys.argv[2:3]), keep=len(sys.argv) == 1))
