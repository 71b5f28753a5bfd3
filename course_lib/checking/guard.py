"""Running somebody else's code: a second of time, a little output, no way to end the kernel.

The work runs in a thread of its own, so that the caller goes on whatever happens, and so that what
torch keeps for each thread (gradients on or off, a default device) is as in a new notebook. When
time is up, an exception is sent into the thread; if it catches that, another sends it to sleep.

What cannot be survived here, because the work and its caller share one process:

| an answer that …                                            | what happens                       |
|-------------------------------------------------------------|------------------------------------|
| ends the process: `os._exit`, `os.kill`, a crash in C       | the kernel dies                    |
| fills the memory                                            | the system may end the kernel      |
| never leaves C: `sum(itertools.count())`, `9**9**9`         | the kernel hangs until a restart   |
| waits long in C: `time.sleep(60)`, a big product in torch   | it ends after that call            |
| starts threads or processes                                 | they go on; their output is uncut  |
| writes past Python's streams: `os.write(1, ...)`            | it is shown uncut                  |
| presses stop: `_thread.interrupt_main()`                    | it counts as the stop button       |
| replaces what all stands on: `builtins.len`, `sys.modules`  | anything; a restart mends it       |

Whoever means to deceive the checker can, therefore. Marks are made in another way: `grading` runs
each answer's source in a process of its own.
"""

from __future__ import annotations

import _thread
import builtins
import ctypes
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any, ClassVar

from IPython import get_ipython

from .output import Collected, collect, collecting, collects

SECONDS = 1.0  # for all calls of one answer
GRACE = 0.8  # seconds to end what has run out of time


class OutOfTime(SystemExit):
    """Sent into code that has used up its time. A thread ends on a SystemExit without a word."""


class _Asleep(OutOfTime):
    """Sent into code that catches OutOfTime: a thread that catches this one sleeps for good."""

    threads: ClassVar[set[int]] = set()  # the idents of those that sleep

    def __init__(self) -> None:
        # Runs in the thread that was sent the class, before a handler there gets the exception.
        self.threads.add(threading.get_ident())
        never = threading.Lock()
        never.acquire()
        never.acquire()


class CalledReference(BaseException):
    """Raised in place of the library function that an answer must not call."""


@dataclass
class Ran:
    """What came of guarded work: its value, or why there is none.

    `left_behind` says that it could not be ended, and `asleep` that it sleeps, with the memory that
    it holds; `printed` is the beginning of what it showed.
    """

    value: Any = None
    error: BaseException | None = None
    timed_out: bool = False
    left_behind: bool = False
    asleep: bool = False
    printed: str = ""


def run_guarded(
    work: Callable[[], Any],
    *,
    seconds: float | None = None,
    forbidden: FunctionType | None = None,
) -> Ran:
    """Run `work()` in a guarded thread. Whoever calls `forbidden` in it gets CalledReference.

    Comes back within `seconds` (without them, SECONDS) and GRACE. A KeyboardInterrupt (the stop
    button) ends the work too, and is raised again.

    Raises:
        RuntimeError: when it is called by what it runs.
    """
    if collects():
        raise RuntimeError("an answer cannot be checked from within an answer")
    ran, shown = Ran(), Collected()

    def target() -> None:
        collect(shown)
        try:
            ran.value = work()
        except BaseException as error:
            ran.error = error

    with collecting(), _no_warnings(), _kernel_out_of_reach(), _out_of_reach(forbidden):
        worker = _Worker(target)
        try:
            ran.timed_out = not worker.ends_within(SECONDS if seconds is None else seconds)
        finally:
            ran.left_behind = not worker.stop()
            ran.asleep = worker.sleeps()
    ran.printed = shown.text()
    return ran


class _Worker:
    """A thread that runs `target` and can be stopped.

    It is not a threading.Thread, which runs Python code of its own after `target`: an exception
    that is sent too late would hit that. Here the last step is one call in C.
    """

    def __init__(self, target: Callable[[], None]):
        self._running = threading.Lock()
        self._running.acquire()
        self._ident = _thread.start_new_thread(self._run, (target,))

    def _run(self, target: Callable[[], None]) -> None:
        try:
            target()
        finally:
            self._running.release()

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end, for so long at most; whether it has come."""
        ended = self._running.acquire(timeout=seconds)
        if ended:
            self._running.release()
        return ended

    def stop(self) -> bool:
        """End the thread or put it to sleep, within GRACE seconds; whether that was possible."""
        until = time.monotonic() + GRACE
        self._send(OutOfTime, until - GRACE / 2)
        self._send(_Asleep, until)
        return not self._goes_on()

    def sleeps(self) -> bool:
        """Whether it caught what should have ended it, and was put to sleep."""
        return self._ident in _Asleep.threads

    def _send(self, exception: type[OutOfTime], until: float) -> None:
        send = ctypes.pythonapi.PyThreadState_SetAsyncExc
        while self._goes_on() and time.monotonic() < until:
            send(ctypes.c_ulong(self._ident), ctypes.py_object(exception))
            self.ends_within(0.02)  # so that what has to be tidied up is

    def _goes_on(self) -> bool:
        return self._running.locked() and not self.sleeps()


@contextmanager
def _no_warnings() -> Iterator[None]:
    """While this lasts, libraries do not advise: a learner reads one sentence at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _kernel_out_of_reach() -> Iterator[None]:
    """While this lasts, `exit()` and `quit()`, IPython's too, only end the answer that calls them.

    `input()` fails, because its question would stay open when the answer's time is up. `os.fork()`
    fails, because the kernel would be there twice. `sys.setrecursionlimit` does nothing.
    """

    def leave(*_: Any, **__: Any) -> None:
        raise SystemExit

    def ask(*_: Any, **__: Any) -> None:
        raise EOFError("nobody can be asked during a check")

    def fork() -> None:
        raise OSError("a check starts no second process")

    with (
        _replaced(builtins, exit=leave, quit=leave, input=ask),
        _replaced(get_ipython(), ask_exit=leave),
        _replaced(sys, setrecursionlimit=lambda _: None),
        _replaced(os, fork=fork),
    ):
        yield


@contextmanager
def _out_of_reach(forbidden: FunctionType | None) -> Iterator[None]:
    """While this lasts, `forbidden` raises CalledReference, under whatever name it is called."""
    with _replaced(forbidden, __code__=_refuse.__code__):
        yield


@contextmanager
def _replaced(owner: Any, **attributes: Any) -> Iterator[None]:
    """While this lasts, `owner` has these attributes in place of those of its own."""
    before = {name: getattr(owner, name) for name in attributes if hasattr(owner, name)}
    for name in before:
        setattr(owner, name, attributes[name])
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


def _refuse(*_: Any, **__: Any) -> None:
    from course_lib.checking.guard import CalledReference  # runs with another module's globals

    raise CalledReference
