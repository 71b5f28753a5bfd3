"""A path visits the points that a torch optimizer visits."""

import pytest
import torch

from course_lib.optim import rules
from course_lib.optim.paths import path
from course_lib.optim.surfaces import BEALE

TORCH = {
    "gd": (rules.gd, lambda p: torch.optim.SGD(p, lr=0.01), {"lr": 0.01}),
    "momentum": (
        rules.momentum,
        lambda p: torch.optim.SGD(p, 0.01, 0.8),
        {"lr": 0.01, "beta": 0.8},
    ),
    "adam": (rules.adam, lambda p: torch.optim.Adam(p, lr=0.1), {"lr": 0.1}),
}


@pytest.mark.parametrize("name", TORCH)
def test_the_points_are_those_of_torch(name):
    rule, make, hyper = TORCH[name]
    start = torch.tensor(BEALE.start, dtype=torch.float64)
    p = start.clone().requires_grad_()
    optimizer, expected = make([p]), [start]
    for _ in range(20):
        p.grad = BEALE.gradient(p.detach())
        optimizer.step()
        expected.append(p.detach().clone())
    found = path(rule, BEALE.gradient, start, steps=20, **hyper)
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-10, atol=1e-12)


def test_no_step_is_the_start_alone_and_the_start_stays_as_it_was():
    start = torch.tensor([1.0, 2.0])
    assert path(rules.gd, lambda p: p, start, steps=0, lr=0.1).tolist() == [[1.0, 2.0]]
    path(rules.gd, lambda p: p, start, steps=3, lr=0.1)
    assert start.tolist() == [1.0, 2.0]
