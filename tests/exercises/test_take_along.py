"""What a learner did leaves one place in a file and arrives in another, whole."""

import errno
import json
import os
import zipfile

import pytest

from course_lib.exercises import load_work, progress_file, save_work, take_along


@pytest.fixture
def said(monkeypatch):
    """The texts of the cards that were shown."""
    cards = []
    monkeypatch.setattr(take_along, "display", lambda card: cards.append(repr(card)))
    return cards


@pytest.fixture
def here(tmp_path, monkeypatch, said):
    """A folder with two notebooks and progress, and the work in it saved."""
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("01_weights", "02_biases"):
        (tmp_path / f"here/{name}.ipynb").write_text(json.dumps({"cells": [f"my {name}"]}))
    progress_file.update("01.dense", lambda entry: progress_file.Entry(passed=True, tries=3))
    save_work()
    return tmp_path / "here"


def upload(here, monkeypatch):
    """Go to another folder, where the file has been uploaded, and return it."""
    there = here.parent / "there"
    there.mkdir()
    (there / take_along.FILE).write_bytes((here / take_along.FILE).read_bytes())
    monkeypatch.chdir(there)
    return there


def test_the_file_says_what_it_holds(here, said):
    assert said[0].startswith(
        "Your work · saved\nmy_descent.zip holds 2 notebooks and your progress"
    )
    assert all(len(text) <= 400 for text in said)
    assert sorted(path.name for path in here.iterdir()) == [
        "01_weights.ipynb",
        "02_biases.ipynb",
        "my_descent.zip",
        "progress.json",
    ]


def test_work_comes_back_as_it_was(here, monkeypatch, said):
    there = upload(here, monkeypatch)
    load_work()
    for file in here.iterdir():
        assert (there / file.name).read_bytes() == file.read_bytes()
    assert progress_file.read() == ({"01.dense": progress_file.Entry(passed=True, tries=3)}, "")
    assert not (there / "backups").exists()
    assert said[-1].startswith("Your work · loaded\n2 notebooks and your progress are back.")


def test_what_stood_there_is_kept(here, monkeypatch):
    there = upload(here, monkeypatch)
    (there / "01_weights.ipynb").write_text('{"cells": ["other"]}')
    (there / "02_biases.ipynb").write_bytes((here / "02_biases.ipynb").read_bytes())
    load_work()
    (kept,) = there.glob("backups/*/*")
    assert (kept.name, kept.read_text()) == ("01_weights.ipynb", '{"cells": ["other"]}')
    assert (there / "01_weights.ipynb").read_bytes() == (here / "01_weights.ipynb").read_bytes()


def test_progress_is_found_where_it_was_put(here, monkeypatch):
    there = upload(here, monkeypatch)
    monkeypatch.setenv("COURSE_PROGRESS", str(there / "elsewhere.json"))
    load_work()
    assert progress_file.read()[0]["01.dense"].tries == 3
    assert not (there / "progress.json").exists()


def test_without_the_file_it_says_what_to_do(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    load_work()
    assert said == [
        "Your work · nothing to load\nThere is no my_descent.zip beside this notebook: upload it."
    ]


@pytest.mark.parametrize("cut", [0, 40, -30])
def test_a_file_that_was_cut_changes_nothing(here, monkeypatch, said, cut):
    there = upload(here, monkeypatch)
    file = there / take_along.FILE
    file.write_bytes(file.read_bytes()[:cut])
    load_work()
    assert said[-1] == "Your work · not loaded\nmy_descent.zip is damaged: upload it once more."
    assert list(there.iterdir()) == [file]


def test_one_bad_notebook_keeps_all_others_out(here, monkeypatch, said):
    there = upload(here, monkeypatch)
    with zipfile.ZipFile(there / take_along.FILE, "a") as packed:
        packed.writestr("03_activations.ipynb", "half a noteb")
    load_work()
    assert "damaged" in said[-1]
    assert [path.name for path in there.iterdir()] == [take_along.FILE]


@pytest.mark.parametrize(
    "name", ["../out.ipynb", "/tmp/out.ipynb", "a/b.ipynb", "x.py", "..\\o.ipynb"]
)
def test_a_file_leads_nowhere_else(here, monkeypatch, name):
    there = upload(here, monkeypatch)
    before = sorted(path.name for path in here.parent.iterdir())
    with zipfile.ZipFile(there / take_along.FILE, "a") as packed:
        packed.writestr(name, "{}")
    load_work()
    assert len(list(there.rglob("*"))) == 4
    assert sorted(path.name for path in here.parent.iterdir()) == before


def test_a_full_disk_leaves_the_older_file(here, monkeypatch, said):
    before = (here / take_along.FILE).read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    save_work()
    assert said[-1].endswith("my_descent.zip could not be written (No space left on device).")
    assert (here / take_along.FILE).read_bytes() == before
    assert not list(here.glob("*.part"))
