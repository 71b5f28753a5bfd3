"""The learner's copies of the lessons, in `workbook/`.

A copy is *edited* when its cells hold another text than when it was copied. Running cells changes
outputs, numbers and metadata, but no text; and JupyterLab appends an empty cell, which does not
count. What happens when the course brings a new version of a lesson:

    the copy was never opened         it becomes the new lesson
    it was run, but not edited        it becomes the new lesson; the old copy goes to backups/
    it was edited                     it stays as it is, and a sentence says how to get the new one
    it cannot be read as a notebook   it stays as it is, and a sentence says so

A copy that was run stays when the lesson's text is the same: its outputs are the learner's own.
Nothing is ever deleted: `reset`, too, moves a copy to `backups/`, under the date and time, and
never over an older backup. What was copied is remembered in `workbook/.copied.json`, as two hashes
for each copy: of the file, and of the text of its cells. Without that record, a copy whose text is
the lesson's counts as not edited, and any other as edited.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

RECORD = ".copied.json"


@dataclass(frozen=True)
class Prints:
    """Hashes of a notebook: of the file, and of the text of its cells."""

    file: str
    cells: str


def update(lessons: Path, workbook: Path, now: datetime) -> list[str]:
    """Copy new lessons into `workbook`, let copies follow, and return what there is to tell."""
    workbook.mkdir(exist_ok=True)
    record, told = read_record(workbook)
    copied, followed, kept = [], [], []
    for lesson in sources(lessons):
        copy, number = workbook / lesson.name, lesson.name[:2]
        fresh = prints(lesson)
        if fresh is None:
            told.append(f"lessons/{lesson.name} cannot be read as a notebook: it is left out.")
            continue
        if not copy.exists():
            place(lesson, copy)
            record[lesson.name] = fresh
            copied.append(number)
            continue
        mine, known = prints(copy), record.get(lesson.name, fresh)
        if mine is None:
            told.append(
                f"workbook/{copy.name} cannot be read as a notebook: it stays as it is. "
                f"`make reset LESSON={number}` moves it to backups/ and brings a fresh copy."
            )
        elif mine.file == fresh.file or (mine.cells == fresh.cells and mine.file != known.file):
            record[lesson.name] = fresh
        elif mine.cells == known.cells:
            if mine.file != known.file:
                backup = exchange(lesson, copy, now)
                told.append(f"workbook/{copy.name}, as you ran it, is now {backup}.")
            else:
                place(lesson, copy)
            record[lesson.name] = fresh
            followed.append(number)
        else:
            record[lesson.name] = known
            if known.cells != fresh.cells:
                kept.append(number)
    write_record(workbook, record)
    if copied:
        told.append(f"Copied into workbook/: lesson {', '.join(copied)}.")
    if followed:
        told.append(f"Brought up to date in workbook/: lesson {', '.join(followed)}.")
    if kept:
        told.append(
            f"Changed since you began, and kept as you have it: lesson {', '.join(kept)}. "
            "`make reset LESSON=NN` moves yours to backups/ and brings the new one."
        )
    return told


def reset(lessons: Path, workbook: Path, lesson: str, now: datetime) -> str:
    """Put a fresh copy of `lesson` ("04") into `workbook` and return what was done.

    What was there is moved to `backups/`. Exits with one sentence if there is no such lesson.
    """
    names = {source.name[:2]: source for source in sources(lessons)}
    source = names.get(lesson.zfill(2)) if lesson else None
    if source is None:
        raise SystemExit(
            f"There is no lesson {lesson!r}: run `make reset LESSON=NN`, where NN is one of "
            f"{', '.join(names) or 'none yet'}."
        )
    fresh = prints(source)
    if fresh is None:
        raise SystemExit(f"lessons/{source.name} cannot be read as a notebook.")
    workbook.mkdir(exist_ok=True)
    copy = workbook / source.name
    backup = exchange(source, copy, now)
    kept = f"; yours is now {backup}" if backup else ""
    record, told = read_record(workbook)
    write_record(workbook, record | {copy.name: fresh})
    return " ".join([f"workbook/{copy.name} is fresh{kept}.", *told])


def sources(lessons: Path) -> list[Path]:
    """Return the lessons' notebooks in the order of their numbers."""
    return sorted(lessons.glob("[0-9][0-9]_*.ipynb"))


def prints(notebook: Path) -> Prints | None:
    """Return the hashes of a notebook, or None if the file is none."""
    try:
        content = notebook.read_bytes()
        cells = json.loads(content)["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    text = json.dumps([(kind, source) for kind, source in texts if source.strip()])
    return Prints(hashlib.sha256(content).hexdigest(), hashlib.sha256(text.encode()).hexdigest())


def back_up(copy: Path, now: datetime) -> str:
    """Move `copy` to a new file in `backups/` beside it, and return the name of that file."""
    folder = copy.parent / "backups"
    folder.mkdir(exist_ok=True)
    stem, number = f"{copy.stem}.{now:%Y-%m-%d_%H%M%S}", 1
    backup = folder / f"{stem}.ipynb"
    while backup.exists():
        number += 1
        backup = folder / f"{stem}_{number}.ipynb"
    copy.rename(backup)
    return f"workbook/backups/{backup.name}"


def exchange(lesson: Path, copy: Path, now: datetime) -> str:
    """Put a copy of `lesson` in the place of `copy`, and return where that is now, or "".

    The new one is written first: where the disk is full, the old one stays where it is.
    """
    part = write_beside(copy, lesson.read_bytes())
    backup = back_up(copy, now) if copy.exists() else ""
    os.replace(part, copy)
    return backup


def place(lesson: Path, copy: Path) -> None:
    """Write a copy of `lesson`, whole or not at all."""
    write(copy, lesson.read_bytes())


def read_record(workbook: Path) -> tuple[dict[str, Prints], list[str]]:
    """Return what was copied, by name, and a sentence if the record is damaged."""
    file = workbook / RECORD
    try:
        entries = json.loads(file.read_bytes())
        return {name: Prints(**entry) for name, entry in entries.items()}, []
    except FileNotFoundError:
        return {}, []
    except (ValueError, TypeError, AttributeError):
        aside = file.with_name(".copied.damaged.json")
        file.replace(aside)
        return {}, [
            f"workbook/{RECORD} is damaged and now {aside.name}: copies that differ from their "
            "lessons count as edited, and stay as they are."
        ]


def write_record(workbook: Path, record: dict[str, Prints]) -> None:
    """Store what was copied."""
    entries = {name: asdict(record[name]) for name in sorted(record)}
    write(workbook / RECORD, json.dumps(entries, indent=2).encode())


def write(file: Path, content: bytes) -> None:
    """Replace `file` in one step: a reader never sees half of it."""
    os.replace(write_beside(file, content), file)


def write_beside(file: Path, content: bytes) -> Path:
    """Write `content` to a new file beside `file` and return it; leave nothing where that fails."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return part
