"""Exercise 21.final: a plan that reaches the goal, by what its stored trainings reached."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

from ...checking import Case, Exercise, Slip
from ...checking.slips import read_table
from ...lab.stored import stored

GOAL = 0.87
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
            return "another order" if _in_another_order(plan) else f"unknown {piece}"
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
        return "no rate"
    row = menu()[tuple(words)]
    if not min(row) / 2 < lr < max(row) * 2:
        return "a rate that was not tried"
    if row[nearest(row, lr)] >= GOAL:
        return REACHED
    return _what_it_lacks(tuple(words), lr)


def _in_another_order(plan: tuple | list) -> bool:
    """Return whether a plan that is not in order has a word of each piece."""
    words = {word for word in plan if isinstance(word, str)}
    places = range(len(PIECES))
    return len(words) == len(PIECES) and all(words & words_of(place) for place in places)


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
not four words and a rate
    A plan is five things in brackets, in the order of the table: four words and a number.
another order
    Each word is one of the table, but not at its place. The order is that of the table:
    initializer, loss, rule, schedule, and the rate last.
unknown initializer
    The first of the five is none of the initializers. Write the word as it stands in the table.
unknown loss
    The second of the five is none of the losses. Write the word as it stands in the table.
unknown rule
    The third of the five is none of the rules. Write the word as it stands in the table.
unknown schedule
    The fourth of the five is none of the schedules. Write the word as it stands in the table.
no rate
    The last of the five is no rate: a plain number above 0 is asked for, without quotes.
a rate that was not tried
    Your four words were never trained near this rate, so nothing is known of it. Set the figure to
    your words: which rates were tried?
rate too low
    Your four words can reach the goal, at a higher rate. Set the figure to them: on which side of
    the hill do you stand?
rate too high
    Your four words can reach the goal, at a lower rate. Set the figure to them: on which side of
    the hill do you stand?
needs another schedule
    At no rate that was tried do these words reach the goal. Another schedule, with a rate of its
    own, is enough: the hill moves when the schedule changes.
needs another rule
    At no rate that was tried do these words reach the goal, and the schedule alone does not mend
    it. Another rule, with a rate of its own, is enough.
needs another loss
    At no rate that was tried do these words reach the goal, and neither rule nor schedule alone
    mends it. Another loss, with a rate of its own, is enough.
needs another initializer
    At no rate that was tried do these words reach the goal, and no change of rule, schedule or loss
    alone mends it. Where do the weights start?
needs two other words
    At no rate that was tried do these words reach the goal, and no change of a single word is
    enough. Begin in the figure with the word that moves the hill most.
"""

EXAMPLES = {
    "not four words and a rate": ("he", "cross_entropy", "gd", 0.1),
    "another order": ("cross_entropy", "he", "gd", "constant", 0.1),
    "unknown initializer": ("glorot", "cross_entropy", "gd", "constant", 0.1),
    "unknown loss": ("he", "mse", "gd", "constant", 0.1),
    "unknown rule": ("he", "cross_entropy", "adam", "constant", 0.1),
    "unknown schedule": ("he", "cross_entropy", "gd", "cosine", 0.1),
    "no rate": ("he", "cross_entropy", "gd", "constant", "0.1"),
    "a rate that was not tried": ("he", "cross_entropy", "gd", "constant", 100.0),
    "needs another schedule": ("he", "cross_entropy", "gd", "constant", 0.65),
    "needs another rule": ("small", "cross_entropy", "gd", "warmup_cosine", 2.0),
    "needs another loss": ("small", "brier", "adamw", "warmup_cosine", 0.05),
    "needs another initializer": ("small", "brier", "adamw", "constant", 0.015),
    "needs two other words": ("small", "brier", "gd", "constant", 3.0),
    "rate too low": ("he", "cross_entropy", "gd", "warmup_cosine", 0.1),
    "rate too high": ("he", "cross_entropy", "gd", "warmup_cosine", 4.0),
}


def _slips() -> Iterator[Slip]:
    """Yield a slip for each outcome: a plan that has it, and the sentence of the table."""
    for name, _, message in read_table(SLIPS):
        yield Slip(name, EXAMPLES[name], message)


FINAL = Exercise(
    id="21.final",
    points=3,
    asks="a plan that reaches the goal on validation signals, on average",
    reference=("he", "cross_entropy", "gd", "warmup_cosine", 1.4),
    cases=lambda seed: [Case("this plan")],
    hints=(
        "Set the figure to one combination and walk up the hill of its rates. Is the top above the "
        "dashed line?",
        "If it is not, change one word at a time and look for the top again: it moves along the "
        "axis. With gradient descent a small start and a loss with small gradients want higher "
        "rates.",
    ),
    slips=tuple(_slips()),
    also_right=(
        ["he", "cross_entropy", "adamw", "constant", 0.02],
        ("he", "brier", "adamw", "warmup_cosine", 0.03),
        ("small", "cross_entropy", "adamw", "warmup_cosine", 0.07),
    ),
    measured=outcome,
)
