"""Derive a lesson's two notebooks from its cells, not yet executed.

An answer cell holds one solution; the check cell after it holds `dense = check("01.dense", dense)`
and nothing else. The learner's notebook has a stub where the solved one has the solution. What
could let a solution slip into the learner's notebook is refused here.
"""

from __future__ import annotations

import ast
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import PurePath
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import ClearSolutions, LockCells

from lesson import FOLDED, BuildError, Cell, Lesson, indent, parse

TAKES_AN_ID = {"check", "evaluate", "hint", "mine", "solution"}
ATOM = re.compile(r"\w+|\*\*|//|[<>=!]=|[-+*/@%<>&|^~]")


def pair_exercises(lesson: Lesson, exercises: Mapping[str, Any]) -> None:
    """Give each exercise of the lesson its answer cell and its check cell, and cut the stubs.

    `exercises` maps the ids of the whole course to exercises, which have `.points`.
    """
    path, answer = lesson.path, None
    for cell in lesson.cells:
        if cell.kind != "code":
            continue
        tree = parse(path, cell)
        for call, name in exercise_calls(tree):
            line = cell.line + call.lineno - 1
            if name not in exercises:
                raise BuildError(path, line, f'there is no exercise "{name}".')
            if any(keyword.arg == "reveal" for keyword in call.keywords):
                raise BuildError(path, line, "a lesson leaves it to the learner to reveal.")
        checks = [node for node in ast.walk(tree) if checks_an_answer(node)]
        if checks and (cell.region or tree.body != checks[:1]):
            line = cell.line + checks[0].lineno - 1
            raise BuildError(path, line, "a check stands alone in its cell, apart from an answer.")
        if cell.region:
            if answer:
                raise BuildError(path, answer.line, "this answer has no check before the next one.")
            answer = cell
        elif checks:
            name, variable = checks_an_answer(checks[0])
            if not name.startswith(f"{lesson.number}."):
                raise BuildError(path, cell.line, f'"{name}" belongs to another lesson.')
            if name in lesson.points:
                raise BuildError(path, cell.line, f'"{name}" has a check cell already.')
            if answer is None:
                raise BuildError(path, cell.line, f'"{name}" has no answer cell before its check.')
            answer.role, cell.role = "answer", "check"
            answer.exercise = cell.exercise = name
            answer.stub = cut(path, answer, variable)
            lesson.points[name] = exercises[name].points
            answer = None
    if answer:
        raise BuildError(path, answer.line, "this answer has no check after it.")
    for name in exercises:
        if name.startswith(f"{lesson.number}.") and name not in lesson.points:
            raise BuildError(path, 1, f'the exercise "{name}" has no check cell in its lesson.')


def exercise_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Yield each `check("01.dense", …)`, `hint("01.dense")` and so on, with its id."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(id)), *_]):
                if name in TAKES_AN_ID:
                    yield node, id


def checks_an_answer(node: ast.AST) -> tuple[str, str] | None:
    """Return the id and the variable of `dense = check("01.dense", dense)`; else None."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=target)],
            value=ast.Call(
                func=ast.Name(id="check"),
                args=[ast.Constant(value=str(name)), ast.Name(id=argument)],
                keywords=[],
            ),
        ) if target == argument:
            return name, target
    return None


def cut(path: PurePath, cell: Cell, name: str) -> str:
    """Return the answer cell's source with a stub in place of the solution, and nothing else."""
    marker = cell.source.split("\n")[cell.region[0]]
    stub = "return ..." if indent(marker) else f"{name} = ..."
    clear = ClearSolutions(code_stub={"python": stub}, enforce_metadata=False)
    node, _ = clear.preprocess_cell(new_code_cell(cell.source), {"language": "python"}, 0)
    try:
        compile(node.source, "stub", "exec")
        whole = is_a_stub(ast.parse(node.source), name)
    except SyntaxError:
        whole = False
    if not whole:
        line = cell.line + cell.region[0]
        sentence = f"outside its solution an answer cell holds the `def` and docstring of `{name}`"
        raise BuildError(path, line, f"{sentence}, or, where the answer is a value, nothing.")
    return node.source


def is_a_stub(tree: ast.Module, name: str) -> bool:
    """Say whether a cell holds `name = ...`, or a `def name` of a docstring and `return ...`."""
    match tree.body:
        case [ast.FunctionDef(name=found, body=[*before, ast.Return(ast.Constant(end))]) as stub]:
            docstring = ast.get_docstring(stub) is not None
            return found == name and end is ... and len(before) == docstring
        case [ast.Assign([ast.Name(id=found)], ast.Constant(end))]:
            return found == name and end is ...
    return False


def name_cells(lesson: Lesson) -> None:
    """Name each cell after its exercise, or after its heading and its place under the heading.

    So the names are alike on all machines and in both notebooks, and a change under one heading
    leaves the names under the others as they were.
    """
    place, seen = "start", Counter()
    for cell in lesson.cells:
        headings = re.findall(r"(?m)^#+ (.+)", cell.source) if cell.kind == "markdown" else []
        if headings and cell.source.startswith("#"):
            place = words_of(headings[0])
        if cell.role:
            cell.id = f"{cell.exercise.replace('.', '-')}-{cell.role}"
        else:
            seen[place] += 1
            cell.id = f"{place}-{seen[place]}"
        if headings:
            place = words_of(headings[-1])


def words_of(heading: str) -> str:
    """Return a heading in small letters, digits and hyphens, cut to 48 of them."""
    letters = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:48] or "section"


def derive(lesson: Lesson, learner: bool, sha256: str) -> NotebookNode:
    """Return the learner's notebook, or the solved one: not executed, not paired."""
    cells = []
    for cell in lesson.cells:
        new = new_code_cell if cell.kind == "code" else new_markdown_cell
        node = new(cell.stub if learner and cell.role == "answer" else cell.source, id=cell.id)
        if cell.tags:
            node.metadata["tags"] = cell.tags
        if FOLDED in cell.tags:
            node.metadata["jupyter"] = {"source_hidden": True}
        if cell.role:
            node.metadata["nbgrader"] = grading(cell, lesson.points[cell.exercise])
        cells.append(node)
    notebook = new_notebook(cells=cells)
    notebook.metadata["descent"] = {"source": lesson.path.as_posix(), "sha256": sha256}
    if learner:
        LockCells().preprocess(notebook, {})
    return notebook


def grading(cell: Cell, points: int) -> dict[str, Any]:
    """Return what nbgrader reads: an answer is a solution, a check is locked and has points."""
    check = cell.role == "check"
    metadata = {"schema_version": 3, "grade_id": cell.id, "task": False}
    metadata |= {"solution": not check, "grade": check, "locked": check}
    return metadata | ({"points": points} if check else {})


def find_leak(lesson: Lesson, notebook: NotebookNode) -> None:
    """Raise BuildError where the learner's notebook shows a line of a solution.

    White space and quotes count as equal. A line that many functions have (a comment, `return y`,
    `total = 0`: fewer than three names, numbers and operators) is no secret, unless it and such
    lines are the whole solution: then the whole is looked for.
    """
    shown = [(cell, plain(text)) for cell, text in texts(lesson, notebook)]
    for answer in lesson.answers:
        for line in secret_lines(answer.solution()):
            for cell, text in shown:
                if re.search(rf"(?<!\w){re.escape(plain(line))}(?!\w)", text):
                    sentence = f"the learner's notebook shows a line of the solution here: `{line}`"
                    raise BuildError(lesson.path, cell.line, f"{sentence} ({answer.exercise}).")


def secret_lines(solution: list[str]) -> list[str]:
    """Return the lines of a solution, without comments, that must not be shown."""
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in solution]
    atoms = {line: [a for a in ATOM.findall(line) if not iskeyword(a)] for line in lines}
    return [line for line in lines if len(atoms[line]) >= 3] or [" ".join(lines).strip()]


def texts(lesson: Lesson, notebook: NotebookNode) -> Iterator[tuple[Cell, str]]:
    """Yield what a reader of the notebook sees, cell by cell; HTML as source and as text."""
    for cell, node in zip(lesson.cells, notebook.cells, strict=True):
        yield cell, node.source
        for output in node.get("outputs", []):
            yield cell, output.get("text", "")
            for kind, value in output.get("data", {}).items():
                if not kind.startswith("image/"):
                    yield cell, str(value)
                if kind == "text/html":
                    yield cell, html.unescape(re.sub(r"<[^>]*>", "", value))


def plain(text: str) -> str:
    """Return the text with one kind of quote and no white space that Python could do without."""
    text = re.sub(r"(\s|\\n)+", " ", text.replace("'", '"'))
    return re.sub(r" ?([^\w ]) ?", r"\1", text)
