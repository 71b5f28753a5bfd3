"""How long Jacobians take: closed forms beside autograd's, and products beside the matrices.

    python experiments/bench_jacobians.py

Modules of 64, 256 and 1024 features in float32 on the CPU, for one example and for a batch of four.
Contestants take turns within a round; what is stored are ratios within a round, their medians and
their middle eight tenths. Sequences have five tokens, and matrices of 25 times as many places; they
are left out at 1024 features. So are batches of the modules with a hidden layer, which has twice as
many features. Some ten minutes.
"""

import torch
from torch.func import jacrev, vmap

from course_lib.analysis import (
    activation,
    chain,
    convolution,
    exact_norm,
    linear,
    lower_norm_at,
)
from course_lib.analysis.examples import example
from course_lib.lab import generator, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread

WIDTHS = {64: 20, 256: 5, 1024: 1}  # and how many calls a turn has
ROWS = (
    *("linear", "convolution", "GELU", "softmax", "l2-normalise", "LayerNorm", "RMSNorm"),
    *("CenterNorm", "BatchNorm, evaluation"),
)
HIDDEN = ("feed-forward", "residual", "Pre-LN")
SEQUENCES = ("BatchNorm, training", "dot-product attention", "L2 attention", "cosine attention")
BATCH, ROUNDS = 4, 5
LAYERS, POWER_ROUNDS, ROUNDS_OF_ROW = 50, 20, 3


def module(name, width):
    """Return a module and an input; an image has as many places as other inputs have features."""
    if name == "convolution":
        kernel = torch.randn(1, 1, 3, 3, generator=generator(0))
        side = int(width**0.5)
        return convolution(kernel, padding=1), torch.randn(1, side, side, generator=generator(1))
    return example(name, generator(0), width, torch.float32)


def ratios(contestants, width, label, rounds=ROUNDS):
    """Return the first contestant's time over that of each other one, within a round."""
    times = side_by_side(contestants, rounds=rounds, calls=WIDTHS[width], label=label)
    first, *others = times
    return {name: spread(times[first] / times[name]) for name in others}


def laid_out(J, v, axes):
    """Return the matrix times a change, or a gradient, of that shape."""
    return (J @ v.flatten(-axes)[..., None])[..., 0]


def measure(name, width, batch):
    """Return jacrev's time over that of the closed form, and the matrix's over the products'."""
    f, x = module(name, width)
    by_autograd = jacrev(f.forward)
    if batch:
        x, by_autograd = torch.stack([x] * BATCH), vmap(by_autograd)
    dx, g = torch.ones_like(x), torch.ones_like(f.forward(x))
    label = f"{name}, {width}, {'batch' if batch else 'one'}"
    dense = ratios(
        {"jacrev": lambda: by_autograd(x), "closed": lambda: f.jacobian(x)}, width, label
    )
    forward = ratios(
        {"matrix": lambda: laid_out(f.jacobian(x), dx, f.axes), "jvp": lambda: f.jvp(dx, x)},
        width,
        label,
    )
    backward = ratios(
        {"matrix": lambda: laid_out(f.jacobian(x).mT, g, f.axes), "vjp": lambda: f.vjp(g, x)},
        width,
        label,
    )
    return dense | forward | backward


def measure_row(width):
    """Return the matrix's time over the products', for 50 modules one after the other."""
    source = generator(0)
    modules = []
    for _ in range(LAYERS // 2):
        W = torch.randn(width, width, generator=source) / width**0.5
        modules += [linear(W), activation("tanh")]
    f, x = chain(*modules), torch.randn(width, generator=source)
    v, label = torch.ones_like(x), f"{LAYERS} modules, {width}"

    def below():
        return lower_norm_at(f, x, POWER_ROUNDS, generator(1))

    forward, backward, norm = (
        ratios({"matrix": matrix, name: product}, width, label, ROUNDS_OF_ROW)[name]
        for name, matrix, product in (
            ("jvp", lambda: f.jacobian(x) @ v, lambda: f.jvp(v, x)),
            ("vjp", lambda: f.jacobian(x).mT @ v, lambda: f.vjp(v, x)),
            ("norm", lambda: exact_norm(f.jacobian(x)), below),
        )
    )
    share = (below() / exact_norm(f.jacobian(x))).item()
    return {"jvp": forward, "vjp": backward, "norm": norm, "norm_reached": share}


def main():
    found = {name: {} for name in ROWS + HIDDEN + SEQUENCES}
    for name, of_module in found.items():
        for width in WIDTHS:
            if width < max(WIDTHS):
                kinds = ("one", "batch")
            else:
                kinds = (
                    () if name in SEQUENCES else ("one",) if name in HIDDEN else ("one", "batch")
                )
            of_module[str(width)] = {kind: measure(name, width, kind == "batch") for kind in kinds}
    write_experiment(
        __file__,
        {
            "device": "cpu",
            "processor": processor(),
            "rounds": ROUNDS,
            "batch": BATCH,
            "modules": found,
            "row": {"modules": LAYERS, "power_rounds": POWER_ROUNDS, "rounds": ROUNDS_OF_ROW}
            | {"widths": {str(width): measure_row(width) for width in WIDTHS}},
        },
    )


if __name__ == "__main__":
    main()
