"""What the figures of lesson 08 draw is what they are given, and their letters can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, batches
from course_lib.figures.faults import faults
from course_lib.lab import generator
from course_lib.optim.cost import cost_gradient
from course_lib.optim.surfaces import neuron

RUNS = np.linspace(0.5, 1, 24)
X = torch.randn(64, generator=generator(0), dtype=torch.float64)
Y = 1 + 0.5 * X + torch.randn(64, generator=generator(1), dtype=torch.float64)
POWERS = (1, 4, 16, 64, 256, 1024, 4096)


def wandering(size=4, lr=0.2):
    controls = {
        "size": Choice("batch size", (1, 4, 16, 64), size),
        "lr": Slider("learning rate", 0.05, 0.5, 0.05, lr),
    }
    return Interactive(
        partial(batches.gradients_and_path, X, Y),
        batches.start_gradients_and_path,
        batches.draw_gradients_and_path,
        controls,
    )


def epoch(size, looks):
    return np.linspace(0, 1000, looks), np.linspace(0.1, 0.9, looks)[:, None] * RUNS


FIGURES = {
    "noise": lambda: batches.noise(
        (1, 16, 256, 1000),
        {"with replacement": [4, 1, 0.25, 0.13], "without": [4, 1, 0.2, 0]},
        {"with replacement": [4.1, 1, 0.24, 0.13], "without": [4, 1, 0.2, 1e-9]},
    ),
    "time_an_example": lambda: batches.time_an_example(
        POWERS, {"64, 32, 10": np.outer(POWERS, RUNS), "784, 512, 512, 10": np.outer(POWERS, RUNS)}
    ),
    "memory": lambda: batches.memory({"streamed": [0, 7, 7], "read whole": [200, 207, 207]}, 200),
    "kept": lambda: batches.kept(
        POWERS, {"64, 32, 10": np.array(POWERS), "784, 512": 20 * np.array(POWERS)}, [10, 300]
    ),
    "first_epoch": lambda: batches.first_epoch(
        {4: epoch(4, 11)[0], 1000: epoch(1000, 2)[0]},
        {4: epoch(4, 11)[1], 1000: epoch(1000, 2)[1]},
        {1000: [0.2, 0.3]},
    ),
    "to_target": lambda: batches.to_target(
        {title: {1: 1000 * RUNS, 50: 50 * RUNS, 1000: 30 * RUNS} for title in ("images", "steps")}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("lr", [0.05, 0.5])
@pytest.mark.parametrize("size", [1, 16, 64])
def test_its_letters_can_be_read_wherever_the_sliders_are(size, lr):
    interactive = wandering()
    interactive.set(size=size, lr=lr)
    assert faults(interactive.figure) == []


def test_the_cloud_lies_around_the_full_gradient_as_wide_as_the_formula_says():
    start = torch.tensor(neuron(X, Y).start, dtype=torch.float64)
    full = torch.stack(cost_gradient(start[0], start[1], X, Y)).numpy()
    for size in (1, 4, 16):
        arrays = batches.gradients_and_path(X, Y, size, 0.2)
        np.testing.assert_allclose(arrays["full"], full, rtol=1e-12)
        away = arrays["cloud"] - full
        assert (np.abs(away.mean(axis=0)) < 4 * arrays["noise"] / len(away) ** 0.5).all()
        np.testing.assert_allclose((away**2).mean(axis=0) ** 0.5, arrays["noise"], rtol=0.15)
    everything = batches.gradients_and_path(X, Y, 64, 0.2)
    np.testing.assert_allclose(everything["cloud"], np.tile(full, (300, 1)), rtol=1e-10)
    assert everything["noise"].tolist() == [0, 0]


def test_the_path_of_whole_batches_is_gradient_descent():
    surface, lr = neuron(X, Y), 0.2
    points = batches.gradients_and_path(X, Y, 64, lr)["points"]
    p = torch.tensor(surface.start, dtype=torch.float64)
    for point in points:
        np.testing.assert_allclose(point, p.numpy(), rtol=1e-9)
        p = p - lr * surface.gradient(p)
    assert len(points) == batches.STEPS + 1


def test_an_epoch_of_the_path_uses_each_example_once():
    one_by_one = batches.gradients_and_path(X[:8], Y[:8], 1, 1e-9)["points"]
    steps = (one_by_one[0] - one_by_one[8]) / 1e-9
    start = torch.tensor(one_by_one[0])
    full = torch.stack(cost_gradient(start[0], start[1], X[:8], Y[:8]))
    np.testing.assert_allclose(steps, 8 * full.numpy(), rtol=1e-5)


def test_a_move_changes_cloud_path_and_words():
    interactive = wandering()
    left, right = interactive.figure.axes
    interactive.set(size=16)
    arrays = interactive.arrays
    assert right.get_title(loc="left") == "40 steps of 16 examples"
    wide = f"{arrays['noise'][0]:.2f}"
    assert wide in left.get_title(loc="left")
    np.testing.assert_allclose(np.transpose(left.lines[0].get_data()), arrays["cloud"])
    path = max(right.lines, key=lambda line: len(line.get_xdata()))
    np.testing.assert_allclose(np.transpose(path.get_data()), arrays["points"])


def test_a_slider_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(wandering(), [{"size": size} for size in (1, 4, 16, 64)] * 3)


def test_coming_back_gives_the_same_picture():
    interactive = wandering()
    before = interactive.png()
    interactive.set(size=64, lr=0.5)
    assert interactive.png() != before
    interactive.set(size=4, lr=0.2)
    assert interactive.png() == before


def test_noise_leaves_out_what_a_logarithm_cannot_show():
    ax = FIGURES["noise"]().axes[0]
    assert ax.lines[0].get_ydata().tolist() == [4, 1, 0.25, 0.13]
    assert ax.lines[2].get_ydata().tolist() == [4, 1, 0.2]
    assert ax.lines[3].get_ydata().tolist() == [4, 1, 0.2]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_time_an_example_divides_steps_by_their_examples():
    ax = batches.time_an_example((1, 4), {"net": [[1e-6, 2e-6, 3e-6], [8e-6] * 3]}).axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2, 2])


def test_memory_and_kept_draw_what_they_are_given():
    ax = FIGURES["memory"]().axes[0]
    assert [line.get_ydata()[0] for line in ax.lines] == [0, 200, 200]
    ax = FIGURES["kept"]().axes[0]
    assert ax.lines[0].get_ydata().tolist() == list(POWERS)
    assert ax.lines[1].get_ydata() == [10, 10]


def test_the_first_epoch_stays_level_between_steps():
    ax = FIGURES["first_epoch"]().axes[0]
    runs = np.median(RUNS)
    few, all_of_them = ax.lines[0], ax.lines[1]
    np.testing.assert_allclose(few.get_ydata(), np.linspace(0.1, 0.9, 11) * runs)
    assert all_of_them.get_xdata().tolist() == [0, 1000, 1000]
    np.testing.assert_allclose(all_of_them.get_ydata(), [0.1 * runs, 0.1 * runs, 0.9 * runs])
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [list(line.get_ydata()) for line in crosses] == [[0.2, 0.3]]


def test_to_target_draws_runs_and_medians():
    for ax in FIGURES["to_target"]().axes:
        assert ax.lines[0].get_ydata().tolist() == (1000 * RUNS).tolist()
        np.testing.assert_allclose(
            ax.lines[-1].get_ydata(), np.median(RUNS) * np.array([1000, 50, 30])
        )
