"""In a real kernel: it lives on, and a cell shows one sentence whatever the answer does."""

import nbformat
import pytest
from nbclient import NotebookClient

START = """
import os, sys, time
from course_lib.checking import guard
from course_lib.exercises import check
def right(inputs, weights):
    return (inputs * weights).sum()
"""
BODIES = {
    "exit": "exit()",
    "ask_exit": "get_ipython().ask_exit()",
    "input": "return input('how much? ')",
    "display": "display(inputs); return right(inputs, weights)",
    "display_flood": "while True: display(inputs)",
    "print_flood": "while True: print('flood')",
    "half_character": "print('\\ud800'); raise ValueError('\\ud800')",
    "streams": "sys.stderr.close(); sys.stdout = None; return right(inputs, weights)",
    "sleep": "time.sleep(1.5); print('too late')",
    "stop": "import signal; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)",
    "at_last": "return right(inputs, weights)",
}


ENDLESS = ("display_flood", "print_flood", "sleep")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What each cell of a notebook shows: a list of (output type, text)."""
    check = "_ = check('00.weighted_sum', answer)\nprint('on')"
    cells = [START] + [
        f"guard.SECONDS = {0.3 if name in ENDLESS else 20}\n"
        f"def answer(inputs, weights):\n    {body}\n{check}"
        for name, body in BODIES.items()
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_PROGRESS", str(folder / "progress.json"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = NotebookClient(
            notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}}
        )
        client.execute()
    return {
        name: [_text(output) for output in cell.outputs]
        for name, cell in zip(BODIES, notebook.cells[1:], strict=True)
    }


def _text(output):
    if output.output_type == "error":
        return output.ename
    return output.text if output.output_type == "stream" else output.data["text/plain"]


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "exit": "Your function calls exit()",
        "ask_exit": "Your function calls exit()",
        "input": "nobody can be asked",
        "display": "own version.\nIt printed:\ntensor(",
        "display_flood": "takes too long",
        "print_flood": "takes too long",
        "half_character": "ValueError: ?",
        "streams": "Right.",
        "sleep": "could not be stopped",
        "at_last": "Right.",
    }.items(),
)
def test_a_cell_shows_one_outcome_and_the_kernel_lives_on(shown, name, words):
    outcome, goes_on = shown[name]
    assert words in outcome
    assert len(outcome) < 2_000
    assert goes_on == "on\n"


def test_the_stop_button_ends_a_check(shown):
    assert shown["stop"] == ["KeyboardInterrupt"]
