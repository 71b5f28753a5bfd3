"""Grade a class of 60 on one lesson: the time and memory that a submission takes.

    python tools/class_of_60.py [NN] [SIZE]

Each learner hands in another mixture of right answers, slips, stubs and, one in ten, an endless
loop. The grading is killed halfway and started again. What is measured is printed.
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
import time
from pathlib import Path

import nbformat

import teaching
from build import ROOT, load, sources
from course_lib.exercises import EXERCISES


def main(number: str = "01", size: int = 60) -> None:
    """Export, hand in, grade, kill, grade again; print a table."""
    source = next(path for path in sources(ROOT) if path.name.startswith(number))
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        teaching.main(["export", number, "--to", folder])
        due = {name: hand_in(course, source, name) for name in range(size)}
        started = time.monotonic()
        first = autograde(course, source.stem)
        while len(done(course)) < size // 2 and first.poll() is None:
            time.sleep(0.2)
        first.send_signal(signal.SIGKILL)
        first.wait()
        halfway, lying = time.monotonic() - started, len(list(course.glob("autograded/*/*")))
        finished = len(done(course))
        started = time.monotonic()
        _, status, used = os.wait4(autograde(course, source.stem).pid, 0)
        code, rest = os.waitstatus_to_exitcode(status), time.monotonic() - started
        teaching.nbgrader(course, "export")
        with (course / "grades.csv").open() as file:
            rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        facts = [
            fact
            for file in course.glob("autograded/*/*/*.ipynb")
            for cell in json.loads(file.read_text("utf-8"))["cells"]
            if (fact := cell["metadata"].get("descent"))
        ]
        print(f"killed after {halfway:.0f} s: {finished} graded, {lying - finished} half done")
        print(f"started again: the other {size - finished} in {rest:.0f} s, exit code {code}")
        print(f"{(halfway + rest) / size:.2f} s a submission of {len(facts) / size:.0f} answers")
        print(f"{(used.ru_utime + used.ru_stime) / (size - finished):.2f} s of processor time each")
        print(f"memory of the process that judges: {used.ru_maxrss / 1e3:.0f} MB")
        print(f"{sum(f['seconds'] for f in facts) / size:.2f} s of it in the answers' processes")
        print(f"memory of an answer's process: {max(f['peak_mb'] for f in facts)} MB at most")
        wrong = [name for name in due if rows.get(f"learner{name}") != due[name]]
        print(f"{len(rows)} marks; other than due: {wrong or 'none'}")


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
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
