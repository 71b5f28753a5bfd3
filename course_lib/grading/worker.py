"""The clean process: it runs answers, each in a child of its own, and knows no solution.

    python -I -S worker.py '["folders", "of", "packages"]' /where/course_lib/is

It loads torch and the engine once, then shuts itself off from the library. For each job that comes
in on its input it forks: the child runs one answer and sends back what came out. The child can open
no file, start no process and reach no network; its memory and its time are limited. A job and a
reply are a length of eight bytes and then so many bytes.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

LARGEST = 256_000_000  # bytes of what comes back
ROOM = 2_000_000_000  # bytes that an answer may take beside what torch takes
PACKAGES = ("torch", "numpy", "scipy", "sklearn")  # that an answer may import, beside Python's own
NAMESPACE = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "np": "numpy"}
REFUSED = (  # beginnings of what Python calls an event: see sys.addaudithook
    *("open", "os.listdir", "os.scandir"),
    *("subprocess.", "socket.", "shutil.", "ctypes.", "gc.", "signal.", "mmap.", "pty."),
    *("os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.rename"),
    *("os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.ch"),
    *("os.utime", "os.setxattr", "os.removexattr", "sys.addaudithook", "cpython.", "sqlite3."),
)


def main() -> None:
    """Load what answers need, then serve jobs until the input ends."""
    packages, library = json.loads(sys.argv[1]), sys.argv[2]
    sys.path += [*packages, library]
    jobs, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.setpgid(0, 0)
    load()
    shut_off(library)
    send(replies, b"ready")
    while (job := receive(jobs)) is not None:
        send(replies, serve(job, (jobs, replies)))


def load() -> None:
    """Import all that a child needs: it can open no file. Torch loads some of itself late."""
    import cloudpickle  # noqa: F401
    import torch

    from course_lib.checking import model, trial  # noqa: F401
    from course_lib.checking.pristine import DEEPEST_RECURSION
    from course_lib.grading import wire  # noqa: F401

    x = torch.ones(2, 2)
    torch.func.vmap(torch.func.grad(lambda row: (row * row).sum()))(x)
    torch.func.jacrev(torch.sin)(x), torch.func.jacfwd(torch.sin)(x), torch.func.hessian(torch.sum)
    torch.autograd.functional.jacobian(torch.sin, x)
    torch.linalg.svd(x), torch.fft.fft(x), torch.special.erf(x), repr(x)
    torch.set_num_threads(1)
    sys.setrecursionlimit(DEEPEST_RECURSION)
    builtins.exit = builtins.quit = sys.exit  # without `site` there are none


def shut_off(library: str) -> None:
    """Leave nothing of the library to import: neither solutions nor lessons were loaded."""
    sys.path.remove(library)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "course_lib" and hasattr(module, "__path__"):
            module.__path__ = []
    sys.path_importer_cache.clear()


def serve(job: bytes, channels: tuple[int, int]) -> bytes:
    """Run a job in a child of its own and return the reply: how it ended, and what it sent."""
    seconds, payload = float(job[:8]), job[8:]
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            for channel in (reader, *channels):
                os.close(channel)
            run(payload, writer, seconds)
        finally:
            os._exit(0)
    os.close(writer)
    sent, late = collect(reader, time.monotonic() + 2 * seconds + 2)
    for end in (child, -child):  # the child, and whatever it has started
        with suppress(OSError):
            os.kill(end, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    os.close(reader)
    how = {
        "late": late,
        "code": os.waitstatus_to_exitcode(status),
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
    }
    return json.dumps(how).encode() + b"\n" + sent


def collect(reader: int, until: float) -> tuple[bytes, bool]:
    """Return what a child sends until it ends, and whether it was late."""
    parts, size = [], 0
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], left)
        part = os.read(reader, 1 << 16) if ready else b""
        if not ready:
            break
        if not part or size > LARGEST:
            return b"".join(parts), False
        parts.append(part)
        size += len(part)
    return b"".join(parts), True


def run(payload: bytes, writer: int, seconds: float) -> None:
    """In the child: run the answer and send what came of it."""
    import pickle

    from course_lib.checking.model import Case
    from course_lib.checking.record import as_function
    from course_lib.checking.trial import try_out
    from course_lib.grading.wire import encode

    job = pickle.loads(payload)
    source = job["source"]
    for name in job["imports"]:
        import_quietly(name)
    lock(seconds)
    found: list[Any] = []

    def define() -> Any:
        found.append(answer_of(source))
        return found[-1]

    # The line that is quoted where it stops is looked for in the file of what it wraps.
    define.__wrapped__ = eval(compile("lambda: None", file_of(source["name"]), "eval"))
    trial, kind = try_out(define, [Case("")], seconds=seconds), b"v"
    if found and callable(found[-1]) and not trial.timed_out:
        replaced, cases = trial.replaced, [Case(*case) for case in job["cases"]]
        trial, kind = try_out(as_function(found[-1]), cases, seconds=seconds), b"f"
        trial = replace(trial, replaced=(*replaced, *trial.replaced))
    send_all(writer, kind + encode(trial))


def answer_of(job: dict[str, Any]) -> Any:
    """Run the source of an answer in a namespace of its own; return what bears its name."""
    import linecache
    import math

    namespace = {name: importlib.import_module(where) for name, where in NAMESPACE.items()}
    namespace |= {"math": math, "Tensor": namespace["torch"].Tensor, "__name__": "answer"}
    namespace |= job["given"]
    namespace |= {name: answer_of(own) for name, own in job["own"].items()}
    source, file = job["text"], file_of(job["name"])
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), namespace)
    return namespace[job["name"]]


def file_of(name: str) -> str:
    """Return what the file is called in which an answer of that name stands."""
    return f"<{name}>"


def import_quietly(name: str) -> None:
    """Import a module that an answer asks for, if it may."""
    if may_import(name):
        with suppress(Exception):  # the answer's own import says so again
            importlib.import_module(name)


def may_import(name: str) -> bool:
    """Return whether a module that an answer asks for is Python's own or one of PACKAGES."""
    first = name.partition(".")[0]
    return first in PACKAGES or first in sys.stdlib_module_names


def lock(seconds: float) -> None:
    """From here on: no file, no process, no network; little memory and time. It stays so."""
    import ctypes

    _ = ctypes.pythonapi.PyThreadState_SetAsyncExc  # the guard's; looked up before that is refused
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": 0,
        "RLIMIT_CPU": int(2 * seconds + 3),
    }
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            limits["RLIMIT_AS"] = int(file.read().split()[0]) * resource.getpagesize() + ROOM
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))

    def refuse(event: str, _: Any, refused: tuple[str, ...] = REFUSED) -> None:
        if event.startswith(refused):
            raise PermissionError(f"an answer that is graded has no use for {event}")

    sys.addaudithook(refuse)


def send_all(channel: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(channel, view) :]


def send(channel: int, data: bytes) -> None:
    """Write a length, and so many bytes."""
    send_all(channel, len(data).to_bytes(8, "big") + data)


def receive(channel: int) -> bytes | None:
    """Read what `send` has written; None where the other side has gone."""
    size = read_exactly(channel, 8)
    return None if size is None else read_exactly(channel, int.from_bytes(size, "big"))


def read_exactly(channel: int, size: int) -> bytes | None:
    """Read so many bytes; None where there are fewer."""
    parts = []
    while size:
        part = os.read(channel, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    main()
