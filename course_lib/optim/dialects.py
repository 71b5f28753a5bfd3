"""Dialects: rules that go by the same name elsewhere and are not the same.

`TABLE` says what torch and Keras 3 mean by a name. The functions below it are the rules among them
that differ from those of `rules`, each written as it is there.
"""

from course_lib.optim.rules import adam

# what: (torch, Keras). tests/optim/test_dialects.py has a test for each line.
TABLE = {
    "RMSProp: where ε stands": ("outside the root", "inside the root"),
    "RMSProp: how long it remembers": ("0.99, called alpha", "0.9, called rho"),
    "AdaGrad: where its sum starts": ("0", "0.1"),
    "momentum: where lr stands": ("outside the velocity", "inside it"),
    "momentum: a sum or an average": ("a sum", "a sum"),
    "Adam: ε": ("1e-8, after the correction", "1e-7, before it"),
    "Adam: its argument weight_decay": ("L2, in the gradient", "decoupled"),
    "AdamW: decay in a step": ("lr times 0.01", "lr times 0.004"),
    "Glorot and He normal": ("normal", "without tails, then widened"),
    "weights of a layer": ("(out, in)", "(in, out)"),
    "Huber": ("as Keras; smooth_l1 is that over δ", "½ r² up to δ"),
    "cross-entropy at p = 0": ("100: its logarithm is clamped", "16.1: its p is clipped"),
}


def rmsprop_inside(p, g, s, *, lr, beta=0.9, eps=1e-07):
    """Return the parameter and the average after a step of Keras's RMSProp: ε inside the root.

    `s ← β s + (1 − β) g²`, then `p ← p − lr g / √(s + ε)`. The same ε counts for more here: where
    s is small, the divisor is near √ε, not ε.

    >>> rmsprop_inside(torch.ones(1), torch.ones(1), torch.zeros(1), lr=1.0, beta=0.0, eps=3.0)[0]
    tensor([0.5000])
    """
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s + eps).sqrt(), s


def momentum_lr_inside(p, g, v, *, lr, beta=0.9):
    """Return the parameter and its velocity after a step of Keras's momentum, and of Polyak's own.

    `v ← β v − lr g`, then `p ← p + v`. While lr is constant the steps are those of `momentum`; when
    it falls, old gradients keep the lr that they came with.

    >>> momentum_lr_inside(torch.ones(1), torch.ones(1), torch.ones(1), lr=0.5, beta=0.5)
    (tensor([1.]), tensor([0.]))
    """
    v = beta * v - lr * g
    return p + v, v


def adam_epsilon_hat(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-07):
    """Return the parameter and both averages after a step of Keras's Adam.

    `p ← p − lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)`: ε is added to the root before the root is
    corrected. It is `rules.adam` with `ε / √(1 − β₂ᵗ)`, at first a much larger ε.
    Source: Kingma and Ba (2015), the remark before section 2.1, where it is written ε̂.

    >>> zero = torch.zeros(1)
    >>> adam_epsilon_hat(torch.ones(1), torch.ones(1), zero, zero, t=1, lr=0.1)[0]
    tensor([0.9000])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    alpha = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return p - alpha * m / (v.sqrt() + eps), m, v


def adam_l2(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """Return the parameter and both averages after a step of Adam with an L2 penalty in the loss.

    Adam on the gradient `g + λ p`, as `torch.optim.Adam(weight_decay=λ)`. The penalty's gradient is
    divided by √v̂ like any other, so that it does less where gradients are large.

    >>> zero = torch.zeros(1)
    >>> adam_l2(torch.ones(1), zero, zero, zero, t=1, lr=0.1, weight_decay=1e-3)[0]
    tensor([0.9000])
    """
    decayed = g + weight_decay * p
    return adam(p, decayed, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


def adamw_paper(
    p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, schedule=1.0
):
    """Return the parameter and both averages after a step of AdamW as its paper has it.

    `p ← p − η (lr m̂ / (√v̂ + ε) + λ p)`: the decay λ is scaled by the schedule's factor η, which
    is 1 at full rate, and not by lr. With λ = lr λ′ at η = 1 it is `rules.adamw` with λ′.
    Source: Loshchilov and Hutter (2019), algorithm 2; lr is α there.

    >>> zero = torch.zeros(1)
    >>> adamw_paper(torch.ones(1), zero, zero, zero, t=1, lr=0.1, weight_decay=0.25)[0]
    tensor([0.7500])
    """
    moved, m, v = adam(p, g, m, v, t=t, lr=schedule * lr, beta1=beta1, beta2=beta2, eps=eps)
    return moved - schedule * weight_decay * p, m, v
