"""Answers to lesson 13 that were written without a look at the code, and what must come back."""

import pytest
import torch
from torch.func import jacrev

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


# A second player, who also takes derivatives of whole batches, and makes two slips at once


def linear_of_all_pairs(x, weight):
    return jacrev(lambda x: x @ weight.T)(x)


def linear_turned_and_multiplied(x, weight):
    return (weight * x.unsqueeze(-2)).mT


def softmax_plus_beside(z):
    p = torch.softmax(z, -1)
    return torch.diag_embed(p * (1 - p)) + (1 - eye(z)) * p[..., None] * p[..., None, :]


def softmax_that_overflows(z):
    p = z.exp() / z.exp().sum(-1, keepdim=True)
    return torch.diag_embed(p) - p[..., None] * p[..., None, :]


def softmax_diagonal_and_sign(z):
    p = torch.softmax(z, -1)
    return -torch.diag_embed(p * (1 - p))


def softmax_diagonal_of_the_first_axis(z):
    p = torch.softmax(z, 0)
    return torch.diag_embed(p * (1 - p))


def softmax_of_all_pairs(z):
    return jacrev(lambda z: torch.softmax(z, -1))(z)


def eye(x):
    return torch.eye(x.shape[-1], dtype=x.dtype)


def norm(centred, s, gamma, P):
    z, D = centred / s, centred.shape[-1]
    return gamma[:, None] * (P - z[..., None] * z[..., None, :] / D) / s[..., None]


def norm_of_everything(x, gamma, eps=1e-5):
    s = (x.var(unbiased=False) + eps).sqrt().expand(*x.shape[:-1], 1)
    return norm(x - x.mean(), s, gamma, eye(x) - 1 / x.shape[-1])


def norm_without_mean_and_gamma(x, gamma, eps=1e-5):
    s = (x.var(-1, keepdim=True, unbiased=False) + eps).sqrt()
    return norm(x - x.mean(-1, keepdim=True), s, torch.ones_like(gamma), eye(x))


def norm_without_the_size(x, gamma, eps=1e-5):
    s = (x.var(-1, unbiased=False) + eps).sqrt()
    return gamma[:, None] * (eye(x) - 1 / x.shape[-1]) / s[..., None, None]


def rms_of_a_centred_change(dx, x, gamma, eps=1e-5):
    dx = dx - dx.mean(-1, keepdim=True)
    r = (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return gamma * (dx - x * (x * dx).mean(-1, keepdim=True) / r**2) / r


def rms_of_the_change(dx, x, gamma, eps=1e-5):
    return gamma * dx / (dx.square().mean(-1, keepdim=True) + eps).sqrt()


def rms_as_a_difference(dx, x, gamma, eps=1e-5):
    return rms_of_the_change(x + dx, x, gamma, eps) - rms_of_the_change(x, x, gamma, eps)


def rms_for_gradients(dx, x, gamma, eps=1e-5):
    r, g = (x.square().mean(-1, keepdim=True) + eps).sqrt(), gamma * dx
    return (g - x * (x * g).mean(-1, keepdim=True) / r**2) / r


def rms_as_a_matrix(dx, x, gamma, eps=1e-5):
    r = (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return norm(x, r, gamma, eye(x))


def residual_all_weighed(J, alpha=1.0, skip=1.0):
    return torch.as_tensor(alpha, dtype=J.dtype)[..., None] * (skip * eye(J) + J)


def residual_columns_without_skip(J, alpha=1.0, skip=1.0):
    return eye(J) + torch.as_tensor(alpha, dtype=J.dtype) * J


def residual_exchanged(J, alpha=1.0, skip=1.0):
    return torch.as_tensor(alpha, dtype=J.dtype)[..., None] * eye(J) + skip * J


def weights_and_slopes(X, B, i):
    A = torch.softmax(X @ (X[i] @ B), -1)
    return A, torch.diag(A) - torch.outer(A, A)


def block(X, B, W_V, i, j, A, P):
    change = torch.outer(P[:, j], X[i] @ B) + (i == j) * (P @ X @ B.T)
    return W_V.T @ X.T @ change + A[j] * W_V.T


def block_scaled_again(X, B, W_V, i, j):
    B = B / X.shape[1] ** 0.5
    return block(X, B, W_V, i, j, *weights_and_slopes(X, B, i))


def block_of_slopes(X, B, W_V, i, j):
    A, _ = weights_and_slopes(X, B, i)
    return block(X, B, W_V, i, j, A, torch.diag(A * (1 - A)))


def block_with_its_own_value_alone(X, B, W_V, i, j):
    A, P = weights_and_slopes(X, B, i)
    change = torch.outer(P[:, j], X[i] @ B) + (i == j) * (P @ X @ B.T)
    return W_V.T @ X.T @ change + (i == j) * A[j] * W_V.T


def block_without_question_and_value(X, B, W_V, i, j):
    _, P = weights_and_slopes(X, B, i)
    return W_V.T @ X.T @ torch.outer(P[:, j], X[i] @ B)


SECOND = {  # an answer, and the slip or the two that must be named
    linear_of_all_pairs: ("13.linear", "whole batch at once"),
    linear_turned_and_multiplied: ("13.linear", "transposed and times inputs"),
    softmax_plus_beside: ("13.softmax", "plus beside the diagonal"),
    softmax_that_overflows: ("13.softmax", "overflow"),
    softmax_diagonal_and_sign: ("13.softmax", "diagonal only + sign"),
    softmax_diagonal_of_the_first_axis: ("13.softmax", "diagonal only + axis of the batch"),
    softmax_of_all_pairs: ("13.softmax", "whole batch at once"),
    norm_of_everything: ("13.layernorm", "one mean for the batch"),
    norm_without_mean_and_gamma: ("13.layernorm", "mean held fixed + gamma forgotten"),
    norm_without_the_size: ("13.layernorm", "variance held fixed"),
    rms_of_a_centred_change: ("13.rmsnorm", "mean taken off throughout"),
    rms_of_the_change: ("13.rmsnorm", "RMSNorm of the change"),
    rms_as_a_difference: ("13.rmsnorm", "difference of outputs"),
    rms_for_gradients: ("13.rmsnorm", "product with the transpose"),
    residual_all_weighed: ("13.residual", "alpha on both"),
    residual_columns_without_skip: ("13.residual", "alpha on the columns + skip forgotten"),
    residual_exchanged: (
        "13.residual",
        "alpha on the shortcut alone + skip on the branch too",
    ),
    block_scaled_again: ("13.attention_block", "B scaled once more"),
    block_of_slopes: ("13.attention_block", "slopes of softmax alone"),
    block_with_its_own_value_alone: ("13.attention_block", "value of its own token alone"),
    block_without_question_and_value: (
        "13.attention_block",
        "value path forgotten + token that asks forgotten",
    ),
}


@pytest.mark.parametrize("answer", SECOND, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_answer_of_the_second_player_is_named(answer, seed):
    id, name = SECOND[answer]
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.status in ("wrong_value", "wrong_shape")
    assert name in (outcome.slip, outcome.kind), outcome.message


def test_a_matrix_where_a_product_is_asked_for_is_told_by_its_shape():
    outcome = evaluate(EXERCISES["13.rmsnorm"], rms_as_a_matrix)
    assert outcome.status == "wrong_shape"
    assert "`dx` is never used" in outcome.message
