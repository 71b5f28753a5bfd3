"""Lesson 16's claim about implicit optimisation, measured: what architecture does to training.

Nets       Networks of 30 blocks, 60 matrices deep, on digits, by gradient descent and some by Adam:
           without shortcuts, with shortcuts of several kinds, with norms, and with another
           activation. Some sides are there to tell causes: a norm without shortcuts, a norm at the
           end alone, one that does not divide, Post-LN with warm-up, and both activations with
           each other's starting weights.
Attention  Small vision transformers with Pre-LN and three kinds of attention, by Adam. Branches of
           cosine attention start smaller: a side of dot-product attention starts as small, and L2
           attention as large as dot-product attention.

For every run there is the Jacobian of all blocks together, at the start and after training: its
singular values, its gain, and a bound.

Every side tries as many learning rates, ten to the power of a sixth apart, and keeps the one with
the lowest training loss on tuning seeds; other seeds report. With the rates half a step to either
side it is chosen once more: `finer`. How many rates work is counted on the tuning seeds, where all
are trained. A run that diverges, or ends above CAP, counts as CAP. A seed draws the division of the
images, the start and the order. It takes about six minutes of a processor:

    python experiments/16_implicit_optimisation.py
"""

import math
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.analysis import chain, layer_norm
from course_lib.lab import (
    Grid,
    Run,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    resplit,
    write_experiment,
)
from course_lib.lab.deep_nets import DeepNet, Transformer
from course_lib.lab.spectra import gain, open_share, upper_log_norms, whole_jacobian
from course_lib.lab.training import Params
from course_lib.nn.biases import affine
from course_lib.optim.rules import adam, gd
from course_lib.optim.schedules import scheduled, warm_up
from course_lib.optim.signature import Rule

BLOCKS, WIDTH, BATCH = 30, 16, 25
EPOCHS = 2
WARM = 20  # updates of 80 in which a rate is warmed up
SEEDS, TRIES = 20, 11
ATTENTION_SEEDS, ATTENTION_TRIES = 12, 8
TUNE = range(500, 506)
STEP = 10 ** (1 / 6)
CAP = 100.0
WORKS = math.log(10) / 2  # half the loss of a guess among ten classes
CHUNK = 152  # runs at once, for memory


class Ended(DeepNet):
    """A network with LayerNorm between its last block and the way out."""

    def forward(self, params: Params, x: Tensor) -> Tensor:
        h = affine(x, params["W_in"], params["b_in"])
        h = chain(*self.blocks_of(params)).forward(h)
        h = layer_norm(torch.ones_like(h[0]), torch.zeros_like(h[0])).forward(h)
        return affine(h, params["W_out"], params["b_out"])


class Side(NamedTuple):
    """A network, the rule that trains it, and the lowest learning rate as a power of ten.

    larger: what the last weights of each branch, or the values of attention, start larger by.
    """

    net: DeepNet | Transformer
    lowest: float
    rule: Rule = gd
    larger: float = 1.0

    def start(self, seed: int) -> Params:
        params = self.net.start(generator(2000 + seed))
        last = ".W2" if isinstance(self.net, DeepNet) else ".V"
        return {name: self.larger * p if last in name else p for name, p in params.items()}

    def draw(self, seed: int) -> Run:
        data = resplit(digits(), generator(seed))
        unused = Split(data.validation.x[:1], data.validation.y[:1])
        return Run(self.start(seed), replace(data, validation=unused), generator(1000 + seed))

    def rates(self, tries: int) -> list[float]:
        return [10**self.lowest * STEP**k for k in range(tries)]


def net(scheme: str, activation: str = "ReLU") -> DeepNet:
    return DeepNet(BLOCKS, scheme, activation=activation, width=WIDTH)


def ended(scheme: str, norm: str = "LayerNorm") -> Ended:
    return Ended(BLOCKS, scheme, norm, width=WIDTH)


HE_BY_LECUN = math.sqrt(2)  # by how much He's weights, for ReLU, are larger than LeCun's
warmed_gd, warmed_adam = (scheduled(rule, partial(warm_up, updates=WARM)) for rule in (gd, adam))
NETS = {
    "no shortcut": Side(net("no shortcut"), -2.92),
    "norm, no shortcut": Side(net("norm, no shortcut"), -2.33),
    "residual": Side(net("residual"), -5.83),
    "residual, norm at the end": Side(ended("residual"), -2.33),
    "scaled residual": Side(net("scaled residual"), -1.67),
    "ReZero": Side(net("ReZero"), -1.83),
    "LayerScale": Side(net("LayerScale"), -1.67),
    "Pre-LN": Side(ended("Pre-LN"), -2.0),
    "Pre-RMSNorm": Side(ended("Pre-LN", "RMSNorm"), -1.75),
    "Pre-CenterNorm": Side(ended("Pre-LN", "CenterNorm"), -2.5),
    "Post-LN": Side(net("Post-LN"), -2.92),
    "Post-LN, warm-up": Side(net("Post-LN"), -2.92, warmed_gd),
    "DeepNorm": Side(net("DeepNorm"), -1.83),
    "residual, LeCun": Side(net("residual"), -4.33, larger=1 / HE_BY_LECUN),
    "residual, half weights": Side(net("residual"), -3.08, larger=0.5),
    "tanh, no shortcut": Side(net("no shortcut", "tanh"), -2.5),
    "tanh, residual": Side(net("residual", "tanh"), -2.83),
    "tanh, residual, He": Side(net("residual", "tanh"), -3.17, larger=HE_BY_LECUN),
    "Adam: no shortcut": Side(net("no shortcut"), -3.67, adam),
    "Adam: residual": Side(net("residual"), -3.0, adam),
    "Adam: scaled residual": Side(net("scaled residual"), -2.67, adam),
    "Adam: Post-LN, warm-up": Side(net("Post-LN"), -3.67, warmed_adam),
}
ATTENTION = {
    "dot-product": Side(Transformer(2, attention="dot-product"), -2.25, adam),
    "small dot-product": Side(Transformer(2, attention="dot-product"), -2.25, adam, 0.6),
    "cosine": Side(Transformer(2, attention="cosine"), -2.17, adam),
    "L2": Side(Transformer(2, attention="L2"), -2.42, adam, 1.5),
}


def train(side: Side, rates: list[float], seeds: range) -> Grid:
    """Train a run for each rate and seed."""
    return grid(
        side.net.forward,
        draw_runs(side.draw, seeds),
        settings={"lr": rates},
        rule=side.rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        chunk=CHUNK,
    )


def curves(found: Grid) -> Tensor:
    """Return the training loss after each epoch, at most CAP, `(rates, seeds, epochs + 1)`."""
    losses = found.history["train_loss"].double()
    return losses.nan_to_num(nan=CAP, posinf=CAP).clamp(max=CAP)


def measure(side: Side, tries: int, seeds: int) -> dict[str, Any]:
    """Choose the rate on the tuning seeds, and train it on the others.

    `by_rate` `(rates, tuning seeds)` and `working`, how many rates work, are of the tuning seeds,
    everything else of the others. `finer` is what comes of a choice with the rates half a step to
    either side of the best.
    """
    rates = side.rates(tries)
    by_rate = curves(train(side, rates, TUNE))[..., -1]
    lr = rates[best_setting({"lr": rates}, by_rate)]
    between = [lr / STEP**0.5, lr * STEP**0.5]
    closer = torch.cat([by_rate, curves(train(side, between, TUNE))[..., -1]])
    finer = [*rates, *between][best_setting({"lr": [*rates, *between]}, closer)]
    found = train(side, [lr], range(seeds))
    again = found if finer == lr else train(side, [finer], range(seeds))
    ends = [{name: p[0, seed] for name, p in found.params.items()} for seed in range(seeds)]
    return {
        "lr": lr,
        "rates": rates,
        "by_rate": by_rate,
        "working": (by_rate < WORKS).sum(dim=0),
        "curve": curves(found)[0],
        "finer": {"lr": finer, "last": curves(again)[0, :, -1]},
        "test_accuracy": found.measure(accuracy)[0],
        "start": jacobian_at(side, [side.start(seed) for seed in range(seeds)]),
        "end": jacobian_at(side, ends),
    }


def jacobian_at(side: Side, each: list[Params]) -> dict[str, Tensor | list]:
    """Return what the blocks do to small changes, for each seed, at the first training image.

    `gain`, `largest`, `smallest` and `open` `(seeds,)` are about their whole Jacobian; `upper`
    `(seeds,)` is the logarithm of a bound of it.
    """
    found: dict[str, list] = {}
    for seed, params in enumerate(each):
        image = resplit(digits(), generator(seed)).train.x[0].double()
        params = {name: p.double().nan_to_num(nan=0.0) for name, p in params.items()}
        whole = whole_jacobian(side.net, params, image)
        sigma = torch.linalg.svdvals(whole)
        numbers = {
            "gain": gain(whole),
            "largest": sigma[0],
            "smallest": sigma[-1],
            "open": open_share(sigma),
        }
        if isinstance(side.net, DeepNet):
            numbers["upper"] = upper_log_norms(side.net, params).sum()
        for name, value in numbers.items():
            found.setdefault(name, []).append(value.nan_to_num().tolist())
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    found = {}
    for name, side in tqdm((NETS | ATTENTION).items(), desc="sides"):
        few = name in ATTENTION
        plan = (ATTENTION_TRIES, ATTENTION_SEEDS) if few else (TRIES, SEEDS)
        found[name] = measure(side, *plan)
    write_experiment(
        __file__,
        {
            "blocks": BLOCKS,
            "seeds": SEEDS,
            "attention_seeds": ATTENTION_SEEDS,
            "tuning_seeds": len(TUNE),
            "tries": TRIES,
            "attention_tries": ATTENTION_TRIES,
            "epochs": EPOCHS,
            "works": WORKS,
            "cap": CAP,
            "nets": {name: found[name] for name in NETS},
            "attention": {name: found[name] for name in ATTENTION},
        },
    )
