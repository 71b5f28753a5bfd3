"""Answers that strangers gave in lesson 00, and what they are told."""

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def forgets_in_a_loop(inputs, weights):
    for value, weight in zip(inputs, weights, strict=True):
        total = value * weight
    return total


def returns_in_the_loop(inputs, weights):
    for value, weight in zip(inputs, weights, strict=True):
        return value * weight


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        (lambda inputs, weights: inputs[-1] * weights[-1], "only the last pair"),
        (forgets_in_a_loop, "only the last pair"),
        (lambda inputs, weights: inputs[0] * weights[0], "only the first pair"),
        (returns_in_the_loop, "only the first pair"),
    ],
)
def test_a_loop_is_not_taken_for_granted(answer, slip):
    outcome = evaluate(EXERCISES["00.weighted_sum"], answer)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)
    assert "If you use a loop" in outcome.message or "in a loop" in outcome.message
    assert "your loop" not in outcome.message
