"""Answers to lesson 13 that were written without a look at the code, and what must come back."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def linear_of_one_example(x, weight):
    return torch.stack([weight.T for _ in x])


def linear_as_a_gradient(x, weight):
    return torch.einsum("...d,hd->...hd", x, weight)


def linear_summed(x, weight):
    return (x @ weight.T).sum(dim=0)


def softmax_times_one_minus(z):
    p = torch.softmax(z, dim=-1)
    return torch.diag_embed(p * (1 - p))


def softmax_with_the_wrong_sign(z):
    p = torch.softmax(z, dim=-1)
    return p[..., :, None] * p[..., None, :] - torch.diag_embed(p)


def softmax_without_the_diagonal(z):
    p = torch.softmax(z, dim=-1)
    return -p[..., :, None] * p[..., None, :]


def softmax_of_the_batch(z):
    p = torch.softmax(z, dim=0)
    return torch.diag_embed(p) - p[..., :, None] * p[..., None, :]


def norm_as_if_constants(x, gamma, eps=1e-5):
    s = torch.sqrt(x.var(dim=-1, correction=0) + eps)
    return torch.diag(gamma) / s[..., None, None]


def norm_with_std(x, gamma, eps=1e-5):
    D = x.shape[-1]
    s = x.std(dim=-1, keepdim=True) + eps
    z = (x - x.mean(dim=-1, keepdim=True)) / s
    P = torch.eye(D, dtype=x.dtype) - 1 / D
    return gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s[..., None]


def norm_without_the_mean(x, gamma, eps=1e-5):
    D = x.shape[-1]
    c = x - x.mean(dim=-1, keepdim=True)
    s = (c.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    z = c / s
    return (
        gamma[:, None] * (torch.eye(D).to(x) - z[..., :, None] * z[..., None, :] / D) / s[..., None]
    )


def norm_with_gamma_on_columns(x, gamma, eps=1e-5):
    D = x.shape[-1]
    c = x - x.mean(dim=-1, keepdim=True)
    s = (c.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    z = c / s
    return (
        gamma * (torch.eye(D).to(x) - 1 / D - z[..., :, None] * z[..., None, :] / D) / s[..., None]
    )


def rms_as_if_r_were_constant(dx, x, gamma, eps=1e-5):
    return gamma * dx / torch.sqrt((x**2).mean(dim=-1, keepdim=True) + eps)


def rms_of_the_whole_batch(dx, x, gamma, eps=1e-5):
    r = torch.sqrt((x**2).mean() + eps)
    return gamma * (dx - x / r * (x / r * dx).mean(dim=-1, keepdim=True)) / r


def rms_with_a_sum(dx, x, gamma, eps=1e-5):
    r = torch.sqrt((x**2).mean(dim=-1, keepdim=True) + eps)
    z = x / r
    return gamma * (dx - z * (z * dx).sum(dim=-1, keepdim=True)) / r


def rms_without_gamma_and_eps(dx, x, gamma, eps=1e-5):
    r = torch.sqrt((x**2).mean(dim=-1, keepdim=True))
    z = x / r
    return (dx - z * (z * dx).mean(dim=-1, keepdim=True)) / r


def residual_plus_one(J, alpha=1.0, skip=1.0):
    alpha = torch.as_tensor(alpha, dtype=J.dtype)
    return skip + alpha[..., None] * J


def residual_on_columns(J, alpha=1.0, skip=1.0):
    return skip * torch.eye(J.shape[-1]).to(J) + alpha * J


def residual_of_the_branch(J, alpha=1.0, skip=1.0):
    return torch.as_tensor(alpha, dtype=J.dtype)[..., None] * J


def block_with_fixed_weights(X, B, W_V, i, j):
    A = torch.softmax(X[i] @ B @ X.T, dim=0)
    return A[j] * W_V.T


def block_of_the_other_token(X, B, W_V, i, j):
    A = torch.softmax(X[i] @ B @ X.T, dim=0)
    P = torch.diag(A) - torch.outer(A, A)
    change = torch.outer(P[:, j], X[j] @ B)
    if i == j:
        change = change + P @ X @ B.T
    return W_V.T @ X.T @ change + A[j] * W_V.T


def block_without_the_question(X, B, W_V, i, j):
    A = torch.softmax(X[i] @ B @ X.T, dim=0)
    P = torch.diag(A) - torch.outer(A, A)
    return W_V.T @ X.T @ torch.outer(P[:, j], X[i] @ B) + A[j] * W_V.T


def block_turned_over(X, B, W_V, i, j):
    A = torch.softmax(X[i] @ B @ X.T, dim=0)
    P = torch.diag(A) - torch.outer(A, A)
    change = torch.outer(P[:, j], X[i] @ B)
    if i == j:
        change = change + P @ X @ B.T
    return (W_V.T @ X.T @ change + A[j] * W_V.T).T


WRONG = {  # an answer, and words that must come back
    linear_of_one_example: ("13.linear", "changed places"),
    linear_as_a_gradient: ("13.linear", "multiplied by its input"),
    linear_summed: ("13.linear", "shape"),
    softmax_times_one_minus: ("13.softmax", "Only the diagonal"),
    softmax_with_the_wrong_sign: ("13.softmax", "signs"),
    softmax_without_the_diagonal: ("13.softmax", "diagonal"),
    softmax_of_the_batch: ("13.softmax", "first axis"),
    norm_as_if_constants: ("13.layernorm", "Mean and size"),
    norm_with_std: ("13.layernorm", "D - 1"),
    norm_without_the_mean: ("13.layernorm", "mean is treated as a constant"),
    norm_with_gamma_on_columns: ("13.layernorm", "columns"),
    rms_as_if_r_were_constant: ("13.rmsnorm", "size r is treated as a constant"),
    rms_of_the_whole_batch: ("13.rmsnorm", "one number for all examples"),
    rms_with_a_sum: ("13.rmsnorm", "add up"),
    rms_without_gamma_and_eps: ("13.rmsnorm", "wo things"),
    residual_plus_one: ("13.residual", "1 to every entry"),
    residual_on_columns: ("13.residual", "columns"),
    residual_of_the_branch: ("13.residual", "shortcut is missing"),
    block_with_fixed_weights: ("13.attention_block", "treated as constants"),
    block_of_the_other_token: ("13.attention_block", "two tokens"),
    block_without_the_question: ("13.attention_block", "it asks too"),
    block_turned_over: ("13.attention_block", "Rows and columns"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_tired_answer_is_named(answer):
    id, words = WRONG[answer]
    outcome = evaluate(EXERCISES[id], answer)
    assert not outcome.passed
    assert words in outcome.message, outcome.message
