"""What all tests share: the modules of tools/, and a table of the notebooks that were run."""

import os
import sys
from pathlib import Path

# `make test-gpu` runs these on a CUDA device; elsewhere there is nothing to run.
collect_ignore = [] if os.environ.get("COURSE_DEVICE") == "cuda" else ["gpu"]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))


def pytest_terminal_summary(terminalreporter):
    """Print what each notebook took, from the `notebook` property of the tests that ran one."""
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "notebook" and report.when == "call"
    ]
    if rows:
        terminalreporter.section("notebooks under nbval")
        heads = f"{'seconds':>8} {'computed':>9} {'peak MB':>8} {'kB':>5} {'cells':>6}  notebook"
        terminalreporter.line(heads)
    for row in sorted(rows, key=lambda row: row["path"]):
        terminalreporter.line(
            f"{row['seconds']:8.1f} {row['computed']:9.1f} {row['peak_mb']:8.0f} {row['kb']:5.0f}"
            f" {row['cells']:6d}  {row['path']}"
        )
