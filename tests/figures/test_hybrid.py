"""What the figures of lesson 20 draw is what they are given, and their letters can be read."""

import time

import numpy as np
import pytest

from course_lib.figures import Choice, Interactive, Slider, hybrid
from course_lib.figures.faults import faults

STEPS = 100
RATES = 10.0 ** np.linspace(-4, 0, 5)
SEEDS = 0.9 + np.linspace(0, 0.2, 6)
LOSSES = np.outer([2.0, 0.5, 0.1, 0.11, 3.0], SEEDS)
RATIOS = np.outer([0.6, 0.4, -0.1, -0.2, -0.4], SEEDS)
NAMES = (
    "fuzzy",
    "AdamW with a table on time",
    "NAdam with a table on time",
    "Nesterov with a table on time",
    "hypergradient",
    "Prodigy",
    "schedule-free",
)
TASKS = ("digits", "signals", "fashion")
UPS, LEVELS = (0.5, 1.5, 4.0), (-0.3, -0.1, 0.1)


def runs():
    t = np.linspace(0, 1, STEPS)
    return {
        (up, level): {
            "rate": np.outer(RATES, np.exp(up * t)),
            "r": np.outer(np.ones(5), level - t / 2),
            "loss": np.outer(np.ones(5), up / (1 + 9 * t)),
        }
        for up in UPS
        for level in LEVELS
    }


def looking(base=-3.0, up=1.5, level=-0.1):
    controls = {
        "base": Slider("log10", -4.0, 0.0, 1.0, base),
        "up": Choice("up", UPS, up),
        "level": Choice("level", LEVELS, level),
    }
    return Interactive(hybrid.looked_up(RATES, runs()), hybrid.start_run, hybrid.draw_run, controls)


FIGURES = {
    "overshoot": lambda: hybrid.overshoot(RATES, RATIOS, LOSSES),
    "untuned": lambda: hybrid.untuned(
        RATES,
        {task: {n: np.linspace(-2, 0.1 * k, 5) for k, n in enumerate(NAMES)} for task in TASKS},
    ),
    "worth": lambda: hybrid.worth(
        {task: {"time alone": (-1.0, 0.1), "no difference": (0.05, 0.06)} for task in TASKS},
        "log10 of training loss, whole less without",
    ),
    "costs": lambda: hybrid.costs(
        {
            net: {n: {"median": 1.5, "low": 1.25, "high": 2.0} for n in ("fuzzy", "Prodigy")}
            for net in ("small", "large", "deep")
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("base", [-4.0, 0.0])
@pytest.mark.parametrize("up", UPS)
def test_its_letters_can_be_read_wherever_the_controls_are(base, up):
    assert faults(looking(base, up).figure) == []


def test_lines_are_the_arrays():
    above, below = FIGURES["overshoot"]().axes
    np.testing.assert_allclose(above.lines[0].get_ydata(), np.median(RATIOS, axis=1))
    np.testing.assert_allclose(below.lines[0].get_ydata(), np.median(LOSSES, axis=1))
    above.figure.draw_without_rendering()
    bar = above.patches[0].get_window_extent().transformed(above.transData.inverted())
    assert (bar.x0, bar.x1) == pytest.approx((RATES[2] / 1.1, RATES[3] * 1.1), rel=1e-3)
    panels = FIGURES["untuned"]().axes
    assert [ax.get_title(loc="left") for ax in panels] == list(TASKS)
    np.testing.assert_allclose(panels[1].lines[3].get_ydata(), np.linspace(-2, 0.3, 5))
    first = FIGURES["worth"]().axes[0]
    assert first.lines[0].get_xdata()[0] == -1.0
    low, high = first.collections[0].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx((-1.1, -0.9))
    first = FIGURES["costs"]().axes[0]
    assert first.lines[0].get_xdata()[0] == 1.5
    assert first.collections[0].get_segments()[0][:, 0].tolist() == [1.25, 2.0]


def test_the_controls_choose_the_run():
    shown = looking()
    shown.set(base=-1.0, up=4.0, level=0.1)
    rate, ratio, loss = shown.figure.axes
    expected = runs()[4.0, 0.1]
    np.testing.assert_allclose(rate.lines[0].get_ydata(), expected["rate"][3])
    np.testing.assert_allclose(ratio.lines[0].get_ydata(), expected["r"][3])
    np.testing.assert_allclose(loss.lines[0].get_ydata(), expected["loss"][3])
    assert rate.lines[1].get_ydata()[0] == pytest.approx(0.1)


@pytest.mark.alone
def test_a_move_is_drawn_within_a_tenth_of_a_second():
    shown = looking()
    times = []
    for k in range(9):
        begun = time.perf_counter()
        shown.set(base=-4.0 + k / 2)
        shown.png()
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.1
