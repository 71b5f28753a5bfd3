"""What a person does in JupyterLab: open a lesson, run it, type, look at it."""

import contextlib
import json
import re
import time
import urllib.error
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response, expect

from .server import Server

CELL = ".jp-Notebook .jp-Cell"
CODE_CELL = ".jp-Notebook .jp-CodeCell"
PROMPT = ".jp-InputPrompt:not(.jp-Placeholder-prompt)"  # a folded cell shows no number
PANEL = ".jp-WindowedPanel-outer"
ENDED = re.compile(r"^\[(\d+| )\]:$")  # with a number, or given up after an error further up
OPEN_SECONDS = 60
KERNEL_SECONDS = 60
RUN_SECONDS = 120
SCREEN = 1600  # pixels, the height of the window to begin with

# JupyterLab draws nothing that is far out of sight, so the window grows to the lesson's height.
FULL_HEIGHT = """() => document.querySelector('.jp-WindowedPanel-inner').scrollHeight
    + innerHeight - document.querySelector('.jp-WindowedPanel-outer').clientHeight"""
# Resolves when pictures are loaded and the lesson has kept its size for 150 milliseconds.
STEADY = """() => new Promise(resolve => {
    let size, since;
    const look = now => {
        const lesson = document.querySelector('.jp-WindowedPanel-inner');
        const loaded = [...document.images].every(image => image.complete);
        const present = [lesson.scrollWidth, lesson.scrollHeight, innerWidth, innerHeight].join();
        if (present !== size || !loaded) [size, since] = [present, now];
        if (now - since > 150) resolve(true); else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""


class Lab:
    """A lesson that is open in a page. `errors` collects the errors in the browser's console."""

    def __init__(self, context: BrowserContext, server: Server, lesson: str):
        self.context, self.server, self.lesson = context, server, lesson
        self.errors: list[str] = []
        self.looks: tuple[str, int] | None = None
        self.open()

    def open(self) -> None:
        """Open the lesson in a new page. Wait for its kernel and its cells, which trickle in."""
        self.page, self.looks = self.context.new_page(), None
        self.page.on("console", self._note_error)
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        url = f"{self.server.url}/lab/tree/{self.lesson}.ipynb?reset&token={self.server.token}"
        self.page.goto(url)
        notebook = json.loads((self.server.workbook / f"{self.lesson}.ipynb").read_text("utf-8"))
        cells = self.page.locator(CELL)
        expect(cells).to_have_count(len(notebook["cells"]), timeout=OPEN_SECONDS * 1000)
        self._wait_for_kernel()

    def save_and_reopen(self) -> None:
        """Save, close the page, stop the kernel, and open the lesson again, as on another day."""
        with self.page.expect_response(self._is_saved):
            self.menu("File", "Save Notebook")
        self.page.close()
        self.server.stop_kernels()
        self.open()

    def _is_saved(self, answer: Response) -> bool:
        return answer.request.method == "PUT" and f"/api/contents/{self.lesson}" in answer.url

    def _note_error(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _wait_for_kernel(self) -> None:
        """Wait until the kernel is idle and the page has joined it: earlier, a run can get lost."""
        until = time.monotonic() + KERNEL_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(urllib.error.HTTPError):  # while a kernel starts or stops
                kernels = self.server.kernels()
                if any(k["execution_state"] == "idle" and k["connections"] for k in kernels):
                    return
            time.sleep(0.1)
        raise TimeoutError(f"the kernel of {self.lesson} is not ready after {KERNEL_SECONDS} s")

    def menu(self, *names: str) -> None:
        """Choose an entry of the main menu, for example `menu("Run", "Run All Cells")`."""
        first, *submenus, entry = names
        self.page.click(f"#jp-MainMenu >> text=/^{first}$/")
        for name in submenus:
            self.page.hover(f".lm-Menu >> text=/^{name}$/")
        self.page.click(f".lm-Menu >> text=/^{entry}$/")

    def run_all(self) -> None:
        """Run all cells and wait until each has come to its end."""
        cells = self.page.locator(CODE_CELL)
        forget_numbers(cells)
        self.menu("Run", "Run All Cells")
        wait_for_numbers(cells)
        self.wait_until("idle")

    def run_above(self, cell: Locator) -> None:
        """Run all cells above one, and wait until each has come to its end."""
        above = cell.locator("xpath=preceding-sibling::*[contains(@class, 'jp-CodeCell')]")
        cell.locator(".cm-content").click()
        forget_numbers(above)
        self.menu("Run", "Run All Above Selected Cell")
        wait_for_numbers(above)

    def cell(self, code: str) -> Locator:
        """Return the code cell that contains `code`."""
        content = self.page.locator(".cm-content", has_text=code)
        return self.page.locator(CODE_CELL).filter(has=content)

    def run(self, cell: Locator) -> str:
        """Run one cell and return the text that appears under it."""
        cell.locator(".cm-content").click()
        forget_numbers(cell)
        self.page.keyboard.press("Control+Enter")
        wait_for_numbers(cell)
        self.wait_until("idle")  # a number can come before the last output does
        self.page.evaluate(STEADY)
        return cell.locator(".jp-OutputArea").inner_text()

    def type_over(self, line: Locator, code: str) -> None:
        """Type `code` over the code of one line. Its indentation stays."""
        line.click()
        self.page.keyboard.press("End")
        self.page.keyboard.press("Shift+Home")
        self.page.keyboard.type(code)

    def add_cell(self, code: str) -> Locator:
        """Add a cell at the end, paste `code` into it, and return it."""
        self.page.click(".jp-Notebook-footer")
        self.page.keyboard.press("Enter")
        content = self.page.locator(CODE_CELL).last.locator(".cm-content")
        expect(content).to_have_text("")  # the new cell is there
        content.click()
        self.page.keyboard.insert_text(code)
        expect(content).to_contain_text(code.splitlines()[-1])
        return self.page.locator(CODE_CELL).last

    def restart_kernel(self) -> None:
        """Restart the kernel through the menu."""
        self.menu("Kernel", "Restart Kernel…")
        self.page.click(".jp-Dialog button.jp-mod-accept")
        for status in ("restarting", "idle"):
            self.wait_until(status)

    def wait_until(self, status: str) -> None:
        """Wait until the page says that the kernel is "idle", or "restarting"."""
        indicator = f".jp-Notebook-ExecutionIndicator[data-status={status}]"
        self.page.wait_for_selector(indicator, timeout=KERNEL_SECONDS * 1000)

    def look(self, theme: str, width: int) -> None:
        """Take the theme "Light" or "Dark", and a window `width` wide and as tall as the lesson."""
        if self.looks == (theme, width):
            return
        is_light = str(theme == "Light").lower()
        if self.page.get_attribute("body", "data-jp-theme-light") != is_light:
            self.menu("Settings", "Theme", f"JupyterLab {theme}")
            body = f"body[data-jp-theme-light={is_light}]"
            self.page.wait_for_selector(body, state="attached")
        height, tall = 0, SCREEN
        while height != tall:  # cells that come into sight make the lesson longer
            height = tall
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.locator(PANEL).evaluate("panel => panel.scrollTo(0, 0)")
            self.page.wait_for_function(STEADY)
            tall = max(self.page.evaluate(FULL_HEIGHT), height)
        self.looks = theme, width

    def screenshot(self, path: Path) -> None:
        """Write a picture of the lesson from top to bottom, without what stands around it."""
        self.page.locator(PANEL).screenshot(path=path)


def forget_numbers(cells: Locator) -> None:
    """Blank the numbers of cells: a notebook shows those of its last run."""
    cells.locator(PROMPT).evaluate_all("all => all.forEach(prompt => prompt.textContent = '')")


def wait_for_numbers(cells: Locator) -> None:
    """Wait until each cell has its number again, which it gets when it has run."""
    for prompt in cells.locator(PROMPT).all():
        expect(prompt).to_have_text(ENDED, timeout=RUN_SECONDS * 1000)
