"""Data that stays on the disk: write a file in parts, and read it in shuffled mini-batches.

A memory-mapped array looks like an array in memory. What is indexed is read from the file, and the
system keeps as much of the file in memory as it has room for, and drops it when it has not.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib.lab.progress import progress_bar
from course_lib.optim.batches import batches

AT_ONCE = 1 << 16  # rows that are made and written together


def write_stream(
    path: str | Path,
    n: int,
    weights: Tensor,
    generator: torch.Generator,
    *,
    noise: float = 0.5,
    label: str | None = "writing",
) -> Path:
    """Write n made-up rows to a .npy file, a part at a time, and return its path.

    A row holds d inputs x and, behind them, an answer y, all float32. x is drawn from N(0, 1), and
    y is `weights · x` plus noise from N(0, noise²). weights: `(d,)`. label: what the progress bar
    says; None for no bar. Raises ValueError for n below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it must be 1 or more")
    rows = np.lib.format.open_memmap(path, mode="w+", dtype="float32", shape=(n, len(weights) + 1))
    for first in progress_bar(range(0, n, AT_ONCE), label, unit="part"):
        part = torch.randn(min(AT_ONCE, n - first), len(weights) + 1, generator=generator)
        part[:, -1] = part[:, :-1] @ weights.to(part) + noise * part[:, -1]
        rows[first : first + len(part)] = part.numpy()
    return Path(path)


def open_stream(path: str | Path) -> np.memmap:
    """Return the rows of a .npy file, `(n, d)`, mapped: nothing is read until it is indexed."""
    return np.load(path, mmap_mode="r")


def stream(
    rows: np.ndarray,
    size: int,
    generator: torch.Generator,
    *,
    block: int = 1,
    label: str | None = "streaming",
) -> Iterator[Tensor]:
    """Yield the rows in shuffled mini-batches `(size, d)`, each read from the file when it is due.

    block: how many rows that stand together in the file also stay together in a batch.
    1 shuffles every row. The order takes 8 bytes a row, and each row is read from another place,
    which is slow where a disk has to seek, or reads whole pages of 4096 bytes for a row of 256.
    A larger block takes as many times fewer reads and numbers. In return the rows of a block always
    meet in one batch: where neighbours in the file are alike, the gradient is noisier. So shuffle
    such a file once, when it is written.
    The last batch may be short, and so may the one that holds the file's last block. label: what
    the progress bar says; None for no bar.
    Raises ValueError for a size or block below 1, and for a size that is no multiple of block.
    """
    if block < 1 or size % block:
        raise ValueError(f"block is {block}; it must be 1 or more, and divide size, {size}")
    n, inside = len(rows), torch.arange(block)
    blocks = batches(-(-n // block), size // block, generator)
    for chosen in progress_bar(blocks, label, unit="batch"):
        places = (block * chosen[:, None] + inside).flatten()
        yield torch.from_numpy(rows[places[places < n].numpy()])
