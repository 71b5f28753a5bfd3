"""What the figures of lesson 18 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, curvature
from course_lib.figures.faults import faults
from course_lib.second_order import exact_diagonal

RUNS = np.linspace(1, 2, 24)
FIGURES = {
    "against_truth": lambda: curvature.against_truth(
        [0.1, -0.01, 0.5], {name: [0.1, 0.02, 3.0] for name in ("a", "b", "c", "d")}
    ),
    "errors": lambda: curvature.errors(
        [1e-6, 1e-3, 1],
        {"float32": np.outer([1, 2, 30], RUNS), "float64": np.outer([1, 2, 30], RUNS)},
        [10, 100, 300],
        {"one batch": np.outer([9, 3, 1], RUNS), "two batches": np.outer([90, 30, 1], RUNS)},
    ),
}


def probing(turn=30.0, way="all along −g", size=-2.0):
    controls = {
        "turn": Slider("turned by", 0.0, 45.0, 5.0, turn),
        "way": Choice("moved", curvature.WAYS, way),
        "size": Slider("log₁₀ of the size", -7.0, 0.5, 0.25, size),
    }
    return Interactive(curvature.probe, curvature.start_probe, curvature.draw_probe, controls)


@pytest.mark.parametrize("name", FIGURES)
def test_letters_can_be_read(name):
    assert not faults(FIGURES[name]())


@pytest.mark.parametrize("way", curvature.WAYS)
def test_the_probe_can_be_read_wherever_the_sliders_stand(way):
    made = probing(way=way)
    for turn, size in ((0.0, -7.0), (45.0, 0.5), (20.0, -3.0)):
        made.set(turn=turn, size=size)
        assert not faults(made.figure)


def test_one_at_a_time_gives_the_curvature_and_all_at_once_does_only_along_the_axes():
    for turn in (0.0, 30.0):
        at = {way: curvature.probe(turn, way, -2.0) for way in curvature.WAYS}
        for way, arrays in at.items():
            off = np.abs(arrays["now"] - arrays["truth"]).max()
            assert (off < 0.1) == (turn == 0 or way == "one at a time"), way
    np.testing.assert_allclose(at["all along −g"]["estimates"][40], at["all along −g"]["now"], 0.05)


def test_the_truth_is_the_curvature_of_the_loss():
    H = curvature.turned(30.0)
    p = torch.tensor(curvature.POINT, dtype=torch.float64)
    by_autograd = exact_diagonal(lambda p: p @ H @ p / 2 + (p**4).sum() / 12, p)
    np.testing.assert_allclose(curvature.probe(30.0, "all along −g", -1.0)["truth"], by_autograd)


def test_a_move_of_the_sliders_changes_what_is_drawn():
    made = probing()
    before = made.png()
    made.set(size=-0.5)
    moved = made.png()
    made.set(turn=0.0)
    assert len({before, moved, made.png()}) == 3
    assert torch.tensor(made.arrays["truth"]).shape == (2,)
