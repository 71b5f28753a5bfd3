"""Many runs as one, compiled: a step is one graph that works in place, and so is a measurement."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.lab.batched import AsWritten, Settings, Task
from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.training import Params
from course_lib.optim.bucket import write
from course_lib.optim.compiled import compile_in_place, recorded
from course_lib.optim.one_graph import InPlace
from course_lib.optim.probe import apart
from course_lib.optim.settings import complete
from course_lib.optim.signature import Rule, hyper_names


class Graphs:
    """What all runs of a task share: their rule in two halves, and a graph for each set of shapes.

    settings: to try the rule with. Raises an exception, of whatever kind, for a rule that cannot be
    compiled: one that asks what a tensor or a number is.
    """

    def __init__(self, rule: Rule, settings: Settings):
        tried = complete(rule, {name: value[0].item() for name, value in settings.items()})
        self.rule = InPlace(apart(rule, **tried), **tried)
        self._graphs: dict[Any, Callable[..., Any]] = {}

    @one_thread()
    def call(self, f: Callable[..., tuple[()]], inputs: Sequence[Tensor]) -> "Call":
        """Return a call of f, which writes into its inputs, on these inputs, on one thread."""
        kind = f.__name__, *[(x.dtype, x.device, x.shape, x.stride()) for x in inputs]
        if kind not in self._graphs:
            self._graphs[kind] = compile_in_place(f, inputs)
        return Call(self._graphs[kind], inputs)


class Call:
    """A call of a graph on tensors that stay where they are. On a GPU it is recorded at first."""

    def __init__(self, graph: Callable[..., Any], inputs: Sequence[Tensor]):
        self._graph, self.inputs = graph, inputs
        self._replay: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self._replay:
            self._replay()
            return
        self._graph(*self.inputs)
        if self.inputs[0].is_cuda:
            self._replay = recorded(self._graph, self.inputs)


class Compiled(AsWritten):
    """Runs side by side, whose steps and measurements are graphs.

    What the rule does with numbers alone, such as `1 − βᵗ`, is done beforehand, in float64.
    """

    def __init__(
        self, graphs: Graphs, task: Task, params: Params, data: Dataset, settings: Settings
    ):
        super().__init__(task, params, data, settings)
        self._graphs, self._hyper = graphs, complete(task.rule, settings)
        self._steps: dict[int, Call] = {}
        p, train, validation = self.state[0], data.train, data.validation
        kind = torch.promote_types(p.dtype, torch.float32)
        self._numbers = self._numbers_at(1).to(p.device, kind)
        self._losses = p.new_empty(2, len(p))
        parts = train.x, train.y, validation.x, validation.y
        inputs = [self._losses, *parts, *self.params.values()]
        self._measure = graphs.call(self._measure_in_place, inputs)

    def step(self, chosen: Tensor) -> None:
        """Take the next step of every run, on the examples `chosen` `(runs, b)` of its data."""
        self.t += 1
        if "t" in hyper_names(self.task.rule):
            self._numbers.copy_(self._numbers_at(self.t), non_blocking=True)
        size = chosen.shape[1]
        if size not in self._steps:  # the last batch may be short
            train = self.data.train
            place = chosen.clone(memory_format=torch.contiguous_format)
            inputs = [place, self._numbers, train.x, train.y, *self.state]
            self._steps[size] = self._graphs.call(self._step_in_place, inputs)
        self._steps[size].inputs[0].copy_(chosen)
        self._steps[size]()

    def losses(self) -> Tensor:
        """Return the loss of every run on training and on validation data, `(2, runs)`."""
        self._measure()
        return self._losses.clone()

    def moved(
        self, p: Tensor, g: Tensor, slots: Sequence[Tensor], numbers: Tensor
    ) -> Sequence[Tensor]:
        """Return what the rule makes of one parameter of one run: it, and its slots."""
        return self._graphs.rule.results(numbers, p, g, slots)

    def _numbers_at(self, t: int) -> Tensor:
        """Return what step t needs of numbers, `(runs, how many)`, float64, on the CPU."""
        found = self._graphs.rule.numbers({"t": t, **self._hyper})
        runs = len(self.state[0])
        each = [torch.as_tensor(own, dtype=torch.float64).expand(runs) for own in found]
        return torch.stack(each, dim=1) if each else torch.empty(runs, 0)

    def _step_in_place(
        self, chosen: Tensor, numbers: Tensor, x: Tensor, y: Tensor, *state: Tensor
    ) -> tuple[()]:
        write(state, self.stepped(numbers, chosen, Split(x, y), state))
        return ()

    def _measure_in_place(self, losses: Tensor, *inputs: Tensor) -> tuple[()]:
        x, y, validation_x, validation_y, *params = inputs
        parts = Split(x, y), Split(validation_x, validation_y)
        write(losses, self.measured(*parts, self.named(params)))
        return ()
