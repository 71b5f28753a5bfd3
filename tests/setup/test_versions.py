"""Pythons newer than the one that runs the tests: nothing is written that they warn of or refuse.

Whether the course runs on them is not tested here; whether each package has a build for them
neither.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# a syntax error; an unknown escape (a warning from 3.12 on); `return` in `finally` (from 3.14 on)
RULES = "E9,W605,B012"


def complaints(version, *paths):
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format"]
    options = ["concise", "--select", RULES, "--target-version", version]
    return subprocess.run([*command, *options, *paths], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("version", ["py311", "py312", "py313", "py314"])
def test_the_code_is_in_the_grammar_of(version):
    done = complaints(version, "course_lib", "tools", "experiments", "solutions", "tests")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    ["'\\d'\n", "def f():\n    try:\n        pass\n    finally:\n        return 1\n", "x = =\n"],
)
def test_what_is_not_is_found(code, tmp_path):
    (tmp_path / "wrong.py").write_text(code)
    assert complaints("py314", str(tmp_path)).returncode == 1
