"""A rule compiled: one graph for all parameters, which reads and writes each place once.

A rule is read once and split. What it does with numbers is Python, at every step; the rest is run
on every row `(p, *slots, g)` and its results are copied into place, and all of that is compiled as
one function. Numbers come into it as a small tensor, so that t, lr and the others may change.

A graph is for tensors of certain shapes. For many tensors it takes long to compile. Then there is,
if the rule is elementwise, a graph for rows of any length instead, and small tensors are laid end
to end, as without the compiler.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.bucket import KEPT, EndToEnd, Hyper, Row, Runner, alike, follow, write
from course_lib.optim.compiled import PLACES, compile_in_place, recorded, traced
from course_lib.optim.probe import is_elementwise, some, split
from course_lib.optim.signature import Rule, as_tuple, hyper_names, slot_names

MANY = 16  # tensors from which on an elementwise rule has graphs for any length


def compiled_runner(rule: Rule, otherwise: Runner, **hyper: float) -> Runner:
    """Return a runner that compiles a rule. It leaves what is not worth that to `otherwise`.

    hyper: settings to try the rule with. Raises an exception, of whatever kind, for a rule that
    cannot be compiled: one that asks what a tensor or a number is.
    """
    in_place = InPlace(rule, **hyper)
    few = OneGraph(in_place, otherwise)
    many = EndToEnd(AnyLength(in_place)) if is_elementwise(rule, **hyper) else few

    def run(rows: Sequence[Row], hyper: Hyper) -> None:
        (few if len(rows) < MANY else many)(rows, hyper)

    return run


class InPlace:
    """A rule as a function of numbers and tensors that writes its results into the tensors.

    `f(values, *tensors)`: the numbers that `numbers` makes of the hyper-parameters, as a tensor,
    and rows, one after the other.
    """

    def __init__(self, rule: Rule, **hyper: float):
        self._of_numbers, self._places = split(rule, **hyper)
        self._names = hyper_names(rule)
        self.width = 2 + len(slot_names(rule))
        self._try(rule, {"t": 3, **hyper})

    def numbers(self, hyper: dict[str, float]) -> list[float]:
        """Return what a step needs, worked out in Python: 1 − βᵗ has all its digits."""
        return self._of_numbers(*[hyper[name] for name in self._names])

    def __call__(self, values: Tensor, *tensors: Tensor) -> tuple[()]:
        for start in range(0, len(tensors), self.width):
            *old, g = tensors[start : start + self.width]
            p, *slots = old
            write(old, self.results(values, p, g, slots))
        return ()

    def results(
        self, values: Tensor, p: Tensor, g: Tensor, slots: Sequence[Tensor]
    ) -> tuple[Tensor, ...]:
        """Return the new parameter and its slots, in memory that may be that of the old ones."""
        return as_tuple(self._places(p, g, *slots, *values))

    def _try(self, rule: Rule, hyper: dict[str, float]) -> None:
        """Raise an exception unless this gives what the rule gives, with numbers in a tensor."""
        p, g, *slots = some(rule)
        expected = rule(p, g, *slots, **{name: hyper[name] for name in self._names})
        p, g, *slots = some(rule)
        inputs = [torch.tensor(self.numbers(hyper), dtype=p.dtype), p, *slots, g]
        traced(self, inputs)  # which also runs it
        for found, due in zip((p, *slots), as_tuple(expected), strict=True):
            torch.testing.assert_close(found, due, equal_nan=True)


class OneGraph:
    """A runner with one graph for all rows, for every set of shapes that comes."""

    def __init__(self, in_place: InPlace, otherwise: Runner):
        self._in_place, self._otherwise = in_place, otherwise
        self._graphs: dict[Any, Callable[..., Any]] = {}
        self._steps: dict[int, _Step] = {}  # by where the first parameter lies

    def __call__(self, rows: Sequence[Row], hyper: Hyper) -> None:
        tensors = [tensor for row in rows for tensor in row]
        home = _home(tensors, self._in_place.width)
        step = self._steps.get(home[0])
        if step is None or step.home != home:
            first, *others = alike(rows)
            if others:
                for few in (first, *others):
                    self(few, hyper)
                return
            follow(rows)
            step = self._new(tensors, hyper)
            if step is None:
                return self._otherwise(rows, hyper)
            if len(self._steps) == KEPT:
                self._steps.clear()
            self._steps[home[0]] = step
        step(tensors, self._in_place.numbers(hyper))

    def _new(self, tensors: list[Tensor], hyper: dict[str, float]) -> "_Step | None":
        """Return a step for these tensors, or None if there are too many graphs."""
        numbers = Numbers(self._in_place.numbers(hyper), tensors[0])
        looks = [(x.dtype, x.shape, x.stride()) for x in tensors]
        kind = torch.get_num_threads(), tensors[0].device, *looks
        if kind not in self._graphs:
            if len(self._graphs) == KEPT:  # always in other company: not worth compiling
                return None
            # Two gradients may be one tensor, but not at every step: each is given as its own.
            like, last = list(tensors), slice(self._in_place.width - 1, None, self._in_place.width)
            like[last] = [g.detach() for g in like[last]]
            self._graphs[kind] = compile_in_place(self._in_place, [numbers.tensor, *like])
        return _Step(self._graphs[kind], numbers, tensors, self._in_place.width)


class _Step:
    """A graph, and tensors that are surely what it was compiled for while they are as at home.

    It holds the memory of parameters and slots, so that nothing else can come to lie there.
    """

    def __init__(
        self, graph: Callable[..., Any], numbers: "Numbers", tensors: list[Tensor], width: int
    ):
        self._graph, self._numbers, self.home = graph, numbers, _home(tensors, width)
        self._memory = [x.detach() for i, x in enumerate(tensors, start=1) if i % width]
        self._where: list[int] = []
        self._replay: Callable[[], None] | None = None

    def __call__(self, tensors: list[Tensor], numbers: list[float]) -> None:
        self._numbers.set(numbers)
        values = self._numbers.tensor
        if not values.is_cuda:
            self._graph(values, *tensors)
            return
        where = [tensor.data_ptr() for tensor in tensors]
        if where != self._where:  # the first step here, or the gradients have moved
            self._where, self._replay = where, None
            self._graph(values, *tensors)
            return
        self._replay = self._replay or recorded(self._graph, [values, *tensors])
        self._replay()


class Numbers:
    """A few numbers in a tensor of their own, as exact as a step with p should be."""

    def __init__(self, numbers: list[float], p: Tensor):
        exact = p.dtype == torch.float64
        self._kind = "d" if exact else "f"
        self._numbers = array(self._kind, numbers)
        self._here = torch.frombuffer(
            self._numbers or array("b", [0]), dtype=torch.float64 if exact else torch.float32
        )
        self.tensor = self._here.to(p.device)

    def set(self, numbers: list[float]) -> None:
        """Change the numbers."""
        now = array(self._kind, numbers)
        if now != self._numbers:
            self._numbers[:] = now
            if self.tensor.device != self._here.device:
                self.tensor.copy_(self._here, non_blocking=True)


class AnyLength:
    """A runner for rows `(elements,)` of an elementwise rule: a graph for short ones, and one for
    long ones, which has many threads."""

    def __init__(self, in_place: InPlace):
        self._in_place = in_place
        self._graphs: dict[Any, Callable[..., Any]] = {}

    def __call__(self, rows: Sequence[Row], hyper: Hyper) -> None:
        numbers = self._in_place.numbers(hyper)
        for row in rows:
            p = row[0]
            long, values = len(p) >= 2 * PLACES, Numbers(numbers, p).tensor
            kind = long, torch.get_num_threads(), p.device, *(x.dtype for x in row)
            if kind not in self._graphs:
                length = 16 * PLACES if long else PLACES  # whatever the row's: 1 is a special case
                like = [x.new_empty(length) for x in row]
                self._graphs[kind] = compile_in_place(
                    self._in_place, [values, *like], any_length=True
                )
            self._graphs[kind](values, *row)


def _home(tensors: list[Tensor], width: int) -> list[Any]:
    """Return what tells whether tensors are other ones than at the last step, or have changed.

    Parameters and slots lie where they lay. Gradients may be new; they look as they looked.
    """
    found: list[Any] = [x.data_ptr() for x in tensors]
    last = slice(width - 1, None, width)
    found[last] = [(g.shape, g.stride(), g.dtype) for g in tensors[last]]
    return found
