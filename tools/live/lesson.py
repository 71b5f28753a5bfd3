"""Find the interactive figures of a lesson: run its solved notebook, and keep what it shows.

The cells run as they stand, in order, up to the last one that calls `interact`. Only `interact` is
another: it keeps the figure's three parts, its controls and its words, and draws nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

import course_lib.figures
import course_lib.figures.interactive
import course_lib.figures.output


@dataclass(frozen=True)
class Shown:
    """An interactive figure as `interact` is given it, and the id of the cell that shows it."""

    cell: str
    compute: Callable[..., dict[str, Any]]
    start: Callable[[dict[str, Any]], tuple[Any, Any]]
    draw: Callable[[Any, dict[str, Any]], None]
    controls: Mapping[str, Any]
    alt: str
    caption: str


def figures(notebook: Path) -> list[Shown]:
    """Return the interactive figures of a solved notebook, in order.

    It changes this process for good, so it needs one of its own. RuntimeError names the cell that
    fails.
    """
    cells = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if is_code(cell)]
    codes = {cell["id"]: "".join(cell["source"]) for cell in cells}
    interactive = [name for name, code in codes.items() if "interact(" in code]
    shell, found, at = InteractiveShell.instance(), [], ""

    def interact(compute, start, draw, controls, *, alt, caption) -> None:
        found.append(Shown(at, compute, start, draw, controls, alt, caption))

    course_lib.figures.interact = interact
    course_lib.figures.show = lambda *_, **__: None  # drawing what stands still takes time
    course_lib.figures.output.display = lambda *_, **__: None
    for at, code in codes.items():
        if at not in interactive[-1:] and len(found) >= len(interactive):
            break
        done = shell.run_cell(code)
        if not done.success:
            raise RuntimeError(f"{notebook.name}, cell {at}: {done.error_in_exec!r}")
    return found


def is_code(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell of a notebook holds code."""
    return cell["cell_type"] == "code"
