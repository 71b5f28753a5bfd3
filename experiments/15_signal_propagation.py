"""Lesson 15's claims about vanishing and exploding gradients, measured over 20 seeds on digits.

Flow       Sizes of signals and gradients, and how alike images become, by layer of 100 layers
           before training.
Readout    How well a linear readout of the last layer tells digits apart before any training.
Gain       tanh networks of 20 layers; nothing changes but the gain of the weights (C1).
Backward   20 layers at gain 1; nothing changes but what a layer multiplies gradients by (C1).
Mend       50 layers at gain 1; nothing changes but one remedy (C2).

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. Every side searches for its own constant learning rate as in lesson 04: on
three seeds of their own, by the mean accuracy on validation images, until the rates on either side
of the best are worse, in steps of 10^(1/6) at last, or until the network stays as it was at the
start. Then 20 other seeds are trained at that rate, for five epochs, and tested. It takes about
five minutes:

    python experiments/15_signal_propagation.py
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from course_lib.analysis import blocks, gradients, likeness, signals, sizes
from course_lib.lab import (
    Dataset,
    Grid,
    accuracy,
    digits,
    experiment,
    generator,
    grid,
    resplit,
    stack_params,
    write_experiment,
)
from course_lib.nn.biases import affine
from course_lib.nn.initializers import lecun_normal, normal, orthogonal
from course_lib.optim.rules import adam, gd
from course_lib.optim.signature import Rule

SEEDS = 20
TUNE = range(24, 27)  # other seeds, on which the learning rate is chosen
EPOCHS, BATCH, WIDTH, CHUNK = 5, 50, 32, 120

lesson_04 = experiment("04_initializers")
Search, draw_data, rate, standardised = (
    getattr(lesson_04, name) for name in ("Search", "draw_data", "rate", "standardised")
)
Params = dict[str, Tensor]


def scaled_backward(x: Tensor, factor: float) -> Tensor:
    """Return x as it is; its gradient is multiplied by a factor on the way back."""
    return factor * x + ((1 - factor) * x).detach()


class Net(NamedTuple):
    """A network of `depth` layers of weights: tanh layers of one width, and one to the classes.

    gain: the standard deviation of starting weights times √fan-in, of all layers but the last.
    draw: "normal" or "orthogonal". shortcut and norm: as `analysis.blocks` takes them, for the
    layers between the first and the last. back: what gradients are multiplied by on their way back
    through a layer, besides.
    """

    depth: int
    gain: float = 1.0
    draw: str = "normal"
    shortcut: str = "none"
    norm: str = "none"
    back: float = 1.0
    rule: Rule = gd

    def start(self, source: torch.Generator) -> Params:
        """Return starting weights, `W1` `(32, 64)`, `W2`, …, and biases of 0 for the last layer."""
        draw = {"normal": _scaled_normal, "orthogonal": orthogonal}[self.draw]
        shapes = [(WIDTH, 64), *[(WIDTH, WIDTH)] * (self.depth - 2)]
        params = {
            f"W{layer}": draw(shape, gain=self.gain, generator=source)
            for layer, shape in enumerate(shapes, start=1)
        }
        last = lecun_normal((10, WIDTH), generator=source)
        return params | {f"W{self.depth}": last, "b": torch.zeros(10)}

    def forward(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs of one run."""
        x = torch.tanh(x @ params["W1"].T)
        inner = [params[f"W{layer}"] for layer in range(2, self.depth)]
        for block in blocks(inner, "tanh", self.shortcut, self.norm):
            x = block.forward(scaled_backward(x, self.back) if self.back != 1 else x)
        return affine(x, params[f"W{self.depth}"], params["b"])


def _scaled_normal(shape: tuple[int, int], *, gain: float, generator: torch.Generator) -> Tensor:
    return normal(shape, std=gain / shape[1] ** 0.5, generator=generator)


# Training


def measure(net: Net) -> dict:
    """Find the learning rate of a network on the tuning seeds, train the others at it, test them.

    `rises`: in what share of epochs the training loss went up. For the rest see lesson 04.
    """
    search, tuning = Search(), draw_data("digits", TUNE)
    for step in (3, 1):
        while wanted := search.wanted(step):
            found = train(net, wanted, tuning, TUNE)
            scores = found.measure(accuracy, "validation")
            loss, diverged = found.history["validation_loss"], found.history["diverged"]
            still = ((loss[..., -1] / loss[..., 0] - 1).abs() < 1e-3).all(dim=1)
            still |= ~loss[..., 0].isfinite().all(dim=1)
            for k, own, bad, idle in zip(wanted, scores, diverged, still, strict=True):
                search.add(k, own.masked_fill(bad, 0.0).mean().item(), bool(idle))
    best = search.best()
    found = train(net, [best], draw_data("digits", range(SEEDS)), range(SEEDS))
    losses = found.history["train_loss"][0]
    return {
        "lr": rate(best),
        **search.record(),
        "test_accuracy": found.measure(accuracy)[0],
        "train_accuracy": found.measure(accuracy, "train")[0],
        "rises": (losses.diff(dim=-1) > 0).double().mean(dim=-1),
        "diverged": found.history["diverged"][0],
    }


def train(net: Net, steps: list[int], runs, seeds: range) -> Grid:
    """Train at each rate, on every seed."""
    begin = stack_params([net.start(generator(2000 + seed)) for seed in seeds])
    return grid(
        net.forward,
        runs,
        settings={"lr": [rate(k) for k in steps]},
        starts=stack_params([begin] * len(steps)),
        rule=net.rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        chunk=CHUNK,
    )


GAINS = [0.5, 0.7, 1.0, 1.4, 2.0]
DEPTH = 20
BACKS = [0.7, 1.0, 1.4]

SIDES: dict[tuple[str, ...], Net] = {
    ("mend", "nothing"): Net(50),
    ("mend", "orthogonal"): Net(50, draw="orthogonal"),
    ("mend", "shortcuts"): Net(50, shortcut="1/√L"),
    **{("gain", str(gain)): Net(DEPTH, gain) for gain in GAINS[1:]},
    **{
        ("backward", rule.__name__, str(back)): Net(DEPTH, back=back, rule=rule)
        for rule in (gd, adam)
        for back in BACKS
        if (rule, back) != (gd, 1.0)  # that is gain 1
    },
}


# Before training

FLOW_LAYERS, FLOW_WIDTH, IMAGES = 100, 64, 100
FLOWS: dict[str, tuple[str, float, str, str, str]] = {
    "tanh, gain 0.7": ("normal", 0.7, "tanh", "none", "none"),
    "tanh, gain 1": ("normal", 1.0, "tanh", "none", "none"),
    "tanh, gain 1.4": ("normal", 1.4, "tanh", "none", "none"),
    "tanh, gain 1, orthogonal": ("orthogonal", 1.0, "tanh", "none", "none"),
    "linear, gain 1": ("normal", 1.0, "identity", "none", "none"),
    "linear, gain 1, orthogonal": ("orthogonal", 1.0, "identity", "none", "none"),
    "ReLU, gain √2": ("normal", 2**0.5, "ReLU", "none", "none"),
    "tanh, gain 1, shortcuts": ("normal", 1.0, "tanh", "1/√L", "none"),
}
EVERY = 5


def layers(name: str, source: torch.Generator, dtype: torch.dtype = torch.float64) -> list:
    """Return the hundred layers of one of `FLOWS` as modules."""
    draw, gain, activation, shortcut, norm = FLOWS[name]
    draw = {"normal": _scaled_normal, "orthogonal": orthogonal}[draw]
    shape = (FLOW_WIDTH, FLOW_WIDTH)
    weights = [draw(shape, gain=gain, generator=source).to(dtype) for _ in range(FLOW_LAYERS)]
    return blocks(weights, activation, shortcut, norm)


def images(seed: int) -> Dataset:
    return standardised(resplit(digits(), generator(seed)))


def flow(name: str, seed: int) -> dict[str, Tensor]:
    """Return base-10 logarithms of sizes, and likeness, behind every fifth layer, of one seed.

    The gradient behind the last layer is random.
    """
    source = generator(2000 + seed)
    modules = layers(name, source)
    x = images(seed).train.x[:IMAGES].double()
    g = torch.randn(x.shape, generator=source, dtype=torch.float64)
    of_layers = signals(modules, x)
    return {
        "forward": sizes(of_layers[::EVERY]).log10(),
        "backward": sizes(gradients(modules, x, g)[::EVERY]).log10(),
        "likeness": likeness(of_layers[::EVERY]),
    }


def measure_flow() -> dict:
    result = {}
    for name in FLOWS:
        found = [flow(name, seed) for seed in range(SEEDS)]
        result[name] = {what: torch.stack([of[what] for of in found]) for what in found[0]}
    return result


READ_AT = [5, 20, 50]
FORMATS = {"float64": torch.float64, "float16": torch.float16}


def readout(features: Tensor, y: Tensor, tests: Tensor, answers: Tensor) -> float:
    """Return the test accuracy of linear least squares on features, each with variance 1."""
    mean, std = features.mean(dim=0), features.std(dim=0)
    kept = std > 0
    if not kept.any():
        return accuracy(torch.zeros(len(answers), 10), answers).item()
    z, t = (((part - mean) / std)[:, kept] for part in (features, tests))
    ridge = 1e-6 * len(z) * torch.eye(z.shape[1], dtype=z.dtype)
    targets = one_hot(y, 10).to(z.dtype)
    W = torch.linalg.solve(z.T @ z + ridge, z.T @ (targets - targets.mean(dim=0)))
    return accuracy(t @ W + targets.mean(dim=0), answers).item()


def measure_readout() -> dict:
    """Return the test accuracy of a readout behind some layers, by format, gain, `(depths, seeds)`.

    The layers compute in the format; the readout always in float64.
    """
    result: dict[str, dict] = {name: {} for name in FORMATS}
    for name, dtype in FORMATS.items():
        for gain in GAINS:
            found = torch.zeros(len(READ_AT), SEEDS)
            for seed in range(SEEDS):
                data, source = images(seed), generator(2000 + seed)
                parts = [part.x.to(dtype) for part in (data.train, data.test)]
                for layer in range(1, READ_AT[-1] + 1):
                    shape = (FLOW_WIDTH, FLOW_WIDTH)
                    W = _scaled_normal(shape, gain=gain, generator=source).to(dtype)
                    parts = [torch.tanh(x @ W.T) for x in parts]
                    if layer in READ_AT:
                        of_train, of_test = (x.double() for x in parts)
                        right = readout(of_train, data.train.y, of_test, data.test.y)
                        found[READ_AT.index(layer), seed] = right
            result[name][str(gain)] = found
    return result


def prepare() -> None:
    """Set up a process: small matrices gain nothing by threads, tiny numbers would be slow."""
    torch.set_num_threads(1)


def nested(found: dict[tuple[str, ...], dict]) -> dict:
    """Return results under the parts of their names, one below the other."""
    result: dict = {}
    for (first, *others), value in found.items():
        at = result.setdefault(first, {})
        for part in others[:-1]:
            at = at.setdefault(part, {})
        at[others[-1]] = value
    return result


def run(job: Callable[[], dict], name: str) -> dict:
    found = job()
    print(name, found.get("lr", ""), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    prepare()
    settings = {"seeds": SEEDS, "epochs": EPOCHS, "batch": BATCH, "width": WIDTH, "gains": GAINS}
    with ProcessPoolExecutor(2, initializer=prepare) as pool:
        before = {
            name: pool.submit(run, job, name)
            for name, job in (
                ("flow", measure_flow),
                ("readout", measure_readout),
            )
        }
        training = {
            name: pool.submit(run, partial(measure, net), " ".join(name))
            for name, net in SIDES.items()
        }
        results = {name: of.result() for name, of in before.items()}
        results |= nested({name: of.result() for name, of in training.items()})
    write_experiment(__file__, {**settings, **results})
