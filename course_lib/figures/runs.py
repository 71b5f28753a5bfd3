"""Figures of many runs, for any lesson that compares some."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.figures.style import BLUE, GREY, INK, as_array, figure

Numbers = Sequence[float] | np.ndarray | torch.Tensor
Interval = Callable[[np.ndarray], tuple[float, float, float]]  # of runs: mean, low end, high end


def band(ax: Axes, x: Numbers, runs: Numbers, *, alpha: float = 0.2, **look: Any) -> None:
    """Draw runs `(x, runs)` as the line of their medians and the band of their middle nine tenths.

    NaN stands for a run of which nothing is known; an x at which all are NaN is left out. alpha: of
    the band. look: of the line, `color` at least.
    """
    x, runs = as_array(x), as_array(runs)
    known = ~np.isnan(runs).all(axis=1)
    low, median, high = np.nanquantile(runs[known], [0.05, 0.5, 0.95], axis=1)
    ax.fill_between(x[known], low, high, color=look["color"], alpha=alpha, linewidth=0)
    ax.plot(x[known], median, **look)


def aside(count: int, width: float) -> np.ndarray:
    """Return by how much to move each of `count` dots aside, at most `width`, `(count,)`."""
    return width * np.sin(2.4 * np.arange(count))


def dots(
    ax: Axes,
    place: float,
    runs: Numbers,
    colour: str = BLUE,
    *,
    width: float = 0.15,
    size: float = 11,
    alpha: float = 0.5,
    label: str | None = None,
) -> None:
    """Draw a dot for each run, `(runs,)`, in the row at `place`."""
    x, y = as_array(runs), place + aside(len(runs), width)
    ax.scatter(x, y, s=size, color=colour, alpha=alpha, linewidths=0, label=label)


def name_rows(ax: Axes, names: Iterable[str]) -> None:
    """Give each row its name: the first stands at 0 and on top, the next at 1 below it."""
    names = list(names)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)


def tick(ax: Axes, place: float, middle: float, low: float, high: float, **look: Any) -> None:
    """Draw the middle of a row's runs as a tick, and the interval around it as a bar.

    look: `color` (ink if it is left out) of both, `label` of the bar.
    """
    colour = look.pop("color", INK)
    ax.hlines(place, low, high, color=colour, linewidth=2.2, **look)
    ax.plot(middle, place, "|", color=colour, markersize=9, markeredgewidth=2.2)


def median_tick(ax: Axes, place: float, runs: Numbers) -> None:
    """Draw the median of a row's runs `(runs,)` as a tick."""
    ax.plot(np.median(as_array(runs)), place, "|", color=INK, markersize=9, markeredgewidth=2.2)


def differences(
    panels: Mapping[str, Mapping[str, Numbers]],
    interval: Interval,
    label: str,
) -> Figure:
    """Draw a difference for each run, and the interval of their mean, a row for each comparison.

    `panels[title][row]` holds `(runs,)`; all panels have the same rows. interval: from runs to
    their mean and the ends around it, drawn as a tick and a bar. label: what is measured. Each
    panel has a scale of its own, and says so, if there are several.
    """
    rows = list(next(iter(panels.values())))
    fig, axes = figure(0.9 + 0.3 * len(rows), ncols=len(panels), sharey=True, squeeze=False)
    for (title, of_panel), ax in zip(panels.items(), axes[0], strict=True):
        for place, values in enumerate(of_panel.values()):
            runs = as_array(values)
            dots(ax, place, runs, width=0.13, size=9, alpha=0.45)
            tick(ax, place, *interval(runs))
        ax.axvline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_title(title)
    name_rows(axes[0, 0], rows)
    several = "\n(each panel has its own scale)" if len(panels) > 1 else ""
    fig.supxlabel(f"{label}{several}", fontsize=10)
    return fig
