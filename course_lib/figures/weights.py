"""The figures of lesson 01, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet. A weight
above zero is always vermilion and one below zero always blue; the stronger, the deeper.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, aside
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PALE_VERMILION,
    PAPER,
    PURPLE,
    SIGNED,
    VERMILION,
    as_array,
    figure,
    number,
)


def sign_colour(value: float) -> str:
    """Return the colour of a weight or signal by its sign."""
    return GREY if value == 0 else VERMILION if value > 0 else BLUE


# Two features that a person can name


def regions(images: Sequence[Numbers], masks: Sequence[Numbers]) -> Figure:
    """Draw images `(64,)` of digits, each with the outlines of two regions of pixels.

    masks: two arrays `(64,)` that are true on the pixels of a region. The first gets a solid
    outline, the second a dashed one; an outline is the smallest rectangle around its region.
    """
    fig, axes = figure(1.9, width=1.8 * len(images), ncols=len(images))
    for image, ax in zip(images, axes, strict=True):
        ax.imshow(as_array(image).reshape(8, 8), cmap=PAPER, vmin=0, vmax=1)
        _blank_frame(ax)
        for mask, colour, dashes in zip(masks, (VERMILION, BLUE), ("-", "--"), strict=True):
            rows, columns = np.nonzero(as_array(mask).reshape(8, 8))
            left, right = columns.min() - 0.5, columns.max() + 0.5
            top, bottom = rows.min() - 0.5, rows.max() + 0.5
            outline = [left, right, right, left, left], [top, top, bottom, bottom, top]
            ax.plot(*outline, dashes, color=colour, linewidth=2.5)
    return fig


# A network of two inputs and four hidden neurons


def network(inputs: Numbers, weight: Numbers, out_weight: Numbers) -> Figure:
    """Draw `out = v · (W x)` with every weight and every signal, a line as thick as its weight.

    inputs: a and b, `(2,)`. weight: `(h, 2)`, one row a hidden neuron. out_weight: `(h,)`.
    """
    x, W, v = (as_array(value) for value in (inputs, weight, out_weight))
    hidden = W @ x
    fig, ax = figure(3.7)
    ax.axis("off")
    ax.set(xlim=(-0.3, 4.6), ylim=(len(W) - 0.6, -0.4))
    sources = [(0.0, y) for y in (0.5, len(W) - 1.5)]
    middle = [(2.4, float(j)) for j in range(len(W))]
    end = (4.1, (len(W) - 1) / 2)
    for i, letter in enumerate("ab"):
        for j, place in enumerate(middle):
            label = f"$w_{{{letter}{j + 1}}}$ = {number(W[j, i], 1)}"
            crosses = (j < len(W) / 2) == (letter == "b")
            at = 0.82 if crosses else 0.42  # where no other line comes near
            _connection(ax, sources[i], place, W[j, i], label, at)
        _node(ax, sources[i], f"${letter}$\n{number(x[i])}")
    for j, place in enumerate(middle):
        _connection(ax, place, end, v[j], number(v[j], 1), at=0.42)
        _node(ax, place, number(hidden[j]))
    _node(ax, end, f"out\n{number(v @ hidden)}")
    return fig


def _connection(ax: Axes, start, stop, weight: float, label: str, at: float) -> None:
    (x0, y0), (x1, y1) = start, stop
    width = 0.5 + 2.5 * min(abs(weight), 2)
    ax.plot([x0, x1], [y0, y1], color=sign_colour(weight), linewidth=width, zorder=1)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    place = (x0 + at * (x1 - x0), y0 + at * (y1 - y0))
    ax.text(*place, label, fontsize=9, ha="center", va="center", bbox=box, zorder=2)


def _node(ax: Axes, place, label: str) -> None:
    ax.scatter(*place, s=1250, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=3)
    ax.text(*place, label, fontsize=9, ha="center", va="center", zorder=4)


# Pull one weight: a boundary and the outputs on either side of it

LOWEST, HIGHEST = -0.05, 1.05  # of both features, which are shares of ink


def pull(
    neuron: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
    w_centre: float,
    w_ring: float,
) -> dict[str, Any]:
    """Compute what a neuron of two inputs makes of each image.

    x: `(n, 2)`, ink in the centre and on the ring. y: `(n,)`, 0 or 1. The image is judged a one if
    the output is above zero. `boundary` holds two points `(2, 2)` of the line where it is zero.
    """
    w = torch.tensor([w_centre, w_ring], dtype=x.dtype, device=x.device)
    out = neuron(x, w)
    across = np.array([-w_ring, w_centre])
    along = 2 * across / max(np.linalg.norm(across), 1e-9)
    return {
        "x": as_array(x),
        "y": as_array(y),
        "w": np.array([w_centre, w_ring]),
        "out": as_array(out),
        "right": int(((out > 0) == (y == 1)).sum()),
        "boundary": np.stack([-along, along]),
    }


def start_pull(arrays: dict[str, Any]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_pull` changes."""
    fig, (plane, strip) = figure(3.3, ncols=2, width_ratios=[1, 1.1])
    x, y = arrays["x"], arrays["y"]
    colours = PALE_BLUE, PALE_VERMILION
    halves = [plane.fill(*np.zeros((2, 4)), color=colour, zorder=0)[0] for colour in colours]
    (line,) = plane.plot([], [], color=INK)
    rows, dots = np.linspace(-0.3, 0.3, 7), []
    for digit, colour, marker in ((0, BLUE, "o"), (1, VERMILION, "^")):
        mine = y == digit
        style = {"color": colour, "marker": marker, "s": 16, "linewidths": 0, "alpha": 0.75}
        plane.scatter(*x[mine].T, **style)
        height = digit + rows[np.arange(mine.sum()) % len(rows)]
        dots.append((mine, height, strip.scatter(np.zeros(mine.sum()), height, **style)))
    plane.set(
        xlim=(LOWEST, HIGHEST),
        ylim=(LOWEST, HIGHEST),
        xlabel="ink in the centre",
        ylabel="ink on the ring",
        title=" ",
    )
    strip.axvspan(-3, 0, color=PALE_BLUE, zorder=0)
    strip.axvspan(0, 3, color=PALE_VERMILION, zorder=0)
    strip.axvline(0, color=INK)
    strip.set(xlim=(-3, 3), ylim=(-0.75, 1.75), xlabel="output of the neuron", title=" ")
    strip.set_yticks([0, 1], ["zeros", "ones"])
    strip.text(-2.9, 1.72, "judged a zero", va="top")
    strip.text(2.9, 1.72, "judged a one", va="top", ha="right")
    return fig, {"line": line, "halves": halves, "dots": dots, "axes": (plane, strip)}


def draw_pull(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the boundary, the two sides, and the outputs."""
    w, ends = arrays["w"], arrays["boundary"]
    artists["line"].set_data(*ends.T)
    beyond = 4 * w / max(np.linalg.norm(w), 1e-9)
    for half, side in zip(artists["halves"], (-beyond, beyond), strict=True):
        half.set_xy(np.concatenate([ends, ends[::-1] + side]))
    for mine, height, scatter in artists["dots"]:
        scatter.set_offsets(np.column_stack([arrays["out"][mine].clip(-2.95, 2.95), height]))
    plane, strip = artists["axes"]
    sign = "+" if w[1] >= 0 else "\N{MINUS SIGN}"
    plane.set_title(f"{number(w[0])} · centre {sign} {number(abs(w[1]))} · ring")
    strip.set_title(f"{arrays['right']} of {len(arrays['y'])} right")


# One weight, raised and lowered


def one_weight(changes: Numbers, outputs: Numbers, inputs: Numbers) -> Figure:
    """Draw an output against one weight's change, a line for each value of that weight's input.

    changes: `(c,)`. outputs: `(lines, c)`. inputs: `(lines,)`.
    """
    fig, ax = figure(2.7, width=5.2)
    styles = zip((BLUE, GREEN, VERMILION, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (colour, dashes), line, value in zip(styles, as_array(outputs), inputs, strict=False):
        ax.plot(changes, line, dashes, color=colour, label=f"input {value:.2f}")
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set(xlabel="change of the weight", ylabel="output")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


# Weights as templates


def templates(weight: Numbers) -> Figure:
    """Draw each row of a `(10, 64)` weight matrix as an image of 8×8 weights, on one scale."""
    rows = as_array(weight).reshape(10, 8, 8)
    fig, axes = figure(2.95, nrows=2, ncols=5)
    for digit, ax in enumerate(axes.flat):
        drawn = _signed_image(ax, rows[digit], limit=np.abs(rows).max())
        ax.set_title(f"neuron {digit}", loc="center", fontsize=10)
    fig.colorbar(drawn, ax=axes, label="weight", shrink=0.8, aspect=15)
    return fig


def contributions(image: Numbers, weight: Numbers, neurons: Sequence[int]) -> Figure:
    """Draw an image, the weights of some neurons, and image × weights: what each pixel adds.

    image: `(64,)`. weight: `(10, 64)`. neurons: the rows to show. The sums are the outputs.
    """
    x, W = as_array(image), as_array(weight)[list(neurons)]
    fig, axes = figure(1.75 * len(W), width=5.6, nrows=len(W), ncols=3, squeeze=False)
    for digit, row, (left, middle, right) in zip(neurons, W, axes, strict=True):
        left.imshow(x.reshape(8, 8), cmap=PAPER, vmin=0, vmax=1)
        left.set_title("the image", loc="center", fontsize=10)
        _signed_image(middle, row.reshape(8, 8), limit=np.abs(W).max())
        middle.set_title(f"weights of neuron {digit}", loc="center", fontsize=10)
        _signed_image(right, (row * x).reshape(8, 8), limit=np.abs(W * x).max())
        right.set_title(f"product, sum {number(row @ x, 1)}", loc="center", fontsize=10)
        _blank_frame(left)
    return fig


def _signed_image(ax: Axes, values: np.ndarray, limit: float):
    _blank_frame(ax)
    return ax.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit)


def _blank_frame(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=GREY)


# What training does to a weight


def power_and_size(power: Numbers, sizes: Mapping[str, Numbers]) -> Figure:
    """Draw the size of each pixel's weights against how much the pixel tells about the digit.

    power: `(pixels,)`, 0 to 1. sizes: `(pixels,)` under a name such as "before".
    """
    fig, ax = figure(2.9, width=5.2)
    looks = ((GREY, "x"), (VERMILION, "o"))
    for (name, size), (colour, marker) in zip(sizes.items(), looks, strict=True):
        ax.scatter(power, size, s=22, color=colour, marker=marker, label=name)
    ax.set(
        xlabel="share of the pixel's variance that the digit explains",
        ylabel="size of its weights",
        ylim=(0, None),
    )
    ax.legend(loc="upper left")
    return fig


def growth(groups: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw how weights grew, one dot a run: `groups[kind of pixel][condition]` holds `(runs,)`."""
    fig, ax = figure(3.3)
    looks = ((VERMILION, "o"), (GREEN, "s"), (BLUE, "^"))
    for place, conditions in enumerate(groups.values()):
        shifts = np.linspace(-0.25, 0.25, len(conditions))
        for (name, runs), shift, look in zip(conditions.items(), shifts, looks, strict=True):
            _dots(ax, place + shift, runs, *look, label=name if place == 0 else None)
    ax.axhline(1, color=INK, linewidth=1, zorder=0)
    ax.set(yscale="log", ylabel="size after training / before")
    ax.set_yticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.set_yticks([], minor=True)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.legend(loc="upper left", handletextpad=0.2, markerscale=2)
    return fig


def _dots(ax: Axes, place: float, values: Numbers, colour: str, marker: str, label) -> None:
    """Draw one dot a run, spread a little sideways, on a bar at their median."""
    x = place + aside(len(values), 0.06)
    ax.scatter(x, values, s=16, color=colour, marker=marker, alpha=0.8, linewidths=0, label=label)
    ax.hlines(np.median(values), place - 0.11, place + 0.11, color=INK, linewidth=1.5, zorder=0.5)


# How large to start


def signal_sizes(sizes: Mapping[float, Numbers]) -> Figure:
    """Draw the size of the signals after each layer, a line for each gain: `sizes[gain]`."""
    fig, ax = figure(2.7, width=5.2)
    looks = ((BLUE, "s", "-"), (INK, "o", "--"), (VERMILION, "^", "-"))
    for (gain, line), (colour, marker, dashes) in zip(sizes.items(), looks, strict=True):
        layers = np.arange(len(line))
        ax.plot(layers, line, dashes, color=colour, marker=marker)
        place = (layers[-1], line[-1])
        ax.annotate(f"gain {gain:g}", place, (8, 0), textcoords="offset points", va="center")
    ax.set(yscale="log", xlabel="layer (0: the image)", ylabel="size of the signals")
    ax.set_xticks(layers)
    return fig


def gain_scan(
    gains: Numbers, accuracy: Mapping[str, Numbers], live: Mapping[float, Numbers]
) -> Figure:
    """Draw accuracy against the gain at the start: median, and the middle nine tenths of runs.

    gains: `(g,)`. accuracy: `(g, runs)` under a name such as "5 layers". live: the accuracies of
    runs that were done just now, by gain; each is a cross.
    """
    fig, ax = figure(3.1)
    looks = ((BLUE, "o"), (GREEN, "s"), (VERMILION, "^"))
    for (name, runs), (colour, marker) in zip(accuracy.items(), looks, strict=True):
        low, median, high = np.quantile(as_array(runs), [0.05, 0.5, 0.95], axis=1)
        ax.fill_between(gains, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(gains, median, color=colour, marker=marker, label=name)
    crosses = [(gain, value) for gain, values in live.items() for value in values]
    ax.plot(*zip(*crosses, strict=True), "x", color=INK, label="run just now", zorder=3)
    ax.axhline(0.1, color=GREY, linewidth=1, linestyle=":", label="guessing")
    ax.set(xscale="log", xlabel="gain of each layer at the start", ylim=(0, 1.02))
    ax.set_ylabel("test accuracy after 20 epochs")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.legend(loc="center left", bbox_to_anchor=(0, 0.5))
    return fig
