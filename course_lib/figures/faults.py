"""Find text that a reader could not read. For tests and for authors of figures."""

from collections.abc import Iterator

from matplotlib.figure import Figure
from matplotlib.text import Text

from course_lib.figures.style import SMALLEST


def faults(fig: Figure) -> list[str]:
    """Return what is wrong with the text of a figure: too small, cut off, or overlapping."""
    fig.canvas.draw()
    texts = list(_drawn(fig))
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    width, height = fig.canvas.get_width_height()
    small = [
        f"{text.get_text()!r} has {text.get_fontsize():g} points"
        for text in texts
        if text.get_fontsize() < SMALLEST
    ]
    cut = [
        f"{words!r} is cut off"
        for words, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    overlapping = [
        f"{words!r} overlaps {other_words!r}"
        for i, (words, box) in enumerate(boxes)
        for other_words, other in boxes[:i]
        if box.overlaps(other)
    ]
    return small + cut + overlapping


def _drawn(fig: Figure) -> Iterator[Text]:
    """Yield the texts that are on the figure. Axes also keep labels of ticks out of sight."""
    hidden = set()
    for axes in fig.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not (axes.axison and low <= tick.get_loc() <= high):
                    hidden |= {tick.label1, tick.label2}
    for text in fig.findobj(Text):
        if text not in hidden and text.get_visible() and text.get_text().strip():
            yield text
