"""Answers to lesson 10 that were written without a look at the code, and what must come back."""

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def adagrad_with_another_default(p, g, s, *, lr, eps=1e-8):
    s = s + g * g
    return p - lr * g / (s**0.5 + eps), s


def rmsprop_with_another_default(p, g, s, *, lr, beta=0.99, eps=1e-7):
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s**0.5 + eps), s


def adagrad_without_a_sum(p, g, s, *, lr, eps=1e-10):
    return p - lr * g / ((g * g).sqrt() + eps), s


def adagrad_of_the_newest(p, g, s, *, lr, eps=1e-10):
    s = g**2
    return p - lr * g / (s.sqrt() + eps), s


def adagrad_with_1e_7(p, g, s, *, lr, eps=1e-10):
    s = s + g * g
    return p - lr * g / (s.sqrt() + 1e-7), s


def adagrad_with_1e_8(p, g, s, *, lr, eps=1e-10):
    s = s + g * g
    return p - lr * g / (s.sqrt() + 1e-8), s


def rmsprop_with_1e_6(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + 1e-6), s


def rmsprop_with_1e_8(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + 1e-8), s


def rmsprop_restarted(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = 0 * g
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + eps), s


def rmsprop_not_moved(p, g, s, *, lr, beta=0.99, eps=1e-8):
    s = beta * s + (1 - beta) * g * g
    p - lr * g / (s.sqrt() + eps)
    return p, s


WRONG = {
    adagrad_without_a_sum: ("10.adagrad", "nothing added up"),
    adagrad_of_the_newest: ("10.adagrad", "no memory"),
    adagrad_with_1e_7: ("10.adagrad", "ε of 1e-7"),
    adagrad_with_1e_8: ("10.adagrad", "ε of 1e-8"),
    rmsprop_with_1e_6: ("10.rmsprop", "ε of 1e-6"),
    rmsprop_with_1e_8: ("10.rmsprop", "ε of 1e-8"),
    rmsprop_restarted: ("10.rmsprop", "started anew"),
    rmsprop_not_moved: ("10.rmsprop", "parameter not moved"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, slip = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("10.adagrad", adagrad_with_another_default),
        ("10.rmsprop", rmsprop_with_another_default),
    ],
)
def test_another_default_than_that_of_the_first_line_is_not_right(exercise, answer, seed):
    assert not evaluate(EXERCISES[exercise], answer, seed=seed).passed


@pytest.mark.parametrize("exercise", ["10.effective_lr", "10.rmsprop", "10.adagrad"])
def test_no_sentence_claims_a_loop_that_may_not_be_there(exercise):
    for slip in EXERCISES[exercise].slips:
        assert "your loop" not in slip.message or "If you use a loop" in slip.message, slip.name
