"""The wheel works without the checkout: what lessons read travels in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import alone
import course_lib
from readme import repository

ROOT = Path(__file__).parents[2]
PARTS = ("course_lib", "experiments", "pyproject.toml", "README.md", "LICENSE")
# The shortest one, and one that reads stored results, data and a script of an experiment
LESSONS = ("00_start_here", "12_optimizer_race")
SENTENCE = "This lesson needs the course's library: write "


def run(*command, cwd=ROOT):
    """Return what a command prints that no folder of this project is in the way of."""
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = list(map(str, command))
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=alone)
    assert done.returncode == 0, done.stderr
    return done.stdout


PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the course."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PARTS:  # setuptools leaves things beside what it builds
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    return next(folder.glob("*.whl"))


def without_the_course(folder):
    """Make a Python that has the packages of this one, but neither the course nor this folder."""
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = folder / "packages"
    packages.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "descent" not in package.name and package.suffix != ".pth":
            (packages / package.name).symlink_to(package)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "packages.pth").write_text(str(packages), encoding="utf-8")
    return python


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A Python that has the wheel, and the packages of this one, but not this folder."""
    python = without_the_course(tmp_path_factory.mktemp("elsewhere"))
    run(*PIP, "--python", python, "install", "--no-deps", wheel)
    return python


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python that lacks the course."""
    return without_the_course(tmp_path_factory.mktemp("bare"))


def test_every_experiment_travels(wheel):
    """The stored result and the script of each: there is no other file that a lesson reads."""
    travels = {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "/share/" in name}
    assert travels == {path.name for path in (ROOT / "experiments").glob("*.[jp][sy]*")}


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
import sys, nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
notebook = nbformat.read(sys.argv[1], as_version=4)
first = next(cell for cell in notebook.cells if cell.cell_type == "code")
first.source = first.source.replace('INSTALL = ""', f"INSTALL = {sys.argv[2]!r}")
used = nbformat.v4.new_code_cell("import course_lib; print(course_lib.__file__)")
notebook.cells.append(used)
try:
    NotebookClient(notebook, timeout=300).execute()
except CellExecutionError as error:
    print(error.ename, error.evalue, first.outputs[-1].output_type == "error")
else:
    print(used.outputs[0].text)
"""


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_an_empty_folder(elsewhere, tmp_path, name):
    """A copied notebook needs nothing of the folder that it came from."""
    library = run(elsewhere, "-c", RUN, copied(name, tmp_path), "", cwd=tmp_path).strip()
    assert library.endswith("__init__.py")
    assert not library.startswith(str(ROOT))


def test_a_lesson_without_the_library_says_what_to_install(bare, tmp_path):
    said = run(bare, "-c", RUN, copied(LESSONS[0], tmp_path), "", cwd=tmp_path).strip()
    assert said.startswith(f"ModuleNotFoundError {SENTENCE}{alone.what_to_install(repository())} ")
    assert said.endswith(" True")
    assert said.count(". ") == 1  # one sentence
    assert len(said) < 320


def test_a_lesson_installs_the_library_when_asked(bare, wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # what it needs is there
    printed = run(bare, "-c", RUN, copied(LESSONS[0], tmp_path), wheel, cwd=tmp_path)
    *_, library = printed.split()  # pip speaks before
    assert library.endswith("__init__.py")
    assert Path(library).is_relative_to(bare.parents[1])


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("https://example.org/OWNER/where", "the path of the course's folder, or of its wheel,"),
        ("https://example.org/some/where", "git+https://example.org/some/where"),
    ],
)
def test_the_address_is_the_project_s_once_there_is_one(address, what):
    assert alone.what_to_install(address) == what


def copied(name, folder):
    """Copy a lesson into a folder; return its path there."""
    return shutil.copy(ROOT / "lessons" / f"{name}.ipynb", folder)
