"""What a step of the fuzzy optimizer costs: a whole training step, beside one with torch's Adam.

    python experiments/bench_fuzzy.py

Networks in float32 on the CPU, one batch, a gradient in every step. Contestants take turns within a
round; stored are ratios to the step with Adam of the same round, their medians and their middle
eight tenths, and how many tensors like the parameters an optimizer keeps. Prodigy and AdaHessian
are the packages' own, `prodigyopt` and `pytorch_optimizer`, which must be installed. What is
stored: `networks[name]`, sizes and batch; `ratios[name][contestant]`, median, low and high;
`seconds[name]`, the median step with Adam; `kept[contestant]`. Some minutes.
"""

import warnings
from itertools import pairwise

import torch
from prodigyopt import Prodigy
from pytorch_optimizer import AdaHessian
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib.lab import generator, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.optim import RuleOptimizer
from course_lib.optim.rules import adam
from course_lib.second_order import FuzzySecondOrder

NETWORKS = {  # sizes, batch, calls a turn
    "small": ([64, 128, 128, 10], 128, 10),
    "large": ([784, 1024, 1024, 10], 128, 3),
    "deep": ([64] * 24 + [10], 128, 5),
}
ROUNDS = 5
TOTAL = 10**9  # of the fuzzy optimizer: the plan has not begun to fall
LR = 1e-4
OPTIMIZERS = {
    "Adam": lambda p: torch.optim.Adam(p, lr=LR),
    "Adam as a rule": lambda p: RuleOptimizer(p, adam, lr=LR),
    "fuzzy": lambda p: FuzzySecondOrder(p, lr=LR, total=TOTAL),
    "fuzzy, compiled": lambda p: FuzzySecondOrder(p, lr=LR, total=TOTAL, compiled=True),
    "Prodigy": lambda p: Prodigy(p),
    "AdaHessian": lambda p: AdaHessian(p, lr=LR),
}


def network(sizes):
    """Return dense layers with ReLU between them."""
    layers = []
    for d, h in pairwise(sizes):
        layers += [nn.Linear(d, h), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Training:
    """A network, one batch and an optimizer: each call is a training step."""

    def __init__(self, name, sizes, batch):
        self.net = network(sizes)
        with torch.no_grad():
            for i, p in enumerate(self.net.parameters()):
                p.copy_(torch.randn(p.shape, generator=generator(i)) / p.shape[-1] ** 0.5)
        self.x = torch.randn(batch, sizes[0], generator=generator(1))
        self.y = torch.randint(0, sizes[-1], (batch,), generator=generator(2))
        self.optimizer = OPTIMIZERS[name](self.net.parameters())
        self.twice = name == "AdaHessian"

    def __call__(self):
        self.optimizer.zero_grad()
        loss = cross_entropy(self.net(self.x), self.y)
        loss.backward(create_graph=self.twice)
        self.optimizer.step()

    def kept(self):
        """Return how many numbers are kept beside the parameters, for each of them."""
        own = sum(p.numel() for p in self.net.parameters())
        tensors = [
            x for s in self.optimizer.state.values() for x in s.values() if torch.is_tensor(x)
        ]
        return round(sum(x.numel() for x in tensors) / own, 1)


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")  # AdaHessian's graph of the gradient, and the compiler's own
    ratios, seconds, kept = {}, {}, {}
    for net, (sizes, batch, calls) in NETWORKS.items():
        runs = {name: Training(name, sizes, batch) for name in OPTIMIZERS}
        times = side_by_side(runs, rounds=ROUNDS, calls=calls, label=net)
        ratios[net] = {
            name: spread(taken / times["Adam"])._asdict() for name, taken in times.items()
        }
        seconds[net] = spread(times["Adam"]).median
        kept = {name: run.kept() for name, run in runs.items()}
        print(net, {name: round(r["median"], 2) for name, r in ratios[net].items()}, flush=True)
    data = {
        "networks": {
            net: {"sizes": sizes, "batch": batch} for net, (sizes, batch, _) in NETWORKS.items()
        },
        "ratios": ratios,
        "seconds": seconds,
        "kept": kept,
        "rounds": ROUNDS,
        "processor": processor(),
    }
    print(write_experiment(__file__, data))


if __name__ == "__main__":
    main()
