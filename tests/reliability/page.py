"""Write docs/reliability.md from what comes of each answer and each fault.

python -m tests.reliability.page
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .answers import TRIED, outcome
from .faults import FAULTS, ROOT

PAGE = ROOT / "docs" / "reliability.md"
HEAD = """# What it survives

<!-- Written by tests/reliability/page.py from what the tests saw. Do not edit. -->

Each line of this page is tried in every run of the tests. The sentences are those that a learner
sees. A class's submissions have tests of their own: [what autograding prevents, and what it
cannot](teaching.md#what-autograding-cannot-prevent).

## Hostile answers

Given to exercise 00.weighted_sum. The notebook carries on after each.

| an answer that … | is | and is told |
|---|---|---|
"""
FAULTY = """
## Faults

| what happens | and what is told |
|---|---|
"""
FOOT = """
Not tried, because an answer and its notebook share one process: an answer that ends that process
or fills its memory kills the kernel (what was solved is in the file, see above); one long call in C
cannot be stopped; what an answer has started goes on.
"""


def page() -> str:
    """Return the page, after everything on it has been tried."""
    return HEAD + "".join(map(answer_row, TRIED)) + FAULTY + "".join(map(fault_row, FAULTS)) + FOOT


def answer_row(tried: tuple) -> str:
    """Return the row of an answer."""
    words, answer, status = tried
    came = outcome(answer, status)
    return row(words, came.status.replace("_", " "), came.message)


def fault_row(fault) -> str:
    """Return the row of a fault, which happens in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return row(fault.__doc__, fault(Path(folder)))


def row(*cells: str) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
