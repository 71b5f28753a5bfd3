"""Take your work along: one file with your progress and your lessons, and back again.

For a place that forgets, such as Binder. What stands in the way of a file that comes back is moved
to `backups/`; nothing is overwritten.
"""

from __future__ import annotations

import json
import os
import zipfile
from datetime import datetime
from pathlib import Path, PurePosixPath

from IPython.display import display

from . import progress_file
from .card import Card

FILE = "my_descent.zip"
PROGRESS = "progress.json"


def save_work() -> None:
    """Write my_descent.zip beside the notebook: your progress, and the notebooks of this folder."""
    files = {path.name: path for path in sorted(Path().glob("*.ipynb"))}
    if progress_file.path().exists():
        files[PROGRESS] = progress_file.path()
    unfinished = Path(f"{FILE}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, path in files.items():
                packed.write(path, name)
        os.replace(unfinished, FILE)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        _say("not saved", f"{FILE} could not be written ({error.strerror}).", tone="wrong")
        return
    _say(
        "saved",
        f"{FILE} holds {_counted(files)}, as they were last saved.",
        "Right-click it in the file browser and choose Download. Later, anywhere: upload it beside "
        "the lessons, and call `load_work()`.",
    )


def load_work() -> None:
    """Bring back what my_descent.zip beside the notebook holds."""
    try:
        with zipfile.ZipFile(FILE) as packed:
            contents = {name: packed.read(name) for name in packed.namelist() if _is_ours(name)}
        for text in contents.values():
            json.loads(text)  # a notebook and the progress file are both JSON
        for name, text in contents.items():
            _place(progress_file.path() if name == PROGRESS else Path(name), text)
    except FileNotFoundError:
        _say("nothing to load", f"There is no {FILE} beside this notebook: upload it.", tone="open")
    except (zipfile.BadZipFile, EOFError, ValueError):
        _say("not loaded", f"{FILE} is damaged: upload it once more.", tone="wrong")
    except OSError as error:
        _say("not loaded", f"Your files could not be written ({error.strerror}).", tone="wrong")
    else:
        _say(
            "loaded",
            f"{_counted(contents)} are back. What they replaced is in backups/.",
            "Close this lesson without saving, and open it again: it still shows what was before.",
        )


def _is_ours(name: str) -> bool:
    """Return whether a name in the file is one that `save_work` writes: it leads nowhere else."""
    is_name = name == PurePosixPath(name).name and "\\" not in name
    return is_name and (name == PROGRESS or name.endswith(".ipynb"))


def _place(file: Path, text: bytes) -> None:
    """Write a file whole; what stood there, if it differs, goes to backups/ under the time."""
    if file.exists():
        if file.read_bytes() == text:
            return
        backups = Path("backups") / datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")
        backups.mkdir(parents=True)
        os.replace(file, backups / file.name)
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_bytes(text)
    os.replace(unfinished, file)


def _counted(names: dict) -> str:
    notebooks = sum(name.endswith(".ipynb") for name in names)
    words = "1 notebook" if notebooks == 1 else f"{notebooks} notebooks"
    return f"{words} and your progress" if PROGRESS in names else words


def _say(heading: str, *sentences: str, tone: str = "good") -> None:
    display(Card(f"Your work · {heading}", sentences, tone))
