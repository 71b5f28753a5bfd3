"""Faults, each made to happen in an empty folder: what it is, and what came of it, in words.

Each asserts that nothing was lost, and returns the sentence that is shown.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The module alone, without the library, so that a start takes no second.
START = f"""
import sys
from dataclasses import replace
sys.path.insert(0, {str(ROOT / "course_lib/exercises")!r})
import progress_file

def solve(name):
    return progress_file.update(name, lambda entry: replace(entry, passed=True, source="x" * 2000))
"""


def start(folder: Path, code: str) -> subprocess.Popen:
    """Start a Python, as a kernel is one, whose progress is kept in `folder`."""
    variables = os.environ | {"COURSE_PROGRESS": str(folder / "progress.json")}
    return subprocess.Popen(
        [sys.executable, "-c", START + code],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, code: str) -> str:
    """Run code in such a Python to its end and return what it prints."""
    process = start(folder, code)
    printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return printed.strip()


def passed(folder: Path) -> set[str]:
    """Return the exercises that the progress file has as solved: a whole file, or a ValueError."""
    text = (folder / "progress.json").read_text("utf-8")
    return {name for name, entry in json.loads(text)["exercises"].items() if entry["passed"]}


def cut(folder: Path) -> str:
    """The progress file is cut, at each of a hundred places: it is kept, and a new one begins."""
    run(folder, "solve('01.dense')")
    file = folder / "progress.json"
    whole = file.read_bytes()
    code = f"""
whole, file = {whole!r}, progress_file.path()
for place in range(0, len(whole) - 1, len(whole) // 100):
    file.write_bytes(whole[:place])
    _, note = solve('02.affine')
    (kept,) = file.parent.glob("*.damaged-*")
    assert kept.read_bytes() == whole[:place]
    assert progress_file.read()[0]['02.affine'].passed
    kept.unlink()
print(note)
"""
    return run(folder, code)


def full_disk(folder: Path) -> str:
    """Not one byte more can be written: the file stays as it was."""
    run(folder, "solve('01.dense')")
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
print(solve('02.affine')[1])
"""
    told = run(folder, code)
    assert passed(folder) == {"01.dense"}
    assert [path.name for path in folder.iterdir()] == ["progress.json"]
    return told


def killed_kernel(folder: Path) -> str:
    """The kernel is killed while it writes, ten times: the file is whole, and holds
    all that was stored before."""
    run(folder, "solve('00.start')")
    code = "for n in range(10_000): solve(f'99.e{n}'); print(n, flush=True)"
    for attempt in range(10):
        process = start(folder, code)
        process.stdout.readline()
        time.sleep(random.Random(attempt).uniform(0, 0.02))
        process.kill()
        told, _ = process.communicate()
        done = [int(line) for line in told.split("\n")[:-1] if line]
        assert passed(folder) >= {"00.start", *(f"99.e{n}" for n in done)}
    note = run(folder, "print(solve('01.dense')[1])")
    assert "01.dense" in passed(folder)
    return note or "Nothing: the next answer is stored as ever."


def two_notebooks(folder: Path) -> str:
    """Two notebooks solve forty exercises each at once: the file has eighty."""
    code = "notes = {{solve(f'{}.e{{n}}')[1] for n in range(40)}}; assert notes == {{''}}, notes"
    both = [start(folder, code.format(number)) for number in ("01", "02")]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    assert len(passed(folder)) == 80
    return "Nothing."


def stopped_build(folder: Path) -> str:
    """A build of notebooks is stopped in the middle: no notebook is changed, none is half."""
    for name in ("solutions", "lessons"):
        (folder / name).mkdir()
        (folder / name / "01_toy.ipynb").write_text("as it was")
    stop = "import os, signal, time\\nos.kill(os.getppid(), signal.SIGINT)\\ntime.sleep(9)"
    code = f"""
import sys
from pathlib import Path
sys.path[:0] = [{str(ROOT / "tools")!r}, {str(ROOT / "tests/pipeline")!r}]
import toy
root = Path({str(folder)!r})
toy.write(root, toy.TOY + "\\n# %%\\n{stop}\\n")
sys.stderr = sys.stdout
assert toy.run(root) == 130
"""
    told = run(folder, code)
    files = {path.name: path.read_text("utf-8") for path in folder.rglob("*.ipynb")}
    assert files == {"01_toy.ipynb": "as it was"}
    assert not list(folder.rglob("*.tmp"))
    return told


FAULTS = [cut, full_disk, killed_kernel, two_notebooks, stopped_build]
