"""Answers that strangers gave in lesson 06, and what they are told."""

import re
from pathlib import Path

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def linear_by_stacks(g, x, weight):
    of_x = [sum(g[n, h] * weight[h] for h in range(len(weight))) for n in range(len(x))]
    of_weight = [sum(g[n, h] * x[n] for n in range(len(x))) for h in range(len(weight))]
    of_bias = [sum(g[n, h] for n in range(len(x))) for h in range(len(weight))]
    return torch.stack(of_x), torch.stack(of_weight), torch.stack(of_bias)


def relu_by_stacks(g, z):
    flat = [
        a if b > 0 else torch.zeros_like(a) for a, b in zip(g.flatten(), z.flatten(), strict=True)
    ]
    return torch.stack(flat).view(z.shape)


@pytest.mark.parametrize(
    ("id", "answer"), [("06.linear_vjp", linear_by_stacks), ("06.relu_vjp", relu_by_stacks)]
)
def test_a_loop_that_ends_in_a_stack_is_right(id, answer):
    outcome = evaluate(EXERCISES[id], answer)
    assert outcome.passed, outcome.message


@pytest.mark.parametrize("shut", [6, 10, 100])
def test_a_gate_that_shuts_again_is_refused(shut):
    outcome = evaluate(EXERCISES["06.relu_vjp"], lambda g, z: g * ((z > 0) & (z < shut)))
    assert (outcome.status, outcome.slip) == ("wrong_value", "shut again for large z")


def test_no_loop_is_taken_for_granted():
    for id, names in {
        "06.linear_vjp": ("overwritten in the loop",),
        "06.gradient_check": (
            "last weight forgotten",
            "only the first weight",
            "only the first place filled",
        ),
        "06.count_cost": ("last layer left out", "last layer left out, exactly twice"),
    }.items():
        messages = {slip.name: slip.message for slip in EXERCISES[id].slips}
        for name in names:
            assert "if you use" in messages[name].lower()
            assert "your loop" not in messages[name]


def test_the_lessons_solution_takes_a_tensor_of_any_shape_and_layout():
    """`view(-1)` refuses a transposed matrix, whose numbers do not lie in a row."""
    lesson = next((Path(__file__).parents[2] / "solutions").glob("06_*.py")).read_text("utf-8")
    (cell,) = re.findall(r"(?s)# %%\n(def central_difference.*?)\n# %%", lesson)
    names = {"torch": torch}
    exec(cell, names)
    for w in (torch.randn(3, 2).T, torch.tensor(2.0), torch.ones(2, 1, 3).transpose(0, 2)):
        found = names["central_difference"](lambda w: (w**2).sum(), w, 0.5)
        torch.testing.assert_close(found, 2 * w)
