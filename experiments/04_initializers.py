"""Lesson 04's claims about initializers, measured over 24 seeds on digits and on tumours.

Training   Ten initializers in tanh and ReLU networks of 2, 10 and 30 layers, in a ReLU network of
           30 layers with shortcuts, and on another task (A2, A5, A6, A7).
At zero    Logistic regression, biases and residual scales, from zero and from elsewhere (A5).
Signals    How large signals and gradients are in each of fifty layers before training (A6).

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. What is compared shares the division and the order. Every initializer tries the
same thirteen learning rates on five seeds and keeps the one with the lowest loss on the validation
images; all seeds are then trained at that rate. The runs of a comparison are one batched program.
It takes about ten minutes:

    python experiments/04_initializers.py
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Run,
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
TUNE = range(5)  # the seeds on which the learning rate is chosen
RATES = [1e-5 * 10 ** (k / 2) for k in range(13)]
EDGE = "zeros, ones and far too large weights train at no rate, or only at the end of this grid"
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
    """A network of `depth` layers; with shortcuts its inner layers add to what flows by."""

    activation: str
    depth: int
    shortcuts: bool = False

    def forward(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs of one run."""
        for layer in range(1, self.depth):
            out = ACTIVATIONS[self.activation](affine(x, params[f"W{layer}"], params[f"b{layer}"]))
            if self.shortcuts and layer > 1:
                out = x + params.get(f"scale{layer}", 1.0) * out
            x = out
        return affine(x, params[f"W{self.depth}"], params[f"b{self.depth}"])

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


def measure(net: Net, start: Start, task: str = "digits") -> dict:
    """Choose the learning rate on five seeds, train all seeds at it, test them.

    start: from a generator to the starting parameters. `by_rate` is the mean test accuracy of the
    five seeds at each rate, `rises` in what share of epochs the training loss went up, `rows` how
    many different rows the first layer ends with.
    """
    few, every = (draw_runs(partial(draw, task, start), seeds) for seeds in (TUNE, range(SEEDS)))
    how = {"epochs": EPOCHS, "batch_size": BATCH}
    tried = grid(net.forward, few, settings={"lr": RATES}, **how)
    best = best_setting({"lr": RATES}, tried.last_loss(), edge_allowed=EDGE)
    found = grid(net.forward, every, settings={"lr": [RATES[best]]}, **how)
    return {
        "lr": RATES[best],
        "by_rate": tried.measure(accuracy).mean(dim=1),
        "test_accuracy": found.measure(accuracy)[0],
        "rises": (found.history["train_loss"][0].diff(dim=1) > 0).double().mean(dim=1),
        "diverged": found.history["diverged"][0],
        "rows": vmap(distinct_rows)(found.params["W1"][0]),
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
}
OTHER_TASK = ("tanh, 10 layers", "ReLU, 10 layers")


def measure_training() -> dict:
    """Train every network from every initializer; two of them on the tumours too."""
    cells = [("digits", name) for name in NETS] + [("tumours", name) for name in OTHER_TASK]
    result = {"digits": {}, "tumours": {}}
    for task, name in tqdm(cells, desc="training"):
        net = NETS[name]
        sizes = {"digits": (64, 10), "tumours": (30, 2)}[task]
        result[task][name] = {
            words: measure(net, partial(net.start, suited(of, net.activation), *sizes), task)
            for words, of in INITIALIZERS.items()
        }
    return result


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
    return {
        what: {name: measure(net, start) for name, start in sides.items()}
        for what, (net, sides) in tqdm(cells.items(), desc="at zero")
    }


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


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    torch.set_flush_denormal(True)  # where signals vanish, numbers below 1e-38 would be slow
    settings = {"seeds": SEEDS, "rates": RATES, "epochs": EPOCHS, "batch": BATCH, "width": WIDTH}
    results = {
        "signals": measure_signals(),
        "at_zero": measure_zero(),
        "training": measure_training(),
    }
    write_experiment(__file__, {**settings, **results})
