"""A recorded figure as a piece of a page: a frame that needs no kernel, no network and no library.

The frame holds the figure as SVG, as it is at first. That stands where no script runs; where one
does, it shows the controls and plays the record.
"""

import base64
import re
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.font_manager import findfont

from course_lib.figures import Choice, Play
from course_lib.figures.style import SCREEN_DPI, formatted
from live.ink import FONT
from live.pack import pack
from live.record import Record, coarser

HERE = Path(__file__).parent
LIMIT = 400_000  # bytes of a figure in a page
ROW = 36  # pixels, about the height of a control


def frame(found: Record, shown: Any) -> tuple[str, Record]:
    """Return a recorded figure as an `<iframe>`, and the record that is in it.

    Where that is too large, the longest slider gives up every second of its positions, until it is
    not.
    """
    while len((page := framed(document(found, shown), shown)).encode()) > LIMIT:
        found = coarser(found, shown.controls)
    return page, found


def document(record: Record, shown: Any) -> str:
    """Return the page in the frame."""
    controls, svg = shown.controls.items(), named(record.svg, shown.alt)
    rows = "\n".join(
        row(place, control, record.positions[name], record.first[place])
        for place, (name, control) in enumerate(controls)
    )
    values = [
        [words(control, value) for value in record.positions[name]] for name, control in controls
    ]
    packed = base64.b64encode(pack(record, values)).decode()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title(shown))}</title>\n"
        f"<style>\n{font(record.words)}\n{read('player.css')}</style></head>\n<body>\n"
        f"<form hidden>\n{rows}\n</form>\n"
        f'<div class="picture">\n{svg}</div>\n<div class="heard" role="status"></div>\n'
        f'<script type="text/plain" id="record">{packed}</script>\n'
        f"<script>\n{read('player.js')}</script>\n</body>\n</html>\n"
    )


def framed(page: str, shown: Any) -> str:
    """Return the frame around a page. It is as tall as that will be, about."""
    points = float(re.search(r'viewBox="\S+ \S+ \S+ ([^"]+)"', page)[1])
    tall = round(points * SCREEN_DPI / 72) + ROW * len(shown.controls) + 32
    look = f"width: 100%; height: {tall}px; border: 0; display: block"
    return (
        f'<iframe class="live-figure" title="{escape(title(shown))}" loading="lazy" '
        f'style="{look}" srcdoc="{escape(page)}"></iframe>'
    )


def title(shown: Any) -> str:
    """Return what a frame is called: by what can be moved in it."""
    return f"Interactive figure: {', '.join(c.label for c in shown.controls.values())}"


def row(place: int, control: Any, values: list[Any], first: int) -> str:
    """Return a control with its label: a list, or a slider whose value stands beside it."""
    name = f"control-{place}"
    label = f'<label for="{name}">{escape(control.label)}</label>'
    if isinstance(control, Choice):
        options = "".join(
            f"<option{' selected' if at == first else ''}>{escape(words(control, value))}</option>"
            for at, value in enumerate(values)
        )
        return f'{label}<select id="{name}" autocomplete="off">{options}</select><span></span>'
    play = ""
    if isinstance(control, Play):
        interval = control.interval * max(1, round((values[1] - values[0]) / control.step))
        play = (
            f'<button type="button" data-slider="{name}" data-interval="{interval}" '
            f'aria-label="Play or pause: {escape(control.label)}">Play</button>'
        )
    return (
        f'{label}<input type="range" id="{name}" min="0" max="{len(values) - 1}" value="{first}" '
        f'autocomplete="off"><span><output for="{name}"></output>{play}</span>'
    )


def words(control: Any, value: Any) -> str:
    """Return a value as a reader sees it: a number with as many digits as the slider's steps."""
    if isinstance(control, Choice):
        return str(value)
    digits = len(f"{control.step:.6f}".rstrip("0").partition(".")[2])
    return formatted(value, f".{digits}f")


def named(svg: str, alt: str) -> str:
    """Return SVG that is a picture with a name, for a screen reader, in place of its parts."""
    start = re.sub(r' (width|height)="[^"]*pt"', "", svg[: svg.index(">")])
    return f'{start} role="img" aria-label="{escape(alt)}"{svg[svg.index(">") :]}'


def font(texts: list[str]) -> str:
    """Return the letters of some words as a style sheet's font; nothing where there are no words.

    So words that change look as matplotlib draws them on every machine.
    """
    if not texts:
        return ""
    options = subset.Options(hinting=False, drop_tables=["FFTM", "GPOS", "GSUB", "GDEF", "MATH"])
    letters = TTFont(findfont(FONT), recalcTimestamp=False)  # the same bytes every time
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(texts))
    subsetter.subset(letters)
    letters.flavor = "woff"
    file = BytesIO()
    letters.save(file)
    source = base64.b64encode(file.getvalue()).decode()
    return f"@font-face {{ font-family: figure; src: url(data:font/woff;base64,{source}); }}"


def read(name: str) -> str:
    """Return a file that lies beside this one."""
    return (HERE / name).read_text("utf-8")
