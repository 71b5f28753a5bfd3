"""The figures of lesson 08, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator, PercentFormatter

from course_lib.figures.contours import Path, contours
from course_lib.figures.runs import Numbers, aside, band
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    VERMILION,
    as_array,
    figure,
    number,
)
from course_lib.optim.batches import batches, gradient_noise
from course_lib.optim.cost import cost_gradient
from course_lib.optim.paths import path
from course_lib.optim.rules import gd
from course_lib.optim.surfaces import Surface, neuron

LOOKS = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-", "^"), (INK, ":", "D"))


# Batches of gradients and where they lead: the interactive figure

CLOUD, STEPS = 300, 40  # gradients in the cloud, steps of the path


def gradients_and_path(x: torch.Tensor, y: torch.Tensor, size: int, lr: float) -> dict[str, Any]:
    """Compute gradients of batches at the start, and a path that follows such gradients.

    x, y: `(n,)`, float64. `cloud` `(300, 2)` holds the gradients of the cost J by weight and bias,
    each of a batch of `size` drawn without replacement, `full` `(2,)` that of all examples, and
    `noise` `(2,)` the standard error of the cloud by the formula. `points` `(41, 2)` is the path of
    40 steps, whose batches are those of shuffled epochs.
    """
    n, surface = len(y), neuron(x, y)
    start = torch.tensor(surface.start, dtype=torch.float64)
    each = torch.stack(cost_gradient(start[0], start[1], x[:, None], y[:, None]), dim=1)
    drawn = torch.rand(CLOUD, n, generator=torch.Generator().manual_seed(0)).argsort(dim=1)[
        :, :size
    ]
    source, queue = torch.Generator().manual_seed(1), []

    def gradient(p: torch.Tensor) -> torch.Tensor:
        if not queue:
            queue.extend(batches(n, size, source))
        chosen = queue.pop(0)
        return torch.stack(cost_gradient(p[0], p[1], x[chosen], y[chosen]))

    return {
        "cloud": as_array(each[drawn].mean(dim=1)),
        "full": as_array(each.mean(dim=0)),
        "noise": as_array(gradient_noise(each, size, replacement=False)),
        "points": as_array(path(gd, gradient, start, steps=STEPS, lr=lr)),
        "surface": surface,
        "size": size,
    }


def start_gradients_and_path(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_gradients_and_path` changes."""
    fig, (left, right) = figure(3.5, ncols=2)
    (cloud,) = left.plot([], [], ".", color=BLUE, alpha=0.45, markersize=4)
    left.plot(*arrays["full"], "+", color=INK, markersize=13, markeredgewidth=2)
    left.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    left.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    left.set(xlim=(-8, 4), ylim=(-7, 5), xlabel="gradient of W", ylabel="gradient of b")
    left.set_title(" ")
    surface: Surface = arrays["surface"]
    contours(right, surface, levels=9)
    right.set(xlabel="weight W", ylabel="bias b")
    right.set_title(" ")
    return fig, {"cloud": cloud, "path": Path(right, VERMILION), "axes": (left, right)}


def draw_gradients_and_path(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the cloud and the path, and say how wide the cloud is."""
    left, right = artists["axes"]
    artists["cloud"].set_data(*arrays["cloud"].T)
    artists["path"].set(arrays["points"])
    wide, high = arrays["noise"]
    left.set_title(f"noise: W {number(wide)}, b {number(high)}")
    right.set_title(f"{STEPS} steps of {arrays['size']} examples")


# Noise and the size of a batch


def noise(
    sizes: Sequence[int], predicted: Mapping[str, Numbers], measured: Mapping[str, Numbers]
) -> Figure:
    """Draw the noise of a gradient against the batch size: the formula as a line, draws as dots.

    predicted, measured: `(sizes,)` under each name. What is 0 is left out.
    """
    fig, ax = figure(3.0, width=5.0)
    for (name, line), (colour, dashes, mark) in zip(predicted.items(), LOOKS, strict=False):
        line, dots = as_array(line), as_array(measured[name])
        there = line > 0
        at = np.asarray(sizes)
        ax.plot(at[there], line[there], dashes, color=colour, label=f"{name}: formula")
        ax.plot(at[there], dots[there], mark, color=colour, label=f"{name}: drawn")
    _log(ax, sizes, "y")
    ax.set(xlabel="batch size", ylabel="noise of the gradient")
    ax.legend()
    return fig


# What a batch costs


def time_an_example(sizes: Sequence[int], seconds: Mapping[str, Numbers]) -> Figure:
    """Draw microseconds per example against the batch size.

    `seconds[net]`: of a step, `(sizes, rounds)`. Line: median. Band: the middle nine tenths.
    """
    fig, ax = figure(3.0, width=5.0)
    for (name, runs), (colour, dashes, mark) in zip(seconds.items(), LOOKS, strict=False):
        each = 1e6 * as_array(runs) / np.asarray(sizes)[:, None]
        band(ax, sizes, each, color=colour, linestyle=dashes, marker=mark, label=name)
    ax.axvspan(64, 512, color=GREY, alpha=0.15, linewidth=0)
    _log(ax, [1, 4, 16, 64, 256, 1024, 4096], "y")
    ax.set(xlabel="batch size", ylabel="microseconds an example")
    ax.legend()
    return fig


def memory(looks: Mapping[str, Numbers], size: float) -> Figure:
    """Draw megabytes of memory along an epoch, one line for each way, and the size of the file."""
    fig, ax = figure(2.6, width=5.0)
    for (name, grown), (colour, dashes, _) in zip(looks.items(), LOOKS, strict=False):
        ax.plot(np.linspace(0, 1, len(grown)), as_array(grown), dashes, color=colour, label=name)
    ax.axhline(size, color=GREY, linestyle=":", linewidth=1.2, label="the file")
    ax.set(ylim=(0, 1.35 * size), xlabel="share of the epoch", ylabel="megabytes")
    ax.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.legend(loc="upper center", ncols=3)
    return fig


def kept(sizes: Sequence[int], of_batch: Mapping[str, Numbers], of_weights: Numbers) -> Figure:
    """Draw megabytes kept for the backward pass against the batch size, and those of the weights.

    of_batch: `(sizes,)` for each network; of_weights: one number for each, in the same order.
    """
    fig, ax = figure(3.0, width=5.0)
    for (name, values), own, (colour, dashes, mark) in zip(
        of_batch.items(), of_weights, LOOKS, strict=False
    ):
        ax.plot(sizes, values, dashes, color=colour, marker=mark, label=name)
        ax.axhline(own, color=colour, linestyle=":", linewidth=1.3)
    _log(ax, [1, 4, 16, 64, 256, 1024, 4096], "y")
    ax.set(xlabel="batch size", ylabel="megabytes kept")
    ax.legend()
    return fig


# Learning


def first_epoch(
    seen: Mapping[int, Numbers], accuracy: Mapping[int, Numbers], live: Mapping[int, Numbers]
) -> Figure:
    """Draw the accuracy against the examples seen, for each batch size, and the runs just now.

    seen: `(looks,)`; accuracy: `(looks, runs)`, as median and band; live: runs after the epoch.
    Where a look follows each step, the accuracy stays as it was until the next.
    """
    fig, ax = figure(3.1, width=5.6)
    for (size, at), (colour, dashes, _) in zip(seen.items(), LOOKS, strict=False):
        x, y = as_array(at), as_array(accuracy[size])
        if x[1] == size:
            x, y = x.repeat(2)[1:], y.repeat(2, axis=0)[:-1]
        band(ax, x, y, color=colour, linestyle=dashes, label=f"batches of {size}")
        if size in live:
            runs = as_array(live[size])
            ax.plot(np.full(len(runs), x[-1]), runs, "x", color=colour, clip_on=False)
    ax.set(xlabel="training images seen", ylabel="test accuracy", ylim=(0, 1), xlim=(0, 1020))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


def to_target(panels: Mapping[str, Mapping[int, Numbers]]) -> Figure:
    """Draw what each run needed against the batch size: `panels[title][size]` is `(runs,)`.

    Dots: runs. Line: mean. 64 to 512 is shaded.
    """
    fig, axes = figure(2.9, ncols=len(panels))
    for (title, by_size), ax in zip(panels.items(), axes, strict=True):
        sizes = list(by_size)
        for size, runs in by_size.items():
            runs = as_array(runs)
            spread = size * np.exp(aside(len(runs), 0.12))
            ax.plot(spread, runs, ".", color=BLUE, alpha=0.4, markersize=4)
        ax.plot(sizes, [np.mean(as_array(runs)) for runs in by_size.values()], color=INK)
        ax.axvspan(64, 512, color=GREY, alpha=0.15, linewidth=0)
        _log(ax, [1, 10, 100, 1000], "y")
        ax.set_title(title)
    fig.supxlabel("batch size", fontsize=10)
    return fig


def _log(ax: Axes, ticks: Sequence[int], also: str = "") -> None:
    """Give the batch size a logarithmic axis with plain numbers, and the other one if asked."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_major_formatter(FixedFormatter([str(tick) for tick in ticks]))
    ax.xaxis.set_minor_locator(NullLocator())
    if also:
        ax.set_yscale("log")
        ax.yaxis.set_minor_locator(NullLocator())
