"""A browser for figures, and a page to play one on."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET


@pytest.fixture(scope="module")
def browser():
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("Chromium is not installed: no figure was played in a browser.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def play(browser, tmp_path):
    """`play(frame)` opens a page with a figure; returns the page and the frame's inside."""

    def play(figure, head="", width=1280, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, **options
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.problems = []
        page.on("console", lambda message: page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        start = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A page</title>'
        (tmp_path / "page.html").write_text(f"{start}{head}<main><h1>A</h1>{figure}</main>")
        page.goto((tmp_path / "page.html").as_uri())
        inside = page.frames[1]
        if options.get("java_script_enabled", True):
            inside.wait_for_selector("form:not([hidden])")
        return page, inside

    yield play
    for context in browser.contexts:
        context.close()
