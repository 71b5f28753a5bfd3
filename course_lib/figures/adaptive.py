"""The figures of lesson 10, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.contours import Path, contours
from course_lib.figures.runs import Numbers, band, dots, name_rows, tick
from course_lib.figures.style import (
    BLUE,
    GREY,
    INK,
    LINES,
    RULES,
    VERMILION,
    as_array,
    figure,
)
from course_lib.optim.adaptive import effective_lr
from course_lib.optim.paths import path
from course_lib.optim.rules import gd, rmsprop
from course_lib.optim.surfaces import Surface, bowl

OF_GD, OF_RMSPROP = RULES["gradient descent"][0], RULES["RMSProp"][0]


# A ravine, and the rate of each direction

STEPS = 100
RMSPROP_LR, GD_LR = 0.19, 1.8
RADII = (0.15, 0.4, 0.8, 1.3, 2.0)  # of the lines of equal cost, along b


def ravine(condition: float, beta: float) -> dict[str, np.ndarray]:
    """Compute the paths of RMSProp and gradient descent, and RMSProp's rates, in a ravine.

    `paths` `(2, STEPS + 1, 2)`: RMSProp's, then gradient descent's; a point is (W, b). `rates`
    `(STEPS, 2)`: of W and b at each step. `lines` `(levels, 121, 2)`: ellipses of equal cost.
    """
    surface = bowl(condition)
    start = torch.tensor(surface.start, dtype=torch.float64)
    ours = path(rmsprop, surface.gradient, start, steps=STEPS, lr=RMSPROP_LR, beta=beta)
    plain = path(gd, surface.gradient, start, steps=STEPS, lr=GD_LR)
    rates = effective_lr(surface.gradient(ours[:-1]), lr=RMSPROP_LR, beta=beta)
    angle = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([condition**0.5 * np.cos(angle), np.sin(angle)], axis=-1)
    return {
        "paths": torch.stack([ours, plain]).numpy(),
        "rates": rates.numpy(),
        "lines": np.multiply.outer(RADII, circle),
    }


def start_ravine(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_ravine` changes."""
    fig, (left, right) = figure(3.1, ncols=2, width_ratios=[1.35, 1])
    window = bowl(1).window
    lines = left.add_collection(LineCollection([], colors=GREY, linewidths=0.7, zorder=1))
    left.plot(0, 0, "*", color=INK, markersize=9, zorder=4)
    paths = [Path(left, OF_RMSPROP, "RMSProp"), Path(left, OF_GD, "gradient descent")]
    left.set(xlim=window[:2], ylim=(-2, 2.9), xlabel="W", ylabel="b", title="paths")
    left.legend(loc="upper left", borderpad=0, ncols=2, columnspacing=1, handlelength=1.3)
    step = np.arange(1, STEPS + 1)
    (of_w,) = right.plot(step, step, "-", color=OF_RMSPROP, label="RMSProp, W")
    (of_b,) = right.plot(step, step, "--", color=OF_RMSPROP, label="RMSProp, b")
    right.axhline(GD_LR, color=OF_GD, label="gradient descent")
    right.set(yscale="log", xlim=(0, STEPS), ylim=(0.03, 1e6), xlabel="step", title="rates")
    right.set_yticks([0.1, 1, 10, 100, 1000, 10_000])
    right.legend(loc="upper right", borderpad=0)
    return fig, {"lines": lines, "paths": paths, "rates": (of_w, of_b)}


def draw_ravine(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move both paths, both rates and the lines of equal cost."""
    artists["lines"].set_segments(arrays["lines"])
    for line, points in zip(artists["paths"], arrays["paths"], strict=True):
        line.set(points)
    for line, rates in zip(artists["rates"], arrays["rates"].T, strict=True):
        line.set_ydata(rates)


# Steps of equal gradients


def lengths(panels: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw how long each step is, on logarithmic axes: `panels[title][rule]` is `(steps,)`."""
    fig, axes = figure(2.8, ncols=len(panels), sharey=True, squeeze=False)
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for name, values in curves.items():
            colour, dashes = RULES[name]
            step = np.arange(1, len(values) + 1)
            ax.plot(step, as_array(values), dashes, color=colour, label=name)
        ax.set(xscale="log", yscale="log", xlabel="step", title=title)
        ax.minorticks_off()
    axes[0, 0].set_ylabel("length of the step")
    axes[0, 0].legend(loc="lower left", borderpad=0)
    return fig


# What division does to gradients of every size


def sizes(
    scatter: Mapping[str, tuple[Numbers, Numbers]], spreads: Mapping[str, Mapping[str, Numbers]]
) -> Figure:
    """Draw the step of each parameter against its gradient, and how much both are spread.

    scatter: under a rule's name, the sizes of gradients and of steps, `(parameters,)` each, above
    0. `spreads[rule]["gradients"]` and `["steps"]` are `(runs,)`: how many times the 5 % quantile
    the 95 % quantile is.
    """
    fig, (left, right) = figure(3.1, ncols=2, width_ratios=[1.2, 1])
    for name, (gradients, steps) in scatter.items():
        left.plot(
            as_array(gradients), as_array(steps), ".", color=RULES[name][0], markersize=2.5,
            alpha=0.5, label=name, rasterized=True,
        )  # fmt: skip
    left.set(xscale="log", yscale="log", xlabel="size of the gradient", ylabel="size of the step")
    left.legend(loc="upper left", borderpad=0, markerscale=4, handletextpad=0.2)
    rows = [(name, what) for name in spreads for what in ("gradients", "steps")]
    for place, (name, what) in enumerate(rows):
        dots(right, place, spreads[name][what], RULES[name][0])
    name_rows(right, (what for _, what in rows))
    right.set(xscale="log", title="95 % ÷ 5 % quantile")
    right.set_xlabel("times")
    for ax in (left, right):
        ax.minorticks_off()
    return fig


# Ravines: how many steps


def needed(
    conditions: Numbers,
    by_condition: Mapping[str, Numbers],
    angles: Numbers,
    by_angle: Mapping[str, Numbers],
) -> Figure:
    """Draw how many steps each rule needs, against the condition and against the turn.

    `by_condition[rule]` is `(conditions, starts)`, `by_angle[rule]` `(angles, starts)`. Line:
    median; band: middle nine tenths.
    """
    fig, (left, right) = figure(3.3, ncols=2, sharey=True)
    for ax, x, curves in ((left, conditions, by_condition), (right, angles, by_angle)):
        for (name, runs), dashes in zip(curves.items(), ("-", "-", "--", "-", ":"), strict=True):
            colour, _ = RULES[name.split(",")[0]]
            band(ax, x, runs, color=colour, linestyle=dashes, label=name, alpha=0.15)
    left.set(xscale="log", yscale="log", xlabel="condition", ylabel="steps")
    right.set(xlabel="turned by, degrees", xticks=[0, 15, 30, 45])
    left.set_title("along the axes")
    right.set_title("turned")
    right.legend(loc="lower right", borderpad=0)
    return fig


def rotated_paths(
    panels: Mapping[str, tuple[Surface, Mapping[str, Numbers]]], radius: float
) -> Figure:
    """Draw paths `(steps + 1, 2)` on a surface, a panel for each title.

    radius: how far the panel reaches from the minimum, to all sides.
    """
    fig, axes = figure(3.7, ncols=len(panels), sharey=True, squeeze=False)
    for (title, (surface, paths)), ax in zip(panels.items(), axes[0], strict=True):
        contours(ax, surface, levels=9, window=(-radius, radius, -radius, radius))
        for name, points in paths.items():
            Path(ax, RULES[name][0], name).set(points)
        ax.set(xlabel="W", ylabel="", title=title, aspect="equal")
    axes[0, 0].set_ylabel("b")
    axes[0, -1].legend(loc="upper right", borderpad=0.2, frameon=True, framealpha=1, edgecolor="w")
    return fig


# Stretched and mixed pixels


def losses_by_input(
    rows: Mapping[str, Mapping[str, Numbers]], interval: Callable[[np.ndarray], Any]
) -> Figure:
    """Draw the last training loss of each run: `rows[inputs][rule]` is `(runs,)`, a panel each.

    The bar is the interval of the mean.
    """
    fig, axes = figure(2.6, ncols=len(rows), sharey=True, sharex=True, squeeze=False)
    for (title, of_rules), ax in zip(rows.items(), axes[0], strict=True):
        for place, runs in enumerate(of_rules.values()):
            runs = as_array(runs)
            dots(ax, place, runs, BLUE)
            tick(ax, place, *interval(runs))
        ax.set_title(title)
    largest = max(as_array(runs).max() for of_rules in rows.values() for runs in of_rules.values())
    axes[0, 0].set_xlim(0, 1.05 * largest)
    name_rows(axes[0, 0], of_rules)
    fig.supxlabel("training loss after ten epochs", fontsize=10)
    return fig


# What ε does


def eps_switch(
    epsilons: Numbers, rates: Mapping[str, Any], accuracy: Mapping[str, Mapping[str, Numbers]]
) -> Figure:
    """Draw the best learning rate against ε, and the test accuracy with losses of two sizes.

    rates: of "RMSProp", `(eps,)`, and of "gradient descent", a number. `accuracy[loss]["RMSProp"]`
    is `(eps, runs)`, `["gradient descent"]` `(runs,)`: of the latter the median is drawn.
    """
    fig, (left, right) = figure(3.0, ncols=2)
    eps = as_array(epsilons).astype(float)
    left.plot(eps, rates["RMSProp"], "o-", color=OF_RMSPROP, label="RMSProp")
    end = eps[-5:]
    name = "ε times that of\ngradient descent"
    left.plot(end, end * rates["gradient descent"], ":", color=OF_GD, label=name)
    left.set(yscale="log", title="best learning rate")
    left.legend(loc="upper left", borderpad=0)
    looks = ((OF_RMSPROP, "-", "o"), (VERMILION, "--", "s"))
    for (loss, of_rules), (colour, dashes, marker) in zip(accuracy.items(), looks, strict=True):
        look = {"color": colour, "linestyle": dashes, "marker": marker}
        band(right, eps, of_rules["RMSProp"], label=f"loss {loss}", **look)
        middle = np.median(as_array(of_rules["gradient descent"]))
        right.axhline(middle, color=OF_GD, linestyle=":", zorder=0)
    right.set(title="test accuracy", ylim=(0, 1.05))
    right.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    right.legend(loc="lower left", bbox_to_anchor=(0, 0.12), borderpad=0)
    for ax in (left, right):
        ax.set(xscale="log", xlabel="ε", xticks=[1e-8, 1e-6, 1e-4, 1e-2, 1])
        ax.minorticks_off()
    return fig


# Near the minimum


def distances(curves: Mapping[float, Numbers], rests: Sequence[float]) -> Figure:
    """Draw the distance from the minimum after each step, for some learning rates.

    `curves[lr]` is `(steps + 1,)`. rests: where each is expected to stay, a dotted line. What is
    below a hundred-thousandth is not shown.
    """
    fig, ax = figure(2.7)
    for (lr, values), rest, colour in zip(curves.items(), rests, LINES, strict=False):
        ax.plot(as_array(values), color=colour, linewidth=1, label=f"lr {lr:g}", linestyle="-")
        ax.axhline(rest, color=colour, linewidth=1.4, linestyle=":")
    ax.set(yscale="log", xlabel="step", ylabel="distance", xlim=(0, None), ylim=(1e-5, 8))
    ax.legend(loc="upper right", borderpad=0, ncols=3)
    return fig
