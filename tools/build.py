"""Build the notebooks of the course from `solutions/NN_name.py`.

    python tools/build.py          build each lesson whose notebooks are missing or stale
    python tools/build.py 01 04    build lessons 01 and 04
    python tools/build.py --check  name what is stale, execute nothing; exit code 1 if anything is

A lesson gives `lessons/NN_name.ipynb` (solutions cut to stubs) and `solutions/NN_name.ipynb`
(solved), both executed. They are written together, or not at all: a mistake is one sentence with
file and line. Building twice on one machine gives the same bytes. What the verdicts in all lessons
say is gathered in docs/claims.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

import alone
import claims
from derive import derive, find_leak, name_cells, pair_exercises
from execute import execute, kernel_environment
from lesson import BuildError, Lesson, read_lesson

__all__ = ["BuildError", "build", "kernel_environment", "load", "main", "stale"]

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("build", "lesson", "derive", "execute")
TOOL = [Path(__file__).with_name(f"{name}.py") for name in PARTS]
LIMIT = 1_000_000  # bytes of one notebook


def sources(root: Path) -> list[Path]:
    """Return the sources of all lessons, in order; BuildError where two lessons share a number."""
    found = sorted((root / "solutions").glob("*.py"))
    for before, path in zip([None, *found], found, strict=False):
        if not re.fullmatch(r"\d\d_[a-z0-9_]+\.py", path.name):
            raise BuildError(path.relative_to(root), 1, "a lesson's file is named NN_name.py.")
        if before and before.name[:2] == path.name[:2]:
            raise BuildError(path.relative_to(root), 1, f"{before.name} has the same number.")
    return found


def targets(source: Path, root: Path) -> dict[str, Path]:
    """Return the learner's notebook and the solved one that belong to a source."""
    return {kind: root / kind / f"{source.stem}.ipynb" for kind in ("lessons", "solutions")}


def digest(source: Path) -> str:
    """Return the hash of a source and of this tool: notebooks that bear another are stale."""
    texts = [*(path.read_text("utf-8") for path in [source, *TOOL]), alone.source()]
    parts = [hashlib.sha256(text.encode()).digest() for text in texts]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def stale(source: Path, root: Path) -> list[Path]:
    """Return those of a source's notebooks that are missing or were built from something else."""
    wanted = {"source": source.relative_to(root).as_posix(), "sha256": digest(source)}
    return [path for path in targets(source, root).values() if built_from(path) != wanted]


def built_from(path: Path) -> Any:
    """Return what a notebook says it was built from; None where it says nothing."""
    try:
        return json.loads(path.read_text("utf-8"))["metadata"]["descent"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def orphans(root: Path) -> list[Path]:
    """Return the notebooks that have no source."""
    names = {path.stem for path in sources(root)}
    found = [path for kind in ("lessons", "solutions") for path in (root / kind).glob("*.ipynb")]
    return sorted(path for path in found if path.stem not in names)


def load(source: Path, root: Path, exercises: Mapping[str, Any]) -> Lesson:
    """Return a lesson read and checked: `exercises` maps all ids of the course to exercises."""
    lesson = read_lesson(source.relative_to(root), source.read_text("utf-8"))
    pair_exercises(lesson, exercises)
    name_cells(lesson)
    alone.add(lesson)
    return lesson


def unexecuted(lesson: Lesson, root: Path) -> dict[str, NotebookNode]:
    """Return the learner's notebook and the solved one, without outputs."""
    sha256 = digest(root / lesson.path)
    return {kind: derive(lesson, kind == "lessons", sha256) for kind in ("lessons", "solutions")}


def build(source: Path, root: Path, exercises: Mapping[str, Any], timeout: int = 60) -> list[Path]:
    """Write both notebooks of a source and return their paths; BuildError, and nothing written."""
    lesson = load(source, root, exercises)
    written = {}
    for kind, notebook in unexecuted(lesson, root).items():
        path = targets(source, root)[kind]
        execute(lesson, notebook, path.relative_to(root).as_posix(), root, timeout)
        if kind == "lessons":
            find_leak(lesson, notebook)
        nbformat.validate(notebook)
        written[path] = (nbformat.writes(notebook) + "\n").encode()
        if len(written[path]) > LIMIT:
            sentence = f"{kind}/{path.name} has {len(written[path]):,} bytes, above {LIMIT:,}."
            raise BuildError(lesson.path, 1, sentence)
    for path, text in written.items():
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".tmp").write_bytes(text)
    for path in written:
        os.replace(path.with_suffix(".tmp"), path)
    return list(written)


def check(root: Path) -> int:
    """Name the stale notebooks; return 1 where there are any, else 0."""
    found = [path for source in sources(root) for path in stale(source, root)]
    if not found and claims.page(root) != claims.read(root):
        found.append(root / claims.PAGE)
    for path in found:
        print(f"{path.relative_to(root).as_posix()} is stale: python tools/build.py")
    for path in orphans(root):
        print(f"{path.relative_to(root).as_posix()} has no source: delete it")
    return int(bool(found + orphans(root)))


def main(
    arguments: Sequence[str] | None = None,
    root: Path = ROOT,
    exercises: Mapping[str, Any] | None = None,
) -> int:
    """Run the command; return its exit code. The course's own exercises are the default."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lesson", nargs="*", help="number of a lesson to build, such as 01")
    parser.add_argument("--check", action="store_true", help="name stale notebooks, build nothing")
    options = parser.parse_args(arguments)
    try:
        known = {path.name[:2]: path for path in sources(root)}
        if unknown := [number for number in options.lesson if number not in known]:
            print(f"There is no lesson {unknown[0]} in solutions/.", file=sys.stderr)
            return 1
        if options.check:
            return check(root)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    wanted = [known[number] for number in options.lesson]
    wanted = wanted or [path for path in known.values() if stale(path, root)]
    if exercises is None and wanted:
        from course_lib.exercises import EXERCISES as exercises
    failed = 0
    for source in wanted:
        began = time.perf_counter()
        try:
            paths = build(source, root, exercises)
        except BuildError as error:
            failed = 1
            print(error, file=sys.stderr)
            continue
        except KeyboardInterrupt:
            print(f"Stopped. {source.stem} is as it was.", file=sys.stderr)
            return 130
        sizes = ", ".join(f"{p.parent.name} {p.stat().st_size / 1000:.0f} kB" for p in paths)
        print(f"{source.stem}: {sizes}, {time.perf_counter() - began:.1f} s")
    if not any(stale(source, root) for source in known.values()):
        claims.write(root)
    return failed


if __name__ == "__main__":
    sys.exit(main())
