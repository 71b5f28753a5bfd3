"""Answers to lesson 16 that were written before any message was read, and what must come back."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def rezero_by_matmul_of_rows(g, f, J, alpha):
    return g + alpha * (J @ g[:, :, None]).squeeze(-1), (g * f).sum()


def rezero_with_a_mean(g, f, J, alpha):
    return g + alpha * (g[:, None] @ J)[:, 0], (g * f).sum(dim=1).mean()


def rezero_without_the_shortcut(g, f, J, alpha):
    return alpha * torch.einsum("ni,nij->nj", g, J), (g * f).sum()


def rezero_per_feature(g, f, J, alpha):
    return g + alpha * (g[:, None] @ J)[:, 0], (g * f).sum(0)


def rezero_two_slips(g, f, J, alpha):
    return g + (g[:, None] @ J)[:, 0], (g * f).mean()


def norms_like_functions(J, J_norm):
    eye = torch.eye(len(J), dtype=J.dtype)
    return eye + J_norm @ J, (eye + J) @ J_norm


def norms_with_a_one(J, J_norm):
    return 1 + J @ J_norm, J_norm @ (1 + J)


def norms_past_the_sum(J, J_norm):
    eye = torch.eye(J.shape[-1], dtype=J.dtype)
    return eye + J @ J_norm, eye + J_norm @ J


def norms_without_shortcuts(J, J_norm):
    return J @ J_norm, J_norm @ J


def norms_post_first(J, J_norm):
    eye = torch.eye(J.shape[-1], dtype=J.dtype)
    return J_norm @ (eye + J), eye + J @ J_norm


def scale_of_layers(layers):
    return layers**0.25, layers**-0.25


def scale_with_roots(layers):
    return (2 * layers) ** 0.5, (8 * layers) ** -0.5


def scale_by_precedence(layers):
    return (2 * layers) ** 1 / 4, (8 * layers) ** -1 / 4


def scale_both_up(layers):
    return (2 * layers) ** 0.25, (8 * layers) ** 0.25


def scale_of_blocks(layers):
    n = 2 * layers
    return (2 * n) ** 0.25, (8 * n) ** -0.25


def unit(rows, eps):
    return rows / (rows.square().sum(dim=-1, keepdim=True) + eps).sqrt()


def cosine_with_torchs_normalize(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    q, k, v = (torch.nn.functional.normalize(rows, dim=-1, eps=eps) for rows in (Q, K, V))
    return nu * torch.softmax(tau * q @ k.mT, dim=-1) @ v


def cosine_of_scores_alone(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    return nu * torch.softmax(tau * unit(Q, eps) @ unit(K, eps).mT, dim=-1) @ V


def cosine_along_the_first_axis(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    return nu * torch.softmax(tau * unit(Q, eps) @ unit(K, eps).mT, dim=-2) @ unit(V, eps)


def cosine_over_tau(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    return nu * torch.softmax(unit(Q, eps) @ unit(K, eps).mT / tau, dim=-1) @ unit(V, eps)


def cosine_two_slips(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    return torch.softmax(tau * unit(Q, eps) @ unit(K, eps).mT, dim=-1) @ V


WRONG = {
    rezero_by_matmul_of_rows: ("16.rezero", "not transposed"),
    rezero_with_a_mean: ("16.rezero", "averaged over examples"),
    rezero_without_the_shortcut: ("16.rezero", "shortcut forgotten"),
    rezero_per_feature: ("16.rezero", "one for each place"),
    rezero_two_slips: ("16.rezero", "weight forgotten, mean for sum"),
    norms_with_a_one: ("16.prenorm_postnorm", "ones for the identity"),
    norms_past_the_sum: ("16.prenorm_postnorm", "no norm on the shortcut in Post-LN"),
    norms_without_shortcuts: ("16.prenorm_postnorm", "shortcuts forgotten"),
    norms_post_first: ("16.prenorm_postnorm", "pre and post swapped"),
    scale_of_layers: ("16.deepnorm_scale", "both factors forgotten"),
    scale_with_roots: ("16.deepnorm_scale", "square roots"),
    scale_by_precedence: ("16.deepnorm_scale", "brackets of the power"),
    scale_both_up: ("16.deepnorm_scale", "minus forgotten"),
    scale_of_blocks: ("16.deepnorm_scale", "blocks for layers"),
    cosine_with_torchs_normalize: ("16.cosine_attention", "ε as a floor"),
    cosine_of_scores_alone: ("16.cosine_attention", "values as they are"),
    cosine_along_the_first_axis: ("16.cosine_attention", "softmax along columns"),
    cosine_over_tau: ("16.cosine_attention", "divided by tau"),
    cosine_two_slips: ("16.cosine_attention", "values as they are, nu forgotten"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, slip = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert outcome.slip == slip, outcome.message
    assert outcome.status in ("wrong_value", "wrong_shape")


def test_a_wrong_order_of_factors_is_named_though_it_stops_at_a_batch():
    outcome = evaluate(EXERCISES["16.prenorm_postnorm"], norms_like_functions)
    assert not outcome.passed
    assert outcome.message


RIGHT = EXERCISES["16.choose_fix"].reference
CHOICES = {
    "a norm for the lost directions": (0, ("pre_norm", "identity"), "Task 1, change"),
    "a norm for the growth": (1, ("pre_norm", "growth"), "Task 2, change"),
    "because others do": (2, ("pre_norm", "usual"), "Task 3, reason"),
    "small scores": (3, ("small_branch", "bounded"), "Task 4, change"),
    "wrong on two counts": (4, ("pre_norm", "undivided"), "Task 5"),
    "a dash": (2, ("pre-norm", "undivided"), "Task 3, change"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_wrong_choice_is_named(name):
    place, pair, begins = CHOICES[name]
    answer = (*RIGHT[:place], pair, *RIGHT[place + 1 :])
    outcome = evaluate(EXERCISES["16.choose_fix"], answer)
    assert outcome.status == "wrong_value"
    assert begins in outcome.message, outcome.message
