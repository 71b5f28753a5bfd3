"""The figures of lesson 20, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.figures.runs import Numbers, band, name_rows, tick
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    VERMILION,
    as_array,
    figure,
)


def overshoot(rates: Numbers, ratios: Numbers, losses: Numbers) -> Figure:
    """Draw the slope ratio and the final loss by the rate, `(rates, seeds)` each, one above one.

    A bar marks the rates whose median loss is within a quarter of the least.
    """
    fig, (above, below) = figure(3.9, width=5.4, nrows=2, sharex=True)
    rates, losses = as_array(rates), as_array(losses)
    median = np.median(losses, axis=1)
    good = rates[median < 1.25 * median.min()]
    for ax, of, colour in ((above, ratios, VERMILION), (below, losses, BLUE)):
        ax.axvspan(good.min() / 1.1, good.max() * 1.1, color=GREY, alpha=0.2, linewidth=0)
        band(ax, rates, of, color=colour)
    above.axhline(0, color=GREY, linewidth=0.8)
    above.set(ylabel="slope ratio r", ylim=(-0.7, 0.9))
    below.set(xscale="log", yscale="log", xlabel="learning rate at first", ylabel="final loss")
    below.set_yticks([0.1, 1.0], ["0.1", "1"])
    below.minorticks_off()
    return fig


# Base rate, rules, and what they make of it

Runs = Mapping[tuple[float, float], Mapping[str, Numbers]]  # (up, level) -> by base rate


def looked_up(bases: Sequence[float], runs: Runs):
    """Return the `compute` of the interactive figure: it looks up one of the runs handed in.

    runs: under what the two cells say and where "level" fits best, `rate`, `r` and `loss`, each
    `(bases, steps)`.
    """

    def compute(base: float, up: float, level: float) -> dict[str, np.ndarray]:
        place = int(np.abs(np.log10(as_array(bases)) - base).argmin())
        of = {name: as_array(lines)[place] for name, lines in runs[up, level].items()}
        return of | {"base": np.array(10.0**base)}

    return compute


def start_run(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return the lines that `draw_run` changes."""
    fig, axes = figure(3.0, ncols=3)
    steps = np.arange(1, len(arrays["r"]) + 1)
    lines = {}
    for ax, name, colour in zip(axes, ("rate", "r", "loss"), (BLUE, VERMILION, GREEN), strict=True):
        (lines[name],) = ax.plot(steps, arrays[name], color=colour)
        ax.set(xlabel="step")
    lines["base"] = axes[0].axhline(float(arrays["base"]), color=GREY, linewidth=1)
    axes[0].set(yscale="log", ylim=(1e-6, 10), title="learning rate")
    axes[1].axhline(0, color=GREY, linewidth=0.8)
    axes[1].set(ylim=(-1.1, 1.1), title="slope ratio r")
    axes[2].set(yscale="log", ylim=(0.01, 30), title="loss of the batch")
    return fig, lines


def draw_run(lines: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Show the run, and its base rate as a grey line."""
    for name in ("rate", "r", "loss"):
        shown = arrays[name]
        lines[name].set_ydata(np.clip(shown, 1e-6, 30) if name != "r" else shown)
    lines["base"].set_ydata([float(arrays["base"])] * 2)


# The stored races

DASHES = ("-", "-", "--", "-", "--", "-", "-.")


def untuned(rates: Numbers, losses: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw mean log10 losses by the base rate, a panel for each task, a line for each contestant.

    losses: under the task and the contestant's name, `(rates,)`.
    """
    fig, axes = figure(3.6, ncols=len(losses), sharex=True, squeeze=False)
    colours = (VERMILION, BLUE, BLUE, GREEN, PURPLE, INK, GREY)
    for ax, (task, of_task) in zip(axes[0], losses.items(), strict=True):
        for (name, line), colour, dash in zip(of_task.items(), colours, DASHES, strict=False):
            ax.plot(as_array(rates), as_array(line), dash, color=colour, label=name)
        ax.set(xscale="log", title=task)
        ax.set_xticks([1e-4, 1e-2, 1], ["0.0001", "0.01", "1"])
        ax.minorticks_off()
    axes[0, 0].set_ylabel("log10 of training loss")
    fig.supxlabel("base rate (of Prodigy: d0, 10,000 times as large)", fontsize=10)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


def worth(parts: Mapping[str, Mapping[str, tuple[float, float]]], label: str) -> Figure:
    """Draw what each part of a design is worth, a panel for each task, a row for each part.

    parts: under the task and the part, the mean difference and the reach of its interval.
    """
    rows = list(next(iter(parts.values())))
    fig, axes = figure(0.9 + 0.3 * len(rows), ncols=len(parts), sharey=True, squeeze=False)
    for ax, (task, of_task) in zip(axes[0], parts.items(), strict=True):
        for place, (middle, reach) in enumerate(of_task.values()):
            ax.errorbar(middle, place, xerr=reach, fmt="o", color=BLUE, capsize=3)
        ax.axvline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_title(task)
    name_rows(axes[0, 0], rows)
    fig.supxlabel(label, fontsize=10)
    return fig


def costs(ratios: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Figure:
    """Draw how long a step takes, with Adam's for 1: a panel a network, a row an optimizer.

    ratios: under the network and the optimizer, `median`, `low` and `high`.
    """
    rows = list(next(iter(ratios.values())))
    fig, axes = figure(0.9 + 0.3 * len(rows), ncols=len(ratios), sharey=True, squeeze=False)
    for ax, (net, of_net) in zip(axes[0], ratios.items(), strict=True):
        for place, of in enumerate(of_net.values()):
            tick(ax, place, of["median"], of["low"], of["high"], color=BLUE)
        ax.axvline(1, color=GREY, linewidth=1, zorder=0)
        ax.set(title=net, xlim=(0.8, 3.2))
    name_rows(axes[0, 0], rows)
    fig.supxlabel("time of a step, Adam = 1", fontsize=10)
    return fig
