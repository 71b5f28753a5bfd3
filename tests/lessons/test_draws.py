"""What a lesson draws goes to where its data are.

Draws are made on the CPU, so that every device sees the same. The device `meta` stands for another
one: its tensors have no values, and it refuses a tensor of the CPU as a GPU does.
"""

import ast
from pathlib import Path

import pytest
import torch

from course_lib.lab import Split, digits, generator, shuffled_copy

SOLUTIONS = Path(__file__).parents[2] / "solutions"
META = torch.device("meta")


def function_of(lesson, name):
    """Return a function of a lesson's cells, without running the lesson."""
    tree = ast.parse((SOLUTIONS / f"{lesson}.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if getattr(node, "name", "") == name]
    assert len(found) == 1, f"{lesson} has no single function {name}"
    names = {"torch": torch, "Split": Split, "shuffled_copy": shuffled_copy}
    names |= {"mean": 150.0, "spread": 70.0}  # of the targets in lesson 05
    exec(compile(ast.Module(found, []), lesson, "exec"), names)
    return names[name]


@pytest.mark.parametrize(
    ("lesson", "name", "call"),
    [
        ("01_weights", "with_copies", lambda f, split, source: f(split, source).x),
        ("05_losses", "typed", lambda f, split, source: f(split.y.float(), 0.2, source)),
        ("05_losses", "mislabelled", lambda f, split, source: f(split, 0.2, source).y),
    ],
)
def test_data_on_another_device_take_the_draws_of_the_cpu(lesson, name, call):
    f = function_of(lesson, name)
    assert call(f, digits().to(META).validation, generator(0)).device == META
