"""What kind of mistake an answer holds that makes no known slip: one step away, or two slips."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from .compare import alike, same, same_slip
from .model import Case, Exercise, Slip
from .mutants import mutants, own_numbers
from .record import Record, call, record
from .slips import both

# Each says what is true of an answer that equals such a mutant, and never the place.
KINDS = {
    "sign": "a plus and a minus have changed places, or one sign is turned round: go through the "
    "signs",
    "extra": "one factor, divisor, root or square is too many: go through what each number is "
    "multiplied by",
    "term": "one term is left out of a sum or a difference: go through the formula term by term",
    "factor": "one factor or divisor is left out: go through the products and quotients",
    "times": "a product stands where another operation belongs, or the other way round: go through "
    "the products and quotients",
    "power": "a power or a square is left out or works as a factor: go through the powers",
    "order": "the two sides of a difference, a quotient, a power or a call have changed places",
    "brackets": "a pair of brackets is missing, or stands elsewhere: what is worked out first?",
    "number": "one number in the formula is another: go through the numbers that you wrote",
    "axis": "one operation works along another axis, or keeps one too many or too few: write down "
    "what each axis counts",
    "index": "an index or a slice is off by one: Python counts from 0, and the end of a slice does "
    "not belong to it",
    "call": "one operation is left out, such as a root, a mean or an absolute value",
    "operation": "one operation stands where its neighbour belongs, such as a sum for a mean, or a "
    "largest for a smallest",
    "transposed": "a matrix is turned on its side, or is not where it should be: write the shape "
    "under each factor",
    "comparison": "a comparison looks the other way, or its edge belongs to the other side",
    "branches": "the two sides of a choice have changed places",
    "name": "one name stands in the place of another: go through the names that you use",
    "inputs": "two of the inputs have changed places: compare the first line with what you do with "
    "them",
    "setting": "one of the settings that are handed in plays no part: look for a number of your "
    "own where an argument belongs",
    "line": "one line is left out, or changes nothing",
    "lines": "two lines have changed places",
    "stale": "a value from before is used or returned where the new one belongs",
    "loop": "a loop has a round too many or too few, or keeps one round only",
    "results": "two of the results have changed places",
}
# What is to be changed in an answer that one change makes right.
REPAIRS = KINDS | {
    "extra": "a factor, a divisor, a root or a square is missing there",
    "term": "there is a term too many",
    "factor": "there is a factor or a divisor too many",
    "power": "there is a power or a square too many, or it belongs on less",
    "call": "there is an operation too many, such as a root, a mean or an absolute value",
    "line": "the line is one too many",
    "loop": "look at which rounds the loop goes through, and at what is kept from one to the next",
    "stale": "a value is set anew there that is needed as it was",
    "name": "one name stands in the place of another",
    "number": "one number is another than it should be",
    "sign": "a sign is the wrong one",
    "brackets": "a pair of brackets is missing, or stands elsewhere: what is worked out first?",
    "axis": "it works along another axis, or keeps one too many or too few",
    "operation": "an operation stands where its neighbour belongs, such as a sum for a mean",
    "times": "a product stands where another operation belongs, or the other way round",
    "index": "an index or a slice is off by one",
    "transposed": "a matrix is turned on its side, or should be",
}
ON_SEVERAL_LINES = ("inputs", "lines", "setting")  # what one change in one line cannot be
LONGEST = 80  # letters of a line that is shown
ONE_CHANGE = (
    "One small change of the right code gives the same: go through yours sign by sign and name by "
    "name."
)


_of_reference = functools.cache(mutants)


def kind_of(
    exercise: Exercise, mine: Record, right: Record, cases: Sequence[Case]
) -> tuple[str, str] | None:
    """Return the kind of mistake that one change of the reference explains, and a sentence.

    mine, right: what came of the answer and of the reference. Where changes of two kinds give the
    same, the sentence names both; of more, it says only that one change is enough.
    """
    fits = _Sieve(mine, right, cases)
    kinds = sorted({m.kind for m in _of_reference(exercise.reference) if fits(m.fn)})
    if len(kinds) > 2:
        return "one change", ONE_CHANGE
    return ("+".join(kinds), _sentence(kinds)) if kinds else None


def repair_of(
    answer: Callable[..., Any], right: Record, cases: Sequence[Case]
) -> tuple[str, str] | None:
    """Return what kind of change makes an answer right, and a sentence that shows the line.

    None where no single change does, and where the source of the answer is not known.
    """
    if not inspect.isfunction(answer):
        return None
    try:
        candidates = mutants(answer)
    except (OSError, SyntaxError, TypeError, AssertionError):  # a lambda, or no source
        return None
    for mutant in candidates:
        if mutant.kind in ON_SEVERAL_LINES:
            continue
        if all(same(call(mutant.fn, case), due) for case, due in zip(cases, right, strict=True)):
            line = textwrap.shorten(mutant.change.partition(" → ")[0], LONGEST, placeholder=" …")
            kind = "loop" if line.startswith(("for ", "while ")) else mutant.kind
            end = "" if REPAIRS[kind].endswith("?") else "."
            return kind, f"One change in the line `{line}` is enough: {REPAIRS[kind]}{end}"
    return None


def two_slips(
    exercise: Exercise,
    mine: Record,
    right: Record,
    cases: Sequence[Case],
    known: Sequence[tuple[Slip, Record]],
) -> tuple[str, str] | None:
    """Return the names of two slips that together explain an answer, and a sentence.

    known: the exercise's slips with what comes of them. Only those are put together that leave the
    form of the result as it is, or their sentences could contradict each other, and that leave
    right what the answer has right.
    """
    if not all(map(alike, mine, right)):
        return None
    fits = _Sieve(mine, right, cases)
    general = [i for i, case in enumerate(cases) if not case.special]
    fine = _right_parts(mine, right, general)
    slips = [
        slip
        for slip, its in known
        if (slip.edits or slip.wrap)
        and all(map(alike, its, right))
        and fine <= _right_parts(its, right, general)
    ]
    settings = _settings(exercise.reference)
    pairs = [(slip, number) for slip in slips for number in settings]
    for one, other in [*pairs, *combinations(slips, 2)]:
        fn = both(one, other, exercise.reference)
        if fn is not None and fits(fn):
            words = "Two things come together, each told as if the other were mended. "
            return f"{one.name} + {other.name}", f"{words}{one.message} And: {other.message}"
    return None


def _right_parts(mine: Record, right: Record, cases: Sequence[int]) -> set[int]:
    """Return which of several results are right in all these cases."""
    return {
        part
        for part in range(len(right[0].items))
        if all(same(mine[case].items[part], right[case].items[part]) for case in cases)
    }


def _sentence(kinds: Sequence[str]) -> str:
    words = "; or ".join(KINDS[kind] for kind in kinds)
    return f"That is what the right code gives when {words}{'' if words.endswith('?') else '.'}"


def _settings(reference: Callable[..., Any]) -> list[Slip]:
    """Return the slips that put a number of one's own in the place of a hyper-parameter."""
    return [
        Slip(
            f"{name} of its own",
            None,
            f"`{name}` plays no part: it is left out, or a number stands in its place.",
            wrap=_always(name, number),
        )
        for name, parameter in inspect.signature(reference).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
        for number in own_numbers(parameter)
    ]


def _always(name: str, number: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a change of what a function is given: one setting is always the same number."""
    return lambda fn: lambda *args, **kwargs: fn(*args, **(kwargs | {name: number}))


class _Sieve:
    """Tells whether a function gives what the answer gave; most fail at the first case."""

    def __init__(self, mine: Record, right: Record, cases: Sequence[Case]):
        self.mine, self.right, self.cases = mine, right, cases

    def __call__(self, fn: Callable[..., Any]) -> bool:
        if not same(call(fn, self.cases[0]), self.mine[0]):
            return False
        its = record(fn, self.cases)
        return same_slip(self.mine, its, self.right, self.cases)
