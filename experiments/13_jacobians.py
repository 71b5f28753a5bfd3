"""Lesson 13's sentences about the Jacobian of a network for digits, measured over 24 seeds.

A network with two hidden layers of 32 ReLU neurons learns digits. Its Jacobian, ten outputs by 64
pixels, is taken at 100 test images, at the start and after training.

Spectrum   The singular values: how much the network stretches a change of an image, by direction.
Nearness   How far what the Jacobian predicts is from what happens, for steps of five lengths.
Moves      The share of images still read rightly after a step of these lengths. Three directions
           have no sign of their own, and are gone both ways: a random one, the one that the
           Jacobian stretches most, and the one that the Jacobian of another image stretches most.
           The fourth is where the second largest output gains most on the largest.

A seed draws the division of the images, the starting weights, the order and the random directions.
All runs have one learning rate, which nobody chose by a result: so there are no tuning seeds, and
what is found holds for this rate. It takes about half a minute:

    python experiments/13_jacobians.py
"""

import torch
from torch import Tensor

from course_lib.analysis import Module, activation, chain, linear
from course_lib.lab import (
    Run,
    Split,
    accuracy,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.lab.training import Params

SEEDS = 24
SIZES = [64, 32, 32, 10]
LR, EPOCHS, BATCH = 0.1, 20, 50
IMAGES = 100
LENGTHS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]  # the median image is 3.9 long


def as_module(params: Params) -> Module:
    """Return the network as a chain of modules, whose Jacobians are known."""
    layers = len(params) // 2
    parts = [linear(params[f"W{k}"], params[f"b{k}"]) for k in range(1, layers + 1)]
    between = [part for layer in parts for part in (layer, activation("ReLU"))]
    return chain(*between[:-1])


def draw(seed: int) -> Run:
    start = networks.start(SIZES, generator(2000 + seed))
    return Run(start, resplit(digits(), generator(seed)), generator(1000 + seed))


def random_directions(seed: int) -> Tensor:
    """Return directions of length 1, one for each image, `(images, 64)`."""
    v = torch.randn(IMAGES, 64, generator=generator(3000 + seed), dtype=torch.float64)
    return v / v.norm(dim=1, keepdim=True)


def towards_the_runner_up(J: Tensor, out: Tensor) -> Tensor:
    """Return where the second largest output gains most on the largest, of length 1, `(n, 64)`."""
    first, second = out.topk(2, dim=1).indices.T
    each = torch.arange(len(J))
    gain = J[each, second] - J[each, first]
    return gain / gain.norm(dim=1, keepdim=True)


def measure(params: Params, split: Split, seed: int) -> dict:
    """Return spectrum, nearness and moves of one network at the first test images."""
    net = as_module({name: value.double() for name, value in params.items()})
    x, y = split.x[:IMAGES].double(), split.y[:IMAGES]
    J, out = net.jacobian(x), net.forward(x)
    _, sizes, rows = torch.linalg.svd(J, full_matrices=False)
    strongest = rows[:, 0]
    ways = {"random": random_directions(seed).to(x), "strongest": strongest}
    to_both_sides = {**ways, "another image's": strongest.roll(1, dims=0)}
    rival = towards_the_runner_up(J, out)
    felt = (J @ ways["random"][..., None]).norm(dim=(1, 2))

    def right(step: Tensor) -> Tensor:
        return torch.as_tensor(accuracy(net.forward(x + step), y), dtype=torch.float64)

    found = {
        "spectrum": sizes.median(dim=0).values,
        "felt": felt.median(),
        "image": x.norm(dim=1).median(),
        "off": {name: [] for name in ways},
        "right": {
            name: torch.stack([(right(h * v) + right(-h * v)) / 2 for h in LENGTHS])
            for name, v in to_both_sides.items()
        },
    }
    found["right"]["towards the runner-up"] = torch.stack([right(h * rival) for h in LENGTHS])
    for h in LENGTHS:
        for name, v in ways.items():
            predicted = h * (J @ v[..., None])[..., 0]
            miss = net.forward(x + h * v) - out - predicted
            found["off"][name].append((miss.norm(dim=1) / predicted.norm(dim=1)).median())
    return found


def gathered(each: list) -> object:
    """Return a list of like results, dicts of tensors, as one dict with the runs in front."""
    if isinstance(each[0], dict):
        return {name: gathered([one[name] for one in each]) for name in each[0]}
    return torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in each])


if __name__ == "__main__":
    torch.set_num_threads(1)
    runs = draw_runs(draw, range(SEEDS))
    how = {"epochs": EPOCHS, "batch_size": BATCH}
    trained = grid(network, runs, settings={"lr": [LR]}, **how)
    results = {"seeds": SEEDS, "lr": LR, **how, "lengths": LENGTHS}
    for name, of in {"at the start": runs.start, "trained": trained.params}.items():
        each = []
        for seed in range(SEEDS):
            own = {
                key: (p[seed] if name == "at the start" else p[0, seed]) for key, p in of.items()
            }
            test = runs.data.test
            each.append(measure(own, Split(test.x[seed], test.y[seed]), seed))
        results[name] = gathered(each)
    results["test_accuracy"] = trained.measure(accuracy)[0]
    write_experiment(__file__, results)
