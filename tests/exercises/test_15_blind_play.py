"""Answers to lesson 15 that were written without a look at the tables, and what must come back."""

import math

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def gain_by_std(sums, out):
    return sums.std() / out.std()


def gain_of_the_other_side(sums, out):
    return ((out**2).mean() / (sums**2).mean()) ** 0.5


def gain_without_root(sums, out):
    return (sums**2).mean() / (out**2).mean()


def gain_upside_down_without_root(sums, out):
    return (out**2).mean() / (sums**2).mean()


def limit_of_the_mean_square(chi, factor):
    return math.log(factor) / chi.log().abs()


def limit_with_a_sign(chi, factor):
    return 2 * math.log(factor) / torch.log(chi)


def limit_in_two_bases(chi, factor):
    return 2 * math.log10(factor) / torch.log(chi).abs()


def limit_rounded(chi, factor):
    return torch.ceil(2 * math.log(factor) / torch.log(chi).abs())


def limit_near_1(chi, factor):
    return math.log(factor) / (chi.sqrt() - 1).abs()


def limit_of_a_rise(chi, factor):
    return 2 * math.log(factor) / chi.log().clamp(min=0)


def norms_forward(jacobians, g):
    found = [g.norm().log10()]
    for J in jacobians:
        g = J @ (g / g.norm())
        found.append(found[-1] + g.norm().log10())
    return torch.stack(found)


def norms_by_products(jacobians, g):
    found = [g.norm()]
    for J in jacobians.flip(0):
        g = J.T @ g
        found.append(g.norm())
    return torch.stack(found).log10().flip(0)


def norms_not_transposed(jacobians, g):
    found = [g.norm().log10()]
    for J in jacobians.flip(0):
        g = J @ (g / g.norm())
        found.append(found[-1] + g.norm().log10())
    return torch.stack(found).flip(0)


def norms_without_the_first(jacobians, g):
    found = [0 * g.norm()]
    for J in jacobians.flip(0):
        g = J.T @ (g / g.norm())
        found.append(found[-1] + g.norm().log10())
    return torch.stack(found).flip(0)


def norms_after_all_is_1(jacobians, g):
    found = [g.norm().log10()]
    for J in jacobians.flip(0):
        g = J.T @ g
        g = g / g.norm()
        found.append(found[-1] + g.norm().log10())
    return torch.stack(found[::-1])


def lost_by_limits(g, scale):
    size = (scale * g[g != 0]).abs()
    return torch.stack([(size > 65504).float().mean(), (size < 6e-8).float().mean()])


def lost_of_all(g, scale):
    half = (scale * g).half()
    return torch.stack([half.isinf().sum(), ((half == 0) & (g != 0)).sum()]) / g.numel()


def lost_with_zeros(g, scale):
    half = (g * scale).half()
    return torch.stack([half.isinf().float().mean(), (half == 0).float().mean()])


def lost_scaled_late(g, scale):
    g = g[g != 0]
    half = g.half() * scale
    return torch.stack([half.isinf().float().mean(), (half == 0).float().mean()])


def lost_the_other_way(g, scale):
    g = g[g != 0]
    half = (g * scale).half()
    return torch.stack([(half == 0).float().mean(), half.isinf().float().mean()])


def lost_counted(g, scale):
    g = g[g != 0]
    half = (g * scale).half()
    return torch.stack([half.isinf().float().sum(), (half == 0).float().sum()])


WRONG = {
    gain_by_std: ("15.gain", "variance"),
    gain_of_the_other_side: ("15.gain", "one over the gain"),
    gain_without_root: ("15.gain", "what the mean square is to be multiplied by"),
    gain_upside_down_without_root: ("15.gain", ""),
    limit_of_the_mean_square: ("15.depth_limit", "*mean square*"),
    limit_with_a_sign: ("15.depth_limit", "below 0"),
    limit_in_two_bases: ("15.depth_limit", "base 10"),
    limit_rounded: ("15.depth_limit", "round"),
    limit_near_1: ("15.depth_limit", "only"),
    limit_of_a_rise: ("15.depth_limit", "can fall"),
    norms_after_all_is_1: ("15.log_norms", "after"),
    lost_by_limits: ("15.overflow", "rounded"),
    lost_of_all: ("15.overflow", "divide by how many"),
    norms_forward: ("15.log_norms", "forward"),
    norms_by_products: ("15.log_norms", "0 or infinite"),
    norms_not_transposed: ("15.log_norms", "as it stands"),
    norms_without_the_first: ("15.log_norms", "comes in"),
    lost_with_zeros: ("15.overflow", "0 from the beginning"),
    lost_scaled_late: ("15.overflow", "first"),
    lost_the_other_way: ("15.overflow", "order"),
    lost_counted: ("15.overflow", "counts"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, words = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert outcome.status == "wrong_value"
    assert words in outcome.message
    assert outcome.slip or outcome.kind


RIGHT = EXERCISES["15.diagnose"].reference


@pytest.mark.parametrize(
    ("place", "pair", "words"),
    [
        (0, ("vanishing", "lower_gain"), "Task 1"),
        (2, ("none", "shortcuts"), "cosine"),
        (3, ("underflow", "raise_gain"), "Task 4"),
        (4, ("exploding", "scale_down"), "Task 5"),
    ],
)
def test_a_wrong_diagnosis_is_named(place, pair, words):
    answer = (*RIGHT[:place], pair, *RIGHT[place + 1 :])
    outcome = evaluate(EXERCISES["15.diagnose"], answer)
    assert outcome.status == "wrong_value"
    assert words in outcome.message


def test_pairs_the_other_way_round_are_told_by_the_names_of_the_tables():
    outcome = evaluate(EXERCISES["15.diagnose"], [pair[::-1] for pair in RIGHT])
    assert "the remedy comes first" in outcome.message
