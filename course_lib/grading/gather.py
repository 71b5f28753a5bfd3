"""An answer's source, gathered from a notebook without running any of it.

The answer is the last cell above a check that gives the checked name a value. With it comes what it
names and other cells define: functions, classes, imports, plain numbers. What a cell computes does
not come along: an answer must work from its arguments. A name that an earlier check gives out is
that exercise's answer.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

LIBRARY = "course_lib"


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook. `answers` is the id of the exercise that it was given out for."""

    source: str
    answers: str = ""


@dataclass
class Gathered:
    """What belongs to an answer. `exercises` maps names to the ids whose answers they are, and
    `library` names what it takes from the course's library; `mistake` says why it cannot be read.
    """

    text: str = ""
    imports: set[str] = field(default_factory=set)
    exercises: dict[str, str] = field(default_factory=dict)
    library: set[str] = field(default_factory=set)
    mistake: str = ""


def gather(cells: Sequence[Cell], name: str, id: str) -> Gathered | None:
    """Return the answer `name` to the exercise `id` in the cells above its check; None without."""
    try:
        return _gather(cells, name, id)
    except RecursionError:
        return Gathered(mistake="something in it is nested too deep")


def _gather(cells: Sequence[Cell], name: str, id: str) -> Gathered | None:
    trees = [_tree(cell.source) for cell in cells]
    at = _last(trees, name, len(cells), but=id)
    given_out = [i for i, cell in enumerate(cells) if cell.answers == id]
    if given_out and isinstance(trees[given_out[-1]], SyntaxError) and given_out[-1] > at:
        return Gathered(mistake=_words(trees[given_out[-1]]))
    if at < 0:
        return None
    found, texts = Gathered(), [_plain(cells[at].source)]
    _note_imports(trees[at], found)
    waiting, seen = [(free, at) for free in _free(trees[at])], {name}
    while waiting:
        free, before = waiting.pop()
        if free in seen or hasattr(builtins, free):
            continue
        seen.add(free)
        where = _last(trees, free, before)
        if where < 0:
            continue
        statement = [s for s in trees[where].body if free in _binds(s)][-1]
        if of := _exercise(statement):
            found.exercises[free] = of
        elif _from_library(statement):
            found.library.add(free)
        elif _defines(statement):
            texts.insert(0, ast.unparse(statement))
            alone = ast.Module([statement], [])
            _note_imports(alone, found)
            waiting += [(more, where + 1) for more in _free(alone)]
    found.text = "\n\n".join(texts)
    return found


def check_of(source: str) -> tuple[str, str] | None:
    """Return the id and the name of `dense = check("01.dense", dense)`; else None."""
    tree = _tree(source)
    if isinstance(tree, SyntaxError) or len(tree.body) != 1:
        return None
    match tree.body[0]:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(
                func=ast.Name(id="check"), args=[ast.Constant(value=str(id)), ast.Name(id=given)]
            ),
        ) if given == name:
            return id, name
    return None


def _plain(source: str) -> str:
    """Return a cell without the lines that are for IPython alone."""
    return re.sub(r"(?m)^\s*[%!?].*$", "", source)


def _tree(source: str) -> ast.Module | SyntaxError:
    try:
        tree = ast.parse(_plain(source))
        compile(tree, "cell", "exec")
        return tree
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error))


def _words(error: SyntaxError) -> str:
    line = f", in its line {error.lineno}" if error.lineno else ""
    text = f", `{error.text.strip()[:80]}`" if error.text and error.text.strip() else ""
    return f"{error.msg}{line}{text}"


def _last(
    trees: Sequence[ast.Module | SyntaxError], name: str, before: int, but: str | None = None
) -> int:
    """Return the last cell above `before` that gives `name` a value; -1 without.

    What a check of the exercise `but` gives back does not count.
    """
    for at in reversed(range(before)):
        tree = trees[at]
        if isinstance(tree, ast.Module) and any(
            name in _binds(s) and _exercise(s) != but for s in tree.body
        ):
            return at
    return -1


def _binds(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of a cell gives a value to."""
    return set(_bound(statement))


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in names)
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _bound(child)


def _free(tree: ast.Module) -> set[str]:
    """Return the names that are read somewhere; more than are free does no harm."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _exercise(statement: ast.stmt) -> str:
    """Return the id in `dense = check("01.dense", dense)` or `mine("01.dense")`; else ""."""
    match statement:
        case ast.Assign(
            value=ast.Call(
                func=ast.Name(id="check" | "mine"), args=[ast.Constant(value=str(id)), *_]
            )
        ):
            return id
    return ""


def _from_library(statement: ast.stmt) -> bool:
    return any(name.partition(".")[0] == LIBRARY for name in _modules(statement))


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement defines something that an answer may bring from another cell."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(value=ast.Lambda()):
            return True
        case ast.Assign(value=value):
            return _is(ast.literal_eval, value)
    return False


def _is(read: Callable[[ast.expr], object], value: ast.expr) -> bool:
    try:
        read(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _modules(tree: ast.AST) -> list[str]:
    """Return the names of the modules that are imported somewhere in it."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _note_imports(tree: ast.AST, found: Gathered) -> None:
    for name in _modules(tree):
        if name.partition(".")[0] == LIBRARY:
            found.library.add(name)
        else:
            found.imports.add(name)
