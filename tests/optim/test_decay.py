"""Momentum with decay against torch's SGD, and where the two decays are one."""

import pytest
import torch

from course_lib.lab import generator
from course_lib.optim.decay import momentum_decoupled, momentum_l2

LR, DECAY = 0.1, 0.3


def gradients(steps=8):
    return torch.randn(steps, 4, generator=generator(0), dtype=torch.float64)


def walk(rule, beta, steps=8):
    p = torch.linspace(-2, 2, 4, dtype=torch.float64)
    v, found = torch.zeros_like(p), []
    for g in gradients(steps):
        p, v = rule(p, g, v, lr=LR, beta=beta, weight_decay=DECAY)
        found.append(p)
    return torch.stack(found)


def by_torch(beta, decay, shrink):
    """Return the path of torch's SGD; `shrink` is what a weight is multiplied by before a step."""
    leaf = torch.linspace(-2, 2, 4, dtype=torch.float64).requires_grad_()
    optimizer, found = torch.optim.SGD([leaf], lr=LR, momentum=beta, weight_decay=decay), []
    for g in gradients():
        with torch.no_grad():
            leaf.mul_(shrink)
        leaf.grad = g.clone()
        optimizer.step()
        found.append(leaf.detach().clone())
    return torch.stack(found)


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_they_are_torchs_sgd(beta):
    torch.testing.assert_close(walk(momentum_l2, beta), by_torch(beta, DECAY, 1.0))
    torch.testing.assert_close(walk(momentum_decoupled, beta), by_torch(beta, 0.0, 1 - LR * DECAY))


def test_without_memory_they_are_one_and_with_it_they_are_not():
    torch.testing.assert_close(walk(momentum_l2, 0.0), walk(momentum_decoupled, 0.0))
    assert not torch.allclose(walk(momentum_l2, 0.9), walk(momentum_decoupled, 0.9), atol=0.1)


def test_both_leave_velocity_and_weight_alone_without_decay():
    p, g, v = (row for row in gradients(3))
    for rule in (momentum_l2, momentum_decoupled):
        moved, new = rule(p, g, v, lr=LR, weight_decay=0.0)
        torch.testing.assert_close((moved, new), (p - LR * (0.9 * v + g), 0.9 * v + g))
