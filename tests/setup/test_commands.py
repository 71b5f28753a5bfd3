"""What each command runs, and that a failure is one sentence and an exit code."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import commands
import install

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "tools" / "setup.py"
LESSON = b'{"cells": []}'


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with two lessons and an environment that needs nothing."""
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ensure", lambda root, extras=(), torch=None: Path("python"))
    (tmp_path / "lessons").mkdir()
    for name in ("00_start.ipynb", "01_more.ipynb"):
        (tmp_path / "lessons" / name).write_bytes(LESSON)
    return tmp_path


@pytest.fixture
def called(monkeypatch):
    """The commands that are called; `codes` says which of them fail."""
    calls, codes = [], {}

    def call(command):
        words = " ".join(map(str, command))
        calls.append(words)
        return next((code for name, code in codes.items() if name in words), 0)

    monkeypatch.setattr(commands, "call", call)
    return calls, codes


def lab_command(monkeypatch, *arguments):
    """Return the words with which JupyterLab is started."""
    started = []
    monkeypatch.setattr(commands, "become", started.extend)
    commands.main(["lab", *arguments])
    return started


def test_lab_opens_lesson_00_in_the_workbook(course, monkeypatch, capsys):
    command = lab_command(monkeypatch)
    assert command[:4] == ["python", "-m", "jupyterlab", f"{course}/workbook/00_start.ipynb"]
    assert f"--ServerApp.root_dir={course}/workbook" in command
    assert "Copied into workbook/: lesson 00, 01." in capsys.readouterr().out
    settings = course / ".venv/share/jupyter/lab/settings/overrides.json"
    news = json.loads(settings.read_text())["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}


def test_lab_takes_a_port_and_hands_other_options_to_jupyterlab(course, monkeypatch):
    command = lab_command(monkeypatch, "--port", "8899", "--no-browser", "--IdentityProvider.x=1")
    assert {"--ServerApp.port=8899", "--ServerApp.port_retries=0"} < set(command)
    assert command[-2:] == ["--no-browser", "--IdentityProvider.x=1"]


def test_lab_tells_where_lesson_00_is(course, monkeypatch):
    assert "--LabApp.default_url=/lab/tree/00_start.ipynb" in lab_command(monkeypatch)


def test_lab_says_so_where_its_port_is_taken(course, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        monkeypatch.setattr(commands, "become", lambda command: pytest.fail("it started"))
        assert commands.main(["lab", "--port", port]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"Port {port} is already in use")


def test_lab_without_lessons_opens_the_folder(course, monkeypatch):
    shutil.rmtree(course / "lessons")
    assert lab_command(monkeypatch)[3].startswith("--ServerApp.root_dir")


def test_every_check_runs_in_order_of_cost(course, called, capsys):
    calls, _ = called
    assert commands.main(["test"]) == 0
    words = ["ruff check", "ruff format --check", "lint_imports", "pytest -n", "pytest -m alone"]
    assert [word in call for word, call in zip(words, calls, strict=True)] == [True] * 5
    shown = re.findall(r"== (\d of 5: \w+|\w+ passed)", capsys.readouterr().out)
    assert shown[:2] == ["1 of 5: lint", "lint passed"]
    assert len(shown) == 10


def test_each_test_runs_once_together_with_others_or_alone(course, called):
    commands.main(["test"])
    together, alone = called[0][-2:]
    assert re.fullmatch(r"python -m pytest -n[1-4] --no-loadscope-reorder -m not alone", together)
    assert alone == "python -m pytest -m alone"


def test_one_lesson_is_tested_with_its_notebooks_and_nothing_of_the_others(course, called):
    calls, _ = called
    assert commands.main(["test", "04"]) == 0
    assert [call.split(" -m ")[-1].split()[0] for call in calls[:2]] == ["ruff"] * 2
    assert calls[3] == "python tools/build.py --check 04"
    pytest_call = r"python -m pytest -n[1-4] --no-loadscope-reorder --lesson 04"
    assert re.fullmatch(pytest_call, calls[4])
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("failing", "name", "ran"),
    [("ruff check", "lint", 1), ("format", "format", 2), ("lint_im", "imports", 3)],
)
def test_the_first_check_that_fails_stops_the_rest(course, called, failing, name, ran):
    calls, codes = called
    codes[failing] = 1
    with pytest.raises(SystemExit, match=rf"== {name} failed after \d+ s: see above\."):
        commands.main(["test"])
    assert len(calls) == ran


def test_the_tests_own_failure_is_a_failure(course, called):
    called[1]["pytest"] = 5  # pytest's code for "no tests were collected"
    with pytest.raises(SystemExit, match="== tests failed"):
        commands.main(["test"])


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["notebooks"], "python tools/build.py"),
        (["notebooks", "01", "04"], "python tools/build.py 01 04"),
        (["check-notebooks"], "python tools/build.py --check"),
        (["experiments"], "python tools/rerun.py"),
        (["classroom"], "python tools/teaching.py export"),
        (
            ["classroom", "01", "04", "--tier", "scaffold", "--to", "/my class"],
            "python tools/teaching.py export 01 04 --tier scaffold --to /my class",
        ),
        (["misses", "--to", "/my class"], "python tools/teaching.py misses --to /my class"),
        (["site"], "python tools/website.py"),
        (["links"], "python tools/links.py"),
        (["links", "--external"], "python tools/links.py --external"),
    ],
)
def test_the_authors_commands_hand_over_their_exit_code(course, called, arguments, command):
    calls, codes = called
    assert commands.main(arguments) == 0
    assert calls[0] == command
    codes["python"] = 3
    assert commands.main(arguments) == 3


def test_what_is_built_is_listed_in_the_readme(course, called):
    assert commands.main(["notebooks"]) == 0
    assert called[0] == ["python tools/build.py", "python tools/readme.py"]


def test_each_command_asks_for_the_extras_that_it_needs(course, called, monkeypatch):
    asked = {}
    for name in (
        "lab",
        "test",
        "notebooks",
        "check-notebooks",
        "experiments",
        "bench",
        "reset",
        "classroom",
        "site",
    ):

        def ensure(root, extras=(), torch=None, name=name):
            asked[name] = (set(extras), torch)
            return Path("python")

        monkeypatch.setattr(install, "ensure", ensure)
        monkeypatch.setattr(commands, "become", lambda command: None)
        commands.main([name, "--torch", "cpu", *(["01"] if name == "reset" else [])])
    assert asked == {
        "lab": (set(), "cpu"),
        "test": ({"test"}, "cpu"),
        "notebooks": ({"build"}, "cpu"),
        "check-notebooks": ({"build"}, "cpu"),
        "experiments": ({"experiments"}, "cpu"),
        "bench": ({"experiments"}, "cpu"),
        "classroom": ({"classroom"}, "cpu"),
        "site": ({"site"}, "cpu"),
    }


def test_children_run_as_in_an_active_environment(monkeypatch):
    monkeypatch.setenv("PATH", "before")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    variables = commands.environment()
    scripts, *others = variables["PATH"].split(os.pathsep)
    assert Path(scripts) == install.venv_python(ROOT).parent
    assert others == ["before"]
    assert variables["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert "PYTHONPATH" not in variables


def test_without_a_home_files_are_kept_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert "JUPYTER_RUNTIME_DIR" not in commands.environment()
    monkeypatch.setattr(os, "access", lambda *_: False)
    kept = {Path(commands.environment()[name]) for name in commands.KEEP_FILES}
    assert kept == {install.venv(ROOT) / "share/home"}


def test_tests_on_a_gpu_say_that_there_is_none(course, called, monkeypatch):
    monkeypatch.setattr(install, "answer", lambda *_: "False")
    with pytest.raises(SystemExit, match="finds no CUDA device"):
        commands.main(["test-gpu"])
    assert called[0] == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyboardInterrupt(), "Stopped. The same command goes on from here."),
        (PermissionError(13, "Permission denied", "workbook"), "This did not work: .*workbook"),
    ],
)
def test_an_interruption_or_a_locked_file_is_one_sentence(course, monkeypatch, error, sentence):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(install, "ensure", fail)
    with pytest.raises(SystemExit, match=sentence):
        commands.main(["lab"])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["reset", "77"], 1, "There is no lesson '77'"),
        (["lab", "--torch", "gpu"], 1, "TORCH=gpu is unknown"),
        (["test", "--fast"], 2, "unknown arguments: --fast"),
        (["test", "04", "05"], 2, "unknown arguments: 05"),
        (["lab", "--port", "99999"], 2, "99999 is not a port"),
        (["lab", "--port", "many"], 2, "invalid port value"),
        (["learn"], 2, "invalid choice: 'learn'"),
        ([], 2, "the following arguments are required: COMMAND"),
    ],
)
@pytest.mark.parametrize("options", [[], ["-P"]], ids=["", "safe path"])
def test_a_mistake_on_the_command_line_is_told_without_a_traceback(
    arguments, code, sentence, options
):
    command = [sys.executable, *options, SETUP, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
