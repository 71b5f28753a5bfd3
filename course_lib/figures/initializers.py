"""The figures of lesson 04, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, dots, median_tick, name_rows
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PURPLE,
    SIGNED,
    VERMILION,
    as_array,
    figure,
)

Runs = Mapping[str, Numbers]

LOOKS = ((BLUE, "-"), (VERMILION, "-"), (GREEN, "-"), (PURPLE, "--"), (INK, ":"))


# Three distributions


def distributions(
    draws: Mapping[str, Numbers], laws: Mapping[str, tuple[Numbers, Numbers]]
) -> Figure:
    """Draw a histogram of each sample, and the density of its law as a line.

    draws: a sample `(n,)` under each name. laws: the places and the densities under the same names.
    """
    fig, axes = figure(2.3, ncols=len(draws), sharey=True, sharex=True)
    for (name, drawn), ax in zip(draws.items(), axes, strict=True):
        places, density = laws[name]
        ax.hist(as_array(drawn), bins=61, range=(-0.22, 0.22), density=True, color=PALE_BLUE)
        ax.plot(places, density, color=INK)
        ax.set(title=name, xlabel="weight")
    axes[0].set_ylabel("density")
    return fig


# Neurons that stay alike


def templates(weights: Mapping[str, Numbers]) -> Figure:
    """Draw the rows of weight matrices `(h, 64)` as images, a line of images for each name."""
    height = 0.2 + 0.72 * len(weights)
    neurons = len(next(iter(weights.values())))
    fig, axes = figure(height, nrows=len(weights), ncols=neurons, squeeze=False)
    for (name, W), line in zip(weights.items(), axes, strict=True):
        W = as_array(W)
        size = np.abs(W).max() or 1.0
        for neuron, ax in enumerate(line):
            ax.imshow(W[neuron].reshape(8, 8), cmap=SIGNED, vmin=-size, vmax=size)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=GREY)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return fig


# Fifty layers


def sizes_by_layer(panels: Mapping[str, Mapping[str, Runs]], low: float, high: float) -> Figure:
    """Draw base-10 logarithms of sizes against the layer, as powers of ten.

    `panels[row][column][name]` is `(runs, layers)`. Line: median; band: middle nine tenths. low and
    high are the ends of the axis, as exponents; what lies beyond is left out.
    """
    columns = list(next(iter(panels.values())))
    fig, axes = figure(
        2.4 * len(panels), nrows=len(panels), ncols=len(columns), sharey=True, squeeze=False
    )
    for place, (row, of_row) in enumerate(panels.items()):
        line = axes[place]
        for (column, named), ax in zip(of_row.items(), line, strict=True):
            for (name, runs), (colour, dashes) in zip(named.items(), LOOKS, strict=False):
                bottom, middle, top = np.quantile(as_array(runs), [0.05, 0.5, 0.95], axis=0)
                layers = 50 - len(middle) + 1 + np.arange(len(middle))
                ax.fill_between(layers, bottom, top, color=colour, alpha=0.2, linewidth=0)
                ax.plot(layers, middle, dashes, color=colour, label=name)
            ax.set(xlim=(0, 51), ylim=(low, high), title=column if place == 0 else "")
            ax.axhline(0, color=GREY, linewidth=0.8, zorder=0)
        line[0].set_ylabel(row)
    ticks = np.linspace(low, high, 5).round().astype(int)
    axes[0, 0].set_yticks(ticks, [_power(tick) for tick in ticks])
    for ax in axes[-1]:
        ax.set_xlabel("layer")
    names = axes[0, 0].get_legend_handles_labels()
    fig.legend(*names, loc="outside lower center", ncols=3)
    return fig


def _power(exponent: int) -> str:
    return f"$10^{{{exponent}}}$"


# What leaves each layer: the interactive figure

SHOWN = 6  # layers whose histogram is drawn
BINS = np.linspace(-2.5, 2.5, 51)
FLOOR, CEILING = 1e-10, 1e10  # of the size


def layers(
    x: torch.Tensor,
    draws: Mapping[str, torch.Tensor],
    activations: Mapping[str, Callable[[torch.Tensor], torch.Tensor]],
    depth: int,
    activation: str,
    initializer: str,
) -> dict[str, Any]:
    """Compute what leaves each layer of a network before training.

    x: `(n, d)`. draws: the weights `(layers, d, d)` under the name of their initializer. `size` is
    the root mean square behind each layer `(depth + 1,)`, that of x first. `shown` are six layers,
    the last one at the end, and `heights` `(6, bins)` their histograms: each as a share of its
    highest bin. Exact zeros are left out, and what is beyond the bins is in the outermost.
    """
    signals = [x]
    for weight in draws[initializer][:depth]:
        signals.append(activations[activation](signals[-1] @ weight.T))
    shown = np.linspace(1, depth, SHOWN).round().astype(int)
    heights = []
    for layer in shown:
        values = as_array(signals[layer]).ravel()
        values = values[values != 0].clip(BINS[0], BINS[-1])
        counts, _ = np.histogram(values, BINS)
        heights.append(counts / max(counts.max(), 1))
    size = torch.stack([signal.double().square().mean().sqrt() for signal in signals])
    zero = float((signals[-1] == 0).double().mean())
    return {"size": as_array(size), "shown": shown, "heights": np.array(heights), "zero": zero}


def start_layers(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_layers` changes."""
    fig, (left, right) = figure(3.7, ncols=2, width_ratios=[1.1, 1])
    hills = PolyCollection(_outlines(arrays["heights"]), facecolor=PALE_BLUE, edgecolor=BLUE)
    left.add_collection(hills)
    left.set(xlim=(BINS[0], BINS[-1]), ylim=(-0.1, SHOWN), xlabel="what leaves the layer")
    left.set_ylabel("layer", labelpad=20)
    left.set_yticks(range(SHOWN), [""] * SHOWN)
    beside = {"transform": left.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 9}
    numbers = [left.text(-0.03, row, "50", **beside) for row in range(SHOWN)]
    left.set_title(" ")
    right.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    (line,) = right.plot([], [], color=BLUE)
    right.set(xlim=(0, 51), ylim=(FLOOR / 10, CEILING * 10), yscale="log", xlabel="layer")
    right.set_yticks([1e-10, 1e-5, 1, 1e5, 1e10])
    right.minorticks_off()
    right.set_ylabel("size (root mean square)")
    right.set_title(" ")
    return fig, {"hills": hills, "line": line, "numbers": numbers, "axes": (left, right)}


def draw_layers(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Change hills, layer numbers, the line of sizes, and what the titles say."""
    left, right = artists["axes"]
    size = arrays["size"]
    artists["hills"].set_verts(_outlines(arrays["heights"]))
    for number, layer in zip(artists["numbers"], arrays["shown"][::-1], strict=True):
        number.set_text(str(layer))
    artists["line"].set_data(np.arange(len(size)), size.clip(FLOOR, CEILING))
    left.set_title(f"zeros in the last: {arrays['zero']:.0%}")
    right.set_title(f"size of the last: {_size(size[-1])}")


def _outlines(heights: np.ndarray) -> list[np.ndarray]:
    """Return one closed outline for each histogram, the first one on top."""
    middles = (BINS[:-1] + BINS[1:]) / 2
    along = np.concatenate([BINS[:1], middles, BINS[-1:]])
    return [
        np.stack([along, base + 0.85 * np.concatenate([[0], height, [0]])], axis=1)
        for base, height in zip(range(len(heights) - 1, -1, -1), heights, strict=True)
    ]


def _size(value: float) -> str:
    if value == 0 or 0.01 <= value < 1000:
        return f"{value:.2f}"
    if not np.isfinite(value):
        return "beyond $10^{38}$"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}·$10^{{{int(exponent)}}}$"


# Comparisons of runs


def strips(panels: Mapping[str, Runs], label: str, columns: int = 3) -> Figure:
    """Draw each run as a dot and their median as a bar: `panels[title][row]` is `(runs,)`.

    All panels have the same rows, the first on top. label: what is measured, as a share.
    """
    rows = list(next(iter(panels.values())))
    lines = -(-len(panels) // columns)
    fig, axes = figure(
        lines * (0.75 + 0.2 * len(rows)), nrows=lines, ncols=columns, sharey=True, squeeze=False
    )
    for (title, of_panel), ax in zip(panels.items(), axes.flat, strict=True):
        for place, values in enumerate(of_panel.values()):
            runs = as_array(values)
            dots(ax, place, runs, width=0.22, size=8)
            median_tick(ax, place, runs)
        ax.set(title=title, xlim=(-0.03, 1.05))
        ax.set_xticks([0, 0.5, 1])
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1))
        ax.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.8)
    name_rows(axes[0, 0], rows)
    fig.supxlabel(label, fontsize=10)
    return fig
