"""Collecting what one thread shows, while all others show as ever."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython import get_ipython

KEPT = 1_000  # characters

_local = threading.local()  # has .collected in a thread that collects
_switches: dict[int, _Switch] = {}


def printable(text: str) -> str:
    """`text`, with a question mark for what no file and no browser can take (half characters)."""
    return text.encode("utf-8", "replace").decode()


class Collected(io.StringIO):
    """The beginning of what a thread shows; the rest is dropped.

    For that thread it takes the place of sys.stdout, of sys.stderr and of IPython's publisher.
    """

    is_publishing = False  # IPython asks its publisher
    is_full = False

    def write(self, text: str) -> int:
        if not self.is_full:
            super().write(text[: max(0, KEPT + 1 - self.tell())])
        return len(text)

    def close(self) -> None:
        """Stays open: what closes its output may go on to print."""

    def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
        """Keep a displayed object as text; IPython's `display` calls this."""
        self.write(f"{data.get('text/plain', '')}\n")

    def clear_output(self, wait: bool = False) -> None:
        """Clear nothing; IPython's `clear_output` calls this."""

    def text(self) -> str:
        """All that was kept, and a mark where it was cut."""
        text = printable(self.getvalue())
        return text if len(text) <= KEPT else text[:KEPT] + "… (cut here)"


class _Switch:
    """Stands in front of a stream. A thread that collects finds its Collected behind it."""

    def __init__(self, usual: Any):
        self._usual = usual

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(_local, "collected", self._usual), name)


def collect(into: Collected) -> None:
    """Keep what this thread shows from now on, as long as `collecting` lasts."""
    _local.collected = into


def collect_no_more() -> None:
    """Drop what this thread shows from now on."""
    _local.collected.is_full = True


def collects() -> bool:
    """Whether what this thread shows is being kept."""
    return hasattr(_local, "collected")


@contextmanager
def collecting() -> Iterator[None]:
    """While this lasts, threads that call `collect` have what they show kept.

    At the end the streams are as before, whatever was put in their place meanwhile.
    """
    shell = get_ipython()
    places = [(sys, "stdout"), (sys, "stderr"), *([(shell, "display_pub")] if shell else [])]
    usual = [(owner, name, getattr(owner, name)) for owner, name in places]
    for owner, name, stream in usual:
        setattr(owner, name, _in_front_of(stream))
    try:
        yield
    finally:
        for owner, name, stream in usual:
            setattr(owner, name, stream)


def _in_front_of(stream: Any) -> _Switch:
    # Kept for good: CPython's print() holds no reference of its own to sys.stdout, so a switch
    # must outlive every thread that may still be printing to it.
    return _switches.setdefault(id(stream), _Switch(stream))
