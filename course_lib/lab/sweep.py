"""Many runs of a small network as one batched program.

A comparison needs dozens of runs, seeds times settings. One after the other, each mostly waits for
Python. Here every tensor has one more axis in front, the run: `(runs, ...)`. A step is written for
one run and batched by `torch.func.vmap`. A run comes out as it would alone.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from course_lib.lab.batched import AsWritten, Measure, Settings, Task, run_axes
from course_lib.lab.compiled_runs import Compiled, Graphs
from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.progress import progress_bar
from course_lib.lab.training import Forward, Params, to_device
from course_lib.optim.batches import batches, epoch_updates
from course_lib.optim.rules import gd
from course_lib.optim.settings import complete
from course_lib.optim.signature import Rule, rule_name


def sweep(
    forward: Forward,
    params: Params,
    data: Dataset,
    *,
    generators: Sequence[torch.Generator],
    epochs: int,
    batch_size: int,
    loss: Measure = cross_entropy,
    rule: Rule = gd,
    label: str | None = "training",
    chunk: int | None = None,
    compiled: bool = False,
    **hyper: float | Tensor,
) -> tuple[Params, dict[str, Tensor]]:
    """Return the trained parameters of every run, and what happened after each epoch.

    forward: `forward(params, x)` for one run, x `(n, d)`.
    params: where each run starts, `(runs, ...)`; they stay as they are, and what comes back is on
    the device of the data.
    data: the same for all runs, x `(n, d)` and y `(n,)`, or one for each run, with the runs in
    front.
    generators: one a run, each its own object; it draws the order of the examples, anew each epoch.
    Runs whose generators start from the same seed see the examples in the same order.
    loss: the mean over a batch. rule: one of `course_lib.optim.rules`; `hyper` is what it takes,
    a number for all runs or a tensor `(runs,)`.
    chunk: how many runs to train at once, so that memory is bounded; None for all.
    compiled: run a step as one graph, and a measurement too. They then take a third to a sixth of
    their time, but each sweep compiles what it is given, for each shape of its tensors (that of a
    last batch or chunk that is short is another): half a second where torch has the graphs on disk,
    some seconds where not. It pays where steps times runs come to 20,000 in the one case, and to
    200,000 in the other. The last digit of a result may differ. A rule that asks what a tensor or
    a number is cannot be compiled: a warning says so, and it runs as it is written.
    label: what the progress bar says; None for no bar.

    The history holds `train_loss` and `validation_loss` `(runs, epochs + 1)`, on the CPU, entry 0
    from before the first step; and `diverged` `(runs,)`: whether a training loss became infinite
    or NaN. Such a run goes on among its NaNs and its neighbours do not notice.
    Raises ValueError for tensors of other than `runs` runs, for one generator given to two runs,
    and for a hyper-parameter that the rule does not take or that is out of range.
    """
    runs = len(generators)
    settings = _settings(rule, hyper, runs)
    if len({id(own) for own in generators}) < runs:
        raise ValueError("generators holds one generator twice; each run needs its own")
    for name, value in params.items():
        if len(value) != runs:
            raise ValueError(f"{name} holds {len(value)} runs; generators holds {runs}")
    epoch_updates(data.train.y.shape[-1], batch_size, epochs)  # raises for a batch_size below 1
    params = to_device(params, data.train.y.device)
    make = _together(Task(forward, loss, rule), settings, compiled=compiled)
    parts = []
    for first in range(0, runs, chunk or runs):
        last = min(first + (chunk or runs), runs)
        some = make(
            {name: value[first:last].detach() for name, value in params.items()},
            _for_runs(data, first, last),
            {name: value[first:last] for name, value in settings.items()},
        )
        words = label if chunk is None or label is None else f"{label}, {last} of {runs} runs"
        how = {"epochs": epochs, "batch_size": batch_size, "label": words}
        parts.append(train_together(some, generators[first:last], **how))
    trained, history = (
        {name: torch.cat([part[name] for part in side]) for name in side[0]}
        for side in zip(*parts, strict=True)
    )
    history["diverged"] = ~history["train_loss"].isfinite().all(dim=1)
    return trained, history


def _together(
    task: Task, settings: Settings, *, compiled: bool
) -> Callable[[Params, Dataset, Settings], AsWritten]:
    """Return what makes runs of parameters, data and settings."""
    if compiled:
        try:
            return partial(Compiled, Graphs(task.rule, settings), task)
        except Exception as reason:  # of whatever kind: it is the rule's
            said = f"{rule_name(task.rule)} cannot be compiled and runs as it is written. "
            warnings.warn(said + f"Tried on tensors (4, 6): {reason}"[:250], stacklevel=3)
    return partial(AsWritten, task)


@one_thread()
def train_together(
    runs: AsWritten,
    generators: Sequence[torch.Generator],
    *,
    epochs: int,
    batch_size: int,
    label: str | None,
) -> tuple[Params, dict[str, Tensor]]:
    """Return the trained parameters of some runs and their history, as `sweep` does for all."""
    y, losses = runs.data.train.y, [runs.losses()]
    for _ in progress_bar(range(epochs), label, unit="epoch"):
        orders = _orders(y.shape[-1], generators).to(y.device)
        for chosen in orders.split(batch_size, dim=1):
            runs.step(chosen)
        losses.append(runs.losses())
    of_train, of_validation = torch.stack(losses, dim=-1).cpu()
    return runs.params, {"train_loss": of_train, "validation_loss": of_validation}


def _orders(n: int, generators: Sequence[torch.Generator]) -> Tensor:
    """Return an order of n examples for each run, `(runs, n)`: see `training.batches`."""
    return torch.stack([batches(n, n, own)[0] for own in generators])


def _for_runs(data: Dataset, first: int, last: int) -> Dataset:
    def cut(split: Split) -> Split:
        whole = zip((split.x, split.y), run_axes(split), strict=True)
        return Split(*(value if axis is None else value[first:last] for value, axis in whole))

    return Dataset(data.name, cut(data.train), cut(data.validation), cut(data.test))


def _settings(rule: Rule, hyper: dict[str, float | Tensor], runs: int) -> dict[str, Tensor]:
    """Return each hyper-parameter that is given as `(runs,)` in float64."""
    complete(rule, hyper)
    for name, value in hyper.items():
        if isinstance(value, Tensor) and value.shape not in {(), (runs,)}:
            raise ValueError(f"{name} has shape {tuple(value.shape)}; it must be ({runs},)")
    return {
        name: torch.as_tensor(value, dtype=torch.float64).expand(runs)
        for name, value in hyper.items()
    }
