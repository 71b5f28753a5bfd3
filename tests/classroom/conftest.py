"""A class on lesson 01: exported, handed in by many, graded once by real nbgrader."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import teaching
from classroom.submissions import LESSON, STUDENTS
from course_lib.grading.course import is_graded

ROOT = Path(__file__).parents[2]


def call(course, *arguments):
    """How a teacher calls nbgrader, in the course's folder; settings of a person play no part."""
    home = course / "home"
    home.mkdir(exist_ok=True)
    places = ("HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR", "TMPDIR")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(ROOT)} | dict.fromkeys(places, str(home))
    words = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
    return {"args": words, "cwd": course, "env": os.environ | own}


def nbgrader(course, *arguments):
    """Run nbgrader to its end."""
    run = subprocess.run(**call(course, *arguments), capture_output=True, text=True, timeout=300)
    return SimpleNamespace(code=run.returncode, told=run.stdout + run.stderr)


def killed_halfway(course):
    """Start the grading and kill it when one submission is graded and the next one has begun.

    Return how it ended, when each graded notebook was written, and the folders that are half done.
    """
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run, until = subprocess.Popen(**call(course, "autograde", LESSON), **silent), time.time() + 120
    done, half = [], []
    while not (done and half) and run.poll() is None and time.time() < until:
        time.sleep(0.01)
        there = [file.parent for file in course.glob(f"autograded/*/*/{LESSON}.ipynb")]
        done = [folder for folder in there if is_graded(folder)]
        half = [folder for folder in there if folder not in done]
    run.kill()
    return SimpleNamespace(code=run.wait(), written=written(done), half=half)


def written(folders):
    """When the notebook of each submission was written."""
    return {folder: (folder / f"{LESSON}.ipynb").stat().st_mtime_ns for folder in folders}


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The folder of a course with lesson 01, in the core tier."""
    to = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teaching, "nbgrader", lambda course, *words: _done(nbgrader(course, *words)))
        assert teaching.main(["export", "01", "--to", str(to)]) == 0
    with (to / "nbgrader_config.py").open("a") as config:
        config.write("c.GradeSource.seconds = 1.0\n")
    return to


def _done(run):
    assert run.code == 0, run.told
    return SimpleNamespace(returncode=0)


@pytest.fixture(scope="session")
def graded(exported):
    """The course after autograde, feedback and export; `marks` are rows of the CSV by student.

    Its grading was killed halfway once, and started again.
    """
    released = exported / "release" / LESSON / f"{LESSON}.ipynb"
    for student, change in STUDENTS.items():
        folder = exported / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        notebook = nbformat.read(released, as_version=4)
        text = change(notebook, folder) or nbformat.writes(notebook)
        (folder / released.name).write_text(text, encoding="utf-8")
    killed = killed_halfway(exported)
    told = nbgrader(exported, "autograde", LESSON).told
    for command in (["generate_feedback", LESSON], ["export"]):
        run = nbgrader(exported, *command)
        assert run.code == 0, run.told
    with (exported / "grades.csv").open() as file:
        marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return SimpleNamespace(folder=exported, told=told, marks=marks, killed=killed)


@pytest.fixture(scope="session")
def feedback(graded):
    """A function: the graded notebook of a student, as (summary, result of each check)."""

    def of(student):
        file = graded.folder / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        cells = json.loads(file.read_text())["cells"]
        shown = {}
        for cell in cells:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if name.endswith("-check"):
                first = cell["outputs"][0]
                shown[name] = first.get("evalue") or "".join(first["text"])
        return "".join(cells[0]["source"]), shown

    return of
