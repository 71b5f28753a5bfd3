"""What is handed in: each changes a fresh release. Points of lesson 01: 1, 2, 1, 2 and 2."""

import copy
import json

import nbformat
from grading.conftest import lesson, table

LESSON = "01_weights"
RIGHT = {cell.exercise: cell.source for cell in lesson("01").answers}
ZERO = "def dense(X, W):\n    return 0"
SLIPS = {
    "01.neuron": "def neuron(X, w):\n    return (X * w).sum()",
    "01.dense": "def dense(X, W):\n    return X @ W",
    "01.parameter_count": "def parameter_count(widths):\n    return sum(widths)",
    "01.sensitivity": "def sensitivity(X, W, target):\n    return X",
    "01.rescale": "def rescale(X, W, c):\n    return W * c",
}


def cell_of(notebook, id, role="answer"):
    name = f"{id.replace('.', '-')}-{role}"
    cells = notebook.cells
    return next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def answered(answers, above=""):
    """A submission with these answers, and a cell at its beginning."""

    def change(notebook, folder):
        for id, source in answers.items():
            cell_of(notebook, id).source = source
        if above:
            notebook.cells.insert(0, nbformat.v4.new_code_cell(above))

    return change


def all_but_dense(body, above=""):
    """All right but `dense`, whose body this is."""
    return answered(RIGHT | {"01.dense": f"def dense(X, W):\n    {body}"}, above)


def tampered(notebook, folder):
    """A check that checks nothing, worth a hundred, in a notebook that claims odd things."""
    answered({"01.dense": ZERO})(notebook, folder)
    check = cell_of(notebook, "01.dense", "check")
    check.source = "dense = check('01.neuron', lambda X, w: X @ w)"
    check.metadata["nbgrader"] |= {"points": 100, "locked": False, "schema_version": 1}
    notebook.metadata["kernelspec"] = {"name": "ruby", "display_name": "R", "language": "ruby"}


def copied(notebook, folder):
    """The answers stand in copies under the stubs, with the same names; a check is there twice."""
    for id, source in RIGHT.items():
        stub = cell_of(notebook, id)
        twin = copy.deepcopy(stub)
        twin.source, twin.id = source, f"{stub.id}-copy"
        notebook.cells.insert(notebook.cells.index(stub) + 1, twin)
    check = cell_of(notebook, "01.dense", "check")
    twin = copy.deepcopy(check)
    twin.id = "twin"
    notebook.cells.insert(notebook.cells.index(check) + 1, twin)


def deleted(notebook, folder):
    """One check is gone, and of another exercise both cells."""
    answered(RIGHT)(notebook, folder)
    gone = [
        cell_of(notebook, *which)
        for which in [("01.dense", "check"), ("01.neuron",), ("01.neuron", "check")]
    ]
    notebook.cells = [cell for cell in notebook.cells if cell not in gone]


def beside(notebook, folder):
    """A library of one's own lies beside the notebook."""
    answered(RIGHT | {"01.dense": ZERO})(notebook, folder)
    (folder / "course_lib").mkdir()
    (folder / "course_lib" / "__init__.py").write_text("raise SystemExit")


WIDGET = """
import ipywidgets
from IPython.display import display
display(ipywidgets.IntSlider())
ipywidgets.interact(lambda x: x, x=(0, 9))
input("more?")
"""
STUDENTS = {
    "right": answered(RIGHT),
    "half": answered({id: RIGHT[id] for id in ("01.neuron", "01.sensitivity")}),
    "wrong": answered(SLIPS),
    "untouched": answered({}),
    "loops": all_but_dense("while True: pass", above="while True: pass"),
    "exits": all_but_dense("import os; os._exit(0)", above="import os; os._exit(0)"),
    "bomb": all_but_dense("return torch.ones(10**12)", above="x = bytearray(10**12)"),
    "tampered": tampered,
    "copied": copied,
    "reference": all_but_dense("from course_lib.nn.layers import dense as d; return d(X, W)"),
    "disk": all_but_dense(f"exec(open({__file__!r}).read()); return RIGHT"),
    "deleted": deleted,
    "widget": answered(RIGHT, above=WIDGET),
    "flood": all_but_dense("while True: print('flood' * 99)", above="print('x' * 10**9)"),
    "garbage": lambda notebook, folder: json.dumps({"cells": "none"}),
    "cheat_check": answered({"01.dense": ZERO}, above="check = lambda id, f: f"),
    "cheat_environ": answered(
        {"01.dense": ZERO}, above="import os\nos.environ.pop('NBGRADER_EXECUTION')"
    ),
    "cheat_beside": beside,
    "cheat_same": all_but_dense(
        "import course_lib.checking.evaluate as e; e.same = lambda *a: True; return 0",
        above="from course_lib.checking import evaluate",
    ),
    "cheat_evaluate": all_but_dense(
        "import sys; sys.modules['course_lib.checking'].evaluate = print; return 0",
        above="from course_lib.exercises import notebook\nnotebook.evaluate = print",
    ),
    "cheat_table": answered(RIGHT | {"01.dense": table("01.dense", seed=0)}),
    "cheat_also_right": all_but_dense(
        "from course_lib.exercises import EXERCISES as E; return E['01.dense'].also_right[0](X, W)"
    ),
    "cheat_solutions": all_but_dense("return eval(open('solutions/01_weights.py').read())"),
}
