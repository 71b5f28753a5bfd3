"""Tables in markdown: a notebook shows them as tables, a screen reader reads them by cell."""

import re
from collections.abc import Iterable, Mapping, Sequence

from course_lib.figures.style import formatted

LONE_BAR = re.compile(r"(?<!\\)\|")


def table(columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a table in markdown: `say(table({"rule": "", "accuracy": ".1%"}, rows))`.

    columns: under each header how its numbers are written, as Python's format does: ".2f", "+.1f",
    ".1%", "d", "g". "" is for words, which stand left; everything else stands right. ">" is for
    words that stand right. rows: a cell for each column: a number, a tensor of one number, or
    words, which stay as they are in any column. A minus sign is a true one, and 0 has none.
    Raises ValueError for a header without words, of which a screen reader could not say what the
    column holds, and for a row with too few cells or too many.

    >>> print(table({"rule": "", "off by": ".1f"}, [["Adam", -0.26], ["a | b", "nothing"]]))
    | rule | off by |
    |---|---:|
    | Adam | −0.3 |
    | a \| b | nothing |
    """
    for header in columns:
        if not header.strip():
            raise ValueError("a header is empty; it must say what its column holds")
    below = "".join("---:|" if spec else "---|" for spec in columns.values())
    lines = [_line(columns), f"|{below}"]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row has {len(row)} cells; there are {len(columns)} columns")
        pairs = zip(row, columns.values(), strict=True)
        lines.append(_line(_words(cell, spec) for cell, spec in pairs))
    return "\n".join(lines)


def _words(cell: object, spec: str) -> str:
    return cell if isinstance(cell, str) else formatted(cell, spec)


def _line(cells: Iterable[str]) -> str:
    words = (LONE_BAR.sub(r"\\|", " ".join(cell.split())) for cell in cells)
    return f"| {' | '.join(words)} |"
