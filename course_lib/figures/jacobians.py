"""The figures of lesson 13, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from course_lib.analysis import example
from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import BLUE, GREEN, GREY, PAPER, SIGNED, VERMILION, as_array, figure

# The Jacobian of a module, as an image

NAMES = (
    "linear",
    "convolution",
    "average-pool",
    "ReLU",
    "GELU",
    "softmax",
    "LayerNorm",
    "RMSNorm",
    "BatchNorm, training",
    "BatchNorm, evaluation",
    "feed-forward",
    "residual",
    "Pre-LN",
    "dot-product attention",
    "cosine attention",
)


def module(name: str, power: float) -> dict[str, np.ndarray]:
    """Compute the Jacobian of a module of `NAMES` and its singular values.

    power: the input is `10^power` times standard normal numbers. `J` is `(outputs, inputs)`,
    `values` `(k,)`, the largest first.
    """
    of, x = example(name, torch.Generator().manual_seed(0))
    J = of.jacobian(10**power * x)
    return {"J": J.numpy(), "values": torch.linalg.svdvals(J).numpy()}


def start_module(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_module` changes."""
    fig, (left, right) = figure(3.0, ncols=2, width_ratios=[1, 1])
    room = np.zeros((48, 48))  # the layout is found with the widest ticks
    image = left.imshow(room, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto")
    left.set(xlabel="input", ylabel="output", title="Jacobian")
    (values,) = right.plot([], [], "o", color=BLUE, markersize=4)
    right.set(xlabel="number", title="singular values ÷ largest", ylim=(-0.05, 1.25))
    for axis in (left.xaxis, left.yaxis, right.xaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True))
    largest = right.text(0.97, 0.95, "", ha="right", va="top", transform=right.transAxes)
    return fig, {"image": image, "values": values, "largest": largest, "axes": (left, right)}


def draw_module(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Show matrix and singular values, each relative to the largest."""
    J, values = arrays["J"], arrays["values"]
    (rows, columns), limit = J.shape, max(np.abs(J).max(), 1e-12)
    artists["image"].set_data(J / limit)
    artists["image"].set_extent((0.5, columns + 0.5, rows + 0.5, 0.5))
    left, right = artists["axes"]
    left.set(xlim=(0.5, columns + 0.5), ylim=(rows + 0.5, 0.5))
    share = values / max(values[0], 1e-12)
    artists["values"].set_data(np.arange(1, len(values) + 1), share)
    right.set_xlim(0.5, len(values) + 0.5)
    artists["largest"].set_text(f"largest: {values[0]:.3g}")


# A network's Jacobian on digits

OF_STEP = {
    "random": GREY,
    "strongest": VERMILION,
    "another image's": BLUE,
    "towards the runner-up": GREEN,
}
LABELS = {
    "random": "random direction",
    "strongest": "strongest direction",
    "another image's": "another image's strongest",
    "towards the runner-up": "towards the runner-up",
}


def spectra(values: Mapping[str, Numbers], felt: Mapping[str, float]) -> Figure:
    """Draw singular values by their number, `(runs, k)` each, and what a random direction gets.

    felt: under the same names, by how much a random direction is stretched, dotted.
    """
    fig, ax = figure(2.9, width=4.6)
    for (name, of), colour in zip(values.items(), (GREY, BLUE), strict=True):
        of = as_array(of)
        band(ax, np.arange(1, of.shape[1] + 1), of.T, color=colour, label=name)
        ax.axhline(felt[name], color=colour, linestyle=":", linewidth=1.4)
    ax.set(yscale="log", xlabel="number", ylabel="singular value")
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.legend(loc="upper right", borderpad=0)
    return fig


def steps(lengths: Sequence[float], off: Mapping, right: Mapping) -> Figure:
    """Draw how far the prediction is off, and how many images are still read rightly.

    off, right: under the names of `LABELS`, `(runs, lengths)`.
    """
    fig, axes = figure(3.0, ncols=2)
    for ax, curves in zip(axes, (off, right), strict=True):
        for name, of in curves.items():
            dashes = "--" if name == "another image's" else "-"
            band(ax, lengths, as_array(of).T, color=OF_STEP[name], linestyle=dashes,
                 label=LABELS[name])  # fmt: skip
        ax.set(xscale="log", xlabel="length of the step", ylim=(-0.02, 1.02))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.minorticks_off()
    axes[0].set_title("prediction is off by")
    axes[1].set_title("images read rightly")
    axes[0].legend(*axes[1].get_legend_handles_labels(), loc="upper left", borderpad=0)
    return fig


def moved_images(images: Mapping[str, Numbers], direction: Numbers) -> Figure:
    """Draw a direction and images, `(64,)` each, under their titles."""
    fig, axes = figure(1.9, ncols=len(images) + 1)
    pictures = {"direction": direction, **images}
    for (title, values), ax in zip(pictures.items(), axes, strict=True):
        values = as_array(values).reshape(8, 8)
        if title == "direction":
            limit = np.abs(values).max()
            ax.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit)
        else:
            ax.imshow(values, cmap=PAPER, vmin=0, vmax=1)
        ax.set_title(title)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set(visible=True, color=GREY)
    return fig


# What a normalisation takes away


def lost(values: Mapping[str, Numbers], expected: Mapping[str, Numbers]) -> Figure:
    """Draw singular values `(k,)` by their number as dots, and what a formula says as circles."""
    fig, ax = figure(2.6, width=4.6)
    for (name, of), colour in zip(values.items(), (BLUE, GREEN), strict=True):
        number = np.arange(1, len(of) + 1)
        ax.plot(number, as_array(of), "o", color=colour, label=name)
        ax.plot(number, as_array(expected[name]), "o", color=colour, markersize=10,
                fillstyle="none")  # fmt: skip
    ax.set(xlabel="number", ylabel="singular value")
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.legend(loc="lower left", borderpad=0)
    return fig
