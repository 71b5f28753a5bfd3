"""Settings times seeds, the shape of a comparison: what a seed draws, and every setting on it.

def draw(seed):
    start = networks.start([64, 32, 10], generator(2000 + seed))
    return Run(start, resplit(digits(), generator(seed)), generator(1000 + seed))

found = grid(network, draw_runs(draw, range(24)), settings={"lr": [0.1, 0.3]}, ...)
found.measure(accuracy)  # (settings, seeds)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from course_lib.lab.batched import Measure, each_run
from course_lib.lab.data import Dataset, Split
from course_lib.lab.sweep import sweep
from course_lib.lab.training import Forward, Params, to_device


class Run(NamedTuple):
    """What is random in one run."""

    start: Params
    data: Dataset
    order: torch.Generator  # what draws the order of the examples

    def to(self, device: torch.device | str) -> "Run":
        """Return the same run with its tensors on `device`."""
        return Run(to_device(self.start, device), self.data.to(device), self.order)


class Runs(NamedTuple):
    """What is random in several runs, with the runs in front."""

    start: Params  # (runs, ...)
    data: Dataset  # x (runs, n, ...), y (runs, n)
    orders: list[torch.Generator]

    def to(self, device: torch.device | str) -> "Runs":
        """Return the same runs with their tensors on `device`."""
        return Runs(to_device(self.start, device), self.data.to(device), self.orders)

    def repeat(self, times: int) -> "Runs":
        """Return all runs, then all once more, so many times. No two share a generator."""
        start = {name: _repeat(value, times) for name, value in self.start.items()}
        data = Dataset(self.data.name, *(_repeat_split(p, times) for p in parts(self.data)))
        return Runs(start, data, [own.clone_state() for _ in range(times) for own in self.orders])


def draw_runs(draw: Callable[[int], Run], seeds: Iterable[int]) -> Runs:
    """Return what is random in the run of each seed."""
    starts, data, orders = zip(*(draw(seed) for seed in seeds), strict=True)
    return Runs(stack_params(starts), stack_data(data), list(orders))


def stack_params(each: Sequence[Params]) -> Params:
    """Return parameters `(...)` of several runs as one, with the runs in front, `(runs, ...)`."""
    return {name: torch.stack([own[name] for own in each]) for name in each[0]}


def stack_data(each: Sequence[Dataset]) -> Dataset:
    """Return data sets of one size as one: x `(runs, n, ...)` and y `(runs, n)` in each part."""
    splits = zip(*(parts(own) for own in each), strict=True)
    return Dataset(each[0].name, *(stack_splits(of_part) for of_part in splits))


def stack_splits(each: Sequence[Split]) -> Split:
    """Return splits of one size as one: x `(runs, n, ...)` and y `(runs, n)`."""
    return Split(torch.stack([own.x for own in each]), torch.stack([own.y for own in each]))


def parts(data: Dataset) -> tuple[Split, Split, Split]:
    """Return the three parts: train, validation, test."""
    return data.train, data.validation, data.test


@dataclass(frozen=True)
class Grid:
    """What came of every setting on every seed."""

    forward: Forward
    params: Params  # (settings, seeds, ...)
    history: dict[str, Tensor]  # (settings, seeds, ...), as `sweep` gives it
    data: Dataset  # (seeds, n, ...)

    def measure(self, what: Measure, part: str = "test") -> Tensor:
        """Return `what(outputs, answers)` on a part of the data, `(settings, seeds)`."""
        shape = self.history["diverged"].shape
        flat = {name: value.flatten(0, 1) for name, value in self.params.items()}
        split = _repeat_split(getattr(self.data, part), shape[0])
        return each_run(what, self.forward, flat, split).view(shape)

    def loss(self, part: str, *, at_most: float) -> Tensor:
        """Return the cross-entropy on a part of the data, `(settings, seeds)`, float64.

        A loss above `at_most`, such as that of a guess, counts as `at_most`, and so does that of a
        run that diverged.
        """
        found = self.measure(cross_entropy, part).double()
        return found.nan_to_num(nan=at_most).clamp(max=at_most)

    def last_loss(self) -> Tensor:
        """Return the validation loss after the last epoch, `(settings, seeds)`.

        Infinite where a run diverged, so that such a setting is never the best.
        """
        last = self.history["validation_loss"][..., -1].nan_to_num(nan=torch.inf)
        return last.masked_fill(self.history["diverged"], torch.inf)


def grid(
    forward: Forward,
    runs: Runs,
    *,
    settings: Mapping[str, Sequence[float]],
    starts: Params | None = None,
    label: str | None = None,
    **how: Any,
) -> Grid:
    """Train every setting on every seed, as one sweep.

    runs: one a seed; all settings share its data and the order of its examples. settings: what the
    rule takes, `{"lr": [0.1, 0.3]}`, a value for each setting under each name. starts: parameters
    `(settings, seeds, ...)` where each setting starts elsewhere; None where all start as `runs`.
    how: what `sweep` takes besides (`rule`, `epochs`, `batch_size`, `loss`, `chunk`, …).
    Raises ValueError for names with other numbers of settings than the first, and as `sweep` does.
    """
    many = _count(settings)
    seeds, wide = len(runs.orders), runs.repeat(many)
    hyper = {
        name: torch.as_tensor(values, dtype=torch.float64).repeat_interleave(seeds)
        for name, values in settings.items()
    }
    begin = wide.start
    if starts is not None:
        begin = {name: value.flatten(0, 1) for name, value in starts.items()}
    found = sweep(forward, begin, wide.data, generators=wide.orders, label=label, **hyper, **how)
    params, history = (
        {name: value.view(many, seeds, *value.shape[1:]) for name, value in side.items()}
        for side in found
    )
    return Grid(forward, params, history, runs.data)


def _count(settings: Mapping[str, Sequence[float]]) -> int:
    counts = {name: len(values) for name, values in settings.items()}
    if not counts or min(counts.values()) != max(counts.values()) or not max(counts.values()):
        raise ValueError(f"settings holds {counts}; all names need as many values")
    return max(counts.values())


def _repeat(value: Tensor, times: int) -> Tensor:
    return value.repeat(times, *[1] * (value.ndim - 1))


def _repeat_split(split: Split, times: int) -> Split:
    return Split(_repeat(split.x, times), _repeat(split.y, times))
