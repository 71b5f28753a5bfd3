"""What all tests share: the modules of tools/, `--lesson`, and a table of the notebooks run."""

import os
import sys
from pathlib import Path

import pytest

from tests.one_lesson import belongs, imported_by, may_hold, scope, sources

# `make test-gpu` runs these on a CUDA device; elsewhere there is nothing to run.
collect_ignore = [] if os.environ.get("COURSE_DEVICE") == "cuda" else ["gpu"]

# Beside other processes one thread is fastest: threads that wait for each other stall.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))


def pytest_addoption(parser):
    """Add `--lesson 13`: run what belongs to that lesson, and nothing else."""
    parser.addoption("--lesson", default="", metavar="NN", help="run the tests of one lesson")


def pytest_configure(config):
    """Read what the lesson of `--lesson` imports."""
    config.imported = imported_by(sources(ROOT / "solutions", config.getoption("lesson")))


def pytest_ignore_collect(collection_path, config):
    """With `--lesson`, leave out the files that hold no test of that lesson."""
    lesson = config.getoption("lesson")
    if lesson and collection_path.match("test_*.py"):
        file = collection_path.relative_to(ROOT / "tests")
        return not may_hold(file, lesson, config.imported) or None
    return None


def pytest_collection_modifyitems(config, items):
    """With `--lesson`, keep only the tests of that lesson."""
    if not (lesson := config.getoption("lesson")):
        return

    def is_kept(item: pytest.Item) -> bool:
        parameters = item.callspec.id if hasattr(item, "callspec") else ""
        return belongs(item.path.relative_to(ROOT / "tests"), parameters, lesson, config.imported)

    config.hook.pytest_deselected(items=[item for item in items if not is_kept(item)])
    items[:] = [item for item in items if is_kept(item)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep what one file tests of one lesson in one process, since it shares what is costly."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFileAndLesson(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return scope(nodeid)

    return ByFileAndLesson(config, log)


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
