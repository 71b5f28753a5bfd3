"""python -m live NOTEBOOK FILE: record the interactive figures of a solved notebook to FILE."""

import contextlib
import json
import sys
import time
from pathlib import Path

from live.lesson import figures
from live.page import frame
from live.record import STATES, positions, record

# Where one state takes long to compute: enough states for a recording of some 20 seconds.
SLOW = {"05_losses": 1600, "15_signal_propagation": 640}


def main(notebook: Path, to: Path) -> None:
    """Write of each figure: its cell, its frame, its controls, and how long the recording took."""
    found = []
    with contextlib.redirect_stdout(sys.stderr):
        shown_ones = figures(notebook)
    for shown in shown_ones:
        began = time.process_time()
        page, kept = frame(record(shown, SLOW.get(notebook.stem, STATES)), shown)
        entry = {"cell": shown.cell, "seconds": round(time.process_time() - began, 1)}
        entry["positions"] = [len(values) for values in kept.positions.values()]
        entry["of"] = [len(positions(control)) for control in shown.controls.values()]
        found.append(entry | {"bytes": len(page.encode()), "frame": page})
    to.write_text(json.dumps(found, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
