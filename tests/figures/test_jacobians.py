"""What the figures of lesson 13 draw is what they are given, and their letters can be read."""

import time

import numpy as np
import pytest
import torch
from torch.func import jacrev

from course_lib.analysis import example
from course_lib.figures import Choice, Interactive, Slider, jacobians
from course_lib.figures.faults import faults
from course_lib.lab import generator

RUNS = np.linspace(0, 1, 24)[:, None]


def looking(name="LayerNorm", power=0.0):
    controls = {
        "name": Choice("module", jacobians.NAMES, name),
        "power": Slider("input × 10 to the", -2.0, 2.0, 0.1, power),
    }
    return Interactive(jacobians.module, jacobians.start_module, jacobians.draw_module, controls)


LENGTHS = [0.01, 0.1, 1.0]
FIGURES = {
    "spectra": lambda: jacobians.spectra(
        {
            "at the start": (1 + RUNS) / np.arange(1, 11),
            "trained": 9 * (1 + RUNS) / np.arange(1, 11),
        },
        {"at the start": 0.3, "trained": 2.5},
    ),
    "steps": lambda: jacobians.steps(
        LENGTHS,
        {name: RUNS * [0.0, 0.1, 0.4] for name in ("random", "strongest")},
        {name: 1 - RUNS * [0.0, 0.1, 0.9] for name in jacobians.LABELS},
    ),
    "moved_images": lambda: jacobians.moved_images(
        {name: np.linspace(0, 1, 64) for name in ("image", "a random step", "the strongest")},
        torch.linspace(-1, 1, 64),
    ),
    "lost": lambda: jacobians.lost(
        {"ε = 1": [1, 1, 0.1, 0], "ε = 1e-05": [2, 2, 0, 0]},
        {"ε = 1": [1, 1, 0.1, 0], "ε = 1e-05": [2, 2, 0, 0]},
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("name", jacobians.NAMES)
def test_a_module_is_shown_with_its_jacobian(name):
    shown = looking(name, power=0.5)
    of, x = example(name, generator(0))
    x = 10**0.5 * x
    expected = jacrev(of.forward)(x).reshape(-1, x.numel())
    np.testing.assert_allclose(shown.arrays["J"], expected, rtol=1e-8, atol=1e-10)
    values = np.linalg.svd(expected.numpy(), compute_uv=False)
    np.testing.assert_allclose(shown.arrays["values"], values, atol=1e-9)
    left, right = shown.figure.axes
    picture = left.images[0].get_array()
    assert picture.shape == expected.shape
    assert abs(picture).max() == pytest.approx(1)
    np.testing.assert_allclose(right.lines[0].get_ydata(), values / values[0], atol=1e-9)
    assert faults(shown.figure) == []


@pytest.mark.parametrize("power", [-2.0, 2.0])
def test_its_letters_can_be_read_wherever_the_slider_is(power):
    shown = looking()
    for name in jacobians.NAMES:
        shown.set(name=name, power=power)
        assert faults(shown.figure) == [], name


def test_curves_and_dots_are_the_arrays():
    left, right = FIGURES["steps"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), 0.5 * np.array([0, 0.1, 0.4]))
    assert [line.get_label() for line in right.lines] == list(jacobians.LABELS.values())
    (ax,) = FIGURES["lost"]().axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1, 1, 0.1, 0])
    (ax,) = FIGURES["spectra"]().axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 1.5 / np.arange(1, 11))


@pytest.mark.alone
def test_a_move_is_drawn_within_a_tenth_of_a_second():
    shown = looking()
    shown.set(name="dot-product attention")
    shown.png()  # another module has another frame
    times = []
    for k in range(9):
        begun = time.perf_counter()
        shown.set(power=k / 10)
        shown.png()
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.1
