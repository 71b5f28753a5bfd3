"""Draw a figure over and over, and its frame only when the frame has changed.

Axes, ticks, their labels and the legend take matplotlib more than half of the time it needs for a
small figure, and a slider seldom changes them. So they are drawn once, on glass: a picture that is
transparent where there is nothing. Each new picture is drawn without them and seen through it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure


def pixels(fig: Figure) -> np.ndarray:
    """Draw the figure; return its picture, uint8 `(height, width, 3)`."""
    fig.canvas.draw()
    return np.ascontiguousarray(np.asarray(fig.canvas.buffer_rgba())[:, :, :3])


class Frame:
    """The frame of a figure, on glass. `pixels()` is the figure's picture, seen through it."""

    def __init__(self, fig: Figure):
        self._figure, self._words = fig, None

    def pixels(self) -> np.ndarray:
        """Draw the figure as it is now; return its picture, uint8 `(height, width, 3)`."""
        if self._words != (words := list(_what_it_says(self._figure))):
            self._words = words
            self._draw_glass()
        with _hidden(_frame(self._figure)):
            picture = pixels(self._figure)
        flat = picture.reshape(-1, 3)
        behind = flat[self._places] * (1 - self._opacity)
        flat[self._places] = np.rint(behind + self._colour * self._opacity)
        return picture

    def _draw_glass(self) -> None:
        """Draw the frame alone. Only the places where it is not transparent are kept."""
        fig = self._figure
        colour = fig.get_facecolor()
        fig.set_facecolor("none")
        with _hidden(_content(fig)):
            fig.canvas.draw()
        fig.set_facecolor(colour)
        glass = np.array(fig.canvas.buffer_rgba()).reshape(-1, 4)
        self._places = np.flatnonzero(glass[:, 3])
        self._opacity = glass[self._places, 3:] / 255
        self._colour = glass[self._places, :3].astype(float)


def _frame(fig: Figure) -> Iterator[Artist]:
    for axes in fig.axes:
        if axes.axison:
            yield from (axes.xaxis, axes.yaxis, *axes.spines.values())
        if legend := axes.get_legend():
            yield legend


def _content(fig: Figure) -> Iterator[Artist]:
    frame = set(_frame(fig))
    for axes in fig.axes:
        yield from (child for child in axes.get_children() if child not in frame)
    yield from (child for child in fig.get_children() if child not in fig.axes)


def _what_it_says(fig: Figure) -> Iterator[object]:
    """Yield what the look of a frame depends on: limits, ticks, words."""
    for axes in fig.axes:
        yield axes.get_position().bounds
        for axis in (axes.xaxis, axes.yaxis):
            yield tuple(axis.get_view_interval()), axis.get_scale(), axis.get_label_text()
            yield axis.get_major_locator(), axis.get_major_formatter(), axis.get_visible()
        if legend := axes.get_legend():
            yield tuple(text.get_text() for text in legend.get_texts())


@contextmanager
def _hidden(artists: Iterator[Artist]) -> Iterator[None]:
    shown = [artist for artist in artists if artist.get_visible()]
    for artist in shown:
        artist.set_visible(False)
    try:
        yield
    finally:
        for artist in shown:
            artist.set_visible(True)
