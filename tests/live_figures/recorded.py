"""The interactive figures of the lessons, as the site has them."""

import json
import re
from pathlib import Path

import live

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "solutions").glob("*.ipynb"))}
# What a part of a figure looks like, for all parts.
SHOWN_NOW = (
    "() => [...document.querySelectorAll('g[id^=part-]')].map(part => part.innerHTML).join()"
)
# The position of the control in focus, and its last one.
PLACE = """() => {
    const control = document.activeElement;
    return control.type === 'range' ? [Number(control.value), Number(control.max)]
        : [control.selectedIndex, control.length - 1];
}"""


def cells(notebook):
    """Return the ids of the cells that show an interactive figure."""
    return [
        cell["id"]
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code" and re.search(r"^interact\(", "".join(cell["source"]), re.M)
    ]


INTERACTIVE = [name for name, notebook in NOTEBOOKS.items() if cells(notebook)]


def figures(lesson):
    """Return what is recorded of a lesson's figures; from `build/live` where it is there."""
    return live.figures(NOTEBOOKS[lesson], ROOT / "build" / "live")
