"""Contestants take turns, and a spread is made of quantiles."""

import pytest
import torch

from course_lib.lab.timing import processor, side_by_side, spread


def test_each_round_begins_with_another_contestant():
    turns = []
    contestants = {name: (lambda name=name: turns.append(name)) for name in "abc"}
    times = side_by_side(contestants, rounds=3, calls=2)
    assert "".join(turns) == "aabbcc" + "aabbcc" + "ccaabb" + "bbccaa"
    assert {name: taken.shape for name, taken in times.items()} == dict.fromkeys("abc", (3,))


def test_times_are_seconds_for_one_call(monkeypatch):
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr("course_lib.lab.timing.time.perf_counter", lambda: float(next(clock)))
    times = side_by_side({"one": lambda: None}, rounds=4, calls=10)
    assert times["one"].tolist() == [0.5] * 4


def test_a_spread_is_the_median_and_the_middle_eight_tenths():
    values = torch.arange(11.0)[torch.randperm(11)]
    assert spread(values) == pytest.approx((5.0, 1.0, 9.0))


def test_a_processor_has_a_name():
    assert processor().strip()
