"""From the cells of a submission to marks: for each check, points and a sentence."""

from __future__ import annotations

import ast
import hashlib
import hmac
import linecache
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any

from ..checking import Case, Exercise, Outcome, expected, judge, messages
from ..checking.compare import same, same_type
from ..checking.record import Record, Result, record
from ..exercises import EXERCISES
from .clean import SECONDS, Clean, Ended, Source
from .gather import Cell, Gathered, check_of, gather
from .worker import may_import

TOGETHER = 2.0  # seconds for the search for what explains a wrong answer
NOT_ATTEMPTED = "Not attempted: the answer is still the stub."
NO_ANSWER = "Not attempted: no cell above the check gives `{name}` a value."
NOT_PYTHON = "The cell with your answer is not Python: {words}."
CELL_STOPS = "The cell with your answer stops with {error}{line}."
WITHOUT_LIBRARY = (
    " An answer is graded without the course's library ({names}): write it from torch and from "
    "your own functions."
)
WITHOUT_PACKAGES = (
    " An answer is graded with torch, numpy, scipy, scikit-learn and Python's own modules, and "
    "without {names}."
)
NEVER_CAME_BACK = (
    "Your answer did not come back, and could not be interrupted: look for a loop that never ends, "
    "inside a call such as `sum`. Your other answers are not affected."
)
DIED = (
    "Your answer ended the process that ran it ({how}): look for `os._exit`, or for more memory "
    "than there is. Your other answers are not affected."
)
NO_RESULT = "Your answer gave back something that is no result, and nothing can be said of it."


@dataclass(frozen=True)
class Check:
    """A check cell: its place among the code cells, the exercise, the name, the points."""

    place: int
    id: str
    name: str
    points: float


@dataclass(frozen=True)
class Mark:
    """What one answer gets. `seconds` and `peak_mb` are what its process took."""

    check: Check
    outcome: Outcome
    earned: float
    seed: int
    source: Source | None = None
    seconds: float = 0.0
    peak_mb: float = 0.0


def seed_of(secret: str, student: str, notebook: str, cells: Sequence[Cell]) -> int:
    """Return the seed of a submission's cases: nobody knows it before, and it stays the same.

    It depends on the course's secret and on all that was handed in, so that a seed which a feedback
    has named is of no use for the next attempt.
    """
    texts = "\0".join([student, notebook, *(cell.source for cell in cells)])
    digest = hmac.new(secret.encode(), texts.encode("utf-8", "replace"), hashlib.sha256)
    return int.from_bytes(digest.digest()[:4], "big")


def checks_of(cells: Sequence[Cell], points: dict[int, float]) -> list[Check]:
    """Return the checks among the cells; `points` maps the places of check cells to points."""
    found = [(place, check_of(cells[place].source)) for place in sorted(points)]
    return [Check(place, *pair, points[place]) for place, pair in found if pair]


def grade(
    cells: Sequence[Cell],
    checks: Sequence[Check],
    seed: int,
    clean: Clean,
    seconds: float = SECONDS,
) -> list[Mark]:
    """Return the marks of a submission, in the order of its checks."""
    marks: dict[str, Mark] = {}
    for check in checks:
        if check.id in EXERCISES and check.id not in marks:
            marks[check.id] = _mark(cells, check, seed, clean, seconds, marks)
    return list(marks.values())


def _mark(
    cells: Sequence[Cell],
    check: Check,
    seed: int,
    clean: Clean,
    seconds: float,
    before: dict[str, Mark],
) -> Mark:
    exercise = EXERCISES[check.id]
    gathered = gather(cells[: check.place], check.name, check.id)
    if gathered is None:
        words = NO_ANSWER.format(name=check.name)
        return Mark(check, Outcome(check.id, "not_attempted", words), 0, seed)
    if gathered.mistake:
        words = NOT_PYTHON.format(words=gathered.mistake)
        return Mark(check, Outcome(check.id, "raised", words), 0, seed)
    source = _source(gathered, check, exercise, before)
    cases = list(exercise.cases(seed))
    ended = clean.run(source, cases, seconds)
    outcome, right = judged(exercise, source, ended, cases, seed)
    if outcome.status == "raised":
        outcome = replace(outcome, message=outcome.message + _not_there(gathered, source))
    earned = round(check.points * right, 2)
    return Mark(check, outcome, earned, seed, source, ended.seconds, ended.peak_mb)


def _not_there(gathered: Gathered, source: Source) -> str:
    """Return a sentence on what an answer that stopped imports in vain, or ""."""
    packages = {name for name in gathered.imports if not may_import(name)}
    library = gathered.library - set(source.given)
    for missing, words in ((library, WITHOUT_LIBRARY), (packages, WITHOUT_PACKAGES)):
        if missing:
            return words.format(names=", ".join(f"`{name}`" for name in sorted(missing)[:2]))
    return ""


def _source(
    gathered: Gathered, check: Check, exercise: Exercise, before: dict[str, Mark]
) -> Source:
    """Return an answer with what it may use: library functions that its exercise gives, and the
    answers to earlier exercises, the learner's own where it is right."""
    given: dict[str, Any] = {fn.__name__: fn for fn in exercise.given}
    given = {name: fn for name, fn in given.items() if name in gathered.library}
    own: dict[str, Source] = {}
    for name, id in gathered.exercises.items():
        if id in before and before[id].outcome.passed:
            own[name] = before[id].source
        elif id in EXERCISES and (id in before or id.split(".")[0] < check.id.split(".")[0]):
            given[name] = EXERCISES[id].reference
    return Source(gathered.text, check.name, tuple(sorted(gathered.imports)), given, own)


def judged(
    exercise: Exercise, source: Source, ended: Ended, cases: Sequence[Case], seed: int
) -> tuple[Outcome, float]:
    """Return the outcome of an answer that has run, and what share of it is right."""
    try:
        outcome = _judged(exercise, source, ended, cases, seed)
    except Exception:  # a process that was tampered with can send what no answer gives
        return Outcome(exercise.id, "raised", NO_RESULT), 0.0
    if outcome.passed:
        return outcome, 1.0
    if outcome.status.startswith("wrong") and ended.trial.repeats:
        return outcome, share(results(ended, cases, exercise), exercise, seed)
    return outcome, 0.0


def _judged(
    exercise: Exercise, source: Source, ended: Ended, cases: Sequence[Case], seed: int
) -> Outcome:
    def outcome(status: str, message: str) -> Outcome:
        return Outcome(exercise.id, status, message)

    trial = ended.trial
    if ended.late:
        return outcome("timed_out", NEVER_CAME_BACK)
    if trial is None:
        return outcome("raised", DIED.format(how=_how(ended.code)))
    first = trial.results[0] if trial.results else None
    if not ended.is_function and first is not None:
        if first.kind == "error":
            line = f", in the line `{first.line[:80]}`" if first.line else ""
            error = f"{first.type_name}: {(first.text or '')[:160]}".rstrip(" .:")
            return outcome("raised", CELL_STOPS.format(error=error, line=line))
        if first.kind == "ellipsis":
            return outcome("not_attempted", NOT_ATTEMPTED)
        if callable(exercise.reference):
            return outcome("wrong_type", messages.not_a_function(first.type_name))
    elif ended.is_function and not callable(exercise.reference):
        return outcome("wrong_type", messages.NOT_A_VALUE)
    trial = replace(trial, results=results(ended, cases, exercise))
    if not (trial.timed_out or trial.error) and len(trial.results) != len(cases):
        raise ValueError("results are missing")
    answer = to_read(source) if ended.is_function else None
    until = time.monotonic() + TOGETHER
    found = judge(exercise, answer, trial, seed=seed, until=until, runs=False)
    if found.status == "not_attempted":
        return replace(found, message=NOT_ATTEMPTED)
    return replace(found, message="Right.") if found.passed else found


def results(ended: Ended, cases: Sequence[Case], exercise: Exercise) -> Record:
    """Return one result a case: an answer that is a value is the same in each.

    Where it counts what comes of a value, that is worked out here, from the plain value.
    """
    results = ended.trial.results
    if ended.is_function:
        return results
    if exercise.measured is not None and results:
        results = record(lambda: exercise.measured(value_of(results[0])), [Case("")])
    return results[:1] * len(cases)


def value_of(result: Result) -> Any:
    """Return the value that a result describes: a text, a number, a tuple of them; else None."""
    if result.kind == "sequence":
        return tuple(map(value_of, result.items))
    if result.kind == "number" and result.values is not None:
        return result.values.item()
    return result.text if result.kind == "text" else None


def _how(code: int) -> str:
    if code < 0:
        return f"{signal.Signals(-code).name}"
    return f"exit code {code}"


def share(mine: Record, exercise: Exercise, seed: int) -> float:
    """Return the share of an answer's results that are right in every case.

    0 where one result is asked for, and where the number of results is part of the question.
    """
    right = expected(exercise, seed)[1]
    counts = {len(result.items) for result in right}
    whole = all(result.kind == "sequence" and result.type_name == "tuple" for result in right)
    if not whole or len(counts) != 1 or any({len(result.items)} != counts for result in mine):
        return 0.0
    pairs = [list(zip(m.items, r.items, strict=True)) for m, r in zip(mine, right, strict=True)]
    parts = range(counts.pop())
    good = [all(same(*row[i]) and same_type(*row[i]) for row in pairs) for i in parts]
    return sum(good) / len(good)


def to_read(source: Source) -> Any:
    """Return a function that has the answer's source and first line, and is never called."""
    tree = ast.parse(source.text)
    found = [s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == source.name]
    if not found or found[-1].decorator_list:
        return _Opaque()
    file = f"<graded {source.name}>"
    lines = source.text.splitlines(keepends=True)
    linecache.cache[file] = (len(source.text), None, lines, file)
    module = compile(ast.Module([_bare(found[-1])], []), file, "exec")
    code = next(const for const in module.co_consts if isinstance(const, CodeType))
    fn = FunctionType(code, {"__builtins__": {}}, source.name)
    fn.__defaults__ = tuple(map(_literal, found[-1].args.defaults)) or None
    fn.__kwdefaults__ = {
        arg.arg: _literal(value)
        for arg, value in zip(found[-1].args.kwonlyargs, found[-1].args.kw_defaults, strict=True)
        if value is not None
    } or None
    return fn


class _Opaque:
    """An answer that has no source of its own, such as a lambda or torch's own function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def _bare(function: ast.FunctionDef) -> ast.FunctionDef:
    """Return a `def` with its parameters, in which nothing runs when it is defined."""
    arguments = ast.arguments(
        **{
            **{name: getattr(function.args, name) for name in function.args._fields},
            "defaults": [ast.copy_location(ast.Constant(None), d) for d in function.args.defaults],
            "kw_defaults": [
                d and ast.copy_location(ast.Constant(None), d) for d in function.args.kw_defaults
            ],
        }
    )
    return ast.copy_location(
        ast.FunctionDef(function.name, arguments, function.body, [], None), function
    )


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError):
        return ast.unparse(value)
