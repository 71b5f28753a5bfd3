"""Update rules: what a gradient does to a parameter.

A rule is a pure function of tensors, and its signature says all that a runner must know:

    rule(p, g, *slots, t, lr, …) -> p, or (p, *slots)

`p` is the parameter and `g` its gradient, both of one shape. The positionals after them are slots:
what the rule remembers, each like `p` and zero before the first step. What is keyword-only is a
hyper-parameter; `t` counts the steps from 1. A rule returns the new parameter and, in order, its
slots.
"""

from torch import Tensor


def gd(p: Tensor, g: Tensor, *, lr: float | Tensor) -> Tensor:
    """Return the parameter after one step of gradient descent: `p − lr g`.

    Source: Cauchy (1847).

    >>> gd(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 0.0]), lr=0.1)
    tensor([0., 2.])
    """
    return p - lr * g


def momentum(
    p: Tensor, g: Tensor, v: Tensor, *, lr: float | Tensor, beta: float | Tensor = 0.9
) -> tuple[Tensor, Tensor]:
    """Return the parameter and its velocity after a step of classical momentum (heavy ball).

    `v ← β v + g`, then `p ← p − lr v`: as `torch.optim.SGD(momentum=β)` does.
    Source: Polyak (1964). Deviation: he has lr inside v, which differs once lr changes.

    >>> momentum(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([10.0]), lr=0.1, beta=0.5)
    (tensor([0.3000]), tensor([7.]))
    """
    v = beta * v + g
    return p - lr * v, v


def adam(
    p: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    *,
    t: int,
    lr: float | Tensor,
    beta1: float | Tensor = 0.9,
    beta2: float | Tensor = 0.999,
    eps: float | Tensor = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter and both its averages after a step of Adam.

    `m ← β₁ m + (1 − β₁) g` and `v ← β₂ v + (1 − β₂) g²` average the gradient and its square. Both
    start at zero, so that they are too small at first; `m̂ = m / (1 − β₁ᵗ)` and
    `v̂ = v / (1 − β₂ᵗ)` mend that. Then `p ← p − lr m̂ / (√v̂ + ε)`.
    Source: Kingma and Ba (2015), algorithm 1; θ there is p, α is lr.

    >>> zero = torch.zeros(1)
    >>> adam(torch.ones(1), torch.tensor([-5.0]), zero, zero, t=1, lr=0.1)[0]
    tensor([1.1000])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * m_hat / (v_hat.sqrt() + eps), m, v
