"""One set-up at a time. The lock is the operating system's, on an open file: it ends with us."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # what each system says of a lock that is taken


@contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Wait until no other process is in here with the same `file`; say so if that takes a while.

    The file stays, empty: only the lock on it counts.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as held:
        if not taken(held):
            print("Another set-up is running; this one waits for it.", flush=True)
            while not taken(held):
                time.sleep(0.2)
        yield


def taken(held: IO[str]) -> bool:
    """Return whether the lock on the open file `held` is ours now, until it is closed.

    True also on a disk that knows no locks, such as some network disks: there, all go on at once.
    """
    try:
        if os.name == "nt":
            import msvcrt

            held.seek(0)
            msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in BUSY
    return True
