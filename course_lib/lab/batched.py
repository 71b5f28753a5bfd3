"""Many runs as one: a step of all, and a measurement of all.

Both are written for one run and batched by `torch.func.vmap`. The state of the runs is a list: each
parameter, followed by what the rule remembers of it, all `(runs, ...)`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import grad, vmap

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.training import Forward, Params
from course_lib.optim.signature import Rule, apply, slot_names

Measure = Callable[[Tensor, Tensor], Tensor]  # of outputs (n, ...) and answers (n,), a scalar
Settings = dict[str, Tensor]  # what each run is trained with, (runs,), in float64


class Task(NamedTuple):
    """What all runs have in common."""

    forward: Forward
    loss: Measure
    rule: Rule


def each_run(measure: Measure, forward: Forward, params: Params, split: Split) -> Tensor:
    """Return `measure(outputs, answers)` for every run, `(runs,)`. params: `(runs, ...)`."""

    def one(params: Params, x: Tensor, y: Tensor) -> Tensor:
        return measure(forward(params, x), y)

    with torch.no_grad(), one_thread():
        return vmap(one, in_dims=(0, *run_axes(split)))(params, split.x, split.y)


def run_axes(split: Split) -> tuple[int | None, int | None]:
    """Return where x and y have the runs: 0, or None where all runs share them."""
    return (None if split.x.ndim == 2 else 0), (None if split.y.ndim == 1 else 0)


class AsWritten:
    """Runs side by side, whose steps are made of the operations that the functions name.

    params: where they start, `(runs, ...)`; they stay as they are.
    """

    def __init__(self, task: Task, params: Params, data: Dataset, settings: Settings):
        self.task, self.data, self.t = task, data, 0
        self._settings = {name: value.to(data.train.y.device) for name, value in settings.items()}
        self._names, self._width = list(params), 1 + len(slot_names(task.rule))
        self.state: list[Tensor] = []
        for p in params.values():
            self.state += [p.clone(), *(torch.zeros_like(p) for _ in range(self._width - 1))]

    @property
    def params(self) -> Params:
        """The parameters of the runs as they are now, `(runs, ...)`."""
        return self.named(self.state[:: self._width])

    def named(self, params: Sequence[Tensor]) -> Params:
        """Return parameters with their names."""
        return dict(zip(self._names, params, strict=True))

    def step(self, chosen: Tensor) -> None:
        """Take the next step of every run, on the examples `chosen` `(runs, b)` of its data."""
        self.t += 1
        self.state = self.stepped(self._settings, chosen, self.data.train, self.state)

    def losses(self) -> Tensor:
        """Return the loss of every run on training and on validation data, `(2, runs)`."""
        return torch.stack(self.measured(self.data.train, self.data.validation, self.params))

    def measured(self, train: Split, validation: Split, params: Params) -> list[Tensor]:
        """Return the loss of every run on two parts of the data, each `(runs,)`."""
        forward, loss, _ = self.task
        return [each_run(loss, forward, params, part) for part in (train, validation)]

    def stepped(
        self, numbers: Any, chosen: Tensor, train: Split, state: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the state after a step. numbers: what `moved` needs, with the runs in front."""
        forward, loss, _ = self.task

        def one(numbers: Any, chosen: Tensor, x: Tensor, y: Tensor, *state: Tensor) -> list[Tensor]:
            x, y, params = x[chosen], y[chosen], self.named(state[:: self._width])
            gradients = grad(lambda params: loss(forward(params, x), y))(params)
            new: list[Tensor] = []
            for first, g in zip(range(0, len(state), self._width), gradients.values(), strict=True):
                p, *slots = state[first : first + self._width]
                new += [value.to(p.dtype) for value in self.moved(p, g, slots, numbers)]
            return new

        axes = 0, 0, *run_axes(train), *[0] * len(state)
        return vmap(one, axes)(numbers, chosen, train.x, train.y, *state)

    def moved(
        self, p: Tensor, g: Tensor, slots: Sequence[Tensor], settings: Any
    ) -> Sequence[Tensor]:
        """Return what the rule makes of one parameter of one run: it, and its slots."""
        new, kept = apply(self.task.rule, p, g, tuple(slots), t=self.t, **settings)
        return new, *kept
