"""Each one-step mutant of a reference is refused by its exercise's cases, or is an equal.

The equals stand in `equal_mutants/NN.txt`, each reviewed and with its reason:

    01.dense: x @ weight.T → …
        why no case can tell the two apart
"""

import re
from pathlib import Path

import pytest

from course_lib.checking.compare import same, same_type
from course_lib.checking.guard import run_guarded
from course_lib.checking.mutants import mutants
from course_lib.checking.record import call, record
from course_lib.exercises import EXERCISES

FUNCTIONS = [e for e in EXERCISES.values() if callable(e.reference)]
FOLDER = Path(__file__).parent / "equal_mutants"


def equals(id):
    """Return the changes that are reviewed as equal, with their reasons."""
    file = FOLDER / f"{id[:2]}.txt"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    blocks = re.findall(r"^(\S+): (.+)\n((?:    .+\n?)+)", text, re.MULTILINE)
    return {change: " ".join(why.split()) for of, change, why in blocks if of == id}


def accepts(exercise, fn, seed):
    """Return whether a function gives what the reference gives, in every case of a seed."""
    cases = exercise.cases(seed)
    right = record(exercise.reference, cases)

    def passes():
        answers = ((call(fn, case), due) for case, due in zip(cases, right, strict=True))
        return all(
            same(mine, due) and same_type(mine, due) and mine.changed is None
            for mine, due in answers
        )

    return bool(run_guarded(passes, seconds=2).value)


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.id)
def test_each_mutant_is_refused_or_is_an_equal(exercise):
    accepted = {m.change: m.kind for m in mutants(exercise.reference) if accepts(exercise, m.fn, 0)}
    reviewed = equals(exercise.id)
    assert all(reviewed.values()), "each equal has a reason"
    assert set(accepted) - set(reviewed) == set(), f"{exercise.id}: the cases accept these"
    assert set(reviewed) - set(accepted) == set(), f"{exercise.id}: these are refused by now"
