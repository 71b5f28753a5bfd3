"""A record, unpacked, shows in every state what `draw` draws, up to a tenth of a point."""

import itertools

import numpy as np
import pytest
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from course_lib.figures import Interactive, Slider, adaptive, jacobians
from course_lib.figures.interactive import Choice
from live.ink import FIFTHS, straight
from live.lesson import Shown
from live.pack import pack
from live.record import coarser, positions, record, thinned

from .decode import unpack
from .toy import CONTROLS, SHOWN

CLOSE = 0.5 / FIFTHS + 1e-9  # points: the half of what is counted in


@pytest.fixture(scope="module")
def whole():
    return record(SHOWN)


@pytest.fixture(scope="module")
def toy(whole):
    return unpack(pack(whole, [[]]))


def states(shown, found):
    """Yield the number of each state and the figure in it, drawn by matplotlib."""
    interactive = Interactive(shown.compute, shown.start, shown.draw, shown.controls)
    interactive.figure.set_dpi(72)
    for number, values in enumerate(itertools.product(*found.positions.values())):
        interactive.set(**dict(zip(found.positions, values, strict=True)))
        yield number, interactive


def on_paper(artist, points):
    """Return where matplotlib puts data points, `(n, 2)` in points from the upper left."""
    x, y = artist.get_transform().transform(np.asarray(points, float)).T
    return np.column_stack([x, 72 * artist.figure.get_figheight() - y])


def is_seen(points):
    """Tell which points are on the paper or near it: farther ones may be cut off."""
    return (np.abs(points) < 700).all(axis=1)


def shows(found, state, kind, expected):
    """Tell whether a mark of this kind stands at these points, where they can be seen."""
    seen = expected[is_seen(expected)]
    for part in range(len(found.poses)):
        for look, points in found.marks(part, state):
            if look[0] == kind and len(points):
                away = np.linalg.norm(points[:, None] - seen[None], axis=2).min(axis=0, initial=99)
                whole = len(points) == len(seen) or len(seen) < len(expected)  # or cut off
                if whole and (away <= 1.5 * CLOSE).all():
                    return True
    return False


def lines_and_markers(axes):
    """Yield what lines of some axes are made of: kind and points. Lines that stay are among it."""
    for line in axes.lines:
        points = on_paper(line, line.get_xydata())
        points = points[np.isfinite(points).all(axis=1)]
        if line.get_visible() and len(points):
            if line.get_linestyle() != "None":
                yield line, "line", points
            if line.get_marker() not in ("None", "", None):
                yield line, "markers", points


def test_lines_and_markers_stand_where_matplotlib_puts_them(toy, whole):
    checked = 0
    for state, interactive in states(SHOWN, whole):
        left = interactive.figure.axes[0]
        for line, kind, points in lines_and_markers(left):
            if line is not left.lines[-1]:  # the level line never moves
                assert shows(toy, state, kind, points), (state, kind, points)
                checked += 1
    assert checked > 3 * 40


def test_a_long_line_keeps_its_shape_with_fewer_points():
    """matplotlib leaves out what is less than about a ninth of a point from the line."""
    whole = np.column_stack([np.linspace(0, 400, 401), 90 + 80 * np.sin(np.linspace(0, 40, 401))])
    path = straight(Path(whole), IdentityTransform(), False)
    kept = path.vertices[path.codes != Path.STOP]
    assert len(kept) < 0.8 * len(whole)
    begin, along = kept[:-1], np.diff(kept, axis=0)
    begin, along = begin[along.any(axis=1)], along[along.any(axis=1)]
    ahead = ((whole[:, None] - begin) * along).sum(-1) / (along**2).sum(-1)
    nearest = begin + ahead.clip(0, 1)[..., None] * along
    away = np.linalg.norm(whole[:, None] - nearest, axis=-1).min(axis=1)
    assert away.max() < 1 / 8  # its rule is not exact


def test_scattered_points_shapes_and_bars_do_too(toy, whole):
    for state, interactive in states(SHOWN, whole):
        left, right = interactive.figure.axes
        dots, boxes, lines = left.collections
        height = 72 * interactive.figure.get_figheight()
        offsets = dots.get_offset_transform().transform(dots.get_offsets()) * [1, -1] + [0, height]
        assert shows(toy, state, "markers", offsets)
        shapes = [*boxes.get_paths(), *lines.get_paths()]
        for path in shapes:
            points = path.vertices[:3] if len(path.vertices) == 4 else path.vertices
            expected = left.transData.transform(points) * [1, -1] + [0, height]
            assert shows(toy, state, "line", expected), (state, points)
        for bar in right.patches[:2]:
            corners = bar.get_patch_transform().transform([(0, 0), (1, 0), (1, 1), (0, 1)])
            expected = right.transData.transform(corners) * [1, -1] + [0, height]
            assert shows(toy, state, "line", expected)


def test_words_are_those_of_the_figure(toy, whole):
    for state, interactive in states(SHOWN, whole):
        arrays = interactive.arrays
        words = [
            what[0]
            for part in range(len(toy.poses))
            for look, what in toy.marks(part, state)
            if look[0] == "words"
        ]
        assert f"{arrays['count']} < 6 & more" in words
        assert f"height {arrays['height']:.2f}" in words
        assert f"{arrays['count']}·10−{arrays['count']}" in "".join(words)


def test_an_image_has_the_cells_of_its_array(toy, whole):
    for state, interactive in states(SHOWN, whole):
        image = interactive.figure.axes[1].images[0]
        marks = [m for part in range(len(toy.poses)) for m in toy.marks(part, state)]
        (place, cells) = next(what for look, what in marks if look[0] == "image")
        np.testing.assert_allclose(cells / 255 * 2 - 1, image.get_array(), atol=1 / 255)
        box = image.get_window_extent()
        assert np.abs(place - [box.x0, 180 - box.y1, box.width, box.height]).max() <= CLOSE


def test_what_is_invisible_is_not_recorded(toy, whole):
    for state, interactive in states(SHOWN, whole):
        looks = [
            look
            for part in range(len(toy.poses))
            for look, _ in toy.marks(part, state)
            if look[0] == "markers" and "fill-opacity:0;" in look[2]
        ]
        assert bool(looks) == (interactive.arrays["side"] == "left")


@pytest.mark.parametrize(
    ("shown", "artist_of", "array_of"),
    [
        (
            Shown("", adaptive.ravine, adaptive.start_ravine, adaptive.draw_ravine,
                  {"condition": Choice("", (1, 1000), 1), "beta": Slider("", 0.0, 0.9, 0.3, 0.9)},
                  "", ""),
            lambda fig: fig.axes[1].lines[0],
            lambda arrays: arrays["rates"][:, 0],
        ),
        (
            Shown("", jacobians.module, jacobians.start_module, jacobians.draw_module,
                  {"name": Choice("", jacobians.NAMES[:3], jacobians.NAMES[0]),
                   "power": Slider("", -2.0, 2.0, 1.0, 0.0)}, "", ""),
            lambda fig: fig.axes[1].lines[0],
            lambda arrays: arrays["values"] / max(arrays["values"][0], 1e-12),
        ),
    ],
    ids=["10_ravine", "13_module"],
)  # fmt: skip
def test_a_record_of_a_lessons_figure_holds_the_arrays_of_compute(shown, artist_of, array_of):
    """Of two figures, the ravine of lesson 10 and the modules of lesson 13, in some positions.

    Every other figure is compared with what matplotlib draws of it while it is recorded: see
    `live.record.look_again`.
    """
    found = record(shown)
    unpacked = unpack(pack(found, [[]]))
    for state, interactive in states(shown, found):
        line = artist_of(interactive.figure)
        values = array_of(shown.compute(**interactive.params))
        points = on_paper(line, np.column_stack([line.get_xdata(), values]))
        kind = "line" if line.get_linestyle() != "None" else "markers"
        assert shows(unpacked, state, kind, points)


def test_all_positions_of_a_slider_are_recorded():
    assert positions(Slider("", 0.0, 0.3, 0.1, 0.1)) == [0.0, 0.1, 0.2, 0.3]
    assert positions(Slider("", 1, 9, 2, 3)) == [1, 3, 5, 7, 9]
    assert positions(Choice("", ("a", "b"), "b")) == ["a", "b"]


def test_the_longest_slider_gives_up_positions_but_not_its_ends_nor_where_it_begins():
    controls = {"a": Slider("", 0, 40, 1, 5), "b": Slider("", 0, 9, 1, 9)}
    found = thinned(controls, 250)
    assert found["a"] == [0, *range(1, 40, 2), 40]
    assert found["b"] == list(range(10))
    assert len(thinned(controls, 41 * 10)["a"]) == 41


def test_a_coarser_record_shows_the_same_in_the_states_that_are_left(whole):
    half = coarser(whole, CONTROLS)
    assert half.positions == whole.positions | {"height": [0.0, 0.5, 1.0]}
    fine, coarse = unpack(pack(whole, [[]])), unpack(pack(half, [[]]))
    assert half.positions["height"][half.first[0]] == CONTROLS["height"].value
    states_of_whole = list(itertools.product(*whole.positions.values()))
    for state, values in enumerate(itertools.product(*half.positions.values())):
        same = states_of_whole.index(values)
        for one, other in zip(coarse.poses, fine.poses, strict=True):
            np.testing.assert_array_equal(one[state], other[same])


def test_two_recordings_give_the_same_bytes(whole):
    assert pack(record(SHOWN), [[]]) == pack(whole, [[]])


def test_a_figure_that_forgets_to_say_that_it_changed_is_refused(monkeypatch):
    def draw(artists, arrays):
        SHOWN.draw(artists, arrays)
        artists["wave"].stale = False  # as if it stood still

    shown = Shown(**vars(SHOWN) | {"draw": draw})
    with pytest.raises(RuntimeError, match="another"):
        record(shown)


def test_a_curve_that_moves_is_refused():
    def draw(artists, arrays):
        left = artists["axes"][0]
        left.patches[-1].set_radius(arrays["height"])

    def start(arrays):
        fig, artists = SHOWN.start(arrays)
        from matplotlib.patches import Circle

        artists["axes"][0].add_patch(Circle((1, 1), 1))
        return fig, artists

    with pytest.raises(ValueError, match="a curve moves"):
        record(Shown(**vars(SHOWN) | {"start": start, "draw": draw}))
