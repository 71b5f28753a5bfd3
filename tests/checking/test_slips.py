"""Slips are recognised: alone, at the edges, and not where they only look alike."""

import pytest
import torch

from course_lib.checking import evaluate

from .conftest import TOY


@pytest.mark.parametrize("slip", TOY.slips, ids=lambda t: t.name)
def test_each_slip_is_named(slip):
    outcome = evaluate(TOY, slip.answer)
    assert outcome.slip == slip.name
    assert outcome.message == slip.message
    assert outcome.status == {"raises": "raised", "mis-shapes": "wrong_shape"}.get(
        slip.name, "wrong_value"
    )


def test_a_slip_is_named_although_the_edges_fail_in_another_way():
    def answer(x, k):
        if x.numel() < 4:
            raise IndexError
        return (x + 1) / k

    assert evaluate(TOY, answer).slip == "adds first"


def test_a_slip_in_numpy_is_named():
    outcome = evaluate(TOY, lambda x, k: ((x + 1) / k).numpy())
    assert outcome.slip == "adds first"


def test_another_error_of_the_same_type_is_no_slip():
    def answer(x, k):
        raise RuntimeError("something else")

    assert evaluate(TOY, answer).slip is None


def test_a_slip_at_one_edge_only_is_no_slip():
    def answer(x, k):
        return (x + 1) / k if x.numel() == 1 else x / k + 1

    outcome = evaluate(TOY, answer)
    assert outcome.slip is None
    assert "one number" in outcome.message


def test_nan_alone_tells_no_slip():
    def answer(x, k):
        return x * float("nan") if x.numel() > 3 else x / k + 1

    outcome = evaluate(TOY, answer)
    assert outcome.slip is None
    assert "NaN" in outcome.message


def test_a_close_value_is_not_the_slips():
    outcome = evaluate(TOY, lambda x, k: (x + 1) / k + 1e-3 * torch.ones_like(x))
    assert outcome.slip is None
