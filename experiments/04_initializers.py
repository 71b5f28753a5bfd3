"""Lesson 04's claims about initializers, measured over 24 seeds on digits and on tumours.

Training   Ten initializers in tanh and ReLU networks of 2, 10 and 30 layers, in ReLU networks of
           30 layers with shortcuts, plain and normalised, and on another task (A2, A5, A6, A7).
At zero    Logistic regression, biases and residual scales, from zero and from elsewhere (A5).
Signals    How large signals and gradients are in each of fifty layers before training (A6).

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. What is compared shares the division and the order. Every initializer looks for
its own learning rate on five seeds of their own, by the mean accuracy on validation images: from
0.01 to 1 first, then on whichever side the best one so far has an untried neighbour, in steps of
10^(1/2) and at last of 10^(1/6). There is no end of a list: the search goes on until both
neighbours are worse, or until the network stays as it was at the start. Then 24 other seeds are
trained at that rate and tested. All initializers of a network are one batched program.
Some 8,000 runs, in about ten minutes on two cores:

    python experiments/04_initializers.py
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import cross_entropy, layer_norm
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Runs,
    Split,
    accuracy,
    best_setting,
    breast_cancer,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    parts,
    resplit,
    rms,
    stack_params,
    write_experiment,
)
from course_lib.nn.biases import affine
from course_lib.nn.initializers import (
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    normal,
    ones,
    orthogonal,
    uniform,
    zeros,
)
from course_lib.nn.symmetry import distinct_rows

SEEDS = 24
TUNE = range(24, 29)  # other seeds, on which the learning rate is chosen
FIRST = (-12, -9, -6, -3, 0)  # learning rates that all try, in sixths of a power of ten
CHUNK = 160  # runs at once: more do not fit into the cache
IDLE = "at the lowest rate tried the network stays as it was at the start, or it overflows there"
EPOCHS, BATCH = 10, 50
WIDTH = 32

Params = dict[str, Tensor]
Initializer = Callable[..., Tensor]
Start = Callable[[torch.Generator], Params]

ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu}
INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "ones": ones,
    "normal, std 0.05": normal,
    "uniform, ±0.05": uniform,
    "normal, std 1": partial(normal, std=1.0),
    "Glorot normal": glorot_normal,
    "Glorot uniform": glorot_uniform,
    "He normal": he_normal,
    "He uniform": he_uniform,
    "orthogonal": orthogonal,
}


# Networks


class Net(NamedTuple):
    """A network of `depth` layers; with shortcuts its inner layers add to what flows by.

    normalised: all layers but the first see each example with mean 0 and mean square 1.
    """

    activation: str
    depth: int
    shortcuts: bool = False
    normalised: bool = False

    def forward(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs of one run."""
        for layer in range(1, self.depth):
            out = ACTIVATIONS[self.activation](self._sums(params, layer, x))
            if self.shortcuts and layer > 1:
                out = x + params.get(f"scale{layer}", 1.0) * out
            x = out
        return self._sums(params, self.depth, x)

    def _sums(self, params: Params, layer: int, x: Tensor) -> Tensor:
        if self.normalised and layer > 1:
            x = layer_norm(x, x.shape[-1:])
        return affine(x, params[f"W{layer}"], params[f"b{layer}"])

    def start(
        self, initializer: Initializer, inputs: int, classes: int, source: torch.Generator
    ) -> Params:
        """Return weights from the initializer and biases of 0."""
        sizes = [inputs, *[WIDTH] * (self.depth - 1), classes]
        return networks.start(sizes, source, initializer)


def suited(initializer: Initializer, activation: str) -> Initializer:
    """Return the initializer; orthogonal weights get He's factor √2 before a ReLU."""
    if initializer is orthogonal and activation == "ReLU":
        return partial(orthogonal, gain=2**0.5)
    return initializer


# Runs

WHOLE = {"digits": digits, "tumours": breast_cancer}


def draw(task: str, start: Start, seed: int) -> Run:
    """Return a division of the task's data, where a run on it starts, and its order."""
    data = standardised(resplit(WHOLE[task](), generator(seed)))
    return Run(start(generator(2000 + seed)), data, generator(1000 + seed))


def standardised(data: Dataset) -> Dataset:
    """Return the same data with inputs of mean 0 each, and of mean square 1 over all of them."""
    mean = data.train.x.mean(dim=0)
    size = rms(data.train.x - mean)
    return Dataset(data.name, *(Split((s.x - mean) / size, s.y) for s in parts(data)))


def measure(net: Net, starts: dict[str, Start], task: str = "digits") -> dict:
    """Find the learning rate of each start on the tuning seeds, train the others at it, test them.

    starts: functions from a generator to the starting parameters, all of the same shapes.
    Of each start: `tried`, its learning rates, and `tuning`, the mean validation accuracy at each;
    `idle`, whether the network stays as it was at the lowest, or overflows before it is trained;
    `rises`, in what share of epochs the training
    loss went up; `rows`, how many different rows the first layer ends with.
    """
    tuning, reported = (draw_data(task, seeds) for seeds in (TUNE, range(SEEDS)))
    searches = {name: Search() for name in starts}
    for step in (3, 1):
        while new := [(name, k) for name, of in searches.items() for k in of.wanted(step)]:
            found = train(net, starts, new, tuning, TUNE)
            scores = found.measure(accuracy, "validation")
            loss, diverged = found.history["validation_loss"], found.history["diverged"]
            still = ((loss[..., -1] / loss[..., 0] - 1).abs() < 1e-3).all(dim=1)
            still |= ~loss[..., 0].isfinite().all(dim=1)
            for (name, k), own, bad, idle in zip(new, scores, diverged, still, strict=True):
                searches[name].add(k, own.masked_fill(bad, 0.0).mean().item(), bool(idle))
    chosen = [(name, of.best()) for name, of in searches.items()]
    found = train(net, starts, chosen, reported, range(SEEDS))
    measured = {
        "test_accuracy": found.measure(accuracy),
        "rises": (found.history["train_loss"].diff(dim=-1) > 0).double().mean(dim=-1),
        "diverged": found.history["diverged"],
        "rows": vmap(vmap(distinct_rows))(found.params["W1"]),
    }
    return {
        name: {"lr": rate(k), **searches[name].record()}
        | {what: values[place] for what, values in measured.items()}
        for place, (name, k) in enumerate(chosen)
    }


def draw_data(task: str, seeds: range) -> Runs:
    """Return the division and the order of each seed, without starting weights."""
    return draw_runs(partial(draw, task, lambda source: {}), seeds)


def train(
    net: Net, starts: dict[str, Start], cells: list[tuple[str, int]], runs: Runs, seeds: range
) -> Grid:
    """Train from each named start at its rate, on every seed."""
    begin = {
        name: stack_params([starts[name](generator(2000 + seed)) for seed in seeds])
        for name in {name for name, _ in cells}
    }
    return grid(
        net.forward,
        runs,
        settings={"lr": [rate(k) for _, k in cells]},
        starts=stack_params([begin[name] for name, _ in cells]),
        epochs=EPOCHS,
        batch_size=BATCH,
        chunk=CHUNK,
        label=None,
    )


def rate(k: int) -> float:
    """Return the learning rate of a step: six steps are a power of ten."""
    return 10.0 ** (k / 6)


@dataclass
class Search:
    """The learning rates that one start has tried, and what came of them."""

    tried: dict[int, float] = field(default_factory=dict)  # accuracy; 0 for runs that diverged
    idle: set[int] = field(default_factory=set)  # where the network stayed as it was

    def add(self, k: int, score: float, idle: bool) -> None:
        """Note what came of a rate."""
        self.tried[k] = score
        if idle:
            self.idle.add(k)

    def wanted(self, step: int) -> list[int]:
        """Return the steps to try next: the neighbours of the best so far, none if they are known.

        While all runs diverge, the next is a hundredth of the lowest.
        """
        if not self.tried:
            return list(FIRST)
        lowest = min(self.tried)
        if not any(self.tried.values()):
            return [] if lowest in self.idle else [lowest - 12]
        best = self._highest()
        below = [] if best == lowest and best in self.idle else [best - step]
        return [k for k in (*below, best + step) if k not in self.tried]

    def _highest(self) -> int:
        return max(sorted(self.tried), key=self.tried.get)

    def best(self) -> int:
        """Return the best step. Raises ValueError if it lies at an end without a reason."""
        steps = sorted(self.tried)
        errors = torch.tensor([1 - self.tried[k] for k in steps], dtype=torch.float64)
        reason = IDLE if steps[0] in self.idle else ""
        return steps[best_setting({"lr": steps}, errors, edge_allowed=reason)]

    def record(self) -> dict:
        """Return all rates, the accuracy at each, and whether nothing happens at the lowest."""
        steps = sorted(self.tried)
        return {
            "tried": [rate(k) for k in steps],
            "tuning": [self.tried[k] for k in steps],
            "idle": steps[0] in self.idle,
        }


# Training: which initializer for which network?

NETS = {
    "tanh, 2 layers": Net("tanh", 2),
    "tanh, 10 layers": Net("tanh", 10),
    "tanh, 30 layers": Net("tanh", 30),
    "ReLU, 2 layers": Net("ReLU", 2),
    "ReLU, 10 layers": Net("ReLU", 10),
    "ReLU, 30 layers": Net("ReLU", 30),
    "ReLU, 30 layers, shortcuts": Net("ReLU", 30, shortcuts=True),
    "ReLU, 30 layers, shortcuts, normalised": Net("ReLU", 30, shortcuts=True, normalised=True),
}
OTHER_TASK = ("tanh, 10 layers", "ReLU, 10 layers")


def measure_net(task: str, name: str) -> dict:
    """Train one network from every initializer."""
    net = NETS[name]
    sizes = {"digits": (64, 10), "tumours": (30, 2)}[task]
    starts = {
        words: partial(net.start, suited(of, net.activation), *sizes)
        for words, of in INITIALIZERS.items()
    }
    return measure(net, starts, task)


# The deepest first: then two processes finish at about the same time.
CELLS = [("digits", name) for name in sorted(NETS, key=lambda name: -NETS[name].depth)]
CELLS += [("tumours", name) for name in OTHER_TASK]


def gather(cells: list[dict]) -> dict:
    """Return what came of the networks in `CELLS` under the names of task and network."""
    found = dict(zip(CELLS, cells, strict=True))
    return {
        "digits": {name: found["digits", name] for name in NETS},
        "tumours": {name: found["tumours", name] for name in OTHER_TASK},
    }


# What may start at zero?


def measure_zero() -> dict:
    """Start one thing at zero, and the same thing elsewhere."""
    regression, plain = Net("ReLU", 1), Net("ReLU", 10)
    residual = Net("ReLU", 30, shortcuts=True)

    def with_biases(source: torch.Generator) -> Params:
        params = plain.start(he_normal, 64, 10, source)
        biases = {
            name: normal(value.shape, generator=source)
            for name, value in params.items()
            if name[0] == "b"
        }
        return params | biases

    def with_scales(value: float, source: torch.Generator) -> Params:
        params = residual.start(he_normal, 64, 10, source)
        return params | {f"scale{layer}": torch.tensor(value) for layer in range(2, 30)}

    cells = {
        "logistic regression": (
            regression,
            {
                "at zero": partial(regression.start, zeros, 64, 10),
                "Glorot normal": partial(regression.start, glorot_normal, 64, 10),
            },
        ),
        "biases": (
            plain,
            {"at zero": partial(plain.start, he_normal, 64, 10), "normal, std 0.05": with_biases},
        ),
        "residual scales": (
            residual,
            {"at zero": partial(with_scales, 0.0), "at one": partial(with_scales, 1.0)},
        ),
    }
    return {what: measure(net, sides) for what, (net, sides) in tqdm(cells.items(), desc="at zero")}


# Signals before training

LAYERS, SIGNAL_WIDTH, IMAGES = 50, 64, 200
SIGNAL_INITIALIZERS = {
    name: of for name, of in INITIALIZERS.items() if name not in ("zeros", "ones")
} | {"LeCun normal": lecun_normal}


def signal_sizes(activation: str, initializer: Initializer, seed: int) -> tuple[Tensor, Tensor]:
    """Return the size of the signals `(51,)` and of the gradients `(50,)` of fifty layers.

    Entry l of the signals is the root mean square of what leaves layer l, entry 0 that of the
    images. Entry l of the gradients is that of the loss by the weighted sums of layer l + 1, as a
    multiple of the last layer's. In float64, so that nothing is lost before it is measured.
    """
    source = generator(2000 + seed)
    split = standardised(resplit(digits(), generator(seed))).train
    x = split.x[:IMAGES].double()
    shape = (SIGNAL_WIDTH, SIGNAL_WIDTH)
    layers = [initializer(shape, generator=source, dtype=torch.float64) for _ in range(LAYERS)]
    last = lecun_normal((10, SIGNAL_WIDTH), generator=source, dtype=torch.float64)
    signals, sums = [x], []
    for weight in layers:
        sums.append((signals[-1] @ weight.T).requires_grad_())
        signals.append(ACTIVATIONS[activation](sums[-1]))
    loss = cross_entropy(signals[-1] @ last.T, split.y[:IMAGES])
    gradients = torch.autograd.grad(loss, sums)
    forward = torch.stack([rms(signal.detach()) for signal in signals])
    backward = torch.stack([rms(gradient) for gradient in gradients])
    return forward, backward / backward[-1]


def measure_signals() -> dict:
    """Return the base-10 logarithms of all sizes, `(seeds, layers)`."""
    result = {}
    for activation in ACTIVATIONS:
        result[activation] = {}
        for name, initializer in tqdm(SIGNAL_INITIALIZERS.items(), desc=f"signals, {activation}"):
            of = suited(initializer, activation)
            both = [signal_sizes(activation, of, seed) for seed in range(SEEDS)]
            forward, backward = (torch.stack(sizes).log10() for sizes in zip(*both, strict=True))
            result[activation][name] = {"forward": forward, "backward": backward}
    return result


def prepare() -> None:
    """Set up a process: small matrices gain nothing by threads, tiny numbers would be slow."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


if __name__ == "__main__":
    prepare()
    settings = {"seeds": SEEDS, "epochs": EPOCHS, "batch": BATCH, "width": WIDTH}
    with ProcessPoolExecutor(2, initializer=prepare) as pool:
        zero, signals = pool.submit(measure_zero), pool.submit(measure_signals)
        training = [pool.submit(measure_net, *cell) for cell in CELLS]
        cells = [future.result() for future in tqdm(training, desc="training")]
        results = {"signals": signals.result(), "at_zero": zero.result(), "training": gather(cells)}
    write_experiment(__file__, {**settings, **results})
