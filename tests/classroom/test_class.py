"""Each submission gets the points that it deserves, and is told why first."""

import html
import re
import signal

import pytest
from nbgrader.api import Gradebook

from classroom.conftest import written
from classroom.submissions import LESSON, RIGHT, STUDENTS
from course_lib.exercises import EXERCISES

POINTS = {
    "right": 8,
    "half": 3,
    "wrong": 0,
    "untouched": 0,
    "tampered": 0,
    "copied": 8,
    "deleted": 7,
    "widget": 8,
    "garbage": 0,
    "cheat_check": 0,
    "cheat_environ": 0,
}
NAMED = {  # the slips of `wrong` that have a name
    "01.neuron": "one number for all examples",
    "01.dense": "transposed weights",
    "01.parameter_count": "sizes instead of connections",
}


def due(student):
    return POINTS.get(student, 6)  # dense is worth 2 of 8


@pytest.mark.parametrize("student", STUDENTS)
def test_a_submission_gets_what_it_deserves(graded, student):
    assert graded.marks.get(student, 0) == due(student)


@pytest.mark.parametrize(
    ("student", "words"),
    {
        "wrong": "01.dense: The product sums over the neurons where it should sum over the inputs",
        "untouched": "01.dense: Not attempted: the answer is still the stub.",
        "half": "01.dense: Not attempted",
        "loops": "look for a loop that never ends",
        "exits": "01.dense: Your answer ended the process that ran it (exit code 0)",
        "bomb": "can't allocate memory",
        "tampered": "01.dense: Your function gave the same result in every try",
        "copied": "01.dense: Right.",
        "reference": "graded without the course's library (`course_lib.nn.layers`",
        "disk": "no use for open",
        "deleted": "01.dense: Right.",
        "flood": "look for a loop that never ends",
        "cheat_same": "",
        "cheat_table": "your function stops with KeyError",
        "cheat_solutions": "no use for open",
    }.items(),
    ids=lambda value: value if value in STUDENTS else "",  # no lesson's number: all run together
)
def test_the_feedback_begins_with_what_is_wrong(feedback, student, words):
    summary, shown = feedback(student)
    assert words in shown["01-dense-check"]
    assert re.match(r"\*\*\d+ of 8 points\.\*\*\n", summary)
    assert "**01.dense**" in summary


def test_the_page_for_a_learner_begins_with_points_and_the_named_slips(graded):
    page = (graded.folder / "feedback" / "wrong" / LESSON / f"{LESSON}.html").read_text()
    beginning = page[page.index("0 of 8 points") :].partition("01 · ")[0]
    words = html.unescape(re.sub(r"<[^>]*>", "", beginning))
    for id, name in NAMED.items():
        slip = next(slip for slip in EXERCISES[id].slips if slip.name == name)
        assert f"{id}, 0 of {EXERCISES[id].points}: {slip.message.replace('`', '')}" in words
    assert len(set(re.findall(r"drawn with seed (\d+)", page))) == 1


def test_each_submission_has_a_seed_of_its_own_and_no_source_holds_one(graded):
    seeds = set()
    for student in ("right", "half", "wrong", "untouched"):
        file = graded.folder / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        seeds.add(re.search(r'"seed": (\d+)', file.read_text())[1])
    assert len(seeds) == 4
    secret = (graded.folder / "grading_secret.txt").read_text()
    for folder in ("source", "release"):
        text = (graded.folder / folder / LESSON / f"{LESSON}.ipynb").read_text()
        assert not any(word in text for word in [*seeds, secret])


def test_a_submission_that_is_no_notebook_is_named_and_stops_nobody(graded):
    assert "There was an error processing assignment" in graded.told
    assert "garbage" in graded.told
    assert not (graded.folder / "autograded" / "garbage").exists()


def test_a_grading_that_was_killed_is_taken_up_and_grades_each_once(graded):
    killed = graded.killed
    assert killed.code == -signal.SIGKILL
    assert len(killed.half) == 1
    assert 1 <= len(killed.written) < len(STUDENTS) - 1
    assert written(killed.written) == killed.written  # what was graded before is not graded again
    checks = sorted(f"{id.replace('.', '-')}-check" for id in RIGHT)
    with Gradebook(f"sqlite:///{graded.folder / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(LESSON)
        assert sorted(submission.student.id for submission in submissions) == sorted(STUDENTS)
        for submission in submissions:
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            assert sorted(grade.name for grade in grades) == checks
            if submission.student.id != "garbage":  # nothing of it could be graded
                scores = [grade.auto_score for grade in grades]
                assert sum(scores) == due(submission.student.id)
