"""One training loop, in the functional style: parameters go in, parameters come out."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.measures import accuracy
from course_lib.lab.progress import progress_bar
from course_lib.optim.batches import batches as shuffled

Params = dict[str, Tensor]
Forward = Callable[[Params, Tensor], Tensor]


@one_thread()
def train(
    forward: Forward,
    params: Params,
    data: Dataset,
    *,
    lr: float,
    epochs: int,
    batch_size: int,
    generator: torch.Generator,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD,
    label: str | None = "training",
    **settings: float,
) -> tuple[Params, dict[str, Tensor]]:
    """Return trained parameters, and what happened after each epoch.

    forward: `forward(params, x)` with x `(n, d)` gives the outputs `(n, classes)`.
    params: where to start; they stay as they are, and what comes back is on the device of the data.
    `settings` go to the optimizer, for example
    `weight_decay=0.01`. The order of the examples is drawn from `generator`, anew each epoch.
    label: what the progress bar says; None for no bar.
    The history holds `train_loss`, `validation_loss` and `validation_accuracy`, on the CPU, each
    `(epochs + 1,)`; entry 0 was measured before the first step.
    """
    params = to_device(params, data.train.y.device)
    params = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    rule = optimizer(list(params.values()), lr=lr, **settings)
    history = [_measure(forward, params, data, loss)]
    for _ in progress_bar(range(epochs), label, unit="epoch"):
        for x, y in batches(data.train, batch_size, generator):
            rule.zero_grad()
            loss(forward(params, x), y).backward()
            rule.step()
        history.append(_measure(forward, params, data, loss))
    trained = {name: value.detach() for name, value in params.items()}
    return trained, {name: torch.tensor([row[name] for row in history]) for name in history[0]}


def to_device(params: Params, device: torch.device | str) -> Params:
    """Return the same parameters on `device`."""
    return {name: value.to(device) for name, value in params.items()}


def batches(split: Split, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `(x, y)` until each example was used once, in a random order. The last may be short."""
    for chosen in shuffled(len(split), size, generator):
        chosen = chosen.to(split.y.device)
        yield split.x[chosen], split.y[chosen]


def _measure(forward: Forward, params: Params, data: Dataset, loss) -> dict[str, float]:
    with torch.no_grad():
        out = forward(params, data.validation.x)
        return {
            "train_loss": loss(forward(params, data.train.x), data.train.y).item(),
            "validation_loss": loss(out, data.validation.y).item(),
            "validation_accuracy": accuracy(out, data.validation.y).item(),
        }
