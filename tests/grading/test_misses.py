"""Wrong answers without a name come together when they compute the same."""

import json

from course_lib.grading.misses import gathered, report
from grading.conftest import submission

ODD = "def neuron(X, w):\n    return (X @ w) * 3 + 17"
SAME = "def neuron(X, w):\n    y = X @ w\n    return 17 + 3 * y"
OTHER = "def neuron(X, w):\n    return (X @ w) ** 3 + 5"
SLIP = "def neuron(X, w):\n    return (X * w).sum()"


def graded(folder, student, answer, slip=None):
    """A graded notebook in which `neuron` was found wrong."""
    cells, points = submission("01", {"01.neuron": answer})
    nodes = [{"cell_type": "code", "metadata": {}, "source": cell.source} for cell in cells]
    nodes[min(points)]["metadata"]["descent"] = {"status": "wrong_value", "slip": slip}
    file = folder / "autograded" / student / "01_weights" / "01_weights.ipynb"
    file.parent.mkdir(parents=True)
    metadata = {"descent": {"graded": True}}
    file.write_text(json.dumps({"cells": nodes, "metadata": metadata}))
    return file


def test_answers_that_compute_the_same_are_one_group(tmp_path, clean):
    answers = {"a": ODD, "b": OTHER, "c": SAME, "d": ODD}
    files = [graded(tmp_path, student, answer) for student, answer in answers.items()]
    files.append(graded(tmp_path, "e", SLIP, slip="a known one"))
    groups, count = gathered(files, clean)
    assert count == 5
    assert [(group.id, group.size) for group in groups] == [("01.neuron", 3), ("01.neuron", 1)]
    assert groups[0].texts == {ODD: 2, SAME: 1}


def test_the_report_shows_code_and_no_names(tmp_path):
    graded(tmp_path, "ada_lovelace", OTHER)
    text = report(tmp_path)
    assert text.startswith("1 graded notebooks, 1 wrong answers without a name.")
    assert "return (X @ w) ** 3 + 5" in text
    assert "ada" not in text
