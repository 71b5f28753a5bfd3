"""Make `.venv` hold what the course needs, and do nothing when it does.

What `.venv` was set up for stands in a stamp inside it, written last, when everything was found to
be there: a set-up that was interrupted has no stamp, and the next call goes on from there.
"""

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lock import one_at_a_time
from setup import OLDEST

# What a set-up needs on the disk, in GB: .venv, and beside it the downloads until pip has unpacked
# them. Measured with torch 2.13.0 on Linux: 1.6 and 0.5; with the GPU libraries, 5.6 and 3.0.
ROOM = {"cpu": 2.5, "gpu": 9.0}

# Variables with which packages go elsewhere or only in part, or are taken from elsewhere. Those of
# indexes, proxies, certificates and caches stay: people need them.
ASTRAY = {
    *("PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE"),
    *("PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_USER", "PIP_PYTHON"),
    *("PIP_NO_DEPS", "PIP_NO_DEPENDENCIES", "PIP_DRY_RUN", "PIP_ONLY_DEPS"),
    *("PIP_ABI", "PIP_IMPLEMENTATION", "PIP_PLATFORM", "PIP_PYTHON_VERSION"),
}
MODULES = {"scikit-learn": "sklearn", "pillow": "PIL"}  # where the name to import is another

NO_DISK = ("No space left on device", "[Errno 28]", "[WinError 112]", "Disk quota exceeded")
NO_TRUST = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "UnknownIssuer")
NO_NETWORK = (
    "Failed to establish a new connection",
    "Name or service not known",
    "Temporary failure in name resolution",
    "getaddrinfo failed",
    "Max retries exceeded",
    "Connection refused",
    "Network is unreachable",
    "Cannot connect to proxy",
    "Read timed out",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "dns error",
    "error sending request",
)


def ensure(root: Path, extras: Iterable[str] = (), torch: str | None = None) -> Path:
    """Return the Python of `root/.venv`, after setting it up for `extras` where needed.

    Extras once installed stay. `torch="cpu"` takes PyTorch's build without GPU libraries, and
    stays chosen too. Exits with one sentence when something is in the way.
    """
    if torch not in (None, "cpu"):
        raise SystemExit(f"TORCH={torch} is unknown: use TORCH=cpu, or leave it out.")
    if not is_set_up(root, plan(root, extras, torch)):
        with one_at_a_time(root / "build" / "setup.lock"):
            wanted = plan(root, extras, torch)  # another set-up may have changed what is there
            if not is_set_up(root, wanted):
                set_up(root, wanted)
    return venv_python(root)


def plan(root: Path, extras: Iterable[str], torch: str | None) -> dict:
    """Return what `.venv` is to be set up for: what is asked for, and what it was set up for."""
    stamp = read_stamp(root)
    return {
        "folder": str(root),
        "inputs": fingerprint(root),
        "extras": sorted({*stamp.get("extras", ()), *extras}),
        "torch": torch or stamp.get("torch"),
    }


def is_set_up(root: Path, wanted: dict) -> bool:
    """Return whether the stamp says so, and each package that was there then still is."""
    stamp = read_stamp(root)
    packages = stamp.pop("packages", None)
    there = stamp == wanted and packages is not None and venv_python(root).exists()
    return there and installed(root).issuperset(packages)


def set_up(root: Path, wanted: dict) -> None:
    """Set `.venv` up for `wanted`, and stamp it."""
    started = time.monotonic()
    moved = read_stamp(root).get("folder", str(root)) != str(root)
    check_disk(root, wanted["torch"])
    stamp_file(root).unlink(missing_ok=True)
    make_venv(root, moved)
    forget_unfinished(root)
    install_packages(root, wanted["extras"], wanted["torch"])
    stamp = {**wanted, "packages": verify(root, wanted["extras"])}
    stamp_file(root).write_text(json.dumps(stamp, indent=2), encoding="utf-8")
    print(f"Set up in {time.monotonic() - started:.0f} s.", flush=True)


def venv(root: Path) -> Path:
    """Return the folder of the environment."""
    return root / ".venv"


def venv_python(root: Path) -> Path:
    """Return the path of the environment's Python, on any system."""
    return venv(root) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(root: Path) -> Path:
    """Return the folder of the installed packages, whether it exists or not."""
    found = list(venv(root).glob("lib/python*/site-packages"))
    return found[0] if found else venv(root) / "Lib" / "site-packages"


def fingerprint(root: Path) -> str:
    """Return a hash of the files that say what is to be installed."""
    texts = [(root / name).read_text("utf-8") for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def stamp_file(root: Path) -> Path:
    """Return the file that says what `.venv` was set up for."""
    return venv(root) / "descent.json"


def read_stamp(root: Path) -> dict:
    """Return what `.venv` was set up for: empty if it never was, or not to the end."""
    try:
        return dict(json.loads(stamp_file(root).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def installed(root: Path) -> set[str]:
    """Return the names of the completely installed packages: see RECORD below."""
    records = site_packages(root).glob("*.dist-info/RECORD")
    return {re.sub(r"[-_.]+", "-", file.parent.name.split("-")[0]).lower() for file in records}


def installed_torch(root: Path) -> str | None:
    """Return the version of the torch that is installed, such as "2.13.0+cpu"."""
    found = list(site_packages(root).glob("torch-*.dist-info/RECORD"))
    return found[0].parent.name.split("-")[1].removesuffix(".dist") if found else None


def pinned_torch(root: Path) -> str:
    """Return the version of torch in constraints.txt."""
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    return re.search(r"^torch==(\S+)$", text, re.MULTILINE)[1]


def check_disk(root: Path, torch: str | None) -> None:
    """Exit if the disk lacks room for what is still to be installed."""
    if installed_torch(root):
        return
    build = "gpu" if sys.platform == "linux" and torch != "cpu" else "cpu"
    folder = venv(root).resolve() if venv(root).exists() else root
    free, need = shutil.disk_usage(folder).free / 1e9, ROOM[build]
    if free < need:
        less = f", or use TORCH=cpu, which needs {ROOM['cpu']} GB" * (build == "gpu")
        raise SystemExit(
            f"The set-up needs about {need} GB in {folder} and {free:.1f} GB are free: make room"
            f"{less}."
        )


def make_venv(root: Path, moved: bool) -> None:
    """Make `.venv`, or make it again if it does not run or was made for another folder."""
    folder = venv(root)
    if folder.exists() and not moved:
        version = answer(venv_python(root), "-c", "import sys, pip; print(*sys.version_info[:2])")
        if version:
            if tuple(map(int, version.split())) < OLDEST:
                raise SystemExit(
                    f"{folder} holds Python {version.replace(' ', '.')}, which is too old: delete "
                    "that folder and run the same command again."
                )
            return
        if any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
            raise SystemExit(
                f"{folder} is not a Python environment: move it away and run this command again."
            )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SystemExit(
            "This Python cannot make environments: on Debian or Ubuntu run `sudo apt install "
            "python3-venv`, elsewhere install Python from python.org."
        )
    with step(f"Making .venv with Python {platform.python_version()}"):
        run(root, [sys.executable, "-m", "venv", "--clear", folder])


def forget_unfinished(root: Path) -> None:
    """Remove the records of packages whose installation broke off, so that pip repeats it.

    A package's RECORD is written last. pip believes in a package that lacks it.
    """
    for record in site_packages(root).glob("*.dist-info"):
        if not (record / "RECORD").exists():
            shutil.rmtree(record)


def install_packages(root: Path, extras: list[str], torch: str | None) -> None:
    """Install the project, editable, with what it needs, at the pinned versions."""
    pin = pinned_torch(root)
    if torch == "cpu" and sys.platform == "linux" and installed_torch(root) != f"{pin}+cpu":
        with step("Installing uv, which knows where PyTorch keeps its CPU builds"):
            pip(root, "uv")
        with step(f"Installing torch {pin}, the CPU build (about 200 MB)"):
            options = ["--no-deps", "--reinstall-package=torch", "--torch-backend=cpu"]
            uv = [venv_python(root), "-m", "uv", "pip", "install", "--python", venv_python(root)]
            run(root, [*uv, *options, f"torch=={pin}"])
    project = f"{root}[{','.join(extras)}]" if extras else str(root)
    with step("Installing the packages of constraints.txt"):
        pip(root, "--editable", project)


def verify(root: Path, extras: list[str]) -> list[str]:
    """Return the names of the packages that the project needs; exit if it lacks one.

    What pyproject.toml names is also imported. This takes some seconds.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]]
    words = [f"{project['name']}[{','.join(extras)}]", *(MODULES.get(n, n) for n in names)]
    with step("Looking whether everything is there"):
        look = Path(__file__).with_name("complete.py")
        printed = answer(venv_python(root), "-I", str(look), *words)
    if not printed:
        raise SystemExit(
            "The set-up is not complete: the Python of .venv fails at importing "
            f"{', '.join(names)}. Delete .venv and run the same command again."
        )
    found = json.loads(printed.splitlines()[-1])
    if found["missing"]:
        raise SystemExit(
            f"The set-up is not complete: .venv lacks {', '.join(found['missing'])}. `pip config "
            "list` shows whether pip is told to leave something out or to install elsewhere."
        )
    for module, error in found["broken"].items():
        raise SystemExit(
            f"The set-up is not complete: {module} cannot be imported ({error}). Delete .venv and "
            "run the same command again."
        )
    return sorted(installed(root) & set(found["needs"]))


def pip(root: Path, *what: str) -> None:
    """Install `what`, pinned. pip shows its progress itself, to a person."""
    options = ["--no-input", "--constraint", root / "constraints.txt"]
    if not sys.stdout.isatty():
        options += ["--quiet", "--progress-bar=off"]
    run(root, [venv_python(root), "-m", "pip", "install", *options, *what])


def run(root: Path, command: list[str | Path]) -> None:
    """Run one step of the set-up; exit with a sentence if it fails.

    Downloads go to the project's disk, whose room was checked, and not to a /tmp that may be kept
    in memory and small. They leave when the step ends.
    """
    downloads, log = root / "build" / "downloads", root / "build" / "setup.log"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(downloads))
    log.write_text("", encoding="utf-8")
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=root,
            env={
                **environment(),
                **places,
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIP_LOG": str(log),
            },
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
    finally:
        shutil.rmtree(downloads, ignore_errors=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(done.stderr)
    if done.returncode:
        reason = explain(log.read_text(encoding="utf-8", errors="replace"))
        raise SystemExit(
            f"{reason} The full log is build/{log.name}; run the same command again to go on."
        )


def environment() -> dict[str, str]:
    """Return the variables of this process without those that lead astray."""
    return {name: value for name, value in os.environ.items() if name.upper() not in ASTRAY}


def explain(log: str) -> str:
    """Return one sentence on why a set-up failed, from the log of the step that did."""
    if any(words in log for words in NO_DISK):
        return "The disk is full: make room."
    if any(words in log for words in NO_TRUST):
        return (
            "The packages could not be fetched: the certificate of the server is not trusted. If "
            "your network puts in its own, name its file in PIP_CERT and SSL_CERT_FILE."
        )
    if any(words in log for words in NO_NETWORK):
        return "The packages could not be fetched: check the network, or the proxy."
    missing = re.findall(r"(?:No matching distribution found for|\(constraint\)) (\S+==\S+)", log)
    if os.environ.get("PIP_NO_INDEX") and ("from versions: none" in log or missing):
        return (
            "The packages could not be found: PIP_NO_INDEX is set, so pip asks no index. Unset it, "
            "or name in PIP_FIND_LINKS a folder that holds them."
        )
    if missing and missing[-1].startswith("torch==") and platform.system() == "Darwin":
        return (
            f"There is no build of {missing[-1]} for this Mac: they are for Apple silicon and "
            "macOS 14 or newer. The course also runs in a browser, on Binder."
        )
    if missing:
        return (
            f"There is no build of {missing[-1]} for Python {platform.python_version()} on "
            f"{platform.system()} {platform.machine()}: the course is tested with Python 3.11."
        )
    errors = re.findall(r"(?i)^.*?\berror: +(.+)$", log, re.MULTILINE)
    return f"The set-up failed: {errors[-1].rstrip('.') if errors else 'no reason was given'}."


def answer(python: Path, *options: str) -> str:
    """Return what `python` prints when it is run with `options`: nothing if it fails."""
    command = [python, *options]
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"{words} ...", flush=True)
    started = time.monotonic()
    yield
    print(f"... done in {time.monotonic() - started:.0f} s", flush=True)
