"""Answers that strangers gave in lesson 02, and what they are told."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def affine_with_one_bias(x, weight, bias):
    out = x @ weight.T
    for h in range(len(bias)):
        out[:, h] += bias[h]
        return out


def affine_with_one_neuron(x, weight, bias):
    out = x.new_zeros(len(x), len(weight))
    out[:, 0] = x @ weight[0] + bias[0]
    return out


@pytest.mark.parametrize(
    ("answer", "slip"),
    [
        (affine_with_one_bias, "only the first bias"),
        (affine_with_one_neuron, "only the first neuron"),
    ],
)
def test_a_loop_is_not_taken_for_granted(answer, slip):
    outcome = evaluate(EXERCISES["02.affine"], answer)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)
    assert "If you use a loop" in outcome.message


@pytest.mark.parametrize("small", [1e-6, 1e-7])
def test_a_share_that_is_cut_off_near_0_or_1_is_refused(small):
    below = evaluate(EXERCISES["02.prior_bias"], lambda p: torch.logit(p.clamp(max=1 - small)))
    above = evaluate(EXERCISES["02.prior_bias"], lambda p: torch.logit(p.clamp(min=small)))
    assert (below.status, above.status) == ("wrong_value", "wrong_value")


@pytest.mark.parametrize(
    ("exercise", "answer", "slip"),
    [
        ("02.bias_column", lambda x, weight, bias: (x, weight), "both left as they were"),
        (
            "02.l2_gradient",
            lambda gradient, bias, strength: (gradient + 2 * strength * bias).mean(),
            "averaged into one number",
        ),
    ],
)
def test_one_slip_is_not_taken_for_two_that_contradict(exercise, answer, slip):
    assert evaluate(EXERCISES[exercise], answer).slip == slip
