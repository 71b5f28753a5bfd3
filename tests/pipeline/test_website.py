"""What the site makes of a notebook's cells."""

import base64
import html

import pytest

import website
from links import Page

# A picture of 6 by 3 pixels, as far as its head goes.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (6).to_bytes(4, "big") + (3).to_bytes(4, "big")
ALT = 'A line that "rises" & falls.'


@pytest.fixture
def output():
    data = {"image/png": base64.b64encode(PNG).decode(), "text/plain": ALT}
    metadata = {"image/png": {"alt": ALT, "width": 624}}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def test_a_picture_is_a_file_with_its_words_and_its_size(output, tmp_path):
    website.figure(output, "01_toy/cell", tmp_path / "extra", None)
    assert (tmp_path / "extra/figures/01_toy/cell.png").read_bytes() == PNG
    shown = output["data"]["text/html"]
    assert f'alt="{html.escape(ALT)}" width="624" height="312"' in shown
    assert Page(shown).links == ["../figures/01_toy/cell.png"]


def test_a_figure_that_moves_takes_the_place_of_a_picture(output, tmp_path):
    frame = '<iframe title="It moves" srcdoc="..."></iframe>'
    website.figure(output, "01_toy/cell", tmp_path / "extra", frame)
    assert output["data"]["text/html"] == f'<div class="figure-of-lesson">{frame}</div>'
    assert (tmp_path / "extra/figures/01_toy/cell.png").exists()


def test_a_solution_is_closed_and_without_markers():
    source = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
    cell = website.solution("01-parameter_count-answer", source)
    assert cell["cell_type"] == "markdown"
    assert cell["source"].startswith('<details class="solution"><summary>Show a solution of 01.par')
    assert "def f(x):\n    return x\n```" in cell["source"]
    assert "###" not in cell["source"]
