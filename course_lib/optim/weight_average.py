"""Averages of the weights that training passes through: a second model beside the trained one."""

from torch import Tensor


def weight_ema(average: Tensor, p: Tensor, *, t: int, beta: float) -> Tensor:
    """Return the moving average of the weights after update t, corrected for its start.

    `a ← a + (1 − β)/(1 − βᵗ) (p − a)`. At t = 1 that is the weights themselves, whatever the
    average was; later it is what a moving average from 0 gives, divided by `1 − βᵗ`, the sum of its
    weights. So the weights of update k count `(1 − β) β^(t − k) / (1 − βᵗ)`, and nothing else does.
    average, p: of one shape, the average so far and the weights after update t. t: 1, 2, …
    beta: from 0 to below 1.
    Source: Polyak and Juditsky (1992) for averages of weights; Kingma and Ba (2015), section 3, for
    the correction.

    >>> import torch
    >>> weight_ema(torch.tensor([8.0]), torch.tensor([2.0]), t=2, beta=0.5)
    tensor([4.])
    """
    return average + (1 - beta) / (1 - beta**t) * (p - average)


def weight_ema_from_first(average: Tensor, p: Tensor, *, t: int, beta: float) -> Tensor:
    """Return the moving average of the weights after update t, begun at the first weights it sees.

    `a ← β a + (1 − β) p`, and `a = p` at t = 1: as torch's `AveragedModel` with
    `get_ema_multi_avg_fn(β)`. The first weights count `β^(t − 1)`, like many late ones.
    average, p, t, beta: as for `weight_ema`.

    >>> import torch
    >>> weight_ema_from_first(torch.tensor([8.0]), torch.tensor([2.0]), t=2, beta=0.75)
    tensor([6.5000])
    """
    return p.clone() if t == 1 else beta * average + (1 - beta) * p
