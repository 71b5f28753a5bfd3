"""The figures of lesson 03, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PALE_VERMILION,
    PURPLE,
    VERMILION,
    WIDTH,
    as_array,
    figure,
    number,
)

Function = Callable[[torch.Tensor], torch.Tensor]

LOOKS = (
    (INK, "-", "o"),
    (BLUE, "--", "s"),
    (VERMILION, "-", "^"),
    (GREEN, "-.", "v"),
    (PURPLE, ":", "D"),
    (GREY, "--", "x"),
)


# What a network makes of the plane


def lattice(reach: float, side: int = 161) -> torch.Tensor:
    """Return the points of a square lattice from −reach to reach, `(side², 2)`, row by row."""
    along = torch.linspace(-reach, reach, side)
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def planes(
    x: Numbers, y: Numbers, panels: Mapping[str, tuple[Numbers, Numbers | None]], reach: float
) -> Figure:
    """Draw points `(n, 2)` of two classes over what each network says on `lattice(reach)`.

    `panels[title]` holds the class at each point of the lattice, and a number for its pattern or
    None. Where neighbours have different patterns a grey line runs between them.
    """
    width = min(WIDTH, 4.0 * len(panels))
    fig, axes = figure(width / len(panels) + 0.6, width, ncols=len(panels), squeeze=False)
    x, y = as_array(x), as_array(y)
    colours = ListedColormap([PALE_BLUE, PALE_VERMILION])
    place = {"extent": (-reach, reach) * 2, "origin": "lower"}
    for (title, (classes, patterns)), ax in zip(panels.items(), axes[0], strict=True):
        ax.imshow(_square(classes), cmap=colours, vmin=0, vmax=1, **place)
        if patterns is not None:
            edges = np.ma.masked_equal(_edges(_square(patterns)), 0)
            ax.imshow(edges, cmap=ListedColormap([GREY]), alpha=0.6, **place)
        for kind, colour, marker in ((0, BLUE, "o"), (1, VERMILION, "^")):
            ax.scatter(*x[y == kind].T, s=7, color=colour, marker=marker, linewidths=0)
        ax.set(title=title, xlabel="first input", xlim=(-reach, reach), ylim=(-reach, reach))
        ax.locator_params(nbins=3)
    axes[0, 0].set_ylabel("second input")
    return fig


def _square(values: Numbers) -> np.ndarray:
    flat = as_array(values)
    return flat.reshape(round(len(flat) ** 0.5), -1)


def _edges(patterns: np.ndarray) -> np.ndarray:
    """Return 1 where the next place to the right or above has another pattern, else 0."""
    right = np.diff(patterns, axis=1, append=patterns[:, -1:]) != 0
    above = np.diff(patterns, axis=0, append=patterns[-1:]) != 0
    return (right | above).astype(int)


# A function, its slope, and what goes in

FLAT = 0.005  # a slope nearer to 0 is called flat
LOW, HIGH, BINS = -8.0, 8.0, 80


def response(
    functions: Mapping[str, tuple[Function, Function]],
    inputs: torch.Tensor,
    name: str,
    scale: float,
    shift: float,
) -> dict[str, Any]:
    """Compute a function and its slope, and what they meet when its inputs are `scale · inputs +
    shift`.

    functions: each with its slope. inputs: `(n, h)`, n examples for each of h neurons. `flat` is
    the share of inputs at which the slope is within `FLAT` of 0; `dead` is how many neurons have
    such a slope for every example. `counts` are the shares of inputs in each bin, what lies beyond
    the ends in the first and last; `flat_counts` are those whose middle is flat.
    """
    f, slope = functions[name]
    z = scale * inputs + shift
    is_flat = slope(z).abs() < FLAT
    along = torch.linspace(LOW, HIGH, 4 * BINS + 1, dtype=z.dtype, device=z.device)
    edges = np.linspace(LOW, HIGH, BINS + 1)
    counts, _ = np.histogram(as_array(z).clip(LOW, HIGH), bins=edges)
    middles = torch.as_tensor((edges[1:] + edges[:-1]) / 2).to(z)
    shares = counts / z.numel()
    return {
        "name": name,
        "along": as_array(along),
        "curve": as_array(f(along)),
        "slope": as_array(slope(along)),
        "counts": shares,
        "flat_counts": np.where(as_array(slope(middles).abs()) < FLAT, shares, 0),
        "flat": is_flat.double().mean().item(),
        "mean_slope": slope(z).double().mean().item(),
        "dead": int(is_flat.all(dim=0).sum()),
        "neurons": inputs.shape[1],
    }


def start_response(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_response` changes."""
    fig, (top, bottom) = figure(3.7, nrows=2, sharex=True, height_ratios=[2, 1])
    (curve,) = top.plot([], [], color=BLUE, label="function")
    (slope,) = top.plot([], [], color=VERMILION, linestyle="--", label="slope")
    top.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    top.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    top.set(xlim=(LOW, HIGH), ylim=(-1.2, 3.2), title=" ")
    top.legend(loc="upper left", ncols=2)
    edges = np.linspace(LOW, HIGH, BINS + 1)
    steps = {"edges": edges, "fill": True, "linewidth": 0}
    counts = bottom.stairs(np.zeros(BINS), color=BLUE, label="inputs", **steps)
    flat = bottom.stairs(np.zeros(BINS), color=VERMILION, label="where it is flat", **steps)
    bottom.set(ylim=(0, 0.2), xlabel="input z", ylabel="share of inputs", title=" ")
    bottom.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    bottom.legend(loc="upper left", ncols=2)
    artists = {"curve": curve, "slope": slope, "counts": counts, "flat": flat}
    return fig, artists | {"axes": (top, bottom)}


def draw_response(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Show another function, its slope, and the inputs that it meets."""
    artists["curve"].set_data(arrays["along"], arrays["curve"])
    artists["slope"].set_data(arrays["along"], arrays["slope"])
    artists["counts"].set_data(arrays["counts"])
    artists["flat"].set_data(arrays["flat_counts"])
    top, bottom = artists["axes"]
    top.set_title(f"{arrays['name']}: mean slope {number(arrays['mean_slope'])}")
    bottom.set_title(
        f"flat for {arrays['flat']:.0%} of the inputs; {arrays['dead']} of {arrays['neurons']} "
        "neurons flat for every image"
    )


# What reaches which layer


def by_layer(sizes: Mapping[str, Numbers]) -> Figure:
    """Draw how large the gradient is in each layer, `(layers,)` under each activation's name."""
    fig, ax = figure(3.0)
    for (name, values), (colour, dashes, marker) in zip(sizes.items(), LOOKS, strict=False):
        layers = np.arange(1, len(values) + 1)
        ax.plot(layers, as_array(values), dashes, color=colour, marker=marker, label=name)
    ax.set(yscale="log", xlabel="layer", ylabel="size of the gradient", xticks=layers)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


# Many runs


def losses(panels: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw the training loss after each epoch: `panels[title][name]` is `(runs, epochs + 1)`.

    A line joins the medians; its band is the middle nine tenths of runs.
    """
    fig, axes = figure(3.4, ncols=len(panels), sharey=True, squeeze=False)
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for (name, runs), look in zip(curves.items(), LOOKS, strict=False):
            runs = as_array(runs)
            _line(ax, np.arange(runs.shape[1]), runs.T, look, name, markevery=5)
        ax.set(xlabel="epoch", title=title, yscale="log", ylim=(4e-3, 20))
    axes[0, 0].set_ylabel("training loss")
    _names_below(fig, axes[0, 0])
    return fig


def against(
    places: Numbers,
    panels: Mapping[str, Mapping[str, Numbers]],
    xlabel: str,
    log: bool = True,
) -> Figure:
    """Draw shares against a setting: `panels[title][name]` is `(settings, runs)`.

    A line joins the medians; its band is the middle nine tenths of runs. NaN is left out.
    """
    fig, axes = figure(3.1, ncols=len(panels), sharey=True, squeeze=False)
    for (title, curves), ax in zip(panels.items(), axes[0], strict=True):
        for (name, runs), look in zip(curves.items(), LOOKS[1:], strict=False):
            _line(ax, places, runs, look, name)
        if log:
            ax.set_xscale("log", base=2)
            ax.set_xticks(places[::2], [f"{place:g}" for place in places[::2]])
            ax.minorticks_off()
        ax.set(xlabel=xlabel, title=title, ylim=(-0.03, 1.03))
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    _names_below(fig, axes[0, 0])
    return fig


def _names_below(fig: Figure, ax: Axes) -> None:
    handles, names = ax.get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(names))


def _line(
    ax: Axes, x: Numbers, runs: Numbers, look: tuple[str, str, str], name: str, **more: int
) -> None:
    colour, dashes, marker = look
    style = {"color": colour, "linestyle": dashes, "marker": marker, "label": name}
    band(ax, x, runs, alpha=0.13, **style, **more)


def solved(widths: Numbers, shares: Mapping[str, Numbers]) -> Figure:
    """Draw in which share of runs a problem was solved, `(widths,)` under each name, as bars."""
    fig, ax = figure(2.6, width=5.2)
    wide, places = 0.8 / len(shares), np.arange(len(widths))
    for i, ((name, share), colour) in enumerate(zip(shares.items(), (BLUE, GREEN), strict=False)):
        bars = ax.bar(places - 0.4 + (i + 0.5) * wide, as_array(share), wide, color=colour)
        bars.set_label(name)
    ax.set_xticks(places, [f"{width}" for width in widths])
    ax.set(xlabel="hidden neurons", ylabel="runs that solve it", ylim=(0, 1.03))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
