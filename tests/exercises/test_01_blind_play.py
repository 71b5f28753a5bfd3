"""Answers that strangers gave in lesson 01, and what they are told."""

from itertools import pairwise

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def neuron_that_forgets(x, w):
    out = x.new_zeros(len(x))
    for i in range(len(w)):
        out = x[:, i] * w[i]
    return out


def neuron_that_keeps_all(x, w):
    totals = []
    for example in x:
        total = 0
        for signal, weight in zip(example, w, strict=True):
            total = total + signal * weight
            totals.append(total)
    return torch.stack(totals)


def count_that_forgets(sizes):
    for inputs, neurons in pairwise(sizes):
        total = (inputs + 1) * neurons
    return total


def count_past_the_end(sizes):
    total = 0
    for i in range(len(sizes)):
        total += (sizes[i] + 1) * sizes[i + 1]
    return total


def dense_of_the_first_example(x, weight):
    out = x.new_zeros(len(x), len(weight))
    for n in range(len(x)):
        for h in range(len(weight)):
            out[n, h] = x[n] @ weight[h]
        return out


def dense_of_the_first_entry(x, weight):
    out = x.new_zeros(len(x), len(weight))
    out[0, 0] = x[0] @ weight[0]
    return out


@pytest.mark.parametrize(
    ("exercise", "answer", "slip"),
    [
        ("01.neuron", lambda x, w: x[:, -1] * w[-1], "only the last product"),
        ("01.neuron", neuron_that_forgets, "only the last product"),
        ("01.neuron", neuron_that_keeps_all, "a total after each input"),
        ("01.dense", dense_of_the_first_example, "only the first example"),
        ("01.dense", dense_of_the_first_entry, "return inside the loops"),
        ("01.parameter_count", lambda sizes: (sizes[-2] + 1) * sizes[-1], "only the last layer"),
        ("01.parameter_count", count_that_forgets, "only the last layer"),
        ("01.parameter_count", count_past_the_end, "past the end"),
        ("01.parameter_count", lambda sizes: sizes[10], "past the end"),
    ],
)
def test_a_loop_is_not_taken_for_granted(exercise, answer, slip):
    outcome = evaluate(EXERCISES[exercise], answer)
    assert (outcome.passed, outcome.slip) == (False, slip)
    assert "f you use a loop" in outcome.message or "If you use loops" in outcome.message
    assert "our loop" not in outcome.message


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("01.neuron", lambda w, x: x @ w, "takes (w, x)"),
        ("01.dense", lambda weight, x: x @ weight.T, "takes (weight, x)"),
    ],
)
def test_a_first_line_in_another_order_is_named(exercise, answer, words):
    outcome = evaluate(EXERCISES[exercise], answer)
    assert not outcome.passed
    assert words in outcome.message
