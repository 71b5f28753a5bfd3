"""One look for every figure. Importing this module makes it matplotlib's default.

A figure is at most 6.5 inches wide, 624 pixels of the screen, so that a notebook shows it at its
own size and no letter is smaller than 9 points. Its background is white in a dark theme too.
Blue, vermilion, green and purple are those of Okabe and Ito (2008), told apart by colour-blind
eyes; every colour of a line has a contrast of 3:1 or more with white.
`tests/figures/test_style.py` computes both.
"""

import re

import matplotlib
import numpy as np
import torch
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
INK = "#1A1A1A"
GREY = "#767676"
LINES = (BLUE, VERMILION, GREEN, PURPLE, INK)
RULES = {  # the colour and the dashes of an update rule, wherever it stands beside others
    "gradient descent": (INK, "-"),
    "averaged momentum": (BLUE, "--"),
    "momentum": (BLUE, "-"),
    "Nesterov": (GREY, "-"),
    "AdaGrad": (GREEN, "-"),
    "RMSProp": (PURPLE, "-"),
    "Adam": (VERMILION, "-"),
    "AdamW": (VERMILION, "--"),
}

PALE_BLUE = "#CFE5F2"
PALE_VERMILION = "#FAE0CC"

SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "white", VERMILION])
PAPER = LinearSegmentedColormap.from_list("paper", ["white", INK])

WIDTH = 6.5  # inches
SCREEN_DPI = 96  # a CSS pixel is 1/96 inch, whatever the screen
DPI = 144  # drawn finer than that, so that letters stay sharp
SMALLEST = 9  # points

matplotlib.rcdefaults()  # a person's own settings, LaTeX for one, would change or break figures
matplotlib.rcParams.update(
    {
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.dpi": DPI,
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.labelsize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9.5,
        "legend.frameon": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.edgecolor": GREY,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=LINES),
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
        "image.interpolation": "nearest",
    }
)


def as_array(values) -> np.ndarray:
    """Return numbers, a list of them, or a tensor on any device, as a NumPy array."""
    return values.detach().cpu().numpy() if torch.is_tensor(values) else np.asarray(values)


def figure(height: float, width: float = WIDTH, **grid) -> tuple[Figure, Axes]:
    """Return a figure of `width` by `height` inches, and its axes as `Figure.subplots` gives them.

    `grid` goes to `Figure.subplots`: `nrows=2, ncols=3, width_ratios=[2, 1], sharey=True`. The
    figure belongs to nobody but the caller: pyplot does not know it, so nothing shows it twice.
    """
    fig = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(fig)
    return fig, fig.subplots(**grid)


def number(value: float, digits: int = 2, sign: str = "") -> str:
    """Return a number with a true minus sign, and no minus before 0. sign: "+" shows both signs."""
    return formatted(value, f"{sign}.{digits}f")


def formatted(value: float, spec: str) -> str:
    """Return a number as `format` writes it, with a true minus sign, and no minus before 0.

    >>> formatted(-0.2, ".1%"), formatted(-0.0001, "+.1f"), formatted(1e-5, "g")
    ('−20.0%', '+0.0', '1e-05')
    """
    text = format(value, spec)
    if not text.strip().startswith("-"):
        return text
    if not re.search("[1-9]|inf", text.partition("e")[0]):
        return format(0.0, spec)
    return text.replace("-", "\N{MINUS SIGN}", 1)
