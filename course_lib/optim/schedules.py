"""Learning-rate schedules, and a rule that follows one.

A schedule is a function of the update, t = 1, 2, …, and gives its share of the learning rate: the
factor by which lr is multiplied.
"""

import inspect
import math
from collections.abc import Callable

from course_lib.optim.signature import Rule, apply


def cosine(t: int, updates: int) -> float:
    """Return the share of the rate at update t of `updates`: `(1 + cos(π (t − 1) / updates)) / 2`.

    It is 1 at the first update and nearly 0 at the last. Source: Loshchilov and Hutter (2017),
    *SGDR*, equation 5, without restarts; torch's `CosineAnnealingLR` with `T_max=updates`
    gives the same.

    >>> [round(cosine(t, 4), 2) for t in (1, 2, 3, 4)]
    [1.0, 0.85, 0.5, 0.15]
    """
    return (1 + math.cos(math.pi * (t - 1) / updates)) / 2


def warm_up(t: int, updates: int) -> float:
    """Return a share that grows in equal steps over the first updates, `t / updates`, then is 1.

    >>> [warm_up(t, 4) for t in (1, 2, 4, 5)]
    [0.25, 0.5, 1.0, 1.0]
    """
    return min(1.0, t / updates)


def scheduled(rule: Rule, share: Callable[[int], float]) -> Rule:
    """Return the rule with its rate multiplied by `share(t)`.

    It has the rule's state slots and hyper-parameters, and takes t, whether or not the rule does.

    >>> from course_lib.optim.rules import gd
    >>> import torch
    >>> scheduled(gd, lambda t: 1 / t)(torch.tensor(1.0), torch.tensor(1.0), t=2, lr=0.1)
    (tensor(0.9500),)
    """

    def step(p, g, *slots, t, lr, **hyper):
        p, slots = apply(rule, p, g, slots, t=t, lr=lr * share(t), **hyper)
        return p, *slots

    own = inspect.signature(rule)
    t = inspect.Parameter("t", inspect.Parameter.KEYWORD_ONLY)
    step.__signature__ = own.replace(parameters=[*({**own.parameters, "t": t}).values()])
    return step
