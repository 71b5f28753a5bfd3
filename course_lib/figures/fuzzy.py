"""The figures of lesson 19, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINES,
    PALE_BLUE,
    PURPLE,
    VERMILION,
    as_array,
    figure,
)
from course_lib.second_order import (
    PROGRESS,
    RULES,
    SLOPE,
    Mamdani,
    Sugeno,
    Variable,
    bells,
    partition,
)

# Words for a number


def words(x: Numbers, degrees: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw memberships `(n,)` by x, a panel for each title, a line for each name in it."""
    fig, axes = figure(2.4, ncols=len(degrees), sharey=True)
    for ax, (title, curves) in zip(axes, degrees.items(), strict=True):
        for (name, mu), colour in zip(curves.items(), LINES, strict=False):
            ax.plot(as_array(x), as_array(mu), color=colour, label=name)
        ax.set(title=title, xlabel="x", ylim=(-0.05, 1.5))
        ax.set_yticks([0, 0.5, 1])
        ax.legend(loc="upper center", ncols=2, columnspacing=1, handlelength=1.2, borderpad=0)
    axes[0].set_ylabel("membership")
    return fig


def areas(grid: Numbers, parts: Mapping[str, Numbers], height: Numbers, centre: float) -> Figure:
    """Draw what each rule leaves of its set, dashed, the outline of all, and where its centre is.

    grid: `(m,)`. parts: under each rule's words `(m,)`. height: `(m,)`.
    """
    fig, ax = figure(2.8, width=5.2)
    grid, height = as_array(grid), as_array(height)
    ax.fill_between(grid, 0, height, color=PALE_BLUE, linewidth=0)
    for (name, part), colour in zip(parts.items(), (VERMILION, GREEN, PURPLE), strict=False):
        ax.plot(grid, as_array(part), "--", color=colour, label=name)
    ax.plot(grid, height, color=INK, linewidth=1, label="all together")
    ax.axvline(centre, color=BLUE, label="centre")
    ax.set(xlabel="result", ylabel="membership", ylim=(-0.03, 1.05))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return fig


def line_of(t: Numbers, fuzzy: Numbers, corners: Numbers, table: Numbers, mu: Numbers) -> Figure:
    """Draw memberships `(n, k)` by time, and under them what the table says with its corners."""
    fig, (above, below) = figure(3.4, width=4.8, nrows=2, sharex=True, height_ratios=[1, 1.4])
    t, mu = as_array(t), as_array(mu)
    for k, colour in zip(range(mu.shape[1]), LINES, strict=False):
        above.plot(t, mu[:, k], color=colour)
    above.set_ylabel("membership")
    below.plot(t, as_array(fuzzy), color=BLUE, label="fuzzy table")
    below.plot(as_array(corners), as_array(table), "o", color=VERMILION, label="corners")
    below.set(xlabel="progress", ylabel="result")
    below.legend(loc="upper right", borderpad=0)
    return fig


# Shape the sets, see the surface

SHAPES = {"triangles": partition, "bells": bells}
INFERENCES = ("Sugeno, product", "Sugeno, minimum", "Mamdani")
FINE = 121  # points of a line
COARSE = 41  # points of the surface on each axis


def surface(shape: str, inference: str, short: float, early: float) -> dict[str, np.ndarray]:
    """Compute the sets of both inputs and what the rate controller says.

    shape: of `SHAPES`. inference: of `INFERENCES`. short, early: where these words fit best.
    `rows` and `columns` are memberships, `(3, n)` and `(4, n)`; `values` is `(m, m)`, a row for
    each slope ratio.
    """
    corners, times = SLOPE.corners.clone(), PROGRESS.corners.clone()
    corners[2], times[1] = short, early
    r, p = (
        Variable(of.words, at, SHAPES[shape]) for of, at in ((SLOPE, corners), (PROGRESS, times))
    )
    if inference == "Mamdani":
        speed = Variable(("stay", "grow"), torch.tensor([0.0, 1.5], dtype=torch.float64))
        said = [(row, column, "grow" if value else "stay") for row, column, value in RULES]
        controller = Mamdani.of(said, r, p, speed, otherwise=0.0, points=101)
    else:
        controller = Sugeno.of(RULES, r, p, otherwise=0.0, norm=inference.split(", ")[1])
    x, y = (torch.linspace(*ends, FINE, dtype=torch.float64) for ends in ((-0.8, 0.8), (0, 1)))
    a, b = (torch.linspace(*ends, COARSE, dtype=torch.float64) for ends in ((-0.8, 0.8), (0, 1)))
    return {
        "rows": r(x).T.numpy(),
        "columns": p(y).T.numpy(),
        "values": controller(a[:, None], b).numpy(),
    }


def start_surface(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_surface` changes."""
    fig, axes = figure(4.4, nrows=2, ncols=2, height_ratios=[1, 1.6])
    lines = []
    for ax, of, ends, name in (
        (axes[0, 0], SLOPE, (-0.8, 0.8), "slope ratio r"),
        (axes[0, 1], PROGRESS, (0, 1), "progress p"),
    ):
        x = np.linspace(*ends, FINE)
        pairs = zip(of.words, LINES, strict=False)
        lines.append([ax.plot(x, 0 * x, color=c, label=word)[0] for word, c in pairs])
        ax.set(xlabel=name, ylim=(-0.05, 1.5), title="membership")
        ax.set_yticks([0, 0.5, 1])
        ax.legend(loc="upper center", ncols=4, borderpad=0, columnspacing=0.8, handlelength=0.8,
                  handletextpad=0.4, fontsize=9)  # fmt: skip
    image = axes[1, 0].imshow(
        np.zeros((COARSE, COARSE)), cmap="cividis", vmin=0, vmax=1.5, origin="lower",
        extent=(0, 1, -0.8, 0.8), aspect="auto",
    )  # fmt: skip
    axes[1, 0].set(xlabel="progress p", ylabel="slope ratio r", title="what the rules say")
    fig.colorbar(image, ax=axes[1, 0])
    x = np.linspace(-0.8, 0.8, COARSE)
    cuts = {
        p: axes[1, 1].plot(x, 0 * x, color=c, label=f"p = {p:g}")[0]
        for p, c in ((0.0, BLUE), (0.2, VERMILION), (0.4, GREEN))
    }
    axes[1, 1].set(xlabel="slope ratio r", title="cuts through it", ylim=(-0.05, 1.55))
    axes[1, 1].legend(loc="upper left", borderpad=0)
    return fig, {"rows": lines[0], "columns": lines[1], "image": image, "cuts": cuts}


def draw_surface(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Show sets, surface and cuts."""
    for side in ("rows", "columns"):
        for line, mu in zip(artists[side], arrays[side], strict=True):
            line.set_ydata(mu)
    artists["image"].set_data(arrays["values"])
    for p, line in artists["cuts"].items():
        line.set_ydata(arrays["values"][:, round(p * (COARSE - 1))])


# A steered rate


def steering(found: Mapping[str, Mapping[str, Numbers]]) -> Figure:
    """Draw the rate and the slope ratio of runs by their step, `(steps,)` each, under their names.

    found: for each run `rate` and `r`.
    """
    fig, (left, right) = figure(2.9, ncols=2)
    for (name, of), colour in zip(found.items(), (*LINES, GREY), strict=False):
        steps = np.arange(1, len(of["rate"]) + 1)
        left.plot(steps, as_array(of["rate"]), color=colour, label=name)
        right.plot(steps, as_array(of["r"]), color=colour)
    right.axhline(0, color=GREY, linewidth=0.8)
    left.set(yscale="log", xlabel="step", title="learning rate")
    right.set(xlabel="step", title="slope ratio r", ylim=(-1.1, 1.1))
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return fig


def by_rate(rates: Numbers, losses: Mapping[str, Numbers]) -> Figure:
    """Draw losses `(rates, seeds)` against the base rate, for each arm."""
    fig, ax = figure(3.2, width=5.6)
    dashes = ("-", "--", "-", "-", "--")
    for (name, of), colour, dash in zip(
        losses.items(), (GREY, INK, GREEN, VERMILION, BLUE), dashes, strict=False
    ):
        look = {"color": colour, "linestyle": dash, "label": name}
        band(ax, rates, as_array(of), alpha=0.15, **look)
    ax.set(xscale="log", yscale="log", xlabel="base rate", ylabel="test loss", ylim=(0.05, 5))
    ax.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5], ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"])
    ax.minorticks_off()
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return fig


# A frozen table


def freezing(points: Sequence[int], errors: Mapping[str, Numbers]) -> Figure:
    """Draw the largest error of a table against its points on each axis, for each controller."""
    fig, ax = figure(2.8, width=5.2)
    for (name, of), colour in zip(errors.items(), (VERMILION, BLUE, GREEN), strict=False):
        ax.plot(points, as_array(of), "o-", color=colour, label=name)
    ax.set(xscale="log", yscale="log", xlabel="points on each axis", ylabel="largest error")
    ax.set_xticks(points, [f"{n}" for n in points])
    ax.minorticks_off()
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right upper")
    return fig
