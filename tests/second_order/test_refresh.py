"""Curvature taken every k steps: the first steps above all."""

import functools

import pytest
import torch
from torch.func import grad

from course_lib.lab import generator
from course_lib.optim import corrected
from course_lib.second_order import diagonal_step, due, guard, hutchinson, hvp, refreshes

from .small import quadratic, randn


@pytest.mark.parametrize("every", [1, 2, 7])
def test_the_first_step_is_due_and_then_each_so_many(every):
    steps = [t for t in range(1, 50) if due(t, every)]
    assert steps == list(range(1, 50, every))
    for t in range(1, 50):
        assert refreshes(t, every) == sum(s <= t for s in steps)


@pytest.mark.parametrize("every", [1, 3, 10])
def test_first_steps_are_of_the_size_of_later_ones(every):
    """A quadratic whose diagonal is known: an average that waits, or is not corrected, shows."""
    H, b, p = torch.diag(torch.tensor([1.0, 100.0])).double(), randn(2), randn(2, seed=1)
    loss, d, beta3 = quadratic(H, b), torch.zeros(2, dtype=torch.float64), 0.9
    source = generator(0)
    for t in range(1, 12):
        if due(t, every):
            new = hutchinson(functools.partial(hvp, loss, p), p, 1, source)
            d = beta3 * d + (1 - beta3) * new
        now = guard(corrected(d, beta3, refreshes(t, every)), floor=1e-8)
        torch.testing.assert_close(now, H.diagonal())
        p = diagonal_step(p, grad(loss)(p), now, lr=0.5)
    assert grad(loss)(p).norm() < 0.1
