"""The site, as `make site` builds it: whole, readable by everybody, and off the network."""

import html
import itertools
import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

import library_pages
import links
from derive import plain, secret_lines
from lesson import read_lesson
from live.page import frame
from live.record import record
from tests.live_figures.toy import SHOWN

from .conftest import LESSONS
from .server import ROOT

CLOSED = re.compile(r'<details class="solution">.*?</details>', re.DOTALL)
FIGURE = re.compile(r'<div class="figure-of-lesson">\s*<(?:img alt|iframe title)="(.*?)"')
LOOKS = list(itertools.product(["light", "dark"], [1280, 390]))
# Small pages of all kinds, for what takes axe-core long on large ones: contrast. Their colours are
# those of every page. All other pages are looked at for all else.
SMALL = ("index", "course", "lessons/00_start_here", "api/exercises", "docs/teaching", "search")
# What is wider than its place and cannot be scrolled with the keyboard
OUT_OF_REACH = """() => [...document.querySelectorAll('article *')]
    .filter(box => box.clientWidth && box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0)
    .filter(box => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX))
    .map(box => box.outerHTML.slice(0, 80))"""
ALL_BUT_CONTRAST = {
    "rules": {"color-contrast": {"enabled": False}},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, with figures that stay: `live_figures` tests those that move.

    A warning of Sphinx is an error.
    """
    folder = tmp_path_factory.mktemp("pages") / "site"
    command = [sys.executable, ROOT / "tools" / "website.py", folder, "--still"]
    ours = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=ours)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """The names of all pages, without their ending."""
    return sorted(path.relative_to(site).as_posix()[:-5] for path in site.rglob("*.html"))


@pytest.fixture(scope="module")
def page(browser, site):
    """A page of a browser that has no network. `errors` collects what it complains of."""
    browser.set_offline(True)
    page = browser.new_page()
    page.errors = []
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("requestfailed", lambda request: page.errors.append(request.url))
    yield page
    page.close()
    browser.set_offline(False)


def see(page: Page, site: Path, name: str, theme: str = "light", width: int = 1280) -> None:
    """Open a page of the site in a theme and at a width, and wait until its formulas stand."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.goto(f"{site.as_uri()}/{name}.html")
    page.evaluate("() => window.MathJax?.startup?.promise")


def test_everything_has_a_page(pages):
    experiments = [f"experiments/{path.stem}" for path in (ROOT / "experiments").glob("*.json")]
    experiments = [name for name in experiments if not name.endswith(".cuda")]
    docs = [f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")]
    library = [f"api/{name}" for name in library_pages.PACKAGES]
    lessons = [f"lessons/{name}" for name in LESSONS]
    others = ["index", "course", "CONTRIBUTING", "search", "experiments/index"]
    assert {*experiments, *docs, *library, *lessons, *others} <= set(pages)


def test_every_link_leads_somewhere(site):
    assert links.dead(site) == []


def test_a_solution_shows_only_after_a_click(site):
    for name in LESSONS:
        text = (site / f"lessons/{name}.html").read_text("utf-8")
        source = ROOT / "solutions" / f"{name}.py"
        answers = [
            cell for cell in read_lesson(source, source.read_text("utf-8")).cells if cell.region
        ]
        assert len(CLOSED.findall(text)) == len(answers), name
        shown, whole = (plain(words_of(part)) for part in (CLOSED.sub("", text), text))
        for answer in answers:
            for line in secret_lines(answer.solution()):
                assert plain(line) in whole, (name, line)
                assert not re.search(rf"(?<!\w){re.escape(plain(line))}(?!\w)", shown), (name, line)


def words_of(text: str) -> str:
    """Return what a page says, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def test_what_is_for_a_notebook_alone_is_not_on_a_page(site):
    for name in LESSONS:
        assert "INSTALL" not in (site / f"lessons/{name}.html").read_text("utf-8"), name


def test_a_table_that_a_cell_shows_is_a_table(site):
    for name in LESSONS:
        text = (site / f"lessons/{name}.html").read_text("utf-8")
        assert "<p>|" not in text, name


def test_a_click_shows_it(page, site):
    see(page, site, "lessons/01_weights")
    solution = page.locator("details.solution").first
    code = solution.locator("pre")
    assert not code.is_visible()
    solution.locator("summary").click()
    expect(code).to_be_visible()
    expect(code).to_contain_text("def neuron(x, w):")


def test_every_figure_stands_with_its_words(page, site):
    for name in LESSONS:
        notebook = json.loads((ROOT / "lessons" / f"{name}.ipynb").read_text("utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        stored = [
            o["metadata"]["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})
        ]
        text = (site / f"lessons/{name}.html").read_text("utf-8")
        assert [html.unescape(alt) for alt in FIGURE.findall(text)] == stored, name


def test_every_page_stands_on_a_telephone_without_a_network(page, site, pages):
    """Nothing is wider than the screen or out of reach, and every formula is set."""
    for name in pages:
        see(page, site, name, width=390)
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390, name
        assert page.evaluate(OUT_OF_REACH) == [], name
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, name
        assert page.locator(".math:not(:has(mjx-container))").count() == 0, name
    assert page.errors == []


def test_the_fonts_of_formulas_travel_along(page, site):
    see(page, site, "lessons/07_gradient_descent")
    assert page.locator("mjx-container").count() > 10
    page.evaluate("() => document.fonts.ready")
    loaded = "() => [...document.fonts].filter(font => font.status === 'loaded').length"
    assert page.evaluate(loaded) > 1


def test_nothing_comes_from_another_site(site):
    loads = re.compile(r'<(?:script|img|iframe|link|source)[^>]*(?:src|href)="(?:https?:)?//[^"]*"')
    for path in site.rglob("*.html"):
        assert loads.findall(path.read_text("utf-8")) == [], path
    for path in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", path.read_text("utf-8")), path


def test_the_search_finds_a_lesson(page, site):
    see(page, site, "search")
    page.goto(f"{site.as_uri()}/search.html?q=momentum")
    found = page.locator("#search-results li a")
    expect(found.filter(has_text="09 · Momentum").first).to_be_visible()


@pytest.fixture(scope="module")
def live():
    """A figure that moves, as it stands in a page."""
    return frame(record(SHOWN), SHOWN)[0]


@pytest.mark.parametrize("chosen", ["auto", "light", "dark"])
@pytest.mark.parametrize("device", ["light", "dark"])
def test_a_figure_that_moves_has_the_ground_and_the_ink_of_its_page(
    page, site, live, device, chosen
):
    """Chromium paints a frame white whose colour scheme is not that of its page."""
    see(page, site, "course", device)
    page.evaluate("theme => document.body.dataset.theme = theme", chosen)
    put = "figure => document.querySelector('article').insertAdjacentHTML('afterbegin', figure)"
    page.evaluate(put, live)
    label = page.frame_locator(".live-figure").locator("label").first
    label.wait_for()
    box = page.locator(".live-figure").bounding_box()
    # Of the frame, and of the page beside it, an upper corner; the toolbar may stand on the right.
    corners = {"width": 3, "height": 3, "y": box["y"]}
    inside, beside = (
        Image.open(BytesIO(page.screenshot(clip={**corners, "x": box["x"] + shift})))
        for shift in (0, -4)
    )
    assert inside.convert("RGB").getcolors() == beside.convert("RGB").getcolors()
    ink = "element => getComputedStyle(element).color"
    assert label.evaluate(ink) == page.locator("article p").first.evaluate(ink)
    dark = (device if chosen == "auto" else chosen) == "dark"
    assert (sum(inside.convert("RGB").getpixel((0, 0))) < 384) == dark


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_axe_finds_nothing_serious_on_each_kind_of_page(page, site, theme, width):
    for name in SMALL:
        see(page, site, name, theme, width)
        assert serious(page, {}) == [], name


def test_axe_finds_nothing_serious_on_any_other_page(page, site, pages):
    """It takes a minute."""
    for name in sorted(set(pages) - set(SMALL)):
        see(page, site, name)
        assert serious(page, ALL_BUT_CONTRAST) == [], name


def serious(page: Page, options: dict) -> list[str]:
    """Return what axe-core finds that keeps somebody out, with the first element that has it."""
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{found['id']}: {found['nodes'][0]['html']}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]
