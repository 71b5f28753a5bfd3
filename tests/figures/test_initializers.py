"""Every figure of lesson 04: what it draws, from which arrays, and that it can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, initializers
from course_lib.figures.faults import faults

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(100, 64, generator=GENERATOR)
Z = torch.randn(50, 64, 64, generator=GENERATOR)
WEIGHTS = {"zeros": 0 * Z, "tiny": 1e-6 * Z, "He normal": Z / 32**0.5, "std 1": Z, "huge": 1e6 * Z}
ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu, "none": lambda x: x}
CONTROLS = {
    "depth": Slider("depth", 6, 50, 1, 20),
    "activation": Choice("activation", tuple(ACTIVATIONS), "ReLU"),
    "initializer": Choice("initializer", tuple(WEIGHTS), "He normal"),
}
COMPUTE = partial(initializers.layers, X, WEIGHTS, ACTIVATIONS)
NAMES = ["normal, std 0.05", "normal, std 1", "Glorot normal", "He normal", "orthogonal"]
ALL = ["zeros", "ones", "uniform, ±0.05", "Glorot uniform", "He uniform", *NAMES]
RUNS = np.linspace(0, 1, 101)


def inside():
    return Interactive(COMPUTE, initializers.start_layers, initializers.draw_layers, CONTROLS)


def sizes(layers):
    return {name: np.linspace(-30, 5, layers) + np.zeros((24, 1)) for name in NAMES}


def results():
    return {name: np.linspace(0.1, 0.9, 24) for name in ALL}


PLACES = np.linspace(-0.2, 0.2, 41)
LAW = PLACES, np.full(41, 2.5)
SAMPLES = dict.fromkeys(("normal", "uniform", "truncated normal"), 0.05 * X[:, 0])
FIGURES = {
    "layers": lambda: inside().figure,
    "distributions": lambda: initializers.distributions(SAMPLES, dict.fromkeys(SAMPLES, LAW)),
    "templates": lambda: initializers.templates(
        dict.fromkeys(("all 0", "all 0.1", "W 0, v random", "all random"), X[:8])
    ),
    "sizes_by_layer": lambda: initializers.sizes_by_layer(
        {
            "size of the signals": {"tanh": sizes(51), "ReLU": sizes(51)},
            "size of the gradients": {"tanh": sizes(50), "ReLU": sizes(50)},
        },
        -20,
        20,
    ),
    "strips": lambda: initializers.strips(
        {
            f"{activation}, {depth} layers": results()
            for activation in ("tanh", "ReLU")
            for depth in (2, 10, 30)
        },
        "test accuracy",
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("initializer", WEIGHTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [6, 50])
def test_its_letters_can_be_read_wherever_the_controls_are(initializer, activation, depth):
    interactive = inside()
    interactive.set(depth=depth, activation=activation, initializer=initializer)
    assert faults(interactive.figure) == []


@pytest.mark.parametrize("depth", [6, 17, 50])
def test_sizes_and_histograms_are_those_of_the_signals(depth):
    arrays = COMPUTE(depth=depth, activation="tanh", initializer="std 1")
    signal = X
    for weight in Z[:depth]:
        signal = torch.tanh(signal @ weight.T)
    assert len(arrays["size"]) == depth + 1
    assert arrays["size"][0] == pytest.approx(X.square().mean().sqrt().item(), rel=1e-5)
    assert arrays["size"][-1] == pytest.approx(signal.square().mean().sqrt().item(), rel=1e-4)
    assert (arrays["shown"][0], arrays["shown"][-1]) == (1, depth)
    assert len(set(arrays["shown"])) == initializers.SHOWN
    counts, _ = np.histogram(signal.numpy(), initializers.BINS)
    np.testing.assert_allclose(arrays["heights"][-1], counts / counts.max(), atol=0.01)


def test_what_is_beyond_is_gathered_at_the_ends_and_zeros_are_left_out():
    arrays = COMPUTE(depth=6, activation="ReLU", initializer="huge")
    assert arrays["heights"][-1].argmax() == len(initializers.BINS) - 2
    assert arrays["heights"][-1][:-1].max() == 0
    assert arrays["zero"] == pytest.approx(0.5, abs=0.15)
    nothing = COMPUTE(depth=6, activation="ReLU", initializer="zeros")
    assert not nothing["heights"].any()
    assert nothing["zero"] == 1


def test_controls_move_hills_line_and_titles():
    interactive = inside()
    left, right = interactive.figure.axes
    interactive.set(depth=50, initializer="std 1")
    size = interactive.arrays["size"]
    (line,) = [line for line in right.lines if len(line.get_xdata()) > 2]
    np.testing.assert_allclose(line.get_ydata(), size.clip(1e-10, 1e10))
    assert [text.get_text() for text in left.texts] == ["50", "40", "30", "21", "11", "1"]
    top = left.collections[0].get_paths()[0].vertices
    assert top[:, 1].min() == initializers.SHOWN - 1
    assert right.get_title(loc="left").startswith("size of the last: ")
    interactive.set(initializer="zeros")
    assert left.get_title(loc="left") == "zeros in the last: 100%"
    assert right.get_title(loc="left") == "size of the last: 0.00"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0.00"),
        (0.5, "0.50"),
        (12.345, "12.35"),
        (3.2e-8, "3·$10^{-8}$"),
        (4.1e15, "4·$10^{15}$"),
        (float("inf"), "beyond $10^{38}$"),
        (float("nan"), "beyond $10^{38}$"),
    ],
)
def test_sizes_in_words(value, words):
    assert initializers._size(value) == words


def test_a_move_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(inside(), [{"depth": depth} for depth in range(50, 35, -1)])


def test_coming_back_gives_the_same_picture():
    interactive = inside()
    before = interactive.png()
    interactive.set(depth=31, activation="tanh", initializer="std 1")
    assert interactive.png() != before
    interactive.set(depth=20, activation="ReLU", initializer="He normal")
    assert interactive.png() == before


def test_distributions_draws_sample_and_law():
    axes = FIGURES["distributions"]().axes
    assert [ax.get_title(loc="left") for ax in axes] == list(SAMPLES)
    area = sum(bar.get_height() * bar.get_width() for bar in axes[0].patches)
    assert area == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), LAW[1])


def test_templates_are_drawn_on_the_scale_of_their_line():
    W = torch.arange(128.0).reshape(2, 64) / 100
    figure = initializers.templates({"a": W, "b": 0 * W})
    np.testing.assert_allclose(figure.axes[1].images[0].get_array().ravel(), W[1])
    assert [ax.images[0].get_clim()[1] for ax in figure.axes] == pytest.approx([1.27, 1.27, 1, 1])
    assert [ax.get_ylabel() for ax in figure.axes] == ["a", "", "b", ""]


def test_sizes_by_layer_draws_median_and_nine_tenths_up_to_layer_50():
    runs = RUNS[:, None] * np.ones(50)
    figure = initializers.sizes_by_layer({"size": {"tanh": {"a": runs}}}, -2, 2)
    line = figure.axes[0].lines[0]
    assert (line.get_xdata()[0], line.get_xdata()[-1]) == (1, 50)
    np.testing.assert_allclose(line.get_ydata(), 0.5)
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.05, 0.95))
    longer = initializers.sizes_by_layer({"size": {"tanh": {"a": np.zeros((3, 51))}}}, -2, 2)
    assert longer.axes[0].lines[0].get_xdata()[0] == 0


def test_sizes_by_layer_names_its_rows_and_columns():
    axes = FIGURES["sizes_by_layer"]().axes
    assert [ax.get_title(loc="left") for ax in axes] == ["tanh", "ReLU", "", ""]
    assert [ax.get_ylabel() for ax in axes[::2]] == ["size of the signals", "size of the gradients"]


def test_strips_draws_each_run_and_the_median():
    ax = initializers.strips({"net": {"a": [0.1, 0.2, 0.9], "b": [0.5, 0.5, 0.5]}}, "x", 1).axes[0]
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [0.1, 0.2, 0.9]
    assert [float(line.get_xdata()[0]) for line in ax.lines] == [0.2, 0.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
