"""The Makefile only hands over to `tools/setup.py`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None and "CI" not in os.environ, reason="make is not installed"
)


def make(*arguments):
    """Run make as from a shell, although `make test` may be what runs these tests."""
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def handed_over(*arguments):
    """Return the words after `tools/setup.py`, without running them."""
    return make("--dry-run", *arguments).stdout.split("tools/setup.py")[1].split()


def test_help_lists_every_target():
    listed = re.findall(r"^  make ([a-z-]+) +\S", make("help").stdout, re.MULTILINE)
    assert listed == TARGETS
    assert make().stdout == make("help").stdout


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "help"])
def test_a_target_is_the_command_of_the_same_name(target):
    assert handed_over(target) == [target]


def test_variables_become_options():
    words = handed_over("lab", "TORCH=cpu", "PORT=8899", "LAB_ARGS=--no-browser --x=1")
    assert words == ["lab", "--torch", "'cpu'", "--port", "'8899'", "--no-browser", "--x=1"]
    assert handed_over("reset", "LESSON=04") == ["reset", "'04'"]
    assert handed_over("test", "LESSON=04") == ["test", "'04'"]
    assert handed_over("notebooks", "LESSON=04") == ["notebooks", "'04'"]
    words = handed_over("classroom", "LESSONS=01 04", "TIER=scaffold", "TO=my class")
    assert words == ["classroom", "01", "04", "--tier", "'scaffold'", "--to", "'my", "class'"]
    assert handed_over("links", "EXTERNAL=1") == ["links", "--external"]
    assert handed_over("misses", "TO=class") == ["misses", "--to", "'class'"]


def test_a_missing_python_is_one_sentence():
    done = make("lab", "PYTHON=no-such-python")
    assert done.returncode != 0
    sentence, *rest = done.stderr.splitlines()
    assert sentence.startswith("There is no no-such-python here: install Python 3.11 or newer")
    assert [line.startswith("make: ***") for line in rest] == [True]


def test_a_failure_is_the_exit_code_of_make():
    assert make("lab", "TORCH=gpu").returncode != 0


def test_ci_runs_the_tests_with_nothing_skipped():
    script = (ROOT / ".ci/run").read_text()
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"]).returncode == 0
    assert "export CI=true" in script
    assert script.rstrip().endswith("make test")
