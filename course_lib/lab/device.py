"""Where tensors live, and where random numbers come from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def device() -> torch.device:
    """Return the device to compute on: `COURSE_DEVICE` if it is set, else the best there is.

    `COURSE_DEVICE` is `cpu`, `cuda` or `mps`. Raises ValueError for another name, and for a
    device that this machine does not have.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    wanted = os.environ.get("COURSE_DEVICE") or next(name for name in there if there[name])
    if not there.get(wanted):
        found = ", ".join(name for name in there if there[name])
        raise ValueError(f"COURSE_DEVICE is {wanted!r}; this machine has: {found}")
    return torch.device(wanted)


def generator(seed: int) -> torch.Generator:
    """Return a source of random numbers on the CPU that starts from `seed`.

    Draw from it on the CPU, then move what was drawn: so every device sees the same numbers.
    """
    return torch.Generator().manual_seed(seed)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one CPU thread while this lasts.

    The products of a small network are done before several threads have agreed who does what. On
    a machine that is busy with other things they mostly wait for each other.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
