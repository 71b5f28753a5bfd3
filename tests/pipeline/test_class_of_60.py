"""docs/teaching.md says what was measured when a class of 60 was graded."""

import pytest

import class_of_60
from course_lib.lab.stored import read_record, source_hash

TOOL = class_of_60.ROOT / "tools" / "class_of_60.py"


@pytest.fixture(scope="module")
def record():
    return read_record(TOOL.stem, TOOL.parent)


def test_the_page_has_the_stored_numbers(record):
    page = class_of_60.PAGE.read_text("utf-8")
    words = class_of_60.section(record["data"])
    assert page.endswith(f"\n\n{class_of_60.HEADING}{words}"), f"run {record['command']}"


def test_the_stored_result_is_that_of_the_tool_as_it_is(record):
    assert record["command"] == class_of_60.COMMAND
    assert record["source_sha256"] == source_hash(TOOL), f"run {record['command']}"


def test_all_60_had_their_marks_though_the_grading_was_killed(record):
    data = record["data"]
    assert data["as_due"] == data["size"] == 60
    assert 0 < data["graded_when_killed"] < 60


def test_each_measured_number_stands_in_the_sentences(record):
    data = record["data"]
    for name in data.keys() - {"device", "processor", "lesson"}:
        other = class_of_60.section(data | {name: 7654})
        assert "7654" in other, name
        assert other != class_of_60.section(data), name
