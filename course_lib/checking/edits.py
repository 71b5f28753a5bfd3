"""The source of a function, and the function that an edited source makes."""

from __future__ import annotations

import ast
import functools
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Edit:
    """Puts `new` for every `old`; for every `new` an `old` too if they are `swapped`.

    A name is found as a whole word only: `m` is not found in `m_hat`. An edit with nothing in `old`
    puts `new` for the whole.
    """

    old: str
    new: str
    swapped: bool = False

    def apply(self, code: str) -> str:
        """Return the code after this edit. Raises ValueError if there is nothing to edit."""
        if not self.old:
            return self.new
        found, count = _whole(self.old).subn("\0", code)
        if not count:
            raise ValueError(f"`{self.old}` is not in the code that is edited")
        if self.swapped:
            found = _whole(self.new).sub(lambda _: self.old, found)
        return found.replace("\0", self.new)


def _whole(text: str) -> re.Pattern[str]:
    """Return a pattern for a piece of code that neither begins nor ends within a name."""
    before = r"(?<!\w)" if re.match(r"\w", text) else ""
    after = r"(?!\w)" if re.search(r"\w$", text) else ""
    return re.compile(before + re.escape(text) + after)


def edited(code: str, edits: Iterable[Edit]) -> str:
    """Return the code after all edits, one after the other."""
    return functools.reduce(lambda code, edit: edit.apply(code), edits, code)


@functools.cache
def body(fn: Callable[..., Any]) -> str:
    """Return the source of a function's body, without its docstring.

    >>> body(textwrap.dedent)[:15]
    '# Look for the '
    """
    text = textwrap.dedent(inspect.getsource(fn))
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    documented = ast.get_docstring(function) is not None
    begins = function.body[0].end_lineno if documented else function.body[0].lineno - 1
    return textwrap.dedent("\n".join(text.splitlines()[begins:])).strip("\n")


def formula(of: Callable[..., Any]) -> ast.Module:
    """Return the body of a function as a tree, without what only refuses bad inputs."""
    tree = ast.parse(body(of))
    for statement in list(tree.body):
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name())):  # expect("x", x, …)
                tree.body.remove(statement)
            case ast.If(body=[ast.Raise()], orelse=[]):
                tree.body.remove(statement)
            case ast.For(body=[ast.If(body=[ast.Raise()], orelse=[])]):
                tree.body.remove(statement)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for statement in list(tree.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in read:
                tree.body.remove(statement)  # what was to be refused
    return tree


def made(of: Callable[..., Any], code: str) -> Callable[..., Any]:
    """Return a function with the parameters and the globals of another, and a body of its own.

    It is compiled when it is first called. torch, functional and math are at hand in it.
    """

    parameters = inspect.signature(of).parameters.values()
    bare = [p.replace(annotation=p.empty, default=p.empty) for p in parameters]
    head = f"def {of.__name__}{inspect.Signature(bare)}:\n"

    @functools.cache
    def compiled() -> Callable[..., Any]:
        namespace = {"torch": torch, "functional": functional, "math": math, **of.__globals__}
        text = head + textwrap.indent(code, "    ")
        exec(compile(text, f"<{of.__name__}>", "exec"), namespace)
        fn = namespace[of.__name__]
        fn.__defaults__, fn.__kwdefaults__ = of.__defaults__, of.__kwdefaults__
        return fn

    return lambda *args, **kwargs: compiled()(*args, **kwargs)
