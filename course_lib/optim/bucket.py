"""Running a rule as it is written, and small tensors laid end to end so that it is called once.

What a step works on are rows, one for each parameter: `(p, *slots, g)`. A runner is given rows, the
number of the step and the hyper-parameters, and takes that step in place.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply

Row = Sequence[Tensor]
Hyper = dict[str, Any]  # t, lr, …
Runner = Callable[[Sequence[Row], Hyper], None]

CHUNK = 2**16  # elements at a time on a CPU: a rule's intermediate results then stay in its cache
KEPT = 64  # buckets, and graphs, of one optimizer
LARGE = {"cpu": 2**16, "cuda": 2**22}  # from so many elements on, a tensor is worth its own call


def advance(rule: Rule, rows: Iterable[Row], hyper: Hyper) -> None:
    """Apply a rule to each row, and write what it returns over the parameter and its slots.

    Raises ValueError for a result of another shape, and as `apply` does.
    """
    for *old, g in rows:
        p, *slots = old
        new, kept = apply(rule, p, g, tuple(slots), **hyper)
        write(old, (new, *kept))


def run_as_written(rule: Rule, rows: Sequence[Row], hyper: Hyper) -> None:
    """Take a step of a rule of which nothing is known: with each parameter as it is."""
    follow(rows)
    advance(rule, rows, hyper)


def follow(rows: Iterable[Row]) -> None:
    """Move slots to where their parameter is, and to its dtype: the model may have been moved."""
    for p, *slots, _ in rows:
        for slot in slots:
            if slot.dtype != p.dtype or slot.device != p.device:
                slot.data = slot.to(p)


def alike(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows in groups of one dtype and device."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault((row[0].dtype, row[0].device), []).append(row)
    return list(groups.values())


def write(places: Sequence[Tensor], new: Sequence[Tensor]) -> None:
    """Copy new values into their places. Raises ValueError for one of another shape."""
    for place, value in zip(places, new, strict=True):
        if value.shape != place.shape:
            raise ValueError(f"a result has shape {tuple(value.shape)}, not {tuple(place.shape)}")
    for place, value in zip(places, new, strict=True):
        place.copy_(value)


def advance_in_pieces(rule: Rule, rows: Iterable[Row], hyper: Hyper) -> None:
    """Do what `advance` does for an elementwise rule and rows `(elements,)`, piece by piece.

    On a GPU the whole is one piece: there a call costs more than the cache saves.
    """
    for row in rows:
        if row[0].numel() > CHUNK and row[0].device.type == "cpu":
            advance(rule, zip(*(whole.split(CHUNK) for whole in row), strict=True), hyper)
        else:
            advance(rule, [row], hyper)


class EndToEnd:
    """A runner for elementwise rules, which do not care where one tensor ends and the next begins.

    `run` is another one, for rows `(elements,)`. It is given large tensors as they are, and all
    small ones as a single row.
    """

    def __init__(self, run: Runner):
        self._run = run
        self._buckets: dict[int, Bucket] = {}  # by where their first parameter lies

    def __call__(self, rows: Sequence[Row], hyper: Hyper) -> None:
        large = LARGE.get(rows[0][0].device.type, CHUNK)
        small = [row for row in rows if row[0].numel() < large]
        for row in rows if len(small) < len(rows) else ():
            if row[0].numel() >= large:
                self._alone(row, hyper)
        if small:
            self._together(small, hyper)

    def _alone(self, row: Row, hyper: Hyper) -> None:
        follow([row])
        if all(x.is_contiguous() for x in row[:-1]):
            *old, g = row
            self._run([[*(x.detach().view(-1) for x in old), g.contiguous().view(-1)]], hyper)
        else:
            self._together([row], hyper)

    def _together(self, rows: Sequence[Row], hyper: Hyper) -> None:
        where = rows[0][0].data_ptr()
        bucket = self._buckets.get(where)
        if bucket is None or not bucket.holds(rows):
            first, *others = alike(rows)
            if others:
                for few in (first, *others):
                    self._together(few, hyper)
                return
            if len(self._buckets) == KEPT:
                self._buckets.clear()
            bucket = self._buckets[where] = Bucket(rows)
        params = [row[0] for row in rows]
        torch._foreach_copy_(bucket.rooms, params + [row[-1] for row in rows])
        self._run([bucket.row], hyper)
        torch._foreach_copy_(params, bucket.of_params)


class Bucket:
    """Room for some parameters and their gradients, each end to end. Their slots move in for good.

    row: parameters, slots and gradients, each `(elements,)`. of_params: the places in it where the
    parameters go. rooms: these, and those of the gradients.
    """

    def __init__(self, rows: Sequence[Row]):
        follow(rows)
        sizes = [row[0].numel() for row in rows]
        self.row = [rows[0][0].new_empty(sum(sizes)) for _ in rows[0]]
        params, *slots, gradients = (
            [part.view(p.shape) for part, (p, *_) in zip(flat.split(sizes), rows, strict=True)]
            for flat in self.row
        )
        self.of_params, self.rooms = params, params + gradients
        for places, (_, *own, _) in zip(zip(*slots, strict=True), rows, strict=False):
            for place, slot in zip(places, own, strict=True):
                slot.data = place.copy_(slot)
        self._at_home = _where(rows)

    def holds(self, rows: Sequence[Row]) -> bool:
        """Return whether these are its parameters, as they were, and their slots still live here.

        Where a parameter lies in memory does not matter: it is copied.
        """
        return self._at_home == _where(rows)


def _where(rows: Sequence[Row]) -> list[Any]:
    found: list[Any] = [rows[0][0].device]
    found += [row[0].dtype for row in rows]
    found += [row[0].shape for row in rows]
    found += [slot.data_ptr() for row in rows for slot in row[1:-1]]
    return found
