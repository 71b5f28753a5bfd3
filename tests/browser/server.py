"""JupyterLab as `make lab` starts it, on a workbook of its own in a temporary folder."""

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

import commands
import install
import workbook
from execute import PERSONAL

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 15
# What a learner's set-up lacks and that of the tests has: it adds menus.
NOT_A_LEARNERS = {"disabledExtensions": {"@jupyter/nbgrader": True}}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab. `folder` holds the lessons and the workbook, which it shows."""

    url: str
    token: str
    folder: Path

    @property
    def workbook(self) -> Path:
        """The learner's folder."""
        return self.folder / "workbook"

    def request(self, path: str, method: str = "GET") -> str:
        """Return what the server answers."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()

    def kernels(self) -> list[dict]:
        """Return what the server says of each kernel that runs."""
        return json.loads(self.request("/api/kernels"))

    def stop_kernels(self) -> None:
        """Stop all kernels, so that no two lessons share the machine."""
        for session in json.loads(self.request("/api/sessions")):
            self.request(f"/api/sessions/{session['id']}", "DELETE")

    def reset(self, lesson: str) -> None:
        """Put a fresh copy of a lesson into the workbook and forget all progress."""
        workbook.reset(self.folder / "lessons", self.workbook, lesson[:2], datetime.now())
        (self.workbook / "progress.json").unlink(missing_ok=True)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start JupyterLab with all that it keeps below `folder`; stop it and its kernels at the end.

    RuntimeError, with the end of its log, if it does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder)
    command, environment = lab_command(folder, port, server.token)
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def lab_command(folder: Path, port: int, token: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment that `make lab` ends in, for the lessons of `folder`.

    The course's own `lab` does the work: it copies the lessons into `workbook/`, writes the
    settings and puts the command together. Only this differs: the project's folder is `folder`, the
    environment is the one that runs the tests, and `lab` hands its command over, not starting it.
    """
    shutil.copytree(ROOT / "lessons", folder / "lessons")
    settings = install.venv(folder) / "share/jupyter/lab/settings"
    options = [
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={token}",
        f"--LabApp.app_settings_dir={settings}",
    ]
    handed_over = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "ROOT", folder)
        patch.setattr(install, "ensure", lambda *_, **__: Path(sys.executable))
        patch.setattr(commands, "become", handed_over.append)
        commands.main(["lab", f"--port={port}", *options])
        environment = commands.environment()
    (settings / "page_config.json").write_text(json.dumps(NOT_A_LEARNERS))
    return handed_over[0], private(environment, folder)


def private(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the environment without a person's settings. The progress file is the usual one."""
    kept = {
        name: value
        for name, value in environment.items()
        if name not in PERSONAL and not name.startswith("COURSE_")
    }
    places = {
        name: str(folder / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "IPYTHONDIR",
            "MPLCONFIGDIR",
        )
    }
    # One thread: where others want the machine too, threads that wait for each other stall.
    return kept | places | {"COURSE_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}


def wait_for(server: Server, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            server.request("/api/status")
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
