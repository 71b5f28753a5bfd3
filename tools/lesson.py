"""Read a lesson's source: its cells, with their lines in the file, and the solutions in them.

The source is py:percent. A solution is what stands between two comments of their own,
`### BEGIN SOLUTION` and `### END SOLUTION`. Anything that only resembles a marker is refused.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePath

import jupytext

FOLDED = "hide-input"  # the tag of a cell whose code JupyterLab folds away, to be opened by a click
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
CELL_START = re.compile(r"# %%( .*)?")
CELL_START_LIKE = re.compile(r"\s*#\s*(%%|<codecell>|In\[)")
MARKER_LIKE = re.compile(r"(?<![a-z])(begin|end)[\s#_*~=:-]*solution")
OTHER_LINE_BREAKS = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class BuildError(Exception):
    """One sentence about one line of a lesson's source."""

    def __init__(self, path: PurePath, line: int, sentence: str):
        super().__init__(f"{path.as_posix()}:{line}: {sentence}")


@dataclass
class Cell:
    """A cell of the source. `line` is the line of its first source line in the file."""

    kind: str  # "code" or "markdown"
    line: int
    source: str
    tags: list[str]
    region: tuple[int, int] | None = None  # the markers' lines, counted within the cell
    id: str = ""
    role: str = ""  # "answer", "check", or neither
    exercise: str = ""  # the id of the exercise that an answer or check cell belongs to
    stub: str = ""  # what the learner's notebook has in place of an answer cell's source

    def solution(self) -> list[str]:
        """Return the lines between the markers, none where there are no markers."""
        begin, end = self.region or (0, 0)
        return self.source.split("\n")[begin + 1 : end]


@dataclass
class Lesson:
    """A lesson's source. `path` is relative to the root; `points` maps exercise ids to points."""

    path: PurePath
    cells: list[Cell]
    points: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The lesson's number, such as "04"."""
        return self.path.name[:2]

    @property
    def answers(self) -> list[Cell]:
        """The answer cells, in order."""
        return [cell for cell in self.cells if cell.role == "answer"]


def read_lesson(path: PurePath, text: str) -> Lesson:
    """Return the lesson at `path` whose source is `text`; BuildError where it is malformed."""
    lesson = Lesson(path, read_cells(path, text))
    for cell in lesson.cells:
        cell.region = find_region(path, cell)
    return lesson


def read_cells(path: PurePath, text: str) -> list[Cell]:
    """Return the cells as jupytext reads them, each with its line in the file."""
    lines = text.split("\n")
    starts = []
    for number, line in enumerate(lines, 1):
        if OTHER_LINE_BREAKS.search(line):
            raise BuildError(path, number, "this line holds a line break other than a newline.")
        if CELL_START.fullmatch(line):
            starts.append(number)
        elif CELL_START_LIKE.match(line):
            raise BuildError(path, number, "a cell starts with `# %%` at the start of its line.")
        elif not starts and line.strip() and not line.startswith("#"):
            raise BuildError(path, number, "code before the first `# %%` belongs to no cell.")
    if not starts:
        raise BuildError(path, 1, "a lesson has cells, each of which starts with `# %%`.")
    nodes = jupytext.reads("\n".join(lines[starts[0] - 1 :]), fmt="py:percent").cells
    if len(nodes) != len(starts):
        raise BuildError(path, starts[0], "a `# %%` stands in a string or in a fenced block.")
    cells = []
    for start, node in zip(starts, nodes, strict=True):
        if node.cell_type == "raw" or set(node.metadata) - {"tags", "lines_to_next_cell"}:
            raise BuildError(path, start, "a cell is code or `[markdown]` and has tags at most.")
        cell = Cell(node.cell_type, start + 1, node.source, list(node.metadata.get("tags", [])))
        if cell.kind == "code":
            for number, line in enumerate(cell.source.split("\n"), cell.line):
                if line != lines[number - 1]:
                    raise BuildError(path, number, "a lesson holds plain Python, without magics.")
        cells.append(cell)
    return cells


def parse(path: PurePath, cell: Cell) -> ast.Module:
    """Return a code cell's syntax tree; BuildError where it has none."""
    try:
        return ast.parse(cell.source)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1) - 1
        raise BuildError(path, line, f"this is not plain Python: {error.msg}.") from None


def find_region(path: PurePath, cell: Cell) -> tuple[int, int] | None:
    """Return the lines of the cell's two markers, None where it has none."""
    lines = cell.source.split("\n")
    comments = comment_lines(path, cell)
    markers = []
    for index, line in enumerate(lines):
        if index in comments and line.strip() in (BEGIN, END):
            markers.append(index)
        elif looks_like_a_marker(line, index in comments):
            sentence = f"this looks like a solution marker, which is `{BEGIN}` or `{END}`"
            raise BuildError(path, cell.line + index, f"{sentence}, alone on a line of code.")
    if not markers:
        return None
    words = [lines[index].strip() for index in markers]
    if words[0] == END:
        raise BuildError(path, cell.line + markers[0], f"`{END}` has no `{BEGIN}` before it.")
    if words[1:2] != [END]:
        raise BuildError(path, cell.line + markers[0], f"`{BEGIN}` has no `{END}` after it.")
    if len(words) > 2:
        raise BuildError(path, cell.line + markers[2], "an answer cell holds one solution only.")
    begin, end = markers
    if indent(lines[begin]) != indent(lines[end]):
        raise BuildError(path, cell.line + end, "the two markers are not indented alike.")
    if all(re.fullmatch(r"\s*(#.*)?", line) for line in lines[begin:end]):
        raise BuildError(path, cell.line + begin, "the solution is empty.")
    return begin, end


def comment_lines(path: PurePath, cell: Cell) -> set[int]:
    """Return the lines of a code cell that hold a comment, which is not part of a string."""
    if cell.kind != "code":
        return set()
    parse(path, cell)
    tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
    return {token.start[0] - 1 for token in tokens if token.type == tokenize.COMMENT}


def looks_like_a_marker(line: str, is_comment: bool) -> bool:
    """Say whether a line names a marker's words, or is a comment that misspells them."""
    plain = unicodedata.normalize("NFKD", line).casefold()
    letters = re.sub(r"[^a-z]", "", plain)
    known = ["beginsolution", "endsolution"]
    misspelt = is_comment and difflib.get_close_matches(letters, known, cutoff=0.75)
    return bool(MARKER_LIKE.search(plain) or misspelt)


def indent(line: str) -> str:
    """Return the white space at the start of a line."""
    return line[: len(line) - len(line.lstrip())]
