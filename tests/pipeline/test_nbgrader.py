"""A solved notebook is a source that nbgrader takes, checks and turns into an assignment."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import toy


def nbgrader(course, *arguments):
    """Run nbgrader in the course's folder. It starts programs that lie beside Python."""
    home = {name: str(course / "home") for name in ("HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | home | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = tmp_path_factory.mktemp("class")
    toy.write(course)
    assert toy.run(course) == 0
    source = course / "source" / "lesson" / "01_toy.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes((course / "solutions" / "01_toy.ipynb").read_bytes())
    return course


def test_an_assignment_is_generated(course):
    run = nbgrader(course, "generate_assignment", "lesson", "--create")
    assert run.returncode == 0, run.stderr
    released = nbformat.read(course / "release" / "lesson" / "01_toy.ipynb", as_version=4)
    assert not any(secret in toy.shown(released) for secret in toy.SECRETS)
    points = {cell.id: cell.metadata.get("nbgrader", {}).get("points") for cell in released.cells}
    assert points["01-line-check"] == 2
    assert points["01-count-check"] == 1


def test_the_solved_notebook_is_valid(course):
    run = nbgrader(course, "validate", str(course / "solutions" / "01_toy.ipynb"))
    assert run.returncode == 0, run.stderr
    assert "Success! Your notebook passes all the tests." in run.stdout
