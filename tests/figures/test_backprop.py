"""What the figures of lesson 06 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Interactive, Slider, backprop
from course_lib.figures.faults import faults

RUNS = np.linspace(0, 1, 24)
NAMES = list(backprop.PLACES)


def walking(step=11, w1=0.5):
    controls = {
        "step": Slider("step", 0, backprop.STEPS, 1, step),
        "w1": Slider("w₁", -1.0, 1.0, 0.25, w1),
    }
    return Interactive(backprop.walk, backprop.start_walk, backprop.draw_walk, controls)


def interval(runs):
    return runs.mean(), runs.mean() - 1, runs.mean() + 1


def curves(*names):
    return {name: np.geomspace(1e-12, 1, 5)[:, None] * np.linspace(1, 2, 24) for name in names}


FIGURES = {
    "errors_by_step": lambda: backprop.errors_by_step(
        np.geomspace(1e-11, 1, 5),
        {"central, in two precisions": curves("float64", "float32"),
         "float64, in two other ways": curves("one-sided", "with ReLU")},
        {"float64": 6e-6, "float32": 5e-3},
    ),
    "costs": lambda: backprop.costs(
        {f"{i} layers, 512 wide\n1000 images": (1.5, 1 + RUNS) for i in range(4)},
        [85, 310, 4810],
        {"differences": np.outer([0.01, 0.1, 1], 1 + RUNS),
         "backpropagation": np.outer([1e-4, 1e-4, 2e-4], 1 + RUNS)},
    ),
    "accuracies": lambda: backprop.accuracies(
        dict.fromkeys(("none", "weights' gradient transposed"), 0.9 + RUNS / 20), interval,
        {"none": [0.95]},
    ),
    "shares": lambda: backprop.shares(
        [1e-4, 1e-2, 1, 10],
        {name: np.outer([1, 0.9, 0.4, -9], 1 + RUNS) for name in ("start", "trained")},
        {"start": RUNS, "trained": -3 * RUNS},
        {"start": RUNS, "trained": RUNS / 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("w1", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("step", [0, 8, 9, 16])
def test_its_letters_can_be_read_wherever_the_sliders_are(step, w1):
    interactive = walking()
    interactive.set(step=step, w1=w1)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("w1", [-0.5, 0.5, 1.0])
def test_the_graph_holds_the_networks_values_and_autograds_gradients(w1):
    leaves = {**backprop.LEAVES, "w₁": w1}
    t = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in leaves.items()}
    hidden = [torch.relu(t[f"w{i}"] * t["x"]) for i in "₁₂"]
    loss = (t["v₁"] * hidden[0] + t["v₂"] * hidden[1] - t["y"]) ** 2
    expected = torch.autograd.grad(loss, list(t.values()))
    arrays = backprop.walk(backprop.STEPS, w1)
    found = dict(zip(NAMES, arrays["gradients"], strict=True))
    for name, gradient in zip(t, expected, strict=True):
        assert found[name] == pytest.approx(gradient.item(), abs=1e-12)
    assert arrays["values"][NAMES.index("loss")] == pytest.approx(loss.item())


def test_one_step_fills_in_one_value_and_later_the_gradients_of_what_went_in():
    known = [np.isfinite(backprop.walk(k, 0.5)["values"]).sum() for k in range(9)]
    assert known == list(range(6, 15))
    reached = [np.isfinite(backprop.walk(k, 0.5)["gradients"]).sum() for k in range(8, 17)]
    assert reached[0] == 0
    assert reached[-1] == len(NAMES)
    assert reached == sorted(reached)
    first = backprop.walk(9, 0.5)
    assert NAMES[first["active"]] == "loss"
    assert [n for n, g in zip(NAMES, first["gradients"], strict=True) if np.isfinite(g)] == [
        "out", "y", "loss"]  # fmt: skip


def test_the_words_say_which_step_it_is():
    minus = "\N{MINUS SIGN}"
    assert backprop.walk(0, 0.5)["active"] is None
    assert backprop.walk(3, 0.5)["title"] == "step 3 of 16, forward: a₁ = ReLU(z₁)"
    last = f"step 9 of 16, backward through loss = (out {minus} y)²"
    assert backprop.walk(9, 0.5)["title"] == last
    interactive = walking(step=16)
    texts = [text.get_text() for text in interactive.figure.axes[0].texts]
    assert "w₁ 0.50" in texts
    assert f"g {minus}2.00" in texts
    assert interactive.figure.axes[0].get_title(loc="left").endswith("through z₁ = w₁ · x")


def test_the_active_box_is_coloured_by_its_direction():
    for step, colour in ((3, backprop.PALE_BLUE), (12, backprop.PALE_VERMILION)):
        interactive = walking(step=step)
        found = interactive.figure.axes[0].collections[1].get_facecolors()
        red = tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        coloured = [i for i, c in enumerate(found) if tuple(c[:3]) == pytest.approx(red)]
        assert coloured == [interactive.arrays["active"]]


def test_a_slider_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(walking(), [{"step": step} for step in range(15)])


def test_coming_back_gives_the_same_picture():
    interactive = walking()
    before = interactive.png()
    interactive.set(step=16, w1=-1.0)
    assert interactive.png() != before
    interactive.set(step=11, w1=0.5)
    assert interactive.png() == before


def test_errors_by_step_draws_medians_and_marks():
    steps, runs = [1e-3, 1e-2], np.outer([1e-6, 1e-4], [1, 2, 3])
    ax = backprop.errors_by_step(steps, {"a": {"b": runs}}, {"b": 5e-3}).axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2e-6, 2e-4])
    assert ax.lines[1].get_xdata() == [5e-3, 5e-3]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_costs_draws_counts_rounds_and_times():
    left, right = FIGURES["costs"]().axes
    np.testing.assert_allclose(left.collections[0].get_offsets()[:, 0], 1 + RUNS)
    assert [line.get_xdata().tolist() for line in left.lines] == [[1.5]] * 4
    np.testing.assert_allclose(right.lines[0].get_ydata(), [0.015, 0.15, 1.5])
    assert right.lines[0].get_xdata().tolist() == [85, 310, 4810]


def test_accuracies_draws_each_run_its_interval_and_the_live_ones():
    rows = {"none": [0.8, 0.9, 1.0], "gate": [0.1, 0.1, 0.1]}
    for ax in backprop.accuracies(rows, interval, {"none": [0.85]}).axes:
        assert ax.collections[0].get_offsets()[:, 0].tolist() == [0.8, 0.9, 1.0]
        np.testing.assert_allclose(ax.collections[1].get_segments()[0][:, 0], [-0.1, 1.9])
        crosses = [line for line in ax.lines if line.get_marker() == "x"]
        assert [list(line.get_xdata()) for line in crosses] == [[0.85]]
    first = backprop.accuracies(rows, interval, {"none": [0.85]}).axes[0]
    assert [label.get_text() for label in first.get_yticklabels()] == ["none", "gate"]


def test_shares_draws_promises_sums_and_correlations():
    promise, total, gone = FIGURES["shares"]().axes
    np.testing.assert_allclose(promise.lines[0].get_ydata(), 1.5 * np.array([1, 0.9, 0.4, -9]))
    np.testing.assert_allclose(total.collections[1].get_offsets()[:, 0], -3 * RUNS)
    np.testing.assert_allclose(gone.collections[0].get_offsets()[:, 0], RUNS)
