"""The wheel works without the checkout: what lessons read travels in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import course_lib

ROOT = Path(__file__).parents[2]
PARTS = ("course_lib", "experiments", "pyproject.toml", "README.md", "LICENSE")
LESSON = "00_start_here.ipynb"


def run(*command, cwd=ROOT):
    """Return what a command prints that no folder of this project is in the way of."""
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = list(map(str, command))
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=alone)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A Python that has the wheel, and the packages of this one, but not this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PARTS:  # setuptools leaves things beside what it builds
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (wheel,) = folder.glob("*.whl")
    run(*pip, "--python", python, "install", "--no-deps", wheel)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def test_a_lesson_finds_the_stored_results_and_the_scripts(elsewhere, tmp_path):
    code = (
        "import course_lib; from course_lib.lab import experiment, stored; "
        "print(course_lib.__file__); print(course_lib.__version__); "
        "print(len(stored('01_weights')) > 0, experiment('09_momentum').__file__)"
    )
    library, version, found = run(elsewhere, "-c", code, cwd=tmp_path).splitlines()
    assert not library.startswith(str(ROOT))
    assert version == course_lib.__version__
    assert found.startswith("True ")
    assert not found.removeprefix("True ").startswith(str(ROOT))


RUN = """
import json, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
used = nbformat.v4.new_code_cell("import course_lib; print(course_lib.__file__)")
notebook.cells.append(used)
NotebookClient(notebook, timeout=300).execute()
print(used.outputs[0].text)
"""


def test_a_lesson_runs_in_an_empty_folder(elsewhere, tmp_path):
    """The shortest one: a copied notebook needs nothing of the folder that it came from."""
    lesson = tmp_path / LESSON
    shutil.copy(ROOT / "lessons" / LESSON, lesson)
    library = run(elsewhere, "-c", RUN, lesson, cwd=tmp_path).strip()
    assert library.endswith("__init__.py")
    assert not library.startswith(str(ROOT))
