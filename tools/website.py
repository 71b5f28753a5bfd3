"""Build the site from what the course has: its pages, its lessons with outputs, its docstrings.

    python tools/website.py [FOLDER] [--still]

The pages are gathered in a folder that mirrors this one, so that their links lead where they did,
and Sphinx renders it with `docs/site/conf.py`. Notebooks show what they store; only the figures
that move are recorded, where a lesson has changed, a minute each. `--still` leaves them as
pictures. The site needs no network.
"""

from __future__ import annotations

import argparse
import ast
import base64
import html
import json
import shutil
import struct
import sys
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path
from typing import Any

import alone
import library_pages
import live
from course_lib.course import PARTS
from course_lib.lab.progress import progress_bar
from course_lib.lab.stored import read_record

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("LICENSE", "LICENSE-lessons", "CONTRIBUTING.md")
EXPERIMENTS = """What takes longer than a lesson. Each script stands here with the result that the
lessons and the claims rest on; `make experiments` reruns those whose script has changed.
"""
EXPERIMENT = """# {name}

{purpose}

| | |
|---|---|
| command | `{command}` |
| versions | {versions} |
| machine | {machine} |
| result | [{name}.json]({name}.json) |
| script | [{name}.py]({name}.py) |

```{{literalinclude}} {name}.py
:language: python
```
"""
Frames = Callable[[Path], dict[str, str]]  # of a solved notebook: a frame for the id of a cell
TOCTREE = "```{{toctree}}\n:hidden:\n:caption: {}\n\n{}\n```\n"
SOLUTION = """<details class="solution"><summary>Show a solution of {}</summary>

```python
{}
```

</details>
"""


def moving(notebook: Path) -> dict[str, str]:
    """Return the figures of a solved notebook that move; recording them takes a minute, once."""
    return live.frames(notebook, cache=ROOT / "build" / "live")


def gather(root: Path, into: Path, frames: Frames = moving) -> None:
    """Write the source of the site: `into` is made anew."""
    shutil.rmtree(into, ignore_errors=True)
    (into / "extra").mkdir(parents=True)
    shutil.copytree(root / "docs", into / "docs", ignore=shutil.ignore_patterns("site"))
    shutil.copytree(root / "docs/site", into, dirs_exist_ok=True)
    for name in COPIED:
        shutil.copy(root / name, into)
    static(into)
    lessons = sorted((root / "lessons").glob("*.ipynb"))
    for path in progress_bar(lessons, "lessons of the site", unit="lesson"):
        page = lesson(root, path, into / "extra", frames(root / "solutions" / path.name))
        write(into / "lessons" / path.name, json.dumps(page))
    write(into / "index.md", index(root, [path.stem for path in lessons]))
    write(into / "course.md", course(root, lessons))
    experiments(root, into / "experiments")
    for name in library_pages.packages(root):
        write(into / "api" / f"{name}.rst", library_pages.page(root, name))


def write(path: Path, text: str) -> None:
    """Write a file, and the folder that it stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def static(into: Path) -> None:
    """Put style, script and what MathJax needs, its fonts among it, where Sphinx takes them."""
    (into / "static").mkdir()
    for name in ("site.css", "site.js"):
        (into / name).rename(into / "static" / name)
    for file in files("sphinx-mathjax-offline"):
        _, _, name = file.as_posix().partition("/static/mathjax/")
        if name == "tex-chtml.js" or name.startswith("output/chtml/fonts/"):
            copy = into / "static/mathjax" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), copy)


# Lessons


def lesson(root: Path, path: Path, extra: Path, frames: dict[str, str]) -> dict[str, Any]:
    """Return a learner's notebook as the site shows it; its pictures go to `extra/figures`.

    frames: by the id of a cell, what stands in the place of its picture.

    Each answer's cell is followed by its solution, closed, and each check's by nothing: on a page
    nobody has tried. What is for a notebook without the course's library is left out.
    """
    notebook = json.loads(path.read_text("utf-8"))
    solved = json.loads((root / "solutions" / path.name).read_text("utf-8"))
    solutions = {cell["id"]: "".join(cell["source"]) for cell in solved["cells"]}
    cells = []
    for cell in notebook["cells"]:
        if cell["id"] == alone.ID:
            continue
        role = cell["metadata"].get("nbgrader", {})
        cells.append(cell)
        if role.get("grade"):
            cell["outputs"] = []
        if role.get("solution"):
            cells.append(solution(cell["id"], solutions[cell["id"]]))
        for number, output in enumerate(cell.get("outputs", [])):
            if "image/png" in output.get("data", {}):
                name = f"{path.stem}/{cell['id']}{f'-{number}' if number else ''}"
                figure(output, name, extra, frames.get(cell["id"]))
    return notebook | {"cells": cells}


def solution(cell_id: str, source: str) -> dict[str, Any]:
    """Return a cell that shows the solution of an exercise once it is clicked."""
    lines = [line for line in source.split("\n") if not line.strip().startswith("### ")]
    exercise = cell_id.removesuffix("-answer").replace("-", ".", 1)
    text = SOLUTION.format(exercise, "\n".join(lines).strip())
    return {"cell_type": "markdown", "id": f"{cell_id}-shown", "metadata": {}, "source": text}


def figure(output: dict[str, Any], name: str, extra: Path, frame: str | None) -> None:
    """Change an output so that its picture is a file; in place, with its alt text.

    frame: a figure that moves, to stand in the picture's place.
    """
    picture = extra / "figures" / f"{name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    png = base64.b64decode("".join(output["data"]["image/png"]))
    picture.write_bytes(png)
    alt, width = (output["metadata"]["image/png"][key] for key in ("alt", "width"))
    wide, high = struct.unpack(">II", png[16:24])  # the head of a PNG says how many pixels it has
    shown = frame or (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{round(width * high / wide)}" '
        f'loading="lazy" src="../figures/{name}.png">'
    )
    output["data"] = {"text/html": f'<div class="figure-of-lesson">{shown}</div>'}


# Pages


def index(root: Path, stems: list[str]) -> str:
    """Return the first page: the README, and what stands beside every page."""
    pages = {"The course": ["course"]}
    for part, numbers in PARTS:
        pages[part] = [f"lessons/{s}" for s in stems if s[:2] in [number for number, _ in numbers]]
    docs = sorted(f"docs/{path.stem}" for path in (root / "docs").glob("*.md"))
    library = [f"api/{name}" for name in library_pages.packages(root)]
    pages |= {"Measured": ["experiments/index", *docs], "The library": library}
    pages |= {"The project": ["CONTRIBUTING"]}
    trees = (TOCTREE.format(name, "\n".join(pages[name])) for name in pages if pages[name])
    return (root / "README.md").read_text("utf-8") + "\n" + "\n".join(trees)


def course(root: Path, paths: list[Path]) -> str:
    """Return the map of the course: each lesson with its question, its time and its exercises."""
    text = ["# The course\n"]
    found = {path.name[:2]: path for path in paths}
    for part, lessons in PARTS:
        text += [f"## {part}\n"]
        for number, title in lessons:
            if number in found:
                text += [entry(found[number])]
            else:
                text += [f"### {number} · {title}\n\nIn preparation.\n"]
    return "\n".join(text)


def entry(path: Path) -> str:
    """Return what the map says of a lesson: its head, and what it asks to be written."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    head, *about = "".join(cells[0]["source"]).split("\n")
    graded = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    names = [role["grade_id"].split("-")[1] for role in graded if role.get("grade")]
    asked = ", ".join(f"`{name}`" for name in names)
    title = f"### [{head.removeprefix('# ')}](lessons/{path.name})"
    body = "\n".join(about).strip().replace("](", "](lessons/")
    return f"{title}\n\n{body}\n\n**To write.** {asked}.\n"


def experiments(root: Path, into: Path) -> None:
    """Write a page for each stored experiment, with its script and its result beside it."""
    rows = ["| experiment | what it measures |", "|---|---|"]
    found = sorted((root / "experiments").glob("*.py"))
    scripts = [script for script in found if script.with_suffix(".json").is_file()]
    for script in scripts:
        name = script.stem
        about = ast.get_docstring(ast.parse(script.read_text("utf-8")))
        purpose = " ".join(about.split("\n\n")[0].split())
        rows.append(f"| [{name}]({name}.md) | {purpose} |")
        write(into / f"{name}.md", experiment(name, purpose, read_record(name, script.parent)))
        for file in (script, *script.parent.glob(f"{name}.*json")):  # that of a GPU, too
            shutil.copy(file, into)
    tree = TOCTREE.format("", "\n".join(path.stem for path in scripts)).replace(":caption: \n", "")
    write(into / "index.md", "\n".join(["# Experiments\n", EXPERIMENTS, *rows, "", tree]))


def experiment(name: str, purpose: str, record: dict[str, Any]) -> str:
    """Return the page of one experiment."""
    versions = ", ".join(f"{package} {number}" for package, number in record["versions"].items())
    machine = ", ".join(f"{key} {value}" for key, value in record["machine"].items())
    return EXPERIMENT.format(
        name=name, purpose=purpose, command=record["command"], versions=versions, machine=machine
    )


def main(folder: Path, frames: Frames) -> int:
    """Build the site in `folder`; return Sphinx's exit code, not 0 where a link leads nowhere."""
    from sphinx.cmd.build import main as sphinx

    source, doctrees = folder.parent / f"{folder.name}-source", folder.parent / "site-doctrees"
    gather(ROOT, source, frames)
    shutil.rmtree(folder, ignore_errors=True)
    options = ["-q", "-W", "--keep-going", "-d", str(doctrees), "-E"]
    code = sphinx(["-b", "html", *options, str(source), str(folder)])
    if not code:
        print(f"The site is in {folder}: open index.html.")
    return code


def still(_: Path) -> dict[str, str]:
    """Return no figure that moves: pictures stay."""
    return {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--still", action="store_true", help="show interactive figures as pictures")
    asked = parser.parse_args()
    sys.exit(main(asked.folder, still if asked.still else moving))
