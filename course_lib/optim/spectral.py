"""The largest singular value of a weight matrix, held: in the weights, or in the steps."""

import inspect

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply


def spectral_normalise(W: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights over an estimate of their largest singular value, and the next u.

    One round of power iteration: `v = Wᵀu/‖Wᵀu‖`, then `u ← Wv/‖Wv‖` and `σ = uᵀ W v`. It is never
    above the true value, and it catches up if W changes little from one training step to the next,
    because u is kept. u and v count as constants: through σ a gradient sees W alone, and `W / σ`
    has the derivative `(dW − (uᵀ dW v) W/σ) / σ`.
    W: `(h, d)`, not 0. u: `(h,)`, of norm 1. Returns `(h, d)` and `(h,)`.
    Source: Miyato, Kataoka, Koyama and Yoshida (2018), algorithm 1. Deviation: torch's
    parametrization renews u first and then v, and begins with 15 rounds.

    >>> W = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    >>> spectral_normalise(W, torch.tensor([1.0, 0.0]))
    (tensor([[1.0000, 0.0000],
            [0.0000, 0.3333]]), tensor([1., 0.]))
    """
    fixed = W.detach()
    v = fixed.T @ u
    v = v / v.norm()
    u = fixed @ v
    u = u / u.norm()
    return W / (u @ W @ v), u


def cap_step(p: Tensor, moved: Tensor, tau: float | Tensor) -> Tensor:
    """Return a matrix after a step that is shortened, if need be, to `τ σ₁(p)`.

    `moved` is where a rule would take p. The step between them has the largest singular value
    `lr σ₁(Δ)`, with Δ the rule's update for a rate of 1; so the rate that is really taken is
    `min(lr, τ σ₁(p) / σ₁(Δ))`. By Weyl's inequality no singular value of p changes by more than
    `τ σ₁(p)` in a step. p, moved: `(h, d)`.
    Source: Qi and others (2025), arXiv 2505.21910, as its abstract words it. Deviation: ours takes
    both singular values exactly, and τ itself is the threshold.

    >>> cap_step(torch.eye(2), torch.diag(torch.tensor([0.0, 1.0])), tau=0.1)
    tensor([[0.9000, 0.0000],
            [0.0000, 1.0000]])
    """
    step = moved - p
    largest = torch.linalg.matrix_norm(step, ord=2)
    allowed = tau * torch.linalg.matrix_norm(p, ord=2)
    share = (allowed / largest.clamp(min=torch.finfo(p.dtype).tiny)).clamp(max=1)
    return p + share * step


def capped(rule: Rule) -> Rule:
    """Return the rule with the steps of matrices capped; it takes `tau` besides what it took.

    What is not a matrix moves as before: a bias that starts at 0 could not move at all. The rule's
    memory is left alone.

    >>> from course_lib.optim.rules import gd
    >>> capped(gd)(torch.eye(2), torch.eye(2), lr=1.0, tau=0.25)
    (tensor([[0.7500, 0.0000],
            [0.0000, 0.7500]]),)
    """

    def step(p, g, *slots, t=1, tau, **hyper):
        moved, slots = apply(rule, p, g, slots, t=t, **hyper)
        return (cap_step(p, moved, tau) if p.ndim == 2 else moved), *slots

    own = inspect.signature(rule)
    tau = inspect.Parameter("tau", inspect.Parameter.KEYWORD_ONLY)
    step.__signature__ = own.replace(parameters=[*own.parameters.values(), tau])
    return step
