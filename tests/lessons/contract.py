"""What every lesson keeps to. A rule yields a line of the source and a sentence on what is wrong.

Lesson 00 shows how the course works: it has one exercise, and no prediction, figure or claim.
"""

import ast
import inspect
import io
import re
import tokenize
import typing
from itertools import pairwise

from nbval.plugin import comment_markers

from course_lib import lab
from derive import FOLDED

SECTIONS = (
    "Predict first",
    "What goes wrong",
    "Claims, measured",
    "Take away",
    "Further reading",
)
TOOLS = ("check", "hint", "mine", "progress", "solution")
HEADER = (
    r"# {number} · \S.*\n"
    r"\s*\*\*Question\.\*\* [^*]+\?\n"
    r"\s*\*\*Time\.\*\* about \d+ minutes\.\n"
    r"\s*\*\*Before this\.\*\* \S"
)
VISIBLE = 150  # lines of code that a learner sees in a lesson, besides answers and checks
WIDTH = 100  # letters: of 105 that fit beside JupyterLab's sidebar in a window of 1280 pixels
EXERCISE = re.compile(r"(?m)^### Exercise (\S+)$")


def problems(lesson):
    """Return what is wrong with a lesson's source, a sentence each, with file and line."""
    return [
        f"{lesson.path.as_posix()}:{line}: {sentence}"
        for rule in (ALL if lesson.number == "00" else ALL + BUT_FOR_00)
        for line, sentence in rule(lesson)
    ]


def code(lesson):
    """Yield the code cells, each with its syntax tree."""
    for cell in lesson.cells:
        if cell.kind == "code":
            yield cell, ast.parse(cell.source)


def calls(lesson, *names):
    """Yield the calls of these functions: the line and the call."""
    for cell, tree in code(lesson):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", None))
                if called in names:
                    yield cell.line + node.lineno - 1, node


def sections(lesson):
    """Return the sections in order: title, line, and the prose up to the next section."""
    found = []
    for cell in lesson.cells:
        if cell.kind != "markdown":
            continue
        for line, text in enumerate(cell.source.split("\n"), cell.line):
            if text.startswith("## "):
                found.append([text[3:].strip(), line, ""])
            elif found:
                found[-1][2] += f"{text}\n"
    return found


def header(lesson):
    first = lesson.cells[0]
    pattern = HEADER.format(number=lesson.number)
    if first.kind != "markdown" or not re.match(pattern, first.source):
        words = f"`# {lesson.number} · Title`, Question, Time, Before this"
        yield first.line, f"a lesson begins with {words}, as CONTRIBUTING.md shows."


def exercises(lesson):
    low, high = (1, 1) if lesson.number == "00" else (4, 6)
    if not low <= len(lesson.points) <= high:
        yield 1, f"a lesson has {low} to {high} exercises; this one has {len(lesson.points)}."
    asked = []
    for cell in lesson.cells:
        if cell.kind == "markdown":
            asked += EXERCISE.findall(cell.source)
        if cell.role == "answer" and asked[-1:] != [cell.exercise]:
            yield cell.line, f"`### Exercise {cell.exercise}` does not stand before its answer."
    if sorted(asked) != sorted(lesson.points):
        yield 1, "each exercise has one heading `### Exercise NN.name`, and only exercises have."


def figures(lesson):
    for line, call in calls(lesson, "show", "interact"):
        words = {keyword.arg: keyword.value for keyword in call.keywords}
        for name in ("alt", "caption"):
            value = words.get(name)
            if value is None or (isinstance(value, ast.Constant) and not str(value.value).strip()):
                yield line, f"this figure has no `{name}`."
        if {"alt", "caption"} <= words.keys() and ast.dump(words["alt"]) == ast.dump(
            words["caption"]
        ):
            yield line, "the alt text says what is seen, the caption what it means: not the same."


def pictures_in_prose(lesson):
    for cell in lesson.cells:
        if cell.kind == "markdown" and re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=)", cell.source):
            yield cell.line, "this picture has no alt text."


def style(lesson):
    for cell, tree in code(lesson):
        for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
            line = cell.line + token.start[0] - 1
            if token.type == tokenize.OP and token.string == ";":
                yield line, "nbval needs the output that `;` hides: write `_ = …`."
            if token.type == tokenize.COMMENT and token.string.lstrip("# ") in comment_markers:
                yield line, "a comment must not switch validation off."
        for node in ast.walk(tree):
            line = cell.line + getattr(node, "lineno", 1) - 1
            match node:
                case ast.Attribute(value=ast.Name("plt" | "pyplot"), attr="show"):
                    yield line, "a figure is shown by `course_lib.figures.show`."
                case ast.Name("Output") | ast.Attribute(attr="Output"):
                    yield line, "an Output widget stalls at random: use `course_lib.figures`."
                case ast.Name("clear_output") | ast.Attribute(attr="clear_output"):
                    yield line, "nbval cannot follow `clear_output`."
                case ast.FunctionDef(decorator_list=[_, *_]):
                    if "interact" in ast.dump(node.decorator_list[0]):
                        yield line, "`@interact` stalls at random: use `course_lib.figures`."


def tags(lesson):
    for cell in lesson.cells:
        allowed = {"nbval-ignore-output"} if lesson.number == "00" else set()
        allowed |= {FOLDED} if cell.kind == "code" and not cell.role else set()
        if set(cell.tags) - allowed:
            yield (
                cell.line,
                (
                    f"a cell may have the tag `{FOLDED}` unless it belongs to an exercise, and in "
                    "lesson 00 `nbval-ignore-output`."
                ),
            )


def verdicts_are_read_once(lesson):
    for cell, tree in code(lesson):
        named = [
            getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)
        ]
        if "verdict" in named and FOLDED not in cell.tags:
            yield cell.line, f'a verdict is read once, so its code is folded: tags=["{FOLDED}"].'


def lines_of(cell):
    return cell.source.split("\n")


def visible_code_is_short(lesson):
    """Code that is not worth a learner's time is folded."""
    seen = [
        cell
        for cell in lesson.cells
        if cell.kind == "code" and not cell.role and FOLDED not in cell.tags
    ]
    total = sum(len(lines_of(cell)) for cell in seen)
    if total > VISIBLE:
        longest = sorted(seen, key=lambda cell: len(lines_of(cell)), reverse=True)[:6]
        names = ", ".join(f"{c.id} at line {c.line} has {len(lines_of(c))}" for c in longest)
        sentence = f"a learner sees {total} lines of code besides answers and checks, not {VISIBLE}"
        yield 1, f'{sentence}: fold what does not teach, tags=["{FOLDED}"]. The longest: {names}.'


def visible_code_fits(lesson):
    """A line that is wider than its cell has to be scrolled sideways."""
    for cell in lesson.cells:
        if cell.kind != "code" or FOLDED in cell.tags:
            continue
        for line, text in enumerate(lines_of(cell), cell.line):
            if len(text) > WIDTH:
                yield line, f"{cell.id} has {len(text)} letters in this line; {WIDTH} fit its cell."


def sections_in_order(lesson):
    titles = [title for title, _, _ in sections(lesson)]
    if [title for title in titles if title in SECTIONS] != list(SECTIONS):
        yield 1, f"the sections {', '.join(SECTIONS)} stand in this order, once each."
    for title, line, prose in sections(lesson):
        if not prose.strip():
            yield line, f"the section {title!r} has no words."
        if title == "Take away" and len(re.findall(r"(?m)^- ", prose)) != 3:
            yield line, "a lesson has three things to take away, each a line that starts with `- `."
        if title == "Further reading" and not re.search(r"(?m)^- ", prose):
            yield line, "further reading is a list, each line of which starts with `- `."


def prediction_comes_first(lesson):
    found = sections(lesson)
    if not found or found[0][0] != "Predict first" or "?" not in found[0][2]:
        yield 1, "the first section is `## Predict first`, and it asks."
        return
    for line, _ in calls(lesson, "show", "interact"):
        if line < found[0][1]:
            yield line, "this figure comes before the prediction."


def interaction(lesson):
    if not any(calls(lesson, "interact")):
        yield 1, "a lesson has an interactive figure: `course_lib.figures.interact`."


def data_loaders():
    """Return the names of the functions of `course_lib.lab` that make a data set from nothing.

    What they take, such as a seed, has a default.
    """
    functions = [(name, getattr(lab, name)) for name in lab.__all__]
    return {
        name
        for name, function in functions
        if inspect.isfunction(function)
        and all(p.default is not p.empty for p in inspect.signature(function).parameters.values())
        and typing.get_type_hints(function).get("return") is lab.Dataset
    }


def real_data(lesson):
    if not any(calls(lesson, *data_loaders())):
        yield 1, f"a lesson experiments on real data: {', '.join(sorted(data_loaders()))}."


def claims(lesson):
    if not any(calls(lesson, "verdict")):
        yield 1, "a claim that is measured has a verdict: `course_lib.figures.verdict`."


def tools_at_hand(lesson):
    imported = {
        name.name
        for _, tree in code(lesson)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "course_lib.exercises"
        for name in node.names
    }
    if missing := [name for name in TOOLS if name not in imported]:
        yield 1, f"import what lesson 00 teaches from course_lib.exercises: {', '.join(missing)}."


ALL = (
    header,
    exercises,
    figures,
    pictures_in_prose,
    style,
    tags,
    verdicts_are_read_once,
    visible_code_is_short,
    visible_code_fits,
)
BUT_FOR_00 = (
    sections_in_order,
    prediction_comes_first,
    interaction,
    real_data,
    claims,
    tools_at_hand,
)


def problems_in_notebook(lesson, derived, stored):
    """Return what is wrong with a notebook: `derived` fresh from the source, `stored` as it is."""
    found = []
    if "jupytext" in stored.metadata or "widgets" in stored.metadata:
        found.append("it is paired, or it holds the state of widgets")
    for key in ("id", "cell_type", "source", "metadata"):
        if [cell[key] for cell in stored.cells] != [cell[key] for cell in derived.cells]:
            found.append(f"the {key} of a cell is not what the source gives")
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("its cells were not executed once each, in order")
    pictures = 0
    for cell in cells:
        for output, after in pairwise([*cell.outputs, {}]):
            data, metadata = output.get("data", {}), output.get("metadata", {})
            if output.output_type == "error":
                found.append(f"{cell.id} stores an error")
            if any("widget" in kind for kind in data):
                found.append(f"{cell.id} stores a live widget")
            if "image/png" in data:
                pictures += 1
                if not metadata.get("image/png", {}).get("alt", "").strip():
                    found.append(f"{cell.id} stores a figure without alt text")
                if "text/markdown" not in after.get("data", {}):
                    found.append(f"{cell.id} stores a figure without a caption after it")
    if pictures < len(list(calls(lesson, "show", "interact"))):
        found.append("it stores fewer pictures than its source shows figures")
    return found
