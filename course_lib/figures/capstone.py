"""The figures of lesson 21, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, band, dots, median_tick, name_rows
from course_lib.figures.style import BLUE, GREEN, GREY, INK, PURPLE, VERMILION, as_array, figure

# The data


def examples(curves: Numbers, x: Numbers, y: Numbers, count: int = 2) -> Figure:
    """Draw the curves of the first five classes, and the first `count` signals of each.

    curves: `(classes, points)`. x: `(n, 40)`. y: `(n,)`.
    """
    fig, axes = figure(1.7, ncols=5, sharex=True, sharey=True)
    x, y, curves = as_array(x), as_array(y), as_array(curves)
    for kind, ax in enumerate(axes.flat):
        middle = np.linspace(9, 30, curves.shape[1])
        ax.plot(middle, curves[kind], color=GREY, linewidth=4, alpha=0.5)
        for row, colour in zip(x[y == kind][:count], (BLUE, VERMILION, GREEN), strict=False):
            ax.plot(row, color=colour, linewidth=1)
        ax.set_title(f"class {kind}", fontsize=10)
        ax.set_yticks([-2, 0, 2])
        ax.set_xticks([0, 20, 39])
    fig.supxlabel("place in the signal", fontsize=10)
    return fig


# What can be seen of a run

FIRST = 40  # updates whose length is drawn
PARTS = ("train", "val.", "test")


def report(run: Mapping[str, Any], healthy: Mapping[str, Any] | None = None) -> Figure:
    """Draw the loss, the accuracies, the gradients by layer and the first updates of a run.

    run, healthy: `loss` `(updates,)`, `accuracies` `(3,)`, `gradients` `(layers,)`, `steps`
    `(updates,)`. The healthy run stands beside it, in grey, if it is given.
    """
    fig, (loss, right, sizes, steps) = figure(2.1, ncols=4)
    sides = [] if healthy is None else [(healthy, GREY, "healthy", -0.16)]
    sides.append((run, VERMILION, "this run", 0.16 if sides else 0))
    for of, colour, label, aside in sides:
        loss.plot(as_array(of["loss"]), color=colour, linewidth=1, label=label)
        right.bar(np.arange(3) + aside, as_array(of["accuracies"]), 0.3, color=colour)
        layers = np.arange(1, len(of["gradients"]) + 1)
        sizes.plot(layers, as_array(of["gradients"]), "o-", color=colour, markersize=5)
        moved = as_array(of["steps"])[:FIRST]
        steps.plot(np.arange(1, len(moved) + 1), moved, color=colour)
    loss.set(title="loss of the batch", xlabel="update", ylim=(0, None))
    right.set(title="accuracies", xticks=range(3), ylim=(0, 1.02), yticks=[0, 0.5, 1])
    right.set_xticklabels(PARTS)
    right.yaxis.set_major_formatter(PercentFormatter(1))
    sizes.set(title="gradients", xlabel="layer", xticks=layers, yscale="log", ylim=(5e-3, 20))
    steps.set(title="steps", xlabel="update", yscale="log", ylim=(1e-4, 60))
    for ax in (sizes, steps):
        ax.minorticks_off()
    if sides[0][0] is healthy:
        loss.set_ylim(0, 1.4 * loss.get_ylim()[1])  # room for the legend
        loss.legend(loc="upper right", borderpad=0)
    return fig


# One plan on its grid of rates

PIECES = ("initializer", "loss", "rule", "schedule")


def plan(
    menu: Sequence[Mapping[str, Any]],
    goal: float,
    initializer: str,
    loss: str,
    rule: str,
    schedule: str,
    place: int,
) -> dict[str, np.ndarray]:
    """Compute what a plan reaches at each rate that was tried, and at the one at `place`.

    menu: rows of `plan`, `rates` `(rates,)` and `validation` `(rates, seeds)`. `rates`,
    `accuracies` `(rates, seeds)`, `now` and `reached`, both of the nearest place there is.
    """
    words = (initializer, loss, rule, schedule)
    row = next(row for row in menu if tuple(row["plan"]) == words)
    rates, accuracies = np.array(row["rates"]), np.array(row["validation"])
    at = min(place, len(rates)) - 1
    return {
        "rates": rates,
        "accuracies": accuracies,
        "now": rates[at],
        "reached": accuracies[at].mean(),
        "goal": np.array(goal),
    }


def start_plan(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_plan` changes."""
    fig, ax = figure(3.2, width=6.2)
    (runs,) = ax.plot([], [], "o", color=BLUE, markersize=4, alpha=0.45, label="a run")
    (mean,) = ax.plot([], [], "-", color=INK, label="mean")
    (mark,) = ax.plot([], [], "D", color=VERMILION, markersize=9, label="your rate", zorder=5)
    ax.axhline(arrays["goal"], color=GREEN, linestyle="--", label="goal")
    ax.set(xscale="log", xlim=(6e-4, 20), ylim=(0, 1), xlabel="learning rate")
    ax.set_ylabel("validation accuracy")
    ax.set_title(" ")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderpad=0)
    return fig, {"ax": ax, "runs": runs, "mean": mean, "mark": mark}


def draw_plan(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move the runs, their means and the mark."""
    rates, accuracies = arrays["rates"], arrays["accuracies"]
    artists["runs"].set_data(np.repeat(rates, accuracies.shape[1]), accuracies.ravel())
    artists["mean"].set_data(rates, accuracies.mean(axis=1))
    now, reached = float(arrays["now"]), float(arrays["reached"])
    artists["mark"].set_data([now], [reached])
    artists["ax"].set_title(f"rate {now:.3g}: {reached:.1%} on average")


# The learner's own training


def witness(curves: Sequence[Numbers]) -> Figure:
    """Draw the rate over two over the curvature before each epoch, `(epochs,)` for each run."""
    fig, ax = figure(2.2, width=5.2)
    for curve, colour in zip(curves, (BLUE, GREEN, PURPLE), strict=True):
        ax.plot(as_array(curve), color=colour)
    ax.axhline(1, color=INK, linestyle=":", linewidth=1)
    ax.set(xlabel="epoch", ylabel="rate over 2/λ", ylim=(0, None))
    ax.set_xticks(range(0, len(curves[0]), 5))
    return fig


# All plans


def plans(rows: Mapping[str, Numbers], marked: str) -> Figure:
    """Draw the accuracies of each plan, a row each: all runs, their middle half, the median.

    `rows[name]` is `(runs,)`, in the order in which they are drawn. marked: drawn in vermilion.
    """
    fig, ax = figure(0.8 + 0.2 * len(rows))
    for place, (name, runs) in enumerate(rows.items()):
        colour = VERMILION if name == marked else BLUE
        low, first, last, high = np.quantile(as_array(runs), [0, 0.25, 0.75, 1])
        ax.hlines(place, low, high, color=colour, linewidth=1)
        ax.hlines(place, first, last, color=colour, linewidth=5)
        median_tick(ax, place, runs)
    name_rows(ax, rows)
    ax.set_xlabel("test accuracy")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return fig


# A rate from curvature


def units(rows: Mapping[str, Mapping[str, Numbers]], curved: Mapping[str, Numbers]) -> Figure:
    """Draw accuracies by unit and rate, and the curvature before each epoch by unit.

    `rows[unit][side]` is `(runs,)`, where a unit may lack a side; `curved[unit]` is
    `(epochs, runs)`, of which the medians are drawn.
    """
    fig, (left, right) = figure(3.4, ncols=2, width_ratios=[1.5, 1])
    sides = list(dict.fromkeys(side for of in rows.values() for side in of))
    looks = dict(zip(sides, (BLUE, VERMILION, GREEN), strict=False))
    names, place = [], 0
    for unit, of in rows.items():
        for side, runs in of.items():
            dots(left, place, runs, looks[side], size=9, alpha=0.5)
            median_tick(left, place, runs)
            names.append(f"{unit}, {side}")
            place += 1
    name_rows(left, names)
    left.set_xlabel("test accuracy")
    left.xaxis.set_major_formatter(PercentFormatter(1))
    _curvatures(right, curved)
    return fig


def _curvatures(ax: Axes, curved: Mapping[str, Numbers]) -> None:
    looks = (("-", PURPLE), ("--", INK), (":", BLUE))
    for (name, runs), (dashes, colour) in zip(curved.items(), looks, strict=False):
        ax.plot(np.median(as_array(runs), axis=1), dashes, color=colour, label=name)
    ax.set(xlabel="epoch", yscale="log", title="largest curvature", ylim=(0.2, 60))
    ax.minorticks_off()
    ax.legend(loc="upper right", borderpad=0)


# A rate that nobody tuned


def untuned(rates: Numbers, rows: Mapping[str, Numbers], tuned: float) -> Figure:
    """Draw accuracies by base rate, a band a rule; a dotted line at what the tuned plan reaches.

    rates: `(rates,)`. `rows[name]` is `(rates, runs)`, whose medians and middle nine tenths are
    drawn.
    """
    fig, ax = figure(2.6, width=6.6)
    looks = (("-", VERMILION, "o"), ("--", PURPLE, "s"), (":", GREEN, "^"), ("-.", BLUE, "v"))
    for (name, runs), (dashes, colour, marker) in zip(rows.items(), looks, strict=False):
        band(ax, rates, runs, color=colour, linestyle=dashes, marker=marker, label=name)
    ax.axhline(tuned, color=INK, linestyle=":", linewidth=1, label="chosen plan")
    ax.set(xscale="log", ylim=(0, 1), xlabel="base rate", ylabel="test accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderpad=0)
    return fig


# Parts of a batch


def unequal(cuts: Sequence[int], off: Sequence[float]) -> Figure:
    """Draw how far the mean of two parts' gradients is off, by the size of the first part."""
    fig, ax = figure(1.9, width=4.2)
    ax.plot(as_array(list(cuts)), as_array(list(off)), "o-", color=BLUE)
    ax.set(xlabel="signals in the first part", ylabel="off", ylim=(0, None))
    ax.set_xticks(range(10, 100, 20))
    return fig
