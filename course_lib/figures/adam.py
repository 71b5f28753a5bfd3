"""The figures of lesson 11, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.contours import Path, contours
from course_lib.figures.runs import Interval, Numbers, band, dots, name_rows, tick
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PAPER,
    RULES,
    VERMILION,
    as_array,
    figure,
    number,
)
from course_lib.optim.correction import adam_partly_corrected
from course_lib.optim.paths import path
from course_lib.optim.surfaces import RAVINE

LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (INK, ":"))


# The cold start


def cold_start(
    series: Mapping[str, Numbers],
    factors: Mapping[str, Numbers],
    measured: tuple[Numbers, Numbers],
) -> Figure:
    """Draw averages of one series from its first value on, and how much too long steps are.

    series: `(steps,)` under a name, the first as dots. factors: for each step from the first, how
    many times as long it is without corrections, `(steps,)`. measured: steps, and the same factor
    there, found on a network.
    """
    fig, (left, right) = figure(3.0, ncols=2)
    looks = ({"color": GREY, "marker": "o", "markersize": 2.5, "linestyle": ""},
             {"color": VERMILION, "linestyle": "--"}, {"color": BLUE})  # fmt: skip
    for (name, values), look in zip(series.items(), looks, strict=False):
        left.plot(np.arange(1, len(values) + 1), as_array(values), label=name, **look)
    left.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    left.set(xlabel="step", title="one weight of the network")
    left.legend(ncols=3, borderpad=0, loc="upper right")
    low, high = left.get_ylim()
    left.set_ylim(low, high + 0.25 * (high - low))
    for (name, values), (colour, dashes) in zip(factors.items(), LOOKS, strict=False):
        t = np.arange(1, len(values) + 1)
        right.plot(t, as_array(values), color=colour, linestyle=dashes, label=name)
    right.plot(*map(as_array, measured), "x", color=INK, label="a network", zorder=3)
    right.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    right.set(xscale="log", yscale="log", xlabel="step", title="steps too long by a factor")
    right.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    right.set_yticks([], minor=True)
    right.set_ylim(0.7, 60)
    right.legend(borderpad=0, loc="upper right", ncols=2)
    return fig


# β₁, β₂ and the corrections on a ravine

MENDED = {"both averages": "mv", "neither": "", "m only": "m", "v only": "v"}
LR, STEPS = 0.3, 60


def walk(beta1: float, beta2: float, corrected: str) -> dict[str, Any]:
    """Compute Adam's path down a ravine: `points` `(61, 2)`, `lengths` of its steps in lr
    `(60, 2)`, along x and y, and the `cost` at the end. corrected: one of `MENDED`.
    """
    points = path(
        adam_partly_corrected,
        RAVINE.gradient,
        torch.tensor(RAVINE.start, dtype=torch.float64),
        steps=STEPS,
        lr=LR,
        beta1=beta1,
        beta2=beta2,
        mended=MENDED[corrected],
    )
    lengths = points.diff(dim=0).abs() / LR
    cost = float(RAVINE.value(points[-1]))
    return {"points": points.numpy(), "lengths": lengths.numpy(), "cost": cost}


def start_walk(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw the ravine once; return what `draw_walk` changes."""
    fig, (left, right) = figure(3.1, ncols=2, width_ratios=[1.35, 1])
    contours(left, RAVINE, levels=6)
    left.set_title(" ")
    steps = np.arange(1, STEPS + 1)
    (flat,) = right.plot(steps, steps, color=BLUE, label="along x")
    (steep,) = right.plot(steps, steps, color=VERMILION, linestyle="--", label="along y")
    right.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    right.set(xlabel="step", yscale="log", xlim=(0, STEPS), ylim=(0.01, 100))
    right.set_title(" ")
    fig.legend(handles=[flat, steep], loc="outside lower right", ncols=2)
    return fig, {"left": left, "right": right, "path": Path(left, BLUE), "lines": (flat, steep)}


def draw_walk(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the path and the two lines; say where it ends and how long the first step is."""
    artists["path"].set(arrays["points"])
    for line, values in zip(artists["lines"], arrays["lengths"].T, strict=True):
        line.set_ydata(values.clip(1e-4, 1e4))
    artists["left"].set_title(f"cost after {STEPS} steps: {_short(arrays['cost'])}")
    artists["right"].set_title(f"steps in lr; the first: {number(arrays['lengths'][0, 0])}")


def _short(value: float) -> str:
    return number(value, 3) if value < 100 else f"{value:,.0f}"


# Which rates will do


def by_rate(
    panels: Mapping[str, Mapping[str, tuple[Numbers, Numbers]]],
    live: Mapping[str, tuple[Numbers, Numbers]] | None = None,
) -> Figure:
    """Draw accuracy against the learning rate, a panel for each task.

    `panels[title][name]` holds rates `(k,)` and accuracies `(k, runs)`: a line joins the medians,
    the band is the middle nine tenths. live: under a title, rates and accuracies of runs that were
    done just now, as crosses.
    """
    fig, axes = figure(3.6, ncols=len(panels), sharey=True, squeeze=False)
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for place, (name, (rates, runs)) in enumerate(curves.items()):
            colour, dashes = RULES.get(name) or LOOKS[place]
            band(ax, rates, runs, alpha=0.15, color=colour, linestyle=dashes, label=name)
        if live and title in live:
            ax.plot(*map(as_array, live[title]), "x", color=INK, zorder=4, label="just now")
        ax.set(xscale="log", xlabel="learning rate", title=title)
    axes[0, 0].set(ylabel="test accuracy", ylim=(0, 1.01))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    handles, names = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=min(len(names), 3))
    return fig


def widths_and_updates(
    tasks: Mapping[str, Mapping[str, tuple[Mapping[str, Sequence[float]], Numbers]]],
    interval: Interval,
    most: float,
) -> Figure:
    """Draw for each rule how wide its range of rates is, and how many updates its runs took.

    `tasks[title][rule]` holds widths in decades with both ends of their intervals, `(3,)` under the
    name of what they are measured against, and the updates of each run, `(runs,)`. most: the number
    of updates after which nobody looked further; such runs stand there, and a rule that has some
    gets no interval.
    """
    fig, axes = figure(4.6, nrows=len(tasks), ncols=2, sharey=True, sharex="col")
    for (title, rules), (left, right) in zip(tasks.items(), axes, strict=True):
        for place, (widths, runs) in enumerate(rules.values()):
            for (name, width), colour, shift in zip(
                widths.items(), (INK, VERMILION), (-0.15, 0.15), strict=False
            ):
                label = None if place else name
                tick(left, place + shift, *width, color=colour, label=label)
            values = as_array(runs)
            dots(right, place, values, size=9)
            if values.max() < most:
                tick(right, place, *interval(values))
        name_rows(left, rules)
        left.set_title(title)
        left.set_xlim(-0.02, None)
        right.axvline(most, color=GREY, linewidth=1, linestyle=":", zorder=0)
        right.set_xlim(0, 1.05 * most)
    axes[-1, 0].set_xlabel("decades of rates that will do")
    axes[-1, 1].set_xlabel("updates")
    handles, names = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(names))
    return fig


# β₁ and β₂


def pairs(panels: Mapping[str, Numbers], beta1: Sequence[float], beta2: Sequence[float]) -> Figure:
    """Draw the accuracy of each pair of β as a table of grey cells: paler is higher.

    `panels[title]` holds `(len(beta1), len(beta2))`.
    """
    fig, axes = figure(3.0, ncols=len(panels), sharey=True, squeeze=False)
    every = np.concatenate([as_array(values).ravel() for values in panels.values()])
    best, worst = float(every.max()), float(every.min())
    for (title, values), ax in zip(panels.items(), axes[0], strict=True):
        cells = as_array(values)
        ax.imshow(best - cells, cmap=PAPER, aspect="auto", vmin=0, vmax=2 * (best - worst))
        for (row, column), value in np.ndenumerate(cells):
            ax.text(column, row, f"{value:.1%}", ha="center", va="center", fontsize=9.5, color=INK)
        ax.set_xticks(range(len(beta2)), [f"{value:g}" for value in beta2])
        ax.set(xlabel="β₂", title=title)
    axes[0, 0].set_yticks(range(len(beta1)), [f"{value:g}" for value in beta1])
    axes[0, 0].set_ylabel("β₁")
    return fig


# What decay does


def weights_left(ink: Numbers, sides: Mapping[str, Numbers]) -> Figure:
    """Draw the share of their size that decay leaves the weights of each pixel.

    ink: of each pixel, `(pixels,)`. sides: the share under the name of a rule, `(pixels, runs)`; a
    dot is the mean of the runs.
    """
    fig, ax = figure(3.0)
    for (name, runs), (colour, _), mark in zip(sides.items(), LOOKS, "o^", strict=False):
        mean = as_array(runs).mean(axis=1)
        ax.plot(as_array(ink), mean, mark, color=colour, markersize=4.5, label=name)
    ax.set(xlabel="ink of the pixel (gradients grow with it)", ylim=(-0.03, 1.08))
    ax.set_ylabel("weights left")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    ax.legend(loc="lower right")
    return fig


# Where Adam does not converge


def wrong_way(paths: Mapping[str, Numbers], best: float) -> Figure:
    """Draw where each rule is after each step, `(steps + 1,)` under its name."""
    fig, ax = figure(2.7)
    for (name, points), (colour, dashes) in zip(
        paths.items(), ((VERMILION, "-"), (VERMILION, "--"), (INK, "-.")), strict=False
    ):
        steps = np.arange(len(points))
        ax.plot(steps, as_array(points), color=colour, linestyle=dashes, linewidth=1, label=name)
    ax.axhline(best, color=INK, linewidth=1, linestyle=":", label="lowest cost")
    ax.set(xlabel="step", ylabel="x", ylim=(-1.12, 1.12))
    ax.legend(loc="center right", borderpad=0)
    return fig
