"""What the figures of lesson 14 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, lipschitz
from course_lib.figures.faults import faults
from course_lib.lab import generator

RUNS = np.linspace(0.1, 0.2, 24)


def stretching(depth=20, scale=1.0, shortcut="none"):
    controls = {
        "depth": Slider("layers", 1, 20, 1, depth),
        "scale": Slider("scale of the weights", 0.2, 2.0, 0.1, scale),
        "shortcut": Choice("shortcut", ("none", "x + f(x)", "x + f(x)/L"), shortcut),
    }
    return Interactive(lipschitz.stretch, lipschitz.start_stretch, lipschitz.draw_stretch, controls)


def interval(runs):
    return runs.mean(), runs.mean() - 0.01, runs.mean() + 0.01


FIGURES = {
    "rounds": lambda: lipschitz.rounds([1.0, 1.5, 1.9], 2.0, {"Frobenius": 3.0, "sums": 2.6}),
    "training": lambda: lipschitz.training(
        [0, 1, 32], {name: np.outer([k, 2 * k, 4 * k], 1 + RUNS)
                     for name, k in (("upper", 9), ("largest", 3), ("median", 2))},
    ),
    "growth": lambda: lipschitz.growth(
        [0.1, 1, 10], {name: [1.0, 2.0, 4.0 * k] for k, name in enumerate(("a", "b", "c", "d"), 1)}
    ),
    "by_side": lambda: lipschitz.by_side(
        {title: {"no cap": RUNS, "norms held at 1": 2 * RUNS} for title in ("clean", "noisy")},
        interval, "wrong answers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("depth", [1, 20])
@pytest.mark.parametrize("scale", [0.2, 2.0])
@pytest.mark.parametrize("shortcut", ["none", "x + f(x)"])
def test_its_letters_can_be_read_wherever_the_controls_are(depth, scale, shortcut):
    interactive = stretching()
    interactive.set(depth=depth, scale=scale, shortcut=shortcut)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("shortcut", ["none", "x + f(x)", "x + f(x)/L"])
def test_norms_are_those_of_autograds_jacobian_and_bounds_hold(shortcut):
    depth, scale, width = 4, 1.3, lipschitz.WIDTH
    arrays = lipschitz.stretch(depth, scale, shortcut)
    source = generator(14)
    shape = (lipschitz.DEEPEST, width, width)
    W = torch.randn(shape, generator=source, dtype=torch.float64) * scale * (2 / width) ** 0.5
    points = torch.randn(lipschitz.POINTS, width, generator=source, dtype=torch.float64)

    def network(x):
        for layer in W[:depth]:
            f = torch.relu(layer @ x)
            x = {"none": f, "x + f(x)": x + f, "x + f(x)/L": x + f / depth}[shortcut]
        return x

    for x, found in zip(points, arrays["norms"][-1], strict=True):
        J = torch.func.jacrev(network)(x)
        assert found == pytest.approx(torch.linalg.matrix_norm(J, ord=2).item())
    largest = arrays["norms"].max(axis=1)
    assert (arrays["lower"] <= largest * (1 + 1e-9)).all()
    assert (arrays["lower"] > 0.5 * largest).all()
    assert (largest <= arrays["upper"] * (1 + 1e-9)).all()


def test_a_move_of_a_control_is_redrawn_fast_enough(redrawn_fast_enough):
    moves = [{"scale": 0.2 + 0.1 * k} for k in range(12)] + [{"shortcut": "x + f(x)"}]
    redrawn_fast_enough(stretching(), moves)


def test_everything_moves_with_the_controls():
    interactive = stretching()
    before = interactive.png()
    interactive.set(depth=5, scale=0.5)
    assert interactive.png() != before
    arrays = lipschitz.stretch(5, 0.5, "none")
    lines = {line.get_label(): line for line in interactive.figure.axes[0].lines}
    np.testing.assert_allclose(lines["upper: product of norms"].get_ydata(), arrays["upper"])
    np.testing.assert_allclose(lines["lower: two rounds"].get_ydata(), arrays["lower"])
    interactive.set(depth=20, scale=1.0)
    assert interactive.png() == before


def test_training_draws_medians_and_how_loose_the_bound_is():
    left, right = FIGURES["training"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), np.multiply([9, 18, 36], 1.15))
    np.testing.assert_allclose(right.lines[0].get_ydata(), [3, 3, 3])


def test_by_side_draws_every_run_and_the_interval():
    for ax in FIGURES["by_side"]().axes:
        np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], RUNS)
        ends = [RUNS.mean() - 0.01, RUNS.mean() + 0.01]
        np.testing.assert_allclose(ax.collections[1].get_segments()[0][:, 0], ends)


def test_rounds_and_growth_draw_what_they_are_given():
    (ax,) = FIGURES["rounds"]().axes
    assert ax.lines[0].get_ydata().tolist() == [1.0, 1.5, 1.9]
    (ax,) = FIGURES["growth"]().axes
    assert ax.lines[2].get_ydata().tolist() == [1.0, 2.0, 12.0]
