"""What a learner has done, in a small JSON file beside the notebook.

{"version": 1, "exercises": {"01.dense": {"passed": true, "tries": 2, "hints": 1, "source": "…"}}}
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

VERSION = 1
LOCK_SECONDS = 1.0  # a lock that is older was left by a kernel that died
WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Entry:
    """What is known of one exercise. `source` is the code of the answer that passed."""

    passed: bool = False
    tries: int = 0
    hints: int = 0
    revealed: bool = False
    name: str = ""
    source: str = ""


def path() -> Path:
    """Return COURSE_PROGRESS of the environment, else progress.json in the notebook's folder.

    A symbolic link is followed.
    """
    return Path(os.path.realpath(os.environ.get("COURSE_PROGRESS") or "progress.json"))


def read() -> tuple[dict[str, Entry], str]:
    """Return all entries, and a sentence for the learner when the file has a problem (else "").

    A damaged file is set aside under another name; nothing in it is lost.
    """
    file = path()
    try:
        return _load(file)
    except OSError as error:
        return {}, f"The progress file {file.name} cannot be read ({error.strerror})."


def update(id: str, change: Callable[[Entry], Entry]) -> tuple[Entry, str]:
    """Store `change(entry)` of one entry, atomically; return it, and a sentence as in `read`.

    A file that cannot be read or written is left as it is.
    """
    file = path()
    try:
        with _alone(file):
            entries, note = _load(file)
            entries[id] = change(entries.get(id, Entry()))
            stored = {key: asdict(entries[key]) for key in sorted(entries)}
            _replace(file, json.dumps({"version": VERSION, "exercises": stored}, indent=1))
    except OSError as error:
        entries, _ = read()
        entries[id] = change(entries.get(id, Entry()))
        note = f"Your progress could not be saved in {file.name} ({error.strerror})."
    return entries[id], note


def _load(file: Path) -> tuple[dict[str, Entry], str]:
    try:
        return _entries(file.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return {}, ""
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        aside = _set_aside(file)
        kept = f"it is kept as {aside.name}, and " if aside else ""
        return {}, f"The progress file {file.name} was damaged: {kept}a new one begins."


def _replace(file: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        if file.exists():
            shutil.copymode(file, temporary)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, file)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a lock file, so that two open lessons do not write at once.

    Raises TimeoutError, an OSError, where others hold it in turn for WAIT_SECONDS.
    """
    lock = file.with_name(f".{file.name}.lock")
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "others write to it all the time") from None
            if _age(lock) > LOCK_SECONDS:
                with contextlib.suppress(OSError):
                    os.unlink(lock)
            time.sleep(0.005)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock)


def _age(file: Path) -> float:
    """Return the age of a file in seconds, by this machine's clock; 0 where it is gone."""
    try:
        return abs(time.time() - file.stat().st_mtime)
    except OSError:
        return 0.0


def _entries(text: str) -> dict[str, Entry]:
    data = json.loads(text)
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']}")
    return {str(id): _entry(stored) for id, stored in data["exercises"].items()}


def _entry(stored: dict) -> Entry:
    known = {field.name: field.type for field in fields(Entry)}
    values = {name: value for name, value in stored.items() if name in known}
    for name, value in values.items():
        if type(value).__name__ != known[name] or (known[name] == "int" and value < 0):
            raise TypeError(f"{name} is {value!r}")
    return Entry(**values)


def _set_aside(file: Path) -> Path | None:
    number = 1
    while (aside := file.with_name(f"{file.stem}.damaged-{number}{file.suffix}")).exists():
        number += 1
    try:
        os.replace(file, aside)
    except OSError:
        return None
    return aside
