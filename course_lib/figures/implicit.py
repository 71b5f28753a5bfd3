"""The figures of lesson 16, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.figures.runs import Numbers, band, dots, median_tick, name_rows
from course_lib.figures.style import BLUE, GREY, INK, LINES, VERMILION, as_array, figure

DEEPEST = 60
FLOOR, CEILING = 1e-12, 1e12  # of what is drawn of a singular value


# The whole Jacobian, block by block


def spectrum(sigma: Numbers, upper: Numbers) -> dict[str, np.ndarray]:
    """Return what the interactive figure draws of the blocks of a network.

    sigma: singular values behind each block, `(blocks + 1, d)`. upper: the logarithm of the bound,
    `(blocks + 1,)`. `last` `(d,)`; `largest`, `middle`, `smallest` and `upper` `(DEEPEST + 1,)`,
    NaN behind the last block. What lies outside the picture is moved to its edge.
    """
    sigma, upper = as_array(sigma), as_array(upper)

    def padded(values: np.ndarray) -> np.ndarray:
        whole = np.full(DEEPEST + 1, np.nan)
        whole[: len(values)] = np.clip(values, FLOOR, CEILING)
        return whole

    return {
        "last": np.clip(sigma[-1], FLOOR, CEILING),
        "largest": padded(sigma[:, 0]),
        "middle": padded(np.median(sigma, axis=1)),
        "smallest": padded(sigma[:, -1]),
        "upper": padded(10.0 ** np.clip(upper, -13, 13)),
    }


def start_spectrum(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_spectrum` changes."""
    fig, (left, right) = figure(3.1, ncols=2, sharey=True, width_ratios=[1.5, 1])
    place = np.arange(DEEPEST + 1)
    looks = {
        "upper": (GREY, "--", "bound"),
        "largest": (VERMILION, "-", "largest"),
        "middle": (BLUE, "-", "middle"),
        "smallest": (INK, ":", "smallest"),
    }
    lines = {
        name: left.plot(place, arrays[name], linestyle=dashes, color=colour, label=label)[0]
        for name, (colour, dashes, label) in looks.items()
    }
    number = np.arange(1, len(arrays["last"]) + 1)
    (lines["last"],) = right.plot(number, arrays["last"], "o", color=BLUE, markersize=4)
    for ax in (left, right):
        ax.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    left.set(
        yscale="log", ylim=(FLOOR / 4, CEILING * 1e7), xlim=(0, DEEPEST), xlabel="behind block",
        title="singular values, and the bound",
    )  # fmt: skip
    left.set_yticks([1e-12, 1e-8, 1e-4, 1, 1e4, 1e8, 1e12])
    left.minorticks_off()
    left.legend(loc="upper left", borderpad=0, ncols=2, columnspacing=1)
    right.set(xlabel="direction", title="all, behind the last block", xticks=[1, 4, 8, 12, 16])
    return fig, lines


def draw_spectrum(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move all singular values and the bound."""
    for name, line in artists.items():
        line.set_ydata(arrays[name])


# Attention and the size of its inputs


def growth(scales: Numbers, norms: Mapping[str, Numbers]) -> Figure:
    """Draw the norm of a Jacobian against the size of the inputs: `norms[name]` is `(scales,)`."""
    fig, ax = figure(2.7)
    for (name, values), colour, dashes in zip(norms.items(), LINES, ("-", "--", ":"), strict=False):
        ax.plot(as_array(scales), as_array(values), dashes, color=colour, marker="o", label=name)
    ax.set(xscale="log", yscale="log", xlabel="size of the tokens", ylabel="norm of the Jacobian")
    ax.minorticks_off()
    ax.set_yticks([1, 100, 1e4, 1e6])
    ax.legend(loc="upper left", borderpad=0)
    return fig


# Jacobian, bound and training, side by side

Panel = tuple[str, str, tuple[float, float], Numbers]  # title, "log" or "linear", limits, ticks


def side_by_side(rows: Mapping[str, Mapping[str, Numbers]], panels: Mapping[str, Panel]) -> Figure:
    """Draw every run as a dot and the median as a tick: `rows[side][measure]` is `(runs,)`.

    Values outside of a panel's limits are moved to the edge.
    """
    fig, axes = figure(0.8 + 0.27 * len(rows), ncols=len(panels), sharey=True)
    for ax, (measure, (title, scale, limits, ticks)) in zip(axes, panels.items(), strict=True):
        for place, of_side in enumerate(rows.values()):
            runs = np.clip(as_array(of_side[measure]).astype(float), *limits)
            dots(ax, place, runs, width=0.2, size=7)
            median_tick(ax, place, runs)
        low, high = limits
        room = 0.05 * (high - low)
        ax.set_xscale(scale)
        ax.set_xlim((low / 1.5, high * 1.5) if scale == "log" else (low - room, high + room))
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_title(title)
        ax.minorticks_off()
        ax.grid(axis="y", color="#E6E6E6", linewidth=0.6)
        ax.set_axisbelow(True)
    name_rows(axes[0], rows)
    return fig


# Training


def curves(panels: Mapping[str, Mapping[str, Numbers]], guess: float) -> Figure:
    """Draw training losses `panels[title][side]`, `(runs, epochs + 1)`. Dotted: that of a guess.

    Line: median; band: middle nine tenths.
    """
    fig, axes = figure(5.2, nrows=2, ncols=2, sharex=True, sharey=True)
    for (title, of_sides), ax in zip(panels.items(), axes.flat, strict=True):
        for (name, runs), colour in zip(of_sides.items(), LINES, strict=False):
            runs = as_array(runs).T
            band(ax, np.arange(len(runs)), runs, color=colour, label=name, alpha=0.15)
        ax.axhline(guess, color=GREY, linestyle=":", linewidth=1.2)
        ax.set(yscale="log", ylim=(0.05, 8000), title=title)
        ax.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        ax.minorticks_off()
        look = {"fontsize": 9, "handlelength": 1.3, "columnspacing": 0.8, "handletextpad": 0.5}
        ax.legend(loc="upper left", borderpad=0, ncols=2, **look)
    for ax in axes[-1]:
        ax.set(xlabel="epoch", xticks=range(len(runs)))
    for ax in axes[:, 0]:
        ax.set_ylabel("training loss")
    return fig


def by_rate(
    panels: Mapping[str, Mapping[str, tuple[Numbers, Numbers]]], works: float, cap: float
) -> Figure:
    """Draw the last loss against the learning rate: `panels[title][side]` is rates and losses.

    Losses are `(rates, runs)`, at most `cap`. Line: median; band: middle nine tenths. Dotted:
    below it a rate works.
    """
    fig, axes = figure(3.5, ncols=len(panels), sharey=True)
    colours: dict[str, str] = {}  # a side keeps its colour from panel to panel
    for (title, of_sides), ax in zip(panels.items(), axes, strict=True):
        for (name, (rates, losses)), colour in zip(of_sides.items(), LINES, strict=False):
            own = colours.setdefault(name, colour)
            band(ax, rates, losses, color=own, label=name, alpha=0.15)
        ax.axhline(works, color=GREY, linestyle=":", linewidth=1.2)
        ax.set(xscale="log", yscale="log", ylim=(0.05, 100 * cap), title=title)
        ax.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        ax.set_xlabel("learning rate")
        ax.minorticks_off()
        ax.legend(loc="upper left", borderpad=0, fontsize=9, handlelength=1.3)
    axes[0].set_ylabel("training loss")
    return fig
