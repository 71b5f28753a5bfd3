"""What the five diagnoses share: the words to choose from, and how an exercise is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

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


RIGHT = "right"

WRITING = """
not two words
    Two words in brackets are asked for, each in quotes: the fault, then the observation.
a number
    The second of your two is a number. The name of the observation is asked for, in quotes, as it
    stands in the table.
observation first
    In your pair the observation comes first. The exercise asks for the fault, then the observation.
no fault
    The first of your two words is none of the faults. Write it exactly as it stands in the table.
no observation
    The second of your two words is none of the observations. Write it exactly as it stands in the
    table.
"""


def outcome(chosen: Pair, answer: Any) -> str:
    """Return the first word of an answer that is wrong, or how it is written wrongly, or RIGHT."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "not two words"
    fault, observation = answer
    if isinstance(fault, str) and isinstance(observation, int | float):
        return "a number"
    if not all(isinstance(word, str) for word in answer):
        return "not two words"
    if fault in OBSERVATIONS and observation in FAULTS:
        return "observation first"
    if fault not in FAULTS:
        return "no fault"
    if observation not in OBSERVATIONS:
        return "no observation"
    wrong = [given for given, right in zip(answer, chosen, strict=True) if given != right]
    return wrong[0] if wrong else RIGHT


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
        measured=partial(outcome, chosen),
    )


def _slips_of_words(table: str, chosen: Pair) -> Iterator[Slip]:
    fault, observation = chosen
    for word, _, message in read_table(table):
        if word in FAULTS:
            yield Slip(word, (word, observation), f"Not {word}: {message}")
        else:
            yield Slip(word, (fault, word), f"Observation {word}: {message}")


def _slips_of_writing(chosen: Pair) -> Iterator[Slip]:
    fault, observation = chosen
    examples = {
        "not two words": fault,
        "a number": (fault, 0.5),
        "observation first": (observation, fault),
        "no fault": (fault.upper(), observation),
        "no observation": (fault, f"{observation} "),
    }
    for name, _, message in read_table(WRITING):
        yield Slip(name, examples[name], message)
