"""What matplotlib draws, as numbers: a renderer that keeps marks in place of pixels.

A mark is one line, one set of markers, one line of words or one image. Its look (colours, widths,
clip) is apart from its numbers, which are whole fifths of a point, counted from the upper left.

    line      n, x (n), y (n)                   BREAK in x ends a piece; y is then 1 if it is closed
    markers   n, x (n), y (n)                   the look holds the outline
    words     word, x, y                        where they begin, on the baseline
    image     rows, columns, x, y, width, height, cells (rows · columns)   the look: colours
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex, to_rgba
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.transforms import Bbox, Transform

FIFTHS = 5  # of a point: rounded, a number is off by a seventh of a pixel of the screen at most
FARTHEST = 3200  # points from the corner: fifths must fit 16 bits
WINDOW = Bbox([[-800, -800], [1600, 1600]])  # what lies farther is cut off along its edge
BREAK = -32768
FONT = "DejaVu Sans"


@dataclass(frozen=True)
class Mark:
    """A mark: its look, which can be a key of a dict, its numbers, and its words if it has any."""

    look: tuple
    numbers: np.ndarray
    words: str = ""


class Ink(RendererBase):
    """Keeps what is drawn. Sizes are in points, as in matplotlib's SVG: the figure has 72 dpi."""

    def __init__(self, width: float, height: float):
        super().__init__()
        self._size, self._marks = (width, height), []

    def marks(self, artist: Artist) -> list[Mark]:
        """Draw an artist and return its marks; none where it is not visible."""
        self._marks = []
        if isinstance(artist, AxesImage):
            self._draw_cells(artist)
        else:
            artist.draw(self)
        return self._marks

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return the size in points."""
        return self._size

    def draw_path(self, gc, path: Path, transform: Transform, rgbFace=None) -> None:
        """Keep a line or a filled shape of straight pieces."""
        look = ("line", self._clip(gc), style(gc, rgbFace))
        self._marks.append(Mark(look, self._pieces(path, transform, rgbFace is not None)))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:
        """Keep where markers stand, and their outline."""
        places = trans.transform(path.vertices)
        places = places[(np.abs(places) < FARTHEST).all(axis=1)]
        look = ("markers", self._clip(gc), style(gc, rgbFace), outline(marker_path, marker_trans))
        self._marks.append(Mark(look, np.concatenate([[len(places)], self._flat(places)])))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        """Keep a line of words, and each letter of a formula for itself."""
        if not ismath and prop.get_name() == FONT:
            self._write(gc, s, prop.get_size_in_points(), x, y, angle)
            return
        formula = self._text2path.mathtext_parser.parse(s, 72, prop)
        for font, size, code, *_, right, up in formula.glyphs:
            plain = font.family_name == FONT and not angle and not formula.rects
            self._write(gc, chr(code), size, x + right, y - up, angle, "words" if plain else "odd")

    def _write(self, gc, words: str, size: float, x, y, angle: float, kind: str = "words") -> None:
        """Keep words. Of kind "odd" is what a page cannot write: other fonts, fractions."""
        look = (kind, self._clip(gc), f"font-size:{size:g}px;fill:{to_hex(gc.get_rgb())}", -angle)
        self._marks.append(Mark(look, fifths(np.array([x, y])), words))

    def _draw_cells(self, image: AxesImage) -> None:
        """Keep an image as the numbers of its cells among the colours of its map."""
        if not image.get_visible():
            return
        cells = (np.asarray(image.norm(image.get_array())) * (SHADES - 1)).clip(0, SHADES - 1)
        left, right, bottom, top = image.get_extent()
        corners = image.get_transform().transform([[left, top], [right, bottom]])
        (x, y), (x_end, y_end) = self._down(corners)
        gc = self.new_gc()
        image._set_gc_clip(gc)
        shades = (image.cmap(np.linspace(0, 1, SHADES))[:, :3] * 255).round().astype(int)
        colours = "".join(f"{r:02x}{g:02x}{b:02x}" for r, g, b in shades)
        look = ("image", self._clip(gc), "image-rendering:pixelated", colours)
        place = fifths(np.array([min(x, x_end), min(y, y_end), abs(x_end - x), abs(y_end - y)]))
        cells = np.rint(cells)[:: -1 if y_end < y else 1, :: -1 if x_end < x else 1]
        numbers = np.concatenate([cells.shape, place, cells.ravel()])
        self._marks.append(Mark(look, numbers.astype(np.int16)))
        image.stale = False

    def _pieces(self, path: Path, transform: Transform, filled: bool) -> np.ndarray:
        """Return the numbers of a line. What is far outside is cut off; ValueError for a curve."""
        path = straight(path, transform, filled)
        points = fifths(self._down(path.vertices))
        if path.codes is not None:
            points = with_breaks(points, path.codes)
        return np.concatenate([np.array([len(points)], np.int16), points.T.ravel()])

    def _flat(self, points: np.ndarray) -> np.ndarray:
        return fifths(self._down(points)).T.ravel()

    def _down(self, points: np.ndarray) -> np.ndarray:
        """Return points counted downwards from the upper edge."""
        return np.column_stack([points[:, 0], self._size[1] - points[:, 1]])

    def _clip(self, gc: GraphicsContextBase) -> tuple[float, ...]:
        """Return what can be seen of a mark: x, y, width, height; () where nothing is cut off."""
        if (box := gc.get_clip_rectangle()) is None:
            return ()
        return tuple(round(float(n), 2) for n in (box.x0, self._size[1] - box.y1, *box.size))


SHADES = 256  # of an image's map of colours


def fifths(points: np.ndarray) -> np.ndarray:
    """Return points as whole fifths."""
    return np.rint(points * FIFTHS).astype(np.int16)


def straight(path: Path, transform: Transform, filled: bool) -> Path:
    """Return a path on the screen, without what is not finite or too far away to be seen.

    Of a long line, what matplotlib leaves out on a screen is left out, so that a browser has less
    to paint: what is left runs within about a ninth of a point of it.
    """
    points = transform.transform(path.vertices)
    seen = np.isfinite(points).all() and np.abs(points).max(initial=0) < FARTHEST
    if seen and path.should_simplify and not filled:
        return path.cleaned(transform, simplify=True)
    if seen:
        return Path(points, path.codes)
    if filled:
        return Path(points, path.codes).clip_to_bbox(WINDOW)
    return path.cleaned(transform, remove_nans=True, clip=WINDOW.extents, simplify=False)


def with_breaks(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return points `(n, 2)` with a row of BREAK after each piece but an open last one.

    ValueError for a curve.
    """
    if not np.isin(codes, [Path.MOVETO, Path.LINETO, Path.CLOSEPOLY, Path.STOP]).all():
        raise ValueError("a curve moves; only straight lines can be recorded")
    points, codes = points[codes != Path.STOP].copy(), codes[codes != Path.STOP]
    closed = codes == Path.CLOSEPOLY
    points[closed] = BREAK, 1
    begins = np.flatnonzero((codes == Path.MOVETO)[1:] & ~closed[:-1]) + 1
    return np.insert(points, begins, [BREAK, 0], axis=0)


def style(gc: GraphicsContextBase, face) -> str:
    """Return colours, width, dashes and ends of a line in the words of SVG."""
    words = {"fill": "none" if face is None else to_hex(face[:3])}
    if face is not None:
        alpha = gc.get_alpha() if gc.get_forced_alpha() else to_rgba(face)[3]
        words |= opacity("fill", alpha)
    if width := gc.get_linewidth():
        words |= {"stroke": to_hex(gc.get_rgb()[:3]), "stroke-width": f"{width:g}"}
        words |= opacity("stroke", gc.get_rgb()[3])
        words["stroke-linejoin"] = gc.get_joinstyle()
        words["stroke-linecap"] = {"projecting": "square"}.get(gc.get_capstyle(), gc.get_capstyle())
    offset, dashes = gc.get_dashes()
    if dashes is not None:
        words["stroke-dasharray"] = ",".join(f"{n:g}" for n in dashes)
        words["stroke-dashoffset"] = f"{offset:g}"
    return ";".join(f"{name}:{value}" for name, value in words.items())


def opacity(of: str, alpha: float) -> dict[str, str]:
    """Return how far one sees through what is filled or stroked; nothing where one does not."""
    return {} if alpha == 1 else {f"{of}-opacity": f"{alpha:g}"}


def outline(path: Path, transform: Transform) -> str:
    """Return a marker's outline around (0, 0) in the words of SVG."""
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    pieces = []
    for points, code in path.iter_segments(transform, simplify=False):
        if code == Path.CLOSEPOLY:
            pieces.append("Z")
        else:
            numbers = (points.reshape(-1, 2) * [1, -1]).ravel()
            pieces.append(letters[code] + " ".join(f"{n + 0:.2f}" for n in numbers))
    return "".join(pieces)
