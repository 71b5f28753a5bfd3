"""`--lesson 13` keeps the tests of lesson 13: by number, or by what the lesson imports."""

from pathlib import PurePath

import pytest

from tests.one_lesson import belongs, imported_by, may_hold, sources

SOURCE = """
from math import pi
import course_lib.nn.layers
from course_lib.figures import interact, momentum as pictures
from course_lib.optim.paths import path
"""
IMPORTED = {
    PurePath("figures/test_interact.py"),  # a function: there is no such file
    PurePath("figures/test_momentum.py"),
    PurePath("optim/test_paths.py"),
}


def test_an_imported_module_has_a_file_of_tests():
    assert imported_by(SOURCE) == IMPORTED


@pytest.mark.parametrize(
    ("file", "parameters", "kept"),
    [
        ("experiments/test_09_momentum.py", "", True),
        ("experiments/test_10_rmsprop.py", "", False),
        ("lessons/test_lessons.py", "lessons-09_momentum", True),
        ("lessons/test_lessons.py", "lessons-10_rmsprop", False),
        ("contract/test_exercises.py", "09.ema-no mean", True),
        ("contract/test_exercises.py", "10.ema-no mean", False),
        ("contract/test_exercises.py", "10.ema-wants 09.ema", False),
        ("lessons/test_lessons.py", "", False),
        ("figures/test_momentum.py", "0.09-09", True),
        ("figures/test_adam.py", "0.09-09", False),
        ("lab/test_momentum.py", "", False),
    ],
)
def test_a_test_belongs_to_a_lesson_by_number_or_by_import(file, parameters, kept):
    assert belongs(PurePath(file), parameters, "09", IMPORTED) == kept


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("experiments/test_09_momentum.py", True),
        ("experiments/test_10_rmsprop.py", False),
        ("figures/test_momentum.py", True),
        ("figures/test_adam.py", False),
        ("contract/test_exercises.py", True),
        ("browser/test_lessons.py", True),
        ("setup/test_install.py", False),
    ],
)
def test_a_file_that_holds_nothing_of_a_lesson_is_not_read(file, read):
    assert may_hold(PurePath(file), "09", IMPORTED) == read


def test_a_lesson_that_is_not_there_imports_nothing(tmp_path):
    (tmp_path / "09_momentum.py").write_text(SOURCE)
    assert sources(tmp_path, "09") == SOURCE
    assert imported_by(sources(tmp_path, "10")) == set()
