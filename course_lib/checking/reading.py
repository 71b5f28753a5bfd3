"""What the source of a wrong answer shows, without running it. Each sentence is a fact."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from .edits import formula
from .record import unwrapped


def first_line(answer: Callable[..., Any], reference: Callable[..., Any]) -> str:
    """Return a sentence on a first line that was changed: other order, another default; else "".

    Where the names themselves are others, or one has no default, nothing can be said.
    """
    try:
        mine = inspect.signature(answer).parameters
        due = inspect.signature(reference).parameters
    except (TypeError, ValueError):  # functions written in C, and answers that are values
        return ""
    if list(mine) != list(due) and set(mine) == set(due):
        return (
            f"The first line of your function takes ({', '.join(mine)}); in the cell as it was "
            f"given it takes ({', '.join(due)}), and it is called in that order. Put it back."
        )
    for name in mine:
        defaults = [p[name].default for p in (mine, due) if name in p]
        if inspect.Parameter.empty not in defaults and len(set(map(repr, defaults))) == 2:
            own, given = defaults
            return (
                f"In the first line of your function `{name}` is {own!r} by default; in the cell "
                f"as it was given it is {given!r}. Put it back."
            )
    return ""


def facts(answer: Any, reference: Any, *, stopped: bool = False) -> tuple[str, ...]:
    """Return sentences on what stands in an answer's source and is seldom meant, or ().

    stopped: whether the answer stopped with an error; then only what may be its cause counts.
    """
    function = _tree(answer)
    if function is None or not callable(reference):
        return ()
    if stopped:
        return tuple(_from_elsewhere(function, answer))
    found = [
        *_returns_in_a_loop(function),
        *_forgetting(function),
        *_kept_nowhere(function),
        *_never_used(function),
        *_from_elsewhere(function, answer),
        *_arguments_never_used(function, reference),
        *_whole_division(function, reference),
    ]
    return tuple(found)


def return_of(answer: Any) -> str:
    """Return where a function returns a value: "at the end", "sometimes", "never"; else ""."""
    function = _tree(answer)
    if function is None:
        return ""
    returns = [n for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    if not returns:
        return "never"
    return "at the end" if function.body[-1] in returns else "sometimes"


def source_of(answer: Any) -> str:
    """Return the text of an answer; nothing where Python does not know it."""
    try:
        return textwrap.dedent(inspect.getsource(answer))
    except (OSError, TypeError, ValueError):
        return ""


def _tree(answer: Any) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(source_of(answer))
    except SyntaxError:  # a lambda that stands inside something else
        return None
    first = tree.body[0] if tree.body else None
    return first if isinstance(first, ast.FunctionDef) else None


def _returns_in_a_loop(function: ast.FunctionDef) -> Iterator[str]:
    for loop in ast.walk(function):
        if isinstance(loop, ast.For | ast.While) and any(
            isinstance(statement, ast.Return) for statement in loop.body
        ):
            yield (
                "A `return` stands inside your loop and ends it in its first round: look at how "
                "far it is indented."
            )
            return


def _forgetting(function: ast.FunctionDef) -> Iterator[str]:
    """An amount that starts at zero before a loop, and is set anew in each round."""
    zeros = {
        name
        for statement in function.body
        for name, value in _assigned(statement)
        if isinstance(value, ast.Constant) and value.value == 0
    }
    for loop in function.body:
        if isinstance(loop, ast.For | ast.While):
            for name, _ in (pair for inner in loop.body for pair in _assigned(inner)):
                if name in zeros and name not in _read(loop):
                    yield (
                        f"`{name}` is set anew in each round of your loop, so that only the last "
                        "round counts."
                    )


def _kept_nowhere(function: ast.FunctionDef) -> Iterator[str]:
    for statement in ast.walk(function):
        if isinstance(statement, ast.Expr) and isinstance(
            statement.value, ast.BinOp | ast.UnaryOp | ast.Compare
        ):
            yield f"The line `{ast.unparse(statement)}` works something out and keeps it nowhere."


def _never_used(function: ast.FunctionDef) -> Iterator[str]:
    read = _read(function)
    parameters = {argument.arg for argument in _arguments(function)}
    for statement in ast.walk(function):
        for name, _ in _assigned(statement):
            if name not in read and name not in parameters and not name.startswith("_"):
                yield f"`{name}` gets a value that is never used."


def _from_elsewhere(function: ast.FunctionDef, answer: Any) -> Iterator[str]:
    """Tensors and numbers of the notebook that a function reads in place of its arguments."""
    own = {argument.arg for argument in _arguments(function)}
    own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and not _is_read(n)}
    outside = getattr(unwrapped(answer), "__globals__", {})
    for name in sorted(_read(function) - own):
        value = outside.get(name)
        is_value = isinstance(value, torch.Tensor | np.ndarray | int | float)
        if is_value and not hasattr(builtins, name) and not hasattr(math, name):
            yield (
                f"`{name}` is none of your function's arguments: it comes from elsewhere in the "
                "notebook."
            )


def _arguments_never_used(
    function: ast.FunctionDef, reference: Callable[..., Any]
) -> Iterator[str]:
    needed = _read(formula(reference))
    for argument in _arguments(function):
        if argument.arg in needed - _read(function):
            yield f"`{argument.arg}` is never used."


def _whole_division(function: ast.FunctionDef, reference: Callable[..., Any]) -> Iterator[str]:
    def divides(tree: ast.AST) -> bool:
        return any(isinstance(node, ast.FloorDiv) for node in ast.walk(tree))

    if divides(function) and not divides(formula(reference)):
        yield "`//` divides and drops what comes after the point; `/` keeps it."


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _assigned(statement: ast.AST) -> list[tuple[str, ast.expr]]:
    if not isinstance(statement, ast.Assign):
        return []
    return [(t.id, statement.value) for t in statement.targets if isinstance(t, ast.Name)]


def _read(tree: ast.AST) -> set[str]:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_read(n)}
    grown = {
        n.target.id
        for n in ast.walk(tree)
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
    return names | grown


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)
