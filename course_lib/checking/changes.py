"""What one small change makes of an expression or a statement, with the kind of the change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

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


def of_expression(node: ast.AST, parent: ast.AST, names: list[str]) -> Iterator[Change]:
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


def additions(node: ast.AST, parameters: list[str]) -> Iterator[Change]:
    """Yield an expression with something too much: a factor, a divisor, a square, a root."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        for name in parameters:
            yield "extra", ast.BinOp(node, ast.Mult(), ast.Name(name, ast.Load()))
            yield "extra", ast.BinOp(node, ast.Div(), ast.Name(name, ast.Load()))
    if isinstance(node, ast.BinOp | ast.Call):
        yield "extra", ast.BinOp(node, ast.Pow(), ast.Constant(2))
        yield "extra", ast.Call(ast.Attribute(node, "sqrt", ast.Load()), [], [])


def _of_operation(node: ast.BinOp) -> Iterator[Change]:
    left, op, right = node.left, node.op, node.right

    def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
        return ast.BinOp(left, op, right)

    match op:
        case ast.Add() | ast.Sub():
            other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
            yield "sign", binary(left, other, right)
            yield "term", left
            yield "term", right
        case ast.Mult() | ast.Div():
            other = ast.Div() if isinstance(op, ast.Mult) else ast.Mult()
            yield "times", binary(left, other, right)
            yield "factor", left
            if isinstance(op, ast.Mult):
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
    if isinstance(left, ast.BinOp) and _binds(op) != _binds(left.op):
        yield "brackets", binary(left.left, left.op, binary(left.right, op, right))
    if isinstance(right, ast.BinOp):
        yield "brackets", binary(binary(left, op, right.left), right.op, right.right)


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


def of_statement(
    node: ast.stmt, tree: ast.Module, names: list[str], parameters: list[str]
) -> Iterator[tuple[str, list[ast.stmt]]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            earlier = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
            if name in parameters or sum(isinstance(n.ctx, ast.Store) for n in earlier) > 1:
                yield "line", [ast.Pass()]
                yield "stale", [ast.Assign([ast.Name("_new", ast.Store())], value, lineno=0)]
            if name not in parameters and _stands_in_a_loop(node, tree):
                yield "loop", [ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), value)]
        case ast.For(target=target, iter=over, body=[*inner, ast.Return() as last], orelse=[]):
            yield "loop", [ast.For(target, over, inner or [ast.Pass()], [], lineno=0), last]
        case ast.AugAssign(target=target, op=op, value=value):
            yield "line", [ast.Pass()]
            yield "loop", [ast.Assign([target], value, lineno=0)]
            if isinstance(op, ast.Add | ast.Sub):
                other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
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


def _stands_in_a_loop(node: ast.stmt, tree: ast.Module) -> bool:
    loops = [loop for loop in ast.walk(tree) if isinstance(loop, ast.For | ast.While)]
    return any(node in loop.body for loop in loops)


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


def _is_axis(parent: ast.AST) -> bool:
    return isinstance(parent, ast.keyword) and parent.arg in AXES
