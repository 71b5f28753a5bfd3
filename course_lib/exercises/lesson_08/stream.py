"""Exercise 08.stream: an epoch over rows that stay on the disk, one batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...optim import batches


class Rows:
    """Rows `(n, d)` like those of a mapped file. `read` counts how many were copied out of it."""

    def __init__(self, values: np.ndarray):
        self._values, self.read = values, 0
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"rows of shape {self.shape} on the disk"

    def __getitem__(self, key: Any) -> Any:
        picked = np.array(self._values[key])
        self.read += len(picked) if picked.ndim == self.ndim else 1
        return picked

    def take(self, places: Any, axis: int | None = None, **_: Any) -> np.ndarray:
        """What `np.take` calls; along the rows it reads no more than these."""
        return self[places] if axis == 0 else np.take(self[:], places, axis=axis)

    def tolist(self) -> list[list[float]]:
        return self[:].tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype)


class Source(torch.Generator):
    """A generator that is copied for each call of an answer: then the count begins anew."""

    def __new__(cls, rows: Rows) -> Source:
        source = super().__new__(cls)
        source.rows = rows
        return source

    def __repr__(self) -> str:
        return "a generator"

    def clone_state(self) -> Source:
        self.rows.read = 0
        copy = Source(self.rows)
        copy.set_state(self.get_state())
        return copy


def _recording(rows: Rows) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a step that adds a row to the state: rows in x, rows read for it, sums of columns.

    Of reading more than the whole file no more is said than that all of it was read.
    """

    def step(state: Tensor, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"step takes a tensor, and got {type(x).__name__}")
        if x.ndim != 2:
            raise ValueError(f"step takes rows (B, d), and got the shape {tuple(x.shape)}")
        counts = torch.tensor([len(x), min(rows.read, len(rows))], dtype=x.dtype)
        rows.read = 0
        return torch.cat([state, torch.cat([counts, x.sum(dim=0)])[None]])

    return step


def _stream_cases(seed: int) -> list[Case]:
    def case(
        words: str, n: int, d: int, size: int, dtype: torch.dtype = torch.float64, **more: bool
    ) -> Case:
        own = generator(20_000 + 100 * seed + n)
        rows = Rows(torch.randn(n, d, generator=own, dtype=dtype).numpy())
        source = Source(rows)
        source.set_state(own.get_state())
        args = (rows, size, source, _recording(rows), torch.full((1, d + 2), 0.5, dtype=dtype))
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


Step = Callable[[Any, Tensor], Any]


def _order(n: int, source: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=source)


def _stream(*, order=None, batch=None, keep=None):
    """Return an answer with one part replaced.

    order: from the number of rows, the size and the generator, the places in batches. batch: from
    rows and places, the batch. keep: from step, state and batch, the next state.
    """
    order = order or (lambda n, size, source: _order(n, source).split(size))
    batch = batch or (lambda rows, chosen: torch.from_numpy(rows[chosen.numpy()]))
    keep = keep or (lambda step, state, x: step(state, x))

    def answer(rows: Rows, size: int, source: torch.Generator, step: Step, state: Any) -> Any:
        for chosen in order(len(rows), size, source):
            state = keep(step, state, batch(rows, chosen))
        return state

    return answer


def _whole(load: Callable[[Rows], Any], pick: Callable[[Any, Tensor], Tensor]):
    """Return an answer that first loads the whole file."""

    def answer(rows: Rows, size: int, source: torch.Generator, step: Step, state: Any) -> Any:
        loaded = load(rows)
        for chosen in _order(len(loaded), source).split(size):
            state = step(state, pick(loaded, chosen))
        return state

    return answer


def _whole_each_time(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        state = step(state, torch.from_numpy(rows[:])[chosen])
    return state


def _one_step_only(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        return step(state, torch.from_numpy(rows[chosen.numpy()]))


def _state_not_handed_on(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        new = step(state, torch.from_numpy(rows[chosen.numpy()]))
    return new


def _result_thrown_away(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        step(state, torch.from_numpy(rows[chosen.numpy()]))
    return state


def _list_of_states(rows, size, source, step, state):
    states = []
    for chosen in _order(len(rows), source).split(size):
        state = step(state, torch.from_numpy(rows[chosen.numpy()]))
        states.append(state)
    return states


def _list_of_batches(rows, size, source, step, state):
    return [torch.from_numpy(rows[c.numpy()]) for c in _order(len(rows), source).split(size)]


def _sequential(rows, size, source, step, state):
    for first in range(0, len(rows), size):
        state = step(state, torch.from_numpy(rows[first : first + size]))
    return state


def _each_place_alone(rows, size, source, step, state):
    for place in _order(len(rows), source):
        state = step(state, torch.from_numpy(rows[place]))
    return state


def _slice_from_each_place(rows, size, source, step, state):
    for place in _order(len(rows), source):
        state = step(state, torch.from_numpy(rows[place : place + size]))
    return state


def _step_after_the_loop(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        x = torch.from_numpy(rows[chosen.numpy()])
    return step(state, x)


def _last_dropped(n, size, source):
    return [part for part in _order(n, source).split(size) if len(part) == size]


def _order_of_batches(n, size, source):
    parts = torch.arange(n).split(size)
    return [parts[i] for i in _order(len(parts), source).tolist()]


def _seeded(seed: int):
    return _stream(order=lambda n, size, source: _order(n, generator(seed)).split(size))


def _by_slices(rows, size, source, step, state):
    order = torch.randperm(len(rows), generator=source).tolist()
    for first in range(0, len(order), size):
        state = step(state, torch.tensor(rows[order[first : first + size]]))
    return state


def _row_by_row(rows, size, source, step, state):
    for chosen in _order(len(rows), source).split(size):
        state = step(state, torch.stack([torch.from_numpy(rows[i]) for i in chosen.tolist()]))
    return state


STREAM = Exercise(
    id="08.stream",
    points=3,
    asks="an epoch over rows that stay on the disk",
    reference=batches.stream_epoch,
    cases=_stream_cases,
    hints=(
        "How much may lie in memory at once? Draw the order of the places first: they are small. "
        "When is a row needed?",
        "Inside the loop: index `rows` with the places of one batch, and nothing more. What you "
        "get is a NumPy array that was copied from the file; `torch.from_numpy` makes it a tensor.",
        "Each `step` takes the state that the one before gave. Index with `chosen.numpy()`: "
        "NumPy takes a tensor with a single number for a number, and drops an axis.",
    ),
    slips=(
        Slip(
            "read whole",
            _whole(np.array, lambda loaded, chosen: torch.from_numpy(loaded[chosen.numpy()])),
            "All rows are read before the first step, so the whole file lies in memory. Cut the "
            "order of places, which is small, and index `rows` inside the loop, with the places of "
            "one batch.",
        ),
        Slip(
            "whole file for each batch",
            _whole_each_time,
            "For each batch the whole file is read, and most of it thrown away. Index `rows` with "
            "the places of the batch.",
        ),
        Slip(
            "in the order of the file",
            _sequential,
            "The rows come in the order in which they are stored. Shuffle the places first, with "
            "the generator.",
        ),
        Slip(
            "only the order of batches shuffled",
            _stream(order=_order_of_batches),
            "Only the order of the batches is random; in each stand neighbours, as they were "
            "stored. Here every row must be shuffled.",
        ),
        Slip(
            "last batch dropped",
            _stream(order=_last_dropped),
            "The last batch is left out where it is short. Its rows are never seen.",
        ),
        Slip(
            "state not handed on",
            _state_not_handed_on,
            "Each step begins from the first state, so what the steps before learned is lost. Look "
            "at what you hand to `step`, and at where its result goes.",
        ),
        Slip(
            "result thrown away",
            _result_thrown_away,
            "The state at the end is the one at the beginning: what `step` returns is thrown away.",
        ),
        Slip(
            "one step only",
            _one_step_only,
            "Only the first batch makes a step. Does a `return` stand inside your loop?",
        ),
        Slip(
            "all states",
            _list_of_states,
            "All states come back, in a list. Asked is the last one.",
        ),
        Slip(
            "batches, no steps",
            _list_of_batches,
            "Batches come back, all of them in memory, and no step is made. Call `step` on each "
            "when it is read, and return the state.",
        ),
        Slip(
            "arrays handed to step",
            _stream(batch=lambda rows, chosen: rows[chosen.numpy()]),
            "`step` gets a NumPy array. It needs a tensor: `torch.from_numpy` makes one without "
            "copying.",
        ),
        Slip(
            "places handed to step",
            _stream(batch=lambda rows, chosen: chosen),
            "`step` gets the places of the batch. It needs the rows that stand there.",
        ),
        Slip(
            "batch and state swapped",
            _stream(keep=lambda step, state, x: step(x, state)),
            "`step` gets the batch where it expects the state. The state comes first.",
        ),
        Slip(
            "a tensor as index",
            _stream(batch=lambda rows, chosen: torch.from_numpy(rows[chosen])),
            "A batch of one row loses an axis: NumPy takes a tensor that holds a single number for "
            "a number. Index with an array of places.",
        ),
        Slip(
            "one row at a time",
            _stream(
                order=lambda n, size, source: _order(n, source).split(1),
            ),
            "Every row makes a step of its own. Cut the order into batches of `size`.",
        ),
        Slip(
            "with replacement",
            _stream(
                order=lambda n, size, source: torch.randint(n, (n,), generator=source).split(size)
            ),
            "Some rows come twice and some never: the places are drawn with replacement.",
        ),
        Slip(
            "a new order for each batch",
            _stream(
                order=lambda n, size, source: [
                    _order(n, source)[:size] for _ in range(-(-n // size))
                ]
            ),
            "The batches overlap: each is the beginning of a new order. Draw one order for the "
            "epoch, and cut it.",
        ),
        Slip(
            "a new order for each slice",
            _stream(
                order=lambda n, size, source: [
                    _order(n, source)[first : first + size] for first in range(0, n, size)
                ]
            ),
            "Each batch is cut from a new order, so some rows come twice and others never. Draw "
            "one order, before the loop.",
        ),
        Slip(
            "so many batches",
            _stream(order=lambda n, size, source: _order(n, source).chunk(size)),
            "There are about `size` batches. Each should hold `size` rows.",
        ),
        Slip(
            "seed 0",
            _seeded(0),
            "Whatever generator you are given, the order is that of seed 0, so every epoch repeats "
            "it. Draw from the generator that is handed in.",
        ),
        Slip(
            "seed 42",
            _seeded(42),
            "Whatever generator you are given, the order is that of seed 42, so every epoch "
            "repeats it. Draw from the generator that is handed in.",
        ),
        Slip(
            "another precision",
            _stream(batch=lambda rows, chosen: torch.from_numpy(rows[chosen.numpy()]).half()),
            "The rows change their precision on the way. Hand them to `step` as they are stored.",
        ),
        Slip(
            "read twice",
            _stream(
                batch=lambda rows, chosen: torch.from_numpy(
                    rows[chosen.numpy()] if len(rows[chosen.numpy()]) else rows[:0]
                )
            ),
            "Each row is read twice. Index `rows` once for each batch, and keep what you got in a "
            "variable.",
        ),
        Slip(
            "all rows handed to torch",
            lambda rows, size, source, step, state: torch.from_numpy(rows),
            "`torch.from_numpy` is handed all rows. Here they stand for a file: index `rows` with "
            "the places of one batch, then make a tensor of what you got.",
        ),
        Slip(
            "each place alone",
            _each_place_alone,
            "Your loop goes through single places, and hands `step` single rows. Cut the order "
            "into batches first; `step` takes rows of shape (B, d).",
        ),
        Slip(
            "a slice from each place",
            _slice_from_each_place,
            "At each place of the order you read a slice of neighbours. Cut the order into "
            "batches, and read the rows at these places.",
        ),
        Slip(
            "step after the loop",
            _step_after_the_loop,
            "`step` is called once, on the last batch. It stands after the loop: look at how far "
            "it is indented.",
        ),
        Slip(
            "state added to the result",
            _stream(keep=lambda step, state, x: state + step(state, x)),
            "What `step` gives is added to the state. It is the next state, and takes the place of "
            "the one before.",
        ),
        Slip(
            "float32",
            _stream(batch=lambda rows, chosen: torch.from_numpy(rows[chosen.numpy()]).float()),
            "The rows become float32 on the way. Hand them to `step` as they are stored.",
        ),
    ),
    also_right=(
        _by_slices,
        _row_by_row,
        _stream(batch=lambda rows, chosen: torch.from_numpy(rows[np.sort(chosen.numpy())])),
    ),
)
