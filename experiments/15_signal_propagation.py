"""Lesson 15's claims about vanishing and exploding gradients, measured over 20 seeds on digits.

Flow       Sizes of signals and gradients, and how alike images become, by layer of 100 layers
           before training.
Readout    How well a linear readout of the last layer tells digits apart before any training.
Gain       tanh networks of 20 layers; nothing changes but the gain of the weights (C1).
Backward   20 layers at gain 1; nothing changes but what a layer multiplies gradients by (C1).
Scaling    20 layers, each of which halves gradients, and a way back in float16, with the loss
           multiplied by 1 or by 2¹⁶; the same in float32. Adam with an ε that plays no part (C1).
Depth      5, 10 and 100 layers at gain 1; 20 and 50 stand under other names (C1).
Mend       50 layers at gain 1; nothing changes but one remedy, or the rule and its schedule (C2).
Explode    20 layers at gain 2; nothing changes but one remedy (C2).

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. Every side searches for its own learning rate as in lesson 04: on six seeds of
their own, by the mean accuracy on validation images, until the rates on either side of the best are
worse, in steps of 10^(1/12) at last, or until the network stays as it was at the start. Then 20
other seeds are trained at that rate, for five epochs, and tested. The rate is constant, but for
the side with a cosine: there it falls to nearly 0. Some 1,800 runs, in about six minutes on a core:

    python experiments/15_signal_propagation.py
"""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from tqdm.auto import tqdm

from course_lib.analysis import blocks, gradients, likeness, signals, sizes
from course_lib.lab import (
    Dataset,
    Grid,
    Runs,
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
from course_lib.optim.schedules import cosine, scheduled
from course_lib.optim.signature import Rule

SEEDS = 20
TUNE = range(24, 30)  # other seeds, on which the learning rate is chosen
FIRST = {"gd": range(-24, 1, 6), "adam": range(-42, -17, 6)}  # rates, in twelfths of a decade
EPOCHS, BATCH, WIDTH, CHUNK = 5, 50, 32, 120
UPDATES = 100  # in five epochs

lesson_04 = experiment("04_initializers")
Search, draw_data, standardised = (
    getattr(lesson_04, name) for name in ("Search", "draw_data", "standardised")
)
Params = dict[str, Tensor]


def scaled_backward(x: Tensor, factor: float) -> Tensor:
    """Return x as it is; its gradient is multiplied by a factor on the way back."""
    return x.detach() + factor * (x - x.detach())


def half_backward(x: Tensor) -> Tensor:
    """Return x as it is; its gradient is rounded to float16 on the way back."""
    half = x.half().float()
    return x.detach() + (half - half.detach())


class Net(NamedTuple):
    """A network of `depth` layers of weights: tanh layers of one width, and one to the classes.

    gain: the standard deviation of starting weights times √fan-in, of all layers but the last.
    draw: "normal" or "orthogonal". shortcut and norm: as `analysis.blocks` takes them, for the
    layers between the first and the last. back: what gradients are multiplied by on their way back
    through a layer, besides. scale: what the loss is multiplied by before a way back in float16;
    each weight's gradient is divided by it after, in float32. None: all is in float32. No step is
    left out: a run with an infinite gradient diverges.
    """

    depth: int
    gain: float = 1.0
    draw: str = "normal"
    shortcut: str = "none"
    norm: str = "none"
    back: float = 1.0
    scale: float | None = None
    rule: Rule = gd

    def first(self) -> range:
        """Return the steps of the rates to try first: Adam's lie lower."""
        return FIRST["gd" if self.rule in (gd, gd_cosine) else "adam"]

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
        if self.scale is None:
            return self._layers(params, x)
        params = {
            name: half_backward(scaled_backward(value, 1 / self.scale))
            for name, value in params.items()
        }
        return scaled_backward(half_backward(self._layers(params, x)), self.scale)

    def _layers(self, params: Params, x: Tensor) -> Tensor:
        x = torch.tanh(x @ params["W1"].T)
        inner = [params[f"W{layer}"] for layer in range(2, self.depth)]
        for block in blocks(inner, "tanh", self.shortcut, self.norm):
            x = block.forward(self._on_the_way_back(x))
        return affine(x, params[f"W{self.depth}"], params["b"])

    def _on_the_way_back(self, x: Tensor) -> Tensor:
        x = scaled_backward(x, self.back) if self.back != 1 else x
        return x if self.scale is None else half_backward(x)


def _scaled_normal(shape: tuple[int, int], *, gain: float, generator: torch.Generator) -> Tensor:
    return normal(shape, std=gain / shape[1] ** 0.5, generator=generator)


# Training


def rate(k: int) -> float:
    """Return the learning rate of a step: twelve steps are a power of ten."""
    return 10.0 ** (k / 12)


def measure(net: Net) -> dict:
    """Find the learning rate of a network on the tuning seeds, train the others at it, test them.

    `rises`: in what share of epochs the training loss went up. For the rest see lesson 04.
    """
    search, tuning = Search(), draw_data("digits", TUNE)
    for step in (6, 2, 1):
        while wanted := search.wanted(step) if search.tried else list(net.first()):
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
        "tried": [rate(k) for k in sorted(search.tried)],
        "test_accuracy": found.measure(accuracy)[0],
        "train_accuracy": found.measure(accuracy, "train")[0],
        "rises": (losses.diff(dim=-1) > 0).double().mean(dim=-1),
        "diverged": found.history["diverged"][0],
    }


def train(net: Net, steps: list[int], runs: Runs, seeds: range) -> Grid:
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
DEEP = 50
BACKS = [0.7, 1.0, 1.4]

gd_cosine = scheduled(gd, partial(cosine, updates=UPDATES))
halving = Net(DEPTH, back=0.5, rule=partial(adam, eps=1e-16))  # 18 times: by 4e-6

SIDES: dict[tuple[str, ...], Net] = {
    ("mend", "nothing"): Net(DEEP),
    ("mend", "orthogonal"): Net(DEEP, draw="orthogonal"),
    ("mend", "shortcuts"): Net(DEEP, shortcut="1/√L"),
    ("mend", "LayerNorm"): Net(DEEP, norm="LayerNorm"),
    ("mend", "cosine"): Net(DEEP, rule=gd_cosine),
    ("mend", "Adam"): Net(DEEP, rule=adam),
    ("explode", "RMSNorm"): Net(DEPTH, 2.0, norm="RMSNorm"),
    ("explode", "shortcuts"): Net(DEPTH, 2.0, shortcut="1/√L"),
    **{("depth", str(depth)): Net(depth) for depth in (5, 10, 100)},
    ("scaling", "float32"): halving,
    ("scaling", "1"): halving._replace(scale=1.0),
    ("scaling", "65536"): halving._replace(scale=65536.0),
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
    "tanh, gain 1, LayerNorm": ("normal", 1.0, "tanh", "none", "LayerNorm"),
    "tanh, gain 2": ("normal", 2.0, "tanh", "none", "none"),
    "tanh, gain 2, RMSNorm": ("normal", 2.0, "tanh", "none", "RMSNorm"),
    "tanh, gain 2, shortcuts": ("normal", 2.0, "tanh", "1/√L", "none"),
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

    `squared_likeness`: the mean of squared cosines. The gradient behind the last layer is random.
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
        "squared_likeness": likeness(of_layers[::EVERY], power=2),
    }


def measure_flow() -> dict:
    result = {}
    for name in FLOWS:
        found = [flow(name, seed) for seed in range(SEEDS)]
        result[name] = {what: torch.stack([of[what] for of in found]) for what in found[0]}
    return result


READ_AT = [5, 20, 50]
FORMATS = {"float64": torch.float64, "float16": torch.float16}
RIDGES = [1e-6, 1e-9]


def readout(
    features: Tensor, y: Tensor, tests: Tensor, answers: Tensor, ridge: float = RIDGES[0]
) -> float:
    """Return the test accuracy of linear least squares on features, each with variance 1.

    ridge: what is added to the cost, times the mean over examples of the weights' squares. With it
    directions of a variance far below it count for nothing, as those do that are rounding errors.
    """
    mean, std = features.mean(dim=0), features.std(dim=0)
    kept = std > 0
    if not kept.any():
        return accuracy(torch.zeros(len(answers), 10), answers).item()
    z, t = (((part - mean) / std)[:, kept] for part in (features, tests))
    penalty = ridge * len(z) * torch.eye(z.shape[1], dtype=z.dtype)
    targets = one_hot(y, 10).to(z.dtype)
    W = torch.linalg.solve(z.T @ z + penalty, z.T @ (targets - targets.mean(dim=0)))
    return accuracy(t @ W + targets.mean(dim=0), answers).item()


def measure_readout() -> dict:
    """Return test accuracies of a readout behind some layers, `(ridges, depths, seeds)`.

    They are named by format and gain. The layers compute in the format; the readout always in
    float64.
    """
    result: dict[str, dict] = {name: {} for name in FORMATS}
    for name, dtype in FORMATS.items():
        for gain in GAINS:
            found = torch.zeros(len(RIDGES), len(READ_AT), SEEDS)
            for seed in range(SEEDS):
                data, source = images(seed), generator(2000 + seed)
                parts = [part.x.to(dtype) for part in (data.train, data.test)]
                for layer in range(1, READ_AT[-1] + 1):
                    shape = (FLOW_WIDTH, FLOW_WIDTH)
                    W = _scaled_normal(shape, gain=gain, generator=source).to(dtype)
                    parts = [torch.tanh(x @ W.T) for x in parts]
                    if layer in READ_AT:
                        x, tests = (part.double() for part in parts)
                        for place, ridge in enumerate(RIDGES):
                            right = readout(x, data.train.y, tests, data.test.y, ridge)
                            found[place, READ_AT.index(layer), seed] = right
            result[name][str(gain)] = found
    return result


def nested(found: dict[tuple[str, ...], dict]) -> dict:
    """Return results under the parts of their names, one below the other."""
    result: dict = {}
    for (first, *others), value in found.items():
        at = result.setdefault(first, {})
        for part in others[:-1]:
            at = at.setdefault(part, {})
        at[others[-1]] = value
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices gain nothing by more
    settings = {"seeds": SEEDS, "epochs": EPOCHS, "batch": BATCH, "width": WIDTH, "gains": GAINS}
    before = {"flow": measure_flow(), "readout": measure_readout()}
    training = {}
    for name, net in tqdm(SIDES.items(), desc="sides"):
        training[name] = found = measure(net)
        right = found["test_accuracy"].mean()
        tqdm.write(f"{' '.join(name)}: {right:.1%} at the rate {found['lr']:.3g}")
    write_experiment(__file__, {**settings, **before, **nested(training)})
