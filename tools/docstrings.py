"""A Sphinx extension that renders the course's docstrings, which are plain text with few marks.

`code` stands in backticks, lines such as `lr: the learning rate` are a list, what is indented is
shown as it stands, and so are doctests. Everything else is words: a `*` is a star.
"""

from __future__ import annotations

import re
from typing import Any

ITEM = re.compile(r"([\w*][\w*, ]*): ")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", _replace)
    return {"parallel_read_safe": True}


def _replace(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list) -> None:
    lines[:] = as_rst("\n".join(lines)).split("\n")


def as_rst(docstring: str) -> str:
    """Return a docstring, its lines as far left as they go, as reStructuredText."""
    blocks = re.split(r"\n\s*\n", docstring.strip("\n"))
    return "\n\n".join(_block(block.split("\n")) for block in blocks) + "\n"


def _block(lines: list[str]) -> str:
    """Return one paragraph as reStructuredText."""
    if lines[0].startswith(">>>"):
        return "\n".join(lines)
    if all(line.startswith(" ") for line in lines):
        return "\n".join(["::", "", *(f"    {line}" for line in lines)])
    if len(lines) > 1 and all(ITEM.match(line) or line.startswith(" ") for line in lines):
        return "\n".join(_item(line) for line in lines)
    if all(line.startswith(("- ", "  ")) for line in lines):
        return "\n".join(line[:2] + words(line[2:]) for line in lines)
    return "\n".join(words(line.strip()) for line in lines)


def _item(line: str) -> str:
    """Return `name: what it is` as an item of a list; a line that goes on with it stays below."""
    if match := ITEM.match(line):
        return f"- ``{match[1]}``: {words(line[match.end() :])}"
    return f"  {words(line.strip())}"


def words(line: str) -> str:
    """Return a line in which only what stands in backticks is marked."""
    parts = line.split("`")
    marked = (f"``{part}``" if n % 2 else escaped(part) for n, part in enumerate(parts))
    return "".join(marked) if len(parts) % 2 else escaped(line)


def escaped(text: str) -> str:
    """Return text in which no character means anything to reStructuredText."""
    return re.sub(r"([\\*_|`])", r"\\\1", text)
