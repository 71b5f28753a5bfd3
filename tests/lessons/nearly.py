"""Compare what a notebook stores and what it gave on another device: words exactly, numbers nearly.

A GPU adds in another order and rounds otherwise. So two numbers in the same place may differ by 2 %
of the larger one, or by two units of the last digit that is shown, whichever is more.
"""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
SHARE, UNITS = 0.02, 2
COMPARED = ("text/plain", "text/markdown")


def differences(stored: NotebookNode, found: NotebookNode) -> list[str]:
    """Return a line for each output that is not nearly the same; none where all are."""
    lines = []
    for number, (old, new) in enumerate(zip(stored.cells, found.cells, strict=True)):
        if old.cell_type != "code" or "nbval-ignore-output" in old.metadata.get("tags", []):
            continue
        before, after = list(_texts(old)), list(_texts(new))
        if len(before) != len(after):
            lines.append(f"cell {number}: {len(after)} outputs, {len(before)} are stored")
        for was, now in zip(before, after, strict=False):
            if not nearly(was, now):
                lines.append(f"cell {number}: {now!r} where {was!r} is stored")
    return lines


def nearly(was: str, now: str) -> bool:
    """Return whether two texts have the same words, and nearly the same numbers between them."""
    if NUMBER.split(was) != NUMBER.split(now):
        return False
    pairs = zip(NUMBER.findall(was), NUMBER.findall(now), strict=True)
    return all(_close(one, other) for one, other in pairs)


def _close(one: str, other: str) -> bool:
    a, b = float(one.replace(",", "")), float(other.replace(",", ""))
    unit = max(_last_digit(one), _last_digit(other))
    return abs(a - b) <= max(SHARE * max(a, b), UNITS * unit) * (1 + 1e-9)


def _last_digit(number: str) -> float:
    """Return what the last digit of a number counts: 0.01 for 3.14, 1 for 20, 1e-6 for 3.0e-5."""
    digits, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def _texts(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type in ("display_data", "execute_result"):
            yield from (output.data[kind] for kind in COMPARED if kind in output.data)
