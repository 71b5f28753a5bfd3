"""How long a step of each rule takes, eager and compiled, beside torch's own optimizers.

    TORCHINDUCTOR_COMPILE_THREADS=1 python experiments/bench_steps.py

With more threads torch 2.13 goes on to compile beside what is measured.

Networks of 26 thousand, 2.6 million and 21 million parameters in float32, and on a GPU of 200
million. All contestants step side by side, a turn each a round; what is stored are medians over the
rounds, and the ratios within a round with their middle eight tenths. On a GPU also the share of the
bandwidth of copying that a compiled step reaches.

`growth` is for a figure: what a step of Adam takes at these and two more sizes, how many bytes it
must move for each parameter, and how fast this machine moves as many floats as the largest network
has. And `first_step` is how long the first compiled step takes, with nothing compiled on disk, for
the 161 tensors of a ResNet-50. Some six minutes; on a GPU some three.
"""

import functools
import gc
import os
import sys
import tempfile
import time
from itertools import pairwise

import torch

from course_lib.lab import device, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.optim import rules
from course_lib.optim.lamb import lamb
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.signature import slot_names

SIZES = {  # layers, and how many steps a turn has
    "26 thousand": ((64, 128, 128, 10), 100),
    "2.6 million": ((784, 1024, 1024, 784), 5),
    "21 million": ((1024, 4096, 4096, 10), 1),
}
BETWEEN = {  # for the figure
    "1 thousand": ((16, 20, 20, 10), 100),
    "260 thousand": ((256, 392, 392, 10), 20),
}
ROUNDS = 21
if device().type == "cuda":
    SIZES["200 million"] = ((4096, 8192, 16384, 2048), 8)
    # A turn of one step would measure how long a GPU takes to begin and to end.
    SIZES, BETWEEN = (
        {size: (layers, max(8, steps)) for size, (layers, steps) in sizes.items()}
        for sizes in (SIZES, BETWEEN)
    )
    ROUNDS = 9
SGD, ADAM = torch.optim.SGD, torch.optim.Adam
TORCHS = {  # rule: torch's optimizer and its settings
    "gd": (SGD, {}),
    "momentum": (SGD, {"momentum": 0.9}),
    "momentum_ema": (SGD, {"momentum": 0.9, "dampening": 0.9}),
    "nesterov": (SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),  # which torch has not fused
    "adam": (ADAM, {}),
    "adamw": (torch.optim.AdamW, {}),
    "lamb": (torch.optim.AdamW, {}),  # torch has no LAMB; AdamW does less
}
RULES = {name: getattr(rules, name, lamb) for name in TORCHS}
KINDS = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def parameters(layers):
    """Return the weights and biases of a network, with gradients."""
    source = torch.Generator(device()).manual_seed(0)
    shapes = [shape for d, h in pairwise(layers) for shape in ((h, d), (h,))]
    params = [torch.randn(shape, generator=source, device=device()) for shape in shapes]
    for p in params:
        p.requires_grad_().grad = torch.randn(p.shape, generator=source, device=device())
    return params


def optimizers(name, layers):
    """Return every optimizer that can run this rule, each with parameters of its own.

    Which cannot, and why, is printed: torch has not every form for every rule and device.
    """
    ours = functools.partial(RuleOptimizer, rule=RULES[name])
    make, settings = TORCHS[name]
    ways = {"eager": ours, "compiled": functools.partial(ours, compiled=True)}
    ways |= {kind: functools.partial(make, **settings, **how) for kind, how in KINDS.items()}
    made = {}
    for kind, way in ways.items():
        try:
            optimizer = way(parameters(layers), lr=1e-4)
            optimizer.step()
            made[kind] = optimizer
        except Exception as reason:  # of whatever kind: the others can be measured all the same
            print(f"{name}: no {kind} form. {reason}", file=sys.stderr)
    return made


def measure(name, size, layers, steps):
    """Return what a step takes, in seconds, and the ratios of ours to torch's."""
    times = side_by_side(
        {kind: optimizer.step for kind, optimizer in optimizers(name, layers).items()},
        rounds=ROUNDS,
        calls=steps,
        device=device(),
        label=f"{name}, {size}",
    )
    gc.collect()  # parameters of 200 million, five times, are not to wait for the next ones
    found = {
        "seconds": {kind: spread(taken) for kind, taken in times.items()},
        "ratio": {
            mine: {
                kind: spread(times[mine] / times[kind])
                for kind in KINDS
                if mine in times and kind in times
            }
            for mine in ("eager", "compiled")
        },
    }
    if device().type == "cuda" and "compiled" in times:
        count = parameter_count(layers)
        least = bytes_each(name) * count / bandwidth(count)["copy"]
        found["share_of_copy_bandwidth"] = spread(least / times["compiled"])
    return found


def parameter_count(layers):
    return sum((d + 1) * h for d, h in pairwise(layers))


def bytes_each(name):
    """Return how many bytes a step of a rule must read and write for each parameter, in float32.

    p and each slot are read and written, the gradient is read.
    """
    return 4 * (3 + 2 * len(slot_names(RULES[name])))


@functools.cache
def bandwidth(count):
    """Return the bytes a second of copying so many floats over and over, and of adding in place.

    Adding reads two and writes one of them. Copying writes where it has not read: a CPU may have to
    fetch what it overwrites, and such bytes are not counted.
    """
    one, other = (torch.ones(count, device=device()) for _ in range(2))
    runs = {"copy": lambda: one.copy_(other), "add": lambda: one.add_(other)}
    times = side_by_side(runs, rounds=ROUNDS, calls=20, device=device())
    moved = {"copy": 2 * 4 * count, "add": 3 * 4 * count}
    return {what: moved[what] / float(taken.median()) for what, taken in times.items()}


def growth(sizes):
    """Return what a step of Adam takes at every size, and what the bytes alone would take."""
    more = {
        size: {
            "parameters": parameter_count(layers),
            "rules": {"adam": measure("adam", size, layers, steps)},
        }
        for size, (layers, steps) in BETWEEN.items()
    }
    rising = sorted((sizes | more).values(), key=lambda found: found["parameters"])
    seconds = [found["rules"]["adam"]["seconds"] for found in rising]
    return {
        "rule": "adam",
        "bytes_each": bytes_each("adam"),
        "bandwidth": bandwidth(rising[-1]["parameters"]),
        "parameters": [found["parameters"] for found in rising],
        "seconds": {
            kind: [of[kind] for of in seconds]
            for kind in ("loop", "eager", "compiled", "fused")
            if all(kind in of for of in seconds)
        },
    }


def resnet_50():
    """Return the shapes of the 161 parameters of a ResNet-50: kernels, scales and shifts."""
    kernels, inputs = [(64, 3, 7, 7)], 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            kernels += [(width, inputs, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
            kernels += [(4 * width, inputs, 1, 1)] * (block == 0)
            inputs = 4 * width
    shapes = [shape for kernel in kernels for shape in (kernel, kernel[:1], kernel[:1])]
    return [*shapes, (1000, inputs), (1000,)]


def first_step():
    """Return the seconds of the first two compiled steps of Adam with 161 tensors."""
    params = [torch.zeros(shape, device=device(), requires_grad=True) for shape in resnet_50()]
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer, seconds = RuleOptimizer(params, rules.adam, lr=1e-4, compiled=True), []
    for _ in range(2):
        begun = time.perf_counter()
        optimizer.step()
        params[0].sum().item()  # which waits for a GPU
        seconds.append(time.perf_counter() - begun)
    return {"tensors": len(params), "seconds": seconds}


def main():
    with tempfile.TemporaryDirectory() as empty:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = empty
        measure_all()


def measure_all():
    first = first_step()
    sizes = {
        size: {
            "parameters": parameter_count(layers),
            "rules": {name: measure(name, size, layers, steps) for name in TORCHS},
        }
        for size, (layers, steps) in SIZES.items()
    }
    write_experiment(
        __file__,
        {
            "device": str(device()),
            "processor": processor(),
            "rounds": ROUNDS,
            "sizes": sizes,
            "growth": growth(sizes),
            "first_step": first,
        },
    )


if __name__ == "__main__":
    main()
