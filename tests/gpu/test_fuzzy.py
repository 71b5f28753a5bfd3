"""On a CUDA device: fuzzy controllers give what they give on a CPU, and so do their gradients."""

import pytest
import torch

from course_lib.second_order import PROGRESS, SLOPE, bells, freeze
from course_lib.second_order.controller import Variable
from tests.second_order.test_controller import controllers

CUDA = torch.device("cuda")


def everything():
    sugeno, mamdani = controllers()
    table = freeze(sugeno, SLOPE.grid(9), PROGRESS.grid(7))
    bell = Variable(sugeno.rows.words, sugeno.rows.corners, bells)
    return {"Sugeno": sugeno, "Mamdani": mamdani, "table": table, "bells": lambda x, _: bell(x)}


@pytest.mark.parametrize("name", everything())
def test_a_controller_says_the_same(name):
    source = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 50, dtype=torch.float64, generator=source)
    here = [value.clone().requires_grad_() for value in (40 * x, y)]
    there = [value.detach().to(CUDA).requires_grad_() for value in here]
    for side in (here, there):
        everything()[name](*side).sum().backward()
    found = everything()[name](*there)
    assert found.is_cuda
    torch.testing.assert_close(found.cpu(), everything()[name](*here))
    for mine, other in zip(here, there, strict=True):
        if mine.grad is not None:
            torch.testing.assert_close(other.grad.cpu(), mine.grad)
