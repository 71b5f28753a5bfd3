"""What the figures of lesson 09 draw is what they are given, and their letters can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Interactive, Slider
from course_lib.figures import momentum as pictures
from course_lib.figures.faults import faults
from course_lib.optim import averages, rules
from course_lib.optim.surfaces import RAVINE

RUNS = np.linspace(0, 1, 24)
NOISY = 1 + torch.rand(300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
SMOOTH = torch.linspace(2, 1, 300, dtype=torch.float64)
RULES = {"average": rules.momentum_ema}
NAMES = ("β = 0", "β = 0.9", "Nesterov, β = 0.9")
TITLES = ("2 layers\nbatches of 50", "5 layers\nbatches of 50", "2 layers\nall at once")


def interval(runs):
    runs = np.asarray(runs)
    return runs.mean(), runs.mean() - 0.1, runs.mean() + 0.1


def averaging(beta=0.9):
    compute = partial(pictures.averaged, averages.ema, NOISY, SMOOTH)
    controls = {"beta": Slider("β", 0.0, 0.99, 0.01, beta)}
    return Interactive(compute, pictures.start_averaged, pictures.draw_averaged, controls)


def riding(lr=1.9, beta=0.9):
    compute = partial(pictures.ride, RULES, "average")
    controls = {
        "lr": Slider("learning rate", 0.1, 8.0, 0.1, lr),
        "beta": Slider("β", 0.0, 0.98, 0.02, beta),
    }
    return Interactive(compute, pictures.start_ride, pictures.draw_ride, controls)


FIGURES = {
    "spans": lambda: pictures.spans(
        [0.5, 0.9, 0.99], np.outer([1, 9, 99], 0.5 + RUNS), np.outer([0.3, 0.05, 0.005], 1 + RUNS),
        lambda runs: (runs.mean(), 0.9 * runs.mean(), 1.1 * runs.mean()),
    ),
    "kept": lambda: pictures.kept(
        {f"rate {rate}": {"steep": 0.05 + RUNS / 100, "flat": 1 + RUNS} for rate in (0.3, 0.6, 1)},
        0.053, {"steep": 0.05, "flat": 1.1},
    ),
    "memories": lambda: pictures.memories(averages.critical_beta, (0.02, 0.1, 0.5, 1.5)),
    "needed": lambda: pictures.needed(
        [1, 10, 100],
        {f"momentum, Polyak's β {i}": np.outer([1, 20, 300], 1 + RUNS) for i in range(6)},
        {"a": (10, 20.0), "b": (10, 40.0)},
    ),
    "soon": lambda: pictures.soon(
        {title: {name: [5] * 20 + [None] * 4 for name in NAMES} for title in TITLES}, [10, 10, 100]
    ),
    "swings": lambda: pictures.swings({name: np.cos(9 * RUNS) for name in NAMES}),
    "by_rate": lambda: pictures.by_rate(
        [0.1, 1.0, 10.0],
        {title.replace("\n", ", "): {"gradient descent": [0.5, 0.2, None],
                                     "β = 0.9, average": [0.5, 0.2, 1.0],
                                     "β = 0.9, classical": [0.5, 0.2, 1.0]}
         for title in TITLES[:2]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.99])
def test_the_averages_letters_can_be_read_wherever_the_slider_is(beta):
    interactive = averaging()
    interactive.set(beta=beta)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize(("lr", "beta"), [(0.1, 0.0), (2.5, 0.0), (8.0, 0.0), (8.0, 0.98)])
def test_the_rides_letters_can_be_read_wherever_the_sliders_are(lr, beta):
    interactive = riding()
    interactive.set(lr=lr, beta=beta)
    assert faults(interactive.figure) == []


def test_averaged_is_the_average_its_weights_and_what_is_said_of_them():
    arrays = averaging(0.9).arrays
    np.testing.assert_allclose(arrays["average"], averages.ema(NOISY, 0.9))
    np.testing.assert_allclose(arrays["weights"], 0.1 * 0.9 ** np.arange(pictures.AGES))
    assert arrays["n"] == pytest.approx(10)
    assert arrays["title"] == "lag 9; n = 10, with 65% of the weight"


def test_a_moved_slider_moves_the_average_and_the_window():
    interactive = averaging(0.9)
    interactive.set(beta=0.5)
    series, weights = interactive.figure.axes
    np.testing.assert_allclose(series.lines[-1].get_ydata(), averages.ema(NOISY, 0.5))
    np.testing.assert_allclose(weights.lines[0].get_ydata()[:3], [0.5, 0.25, 0.125])
    assert list(weights.lines[1].get_xdata()) == [2, 2]


def test_ride_holds_the_rules_points_and_errors():
    arrays = pictures.ride(RULES, "average", 1.9, 0.9)
    p, v = torch.tensor(RAVINE.start, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for at in range(1, 4):
        p, v = rules.momentum_ema(p, RAVINE.gradient(p), v, lr=1.9, beta=0.9)
        np.testing.assert_allclose(arrays["points"][at], p)
    assert arrays["x"][3] == pytest.approx(abs(p[0].item() / RAVINE.start[0]))
    assert arrays["y"][3] == pytest.approx(abs(p[1].item() / RAVINE.start[1]))
    assert len(arrays["points"]) == pictures.RIDE_STEPS + 1


def test_ride_says_how_it_ended():
    found = pictures.ride(RULES, "average", 1.9, 0.9)
    distance = np.linalg.norm(found["points"], axis=1) / np.linalg.norm(RAVINE.start)
    last = np.flatnonzero(distance > 0.01)[-1]
    assert found["title"] == f"near after {last + 1} steps"
    assert pictures.ride(RULES, "average", 0.1, 0.0)["title"] == "not near yet"
    assert pictures.ride(RULES, "average", 2.1, 0.0)["title"] == "it runs away"


def test_a_slider_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(averaging(), [{"beta": beta / 20} for beta in range(15)])
    redrawn_fast_enough(riding(), [{"lr": 0.1 + lr / 2} for lr in range(15)])


def test_coming_back_gives_the_same_picture():
    interactive = riding()
    before = interactive.png()
    interactive.set(lr=8.0, beta=0.0)
    assert interactive.png() != before
    interactive.set(lr=1.9, beta=0.9)
    assert interactive.png() == before


def test_spans_draws_lags_calm_and_theories():
    late, calm = FIGURES["spans"]().axes
    np.testing.assert_allclose(late.lines[0].get_ydata(), [1, 9, 99])
    np.testing.assert_allclose(late.collections[1].get_offsets()[:, 1], 9 * (0.5 + RUNS))
    dots = [line.get_ydata()[0] for line in calm.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, 1 / (1.5 * np.array([0.3, 0.05, 0.005])))
    theory = [line.get_ydata() for line in calm.lines if line.get_marker() != "o"]
    np.testing.assert_allclose(theory, [[3, 19, 199], [2, 10, 100]])
    ends = calm.collections[1].get_segments()[0][:, 1]
    np.testing.assert_allclose(sorted(ends), [1 / (1.1 * 0.075), 1 / (0.9 * 0.075)])


def test_kept_draws_each_run_and_the_live_one():
    ax = FIGURES["kept"]().axes[0]
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], 0.05 + RUNS / 100)
    np.testing.assert_allclose(ax.collections[5].get_offsets()[:, 0], 1 + RUNS)
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[0.05], [1.1]]
    assert 0.053 in [line.get_xdata()[0] for line in ax.lines]


def test_memories_puts_dots_on_the_lowest_points_of_its_curves():
    for ax in FIGURES["memories"]().axes:
        curves = [line for line in ax.lines if len(line.get_xdata()) > 1][:4]
        dots = [line for line in ax.lines if line.get_marker() == "o"]
        for curve, dot in zip(curves, dots, strict=True):
            lowest = curve.get_xdata()[np.argmin(curve.get_ydata())]
            assert dot.get_xdata()[0] == pytest.approx(lowest, abs=0.003)
            assert dot.get_ydata()[0] == pytest.approx(curve.get_ydata().min(), abs=0.03)


def test_needed_draws_medians_and_the_live_counts():
    ax = FIGURES["needed"]().axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1.5, 30, 450])
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [line.get_ydata()[0] for line in crosses] == [20, 40]


def test_soon_draws_shares_and_rings_for_what_never_came():
    last = FIGURES["soon"]().axes[2]
    shares = last.collections[0].get_offsets()[:, 0]
    np.testing.assert_allclose(shares[:20], 0.05)
    assert len(last.collections[1].get_offsets()) == 4
    assert last.lines[0].get_xdata()[0] == pytest.approx(0.05)
    never = pictures.soon({t: {"a": [None, None, 1]} for t in TITLES}, [10, 10, 10]).axes[0]
    assert never.lines[0].get_xdata()[0] > 1


def test_by_rate_moves_the_classical_form_to_a_tenth_of_the_rates():
    ax = FIGURES["by_rate"]().axes[0]
    np.testing.assert_allclose(ax.lines[1].get_xdata(), [0.1, 1, 10])
    np.testing.assert_allclose(ax.lines[2].get_xdata(), [0.01, 0.1, 1])
    assert np.isnan(ax.lines[0].get_ydata()[2])


def test_swings_draws_each_error():
    ax = FIGURES["swings"]().axes[0]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), np.cos(9 * RUNS))
