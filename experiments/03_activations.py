"""Lesson 03's claims about activations, measured on digits, XOR and spirals over 24 seeds.

None of them is made by the source articles. They stand in textbooks, or many people believe them.

T1  Layers without activations can do no more than one layer.
T2  Two hidden neurons are enough for XOR.
T3  Activations that saturate slow deep networks down.
T4  ReLU neurons die when the rate is high or the biases start low, and leaky ReLU mends it.
T5  GELU and SiLU are better than ReLU.

A seed draws the division of the data (for the toys, the data), the starting weights and the order
of the examples. What is compared shares all three. Each side of a comparison tries equally many
settings on four seeds of their own; the three that end with the lowest loss on validation data are
run on 24 other seeds, and the one whose validation loss is lowest there, in the mean, is kept. T4
compares rates, so there each rate is run on all 24 seeds. Runs are trained together, as one batched
program. It takes about nine minutes:

    python experiments/03_activations.py
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    digits,
    each_run,
    generator,
    sweep,
    write_experiment,
)
from course_lib.lab.data import resplit
from course_lib.lab.toys import spirals, xor
from course_lib.nn.activations import ACTIVATIONS, gelu, leaky_relu, relu
from course_lib.nn.biases import affine

SEEDS = list(range(24))
TUNING_SEEDS = list(range(100, 104))
FINALISTS = 3
BATCH = 50

Params = dict[str, Tensor]
Function = Callable[[Tensor], Tensor]


# Data


def toy(make: Callable[..., Split], noise: float, source: torch.Generator) -> Dataset:
    """Return 500 points to train on, 250 to validate and 500 to test."""
    parts = (make(n, noise, source) for n in (500, 250, 500))
    return Dataset(make.__name__, *parts)


DATA = {
    "XOR": lambda source: toy(xor, 0.2, source),
    "spirals": lambda source: toy(spirals, 0.02, source),
    "digits": lambda source: resplit(digits(), source),
}


# Runs


class Setting(NamedTuple):
    """What one run tries: a rate, the size of the hidden weights and where their biases start."""

    lr: float
    gain: float = 1.0
    hidden_bias: float = 0.0


class Network(NamedTuple):
    """Where it is trained, the sizes of its hidden layers, what is between them, for how long."""

    data: str
    hidden: tuple[int, ...]
    f: Function
    epochs: int = 20


def draw(network: Network, seed: int) -> tuple[Dataset, Params, torch.Generator]:
    """Return the data, standard normal weights of every layer, and what draws the order."""
    source = generator(seed)
    data = DATA[network.data](source)
    classes = int(data.train.y.max()) + 1
    sizes = [data.train.x.shape[1], *network.hidden, classes]
    normal = {
        f"W{layer}": torch.randn(h, d, generator=source)
        for layer, (d, h) in enumerate(pairwise(sizes), start=1)
    }
    return data, normal, source


def start(normal: Params, setting: Setting) -> Params:
    """Return weights of standard deviation `gain / √d`, 1 / √d in the last layer, and biases."""
    params, last = {}, len(normal)
    for layer in range(1, last + 1):
        weight = normal[f"W{layer}"]
        h, d = weight.shape
        gain = setting.gain if layer < last else 1.0
        bias = setting.hidden_bias if layer < last else 0.0
        params[f"W{layer}"] = gain / d**0.5 * weight
        params[f"b{layer}"] = torch.full((h,), bias)
    return params


def forward(f: Function, params: Params, x: Tensor) -> Tensor:
    """Layer after layer, with f between them."""
    last = len(params) // 2
    for layer in range(1, last + 1):
        x = affine(x, params[f"W{layer}"], params[f"b{layer}"])
        x = x if layer == last else f(x)
    return x


class Runs(NamedTuple):
    """What came out, `(seeds, settings, ...)`, and the data that it came from."""

    params: Params
    history: Params
    data: Dataset

    def kept(self, value: Tensor) -> Tensor:
        """Return `(runs, ...)` as `(seeds, settings, ...)`."""
        settings = self.history["train_loss"].shape[1]
        return value.view(-1, settings, *value.shape[1:])


def run(network: Network, settings: Sequence[Setting], seeds: Sequence[int]) -> Runs:
    """Train the network from each seed under each setting, all at once."""
    drawn = [draw(network, seed) for seed in seeds]
    starts = [start(normal, setting) for _, normal, _ in drawn for setting in settings]
    params = {name: torch.stack([own[name] for own in starts]) for name in starts[0]}
    data = together([data for data, _, _ in drawn], len(settings))
    params, history = sweep(
        lambda params, x: forward(network.f, params, x),
        params,
        data,
        generators=[source.clone_state() for _, _, source in drawn for _ in settings],
        epochs=network.epochs,
        batch_size=BATCH,
        lr=torch.tensor([setting.lr for setting in settings]).repeat(len(seeds)),
        label=None,
    )
    history = {k: v.view(len(seeds), len(settings), *v.shape[1:]) for k, v in history.items()}
    return Runs(params, history, data)


def together(data: Sequence[Dataset], settings: int) -> Dataset:
    """Return the data of all seeds with the runs in front, each repeated for every setting."""

    def stack(part: str) -> Split:
        splits = [getattr(own, part) for own in data]
        x, y = torch.stack([s.x for s in splits]), torch.stack([s.y for s in splits])
        return Split(x.repeat_interleave(settings, 0), y.repeat_interleave(settings, 0))

    return Dataset(data[0].name, stack("train"), stack("validation"), stack("test"))


def test_accuracy(network: Network, runs: Runs) -> Tensor:
    """Return the share of right answers to the test examples `(seeds, settings)`."""
    found = each_run(accuracy, lambda p, x: forward(network.f, p, x), runs.params, runs.data.test)
    return runs.kept(found)


def by_validation(runs: Runs) -> list[int]:
    """Return the places of the settings, the one with the lowest validation loss first."""
    losses = runs.history["validation_loss"][:, :, -1].nan_to_num(nan=1e6, posinf=1e6)
    return losses.mean(dim=0).argsort(stable=True).tolist()


def measure(network: Network, settings: Sequence[Setting]) -> dict[str, Any]:
    """Return the best setting, and what comes of it on all seeds."""
    order = by_validation(run(network, settings, TUNING_SEEDS))
    finalists = [settings[i] for i in order[:FINALISTS]]
    runs = run(network, finalists, SEEDS)
    best = by_validation(runs)[0]
    return {
        **finalists[best]._asdict(),
        "test_accuracy": test_accuracy(network, runs)[:, best],
        "train_loss": runs.history["train_loss"][:, best],
        "silent": silent(runs)[:, best],
    }


def silent(runs: Runs) -> Tensor:
    """Return the share of first-layer neurons that are above 0 for no training example."""

    def never(params: Params, x: Tensor) -> Tensor:
        above = affine(x, params["W1"], params["b1"]) > 0
        return (~above.any(dim=0)).double().mean()

    return runs.kept(torch.func.vmap(never)(runs.params, runs.data.train.x))


def only(measured: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: measured[name] for name in names}


# T1: is a stack of linear layers more than one layer?

STACK_SETTINGS = [Setting(2.0**k) for k in range(-8, 5)]
STACK_EPOCHS = {"XOR": 20, "spirals": 150, "digits": 20}
STACKS = {
    "one layer": ((), "identity"),
    "three layers, nothing between": ((32, 32), "identity"),
    "three layers, ReLU between": ((32, 32), "ReLU"),
}


def measure_stacks() -> dict:
    result = {}
    for data, (name, (hidden, f)) in tqdm(list(product(DATA, STACKS.items())), desc="T1"):
        network = Network(data, hidden, ACTIVATIONS[f].f, STACK_EPOCHS[data])
        found = measure(network, STACK_SETTINGS)
        result.setdefault(data, {})[name] = only(found, "lr", "test_accuracy")
    return result


# T2: are two hidden neurons enough for XOR?

XOR_WIDTHS = [2, 3, 4, 8]
XOR_EPOCHS = 40


def measure_xor() -> dict:
    result = {}
    for f, h in tqdm(list(product(("ReLU", "tanh"), XOR_WIDTHS)), desc="T2"):
        found = measure(Network("XOR", (h,), ACTIVATIONS[f].f, XOR_EPOCHS), STACK_SETTINGS)
        result.setdefault(f, []).append(only(found, "lr", "test_accuracy"))
    return {"widths": XOR_WIDTHS, "epochs": XOR_EPOCHS, "activations": result}


# T3 and T5: which activation for which depth?

DEPTHS = [1, 3, 10]
WIDTH = 32
GAINS = [1.0, 2**0.5, 2.0, 4.0]
DEPTH_SETTINGS = [Setting(2.0**k, gain) for gain in GAINS for k in range(-6, 3)]
COMPARED = ["sigmoid", "tanh", "ReLU", "GELU", "SiLU"]


def measure_depths() -> dict:
    result = {}
    for f, depth in tqdm(list(product(COMPARED, DEPTHS)), desc="T3"):
        network = Network("digits", (WIDTH,) * depth, ACTIVATIONS[f].f)
        found = measure(network, DEPTH_SETTINGS)
        kept = only(found, "lr", "gain", "test_accuracy", "train_loss")
        result.setdefault(f, {})[depth] = kept
    return result


# T4: what kills ReLU neurons, and does a leak keep them alive?

DEAD_LRS = [2.0 ** (k / 2) for k in range(-4, 7)]
DEAD_BIASES = [-1.0, -3.0]
SURVIVORS = {
    "ReLU": relu,
    "leaky ReLU, 0.01": leaky_relu,
    "leaky ReLU, 0.2": partial(leaky_relu, slope=0.2),
    "GELU": gelu,
}


def measure_deaths() -> dict:
    """One hidden layer of 32: every rate, with biases from 0; low starts, each at its best rate.

    A run that diverged holds NaN: nothing can be said about its neurons, and `silent` is 1.
    """
    by_rate, by_bias = {}, {}
    for name, f in tqdm(SURVIVORS.items(), desc="T4"):
        network = Network("digits", (WIDTH,), f)
        runs = run(network, [Setting(lr, 2**0.5) for lr in DEAD_LRS], SEEDS)
        by_rate[name] = {
            "silent": silent(runs).T,
            "diverged": runs.history["diverged"].T,
            "test_accuracy": test_accuracy(network, runs).T,
        }
        for bias in DEAD_BIASES:
            found = measure(network, [Setting(lr, 2**0.5, bias) for lr in DEAD_LRS])
            fresh = run(network._replace(epochs=0), [Setting(1.0, 2**0.5, bias)], SEEDS)
            kept = only(found, "lr", "silent", "test_accuracy")
            kept["silent_at_start"] = silent(fresh)[:, 0]
            by_bias.setdefault(name, []).append(kept)
    return {"lrs": DEAD_LRS, "biases": DEAD_BIASES, "by_rate": by_rate, "by_bias": by_bias}


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    write_experiment(
        __file__,
        {
            "seeds": len(SEEDS),
            "batch": BATCH,
            "stacks": {
                "lrs": [setting.lr for setting in STACK_SETTINGS],
                "epochs": STACK_EPOCHS,
                "data": measure_stacks(),
            },
            "xor": measure_xor(),
            "depths": {
                "lrs": sorted({setting.lr for setting in DEPTH_SETTINGS}),
                "gains": GAINS,
                "depths": DEPTHS,
                "width": WIDTH,
                "epochs": 20,
                "activations": measure_depths(),
            },
            "deaths": measure_deaths(),
        },
    )
