"""The figures of lesson 17, in the order in which it shows them.

Each function takes arrays or tensors and returns a figure that nothing has shown yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.figures.runs import Numbers, band
from course_lib.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE_BLUE,
    PALE_VERMILION,
    VERMILION,
    as_array,
    figure,
)
from course_lib.optim.schedules import step_decay, warm_up, warm_up_cosine

MINUS = "\N{MINUS SIGN}"

# Who acts on what


def method_map(
    implicit: Mapping[str, Sequence[str]], explicit: Mapping[str, Sequence[str]]
) -> Figure:
    """Draw which methods act on the network and which on the update, a box for each kind.

    implicit, explicit: under each kind of method its methods, a line each; four kinds each.
    """
    fig, ax = figure(4.6)
    ax.set(xlim=(0, 10), ylim=(0, 7))
    ax.axis("off")
    _box(ax, 5, 4.35, 9.6, 0.62, "the network:   x → F(x; W) → loss → gradient g", "white", INK)
    _box(
        ax,
        5,
        2.85,
        9.6,
        0.62,
        f"the update:   W ← (1 {MINUS} lr · λ) W {MINUS} lr · g",
        "white",
        INK,
    )
    _arrow(ax, 8.9, 4.04, 8.9, 3.16)
    ax.text(8.75, 3.6, "g", ha="right", va="center", fontsize=10)
    _arrow(ax, 1.1, 3.16, 1.1, 4.04)
    ax.text(1.25, 3.6, "W", ha="left", va="center", fontsize=10)
    ax.text(0.1, 6.88, "implicit: how the network is built", va="center", color=VERMILION)
    ax.text(0.1, 0.12, "explicit: what is done to the update", va="center", color=BLUE)
    for kinds, y, tip, foot, pale, colour in (
        (implicit, 5.85, 4.68, 5.14, PALE_VERMILION, VERMILION),
        (explicit, 1.3, 2.52, 2.01, PALE_BLUE, BLUE),
    ):
        for place, (kind, methods) in enumerate(kinds.items()):
            x = 1.3 + 2.467 * place
            _box(ax, x, y, 2.3, 1.42, "\n".join((kind, *methods)), pale, colour)
            _arrow(ax, x, foot, x, tip)
    return fig


def _box(
    ax: Axes, x: float, y: float, width: float, height: float, words: str, fill: str, edge: str
) -> None:
    """Draw a box around its middle. Of several lines the first is set off from the others."""
    at, head, *lines = (x - width / 2, y - height / 2), *words.split("\n")
    look = {"facecolor": fill, "edgecolor": edge, "linewidth": 1.2, "zorder": 2}
    ax.add_patch(Rectangle(at, width, height, **look))
    if not lines:
        ax.text(x, y, head, ha="center", va="center", fontsize=10.5, zorder=3)
        return
    ax.text(x, y + height / 2 - 0.24, head, ha="center", va="center", weight="bold", zorder=3)
    for place, line in enumerate(lines):
        down = 0.62 + 0.32 * place
        ax.text(x, y + height / 2 - down, line, ha="center", va="center", fontsize=9, zorder=3)


def _arrow(ax: Axes, x: float, y: float, to_x: float, to_y: float) -> None:
    look = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (to_x, to_y), (x, y), arrowprops=look)


# A schedule, and what it does to noise

UPDATES = 200
CURVATURES = np.array([1.0, 0.1])
PEAK, NOISE, FAR = 0.5, 1.0, 10.0  # the rate at share 1; the noise of a gradient; the start
SHAPES = ("constant", "by steps", "cosine")


def shares(warm: int, shape: str, final: float) -> np.ndarray:
    """Return the share of the rate at each update, `(UPDATES,)`.

    shape: one of SHAPES. It ends near `final`; by steps, three times by the same factor.
    """
    t = range(1, UPDATES + 1)
    if shape == "cosine":
        found = [warm_up_cosine(k, UPDATES, warm=warm, final=final) for k in t]
    elif shape == "by steps":
        fall = {"every": UPDATES // 4, "factor": final ** (1 / 3)}
        found = [warm_up(k, warm) * step_decay(k, **fall) for k in t]
    else:
        found = [warm_up(k, warm) for k in t]
    return np.array(found)


def distances(rates: np.ndarray) -> np.ndarray:
    """Return the root mean square distance from the minimum after each update, `(updates + 1,)`.

    Of gradient descent on `½ Σ λ x²` with the rates `(updates,)`, where each gradient has noise of
    variance NOISE². It is computed and not drawn: an update multiplies the mean of x by `1 − lr λ`,
    and its variance by the square of that, and adds `lr² NOISE²`.
    """
    mean, variance = np.full(len(CURVATURES), FAR), np.zeros(len(CURVATURES))
    found = [np.sqrt((mean**2 + variance).sum())]
    for lr in rates:
        keep = 1 - lr * CURVATURES
        mean, variance = keep * mean, keep**2 * variance + (lr * NOISE) ** 2
        found.append(np.sqrt((mean**2 + variance).sum()))
    return np.array(found)


def design(warm: int, shape: str, final: float) -> dict[str, np.ndarray]:
    """Compute the rates of a schedule `(UPDATES,)` and the distances `(UPDATES + 1,)`."""
    rates = PEAK * shares(warm, shape, final)
    return {"rates": rates, "distances": distances(rates)}


def start_design(arrays: dict[str, np.ndarray]) -> tuple[Figure, dict[str, Any]]:
    """Draw the axes once, with a constant rate in grey; return what `draw_design` changes."""
    fig, (left, right) = figure(2.9, ncols=2)
    update = np.arange(1, UPDATES + 1)
    flat = np.full(UPDATES, PEAK)
    left.plot(update, flat, color=GREY, label="constant")
    (rates,) = left.plot(update, flat, color=BLUE, label="your schedule")
    left.set(xlim=(0, UPDATES), ylim=(0, 1.35 * PEAK), xlabel="update", title="rate")
    left.legend(loc="upper right", borderpad=0, ncols=2, columnspacing=1)
    after = np.arange(UPDATES + 1)
    right.plot(after, distances(flat), color=GREY)
    (away,) = right.plot(after, distances(flat), color=BLUE)
    right.set(yscale="log", xlim=(0, UPDATES), ylim=(0.2, 20), xlabel="update")
    right.set_title("distance from the minimum")
    right.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    right.minorticks_off()
    return fig, {"rates": rates, "distances": away}


def draw_design(artists: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Move the curve of the rate and that of the distance."""
    artists["rates"].set_ydata(arrays["rates"])
    artists["distances"].set_ydata(arrays["distances"])


# Estimates of a norm during training


def ratios(curves: Mapping[str, Numbers]) -> Figure:
    """Draw an estimate over the true norm, against the step, a line for each name."""
    fig, ax = figure(2.5)
    for (name, values), colour in zip(curves.items(), (BLUE, VERMILION, GREEN), strict=False):
        ax.plot(np.arange(1, len(values) + 1), as_array(values), color=colour, label=name)
    ax.axhline(1, color=GREY, linewidth=1, zorder=0)
    ax.set(xlabel="training step", ylabel="estimate ÷ true norm", ylim=(0.3, 1.05))
    ax.legend(loc="lower center", ncols=len(curves), borderpad=0)
    return fig


# Attention that collapses

ARMS = {"neither": (INK, "-"), "warm-up": (BLUE, "--"), "capped": (VERMILION, "-")}


def collapse(
    rates: Numbers, accuracies: Mapping[str, Numbers], entropies: Mapping[str, Numbers]
) -> Figure:
    """Draw the accuracy and the lowest entropy of a head against the rate, a colour for each arm.

    `accuracies[arm]` and `entropies[arm]` are `(rates, seeds)`. Line: median; band: middle nine
    tenths.
    """
    fig, (left, right) = figure(3.0, ncols=2)
    for ax, sides in ((left, accuracies), (right, entropies)):
        for arm, runs in sides.items():
            colour, dashes = ARMS[arm]
            look = {"color": colour, "linestyle": dashes, "marker": "o", "label": arm}
            band(ax, rates, runs, alpha=0.13, **look)
        ax.set(xscale="log", xlabel="highest rate", ylim=(0, None))
        ax.set_xticks(as_array(rates), [f"{rate:.2g}" for rate in as_array(rates)])
        ax.minorticks_off()
    left.set(title="test accuracy", ylim=(0, 1))
    right.set_title("entropy of the lowest head")
    left.legend(loc="lower left", borderpad=0)
    return fig
