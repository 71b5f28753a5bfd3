"""One-step mutants: what a function becomes when one small thing in it is changed.

They serve twice. An answer that no slip explains is compared with them, and what they say is the
*kind* of mistake, never the place. And in the tests each must be refused by the exercise's cases:
a mutant that passes is a wrong answer that would pass.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from .changes import additions, of_expression, of_statement
from .edits import formula, made


@dataclass(frozen=True)
class Mutant:
    """A function with one change. `change` shows its first line that is another, before and after.

    It is for those who review: no learner sees it.
    """

    kind: str
    change: str
    fn: Callable[..., Any]


def mutants(of: Callable[..., Any]) -> list[Mutant]:
    """Return all one-step mutants of a function, each source once.

    What only refuses bad inputs is no part of the formula and is left out of all of them.
    """
    tree = _Numbers().visit(formula(of))
    whole = ast.unparse(tree)
    taken, found = {whole}, []
    for kind, code in _changed_sources(tree, of):
        if code not in taken:
            taken.add(code)
            found.append(Mutant(kind, _change(whole, code), made(of, code)))
    return found


def _change(before: str, after: str) -> str:
    old, new = before.splitlines(), after.splitlines()
    at = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), -1)
    return f"{old[at].strip()} → {new[at].strip()}"


class _Numbers(ast.NodeTransformer):
    """Makes one node of a negative number, so that -1 is an axis as 1 is."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ast.Constant(-value)
        return self.generic_visit(node)


def _changed_sources(tree: ast.Module, of: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    parameters = inspect.signature(of).parameters
    stored = [
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    names = list(dict.fromkeys([*parameters, *stored]))
    for parent, field, index, node in list(_places(tree)):
        added = additions(node, list(parameters))
        for kind, new in [*of_expression(node, parent, names), *added]:
            with _put(parent, field, index, new):
                yield kind, ast.unparse(tree)
    for statements in list(_blocks(tree)):
        yield from _changed_blocks(tree, statements, names, list(parameters))
    for one, other in combinations(parameters, 2):
        if parameters[one].kind is not parameters[other].kind:
            continue  # nobody takes a setting for a tensor
        yield "inputs", _renamed(tree, {one: other, other: one})
    for name, parameter in parameters.items():
        for value in own_numbers(parameter):
            yield "setting", _renamed(tree, {name: repr(value)})


def own_numbers(parameter: inspect.Parameter) -> tuple[float, ...]:
    """Return numbers that somebody may write in the place of a hyper-parameter."""
    default = parameter.default
    if isinstance(default, float | int) and not isinstance(default, bool):
        small = (1e-6, 1e-7, 1e-8, 1e-10, 0.0) if 0 < default < 1e-4 else ()
        return tuple(dict.fromkeys((default, *small)))
    return (1.0,) if parameter.kind is parameter.KEYWORD_ONLY else ()


def _changed_blocks(
    tree: ast.Module, statements: list[ast.stmt], names: list[str], parameters: list[str]
) -> Iterator[tuple[str, str]]:
    for i, statement in enumerate(statements):
        for kind, new in of_statement(statement, tree, names, parameters):
            with _put_statements(statements, i, new):
                yield kind, ast.unparse(tree)
    for i, (one, other) in enumerate(pairwise(list(statements))):
        if not isinstance(other, ast.Return) and _depend(one, other):
            statements[i : i + 2] = [other, one]
            yield "lines", ast.unparse(tree)
            statements[i : i + 2] = [one, other]


def _depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether two statements share a name that one of them sets: else their order is free."""

    def named(statement: ast.stmt, *how: type[ast.expr_context]) -> set[str]:
        return {
            n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, how)
        }

    sets = named(one, ast.Store), named(other, ast.Store)
    return bool(sets[0] & named(other, ast.Load, ast.Store) or sets[1] & named(one, ast.Load))


@contextmanager
def _put(parent: ast.AST, field: str, index: int | None, new: ast.AST) -> Iterator[None]:
    """While this lasts, another node stands in a place of the tree."""
    before = getattr(parent, field)
    if index is None:
        setattr(parent, field, new)
    else:
        setattr(parent, field, [*before[:index], new, *before[index + 1 :]])
    try:
        yield
    finally:
        setattr(parent, field, before)


@contextmanager
def _put_statements(statements: list[ast.stmt], index: int, new: list[ast.stmt]) -> Iterator[None]:
    """While this lasts, other statements stand in the place of one."""
    before = list(statements)
    statements[index : index + 1] = new
    try:
        yield
    finally:
        statements[:] = before


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield each expression of a tree with where it stands: parent, field, index in a list."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr):
                yield parent, field, None, value
            elif isinstance(value, list):
                for i, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield parent, field, i, item


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield value


def _renamed(tree: ast.Module, names: dict[str, str]) -> str:
    """Return the source with other names, or numbers, where some names are read."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if node.id in names and isinstance(node.ctx, ast.Load):
                return ast.parse(names[node.id], mode="eval").body
            return node

    return ast.unparse(Rename().visit(ast.parse(ast.unparse(tree))))
