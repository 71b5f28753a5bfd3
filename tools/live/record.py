"""Record an interactive figure: what `draw` draws in each state of its controls, and nothing else.

A state is a choice of one position for each control. A part is an artist that changes from state to
state; a pose is what it looks like in some of them. Each pose is kept once.
"""

import io
import itertools
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from course_lib.figures import Choice, Interactive
from live.ink import Ink, Mark

STATES = 3000
FEWEST = 4  # positions of a slider that gives up no more
AGAIN = 20  # states that are looked at twice
Positions = dict[str, list[Any]]
Looks = dict[Artist, tuple]


@dataclass
class Part:
    """An artist that changes. Pose `index[s]` belongs to state s; a pose begins with its look."""

    looks: dict[tuple, int] = field(default_factory=dict)
    poses: dict[bytes, int] = field(default_factory=dict)
    index: list[int] = field(default_factory=list)

    def add(self, marks: list[Mark], words: dict[str, int]) -> None:
        """Note what the part looks like in the next state."""
        self.index.append(self.poses.setdefault(self.pose(marks, words), len(self.poses)))

    def pose(self, marks: list[Mark], words: dict[str, int]) -> bytes:
        """Return marks as a pose. `looks` and `words` grow by those that are new."""
        look = self.looks.setdefault(tuple(mark.look for mark in marks), len(self.looks))
        numbers = [np.array([look], np.int16)]
        for mark in marks:
            if mark.words:
                numbers.append(np.array([words.setdefault(mark.words, len(words))], np.int16))
            numbers.append(mark.numbers)
        return np.concatenate(numbers).astype(np.int16).tobytes()

    def again(self) -> None:
        """Note that the part looks as in the state before."""
        self.index.append(self.index[-1])

    def of(self, states: list[int]) -> "Part":
        """Return the part as it is in some of the states, with the poses that these need."""
        poses, found = list(self.poses), Part(looks=self.looks)
        for state in states:
            pose = poses[self.index[state]]
            found.index.append(found.poses.setdefault(pose, len(found.poses)))
        return found

    def arrays(self) -> list[np.ndarray]:
        """Return the poses, int16."""
        return [np.frombuffer(pose, np.int16) for pose in self.poses]


@dataclass
class Record:
    """What a page needs to play a figure. `svg` has an empty place for each of `parts`."""

    positions: Positions
    first: tuple[int, ...]  # the position of each control to begin with
    parts: list[Part]
    words: list[str]
    svg: str


def positions(control: Any) -> list[Any]:
    """Return all values that a control can have, in order."""
    if isinstance(control, Choice):
        return list(control.options)
    numbers = (control.low, control.high, control.step)
    count = int((control.high - control.low) / control.step + 1e-6) + 1
    values = [round(control.low + control.step * place, 10) for place in range(count)]
    return [int(v) for v in values] if all(isinstance(n, int) for n in numbers) else values


def thinned(controls: Mapping[str, Any], most: int, of: Positions | None = None) -> Positions:
    """Return the positions to record: all, or every second, fourth … of the longest sliders.

    What a slider begins with and both of its ends stay. of: the positions to choose from.
    ValueError where a slider would be left with hardly any.
    """
    found = dict(of) if of else {name: positions(control) for name, control in controls.items()}
    while np.prod([len(values) for values in found.values()]) > most:
        sliders = [name for name in found if not isinstance(controls[name], Choice)]
        longest = max(sliders, key=lambda name: len(found[name]))
        if len(found[longest]) <= FEWEST:
            raise ValueError(f"there is no way to choose {most} states: the lists are too long")
        found[longest] = every_second(found[longest], controls[longest].value)
    return found


def every_second(values: list[Any], kept: Any) -> list[Any]:
    """Return every second of a slider's values, `kept` and both ends among them."""
    at = nearest(values, kept)
    last = len(values) - 1
    return [v for i, v in enumerate(values) if (i - at) % 2 == 0 or i in (0, last)]


def nearest(values: list[Any], value: Any) -> int:
    """Return the place of a value, up to rounding."""
    if value in values:
        return values.index(value)
    return int(np.argmin([abs(v - value) for v in values]))


def record(shown: Any, most: int = STATES) -> Record:
    """Record a figure, given as its `compute`, `start`, `draw` and `controls`.

    ValueError where something moves that cannot be played: a curve, another font. RuntimeError
    where a state cannot be told from what was recorded of it.
    """
    chosen = thinned(shown.controls, most)
    first = tuple(nearest(chosen[name], control.value) for name, control in shown.controls.items())
    begin = {name: values[at] for (name, values), at in zip(chosen.items(), first, strict=True)}
    interactive = Interactive(shown.compute, shown.start, shown.draw, shown.controls)
    fig = interactive.figure
    fig.set_dpi(72)
    parts, words = watch(interactive, chosen)
    look_again(interactive, chosen, parts, words)
    interactive.set(**begin)
    moving = {artist: part for artist, part in parts.items() if len(part.poses) > 1}
    for part in moving.values():
        if any(mark[0] == "odd" for look in part.looks for mark in look):
            raise ValueError("words move that a page cannot write: another font, or a fraction")
    return Record(chosen, first, list(moving.values()), list(words), still(fig, list(moving)))


def coarser(found: Record, controls: Mapping[str, Any]) -> Record:
    """Return a record of about half as many states: every second of the longest slider."""
    most = int(np.prod([len(values) for values in found.positions.values()])) - 1
    chosen = thinned(controls, most, found.positions)
    every = itertools.product(*found.positions.values())
    kept = [place for place, state in enumerate(every) if is_in(state, chosen)]
    first = tuple(
        chosen[name].index(values[at])
        for (name, values), at in zip(found.positions.items(), found.first, strict=True)
    )
    return Record(chosen, first, [part.of(kept) for part in found.parts], found.words, found.svg)


def is_in(state: tuple, chosen: Positions) -> bool:
    """Tell whether each value of a state is among those chosen for its control."""
    return all(value in values for value, values in zip(state, chosen.values(), strict=True))


def watch(interactive: Interactive, chosen: Positions) -> tuple[dict[Artist, Part], dict[str, int]]:
    """Move through all states; return each artist with its poses, and all words."""
    fig = interactive.figure
    ink = Ink(*(72 * fig.get_size_inches()))
    parts = {artist: Part() for artist in leaves(fig)}
    words: dict[str, int] = {}
    looked: Looks = {}
    for state in itertools.product(*chosen.values()):
        interactive.set(**dict(zip(chosen, state, strict=True)))
        before, looked = looked, {axis: looks(axis) for axis in axes_of(fig)}
        for artist, part in parts.items():
            if is_drawn_again(artist, before, looked):
                part.add(ink.marks(artist), words)
            else:
                part.again()
    return parts, words


def look_again(
    interactive: Interactive, chosen: Positions, parts: dict[Artist, Part], words: dict[str, int]
) -> None:
    """Draw every artist in some states, taken at random, and compare with what was recorded.

    RuntimeError where an artist changes although matplotlib does not say so, or where a state is
    drawn in another way when it comes after another one.
    """
    ink = Ink(*(72 * interactive.figure.get_size_inches()))
    states = list(itertools.product(*chosen.values()))
    poses = {artist: list(part.poses) for artist, part in parts.items()}
    for state in random.Random(0).sample(range(len(states)), min(AGAIN, len(states))):
        interactive.set(**dict(zip(chosen, states[state], strict=True)))
        for artist, part in parts.items():
            if part.pose(ink.marks(artist), words) != poses[artist][part.index[state]]:
                raise RuntimeError(f"{artist} has another pose when {states[state]} comes again")


def leaves(fig: Figure) -> Iterator[Artist]:
    """Yield what a figure is made of: what is drawn on its axes, their axes and frames, words."""
    for axes in fig.axes:
        yield from (a for a in axes.get_children() if axes.axison or a not in frame(axes))
    yield from (child for child in fig.get_children() if child not in fig.axes)


def frame(axes: Axes) -> list[Artist]:
    """Return what `set_axis_off` hides."""
    return [axes.xaxis, axes.yaxis, axes.patch, *axes.spines.values()]


def axes_of(fig: Figure) -> Iterator[Axis]:
    """Yield all x axes and y axes."""
    for axes in fig.axes:
        yield from (axes.xaxis, axes.yaxis)


def looks(axis: Axis) -> tuple:
    """Return what the look of an axis depends on, and the places of all that is drawn along it."""
    words = axis.get_visible(), axis.get_scale(), axis.get_label_text()
    ticks = axis.get_major_locator(), axis.get_major_formatter()
    return *axis.get_view_interval(), *axis.axes.bbox.bounds, *words, *ticks


def is_drawn_again(artist: Artist, before: Looks, now: Looks) -> bool:
    """Tell whether an artist may look different now. matplotlib marks as stale what was changed."""
    if artist in now:  # setting limits marks an axis as stale even where they are the old ones
        return before.get(artist) != now[artist]
    axes = artist.axes
    along = (axes.xaxis, axes.yaxis) if axes else ()
    return not before or artist.stale or any(before[axis] != now[axis] for axis in along)


def still(fig: Figure, moving: list[Artist]) -> str:
    """Return the figure as SVG, with each moving artist in a group: `<g id="part-0">` and so on."""
    for place, artist in enumerate(moving):
        artist.draw = grouped(artist.draw, f"part-{place}")
    file = io.StringIO()
    with rc_context({"svg.hashsalt": "figure", "image.composite_image": False}):
        fig.savefig(file, format="svg", metadata={"Date": None})
    for artist in moving:
        del artist.draw
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = definitions_first(text)
    text = re.sub(r' d="[^"]*"', hundredths, text)
    return re.sub(r"\s*\n\s*", "\n", text)


def definitions_first(svg: str) -> str:
    """Return SVG with its letters and markers defined at the top.

    matplotlib defines them where they are first used, which may be in a group that will be emptied.
    """
    definitions = re.findall(r"<defs>.*?</defs>", svg, flags=re.DOTALL)
    rest = re.sub(r"<defs>.*?</defs>", "", svg, flags=re.DOTALL)
    start, _, rest = rest.partition(">")
    return f"{start}>{''.join(definitions)}{rest}"


def hundredths(path: re.Match) -> str:
    """Return the words of a path with hundredths of a point, cut off there."""
    return re.sub(r"(\.\d\d)\d+", r"\1", path[0])


def grouped(draw: Any, name: str) -> Any:
    """Return `draw`, with a group around what it draws."""

    def draw_in_group(renderer: Any) -> None:
        renderer.open_group("part", gid=name)
        draw(renderer)
        renderer.close_group("part")

    return draw_in_group
