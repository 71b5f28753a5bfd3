"""What counts as the same, and properties that hold for any answer."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.checking import evaluate
from course_lib.checking.compare import how_it_differs, same
from course_lib.checking.record import describe

from .conftest import CHOICE, PAIR, TOY

numbers = hnp.arrays(
    np.float64,
    hnp.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(-1e6, 1e6)
    | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 1e-320]),
)


@given(numbers)
def test_a_result_is_the_same_as_itself_in_any_carrier(values):
    tensor = describe(torch.tensor(values))
    assert same(tensor, tensor)
    assert same(describe(values), tensor)
    assert same(describe((values, values)), describe([torch.tensor(values), values]))


@given(numbers, st.data())
def test_one_changed_entry_is_seen_and_described(values, data):
    place = data.draw(st.tuples(*[st.integers(0, n - 1) for n in values.shape]))
    scale = max(np.abs(values[np.isfinite(values)]), default=0.0)
    other = values.copy()
    other[place] = 0.0 if not np.isfinite(values[place]) else values[place] + 1 + 0.01 * scale
    mine, expected = describe(other), describe(values)
    assert not same(mine, expected)
    assert how_it_differs(mine, expected)


@pytest.mark.parametrize(
    ("dtype", "near", "far"),
    [(torch.float64, 1e-9, 1e-6), (torch.float32, 1e-6, 1e-2), (torch.float16, 1e-3, 0.2)],
)
def test_tolerance_follows_the_dtype(dtype, near, far):
    expected = torch.tensor([1.0, 1000.0], dtype=dtype)
    assert same(describe(expected * (1 + near)), describe(expected))
    assert not same(describe(expected * (1 + far)), describe(expected))


def test_small_entries_are_measured_against_the_largest():
    expected = torch.tensor([1e6, 0.0], dtype=torch.float64)
    assert same(describe(expected + 1e-4), describe(expected))
    assert not same(describe(expected + 1.0), describe(expected))


def test_the_largest_numbers_are_compared_without_a_warning():
    assert not same(describe(1.5e308), describe(-1.5e308))


def test_whole_numbers_are_exact():
    assert same(describe(33_460_201.0), describe(33_460_201))
    assert not same(describe(33_460_200), describe(33_460_201))
    assert not same(describe(torch.tensor(33_460_200.0)), describe(33_460_201))
    assert how_it_differs(describe(33_460_200), describe(33_460_201)) == (
        "is 33460200, but should be 33460201"
    )


def test_numbers_are_shown_with_as_many_digits_as_tell_them_apart():
    mine, expected = describe(np.array([np.inf, 1.00002])), describe(np.array([np.inf, 1.00001]))
    clause = "is wrong in 1 of 2 places: at [1] it is 1.00002, but should be 1.00001"
    assert how_it_differs(mine, expected) == clause


def test_large_results_are_known_by_their_shape():
    huge = torch.zeros(1).expand(10**12)
    assert describe(huge).values is None
    assert describe(huge).shape == (10**12,)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.binary(max_size=3)
    | st.complex_numbers() | st.just(...) | st.builds(object) | numbers
    | numbers.map(torch.tensor),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(anything)
def test_whatever_comes_back_there_is_a_sentence(value):
    for exercise in (TOY, PAIR, CHOICE):
        outcome = evaluate(exercise, lambda *args: value)
        assert outcome.message
        assert not outcome.passed
        assert evaluate(exercise, value).message
