"""Answers to lesson 03 that players wrote and that were judged wrongly, or in false words."""

import math

import pytest
import torch
from torch.nn import functional

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def both_forms(z):
    return torch.where(z >= 0, 1 / (1 + torch.exp(-z)), torch.exp(z) / (1 + torch.exp(z)))


def by_double(z):
    return (1 / (1 + torch.exp(-z.double()))).to(z.dtype)


def by_powers_of_e(z):
    return torch.where(z > 0, 1 / (1 + math.e**-z), math.e**z / (1 + math.e**z))


def below_the_largest(z):
    e = torch.exp(z.max(dim=1, keepdim=True).values - z)
    return e / e.sum(dim=1, keepdim=True)


def above_the_first(z):
    e = torch.exp(z - z[:, :1])
    return e / e.sum(dim=-1, keepdim=True)


def row_by_row(z):
    return torch.stack([torch.exp(row - row.max()) / torch.exp(row - row.max()).sum() for row in z])


WRONG = [
    ("03.sigmoid", both_forms, "an exponential above 1", "NaN"),
    ("03.sigmoid", by_double, "an exponential above 1", "wider dtype"),
    ("03.sigmoid", lambda z: 1 + torch.exp(-z), "brackets", "Either the division is missing"),
    ("03.sigmoid", lambda z: 1 / 1 + torch.exp(-z), "brackets", "or its denominator"),
    (
        "03.sigmoid",
        lambda z: torch.exp(z) / (torch.exp(z) + torch.exp(-z)),
        "twice as steep",
        "if you use exponentials",
    ),
    ("03.sigmoid", by_powers_of_e, "an exponential above 1", "NaN"),
    ("03.softmax", above_the_first, "shift by the first", "first number"),
    ("03.softmax", lambda z: torch.softmax(z, dim=1), "axis 1", "last axis"),
    ("03.softmax", below_the_largest, "minus before what is shifted", "subtraction"),
    ("03.softmax", lambda z: torch.exp(z) / torch.exp(z).sum(1, keepdim=True), "no shift", "far"),
    ("03.softmax", row_by_row, "each entry of axis 0", "which numbers share"),
]


@pytest.mark.parametrize(("id", "answer", "slip", "words"), WRONG)
def test_a_wrong_answer_is_named_in_words_that_are_true_of_it(id, answer, slip, words):
    for seed in (0, 1, 2):
        outcome = evaluate(EXERCISES[id], answer, seed=seed)
        assert outcome.slip == slip, outcome.message
        assert words in outcome.message


RIGHT = [
    ("03.sigmoid", lambda z: torch.exp(functional.logsigmoid(z))),
    ("03.sigmoid", lambda z: torch.exp(-torch.relu(-z)) / (1 + torch.exp(-z.abs()))),
    ("03.sigmoid", lambda z: torch.where(z < 0, (-z.abs()).exp(), 1) / (1 + (-z.abs()).exp())),
    ("03.softmax", lambda z: torch.softmax(z, dim=-1)),
    ("03.softmax", lambda z: torch.exp(z - torch.logsumexp(z, -1)[..., None])),
]


@pytest.mark.parametrize(("id", "answer"), RIGHT)
def test_a_right_answer_without_a_large_exponential_passes(id, answer):
    outcome = evaluate(EXERCISES[id], answer)
    assert outcome.passed, outcome.message
    assert outcome.usable, outcome.message
