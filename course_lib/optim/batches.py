"""Steps on a few examples at a time: which examples, how many steps, and how noisy they are."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]  # of weights, inputs and answers


def batches(n: int, size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return the indices of n examples in a random order, cut into mini-batches of `size`.

    Each of 0 … n − 1 is in one of the ⌈n / size⌉ int64 tensors, once. The last holds what is left.
    One `torch.randperm` is drawn, on the CPU. Raises ValueError for n or size below 1.

    >>> batches(5, 2, torch.Generator().manual_seed(0))
    (tensor([4, 0]), tensor([1, 3]), tensor([2]))
    """
    _at_least_one(n=n, size=size)
    return torch.randperm(n, generator=generator).split(size)


def epoch_updates(n: int, size: int, epochs: int) -> int:
    """Return how many steps training makes: `epochs ⌈n / size⌉`.

    Each epoch goes once through n examples in batches of `size`; its last batch may be short.
    Raises ValueError for n or size below 1.

    >>> epoch_updates(1000, 64, 10)
    160
    """
    _at_least_one(n=n, size=size)
    return epochs * -(-n // size)


def sgd_step(
    gradient: Gradient, w: Tensor, x: Tensor, y: Tensor, chosen: Tensor, lr: float
) -> Tensor:
    """Return the weights after one step on a mini-batch: `w − lr · gradient(w, x_B, y_B)`.

    gradient: of the mean loss over the examples it is given, like w. w: of any shape. x `(n, d)`
    and y `(n,)`: all examples. chosen `(B,)`: the places of those in the batch.
    Source: Robbins and Monro (1951).

    >>> x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([3.0, 4.0])
    >>> slope = lambda w, x, y: ((x @ w - y)[:, None] * x).mean(dim=0)
    >>> sgd_step(slope, torch.zeros(1), x, y, torch.tensor([1]), 0.5)
    tensor([4.])
    """
    return w - lr * gradient(w, x[chosen], y[chosen])


def gradient_noise(per_example: Tensor, size: int, *, replacement: bool) -> Tensor:
    """Return the standard error of a mini-batch gradient: how far it lies from the full one.

    per_example: `(n, …)`, the gradient of each example. A mini-batch takes `size` of them at
    random, with replacement or without, and averages. Result `(…)`: for each weight the root mean
    square distance between this average and that of all n,

        σ / √B, times √((n − B) / (n − 1)) without replacement,

    with σ² the mean squared distance of the n gradients from their mean, and B for `size`.
    Raises ValueError for size below 1, and without replacement above n.
    Source: Cochran (1977), Sampling Techniques, theorem 2.2, which has (n − 1) inside σ.

    >>> gradient_noise(torch.tensor([1.0, 3.0, 5.0, 7.0]), 2, replacement=True)
    tensor(1.5811)
    """
    n = len(per_example)
    _at_least_one(n=n, size=size)
    if size > n and not replacement:
        raise ValueError(f"size is {size}; without replacement it must be at most {n}")
    variance = (per_example - per_example.mean(dim=0)).square().mean(dim=0) / size
    if not replacement:
        variance = variance * (n - size) / max(n - 1, 1)
    return variance.sqrt()


def noise_scale(per_example: Tensor) -> Tensor:
    """Return how noisy single-example gradients are relative to their mean: `tr Σ / ‖G‖²`, scalar.

    per_example: `(n, …)`, the gradient of each example. G is their mean, and tr Σ the sum over all
    weights of the variance σ² of `gradient_noise`. A mini-batch of that many examples, drawn
    with replacement, has noise as large as G. At a minimum G is 0 and the result infinite.
    Source: McCandlish and others (2018), An empirical model of large-batch training, equation 2.9,
    where it is called the simple noise scale.

    >>> noise_scale(torch.tensor([1.0, 3.0, 5.0, 7.0]))
    tensor(0.3125)
    """
    mean = per_example.mean(dim=0)
    return (per_example - mean).square().sum() / len(per_example) / mean.square().sum()


def noise_floor(lr: float, curvature: float, variance: float) -> float:
    """Return the mean squared distance to the minimum at which noisy steps stop gaining.

    For a parabola whose slope is disturbed, independently in each step, by noise of this variance:

        lr · variance / (λ (2 − lr λ)), about lr · variance / 2λ for a small learning rate,

    with λ for `curvature`. It is where `v ← (1 − lr λ)² v + lr² · variance` stays as it is.
    Raises ValueError unless `lr λ` is above 0 and below 2; from 2 on the steps diverge.
    Source: Bottou, Curtis and Nocedal (2018), theorem 4.6, has a bound of the same order.

    >>> noise_floor(0.1, curvature=2.0, variance=9.0)
    0.25
    """
    if not 0 < lr * curvature < 2:
        raise ValueError(f"lr times curvature is {lr * curvature:g}; it must be between 0 and 2")
    return lr * variance / (curvature * (2 - lr * curvature))


def accumulate(gradients: Sequence[Tensor], sizes: Sequence[int]) -> Tensor:
    """Return the gradient of a batch from those of its parts: their mean, weighted by size.

    gradients: of the mean loss over each part, all of one shape. sizes: how many examples each part
    holds. Raises ValueError unless there are as many sizes as gradients, and at least one.

    >>> accumulate([torch.tensor([1.0]), torch.tensor([4.0])], [2, 1])
    tensor([2.])
    """
    if not gradients or len(gradients) != len(sizes):
        raise ValueError(
            f"sizes holds {len(sizes)} sizes for {len(gradients)} gradients; it must hold one for "
            "each, and at least one"
        )
    total = sum(size * gradient for gradient, size in zip(gradients, sizes, strict=True))
    return total / sum(sizes)


def stream_epoch(
    rows: Any, size: int, generator: torch.Generator, step: Callable[[Any, Tensor], Any], state: Any
) -> Any:
    """Return the state after one epoch over rows that stay on the disk.

    rows: a memory-mapped array `(n, d)`, of which no more than a batch is copied at a time.
    step: `step(state, x)` gives the next state; x `(B, d)` holds the rows of a batch of `batches`.
    The state is whatever step takes and gives, such as weights. Raises ValueError for no rows, and
    for size below 1.

    >>> import numpy as np
    >>> rows = np.arange(10.0).reshape(5, 2)
    >>> stream_epoch(rows, 2, torch.Generator(), lambda total, x: total + x.sum(), torch.zeros(1))
    tensor([45.])
    """
    for chosen in batches(len(rows), size, generator):
        x = torch.from_numpy(rows[chosen.numpy()])
        state = step(state, x)
    return state


def _at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}; it must be 1 or more")
