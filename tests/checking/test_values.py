"""Answers that are values: choices with their reasons, judged part by part."""

import pytest

from course_lib.checking import Case, Exercise, Slip, evaluate

from .conftest import PAIR

CHOICES = Exercise(
    id="99.choices",
    points=1,
    asks="a loss for each of three tasks, and why",
    reference=(("mse", "mean"), ("huber", "capped"), ("bce", "separate")),
    cases=lambda seed: [Case("these three tasks")],
    hints=("First?", "Second."),
    slips=(
        Slip(
            "squares",
            (("mse", "mean"), ("mse", "capped"), ("bce", "separate")),
            "Squares make outliers count more.",
        ),
        Slip(
            "habit",
            (("mse", "mean"), ("huber", "capped"), ("bce", "usual")),
            "A habit is no reason.",
        ),
        Slip(
            "two at once",
            (("mse", "mean"), ("absolute", "median"), ("bce", "separate")),
            "Loss and reason go together, but belong to another task.",
        ),
    ),
    also_right=(),
)


def slip(*answer):
    return evaluate(CHOICES, answer).slip


RIGHT = CHOICES.reference


@pytest.mark.parametrize("slip", CHOICES.slips, ids=lambda slip: slip.name)
def test_each_slip_is_named(slip):
    assert evaluate(CHOICES, slip.answer).slip == slip.name


def test_a_slip_in_one_part_is_named_whatever_the_other_parts_are():
    assert slip(("huber", "usual"), ("mse", "no idea"), RIGHT[2]) == "squares"
    assert slip(RIGHT[0], ("bce", "no idea"), ("mse", "usual")) == "habit"


def test_a_slip_with_two_wrong_parts_needs_both():
    assert slip(RIGHT[0], ("absolute", "median"), ("mse", "no idea")) == "two at once"
    assert slip(RIGHT[0], ("absolute", "no idea"), RIGHT[2]) is None


def test_a_slip_in_the_wrong_place_is_another():
    assert slip(("absolute", "mean"), RIGHT[1], RIGHT[2]) is None


def test_lists_do_as_well_as_tuples():
    assert evaluate(CHOICES, [list(pair) for pair in RIGHT]).passed
    assert slip(*[list(pair) for pair in CHOICES.slips[0].answer]) == "squares"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((RIGHT[0], ("absolute", "capped"), RIGHT[2]), "number 1 of part number 2 is not"),
        ((RIGHT[0], RIGHT[1], ("bce", "habit")), "number 2 of part number 3 is not"),
        ((RIGHT[0], RIGHT[1]), "your answer has 2 parts; it should have 3"),
        ((RIGHT[0], RIGHT[1], "bce"), "part number 3 is not"),
        ((RIGHT[0], RIGHT[1], ("bce", ...)), "still `...`"),
        ({1: RIGHT[0]}, "your answer is a dict"),
    ],
)
def test_what_no_slip_knows_is_told_by_its_place(answer, words):
    outcome = evaluate(CHOICES, answer)
    assert not outcome.passed
    assert outcome.slip is None
    assert words in outcome.message


def _size(number):
    return "large" if isinstance(number, int) and number > 9 else "small"


MEASURED = Exercise(
    id="99.large",
    points=1,
    asks="a large number",
    reference=10,
    cases=lambda seed: [Case("this task")],
    hints=("First?", "Second."),
    slips=(Slip("small", 3, "Your number is too small."),),
    also_right=(11,),
    measured=_size,
)


@pytest.mark.parametrize("answer", [10, 11, 1000])
def test_where_it_counts_what_comes_of_a_value_many_are_right(answer):
    outcome = evaluate(MEASURED, answer)
    assert outcome.passed
    assert outcome.usable


@pytest.mark.parametrize("answer", [9, "ten", None, [10]])
def test_where_it_counts_what_comes_of_a_value_many_make_one_slip(answer):
    outcome = evaluate(MEASURED, answer)
    assert (outcome.status, outcome.slip) == ("wrong_value", "small")


def test_where_it_counts_what_comes_of_a_value_a_stub_and_a_function_are_no_answers():
    assert evaluate(MEASURED, ...).status == "not_attempted"
    assert evaluate(MEASURED, lambda: 10).status == "wrong_type"


def test_functions_are_judged_as_a_whole_as_before():
    half_right = lambda x: (x.sum() * 2, x.mean())  # noqa: E731
    assert evaluate(PAIR, half_right).slip is None
