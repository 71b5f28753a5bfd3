"""Update rules: what a gradient does to a parameter.

A rule is a pure function of tensors, and its signature says all that a runner must know:

    rule(p, g, *slots, t, lr, …) -> p, or (p, *slots)

`p` is the parameter and `g` its gradient, both of one shape. The positionals after them are slots:
what the rule remembers, each like `p` and zero before the first step. What is keyword-only is a
hyper-parameter: a number, or a tensor that broadcasts with `p`; `t` counts the steps from 1. A rule
returns the new parameter and, in order, its slots, each of the shape of `p`.
"""


def gd(p, g, *, lr):
    """Return the parameter after one step of gradient descent: `p − lr g`.

    Source: Cauchy (1847).

    >>> gd(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 0.0]), lr=0.1)
    tensor([0., 2.])
    """
    return p - lr * g


def momentum(p, g, v, *, lr, beta=0.9):
    """Return the parameter and its velocity after a step of classical momentum (heavy ball).

    `v ← β v + g`, then `p ← p − lr v`: as `torch.optim.SGD(momentum=β)` does.
    Source: Polyak (1964). Deviation: he has lr inside v, which differs once lr changes.

    >>> momentum(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([10.0]), lr=0.1, beta=0.5)
    (tensor([0.3000]), tensor([7.]))
    """
    v = beta * v + g
    return p - lr * v, v


def momentum_ema(p, g, v, *, lr, beta=0.9):
    """Return the parameter and its velocity after a step along the average of past gradients.

    `v ← β v + (1 − β) g`, then `p ← p − lr v`: article B's form of momentum. Its steps are those of
    `momentum` with `(1 − β) lr` for lr. The first averages are too small, since v starts at zero.

    >>> p, v, g = torch.tensor([1.0]), torch.tensor([10.0]), torch.tensor([2.0])
    >>> momentum_ema(p, g, v, lr=0.1, beta=0.5)
    (tensor([0.4000]), tensor([6.]))
    """
    v = beta * v + (1 - beta) * g
    return p - lr * v, v


def nesterov(p, g, v, *, lr, beta=0.9):
    """Return the parameter and its velocity after a step of Nesterov's momentum.

    `v ← β v + g`, then `p ← p − lr (g + β v)`: as `torch.optim.SGD(nesterov=True)` does.
    Source: Nesterov (1983), in the form of Sutskever, Martens, Dahl and Hinton (2013), section 2,
    with p standing for their look-ahead point, so that the gradient is taken at p. Deviation:
    they have lr inside v, and p is their point only while lr stays the same.

    >>> p, v, g = torch.tensor([1.0]), torch.tensor([10.0]), torch.tensor([2.0])
    >>> nesterov(p, g, v, lr=0.1, beta=0.5)
    (tensor([0.4500]), tensor([7.]))
    """
    v = beta * v + g
    return p - lr * (g + beta * v), v


def adagrad(p, g, s, *, lr, eps=1e-10):
    """Return the parameter and the sum of squared gradients after a step of AdaGrad.

    `s ← s + g²`, then `p ← p − lr g / (√s + ε)`. The sum only grows, so steps only shrink.
    Source: Duchi, Hazan and Singer (2011), section 1.1 with the diagonal; ε is δ there.

    >>> adagrad(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([16.0]), lr=0.5)
    (tensor([0.7000]), tensor([25.]))
    """
    s = s + g * g
    return p - lr * g / (s.sqrt() + eps), s


def rmsprop(p, g, s, *, lr, beta=0.99, eps=1e-8):
    """Return the parameter and the average of squared gradients after a step of RMSProp.

    `s ← β s + (1 − β) g²`, then `p ← p − lr g / (√s + ε)`, as `torch.optim.RMSprop` does with β as
    its alpha. Keras has ε inside the root and 0.9 for β.
    Source: Tieleman and Hinton (2012), lecture 6.5 of Neural Networks for Machine Learning.

    >>> p, s, g = torch.tensor([1.0]), torch.tensor([9.0]), torch.tensor([3.0])
    >>> rmsprop(p, g, s, lr=0.5, beta=0.5)
    (tensor([0.5000]), tensor([9.]))
    """
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + eps), s


def adam(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
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


def adamw(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """Return the parameter and both its averages after a step of Adam with decoupled decay.

    The parameter first shrinks to `(1 − lr λ) p`; then Adam moves it. The decay is not part of the
    gradient, so that Adam does not divide it by the gradient's size.
    Source: Loshchilov and Hutter (2019), algorithm 2. Deviation: they scale the decay λ by the
    schedule alone, torch and we by lr.

    >>> zero = torch.zeros(1)
    >>> adamw(torch.ones(1), torch.tensor([-5.0]), zero, zero, t=1, lr=0.1, weight_decay=0.5)[0]
    tensor([1.0500])
    """
    shrunk = (1 - lr * weight_decay) * p
    return adam(shrunk, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
