"""The palette is computed, not believed: for colour-blind eyes and against white."""

import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib.figures import style

# Machado, Oliveira and Fernandes (2009), severity 1.0; they act on linear RGB.
EYES = {
    "full colour": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TOGETHER = {
    "lines": style.LINES,
    "weights by sign": (style.BLUE, "white", style.VERMILION),
    "sides of a boundary": (style.PALE_BLUE, style.PALE_VERMILION),
}
TOLD_APART = {"lines": 15, "weights by sign": 30, "sides of a boundary": 10}  # CIE76; 2.3 is seen


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb):
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = np.array(to_xyz) @ rgb / [0.95047, 1.0, 1.08883]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(colour, eye):
    return lab((EYES[eye] @ linear(colour)).clip(0, 1))


def test_the_distance_agrees_with_a_known_one():
    np.testing.assert_allclose(lab(linear("red")), [53.24, 80.09, 67.20], atol=0.1)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("group", TOGETHER)
def test_colours_used_together_are_told_apart(group, eye):
    for one, other in combinations(TOGETHER[group], 2):
        distance = np.linalg.norm(seen(one, eye) - seen(other, eye))
        assert distance > TOLD_APART[group], f"{one} and {other}: {distance:.1f}"


@pytest.mark.parametrize("colour", [*style.LINES, style.GREY])
def test_a_line_stands_out_from_white(colour):
    assert contrast(colour, "white") >= 3


@pytest.mark.parametrize("ground", ["white", style.PALE_BLUE, style.PALE_VERMILION])
def test_letters_stand_out_from_what_is_behind_them(ground):
    assert contrast(style.INK, ground) >= 7


@pytest.mark.parametrize(
    "kind", ["font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "legend.fontsize"]
)
def test_no_letter_is_smaller_than_nine_points(kind):
    assert matplotlib.rcParams[kind] >= style.SMALLEST


def test_a_figure_is_white_and_pyplot_does_not_know_it():
    import matplotlib.pyplot as plt

    fig, axes = style.figure(2, nrows=1, ncols=3)
    assert fig.get_facecolor() == (1, 1, 1, 1)
    assert tuple(fig.get_size_inches()) == (6.5, 2)
    assert len(axes) == 3
    assert plt.get_fignums() == []


def test_a_persons_own_settings_play_no_part(tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nlines.linestyle: --\n")
    code = (
        "import matplotlib; before = matplotlib.rcParams['text.usetex']; "
        "from course_lib.figures import style; rc = matplotlib.rcParams; "
        "print(before, rc['text.usetex'], rc['lines.linestyle'], rc['figure.dpi'] == style.DPI)"
    )
    environment = os.environ | {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "False", "-", "True"]


LOOKS = {
    **{f"{name}, a rule": look for name, look in style.RULES.items()},
    **{colour: (colour, "-") for colour in (*style.LINES, style.GREY)},
}


@pytest.mark.parametrize("eye", EYES)
def test_any_two_looks_of_a_line_are_told_apart(eye):
    """By colour, or where colours are alike or too near each other, by dashes."""
    for (one, dashes), (other, others) in combinations(set(LOOKS.values()), 2):
        distance = np.linalg.norm(seen(one, eye) - seen(other, eye))
        assert distance > 10 or dashes != others, f"{one} and {other}: {distance:.1f}"


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(
    ("colours", "ends"), [(style.SIGNED, ((0, 0.5), (1, 0.5))), (style.PAPER, ((1, 0),))]
)
def test_a_map_of_colours_gets_paler_step_by_step(colours, ends, eye):
    """So a size is read off how pale a cell is, whatever its hue is taken for."""
    for begin, end in ends:
        lightness = [seen(colours(share)[:3], eye)[0] for share in np.linspace(begin, end, 17)]
        assert (np.diff(lightness) > 1).all()


def test_no_figure_has_a_colour_of_its_own():
    """Those that stand outside the style are greys, or are letters on white or on a pale ground."""
    letters = {"#A84900"}
    for path in Path(style.__file__).parent.glob("*.py"):
        for colour in set(re.findall(r'"(#[0-9A-Fa-f]{6})"', path.read_text("utf-8"))):
            is_grey = len({colour[1:3], colour[3:5], colour[5:]}) == 1
            assert path.name == "style.py" or is_grey or colour in letters, (path.name, colour)
    grounds = ("white", style.PALE_VERMILION)
    assert all(contrast(letter, ground) >= 4.5 for letter in letters for ground in grounds)
