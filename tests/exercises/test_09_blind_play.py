"""Answers to lesson 09 that were written without a look at the code, and what must come back."""

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def nesterov_fades_twice(p, g, v, *, lr, beta=0.9):
    v = beta * v + g
    return p - lr * (g + beta * beta * v), v


def nesterov_with_the_old_velocity(p, g, v, *, lr, beta=0.9):
    old, v = v, beta * v + g
    return p - lr * (g + beta * beta * old), v


def nesterov_mixed(p, g, v, *, lr, beta=0.9):
    v = beta * v + g
    return p - lr * (1 + beta) * g - lr * beta**2 * v, v


def nesterov_of_a_known_course(p, g, v, *, lr, beta=0.9):
    old, v = v, beta * v + g
    return p + lr * beta * old - lr * (1 + beta) * v, v


def momentum_not_moved(p, g, v, *, lr, beta=0.9):
    v = beta * v + g
    p - lr * v
    return p, v


def momentum_restarted(p, g, v, *, lr, beta=0.9):
    v = 0 * g
    v = beta * v + g
    return p - lr * v, v


def average_written_without_a_loop(x, beta):
    return (1 - beta) * x


def first_average_without_a_loop(x, beta):
    return (1 - beta) * x[0]


WRONG = {
    nesterov_fades_twice: ("09.nesterov", "β² ahead"),
    nesterov_with_the_old_velocity: ("09.nesterov", "1 - β before the gradient"),
    nesterov_mixed: ("09.nesterov", "written out with the new velocity"),
    momentum_not_moved: ("09.momentum", "parameter not moved"),
    momentum_restarted: ("09.momentum", "old velocity forgotten"),
    average_written_without_a_loop: ("09.ema", "old average forgotten"),
    first_average_without_a_loop: ("09.ema", "left after one round"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, slip = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert (outcome.status, outcome.slip) in (("wrong_value", slip), ("wrong_shape", slip))


def test_nesterov_written_out_with_both_velocities_is_right():
    assert evaluate(EXERCISES["09.nesterov"], nesterov_of_a_known_course).passed


@pytest.mark.parametrize("exercise", ["09.ema", "09.momentum", "09.momentum_ema", "09.nesterov"])
def test_no_sentence_claims_a_loop_that_may_not_be_there(exercise):
    for slip in EXERCISES[exercise].slips:
        assert "your loop" not in slip.message or "If you use a loop" in slip.message, slip.name
