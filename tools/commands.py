"""The commands of the course. Each sets up what it needs, and then does one thing.

    python3 tools/setup.py lab [--torch cpu] [--port 8899] [JupyterLab's own options]
    python3 tools/setup.py reset 04
    python3 tools/setup.py test [04]
    python3 tools/setup.py notebooks [04 ...]
    python3 tools/setup.py check-notebooks
    python3 tools/setup.py experiments
    python3 tools/setup.py bench
    python3 tools/setup.py classroom [01 04 ...] [--tier scaffold] [--to FOLDER]
    python3 tools/setup.py misses [--to FOLDER]
    python3 tools/setup.py site
    python3 tools/setup.py links [--external]
    python3 tools/setup.py test-lowest
    python3 tools/setup.py test-gpu

What goes wrong is told in one sentence, and the exit code is then not zero.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import install
import workbook

ROOT = Path(__file__).resolve().parents[1]
KEEP_FILES = (
    *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("IPYTHONDIR", "MPLCONFIGDIR"),
)
# Folders of tests.
LIBRARY = ("nn", "optim", "analysis", "second_order", "lab", "checking", "exercises")
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # a saved lesson that is opened again shows its interactive figures, not an error
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return its exit code."""
    arguments, for_jupyterlab = parse(arguments)
    try:
        return arguments.run(arguments, for_jupyterlab)
    except KeyboardInterrupt:
        raise SystemExit("\nStopped. The same command goes on from here.") from None
    except OSError as error:
        raise SystemExit(f"This did not work: {error}.") from None


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the command with its options, and the options that `lab` hands to JupyterLab."""
    parser = argparse.ArgumentParser(prog="setup.py", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, words):
        made = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        made.add_argument("--torch", help="cpu: PyTorch without its GPU libraries")
        made.set_defaults(run=run, parser=made)
        return made

    made = command("lab", lab, "open JupyterLab on lesson 00; further options are JupyterLab's")
    made.add_argument("--port", type=port, help="the port, instead of the first free one")
    made = command("reset", reset, "put a fresh copy of a lesson in workbook/ and back yours up")
    made.add_argument("lesson", nargs="?", default="", help="its number, for example 04")
    made = command("test", test, "run everything that is checked, or what one lesson needs")
    made.add_argument("lesson", nargs="?", default="", help="its number, for example 04")
    made = command("notebooks", notebooks, "build the notebooks from solutions/*.py")
    made.add_argument("lessons", nargs="*", help="numbers; without any, all that are stale")
    command("check-notebooks", check_notebooks, "name the notebooks that are stale")
    command("experiments", experiments, "rerun the experiments whose script has changed")
    command("bench", bench, "measure speed beside torch's own, and write docs/speed.md")
    made = command("classroom", classroom, "export lessons as a course for nbgrader")
    made.add_argument("lessons", nargs="*", help="numbers; without any, all")
    made.add_argument("--tier", help="core: stubs; scaffold: the first lines are given")
    made.add_argument("--to", help="the course's folder, instead of classroom/")
    made = command("misses", misses, "gather the wrong answers of a class that no slip names")
    made.add_argument("--to", help="the course's folder, instead of classroom/")
    command("site", site, "build the web pages of the course in build/site")
    made = command("links", links, "check every link of the built pages")
    made.add_argument("--external", action="store_true", help="ask other sites, too")
    command("test-lowest", lowest, "run the unit tests on the lowest versions that we promise")
    command("test-gpu", on_gpu, "run the tests and the lessons on a CUDA device")

    known, others = parser.parse_known_args(arguments)
    if others and known.run is not lab:
        known.parser.error(f"unknown arguments: {' '.join(others)}")
    return known, others


def lab(arguments: argparse.Namespace, for_jupyterlab: list[str]) -> int:
    """Bring `workbook/` up to date and become JupyterLab, on lesson 00. Return where it fails."""
    if arguments.port is not None and is_taken(arguments.port):
        print(
            f"Port {arguments.port} is already in use, perhaps by this course: look at "
            f"localhost:{arguments.port} in a browser, or choose another port.",
            file=sys.stderr,
        )
        return 1
    python = install.ensure(ROOT, torch=arguments.torch)
    folder = ROOT / "workbook"
    for sentence in workbook.update(ROOT / "lessons", folder, datetime.now()):
        print(sentence)
    write_settings(install.venv(ROOT))
    start = sorted(folder.glob("00_*.ipynb"))
    command = [python, "-m", "jupyterlab", *start]
    command += [f"--ServerApp.root_dir={folder}", "--Application.log_level=WARN"]
    command += [f"--LabApp.default_url=/lab/tree/{path.name}" for path in start]
    if arguments.port is not None:
        command += [f"--ServerApp.port={arguments.port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # root, as in a container
        command += ["--allow-root"]
    print("JupyterLab starts. Control-C, twice, stops it.", flush=True)
    become([str(part) for part in command] + for_jupyterlab)


def port(text: str) -> int:
    """Return the number of a port."""
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{number} is not a port: they go from 1 to 65535")
    return number


def is_taken(port: int) -> bool:
    """Return whether a program answers on this port."""
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0


def reset(arguments: argparse.Namespace, _: list[str]) -> int:
    """Put a fresh copy of one lesson into `workbook/`; what was there is kept."""
    print(workbook.reset(ROOT / "lessons", ROOT / "workbook", arguments.lesson, datetime.now()))
    return 0


def test(arguments: argparse.Namespace, _: list[str]) -> int:
    """Run every check, or those of one lesson, in order of cost. Stop at the first that fails."""
    python = install.ensure(ROOT, {"test"}, arguments.torch)
    steps = {
        "lint": [python, "-m", "ruff", "check", "."],
        "format": [python, "-m", "ruff", "format", "--check", "."],
        "imports": [
            python,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
        ],
        **(tests_of(python, arguments.lesson) if arguments.lesson else all_tests(python)),
    }
    for number, (name, command) in enumerate(steps.items(), 1):
        print(f"== {number} of {len(steps)}: {name}", flush=True)
        started = time.monotonic()
        code = call(command)
        seconds = time.monotonic() - started
        if code:
            raise SystemExit(f"== {name} failed after {seconds:.0f} s: see above.")
        print(f"== {name} passed in {seconds:.0f} s", flush=True)
    return 0


def all_tests(python: Path) -> dict[str, list[str | Path]]:
    """Return the steps that run all tests: those that need no clock together, the others alone."""
    return {
        "tests": [*together(python), "-m", "not alone"],
        "alone": [python, "-m", "pytest", "-m", "alone"],
    }


def tests_of(python: Path, lesson: str) -> dict[str, list[str | Path]]:
    """Return the steps that test one lesson: its notebooks are there and fresh, and are right."""
    return {
        "notebooks": [python, "tools/build.py", "--check", lesson],
        "tests": [*together(python), "--lesson", lesson],
    }


def together(python: Path) -> list[str | Path]:
    """Return pytest on several processes. The tests of one file stay in one: they share things.

    Files come in their order, folder by folder, since those of the browser share one, too.
    """
    workers = min(os.cpu_count() or 1, 4)  # each holds torch and a browser, about a gigabyte
    return [python, "-m", "pytest", f"-n{workers}", "--no-loadscope-reorder"]


def notebooks(arguments: argparse.Namespace, _: list[str]) -> int:
    """Build the notebooks of the named lessons, or all that are stale; list them in the README."""
    python = install.ensure(ROOT, {"build"}, arguments.torch)
    code = call([python, "tools/build.py", *arguments.lessons])
    return code or call([python, "tools/readme.py"])


def check_notebooks(arguments: argparse.Namespace, _: list[str]) -> int:
    """Name the notebooks that are stale. Nothing is executed."""
    python = install.ensure(ROOT, {"build"}, arguments.torch)
    return call([python, "tools/build.py", "--check"])


def experiments(arguments: argparse.Namespace, _: list[str]) -> int:
    """Rerun the experiments whose script has changed since their result was stored."""
    python = install.ensure(ROOT, {"experiments"}, arguments.torch)
    return call([python, "tools/rerun.py"])


def bench(arguments: argparse.Namespace, _: list[str]) -> int:
    """Measure how fast the course's own code is; print the tables and write docs/speed.md."""
    python = install.ensure(ROOT, {"experiments"}, arguments.torch)
    return call([python, "tools/bench.py"])


def classroom(arguments: argparse.Namespace, _: list[str]) -> int:
    """Export the named lessons, or all, as a course for nbgrader: see docs/teaching.md."""
    python = install.ensure(ROOT, {"classroom"}, arguments.torch)
    tier = ["--tier", arguments.tier] if arguments.tier else []
    return call([python, "tools/teaching.py", "export", *arguments.lessons, *tier, *to(arguments)])


def misses(arguments: argparse.Namespace, _: list[str]) -> int:
    """Print a class's wrong answers that got no name, those that compute the same together."""
    python = install.ensure(ROOT, {"classroom"}, arguments.torch)
    return call([python, "tools/teaching.py", "misses", *to(arguments)])


def site(arguments: argparse.Namespace, _: list[str]) -> int:
    """Build the web pages of the course in build/site; figures that move are recorded."""
    python = install.ensure(ROOT, {"site"}, arguments.torch)
    return call([python, "tools/website.py"])


def links(arguments: argparse.Namespace, _: list[str]) -> int:
    """Check that every link of the built pages leads somewhere."""
    python = install.ensure(ROOT, torch=arguments.torch)
    return call([python, "tools/links.py", *(["--external"] if arguments.external else [])])


def to(arguments: argparse.Namespace) -> list[str]:
    """Return the option that names the course's folder, if there is one."""
    return ["--to", os.path.abspath(arguments.to)] if arguments.to else []


def on_gpu(arguments: argparse.Namespace, _: list[str]) -> int:
    """Run what computes on a CUDA device: the unit tests, and each lesson against its outputs."""
    python = install.ensure(ROOT, {"test"}, arguments.torch)
    if install.answer(python, "-c", "import torch; print(torch.cuda.is_available())") != "True":
        raise SystemExit("PyTorch finds no CUDA device here: these tests need one.")
    os.environ["COURSE_DEVICE"] = "cuda"
    folders = ("nn", "optim", "analysis", "lab", "contract", "gpu")
    return call([python, "-m", "pytest", "-m", "not alone", *(f"tests/{name}" for name in folders)])


def lowest(arguments: argparse.Namespace, _: list[str]) -> int:
    """Run the tests of the library and the engine on the lowest versions that pyproject allows.

    They go into an environment of their own, `build/lowest`, which is made anew. What they need in
    turn comes in its newest version, so that a failure may also be the news of a new release. Those
    that measure time or memory need a process of their own: `make test` runs them.
    """
    uv = [install.ensure(ROOT, {"test"}, arguments.torch), "-m", "uv"]
    install.pip(ROOT, "uv")
    folder = ROOT / "build" / "lowest"
    python = folder / install.venv_python(ROOT).relative_to(install.venv(ROOT))
    into = ["--python", python, "--resolution=lowest-direct", "--editable", f"{ROOT}[test]"]
    backend = [f"--torch-backend={arguments.torch}"] if arguments.torch else []
    commands = (
        [*uv, "venv", "--quiet", "--clear", "--python", uv[0], folder],
        [*uv, "pip", "install", *backend, *into],
        [python, "-m", "pytest", "-m", "not alone", *(f"tests/{name}" for name in LIBRARY)],
    )
    return next((code for code in map(call, commands) if code), 0)


def write_settings(venv: Path) -> None:
    """Write SETTINGS, in `.venv` only: what a user has set elsewhere goes first."""
    file = venv / "share/jupyter/lab/settings/overrides.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(SETTINGS, indent=2), encoding="utf-8")


def environment() -> dict[str, str]:
    """Return the variables of a shell in which `.venv` is active, and nothing leads past it."""
    scripts = install.venv_python(ROOT).parent
    return {
        **install.environment(),
        **({} if home_takes_files() else {name: str(spare_home()) for name in KEEP_FILES}),
        "VIRTUAL_ENV": str(install.venv(ROOT)),
        "PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)]),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel "python3" is the one of .venv
        "JUPYTERLAB_WORKSPACES_DIR": str(install.venv(ROOT) / "share/jupyter/lab/workspaces"),
    }


def home_takes_files() -> bool:
    """Return whether Jupyter and matplotlib can keep their files where they do by default."""
    home = Path(os.path.expanduser("~"))
    return home.is_dir() and os.access(home, os.W_OK)


def spare_home() -> Path:
    """Return a folder in `.venv` for what has no home."""
    return install.venv(ROOT) / "share/home"


def call(command: list[str | Path]) -> int:
    """Run `command` in the project's folder and return its exit code."""
    return subprocess.call(command, cwd=ROOT, env=environment())


def become(command: list[str]) -> NoReturn:
    """Go on as `command`, so that signals reach it; Windows can only wait for it."""
    os.chdir(ROOT)
    if os.name == "posix":
        os.execve(command[0], command, environment())
    process = subprocess.Popen(command, env=environment())
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:  # it has got the same Control-C, and asks whether to stop
            continue
