"""What the figures of lesson 15 draw is what they are given, and their letters can be read."""

import itertools

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, propagation
from course_lib.figures.faults import faults
from course_lib.lab import generator
from course_lib.lab.timing import side_by_side

source = generator(0)
X, G = torch.randn(2, 100, 64, generator=source, dtype=torch.float64)
Z = torch.randn(100, 64, 64, generator=source, dtype=torch.float64)
RUNS = np.linspace(0, 1, 24)
GAINS = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8]


def compute(depth, gain, activation):
    return propagation.flow(X, G, Z, depth, gain, activation)


def interactive():
    controls = {
        "depth": Slider("depth", 5, 100, 5, 50),
        "gain": Slider("gain", 0.5, 3.0, 0.1, 1.0),
        "activation": Choice("activation", ("tanh", "ReLU"), "tanh"),
    }
    return Interactive(compute, propagation.start_flow, propagation.draw_flow, controls)


FIGURES = {
    "spectrum": lambda: propagation.spectrum(
        {name: 10.0 ** -np.outer(np.arange(1, 101), RUNS / 10) for name in ("Gaussian, linear",
         "orthogonal, linear", "orthogonal, tanh")}
    ),
    "likenesses": lambda: propagation.likenesses(
        range(0, 101, 5), {f"tanh, gain {g}": np.outer(RUNS, RUNS[:21]) for g in GAINS[:5]}
    ),
    "by_gain": lambda: propagation.by_gain(
        GAINS, {t: {f"{d} layers": np.outer(GAINS, RUNS) / 3 for d in (5, 20, 50, 100)}
                for t in ("float64", "float16")}, "test accuracy",
    ),
    "halves": lambda: propagation.halves(range(24), np.stack([RUNS, 1 - RUNS], 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize(("depth", "gain", "activation"), [(5, 0.5, "tanh"), (100, 3.0, "ReLU")])
def test_the_interactive_figure_shows_what_is_computed(depth, gain, activation):
    shown = interactive()
    shown.set(depth=depth, gain=gain, activation=activation)
    assert faults(shown.figure) == []
    assert len(shown.arrays["forward"]) == depth + 1


def test_theory_and_measurement_agree_and_gradients_are_those_of_autograd():
    arrays = compute(20, 1.4, "tanh")
    for way in ("forward", "backward"):
        np.testing.assert_allclose(arrays[way], arrays[f"{way}_theory"], rtol=0.5)
    x = X.clone().requires_grad_()
    h = x
    for W in Z[:20]:
        h = torch.tanh(h @ (1.4 / 8 * W).T)
    (of_x,) = torch.autograd.grad(h, x, G)
    assert arrays["backward"][0] == pytest.approx(of_x.square().mean().sqrt().item())


def test_a_move_is_fast():
    """A move takes a few times as long as the network itself, forward and backward by autograd.

    On two idle cores it takes 0.06 to 0.1 s, five times the network. A machine may be slower, and
    then so is the network.
    """
    shown, x = interactive(), X.clone().requires_grad_()

    def network():
        h = x
        for W in Z:
            h = torch.tanh(h @ W.T / 8)
        torch.autograd.grad(h, x, G)

    def move():
        shown.set(gain=next(gains), depth=100)
        shown.png()

    gains = itertools.cycle([0.8, 1.2, 1.6, 2.0])
    times = side_by_side({"move": move, "network": network}, rounds=5, calls=1)
    assert (times["move"] / times["network"]).median() < 10
