"""Answers that are values: choices with their reasons, judged part by part."""

import sys
from types import MappingProxyType

import pytest

from course_lib.exercises import Case, Exercise, Twin, evaluate

evaluate_module = sys.modules[evaluate.__module__]

CHOICES = Exercise(
    id="99.choices",
    points=1,
    asks="a loss for each of three tasks, and why",
    reference=(("mse", "mean"), ("huber", "capped"), ("bce", "separate")),
    cases=lambda seed: [Case("these three tasks")],
    hints=("First?", "Second."),
    twins=(
        Twin(
            "squares",
            (("mse", "mean"), ("mse", "capped"), ("bce", "separate")),
            "Squares make outliers count more.",
        ),
        Twin(
            "habit",
            (("mse", "mean"), ("huber", "capped"), ("bce", "usual")),
            "A habit is no reason.",
        ),
        Twin(
            "two at once",
            (("mse", "mean"), ("absolute", "median"), ("bce", "separate")),
            "Loss and reason go together, but belong to another task.",
        ),
    ),
    also_right=(),
)


@pytest.fixture(autouse=True)
def choices(toys, monkeypatch):
    everything = MappingProxyType({**evaluate_module.EXERCISES, CHOICES.id: CHOICES})
    monkeypatch.setattr(evaluate_module, "EXERCISES", everything)


def misconception(*answer):
    return evaluate(CHOICES.id, answer).misconception


RIGHT = CHOICES.reference


@pytest.mark.parametrize("twin", CHOICES.twins, ids=lambda twin: twin.name)
def test_each_twin_is_named(twin):
    assert evaluate(CHOICES.id, twin.fn).misconception == twin.name


def test_a_slip_in_one_part_is_named_whatever_the_other_parts_are():
    assert misconception(("huber", "usual"), ("mse", "no idea"), RIGHT[2]) == "squares"
    assert misconception(RIGHT[0], ("bce", "no idea"), ("mse", "usual")) == "habit"


def test_a_twin_with_two_wrong_parts_needs_both():
    assert misconception(RIGHT[0], ("absolute", "median"), ("mse", "no idea")) == "two at once"
    assert misconception(RIGHT[0], ("absolute", "no idea"), RIGHT[2]) is None


def test_a_slip_in_the_wrong_place_is_another():
    assert misconception(("absolute", "mean"), RIGHT[1], RIGHT[2]) is None


def test_lists_do_as_well_as_tuples():
    assert evaluate(CHOICES.id, [list(pair) for pair in RIGHT]).passed
    assert misconception(*[list(pair) for pair in CHOICES.twins[0].fn]) == "squares"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((RIGHT[0], ("absolute", "capped"), RIGHT[2]), "part 1 of part 2 of your answer is not"),
        ((RIGHT[0], RIGHT[1], ("bce", "habit")), "part 2 of part 3 of your answer is not"),
        ((RIGHT[0], RIGHT[1]), "your result has 2 parts; it should have 3"),
        ((RIGHT[0], RIGHT[1], "bce"), "result number 3"),
        ((RIGHT[0], RIGHT[1], ("bce", ...)), "still `...`"),
        ({1: RIGHT[0]}, "your result is a dict"),
    ],
)
def test_what_no_twin_knows_is_told_by_its_place(answer, words):
    outcome = evaluate(CHOICES.id, answer)
    assert not outcome.passed
    assert outcome.misconception is None
    assert words in outcome.message


def test_functions_are_judged_as_a_whole_as_before():
    half_right = lambda x: (x.sum() * 2, x.mean())  # noqa: E731
    assert evaluate("99.pair", half_right).misconception is None
