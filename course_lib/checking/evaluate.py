"""From an answer to one Outcome: pure, shows nothing, keeps nothing."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from . import messages
from .compare import NUMERIC, same, same_slip, same_type, same_wrong_parts, stop_alike, tells
from .explain import explain, root_as_half
from .guard import run_guarded
from .kinds import kind_of, repair_of, two_slips
from .model import Case, Exercise, Outcome, Slip
from .pristine import restore, settings_kept
from .reading import facts, first_line, source_of
from .record import GONE, Record, Result, as_function, record
from .stand_in import stands_in
from .trial import Trial, try_out

TOGETHER = 1.8  # seconds for an answer and the search for what explains it
KEPT = 256  # exercises and seeds
AUTHOR_SECONDS = 60.0  # for what an exercise computes itself, once a seed


def evaluate(exercise: Exercise, answer: Any, *, seed: int = 0) -> Outcome:
    """Return the Outcome of an answer. The cases are drawn from `seed`.

    Raises:
        KeyboardInterrupt: when the learner presses stop.
    """
    if stands_in(answer):
        return Outcome(exercise.id, "not_attempted", messages.STAND_IN_GIVEN_BACK)
    if answer is Ellipsis or answer is NotImplemented:
        return Outcome(exercise.id, "not_attempted", messages.NOT_ATTEMPTED)
    if callable(exercise.reference) and not callable(answer):
        return Outcome(exercise.id, "wrong_type", messages.not_a_function(type(answer).__name__))
    if callable(answer) and not callable(exercise.reference):
        return Outcome(exercise.id, "wrong_type", messages.NOT_A_VALUE)

    replaced = restore()
    with settings_kept():
        outcome = _judge(exercise, as_function(answer) if callable(answer) else answer, seed)
    if replaced:
        return replace(outcome, message=f"{outcome.message} {messages.restored(replaced)}")
    return outcome


def _computed_once(compute: Callable[[Exercise, int], Any]) -> Callable[[Exercise, int], Any]:
    """`compute(exercise, seed)`, once, in a thread that no setting of the notebook reaches."""

    @functools.lru_cache(maxsize=KEPT)
    def computed(exercise: Exercise, seed: int) -> Any:
        ran = run_guarded(lambda: compute(exercise, seed), seconds=AUTHOR_SECONDS)
        if ran.timed_out:
            raise RuntimeError(f"cases, reference or slips of {exercise.id} do not come to an end")
        if ran.error is not None:
            raise ran.error
        return ran.value

    return computed


@_computed_once
def expected(exercise: Exercise, seed: int) -> tuple[Sequence[Case], Record]:
    """Return the cases of a seed, and what the reference makes of them."""
    _import_what_torch_imports_late()
    cases = tuple(exercise.cases(seed))
    return cases, record(to_compare(exercise, exercise.reference), cases)


def to_compare(exercise: Exercise, answer: Any) -> Callable[..., Any]:
    """Return the function whose results are compared: the answer, or what comes of a value."""
    if exercise.measured is None or callable(answer):
        return as_function(answer)
    return lambda: exercise.measured(answer)


def _import_what_torch_imports_late() -> None:
    """The first use of torch.func takes a second, which is not the learner's."""
    torch.func.grad(torch.sum)(torch.zeros(1))


@_computed_once
def _slips(exercise: Exercise, seed: int) -> Sequence[tuple[Slip, Record]]:
    cases = tuple(exercise.cases(seed))
    return [(slip, record(to_compare(exercise, slip.answer), cases)) for slip in exercise.slips]


def _judge(exercise: Exercise, answer: Any, seed: int) -> Outcome:
    cases, right = expected(exercise, seed)
    until = time.monotonic() + TOGETHER
    reference = exercise.reference if inspect.isfunction(exercise.reference) else None
    trial = try_out(
        to_compare(exercise, answer), cases, right=right, needs=exercise.needs, forbidden=reference
    )
    return judge(exercise, answer, trial, seed=seed, until=until)


def judge(
    exercise: Exercise,
    answer: Any,
    trial: Trial,
    *,
    seed: int,
    until: float,
    runs: bool = True,
) -> Outcome:
    """Return the Outcome of a trial with the cases of `seed`.

    answer: is read for its source. Where it must not be run again, `runs` is False. until: when, by
    time.monotonic, the search for what explains a wrong answer ends.
    """
    cases, right = expected(exercise, seed)
    mine = trial.results

    def outcome(status: str, message: str, **more: Any) -> Outcome:
        return Outcome(exercise.id, status, message, printed=trial.printed, **more)

    if trial.replaced:
        return outcome("changed_input", messages.replaced_while_running(trial.replaced))
    if trial.timed_out:
        last = cases[min(len(mine), len(cases) - 1)]
        wrong = _wrong_before(mine, right, exercise, cases, answer)
        return outcome("timed_out", messages.timed_out(last, trial) + wrong)
    if trial.error:
        return outcome("raised", messages.raised_outside(trial.error))
    if all(result.kind == "ellipsis" for result in mine):
        stubs = all(result.type_name == "NotImplementedError" for result in mine)
        return outcome("not_attempted", messages.STILL_A_STUB if stubs else messages.NOT_ATTEMPTED)
    if any(_raised(result, "CalledReference") for result in mine):
        return outcome("called_reference", messages.called_reference(exercise))
    for result in mine:
        if result.changed is not None:
            return outcome("changed_input", messages.changed_input(exercise, result))
    if not trial.repeats:
        seen = "".join(f"{fact} " for fact in facts(answer, exercise.reference)[:1])
        return outcome("wrong_value", seen + messages.KEEPS_STATE)

    found = _first_difference(mine, right)
    if found is None:
        usable = trial.need is None and not any(map(messages.not_in_torch, mine, right))
        words = messages.passed(mine, right, trial.need, answer)
        return outcome("passed", words, usable=usable)
    records = cases, mine, right
    return outcome(
        _status(mine[found], right[found]),
        **_named(exercise, answer, records, found, seed, until, runs),
    )


def _named(
    exercise: Exercise,
    answer: Any,
    records: tuple[Sequence[Case], Record, Record],
    found: int,
    seed: int,
    until: float,
    runs: bool,
) -> dict[str, str | None]:
    """The message about a wrong answer, with the slip or the kind of mistake that it names.

    In this order: a first line that was changed, a known slip, one change that makes the answer
    right, one that makes the right code what the answer is, two slips, and else how it differs.
    """
    cases, mine, right = records
    # what gives memory back is not tried with changes: one of them may read it, and the kernel dies
    runs = runs and not any(result.type_name == GONE for result in mine)
    if changed := callable(answer) and first_line(answer, exercise.reference):
        return {"message": changed}
    status, half = _status(mine[found], right[found]), root_as_half(source_of(answer))
    known = _slips(exercise, seed)
    for agree in (same, stop_alike):
        for slip, its in known:
            if same_slip(mine, its, right, cases, agree) or (
                not callable(exercise.reference) and all(map(same_wrong_parts, mine, its, right))
            ):
                return {"message": slip.message + half, "slip": slip.name}
    explained, given = explain(status, exercise, cases, mine, right, found, answer)
    seen = "".join(facts(answer, exercise.reference, stopped=status == "raised")[:1])
    if callable(exercise.reference) and status.startswith("wrong") and tells(mine, right, cases):
        for search, before in (
            (lambda: repair_of(answer, right, cases) if runs else None, f"{seen or explained} "),
            (lambda: kind_of(exercise, mine, right, cases), f"{seen or explained} "),
            (lambda: two_slips(exercise, mine, right, cases, known), ""),
        ):
            if its := _in_time(until, search):
                kind, words = its
                return {"message": f"{before}{words}{half}", "kind": kind}
    words = f"{seen} {explained}{given}".strip()
    return {"message": words + half, "kind": "seen in the source" if seen else None}


def _wrong_before(
    mine: Sequence[Result], right: Record, exercise: Exercise, cases: Sequence[Case], answer: Any
) -> str:
    """A sentence on what was wrong before the time was up, or ""."""
    done = len(mine) if len(mine) < len(right) else 0
    found = _first_difference(mine[:done], right[:done])
    if found is None or mine[found].kind in ("error", "ellipsis"):
        return ""
    status = _status(mine[found], right[found])
    words, _ = explain(status, exercise, cases[:done], tuple(mine), right[:done], found, answer)
    return f" Before that, another thing: {words[:1].lower()}{words[1:]}"


def _in_time(until: float, look: Callable[[], Any]) -> Any:
    """`look()` if it finds something before that time; else None."""
    return run_guarded(look, seconds=max(until - time.monotonic(), 0.1)).value


def _raised(result: Result, name: str) -> bool:
    return result.kind == "error" and result.type_name == name


def _first_difference(mine: Sequence[Result], right: Record) -> int | None:
    """The first case with a wrong value; failing that, the first with a wrong type or dtype."""
    pairs = list(zip(mine, right, strict=True))
    for alike in (same, same_type):
        for i, (m, r) in enumerate(pairs):
            if not alike(m, r):
                return i
    return None


def _status(mine: Result, right: Result) -> str:
    if mine.kind == "error":
        return "raised"
    if right.kind == "sequence":
        if mine.kind != "sequence":
            return "wrong_type" if mine.kind not in NUMERIC else "wrong_shape"
        if len(mine.items) != len(right.items):
            return "wrong_shape"
        pairs = zip(mine.items, right.items, strict=True)
        return next(_status(m, r) for m, r in pairs if not (same(m, r) and same_type(m, r)))
    if mine.kind == "sequence" and right.kind in NUMERIC:
        return "wrong_type" if mine.type_name == "list" else "wrong_shape"
    if mine.kind in NUMERIC and right.kind in NUMERIC:
        if mine.device not in (None, "cpu") and mine.device != right.device:
            return "wrong_type"
        if mine.shape != right.shape:
            return "wrong_shape"
        return "wrong_value" if not same(mine, right) else "wrong_type"
    return "wrong_value" if mine.kind == right.kind else "wrong_type"
