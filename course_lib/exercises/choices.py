"""Slips of exercises that ask for a choice and its reason for each of several tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..checking import Slip
from ..checking.slips import read_table

Pair = tuple[str, str]


def with_pair(chosen: Sequence[Pair], task: int, pair: Pair) -> tuple[Pair, ...]:
    """Return the right pairs but for one task, counted from 1."""
    return (*chosen[: task - 1], pair, *chosen[task:])


def slips_of_words(
    table: str,
    chosen: Sequence[Pair],
    reasons: Collection[str],
    kind: str,
    second: str = "reason",
) -> Iterator[Slip]:
    """Yield a slip for each block of a table whose names are a task and a wrong word in it.

    reasons: the words that are reasons; all others are choices, and `kind` says of what. second:
    what a learner knows the reasons by.
    """
    for name, _, message in read_table(table):
        task, word = name.split(maxsplit=1)
        choice, reason = chosen[int(task) - 1]
        about, pair = (second, (choice, word)) if word in reasons else (kind, (word, reason))
        sentence = f"Task {task}, {about}: {message}"
        yield Slip(f"task {task}, {word}", with_pair(chosen, int(task), pair), sentence)


def slips_of_writing(chosen: Sequence[Pair], kind: str, second: str = "reason") -> Iterator[Slip]:
    """Yield the slips of right words in other letters, with blanks, or in the other order."""
    yield Slip(
        "reason first",
        tuple((reason, choice) for choice, reason in chosen),
        f"In your pairs the {second} comes first. The exercise asks for the {kind}, then the "
        f"{second}.",
    )
    for task, (choice, reason) in enumerate(chosen, start=1):
        for about, word in ((kind, choice), (second, reason)):
            for written in (f" {word}", f"{word} ", word.capitalize(), word.upper()):
                pair = (written, reason) if about == kind else (choice, written)
                slip = "blanks" if " " in written else "capital letters"
                yield Slip(
                    f'task {task}, {slip} in "{written}"',
                    with_pair(chosen, task, pair),
                    f'Task {task}, {about}: look at the {slip} in "{written}". Write each word '
                    "exactly as it stands in the tables, without any.",
                )
        yield Slip(
            f"task {task}, reason first",
            with_pair(chosen, task, (reason, choice)),
            f"Task {task}: in your pair the {second} comes first. The exercise asks for the "
            f"{kind}, then the {second}.",
        )
