"""`.ci/run` installs what is missing, and only that, and then runs the tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALL = ["make", "g++", "chromium", "fonts-liberation", "python3", "python3-venv"]


def script(folder, name, text):
    """Put a program on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    """A machine that has nothing but a shell, and an apt-get that tells what it is asked for."""
    for name in ("dirname", "ln"):
        (tmp_path / name).symlink_to(shutil.which(name))
    script(tmp_path, "make.deb", "echo make $* $CI")
    script(tmp_path, "apt-get", f'echo apt-get "$@"; ln -sf make.deb {tmp_path}/make')
    return tmp_path


def run(machine):
    return subprocess.run(
        ["/bin/bash", ROOT / ".ci/run"],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_bare_machine_gets_everything(machine):
    update, install, make = run(machine).stdout.splitlines()
    assert update == "apt-get update -q"
    assert install.split()[-len(ALL) :] == ALL
    assert make == "make test true"


def test_a_complete_machine_gets_nothing(machine):
    for name in ("make", "g++", "chromium", "python3"):
        script(machine, name, f"echo {name} $* >> {machine}/log")
    assert run(machine).returncode == 0
    log = (machine / "log").read_text().splitlines()
    assert log == ["python3 -c import ensurepip", "make test"]


def test_what_cannot_be_installed_is_named(machine):
    (machine / "apt-get").unlink()
    done = run(machine)
    assert done.returncode == 1
    assert done.stderr.endswith(f"installed here: {' '.join(ALL)}\n")


def test_a_red_test_is_a_red_run(machine):
    for name in ("g++", "chromium", "python3"):
        script(machine, name, "exit 0")
    script(machine, "make", "exit 2")
    assert run(machine).returncode == 2


def test_a_failed_installation_ends_the_run(machine):
    script(machine, "apt-get", f"ln -sf make.deb {machine}/make; exit 100")
    done = run(machine)
    assert done.returncode != 0
    assert done.stdout == ""
