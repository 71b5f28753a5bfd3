"""On a CUDA device: fuzzy controllers and their optimizer give what they give on a CPU."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.second_order import PROGRESS, SLOPE, FuzzySecondOrder, bells, freeze
from course_lib.second_order.controller import Variable
from tests.second_order.test_controller import controllers
from tests.second_order.test_fuzzy_optimizer import TOTAL, batch, model

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


def trained(device, **how):
    """Return the parameters, on the CPU, and how many steps were left out: one has no finite g."""
    net = model().to(device)
    optimizer = FuzzySecondOrder(net.parameters(), lr=0.1, total=TOTAL, **how)
    for step in range(TOTAL):
        optimizer.zero_grad()
        x, y = (each.to(device) for each in batch(step))
        cross_entropy(net(x), y).backward()
        if step == 3:
            next(net.parameters()).grad[0, 0] = torch.nan
        optimizer.step()
    return [p.detach().cpu() for p in net.parameters()], optimizer.skipped


@pytest.mark.filterwarnings("ignore:.*left out", "ignore::DeprecationWarning:torch")
@pytest.mark.parametrize("compiled", [False, True])
def test_the_optimizer_takes_the_same_path(compiled):
    found, skipped = trained(CUDA, compiled=compiled)
    due, left_out = trained("cpu")
    assert skipped == left_out == 1
    torch.testing.assert_close(found, due, rtol=1e-9, atol=1e-12)
