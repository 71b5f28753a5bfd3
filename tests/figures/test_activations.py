"""Every figure of lesson 03: what it draws, from which arrays, and that it can be read."""

import statistics
import time
from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, activations
from course_lib.figures.faults import faults
from course_lib.nn.activations import ACTIVATIONS

GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(300, 32, generator=GENERATOR)
FUNCTIONS = {name: tuple(of) for name, of in ACTIVATIONS.items()}
CONTROLS = {
    "scale": Slider("scale", 0.5, 8.0, 0.5, 1.0),
    "shift": Slider("shift", -5.0, 5.0, 0.5, 0.0),
    "name": Choice("activation", tuple(FUNCTIONS), "sigmoid"),
}
NAMES = ("sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU", "SiLU")


def response():
    return Interactive(
        partial(activations.response, FUNCTIONS, INPUTS),
        activations.start_response,
        activations.draw_response,
        CONTROLS,
    )


def plane(side=11):
    at = activations.lattice(1.2, side)
    return (at[:, 0] > 0).long(), (at[:, 1] > 0.5).long()


def curves(fall=1.0):
    return {name: fall ** np.arange(21) * np.ones((24, 21)) + i for i, name in enumerate(NAMES)}


LRS = [2.0 ** (k / 2) for k in range(-4, 7)]
DEATHS = {
    name: np.linspace(0, 1, 11)[:, None] * np.ones(24)
    for name in ("ReLU", "leaky ReLU, 0.01", "leaky ReLU, 0.2", "GELU")
}

FIGURES = {
    "response": lambda: response().figure,
    "planes": lambda: activations.planes(
        torch.rand(20, 2),
        torch.arange(20) % 2,
        {name: plane() for name in ("one layer", "three layers,\nnothing between", "c,\nd")},
        1.2,
    ),
    "solved": lambda: activations.solved([2, 3, 4, 8, 16], {"ReLU": LRS[:5], "tanh": LRS[1:6]}),
    "by_layer": lambda: activations.by_layer({name: 10.0 ** -np.arange(11) for name in NAMES[:4]}),
    "losses": lambda: activations.losses(
        {f"{depth} hidden layers": curves(0.9) for depth in (1, 3, 10)}
    ),
    "against": lambda: activations.against(
        LRS, {"neurons that fire for no image": DEATHS, "test accuracy": DEATHS}, "learning rate"
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("scale", "shift"), [(0.5, -5.0), (8.0, 0.0), (1.0, 5.0)])
def test_its_letters_can_be_read_wherever_the_controls_are(name, scale, shift):
    interactive = response()
    interactive.set(name=name, scale=scale, shift=shift)
    assert faults(interactive.figure) == []


def test_response_counts_what_is_flat_and_who_is_dead():
    inputs = torch.tensor([[-1.0, 2.0], [-2.0, -1.0], [-3.0, 1.0], [-1.0, 1.0]])
    arrays = activations.response(FUNCTIONS, inputs, "ReLU", scale=2.0, shift=0.5)
    assert arrays["flat"] == 5 / 8
    assert arrays["mean_slope"] == 3 / 8
    assert (arrays["dead"], arrays["neurons"]) == (1, 2)
    moved = activations.response(FUNCTIONS, inputs, "ReLU", scale=2.0, shift=2.5)
    assert (moved["flat"], moved["dead"]) == (2 / 8, 0)


def test_response_is_the_function_and_its_slope():
    arrays = activations.response(FUNCTIONS, INPUTS.double(), "GELU", scale=1.0, shift=0.0)
    along = torch.from_numpy(arrays["along"])
    np.testing.assert_allclose(arrays["curve"], torch.nn.functional.gelu(along), atol=1e-14)
    found = np.gradient(arrays["curve"], arrays["along"])
    np.testing.assert_allclose(arrays["slope"], found, atol=0.01)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_input_is_in_one_bin(name):
    arrays = activations.response(FUNCTIONS, INPUTS, name, scale=8.0, shift=5.0)
    assert arrays["counts"].sum() == pytest.approx(1)
    z = 8 * INPUTS + 5
    assert arrays["counts"][-1] >= (z > 8).double().mean().item()
    assert (arrays["flat_counts"] <= arrays["counts"]).all()
    inside = (z.abs() < 7.8) & (FUNCTIONS[name][1](z).abs() < activations.FLAT)
    assert arrays["flat_counts"].sum() >= inside.double().mean().item() - 0.02


def test_the_learners_own_functions_do_the_work():
    calls = []

    def own(z):
        calls.append("f")
        return z

    def slope(z):
        calls.append("slope")
        return torch.ones_like(z)

    arrays = activations.response({"own": (own, slope)}, INPUTS, "own", 1.0, 0.0)
    assert set(calls) == {"f", "slope"}
    assert (arrays["flat"], arrays["dead"]) == (0, 0)


def test_draw_shows_the_arrays_and_draws_nothing_anew():
    interactive = response()
    before = [len(ax.get_children()) for ax in interactive.figure.axes]
    interactive.set(name="ReLU", scale=2.0, shift=-1.0)
    arrays = interactive.arrays
    top, bottom = interactive.figure.axes
    np.testing.assert_allclose(top.lines[0].get_ydata(), arrays["curve"])
    np.testing.assert_allclose(top.lines[1].get_ydata(), arrays["slope"])
    np.testing.assert_allclose(bottom.patches[0].get_data().values, arrays["counts"])
    np.testing.assert_allclose(bottom.patches[1].get_data().values, arrays["flat_counts"])
    assert top.get_title(loc="left").startswith("ReLU: mean slope")
    assert f"{arrays['dead']} of 32" in bottom.get_title(loc="left")
    assert [len(ax.get_children()) for ax in interactive.figure.axes] == before


def test_a_move_is_fast():
    interactive, took = response(), []
    for step in range(12):
        begun = time.perf_counter()
        interactive.set(scale=1.0 + step / 2)
        interactive.png()
        took.append(time.perf_counter() - begun)
    assert statistics.median(took) < 0.5, "a learner would lose the thread"


def test_lattice_runs_from_the_lower_left_row_by_row():
    at = activations.lattice(1.0, side=3)
    assert at.shape == (9, 2)
    assert at[:4].tolist() == [[-1, -1], [0, -1], [1, -1], [-1, 0]]


def test_planes_show_classes_and_the_edges_of_patterns():
    classes, patterns = plane(11)
    x, y = torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), torch.tensor([0, 1, 1])
    ax = activations.planes(x, y, {"a": (classes, patterns)}, 1.2).axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), classes.view(11, 11))
    edges = ax.images[1].get_array()
    rows = np.flatnonzero(~np.ma.getmaskarray(edges).all(axis=1))
    assert rows.tolist() == [7], "one line, under the row at which the pattern changes"
    assert ax.images[0].get_extent() == [-1.2, 1.2, -1.2, 1.2]
    assert [len(dots.get_offsets()) for dots in ax.collections] == [1, 2]
    plain = activations.planes(x, y, {"a": (classes, None)}, 1.2).axes[0]
    assert len(plain.images) == 1


def test_solved_draws_each_share_as_a_bar():
    ax = activations.solved([2, 3], {"ReLU": [0.25, 0.5], "tanh": [0.75, 1.0]}).axes[0]
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.5, 0.75, 1.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "3"]


def test_by_layer_counts_layers_from_one():
    ax = activations.by_layer({"a": [3.0, 2.0, 1.0]}).axes[0]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.lines[0].get_ydata().tolist() == [3.0, 2.0, 1.0]
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize("kind", ["losses", "against"])
def test_lines_are_medians_and_bands_nine_tenths(kind):
    runs = np.linspace(0.0, 1.0, 101)
    both = np.stack([runs, runs / 2], axis=1)  # (runs, places)
    if kind == "losses":
        ax = activations.losses({"a": {"ReLU": both}}).axes[0]
        assert ax.lines[0].get_xdata().tolist() == [0, 1]
    else:
        ax = activations.against([0.5, 2.0], {"a": {"ReLU": both.T}}, "rate").axes[0]
        assert ax.lines[0].get_xdata().tolist() == [0.5, 2.0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.5, 0.25])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.025, 0.95))


def test_the_names_of_the_lines_are_shown_once():
    figure = FIGURES["losses"]()
    assert len(figure.legends) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(NAMES)
