"""The figures of lesson 09, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from course_lib.figures.contours import Path, contours
from course_lib.figures.runs import Interval, Numbers, aside, band, dots, median_tick, name_rows
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PURPLE,
    RULES,
    VERMILION,
    as_array,
    figure,
)
from course_lib.optim.averages import ema_weights, lag, spectral_radius, window
from course_lib.optim.paths import path
from course_lib.optim.signature import Rule
from course_lib.optim.surfaces import RAVINE

Average = Callable[[torch.Tensor, float], torch.Tensor]


# A noisy series and its average

AGES = 120  # values whose weights are drawn


def averaged(
    average: Average, noisy: torch.Tensor, smooth: torch.Tensor, beta: float
) -> dict[str, Any]:
    """Compute the average of a noisy series `(n,)`, and the weights of its last values `(120,)`.

    smooth: what the series would be without noise, `(n,)`.
    """
    n, share = window(beta)
    return {
        "noisy": as_array(noisy),
        "smooth": as_array(smooth),
        "average": as_array(average(noisy, beta)),
        "weights": as_array(ema_weights(AGES, beta)),
        "n": n,
        "title": f"lag {lag(beta):.0f}; n = {n:.0f}, with {share:.0%} of the weight",
    }


def start_averaged(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw the series once; return what `draw_averaged` changes."""
    fig, (series, weights) = figure(3.2, ncols=2, width_ratios=[2, 1])
    steps = np.arange(1, len(arrays["noisy"]) + 1)
    series.plot(steps, arrays["noisy"], ".", color=PALE_BLUE, markersize=4, label="mini-batch")
    series.plot(steps, arrays["smooth"], color=INK, linewidth=1.4, label="all images")
    (average,) = series.plot([], [], color=VERMILION, label="average")
    top = 1.1 * arrays["noisy"].max()
    series.set(xlim=(0, len(steps)), ylim=(0, top), xlabel="step", ylabel="loss", title=" ")
    series.legend(loc="upper right", borderpad=0)
    (line,) = weights.plot([], [], color=VERMILION)
    (edge,) = weights.plot([], [], color=INK, linewidth=1, linestyle=":")
    weights.set(yscale="log", xlim=(0, AGES), ylim=(1e-4, 1.5))
    weights.set(xlabel="age of a value, in steps", ylabel="weight", title=" ")
    return fig, {
        "average": average,
        "line": line,
        "edge": edge,
        "series": series,
    }


def draw_averaged(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the average, the line of the weights, and the end of the window."""
    artists["average"].set_data(np.arange(1, len(arrays["average"]) + 1), arrays["average"])
    artists["line"].set_data(np.arange(AGES), arrays["weights"])
    artists["edge"].set_data([arrays["n"]] * 2, [1e-4, 1.5])
    artists["series"].set_title(arrays["title"])


# What an average spans, and by how much it comes late


def spans(betas: Sequence[float], lags: Numbers, left: Numbers, interval: Interval) -> Figure:
    """Draw lag and calm of averages against 1/(1 − β); all scales are logarithmic.

    lags: in steps, `(betas, runs)`; the theory is a line. left: the share of the noise's mean
    square that is left, `(betas, runs)`. Drawn is one over its mean, with the interval of that
    mean: how many values a plain mean would have to take. Two theories are lines there.
    """
    fig, (late, calm) = figure(3.2, ncols=2)
    betas = as_array(betas)
    n = 1 / (1 - betas)
    for at, runs in zip(n, as_array(lags), strict=True):
        spread = at * np.exp(aside(len(runs), 0.06))
        late.scatter(spread, np.maximum(runs, 0.5), s=9, color=BLUE, alpha=0.45, linewidths=0)
    late.plot(n, betas / (1 - betas), color=INK, linewidth=1.2, label=r"$\beta\,/\,(1-\beta)$")
    late.set(title="lag, in steps")
    for at, runs in zip(n, as_array(left), strict=True):
        mean, low, high = interval(runs)
        calm.vlines(at, 1 / high, 1 / low, color=BLUE, linewidth=2.2)
        calm.plot(at, 1 / mean, "o", color=BLUE)
    calm.plot(
        n, (1 + betas) / (1 - betas), color=INK, linewidth=1.2, label=r"$(1+\beta)\,/\,(1-\beta)$"
    )
    calm.plot(n, n, color=GREY, linewidth=1.2, linestyle="--", label=r"$1\,/\,(1-\beta)$")
    calm.set(title="as calm as a mean of … values")
    for ax in (late, calm):
        ax.set(xscale="log", yscale="log", xlabel=r"$1\,/\,(1-\beta)$", ylim=(0.4, 400))
        ax.set_xticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
        ax.minorticks_off()
        ax.set_yticks([1, 10, 100], ["1", "10", "100"])
        ax.legend(loc="upper left", borderpad=0)
    return fig


# A ravine

RIDE_STEPS = 100


def ride(rules: Mapping[str, Rule], rule: str, lr: float, beta: float) -> dict[str, Any]:
    """Compute 100 steps across the ravine: `points` `(101, 2)` and the errors along both axes.

    rules: each takes lr and beta. The errors are shares of those at the start, `(101,)`.
    """
    start = torch.tensor(RAVINE.start, dtype=torch.float64)
    points = path(rules[rule], RAVINE.gradient, start, steps=RIDE_STEPS, lr=lr, beta=beta)
    x, y = as_array(points / start).T
    near = np.flatnonzero(as_array(points.norm(dim=-1)) > 0.01 * float(start.norm()))
    settled = "not near yet" if near[-1] == RIDE_STEPS else f"near after {near[-1] + 1} steps"
    if not np.isfinite(x[-1] + y[-1]) or max(abs(x[-1]), abs(y[-1])) > 1:
        settled = "it runs away"
    return {"points": as_array(points), "x": np.abs(x), "y": np.abs(y), "title": settled}


def start_ride(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw the ravine once; return what `draw_ride` changes."""
    fig, (view, errors) = figure(3.1, ncols=2, width_ratios=[1.35, 1])
    contours(view, RAVINE, levels=10)
    view.set(title=" ")
    way = Path(view, VERMILION)
    lines = {
        name: errors.plot([], [], color=colour, linestyle=dashes, label=f"along {name}")[0]
        for name, colour, dashes in (("x", BLUE, "-"), ("y", PURPLE, "--"))
    }
    errors.set(yscale="log", xlim=(0, RIDE_STEPS), ylim=(1e-4, 30), xlabel="step")
    errors.set_title("error ÷ error at the start")
    errors.legend(loc="upper right", borderpad=0, ncols=2, columnspacing=1)
    return fig, {"path": way, "view": view, **lines}


def draw_ride(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the path and the errors."""
    artists["path"].set(arrays["points"])
    artists["view"].set_title(arrays["title"])
    for name in ("x", "y"):
        artists[name].set_data(np.arange(RIDE_STEPS + 1), np.maximum(arrays[name], 1e-9))


# Steep and flat, in a network


def kept(
    found: Mapping[str, Mapping[str, Numbers]], theory: float, live: Mapping[str, float]
) -> Figure:
    """Draw what averaging leaves of a network's gradients along two kinds of axes.

    `found[row]` holds `steep` and `flat`, `(runs,)` each: the size of the average over that of the
    gradients. theory: what is left where each step turns the sign. live: of the last row, as
    crosses.
    """
    fig, ax = figure(0.9 + 0.5 * len(found), width=6.0)
    looks = {"steep": (PURPLE, 0.16, "steepest axis"), "flat": (BLUE, -0.16, "all others")}
    for place, of in enumerate(found.values()):
        for name, (colour, shift, label) in looks.items():
            label = label if place == 0 else None
            dots(ax, place + shift, of[name], colour, width=0.08, label=label)
    for name, value in live.items():
        ax.plot(value, len(found) - 1 + looks[name][1], "x", color=VERMILION, zorder=4)
    ax.axvline(1, color=INK, linewidth=1, linestyle=":", zorder=0)
    ax.axvline(theory, color=INK, linewidth=1, linestyle=":", zorder=0)
    ax.set_yticks(range(len(found)), list(found))
    ax.set(xscale="log", xlim=(0.035, 4), ylim=(len(found) - 0.4, -0.6))
    ax.set(xlabel="size of the average ÷ size of the gradients")
    ax.set_xticks([0.05, 0.1, 0.2, 0.5, 1, 2], ["0.05", "0.1", "0.2", "0.5", "1", "2"])
    ax.minorticks_off()
    ax.legend(loc="center", bbox_to_anchor=(0.35, 0.35), borderpad=0)
    return fig


# The best memory for one direction


def memories(critical: Callable[[float], tuple[float, float]], values: Sequence[float]) -> Figure:
    """Draw by what an error shrinks at each step against β, for each a, in two forms of momentum.

    critical: from a to the best β of the classical form and of the average, drawn as dots.
    """
    fig, axes = figure(3.1, ncols=2, sharey=True)
    betas = torch.linspace(0, 0.999, 500, dtype=torch.float64)
    looks = ((BLUE, "-"), (GREEN, "--"), (VERMILION, "-."), (PURPLE, "-"))
    for a, (colour, dashes) in zip(values, looks, strict=False):
        steps = (a * torch.ones_like(betas), a * (1 - betas))
        for ax, step, best in zip(axes, steps, critical(a), strict=True):
            look = {"color": colour, "linestyle": dashes, "label": f"a = {a:g}"}
            ax.plot(as_array(betas), as_array(spectral_radius(step, betas)), **look)
            ax.plot(best, best**0.5, "o", color=colour, zorder=4)
    for ax, title in zip(axes, ("classical", "average"), strict=True):
        ax.plot(as_array(betas), as_array(betas.sqrt()), color=GREY, linewidth=1, zorder=0)
        ax.set(xlabel="β", xlim=(0, 1), ylim=(0, 1.05), title=title)
    axes[0].set_ylabel("error kept at each step")
    axes[1].legend(loc="lower right", borderpad=0)
    return fig


# Iterations on bowls


def needed(
    conditions: Numbers, sides: Mapping[str, Numbers], live: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw iterations against the condition number, both on logarithmic scales.

    sides: `(conditions, runs)` under each name; a line joins the medians. live: a condition and a
    number of iterations, as crosses.
    """
    fig, ax = figure(3.6)
    looks = (
        RULES["gradient descent"],
        (GREEN, "--"),
        RULES["momentum"],
        (PURPLE, "-."),
        (VERMILION, "-"),
        (GREY, ":"),
    )
    for (name, runs), (colour, dashes) in zip(sides.items(), looks, strict=True):
        band(ax, conditions, runs, color=colour, linestyle=dashes, label=name)
    for place, (condition, count) in enumerate(live.values()):
        label = "yours, just now" if place == 0 else None
        ax.plot(condition, count, "x", color=INK, markersize=7, zorder=5, label=label)
    ax.set(xscale="log", yscale="log", xlabel="condition number", ylabel="iterations")
    ticks = [1, 10, 100, 1000]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderpad=0)
    return fig


# Digits: how soon


def soon(panels: Mapping[str, Mapping[str, Sequence[int | None]]], epochs: Sequence[int]) -> Figure:
    """Draw after which share of the epochs each run has reached its goal, a row for each side.

    `panels[title][row]` holds an epoch a run, None where the goal was never reached: a ring at the
    right. epochs: in all, for each panel. A bar marks the median.
    """
    rows = list(next(iter(panels.values())))
    fig, axes = figure(0.9 + 0.3 * len(rows), ncols=len(panels), sharey=True)
    for (title, of_panel), whole, ax in zip(panels.items(), epochs, axes, strict=True):
        for place, reached in enumerate(of_panel.values()):
            shares = np.array([np.nan if at is None else at / whole for at in reached])
            never = np.isnan(shares)
            dots(ax, place, shares, width=0.13, size=9, alpha=0.45)
            at = np.full(never.sum(), 1.18)
            rows_of = place + aside(len(shares), 0.13)[never]
            ax.scatter(at, rows_of, s=12, facecolors="none", edgecolors=VERMILION)
            median_tick(ax, place, np.where(never, 1.18, shares))
        ax.axvline(1, color=GREY, linewidth=1, zorder=0)
        ax.set(title=title, xlim=(0, 1.28))
        ax.set_xticks([0, 0.5, 1, 1.18], ["0", "½", "1", "∞"])
    name_rows(axes[0], rows)
    fig.supxlabel("epochs to the loss of gradient descent ÷ its epochs", fontsize=10)
    return fig


# Too much memory


def swings(errors: Mapping[str, Numbers]) -> Figure:
    """Draw the error along one axis against the step, `(steps + 1,)` under each name."""
    fig, ax = figure(2.7)
    looks = ((BLUE, "-"), (VERMILION, "-"), (PURPLE, "--"), (GREEN, "-."))
    for (name, values), (colour, dashes) in zip(errors.items(), looks, strict=False):
        ax.plot(as_array(values), color=colour, linestyle=dashes, label=name)
    ax.axhline(0, color=INK, linewidth=0.8, zorder=0)
    ax.set(xlabel="step", ylabel="error along x", xlim=(0, len(values) - 1))
    ax.legend(loc="upper right", borderpad=0, ncols=2)
    return fig


def by_rate(rates: Numbers, panels: Mapping[str, Mapping[str, Sequence[float | None]]]) -> Figure:
    """Draw the loss against the learning rate, both on logarithmic scales, a panel a network.

    `panels[title][name]` holds a loss for each of rates, None where a run did not come to an end.
    A name that ends in "classical" is drawn at a tenth of the rates: it holds what the form that
    averages does with β = 0.9.
    """
    fig, axes = figure(2.9, ncols=len(panels), sharey=True, squeeze=False)
    looks = ((INK, "o-"), (BLUE, "s--"), (BLUE, "D-"))
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for (name, losses), (colour, form) in zip(curves.items(), looks, strict=False):
            values = np.array([np.nan if loss is None else loss for loss in losses])
            at = as_array(rates) * (0.1 if name.endswith("classical") else 1)
            ax.plot(at, values, form, color=colour, markersize=4, linewidth=1.4, label=name)
        ax.set(xscale="log", yscale="log", ylim=(0.09, 4), xlabel="learning rate", title=title)
        ax.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        ax.minorticks_off()
    axes[0, 0].set_ylabel("validation loss")
    axes[0, 0].legend(loc="upper left", borderpad=0)
    return fig
