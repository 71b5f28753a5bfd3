"""Every figure of lesson 05: what it draws, from which arrays, and that it can be read."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch

from course_lib.figures import Interactive, Slider, losses
from course_lib.figures.faults import faults
from course_lib.lab.calibration import reliability_bins
from course_lib.nn.losses import absolute, huber, mse

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(24, generator=GENERATOR, dtype=torch.float64)
Y = 150 + 50 * X + 40 * torch.randn(24, generator=GENERATOR, dtype=torch.float64)
PLACES = (0.0, 3.0)
LOSSES = {"MSE": mse, "absolute": absolute, "Huber": huber}
CONTROLS = {
    "target": Slider("outlier", 0.0, 800.0, 25.0, 600.0),
    "delta": Slider("delta", 10.0, 300.0, 10.0, 50.0),
    "place": Slider("place", -1.5, 3.0, 0.5, 0.0),
}
RUNS = np.linspace(0.5, 1, 24)


def dragged():
    return Interactive(
        partial(losses.drag, LOSSES, X, Y),
        partial(losses.start_drag, xlabel="body mass index", ylabel="progression"),
        losses.draw_drag,
        CONTROLS,
    )


def by_share(names, n=6):
    return {name: np.outer(np.linspace(40, 200 + 20 * i, n), RUNS) for i, name in enumerate(names)}


def speeds():
    rows = {name: np.arange(24) + i for i, name in enumerate(("MSE", "absolute", "Huber"))}
    ten = {f"a loss with a long name, {i}": np.arange(24) + 19 for i in range(5)}
    return {"diabetes": ("steps", 60, rows), "digits": ("epochs", 40, ten)}


def epochs():
    return {
        name: (np.outer(np.linspace(0, 0.3, 31), RUNS), 50)
        for name in ("cross-entropy", "Brier", "absolute")
    }


ALONG = np.linspace(-4, 4, 81)
FIGURES = {
    "costs_and_pulls": lambda: losses.costs_and_pulls(
        ALONG, dict.fromkeys(LOSSES, ALONG**2), dict.fromkeys(LOSSES, ALONG), "error"
    ),
    "drag": lambda: dragged().figure,
    "error_by_share": lambda: losses.error_by_share(
        {"targets": by_share(LOSSES), "inputs": by_share(LOSSES)}, np.linspace(0, 0.3, 6), "error"
    ),
    "error_by_delta": lambda: losses.error_by_delta(
        [0.1, 0.3, 1, 3, 10, 30], by_share(["no slip", "10 % slips"]), "error"
    ),
    "accuracy_by_noise": lambda: losses.accuracy_by_noise(
        [0.0, 0.2, 0.4],
        {t: {n: np.outer([1, 0.9, 0.7], RUNS) for n in ("cross-entropy", "Brier")} for t in "ab"},
    ),
    "steps_needed": lambda: losses.steps_needed(speeds()),
    "overconfidence_by_epoch": lambda: losses.overconfidence_by_epoch(
        {"digits with noise": epochs(), "breast cancer": epochs()}, np.arange(0, 151, 5)
    ),
    "reliability": lambda: losses.reliability(
        {
            name: reliability_bins(torch.rand(200, generator=GENERATOR), torch.ones(200))
            for name in ("cross-entropy", "Brier", "absolute")
        }
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("target", [0.0, 800.0])
@pytest.mark.parametrize("delta", [10.0, 300.0])
@pytest.mark.parametrize("place", PLACES)
def test_its_letters_can_be_read_wherever_the_controls_are(target, delta, place):
    interactive = dragged()
    interactive.set(target=target, delta=delta, place=place)
    assert faults(interactive.figure) == []


def least_squares(x, y):
    columns = torch.stack([torch.ones_like(x), x], dim=1)
    return torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]


def least_absolute(x, y):
    """The best of all lines through two points: one of them is a minimiser."""
    lines = []
    for i, j in combinations(range(len(x)), 2):
        slope = (y[j] - y[i]) / (x[j] - x[i])
        lines.append((y[i] - slope * x[i], slope))
    return min(lines, key=lambda line: absolute(line[0] + line[1] * x, y))


@pytest.mark.parametrize("target", [0.0, 150.0, 800.0])
@pytest.mark.parametrize("place", PLACES)
def test_the_lines_are_those_of_the_least_loss(target, place):
    x = torch.cat([X, torch.tensor([place])])
    y = torch.cat([Y, torch.tensor([target])])
    found = torch.tensor(losses.fit_line(mse, x, y), dtype=torch.float64)
    torch.testing.assert_close(found, least_squares(x, y), rtol=1e-3, atol=0.05)
    height, slope = losses.fit_line(absolute, x, y)
    best = least_absolute(x, y)
    assert absolute(height + slope * x, y) < absolute(best[0] + best[1] * x, y) * (1 + 1e-4)
    height, slope = losses.fit_line(partial(huber, delta=50.0), x, y)
    start = torch.tensor([height, slope], dtype=torch.float64)
    slopes = torch.func.grad(lambda line: huber(line[0] + line[1] * x, y, 50.0))(start)
    assert slopes.abs().max() < 0.5, "the gradient is near 0, of at most 50"


def test_a_delta_beyond_all_errors_gives_least_squares():
    line = losses.fit_line(partial(huber, delta=1e4), X, Y)
    assert line == pytest.approx(losses.fit_line(mse, X, Y), rel=1e-3)


def test_the_outliers_share_of_the_pull():
    arrays = dragged().arrays
    assert arrays["shares"]["absolute"] == pytest.approx(1 / 25, rel=0.2)  # an error may be 0
    height, slope = arrays["lines"]["MSE"]
    errors = (
        height + slope * torch.cat([X, torch.zeros(1)]) - torch.cat([Y, 600 + torch.zeros(1)])
    ).abs()
    assert arrays["shares"]["MSE"] == pytest.approx(float(errors[-1] / errors.sum()), rel=1e-4)
    assert arrays["shares"]["MSE"] > arrays["shares"]["Huber"] > 1 / 25


def test_the_learners_own_functions_do_the_work():
    seen = []

    def own(p, y):
        seen.append(len(y))
        return mse(p, y)

    losses.drag({**LOSSES, "MSE": own}, X, Y, 600.0, 50.0, 0.0)
    assert set(seen) == {25}


def test_lines_outlier_and_bars_are_drawn_where_they_were_computed():
    interactive = dragged()
    interactive.set(target=300.0, place=3.0)
    plane, bars = interactive.figure.axes
    outlier, *lines = plane.lines
    assert (outlier.get_xdata()[0], outlier.get_ydata()[0]) == (3.0, 300.0)
    for line, (height, slope) in zip(lines, interactive.arrays["lines"].values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), height + slope * line.get_xdata())
    widths = [bar.get_width() for bar in bars.patches]
    assert widths == list(interactive.arrays["shares"].values())


def test_a_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(dragged(), [{"target": 25.0 * step} for step in range(11)])


def test_coming_back_gives_the_same_picture():
    interactive = dragged()
    before = interactive.png()
    interactive.set(target=100.0, delta=200.0)
    assert interactive.png() != before
    interactive.set(target=600.0, delta=50.0)
    assert interactive.png() == before


def test_a_band_is_the_middle_nine_tenths_around_the_median():
    runs = np.stack([np.linspace(0, 1, 101), np.linspace(1, 2, 101)])
    ax = losses.error_by_share({"t": {"MSE": runs + 1}}, [0.0, 0.1], "error").axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1.5, 2.5])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((1.05, 2.95))


def test_runs_that_never_arrive_are_crosses_at_the_end():
    fig = losses.steps_needed(
        {"a": ("steps", 5, {"MSE": [1, 2, 6, 6]}), "b": ("steps", 5, {"x": [1]})}
    )
    arrived, never = fig.axes[0].collections
    assert arrived.get_offsets()[:, 0].tolist() == [1, 2]
    assert never.get_offsets()[:, 0].tolist() == [6, 6]
    assert fig.axes[0].lines[0].get_xdata()[0] == 4


def test_the_mark_stands_where_training_should_stop():
    fig = losses.overconfidence_by_epoch({"t": epochs()}, np.arange(0, 151, 5))
    mark = fig.axes[0].lines[1]
    assert mark.get_xdata()[0] == 50
    assert mark.get_ydata()[0] == pytest.approx(np.median(epochs()["Brier"][0][10]))


def test_a_dot_of_the_reliability_is_as_large_as_its_bin():
    bins = reliability_bins(torch.tensor([0.05, 0.05, 0.95, 0.95]), torch.tensor([0, 0, 1, 1]))
    dots = losses.reliability({"Brier": bins}).axes[0].collections[0]
    sizes = dots.get_sizes()
    assert sizes[0] == sizes[-1] == 200
    assert not sizes[1:-1].any()


def test_each_loss_looks_the_same_everywhere_and_not_like_its_neighbours():
    for names in (("MSE", "absolute", "Huber"), ("cross-entropy", "Brier", "absolute")):
        assert len({losses.LOOKS[name] for name in names}) == 3
