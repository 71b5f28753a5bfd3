"""A class on lesson 01: exported, handed in by many, graded once by real nbgrader."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import teaching
from classroom.submissions import LESSON, STUDENTS

ROOT = Path(__file__).parents[2]


def nbgrader(course, *arguments):
    """Run nbgrader as a teacher does, in the course's folder; settings of a person play no part."""
    places = {name: str(course / "home") for name in ("HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | places | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return SimpleNamespace(code=run.returncode, told=run.stdout + run.stderr)


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
    """The course after autograde, feedback and export; `marks` are rows of the CSV by student."""
    released = exported / "release" / LESSON / f"{LESSON}.ipynb"
    for student, change in STUDENTS.items():
        folder = exported / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        notebook = nbformat.read(released, as_version=4)
        text = change(notebook, folder) or nbformat.writes(notebook)
        (folder / released.name).write_text(text, encoding="utf-8")
    killed = exported / "autograded" / "right" / LESSON  # as a kill halfway leaves it
    killed.mkdir(parents=True)
    shutil.copy(released, killed)
    told = nbgrader(exported, "autograde", LESSON).told
    for command in (["generate_feedback", LESSON], ["export"]):
        run = nbgrader(exported, *command)
        assert run.code == 0, run.told
    with (exported / "grades.csv").open() as file:
        marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return SimpleNamespace(folder=exported, told=told, marks=marks)


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
