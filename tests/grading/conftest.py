"""Submissions of lesson 01 and the clean process that runs their answers."""

import functools

import pytest

import build
from course_lib.checking import expected
from course_lib.exercises import EXERCISES
from course_lib.grading.clean import Clean
from course_lib.grading.gather import Cell
from course_lib.grading.marks import checks_of, grade

SEED = 20_261


@pytest.fixture(scope="session")
def clean():
    process = Clean()
    yield process
    process.close()


@functools.cache
def lesson(number):
    (source,) = (build.ROOT / "solutions").glob(f"{number}_*.py")
    return build.load(source, build.ROOT, EXERCISES)


def submission(number, answers=None, *, stubs=False):
    """Return the code cells and points of a lesson: solved, but for these answers (id: source)."""
    cells, points = [], {}
    for cell in lesson(number).cells:
        if cell.kind == "code":
            source = cell.stub if stubs and cell.role == "answer" else cell.source
            if cell.role == "answer":
                source = (answers or {}).get(cell.exercise, source)
            if cell.role == "check":
                points[len(cells)] = EXERCISES[cell.exercise].points
            cells.append(Cell(source, cell.exercise if cell.role == "answer" else ""))
    return cells, points


def table(id, seed):
    """Return an answer that computes nothing: it holds the right results for the cases of a seed.

    The exercise asks for a function of two tensors.
    """
    cases, right = expected(EXERCISES[id], seed)
    held = {str(case.args): r.values.tolist() for case, r in zip(cases, right, strict=True)}
    first = f"def {EXERCISES[id].reference.__name__}(a, b):"
    return f"{first}\n    return torch.tensor({held!r}[str((a, b))], dtype=a.dtype)"


@pytest.fixture
def marks_of(clean):
    """Return the marks of a submission, by exercise."""

    def marks(cells, points, seed=SEED, seconds=1.0):
        found = grade(cells, checks_of(cells, points), seed, clean, seconds)
        return {mark.check.id: mark for mark in found}

    return marks
