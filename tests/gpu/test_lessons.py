"""Every lesson runs on a CUDA device and says the same words, with nearly the same numbers."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lessons"))
from nearly import differences

SOURCES = build.sources(build.ROOT)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_lesson_says_the_same_as_on_a_cpu(source, tmp_path):
    stored = nbformat.read(build.targets(source, build.ROOT)["lessons"], as_version=4)
    found = nbformat.from_dict(stored)
    environment = build.kernel_environment(tmp_path) | {"COURSE_DEVICE": "cuda"}
    client = NotebookClient(found, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment)
    assert differences(stored, found) == []
