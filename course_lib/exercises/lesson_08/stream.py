"""Exercise 08.stream: an epoch over rows that stay on the disk, one batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim.batches import stream_epoch


@dataclass
class Epoch:
    """What a call has done so far: steps made, and rows copied since the last of them."""

    steps: int = 0
    copied: int = 0


class Rows(np.ndarray):
    """Rows `(n, d)` like those of a mapped file: places copy them, a slice is a view of them.

    At each step all rows grow by 1, so that rows which were read before their step are told from
    those in time, in whatever way they were read. What goes unseen is a copy of all rows that torch
    or NumPy makes inside the loop, without asking the rows: `torch.tensor(rows)[places]`.
    """

    def __new__(cls, values: np.ndarray) -> Rows:
        rows = values.copy().view(cls)
        rows.first, rows.epoch, rows.handed_out = values, Epoch(), False
        return rows

    def __array_finalize__(self, other: Any) -> None:
        self.epoch, self.handed_out = getattr(other, "epoch", None), True

    def __repr__(self) -> str:
        return f"rows of shape {self.shape} on the disk"

    def __reduce__(self) -> tuple:
        """What `pickle` calls: another process gets the rows as they were at first."""
        return Rows, (self.first,)

    def begin(self) -> None:
        self[...] = self.first
        self.epoch.steps = self.epoch.copied = 0

    def copy(self, order: str = "C") -> np.ndarray:
        """Before a call, the rows that are handed out, with the same memory; then a true copy."""
        return self[np.arange(len(self))] if self.handed_out else self.view()

    def __getitem__(self, key: Any) -> Any:
        picked = super().__getitem__(key)
        if not isinstance(picked, np.ndarray) or np.may_share_memory(picked, self):
            return picked
        self.epoch.copied += len(picked) if picked.ndim == self.ndim else 1
        return np.asarray(picked)

    def take(self, places: Any, axis: int | None = None, **_: Any) -> np.ndarray:
        """What `np.take` calls; along the rows it copies no more than these."""
        return self[places] if axis == 0 else np.asarray(self).take(places, axis=axis)


class Source(torch.Generator):
    """A generator that is copied for each call of an answer: then the epoch begins anew."""

    def __new__(cls, rows: Rows) -> Source:
        source = super().__new__(cls)
        source.rows = rows
        return source

    def __repr__(self) -> str:
        return "a generator"

    def __reduce__(self) -> tuple:
        """What `pickle` calls; torch's own way forgets the rows."""
        return _source, (self.rows, self.get_state())

    def clone_state(self) -> Source:
        self.rows.begin()
        return _source(self.rows, self.get_state())


def _source(rows: Rows, state: Tensor) -> Source:
    source = Source(rows)
    source.set_state(state)
    return source


def _recording(rows: Rows) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a step that adds a row to the state: what it was handed, and when.

    These are the rows in x, the rows copied for it, the steps before it, and the sums of columns.
    Fewer copies than rows do no harm: a view needs none. More than all rows count as all. Those
    before the first step are not looked at: they may be for all steps, and then the sums are wrong.
    """

    def step(state: Tensor, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"step takes a tensor, and got {type(x).__name__}")
        if x.ndim != 2:
            raise ValueError(f"step takes rows (B, d), and got the shape {tuple(x.shape)}")
        epoch, before = rows.epoch, rows.epoch.steps
        copied = max(len(x), min(epoch.copied, len(rows))) if before else len(x)
        sums = (x - before).sum(dim=0)
        rows[...] += 1
        epoch.steps, epoch.copied = before + 1, 0
        return torch.cat([state, torch.cat([torch.tensor([len(x), copied, before]), sums])[None]])

    return step


def _stream_cases(seed: int) -> list[Case]:
    def case(
        words: str, n: int, d: int, size: int, dtype: torch.dtype = torch.float64, **more: bool
    ) -> Case:
        own = generator(20_000 + 100 * seed + n)
        rows = Rows(torch.randn(n, d, generator=own, dtype=dtype).numpy())
        args = (
            rows,
            size,
            _source(rows, own.get_state()),
            _recording(rows),
            torch.full((1, d + 3), 0.5, dtype=dtype),
        )
        return Case(f"{words}, {n} rows in batches of {size}", args, **more)

    return [
        case("a short last batch", 11, 3, 4),
        case("a short last batch", 23, 2, 5),
        case("batches that come out even", 12, 2, 3),
        case("more columns than rows in a batch", 17, 8, 5),
        case("a last batch of one row", 13, 3, 4, special=True),
        case("batches of one", 5, 2, 1, special=True),
        case("one batch of all", 6, 2, 6, special=True),
        case("a size above the number of rows", 4, 3, 9, special=True),
        case("a single row", 1, 2, 1, special=True),
        case("float32", 10, 3, 4, torch.float32, special=True),
    ]


def _by_slices(rows, size, source, step, state):
    order = torch.randperm(len(rows), generator=source).tolist()
    for first in range(0, len(order), size):
        state = step(state, torch.tensor(rows[order[first : first + size]]))
    return state


def _row_by_row(rows, size, source, step, state):
    for chosen in torch.randperm(len(rows), generator=source).split(size):
        state = step(state, torch.stack([torch.from_numpy(rows[i]) for i in chosen.tolist()]))
    return state


def _sorted_places(rows, size, source, step, state):
    for chosen in torch.randperm(len(rows), generator=source).split(size):
        state = step(state, torch.from_numpy(rows[np.sort(chosen.numpy())]))
    return state


def _mapped_before_the_loop(rows, size, source, step, state):
    mapped = torch.from_numpy(rows)
    for chosen in torch.randperm(len(rows), generator=source).split(size):
        state = step(state, mapped[chosen])
    return state


def _mapped_in_the_loop(rows, size, source, step, state):
    for chosen in torch.randperm(len(rows), generator=source).split(size):
        state = step(state, torch.from_numpy(rows[:])[chosen])
    return state


SLIPS = """
read whole:
    | whole = torch.tensor(rows)
    | for chosen in batches(len(rows), size, generator):
    |     state = step(state, whole[chosen])
    | return state
    All rows are read before the first step, so the whole file lies in memory. Cut the order of
    places, which is small, and index `rows` inside the loop, with the places of one batch.
whole file for each batch: rows[ → rows.copy()[
    For each batch the whole file is read, and most of it thrown away. Index `rows` with the
    places of the batch.
in the order of the file: batches(len(rows), size, generator) → torch.arange(len(rows)).split(size)
    The rows come in the order in which they are stored. Shuffle the places first, with the
    generator.
only the order of batches shuffled:
    | parts = torch.arange(len(rows)).split(size)
    | for i in torch.randperm(len(parts), generator=generator):
    |     state = step(state, torch.from_numpy(rows[parts[i].numpy()]))
    | return state
    Only the order of the batches is random; in each stand neighbours, as they were stored. Here
    every row must be shuffled.
last batch dropped: step(state, x) → step(state, x) if len(x) == size else state
    The last batch is left out where it is short. Its rows are never seen.
state not handed on: state = step → last = step ; return state → return last
    Each step begins from the first state, so what the steps before learned is lost. Look at
    what you hand to `step`, and at where its result goes.
result thrown away: state = step → step
    The state at the end is the one at the beginning: what `step` returns is thrown away.
one step only: state = step → return step
    Only the first batch makes a step. Does a `return` stand inside your loop?
all states:
    | states = []
    | for chosen in batches(len(rows), size, generator):
    |     state = step(state, torch.from_numpy(rows[chosen.numpy()]))
    |     states.append(state)
    | return states
    All states come back, in a list. The exercise asks for the last one.
batches, no steps:
    | parts = batches(len(rows), size, generator)
    | return [torch.from_numpy(rows[chosen.numpy()]) for chosen in parts]
    Batches come back, all of them in memory, and no step is made. Call `step` on each when it
    is read, and return the state.
arrays handed to step: torch.from_numpy(rows[chosen.numpy()]) → rows[chosen.numpy()]
    `step` gets a NumPy array. It needs a tensor: `torch.from_numpy` makes one without copying.
places handed to step: , x → , chosen
    `step` gets the places of the batch. It needs the rows that stand there.
batch and state swapped: state, x → x, state
    `step` gets the batch where it expects the state. The state comes first.
a tensor as index: chosen.numpy() → chosen
    A batch of one row loses an axis: NumPy takes a tensor that holds a single number for a
    number. Index with an array of places.
one row at a time: , size → , 1
    Every row makes a step of its own. Cut the order into batches of `size`.
with replacement:
    | n = len(rows)
    | for chosen in torch.randint(n, (n,), generator=generator).split(size):
    |     state = step(state, torch.from_numpy(rows[chosen.numpy()]))
    | return state
    Some rows come twice and some never: the places are drawn with replacement.
a new order for each batch:
    | for chosen in batches(len(rows), size, generator) → for _ in range(0, len(rows), size)
    | chosen.numpy() → torch.randperm(len(rows), generator=generator).numpy()[:size]
    The batches overlap: each is the beginning of a new order. Draw one order for the epoch, and
    cut it.
a new order for each slice:
    | for chosen in batches(len(rows), size, generator) → for i in range(0, len(rows), size)
    | chosen.numpy() → torch.randperm(len(rows), generator=generator).numpy()[i : i + size]
    Each batch is cut from a new order, so some rows come twice and others never. Draw one
    order, before the loop.
so many batches: , size → , -(-len(rows) // size)
    There are about `size` batches. Each should hold `size` rows.
seed 0: , generator → , generator.manual_seed(0)
    Whatever generator you are given, the order is that of seed 0, so every epoch repeats it.
    Draw from the generator that is handed in.
seed 42: , generator → , generator.manual_seed(42)
    Whatever generator you are given, the order is that of seed 42, so every epoch repeats it.
    Draw from the generator that is handed in.
another precision: , x → , x.half()
    The rows change their precision on the way. Hand them to `step` as they are stored.
read twice: rows[chosen.numpy()] → (rows[chosen.numpy()], rows[chosen.numpy()])[0]
    Each row is read twice. Index `rows` once for each batch, and keep what you got in a
    variable.
rows as a tensor, no steps: torch.from_numpy(rows)
    All rows come back, as a tensor. No step is made: call `step` on each batch, and return the
    state after the last.
each place alone:
    | batches(len(rows), size, generator) → torch.randperm(len(rows), generator=generator)
    Your loop goes through single places, and hands `step` single rows. Cut the order into
    batches first; `step` takes rows of shape (B, d).
a slice from each place:
    | batches(len(rows), size, generator) → torch.randperm(len(rows), generator=generator)
    | rows[chosen.numpy()] → rows[chosen : chosen + size]
    At each place of the order you read a slice of neighbours. Cut the order into batches, and
    read the rows at these places.
step after the loop: state = step(state, x) → pass ; return state → return step(state, x)
    `step` is called once, on the last batch. It stands after the loop: look at how far it is
    indented.
state added to the result: = step( → = state + step(
    What `step` gives is added to the state. It is the next state, and takes the place of the
    one before.
float32: , x → , x.float()
    The rows become float32 on the way. Hand them to `step` as they are stored.
"""

STREAM = Exercise(
    id="08.stream",
    points=3,
    asks="an epoch over rows that stay on the disk",
    reference=stream_epoch,
    cases=_stream_cases,
    hints=(
        "How much may lie in memory at once? Draw the order of the places first: they are small. "
        "When is a row needed?",
        "Inside the loop: index `rows` with the places of one batch, and nothing more. What you "
        "get is a NumPy array that was copied from the file; `torch.from_numpy` makes it a tensor.",
        "Each `step` takes the state that the one before gave. Index with `chosen.numpy()`: "
        "NumPy takes a tensor with a single number for a number, and drops an axis.",
    ),
    slips=slips(SLIPS, stream_epoch),
    also_right=(
        _by_slices,
        _row_by_row,
        _sorted_places,
        _mapped_before_the_loop,
        _mapped_in_the_loop,
    ),
)
