"""Answers to lesson 04 that players wrote and that were judged in false words."""

import math

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def whole_square_in_the_exponent(z, std):
    density = math.exp(-4) / math.sqrt(2 * math.pi)
    return std / math.sqrt(1 - 4 * density / math.erf(math.sqrt(2))) * z


def without_the_area(z, std):
    return std / math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi)) * z


def one_divided_too(z, std):
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    return std / math.sqrt((1 - 4 * density) / math.erf(math.sqrt(2))) * z


def last_example(x, W, v, error):
    hidden = torch.tanh(W @ x[-1])
    return error[-1] * torch.outer(v * (1 - hidden**2), x[-1])


def returned_in_the_loop(x, W, v, error):
    total = torch.zeros_like(W)
    for xn, en in zip(x, error, strict=True):
        hidden = torch.tanh(W @ xn)
        total = total + en * torch.outer(v * (1 - hidden**2), xn)
        return total


def all_but_the_last(x, W, v, error):
    hidden = torch.tanh(x[:-1] @ W.T)
    return (error[:-1, None] * v * (1 - hidden**2)).T @ x[:-1]


# What the sentence says the code does, it does; what it must not say stands last.
WRONG = [
    ("04.truncated", whole_square_in_the_exponent, "exponent not halved", "whole square", "halved"),
    ("04.truncated", without_the_area, "whole area", "plays no part", "it is divided by"),
    ("04.truncated", one_divided_too, "all divided by the area", "your area divides", "Only"),
    (
        "04.he_std",
        lambda shape: (2 / shape[1]) ** 1 / 2,  # the power first: 1 over the inputs
        "factor 1, no root",
        "or both are there",
        "the factor for the ReLU is missing",
    ),
    ("04.he_std", lambda shape: 1 / shape[1], "factor 1, no root", "1 over the inputs", "Glorot"),
    (
        "04.glorot_std",
        lambda shape: (2 / sum(shape)) ** 1 / 2,
        "one over both fans",
        "or both are there",
        "where their mean belongs",
    ),
    (
        "04.symmetric_gradient",
        returned_in_the_loop,
        "first example only",
        "If you use a loop",
        "your loop",
    ),
    ("04.symmetric_gradient", all_but_the_last, "last example left out", "ends", "lower precision"),
    (
        "04.symmetric_gradient",
        last_example,
        "last example only",
        "If you use a loop",
        "your loop",
    ),
]


@pytest.mark.parametrize(("id", "answer", "slip", "words", "not_said"), WRONG)
def test_a_wrong_answer_is_named_in_words_that_are_true_of_it(id, answer, slip, words, not_said):
    for seed in (0, 1, 2):
        outcome = evaluate(EXERCISES[id], answer, seed=seed)
        assert outcome.slip == slip, outcome.message
        assert words in outcome.message
        assert not_said not in outcome.message
