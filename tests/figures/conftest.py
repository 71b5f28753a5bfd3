import statistics
import time
from dataclasses import dataclass

import pytest

import course_lib.figures.interactive
import course_lib.figures.output


@dataclass
class Shown:
    data: dict
    metadata: dict


@pytest.fixture
def shown(monkeypatch):
    """Everything that is displayed during the test, in order."""
    outputs = []

    def display(data, *, raw, metadata=None):
        assert raw
        outputs.append(Shown(data, metadata or {}))

    for module in (course_lib.figures.output, course_lib.figures.interactive):
        monkeypatch.setattr(module, "display", display)
    return outputs


@pytest.fixture
def redrawn_fast_enough(capsys):
    """Move an interactive figure through `moves`, print the median time, and fail if it is long."""

    def check(interactive, moves):
        times = []
        for move in moves:
            begun = time.perf_counter()
            interactive.set(**move)
            interactive.png()
            times.append(time.perf_counter() - begun)
        median = 1000 * statistics.median(times)
        with capsys.disabled():
            print(f"\nredraw after a slider move: {median:.0f} ms in the median (goal: 100 ms)")
        assert median < 500, "five times the goal: something is drawn anew at each move"

    return check
