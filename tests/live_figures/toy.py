"""An interactive figure with one of everything that a lesson's figures move."""

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from course_lib.figures import Choice, Play, Slider
from course_lib.figures.style import BLUE, INK, SIGNED, VERMILION, figure
from live.lesson import Shown

CONTROLS = {
    "height": Slider("height & width", 0.0, 1.0, 0.25, 0.5),
    "count": Play("count", 2, 5, 1, 3, interval=80),
    "side": Choice("side", ("left", "right"), "left"),
}
WAVE = np.linspace(0, 6, 50)


def compute(height, count, side):
    """Return the arrays of one state."""
    x = np.arange(count, dtype=float)
    return {"x": x, "y": height * x, "count": count, "height": height, "side": side}


def start(arrays):
    """Draw everything once."""
    fig, (left, right) = figure(2.5, ncols=2)
    artists = {
        "line": left.plot([], [], "o-", color=BLUE)[0],
        "ring": left.plot([], [], "o", color=INK, fillstyle="none")[0],
        "wave": left.plot([], [], color=INK)[0],
        "dots": left.scatter([], [], color=VERMILION, alpha=0.5),
        "half": left.fill(*np.zeros((2, 4)), color="#CFE5F2", zorder=0)[0],
        "boxes": left.add_collection(PolyCollection([], edgecolors=INK)),
        "lines": left.add_collection(LineCollection([], colors=INK)),
        "image": right.imshow(np.zeros((5, 5)), cmap=SIGNED, vmin=-1, vmax=1, aspect="auto"),
        "bars": right.barh([0, 1], [0, 0], height=0.3),
        "steps": right.stairs(np.zeros(3), np.arange(4.0), fill=True, color=BLUE),
        "words": right.text(0, 0, "", rotation=90),
        "axes": (left, right),
    }
    left.axhline(0.5, color=INK)
    left.set(xlim=(0, 5), ylim=(-1, 5), title=" ")
    right.set(xlim=(0, 5), ylim=(0, 5), title=" ")
    return fig, artists


def draw(artists, arrays):
    """Change everything."""
    x, y, height, count = arrays["x"], arrays["y"], arrays["height"], arrays["count"]
    left, right = artists["axes"]
    artists["line"].set_data(x, y)
    artists["ring"].set_data(x[:1], y[:1])
    artists["ring"].set_visible(arrays["side"] == "left")
    artists["wave"].set_data(WAVE, np.where(WAVE - 5 * height > 0, np.nan, 1e6 * (WAVE - 2)))
    artists["dots"].set_offsets(np.column_stack([x, y + 1]))
    artists["half"].set_xy(np.array([[0, 0], [900, 0], [900, height], [0, height]]))
    artists["boxes"].set_verts([[(i, 0), (i + 0.5, 0), (i + 0.5, height)] for i in x])
    artists["boxes"].set_facecolors([BLUE if i else VERMILION for i in x])
    artists["lines"].set_segments([[(i, 0), (i, 4)] for i in x])
    artists["image"].set_data(np.eye(count) * height)
    artists["image"].set_extent((0.5, count + 0.5, count + 0.5, 0.5))
    for bar, width in zip(artists["bars"], (height, 2 * height), strict=True):
        bar.set_width(width)
    artists["steps"].set_data(np.array([height, 1, count]))
    artists["words"].set(text=f"{count} < 6 & more", x=height, y=1)
    left.set_title(f"height {height:.2f}")
    right.set_title(f"{count}·$10^{{-{count}}}$")
    right.set(xlim=(0, count + 1), ylim=(count + 0.5, 0))


SHOWN = Shown("toy-1", compute, start, draw, CONTROLS, alt='Two "panels".', caption="Toy.")
