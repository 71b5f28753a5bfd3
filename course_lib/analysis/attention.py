"""Attention: each token becomes a mean of all tokens, with weights that depend on the tokens.

Letters: i the token that asks, j and m tokens that are asked, of n; d, e features; v values. An
input is a whole sequence, X `(..., n, d)`, and weights stand to its right: `X W`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.analysis.module import Module
from course_lib.analysis.normalise import l2_normalise
from course_lib.nn.backprop import softmax_vjp
from course_lib.nn.softmax import softmax, softmax_jacobian


def attention_block(X: Tensor, B: Tensor, W_V: Tensor, i: int, j: int) -> Tensor:
    """Return how output i of dot-product attention changes with token j, `(v, d)`.

    It is one block of the Jacobian in `dot_product_attention`, without a mask. X: `(n, d)`. B:
    `(d, d)`. W_V: `(d, v)`.
    """
    scores = X[i] @ B @ X.T
    A, P = softmax(scores), softmax_jacobian(scores)
    change = torch.outer(P[:, j], X[i] @ B)  # of the weights of i, as a token that is asked
    if i == j:
        change = change + P @ X @ B.T  # as the token that asks
    return W_V.T @ X.T @ change + A[j] * W_V.T


def dot_product_attention(
    W_Q: Tensor, W_K: Tensor, W_V: Tensor, mask: Tensor | None = None
) -> Module:
    """Return `Y = A X W_V` with `A = softmax(X B Xᵀ)` by rows and `B = W_Q W_Kᵀ / √k`.

    W_Q and W_K: `(d, k)`. W_V: `(d, v)`. mask: `(n, n)`, true where token i may look at token j, at
    least one j for each i. The block of the Jacobian for tokens i and j is, with
    `P_i = diag(A_i) − A_i A_iᵀ` and e_j the j-th unit vector,

        J_ij = W_Vᵀ [Xᵀ P_i (δ_ij X Bᵀ + e_j x_iᵀ B) + A_ij I]

    Source: Vaswani and others (2017); the Jacobian as in Kim, Papamakarios and Mnih (2021).
    """
    B = W_Q @ W_K.T / W_Q.shape[1] ** 0.5

    def scores(X: Tensor) -> Tensor:
        found = X @ B @ X.mT
        return found if mask is None else found.masked_fill(~mask, -torch.inf)

    def jacobian(X: Tensor) -> Tensor:
        A, P = softmax(scores(X)), softmax_jacobian(scores(X))
        H, n = X @ W_V, X.shape[-2]
        change = torch.einsum("...mv,...imj->...ivj", H, P)  # of y_i, by the scores of i
        own = torch.einsum("...ivm,...me->...ive", change, X @ B.T)
        asked = torch.einsum("...ivj,...ie->...ivje", change, X @ B)
        value = torch.einsum("...ij,ev->...ivje", A, W_V)
        eye = torch.eye(n, dtype=X.dtype, device=X.device)
        J = torch.einsum("ij,...ive->...ivje", eye, own) + asked + value
        return J.flatten(-2).flatten(-3, -2)

    def jvp(dX: Tensor, X: Tensor) -> Tensor:
        A = softmax(scores(X))
        dA = softmax_vjp(dX @ B @ X.mT + X @ B @ dX.mT, A)
        return (dA @ X + A @ dX) @ W_V

    def vjp(G: Tensor, X: Tensor) -> Tensor:
        A, of_H = softmax(scores(X)), G @ W_V.T
        of_scores = softmax_vjp(of_H @ X.mT, A)
        return A.mT @ of_H + of_scores @ X @ B.T + of_scores.mT @ X @ B

    return Module(lambda X: softmax(scores(X)) @ X @ W_V, jacobian, jvp, vjp, axes=2)


def attend_by_cosine(
    Q: Tensor, K: Tensor, V: Tensor, *, nu: float = 1.0, tau: float = 1.0, eps: float = 1e-6
) -> Tensor:
    """Return `ν softmax(τ Q̂ K̂ᵀ) V̂`, with each row of Q, K and V divided by its length.

    Q̂ is Q, each row over `√(‖row‖² + ε)`, and so on; softmax works along each row. Q, K and V:
    `(..., n, k)`, `(..., m, k)` and `(..., m, v)`. The result is `(..., n, v)`. Source: Qi and
    others (2023), LipsFormer.

    >>> one = torch.tensor([[3.0, 4.0]])
    >>> attend_by_cosine(one, one, one, eps=0.0)  # a single token has all the attention
    tensor([[0.6000, 0.8000]])
    """
    unit = l2_normalise(eps).forward
    return nu * softmax(tau * unit(Q) @ unit(K).mT) @ unit(V)


def cosine_attention(
    W_Q: Tensor, W_K: Tensor, W_V: Tensor, nu: float = 1.0, tau: float = 1.0, eps: float = 1e-6
) -> Module:
    """Return `attend_by_cosine` of the queries `X W_Q`, the keys `X W_K` and the values `X W_V`.

    Scores are cosines, and bounded.
    W_Q and W_K: `(d, k)`. W_V: `(d, v)`. Source: Qi and others (2023), LipsFormer.
    """
    unit = l2_normalise(eps)

    def parts(X: Tensor) -> tuple[Tensor, ...]:
        Q, K, V = (X @ W for W in (W_Q, W_K, W_V))
        A = softmax(tau * unit.forward(Q) @ unit.forward(K).mT)
        return Q, K, V, A

    def forward(X: Tensor) -> Tensor:
        return attend_by_cosine(X @ W_Q, X @ W_K, X @ W_V, nu=nu, tau=tau, eps=eps)

    def jvp(dX: Tensor, X: Tensor) -> Tensor:
        Q, K, V, A = parts(X)
        dQ, dK, dV = (unit.jvp(dX @ W, Y) for W, Y in ((W_Q, Q), (W_K, K), (W_V, V)))
        of_scores = tau * (dQ @ unit.forward(K).mT + unit.forward(Q) @ dK.mT)
        dA = softmax_vjp(of_scores, A.expand_as(of_scores))
        return nu * (dA @ unit.forward(V) + A @ dV)

    def vjp(G: Tensor, X: Tensor) -> Tensor:
        Q, K, V, A = parts(X)
        of_scores = tau * softmax_vjp(nu * G @ unit.forward(V).mT, A)
        of_Q = unit.vjp(of_scores @ unit.forward(K), Q)
        of_K = unit.vjp(of_scores.mT @ unit.forward(Q), K)
        of_V = unit.vjp(nu * A.mT @ G, V)
        return of_Q @ W_Q.T + of_K @ W_K.T + of_V @ W_V.T

    return Module(forward, _from_products(jvp), jvp, vjp, axes=2)


def l2_attention(W_Q: Tensor, W_V: Tensor) -> Module:
    """Return `P X A W_V`, `P = softmax(−‖(x_i − x_j) W_Q‖² / √k)` by rows, `A = W_Q W_Qᵀ / √k`.

    Queries and keys share their weights, W_Q `(d, k)`. W_V: `(d, v)`. With the factor A in the way
    of the values it is Lipschitz; without it not, where k < d. Source: Kim, Papamakarios and Mnih
    (2021).
    """
    root = W_Q.shape[1] ** 0.5
    W = W_Q @ W_Q.T / root @ W_V

    def attention(X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the queries and the weights of the mean."""
        Q = X @ W_Q
        apart = (Q[..., :, None, :] - Q[..., None, :, :]).square().sum(dim=-1)
        return Q, softmax(-apart / root)

    def forward(X: Tensor) -> Tensor:
        return attention(X)[1] @ X @ W

    def jvp(dX: Tensor, X: Tensor) -> Tensor:
        Q, P = attention(X)
        dQ = dX @ W_Q
        own = (Q * dQ).sum(dim=-1)
        of_apart = 2 * (own[..., :, None] + own[..., None, :] - Q @ dQ.mT - dQ @ Q.mT)
        dP = softmax_vjp(-of_apart / root, P.expand_as(of_apart))
        return (dP @ X + P @ dX) @ W

    def vjp(G: Tensor, X: Tensor) -> Tensor:
        Q, P = attention(X)
        of_H = G @ W.T
        of_scores = softmax_vjp(of_H @ X.mT, P)
        both = of_scores + of_scores.mT
        of_Q = -2 / root * (both.sum(dim=-1, keepdim=True) * Q - both @ Q)
        return P.mT @ of_H + of_Q @ W_Q.T

    return Module(forward, _from_products(jvp), jvp, vjp, axes=2)


def _from_products(jvp: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a function that builds the Jacobian from its products with all unit vectors.

    The sequence is not repeated for each of them: jvp lets it stand beside many changes.
    """

    def jacobian(X: Tensor) -> Tensor:
        shape = X.shape[-2:]
        units = torch.eye(shape.numel(), dtype=X.dtype, device=X.device).view(-1, *shape)
        return jvp(units, X[..., None, :, :]).flatten(-2).mT

    return jacobian
