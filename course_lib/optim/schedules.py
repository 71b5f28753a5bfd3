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


def warm_up_cosine(t: int, updates: int, *, warm: int, final: float = 0.0) -> float:
    """Return the share at update t of so many: it grows for `warm` updates, then falls by a cosine.

    `t / warm` up to update `warm`, whose share is 1; from there on
    `final + (1 − final) (1 + cos(π (t − warm) / (updates − warm + 1))) / 2`. Both give 1 where they
    meet. The share `final` would be reached at the update after the last.
    warm: 1 or more, where 1 means no warm-up, and at most `updates`. final: from 0 to 1.
    torch's `LinearLR` and `CosineAnnealingLR` under a `SequentialLR` give the same.

    >>> [round(warm_up_cosine(t, 5, warm=2), 2) for t in (1, 2, 3, 4, 5)]
    [0.5, 1.0, 0.85, 0.5, 0.15]
    """
    if t < warm:
        return warm_up(t, warm)
    after, left = t - warm, updates - warm + 1
    return final + (1 - final) * cosine(after + 1, left)


def step_decay(t: int, *, every: int, factor: float) -> float:
    """Return a share that is multiplied by `factor` after each `every` updates.

    `factor^⌊(t − 1) / every⌋`, as torch's `StepLR`.

    >>> [step_decay(t, every=2, factor=0.1) for t in (1, 2, 3, 5)]
    [1.0, 1.0, 0.1, 0.010000000000000002]
    """
    return factor ** ((t - 1) // every)


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
