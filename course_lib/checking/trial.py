"""Trying an answer out: what came of it in each case, before anybody judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from .compare import same
from .guard import run_guarded
from .model import Case
from .needs import missing_need
from .output import collect_no_more
from .pristine import restore
from .record import Record, Result, call


@dataclass(frozen=True)
class Trial:
    """What an answer gave, case by case, and how the trial went. Plain data, all of it.

    `results` is shorter than the cases where the answer did not come to the end. `repeats` says
    that the same inputs gave the same again. `need` is the first thing that an answer so far right
    cannot do for the lesson. `replaced` names what the answer replaced in the libraries, and
    `error` the exception that ended it as a whole.
    """

    results: Record = ()
    repeats: bool = True
    need: str | None = None
    replaced: tuple[str, ...] = ()
    timed_out: bool = False
    left_behind: bool = False
    asleep: bool = False
    error: str = ""
    printed: str = ""


def try_out(
    fn: Callable[..., Any],
    cases: Sequence[Case],
    *,
    right: Record | None = None,
    needs: Sequence[str] = (),
    forbidden: FunctionType | None = None,
    seconds: float | None = None,
) -> Trial:
    """Return what comes of `fn`, guarded as in `run_guarded`.

    right: what should come. Only an answer that gives it is asked whether it meets the `needs`.
    """
    mine: list[Result] = []  # how far the answer came is of interest when its time is up

    def work() -> tuple[bool, str | None]:
        mine.append(call(fn, cases[0]))
        collect_no_more()  # what it prints with one case is enough
        mine.extend(call(fn, case) for case in cases[1:])
        general = [i for i, case in enumerate(cases) if not case.special]
        repeats = all(_same_again(mine[i], call(fn, cases[i])) for i in general)
        right_so_far = right is not None and all(map(same, mine, right))
        return repeats, missing_need(fn, needs, cases[0]) if right_so_far else None

    ran = run_guarded(work, seconds=seconds, forbidden=forbidden)
    repeats, need = ran.value or (True, None)
    return Trial(
        results=tuple(mine),
        repeats=repeats,
        need=need,
        replaced=tuple(restore()),
        timed_out=ran.timed_out,
        left_behind=ran.left_behind,
        asleep=ran.asleep,
        error=type(ran.error).__name__ if ran.error is not None else "",
        printed=ran.printed,
    )


def _same_again(first: Result, second: Result) -> bool:
    """Whether two calls with the same inputs agree; what an error says may differ."""
    return first.kind == second.kind == "error" or same(first, second)
