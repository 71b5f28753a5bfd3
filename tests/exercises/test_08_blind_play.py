"""Answers to lesson 08 that players gave, and what must come back."""

import numpy as np
import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def mapped_before_the_loop(rows, size, generator, step, state):
    """Right: `from_numpy` copies nothing, so memory stays flat."""
    mapped = torch.from_numpy(rows)
    for chosen in torch.randperm(len(rows), generator=generator).split(size):
        state = step(state, mapped[chosen])
    return state


def by_take(rows, size, generator, step, state):
    order = torch.randperm(rows.shape[0], generator=generator).numpy()
    for first in range(0, rows.shape[0], size):
        state = step(state, torch.from_numpy(np.take(rows, order[first : first + size], axis=0)))
    return state


def loads(load):
    """The whole file is read before the first step."""

    def stream_epoch(rows, size, generator, step, state):
        whole = load(rows)
        for chosen in torch.randperm(len(rows), generator=generator).split(size):
            state = step(state, whole[chosen])
        return state

    return stream_epoch


def all_batches_first(rows, size, generator, step, state):
    parts = torch.randperm(len(rows), generator=generator).split(size)
    for x in [torch.from_numpy(rows[places.numpy()]) for places in parts]:
        state = step(state, x)
    return state


def shuffled_first(rows, size, generator, step, state):
    order = torch.randperm(len(rows), generator=generator).numpy()
    for x in torch.from_numpy(rows[order]).split(size):
        state = step(state, x)
    return state


def shuffled_each_time(rows, size, generator, step, state):
    order = torch.randperm(len(rows), generator=generator).numpy()
    for first in range(0, len(rows), size):
        state = step(state, torch.from_numpy(rows[order])[first : first + size])
    return state


def by_sorting(n, size, generator):
    return torch.rand(n, generator=generator).argsort().split(size)


WRONG = [
    ("08.stream", loads(torch.tensor), "read whole"),
    ("08.stream", loads(lambda rows: torch.from_numpy(rows.copy())), "read whole"),
    ("08.stream", loads(lambda rows: torch.from_numpy(np.array(rows))), "read whole"),
    ("08.stream", all_batches_first, "read whole"),
    ("08.stream", shuffled_first, "read whole"),
    ("08.stream", shuffled_each_time, "whole file for each batch"),
    ("08.batches", by_sorting, "places of sorted numbers"),
]
RIGHT = [("08.stream", mapped_before_the_loop), ("08.stream", by_take)]


@pytest.mark.parametrize(("id", "answer", "slip"), WRONG)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_answer_is_refused(id, answer, slip, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert not outcome.passed
    assert outcome.slip == slip


@pytest.mark.parametrize(("id", "answer"), RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_passes(id, answer, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.passed, outcome.message
