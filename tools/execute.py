"""Execute a derived notebook in a clean kernel and refuse outputs that should not be published."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode
from tqdm import tqdm

from derive import texts
from lesson import BuildError, Cell, Lesson

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",
}
PERSONAL = ("COURSE_SEED", "MPLBACKEND", "NBGRADER_EXECUTION", "PYTHONSTARTUP", "PYTHONWARNINGS")

log = logging.getLogger("descent.build")
log.addHandler(logging.NullHandler())
log.propagate = False


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return the environment in which notebooks are built and validated.

    Progress and settings live in `folder`, which is the caller's to make and to remove. A person's
    own settings of IPython, Jupyter and matplotlib play no part. The device is the CPU, with one
    thread: sums round alike on machines of any size, and a busy machine is slow but not stalled.
    Figures are strict: one whose letters overlap or are cut off is refused.
    """
    personal = folder / "settings"
    personal.mkdir(parents=True, exist_ok=True)
    (personal / "matplotlibrc").touch()
    kept = {name: value for name, value in os.environ.items() if name not in PERSONAL}
    return kept | {
        "COURSE_PROGRESS": str(folder / "progress.json"),
        "COURSE_DEVICE": "cpu",
        "COURSE_STRICT": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "TQDM_DISABLE": "1",
        "MATPLOTLIBRC": str(personal / "matplotlibrc"),
        "IPYTHONDIR": str(personal / "ipython"),
        "JUPYTER_CONFIG_DIR": str(personal / "config"),
        "JUPYTER_DATA_DIR": str(personal / "data"),
        "JUPYTER_RUNTIME_DIR": str(personal / "runtime"),
    }


def execute(lesson: Lesson, notebook: NotebookNode, title: str, root: Path, timeout: int) -> None:
    """Execute the notebook in place, `timeout` seconds a cell at most, and clean its outputs.

    BuildError names the cell that fails, or that shows what must not be published.
    """
    at = lesson.cells[0]

    def start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = lesson.cells[cell_index]

    count = sum(cell.kind == "code" for cell in lesson.cells)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tqdm(total=count, desc=title, unit="cell", leave=False, disable=None) as bar,
    ):
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(
                kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
                connection_file=f"{folder}/kernel.json",
            ),
            timeout=timeout,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            force_raise_errors=True,
            shutdown_kernel="immediate",
            resources={"metadata": {"path": folder}},
            on_cell_start=start,
            on_cell_executed=lambda **_: bar.update(),
            log=log,
        )
        try:
            environment = kernel_environment(Path(folder))
            client.execute(env=environment, stderr=subprocess.DEVNULL, cleanup_kc=True)
        except CellExecutionError as error:
            what = f"{error.ename}: {error.evalue}".strip().split("\n")[0]
            raise BuildError(lesson.path, at.line, f"this cell raises {what} [{title}]") from None
        except CellTimeoutError:
            sentence = f"this cell takes longer than {timeout} s [{title}]"
            raise BuildError(lesson.path, at.line, sentence) from None
        except AssertionError:  # nbclient took Ctrl-C, stopped the kernel and misses it now
            raise KeyboardInterrupt from None
        except RuntimeError as error:
            sentence = f"the kernel fails in this cell: {error} [{title}]"
            raise BuildError(lesson.path, at.line, sentence) from None
    notebook.metadata["kernelspec"], notebook.metadata["language_info"] = KERNEL, LANGUAGE
    for cell, node in zip(lesson.cells, notebook.cells, strict=True):
        if cell.kind == "code":
            node.outputs = [out for out in node.outputs if publishable(lesson, cell, out)]
    find_machine(lesson, notebook, root)


def publishable(lesson: Lesson, cell: Cell, output: NotebookNode) -> bool:
    """Strip the live widget from an output; say whether anything is left. Pictures have words."""
    data, metadata = output.get("data", {}), output.get("metadata", {})
    for kind in data:
        if kind.startswith("image/") and not metadata.get(kind, {}).get("alt", "").strip():
            raise BuildError(lesson.path, cell.line, "this cell shows a figure without alt text.")
    if WIDGET_VIEW in data:
        del data[WIDGET_VIEW]
        metadata.pop(WIDGET_VIEW, None)
        if data and not {"image/png", "text/html"} & set(data):
            sentence = "this cell shows a widget that has no picture for readers without a kernel."
            raise BuildError(lesson.path, cell.line, sentence)
    return "data" not in output or bool(data)


def find_machine(lesson: Lesson, notebook: NotebookNode, root: Path) -> None:
    """Raise BuildError where the notebook shows a folder of this machine or an address in memory.

    A warning is one such case: its text holds the path of the cell's temporary file.
    """
    folders = {str(root), str(Path.home()), tempfile.gettempdir(), sys.prefix} - {"/"}
    for cell, text in texts(lesson, notebook):
        for folder in folders:
            if re.search(rf"(?<![\w/.]){re.escape(folder)}(?![\w-])", text):
                sentence = f"this cell shows a path of this machine, below {folder}."
                raise BuildError(lesson.path, cell.line, sentence)
        if found := ADDRESS.search(text):
            sentence = f"this cell shows an address in memory, {found[0][3:]}."
            raise BuildError(lesson.path, cell.line, sentence)
