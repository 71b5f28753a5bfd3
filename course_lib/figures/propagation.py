"""The figures of lesson 15, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.analysis.mean_field import mean_squares
from course_lib.analysis.module import gradients, signals
from course_lib.analysis.propagation import blocks, sizes
from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import BLUE, GREY, INK, LINES, VERMILION, as_array, figure
from course_lib.nn.activations import ACTIVATIONS

FLOOR, CEILING = 1e-12, 1e12  # of sizes that are drawn
PLACES = 401  # of the means of the theory


# Signals and gradients by layer: the interactive figure


def flow(
    x: torch.Tensor, g: torch.Tensor, z: torch.Tensor, depth: int, gain: float, activation: str
) -> dict[str, np.ndarray]:
    """Compute sizes by layer of one network, and those that theory expects of wide layers.

    x, g: signals before the first layer and gradients behind the last, `(n, d)`. z: standard
    normal numbers `(layers, d, d)`. `forward` and `backward` are measured, `(depth + 1,)`;
    `forward_theory` and `backward_theory` expected.
    """
    modules = blocks(gain / z.shape[-1] ** 0.5 * z[:depth], activation)
    expected, factors = [float(sizes([x])[0])], []
    for _ in range(depth):
        of_out, of_slope = mean_squares(ACTIVATIONS[activation], gain * expected[-1], PLACES)
        expected.append(math.sqrt(of_out.item()))
        factors.append(gain * math.sqrt(of_slope.item()))
    back = np.cumprod([float(sizes([g])[0]), *factors[::-1]])[::-1]
    return {
        "forward": as_array(sizes(signals(modules, x))),
        "backward": as_array(sizes(gradients(modules, x, g))),
        "forward_theory": np.array(expected),
        "backward_theory": back,
    }


def start_flow(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_flow` changes."""
    fig, axes = figure(3.2, ncols=2, sharey=True)
    lines: dict[str, Any] = {}
    for ax, name, colour in zip(axes, ("forward", "backward"), (BLUE, VERMILION), strict=True):
        ax.axhline(1, color=GREY, linewidth=0.8, zorder=0)
        (lines[name],) = ax.plot([], [], color=colour, label="measured, 64 neurons")
        (lines[f"{name}_theory"],) = ax.plot([], [], ":", color=INK, label="theory, wide layers")
        ax.set(xlim=(0, 101), ylim=(FLOOR / 3, 3 * CEILING), yscale="log", xlabel="layer")
        ax.set_yticks([10.0**k for k in range(-12, 13, 4)])
        ax.minorticks_off()
    axes[0].set(title="signals, left to right", ylabel="size (root mean square)")
    axes[1].set_title("gradients, right to left")
    axes[0].legend(loc="upper left", borderpad=0)
    return fig, lines


def draw_flow(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move all four lines. What is beyond the axes is drawn at their ends."""
    for name, line in artists.items():
        values = np.nan_to_num(arrays[name], nan=CEILING, posinf=CEILING)
        line.set_data(np.arange(len(values)), values.clip(FLOOR, CEILING))


# What a product of many layers does


def spectrum(panels: Mapping[str, Numbers], floor: float = 1e-12) -> Figure:
    """Draw every singular value of the first layers together, against how many they are.

    `panels[title]` is `(L, d)`, the largest first. Values below `floor` are left out.
    """
    fig, axes = figure(2.9, ncols=len(panels), sharey=True, squeeze=False)
    for (title, values), ax in zip(panels.items(), axes[0], strict=True):
        values = as_array(values)
        layers = np.arange(1, len(values) + 1)
        shown = np.where(values >= floor, values, np.nan)
        ax.plot(layers, shown[:, 1:], color=BLUE, linewidth=0.5, alpha=0.6)
        ax.plot(layers, shown[:, 0], color=VERMILION, label="largest")
        ax.set(yscale="log", ylim=(floor / 3, 1e3), xlabel="layers", title=title)
        ax.minorticks_off()
    axes[0, 0].set_ylabel("singular values")
    axes[0, min(1, len(panels) - 1)].legend(loc="lower left", borderpad=0)
    return fig


def likenesses(layers: Numbers, curves: Mapping[str, Numbers]) -> Figure:
    """Draw mean squared cosines between images by layer: `curves[name]` is `(runs, layers)`."""
    fig, ax = figure(3.0)
    dashes = ("-", "--", ":", "-.", "-")
    for (name, runs), colour, dash in zip(curves.items(), LINES, dashes, strict=False):
        band(ax, layers, as_array(runs).T, color=colour, linestyle=dash, label=name)
    ax.set(xlabel="layer", ylabel="mean squared cosine", ylim=(-0.05, 1.05), xlim=(0, 100))
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderpad=0)
    return fig


def by_gain(
    gains: Sequence[float], panels: Mapping[str, Mapping[str, Numbers]], label: str
) -> Figure:
    """Draw runs against the gain: `panels[title][name]` is `(gains, runs)`, a share."""
    fig, axes = figure(3.0, ncols=len(panels), sharey=True, squeeze=False)
    dashes = ("-", "--", ":", "-.")
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for (name, runs), colour, dash in zip(curves.items(), LINES, dashes, strict=False):
            band(ax, gains, runs, color=colour, linestyle=dash, marker="o", label=name)
        ax.axhline(0.1, color=GREY, linewidth=0.8, zorder=0)
        ax.set(xscale="log", xlabel="gain", title=title, ylim=(0, 1.03))
        ax.set_xticks(gains, [f"{gain:g}" for gain in gains])
        ax.minorticks_off()
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes[0, 0].set_ylabel(label)
    axes[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderpad=0)
    return fig


# Half precision


def halves(powers: Numbers, lost: Numbers) -> Figure:
    """Draw which share of gradients float16 loses against the scale, 2 to the powers.

    lost: `(powers, 2)`: what overflows, and what becomes 0.
    """
    fig, ax = figure(2.6)
    names = ("becomes infinite", "becomes 0")
    for name, share, colour, dash in zip(
        names, as_array(lost).T, (VERMILION, BLUE), ("--", "-"), strict=True
    ):
        ax.plot(as_array(powers), share, dash, color=colour, label=name)
    ax.set(xlabel="scale, as a power of 2", ylabel="share of gradients", ylim=(-0.03, 1.03))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.legend(loc="center", borderpad=0.3)
    return fig
