"""Running an answer in the clean process, from the side that judges."""

from __future__ import annotations

import atexit
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
import torch

import course_lib

from ..checking import Case
from ..checking.trial import Trial
from . import worker
from .wire import decode

SECONDS = 3.0  # for all calls of one answer: three times what a learner's own check allows
KEPT = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")  # of the environment; nothing else reaches it


@dataclass(frozen=True)
class Ended:
    """How the process of one answer ended, and what came of the answer: None where nothing came.

    `is_function` says whether the answer is something to call. `code` is the exit code, below 0 for
    a signal; `seconds` is processor time, `peak_mb` memory.
    """

    trial: Trial | None
    is_function: bool = False
    late: bool = False
    code: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Source:
    """An answer as text: its definitions, the name that counts, the modules that it imports.

    `given` are functions of the library that it may call, by name; `own` are the learner's own
    answers to earlier exercises.
    """

    text: str
    name: str
    imports: tuple[str, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Source] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as a job for the clean process, where this class is not known."""
        own = {name: source.plain() for name, source in self.own.items()}
        return {"text": self.text, "name": self.name, "given": self.given, "own": own}

    def modules(self) -> list[str]:
        """Return all modules that it imports, and that the answers it uses import."""
        return sorted({*self.imports, *(m for s in self.own.values() for m in s.modules())})


class Clean:
    """The clean process, started when it is first needed, and anew if it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        atexit.register(self.close)

    def run(self, source: Source, cases: Sequence[Case], seconds: float = SECONDS) -> Ended:
        """Return what came of an answer. It sees the inputs of the cases, and nothing else."""
        job = {
            "source": source.plain(),
            "imports": source.modules(),
            "cases": [(case.words, case.args, case.kwargs, case.special) for case in cases],
        }
        reply = self._ask(f"{seconds:08.3f}".encode() + by_value(job))
        head, _, sent = reply.partition(b"\n")
        try:
            trial = decode(sent[1:])
        except ValueError:
            trial = None
        return Ended(trial, sent[:1] == b"f", **json.loads(head))

    def _ask(self, job: bytes) -> bytes:
        for _ in range(2):
            process = self._started()
            try:
                worker.send(process.stdin.fileno(), job)
                reply = worker.receive(process.stdout.fileno())
            except OSError:
                reply = None
            if reply is not None:
                return reply
            self.close()
        raise RuntimeError("the process that runs answers does not stay alive")

    def _started(self) -> subprocess.Popen:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", worker.__file__, json.dumps(_packages()), _library()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=self._folder.name,
                env=_environment(self._folder.name),
            )
            if worker.receive(self._process.stdout.fileno()) != b"ready":
                raise RuntimeError("the process that runs answers does not start")
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def by_value(job: Any) -> bytes:
    """Return a pickle in which functions of the library travel as code: nobody has to import it."""
    written = io.BytesIO()
    pickler = cloudpickle.Pickler(written)
    pickler.dispatch_table[type(functools.cache(len))] = _without_its_cache
    cloudpickle.register_pickle_by_value(course_lib)
    try:
        pickler.dump(job)
    finally:
        cloudpickle.unregister_pickle_by_value(course_lib)
    return written.getvalue()


def _without_its_cache(fn: Any) -> tuple:
    return functools.cache, (fn.__wrapped__,)


def _packages() -> list[str]:
    found = {str(Path(module.__file__).parents[1]) for module in (torch, sys.modules["numpy"])}
    return sorted(found | {str(Path(cloudpickle.__file__).parents[1])})


def _library() -> str:
    return str(Path(course_lib.__file__).parents[1])


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return (
        kept
        | dict.fromkeys(threads, "1")
        | {
            "HOME": folder,
            "MPLCONFIGDIR": folder,
            "PATH": os.defpath,
            "PYTHONHASHSEED": "0",
        }
    )
