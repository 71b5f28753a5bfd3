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
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import vmap
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    spirals,
    stack_params,
    write_experiment,
    xor,
)
from course_lib.nn.activations import ACTIVATIONS, gelu, leaky_relu, relu
from course_lib.nn.biases import affine
from course_lib.nn.initializers import normal

SEEDS = list(range(24))
TUNING_SEEDS = list(range(100, 104))
FINALISTS = 3
EDGE = "sigmoid is best at the last gain, others at the first rate; the grids should go on"
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


def draw(network: Network, seed: int) -> Run:
    """Return standard normal weights of every layer, the data, and what draws their order."""
    source = generator(seed)
    data = DATA[network.data](source)
    classes = int(data.train.y.max()) + 1
    sizes = [data.train.x.shape[1], *network.hidden, classes]
    return Run(networks.start(sizes, source, partial(normal, std=1.0)), data, source)


def start(drawn: Params, setting: Setting) -> Params:
    """Return weights of standard deviation `gain / √d`, 1 / √d in the last layer, and biases."""
    params, last = {}, len(drawn) // 2
    for layer in range(1, last + 1):
        weight = drawn[f"W{layer}"]
        gain = setting.gain if layer < last else 1.0
        bias = setting.hidden_bias if layer < last else 0.0
        params[f"W{layer}"] = gain / weight.shape[-1] ** 0.5 * weight
        params[f"b{layer}"] = torch.full_like(drawn[f"b{layer}"], bias)
    return params


def run(network: Network, settings: Sequence[Setting], seeds: Sequence[int]) -> Grid:
    """Train the network from each seed under each setting, all at once."""
    runs = draw_runs(partial(draw, network), seeds)
    return grid(
        partial(networks.network, activation=network.f),
        runs,
        settings={"lr": [setting.lr for setting in settings]},
        starts=stack_params([start(runs.start, setting) for setting in settings]),
        epochs=network.epochs,
        batch_size=BATCH,
    )


def mean_losses(found: Grid) -> Tensor:
    """Return the mean validation loss of each setting at the end; diverged runs count as 1e6."""
    losses = found.history["validation_loss"][:, :, -1].nan_to_num(nan=1e6, posinf=1e6)
    return losses.mean(dim=1)


def measure(network: Network, settings: Sequence[Setting]) -> dict[str, Any]:
    """Return the best setting, and what comes of it on all seeds."""
    order = mean_losses(run(network, settings, TUNING_SEEDS)).argsort(stable=True).tolist()
    finalists = order[:FINALISTS]
    found = run(network, [settings[i] for i in finalists], SEEDS)
    losses = torch.full((len(settings),), torch.inf)
    losses[finalists] = mean_losses(found)
    tried = {name: [getattr(own, name) for own in settings] for name in Setting._fields}
    chosen = best_setting(tried, losses, edge_allowed=EDGE)
    best = finalists.index(chosen)
    return {
        **settings[chosen]._asdict(),
        "test_accuracy": found.measure(accuracy)[best],
        "train_loss": found.history["train_loss"][best],
        "silent": silent(found)[best],
    }


def silent(found: Grid) -> Tensor:
    """Return the share of first-layer neurons that are above 0 for no training example.

    `(settings, seeds)`.
    """

    def never(W: Tensor, b: Tensor, x: Tensor) -> Tensor:
        above = affine(x, W, b) > 0
        return (~above.any(dim=0)).double().mean()

    of_seeds = vmap(vmap(never), in_dims=(0, 0, None))
    return of_seeds(found.params["W1"], found.params["b1"], found.data.train.x)


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
        found = run(network, [Setting(lr, 2**0.5) for lr in DEAD_LRS], SEEDS)
        by_rate[name] = {
            "silent": silent(found),
            "diverged": found.history["diverged"],
            "test_accuracy": found.measure(accuracy),
        }
        for bias in DEAD_BIASES:
            best = measure(network, [Setting(lr, 2**0.5, bias) for lr in DEAD_LRS])
            fresh = run(network._replace(epochs=0), [Setting(1.0, 2**0.5, bias)], SEEDS)
            kept = only(best, "lr", "silent", "test_accuracy")
            kept["silent_at_start"] = silent(fresh)[0]
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
