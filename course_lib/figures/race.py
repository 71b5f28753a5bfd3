"""The figures of lesson 12, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_lib.figures.contours import contours
from course_lib.figures.runs import Interval, Numbers, dots, name_rows, tick
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    RULES,
    VERMILION,
    WIDTH,
    as_array,
    figure,
)
from course_lib.optim.surfaces import SURFACES

Paths = Mapping[str, Mapping[str, torch.Tensor]]

GROUPS = {
    "the four of article B": ("gradient descent", "momentum", "RMSProp", "Adam"),
    "with a velocity": ("gradient descent", "averaged momentum", "momentum", "Nesterov"),
    "a step for each axis": ("AdaGrad", "RMSProp", "Adam", "AdamW"),
    "all eight": tuple(RULES),
}


# Paths on contours, and their evolution in time

FLOOR, CEILING = 1e-8, 1e3
LABEL_GAP = 0.8  # powers of ten between two labels


def run(surface: str, rules: str, step: int, *, paths: Paths) -> dict[str, Any]:
    """Compute what is seen after `step` steps of each rule of a group, on one surface.

    `paths[surface][rule]` holds `(steps + 1, 2)`. `heights` are values above the lowest one, kept
    between `FLOOR` and `CEILING`; `labels` is where the name of each rule stands beside the last
    of them.
    """
    of = SURFACES[surface]
    lowest = float(of.value(torch.tensor(of.minima, dtype=torch.float64)).min())
    points, heights = {}, {}
    for rule in GROUPS[rules]:
        points[rule] = as_array(paths[surface][rule])[: step + 1]
        above = as_array(of.value(paths[surface][rule])) - lowest
        heights[rule] = np.clip(above, FLOOR, CEILING)
    ends = {rule: np.log10(of_rule[-1]) for rule, of_rule in heights.items()}
    return {
        "surface": surface,
        "title": f"{surface}, step {step}",
        "points": points,
        "heights": {rule: of_rule[: step + 1] for rule, of_rule in heights.items()},
        "labels": spread(ends, LABEL_GAP, np.log10(FLOOR) + 0.5, np.log10(CEILING) - 0.5),
    }


def spread(places: Mapping[str, float], gap: float, low: float, high: float) -> dict[str, float]:
    """Return places moved to at least `gap` apart, in the same order, between low and high."""
    names = sorted(places, key=lambda name: np.nan_to_num(places[name], nan=high))
    found = np.clip([np.nan_to_num(places[name], nan=high) for name in names], low, high)
    for k in range(1, len(found)):
        found[k] = max(found[k], found[k - 1] + gap)
    top = high
    for k in reversed(range(len(found))):
        found[k] = min(found[k], top)
        top = found[k] - gap
    return dict(zip(names, found, strict=True))


def start_run(arrays: dict[str, Any], steps: int) -> tuple[Figure, dict[str, Any]]:
    """Draw the contours of every surface, and empty paths; return what `draw_run` changes."""
    fig, (left, right) = figure(3.4, ncols=2, width_ratios=[1, 1.05])
    maps = {}
    for name, surface in SURFACES.items():
        before = set(left.get_children())
        contours(left, surface)
        maps[name] = [artist for artist in left.get_children() if artist not in before]
    left.set(title=" ", ylim=SURFACES["saddle"].window[2:])  # the widest ticks set the layout
    lines, dots, curves, labels = {}, {}, {}, {}
    for rule, (colour, dashes) in RULES.items():
        look = {"color": colour, "linestyle": dashes, "linewidth": 1.5}
        (lines[rule],) = left.plot([], [], zorder=3, **look)
        (dots[rule],) = left.plot([], [], "o", color=colour, zorder=5)
        (curves[rule],) = right.plot([], [], **look)
        labels[rule] = right.text(1.03 * steps, 1, rule, color=colour, va="center", fontsize=9)
    (ring,) = left.plot([], [], "o", color=INK, fillstyle="none", markersize=7, zorder=4)
    right.set(yscale="log", xlim=(0, 1.85 * steps), ylim=(FLOOR, CEILING), xlabel="step")
    right.set_xticks([0, steps // 2, steps])
    right.set_title("value above the lowest")
    artists = {"left": left, "maps": maps, "lines": lines, "dots": dots, "ring": ring}
    return fig, artists | {"curves": curves, "labels": labels}


def draw_run(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move paths, curves and labels; show one surface."""
    for name, drawn in artists["maps"].items():
        for artist in drawn:
            artist.set_visible(name == arrays["surface"])
    window = SURFACES[arrays["surface"]].window
    artists["left"].set(xlim=window[:2], ylim=window[2:])
    artists["left"].set_title(arrays["title"])
    for rule in RULES:
        shown = rule in arrays["points"]
        for kind in ("lines", "dots", "curves", "labels"):
            artists[kind][rule].set_visible(shown)
        if shown:
            points, heights = arrays["points"][rule], arrays["heights"][rule]
            artists["lines"][rule].set_data(*points.T)
            artists["dots"][rule].set_data(*points[-1:].T)
            artists["curves"][rule].set_data(np.arange(len(heights)), heights)
            artists["labels"][rule].set_y(10 ** arrays["labels"][rule])
            artists["ring"].set_data(*points[:1].T)


# Steps from many starts


def steps_needed(panels: Mapping[str, Mapping[str, Numbers]], limit: int) -> Figure:
    """Draw how many steps each rule needs on each surface.

    `panels[surface][rule]` holds `(starts,)`. A dot is the median, a bar the middle nine tenths. A
    start that needs `limit` steps did not arrive.
    """
    fig, axes = figure(4.2, nrows=2, ncols=3, sharex=True, sharey=True)
    for (surface, rows), ax in zip(panels.items(), axes.flat, strict=True):
        for place, (rule, steps) in enumerate(rows.items()):
            low, median, high = np.quantile(as_array(steps), [0.05, 0.5, 0.95])
            ax.hlines(place, max(low, 1), high, color=RULES[rule][0], linewidth=2.5, alpha=0.6)
            ax.plot(max(median, 1), place, "o", color=RULES[rule][0], markersize=6)
        ax.axvline(limit, color=GREY, linewidth=1, linestyle=":", zorder=0)
        ax.set(xscale="log", xlim=(1, 1.4 * limit), title=surface, xticks=[1, 10, 100, 1000])
    name_rows(axes[0, 0], rows)
    fig.supxlabel("steps until the value stays near the lowest", fontsize=10)
    return fig


# Real data


def scores(panels: Mapping[str, Mapping[str, Numbers]], interval: Interval, label: str) -> Figure:
    """Draw the score of each run, a row for each rule, with the interval of the mean.

    `panels[title][rule]` holds `(runs,)`, above 0. Each panel has a scale of its own, a logarithmic
    one where the runs differ by more than a factor of ten.
    """
    fig, axes = figure(4.4, nrows=2, ncols=2, sharey=True)
    for (title, rows), ax in zip(panels.items(), axes.flat, strict=True):
        for place, (rule, runs) in enumerate(rows.items()):
            runs = as_array(runs)
            dots(ax, place, runs, RULES[rule][0], width=0.16, size=9, alpha=0.4)
            mean, low, high = interval(runs)
            tick(ax, place, mean, max(low, 1e-3), high)
        ax.set_title(title)
        lowest, highest = (of([of(runs) for runs in rows.values()]) for of in (min, max))
        if highest > 10 * lowest:
            ax.set(xscale="log", xlim=(lowest / 1.2, highest * 1.2))
    name_rows(axes[0, 0], rows)
    fig.supxlabel(label, fontsize=10)
    return fig


def places(rows: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]]) -> Figure:
    """Draw the places that each rule can have, a bar from the first to the last.

    `rows[name][title][rule]` holds both; all rows have the same titles, and all panels the same
    rules.
    """
    titles = next(iter(rows.values()))
    shape = {"nrows": len(rows), "ncols": len(titles)}
    fig, axes = figure(0.6 + 2.1 * len(rows), sharey=True, sharex=True, squeeze=False, **shape)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title.replace(", ", ",\n"))
    for row, (name, panels) in zip(axes, rows.items(), strict=True):
        for ax, bars in zip(row, panels.values(), strict=True):
            for place, (rule, (first, last)) in enumerate(bars.items()):
                ax.hlines(place, first - 0.32, last + 0.32, color=RULES[rule][0], linewidth=8)
            ax.set(xticks=range(1, len(bars) + 1), xlim=(0.5, len(bars) + 0.5))
            ax.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
            ax.set_axisbelow(True)
        name_rows(row[0], bars)
        row[0].set_ylabel(name)
    fig.supxlabel("place, 1 is best", fontsize=10)
    return fig


def lines(
    panels: Mapping[str, Mapping[str, Numbers]], x: Numbers, words: Mapping[str, Any], **more: Any
) -> Figure:
    """Draw a curve for each rule, panel by panel, with one legend for all.

    `panels[title][rule]` holds `(x,)`, NaN for what is not to be drawn. words: of the axes, for
    `Axes.set`; the label of the y-axis stands on the left only. more: for `Axes.set` too.
    """
    fig, axes = figure(2.8, ncols=len(panels), sharey=True, squeeze=False)
    for (title, rows), ax in zip(panels.items(), axes[0], strict=True):
        for rule, values in rows.items():
            colour, dashes = RULES[rule]
            ax.plot(as_array(x), as_array(values), color=colour, linestyle=dashes, linewidth=1.6)
        ax.set(title=title, **words, **more)
        ax.minorticks_off()
        ax.label_outer()
        ax.set_xlabel(words["xlabel"])
    handles = [Line2D([], [], color=c, linestyle=d, label=name) for name, (c, d) in RULES.items()]
    fig.legend(handles=handles, loc="outside lower center", ncols=4)
    return fig


# Escapes


def escapes(
    offsets: Numbers,
    saddle: Mapping[str, Mapping[str, Numbers]],
    rates: Numbers,
    deepest: Mapping[str, Numbers],
) -> Figure:
    """Draw steps to leave a saddle, in a panel for each choice of rates, and where rules end.

    `saddle[title][rule]` holds steps `(offsets,)`. deepest: the share of starts that end at the
    deepest of four minima, `(rates,)`, NaN where too few runs settle.
    """
    fig, axes = figure(3.3, ncols=3)
    for (title, rows), ax in zip(saddle.items(), axes, strict=False):
        for rule, steps in rows.items():
            colour, dashes = RULES[rule]
            ax.plot(as_array(offsets), as_array(steps), color=colour, linestyle=dashes)
        ax.set(xscale="log", yscale="log", ylim=(0.8, 400), title=title, xlabel="start's offset")
        ax.set_xticks([1e-8, 1e-5, 1e-2])
    axes[0].set_ylabel("steps to leave the saddle")
    axes[1].tick_params(labelleft=False)
    for rule, shares in deepest.items():
        colour, dashes = RULES[rule]
        axes[2].plot(as_array(rates), as_array(shares), color=colour, linestyle=dashes)
    axes[2].axhline(0.25, color=GREY, linewidth=1, linestyle=":", zorder=0)
    axes[2].set(xscale="log", xlabel="learning rate", ylim=(0, 0.5), title="share at the deepest")
    axes[2].set_xticks([1e-4, 1e-2, 1])
    handles = [Line2D([], [], color=c, linestyle=d, label=name) for name, (c, d) in RULES.items()]
    fig.legend(handles=handles, loc="outside lower center", ncols=4)
    return fig


# The edge of stability

TOP = 11


def edge(steps: Numbers, panels: Mapping[str, Mapping[float, Numbers]]) -> Figure:
    """Draw the sharpness along gradient descent, a panel for each start, a colour for each rate.

    `panels[title][rate]` holds `(runs, steps)`, NaN once a run has diverged. A dotted line marks
    two over the rate, where it is seen.
    """
    fig, axes = figure(3.1, ncols=len(panels), sharex=True, sharey=True)
    looks = list(zip((INK, BLUE, VERMILION, GREEN), ("-.", "-", "--", (0, (1, 1))), strict=True))
    for ax, (title, rates) in zip(axes, panels.items(), strict=True):
        for (lr, runs), (colour, dashes) in zip(rates.items(), looks, strict=False):
            curves = ax.plot(as_array(steps), as_array(runs).T, color=colour, linestyle=dashes)
            curves[0].set_label(f"{lr:g}")
            if 2 / lr < TOP:
                ax.axhline(2 / lr, color=colour, linewidth=1.2, linestyle=":")
        ax.set(xlabel="step", ylim=(0, TOP), title=title)
    axes[0].set_ylabel("sharpness")
    axes[0].legend(title="learning rate", ncols=2)
    return fig


# What a step takes

FORMS = {  # of an optimizer: what it is called, its colour and its dashes
    "loop": ("torch's loop", INK, "-"),
    "eager": ("ours, eager", VERMILION, "-"),
    "compiled": ("ours, compiled", BLUE, "-"),
    "fused": ("torch's fused", GREEN, "--"),
}


def step_times(panels: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw what a step takes against the number of parameters, and what its bytes alone would take.

    `panels[title]` is the `growth` of experiments/bench_steps.py: `parameters` `(sizes,)`,
    `seconds[form]` `(sizes, 3)`, a median first, `bytes_each` parameter, and `bandwidth["add"]` in
    bytes a second.
    """
    width = WIDTH if len(panels) > 1 else 5.0
    fig, axes = figure(2.9, width, ncols=len(panels), sharey=True, squeeze=False)
    for (title, found), ax in zip(panels.items(), axes[0], strict=True):
        counts = as_array(found["parameters"])
        bytes_alone = counts * found["bytes_each"] / found["bandwidth"]["add"]
        ax.plot(counts, 1000 * bytes_alone, color=GREY, linestyle=":", label="the bytes alone")
        for form, seconds in found["seconds"].items():
            name, colour, dashes = FORMS[form]
            medians = 1000 * as_array(seconds)[:, 0]
            ax.plot(counts, medians, "o", color=colour, linestyle=dashes, label=name)
        ax.set(xscale="log", yscale="log", xlabel="parameters", title=title)
        ax.set_xticks([10**k for k in range(3, 9) if 10**k <= 1.5 * counts[-1]])
        ax.minorticks_off()
        ax.label_outer()
        ax.set_xlabel("parameters")
    axes[0, 0].set_ylabel("a step, ms")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig
