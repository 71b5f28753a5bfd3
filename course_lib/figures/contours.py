"""A cost of two numbers, seen from above, and the paths of rules across it."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from course_lib.figures.runs import Numbers
from course_lib.figures.style import GREY, INK, as_array
from course_lib.optim.surfaces import Surface

Window = tuple[float, float, float, float]

HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#8A8A8A", "#DADADA"])


def grid(surface: Surface, window: Window, points: int = 121) -> tuple[np.ndarray, ...]:
    """Return x `(points,)`, y `(points,)` and costs `(points, points)`: row i belongs to y[i]."""
    x = torch.linspace(*window[:2], points, dtype=torch.float64)
    y = torch.linspace(*window[2:], points, dtype=torch.float64)
    across, up = torch.meshgrid(x, y, indexing="xy")
    return x.numpy(), y.numpy(), surface.value(torch.stack([across, up], dim=-1)).numpy()


def heights(z: np.ndarray, levels: int, spacing: str) -> np.ndarray:
    """Return at which costs to draw a line, `(levels,)`, between the lowest and highest of z.

    spacing: "even", or "log" for lines that lie closer together near the lowest cost.
    Raises ValueError for another spacing.
    """
    low, high = float(z.min()), float(z.max())
    if spacing == "even":
        return np.linspace(low, high, levels + 2)[1:-1]
    if spacing == "log":
        return low + (high - low) * np.logspace(-4, 0, levels + 1)[:-1]
    raise ValueError(f'spacing is {spacing!r}; it must be "even" or "log"')


def contours(
    ax: Axes,
    surface: Surface,
    *,
    levels: int = 14,
    spacing: str = "log",
    window: Window | None = None,
) -> None:
    """Draw lines of equal cost, darker where it is low, and a star at each minimum.

    window: (x low, x high, y low, y high), the surface's own where it is None; the axes end there.
    """
    window = window or surface.window
    x, y, z = grid(surface, window)
    ax.contour(x, y, z, heights(z, levels, spacing), cmap=HEIGHTS, linewidths=0.8, zorder=1)
    ax.plot(*zip(*surface.minima, strict=True), "*", color=INK, markersize=9, zorder=4)
    ax.set(xlabel="x", ylabel="y", xlim=window[:2], ylim=window[2:])


class Path:
    """The line of a path, with a ring where it starts and a dot where it is now."""

    def __init__(self, ax: Axes, colour: str, label: str | None = None):
        (self._line,) = ax.plot([], [], color=colour, linewidth=1.5, label=label, zorder=3)
        (self._start,) = ax.plot([], [], "o", color=GREY, fillstyle="none", zorder=3)
        (self._now,) = ax.plot([], [], "o", color=colour, zorder=5)

    def set(self, points: Numbers) -> None:
        """Move to points `(steps, 2)`. The line ends where a point is not finite."""
        points = as_array(points)
        finite = np.isfinite(points).all(axis=1)
        points = points if finite.all() else points[: int(finite.argmin())]
        self._line.set_data(*points.T)
        self._start.set_data(*points[:1].T)
        self._now.set_data(*points[-1:].T)
