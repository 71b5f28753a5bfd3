"""What the five diagnoses share: the words to choose from, and how an exercise is made of them."""

from __future__ import annotations

from collections.abc import Iterator

from ...checking import Case, Exercise, Slip
from ...checking.slips import read_table

Pair = tuple[str, str]

FAULTS = (
    "symmetric_start",
    "rate_too_high",
    "rate_too_low",
    "vanishing_gradients",
    "no_bias_correction",
    "leak",
    "shuffled_labels",
    "softmax_twice",
    "overfitting",
)
OBSERVATIONS = ("loss", "accuracies", "gradients", "rows", "steps", "rate", "distances")


def diagnosis(run: int, chosen: Pair, table: str, hints: tuple[str, ...]) -> Exercise:
    """Return the exercise on a run. The table has a sentence for each word that is wrong."""
    return Exercise(
        id=f"21.diagnose_{run}",
        points=2,
        asks="what is wrong with the run, and which observation decides it",
        reference=chosen,
        cases=lambda seed: [Case(f"run {run}")],
        hints=hints,
        slips=(*_slips_of_words(table, chosen), *_slips_of_writing(chosen)),
        also_right=(list(chosen),),
    )


def _slips_of_words(table: str, chosen: Pair) -> Iterator[Slip]:
    fault, observation = chosen
    for word, _, message in read_table(table):
        if word in FAULTS:
            yield Slip(word, (word, observation), f"Not {word}: {message}")
        else:
            yield Slip(word, (fault, word), f"Observation {word}: {message}")


def _slips_of_writing(chosen: Pair) -> Iterator[Slip]:
    """Yield the slips of right words in other letters, with blanks, or in the other order."""
    fault, observation = chosen
    yield Slip(
        "observation first",
        (observation, fault),
        "In your pair the observation comes first. The exercise asks for the fault, then the "
        "observation.",
    )
    for place, word in enumerate(chosen):
        for written in (f" {word}", f"{word} ", word.capitalize(), word.upper()):
            pair = (written, observation) if place == 0 else (fault, written)
            wrong = "blanks" if " " in written else "capital letters"
            yield Slip(
                f'{wrong} in "{written}"',
                pair,
                f'Look at the {wrong} in "{written}". Write each word exactly as it stands in the '
                "tables, without any.",
            )
    spaced = fault.replace("_", " ")
    if spaced != fault:
        yield Slip(
            "blanks for underscores",
            (spaced, observation),
            f'"{spaced}" has a blank where the table has an underscore.',
        )
