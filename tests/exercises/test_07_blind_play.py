"""Answers to lesson 07 that players gave, and what must come back."""

import math

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def capped(most):
    """A loop over plain numbers that gives up after so many steps."""

    def steps_needed(curvatures, lr, shrink):
        slowest, left, t = (1 - lr * curvatures).abs().max().item(), 1.0, 0
        while left > shrink and t < most:
            left, t = left * slowest, t + 1
        return t

    return steps_needed


def rounded_down_and_one_more(curvatures, lr, shrink):
    slowest = (1 - lr * curvatures).abs().max().item()
    return math.floor(math.log(shrink) / math.log(slowest)) + 1


def until_below(curvatures, lr, shrink):
    slowest, left, t = (1 - lr * curvatures).abs().max().item(), 1.0, 0
    while left >= shrink:
        left, t = left * slowest, t + 1
    return t


def by_power(curvatures, lr, shrink):
    slowest, t = float((1 - lr * curvatures).abs().max()), 0
    while slowest**t > shrink:
        t += 1
    return t


WRONG = [
    ("07.steps_needed", capped(100), None),
    ("07.steps_needed", capped(1_000), None),
    ("07.steps_needed", capped(10_000), None),
    ("07.steps_needed", rounded_down_and_one_more, "one more where it comes out even"),
    ("07.steps_needed", until_below, "one more where it comes out even"),
    ("07.max_lr", lambda curvatures: 2 // curvatures.max(), "whole division"),
]
RIGHT = [("07.steps_needed", capped(100_000)), ("07.steps_needed", by_power)]


@pytest.mark.parametrize(("id", "answer", "slip"), WRONG)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_answer_is_refused(id, answer, slip, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.status == "wrong_value"
    assert outcome.slip == slip


@pytest.mark.parametrize(("id", "answer"), RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_passes(id, answer, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.passed, outcome.message
