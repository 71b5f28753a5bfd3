"""Answers that strangers gave in lesson 05, and what they are told."""

import pytest
import torch
from torch.nn import functional

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES
from course_lib.exercises.lesson_05.choose import CHOSEN, REASONS

LOSSES = ("mse", "absolute", "huber", "bce_logits", "categorical_logits", "brier")
EVERY_WORD = [(task, word) for task in range(len(CHOSEN)) for word in LOSSES + REASONS]


def chosen_but(task, word, kind=None):
    """Return the right choices with another word in one task; `kind` is 0 for a loss."""
    pair = list(CHOSEN[task])
    pair[word in REASONS if kind is None else kind] = word
    return [*CHOSEN[:task], tuple(pair), *CHOSEN[task + 1 :]]


@pytest.mark.parametrize(
    ("limit", "slip"), [(1000, "logits cut off at 1000"), (5000, None), (500, None)]
)
def test_logits_are_not_cut_off_where_the_lesson_goes_on(limit, slip):
    def cut_off(z, y):
        return functional.binary_cross_entropy_with_logits(z.clamp(-limit, limit), y)

    outcome = evaluate(EXERCISES["05.bce_logits"], cut_off)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)


def by_where(z, y):
    """The loss is right, and its slope is NaN where the other side overflows."""
    yes = torch.where(z > 0, -torch.log(1 + torch.exp(-z)), z - torch.log(1 + torch.exp(z)))
    no = torch.where(z > 0, -z - torch.log(1 + torch.exp(-z)), -torch.log(1 + torch.exp(z)))
    return -(y * yes + (1 - y) * no).mean()


def by_where_of_small_exponentials(z, y):
    rest = torch.log(1 + torch.exp(-z.abs()))
    return (torch.where(z > 0, z * (1 - y), -z * y) + rest).mean()


def test_the_slope_that_the_lesson_goes_on_with_is_no_nan():
    exercise = EXERCISES["05.bce_logits"]
    outcome = evaluate(exercise, by_where)
    assert (outcome.status, outcome.slip) == ("raised", "both sides of where")
    assert evaluate(exercise, by_where_of_small_exponentials).passed


def min_for_max(z, y):
    return (z.clamp(max=0) - z * y + torch.log1p(torch.exp(-z.abs()))).mean()


def test_smaller_for_larger_is_named_in_words_true_of_either_formula():
    outcome = evaluate(EXERCISES["05.bce_logits"], min_for_max)
    assert outcome.slip == "maximum for minimum"
    assert "The smaller and the larger of z and 0 have changed places" in outcome.message


def test_a_first_line_as_it_was_given_is_not_blamed():
    def huber(prediction, target, delta=1.0):
        return torch.nn.functional.mse_loss(prediction, target)

    outcome = evaluate(EXERCISES["05.huber"], huber)
    assert not outcome.passed
    assert "first line" not in outcome.message


def test_the_logits_that_the_lesson_goes_on_with_are_tested():
    sizes = {z.abs().max().item() for z, _ in (c.args for c in EXERCISES["05.bce_logits"].cases(0))}
    assert max(sizes) >= 1e4


def test_a_function_that_returns_the_pairs_is_not_the_pairs():
    def choose():
        return CHOSEN

    assert evaluate(EXERCISES["05.choose"], choose).status == "wrong_type"


@pytest.mark.parametrize(("task", "word"), EVERY_WORD)
def test_every_wrong_word_of_the_tables_has_a_sentence_of_its_own(task, word):
    outcome = evaluate(EXERCISES["05.choose"], chosen_but(task, word))
    if word in CHOSEN[task]:
        assert outcome.passed
        return
    assert outcome.slip == f"task {task + 1}, {word}"
    kind = "reason" if word in REASONS else "loss"
    assert outcome.message.startswith(f"Task {task + 1}, {kind}: ")


@pytest.mark.parametrize(
    ("task", "kind", "word", "says"),
    [
        (0, 0, " mse", 'Task 1, loss: look at the blanks in " mse"'),
        (0, 0, "mse ", 'Task 1, loss: look at the blanks in "mse "'),
        (4, 1, " shared", 'Task 5, reason: look at the blanks in " shared"'),
        (4, 1, "Shared", 'Task 5, reason: look at the capital letters in "Shared"'),
        (2, 0, "HUBER", 'Task 3, loss: look at the capital letters in "HUBER"'),
    ],
)
def test_a_right_word_written_otherwise_is_not_called_wrong(task, kind, word, says):
    outcome = evaluate(EXERCISES["05.choose"], chosen_but(task, word, kind))
    assert not outcome.passed
    assert outcome.message.startswith(says)
    assert "is not a word" not in outcome.message


def test_the_sum_of_the_costs_is_named_in_each_loss():
    def huber(p, y, delta=1.0):
        return functional.huber_loss(p, y, delta=delta, reduction="sum")

    for id, answer in {
        "05.mse": lambda p, y: ((p - y) ** 2).sum(),
        "05.huber": huber,
        "05.bce_logits": lambda z, y: -functional.logsigmoid(z * (2 * y - 1)).sum(),
        "05.categorical": lambda z, y: (z.logsumexp(1) - z[torch.arange(len(y)), y]).sum(),
    }.items():
        assert evaluate(EXERCISES[id], answer).slip == "sum for mean"
