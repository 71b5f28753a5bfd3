"""Lesson 08's claims about mini-batches, measured on digits and on a file of 200 MB.

Learning   How well networks read digits during their first epoch, and how many images they take
           to read 93 % of them, at ten batch sizes (B2, B3). 24 seeds.
Signal     How much noise there is to the gradient, at six moments of training. The same 24 seeds.
Speed      How long a step takes on one core at batch sizes from 1 to 4096, in two networks (B3).
           30 rounds, the sizes of each round in a random order.
Stream     The anonymous memory of a process that trains from a file, streamed or read whole (B2),
           and how long an epoch takes by the block. Each in a process of its own.

A seed draws the division into training, validation and test images and the starting weights, which
all batch sizes share, and the order of the images. Each size tries the same 17 learning rates, √2
apart, on eight seeds that are not among the 24, and keeps three: the one that reads most validation
images after the first 1000 images; the one that first reads 93 % of them after the fewest; both in
the mean; and the one whose mean over the seeds reaches 93 % after the fewest. A first time can be a
lucky look, and small batches have more looks and swing more; a mean over seeds has little luck. The
24 seeds are then trained at all three, and looked at in the same way, on the test images: after
every 20 images, or after every step where a batch is larger.
2104 runs; the runs of a batch size are one batched program. A trial of 5,520 runs before it fixed
the range of the rates and how many epochs each size gets; none of its numbers is reported. It takes
about six minutes on one core:

    python experiments/08_mini_batches.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    each_run,
    generator,
    networks,
    resplit,
    sweep,
)
from course_lib.lab.grid import Run, Runs
from course_lib.lab.memory import anonymous_memory
from course_lib.lab.networks import network
from course_lib.lab.stored import write_experiment
from course_lib.lab.stream import open_stream, stream, write_stream
from course_lib.nn.initializers import he_normal
from course_lib.optim.batches import batches, noise_scale, stream_epoch

Params = dict[str, Tensor]

SEEDS = 24
TUNE = range(100, 108)  # the seeds on which the learning rates are chosen, none of the 24
RATES = [2 ** (k / 2) for k in range(-12, 5)]
EXAMPLES = 1000  # in the training part, so that an epoch shows as many
TARGET = 0.93
LOOK = 20  # images between two looks, or a batch where it is larger
SIZES = {  # batch size: epochs
    1: 6, 2: 6, 4: 6, 10: 8, 20: 10, 50: 15, 100: 20, 200: 30, 500: 50, 1000: 80,
}  # fmt: skip
HIDDEN = 32


# Learning


def draw(seed: int) -> Run:
    """Return where a run starts, its division of the images, and what draws their order."""
    source = generator(seed)
    data = resplit(digits(), source)
    return Run(networks.start((64, HIDDEN, 10), source, he_normal), data, source)


def begin(seeds: Sequence[int], rates: Sequence[float]) -> tuple[Runs, Tensor]:
    """Return a run of each seed for each rate, all seeds at the first rate first; and the rates.

    Runs of one seed share all that is random, whatever their rate.
    """
    runs = draw_runs(draw, seeds).repeat(len(rates))
    return runs, torch.tensor(rates).repeat_interleave(len(seeds))


def chunks(split: Split, size: int, sources: Sequence[torch.Generator]) -> Iterator[Split]:
    """Yield an epoch in parts of `size` examples, each run in an order of its own."""
    orders = [batches(split.y.shape[1], size, source) for source in sources]
    run = torch.arange(len(sources))[:, None]
    for chosen in zip(*orders, strict=True):
        at = torch.stack(chosen)
        yield Split(split.x[run, at], split.y[run, at])


def paths(size: int, epochs: int, runs: Runs, lr: Tensor) -> Iterator[tuple[int, Params]]:
    """Train all runs in batches of `size`; yield the images seen and the parameters at each look.

    A look comes before any training, and after every 20 images or after each larger batch.
    """
    params, data, sources = runs
    at_once, seen = max(size, LOOK), 0
    yield seen, params
    for _ in tqdm(range(epochs), desc=f"batches of {size}", leave=False):
        for part in chunks(data.train, at_once, sources):
            own = Dataset("part", part, part, part)
            how = {"epochs": 1, "batch_size": size, "lr": lr, "label": None}
            params, _ = sweep(network, params, own, generators=sources, **how)
            seen += at_once
            yield seen, params


def learn(size: int, epochs: int, runs: Runs, lr: Tensor, part: str) -> tuple[Tensor, Tensor]:
    """Return how many images were seen at each look, and what the runs read of a part then.

    part: "validation" or "test". Shapes `(looks,)` and `(looks, runs)`; accuracies are from 0 to 1.
    """
    split = getattr(runs.data, part)
    looks = [
        (seen, each_run(accuracy, network, params, split))
        for seen, params in paths(size, epochs, runs, lr)
    ]
    seen, read = zip(*looks, strict=True)
    return torch.tensor(seen), torch.stack(read)


def images_to(target: float, seen: Tensor, read: Tensor) -> Tensor:
    """Return after how many images each run first reads this share, `(runs,)`; inf for never."""
    there = read >= target
    first = seen[there.double().argmax(dim=0)].double()
    return first.masked_fill(~there.any(dim=0), torch.inf)


def choose(seen: Tensor, read: Tensor) -> tuple[int, int, int]:
    """Return the places of the rates that the tuning seeds choose.

    The one that reads most after one epoch; the one with the soonest first looks, both by the mean
    of the seeds; and the one whose mean reaches the target soonest. A rate at which a seed, or the
    mean, never arrives is no choice.
    """
    by_rate = (len(RATES), len(TUNE))
    wrong = 1 - read[seen == EXAMPLES][0].view(by_rate)
    soon = images_to(TARGET, seen, read).view(by_rate)
    mean = images_to(TARGET, seen, read.view(len(seen), *by_rate).mean(dim=2))
    first, soonest, steady = (best_setting({"lr": RATES}, of) for of in (wrong, soon, mean))
    return first, soonest, steady


def measure_learning() -> dict:
    """Choose three rates for each batch size, and train every seed at them.

    `examples` `(seeds,)`: images until a run first reads the target; `mean_examples`: until the
    mean of all seeds does.
    """
    result = {}
    for size, epochs in tqdm(SIZES.items(), desc="batch sizes"):
        first, soonest, steady = choose(*learn(size, epochs, *begin(TUNE, RATES), "validation"))
        seen, early = learn(size, 1, *begin(range(SEEDS), [RATES[first]]), "test")
        late = learn(size, epochs, *begin(range(SEEDS), [RATES[soonest]]), "test")
        images = images_to(TARGET, *late).tolist()
        seen_late, read = learn(size, epochs, *begin(range(SEEDS), [RATES[steady]]), "test")
        of_mean = images_to(TARGET, seen_late, read.mean(dim=1, keepdim=True)).item()
        result[size] = {
            "lr_first": RATES[first],
            "seen": seen,
            "test_accuracy": early,
            "lr_target": RATES[soonest],
            "examples": [None if e == torch.inf else int(e) for e in images],
            "lr_mean": RATES[steady],
            "mean_examples": int(of_mean),
        }
    return result


# Signal

SIGNAL_SIZE = 20
SIGNAL_AT = [0, 100, 300, 1000, 3000, 10000]  # images seen


def noise_scales(params: Params, data: Dataset) -> Tensor:
    """Return the noise scale of each run's gradient over its training images, `(runs,)`."""

    def loss(params: Params, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(network(params, x[None]), y[None])

    of_each = vmap(grad(loss), (None, 0, 0))
    scales = []
    for i in range(len(data.train.y)):
        own = {name: value[i] for name, value in params.items()}
        gradients = of_each(own, data.train.x[i], data.train.y[i])
        scales.append(noise_scale(torch.cat([g.flatten(1) for g in gradients.values()], dim=1)))
    return torch.stack(scales)


def measure_signal(lr: float) -> dict:
    """Return the noise scale along training in batches of 20, `(moments, seeds)`.

    `accuracy` is that of the test images at the same moments.
    """
    runs, rates = begin(range(SEEDS), [lr])
    scales, read = [], []
    epochs = SIGNAL_AT[-1] // EXAMPLES
    for seen, params in paths(SIGNAL_SIZE, epochs, runs, rates):
        if seen in SIGNAL_AT:
            scales.append(noise_scales(params, runs.data))
            read.append(each_run(accuracy, network, params, runs.data.test))
    return {
        "seen": SIGNAL_AT,
        "noise_scale": torch.stack(scales),
        "accuracy": torch.stack(read),
    }


# Speed

NETS = {"64, 32, 10": [64, HIDDEN, 10], "784, 512, 512, 10": [784, 512, 512, 10]}
SPEED_SIZES = sorted({*SIZES, *(2**k for k in range(13))})
ROUNDS = 30


def make_step(sizes: Sequence[int], batch: int) -> Callable[[], None]:
    """Return a function that makes one step on a batch of random inputs: forward, back, update."""
    source = generator(0)
    layers = []
    for d, h in pairwise(sizes):
        layers += [torch.nn.Linear(d, h), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    rule = torch.optim.SGD(net.parameters(), lr=1e-3)
    x = torch.randn(batch, sizes[0], generator=source)
    y = torch.randint(sizes[-1], (batch,), generator=source)

    def step() -> None:
        rule.zero_grad()
        cross_entropy(net(x), y).backward()
        rule.step()

    return step


def measure_speed() -> dict:
    """Return seconds a step, `(sizes, rounds)`, for each network: of the processor, not the clock.

    While other programs have the processor, its seconds stand still.
    """
    source, result = generator(0), {}
    for name, sizes in NETS.items():
        steps = [make_step(sizes, batch) for batch in SPEED_SIZES]
        repeats = [max(1, 256 // batch) for batch in SPEED_SIZES]
        seconds = torch.zeros(len(SPEED_SIZES), ROUNDS, dtype=torch.float64)
        for step in steps:
            step()
        for turn in tqdm(range(ROUNDS), desc=f"speed, {name}"):
            for i in torch.randperm(len(SPEED_SIZES), generator=source).tolist():
                since = time.process_time()
                for _ in range(repeats[i]):
                    steps[i]()
                seconds[i, turn] = (time.process_time() - since) / repeats[i]
        result[name] = seconds
    return {"sizes": SPEED_SIZES, "seconds": result}


# Streaming

INPUTS, ROWS, STREAM_BATCH, STREAM_RATE = 63, 781_250, 256, 0.01  # 256 bytes a row, 200 MB
LOOKS = 50
BLOCKS = (1, 16, 256)


def weights_of_the_file() -> Tensor:
    """Return the weights that made the answers in the file, `(INPUTS,)`."""
    return torch.randn(INPUTS, generator=generator(0))


def step_on(w: Tensor, rows: Tensor) -> Tensor:
    """Return the weights of a line after a step on the mean squared error of these rows."""
    x, y = rows[:, :-1], rows[:, -1]
    return w - STREAM_RATE * 2 * x.T @ (x @ w - y) / len(rows)


def train_from(path: str, way: str, places: int = LOOKS) -> dict:
    """Train one epoch from a file, "streamed" or "read whole"; return the memory along the way.

    Memory is anonymous memory in bytes, above what it was before the file was opened; `places`
    looks are spread over the epoch. `apart` is how far the weights end from those of the file.
    """
    x = torch.randn(STREAM_BATCH, INPUTS + 1, generator=generator(3))
    step_on(torch.zeros(INPUTS), x)  # so that torch has made its own memory
    before = anonymous_memory()
    rows = open_stream(path)
    if way == "read whole":
        rows = np.array(rows)
    every = max(1, len(rows) // STREAM_BATCH // places)
    grown, seen = [anonymous_memory() - before], 0

    def step(w: Tensor, x: Tensor) -> Tensor:
        nonlocal seen
        seen += 1
        if seen % every == 0:
            grown.append(anonymous_memory() - before)
        return step_on(w, x)

    w = stream_epoch(rows, STREAM_BATCH, generator(2), step, torch.zeros(INPUTS))
    return {"grown": grown, "apart": float((w - weights_of_the_file()).norm())}


def time_of(path: str, block: int) -> dict:
    """Return the processor's seconds for an epoch by blocks, the file in the system's cache."""
    rows, w = open_stream(path), torch.zeros(INPUTS)
    since = time.process_time()
    for x in stream(rows, STREAM_BATCH, generator(2), block=block, label=None):
        w = step_on(w, x)
    return {"seconds": time.process_time() - since}


def in_a_process(*words: str) -> dict:
    """Run this script with these words in a process of its own; return what it printed."""
    run = [sys.executable, __file__, *words]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def measure_stream() -> dict:
    """Write the file, train from it in both ways, time it by blocks, and remove it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        write_stream(path, ROWS, weights_of_the_file(), generator(1))
        ways = {way: in_a_process("memory", str(path), way) for way in ("streamed", "read whole")}
        seconds = {block: [] for block in BLOCKS}
        for _ in tqdm(range(5), desc="blocks"):
            for block in BLOCKS:
                found = in_a_process("time", str(path), str(block))
                seconds[block].append(found["seconds"])
        return {"bytes": os.path.getsize(path), "rows": ROWS, "batch": STREAM_BATCH,
                "memory": ways, "seconds": seconds}  # fmt: skip


def main() -> None:
    settings = {
        "seeds": SEEDS,
        "tuning_seeds": list(TUNE),
        "rates": RATES,
        "target": TARGET,
        "epochs": SIZES,
        "hidden": HIDDEN,
    }
    results = {
        "stream": measure_stream(),
        "speed": measure_speed(),
        "learning": measure_learning(),
    }
    results["signal"] = measure_signal(results["learning"][SIGNAL_SIZE]["lr_target"])
    write_experiment(__file__, {**settings, **results})


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    match sys.argv[1:]:
        case ["memory", path, way]:
            print(json.dumps(train_from(path, way)))
        case ["time", path, block]:
            print(json.dumps(time_of(path, int(block))))
        case _:
            main()
