"""What every exercise keeps to, whoever wrote it: its stub, solution, slips, hints and cases."""

import ast
import functools
import inspect

import pytest

import build
from course_lib.checking import evaluate
from course_lib.checking.compare import same
from course_lib.checking.record import as_function, record
from course_lib.exercises import EXERCISES
from derive import plain, secret_lines

SEEDS = (0, 1, 2)
MATHEMATICS = (
    "course_lib.nn",
    "course_lib.optim",
    "course_lib.analysis",
    "course_lib.second_order",
)

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.id)
every_slip = pytest.mark.parametrize(
    ("exercise", "slip"),
    [(e, t) for e in EXERCISES.values() for t in e.slips],
    ids=lambda value: getattr(value, "id", None) or value.name,
)


@functools.cache
def lessons():
    return [build.load(source, build.ROOT, EXERCISES) for source in build.sources(build.ROOT)]


def answer_cell(exercise):
    cells = [c for lesson in lessons() for c in lesson.answers if c.exercise == exercise.id]
    assert len(cells) == 1, "the exercise is asked in exactly one place"
    return cells[0]


def defined_by(exercise, source):
    """What a learner hands in: the cell's name, run after the lesson's imports up to there."""
    lesson = next(le for le in lessons() for c in le.answers if c.exercise == exercise.id)
    namespace = {}
    for cell in lesson.cells:
        if cell.exercise == exercise.id:
            break
        if cell.kind == "code":
            imports = [
                node
                for node in ast.parse(cell.source).body
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(imports, []), "imports", "exec"), namespace)
    exec(source, namespace)
    check = next(c for c in lesson.cells if c.role == "check" and c.exercise == exercise.id)
    return namespace[check.source.split(" = ")[0].strip()]


def test_the_course_has_exercises():
    assert len(EXERCISES) >= 6


@every_exercise
def test_the_stub_counts_as_not_attempted(exercise):
    stub = defined_by(exercise, answer_cell(exercise).stub)
    assert evaluate(exercise, stub).status == "not_attempted"


@every_exercise
def test_the_solution_as_written_passes_and_is_used(exercise):
    solution = defined_by(exercise, answer_cell(exercise).source)
    for seed in SEEDS:
        outcome = evaluate(exercise, solution, seed=seed)
        assert outcome.passed, outcome.message
        assert outcome.usable, outcome.message


@every_exercise
def test_right_answers_written_another_way_pass(exercise):
    assert exercise.also_right
    for answer in exercise.also_right:
        for seed in SEEDS:
            outcome = evaluate(exercise, answer, seed=seed)
            assert outcome.passed, outcome.message


@every_slip
def test_a_slip_fails_under_its_own_name(exercise, slip):
    for seed in SEEDS:
        outcome = evaluate(exercise, slip.answer, seed=seed)
        assert not outcome.passed
        assert outcome.slip == slip.name
        assert outcome.message == slip.message


@every_slip
def test_a_slip_stops_with_no_error_of_its_author(exercise, slip):
    results = record(as_function(slip.answer), exercise.cases(0))
    assert not {result.type_name for result in results} & {"NameError", "SyntaxError"}


@every_exercise
def test_there_are_enough_slips_hints_and_points(exercise):
    assert len(exercise.slips) >= 3
    assert len({slip.name for slip in exercise.slips}) == len(exercise.slips)
    assert len({slip.message for slip in exercise.slips}) == len(exercise.slips)
    assert len(exercise.hints) >= 2
    assert exercise.points >= 1
    assert f".lesson_{exercise.id[:2]}" in inspect.getmodule(exercise.cases).__name__


@every_exercise
def test_sentences_are_short_and_hold_no_solution(exercise):
    secrets = secret_lines(answer_cell(exercise).solution())
    for text in [*exercise.hints, *(slip.message for slip in exercise.slips), exercise.asks]:
        assert 0 < len(text) <= 320, text
        assert "!" not in text
        for line in secrets:
            assert plain(line) not in plain(text)
            assert plain(line.removeprefix("return ")) not in plain(text)


@every_exercise
def test_the_reference_is_the_librarys_own_function(exercise):
    if not callable(exercise.reference):
        return
    assert inspect.isfunction(exercise.reference)
    assert exercise.reference.__module__.startswith(MATHEMATICS)
    assert not exercise.reference.__code__.co_freevars, "the guard swaps its code"
    assert evaluate(exercise, exercise.reference).status == "called_reference"


@every_exercise
def test_the_answer_takes_what_the_reference_takes(exercise):
    if not callable(exercise.reference):
        return
    solution = defined_by(exercise, answer_cell(exercise).source)
    assert inspect.getdoc(solution), "the stub's docstring says shapes"
    for case in exercise.cases(0):
        inspect.signature(solution).bind(*case.args, **case.kwargs)


@every_exercise
def test_cases_are_seeded_general_first_and_in_two_precisions(exercise):
    fn = as_function(exercise.reference)
    first, again, other = (record(fn, exercise.cases(seed)) for seed in (0, 0, 1))
    assert all(map(same, first, again))
    cases = exercise.cases(0)
    assert all(case.words for case in cases)
    if not callable(exercise.reference):
        return
    assert not all(map(same, first, other)), "another seed draws other cases"
    assert not cases[0].special
    assert any(case.special for case in cases)
    order = [case.special for case in cases]
    assert order == sorted(order), "general cases come before special ones"
    dtypes = {result.dtype for result in first if result.kind == "tensor"}
    assert dtypes in (set(), {"float64", "float32"}) or dtypes >= {"float64", "float32"}
