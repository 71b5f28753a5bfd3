"""The figures of lesson 18, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_lib.figures.runs import Numbers, band
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
from course_lib.optim.adaptive import rotated
from course_lib.optim.surfaces import bowl
from course_lib.second_order import diagonal_fd, forward_probe

# A probe of two parameters, by its size

POINT = (1.0, 0.6)
SIZES = 10.0 ** np.linspace(-7, 0.5, 76)
AXIS = np.linspace(-2.2, 2.2, 61)
WAYS = ("one at a time", "all along −g", "all along −sign g")


def turned(degrees: float) -> Tensor:
    """Return the Hessian of a ravine of curvatures 1 and 9, turned, `(2, 2)`."""
    ravine = rotated(bowl(9), degrees)  # of curvatures 1/9 and 1
    return 9 * ravine.gradient(torch.eye(2, dtype=torch.float64))


def probe(turn: float, way: str, size: float) -> dict[str, np.ndarray]:
    """Compute what probes of every size give, and where the one of size `10**size` leads.

    The loss is `½ pᵀ H p + Σ p⁴ / 12`: a ravine whose walls steepen.
    `estimates` `(sizes, 2)`, `now` `(2,)`, `truth` `(2,)`: curvatures of both parameters, in
    float32 but for the truth. `ends` `(moves, 2)`: where the probe goes. `heights`: the loss.
    """
    H, exact = turned(turn), torch.tensor(POINT, dtype=torch.float64)

    def gradient(p: Tensor) -> Tensor:
        return p @ H.to(p) + p**3 / 3

    p, sizes = exact.float(), torch.tensor([*SIZES, 10.0**size])
    g = gradient(p)
    if way == "one at a time":
        found = torch.stack([diagonal_fd(gradient, p, h.item()) for h in sizes])
        ends = exact + sizes[-1] * torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    else:
        deltas = -sizes.float()[:, None] * (g.sign() if "sign" in way else g)
        found = forward_probe(gradient, p, g, deltas)
        ends = exact + deltas[-1:]
    grid = torch.tensor(np.stack(np.meshgrid(AXIS, AXIS), axis=-1))
    return {
        "estimates": found[:-1].numpy(),
        "now": found[-1].numpy(),
        "size": np.array(10.0**size),
        "truth": (H.diagonal() + exact**2).numpy(),
        "ends": ends.numpy(),
        "heights": ((grid @ H * grid).sum(dim=-1) / 2 + (grid**4).sum(dim=-1) / 12).numpy(),
    }


def start_probe(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once; return what `draw_probe` changes."""
    fig, (left, right) = figure(3.2, ncols=2, width_ratios=[1, 1.25])
    left.set(xlabel="w₁", ylabel="w₂", title="where the probe goes", aspect="equal")
    left.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
    (moves,) = left.plot([], [], "-", color=VERMILION, zorder=4)
    (ends,) = left.plot([], [], "o", color=VERMILION, markersize=4, zorder=4)
    left.plot(*POINT, "o", color=INK, zorder=5)
    curves, truths, marks = [], [], []
    for colour, name in ((BLUE, "w₁"), (GREEN, "w₂")):
        curves += right.plot(SIZES, SIZES, color=colour, label=name)
        truths.append(right.axhline(0, color=colour, linestyle=":"))
        marks += right.plot([1], [0], "o", color=colour)
    right.set(xscale="log", xlabel="size of the probe", ylim=(-4, 16))
    right.set_title("quotient, and curvature (dotted)")
    right.legend(loc="upper center", ncols=2, borderpad=0)
    right.minorticks_off()
    lines = {"ax": left, "now": None}
    return fig, {
        "lines": lines,
        "moves": moves,
        "ends": ends,
        "curves": curves,
        "truths": truths,
        "marks": marks,
    }


def draw_probe(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move the contours, the probe and both curves."""
    lines = artists["lines"]
    if lines["now"] is not None:
        lines["now"].remove()
    levels = np.geomspace(0.3, 30, 9)
    lines["now"] = lines["ax"].contour(
        AXIS, AXIS, arrays["heights"], levels=levels, colors=GREY, linewidths=0.7
    )
    x, y = arrays["ends"].T
    artists["ends"].set_data(x, y)
    way = np.stack([[POINT, end, POINT] for end in arrays["ends"]]).reshape(-1, 2)
    artists["moves"].set_data(*way.T)
    for k in range(2):
        artists["curves"][k].set_ydata(arrays["estimates"][:, k])
        artists["truths"][k].set_ydata([arrays["truth"][k]] * 2)
        artists["marks"][k].set_data([arrays["size"]], [arrays["now"][k]])


# Estimates of a network's diagonal


def against_truth(truth: Numbers, estimates: Mapping[str, Numbers]) -> Figure:
    """Draw the size of each estimate against that of the truth, a panel each, `(parameters,)`.

    Where the two have different signs the dot is vermilion. The line is where both are equal.
    """
    fig, axes = figure(2.5, ncols=len(estimates), sharex=True, sharey=True, squeeze=False)
    x = as_array(truth)
    for (name, values), ax in zip(estimates.items(), axes[0], strict=True):
        y = as_array(values)
        for which, colour in ((x * y >= 0, BLUE), (x * y < 0, VERMILION)):
            ax.plot(
                np.abs(x[which]), np.abs(y[which]), ".", color=colour, markersize=2, alpha=0.5,
                rasterized=True,
            )  # fmt: skip
        ends = [1e-4, 1]
        ax.plot(ends, ends, "-", color=INK, linewidth=1)
        ax.set(xscale="log", yscale="log", xlim=(1e-5, 2), ylim=(1e-5, 100))
        ax.set_title(name, fontsize=10)
        ax.set_xticks([1e-4, 1e-2, 1])
        ax.minorticks_off()
    axes[0, 0].set_ylabel("size of the estimate")
    fig.supxlabel("size of the curvature", fontsize=10)
    return fig


# What the size of a probe, and of a batch, do


def errors(
    sizes: Numbers,
    by_size: Mapping[str, Numbers],
    batches: Numbers,
    by_batch: Mapping[str, Numbers],
) -> Figure:
    """Draw how far estimates are off, against the probe's size and against the batch's.

    `by_size[name]` is `(sizes, runs)`, `by_batch[name]` `(batches, runs)`. Line: median; band:
    middle nine tenths.
    """
    fig, (left, right) = figure(3.1, ncols=2)
    looks = ((BLUE, "-"), (BLUE, ":"), (VERMILION, "-"))
    for (name, runs), (colour, dashes) in zip(by_size.items(), looks, strict=False):
        band(left, sizes, runs, color=colour, linestyle=dashes, label=name)
    for (name, runs), colour in zip(by_batch.items(), (VERMILION, PURPLE, INK), strict=False):
        band(right, batches, runs, color=colour, label=name)
    left.set(xlabel="size of the probe", ylabel="off, over the median size")
    right.set(xlabel="images in the batch", xticks=list(as_array(batches)))
    right.set_xticklabels([f"{n:g}" for n in as_array(batches)])
    for ax in (left, right):
        ax.set(xscale="log", yscale="log")
        ax.minorticks_off()
    left.legend(loc="lower right", borderpad=0)
    right.legend(loc="center left", bbox_to_anchor=(0, 0.58), borderpad=0)
    return fig
