"""Slips as edits: a wrong answer is the right code with a few letters changed.

A table has a block for each slip: its name, the edit, and under it the sentence for the learner.

    uphill: p - lr → p + lr
        The parameter goes uphill. A gradient points to where the cost rises.

`a → b` puts b for every a, `a ↔ b` exchanges them, and ` ; ` stands between two edits. Code
without an arrow takes the place of the whole body; a bare expression is what the function returns.
What is too long for one line follows under the name, behind bars:

    the slot never forgets:
        | m = beta * m + g → m = m + g
        | return p - lr * m, m → return p - lr * m, m.clone()
        Each old gradient counts for ever. What makes it fade?
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .edits import Edit, body, edited, made
from .model import Slip

NONE: Mapping[str, Any] = MappingProxyType({})
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def slips(table: str, of: Any = None, written: Mapping[str, Any] = NONE) -> tuple[Slip, ...]:
    """Return the slips of a table.

    of: the right function, whose body is edited.
    written: answers that no edit can make, by name; the table gives only their sentences.
    Raises ValueError for an edit that changes nothing, and for a name that only one side knows.
    """
    rows = read_table(table)
    if unknown := written.keys() - {name for name, *_ in rows}:
        raise ValueError(f"the table has no sentence for {sorted(unknown)}")
    return tuple(
        Slip(name, written[name], message)
        if name in written
        else _edited_slip(name, edits, message, of)
        for name, edits, message in rows
    )


def wraps(table: str, of: Callable[..., Any], around: Mapping[str, Wrap]) -> tuple[Slip, ...]:
    """Return the slips of a table without edits, each a function put around the right one.

    around: by name, a function that takes the right function and returns the wrong one.
    """
    own = made(of, body(of))  # a copy, since an answer must not call the reference
    return tuple(
        Slip(name, around[name](own), message, wrap=around[name])
        for name, _, message in read_table(table)
    )


def both(first: Slip, second: Slip, of: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return a function that makes two slips at once; None where they cannot be put together."""
    if not all(slip.edits or slip.wrap for slip in (first, second)):
        return None
    edited_ones = {slip.of for slip in (first, second)} - {None}
    if len(edited_ones) > 1:
        return None
    right = edited_ones.pop() if edited_ones else of
    fn = _edited_in_some_order(right, first.edits, second.edits)
    if fn is None:
        return None
    for slip in (first, second):
        fn = slip.wrap(fn) if slip.wrap else fn
    return fn


def _edited_in_some_order(
    of: Callable[..., Any], first: tuple[Edit, ...], second: tuple[Edit, ...]
) -> Callable[..., Any] | None:
    for edits in ((*first, *second), (*second, *first)):
        try:
            return made(of, edited(body(of), edits))
        except ValueError:
            continue
    return None


def read_table(table: str) -> list[tuple[str, tuple[Edit, ...], str]]:
    """Return name, edits and sentence of each block of a table."""
    found: list[tuple[str, list[str], list[str]]] = []
    for line in textwrap.dedent(table).strip().splitlines():
        if not line.startswith(" "):
            name, _, code = line.partition(":")
            found.append((name.strip(), [code.strip()] if code.strip() else [], []))
        elif line.startswith("    |"):
            found[-1][1].append(line[6:])
        else:
            found[-1][2].append(line.strip())
    return [(name, _edits(code), " ".join(words)) for name, code, words in found]


def _edits(lines: list[str]) -> tuple[Edit, ...]:
    if not lines:
        return ()
    if not any(arrow in line for line in lines for arrow in "→↔"):
        return (Edit("", _as_body("\n".join(lines))),)
    return tuple(_edit(part) for line in lines for part in line.split(" ; "))


def _edit(text: str) -> Edit:
    swapped = "↔" in text
    old, _, new = text.partition("↔" if swapped else "→")
    return Edit(old.strip(), new.strip(), swapped)


def _as_body(code: str) -> str:
    """Return code as the body of a function; an expression is returned."""
    try:
        ast.parse(code, mode="eval")
    except SyntaxError:
        return code
    return f"return {code}"


def _edited_slip(name: str, edits: tuple[Edit, ...], message: str, of: Any) -> Slip:
    if not edits:
        raise ValueError(f"slip {name!r} has no edit, and no answer is written for it")
    try:
        return Slip(name, made(of, edited(body(of), edits)), message, edits, of=of)
    except ValueError as error:
        raise ValueError(f"slip {name!r}: {error}") from None
