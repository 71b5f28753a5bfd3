"""The cell for a notebook without the library: where it stands, and that it costs nothing here."""

import subprocess
import sys
from pathlib import PurePath

import toy

import alone
import build
from derive import FOLDED, derive
from lesson import read_lesson

IMPORT = "# %% [markdown]\n# # 01\n\n# %%\nimport course_lib\n"


def test_it_stands_folded_before_the_first_code():
    lesson = read_lesson(PurePath("solutions/01_toy.py"), IMPORT)
    build.name_cells(lesson)
    alone.add(lesson)
    _, cell, code = derive(lesson, learner=True, sha256="").cells
    assert (cell.id, cell.source, cell.metadata.tags) == (alone.ID, alone.source(), [FOLDED])
    assert code.source == "import course_lib"


def test_a_lesson_that_does_not_use_the_library_has_none(tmp_path):
    toy.write(tmp_path)
    lesson = build.load(tmp_path / toy.PATH, tmp_path, toy.EXERCISES)
    assert alone.ID not in [cell.id for cell in lesson.cells]


def test_it_prints_nothing_where_the_library_is_there():
    done = subprocess.run([sys.executable, "-c", alone.source()], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_notebooks_are_stale_once_the_address_changes(monkeypatch):
    source = build.sources(build.ROOT)[0]
    before = build.digest(source)
    monkeypatch.setattr(alone, "repository", lambda: "https://example.org/some/where")
    assert build.digest(source) != before
