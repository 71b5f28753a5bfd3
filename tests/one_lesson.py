"""Which tests belong to one lesson: those that `pytest --lesson 13` keeps.

A test belongs to the lessons whose number stands in the name of its file (`test_13_lookahead.py`)
or at the head of one of its parameters (`13_lookahead`, `13.slow_weights`). A test without a number
belongs to the lesson if its file tests a module that the lesson imports by name.
"""

import ast
import re
from collections.abc import Set
from pathlib import Path, PurePath

# Folders of tests that take a lesson.
BY_LESSON = ("browser", "contract", "gpu", "grading", "lessons")
IN_FILE = re.compile(r"test_(\d\d)_")
IN_PARAMETERS = re.compile(r"(?:^|-)(\d\d)[._][a-z]")


def scope(nodeid: str) -> str:
    """Return what a test is run together with: the tests of its file for the same lesson.

    A notebook that is run on another processor shares nothing and takes long: it goes alone.

    >>> scope("tests/browser/test_lessons.py::test_axe[09_momentum-dark]")
    'tests/browser/test_lessons.py 09'
    >>> scope("tests/lab/test_data.py::test_digits")
    'tests/lab/test_data.py '
    >>> scope("tests/lessons/test_lessons.py::test_runs[solutions-another-09_momentum]")
    'tests/lessons/test_lessons.py 09 on another processor'
    """
    file, _, name = nodeid.partition("::")
    parameters = name.partition("[")[2]
    alone = " on another processor" if "-another-" in parameters else ""
    return f"{file} {''.join(IN_PARAMETERS.findall(parameters)[:1])}{alone}"


def may_hold(file: PurePath, lesson: str, imported: Set[PurePath]) -> bool:
    """Return whether a file may hold tests of a lesson. Others need not be read.

    file, imported: as `belongs` takes them.
    """
    if numbers := IN_FILE.findall(file.name):
        return lesson in numbers
    return file.parts[0] in BY_LESSON or file in imported


def belongs(file: PurePath, parameters: str, lesson: str, imported: Set[PurePath]) -> bool:
    """Return whether a test is one of a lesson's.

    file: the test's, from tests/ on. parameters: pytest's name for them, "" without any. imported:
    what `imported_by` returns for the lesson.
    """
    numbers = IN_FILE.findall(file.name) + IN_PARAMETERS.findall(parameters)
    return lesson in numbers if numbers else file in imported


def imported_by(source: str) -> set[PurePath]:
    """Return the files, from tests/ on, that would test each module which this source imports.

    A name imported from a package may be a module or a function, so some files do not exist.
    """
    files = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib."):
            _, package, *module = node.module.split(".")
            for name in module or [alias.name for alias in node.names]:
                files.add(PurePath(package, f"test_{name}.py"))
    return files


def sources(folder: Path, lesson: str) -> str:
    """Return the source of a lesson; empty if there is none."""
    return "\n".join(path.read_text("utf-8") for path in folder.glob(f"{lesson}_*.py"))
