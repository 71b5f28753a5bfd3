"""Figures for a page without a kernel behind it: recorded while the page is built, then played.

    frames(notebook, cache) -> {cell: frame}     the interactive figures of a solved notebook

Read in this order: lesson (finds the figures), ink (what matplotlib draws, as numbers), record (in
every state of the controls), pack (in few bytes), page (as HTML), player.js (what plays it there).
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DRAWS = ("figures", "nn", "optim", "analysis", "second_order", "lab")  # what may change a figure
SECONDS = 1800  # for a lesson on a busy machine; a minute is usual


def frames(notebook: Path, cache: Path) -> dict[str, str]:
    """Return an `<iframe>` under the id of each cell that shows an interactive figure.

    notebook: a solved one, whose cells have the same ids as in the learner's. cache: a folder for
    what was recorded; an unchanged lesson is not recorded again. RuntimeError, with the
    last line of what Python says, where that fails.
    """
    return {figure["cell"]: figure["frame"] for figure in figures(notebook, cache)}


def figures(notebook: Path, cache: Path) -> list[dict[str, Any]]:
    """Return what was recorded of each interactive figure: its cell and its frame, and numbers.

    `positions` that each control has, `of` how many it has with a kernel, `bytes` of the frame, and
    the `seconds` of a processor that it took.
    """
    kept = cache / f"{notebook.stem}.{digest(notebook)[:16]}.json"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for older in cache.glob(f"{notebook.stem}.*.json"):
            older.unlink()
        record_apart(notebook, kept)
    return json.loads(kept.read_text("utf-8"))


def record_apart(notebook: Path, to: Path) -> None:
    """Record the figures of a notebook in a process of their own, as notebooks are built."""
    from execute import kernel_environment

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tools")])
        done = subprocess.run(
            [sys.executable, "-m", "live", str(notebook.resolve()), f"{folder}/figures.json"],
            env=kernel_environment(Path(folder)) | {"PYTHONPATH": paths},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip().rpartition("\n")[2] or "recording stopped")
        written = Path(folder, "figures.json").read_text("utf-8")
    whole = to.with_suffix(f".{os.getpid()}.tmp")
    whole.write_text(written, "utf-8")
    os.replace(whole, to)


def digest(notebook: Path) -> str:
    """Return a hash of all that a recorded figure depends on, packages aside."""
    own = sorted(path for path in Path(__file__).parent.iterdir() if path.is_file())
    files = [notebook, *own]
    for name in DRAWS:
        files += sorted((ROOT / "course_lib" / name).rglob("*.py"))
    files += sorted((ROOT / "experiments").glob(f"{notebook.name[:2]}_*"))
    hashes = [hashlib.sha256(path.read_bytes()).digest() for path in files if path.is_file()]
    return hashlib.sha256(b"".join(hashes)).hexdigest()
