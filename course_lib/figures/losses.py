"""The figures of lesson 05, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet. A loss has
the same colour and dashes in all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, aside, band, median_tick, name_rows
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

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

LOOKS = {
    "MSE": (BLUE, "-"),
    "Brier": (BLUE, "-"),
    "absolute": (GREEN, "--"),
    "Huber": (VERMILION, "-."),
    "cross-entropy": (VERMILION, "-."),
}


def _look(name: str) -> dict[str, Any]:
    colour, dashes = LOOKS[name]
    return {"color": colour, "linestyle": dashes, "label": name}


# Costs and pulls


def costs_and_pulls(
    along: Numbers, costs: Mapping[str, Numbers], pulls: Mapping[str, Numbers], xlabel: str
) -> Figure:
    """Draw what a mistake costs, and how hard it pulls, for each loss; all are `(points,)`."""
    fig, axes = figure(2.9, ncols=2)
    for ax, curves, title in zip(axes, (costs, pulls), ("cost", "pull"), strict=True):
        for name, values in curves.items():
            ax.plot(as_array(along), as_array(values), **_look(name))
        ax.set(xlabel=xlabel, title=title)
        ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    axes[0].legend(loc="upper center", borderpad=0)
    return fig


# Drag an outlier

LOWEST, HIGHEST = 0.0, 850.0  # of the target in the picture


def fit_line(loss: Loss, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Return height at x = 0 and slope of the line with the least loss, by looking ever closer.

    loss: of predictions and targets, `(n,)` each; convex. It is computed for 25 by 25 lines at once
    (`torch.func.vmap`), then for as many around the best of them, and so on, nine times.
    """
    middle = x.mean()
    reach = torch.stack([(y.max() - y.min()) / 2, (y.max() - y.min()) / (x.max() - x.min())])
    best = torch.stack([(y.max() + y.min()) / 2, torch.zeros_like(middle)])
    steps = torch.linspace(-1, 1, 25, dtype=x.dtype, device=x.device)
    grid = torch.cartesian_prod(steps, steps)
    for _ in range(9):
        lines = best + reach * grid
        predictions = lines[:, :1] + lines[:, 1:] * (x - middle)
        costs = torch.func.vmap(lambda p: loss(p, y))(predictions)
        best = lines[costs.argmin()]
        reach = 0.35 * reach
    height, slope = best.tolist()
    return height - slope * float(middle), slope


def drag(
    losses: Mapping[str, Callable[..., torch.Tensor]],
    x: torch.Tensor,
    y: torch.Tensor,
    target: float,
    delta: float,
    place: float,
) -> dict[str, Any]:
    """Compute the line of each loss through points and an outlier, and how hard the outlier pulls.

    losses: under "MSE", "absolute" and "Huber", which alone takes delta. x and y: `(n,)`. The
    outlier stands at x = `place` and y = `target`. `lines` holds height and slope of each
    line, `shares` the share of all pull, the sizes of the gradient added up, that is the outlier's.
    """
    x_all = torch.cat([x, x.new_tensor([place])])
    y_all = torch.cat([y, y.new_tensor([target])])
    lines, shares = {}, {}
    for name, loss in losses.items():
        one = (lambda p, y, loss=loss: loss(p, y, delta)) if name == "Huber" else loss
        lines[name] = fit_line(one, x_all, y_all)
        height, slope = lines[name]
        pull = torch.func.grad(one)(height + slope * x_all, y_all).abs()
        shares[name] = float(pull[-1] / pull.sum())
    return {
        "x": as_array(x),
        "y": as_array(y),
        "outlier": (place, target),
        "lines": lines,
        "shares": shares,
    }


def start_drag(arrays: dict[str, Any], xlabel: str, ylabel: str) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_drag` changes."""
    fig, (plane, bars) = figure(3.3, ncols=2, width_ratios=[1.7, 1])
    plane.scatter(arrays["x"], arrays["y"], s=16, color=INK, alpha=0.6, linewidths=0)
    (outlier,) = plane.plot([], [], "X", color=PURPLE, markersize=11, clip_on=False, zorder=4)
    lines = {name: plane.plot([], [], **_look(name))[0] for name in arrays["lines"]}
    ends = float(min(arrays["x"])) - 0.3, 3.4
    plane.set(xlim=ends, ylim=(LOWEST, HIGHEST), xlabel=xlabel, ylabel=ylabel)
    plane.legend(loc="upper left", borderpad=0)
    names = list(arrays["shares"])
    colours = [LOOKS[name][0] for name in names]
    widths = bars.barh(names, np.zeros(len(names)), color=colours, height=0.55)
    words = [bars.text(0, i, "", va="center", fontsize=9.5) for i in range(len(names))]
    bars.set(xlim=(0, 1), title="the outlier's share\nof all pull")
    bars.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    bars.set_xticks([0, 0.5, 1])
    bars.invert_yaxis()
    return fig, {"lines": lines, "outlier": outlier, "bars": widths, "words": words, "ends": ends}


def draw_drag(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the outlier, the lines and the bars."""
    artists["outlier"].set_data(*([value] for value in arrays["outlier"]))
    ends = np.array(artists["ends"])
    for name, (height, slope) in arrays["lines"].items():
        artists["lines"][name].set_data(ends, height + slope * ends)
    shares = arrays["shares"].values()
    for bar, words, share in zip(artists["bars"], artists["words"], shares, strict=True):
        bar.set_width(share)
        words.set_text(f"{share:.0%}")
        words.set_x(share + 0.03)


# Runs of an experiment


def error_by_share(
    panels: Mapping[str, Mapping[str, Numbers]], shares: Numbers, ylabel: str
) -> Figure:
    """Draw an error against the share that is spoilt: `panels[title][loss]` is `(shares, runs)`.

    Each panel has an axis of its own, a logarithmic one where the errors span much.
    """
    fig, axes = figure(2.9, ncols=len(panels), squeeze=False)
    for (title, of_panel), ax in zip(panels.items(), axes[0], strict=True):
        for name, runs in of_panel.items():
            band(ax, shares, runs, alpha=0.15, marker="o", markersize=4, **_look(name))
        ax.set(xlabel="share that is spoilt", title=title)
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        low, high = ax.get_ylim()
        if high > 4 * low > 0:
            ax.set_yscale("log")
            _plain_log(ax)
    axes[0, 0].set_ylabel(ylabel)
    axes[0, 0].legend(loc="upper left", borderpad=0)
    return fig


def _plain_log(ax: Axes) -> None:
    """Label a logarithmic axis with a few round numbers."""
    low, high = ax.get_ylim()
    round_ones = [m * 10**e for e in range(-2, 5) for m in (1, 2, 5)]
    ticks = [tick for tick in round_ones if low <= tick <= high]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_yticks([], minor=True)


def error_by_delta(deltas: Numbers, errors: Mapping[str, Numbers], ylabel: str) -> Figure:
    """Draw an error against δ: `errors[words]` is `(deltas, runs)`."""
    fig, ax = figure(2.6, width=5.2)
    looks = ((BLUE, "-"), (VERMILION, "-."))
    for (words, runs), (colour, dashes) in zip(errors.items(), looks, strict=True):
        look = {"color": colour, "linestyle": dashes, "label": words}
        band(ax, deltas, runs, alpha=0.15, marker="o", markersize=4, **look)
    ax.set(xscale="log", yscale="log", xlabel="δ, in standard deviations", ylabel=ylabel)
    _plain_log(ax)
    ax.set_xticks(deltas, [f"{delta:g}" for delta in deltas])
    ax.set_xticks([], minor=True)
    ax.legend(loc="upper left", borderpad=0)
    return fig


def accuracy_by_noise(
    shares: Numbers, panels: Mapping[str, Mapping[str, Numbers]], ylabel: str = "test accuracy"
) -> Figure:
    """Draw accuracy against wrong labels: `panels[title][loss]` is `(shares, runs)`."""
    fig, axes = figure(2.9, ncols=len(panels), sharey=True, squeeze=False)
    for (title, of_panel), ax in zip(panels.items(), axes[0], strict=True):
        for name, runs in of_panel.items():
            band(ax, shares, runs, alpha=0.15, marker="o", markersize=4, **_look(name))
        ax.set(xlabel="labels that are wrong", title=title)
        ax.set_xticks(shares)
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes[0, 0].set_ylabel(ylabel)
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes[0, 0].legend(loc="lower left", borderpad=0)
    return fig


def steps_needed(panels: Mapping[str, tuple[str, int, Mapping[str, Numbers]]]) -> Figure:
    """Draw how long each run took to reach the goal, a row for each loss.

    `panels[title]` holds what is counted ("steps"), how many there were at most, and `(runs,)`
    under each loss, 1 or more. One more than at most stands for runs that never got there.
    """
    heights = [len(of_panel[2]) for of_panel in panels.values()]
    fig, axes = figure(
        0.75 * len(panels) + 0.23 * sum(heights), nrows=len(panels), height_ratios=heights
    )
    for (title, (unit, most, of_loss)), ax in zip(panels.items(), axes, strict=True):
        for place, values in enumerate(of_loss.values()):
            runs = as_array(values)
            rows = place + aside(len(runs), 0.16)
            never = runs > most
            ax.scatter(runs[~never], rows[~never], s=11, color=BLUE, alpha=0.5, linewidths=0)
            ax.scatter(runs[never], rows[never], s=16, color=VERMILION, marker="x", linewidths=1)
            median_tick(ax, place, runs)
        name_rows(ax, of_loss)
        ax.set(title=title, xlabel=unit, xscale="log", xlim=(0.8, 1.15 * most))
        ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200) if tick <= most]
        ax.set_xticks(ticks, [f"{tick}" for tick in ticks])
        ax.set_xticks([], minor=True)
    return fig


def overconfidence_by_epoch(
    panels: Mapping[str, Mapping[str, tuple[Numbers, float]]], epochs: Numbers
) -> Figure:
    """Draw mean confidence minus accuracy in the course of training.

    `panels[title][loss]` holds `(epochs, runs)` and the epoch at which the validation loss is
    lowest, which is marked. Above 0 a network is too sure.
    """
    fig, axes = figure(2.9, ncols=len(panels), sharey=True, squeeze=False)
    for (title, of_panel), ax in zip(panels.items(), axes[0], strict=True):
        for name, (runs, stop) in of_panel.items():
            band(ax, epochs, runs, alpha=0.15, **_look(name))
            middle = np.median(as_array(runs)[list(epochs).index(stop)])
            ax.plot(stop, middle, "o", color=LOOKS[name][0], markersize=7)
        ax.axhline(0, color=INK, linewidth=0.8, zorder=0)
        ax.set(xlabel="epoch", title=title)
    axes[0, 0].set_ylabel("confidence minus accuracy")
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes[0, -1].legend(loc="upper right", borderpad=0)
    return fig


def reliability(bins: Mapping[str, Any]) -> Figure:
    """Draw accuracy against confidence, a panel for each loss: `bins[loss]` is a `Bins`.

    The area of a dot is the share of the answers in its bin.
    """
    fig, axes = figure(2.5, ncols=len(bins), sharey=True, squeeze=False)
    for (name, of_loss), ax in zip(bins.items(), axes[0], strict=True):
        count = as_array(of_loss.count)
        area = 400 * count / count.sum()
        ax.plot([0, 1], [0, 1], color=GREY, linewidth=1)
        dots = as_array(of_loss.confidence), as_array(of_loss.accuracy)
        ax.scatter(*dots, s=area, color=LOOKS[name][0], linewidths=0, clip_on=False)
        ax.set(xlim=(0, 1.05), ylim=(0, 1.05), xlabel="confidence", title=name)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes[0, 0].set_ylabel("share that is right")
    return fig
