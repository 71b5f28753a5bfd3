"""Momentum whose weights decay: through the gradient, or beside it.

For Adam the two are `dialects.adam_l2` and `rules.adamw`.
"""

from course_lib.optim.rules import momentum


def momentum_l2(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    """Return the parameter and its velocity after a step with an L2 penalty in the loss.

    Momentum on the gradient `g + λ p`, as `torch.optim.SGD(momentum=β, weight_decay=λ)`. The
    velocity remembers the penalty's gradients: a weight goes on shrinking for what it once was.

    >>> momentum_l2(torch.ones(1), torch.zeros(1), torch.zeros(1), lr=0.1, weight_decay=0.5)
    (tensor([0.9500]), tensor([0.5000]))
    """
    return momentum(p, g + weight_decay * p, v, lr=lr, beta=beta)


def momentum_decoupled(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    """Return the parameter and its velocity after a step of momentum with decoupled decay.

    The parameter first shrinks to `(1 − lr λ) p`; then momentum moves it by its own velocity, which
    never sees the decay. With β = 0 that is the L2 penalty; with a larger one it is not.
    Source: Loshchilov and Hutter (2019), algorithm 1 (SGDW). Deviation: they scale the decay λ by
    the schedule alone, we by lr, as `rules.adamw` does; and they have lr inside v.

    >>> momentum_decoupled(torch.ones(1), torch.zeros(1), torch.zeros(1), lr=0.1, weight_decay=0.5)
    (tensor([0.9500]), tensor([0.]))
    """
    return momentum((1 - lr * weight_decay) * p, g, v, lr=lr, beta=beta)
