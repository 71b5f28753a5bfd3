"""Figures of many runs, for any lesson that compares some."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.figures.style import BLUE, GREY, INK, as_array, figure

Numbers = Sequence[float] | np.ndarray | torch.Tensor


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


def differences(
    panels: Mapping[str, Mapping[str, Numbers]],
    interval: Callable[[np.ndarray], tuple[float, float, float]],
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
            aside = place + 0.13 * np.sin(2.4 * np.arange(len(runs)))
            ax.scatter(runs, aside, s=9, color=BLUE, alpha=0.45, linewidths=0)
            mean, low, high = interval(runs)
            ax.hlines(place, low, high, color=INK, linewidth=2.2)
            ax.plot(mean, place, "|", color=INK, markersize=9, markeredgewidth=2.2)
        ax.axvline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_title(title)
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    several = "\n(each panel has its own scale)" if len(panels) > 1 else ""
    fig.supxlabel(f"{label}{several}", fontsize=10)
    return fig
