"""Rerun the experiments whose script has changed since their result was stored.

    python tools/rerun.py

An experiment is `experiments/NN_name.py`; its result, with the hash of the script that made it,
stands beside it in `NN_name.json`. Some experiments take many minutes.
"""

import subprocess
import sys
import time
from pathlib import Path

from course_lib.lab.stored import read_record, source_hash

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"


def stale(folder: Path) -> list[Path]:
    """Return the scripts in `folder` that did not make the result stored beside them."""
    return [script for script in sorted(folder.glob("[0-9][0-9]_*.py")) if not is_fresh(script)]


def is_fresh(script: Path) -> bool:
    """Tell whether the stored result was made by this very script."""
    try:
        record = read_record(script.stem, script.parent)
        return record["source_sha256"] == source_hash(script)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def main() -> int:
    """Run what is stale, one after the other; stop at the first that fails."""
    scripts = stale(EXPERIMENTS)
    if not scripts:
        print("Every experiment's result was made by its present script.")
    for number, script in enumerate(scripts, 1):
        print(f"== {number} of {len(scripts)}: experiments/{script.name}", flush=True)
        started = time.monotonic()
        code = subprocess.call([sys.executable, script], cwd=EXPERIMENTS.parent)
        if code:
            print(f"== {script.name} failed: its stored result is as it was.", file=sys.stderr)
            return code
        print(f"== done in {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
