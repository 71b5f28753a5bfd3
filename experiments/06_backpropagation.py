"""Lesson 06's claims about backpropagation, measured on digits over 24 seeds.

share   Whether a gradient is a weight's share of the error.
steps   How wrong differences are at each step, in float32 and float64, and across kinks.
cost    What a backward pass costs against a forward pass and against differences.
bugs    What a network learns with a mistake in its backward pass.
control Why the sign of the gradient is no gate: with inputs above and around 0, with hidden biases
        that move and that do not.

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. What is compared shares all three. In `bugs` and `control` each backward pass
tries the same learning rates on six seeds of their own, and keeps the one with the highest mean
accuracy on the validation images; then it is trained on 24 other seeds and tested. The runs of a
comparison are trained together, as one batched program. Times are those of one thread of the
machine that the record names. It takes about six minutes; with names of parts behind it only these
are measured again, and the rest is kept as it is stored:

    python experiments/06_backpropagation.py
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode
from tqdm.auto import tqdm

from course_lib.lab import (
    Run,
    Runs,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    stored,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.nn.activations import relu, tanh
from course_lib.nn.backprop import count_cost, linear_vjp, relu_vjp
from course_lib.nn.biases import affine
from course_lib.nn.gradient_check import central_difference, forward_difference, relative_error

SEEDS = 24
BATCH = 50
EPOCHS = 20

Params = dict[str, Tensor]
Vjp = Callable[..., tuple[Tensor, ...]]


def draw(sizes: Sequence[int], seed: int) -> Run:
    """Return where a run starts, its division of the images, and what draws their order."""
    source = generator(seed)
    data = resplit(digits(), source)
    return Run(networks.start(sizes, source), data, source)


# share: what does a gradient say about its weight?

SHARE_SIZES = [64, 32, 10]
SHARE_RATE = 0.3
SHARE_STEPS = [10.0**k for k in range(-4, 2)]


def measure_share() -> dict:
    """Compare gradients with what the loss really does, before training and after it.

    `kept_promise`: the drop of the loss after one step of gradient descent over the whole training
    part, over the drop that the gradient promises, `lr · ‖g‖²`. `sum_over_loss`: the sum of all
    parameters times their gradients, over the loss: 1 if they were shares of it. `deleted`: the
    correlation, over all weights of the second layer, of `−w · g` with what the loss really does
    when that weight is set to 0.
    """
    runs = draw_runs(partial(draw, SHARE_SIZES), range(SEEDS))
    how = {"settings": {"lr": [SHARE_RATE]}, "epochs": EPOCHS, "batch_size": BATCH}
    found = grid(network, runs, label="share", **how)
    trained = {name: value[0] for name, value in found.params.items()}
    data, result = runs.data, {"sizes": SHARE_SIZES, "lr": SHARE_RATE, "steps": SHARE_STEPS}
    for moment, at in {"start": runs.start, "trained": trained}.items():
        at = {name: value.double() for name, value in at.items()}
        result[moment] = vmap(share_of_one)(at, data.train.x.double(), data.train.y)
        result[moment]["kept_promise"] = result[moment]["kept_promise"].T  # (steps, seeds)
    return result


def share_of_one(params: Params, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    def loss(params: Params) -> Tensor:
        return cross_entropy(network(params, x), y)

    here, gradient = loss(params), grad(loss)(params)
    squared = sum((g**2).sum() for g in gradient.values())
    kept = []
    for lr in SHARE_STEPS:
        moved = {name: p - lr * gradient[name] for name, p in params.items()}
        kept.append((here - loss(moved)) / (lr * squared))

    W2 = params["W2"]
    each = torch.eye(W2.numel(), dtype=W2.dtype).view(-1, *W2.shape)
    change = vmap(lambda one: loss({**params, "W2": W2 * (1 - one)}) - here, chunk_size=64)(each)
    promised = -(W2 * gradient["W2"]).flatten()
    total = sum((p * gradient[name]).sum() for name, p in params.items())
    return {
        "loss": here,
        "kept_promise": torch.stack(kept),
        "sum_over_loss": total / here,
        "deleted": torch.corrcoef(torch.stack([promised, change]))[0, 1],
    }


# steps: how wrong are differences?

STEP_SIZES = [64, 8, 10]
STEP_IMAGES = 50
STEPS = [10 ** (k / 2) for k in range(-22, 1)]
CURVES = {
    "central, float64": (central_difference, tanh, torch.float64),
    "central, float32": (central_difference, tanh, torch.float32),
    "one-sided, float64": (forward_difference, tanh, torch.float64),
    "central, float64, ReLU": (central_difference, relu, torch.float64),
}


def measure_steps() -> dict:
    """Return the relative error of differences at each step, `(steps, seeds)` for each curve.

    The truth is backpropagation in float64, at the very weights that the differences are taken at.
    """
    params, data, _ = draw_runs(partial(draw, STEP_SIZES), range(SEEDS))
    x, y = data.train.x[:, :STEP_IMAGES], data.train.y[:, :STEP_IMAGES]
    shapes = [value.shape[1:] for value in params.values()]
    flat = torch.cat([value.flatten(1) for value in params.values()], dim=1)
    curves = {}
    for name, (difference, activation, dtype) in CURVES.items():

        def loss(w: Tensor, x: Tensor, y: Tensor, activation=activation) -> Tensor:
            W1, b1, W2, b2 = unpack(w, shapes)
            return cross_entropy(affine(activation(affine(x, W1, b1)), W2, b2), y)

        right = vmap(grad(loss))(flat.double(), x.double(), y)
        curves[name] = []
        for step in tqdm(STEPS, desc=f"steps, {name}"):

            def found(w, x, y, step=step, difference=difference, loss=loss):
                return difference(lambda w: loss(w, x, y), w, step)

            near = vmap(found)(flat.to(dtype), x.to(dtype), y)
            curves[name].append(vmap(relative_error)(near.double(), right))
    return {"sizes": STEP_SIZES, "images": STEP_IMAGES, "steps": STEPS, "curves": curves}


def unpack(w: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """Return the tensors of these shapes whose numbers, in order, are `w`."""
    parts = w.split([shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


# cost: what does a gradient cost?

COST_NETS = {
    "64-32-10, 50 images": ([64, 32, 10], 50),
    "64-32-10, 1000 images": ([64, 32, 10], 1000),
    "64-256-256-10, 1000 images": ([64, 256, 256, 10], 1000),
    "64-512-512-512-512-10, 1000 images": ([64, 512, 512, 512, 512, 10], 1000),
}
ROUNDS = 30
HIDDEN = [1, 2, 4, 8, 16, 32, 64]
DIFFERENCE_IMAGES = 50


def measure_cost() -> dict:
    """Count multiplications, and time passes on one thread, in rounds that take turns."""
    nets = {}
    for name, (sizes, n) in COST_NETS.items():
        x, y = images(n)
        params = [p.requires_grad_() for p in networks.start(sizes, generator(0)).values()]
        counted = [FlopCounterMode(display=False) for _ in range(2)]
        with counted[0]:
            loss = cross_entropy(forward(params, x), y)
        with counted[1]:
            torch.autograd.grad(loss, params)
        nets[name] = {
            "sizes": sizes,
            "n": n,
            "multiplications": count_cost(sizes, n),
            "flops": [counter.get_total_flops() for counter in counted],
            "seconds": [],
        }
    for _ in tqdm(range(ROUNDS), desc="cost, passes"):
        for found in nets.values():
            found["seconds"].append(time_passes(found["sizes"], found["n"]))
    return {"nets": nets, "differences": measure_differences()}


def images(n: int) -> tuple[Tensor, Tensor]:
    data = digits()
    return data.train.x[:n], data.train.y[:n]


def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
    layers = list(zip(params[::2], params[1::2], strict=True))
    for weight, bias in layers[:-1]:
        x = relu(affine(x, weight, bias))
    return affine(x, *layers[-1])


def time_passes(sizes: Sequence[int], n: int, repeats: int = 7) -> tuple[float, float]:
    """Return the seconds of a forward pass and of the backward pass after it, both medians."""
    x, y = images(n)
    params = [p.requires_grad_() for p in networks.start(sizes, generator(0)).values()]
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        loss = cross_entropy(forward(params, x), y)
        halfway = time.perf_counter()
        torch.autograd.grad(loss, params)
        times.append((halfway - begun, time.perf_counter() - halfway))
    return tuple(statistics.median(side) for side in zip(*times, strict=True))


def measure_differences() -> dict:
    """Time the whole gradient of networks of more and more weights, in two ways."""
    x, y = images(DIFFERENCE_IMAGES)
    result = {"hidden": HIDDEN, "parameters": [], "backpropagation": [], "differences": []}
    for hidden in tqdm(HIDDEN, desc="cost, differences"):
        params = networks.start([64, hidden, 10], generator(0))
        shapes = [value.shape for value in params.values()]
        w = torch.cat([value.flatten() for value in params.values()])

        def loss(w: Tensor, shapes=shapes) -> Tensor:
            return cross_entropy(forward(unpack(w, shapes), x), y)

        def by_backpropagation(w: Tensor, loss=loss) -> Tensor:
            leaf = w.clone().requires_grad_()
            return torch.autograd.grad(loss(leaf), leaf)[0]

        def by_differences(w: Tensor, loss=loss) -> Tensor:
            with torch.no_grad():
                return central_difference(loss, w, 1e-2)

        result["parameters"].append(w.numel())
        result["backpropagation"].append([seconds(by_backpropagation, w) for _ in range(ROUNDS)])
        result["differences"].append([seconds(by_differences, w) for _ in range(ROUNDS)])
    return result


def seconds(work: Callable[[Tensor], Tensor], w: Tensor) -> float:
    begun = time.perf_counter()
    work(w)
    return time.perf_counter() - begun


# bugs: does a network learn with a wrong gradient?

BUG_SIZES = [64, 32, 32, 10]  # the second layer is square: a wrong transpose fits
TUNE = range(24, 30)  # other seeds, on which the learning rate is chosen
LRS = [2 ** (k / 2) for k in range(-24, 7)]


def weight_transposed(g: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    of_x, of_weight, of_bias = linear_vjp(g, x, weight)
    return of_x, of_weight.T, of_bias


def inputs_transposed(g: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    _, of_weight, of_bias = linear_vjp(g, x, weight)
    return g @ weight.T, of_weight, of_bias


def biases_forgotten(g: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    of_x, of_weight, of_bias = linear_vjp(g, x, weight)
    return of_x, of_weight, torch.zeros_like(of_bias)


def inputs_forgotten(g: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    of_x, of_weight, of_bias = linear_vjp(g, x, weight)
    return torch.zeros_like(of_x), of_weight, of_bias


def gate_forgotten(g: Tensor, z: Tensor) -> Tensor:
    return g.clone()


def gate_of_g(g: Tensor, z: Tensor) -> Tensor:
    return relu_vjp(g, g)


# How each of the three layers goes backward, and how ReLU does.
RIGHT = (linear_vjp, linear_vjp, linear_vjp)
BUGS: dict[str, tuple[tuple[Vjp, Vjp, Vjp], Callable[[Tensor, Tensor], Tensor]]] = {
    "none": (RIGHT, relu_vjp),
    "biases forgotten": ((biases_forgotten,) * 3, relu_vjp),
    "first layer forgotten": ((linear_vjp, inputs_forgotten, linear_vjp), relu_vjp),
    "gate forgotten": (RIGHT, gate_forgotten),
    "gate of the gradient's sign": (RIGHT, gate_of_g),
    "inputs' gradient transposed": ((linear_vjp, inputs_transposed, linear_vjp), relu_vjp),
    "weights' gradient transposed": ((linear_vjp, weight_transposed, linear_vjp), relu_vjp),
}


class Layer(torch.autograd.Function):
    """A layer that goes backward as it is told. Autograd does the rest."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, weight, bias, way_back):
        return affine(x, weight, bias)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, _, ctx.way_back = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, g):
        return *ctx.way_back(g, *ctx.saved_tensors), None


class Gate(torch.autograd.Function):
    """A ReLU that goes backward as it is told."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z, way_back):
        return relu(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        z, ctx.way_back = inputs
        ctx.save_for_backward(z)

    @staticmethod
    def backward(ctx, g):
        return ctx.way_back(g, *ctx.saved_tensors), None


def with_bug(name: str) -> Callable[[Params, Tensor], Tensor]:
    """Return the network of three layers whose backward pass has this bug."""
    layers, gate = BUGS[name]

    def forward(params: Params, x: Tensor) -> Tensor:
        for layer, way_back in enumerate(layers, start=1):
            z = Layer.apply(x, params[f"W{layer}"], params[f"b{layer}"], way_back)
            x = Gate.apply(z, gate) if layer < len(layers) else z
        return x

    return forward


def whole_gradient(bug: str, params: Params, train: Split) -> Tensor:
    """Return the gradient of all parameters over the training part, `(seeds, parameters)`."""

    def loss(params: Params, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(with_bug(bug)(params, x), y)

    found = vmap(grad(loss))(params, train.x, train.y)
    return torch.cat([value.flatten(1) for value in found.values()], dim=1)


def silent(params: Params, x: Tensor) -> Tensor:
    """Return the share of hidden neurons that fire for no example, for one run."""
    fires = []
    for layer in range(1, len(BUG_SIZES) - 1):
        z = affine(x, params[f"W{layer}"], params[f"b{layer}"])
        fires.append((z > 0).any(dim=0))
        x = relu(z)
    return 1 - torch.cat(fires).double().mean()


def choose_rate(forward: Callable, runs: Runs) -> tuple[int, Tensor]:
    """Return the place of the best rate, and the mean validation accuracy at each."""
    found = grid(forward, runs, settings={"lr": LRS}, epochs=EPOCHS, batch_size=BATCH, label=None)
    scores = found.measure(accuracy, "validation").masked_fill(found.history["diverged"], 0.0)
    return best_setting({"lr": LRS}, 1 - scores), scores.mean(dim=1)


def measure_bugs() -> dict:
    """Train with each bug at its own best rate and at the rate that is best without any.

    `tuning`: mean validation accuracy at each rate. `cosine`: of the angle between this gradient
    and the right one before training. `silent`: the share of hidden neurons that fire for no
    training image after it.
    """
    tuning, runs = (draw_runs(partial(draw, BUG_SIZES), seeds) for seeds in (TUNE, range(SEEDS)))
    right = whole_gradient("none", runs.start, runs.data.train)
    how = {"epochs": EPOCHS, "batch_size": BATCH, "label": None}
    result = {"sizes": BUG_SIZES, "lrs": LRS, "found": {}}
    for bug in tqdm(BUGS, desc="bugs"):
        best, tried = choose_rate(with_bug(bug), tuning)
        usual = LRS[best] if bug == "none" else result["found"]["none"]["lr"]
        found = grid(with_bug(bug), runs, settings={"lr": [LRS[best], usual]}, **how)
        scores = found.measure(accuracy)
        kept = {name: value[0] for name, value in found.params.items()}
        wrong = whole_gradient(bug, runs.start, runs.data.train)
        result["found"][bug] = {
            "cosine": torch.cosine_similarity(wrong, right, dim=1),
            "silent": vmap(silent)(kept, runs.data.train.x),
            "lr": LRS[best],
            "tuning": tried,
            "test_accuracy": scores[0],
            "test_accuracy_at_usual_lr": scores[1],
        }
    return result


# control: what keeps the gate of the gradient's sign from learning?

CONTROL_SIZES = [64, 32, 10]


def gate_network(gate: Callable[[Tensor, Tensor], Tensor], moves: bool) -> Callable:
    """Return a network of two layers with this way back through ReLU.

    moves: whether the hidden biases get a gradient.
    """

    def forward(params: Params, x: Tensor) -> Tensor:
        b1 = params["b1"] if moves else params["b1"].detach()
        hidden = Gate.apply(affine(x, params["W1"], b1), gate)
        return affine(hidden, params["W2"], params["b2"])

    return forward


def draw_control(centred: bool, seed: int) -> Run:
    """Return a run; centred: each pixel less its mean over the training images."""
    start, data, order = draw(CONTROL_SIZES, seed)
    if centred:
        mean = data.train.x.mean(dim=0)
        data = replace(
            data,
            **{
                name: Split(getattr(data, name).x - mean, getattr(data, name).y)
                for name in ("train", "validation", "test")
            },
        )
    return Run(start, data, order)


def measure_control() -> dict:
    """Train one hidden layer with the right gate and with that of the sign, in four conditions."""
    result = {"sizes": CONTROL_SIZES, "lrs": LRS, "found": {}}
    gates = {"right": relu_vjp, "sign": gate_of_g}
    cells = [(g, c, m) for g in gates for c in (False, True) for m in (True, False)]
    for gate, centred, moves in tqdm(cells, desc="control"):
        tuning, runs = (
            draw_runs(partial(draw_control, centred), seeds) for seeds in (TUNE, range(SEEDS))
        )
        forward = gate_network(gates[gate], moves)
        best, tried = choose_rate(forward, tuning)
        how = {"epochs": EPOCHS, "batch_size": BATCH, "label": None}
        found = grid(forward, runs, settings={"lr": [LRS[best]]}, **how)
        inputs = "centred" if centred else "raw"
        biases = "move" if moves else "frozen"
        result["found"][f"{gate}, {inputs}, {biases}"] = {
            "lr": LRS[best],
            "tuning": tried,
            "test_accuracy": found.measure(accuracy)[0],
        }
    return result


PARTS = {
    "share": measure_share,
    "steps": measure_steps,
    "cost": measure_cost,
    "bugs": measure_bugs,
    "control": measure_control,
}

if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    again = sys.argv[1:] or list(PARTS)
    kept = stored("06_backpropagation") if sys.argv[1:] else {}
    found = {part: of() if part in again else kept[part] for part, of in PARTS.items()}
    settings = {"seeds": SEEDS, "batch": BATCH, "epochs": EPOCHS}
    write_experiment(__file__, {**settings, **found})
