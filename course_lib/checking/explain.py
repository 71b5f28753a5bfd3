"""Sentences on a wrong result: which part of it, in which case, and how it differs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import torch

from .compare import (
    how_all_differ,
    how_it_differs,
    how_it_differs_throughout,
    never_varies,
    same,
    same_type,
)
from .model import Case, Exercise
from .reading import return_of
from .record import Record, Result

FEW = 24  # numbers; so many can still be tried by hand


def explain(
    status: str,
    exercise: Exercise,
    cases: Sequence[Case],
    mine: Record,
    right: Record,
    found: int,
    answer: Any,
) -> tuple[str, str]:
    """What to say of an answer that is wrong in a way that no slip explains, and what went in.

    `found` is the first case in which it is; what holds for all of them is said rather than that.
    What went in are the numbers of that case, where they are few and the values are wrong.
    """
    if status == "raised":
        return _raised(cases[found], mine[found]), ""
    if never_varies(mine, right):
        known = list(inspect.signature(exercise.reference).parameters)[: len(cases[0].args)]
        names = ", ".join(f"`{name}`" for name in [*known, *cases[0].kwargs])
        words = (
            "Your function gave the same result in every try. Does it use what it is given "
            f"({names}), or a name from elsewhere in the notebook?"
        )
        return words, ""
    before, result = "", "your result" if callable(exercise.reference) else "your answer"
    while _are_alike_sequences(mine, right):
        names = _result_names(exercise, len(right[0].items)) if not before else []
        part = _first_wrong_part(mine[found], right[found])
        before = before or _right_parts(names, mine, right)
        result = names[part] if names else f"number {part + 1} of {result.replace('your ', '')}"
        mine, right = (tuple(r.items[part] for r in whole) for whole in (mine, right))
    given = _inputs(exercise, cases[found]) if status == "wrong_value" else ""
    if status == "wrong_value" and (clause := how_all_differ(mine, right, cases)):
        words = f"With {cases[found].words}, and with others too, {result} {clause}."
    elif status == "wrong_value" and mine[found].values is not None is not right[found].values:
        clause = how_it_differs_throughout(mine, right, cases, found)
        words = f"With {cases[found].words}, {result} {clause}."
    else:
        clause = _wrong(status, mine[found], right[found], answer, result)
        words = f"With {cases[found].words}, {clause}"
    return f"{before}{words}", given


def _are_alike_sequences(mine: Record, right: Record) -> bool:
    """Whether all results have the same number of parts, so that they can be told one by one."""
    whole = (*mine, *right)
    counts = {len(result.items) for result in whole}
    return (
        all(result.kind == "sequence" for result in whole) and len(counts) == 1 and 0 not in counts
    )


def _first_wrong_part(mine: Result, right: Result) -> int:
    pairs = zip(mine.items, right.items, strict=True)
    return next(i for i, (m, r) in enumerate(pairs) if not (same(m, r) and same_type(m, r)))


def _right_parts(names: Sequence[str], mine: Record, right: Record) -> str:
    """Which of several results are right in all cases: "Here m and v are right, p is not. "."""
    good, bad = [], []
    for i, name in enumerate(names):
        fine = all(same(m.items[i], r.items[i]) for m, r in zip(mine, right, strict=True))
        (good if fine else bad).append(name.removeprefix("your "))
    if not good or not bad:
        return ""
    is_good, is_bad = ("is" if len(some) == 1 else "are" for some in (good, bad))
    return f"Here {_and(good)} {is_good} right, {_and(bad)} {is_bad} not. "


def _result_names(exercise: Exercise, count: int) -> list[str]:
    """What to call the results: a rule gives back its parameter and what it remembers."""
    if "rule" in exercise.needs:
        parameter, _, *slots = inspect.signature(exercise.reference).parameters
        return [parameter, *slots][:count]
    kind = "result" if callable(exercise.reference) else "part"
    return [f"your {kind} number {i + 1}" for i in range(count)]


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _inputs(exercise: Exercise, case: Case) -> str:
    """The numbers that went in, if they are few enough to try it by hand; else nothing."""
    if not callable(exercise.reference):
        return ""
    names = inspect.signature(exercise.reference).parameters
    given = dict(zip(names, case.args, strict=False)) | case.kwargs
    given = {name: value for name, value in given.items() if _is_shown(value)}
    counts = [value.numel() if torch.is_tensor(value) else 1 for value in given.values()]
    if not given or sum(counts) > FEW:
        return ""
    return f" (There {', '.join(f'{name} = {_numbers(value)}' for name, value in given.items())}.)"


def _is_shown(value: Any) -> bool:
    return not callable(value) and not isinstance(value, torch.Generator)


def _numbers(value: Any) -> str:
    if torch.is_tensor(value):
        value = value.tolist()
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    if not isinstance(value, float):
        return repr(value)
    text = f"{value:.4g}"
    rounded_away = float(text).is_integer() and not value.is_integer()
    return f"{value:.10g}" if rounded_away else text


def _wrong(status: str, mine: Result, right: Result, answer: Any, result: str) -> str:
    """What is wrong with a result that is called `result`."""
    if status == "wrong_type":
        return _wrong_type(mine, right, answer, result)
    if status == "wrong_shape":
        return _wrong_shape(mine, right, result)
    if mine.kind == right.kind == "text":
        return _wrong_word(mine.text, right.text, result)
    if mine.values is None or right.values is None:
        return f"{result} is not the one asked for."
    return f"{result} {how_it_differs(mine, right)}."


def _wrong_word(mine: str, right: str, result: str) -> str:
    if mine.strip() == right:
        return f"{result} is right but for a blank: {mine!r}."
    if mine.strip().lower() == right.lower():
        return f"{result} is right but for its capitals: {mine!r}."
    return f"{result} is not the one asked for."


def _wrong_type(mine: Result, right: Result, answer: Any, result: str) -> str:
    match mine.kind:
        case "nothing":
            return f"{result} is None{_why_none(answer, result)}"
        case "ellipsis":
            return f"{result} is still `...`: one way through the function has no answer yet."
        case "function":
            if mine.text == "<lambda>":
                return f"{result} is a function; {_a(_kind_word(right))} is asked for."
            return (
                f"{result} is the function `{mine.text}` itself: if you meant to call it, its "
                "brackets `()` are missing."
            )
        case "generator":
            if mine.text == "<genexpr>":
                return (
                    f"{result} is a generator: round brackets stand around its `for`, where "
                    "square ones would make a list."
                )
            return f"{result} is a generator: `yield` stands where `return` belongs."
        case "coroutine":
            return f"{result} is a coroutine: `async def` stands where `def` belongs."
    if mine.dtype is None or right.kind != "tensor":
        return f"{result} is {_a(mine.type_name)}; {_a(_kind_word(right))} is asked for."
    if mine.device != right.device:
        return (
            f"{result} lives on the device {mine.device}, but the inputs live on "
            f"{right.device}: a result stays where its inputs are."
        )
    if mine.dtype == "bool":
        return (
            f"{result} says true or false, as a comparison does, where numbers are due: "
            "`.to(x.dtype)` makes numbers like those of a tensor x."
        )
    words = (
        f"the numbers are right, but {result} holds them as {mine.dtype} where {right.dtype} is due"
    )
    if not right.dtype.startswith("float"):
        return f"{words}."
    return (
        f"{words}, the dtype of the inputs. `torch.zeros(…)` and `torch.tensor(…)` choose one of "
        "their own: `x.new_zeros(…)` makes zeros like those of a tensor x, and `dtype=x.dtype` "
        "says it outright."
    )


def _kind_word(right: Result) -> str:
    if right.type_name == "int":
        return "whole number"
    if right.kind == "sequence":
        return f"group of {len(right.items)} in brackets"
    words = {"number": "number", "text": "word", "tensor": "tensor"}
    return words.get(right.kind, right.type_name.lower())


def _why_none(answer: Any, result: str) -> str:
    """How a function comes to give None, as far as its source tells."""
    if not callable(answer) or result != "your result":
        return "."
    returns = return_of(answer)
    if returns == "never":
        return ": did you forget `return`?"
    if returns == "at the end":
        return ": what stands behind your `return` has no value."
    if returns == "sometimes":
        return ": one way through the function ends without a `return`."
    return "."


def _wrong_shape(mine: Result, right: Result, result: str) -> str:
    if mine.kind == "sequence" and right.kind != "sequence" and len(mine.items) == 1:
        return f"{result} is a tuple with one entry: is there a comma behind it?"
    if mine.kind != "sequence" == right.kind and mine.shape == (len(right.items),):
        return (
            f"{result} is one tensor; {len(right.items)} results are due, with a comma between "
            "them."
        )
    if mine.kind == "sequence" and right.kind == "tensor":
        return f"your function returns {len(mine.items)} results; one tensor is asked for."
    if "sequence" in (mine.kind, right.kind):
        return f"{result} has {_count(_parts(mine), 'part')}; it should have {_parts(right)}."
    should = f"shape {right.shape}" if right.shape else "shape (), a single number"
    return f"{result} has shape {mine.shape}; it should have {should}."


def _parts(result: Result) -> int:
    return len(result.items) if result.kind == "sequence" else 1


def _raised(case: Case, mine: Result) -> str:
    where = f", in the line `{_cut(mine.line, 80)}`" if mine.line else ""
    if mine.takes:
        gives = [*(["…"] * len(case.args)), *(f"{name}=…" for name in case.kwargs)]
        return (
            f"Your function takes {_cut(mine.takes, 80)}, but the exercise calls it with "
            f"{_count(len(gives), 'argument')}, ({', '.join(gives)}): keep the first line of the "
            "answer's cell as it was."
        )
    if mine.type_name == "RecursionError":
        return f"Your function goes round in circles{where}: something calls itself without end."
    if mine.type_name == "SystemExit":
        return f"Your function calls exit(){where}. It should `return` its result instead."
    return (
        f"With {case.words}, your function stops with "
        f"{_error_words(mine.type_name, mine.text)}{where}.{_advice(mine)}"
    )


def _advice(mine: Result) -> str:
    """A sentence on an error that has one likely cause; else nothing."""
    text = mine.text or ""
    if "^" in (mine.line or ""):
        return " In Python a power is `**`; `^` works on bits."
    if text.startswith("Boolean value of Tensor"):
        return (
            " An `if`, `max` or `and` asks one question, and here each number needs its own: look "
            "for a torch function that works place by place."
        )
    if mine.type_name == "UnboundLocalError":
        return (
            " A name that gets a value anywhere in a function belongs to the function, and here it "
            "is read first. Do you mean one of the arguments?"
        )
    if text.startswith("math domain error"):
        return " A logarithm of 0 or less, or a root of less than 0, is no number."
    if text.startswith("element 0 of tensors does not require grad"):
        return (
            " What is differentiated there keeps no record of how it was made: was the input told "
            "to (`requires_grad_()`), and a first gradient too (`create_graph=True`)?"
        )
    if "converted to Python scalar" in text:
        return " Functions of `math` take one number; those of `torch` take a tensor of many."
    return ""


def root_as_half(source: str) -> str:
    """A sentence on `**1/2`, which is no root, if an answer's source holds it; else nothing."""
    if re.search(r"\*\*\s*1\s*/\s*\d", source):
        return " `x ** 1/2` takes the power first and halves it then: a root needs its brackets."
    return ""


def _error_words(type_name: str, text: str | None) -> str:
    first = (text or "").strip().splitlines()[:1]
    if not first:
        return type_name
    words = first[0].removesuffix(", but expected one of:").rstrip(" .:")
    return f"{type_name}: {_cut(words, 160)}"


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
