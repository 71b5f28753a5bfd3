"""Every interactive figure of every lesson is recorded, within its bytes.

What is recorded is kept in `build/live`, where the site looks for it: an unchanged lesson costs
nothing. While it records, `live.record` draws states anew and compares.
"""

import json
from math import prod

import pytest

import live
from live.page import LIMIT
from live.record import FEWEST, STATES

from .recorded import INTERACTIVE, NOTEBOOKS, PLACE, ROOT, SHOWN_NOW, cells, figures


def test_every_lesson_but_the_first_has_an_interactive_figure():
    assert set(NOTEBOOKS) - set(INTERACTIVE) <= {"00_start_here"}


@pytest.mark.parametrize("lesson", INTERACTIVE)
def test_the_figures_of_a_lesson_are_recorded_within_their_bytes(lesson, record_property):
    found = figures(lesson)
    assert [figure["cell"] for figure in found] == cells(NOTEBOOKS[lesson])
    learners = json.loads((ROOT / "lessons" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    for figure in found:
        assert figure["cell"] in [cell["id"] for cell in learners]
        assert figure["bytes"] == len(figure["frame"].encode()) <= LIMIT
        assert prod(figure["positions"]) <= STATES
        for some, all_of_them in zip(figure["positions"], figure["of"], strict=True):
            assert some == all_of_them or some >= FEWEST
        record_property("figure", {name: figure[name] for name in figure if name != "frame"})


@pytest.mark.parametrize("lesson", INTERACTIVE)
def test_the_keyboard_alone_moves_every_control_of_a_lesson(play, lesson):
    """Tab leads to each control in turn, and an arrow changes its value, and so the picture."""
    for figure in figures(lesson):
        page, inside = play(figure["frame"])
        pictures = {inside.evaluate(SHOWN_NOW)}
        for control in range(inside.locator("input, select").count()):
            page.keyboard.press("Tab")
            if inside.evaluate("document.activeElement.tagName") == "BUTTON":
                page.keyboard.press("Tab")
            assert inside.evaluate("document.activeElement.id") == f"control-{control}"
            place, last = inside.evaluate(PLACE)
            page.keyboard.press("ArrowLeft" if place == last else "ArrowRight")
            assert abs(inside.evaluate(PLACE)[0] - place) == 1, figure["cell"]
            pictures.add(inside.evaluate(SHOWN_NOW))
        assert len(pictures) > 1, figure["cell"]
        assert page.problems == []


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
