"""How much attention can stretch a sequence: without end, or by no more than a bound.

Letters: n tokens; k features of a query. Norms are Euclidean, over all numbers of a sequence. The
bounds of this file hold for attention in which every token may look at every other.
"""

import math

import torch
from torch import Tensor

from course_lib.analysis.bounds import exact_norm


def exact_dot_product_attention(W_Q: Tensor, W_K: Tensor, W_V: Tensor) -> float:
    """Return infinity: dot-product attention is not Lipschitz, on sequences of two tokens or more.

    A token that is 0 looks at all others alike, wherever they are. The further apart they lie, the
    more a small change of it moves its mean: by the square of their distance, `growing_tokens`
    shows. Two cases are left out, and have a constant: where no score depends on a token, `W_Q
    W_Kᵀ = 0`, each output is the mean of all values, and it is σ_max(W_V), which is 0 if W_V is.
    Source: Kim, Papamakarios and Mnih (2021).

    >>> eye = torch.eye(2)
    >>> exact_dot_product_attention(eye, eye, eye), exact_dot_product_attention(0 * eye, eye, eye)
    (inf, 1.0)
    """
    if not (W_Q @ W_K.T).any() or not W_V.any():
        return exact_norm(W_V).item()
    return math.inf


def growing_tokens(direction: Tensor, size: float) -> Tensor:
    """Return the tokens `(s u, −s u, 0)`, `(3, d)`, for a direction u `(d,)` and a size s.

    With `B = W_Q W_Kᵀ / √k`, the last output depends on the last token by the block

        J = W_Vᵀ (⅔ s² u (B u)ᵀ + ⅓ I)

    whose norm grows with the square of s, unless B u or W_Vᵀ u is 0. Since the last token may look
    at all, it does so under a causal mask too.

    >>> growing_tokens(torch.tensor([1.0, 0.0]), size=10.0)
    tensor([[ 10.,   0.],
            [-10.,  -0.],
            [  0.,   0.]])
    """
    return size * torch.stack([direction, -direction, torch.zeros_like(direction)])


def upper_l2_attention(W_Q: Tensor, W_V: Tensor, tokens: int) -> Tensor:
    """Return `√(n/k) · (4 ρ + 1) · σ_max(W_Q)² · σ_max(W_V)`, ρ = `mean_square_apart(n)`.

    For the head `P X A W_V` of `l2_attention`. Where it comes from: the head is `P Q`, times a
    matrix of norm at most `σ_max(W_Q) σ_max(W_V) / √k`, and the queries Q change by at most
    σ_max(W_Q) times what X does. Row i of `P Q` is a mean q̄ of all q_j. It changes

    - as the q_j do, with the weights as they are: by a factor of at most 1;
    - by `−2/√k Σ_j P_ij (q_j − q̄) (q_i − q_j)ᵀ (dq_i − dq_j)`, since the weights change: at most by
      2 ρ times dq_i, and 2 ρ times the longest dq_j, as `Σ_j P_ij ‖q_i − q_j‖² ≤ √k ρ`.

    And n rows are no longer than √n times the longest. Inputs that climbed the gradient of the norm
    came to 0.54 of the bound with two tokens of one feature, and to 0.11 with twenty tokens.
    Source: Kim, Papamakarios and Mnih (2021).
    """
    of_row = 4 * mean_square_apart(tokens) + 1
    return (tokens / W_Q.shape[1]) ** 0.5 * of_row * exact_norm(W_Q) ** 2 * exact_norm(W_V)


def mean_square_apart(tokens: int) -> float:
    """Return ρ, the largest mean of squared distances from one point to all n, itself among them.

    The mean is that of L2 attention: a point at the distance r has the weight `e^(−r²)`, over the
    sum of all. So far ones have little weight: ρ grows as slowly as a logarithm. It is reached with
    all others at `r² = ρ + 1`, where `ρ e^(ρ + 1) = n − 1`. That is solved by Newton's method,
    which comes from above here and is never too small but for rounding.

    >>> mean_square_apart(1), round(mean_square_apart(100), 3)
    (0.0, 2.629)
    """
    rho = math.log1p((tokens - 1) / math.e)
    for _ in range(20):
        rho -= (rho - (tokens - 1) * math.exp(-rho - 1)) / (rho + 1)
    return rho


def upper_cosine_attention(
    W_Q: Tensor,
    W_K: Tensor,
    W_V: Tensor,
    tokens: int,
    nu: float = 1.0,
    tau: float = 1.0,
    eps: float = 1e-6,
) -> Tensor:
    """Return `ν/√ε · (n τ/2 · (σ_max(W_Q) + σ_max(W_K)) + √n · σ_max(W_V))`.

    Where it comes from: rows divided by their lengths are no longer than 1, so that n of them have
    a norm of at most √n, and they change by at most `1/√ε` times what they are made of. Scores
    change by `τ √n` times what queries and keys do; the weights, by half of that, as softmax does;
    and they are multiplied by values of norm √n at most. Values change too, and a matrix of weights
    has a norm of at most √n. Inputs that climbed the gradient of the norm came to 0.40 of the bound
    with two tokens, and to 0.12 with ten.
    """
    Q, K, V = (exact_norm(W) for W in (W_Q, W_K, W_V))
    return nu / eps**0.5 * (tokens * tau / 2 * (Q + K) + tokens**0.5 * V)


def upper_cosine_attention_lipsformer(
    W_Q: Tensor,
    W_K: Tensor,
    W_V: Tensor,
    tokens: int,
    nu: float = 1.0,
    tau: float = 1.0,
    eps: float = 1e-6,
) -> Tensor:
    """Return `2ν/√ε · (n (n − 1) τ σ_max(W_K) + (n − 1) τ σ_max(W_Q) + n σ_max(W_V))`.

    As quoted from its source, not derived here. For two tokens or more it is never smaller than
    `upper_cosine_attention`; inputs that climbed came to 0.14 of it with two tokens, and to 0.007
    with ten. Source: Qi and others (2023), LipsFormer.
    """
    Q, K, V = (exact_norm(W) for W in (W_Q, W_K, W_V))
    n = tokens
    return 2 * nu / eps**0.5 * (n * (n - 1) * tau * K + (n - 1) * tau * Q + n * V)
