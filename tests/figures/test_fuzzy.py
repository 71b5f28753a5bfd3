"""What the figures of lesson 19 draw is what they are given, and their letters can be read."""

import time

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, fuzzy
from course_lib.figures.faults import faults
from course_lib.second_order import PLAN, PROGRESS, SLOPE, plan, rate_controller

X = np.linspace(0, 1, 41)
RUNS = 0.1 + np.linspace(0, 1, 24)


def looking(shape="triangles", inference="Sugeno, product", short=0.3, early=0.08):
    controls = {
        "shape": Choice("sets", tuple(fuzzy.SHAPES), shape),
        "inference": Choice("inference", fuzzy.INFERENCES, inference),
        "short": Slider("short fits at r =", 0.0, 0.8, 0.05, short),
        "early": Slider("early fits at p =", 0.02, 0.48, 0.02, early),
    }
    return Interactive(fuzzy.surface, fuzzy.start_surface, fuzzy.draw_surface, controls)


FIGURES = {
    "words": lambda: fuzzy.words(
        X,
        {
            "four shapes": {"triangle": X, "trapezoid": X**2, "bell": 1 - X, "sigmoid": X**3},
            "a partition": {"cold": 1 - X, "mild": X, "hot": X**2},
        },
    ),
    "areas": lambda: fuzzy.areas(X, {"short: grow": X, "level: stay": 1 - X}, X, 0.6),
    "line_of": lambda: fuzzy.line_of(
        X, plan(torch.tensor(X)), PROGRESS.corners, PLAN, PROGRESS(torch.tensor(X))
    ),
    "steering": lambda: fuzzy.steering(
        {f"{rate:g}": {"rate": rate * X + 1e-4, "r": X} for rate in (1e-4, 1e-3, 0.01, 0.1, 1.0)}
    ),
    "by_rate": lambda: fuzzy.by_rate(
        [1e-4, 1e-2, 1],
        {
            name: np.outer([1, 2, 3], RUNS)
            for name in ("constant", "cosine", "plan", "slope alone", "slope and plan")
        },
    ),
    "freezing": lambda: fuzzy.freezing(
        [5, 9, 17, 33, 65],
        {name: 1 / np.array([5, 9, 17, 33, 65]) for name in ("Sugeno", "Mamdani", "bells")},
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("shape", fuzzy.SHAPES)
@pytest.mark.parametrize("inference", fuzzy.INFERENCES)
@pytest.mark.parametrize("early", [0.02, 0.48])
def test_its_letters_can_be_read_wherever_the_sliders_are(shape, inference, early):
    shown = looking(shape, inference, short=0.8, early=early)
    assert faults(shown.figure) == []


def test_the_surface_is_that_of_the_controller():
    shown = looking()
    r, p = (torch.linspace(*ends, fuzzy.COARSE).double() for ends in ((-0.8, 0.8), (0, 1)))
    expected = rate_controller()(r[:, None], p)
    np.testing.assert_allclose(shown.arrays["values"], expected, atol=1e-6)
    axes = shown.figure.axes
    np.testing.assert_allclose(axes[2].images[0].get_array(), expected, atol=1e-6)
    np.testing.assert_allclose(axes[3].lines[1].get_ydata(), expected[:, 8], atol=1e-6)
    x = torch.linspace(-0.8, 0.8, fuzzy.FINE).double()
    for k in range(3):
        np.testing.assert_allclose(axes[0].lines[k].get_ydata(), SLOPE(x)[:, k], atol=1e-6)


def test_the_sliders_move_the_sets():
    shown = looking(short=0.6, early=0.4)
    x = np.linspace(-0.8, 0.8, fuzzy.FINE)
    assert x[shown.arrays["rows"][2].argmax()] == pytest.approx(0.6, abs=0.02)
    assert np.linspace(0, 1, fuzzy.FINE)[shown.arrays["columns"][1].argmax()] == pytest.approx(0.4)


def test_mamdani_never_reaches_the_ends():
    """The centre of a triangle at an end lies a third of the way in."""
    values = looking(inference="Mamdani").arrays["values"]
    assert values.min() == pytest.approx(0.5, abs=1e-3)
    assert values.max() == pytest.approx(1.0, abs=1e-3)


def test_lines_are_the_arrays():
    (ax,) = FIGURES["by_rate"]().axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), np.median(RUNS) * np.array([1, 2, 3]))
    (ax,) = FIGURES["freezing"]().axes
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 1 / np.array([5, 9, 17, 33, 65]))
    left, right = FIGURES["steering"]().axes
    np.testing.assert_allclose(left.lines[2].get_ydata(), 0.01 * X + 1e-4)
    np.testing.assert_allclose(right.lines[0].get_ydata(), X)
    above, below = FIGURES["line_of"]().axes
    assert len(above.lines) == 4
    np.testing.assert_allclose(below.lines[0].get_ydata(), plan(torch.tensor(X)))
    (ax,) = FIGURES["areas"]().axes
    np.testing.assert_allclose(ax.lines[2].get_ydata(), X)
    axes = FIGURES["words"]().axes
    np.testing.assert_allclose(axes[0].lines[1].get_ydata(), X**2)


@pytest.mark.alone
def test_a_move_is_drawn_within_a_tenth_of_a_second():
    shown = looking(inference="Mamdani", shape="bells")
    times = []
    for k in range(9):
        begun = time.perf_counter()
        shown.set(short=k / 10)
        shown.png()
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.1
