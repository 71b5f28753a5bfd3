"""Many runs of a small network as one batched program.

A comparison needs dozens of runs, seeds times settings. One after the other, each mostly waits for
Python. Here every tensor has one more axis in front, the run: `(runs, ...)`. A step is written for
one run and batched by `torch.func.vmap`. A run comes out as it would alone.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.progress import progress_bar
from course_lib.lab.training import Forward, Params, to_device
from course_lib.optim.batches import batches
from course_lib.optim.compiled import compile_often
from course_lib.optim.rules import gd
from course_lib.optim.settings import complete
from course_lib.optim.signature import Rule, apply, slot_names

Measure = Callable[[Tensor, Tensor], Tensor]  # of outputs (n, ...) and answers (n,), a scalar


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
    compiled: run a step under `torch.compile`. Each new shape of the tensors (another number of
    runs, a last batch that is short) takes some seconds at first, and a step then a third to an
    eighth of its time. The last digit of a result may differ.
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
    params = to_device(params, data.train.y.device)
    parts = []
    for first in range(0, runs, chunk or runs):
        last = min(first + (chunk or runs), runs)
        parts.append(
            _train(
                forward,
                {name: value[first:last].detach() for name, value in params.items()},
                _for_runs(data, first, last),
                {name: value[first:last] for name, value in settings.items()},
                generators[first:last],
                (epochs, batch_size, loss, rule, compiled),
                label if chunk is None or label is None else f"{label}, {last} of {runs} runs",
            )
        )
    trained, history = (
        {name: torch.cat([part[name] for part in side]) for name in side[0]}
        for side in zip(*parts, strict=True)
    )
    history["diverged"] = ~history["train_loss"].isfinite().all(dim=1)
    return trained, history


def each_run(measure: Measure, forward: Forward, params: Params, split: Split) -> Tensor:
    """Return `measure(outputs, answers)` for every run, `(runs,)`. params: `(runs, ...)`."""

    def one(params: Params, x: Tensor, y: Tensor) -> Tensor:
        return measure(forward(params, x), y)

    with torch.no_grad(), one_thread():
        return vmap(one, in_dims=(0, *_run_axes(split)))(params, split.x, split.y)


@one_thread()
def _train(forward, params, data, settings, generators, plan, label):
    epochs, batch_size, loss, rule, compiled = plan

    def step(params, slots, x, y, settings, t):
        """One step of one run."""
        gradients = grad(lambda params: loss(forward(params, x), y))(params)
        moved = {
            name: apply(rule, p, gradients[name], slots[name], t=t, **settings)
            for name, p in params.items()
        }
        new = {name: p.to(params[name].dtype) for name, (p, _) in moved.items()}
        return new, {name: kept for name, (_, kept) in moved.items()}

    step_all = vmap(step, in_dims=(0, 0, 0, 0, 0, None))
    if compiled:
        step_all = compile_often(step_all, fullgraph=True, dynamic=False)
    remembers = len(slot_names(rule))
    slots = {n: tuple(torch.zeros_like(p) for _ in range(remembers)) for n, p in params.items()}
    settings = {name: value.to(data.train.y.device) for name, value in settings.items()}
    history, t = [_measure(loss, forward, params, data)], 0
    for _ in progress_bar(range(epochs), label, unit="epoch"):
        for x, y in _batches(data.train, batch_size, generators):
            t += 1
            # A graph would hold a number fast: there, the count of the steps is a tensor.
            now = torch.tensor(t, dtype=torch.float64) if compiled else t
            params, slots = step_all(params, slots, x, y, settings, now)
        history.append(_measure(loss, forward, params, data))
    return params, {name: torch.stack([at[name] for at in history], dim=1) for name in history[0]}


def _batches(split: Split, size: int, generators: Sequence[torch.Generator]):
    """Yield `(runs, b, d)` and `(runs, b)`, each run in its own order; see `training.batches`."""
    run = torch.arange(len(generators), device=split.y.device)[:, None]
    own = [batches(split.y.shape[-1], size, generator) for generator in generators]
    for part in zip(*own, strict=True):
        chosen = torch.stack(part).to(split.y.device)
        yield tuple(
            whole[chosen] if axis is None else whole[run, chosen]
            for whole, axis in zip((split.x, split.y), _run_axes(split), strict=True)
        )


def _measure(loss: Measure, forward: Forward, params: Params, data: Dataset) -> dict[str, Tensor]:
    return {
        "train_loss": each_run(loss, forward, params, data.train).cpu(),
        "validation_loss": each_run(loss, forward, params, data.validation).cpu(),
    }


def _run_axes(split: Split) -> tuple[int | None, int | None]:
    """Return where x and y have the runs: 0, or None where all runs share them."""
    return (None if split.x.ndim == 2 else 0), (None if split.y.ndim == 1 else 0)


def _for_runs(data: Dataset, first: int, last: int) -> Dataset:
    def cut(split: Split) -> Split:
        whole = zip((split.x, split.y), _run_axes(split), strict=True)
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
