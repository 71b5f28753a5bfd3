"""Figures that answer to a slider, in three parts that can be read and tested apart.

    compute(**params) -> dict of arrays     what the figure shows; no plotting
    start(arrays) -> (figure, artists)      draws everything once
    draw(artists, arrays)                   changes what is drawn; draws nothing anew

`interact` wires them to sliders: one move computes, draws and replaces one picture.
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from course_lib.figures.frame import Frame, pixels
from course_lib.figures.output import image_metadata, inspect, png, say
from course_lib.figures.style import SCREEN_DPI

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high` in steps of `step`, at `value` to begin with."""

    label: str
    low: float
    high: float
    step: float
    value: float

    def widget(self) -> ipywidgets.Widget:
        """Return a slider, over whole numbers where all four numbers are whole."""
        whole = all(isinstance(n, int) for n in (self.low, self.high, self.step, self.value))
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        return kind(
            value=self.value,
            min=self.low,
            max=self.high,
            step=self.step,
            description=self.label,
            style={"description_width": "9em"},
            layout={"width": "30em", "max_width": "98%"},
        )


@dataclass(frozen=True)
class Play(Slider):
    """A slider over whole numbers with buttons that move it, a step each `interval` milliseconds.

    Where a picture takes longer, the next one is drawn for where the slider is then.
    """

    interval: int = 100

    def buttons(self, slider: ipywidgets.Widget) -> ipywidgets.Widget:
        """Return play, pause, stop and repeat for its slider. The link lives in the browser."""
        play = ipywidgets.Play(
            value=self.value, min=self.low, max=self.high, step=self.step, interval=self.interval
        )
        ipywidgets.jslink((play, "value"), (slider, "value"))
        return play


@dataclass(frozen=True)
class Choice:
    """One of `options`, `value` to begin with."""

    label: str
    options: tuple[Any, ...]
    value: Any

    def widget(self) -> ipywidgets.Widget:
        """Return a drop-down list."""
        return ipywidgets.Dropdown(
            options=self.options,
            value=self.value,
            description=self.label,
            style={"description_width": "9em"},
            layout={"width": "30em", "max_width": "98%"},
        )


class Interactive:
    """A figure with its present parameters. It displays nothing by itself.

    `arrays` is what the figure shows now. `set(name=value)` moves to other parameters.
    """

    def __init__(
        self,
        compute: Callable[..., Arrays],
        start: Callable[[Arrays], tuple[Figure, Any]],
        draw: Callable[[Any, Arrays], None],
        controls: Mapping[str, Slider | Choice],
    ):
        self._compute, self._draw, self._controls = compute, draw, dict(controls)
        self.params = {name: control.value for name, control in controls.items()}
        self.arrays = compute(**self.params)
        self.figure, self._artists = start(self.arrays)
        self.figure.draw_without_rendering()  # the layout is found once and then kept
        self.figure.set_layout_engine("none")
        self._frame = Frame(self.figure)
        draw(self._artists, self.arrays)

    def set(self, **changed: Any) -> None:
        """Move to other parameters. Raises ValueError for a name that has no control."""
        unknown = changed.keys() - self.params.keys()
        if unknown:
            raise ValueError(f"no control is named {min(unknown)!r}; there are {list(self.params)}")
        self.params |= changed
        self.arrays = self._compute(**self.params)
        self._draw(self._artists, self.arrays)

    def png(self) -> bytes:
        """Return the picture as it is now, compressed little, for speed."""
        return png(self._frame.pixels(), fast=True)

    def html(self, alt: str) -> str:
        """Return the picture as an HTML image with its alt text, as wide as a figure is shown."""
        width, height = (round(SCREEN_DPI * inches) for inches in self.figure.get_size_inches())
        source = base64.b64encode(self.png()).decode()
        return (
            f'<img alt="{escape(alt)}" width="{width}" height="{height}" '
            f'style="max-width: 100%; height: auto" src="data:image/png;base64,{source}">'
        )

    def widget(self, alt: str) -> ipywidgets.Widget:
        """Return the controls with the picture under them. A moved control sets a new picture."""
        sliders = {name: control.widget() for name, control in self._controls.items()}
        picture = ipywidgets.HTML(self.html(alt))

        def move(_change: Any) -> None:
            self.set(**{name: slider.value for name, slider in sliders.items()})
            picture.value = self.html(alt)

        for slider in sliders.values():
            slider.observe(move, names="value")
        rows = [_row(control, sliders[name]) for name, control in self._controls.items()]
        return ipywidgets.VBox([*rows, picture])


def _row(control: Slider | Choice, slider: ipywidgets.Widget) -> ipywidgets.Widget:
    if isinstance(control, Play):
        return ipywidgets.HBox([slider, control.buttons(slider)])
    return slider


def interact(
    compute: Callable[..., Arrays],
    start: Callable[[Arrays], tuple[Figure, Any]],
    draw: Callable[[Any, Arrays], None],
    controls: Mapping[str, Slider | Choice],
    *,
    alt: str,
    caption: str,
) -> None:
    """Show an interactive figure and its caption. Without a kernel its first picture stands.

    `compute` takes the parameters that `controls` names. See the top of this module for the rest.
    When nbgrader runs the notebook, there is nobody to move a slider: the picture stands alone.
    Raises ValueError as `show` does.
    """
    interactive = Interactive(compute, start, draw, controls)
    inspect(interactive.figure, alt, caption)
    bundle: dict[str, Any] = {
        "image/png": base64.b64encode(png(pixels(interactive.figure))).decode(),
        "text/plain": alt,
    }
    if "NBGRADER_EXECUTION" not in os.environ:
        bundle["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": interactive.widget(alt).model_id,
        }
    metadata = {"image/png": image_metadata(interactive.figure, alt)}
    display(bundle, raw=True, metadata=metadata)
    say(caption, style="*")
