"""One training on several processes, each with its share of every batch. Copy it and change it.

    torchrun --nproc-per-node 2 -m course_lib.lab.two_processes adamw trained.pt

Without torchrun it runs as one process, on whole batches, and gives the same parameters.
"""

import os
import sys
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from course_lib.lab.device import generator
from course_lib.lab.signals import signals
from course_lib.lab.training import Params
from course_lib.optim import RuleOptimizer
from course_lib.optim.batches import batches
from course_lib.optim.rules import adamw, nesterov
from course_lib.second_order import FuzzySecondOrder

EPOCHS = 3
OPTIMIZERS = {
    "nesterov": partial(RuleOptimizer, rule=nesterov, lr=0.03),
    "adamw": partial(RuleOptimizer, rule=adamw, lr=0.003),
    "fuzzy": partial(FuzzySecondOrder, total=10 * EPOCHS),  # 10 updates an epoch
}


def share_of(chosen: Tensor, rank: int, processes: int) -> Tensor:
    """Return the part of a batch that one process takes: all parts have the same size.

    The mean over a batch is the mean of the means over its parts only then.
    Raises ValueError for a batch that cannot be divided so.
    """
    if len(chosen) % processes:
        raise ValueError(f"a batch of {len(chosen)} has no {processes} equal parts")
    return chosen[rank::processes]


def train(name: str, rank: int = 0, processes: int = 1, epochs: int = EPOCHS) -> Params:
    """Return the parameters after some epochs, the same in every process."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 10)).double()
    model = DistributedDataParallel(network) if processes > 1 else network
    optimizer = OPTIMIZERS[name](model.parameters())
    data, order = signals(), generator(1)  # every process draws the same order
    for _ in range(epochs):
        for chosen in batches(len(data.train), 100, order):
            own = share_of(chosen, rank, processes)
            optimizer.zero_grad()
            cross_entropy(model(data.train.x[own].double()), data.train.y[own]).backward()
            # backward has averaged the gradients, so that all processes take the same
            # step. What steers by the loss itself would need its average as well.
            optimizer.step()
    return {name: p.detach() for name, p in network.named_parameters()}


def main(name: str, file: str) -> None:
    """Train, alone or as one of the processes that torchrun has started; the first one saves."""
    rank, processes = (int(os.environ.get(key, n)) for key, n in (("RANK", 0), ("WORLD_SIZE", 1)))
    if processes > 1:
        dist.init_process_group("gloo")
    trained = train(name, rank, processes)
    if rank == 0:
        torch.save(trained, file)
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
