from dataclasses import dataclass

import pytest

import course_lib.figures.interactive
import course_lib.figures.output


@dataclass
class Shown:
    data: dict
    metadata: dict


@pytest.fixture
def shown(monkeypatch):
    """Everything that is displayed during the test, in order."""
    outputs = []

    def display(data, *, raw, metadata=None):
        assert raw
        outputs.append(Shown(data, metadata or {}))

    for module in (course_lib.figures.output, course_lib.figures.interactive):
        monkeypatch.setattr(module, "display", display)
    return outputs
