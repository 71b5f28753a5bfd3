"""What a lesson calls: check, hint, solution, progress, mine."""

from __future__ import annotations

import dis
import inspect
import os
import textwrap
from dataclasses import replace
from types import CodeType
from typing import Any

from IPython.display import display

from ..checking import Exercise, Outcome, evaluate
from ..checking.stand_in import stand_in
from . import progress_file
from .card import Card
from .course_map import CourseMap
from .progress_file import Entry
from .registry import find
from .saved_answer import load, source_of

_HEADINGS = {
    "not_attempted": "not attempted yet",
    "raised": "not yet: it stops with an error",
    "timed_out": "not yet: it takes too long",
    "changed_input": "not yet: it changes what it was given",
    "wrong_type": "not yet: the wrong kind of result",
    "wrong_shape": "not yet: the wrong shape",
    "wrong_value": "not yet: the wrong value",
    "called_reference": "not yet: this is the library's function",
    "passed": "right",
}
_UNTIL_THEN = "Until then, a stand-in that works goes on in its place."
_GOES_ON = "A stand-in that works goes on in its place."


def check(id: str, answer: Any) -> Any:
    """Show what came of `answer`; return what the lesson goes on with.

    That is the answer itself once it is right and can do what the lesson needs, else a stand-in
    that works like the library's own function.

    Raises:
        ValueError: when there is no exercise with this id, or COURSE_SEED is no whole number.
        AssertionError: when nbgrader runs the notebook, as its Validate button does, and the answer
            has not passed; it carries the message and the seed of the cases. The stand-in has taken
            the answer's place then too.
    """
    exercise, seed = find(id), default_seed()
    outcome = evaluate(exercise, answer, seed=seed)
    note = _remember(outcome, answer)
    display(_card_of(outcome, note))
    goes_on = answer if outcome.usable else stand_in(exercise)
    if "NBGRADER_EXECUTION" in os.environ and not outcome.passed:
        cell = inspect.currentframe().f_back
        name = _assigned_in(cell.f_code)
        if name != "_":  # what a cell calls `_` was only tried
            cell.f_globals[name] = goes_on  # an error keeps the cell from doing so
            raise AssertionError(f"{id}: {outcome.message} (Cases drawn with seed {seed}.)")
    return goes_on


def _assigned_in(cell: CodeType) -> str:
    """Return the last name that a cell gives a value to: `dense` in `dense = check(…, dense)`."""
    stores = [step.argval for step in dis.get_instructions(cell) if step.opname == "STORE_NAME"]
    return stores[-1] if stores else "_"


def default_seed() -> int:
    """Return the seed that cases are drawn from: COURSE_SEED of the environment, else 0.

    Raises ValueError for a COURSE_SEED that is no whole number.
    """
    text = os.environ.get("COURSE_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"COURSE_SEED is {text!r}; it must be a whole number, 0 or more")
    return int(text)


def hint(id: str) -> None:
    """Show the next hint of the exercise `id`, from a question to nearly there.

    Raises ValueError when there is no exercise with this id.
    """
    hints = find(id).hints
    entry, note = progress_file.update(
        id, lambda entry: replace(entry, hints=min(entry.hints + 1, len(hints)))
    )
    sentences = [hints[entry.hints - 1]]
    if entry.hints == len(hints):
        sentences.append(
            f'That is the last hint. `solution("{id}", reveal=True)` shows the answer.'
        )
    heading = f"{id} · hint {entry.hints} of {len(hints)}"
    display(Card(heading, (*sentences, *_note(note))))


def solution(id: str, reveal: bool = False) -> None:
    """Show the library's answer to the exercise `id`, after success or with `reveal=True`.

    Raises ValueError when there is no exercise with this id.
    """
    exercise = find(id)
    entry, note = _entry(id)
    if not (entry.passed or reveal):
        sentence = (
            "The library's version appears here once yours is right. To see it now: "
            f'`solution("{id}", reveal=True)`.'
        )
        display(Card(f"{id} · solution", (sentence, *_note(note)), "open"))
        return
    if not entry.passed:
        _, unsaved = progress_file.update(id, lambda entry: replace(entry, revealed=True))
        note = note or unsaved
    display(Card(f"{id} · the library's version", _note(note), "plain", _reference_text(exercise)))


def progress() -> None:
    """Show the map of the course with what you have done."""
    entries, note = progress_file.read()
    display(CourseMap(entries, note))


def mine(id: str) -> Any:
    """Return your own function from an earlier lesson, checked again, or a stand-in.

    Raises ValueError when there is no exercise with this id, or COURSE_SEED is no whole number.
    """
    exercise = find(id)
    entry, note = _entry(id)
    if not entry.passed:
        sentence = f"You have no answer to {id} yet. {_GOES_ON}"
        return _stand_in(exercise, "open", sentence, *_note(note))
    if not entry.source:
        kept = f"Your answer to {id} was not kept: only a function that starts with `def` is."
        return _stand_in(exercise, "open", f"{kept} {_GOES_ON}")
    try:
        answer = load(entry.source, entry.name)
        outcome = evaluate(exercise, answer, seed=default_seed())
    except Exception as error:
        outcome = Outcome(id, "raised", f"Loading it stops with {type(error).__name__}: {error}.")
    if not outcome.passed:
        fails = f"Your saved answer to {id} does not work on its own. {outcome.message}"
        needs = f"What it needs must stand inside the function. {_GOES_ON}"
        return _stand_in(exercise, "wrong", fails, needs)
    if not outcome.usable:
        return _stand_in(exercise, "open", outcome.message)
    display(Card(f"{id} · your own function goes on", (), "good"))
    return answer


def _stand_in(exercise: Exercise, tone: str, *sentences: str) -> Any:
    display(Card(f"{exercise.id} · stand-in", sentences, tone))
    return stand_in(exercise)


def _card_of(outcome: Outcome, note: str) -> Card:
    sentences = [outcome.message]
    if not outcome.passed:
        sentences.append(f'{_UNTIL_THEN} `hint("{outcome.id}")` gives a push.')
    tone = {"passed": "good", "not_attempted": "open"}.get(outcome.status, "wrong")
    return Card(
        f"{outcome.id} · {_HEADINGS[outcome.status]}",
        (*sentences, *_note(note)),
        tone,
        outcome.printed.rstrip("\n"),
        "It printed:",
    )


def _remember(outcome: Outcome, answer: Any) -> str:
    """Count the try and keep the source of an answer that passed; a sentence as in `read`."""
    if outcome.status == "not_attempted":
        return ""
    name, source = source_of(answer) if outcome.passed else ("", "")

    def counted(entry: Entry) -> Entry:
        entry = replace(entry, tries=entry.tries + 1, passed=entry.passed or outcome.passed)
        return replace(entry, name=name, source=source) if source else entry

    _, note = progress_file.update(outcome.id, counted)
    return note


def _entry(id: str) -> tuple[Entry, str]:
    entries, note = progress_file.read()
    return entries.get(id, Entry()), note


def _note(note: str) -> tuple[str, ...]:
    return (note,) if note else ()


def _reference_text(exercise: Exercise) -> str:
    if callable(exercise.reference):
        return textwrap.dedent(inspect.getsource(exercise.reference)).rstrip()
    return repr(exercise.reference)
