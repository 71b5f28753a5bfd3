"""The first code cell of each lesson: what to install where the course's library is missing.

It stands folded before the first code of a lesson, does nothing where the library is there, and is
not shown on the site.
"""

from __future__ import annotations

from lesson import FOLDED, Cell, Lesson
from readme import repository

ID = "alone"
PLACEHOLDER = "/OWNER/"  # in an address that is not fixed yet
SOURCE = """\
INSTALL = ""  # Only where the course's library is missing: what to install.

import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_lib") is None:
    if not INSTALL:
        raise ModuleNotFoundError(
            "This lesson needs the course's library: write "
            "{what} "
            "between the quotes of INSTALL in this cell (a click opens it), and run it again."
        )
    subprocess.run([sys.executable, "-m", "pip", "install", INSTALL], check=True)
    importlib.invalidate_caches()"""


def what_to_install(address: str) -> str:
    """Return what pip is given: the public address, or words as long as there is none."""
    if PLACEHOLDER in address:
        return "the path of the course's folder, or of its wheel,"
    return f"git+{address}"


def source() -> str:
    """Return the source of the cell."""
    return SOURCE.format(what=what_to_install(repository()))


def add(lesson: Lesson) -> None:
    """Put the cell before the first code of a lesson, if the lesson uses the library."""
    places = [place for place, cell in enumerate(lesson.cells) if cell.kind == "code"]
    if any("course_lib" in lesson.cells[place].source for place in places):
        line = lesson.cells[places[0]].line
        lesson.cells.insert(places[0], Cell("code", line, source(), [FOLDED], id=ID))
