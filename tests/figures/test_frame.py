"""A figure seen through its frame is the figure, whatever has changed in between."""

import numpy as np
import pytest
from matplotlib.ticker import PercentFormatter

from course_lib.figures.frame import Frame, pixels
from course_lib.figures.style import figure


@pytest.fixture
def drawn():
    fig, (left, right) = figure(2, ncols=2)
    left.fill([0, 1, 1], [0, 0, 1], zorder=0)
    line = left.plot([0, 1], [0, 1], label="a line")[0]
    left.legend(loc="upper left")
    left.set(xlabel="across", title="title", xlim=(0, 1), ylim=(0, 1))
    right.imshow(np.eye(3))
    right.set_axis_off()
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    return fig, line


CHANGES = {
    "nothing": lambda fig, line: None,
    "a line": lambda fig, line: line.set_data([0, 0.5, 1], [1, 0, 1]),
    "a title": lambda fig, line: fig.axes[0].set_title("another"),
    "a line beyond the frame": lambda fig, line: line.set_data([-1, 2], [2, -1]),
    "the limits": lambda fig, line: fig.axes[0].set(xlim=(-5, 5)),
    "the scale": lambda fig, line: fig.axes[0].set(yscale="symlog"),
    "the words along an axis": lambda fig, line: fig.axes[0].set(xlabel="along"),
    "the ticks": lambda fig, line: fig.axes[0].set_xticks([0.1, 0.3]),
    "the words at the ticks": lambda fig, line: fig.axes[0].set_xticks([0, 1], ["no", "yes"]),
    "how the ticks are written": lambda fig, line: fig.axes[0].yaxis.set_major_formatter(
        PercentFormatter(1)
    ),
    "the legend": lambda fig, line: fig.axes[0].get_legend().get_texts()[0].set_text("a curve"),
    "an axis": lambda fig, line: fig.axes[0].xaxis.set_visible(False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_seen_through_its_frame_a_figure_is_itself(drawn, change):
    fig, line = drawn
    frame = Frame(fig)
    frame.pixels()
    CHANGES[change](fig, line)
    seen, whole = frame.pixels(), pixels(fig)
    assert (seen.shape, seen.dtype) == (whole.shape, np.uint8)
    assert np.abs(seen.astype(int) - whole.astype(int)).max() <= 2  # rounded twice


def test_the_figure_is_left_as_it_was(drawn):
    fig, _ = drawn
    before = pixels(fig)
    Frame(fig).pixels()
    np.testing.assert_array_equal(pixels(fig), before)


def test_the_frame_is_drawn_once(drawn, monkeypatch):
    fig, line = drawn
    frame, times = Frame(fig), []
    draw_glass = frame._draw_glass
    monkeypatch.setattr(frame, "_draw_glass", lambda: (times.append(1), draw_glass()))
    for height in (0.2, 0.4, 0.6):
        line.set_data([0, 1], [0, height])
        frame.pixels()
    assert len(times) == 1
