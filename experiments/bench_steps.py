"""How long a step of each rule takes, eager and compiled, beside torch's own optimizers.

    TORCHINDUCTOR_COMPILE_THREADS=1 python experiments/bench_steps.py

With more threads torch 2.13 goes on to compile beside what is measured.

Networks of 26 thousand, 2.6 million and 21 million parameters in float32. All contestants step
side by side, a turn each a round; what is stored are medians over the rounds, and the ratios within
a round with their middle eight tenths. On a CUDA device also the share of the bandwidth of copying
that a compiled step reaches. And how long the first compiled step takes, with nothing compiled on
disk, for the 161 tensors of a ResNet-50. Some six minutes.
"""

import os
import tempfile
import time
from itertools import pairwise

import torch

from course_lib.lab import device, generator, write_experiment
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
ROUNDS = 21
SGD, ADAM = torch.optim.SGD, torch.optim.Adam
TORCHS = {  # rule: torch's optimizer, its settings, and whether it can be fused
    "gd": (SGD, {}, True),
    "momentum": (SGD, {"momentum": 0.9}, True),
    "momentum_ema": (SGD, {"momentum": 0.9, "dampening": 0.9}, True),
    "nesterov": (SGD, {"momentum": 0.9, "nesterov": True}, True),
    "adagrad": (torch.optim.Adagrad, {}, True),
    "rmsprop": (torch.optim.RMSprop, {}, False),
    "adam": (ADAM, {}, True),
    "adamw": (torch.optim.AdamW, {}, True),
    "lamb": (torch.optim.AdamW, {}, True),  # torch has no LAMB; AdamW does less
}
RULES = {name: getattr(rules, name, lamb) for name in TORCHS}
KINDS = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def parameters(layers, source):
    """Return the weights and biases of a network, with gradients."""
    shapes = [shape for d, h in pairwise(layers) for shape in ((h, d), (h,))]
    params = [torch.randn(shape, generator=source).to(device()) for shape in shapes]
    for p in params:
        p.requires_grad_().grad = torch.randn(p.shape, generator=source).to(device())
    return params


def optimizers(name, layers):
    """Return every optimizer that can run this rule, each with parameters of its own."""
    rule, (make, settings, can_be_fused) = RULES[name], TORCHS[name]
    kinds = {kind: how for kind, how in KINDS.items() if can_be_fused or kind != "fused"}
    if name == "adagrad" and device().type == "cuda":
        kinds.pop("fused")  # torch has it for the CPU alone
    made = {
        "eager": RuleOptimizer(parameters(layers, generator(0)), rule, lr=1e-4),
        "compiled": RuleOptimizer(parameters(layers, generator(0)), rule, lr=1e-4, compiled=True),
    }
    for kind, how in kinds.items():
        made[kind] = make(parameters(layers, generator(0)), lr=1e-4, **settings, **how)
    return made


def measure(name, size):
    """Return what a step takes, in seconds, and the ratios of ours to torch's."""
    layers, steps = SIZES[size]
    made = optimizers(name, layers)
    times = side_by_side(
        {kind: optimizer.step for kind, optimizer in made.items()},
        rounds=ROUNDS,
        calls=steps,
        device=device(),
        label=f"{name}, {size}",
    )
    found = {
        "seconds": {kind: spread(taken) for kind, taken in times.items()},
        "ratio": {
            mine: {kind: spread(times[mine] / times[kind]) for kind in KINDS if kind in times}
            for mine in ("eager", "compiled")
        },
    }
    if device().type == "cuda":
        moved = 4 * parameter_count(layers) * (3 + 2 * len(slot_names(RULES[name])))
        found["share_of_copy_bandwidth"] = spread(
            moved / times["compiled"] / copy_bandwidth(4 * parameter_count(layers))
        )
    return found


def parameter_count(layers):
    return sum((d + 1) * h for d, h in pairwise(layers))


def copy_bandwidth(size):
    """Return the bytes a second, read and written, of copying `size` bytes over and over."""
    one, other = (torch.empty(size // 4, device=device()) for _ in range(2))
    times = side_by_side(
        {"copy": lambda: one.copy_(other)}, rounds=ROUNDS, calls=20, device=device()
    )
    return 2 * size / float(times["copy"].median())


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
            "rules": {name: measure(name, size) for name in TORCHS},
        }
        for size, (layers, _) in SIZES.items()
    }
    write_experiment(
        __file__,
        {
            "device": str(device()),
            "processor": processor(),
            "rounds": ROUNDS,
            "sizes": sizes,
            "first_step": first,
        },
    )


if __name__ == "__main__":
    main()
