import importlib

import pytest

from course_lib.lab import progress_bar


@pytest.fixture
def no_variable(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)


def test_the_items_come_in_order_and_the_bar_says_what_is_done(no_variable, capsys):
    assert list(progress_bar([3, 1, 2], "counting")) == [3, 1, 2]
    assert "counting" in capsys.readouterr().err


def test_without_a_label_there_is_no_bar(no_variable, capsys):
    assert list(progress_bar(range(3), None)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_the_variable_silences_it(monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert list(progress_bar(range(3), "counting")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_the_variable_silences_the_bar_of_a_notebook_too(monkeypatch):
    from tqdm.notebook import tqdm

    module = importlib.import_module("course_lib.lab.progress")
    monkeypatch.setattr(module, "tqdm", tqdm)
    monkeypatch.setattr("tqdm.notebook.display", lambda *_: pytest.fail("a bar is shown"))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert list(progress_bar(range(3), "counting")) == [0, 1, 2]
