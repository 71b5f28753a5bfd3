"""Every figure of lesson 02: what it draws, from which arrays, and that it can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Interactive, Slider, biases
from course_lib.figures.faults import faults
from course_lib.nn.biases import affine, threshold

GENERATOR = torch.Generator().manual_seed(0)
INK = torch.rand(200, 2, generator=GENERATOR)
EIGHTS = (INK.sum(dim=1) > 1).long()
SLIDERS = {
    "weight": Slider("weight", -10.0, 10.0, 0.5, 5.0),
    "bias": Slider("bias", -15.0, 15.0, 0.5, -5.0),
}
RUNS = np.linspace(0, 1, 101)


def shifted():
    return Interactive(
        partial(biases.shift, affine, threshold, INK, EIGHTS),
        partial(biases.start_shift, names=("threes", "eights")),
        biases.draw_shift,
        SLIDERS,
    )


def levels(low):
    names = ("clear", "0.5", "0.75", "1.0", "1.5")
    return {name: np.linspace(low, 1 - i / 6, 24) for i, name in enumerate(names)}


def kinds():
    return {k: {"without": levels(0.1), "with": levels(0.2)} for k in ("blur", "noise", "muted")}


def rows():
    names = ("10 neurons", "10 neurons, inverted", "32 hidden, centred", "four numbers, centred")
    return {name: np.linspace(-5, 5 + i, 24) for i, name in enumerate(names)}


def strengths():
    names = ("L1 on biases", "L1 on weights", "L2 on biases", "L2 on weights")
    return {name: (np.zeros((18, 24)) + i / 50, 9) for i, name in enumerate(names)}


FIGURES = {
    "shift": lambda: shifted().figure,
    "loss_from": lambda: biases.loss_from(
        {"bias starts at 0": [0.7, 0.5, 0.3], "bias starts at the log-odds": [0.2, 0.15, 0.1]}
    ),
    "bias_paths": lambda: biases.bias_paths(
        {
            name: torch.linspace(-1, 1, 300)[:, None] * torch.ones(10)
            for name in ("none", "L2", "L1")
        }
    ),
    "damaged": lambda: biases.damaged({f"muted {i / 100}": torch.rand(64) for i in range(25, 32)}),
    "accuracy_by_level": lambda: biases.accuracy_by_level(
        {"10 neurons": kinds(), "32 hidden, centred": kinds()}
    ),
    "starts": lambda: biases.starts(
        [-10.0, -1.0, 0.0, 3.0, 30.0],
        {name: np.full((5, 24), 0.5) for name in ("SGD, rate 0.5", "SGD, best", "Adam, best")},
        {0.0: 0.9},
    ),
    "loss_by_strength": lambda: biases.loss_by_strength(
        np.geomspace(1e-4, 1, 18), {"ink": strengths(), "centred": strengths()}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("weight", [-10.0, 0.0, 10.0])
@pytest.mark.parametrize("bias", [-15.0, 0.0, 15.0])
def test_its_letters_can_be_read_wherever_the_sliders_are(weight, bias):
    interactive = shifted()
    interactive.set(weight=weight, bias=bias)
    assert faults(interactive.figure) == []


def test_shift_computes_outputs_and_how_many_are_right():
    x, y = torch.tensor([[0.5, 0.5], [0.25, 0.0], [1.0, 0.5]]), torch.tensor([0, 0, 1])
    arrays = biases.shift(affine, threshold, x, y, weight=2.0, bias=-1.0)
    np.testing.assert_allclose(arrays["ink"], [1.0, 0.25, 1.5])
    np.testing.assert_allclose(arrays["out"], [1.0, -0.5, 2.0])
    assert arrays["right"] == 2
    assert arrays["threshold"] == 0.5


def test_the_curve_is_the_sigmoid_of_the_output():
    arrays = shifted().arrays
    expected = 1 / (1 + np.exp(-(5 * arrays["along"] - 5)))
    np.testing.assert_allclose(arrays["curve"], expected, rtol=1e-5)
    at = np.interp(arrays["threshold"], arrays["along"], arrays["curve"])
    assert at == pytest.approx(0.5, abs=1e-3)


def test_the_learners_own_functions_do_the_work():
    calls = []

    def own(x, weight, bias):
        calls.append(x.shape)
        return affine(x, weight, bias)

    arrays = biases.shift(own, lambda w, b: torch.tensor(7.0), INK, EIGHTS, 5.0, -5.0)
    assert calls == [(200, 2), (201, 1)]
    assert arrays["threshold"] == 7


@pytest.mark.parametrize("weight", [-10.0, -0.5, 0.0, 0.5, 5.0])
@pytest.mark.parametrize("bias", [-15.0, -5.0, 3.0, 15.0])
def test_each_point_lies_on_the_side_of_its_judgement(weight, bias):
    interactive = shifted()
    interactive.set(weight=weight, bias=bias)
    no, yes = (half.get_path() for half in interactive.figure.axes[0].patches[:2])
    judged = interactive.arrays["out"] > 0
    clear = np.abs(interactive.arrays["out"]) > 1e-3
    np.testing.assert_array_equal(yes.contains_points(INK)[clear], judged[clear])
    np.testing.assert_array_equal(no.contains_points(INK)[clear], ~judged[clear])


def test_boundary_and_dotted_line_stand_at_the_threshold():
    interactive = shifted()
    interactive.set(weight=5.0, bias=-6.0)
    plane, curve = interactive.figure.axes
    ends = np.stack(plane.lines[0].get_data(), axis=1)
    np.testing.assert_allclose(ends.sum(axis=1), 1.2, rtol=1e-6)
    dotted = next(line for line in curve.lines if line.get_linestyle() == ":")
    np.testing.assert_allclose(dotted.get_xdata(), 1.2, rtol=1e-6)
    assert plane.get_title(loc="left") == "5.0 · ink \N{MINUS SIGN}6.0"
    assert curve.get_title(loc="left").startswith("threshold 1.20, ")


def test_zero_has_no_minus_and_no_weight_no_threshold():
    interactive = shifted()
    interactive.set(bias=0.0)
    assert interactive.figure.axes[1].get_title(loc="left").startswith("threshold 0.00, ")
    interactive.set(weight=0.0, bias=1.0)
    assert interactive.figure.axes[1].get_title(loc="left").startswith("no threshold, ")
    assert np.isnan(interactive.arrays["threshold"])


def test_a_slider_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(shifted(), [{"bias": -step / 2} for step in range(15)])


def test_coming_back_gives_the_same_picture():
    interactive = shifted()
    before = interactive.png()
    interactive.set(weight=-3.0, bias=9.0)
    assert interactive.png() != before
    interactive.set(weight=5.0, bias=-5.0)
    assert interactive.png() == before


def test_damaged_draws_each_image_on_one_scale():
    image = torch.rand(64, generator=GENERATOR)
    axes = biases.damaged({"clear": image, "muted 0.5": image / 2}).axes
    np.testing.assert_allclose(axes[1].images[0].get_array().ravel(), image / 2)
    assert all(ax.images[0].get_clim() == (0, 1) for ax in axes)
    assert [ax.get_title() for ax in axes] == ["clear", "muted 0.5"]


def test_accuracy_by_level_draws_median_and_nine_tenths():
    sides = {"without": {"clear": RUNS, "0.5": RUNS / 2}, "with": {"clear": RUNS, "0.5": RUNS}}
    ax = biases.accuracy_by_level({"net": {"blur": sides}}).axes[0]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.5, 0.25], [0.5, 0.5]]
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.025, 0.95))
    assert [line.get_label() for line in ax.lines] == ["without biases", "with biases"]
    assert ax.get_ylabel() == "net"
    assert ax.get_title(loc="left") == "blur"


def test_starts_marks_the_live_runs_at_their_places():
    ax = FIGURES["starts"]().axes[0]
    cross = ax.lines[-1]
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([2], [0.9])
    assert ax.get_xticklabels()[0].get_text() == "\N{MINUS SIGN}10"


def test_the_legend_of_starts_stands_where_the_fast_rise_is_not():
    fig = FIGURES["starts"]()
    fig.canvas.draw()
    ax = fig.axes[0]
    box = ax.get_legend().get_window_extent().transformed(ax.transData.inverted())
    assert box.x0 > 1  # right of the rise, between the second and the third start


def test_loss_by_strength_marks_what_was_chosen_with_a_shape_that_the_legend_names():
    runs = np.linspace(-0.1, 0.1, 5)[:, None] * np.ones(24)
    penalties = {"L1 on biases": (runs, 3), "L1 on weights": (runs, 1)}
    ax = biases.loss_by_strength([1, 2, 3, 4, 5], {"ink": penalties}).axes[0]
    lines = ax.lines[:2]
    for line in lines:
        np.testing.assert_allclose(line.get_ydata(), runs[:, 0])
    assert [line.get_markevery() for line in lines] == [[3], [1]]
    shapes = [handle.get_marker() for handle in ax.get_legend().legend_handles]
    assert shapes == [line.get_marker() for line in lines] == ["o", "s"]


def test_bias_paths_and_losses_are_drawn_as_given():
    path = torch.rand(7, 3, generator=GENERATOR)
    ax = biases.bias_paths({"a": path, "b": path}).axes[0]
    np.testing.assert_allclose(np.stack([line.get_ydata() for line in ax.lines[:3]], 1), path)
    ax = biases.loss_from({"a": [3, 2, 1], "b": [1, 1, 1]}).axes[0]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[3, 2, 1], [1, 1, 1]]
