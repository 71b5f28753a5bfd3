"""What it costs to steer: a training step at a steered rate, beside the same step at a given one.

    python experiments/19_steered_step.py

Adam on networks whose parameters are one vector, in float32 on the CPU, with one ratio and one rate
for the whole network, as in lesson 19's own loop. Contestants take turns within a round; what is
stored are ratios to Adam's step of the same round, their medians and their middle eight tenths.

slope and plan   the rate of the rules: two inner products of the network's size, and the controller
frozen           the same, from the controller's table on its corners
slopes alone     both inner products and their averages, at Adam's own rate

Steering also keeps two vectors more, the last gradient and the last step. Some two minutes.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from course_lib.lab import generator, networks, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.optim.rules import adam
from course_lib.second_order import (
    PROGRESS,
    SLOPE,
    as_vector,
    freeze,
    plan,
    rate_controller,
    slope_ratio,
    steered,
)

NETWORKS = {  # sizes, batch, calls a turn
    "lesson's": ((64, 32, 10), 50, 20),
    "large": ((784, 1024, 1024, 10), 128, 2),
}
ROUNDS, UPDATES = 45, 200
BASE, BEGIN, GAIN, FORGET = 0.01, -5.0, 0.5, 0.05
CONTROLLER = rate_controller()
STEERS = {
    "slope and plan": CONTROLLER,
    "frozen": freeze(CONTROLLER, SLOPE.corners, PROGRESS.corners),
    "slopes alone": None,
}


class Net:
    """A network with one batch: where its vector starts, and the gradient of its loss."""

    def __init__(self, sizes, batch):
        self.start, self.apart = as_vector(networks.start(sizes, generator(0)))
        self.x = torch.randn(batch, sizes[0], generator=generator(1))
        self.y = torch.randint(0, sizes[-1], (batch,), generator=generator(2))

    def gradient(self, p: Tensor) -> Tensor:
        p = p.detach().requires_grad_()
        loss = cross_entropy(networks.network(self.apart(p), self.x), self.y)
        return torch.autograd.grad(loss, p)[0]


def plain(net: Net) -> Callable[[], None]:
    """Return a step of Adam at the base rate."""
    p, m, v, t = net.start, *(torch.zeros_like(net.start) for _ in range(2)), 0

    def step() -> None:
        nonlocal p, m, v, t
        t += 1
        p, m, v = adam(p, net.gradient(p), m, v, t=t, lr=BASE)

    return step


def steering(net: Net, controller: Callable[[Tensor, Tensor], Tensor] | None):
    """Return a step of Adam at a steered rate, which it returns too."""
    p, t = net.start, 0
    m, v, g_before, gone = (torch.zeros_like(p) for _ in range(4))
    after = before = p.new_zeros(())
    M = torch.full_like(after, BEGIN)

    def step() -> Tensor | float:
        nonlocal p, m, v, t, g_before, gone, after, before, M
        done, t = torch.full_like(after, min(t / UPDATES, 1.0)), t + 1
        g = net.gradient(p)
        after = (1 - FORGET) * after + FORGET * (g @ gone)
        before = (1 - FORGET) * before + FORGET * (g_before @ gone)
        r, rate = slope_ratio(after, before), BASE
        if controller is not None:
            M = steered(M, r, done, controller, GAIN)
            rate = BASE * M.exp() * plan(done)
        moved, m, v = adam(p, g, m, v, t=t, lr=rate)
        gone, g_before, p = moved - p, g, moved
        return rate

    return step


def measure(words: str) -> dict[str, Any]:
    """Return what each steered step takes beside Adam's, in one network."""
    sizes, batch, calls = NETWORKS[words]
    net = Net(sizes, batch)
    steps = {"Adam": plain(net)} | {name: steering(net, of) for name, of in STEERS.items()}
    times = side_by_side(steps, rounds=ROUNDS, calls=calls, label=words)
    first = times.pop("Adam")
    return {
        "sizes": sizes,
        "parameters": len(net.start),
        "batch": batch,
        "milliseconds": 1000 * spread(first).median,
        "times a step of Adam": {name: spread(of / first) for name, of in times.items()},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {words: measure(words) for words in NETWORKS}
    write_experiment(__file__, {"processor": processor(), "rounds": ROUNDS, "networks": found})
