"""A progress bar over anything that is gone through."""

import os
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm.auto import tqdm

Item = TypeVar("Item")


def progress_bar(items: Iterable[Item], label: str | None, unit: str = "run") -> Iterator[Item]:
    """Yield the items, with a bar that says how far we are and goes away at the end.

    There is no bar without a label, and none where `TQDM_DISABLE` is set, so that a notebook that
    is built or checked holds no bar. (tqdm itself heeds that variable in a terminal only.)
    """
    off = label is None or bool(os.environ.get("TQDM_DISABLE"))
    yield from tqdm(items, desc=label, unit=unit, leave=False, disable=off)
