"""Exercise 21.final: a plan that reaches the goal, by what its stored trainings reached."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

from ...checking import Case, Exercise, Slip
from ...checking.slips import read_table
from ...lab.stored import stored

GOAL = 0.75
PIECES = ("initializer", "loss", "rule", "schedule")
REACHED = "reaches the goal"

Row = dict[float, float]  # the mean validation accuracy at each rate


@functools.cache
def menu() -> dict[tuple[str, ...], Row]:
    """Return what each combination reached in the stored experiment, by rate."""
    return {
        tuple(row["plan"]): {
            lr: sum(runs) / len(runs)
            for lr, runs in zip(row["rates"], row["validation"], strict=True)
        }
        for row in stored("21_capstone")["menu"]
    }


def words_of(place: int) -> set[str]:
    """Return the words that may stand at a place of a plan."""
    return {plan[place] for plan in menu()}


def outcome(plan: Any) -> str:
    """Return what comes of a plan: REACHED, or in a few words what keeps it from the goal.

    A plan is four words and a rate. Its score is that of the nearest rate that was tried.
    """
    if not isinstance(plan, tuple | list) or len(plan) != len(PIECES) + 1:
        return "not four words and a rate"
    *words, lr = plan
    for place, (piece, word) in enumerate(zip(PIECES, words, strict=True)):
        if not isinstance(word, str) or word not in words_of(place):
            return f"unknown {piece}"
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
        return "no rate"
    row = menu()[tuple(words)]
    if not min(row) / 2 < lr < max(row) * 2:
        return "a rate that was not tried"
    if row[nearest(row, lr)] >= GOAL:
        return REACHED
    return _what_it_lacks(tuple(words), lr)


def nearest(row: Row, lr: float) -> float:
    """Return the rate of a row that is nearest to lr, by their ratio."""
    return min(row, key=lambda tried: abs(math.log(tried / lr)))


def _what_it_lacks(words: tuple[str, ...], lr: float) -> str:
    row = menu()[words]
    if max(row.values()) >= GOAL:
        best = max(row, key=row.get)
        return "rate too low" if lr < best else "rate too high"
    for place, piece in reversed(list(enumerate(PIECES))):
        for word in words_of(place):
            other = (*words[:place], word, *words[place + 1 :])
            if max(menu()[other].values()) >= GOAL:
                return f"needs another {piece}"
    return "needs two other words"


SLIPS = """
TABLE
"""


def _slips() -> Iterator[Slip]:
    """Yield a slip for each outcome: a plan that has it, and the sentence of the table."""
    for name, _, message in read_table(SLIPS):
        yield Slip(name, EXAMPLES[name], message)
