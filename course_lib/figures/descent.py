"""The figures of lesson 07, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet. The way of a
descent is blue, and vermilion where it goes wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.contours import Path, Window, contours
from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    VERMILION,
    as_array,
    figure,
    number,
)
from course_lib.optim.cost import cost
from course_lib.optim.paths import path
from course_lib.optim.signature import Rule
from course_lib.optim.surfaces import neuron

Descend = Callable[..., torch.Tensor]
Gradient = Callable[..., tuple[torch.Tensor, torch.Tensor]]

# One weight, on a curve

CURVE_STEPS = 20
CURVE_WINDOW = (-1.5, 2.7, 0.0, 5.0)  # w low, w high, J low, J high


def walk(
    rule: Rule, gradient: Gradient, x: torch.Tensor, y: torch.Tensor, start: float, lr: float
) -> dict[str, Any]:
    """Compute 20 steps of one weight, with no bias, on data x and y `(n,)`.

    rule: one of `course_lib.optim.rules`. gradient: of J, as `course_lib.optim.cost_gradient`.
    `w` and `J` are `(21,)`, the weight and its cost before the first step and after each. `least`
    is the weight with the lowest cost.
    """
    zero = x.new_zeros(())
    begin = x.new_tensor(start)
    w = path(rule, lambda w: gradient(w, zero, x, y)[0], begin, steps=CURVE_STEPS, lr=lr)
    along = torch.linspace(*CURVE_WINDOW[:2], 121, dtype=x.dtype)
    least = float((x * y).mean() / x.square().mean())
    slope = float(gradient(begin, zero, x, y)[0])
    return {
        "along": as_array(along),
        "curve": as_array(cost(along, zero, x, y)),
        "w": as_array(w),
        "J": as_array(cost(w, zero, x, y)),
        "least": least,
        "title": f"slope at the start: {number(slope, sign='+')}",
    }


def start_walk(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw the curve once; return what `draw_walk` changes."""
    fig, (curve, steps) = figure(3.0, ncols=2, width_ratios=[1.3, 1])
    curve.plot(arrays["along"], arrays["curve"], color=GREY, linewidth=1.4)
    (hops,) = curve.plot([], [], "o-", color=BLUE, markersize=4, linewidth=1)
    (begin,) = curve.plot([], [], "o", color=INK, fillstyle="none", markersize=9)
    low, high = CURVE_WINDOW[:2], CURVE_WINDOW[2:]
    curve.set(xlim=low, ylim=high, xlabel="w", ylabel="J", title=" ")
    (line,) = steps.plot([], [], "o-", color=BLUE, markersize=4, linewidth=1)
    steps.axhline(arrays["least"], color=INK, linewidth=1, linestyle=":")
    steps.set(xlim=(-0.5, CURVE_STEPS + 0.5), ylim=low, xlabel="step", ylabel="w")
    steps.set_xticks([0, 5, 10, 15, 20])
    steps.set_title("dotted: the minimum")
    return fig, {"hops": hops, "begin": begin, "line": line, "curve": curve}


def draw_walk(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the hops along the curve and the line over the steps."""
    artists["hops"].set_data(arrays["w"], arrays["J"])
    artists["begin"].set_data(arrays["w"][:1], arrays["J"][:1])
    artists["line"].set_data(np.arange(len(arrays["w"])), arrays["w"])
    artists["curve"].set_title(arrays["title"])


# A weight and a bias, seen from above

WAYS_STEPS = 30
WAYS_WINDOW: Window = (-2.0, 3.0, -3.5, 2.5)  # w low, w high, b low, b high


def ways(
    descend: Descend,
    inputs: Mapping[str, torch.Tensor],
    y: torch.Tensor,
    lr: float,
    w: float,
    b: float,
) -> dict[str, Any]:
    """Compute 30 steps of weight and bias from (w, b), for each form of the inputs `(n,)`.

    descend: as `course_lib.optim.descent.descend`. `ways` holds points `(31, 2)` under each name.
    """
    start = y.new_tensor([w, b])
    found = {name: descend(*start, x, y, lr, WAYS_STEPS) for name, x in inputs.items()}
    return {"ways": {name: as_array(points) for name, points in found.items()}}


def start_ways(
    arrays: dict[str, Any], inputs: Mapping[str, torch.Tensor], y: torch.Tensor
) -> tuple[Figure, dict[str, Path]]:
    """Draw the contours once; return what `draw_ways` changes."""
    fig, axes = figure(3.3, ncols=2, sharey=True)
    paths = {}
    for (name, x), ax in zip(inputs.items(), axes, strict=True):
        contours(ax, neuron(x, y), levels=10, window=WAYS_WINDOW)
        ax.set(xlabel="w", ylabel="", title=name, aspect="equal")
        paths[name] = Path(ax, BLUE)
    axes[0].set_ylabel("b")
    return fig, paths


def draw_ways(artists: dict[str, Path], arrays: dict[str, Any]) -> None:
    """Move the paths."""
    for name, points in arrays["ways"].items():
        artists[name].set(points)


# Steep and flat


def scaling(at: Numbers, curves: Mapping[str, Numbers]) -> Figure:
    """Draw how much of the cost is left against the step: `curves[name]` is `(steps, runs)`.

    Both scales are logarithmic, and step 0 is left out. A line joins the medians; its band is the
    middle nine tenths of runs.
    """
    fig, ax = figure(3.0, width=5.6)
    looks = ((VERMILION, "-"), (PURPLE, "--"), (GREEN, "-."), (BLUE, "-"))
    later = as_array(at) > 0
    for (name, runs), (colour, dashes) in zip(curves.items(), looks, strict=True):
        look = {"color": colour, "linestyle": dashes, "label": name}
        band(ax, as_array(at)[later], as_array(runs)[later], **look)
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="share of the cost left")
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.set_ylim(1e-8, 2)
    ax.legend(loc="lower left", borderpad=0)
    return fig


# Digits


def rates(
    fractions: Numbers, losses: Mapping[str, Numbers], predicted: Mapping[str, Numbers]
) -> Figure:
    """Draw the loss after the last step against the learning rate, a panel for each model.

    fractions: of 2 over the largest curvature, `(f,)`. losses: over the loss at the start,
    `(f, runs)`. predicted: what a quadratic would do, `(f, runs)`, where it is known; dashed. What
    lies above 1.6 or below −0.4 is not in the picture.
    """
    fig, axes = figure(2.9, ncols=len(losses), sharey=True)
    for (name, runs), ax in zip(losses.items(), axes, strict=True):
        band(ax, fractions, runs, color=BLUE, label="24 runs")
        if name in predicted:
            middle = np.median(as_array(predicted[name]), axis=1)
            ax.plot(fractions, middle, color=VERMILION, linestyle="--", label="quadratic")
        ax.axvline(1, color=INK, linewidth=1, linestyle=":")
        ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
        ax.set(xscale="log", ylim=(-0.4, 1.6), title=name)
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.set_xticks([], minor=True)
    axes[0].set_ylabel("loss ÷ loss at the start")
    axes[0].legend(loc="center right", borderpad=0, handlelength=1.1, handletextpad=0.3)
    fig.supxlabel("learning rate ÷ (2 ÷ largest curvature at the start)", fontsize=10)
    return fig


# Claims


def sides(
    shares: Numbers,
    rows: Mapping[str, Numbers],
    wave: Mapping[str, Numbers],
    best: float,
) -> Figure:
    """Draw what became of starts on both sides: of a parabola, and of a cost with several minima.

    shares: of the largest learning rate, `(s,)`. rows: the share of starts, `(s, runs)`, under what
    is said of them. wave: `grid` and `cost` of one run, its `starts` and `ends`. best: where its
    cost is lowest.
    """
    fig, (left, right) = figure(3.1, ncols=2)
    looks = ((INK, ":", "o"), (VERMILION, "--", "s"), (BLUE, "-", "D"))
    for (name, runs), (colour, dashes, mark) in zip(rows.items(), looks, strict=True):
        middle = as_array(runs).mean(axis=1)
        left.plot(
            shares, middle, color=colour, linestyle=dashes, marker=mark, label=name, clip_on=False
        )
    left.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    left.set(xlim=(0, 1.1), ylim=(0, 1.55), yticks=[0, 0.5, 1], title="a parabola")
    left.set(xlabel="learning rate ÷ the largest", ylabel="starts")
    left.legend(loc="upper left", borderpad=0)

    grid, curve = as_array(wave["grid"]), as_array(wave["cost"])
    starts, ends = as_array(wave["starts"]), as_array(wave["ends"])
    there = np.abs(ends - best) < 0.01
    right.plot(grid, curve, color=GREY, linewidth=1.2)
    for chosen, colour, label in (
        (there, BLUE, "reaches the lowest"),
        (~there, VERMILION, "ends elsewhere"),
    ):
        floor = np.full(chosen.sum(), 0.45)
        right.plot(starts[chosen], floor, "|", color=colour, markersize=8, label=label)
        inside = chosen & (np.abs(ends) < grid[-1])
        right.plot(ends[inside], np.interp(ends[inside], grid, curve), "o", color=colour)
    right.set(ylim=(0.4, 2.9), xlabel="w", ylabel="J", title="a neuron with a sine")
    right.legend(loc="upper left", borderpad=0, handletextpad=0.3)
    return fig


def update(counts: Numbers, drops: Mapping[str, Numbers]) -> Figure:
    """Draw what one update with some of the images achieves: `drops[moment]` is `(counts, runs)`.

    A drop is that of the loss over all images, over the drop that an update with all of them
    brings. Below −1 is not in the picture.
    """
    fig, ax = figure(2.9, width=5.6)
    looks = ((BLUE, "-"), (PURPLE, "--"), (VERMILION, "-."))
    for (moment, runs), (colour, dashes) in zip(drops.items(), looks, strict=True):
        band(ax, counts, runs, color=colour, linestyle=dashes, marker="o", label=moment)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.axhline(1, color=INK, linewidth=1, linestyle=":", zorder=0)
    ax.set(xscale="log", ylim=(-1, 1.2), xlabel="images in the update")
    ax.set_ylabel("drop ÷ drop with all")
    ax.set_xticks(counts, [f"{count}" for count in counts])
    ax.set_xticks([], minor=True)
    ax.legend(loc="lower right", borderpad=0)
    return fig
