"""What the figures of lesson 17 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, explicit
from course_lib.figures.faults import faults
from course_lib.lab import generator
from course_lib.optim.schedules import warm_up_cosine

RUNS = np.linspace(0, 1, 12)
KINDS = dict.fromkeys(("weight", "gradient", "rate", "decay"), ("one method", "another"))
FIGURES = {
    "method_map": lambda: explicit.method_map(KINDS, KINDS),
    "ratios": lambda: explicit.ratios({"u kept": [0.9, 1.0], "u drawn anew": [0.7, 0.6]}),
    "collapse": lambda: explicit.collapse(
        [0.05, 0.11, 0.16],
        {arm: np.outer([0.9, 0.8, 0.5], RUNS) for arm in explicit.ARMS},
        {arm: np.outer([0.3, 0.1, 0.0], RUNS) for arm in explicit.ARMS},
    ),
}


def designer(warm=20, shape="cosine", final=0.03):
    controls = {
        "warm": Slider("warm-up", 1, 100, 1, warm),
        "shape": Choice("shape", explicit.SHAPES, shape),
        "final": Choice("final share", (0.01, 0.03, 0.1, 0.3, 1.0), final),
    }
    return Interactive(explicit.design, explicit.start_design, explicit.draw_design, controls)


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("warm", [1, 100])
@pytest.mark.parametrize("shape", explicit.SHAPES)
@pytest.mark.parametrize("final", [0.01, 1.0])
def test_its_letters_can_be_read_wherever_the_controls_are(warm, shape, final):
    interactive = designer()
    interactive.set(warm=warm, shape=shape, final=final)
    assert faults(interactive.figure) == []


def test_the_map_holds_every_method_and_eight_arrows():
    (ax,) = FIGURES["method_map"]().axes
    words = [text.get_text() for text in ax.texts]
    for kind, methods in KINDS.items():
        assert words.count(kind) == 2
        assert all(words.count(method) == 8 for method in methods)
    assert len([text for text in ax.texts if getattr(text, "arrow_patch", None)]) == 10


@pytest.mark.parametrize("shape", explicit.SHAPES)
def test_shares_begin_with_the_warm_up_and_end_at_the_final_share(shape):
    found = explicit.shares(20, shape, 0.1)
    assert len(found) == explicit.UPDATES
    np.testing.assert_allclose(found[:20], np.arange(1, 21) / 20)
    assert found[-1] == pytest.approx(1.0 if shape == "constant" else 0.1, abs=1e-3)
    if shape == "cosine":
        expected = [warm_up_cosine(t, 200, warm=20, final=0.1) for t in range(1, 201)]
        np.testing.assert_allclose(found, expected)


def test_the_distance_is_that_of_many_noisy_runs():
    """10,000 runs of gradient descent with drawn noise are as far away in the root mean square."""
    arrays, source = explicit.design(5, "cosine", 0.1), generator(0)
    curvatures = torch.from_numpy(explicit.CURVATURES)
    x = torch.full((10_000, 2), explicit.FAR, dtype=torch.float64)
    for t, lr in enumerate(arrays["rates"], start=1):
        noise = explicit.NOISE * torch.randn(x.shape, generator=source, dtype=torch.float64)
        x = x - float(lr) * (curvatures * x + noise)
        if t in (1, 10, 50, 200):
            away = x.square().sum(dim=1).mean().sqrt().item()
            assert away == pytest.approx(arrays["distances"][t], rel=0.02)


def test_everything_moves_with_the_controls():
    interactive = designer()
    interactive.set(warm=1, shape="by steps", final=0.1)
    left, right = interactive.figure.axes
    arrays = explicit.design(1, "by steps", 0.1)
    np.testing.assert_allclose(left.lines[1].get_ydata(), arrays["rates"])
    np.testing.assert_allclose(right.lines[1].get_ydata(), arrays["distances"])
    assert left.lines[0].get_ydata() == pytest.approx(np.full(200, explicit.PEAK))


def test_a_move_of_a_control_is_redrawn_fast_enough(redrawn_fast_enough):
    moves = [{"warm": 5 * k} for k in range(1, 12)] + [{"shape": "by steps"}, {"final": 0.3}]
    redrawn_fast_enough(designer(), moves)


def test_coming_back_gives_the_same_picture():
    interactive = designer()
    before = interactive.png()
    interactive.set(warm=60, shape="constant")
    assert interactive.png() != before
    interactive.set(warm=20, shape="cosine")
    assert interactive.png() == before


def test_ratios_counts_steps_from_1():
    (ax,) = FIGURES["ratios"]().axes
    assert ax.lines[0].get_xdata().tolist() == [1, 2]
    assert ax.lines[1].get_ydata().tolist() == [0.7, 0.6]


def test_collapse_draws_medians():
    left, right = FIGURES["collapse"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), 0.5 * np.array([0.9, 0.8, 0.5]))
    np.testing.assert_allclose(right.lines[2].get_ydata(), 0.5 * np.array([0.3, 0.1, 0.0]))
    assert [line.get_label() for line in left.lines] == list(explicit.ARMS)
