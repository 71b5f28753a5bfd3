"""The figures of lesson 14, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course_lib.figures.runs import Interval, Numbers, band, dots, name_rows, tick
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

UPPER, TRUE, LOWER = VERMILION, BLUE, GREEN


# A random network: depth and scale

WIDTH, POINTS, DEEPEST, ROUNDS = 16, 6, 20, 2


def stretch(depth: int, scale: float, shortcut: str) -> dict[str, np.ndarray]:
    """Compute bounds and norms of a random ReLU network after each of its layers, `(depth,)`.

    `upper`: the product of `skip + share · ‖W‖` over its layers. `norms` `(depth, POINTS)`: of
    the Jacobian, by singular values. `lower`: the largest of those points as two rounds of power
    iteration find it.
    shortcut: "none", "x + f(x)", or "x + f(x)/L". f(x) is `relu(W x)`, W with entries of standard
    deviation `scale · √(2 / width)`.
    """
    source = torch.Generator().manual_seed(14)
    shape = (DEEPEST, WIDTH, WIDTH)
    W = torch.randn(shape, generator=source, dtype=torch.float64) * scale * (2 / WIDTH) ** 0.5
    x = torch.randn(POINTS, WIDTH, generator=source, dtype=torch.float64)
    v = torch.randn(POINTS, WIDTH, generator=source, dtype=torch.float64)
    eye = torch.eye(WIDTH, dtype=torch.float64)
    skip, share = {"none": (0, 1.0), "x + f(x)": (1, 1.0), "x + f(x)/L": (1, 1 / depth)}[shortcut]
    factors = skip + share * torch.linalg.matrix_norm(W[:depth], ord=2)
    J, products = eye.expand(POINTS, -1, -1), []
    for layer in W[:depth]:
        z = x @ layer.T
        J = (skip * eye + share * (z > 0)[..., None] * layer) @ J
        x = skip * x + share * torch.relu(z)
        products.append(J)
    J = torch.stack(products)
    v = v.expand(depth, -1, -1)
    for _ in range(ROUNDS):
        v = torch.einsum("lpij,lpi->lpj", J, torch.einsum("lpij,lpj->lpi", J, v))
        v = v / v.norm(dim=-1, keepdim=True).clamp(min=1e-300)
    found = torch.einsum("lpij,lpj->lpi", J, v).norm(dim=-1)
    return {
        "layer": np.arange(1, depth + 1),
        "upper": factors.cumprod(0).numpy(),
        "norms": torch.linalg.matrix_norm(J, ord=2).numpy(),
        "lower": found.amax(dim=1).numpy(),
    }


def start_stretch(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_stretch` changes."""
    fig, ax = figure(3.2)
    (upper,) = ax.plot([], [], "-", color=UPPER, label="upper: product of norms")
    norms = [ax.plot([], [], "-", color=TRUE, linewidth=1, alpha=0.6)[0] for _ in range(POINTS)]
    norms[0].set_label("true norms at six points")
    (lower,) = ax.plot([], [], "o", color=LOWER, markersize=4, label="lower: two rounds")
    ax.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    ax.set(yscale="log", xlim=(0.5, DEEPEST + 0.5), ylim=(1e-6, 1e14))
    ax.set(xlabel="layers", ylabel="how much it stretches")
    ax.set_xticks(range(2, DEEPEST + 1, 2))
    ax.set_yticks([10.0**k for k in range(-6, 15, 4)])
    ax.minorticks_off()
    ax.legend(loc="upper left", borderpad=0)
    return fig, {"upper": upper, "norms": norms, "lower": lower}


def draw_stretch(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move the bound, the norms and what is found from below."""
    artists["upper"].set_data(arrays["layer"], arrays["upper"])
    artists["lower"].set_data(arrays["layer"], arrays["lower"])
    for line, norms in zip(artists["norms"], arrays["norms"].T, strict=True):
        line.set_data(arrays["layer"], norms)


# Rounds of power iteration


def rounds(found: Numbers, exact: float, bounds: Mapping[str, float]) -> Figure:
    """Draw what power iteration finds after 0, 1, … rounds, the exact norm, and bounds."""
    fig, ax = figure(2.6)
    ax.plot(np.arange(len(found)), as_array(found), "o-", color=LOWER, label="power iteration")
    ax.axhline(exact, color=TRUE, label="singular value, exact")
    for (name, value), dashes in zip(bounds.items(), ("--", ":"), strict=True):
        ax.axhline(value, color=UPPER, linestyle=dashes, label=name)
    ax.set(xlabel="rounds", ylabel="norm", ylim=(0, 1.1 * max([exact, *bounds.values()])))
    ax.legend(loc="lower right", borderpad=0, ncols=2)
    return fig


# A bound and true norms in training


def training(epochs: Sequence[int], of: Mapping[str, Numbers]) -> Figure:
    """Draw the bound and the norms at images against the epoch, and how loose the bound is.

    of: "upper", "largest" and "median", each `(epochs, runs)`.
    """
    fig, (left, right) = figure(2.9, ncols=2)
    x = np.arange(len(epochs))
    looks = {"upper": (UPPER, "product of norms"), "largest": (TRUE, "largest of 50 images"),
             "median": (INK, "median image")}  # fmt: skip
    for name, (colour, label) in looks.items():
        band(left, x, of[name], color=colour, label=label)
    band(right, x, as_array(of["upper"]) / as_array(of["largest"]), color=UPPER)
    left.set(yscale="log", ylabel="norm", title="bound and true norms")
    right.set(ylabel="product over largest", title="how loose", ylim=(0, None))
    for ax in (left, right):
        ax.set_xticks(x, [str(epoch) for epoch in epochs])
        ax.set_xlabel("epoch")
    left.legend(loc="upper left", borderpad=0)
    top = as_array(of["upper"]).max()
    left.set_ylim(as_array(of["median"]).min() / 1.5, top * 8)
    return fig


# Attention


def growth(scales: Numbers, norms: Mapping[str, Numbers]) -> Figure:
    """Draw norms of Jacobians against the scale of the input, on logarithmic axes."""
    fig, ax = figure(2.8)
    looks = zip((VERMILION, BLUE, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (name, values), (colour, dashes) in zip(norms.items(), looks, strict=False):
        ax.plot(as_array(scales), as_array(values), dashes, color=colour, label=name)
    ax.set(xscale="log", yscale="log", xlabel="scale of the tokens", ylabel="norm of the Jacobian")
    ax.minorticks_off()
    ax.legend(loc="upper left", borderpad=0)
    return fig


# Runs of several networks, side by side


def by_side(panels: Mapping[str, Mapping[str, Numbers]], interval: Interval, label: str) -> Figure:
    """Draw a share for each run: `panels[title][side]` is `(runs,)`, the same sides in each."""
    rows = list(next(iter(panels.values())))
    shared = {"sharex": True, "sharey": True, "squeeze": False}
    fig, axes = figure(0.9 + 0.32 * len(rows), ncols=len(panels), **shared)
    for (title, of), ax in zip(panels.items(), axes[0], strict=True):
        for place, values in enumerate(of.values()):
            runs = as_array(values)
            dots(ax, place, runs, width=0.13, size=9, alpha=0.45)
            tick(ax, place, *interval(runs))
        ax.set(title=title, xlabel=label, xlim=(0, None))
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    name_rows(axes[0, 0], rows)
    return fig
