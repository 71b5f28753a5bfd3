"""The settings of an exported course: what its nbgrader_config.py calls."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ComputeChecksums,
    LimitOutput,
    LockCells,
    OverwriteCells,
    SaveAutoGrades,
    SaveCells,
)

from .preprocessors import GiveStubs, GradeSource, Restore

SECRET = "grading_secret.txt"
HANDED_IN = r".*[/\\](?P<student_id>[^/\\]+?)_(?P<file_id>\d\d_[a-z0-9_]+)\.ipynb$"
CONFIG = '''"""The settings of this course: nbgrader reads them in this folder."""

from pathlib import Path

from course_lib.grading.course import configure

c = get_config()  # noqa: F821
configure(c, Path(__file__).parent)
'''


def configure(c: Any, root: Path) -> None:
    """Set up nbgrader for the course in `root`: releases with stubs, and grading of sources."""
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = "descent"
    c.GenerateAssignment.preprocessors = [
        GiveStubs,
        LockCells,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        SaveCells,
    ]
    c.Autograde.sanitize_preprocessors = [ClearOutput, Restore, OverwriteCells, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        GradeSource,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    c.FileNameCollectorPlugin.named_regexp = HANDED_IN
    c.GradeSource.secret = secret(root)
    if "autograde" in sys.argv[1:2]:
        forget_unfinished(root / "autograded")


def secret(root: Path) -> str:
    """Return the course's secret, which seeds are drawn from; make it where there is none."""
    file = root / SECRET
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16), encoding="utf-8")
    return file.read_text(encoding="utf-8")


def forget_unfinished(folder: Path) -> list[Path]:
    """Remove the submissions whose grading was cut short, so that nbgrader takes them up again.

    It passes over what lies in `autograded/`, and what it was killed at lies there half done.
    """
    unfinished = [
        submission
        for submission in sorted(folder.glob("*/*"))
        if submission.is_dir() and not is_graded(submission)
    ]
    for submission in unfinished:
        shutil.rmtree(submission)
    return unfinished


def is_graded(submission: Path) -> bool:
    """Return whether each notebook in a folder was graded to the end."""
    notebooks = list(submission.glob("*.ipynb"))
    try:
        stored = [json.loads(file.read_text("utf-8")) for file in notebooks]
        return bool(stored) and all(nb["metadata"]["descent"]["graded"] for nb in stored)
    except (OSError, ValueError, KeyError, TypeError):
        return False
