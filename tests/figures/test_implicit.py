"""What the figures of lesson 16 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest

from course_lib.figures import Choice, Interactive, Slider, implicit
from course_lib.figures.faults import faults

RUNS = np.linspace(0.1, 1, 20)


def rising(blocks, steep=0.5):
    """Return singular values that spread with the depth, and a bound above them."""
    depth = np.arange(blocks + 1)[:, None]
    sigma = 10.0 ** (depth * steep * np.linspace(1, -1, 16))
    return implicit.spectrum(sigma, 2 * steep * depth[:, 0])


def moving(blocks=30):
    controls = {
        "blocks": Slider("blocks", 1, 60, 1, blocks),
        "steep": Choice("steep", (0.0, 0.1, 0.5), 0.1),
    }
    return Interactive(rising, implicit.start_spectrum, implicit.draw_spectrum, controls)


CURVES = np.outer(RUNS, np.ones(5))
SIDES = ("no shortcut", "scaled residual", "LayerScale", "Pre-LN", "residual, norm at the end")
PANELS = {
    "gain": ("gain", "log", (1e-2, 1e5), (0.01, 1, 1000)),
    "open": ("open share", "linear", (0.0, 1.0), (0, 0.5, 1)),
    "loss": ("last loss", "log", (0.05, 100.0), (0.1, 1, 10, 100)),
    "width": ("rates, decades", "linear", (0.0, 3.0), (0, 1, 2, 3)),
}
FIGURES = {
    "growth": lambda: implicit.growth(
        [0.1, 1, 10], {"dot-product": [1, 2, 1e4], "L2": [1, 1, 1], "cosine": [5, 1, 0.1]}
    ),
    "side_by_side": lambda: implicit.side_by_side(
        {name: dict.fromkeys(PANELS, RUNS) for name in SIDES * 3} | {"far": {
            "gain": [1e9], "open": [0.5], "loss": [1e-9], "width": [0.0]}},
        PANELS,
    ),
    "curves": lambda: implicit.curves(
        {title: dict.fromkeys((*SIDES[:4], "ReZero"), CURVES)
         for title in ("shortcuts", "norms", "activations", "Adam")}, 2.3,
    ),
    "by_rate": lambda: implicit.by_rate(
        {title: {name: ([0.01, 0.1, 1], np.outer([1, 0.5, 100], RUNS)) for name in SIDES[:4]}
         for title in ("30 blocks", "attention")}, 1.15, 100.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("blocks", [1, 30, 60])
@pytest.mark.parametrize("steep", [0.0, 0.1, 0.5])
def test_its_letters_can_be_read_wherever_the_controls_are(blocks, steep):
    interactive = moving()
    interactive.set(blocks=blocks, steep=steep)
    assert faults(interactive.figure) == []


def test_the_spectrum_ends_at_the_last_block_and_stays_in_the_picture():
    arrays = rising(20, 0.5)
    np.testing.assert_allclose(arrays["largest"][:21], 10.0 ** (0.5 * np.arange(21)))
    assert np.isnan(arrays["largest"][21:]).all()
    between = 10.0 ** (0.5 * np.arange(21) / 15)  # of the two in the middle, the mean
    np.testing.assert_allclose(arrays["middle"][:21], (between + 1 / between) / 2)
    assert arrays["upper"][20] == implicit.CEILING
    assert arrays["last"].shape == (16,)
    assert arrays["smallest"][20] == pytest.approx(1e-10)
    assert rising(60, 0.5)["smallest"][60] == implicit.FLOOR


def test_everything_moves_with_the_controls():
    interactive = moving()
    interactive.set(blocks=7, steep=0.5)
    left, right = interactive.figure.axes
    arrays = rising(7, 0.5)
    drawn = [line.get_ydata() for line in left.lines]
    for name in ("upper", "largest", "middle", "smallest"):
        assert any(
            len(line) == 61 and np.allclose(line, arrays[name], equal_nan=True) for line in drawn
        ), name
    np.testing.assert_allclose(right.lines[0].get_ydata(), arrays["last"])


def test_a_move_of_a_control_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(moving(), [{"blocks": 5 * k + 1} for k in range(12)])


def test_coming_back_gives_the_same_picture():
    interactive = moving()
    before = interactive.png()
    interactive.set(blocks=3)
    assert interactive.png() != before
    interactive.set(blocks=30)
    assert interactive.png() == before


def test_growth_draws_each_kind():
    (ax,) = FIGURES["growth"]().axes
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 1e4], [1, 1, 1], [5, 1, 0.1]]


def test_side_by_side_draws_every_run_and_moves_what_is_far_to_the_edge():
    gain, _, loss, width = FIGURES["side_by_side"]().axes
    np.testing.assert_allclose(gain.collections[0].get_offsets()[:, 0], RUNS)
    assert gain.collections[-1].get_offsets()[0, 0] == 1e5
    assert loss.collections[-1].get_offsets()[0, 0] == 0.05
    assert width.lines[0].get_xdata()[0] == np.median(RUNS)


def test_curves_draws_medians_over_the_epochs():
    fig = FIGURES["curves"]()
    for ax in fig.axes:
        assert len(ax.lines) == len(SIDES) + 1
        np.testing.assert_allclose(ax.lines[0].get_ydata(), np.full(5, np.median(RUNS)))


def test_by_rate_draws_medians_over_the_rates():
    left, _ = FIGURES["by_rate"]().axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), np.median(RUNS) * np.array([1, 0.5, 100]))
    assert left.lines[0].get_xdata().tolist() == [0.01, 0.1, 1]
