import pytest

from course_lib.lab import experiment

SCRIPT = """
from typing import NamedTuple

SEEDS = 24

class Side(NamedTuple):
    lr: float

def twice():
    return 2 * SEEDS

if __name__ == "__main__":
    raise SystemExit("the whole experiment ran")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "77_probe.py").write_text(SCRIPT)
    return tmp_path


def test_a_part_of_a_script_runs_without_the_whole(folder):
    module = experiment("77_probe", folder)
    assert module.twice() == 48
    assert module.Side(0.1).lr == 0.1


def test_what_one_caller_changes_another_does_not_see(folder):
    first, second = experiment("77_probe", folder), experiment("77_probe", folder)
    first.SEEDS = 1
    assert (first.twice(), second.twice()) == (2, 48)


def test_the_real_ones_are_found():
    assert experiment("09_momentum").SEEDS == 24


def test_one_that_is_not_there_is_named_beside_those_that_are(folder):
    with pytest.raises(FileNotFoundError, match=r"no experiment '07_none'; there are: 77_probe"):
        experiment("07_none", folder)
    with pytest.raises(FileNotFoundError, match="there are: none"):
        experiment("07_none", folder / "nowhere")
