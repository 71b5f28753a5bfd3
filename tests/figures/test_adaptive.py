"""What the figures of lesson 10 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, adaptive
from course_lib.figures.faults import faults
from course_lib.optim.adaptive import rotated
from course_lib.optim.surfaces import bowl

RUNS = np.linspace(0, 1, 24)
EPS = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]


def walking(condition=100, beta=0.9):
    controls = {
        "condition": Choice("condition", (1, 10, 100, 1000), condition),
        "beta": Slider("β", 0.0, 0.99, 0.01, beta),
    }
    return Interactive(adaptive.ravine, adaptive.start_ravine, adaptive.draw_ravine, controls)


def interval(runs):
    return runs.mean(), runs.mean() - 0.01, runs.mean() + 0.01


def rules(runs):
    momenta = ("momentum, β = 0.9", "momentum, Polyak's β")
    names = ("gradient descent", *momenta, "RMSProp, β = 0.9", "RMSProp, β = 0.99")
    return {name: np.outer(runs, 1 + RUNS) for name in names}


PAIR = ("gradient descent", "RMSProp")
LINE = np.column_stack([np.linspace(-1, 0, 5), np.linspace(0.5, 0, 5)])
FIGURES = {
    "sizes": lambda: adaptive.sizes(
        {name: (10.0 ** -np.arange(1, 5), [0.01, 0.02, 0.01, 0.02]) for name in PAIR},
        {name: {"gradients": 1 + 999 * RUNS, "steps": 1 + 9 * RUNS} for name in PAIR},
    ),
    "lengths": lambda: adaptive.lengths(
        {"equal gradients": {"gradient descent": [1, 1], "RMSProp": [0.1, 0.01],
                             "AdaGrad": [1, 0.5]},
         "step 100: a gradient of 100": {"gradient descent": [1, 100]}},
    ),
    "needed": lambda: adaptive.needed(
        [1, 100, 10_000], rules([10, 100, 1000]), [0, 20, 45], rules([10, 20, 30])
    ),
    "turned_paths": lambda: adaptive.rotated_paths(
        {"along the axes": (bowl(20), {"gradient descent": LINE, "RMSProp": LINE}),
         "turned by 45 degrees":
             (rotated(bowl(20), 45), {"gradient descent": LINE, "RMSProp": LINE})},
        1.1,
    ),
    "losses_by_input": lambda: adaptive.losses_by_input(
        {kind: dict.fromkeys(("gradient descent", "Nesterov", "AdaGrad", "RMSProp"), RUNS)
         for kind in ("plain", "stretched", "mixed")},
        interval,
    ),
    "eps_switch": lambda: adaptive.eps_switch(
        EPS, {"RMSProp": np.maximum(0.01, EPS), "gradient descent": 1.0},
        {loss: {"RMSProp": np.outer(np.linspace(0.9, 0.1, 8), 1 - RUNS / 10),
                "gradient descent": RUNS} for loss in ("as it is", "128 times as large")},
    ),
    "distances": lambda: adaptive.distances(
        {0.1: [1, 0.05, 0.05], 0.01: [1, 0.5, 0.005], 0.001: [1, 0.9, 0.8]}, [0.05, 0.005, 0.0005]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("condition", [1, 1000])
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.99])
def test_its_letters_can_be_read_wherever_the_controls_are(condition, beta):
    interactive = walking()
    interactive.set(condition=condition, beta=beta)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("condition", [1, 100])
@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_the_paths_are_those_of_torchs_optimizers_and_the_rates_move_them(condition, beta):
    arrays = adaptive.ravine(condition, beta)
    surface = bowl(condition)
    makers = (
        lambda p: torch.optim.RMSprop(p, lr=adaptive.RMSPROP_LR, alpha=beta),
        lambda p: torch.optim.SGD(p, lr=adaptive.GD_LR),
    )
    for points, make in zip(arrays["paths"], makers, strict=True):
        p = torch.tensor(surface.start, dtype=torch.float64, requires_grad=True)
        optimizer = make([p])
        for point in points:
            np.testing.assert_allclose(p.detach().numpy(), point, rtol=1e-6, atol=1e-9)
            p.grad = surface.gradient(p.detach())
            optimizer.step()
    ours = torch.tensor(arrays["paths"][0])
    moves = -arrays["rates"] * surface.gradient(ours[:-1]).numpy()
    np.testing.assert_allclose(ours.diff(dim=0).numpy(), moves, rtol=1e-6, atol=1e-9)


def test_the_lines_are_of_equal_cost_and_everything_moves_with_the_controls():
    lines = torch.tensor(adaptive.ravine(10, 0.9)["lines"])
    cost = bowl(10).value(lines)
    torch.testing.assert_close(cost, cost[:, :1].expand_as(cost))
    interactive = walking()
    interactive.set(condition=10, beta=0.5)
    left, right = interactive.figure.axes
    np.testing.assert_allclose(left.collections[0].get_segments(), lines)
    arrays = adaptive.ravine(10, 0.5)
    np.testing.assert_allclose(right.lines[0].get_ydata(), arrays["rates"][:, 0])
    np.testing.assert_allclose(right.lines[1].get_ydata(), arrays["rates"][:, 1])
    drawn = [np.column_stack(line.get_data()) for line in left.lines]
    for points in arrays["paths"]:
        assert any(line.shape == points.shape and np.allclose(line, points) for line in drawn)


def test_a_move_of_a_control_is_redrawn_fast_enough(redrawn_fast_enough):
    moves = [{"beta": 0.05 * k} for k in range(12)] + [{"condition": 1000}]
    redrawn_fast_enough(walking(), moves)


def test_coming_back_gives_the_same_picture():
    interactive = walking()
    before = interactive.png()
    interactive.set(condition=1, beta=0.0)
    assert interactive.png() != before
    interactive.set(condition=100, beta=0.9)
    assert interactive.png() == before


def test_sizes_draws_each_parameter_and_each_run():
    left, right = FIGURES["sizes"]().axes
    np.testing.assert_allclose(left.lines[0].get_xdata(), 10.0 ** -np.arange(1, 5))
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.01, 0.02, 0.01, 0.02])
    np.testing.assert_allclose(right.collections[0].get_offsets()[:, 0], 1 + 999 * RUNS)
    np.testing.assert_allclose(right.collections[3].get_offsets()[:, 0], 1 + 9 * RUNS)
    labels = [label.get_text() for label in right.get_yticklabels()]
    assert labels == ["gradients", "steps"] * 2


def test_lengths_counts_steps_from_1():
    left, right = FIGURES["lengths"]().axes
    assert left.lines[1].get_xdata().tolist() == [1, 2]
    assert left.lines[1].get_ydata().tolist() == [0.1, 0.01]
    assert right.lines[0].get_ydata().tolist() == [1, 100]


def test_needed_draws_medians():
    left, right = FIGURES["needed"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [15, 150, 1500])
    assert left.lines[0].get_xdata().tolist() == [1, 100, 10_000]
    np.testing.assert_allclose(right.lines[3].get_ydata(), [15, 30, 45])


def test_turned_paths_draws_the_path_on_its_surface():
    left, right = FIGURES["turned_paths"]().axes
    for ax in (left, right):
        assert any(line.get_xydata().shape == LINE.shape for line in ax.lines)
    assert [left.get_title(loc="left"), right.get_title(loc="left")] == [
        "along the axes", "turned by 45 degrees"]  # fmt: skip


def test_losses_by_input_draws_every_run_and_the_intervals_on_one_scale():
    rows = {"plain": {"a": RUNS}, "mixed": {"a": 5 * RUNS}}
    for ax, runs in zip(
        adaptive.losses_by_input(rows, interval).axes, (RUNS, 5 * RUNS), strict=True
    ):
        np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], runs)
        ends = [runs.mean() - 0.01, runs.mean() + 0.01]
        np.testing.assert_allclose(ax.collections[1].get_segments()[0][:, 0], ends)
        assert ax.get_xlim() == pytest.approx((0, 5.25))


def test_eps_switch_draws_rates_and_accuracies():
    left, right = FIGURES["eps_switch"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), np.maximum(0.01, EPS))
    np.testing.assert_allclose(left.lines[1].get_ydata(), EPS[-5:])
    np.testing.assert_allclose(right.lines[0].get_ydata(), 0.95 * np.linspace(0.9, 0.1, 8))
    assert right.lines[1].get_ydata() == [0.5, 0.5]


def test_distances_draws_where_each_rests():
    (ax,) = FIGURES["distances"]().axes
    assert ax.lines[0].get_ydata().tolist() == [1, 0.05, 0.05]
    assert ax.lines[1].get_ydata() == [0.05, 0.05]
