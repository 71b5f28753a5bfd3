"""Lesson 03's claims about activations, measured on digits, XOR and spirals over 24 seeds.

None of them is made by the source articles. They stand in textbooks, or many people believe them.

T1  Layers without activations can do no more than one layer.
T2  Two hidden neurons are enough for XOR.
T3  Activations that saturate slow deep networks down. Sigmoids and tanh with another mean, or
    another slope, show which of the two counts.
T4  ReLU neurons die when the rate is high or the biases start low, and leaky ReLU mends it. Dead
    neurons are counted once more an epoch later: do they come back?
T5  GELU and SiLU are better than ReLU.

A seed draws the division of the data (for the toys, the data), the starting weights and the order
of the examples. What is compared shares the data; networks of the same sizes share all three. Each
side of a comparison first tries the same coarse settings, factors of 2 or 4 apart, and then climbs
from the best of them in steps of √2, until no neighbour of its setting reads more of the validation
images: no setting is best because a list ends there. That takes four seeds of their own; what is
found is trained on 24 other seeds and tested. T4 compares rates, so there each rate is run on all
24 seeds. Runs are trained together, as one batched program. It takes about nine minutes:

    python experiments/03_activations.py
"""

import math
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
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    spirals,
    stack_params,
    sweep,
    write_experiment,
    xor,
)
from course_lib.nn.activations import ACTIVATIONS, gelu, leaky_relu, relu, sigmoid, tanh
from course_lib.nn.biases import affine
from course_lib.nn.initializers import normal

SEEDS = list(range(24))
TUNING_SEEDS = list(range(100, 104))
COARSE_SEEDS = TUNING_SEEDS[:2]
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
    """Where it is trained, the sizes of its hidden layers, what is between them, for how long.

    undone: a mean of the hidden outputs that biases take away again at the start.
    """

    data: str
    hidden: tuple[int, ...]
    f: Function
    epochs: int = 20
    undone: float = 0.0


def draw(network: Network, seed: int) -> Run:
    """Return standard normal weights of every layer, the data, and what draws their order."""
    source = generator(seed)
    data = DATA[network.data](source)
    classes = int(data.train.y.max()) + 1
    sizes = [data.train.x.shape[1], *network.hidden, classes]
    return Run(networks.start(sizes, source, partial(normal, std=1.0)), data, source)


def start(drawn: Params, setting: Setting, undone: float = 0.0) -> Params:
    """Return weights of standard deviation `gain / √d`, 1 / √d in the last layer, and biases.

    undone: if the outputs of hidden neurons are so much too high, biases that make up for it.
    """
    params, last = {}, len(drawn) // 2
    for layer in range(1, last + 1):
        weight = drawn[f"W{layer}"]
        gain = setting.gain if layer < last else 1.0
        bias = setting.hidden_bias if layer < last else 0.0
        params[f"W{layer}"] = gain / weight.shape[-1] ** 0.5 * weight
        too_much = undone * params[f"W{layer}"].sum(dim=-1) if layer > 1 else 0.0
        params[f"b{layer}"] = torch.full_like(drawn[f"b{layer}"], bias) - too_much
    return params


def run(network: Network, settings: Sequence[Setting], seeds: Sequence[int]) -> Grid:
    """Train the network from each seed under each setting, all at once."""
    runs = draw_runs(partial(draw, network), seeds)
    return grid(
        partial(networks.network, activation=network.f),
        runs,
        settings={"lr": [setting.lr for setting in settings]},
        starts=stack_params([start(runs.start, own, network.undone) for own in settings]),
        epochs=network.epochs,
        batch_size=BATCH,
    )


# Choosing a setting


def errors(network: Network, settings: Sequence[Setting], seeds: Sequence[int]) -> list[float]:
    """Return which share of the validation examples a setting gets wrong; 1 if a run diverged."""
    found = run(network, settings, seeds)
    wrong = 1 - found.measure(accuracy, "validation")
    wrong = wrong.masked_fill(found.history["diverged"], 1.0)
    return wrong.mean(dim=1).tolist()


def neighbours(setting: Setting, vary: Sequence[str]) -> list[Setting]:
    """Return the setting, then those that are one step of √2 away in what may vary."""

    def moved(value: float, steps: int) -> float:
        return 2.0 ** ((round(2 * math.log2(value)) + steps) / 2)  # equal settings, equal numbers

    ways = [(0, -1, 1) if name in vary else (0,) for name in ("lr", "gain")]
    return [
        setting._replace(lr=moved(setting.lr, lr), gain=moved(setting.gain, gain))
        for lr, gain in product(*ways)
    ]


def tune(network: Network, coarse: Sequence[Setting]) -> tuple[Setting, int]:
    """Return a setting none of whose neighbours is better, and how many were tried."""
    vary = [name for name in ("lr", "gain") if len({getattr(own, name) for own in coarse}) > 1]
    first = errors(network, coarse, COARSE_SEEDS)
    centre, known = coarse[first.index(min(first))], {}
    while True:
        around = neighbours(centre, vary)
        fresh = [own for own in around if own not in known]
        known |= dict(zip(fresh, errors(network, fresh, TUNING_SEEDS), strict=True))
        best = min(around, key=known.get)  # of equals the first, and the centre is the first of all
        if best == around[0]:
            return best, len(coarse) + len(known)
        centre = best


def measure(network: Network, coarse: Sequence[Setting]) -> dict[str, Any]:
    """Return the setting that tuning finds, and what comes of it on all seeds.

    A training loss that is no number, or infinite, is stored as 1e6.
    """
    chosen, tried = tune(network, coarse)
    found = run(network, [chosen], SEEDS)
    return {
        **chosen._asdict(),
        "tried": tried,
        "test_accuracy": found.measure(accuracy)[0],
        "train_loss": found.history["train_loss"][0].nan_to_num(nan=1e6, posinf=1e6),
        "diverged": found.history["diverged"][0],
        "silent": silent(found)[0],
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
        result.setdefault(data, {})[name] = only(found, "lr", "tried", "test_accuracy")
    return result


# T2: are two hidden neurons enough for XOR?

XOR_WIDTHS = [2, 3, 4, 8]
XOR_EPOCHS = 40


def measure_xor() -> dict:
    result = {}
    for f, h in tqdm(list(product(("ReLU", "tanh"), XOR_WIDTHS)), desc="T2"):
        found = measure(Network("XOR", (h,), ACTIVATIONS[f].f, XOR_EPOCHS), STACK_SETTINGS)
        result.setdefault(f, []).append(only(found, "lr", "tried", "test_accuracy"))
    return {"widths": XOR_WIDTHS, "epochs": XOR_EPOCHS, "activations": result}


# T3 and T5: which activation for which depth?

DEPTHS = [1, 3, 10]
WIDTH = 32
GAINS = [2.0**k for k in range(5)]
DEPTH_SETTINGS = [Setting(4.0**k, gain) for gain in GAINS for k in range(-3, 2)]
COMPARED = ["sigmoid", "tanh", "ReLU", "GELU", "SiLU"]

# Only the mean changes, or only the slope in the middle, in the deepest network.
CHANGED = {
    "sigmoid \N{MINUS SIGN} ½": lambda z: sigmoid(z) - 0.5,
    "4 sigmoid": lambda z: 4 * sigmoid(z),
    "4 sigmoid \N{MINUS SIGN} 2": lambda z: 4 * sigmoid(z) - 2,
    "2 + tanh": lambda z: 2 + tanh(z),
}
UNDONE = "sigmoid, biases undo ½"  # at the start the same network as that of sigmoid − ½


def measure_depths() -> dict:
    depths = list(product(COMPARED, DEPTHS)) + list(product(CHANGED, DEPTHS[-1:]))
    functions = {name: ACTIVATIONS[name].f for name in COMPARED} | CHANGED
    networks_of = {
        (name, depth): Network("digits", (WIDTH,) * depth, functions[name])
        for name, depth in depths
    }
    deepest = networks_of["sigmoid", DEPTHS[-1]]
    networks_of[UNDONE, DEPTHS[-1]] = deepest._replace(undone=0.5)
    result = {}
    for (name, depth), network in tqdm(networks_of.items(), desc="T3"):
        found = measure(network, DEPTH_SETTINGS)
        kept = only(found, "lr", "gain", "tried", "diverged", "test_accuracy", "train_loss")
        result.setdefault(name, {})[depth] = kept
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
            best = measure(network, [Setting(lr, 2**0.5, bias) for lr in DEAD_LRS[::2]])
            fresh = run(network._replace(epochs=0), [Setting(1.0, 2**0.5, bias)], SEEDS)
            kept = only(best, "lr", "tried", "silent", "test_accuracy")
            kept["silent_at_start"] = silent(fresh)[0]
            by_bias.setdefault(name, []).append(kept)
    return {"lrs": DEAD_LRS, "biases": DEAD_BIASES, "by_rate": by_rate, "by_bias": by_bias}


# Does a dead neuron come back?

REVIVAL_LR = 0.5
REVIVAL_EPOCHS = 20


def relu_behind(params: Params, x: Tensor) -> Tensor:
    """Return the outputs of a network that has a ReLU behind its last layer too."""
    return relu(networks.network(params, x, relu))


def never_above(params: Params, x: Tensor) -> dict[str, Tensor]:
    """Return for each layer which of its neurons are above 0 for no example, `(h,)`."""
    found, last = {}, len(params) // 2
    for layer in range(1, last + 1):
        z = affine(x, params[f"W{layer}"], params[f"b{layer}"])
        found[f"layer {layer}"] = ~(z > 0).any(dim=0)
        x = relu(z)
    return found


def measure_revival() -> dict:
    """Count dead neurons after each epoch, and those of them that fire again an epoch later.

    In a network of three hidden layers and a plain last one, and in one of one hidden layer with a
    ReLU behind the last. `dead` and `back` are sums over the epochs, `(seeds,)`, for each layer.
    """
    plain = partial(networks.network, activation=relu)
    cases = {"3 hidden layers": ((WIDTH,) * 3, plain), "ReLU last": ((WIDTH,), relu_behind)}
    result = {"lr": REVIVAL_LR, "epochs": REVIVAL_EPOCHS}
    for name, (hidden, forward) in tqdm(cases.items(), desc="revival"):
        runs = draw_runs(partial(draw, Network("digits", hidden, relu)), SEEDS)
        params, seen = start(runs.start, Setting(REVIVAL_LR, 2**0.5)), []
        for _ in range(REVIVAL_EPOCHS):
            how = {"generators": runs.orders, "epochs": 1, "batch_size": BATCH, "label": None}
            params, _ = sweep(forward, params, runs.data, lr=REVIVAL_LR, **how)
            seen.append(vmap(never_above)(params, runs.data.train.x))
        dead = {layer: torch.stack([at[layer] for at in seen]) for layer in seen[0]}
        result[name] = {
            layer: {
                "dead": of[:-1].sum(dim=(0, 2)),
                "back": (of[:-1] & ~of[1:]).sum(dim=(0, 2)),
            }
            for layer, of in dead.items()
        }
    return result


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
            "revival": measure_revival(),
        },
    )
