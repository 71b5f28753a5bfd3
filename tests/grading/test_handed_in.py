"""The names of files from a learning platform: who handed in which lesson."""

import re

import pytest

from course_lib.grading.course import HANDED_IN


@pytest.mark.parametrize(
    ("name", "learner", "lesson"),
    [
        ("ada_01_weights", "ada", "01_weights"),
        ("ada_b_20_fuzzy_second_order", "ada_b", "20_fuzzy_second_order"),
    ],
)
def test_a_file_says_who_handed_it_in(name, learner, lesson):
    found = re.match(HANDED_IN, f"/course/downloaded/01_weights/extracted/{name}.ipynb")
    assert found.groupdict() == {"student_id": learner, "file_id": lesson}


@pytest.mark.parametrize("name", ["01_weights.ipynb", "ada_01_weights.txt", "ada.ipynb"])
def test_other_names_are_nobody_s(name):
    assert re.match(HANDED_IN, f"/course/downloaded/01_weights/extracted/{name}") is None
