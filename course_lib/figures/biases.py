"""The figures of lesson 02, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet. With biases
is always vermilion and solid, without them blue and dashed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import (
    BLUE,
    GREY,
    INK,
    PALE_BLUE,
    PALE_VERMILION,
    PAPER,
    VERMILION,
    as_array,
    figure,
    number,
)

Layer = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

SIDES = {"without": (BLUE, "--"), "with": (VERMILION, "-")}


# Shift a boundary and a sigmoid

LOWEST, HIGHEST = -0.05, 1.05  # of both features, which are shares of ink


def shift(
    affine: Layer,
    threshold: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
    weight: float,
    bias: float,
) -> dict[str, Any]:
    """Compute what a neuron with one weight for both inputs, and a bias, makes of each image.

    x: `(n, 2)`, ink in the centre and on the ring. y: `(n,)`, 0 or 1. The output is `weight · ink +
    bias`, where ink is the sum of both inputs. `threshold` is the ink at which the output is 0, NaN
    if it never is. `curve` is the sigmoid of the output at the inks of `along`.
    """
    w, b = (torch.tensor([value], dtype=x.dtype, device=x.device) for value in (weight, bias))
    out = affine(x, w.expand(1, 2), b)[:, 0]
    along = torch.linspace(0, 2, 201, dtype=x.dtype, device=x.device)
    return {
        "x": as_array(x),
        "y": as_array(y),
        "ink": as_array(x.sum(dim=1)),
        "weight": weight,
        "bias": bias,
        "out": as_array(out),
        "right": int(((out > 0) == (y == 1)).sum()),
        "threshold": float(threshold(w, b)) if weight else float("nan"),
        "along": as_array(along),
        "curve": as_array(torch.sigmoid(affine(along[:, None], w[:, None], b)[:, 0])),
    }


def start_shift(arrays: dict[str, Any], names: tuple[str, str]) -> tuple[Figure, dict[str, Any]]:
    """Draw everything once; return what `draw_shift` changes. names: of class 0 and class 1."""
    fig, (plane, curve) = figure(3.4, ncols=2, width_ratios=[1, 1.1])
    x, y = arrays["x"], arrays["y"]
    colours = PALE_BLUE, PALE_VERMILION
    halves = [plane.fill(*np.zeros((2, 4)), color=colour, zorder=0)[0] for colour in colours]
    (line,) = plane.plot([], [], color=INK)
    (sigmoid,) = curve.plot([], [], color=INK)
    rows = np.linspace(0, 0.12, 5)
    for kind, colour, marker in ((0, BLUE, "o"), (1, VERMILION, "^")):
        mine = y == kind
        style = {"color": colour, "marker": marker, "s": 16, "linewidths": 0, "alpha": 0.75}
        plane.scatter(*x[mine].T, **style)
        height = (-0.18 if kind == 0 else 1.06) + rows[np.arange(mine.sum()) % len(rows)]
        curve.scatter(arrays["ink"][mine], height, label=names[kind], **style)
    plane.set(
        xlim=(LOWEST, HIGHEST),
        ylim=(LOWEST, HIGHEST),
        xlabel="ink in the centre",
        ylabel="ink on the ring",
        title=" ",
    )
    fires = curve.axvline(np.nan, color=INK, linewidth=1, linestyle=":")
    curve.axhline(0.5, color=GREY, linewidth=0.8, zorder=0)
    curve.set(xlim=(0, 2), ylim=(-0.22, 1.22), xlabel="ink: centre + ring", title=" ")
    curve.set_ylabel("sigmoid of the output")
    curve.set_yticks([0, 0.5, 1])
    curve.legend(loc="center right", handletextpad=0.1, borderpad=0)
    artists = {"line": line, "halves": halves, "sigmoid": sigmoid, "fires": fires}
    return fig, artists | {"axes": (plane, curve)}


def draw_shift(artists: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Move the boundary with its two sides, the sigmoid, and the threshold on it."""
    w, b, at = arrays["weight"], arrays["bias"], arrays["threshold"]
    far = 10.0  # beyond the picture: there is no boundary in it
    place = -far if b > 0 else far
    place = place if np.isnan(at) else np.clip(at, -far, far)
    normal = np.array([1.0, 1.0]) * (-1 if w < 0 else 1)
    ends = place / 2 + 4 * far * np.array([[1.0, -1.0], [-1.0, 1.0]])
    artists["line"].set_data(*ends.T)
    for half, side in zip(artists["halves"], (-4 * far * normal, 4 * far * normal), strict=True):
        half.set_xy(np.concatenate([ends, ends[::-1] + side]))
    artists["sigmoid"].set_data(arrays["along"], arrays["curve"])
    artists["fires"].set_xdata([at, at])
    plane, curve = artists["axes"]
    plane.set_title(f"{number(w, 1)} · ink {number(b, 1, sign='+')}")
    words = "no threshold" if np.isnan(at) else f"threshold {number(at)}"
    curve.set_title(f"{words}, {arrays['right']} of {len(arrays['y'])} right")


# A start that knows how rare a class is


def loss_from(curves: Mapping[str, Numbers]) -> Figure:
    """Draw the loss after each epoch under the name of its start, `(epochs + 1,)` each."""
    fig, ax = figure(2.7, width=5.2)
    looks = ((BLUE, "o", "--"), (VERMILION, "s", "-"))
    for (name, losses), (colour, marker, dashes) in zip(curves.items(), looks, strict=True):
        ax.plot(as_array(losses), dashes, color=colour, marker=marker, label=name)
    ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
    ax.legend(loc="upper right")
    return fig


# Biases during training


def bias_paths(paths: Mapping[str, Numbers]) -> Figure:
    """Draw each bias against the step of training: `paths[name]` is `(steps + 1, biases)`."""
    fig, axes = figure(2.6, ncols=len(paths), sharey=True)
    for (name, path), ax in zip(paths.items(), np.atleast_1d(axes), strict=True):
        ax.plot(as_array(path), color=BLUE, linewidth=1, alpha=0.8)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_title(name)
        ax.set_xlabel("step")
    axes[0].set_ylabel("bias")
    return fig


# Images made worse


def damaged(images: Mapping[str, Numbers]) -> Figure:
    """Draw images `(64,)` of 8×8 pixels side by side, each under its name."""
    fig, axes = figure(1.15, ncols=len(images))
    for (name, image), ax in zip(images.items(), axes, strict=True):
        ax.imshow(as_array(image).reshape(8, 8), cmap=PAPER, vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GREY)
        ax.set_title(name, loc="center", fontsize=9.5)
    return fig


def accuracy_by_level(
    panels: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Numbers]]]],
) -> Figure:
    """Draw accuracy against how bad the images are, with and without biases.

    `panels[row][column][side][level]` holds the accuracies of all runs. A line joins the medians;
    its band is the middle nine tenths of runs. Rows and columns of panels bear their names.
    """
    columns = list(next(iter(panels.values())))
    fig, axes = figure(
        2.15 * len(panels), nrows=len(panels), ncols=len(columns), sharey=True, squeeze=False
    )
    for (row, of_row), row_axes in zip(panels.items(), axes, strict=True):
        for (column, sides), ax in zip(of_row.items(), row_axes, strict=True):
            for side, levels in sides.items():
                _band(ax, levels, *SIDES[side], label=f"{side} biases")
            if of_row is next(iter(panels.values())):
                ax.set_title(column)
        row_axes[0].set_ylabel(row)
    axes[0, 0].set_ylim(0, 1.02)
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes[0, 0].legend(loc="lower left", borderpad=0)
    return fig


def _band(ax: Axes, levels: Mapping[str, Numbers], colour: str, dashes: str, label: str) -> None:
    runs = np.stack([as_array(values) for values in levels.values()])
    places = np.arange(len(levels))
    marks = {"marker": "o", "markersize": 4}
    band(ax, places, runs, color=colour, linestyle=dashes, label=label, **marks)
    ax.set_xticks(places, list(levels))
    ax.set_xlim(-0.3, len(levels) - 0.7)


# Comparisons, run by run


def loss_by_strength(
    strengths: Numbers, panels: Mapping[str, Mapping[str, tuple[Numbers, int]]]
) -> Figure:
    """Draw what a penalty does to the test loss, against its strength.

    `panels[title][penalty]` holds the changes `(strengths, runs)`, and the place of the strength
    that was chosen, which has a mark. A line joins the medians; its band is the middle nine tenths.
    Penalties come in the order: on biases, on weights, on biases, on weights.
    """
    fig, axes = figure(3.0, ncols=len(panels), sharey=True, squeeze=False)
    looks = ((VERMILION, "-", "o"), (BLUE, "-", "s"), (VERMILION, "--", "^"), (BLUE, "--", "v"))
    for (title, penalties), ax in zip(panels.items(), axes[0], strict=True):
        for (name, (runs, best)), look in zip(penalties.items(), looks, strict=False):
            colour, dashes, marker = look
            low, median, high = np.quantile(as_array(runs), [0.05, 0.5, 0.95], axis=1)
            ax.fill_between(strengths, low, high, color=colour, alpha=0.15, linewidth=0)
            style = {"color": colour, "marker": marker, "markersize": 8, "markevery": [best]}
            ax.plot(strengths, median, dashes, label=name, **style)
        ax.axhline(0, color=GREY, linewidth=1, zorder=0)
        ax.set(xscale="log", xlabel="strength of the penalty", title=title, ylim=(-0.2, 0.2))
    axes[0, 0].set_ylabel("change of the test loss")
    axes[0, 0].legend(loc="lower right", borderpad=0, handlelength=3)
    return fig


def starts(values: Numbers, accuracy: Mapping[str, Numbers], live: Mapping[float, float]) -> Figure:
    """Draw accuracy against the value that the hidden biases start at.

    values: `(s,)`, drawn side by side at equal distances. accuracy: `(s, runs)` under the name of a
    rule; a line joins the medians, its band is the middle nine tenths of runs. live: the accuracy
    of a run that was done just now.
    """
    fig, ax = figure(3.0)
    looks = ((GREY, "--"), (BLUE, "-"), (VERMILION, "-"))
    names = [number(value, 0) for value in values]
    for (name, runs), look in zip(accuracy.items(), looks, strict=True):
        _band(ax, dict(zip(names, as_array(runs), strict=True)), *look, label=name)
    places = [list(values).index(value) for value in live]
    ax.plot(places, list(live.values()), "x", color=INK, label="run just now", zorder=3)
    ax.set(xlabel="all hidden biases start at", ylabel="test accuracy", ylim=(0, 1.02))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.legend(loc="lower center")
    return fig
