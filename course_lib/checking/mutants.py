"""One-step mutants: what a function becomes when one small thing in it is changed.

They serve twice. An answer that no slip explains is compared with them, and what they say is the
*kind* of mistake, never the place. And in the tests each must be refused by the exercise's cases:
a mutant that passes is a wrong answer that would pass.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from .edits import body, made

AXES = ("dim", "axis", "keepdim", "keepdims")
NEIGHBOURS = {  # operations that are taken for one another
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "argmax": "argmin",
    "argmin": "argmax",
    "sqrt": "square",
    "square": "sqrt",
    "exp": "log",
    "log": "exp",
    "abs": "square",
    "var": "std",
    "std": "var",
    "ones_like": "zeros_like",
    "zeros_like": "ones_like",
    "floor": "ceil",
    "ceil": "floor",
    "log1p": "log",
    "expm1": "exp",
}
Change = tuple[str, ast.AST]  # kind, and what takes the place of the node


@dataclass(frozen=True)
class Mutant:
    """A function with one change. `change` shows its first line that is another, before and after.

    It is for those who review: no learner sees it.
    """

    kind: str
    change: str
    fn: Callable[..., Any]


@functools.cache
def mutants(of: Callable[..., Any]) -> list[Mutant]:
    """Return all one-step mutants of a function, each source once.

    What only refuses bad inputs is no part of the formula and is left out of all of them.
    """
    tree = _formula(of)
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


def _formula(of: Callable[..., Any]) -> ast.Module:
    """Return the body of a function without what only refuses inputs."""
    tree = ast.parse(body(of))
    for statement in list(tree.body):
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name())):  # expect("x", x, …)
                tree.body.remove(statement)
            case ast.If(body=[ast.Raise()], orelse=[]):
                tree.body.remove(statement)
            case ast.For(body=[ast.If(body=[ast.Raise()], orelse=[])]):
                tree.body.remove(statement)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is(n.ctx, ast.Load)}
    for statement in list(tree.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in read:
                tree.body.remove(statement)  # what was to be refused
    return _Numbers().visit(tree)


class _Numbers(ast.NodeTransformer):
    """Makes one node of a negative number, so that -1 is an axis as 1 is."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ast.Constant(-value)
        return self.generic_visit(node)


def _changed_sources(tree: ast.Module, of: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    parameters = inspect.signature(of).parameters
    stored = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is(n.ctx, ast.Store)]
    names = list(dict.fromkeys([*parameters, *stored]))
    for parent, field, index, node in list(_places(tree)):
        for kind, new in _changes(node, parent, names):
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


# Expressions


def _changes(node: ast.AST, parent: ast.AST, names: list[str]) -> Iterator[Change]:
    """Yield what may stand in the place of one expression."""
    match node:
        case ast.BinOp():
            yield from _of_operation(node)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield "sign", inner
        case ast.Constant(value=bool(value)):
            yield ("axis" if _is_axis(parent) else "number"), ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from _of_number(value, parent)
        case ast.Call():
            yield from _of_call(node)
        case ast.Attribute(value=inner, attr="T" | "mT"):
            yield "transposed", inner
        case ast.Compare(ops=[op], left=left, comparators=[right]):
            for other in _other_comparisons(op):
                yield "comparison", ast.Compare(left, [other()], [right])
        case ast.IfExp(test=test, body=one, orelse=other):
            yield "branches", ast.IfExp(test, other, one)
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            for other in names:
                if other != name:
                    yield "name", ast.Name(other, ast.Load())
        case ast.Tuple(elts=parts) if isinstance(parent, ast.Return):
            for i, j in combinations(range(len(parts)), 2):
                swapped = list(parts)
                swapped[i], swapped[j] = parts[j], parts[i]
                yield "results", ast.Tuple(swapped, ast.Load())
    if isinstance(parent, ast.Return) and not isinstance(node, ast.Tuple):
        yield "sign", ast.UnaryOp(ast.USub(), node)


def _of_operation(node: ast.BinOp) -> Iterator[Change]:
    left, op, right = node.left, node.op, node.right

    def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
        return ast.BinOp(left, op, right)

    match op:
        case ast.Add() | ast.Sub():
            other = ast.Sub() if _is(op, ast.Add) else ast.Add()
            yield "sign", binary(left, other, right)
            yield "term", left
            yield "term", right
        case ast.Mult() | ast.Div():
            other = ast.Div() if _is(op, ast.Mult) else ast.Mult()
            yield "times", binary(left, other, right)
            yield "factor", left
            if _is(op, ast.Mult):
                yield "factor", right
        case ast.Pow():
            yield "power", left
            yield "power", binary(left, ast.Mult(), right)
        case ast.MatMult():
            yield "transposed", binary(ast.Attribute(left, "T", ast.Load()), op, right)
            yield "transposed", binary(left, op, ast.Attribute(right, "T", ast.Load()))
            yield "times", binary(left, ast.Mult(), right)
    if isinstance(op, ast.Sub | ast.Div | ast.Pow | ast.MatMult | ast.Mod | ast.FloorDiv):
        yield "order", binary(right, op, left)
    if isinstance(left, ast.BinOp) and _binds(op) > _binds(left.op):
        yield "brackets", binary(left.left, left.op, binary(left.right, op, right))
    if isinstance(right, ast.BinOp) and _binds(op) >= _binds(right.op):
        yield "brackets", binary(binary(left, op, right.left), right.op, right.right)
    if isinstance(right, ast.BinOp) and _binds(op) < _binds(right.op):
        yield "brackets", binary(binary(left, op, right.left), right.op, right.right)
    if isinstance(left, ast.BinOp) and _binds(op) < _binds(left.op):
        yield "brackets", binary(left.left, left.op, binary(left.right, op, right))


def _binds(op: ast.operator) -> int:
    if isinstance(op, ast.Add | ast.Sub):
        return 1
    return 3 if isinstance(op, ast.Pow) else 2


def _of_number(value: float, parent: ast.AST) -> Iterator[Change]:
    if _is_axis(parent):
        kind, others = "axis", (0, 1, -1, -2)
    elif isinstance(parent, ast.Subscript | ast.Slice):
        kind, others = "index", (value - 1, value + 1)
    else:
        kind, others = "number", (0, 1, 2, value / 2, 2 * value, value + 1, value - 1, -value)
    for other in others:
        if other != value:
            yield kind, ast.Constant(int(other) if other == int(other) else other)


def _of_call(node: ast.Call) -> Iterator[Change]:
    match node.func:
        case ast.Attribute(value=ast.Name(id="torch" | "math" | "functional"), attr=name):
            inner = node.args[0] if node.args else None
        case ast.Attribute(value=inner, attr=name):
            pass
        case ast.Name(id=name):
            inner = node.args[0] if node.args else None
        case _:
            return
    if inner is not None:
        yield "call", inner
    if name in NEIGHBOURS and isinstance(node.func, ast.Attribute):
        func = ast.Attribute(node.func.value, NEIGHBOURS[name], ast.Load())
        yield "operation", ast.Call(func, node.args, node.keywords)
    for dropped in node.keywords:
        kept = [keyword for keyword in node.keywords if keyword is not dropped]
        kind = "axis" if dropped.arg in AXES else "setting"
        yield kind, ast.Call(node.func, node.args, kept)
    if name == "where" and len(node.args) == 3:
        test, one, other = node.args
        yield "branches", ast.Call(node.func, [test, other, one], node.keywords)
    elif len(node.args) == 2:
        yield "order", ast.Call(node.func, node.args[::-1], node.keywords)


def _other_comparisons(op: ast.cmpop) -> tuple[type[ast.cmpop], ...]:
    return {
        ast.Lt: (ast.LtE, ast.Gt),
        ast.LtE: (ast.Lt, ast.GtE),
        ast.Gt: (ast.GtE, ast.Lt),
        ast.GtE: (ast.Gt, ast.LtE),
        ast.Eq: (ast.NotEq,),
        ast.NotEq: (ast.Eq,),
    }.get(type(op), ())


# Statements


def _changed_blocks(
    tree: ast.Module, statements: list[ast.stmt], names: list[str], parameters: list[str]
) -> Iterator[tuple[str, str]]:
    for i, statement in enumerate(statements):
        for kind, new in _of_statement(statement, tree, names, parameters):
            with _put_slice(statements, i, new):
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


def _of_statement(
    node: ast.stmt, tree: ast.Module, names: list[str], parameters: list[str]
) -> Iterator[tuple[str, list[ast.stmt]]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            earlier = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
            if name in parameters or sum(_is(n.ctx, ast.Store) for n in earlier) > 1:
                yield "line", [ast.Pass()]
                yield "stale", [ast.Assign([ast.Name("_new", ast.Store())], value, lineno=0)]
        case ast.AugAssign(target=target, op=op, value=value):
            yield "line", [ast.Pass()]
            yield "loop", [ast.Assign([target], value, lineno=0)]
            if isinstance(op, ast.Add | ast.Sub):
                other = ast.Sub() if _is(op, ast.Add) else ast.Add()
                yield "sign", [ast.AugAssign(target, other, value)]
        case ast.For(target=target, iter=over, body=inner, orelse=[]):
            for shorter in _other_rounds(over):
                yield "loop", [ast.For(target, shorter, inner, [], lineno=0)]
            if isinstance(tree.body[-1], ast.Return):
                yield "loop", [ast.For(target, over, [*inner, tree.body[-1]], [], lineno=0)]
        case ast.If(test=test, body=one, orelse=other) if other:
            yield "branches", [ast.If(test, other, one)]
        case ast.If(orelse=[]):
            yield "line", [ast.Pass()]


def _other_rounds(over: ast.expr) -> Iterator[ast.expr]:
    """Yield ranges that begin or end a round earlier or later, and what lacks an end."""

    def moved(bound: ast.expr, by: int) -> ast.expr:
        return ast.BinOp(bound, ast.Add() if by > 0 else ast.Sub(), ast.Constant(1))

    match over:
        case ast.Call(func=ast.Name(id="range"), args=[stop]):
            bounds = [(ast.Constant(0), stop)]
        case ast.Call(func=ast.Name(id="range"), args=[start, stop]):
            bounds = [(start, stop)]
        case _:
            yield ast.Subscript(over, ast.Slice(ast.Constant(1)), ast.Load())
            yield ast.Subscript(over, ast.Slice(None, ast.Constant(-1)), ast.Load())
            return
    for start, stop in bounds:
        for by in (-1, 1):
            yield ast.Call(ast.Name("range", ast.Load()), [start, moved(stop, by)], [])
            yield ast.Call(ast.Name("range", ast.Load()), [moved(start, by), stop], [])


# Trees


class _put:
    """While this lasts, another node stands in a place of the tree."""

    def __init__(self, parent: ast.AST, field: str, index: int | None, new: ast.AST):
        self.parent, self.field, self.index, self.new = parent, field, index, new

    def __enter__(self) -> None:
        self.old = self._exchange(self.new)

    def __exit__(self, *_: Any) -> None:
        self._exchange(self.old)

    def _exchange(self, new: ast.AST) -> ast.AST:
        if self.index is None:
            old = getattr(self.parent, self.field)
            setattr(self.parent, self.field, new)
        else:
            whole = getattr(self.parent, self.field)
            old, whole[self.index] = whole[self.index], new
        return old


class _put_slice:
    """While this lasts, other statements stand in the place of one."""

    def __init__(self, statements: list[ast.stmt], index: int, new: list[ast.stmt]):
        self.statements, self.index, self.new = statements, index, new

    def __enter__(self) -> None:
        self.before = list(self.statements)
        self.statements[self.index : self.index + 1] = self.new

    def __exit__(self, *_: Any) -> None:
        self.statements[:] = self.before


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


def _is_axis(parent: ast.AST) -> bool:
    return isinstance(parent, ast.keyword) and parent.arg in AXES


def _is(node: ast.AST, of: type[ast.AST]) -> bool:
    return isinstance(node, of)
