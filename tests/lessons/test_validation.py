"""Validation fails where it must: on another output, on the network; and it measures truly."""

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook, new_output
from validate import OTHER_DEVICE, validate


def stream(text):
    return new_output("stream", name="stdout", text=text)


def display(data):
    return new_output("display_data", data=data)


def run(folder, cells, also=None):
    """Validate a notebook of these cells, each a source and its stored outputs."""
    notebook = new_notebook()
    for count, (source, outputs) in enumerate(cells, 1):
        cell = new_code_cell(source, outputs=outputs, execution_count=count, id=f"cell-{count}")
        notebook.cells.append(cell)
    path = folder / "toy.ipynb"
    write(notebook, path)
    (folder / "run").mkdir()
    return validate(path, folder / "run", timeout=20 if also else 5, also=also)


SHOW = """
from IPython.display import display
view = {"version_major": 2, "version_minor": 0, "model_id": "0123456789abcdef"}
data = {"application/vnd.jupyter.widget-view+json": view, "image/png": "AAAA", "text/plain": "Dots"}
display(data, raw=True)
"""
WIDGET = "import ipywidgets\nipywidgets.IntSlider(3)"
OUTPUTS = {
    "the same text": ("print('a')\nprint('b')", [stream("a\nb\n")], True),
    "less text": ("print('a')\nprint('b')", [stream("a\n")], False),
    "another number": ("print(0.1)", [stream("0.2\n")], False),
    "nothing stored": ("print('a')", [], False),
    "nothing printed": ("a = 1", [stream("a\n")], False),
    "an exception": ("1 / 0", [], False),
    # The stored picture of a live figure has no widget. Pictures are not compared, not even
    # whether there is one: the lesson contract counts those that are stored.
    "a live figure": (SHOW, [display({"image/png": "AAAA", "text/plain": "Dots"})], True),
    "another picture": (SHOW, [display({"image/png": "BBBB", "text/plain": "Dots"})], True),
    "no picture": (SHOW, [display({"text/plain": "Dots"})], True),
    "other words": (SHOW, [display({"image/png": "AAAA", "text/plain": "Lines"})], False),
    "no words": (SHOW, [display({"image/png": "AAAA"})], False),
    "a bare widget": (WIDGET, [display({"text/plain": "IntSlider(value=3)"})], True),
    "a lost widget": (WIDGET, [], False),
    "an endless loop": ("while True: pass", [], False),
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    cells = [(source, stored) for source, stored, _ in OUTPUTS.values()]
    return run(tmp_path_factory.mktemp("outputs"), cells)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_cell_passes_only_with_the_output_it_stores(outputs, name):
    assert outputs.cells[list(OUTPUTS).index(name)] == OUTPUTS[name][-1], outputs.report


def test_a_notebook_fails_with_one_cell_and_the_difference_is_reported(outputs):
    assert not outputs.passed
    assert "'0.2\\n' == '0.1\\n'" in outputs.report


ASKED = {
    "192.0.2.1": "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)",
    "example.org": "import socket\nsocket.getaddrinfo('example.org', 80)",
    "192.0.2.2": "import urllib.request\nurllib.request.urlopen('http://192.0.2.2/')",
    "192.0.2.3": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.3', 9))",
    "example.com": """
import subprocess
import sys
code = "import socket; socket.gethostbyname('example.com')"
raise ValueError(subprocess.run([sys.executable, "-c", code], capture_output=True).stderr)
""",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    return run(tmp_path_factory.mktemp("network"), [(source, []) for source in ASKED.values()])


@pytest.mark.parametrize("host", ASKED)
def test_the_network_is_refused(asked, host):
    assert not asked.cells[list(ASKED).index(host)]
    assert f"A lesson needs no network, and this cell asks for {host}." in asked.report


LOCAL = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.close(), server.close()
left, right = socket.socketpair()
left.sendall(b"here")
print(right.recv(4))
"""
FOLDER = "import os\nprint(os.environ['COURSE_DEVICE'], os.path.exists('toy.ipynb'))"
HOLD = "held = bytearray(400_000_000)\nheld[::4096] = b'x' * len(held[::4096])\ndel held"


def test_time_and_memory_are_measured_and_this_machine_is_no_network(tmp_path):
    cells = [
        ("import time\ntime.sleep(1.5)", []),
        (HOLD, []),
        (FOLDER, [stream("cpu True\n")]),
        (LOCAL, [stream("b'here'\n")]),
    ]
    found = run(tmp_path, cells)
    assert found.passed, found.report
    assert found.cells == [True] * 4
    assert found.seconds > 1.5 > found.computed > 0
    assert 400 < found.peak_mb < 700


DATA = "import torch\nfrom course_lib.lab import device, digits\ndata = digits().to(device())"
DRAWS = {
    "a draw that is moved": ("data.train.x @ torch.ones(64).to(device())", True),
    "a draw that is not": ("data.train.x @ torch.ones(64)", False),
    "labels that are not": ("(data.train.x.sum(dim=1) > data.train.y.cpu())", False),
    "a figure's numbers": ("data.train.x.numpy()", False),
}


def test_a_draw_that_would_not_meet_its_data_on_a_gpu_fails(tmp_path):
    cells = [(DATA, []), *((f"_ = {source}", []) for source, _ in DRAWS.values())]
    found = run(tmp_path, cells, also=OTHER_DEVICE)
    assert found.cells == [True, *(passes for _, passes in DRAWS.values())], found.report
