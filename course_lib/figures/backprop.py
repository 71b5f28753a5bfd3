"""The figures of lesson 06, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet. Values are
ink; gradients, and all that goes backward, are vermilion.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Interval, Numbers, band, dots, name_rows, tick
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PALE_VERMILION,
    PURPLE,
    VERMILION,
    as_array,
    figure,
    number,
)
from course_lib.nn.backprop import Step, tape_backward, tape_forward

# Step through a small graph

# The network: one input, two hidden neurons with ReLU, one output, the squared error to y.
GRAPH = (
    Step("z₁", "times", ("w₁", "x")),
    Step("z₂", "times", ("w₂", "x")),
    Step("a₁", "ReLU", ("z₁",)),
    Step("a₂", "ReLU", ("z₂",)),
    Step("m₁", "times", ("v₁", "a₁")),
    Step("m₂", "times", ("v₂", "a₂")),
    Step("out", "plus", ("m₁", "m₂")),
    Step("loss", "squared error", ("out", "y")),
)
LEAVES = {"x": 2.0, "w₁": 0.5, "w₂": 0.5, "v₁": 1.0, "v₂": -0.5, "y": 1.0}
PLACES = {
    "w₁": (0, 3), "x": (0, 1.5), "w₂": (0, 0), "z₁": (1, 2.25), "z₂": (1, 0.75), "a₁": (2, 2.25),
    "a₂": (2, 0.75), "v₁": (2, 3.4), "v₂": (2, -0.4), "m₁": (3, 2.25), "m₂": (3, 0.75),
    "out": (4, 1.5), "y": (4, 0), "loss": (5, 1.5),
}  # fmt: skip
WORDS = {
    "times": "{0} · {1}",
    "plus": "{0} + {1}",
    "ReLU": "ReLU({0})",
    "squared error": "({0} \N{MINUS SIGN} {1})²",
}
STEPS = 2 * len(GRAPH)
HALF = np.array([0.41, 0.43])  # of a box


def walk(step: int, w1: float) -> dict[str, Any]:
    """Compute what stands in the graph after `step` of `STEPS` steps: first forward, then backward.

    `values` and `gradients` are in the order of `PLACES`, NaN where there is none yet. `active` is
    the place of the node that the step is about, None before the first. `title` says what it does.
    """
    leaves = {name: torch.tensor(value, dtype=torch.float64) for name, value in LEAVES.items()}
    leaves["w₁"] = torch.tensor(w1, dtype=torch.float64)
    back = max(step - len(GRAPH), 0)
    values = tape_forward(GRAPH, leaves, min(step, len(GRAPH)))
    gradients = tape_backward(GRAPH, values, back) if back else {}
    if step == 0:
        active, title = None, "step 0: the input, the weights and the target"
    else:
        line = GRAPH[step - 1] if not back else GRAPH[-back]
        way = "backward through" if back else "forward:"
        formula = f"{line.name} = {WORDS[line.operation].format(*line.inputs)}"
        active, title = list(PLACES).index(line.name), f"step {step} of {STEPS}, {way} {formula}"
    return {
        "values": np.array([float(values.get(name, np.nan)) for name in PLACES]),
        "gradients": np.array([float(gradients.get(name, np.nan)) for name in PLACES]),
        "active": active,
        "title": title,
    }


def start_walk(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw boxes and lines once; return what `draw_walk` changes."""
    fig, ax = figure(3.5)
    places = np.array(list(PLACES.values()), dtype=float)
    ends = [
        [np.add(PLACES[source], (HALF[0], 0)), np.subtract(PLACES[line.name], (HALF[0], 0))]
        for line in GRAPH
        for source in line.inputs
        if PLACES[source][0] < PLACES[line.name][0]
    ]
    ax.add_collection(LineCollection(ends, colors=GREY, linewidths=1))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * HALF
    boxes = PolyCollection(places[:, None] + corners, edgecolors=GREY, linewidths=1, zorder=2)
    ax.add_collection(boxes)
    words = {"ha": "center", "va": "center", "zorder": 3}
    values = [ax.text(x, y + 0.19, "", color=INK, fontsize=9.5, **words) for x, y in places]
    gradients = [
        ax.text(x, y - 0.19, "", color="#A84900", fontsize=9.5, **words) for x, y in places
    ]
    ax.set(xlim=(-0.5, 5.5), ylim=(-0.95, 3.95), title=" ")
    ax.set_axis_off()
    return fig, {"boxes": boxes, "values": values, "gradients": gradients, "ax": ax}


def draw_walk(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Fill in values and gradients; mark the node that the step is about."""
    colours = np.full(len(PLACES), "#FFFFFF", dtype=object)
    if arrays["active"] is not None:
        backward = np.isfinite(arrays["gradients"]).any()
        colours[arrays["active"]] = PALE_VERMILION if backward else PALE_BLUE
    artists["boxes"].set_facecolors(colours)
    lines = zip(PLACES, arrays["values"], arrays["gradients"], strict=True)
    for place, (name, value, gradient) in enumerate(lines):
        known = "" if np.isnan(value) else f" {number(value)}"
        artists["values"][place].set_text(f"{name}{known}")
        artists["gradients"][place].set_text("" if np.isnan(gradient) else f"g {number(gradient)}")
    artists["ax"].set_title(arrays["title"])


# The check


def errors_by_step(
    steps: Numbers, panels: Mapping[str, Mapping[str, Numbers]], marks: Mapping[str, float]
) -> Figure:
    """Draw the relative error of differences against their step, both on logarithmic scales.

    `panels[title][name]` holds `(steps, runs)`. A line joins the medians; its band is the middle
    nine tenths of runs. marks: a step to mark in the first panel, under its name.
    """
    fig, axes = figure(3.2, ncols=len(panels), sharey=True, squeeze=False)
    looks = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."))
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for (name, runs), (colour, dashes) in zip(curves.items(), looks, strict=False):
            band(ax, steps, runs, color=colour, linestyle=dashes, label=name)
        ax.set(xscale="log", yscale="log", xlabel="step", title=title)
        ax.legend(loc="lower left", borderpad=0)
    for (name, step), (colour, _) in zip(marks.items(), looks, strict=False):
        axes[0, 0].axvline(step, color=colour, linewidth=1, linestyle=":", label=name, zorder=0)
    axes[0, 0].set(ylabel="relative error", ylim=(1e-12, 3))
    return fig


# What it costs


def costs(
    ratios: Mapping[str, tuple[float, Numbers]],
    parameters: Numbers,
    seconds: Mapping[str, Numbers],
) -> Figure:
    """Draw what a backward pass costs: against a forward pass, and against differences.

    ratios: under a network's name, backward over forward in multiplications, and in time for each
    round `(rounds,)`. parameters: `(p,)`. seconds: `(p, rounds)` under the name of a way to find
    the whole gradient; a line joins the medians, its band is the middle nine tenths.
    """
    fig, (left, right) = figure(3.1, ncols=2, width_ratios=[1.15, 1])
    for place, (counted, rounds) in enumerate(ratios.values()):
        dots(left, place, rounds, BLUE, label="time, each round" if not place else None)
        name = "multiplications" if not place else None
        left.plot(counted, place, "D", color=VERMILION, markersize=7, label=name, zorder=3)
    left.set_yticks(range(len(ratios)), list(ratios))
    left.set(xlim=(0, 3.4), ylim=(len(ratios) + 0.3, -0.5), xlabel="backward ÷ forward")
    left.legend(loc="lower right", borderpad=0, ncols=1)
    looks = ((VERMILION, "--"), (BLUE, "-"))
    for (name, rounds), (colour, dashes) in zip(seconds.items(), looks, strict=True):
        band(right, parameters, rounds, color=colour, linestyle=dashes, label=name)
    right.set(xscale="log", yscale="log", xlabel="weights and biases", ylabel="seconds")
    right.legend(loc="upper left", borderpad=0)
    right.set_ylim(None, 20)
    return fig


# Mistakes


def accuracies(
    rows: Mapping[str, Numbers], interval: Interval, live: Mapping[str, Numbers]
) -> Figure:
    """Draw the accuracy of each run, a row for each mistake, with the interval of their mean.

    `rows[name]` holds `(runs,)`. live: accuracies of runs that were done just now, as crosses. The
    left panel shows all, the right one what lies above 78 %.
    """
    fig, axes = figure(0.8 + 0.34 * len(rows), ncols=2, width_ratios=[1, 1.4], sharey=True)
    for ax in axes:
        for place, (name, runs) in enumerate(rows.items()):
            dots(ax, place, runs, BLUE, label="a stored run" if not place else None)
            tick(ax, place, *interval(as_array(runs)))
            if name in live:
                label = "a run just now" if name == next(iter(live)) else None
                again = as_array(live[name])
                ax.plot(again, np.full(len(again), place), "x", color=VERMILION, label=label)
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        ax.set_xlabel("test accuracy")
    left, right = axes
    left.axvline(0.1, color=GREY, linewidth=1, linestyle=":", zorder=0)
    name_rows(left, rows)
    left.set(xlim=(0, 1.05), xticks=[0, 0.5, 1])
    right.set(xlim=(0.78, 1), xticks=[0.8, 0.85, 0.9, 0.95, 1])
    right.legend(loc="upper left", borderpad=0)
    return fig


# What a gradient says about its weight


def shares(
    steps: Numbers,
    kept: Mapping[str, Numbers],
    sums: Mapping[str, Numbers],
    deleted: Mapping[str, Numbers],
) -> Figure:
    """Draw three tests of the word "share", at each moment of training.

    kept: under the name of a moment, the real drop of the loss over the promised one,
    `(steps, runs)`. sums: weights times gradients, added up, over the loss, `(runs,)`. deleted: the
    correlation of what was promised and what happened when a weight is deleted, `(runs,)`.
    """
    fig, (promise, total, gone) = figure(2.9, ncols=3, width_ratios=[1.25, 1, 1])
    looks = ((BLUE, "-"), (PURPLE, "--"))
    for (name, runs), (colour, dashes) in zip(kept.items(), looks, strict=True):
        band(promise, steps, runs, color=colour, linestyle=dashes, label=name)
    promise.set(xscale="log", xlabel="learning rate", ylim=(-0.6, 1.15))
    promise.set_title("drop ÷ promised drop")
    promise.legend(loc="lower left", borderpad=0)
    for ax, rows, title in (
        (total, sums, "sum of w · g ÷ loss"),
        (gone, deleted, "deleting a weight"),
    ):
        for place, (runs, (colour, _)) in enumerate(zip(rows.values(), looks, strict=True)):
            dots(ax, place, runs, colour)
        ax.axvline(1, color=INK, linewidth=1, linestyle=":")
        ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
        name_rows(ax, rows)
        ax.set_title(title)
    promise.axhline(1, color=INK, linewidth=1, linestyle=":", zorder=0)
    total.set_xlabel("a share would give 1")
    gone.set_xlabel("correlation")
    gone.tick_params(labelleft=False)
    return fig
