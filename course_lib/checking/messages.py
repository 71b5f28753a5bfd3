"""Sentences about an outcome as a whole; on a wrong result see `explain`, `kinds` and `reading`."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from .model import Case, Exercise
from .reading import source_of
from .record import Record, Result
from .trial import Trial

NOT_ATTEMPTED = (
    "Nothing to check yet: replace the `...` in the cell above with your answer, run that cell, "
    "then run this one again."
)
STILL_A_STUB = (
    "Nothing to check yet: write your answer into the cell above, in place of `raise "
    "NotImplementedError()`, run that cell, then run this one again."
)
STAND_IN_GIVEN_BACK = (
    "This is the stand-in from an earlier check, not your answer: run the cell with your answer "
    "again, then this one. If that cell ends in an error, in red, mend that first; and keep the "
    "name that it gives to the answer."
)
NOT_A_VALUE = "The answer is a function; the exercise asks for the value itself, not for one."
KEEPS_STATE = (
    "Asked twice with the same inputs, your function gives two different results. It must depend "
    "on its inputs alone: look for something it remembers between calls, for chance, or for "
    "numbers from `torch.empty` that are never set."
)

_NEEDS = {
    "rule": "what runs a rule tells its settings from what it remembers by a `*`: keep the first "
    "line of the cell as it was given",
    "grad": "the lesson sends gradients through it, and through your version they do not pass",
    "vmap": "the lesson runs it for many networks at once, with `torch.func.vmap`, and your "
    "version takes one at a time",
}
_STOPS = {  # what in a source stops gradients, or asks one number a question
    "grad": (".item()", "float(", "torch.tensor(", ".detach()", ".data", "no_grad", ".numpy()"),
    "vmap": (".item()", "float(", ".tolist()", "if ", "while ", "[i] =", "] ="),
}


def not_a_function(type_name: str) -> str:
    if type_name == "NoneType":
        return "The answer is None; the exercise asks for a function."
    return (
        f"The answer is {a_(type_name)}; the exercise asks for the function itself: "
        "hand over its name, without brackets behind it."
    )


def timed_out(case: Case, trial: Trial) -> str:
    message = (
        f"With {case.words}, your function had not come back when its time was over: look for a "
        "loop that never ends, or for many small steps that one tensor operation could do."
    )
    if trial.left_behind:
        message += " It could not be stopped; if the notebook is slow now, restart the kernel."
    elif trial.asleep:
        message += " It catches what should end it, and keeps its memory until the kernel restarts."
    return message


def called_reference(exercise: Exercise) -> str:
    return (
        f"Your function calls the library's own `{exercise.reference.__name__}`, which is what "
        "this exercise asks you to write: write it from the formula."
    )


def replaced_while_running(names: Sequence[str]) -> str:
    return (
        f"Your function replaces {', '.join(names)} for the whole notebook while it runs. The "
        "original is back; an answer must leave the libraries as it finds them."
    )


def restored(names: list[str]) -> str:
    return f"({', '.join(names)} had been replaced in this notebook; the original is back.)"


def changed_input(exercise: Exercise, result: Result) -> str:
    name = _argument_name(exercise, result.changed)
    return (
        f"Your function changes its input {name} in place, so that whoever called it finds it "
        "changed afterwards. Look for `+=`, `*=`, a method whose name ends in `_`, or an "
        "assignment to an entry, and make something new instead."
    )


def raised_outside(error: str) -> str:
    return f"Your answer stopped with {error}."


def passed(mine: Sequence[Result], right: Record, need: str | None, answer: Any) -> str:
    if any(map(not_in_torch, mine, right)):
        return (
            "Right, though not as a torch tensor. What follows needs tensors, so the lesson goes "
            "on with a stand-in; written with torch operations, your own goes on."
        )
    if need is not None:
        source = source_of(answer)
        causes = [f"`{text.strip()}`" for text in _STOPS.get(need, ()) if text in source]
        look = f" Look at {' and '.join(causes[:2])}." if causes else ""
        return f"Right. But {_NEEDS[need]}, so the lesson goes on with a stand-in.{look}"
    if not callable(answer):
        return "Right."
    if inspect.isbuiltin(answer) or str(getattr(answer, "__module__", "")).startswith("torch"):
        return "Right, with torch's own function. Can you write it without, from simpler ones?"
    return "Right. The lesson goes on with your own version."


def not_in_torch(mine: Result, right: Result) -> bool:
    """Whether an array or a number came where the reference gives a tensor."""
    if right.kind == "sequence" and mine.kind == "sequence":
        return any(map(not_in_torch, mine.items, right.items))
    return right.kind == "tensor" and mine.kind != "tensor"


def _argument_name(exercise: Exercise, changed: int | str | None) -> str:
    if isinstance(changed, int):
        names = list(inspect.signature(exercise.reference).parameters)
        return f"`{names[changed]}`" if changed < len(names) else f"number {changed + 1}"
    return f"`{changed}`"


def a_(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
