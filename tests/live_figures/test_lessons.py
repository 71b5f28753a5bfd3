"""Every interactive figure of every lesson is recorded, within its bytes.

What is recorded is kept in `build/live`, where the site looks for it: an unchanged lesson costs
nothing. While it records, `live.record` draws states anew and compares.
"""

import json
import re
from math import prod
from pathlib import Path

import pytest

import live
from live.page import LIMIT
from live.record import FEWEST, STATES

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "solutions").glob("*.ipynb"))}


def cells(notebook):
    """Return the ids of the cells that show an interactive figure."""
    return [
        cell["id"]
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code" and re.search(r"^interact\(", "".join(cell["source"]), re.M)
    ]


INTERACTIVE = [name for name, notebook in NOTEBOOKS.items() if cells(notebook)]


def test_every_lesson_but_the_first_has_an_interactive_figure():
    assert set(NOTEBOOKS) - set(INTERACTIVE) <= {"00_start_here"}


@pytest.mark.parametrize("lesson", INTERACTIVE)
def test_the_figures_of_a_lesson_are_recorded_within_their_bytes(lesson, record_property):
    found = live.figures(NOTEBOOKS[lesson], ROOT / "build" / "live")
    assert [figure["cell"] for figure in found] == cells(NOTEBOOKS[lesson])
    learners = json.loads((ROOT / "lessons" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    for figure in found:
        assert figure["cell"] in [cell["id"] for cell in learners]
        assert figure["bytes"] == len(figure["frame"].encode()) <= LIMIT
        assert prod(figure["positions"]) <= STATES
        for some, all_of_them in zip(figure["positions"], figure["of"], strict=True):
            assert some == all_of_them or some >= FEWEST
        record_property("figure", {name: figure[name] for name in figure if name != "frame"})


def test_an_unchanged_lesson_is_not_recorded_again(tmp_path, monkeypatch):
    recorded = []

    def record_apart(notebook, to):
        recorded.append(notebook)
        to.write_text(json.dumps([{"cell": "a-1", "frame": "<iframe></iframe>"}]))

    monkeypatch.setattr(live, "record_apart", record_apart)
    notebook = tmp_path / "04_toy.ipynb"
    notebook.write_text("{}")
    for _ in range(2):
        assert live.frames(notebook, tmp_path / "cache") == {"a-1": "<iframe></iframe>"}
    assert len(recorded) == 1
    notebook.write_text("{ }")
    live.frames(notebook, tmp_path / "cache")
    assert len(recorded) == 2
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_cell_that_fails_is_named(tmp_path):
    cell = {"cell_type": "code", "id": "a-1", "source": ["interact = print\n", "interact(1 / 0)"]}
    notebook = tmp_path / "04_toy.ipynb"
    notebook.write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(RuntimeError, match=r"04_toy\.ipynb, cell a-1: ZeroDivisionError"):
        live.frames(notebook, tmp_path / "cache")
