"""The rule of the fuzzy second-order optimizer: a direction that the difference of gradients bends.

From one step to the next the gradient changes by `y = g − g_before ≈ H Δ`, with Δ the step between
them: curvature along the way that was gone, at no cost. It serves as a direction, not as a divisor:
two batches make a quotient `y / Δ` mostly noise (`secant_noise`).
"""


def update(
    p,
    g,
    g_before,
    m,
    y,
    v,
    *,
    t,
    lr,
    beta1=0.8,
    beta2=0.95,
    beta3=0.8,
    mix=0.9,
    eps=1e-8,
    weight_decay=0.0,
):
    """Return the parameter, the gradient and the three averages after a step.

    `m ← β₁ m + (1 − β₁) g`, `y ← β₃ y + (1 − β₃) (g − g_before)` and `v ← β₂ v + (1 − β₂) g²`; the
    first difference, at t = 1, is 0. With hats for the average over `1 − βᵗ`,
    `p ← (1 − lr λ) p − lr (m̂ + mix ŷ) / (√v̂ + ε)`, where λ is the decay.
    With β₃ = β₁ the average of the differences is the difference of the averages, up to what the
    first gradient leaves: `y_t = m_t − m_{t−1} − β₁^{t−1} (1 − β₁) g_1`. So the direction is
    Nesterov's with `mix` for its look-ahead. With mix = 0 it is AdamW.
    Source: Adan (Xie and others, 2022) has the average of differences; it divides by another v.

    >>> import torch
    >>> zero = torch.zeros(1)
    >>> p, *_ = update(torch.ones(1), torch.tensor([-5.0]), zero, zero, zero, zero, t=1, lr=0.1)
    >>> p
    tensor([1.1000])
    """
    change = (g - g_before) * (t > 1)
    m = beta1 * m + (1 - beta1) * g
    y = beta3 * y + (1 - beta3) * change
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, y_hat, v_hat = m / (1 - beta1**t), y / (1 - beta3**t), v / (1 - beta2**t)
    step = lr * (m_hat + mix * y_hat) / (v_hat.sqrt() + eps)
    return (1 - lr * weight_decay) * p - step, g, m, y, v
