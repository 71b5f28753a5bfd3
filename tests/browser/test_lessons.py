"""Every lesson opens in a browser, runs from top to bottom, and can be read by everybody."""

import json
import statistics

import pytest
from playwright.sync_api import expect

from .axe import inaccessible
from .conftest import LESSONS
from .lab import CODE_CELL, Lab
from .server import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
LOOKS = [("Light", 1280), ("Dark", 800), ("Dark", 1280)]  # what fits 800 does in any theme
# Two figures, one with every kind of control, and one that plays. With --lesson, that one too.
OPENED_AGAIN = ("07_gradient_descent", "11_adam", "12_optimizer_race")

# What does not fit its box, and is cut off or has to be scrolled sideways. Code does so on purpose,
# where a keyboard can scroll it. MathJax keeps words for screen readers in a box of no size.
OVERFLOWING = """areas => areas
    .flatMap(area => [area, ...area.querySelectorAll('*')])
    .filter(box => box.clientWidth && box.scrollWidth > box.clientWidth + 1)
    .filter(box => getComputedStyle(box).overflowX !== 'visible')
    .filter(box => !box.closest('pre[tabindex="0"], mjx-container'))
    .map(box => `${box.className}: ${box.textContent.slice(0, 80)}`)"""

FIGURE = f"{CODE_CELL} .jp-OutputArea-output img"
NOT_DRAWN = """figures => figures
    .filter(image => !(image.complete && image.naturalWidth && image.clientWidth > 100))
    .map(image => image.outerHTML.slice(0, 80))"""

SLIDER = ".jp-OutputArea-output .widget-slider .noUi-handle"
MOVES = 10
GOAL = 100  # milliseconds, on a machine that does nothing else
LIMIT = 1000  # milliseconds: on no machine should a learner lose the thread
# Takes the time in the page: from the key to the moment at which the new picture is decoded.
WATCH = """output => {
    let pressed;
    window.moves = [];
    document.addEventListener('keydown', () => pressed = performance.now(), true);
    output.addEventListener('load', () => moves.push(performance.now() - pressed), true);
}"""


@pytest.fixture(scope="package", params=LESSONS)
def lab(request, opened):
    """A lesson, opened and run once from top to bottom.

    The tests below go on with it, in order: the looks change last, then the slider moves.
    """
    with opened(request.param) as lab:
        lab.run_all()
        yield lab


def test_no_cell_shows_an_error(lab: Lab):
    for kind in ("error", "stderr"):
        outputs = lab.page.locator(f'[data-mime-type="application/vnd.jupyter.{kind}"]')
        assert outputs.all_inner_texts() == []


def test_every_figure_is_drawn(lab: Lab):
    lab.look("Light", 1280)
    assert_figures_are_drawn(lab)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_lesson_can_be_read(lab: Lab, theme: str, width: int, pytestconfig):
    lab.look(theme, width)
    if pytestconfig.getoption("lesson"):  # for its author to look at
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        lab.screenshot(SCREENSHOTS / f"{lab.lesson}.{theme.lower()}-{width}.png")
    found = cut_off(lab, ".jp-OutputArea-output")
    if width == 1280:  # 350 pixels are left for text at 800, where a formula may be scrolled
        found += cut_off(lab, ".jp-MarkdownOutput") + inaccessible(lab)
    assert found == []


def cut_off(lab: Lab, areas: str) -> list[str]:
    """Return what does not fit its box in these areas of the page."""
    return lab.page.locator(areas).evaluate_all(OVERFLOWING)


def test_a_slider_moves_its_figure(lab: Lab, record_property):
    handles = lab.page.locator(SLIDER)
    if not handles.count():
        assert lab.lesson == "00_start_here", "every other lesson has a slider"
        return
    output = lab.page.locator(".jp-OutputArea-output", has=lab.page.locator(".noUi-handle")).first
    before = output.locator("img").screenshot()
    output.evaluate(WATCH)
    handles.first.focus()
    for move in range(MOVES):
        lab.page.keyboard.press("ArrowRight" if move % 3 else "ArrowLeft")
        lab.page.wait_for_function("move => moves.length > move", arg=move)
    assert output.locator("img").screenshot() != before
    times = lab.page.evaluate("moves")
    median = statistics.median(times)
    words = f"median of {MOVES} moves {median:.0f} ms, slowest {max(times):.0f} ms"
    record_property("slider", f"{lab.lesson}: {words} (goal {GOAL} ms)")
    assert median < LIMIT


def test_the_console_has_no_errors(lab: Lab):
    assert lab.errors == []


def test_a_lesson_opened_again_keeps_its_figures(lab: Lab, pytestconfig):
    """All figures are wired by `interact`, so a few lessons speak for the others."""
    if lab.lesson not in OPENED_AGAIN and not pytestconfig.getoption("lesson"):
        return
    lab.errors.clear()
    lab.save_and_reopen()
    lab.look("Dark", 1280)  # as it was left
    assert_figures_are_drawn(lab)
    # JupyterLab may draw a widget before it has read the stored state, and then draws it again.
    assert [error for error in lab.errors if "widget model not found" not in error] == []


def assert_figures_are_drawn(lab: Lab) -> None:
    """Fail unless the page shows as many pictures as the lesson has, each of them whole."""
    notebook = json.loads((ROOT / "lessons" / f"{lab.lesson}.ipynb").read_text("utf-8"))
    outputs = [out for cell in notebook["cells"] for out in cell.get("outputs", [])]
    figures = lab.page.locator(FIGURE)
    # JupyterLab may still be drawing those of widgets.
    pictures = sum("image/png" in out.get("data", {}) for out in outputs)
    expect(figures).to_have_count(pictures, timeout=30_000)
    assert figures.evaluate_all(NOT_DRAWN) == []
