"""What the figures of lesson 07 draw is what they are given, and their letters can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Interactive, Slider, descent
from course_lib.figures.faults import faults
from course_lib.lab import generator
from course_lib.optim.cost import cost, cost_gradient
from course_lib.optim.descent import descend
from course_lib.optim.rules import gd

X = torch.randn(40, generator=generator(0), dtype=torch.float64)
X = (X - X.mean()) / X.std(correction=0)
Y = 0.6 * X + 0.8 * torch.randn(40, generator=generator(1), dtype=torch.float64)
INPUTS = {"standardised": X, "counted from 20": X + 1.44}
RUNS = np.linspace(0, 1, 24)


def walking(start=-1.0, lr=0.1):
    controls = {
        "start": Slider("start", -1.4, 2.6, 0.1, start),
        "lr": Slider("learning rate", 0.02, 1.1, 0.02, lr),
    }
    compute = partial(descent.walk, gd, cost_gradient, X, Y)
    return Interactive(compute, descent.start_walk, descent.draw_walk, controls)


def seen_from_above(lr=0.24, w=-1.5, b=-3.0):
    controls = {
        "lr": Slider("learning rate", 0.02, 1.1, 0.02, lr),
        "w": Slider("w at the start", -1.8, 2.8, 0.1, w),
        "b": Slider("b at the start", -3.2, 2.2, 0.1, b),
    }
    compute = partial(descent.ways, descend, INPUTS, Y)
    start = partial(descent.start_ways, inputs=INPUTS, y=Y)
    return Interactive(compute, start, descent.draw_ways, controls)


WAVE = {
    "grid": np.linspace(-10, 10, 201),
    "cost": 1 - 0.3 * np.cos(np.linspace(-10, 10, 201)),
    "starts": np.linspace(-10, 10, 11),
    "ends": np.array([-6.28] * 4 + [0.0] * 3 + [6.28] * 3 + [12.57]),
}
SHARES = [0.05, 0.45, 0.55, 1.05]
FIGURES = {
    "scaling": lambda: descent.scaling(
        [0, 1, 10, 1000],
        {name: np.outer([1, 0.5, 0.1, 1e-5], 1 + RUNS)
         for name in ("as they come", "scaled only", "centred only", "standardised")},
    ),
    "rates": lambda: descent.rates(
        [0.1, 1, 10],
        {name: np.outer([0.5, 0.2, 1e9], 1 + RUNS)
         for name in ("least squares", "softmax regression", "network")},
        {"least squares": np.outer([0.5, 0.2, 1e9], 1 + RUNS)},
    ),
    "sides": lambda: descent.sides(
        SHARES,
        {name: np.outer([1, 1, 0, 0], np.ones(24))
         for name in ("slope has the sign said", "stays on its side", "reaches the minimum")},
        WAVE,
        0.0,
    ),
    "update": lambda: descent.update(
        [10, 100, 1000],
        {name: np.outer([-3, 0.5, 1], 1 + RUNS)
         for name in ("before training", "after 100 updates", "after 1000 updates")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("start", [-1.4, 2.6])
@pytest.mark.parametrize("lr", [0.02, 0.5, 1.1])
def test_the_curves_letters_can_be_read_wherever_the_sliders_are(start, lr):
    interactive = walking()
    interactive.set(start=start, lr=lr)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("lr", [0.02, 0.24, 1.1])
def test_the_contours_letters_can_be_read_wherever_the_sliders_are(lr):
    interactive = seen_from_above()
    interactive.set(lr=lr, w=2.8, b=2.2)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("lr", [0.1, 0.5, 0.9, 1.05])
def test_the_walk_is_that_of_a_parabola(lr):
    arrays = descent.walk(gd, cost_gradient, X, Y, -1.0, lr)
    least = float((X * Y).mean())
    factor = (1 - 2 * lr) ** np.arange(21)  # the curvature of standardised inputs is 2
    np.testing.assert_allclose(arrays["w"], least + (-1.0 - least) * factor, atol=1e-12)
    assert arrays["least"] == pytest.approx(least)
    expected = cost(torch.tensor(arrays["w"]), torch.zeros(()).double(), X, Y)
    np.testing.assert_allclose(arrays["J"], expected)


def test_the_title_says_which_way_it_slopes():
    minus = "\N{MINUS SIGN}"
    least = float((X * Y).mean())
    for start in (-1.0, 2.0):
        title = descent.walk(gd, cost_gradient, X, Y, start, 0.1)["title"]
        assert title.startswith("slope at the start: " + (minus if start < least else "+"))
        assert title.endswith(f"{abs(2 * (start - least)):.2f}")
    axes = walking(start=-1.0).figure.axes[0]
    assert minus in axes.get_title(loc="left")


def test_the_ways_are_those_of_descend_and_only_the_steep_one_flies_apart():
    interactive = seen_from_above(lr=0.5)
    ways = interactive.arrays["ways"]
    start = torch.tensor([-1.5, -3.0], dtype=torch.float64)
    for name, x in INPUTS.items():
        expected = descend(*start, x, Y, 0.5, descent.WAYS_STEPS)
        np.testing.assert_allclose(ways[name], expected)
    assert np.abs(ways["standardised"][-1] - ways["standardised"][-2]).max() < 1e-9
    assert np.abs(ways["counted from 20"][-1]).max() > 1e6


@pytest.mark.parametrize(
    ("figure", "moves"),
    [
        (walking, [{"lr": 0.02 * k} for k in range(1, 16)]),
        (seen_from_above, [{"lr": 0.02 * k} for k in range(1, 16)]),
    ],
)
def test_a_slider_move_is_redrawn_fast_enough(redrawn_fast_enough, figure, moves):
    redrawn_fast_enough(figure(), moves)


@pytest.mark.parametrize("figure", [walking, seen_from_above])
def test_coming_back_gives_the_same_picture(figure):
    interactive = figure()
    before, lr = interactive.png(), interactive.params["lr"]
    interactive.set(lr=1.1)
    assert interactive.png() != before
    interactive.set(lr=lr)
    assert interactive.png() == before


def test_scaling_draws_medians_from_the_first_step_on():
    ax = FIGURES["scaling"]().axes[0]
    assert len(ax.lines) == 4
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [1, 10, 1000])
    np.testing.assert_allclose(ax.lines[3].get_ydata(), np.array([0.5, 0.1, 1e-5]) * 1.5)


def test_rates_draws_runs_and_what_a_quadratic_would_do():
    fig = FIGURES["rates"]()
    first, second, third = fig.axes
    np.testing.assert_allclose(first.lines[0].get_ydata(), np.array([0.5, 0.2, 1e9]) * 1.5)
    np.testing.assert_allclose(first.lines[1].get_ydata(), first.lines[0].get_ydata())
    assert len(first.lines) == len(second.lines) + 1 == len(third.lines) + 1
    assert [ax.get_title(loc="left") for ax in fig.axes] == [
        "least squares", "softmax regression", "network"]  # fmt: skip


def test_sides_draws_shares_and_where_the_starts_end():
    left, right = FIGURES["sides"]().axes
    np.testing.assert_allclose(left.lines[2].get_ydata(), [1, 1, 0, 0])
    np.testing.assert_allclose(left.lines[2].get_xdata(), SHARES)
    np.testing.assert_allclose(right.lines[1].get_xdata(), WAVE["starts"][4:7])
    np.testing.assert_allclose(right.lines[2].get_xdata(), [0, 0, 0])
    assert len(right.lines[3].get_xdata()) == 8
    assert len(right.lines[4].get_xdata()) == 7  # one end lies outside the picture


def test_update_draws_medians_for_each_moment():
    ax = FIGURES["update"]().axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), np.array([-3, 0.5, 1]) * 1.5)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "before training", "after 100 updates", "after 1000 updates"]  # fmt: skip
