"""From an answer to one Outcome: pure, shows nothing, keeps nothing."""

from __future__ import annotations

import difflib
import functools
import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from . import messages
from .compare import NUMERIC, same, same_slip, same_type, same_wrong_parts
from .guard import run_guarded
from .model import Case, Exercise, Outcome, Twin
from .needs import missing_need
from .output import collect_no_more
from .pristine import restore, settings_kept
from .registry import EXERCISES
from .signature import Result, Signature, as_function, call, signature
from .stand_in import stands_in

AUTHOR_SECONDS = 60.0  # for what an exercise computes itself, once a seed


def evaluate(id: str, answer: Any, *, seed: int | None = None) -> Outcome:
    """The Outcome of `answer` to the exercise `id` ("01.dense").

    `seed` draws the cases; without one it is COURSE_SEED of the environment, else 0.

    Raises:
        ValueError: when there is no exercise with this id, or COURSE_SEED is no whole number.
        KeyboardInterrupt: when the learner presses stop.
    """
    exercise = find(id)
    seed = default_seed() if seed is None else seed
    if stands_in(answer):
        return Outcome(id, "not_attempted", messages.STAND_IN_GIVEN_BACK)
    if answer is Ellipsis or answer is NotImplemented:
        return Outcome(id, "not_attempted", messages.NOT_ATTEMPTED)
    if callable(exercise.reference) and not callable(answer):
        return Outcome(id, "wrong_type", messages.not_a_function(answer))

    replaced = restore()
    with settings_kept():
        outcome = _judge(exercise, answer, seed)
    if replaced:
        return replace(outcome, message=f"{outcome.message} {messages.restored(replaced)}")
    return outcome


def default_seed() -> int:
    """The seed that cases are drawn from: COURSE_SEED, else 0."""
    text = os.environ.get("COURSE_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"COURSE_SEED is {text!r}; it must be a whole number, 0 or more.")
    return int(text)


def find(id: str) -> Exercise:
    """The exercise `id`; a ValueError that offers the nearest ids when there is none."""
    if id in EXERCISES:
        return EXERCISES[id]
    near = difflib.get_close_matches(str(id), EXERCISES, n=3, cutoff=0.4)
    offer = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(f"There is no exercise {id!r}.{offer}")


def _computed_once(compute: Callable[[str, int], Any]) -> Callable[[str, int], Any]:
    """`compute(id, seed)`, once, and in a thread that no setting of the notebook reaches."""

    @functools.cache
    def computed(id: str, seed: int) -> Any:
        ran = run_guarded(lambda: compute(id, seed), seconds=AUTHOR_SECONDS)
        if ran.timed_out:
            raise RuntimeError(f"the cases, reference or twins of {id} do not come to an end")
        if ran.error is not None:
            raise ran.error
        return ran.value

    return computed


@_computed_once
def _expected(id: str, seed: int) -> tuple[Sequence[Case], Signature]:
    _import_what_torch_imports_late()
    cases = tuple(EXERCISES[id].cases(seed))
    return cases, signature(as_function(EXERCISES[id].reference), cases)


def _import_what_torch_imports_late() -> None:
    """The first use of torch.func takes a second, which is not the learner's."""
    torch.func.grad(torch.sum)(torch.zeros(1))


@_computed_once
def _slips(id: str, seed: int) -> Sequence[tuple[Twin, Signature]]:
    cases = tuple(EXERCISES[id].cases(seed))
    return [(twin, signature(as_function(twin.fn), cases)) for twin in EXERCISES[id].twins]


def _judge(exercise: Exercise, answer: Any, seed: int) -> Outcome:
    cases, right = _expected(exercise.id, seed)
    fn = as_function(answer)
    reference = exercise.reference if inspect.isfunction(exercise.reference) else None
    mine: list[Result] = []  # how far the answer came is of interest when its time is up

    def work() -> tuple[bool, str | None]:
        mine.append(call(fn, cases[0]))
        collect_no_more()  # what it prints with one case is enough
        mine.extend(call(fn, case) for case in cases[1:])
        general = [i for i, case in enumerate(cases) if not case.special]
        repeats = all(_same_again(mine[i], call(fn, cases[i])) for i in general)
        right_so_far = all(map(same, mine, right))
        return repeats, missing_need(fn, exercise.needs, cases[0]) if right_so_far else None

    ran = run_guarded(work, forbidden=reference)

    def outcome(status: str, message: str, **more: Any) -> Outcome:
        return Outcome(exercise.id, status, message, printed=ran.printed, **more)

    if replaced := restore():
        return outcome("changed_input", messages.replaced_while_running(replaced))
    if ran.timed_out:
        last = cases[min(len(mine), len(cases) - 1)]
        return outcome("timed_out", messages.timed_out(last, ran.left_behind))
    if ran.error is not None:
        return outcome("raised", messages.raised_outside(ran.error))
    if all(result.kind == "ellipsis" for result in mine):
        return outcome("not_attempted", messages.NOT_ATTEMPTED)
    if any(_raised(result, "CalledReference") for result in mine):
        return outcome("called_reference", messages.called_reference(exercise))
    for result in mine:
        if result.changed is not None:
            return outcome("changed_input", messages.changed_input(exercise, result))
    repeats, need = ran.value
    if not repeats:
        return outcome("wrong_value", messages.KEEPS_STATE)

    found = _first_difference(mine, right)
    if found is None:
        usable = need is None and not any(map(messages.not_in_torch, mine, right))
        return outcome("passed", messages.passed(mine, right, need), usable=usable)
    status = _status(mine[found], right[found])
    half = messages.root_as_half(_source(answer))
    for twin, slip in _slips(exercise.id, seed):
        if same_slip(mine, slip, right, cases) or (
            not callable(exercise.reference) and all(map(same_wrong_parts, mine, slip, right))
        ):
            return outcome(status, twin.message + half, misconception=twin.name)
    return outcome(status, messages.explain(status, exercise, cases, mine, right, found) + half)


def _source(answer: Any) -> str:
    """The text of an answer; nothing where Python does not know it."""
    try:
        return inspect.getsource(answer)
    except (OSError, TypeError):
        return ""


def _same_again(first: Result, second: Result) -> bool:
    """Whether two calls with the same inputs agree; what an error says may differ."""
    return first.kind == second.kind == "error" or same(first, second)


def _raised(result: Result, name: str) -> bool:
    return result.kind == "error" and result.type_name == name


def _first_difference(mine: Sequence[Result], right: Signature) -> int | None:
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
