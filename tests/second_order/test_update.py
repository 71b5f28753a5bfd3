"""The rule with the difference of gradients: what it is made of, and what it is like."""

import pytest
import torch

from course_lib.optim import RuleOptimizer
from course_lib.optim.probe import is_elementwise
from course_lib.optim.rules import adamw
from course_lib.optim.settings import complete
from course_lib.second_order import update
from tests.second_order.small import randn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own


def run(rule, steps, **hyper):
    w = randn(7).requires_grad_()
    optimizer = RuleOptimizer([w], rule, **hyper)
    for t in range(steps):
        w.grad = randn(7, seed=t + 1)
        optimizer.step()
    return w.detach(), optimizer.state[w]


def test_without_the_difference_it_is_adamw():
    found, _ = run(update, 6, lr=0.1, mix=0.0, weight_decay=0.3)
    expected, _ = run(adamw, 6, lr=0.1, beta1=0.8, beta2=0.95, weight_decay=0.3)
    torch.testing.assert_close(found, expected)


def test_compiled_is_as_written():
    found, _ = run(update, 6, lr=0.1, compiled=True)
    expected, _ = run(update, 6, lr=0.1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_it_may_be_laid_end_to_end():
    assert is_elementwise(update, **complete(update, {"lr": 0.1}))


def test_the_average_of_differences_is_the_difference_of_averages():
    """So that with β₃ = β₁ the direction is Nesterov's, with `mix` for its look-ahead."""
    beta, first = 0.8, randn(7, seed=1)
    for t in range(2, 7):
        _, before = run(update, t - 1, lr=0.1, beta1=beta, beta3=beta)
        _, after = run(update, t, lr=0.1, beta1=beta, beta3=beta)
        left = beta ** (t - 1) * (1 - beta) * first
        torch.testing.assert_close(after["y"], after["m"] - before["m"] - left)


def test_the_first_difference_is_nothing():
    _, state = run(update, 1, lr=0.1)
    assert torch.equal(state["y"], torch.zeros(7, dtype=torch.float64))
