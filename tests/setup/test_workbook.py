"""A learner's copies: an edited one is never overwritten, the others follow, nothing is lost."""

import json
from datetime import datetime

import pytest

import workbook

NOW = datetime(2026, 5, 4, 15, 6, 7)


def notebook(*texts, outputs=(), **metadata):
    """Return the bytes of a notebook with a cell for each text."""
    cells = [
        {
            "cell_type": "code",
            "source": text.splitlines(keepends=True),
            "outputs": list(outputs),
            "execution_count": len(outputs) or None,
            "metadata": {},
        }
        for text in texts
    ]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}).encode()


OLD, NEW, EDITED = notebook("a = 1"), notebook("a = 2"), notebook("a = 1", "mine = 3")
RUN = notebook("a = 1", "", outputs=["1"], kernelspec="python3")  # and JupyterLab's empty cell


@pytest.fixture
def course(tmp_path):
    """Two lessons, copied."""
    (tmp_path / "lessons").mkdir()
    for name in ("00_start.ipynb", "04_more.ipynb"):
        (tmp_path / "lessons" / name).write_bytes(OLD)
    update(tmp_path)
    return tmp_path


def update(course):
    return workbook.update(course / "lessons", course / "workbook", NOW)


def reset(course, lesson):
    return workbook.reset(course / "lessons", course / "workbook", lesson, NOW)


def write(course, place, content):
    (course / place / "04_more.ipynb").write_bytes(content)


def copy(course):
    return (course / "workbook/04_more.ipynb").read_bytes()


def backups(course):
    return [file.read_bytes() for file in sorted(course.glob("workbook/backups/*"))]


def test_lessons_are_copied_once_and_told(tmp_path):
    (tmp_path / "lessons").mkdir()
    write(tmp_path, "lessons", OLD)
    assert update(tmp_path) == ["Copied into workbook/: lesson 04."]
    assert copy(tmp_path) == OLD
    assert update(tmp_path) == []


@pytest.mark.parametrize(
    ("mine", "lesson", "then", "kept", "told"),
    [
        pytest.param(OLD, OLD, OLD, [], "", id="nothing happened"),
        pytest.param(OLD, NEW, NEW, [], "up to date in workbook/: lesson 04", id="untouched"),
        pytest.param(OLD, RUN, RUN, [], "up to date in workbook/: lesson 04", id="new outputs"),
        pytest.param(RUN, OLD, RUN, [], "", id="run"),
        pytest.param(RUN, NEW, NEW, [RUN], "as you ran it, is now", id="run, lesson changed"),
        pytest.param(EDITED, OLD, EDITED, [], "", id="edited"),
        pytest.param(EDITED, NEW, EDITED, [], "kept as you have it: lesson 04", id="both changed"),
        pytest.param(NEW, NEW, NEW, [], "", id="edited to the new lesson"),
        pytest.param(b"{", OLD, b"{", [], "cannot be read", id="damaged copy"),
        pytest.param(b"{", NEW, b"{", [], "cannot be read", id="damaged copy, lesson changed"),
        pytest.param(b'{"cells": 3}', NEW, b'{"cells": 3}', [], "cannot be read", id="no cells"),
        pytest.param(OLD, b"", OLD, [], "is left out", id="damaged lesson"),
        pytest.param(EDITED, b"", EDITED, [], "is left out", id="edited, damaged lesson"),
    ],
)
def test_a_copy_follows_its_lesson_unless_it_was_edited(course, mine, lesson, then, kept, told):
    write(course, "workbook", mine)
    write(course, "lessons", lesson)
    sentences = " ".join(update(course))
    assert copy(course) == then
    assert backups(course) == kept
    assert told in sentences if told else not sentences


def test_an_edited_copy_stays_edited_however_often_the_lesson_changes(course):
    write(course, "workbook", EDITED)
    for lesson in (NEW, NEW, notebook("a = 4")):
        write(course, "lessons", lesson)
        assert "kept as you have it: lesson 04" in update(course)[0]
    assert copy(course) == EDITED
    write(course, "workbook", OLD)  # every edit is taken back
    assert update(course) == ["Brought up to date in workbook/: lesson 04."]


def test_outputs_are_backed_up_after_the_lesson_changed_twice(course):
    write(course, "workbook", RUN)
    write(course, "lessons", notebook("a = 1", outputs=["new"]))  # the same text: nothing to do
    assert update(course) == []
    write(course, "lessons", NEW)
    update(course)
    assert (copy(course), backups(course)) == (NEW, [RUN])


def test_a_deleted_copy_comes_back(course):
    (course / "workbook/04_more.ipynb").unlink()
    assert update(course) == ["Copied into workbook/: lesson 04."]


def test_a_folder_in_the_place_of_a_copy_stays(course):
    (course / "workbook/04_more.ipynb").unlink()
    (course / "workbook/04_more.ipynb").mkdir()
    assert "cannot be read" in update(course)[0]
    reset(course, "04")
    assert copy(course) == OLD
    assert [file.is_dir() for file in course.glob("workbook/backups/*")] == [True]


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"a": 3}', b'{"a": {"file": ""}}', b"\xff"])
def test_a_damaged_record_costs_nothing(course, record):
    (course / "workbook/.copied.json").write_bytes(record)
    write(course, "workbook", EDITED)
    told = update(course)
    assert len(told) == 1
    assert "is damaged" in told[0]
    assert (course / "workbook/.copied.damaged.json").read_bytes() == record
    assert copy(course) == EDITED
    assert update(course) == []

    write(course, "lessons", NEW)  # a copy that equalled its lesson still follows
    (course / "lessons/00_start.ipynb").write_bytes(NEW)
    update(course)
    assert copy(course) == EDITED
    assert (course / "workbook/00_start.ipynb").read_bytes() == NEW


def test_without_a_record_a_copy_of_unknown_age_is_kept(course):
    (course / "workbook/.copied.json").unlink()
    write(course, "lessons", NEW)
    assert update(course) == []
    assert copy(course) == OLD


@pytest.mark.parametrize("mine", [OLD, RUN, EDITED, b"{"])
def test_reset_brings_a_fresh_copy_and_keeps_the_old_one(course, mine):
    write(course, "workbook", mine)
    write(course, "lessons", NEW)
    sentence = reset(course, "4")
    assert copy(course) == NEW
    assert backups(course) == [mine]
    assert "workbook/backups/04_more.2026-05-04_150607.ipynb" in sentence
    write(course, "lessons", notebook("a = 4"))
    assert update(course) == ["Brought up to date in workbook/: lesson 04."]


@pytest.mark.parametrize("act", [lambda course: reset(course, "04"), update])
def test_on_a_full_disk_a_copy_stays_where_it_is(course, act, monkeypatch):
    def fails(file, content):
        file.touch()
        raise OSError(28, "No space left on device")

    write(course, "workbook", RUN)
    write(course, "lessons", NEW)
    monkeypatch.setattr(workbook.Path, "write_bytes", fails)
    with pytest.raises(OSError, match="No space left"):
        act(course)
    assert copy(course) == RUN
    assert backups(course) == []
    assert not list(course.glob("workbook/.*.part"))


def test_a_backup_is_never_overwritten(course):
    mine = [notebook(f"mine = {number}") for number in range(3)]
    for content in mine:
        write(course, "workbook", content)
        reset(course, "04")
    assert sorted(backups(course)) == sorted(mine)


def test_reset_without_a_copy_makes_one(course):
    (course / "workbook/04_more.ipynb").unlink()
    assert reset(course, "04") == "workbook/04_more.ipynb is fresh."
    assert copy(course) == OLD


@pytest.mark.parametrize("lesson", ["", "77", "more", "../04", "-1"])
def test_an_unknown_lesson_gets_a_sentence_that_lists_the_lessons(course, lesson):
    with pytest.raises(SystemExit, match=r"one of 00, 04\.$"):
        reset(course, lesson)
    assert backups(course) == []


def test_a_damaged_lesson_cannot_replace_a_copy(course):
    write(course, "lessons", b"")
    with pytest.raises(SystemExit, match="cannot be read"):
        reset(course, "04")
    assert copy(course) == OLD
