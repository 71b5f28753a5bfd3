"""A plugin for the pytest that runs one notebook under nbval: what each cell takes.

Writes a JSON list to the file that COURSE_MEASURES names: for each cell whether it passed, the
seconds by the clock, the seconds that the kernel computed, and the peak of the kernel's memory so
far in MB. The start of the kernel is in no cell.
"""

import json
import os
import re
import time
from pathlib import Path

import psutil
import pytest

cells = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    kernel, passed = item.parent.kernel, False
    clock, computed = time.perf_counter(), computed_seconds(kernel)
    try:
        result = yield
        passed = True
        return result
    finally:
        cells.append(
            {
                "passed": passed,
                "seconds": time.perf_counter() - clock,
                "computed": computed_seconds(kernel) - computed,
                "peak_mb": peak_mb(kernel),
            }
        )


def pytest_sessionfinish():
    Path(os.environ["COURSE_MEASURES"]).write_text(json.dumps(cells))


def process_of(kernel):
    """Return the kernel's process; None once it is dead."""
    return psutil.Process(kernel.km.provisioner.pid) if kernel.is_alive() else None


def computed_seconds(kernel):
    """Return the seconds that all threads of the kernel have computed."""
    process = process_of(kernel)
    return sum(process.cpu_times()[:2]) if process else 0.0


def peak_mb(kernel):
    """Return the most that the kernel has held, in MB; where no kernel says, what it holds now."""
    process = process_of(kernel)
    status = Path(f"/proc/{process.pid}/status") if process else None
    if status is None:
        return 0.0
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) * 1024 / 1e6
    return process.memory_info().rss / 1e6
