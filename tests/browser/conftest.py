"""One JupyterLab and one Chromium for all tests of this folder; one of each in each process."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from .lab import Lab
from .server import ROOT, Server, running

LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb"))
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def chromium() -> str:
    """The path of Chromium. Without it the tests skip; under CI they fail."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("Chromium is not installed: the lessons were not opened in a browser.")
    return found


@pytest.fixture(scope="package")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    # Playwright keeps an event loop in this thread, so it must end before other tests begin.
    with sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")  # on disk Chromium keeps compiled scripts
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=QUIET
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def opened(server: Server, browser: BrowserContext) -> Callable:
    """`with opened(lesson) as lab` opens a fresh copy of a lesson in a page of its own."""

    def close() -> None:
        for page in browser.pages[1:]:  # the first is blank, and keeps Chromium open
            page.close()
        server.stop_kernels()

    @contextlib.contextmanager
    def opened(lesson: str) -> Iterator[Lab]:
        close()  # the lesson of other tests may still be open
        server.reset(lesson)
        try:
            yield Lab(browser, server, lesson)
        finally:
            close()

    return opened


def pytest_terminal_summary(terminalreporter) -> None:
    """Print what each slider took, from the `slider` property of the tests that moved one."""
    lines = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "slider" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("sliders, from key to new picture")
    for line in lines:
        terminalreporter.line(line)
