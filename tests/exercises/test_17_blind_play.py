"""Answers to lesson 17 that were written without a look at the slips, and what must come back."""

import math

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def clip_each_by_its_own(gradients, largest):
    clipped = []
    for g in gradients:
        if g.norm() > largest:
            g = g * largest / g.norm()
        clipped.append(g)
    return clipped


def clip_always(gradients, largest):
    total = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * largest / (total + 1e-12) for g in gradients]


def clip_with_summed_norms(gradients, largest):
    total = sum(torch.linalg.norm(g.flatten()) for g in gradients)
    return [g * torch.clamp(largest / total, max=1.0) for g in gradients]


def clip_each_number(gradients, largest):
    return [torch.clip(g, min=-largest, max=largest) for g in gradients]


def clip_at_the_wrong_side(gradients, largest):
    total = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * max(1.0, float(largest / total)) for g in gradients]


def schedule_from_0(t, updates, *, warm, final=0.0):
    t = t - 1
    if t < warm:
        return t / warm
    return final + (1 - final) * 0.5 * (
        1 + math.cos(math.pi * (t - warm + 1) / (updates - warm + 1))
    )


def schedule_all_from_0(t, updates, *, warm, final=0.0):
    t = t - 1
    if t < warm:
        return t / warm
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (t - warm) / (updates - warm)))


def schedule_that_jumps(t, updates, *, warm, final=0.0):
    if t <= warm:
        return t / warm
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (t - 1) / updates))


def schedule_over_all_updates(t, updates, *, warm, final=0.0):
    if t < warm:
        return t / warm
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * t / updates))


def schedule_to_the_last(t, updates, *, warm, final=0.0):
    if t <= warm:
        return t / warm
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (t - warm) / (updates - warm)))


def schedule_without_final(t, updates, *, warm, final=0.0):
    if t <= warm:
        return t / warm
    return 0.5 * (1 + math.cos(math.pi * (t - warm) / (updates - warm + 1)))


def plain_average(average, p, *, t, beta):
    return beta * average + (1 - beta) * p


def swapped_average(average, p, *, t, beta):
    return (1 - beta) * average + beta * p


def average_divided_again(average, p, *, t, beta):
    new = beta * average + (1 - beta) * p
    return new / (1 - beta**t)


def average_like_torch(average, p, *, t, beta):
    if t == 1:
        return p.clone()
    return beta * average + (1 - beta) * p


def decay_in_the_gradient(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    g = g + weight_decay * p
    v = beta * v + g
    return p - lr * v, v


def decay_after(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v + g
    p = p - lr * v
    return p * (1 - lr * weight_decay), v


def decay_without_lr(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v + g
    return p - lr * v - weight_decay * p, v


def decay_after_and_without_lr(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v + g
    p = p - lr * v
    return p - weight_decay * p, v


def divided_by_the_svd(W, u):
    v = W.T @ u
    v = v / v.norm()
    u = W @ v
    u = u / u.norm()
    return W / torch.linalg.svdvals(W)[0], u


def vectors_of_any_length(W, u):
    v = W.T @ u
    u = W @ v
    return W / (u @ W @ v), u


def old_u_kept(W, u):
    v = W.T @ u
    v = v / v.norm()
    new = W @ v
    new = new / new.norm()
    return W / (new @ W @ v), u.clone()


def by_frobenius(W, u):
    v = W.T @ u
    v = v / v.norm()
    u = W @ v
    u = u / u.norm()
    return W / torch.sqrt((W**2).sum()), u


def transposed_and_old(W, u):
    v = W.T @ u
    v = v / v.norm()
    sigma = u @ W @ v
    u = W @ v
    return W / sigma, u / u.norm()


def divided_by_sums(W, u):
    v = W.T @ u
    v = v / v.sum()
    u = W @ v
    u = u / u.sum()
    return W / (u @ W @ v), u


def average_with_p_alone_divided(average, p, *, t, beta):
    return beta * average + (1 - beta) * p / (1 - beta**t)


def decay_beside_a_downhill_velocity(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v - lr * g
    return (1 - lr * weight_decay) * p + v, v


def decay_and_the_whole_velocity(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v + g
    return (1 - lr * weight_decay) * p - v, v


WRONG = {
    clip_each_by_its_own: ("17.clip_by_norm", "per tensor"),
    clip_always: ("17.clip_by_norm", "always rescales"),
    clip_with_summed_norms: ("17.clip_by_norm", "norms added up"),
    clip_each_number: ("17.clip_by_norm", "by value"),
    clip_at_the_wrong_side: ("17.clip_by_norm", "never lengthens below"),
    schedule_from_0: ("17.warmup_cosine", "off by one, from 0"),
    schedule_all_from_0: ("17.warmup_cosine", "counted from 0"),
    schedule_that_jumps: ("17.warmup_cosine", "jump at the seam"),
    schedule_over_all_updates: ("17.warmup_cosine", "jump at the seam, over all updates"),
    schedule_to_the_last: ("17.warmup_cosine", "ends at the last update"),
    schedule_without_final: ("17.warmup_cosine", "final forgotten"),
    plain_average: ("17.weight_ema", "not corrected"),
    swapped_average: ("17.weight_ema", "swapped in the plain average"),
    average_divided_again: ("17.weight_ema", "corrected twice"),
    average_like_torch: ("17.weight_ema", "begun at the first weights"),
    decay_in_the_gradient: ("17.decoupled", "L2 in the gradient"),
    decay_after: ("17.decoupled", "decay after the step"),
    decay_without_lr: ("17.decoupled", "decay not scaled by lr"),
    divided_by_the_svd: ("17.spectral_normalise", "exact"),
    vectors_of_any_length: ("17.spectral_normalise", "neither normalised"),
    old_u_kept: ("17.spectral_normalise", "old u returned"),
    by_frobenius: ("17.spectral_normalise", "Frobenius"),
    transposed_and_old: ("17.spectral_normalise", "old u in sigma"),
    divided_by_sums: ("17.spectral_normalise", "plain sum for norm"),
    average_with_p_alone_divided: ("17.weight_ema", "p alone corrected"),
    decay_beside_a_downhill_velocity: ("17.decoupled", "velocity downhill"),
    decay_and_the_whole_velocity: ("17.decoupled", "step without lr"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, slip = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert not outcome.passed
    assert outcome.slip == slip, outcome.message


def test_two_slips_at_once_are_both_named():
    outcome = evaluate(EXERCISES["17.decoupled"], decay_after_and_without_lr)
    assert outcome.kind == "decay after the step + decay not scaled by lr"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (clip_each_by_its_own, "as one vector"),
        (schedule_that_jumps, "where warm-up ends"),
        (average_like_torch, "first weights"),
        (decay_in_the_gradient, "L2"),
        (by_frobenius, "another norm"),
    ],
)
def test_the_sentence_says_where_to_look(answer, words):
    assert words in evaluate(EXERCISES[WRONG[answer][0]], answer).message
