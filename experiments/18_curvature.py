"""Lesson 18's sentences about estimates of a Hessian's diagonal, measured.

Quadratics  2,000 random convex quadratics of 20 parameters. What each estimate is worth, and how
            that changes as the entries beside the diagonal are scaled from nothing to their full
            size. Beside each mean stands its standard error.
Points      Two small networks that read digits, at four points of their training: the whole Hessian
            of 300 images, and every estimate beside the diagonal.
Probes      The sign probe by its size, in float32 and float64: how far from its own limit, and how
            far from the diagonal.
Batches     The same from batches of 10 to 300 images: both gradients of one batch, or of two.
Steps       The best that one step along −g/D can do, with D made from each estimate, beside plain
            gradient descent: the rate is the best for each direction, on a grid in which no best
            lies at an end. The floor of the guard, a share of the mean size, is chosen on 24
            seeds of its own, on a grid that is extended until the best lies inside: of floors
            that are as good, to a thousandth of the gain, the innermost. Two rivals know no
            curvature beside the diagonal's, or none: D from the sizes of a row of the Hessian, and
            D from the sizes of the gradient. "one batch" and "two batches" are sign probes on 50 of
            the images, with both gradients from one drawing of them or from two.

How good an estimate is, is said by three numbers. below: the share of entries below 0. off: the
median distance from the truth, over the median size of the truth. rank: the correlation of ranks
between sizes of the estimate and of the truth, 1 where they order parameters alike.

A seed draws the division of the images, the starting weights, the order and the signs. It takes
about fifteen minutes on one thread:

    python experiments/18_curvature.py
"""

import functools

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy

from course_lib.lab import (
    digits,
    generator,
    networks,
    progress_bar,
    resplit,
    train,
    write_experiment,
)
from course_lib.second_order import (
    as_vector,
    cross_entropy_curvature,
    diagonal_step,
    forward_probe,
    gauss_newton_diagonal,
    guard,
    hutchinson,
    hvp,
    joint_quotient,
    secant,
)

SEEDS, TUNING_SEEDS = range(24), range(100, 124)
NETWORKS = {
    "one hidden layer, tanh": ([64, 12, 10], torch.tanh),
    "two hidden layers, ReLU": ([64, 12, 12, 10], torch.relu),
}
IMAGES = 300
LR, BATCH, EPOCHS = 0.1, 50, (0, 1, 5, 30)
SAMPLES = (1, 10, 100)
PROBES = [10.0**k for k in range(-7, 1)]
BATCHES, PROBE, STEP_BATCH = (10, 30, 100, 300), 1e-3, 50
FLOORS = range(-10, 4)  # halves of powers of ten, 1e-5 to 30; extended where the best is an end
AS_GOOD = 1e-3  # of log gains
RATES = [10 ** (k / 12) for k in range(-96, 121)]  # of a step: 1e-8 to 1e10
DRAWS, N, SCALES = 2000, 20, (0.0, 0.1, 0.3, 1.0)


# How good an estimate is


def ranks(values: Tensor) -> Tensor:
    return values.argsort().argsort().double()


def quality(estimate: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """Return below, off and rank of an estimate, as the head of this file says."""
    sizes = torch.stack([ranks(estimate.abs()), ranks(truth.abs())])
    return {
        "below": (estimate < 0).double().mean(),
        "off": (estimate - truth).abs().median() / truth.abs().median(),
        "rank": torch.corrcoef(sizes)[0, 1],
    }


def signs(like: Tensor, source: torch.Generator) -> Tensor:
    return (2 * torch.randint(0, 2, like.shape, generator=source) - 1).to(like)


# Quadratics


def quadratics(scale: float) -> dict:
    """Return the mean quality of each estimate on random convex quadratics, and its error.

    scale: by what the entries beside the diagonal are multiplied, 0 to 1. Between a matrix and its
    own diagonal, every matrix has no eigenvalue below 0.
    """
    found: dict[str, list] = {}
    for seed in range(DRAWS):
        source = generator(seed)
        A = torch.randn(N, N, generator=source, dtype=torch.float64)
        w = torch.randn(N, generator=source, dtype=torch.float64)
        H = A @ A.T / N
        H = scale * H + (1 - scale) * torch.diag(H.diagonal())
        d, g = H.diagonal(), H @ w
        ways = {
            "along −g": joint_quotient(H, -g),
            "along −sign g": joint_quotient(H, -g.sign()),
            "another gradient": joint_quotient(H, torch.randn(N, generator=source).double()),
            "Hutchinson 1": hutchinson(functools.partial(torch.mv, H), d, 1, source),
            "Hutchinson 10": hutchinson(functools.partial(torch.mv, H), d, 10, source),
        }
        for name, estimate in ways.items():
            found.setdefault(name, []).append(quality(estimate, d))
    return {name: mean_and_error(each) for name, each in found.items()}


def mean_and_error(each: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each measure over the draws, and the standard error of that mean."""
    result = {}
    for of in each[0]:
        values = torch.stack([one[of] for one in each])
        result |= {of: values.mean(), f"{of}_error": values.std() / len(values) ** 0.5}
    return result


# A network that reads digits


class Place:
    """A point of training: the loss of 300 images as a function of a vector, and its Hessian."""

    def __init__(self, params, activation, split):
        self.activation = activation
        self.x, self.y = split.x[:IMAGES].double(), split.y[:IMAGES]
        seen = (self.x != 0).any(dim=0)  # a pixel that is 0 in all images moves nothing
        self.x, params = self.x[:, seen], params | {"W1": params["W1"][:, seen]}
        self.p, self.apart = as_vector({name: value.double() for name, value in params.items()})

    def outputs(self, p, x=None):
        return networks.network(self.apart(p), self.x if x is None else x, self.activation)

    def loss(self, p):
        return cross_entropy(self.outputs(p), self.y)

    def on(self, chosen):
        """Return the gradient of some of the images, as a function of a vector."""
        x, y = self.x[chosen], self.y[chosen]
        return grad(lambda p: cross_entropy(self.outputs(p, x.to(p)), y))

    @functools.cached_property
    def g(self):
        return grad(self.loss)(self.p)

    @functools.cached_property
    def H(self):
        units = torch.eye(len(self.p), dtype=self.p.dtype)
        return vmap(lambda v: hvp(self.loss, self.p, v), chunk_size=128)(units)


def places(name: str, seed: int) -> list[Place]:
    """Return a network at the four points of its training."""
    sizes, activation = NETWORKS[name]
    params = networks.start(sizes, generator(2000 + seed))
    data, order = resplit(digits(), generator(seed)), generator(1000 + seed)
    forward = functools.partial(networks.network, activation=activation)
    found, done = [], 0
    for epochs in EPOCHS:
        how = {"lr": LR, "batch_size": BATCH, "generator": order, "label": None}
        params, _ = train(forward, params, data, epochs=epochs - done, **how)
        found.append(Place(params, activation, data.train))
        done = epochs
    return found


def estimates(place: Place, seed: int) -> dict[str, Tensor]:
    """Return every estimate of the diagonal, of small probes, and the truth."""
    H, g, source = place.H, place.g, generator(3000 + seed)
    by_hutchinson = {f"Hutchinson {m}": hutchinson(lambda v: H @ v, g, m, source) for m in SAMPLES}
    B = cross_entropy_curvature(place.outputs(place.p))
    return {
        "truth": H.diagonal(),
        "along −g": joint_quotient(H, -g),
        "along −sign g": joint_quotient(H, -g.sign()),
        **by_hutchinson,
        "Gauss-Newton": gauss_newton_diagonal(place.outputs, place.p, B),
    }


def about(place: Place) -> dict[str, Tensor]:
    """Return what the Hessian is like: sharpness, share of its square on the diagonal, loss."""
    values = torch.linalg.eigvalsh(place.H)
    return {
        "loss": place.loss(place.p),
        "largest": values[-1],
        "smallest": values[0],
        "negative": (values < -1e-9 * values[-1]).double().mean(),
        "on_diagonal": place.H.diagonal().square().sum() / place.H.square().sum(),
        "diagonal_below": (place.H.diagonal() < 0).double().mean(),
    }


def by_probe_size(place: Place) -> dict:
    """Return how far sign probes are from their limit and from the diagonal, by size."""
    way, truth = -place.g.sign(), place.H.diagonal()
    limit, found = joint_quotient(place.H, way), {}
    everything = torch.arange(IMAGES)
    for dtype in (torch.float32, torch.float64):
        p, gradient = place.p.to(dtype), place.on(everything)
        rows = [
            forward_probe(gradient, p, gradient(p), (h * way).to(dtype)).double() for h in PROBES
        ]
        found[str(dtype).removeprefix("torch.")] = {
            "from_limit": torch.stack([quality(row, limit)["off"] for row in rows]),
            "from_truth": torch.stack([quality(row, truth)["off"] for row in rows]),
        }
    return found


def by_batch(place: Place, seed: int) -> dict:
    """Return rank and distance from the truth, of sign probes and of Hutchinson, by batch size."""
    source, truth, p = generator(4000 + seed), place.H.diagonal(), place.p
    found: dict[str, list] = {"one batch": [], "two batches": [], "Hutchinson 1": []}
    for size in BATCHES:
        first, second = (
            place.on(torch.randperm(IMAGES, generator=source)[:size]) for _ in range(2)
        )
        g = first(p)
        delta = -PROBE * g.sign()
        z = PROBE * signs(p, source)
        ways = {
            "one batch": forward_probe(first, p, g, delta),
            "two batches": secant(g, second(p + delta), delta),
            "Hutchinson 1": forward_probe(first, p, g, z),
        }
        for name, estimate in ways.items():
            found[name].append(quality(estimate, truth))
    return {
        name: {of: torch.stack([one[of] for one in each]) for of in each[0]}
        for name, each in found.items()
    }


# What a step gains


def gains(place: Place, divisors: dict[str, Tensor], rates=RATES, stride=4) -> dict[str, Tensor]:
    """Return how far the best step along −g/D brings the loss down, for each D.

    Each stride-th rate is tried, and then all that lie beside the best of these. Raises ValueError
    where that is an end of the rates.
    """
    found = {}
    for name, D in divisors.items():
        D = D * (place.g / D).norm() / place.g.norm()  # so that rates mean the same for all

        def losses(chosen, D=D):
            steps = [diagonal_step(place.p, place.g, D, rates[k]) for k in chosen]
            return vmap(place.loss, chunk_size=32)(torch.stack(steps)).nan_to_num(nan=torch.inf)

        coarse = sorted({*range(0, len(rates), stride), len(rates) - 1})
        best = coarse[int(losses(coarse).argmin())]
        if best in (0, len(rates) - 1):
            raise ValueError(f"{name}: the best rate {rates[best]:g} is at an end of those tried")
        near = range(max(best - stride + 1, 0), min(best + stride, len(rates)))
        found[name] = place.loss(place.p) - losses(near).min()
    return found


def candidates(place: Place, each: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Return what a step may be divided by: every estimate, noisy quotients, and two rivals."""
    source = generator(5000 + seed)
    first, second = (
        place.on(torch.randperm(IMAGES, generator=source)[:STEP_BATCH]) for _ in range(2)
    )
    g = first(place.p)
    delta = -PROBE * g.sign()
    return each | {
        "one batch": forward_probe(first, place.p, g, delta),
        "two batches": secant(g, second(place.p + delta), delta),
        "sizes of a row": place.H.abs().sum(dim=1),
        "size of the gradient": place.g.abs(),
    }


def divisors(each: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    return {name: guard(d, floor=share * d.abs().mean().item()) for name, d in each.items()}


def gathered(each: list) -> object:
    """Return a list of like results, dicts of tensors, as one dict with the runs in front."""
    if isinstance(each[0], dict):
        return {name: gathered([one[name] for one in each]) for name in each[0]}
    if isinstance(each[0], list):
        return [gathered(list(of)) for of in zip(*each, strict=True)]
    return torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in each])


def choose_floor(loss) -> float:
    """Return the floor with the lowest loss, a function of a floor.

    Of floors that are as good the innermost of those tried is chosen: further out the floor lifts
    no entry of weight any more, or all. While that is an end, the grid is extended there.
    """
    tried = {k: loss(10 ** (k / 2)) for k in FLOORS}
    while True:
        low, high, least = min(tried), max(tried), min(tried.values())
        good = [k for k, value in tried.items() if value <= least + AS_GOOD]
        best = min(good, key=lambda k: abs(k - (FLOORS[0] + FLOORS[-1]) / 2))
        if low < best < high:
            return 10 ** (best / 2)
        beyond = low - 1 if best == low else high + 1
        tried[beyond] = loss(10 ** (beyond / 2))


def choose_floors(name: str) -> list[dict[str, float]]:
    """Return for each point and each estimate the floor that gains most on the tuning seeds."""
    trial = []
    for seed in TUNING_SEEDS:
        trial.append([(at, candidates(at, estimates(at, seed), seed)) for at in places(name, seed)])

    def loss(point: int, of: str, share: float) -> float:
        """Return minus the mean log gain of an estimate with a floor."""
        total = 0.0
        for at, each in (one[point] for one in trial):
            D = divisors({of: each[of]}, share)
            total -= gains(at, D, RATES[::2], stride=2)[of].log().item()
        return total / len(trial)

    return [
        {of: choose_floor(functools.partial(loss, point, of)) for of in trial[0][point][1]}
        for point in progress_bar(range(len(EPOCHS)), f"floors, {name}", unit="point")
    ]


def measure(name: str, seed: int, floors: list[dict[str, float]]) -> list[dict]:
    """Return everything that is measured of one seed, at each point of training."""
    found = []
    for at, floor in zip(places(name, seed), floors, strict=True):
        each = estimates(at, seed)
        D = {}
        for of, d in candidates(at, each, seed).items():
            D |= divisors({of: d}, floor[of])
        found.append(
            {
                "about": about(at),
                "estimates": {name: quality(d, each["truth"]) for name, d in each.items()},
                "probes": by_probe_size(at),
                "batches": by_batch(at, seed),
                "gains": gains(at, {"gradient": torch.ones_like(at.p), **D}),
            }
        )
    return found


def measured(name: str) -> dict:
    """Return the floors and all that is measured of a network, the seeds in front."""
    floors = choose_floors(name)
    each = [measure(name, seed, floors) for seed in progress_bar(SEEDS, name, unit="seed")]
    return {"sizes": NETWORKS[name][0], "floors": floors, "points": gathered(each)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_experiment(
        __file__,
        {
            "seeds": list(SEEDS),
            "tuning_seeds": list(TUNING_SEEDS),
            "images": IMAGES,
            "lr": LR,
            "batch_size": BATCH,
            "epochs": list(EPOCHS),
            "samples": list(SAMPLES),
            "probes": PROBES,
            "batch_sizes": list(BATCHES),
            "step_batch": STEP_BATCH,
            "floors_tried": [10 ** (k / 2) for k in FLOORS],
            "scales": list(SCALES),
            "quadratics": [quadratics(scale) for scale in SCALES],
            "networks": {name: measured(name) for name in NETWORKS},
        },
    )
