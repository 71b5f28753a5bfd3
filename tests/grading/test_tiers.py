"""What a teacher can choose: core gives the stub, scaffold the first lines too."""

import pytest

from course_lib.exercises import EXERCISES
from derive import plain, secret_lines
from grading.conftest import lesson, submission
from teaching import first_half, stub

NUMBERS = sorted({id[:2] for id in EXERCISES})


def test_the_first_half_of_the_statements_is_given():
    solution = [
        "    m = (",
        "        beta * m",
        "    )",
        "    p = p - m",
        "    q = p",
        "    for i in p:",
        "        q = q + i",
        "    return q",
    ]
    assert first_half(solution) == solution[:4]
    assert first_half(["    return x"]) == []
    assert first_half(["choose = 1"]) == []


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{n}_scaffold")
def test_a_scaffold_is_worth_nothing_and_keeps_the_end_of_the_solution(marks_of, number):
    scaffolds = {c.exercise: stub(lesson(number), c, "scaffold") for c in lesson(number).answers}
    for cell in lesson(number).answers:
        assert stub(lesson(number), cell, "core") == cell.stub
        text = scaffolds[cell.exercise]
        compile(text, cell.exercise, "exec")
        assert text.startswith(cell.source.split("### BEGIN")[0].rstrip())
        assert all(len(line) <= 100 for line in text.split("\n"))
        assert plain(secret_lines(cell.solution())[-1]) not in plain(text)
    for mark in marks_of(*submission(number, scaffolds)).values():
        assert mark.earned == 0, mark.check.id
        assert not mark.outcome.passed
