"""What curvature costs: a training step with it, beside a plain gradient step.

    python experiments/bench_curvature.py

Networks in float32 on the CPU, their parameters in one vector, so that what is done to each number
costs as little as it can. Contestants take turns within a round; what is stored are ratios to the
gradient step of the same round, their medians and their middle eight tenths, and how many gradients
a step takes. All steps but the plain one average the curvature, guard it and divide by it. Eager,
each operation is a pass over memory; compiled, what is done to each number is one loop. AdaHessian
stays as it is.

previous iterate   the quotient of the last two steps' gradients: no gradient more
same-batch probe   a second gradient of the same batch, at a point nearby
central probe      two more
Hutchinson         one product with a random sign a step
AdaHessian         the same in pytorch_optimizer, which must be installed

Those with "every 10" take the curvature in every tenth step. Some five minutes.
"""

import warnings

import torch
from pytorch_optimizer import AdaHessian
from torch.nn.functional import cross_entropy

from course_lib.lab import generator, networks, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.second_order import (
    as_vector,
    central_probe,
    diagonal_step,
    due,
    guard,
    hutchinson,
    hvp,
    secant,
)

NETWORKS = {  # sizes, batch, calls a turn
    "small": ([64, 128, 128, 10], 128, 20),
    "large": ([784, 1024, 1024, 10], 128, 5),
}
ROUNDS, EVERY = 9, 10
LR, H, BETA3, FLOOR = 1e-4, 1e-3, 0.9, 0.1


class Net:
    """A network with one batch: the gradient of its loss, counted, and where it starts."""

    def __init__(self, sizes, batch):
        self.start, self.apart = as_vector(networks.start(sizes, generator(0)))
        self.x = torch.randn(batch, sizes[0], generator=generator(1))
        self.y = torch.randint(0, sizes[-1], (batch,), generator=generator(2))
        self.gradients = self.products = 0

    def loss(self, p):
        return cross_entropy(networks.network(self.apart(p), self.x), self.y)

    def gradient(self, p):
        self.gradients += 1
        p = p.detach().requires_grad_()
        return torch.autograd.grad(self.loss(p), p)[0]


# What is done to each number, in place. Compiled, each of these is one loop.


def plain_end(p, g):
    p.copy_(p - LR * g)


def previous_end(p, g, d, last_g, last_step):
    size = secant(last_g, g, last_step).abs()
    d.copy_(BETA3 * d + (1 - BETA3) * size)
    moved = diagonal_step(p, g, guard(d, FLOOR), LR)
    last_step.copy_(moved - p)
    p.copy_(moved)


def nearby(p, g):
    return p + H * g.sign()


def probe_end(p, g, d, g_nearby):
    size = secant(g, g_nearby, H * g.sign()).abs()
    d.copy_(BETA3 * d + (1 - BETA3) * size)
    p.copy_(diagonal_step(p, g, guard(d, FLOOR), LR))


def estimate_end(p, g, d, estimate):
    d.copy_(BETA3 * d + (1 - BETA3) * estimate.abs())
    p.copy_(diagonal_step(p, g, guard(d, FLOOR), LR))


def divide_end(p, g, d):
    p.copy_(diagonal_step(p, g, guard(d, FLOOR), LR))


ENDS = (plain_end, previous_end, nearby, probe_end, estimate_end, divide_end)


def steps(net, compiled):
    """Return the contestants that we wrote. An average begins at 1: its start is not timed."""
    ends = {end.__name__: torch.compile(end, dynamic=False) if compiled else end for end in ENDS}

    def plain():
        p = net.start.clone()

        def step():
            ends["plain_end"](p, net.gradient(p))

        return step

    def previous():
        p, d = net.start.clone(), torch.ones_like(net.start)
        last_g, last_step = torch.zeros_like(p), torch.zeros_like(p)

        def step():
            nonlocal last_g
            g = net.gradient(p)
            ends["previous_end"](p, g, d, last_g, last_step)
            last_g = g

        return step

    def probe(every):
        p, d, t = net.start.clone(), torch.ones_like(net.start), 0

        def step():
            nonlocal t
            t += 1
            g = net.gradient(p)
            if due(t, every):
                ends["probe_end"](p, g, d, net.gradient(ends["nearby"](p, g)))
            else:
                ends["divide_end"](p, g, d)

        return step

    def estimated(look, every=1):
        p, d, t = net.start.clone(), torch.ones_like(net.start), 0

        def step():
            nonlocal t
            t += 1
            g = net.gradient(p)
            if due(t, every):
                ends["estimate_end"](p, g, d, look(p, g))
            else:
                ends["divide_end"](p, g, d)

        return step

    def central(p, g):
        return central_probe(net.gradient, p, H * g.sign())

    def by_hutchinson(p, g):
        net.products += 1
        return hutchinson(lambda v: hvp(net.loss, p, v), p, 1, generator(net.products))

    return {
        "gradient step": plain(),
        "previous iterate": previous(),
        "same-batch probe": probe(1),
        f"same-batch probe, every {EVERY}": probe(EVERY),
        "central probe": estimated(central),
        "Hutchinson": estimated(by_hutchinson),
        f"Hutchinson, every {EVERY}": estimated(by_hutchinson, EVERY),
    }


def adahessian(net, every):
    """Return a step of pytorch_optimizer's, on the same vector."""
    p = torch.nn.Parameter(net.start.clone())
    rule, t = AdaHessian([p], lr=LR, update_period=every), 0

    def step():
        nonlocal t
        t += 1
        rule.zero_grad()
        with warnings.catch_warnings():  # of a cycle in memory, which the next line of theirs ends
            warnings.simplefilter("ignore", UserWarning)
            net.loss(p).backward(create_graph=due(t, every))
        rule.step()

    return step


def counts(net, steps_taken=10 * EVERY):
    """Return gradients and products a step, on the average, of the contestants that we wrote."""
    found = {}
    for name, step in steps(net, compiled=False).items():
        net.gradients = net.products = 0
        for _ in range(steps_taken):
            step()
        found[name] = {"gradients": net.gradients / steps_taken}
        found[name]["products"] = net.products / steps_taken
    return found


def ratios(net, compiled, calls, label):
    """Return the milliseconds of a gradient step, and what each other step takes beside it."""
    each = steps(net, compiled)
    each |= {"AdaHessian": adahessian(net, 1), f"AdaHessian, every {EVERY}": adahessian(net, EVERY)}
    times = side_by_side(each, rounds=ROUNDS, calls=calls, label=label)
    first = times.pop("gradient step")
    return {
        "milliseconds": 1000 * spread(first).median,
        "times_a_gradient_step": {name: spread(of / first) for name, of in times.items()},
    }


def main():
    found = {}
    for words, (sizes, batch, calls) in NETWORKS.items():
        net = Net(sizes, batch)
        found[words] = {"sizes": sizes, "parameters": len(net.start), "batch": batch} | {
            kind: ratios(net, kind == "compiled", calls, f"{words}, {kind}")
            for kind in ("eager", "compiled")
        }
    write_experiment(
        __file__,
        {
            "device": "cpu",
            "processor": processor(),
            "rounds": ROUNDS,
            "every": EVERY,
            "a_step": counts(Net(*NETWORKS["small"][:2])),
            "networks": found,
        },
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
