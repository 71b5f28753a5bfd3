"""How long 100 runs of a small network take as one batched program, and as a loop of runs.

    python experiments/bench_sweeps.py

The loop is what one would write: `torch.nn`, `torch.optim`, one run after the other, on one thread
as in the sweep. Both start from the same weights, see the same batches and measure the losses after
each epoch. The loop does a tenth of the runs, and its time is taken ten times. What it takes to
compile is not counted; it is measured once, with nothing compiled on disk. The matrix products of
the network, forward and backward, are done alone too: no program with these products is faster.
Some four minutes.
"""

import os
import tempfile
import time
from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib.lab import device, digits, generator, write_experiment
from course_lib.lab.batched import AsWritten, Task
from course_lib.lab.compiled_runs import Compiled, Graphs
from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import one_thread
from course_lib.lab.sweep import train_together
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.lab.training import batches
from course_lib.nn.biases import affine
from course_lib.optim import rules

RUNS, SHARE, EPOCHS = 100, 10, 2
ROUNDS = 9 if device().type == "cpu" else 3
NETWORKS = {  # inputs, hidden neurons, outputs; examples; batch size
    "toy: 2 inputs, 4 hidden, batches of 10": (2, 4, 2, 200, 10),
    "digits: 64 inputs, 8 hidden, batches of 10": (64, 8, 10, 1000, 10),
    "digits: 64 inputs, 32 hidden, batches of 50": (64, 32, 10, 1000, 50),
}
RULES = {
    "gd": (rules.gd, torch.optim.SGD, 0.1),
    "adam": (rules.adam, torch.optim.Adam, 1e-3),
}


def data_for(inputs, outputs, examples):
    """Return digits, cut to fewer inputs and classes for the toy."""
    whole = digits()

    def cut(split):
        return Split(split.x[:examples, -inputs:], split.y[:examples] % outputs)

    parts = (whole.train, whole.validation, whole.test)
    return Dataset("digits", *map(cut, parts)).to(device())


def start(inputs, hidden, outputs, seed):
    source = generator(seed)
    return {
        "W1": (torch.randn(hidden, inputs, generator=source) / inputs**0.5).to(device()),
        "b1": torch.zeros(hidden, device=device()),
        "W2": (torch.randn(outputs, hidden, generator=source) / hidden**0.5).to(device()),
        "b2": torch.zeros(outputs, device=device()),
    }


def network(params, x):
    return affine(torch.relu(affine(x, params["W1"], params["b1"])), params["W2"], params["b2"])


def batched(task, lr, starts, data, batch_size, graphs=None):
    """Train all runs at once, compiled if there are graphs; return their training losses."""
    settings = {"lr": torch.full((RUNS,), lr, dtype=torch.float64)}
    given = task, starts, data, settings
    runs = AsWritten(*given) if graphs is None else Compiled(graphs, *given)
    sources = [generator(seed) for seed in range(RUNS)]
    _, history = train_together(runs, sources, epochs=EPOCHS, batch_size=batch_size, label=None)
    return history["train_loss"][:, -1]


def operands(starts, data, batch_size):
    """Return tensors of the shapes that a compiled sweep multiplies: of a step, and of the losses.

    Each is `(runs, examples, …)`; the inputs that are measured are those of all runs.
    """
    (hidden, inputs), outputs = starts["W1"].shape[1:], starts["W2"].shape[1]

    def some(examples, widths):
        return [starts["W1"].new_ones(RUNS, examples, width) for width in widths]

    sizes = [len(part) for part in torch.arange(len(data.train)).split(batch_size)]
    of_step = [some(size, (inputs, hidden, outputs)) for size in sizes]
    parts = data.train.x, data.validation.x
    return of_step, [(x, *some(len(x), [hidden])) for x in parts]


@one_thread()
def products(starts, of_step, of_losses):
    """Do nothing but the matrix products of a sweep."""
    first, second = starts["W1"], starts["W2"]
    for epoch in range(EPOCHS + 1):
        for x, hidden, out in of_step if epoch else ():
            torch.bmm(x, first.mT), torch.bmm(hidden, second.mT)
            torch.bmm(out.mT, hidden), torch.bmm(out, second), torch.bmm(hidden.mT, x)
        for x, hidden in of_losses:
            x @ first.flatten(0, 1).T, torch.bmm(hidden, second.mT)


@one_thread()
def looped(sizes, data, batch_size, make, lr):
    """Train a tenth of the runs, one after the other; return their losses."""
    losses = []
    for seed in range(RUNS // SHARE):
        model = nn.Sequential(
            nn.Linear(sizes[0], sizes[1]), nn.ReLU(), nn.Linear(sizes[1], sizes[2])
        ).to(device())
        with torch.no_grad():
            for p, value in zip(model.parameters(), start(*sizes, seed).values(), strict=True):
                p.copy_(value)
        optimizer, source = make(model.parameters(), lr=lr), generator(seed)
        for _ in range(EPOCHS):
            for x, y in batches(data.train, batch_size, source):
                optimizer.zero_grad()
                cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                loss = cross_entropy(model(data.train.x), data.train.y)
                cross_entropy(model(data.validation.x), data.validation.y)
        losses.append(loss)
    return torch.stack(losses).cpu()


def measure(words, name):
    """Return how long both take, in seconds, and how many times longer the loop takes."""
    *sizes, examples, batch_size = NETWORKS[words]
    rule, make, lr = RULES[name]
    data = data_for(sizes[0], sizes[2], examples)
    each = [start(*sizes, seed) for seed in range(RUNS)]
    starts = {name: torch.stack([own[name] for own in each]) for name in each[0]}
    task = Task(network, cross_entropy, rule)
    graphs = Graphs(rule, {"lr": torch.tensor([lr])})
    given = task, lr, starts, data, batch_size
    contestants = {
        "sweep": lambda: batched(*given),
        "compiled": lambda: batched(*given, graphs),
        "products": partial(products, starts, *operands(starts, data, batch_size)),
        "loop": lambda: looped(sizes, data, batch_size, make, lr),
    }
    begun = time.perf_counter()
    contestants["compiled"]()
    first = time.perf_counter() - begun
    losses = {of: run() for of, run in contestants.items()}
    for batch in (losses["sweep"], losses["compiled"]):
        torch.testing.assert_close(batch[: RUNS // SHARE], losses["loop"], rtol=1e-4, atol=0)
    label = f"{words}, {name}"
    times = side_by_side(contestants, rounds=ROUNDS, calls=1, device=device(), label=label)
    whole = SHARE * times["loop"]
    return {
        "seconds": {of: spread(taken) for of, taken in (times | {"loop": whole}).items()},
        "times_faster": {of: spread(whole / times[of]) for of in ("sweep", "compiled")},
        "first_compiled": first,
        "share_of_products": spread(times["products"] / times["compiled"]),
    }


def main():
    with tempfile.TemporaryDirectory() as empty:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = empty
        measure_all()


def measure_all():
    found = {words: {name: measure(words, name) for name in RULES} for words in NETWORKS}
    write_experiment(
        __file__,
        {
            "device": str(device()),
            "processor": processor(),
            "runs": RUNS,
            "rounds": ROUNDS,
            "networks": found,
        },
    )


if __name__ == "__main__":
    main()
