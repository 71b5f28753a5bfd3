"""What the figures of lesson 11 draw is what they are given, and their letters can be read."""

from itertools import product

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, adam
from course_lib.figures.faults import faults
from course_lib.optim import rules
from course_lib.optim.correction import uncorrected_factor
from course_lib.optim.paths import path
from course_lib.optim.surfaces import RAVINE

RUNS = np.linspace(0, 1, 24)
RULES = ("gradient descent", "momentum", "Nesterov", "RMSProp", "Adam")
TASKS = ("digits", "unequal units")
WIDTHS = {"against the best rule": (1, 0.8, 1.2), "against itself": (1.1, 0.9, 1.3)}
RATES = np.geomspace(1e-4, 1, 13)
CONTROLS = {
    "beta1": Slider("β₁", 0.0, 0.99, 0.01, 0.9),
    "beta2": Choice("β₂", (0.9, 0.99, 0.999, 0.9999), 0.999),
    "corrected": Choice("corrected", tuple(adam.MENDED), "both averages"),
}


def interval(runs):
    return runs.mean(), runs.mean() - 1, runs.mean() + 1


def walking():
    return Interactive(adam.walk, adam.start_walk, adam.draw_walk, CONTROLS)


def curves(*names):
    runs = 0.9 * np.sin(np.linspace(0, 3, 13))[:, None] + 0.05 * RUNS
    return dict.fromkeys(names, (RATES, runs))


FIGURES = {
    "cold_start": lambda: adam.cold_start(
        {"g²": RUNS**2, "v": RUNS / 20, "v corrected": RUNS},
        {f"β₂ = {b}": [uncorrected_factor(0.9, b, t) for t in range(1, 1001)]
         for b in (0.9999, 0.999, 0.99)},
        ([1, 10, 100], [3.2, 6.5, 3.2]),
    ),
    "walk": lambda: walking().figure,
    "by_rate": lambda: adam.by_rate(
        dict.fromkeys(TASKS, curves(*RULES)), {"digits": ((0.01, 0.1), (0.9, 0.95))}
    ),
    "by_rate of three": lambda: adam.by_rate(
        dict.fromkeys(
            ("β₂ = 0.99", "β₂ = 0.999", "β₂ = 0.9999"), curves("corrected", "as they are")
        )
    ),
    "widths_and_updates": lambda: adam.widths_and_updates(
        dict.fromkeys(TASKS, dict.fromkeys(RULES, (WIDTHS, 60 + 20 * RUNS))), interval, 200
    ),
    "pairs": lambda: adam.pairs(
        dict.fromkeys(("each pair at its own rate", "all at the rate of 0.9 and 0.999"),
                      np.linspace(0.9, 0.97, 20).reshape(5, 4)),
        (0, 0.5, 0.9, 0.95, 0.99), (0.9, 0.99, 0.999, 0.9999),
    ),
    "weights_left": lambda: adam.weights_left(
        np.linspace(0, 0.8, 64), dict.fromkeys(("L2", "AdamW"), np.full((64, 24), 0.5))
    ),
    "wrong_way": lambda: adam.wrong_way(
        {"Adam, β₂ = 0.059": np.linspace(0, 1, 301), "Adam, β₂ = 0.999": np.linspace(0, -1, 301),
         "gradient descent": -np.ones(301)}, -1.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize(
    ("beta1", "beta2", "corrected"), list(product([0.0, 0.99], [0.9, 0.9999], adam.MENDED))
)
def test_its_letters_can_be_read_wherever_the_controls_are(beta1, beta2, corrected):
    interactive = walking()
    interactive.set(beta1=beta1, beta2=beta2, corrected=corrected)
    assert faults(interactive.figure) == []


def test_the_walk_is_that_of_adam():
    arrays = adam.walk(0.8, 0.99, "both averages")
    start = torch.tensor(RAVINE.start, dtype=torch.float64)
    points = path(rules.adam, RAVINE.gradient, start, steps=60, lr=adam.LR, beta1=0.8, beta2=0.99)
    np.testing.assert_allclose(arrays["points"], points.numpy(), rtol=1e-10)
    np.testing.assert_allclose(arrays["lengths"], np.abs(np.diff(points, axis=0)) / adam.LR)
    assert arrays["cost"] == pytest.approx(float(RAVINE.value(points[-1])))


@pytest.mark.parametrize("corrected", adam.MENDED)
def test_the_first_step_is_as_long_as_the_corrections_say(corrected):
    lengths = adam.walk(0.9, 0.999, corrected)["lengths"]
    factor = uncorrected_factor(0.9, 0.999, 1, adam.MENDED[corrected])
    np.testing.assert_allclose(lengths[0], factor, rtol=1e-5)  # ε is not quite 0


def test_controls_move_path_lines_and_titles():
    interactive = walking()
    left, right = interactive.figure.axes
    interactive.set(beta1=0.5, corrected="neither")
    arrays = interactive.arrays
    drawn = [line for line in left.lines if len(line.get_xdata()) == 61]
    np.testing.assert_allclose(drawn[0].get_xydata(), arrays["points"])
    for line, values in zip(right.lines[:2], arrays["lengths"].T, strict=True):
        np.testing.assert_allclose(line.get_ydata(), values.clip(1e-4, 1e4))
    assert right.get_title(loc="left") == "steps in lr; the first: 15.81"
    assert left.get_title(loc="left").startswith("cost after 60 steps: ")


def test_a_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(walking(), [{"beta1": beta} for beta in np.linspace(0, 0.9, 10)])


def test_coming_back_gives_the_same_picture():
    interactive = walking()
    before = interactive.png()
    interactive.set(beta1=0.0, beta2=0.9, corrected="m only")
    assert interactive.png() != before
    interactive.set(beta1=0.9, beta2=0.999, corrected="both averages")
    assert interactive.png() == before


def test_cold_start_draws_the_series_and_the_factors():
    left, right = FIGURES["cold_start"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), RUNS**2)
    assert left.lines[0].get_linestyle() == "None"
    np.testing.assert_allclose(left.lines[2].get_ydata(), RUNS)
    assert right.lines[1].get_ydata()[0] == pytest.approx(0.1 / 0.001**0.5)
    assert right.lines[3].get_ydata().tolist() == [3.2, 6.5, 3.2]


def test_by_rate_draws_medians_bands_and_new_runs():
    runs = np.outer([0.2, 0.9], np.linspace(0.5, 1, 101))
    fig = adam.by_rate({"digits": {"Adam": ([0.01, 0.1], runs)}}, {"digits": ((0.05,), (0.6,))})
    line, cross = fig.axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), [0.15, 0.675])
    edges = fig.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (edges.min(), edges.max()) == pytest.approx((0.2 * 0.525, 0.9 * 0.975))
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (0.05, 0.6)


def test_by_rate_draws_every_rule():
    for ax in FIGURES["by_rate"]().axes:
        assert [line.get_label() for line in ax.lines][:5] == list(RULES)


def test_widths_and_updates_draws_what_it_is_given_and_no_interval_beyond_the_end():
    fig = adam.widths_and_updates(
        {"a": {"Adam": ({"x": (0.5, 0.2, 0.9)}, [30.0, 40.0])},
         "b": {"Adam": ({"x": (0.1, 0.0, 1.0)}, [30.0, 200.0])}},
        interval, 200,
    )  # fmt: skip
    (left, right), (_, below) = fig.axes[:2], fig.axes[2:]
    assert left.collections[0].get_segments()[0][:, 0].tolist() == [0.2, 0.9]
    assert left.lines[0].get_xdata()[0] == 0.5
    assert right.collections[0].get_offsets()[:, 0].tolist() == [30, 40]
    assert right.collections[1].get_segments()[0][:, 0].tolist() == [34, 36]
    assert len(below.collections) == 1


def test_pairs_writes_each_accuracy():
    fig = adam.pairs({"x": np.array([[0.9, 0.95]])}, [0.5], [0.9, 0.99])
    assert [text.get_text() for text in fig.axes[0].texts] == ["90.0%", "95.0%"]


def test_weights_left_draws_means():
    fig = adam.weights_left([0.1, 0.5], {"L2": [[0.2, 0.4], [0.6, 0.8]]})
    np.testing.assert_allclose(fig.axes[0].lines[0].get_xydata(), [[0.1, 0.3], [0.5, 0.7]])


def test_wrong_way_draws_every_step():
    fig = FIGURES["wrong_way"]()
    np.testing.assert_allclose(fig.axes[0].lines[0].get_ydata(), np.linspace(0, 1, 301))
