"""Calibration against counting by hand, against scikit-learn, and on forecasts that are true."""

import doctest

import numpy as np
import pytest
import torch
from sklearn.calibration import calibration_curve

from course_lib.lab import calibration, generator
from course_lib.lab.calibration import calibration_error, overconfidence, reliability_bins


def forecasts(n, seed=0):
    """Confidences, and answers that are right exactly as often as they say."""
    source = generator(seed)
    confidence = torch.rand(n, generator=source, dtype=torch.float64)
    return confidence, torch.rand(n, generator=source, dtype=torch.float64) < confidence


def test_counted_by_hand():
    sure, right = torch.tensor([0.55, 0.65, 0.95, 1.0]), torch.tensor([1, 0, 1, 1])
    bins = reliability_bins(sure, right, bins=5)
    assert bins.count.tolist() == [0, 0, 1, 1, 2]
    assert bins.accuracy.isnan().tolist() == [True, True, False, False, False]
    assert bins.accuracy[2:].tolist() == [1, 0, 1]
    expected = (0.45 + 0.65 + 2 * 0.025) / 4
    assert calibration_error(sure, right, bins=5) == pytest.approx(expected, abs=1e-7)
    assert overconfidence(sure, right) == pytest.approx((3.15 - 3) / 4, abs=1e-7)


@pytest.mark.parametrize("bins", [1, 7, 10])
def test_scikit_learns_curve(bins):
    sure, right = forecasts(500)
    accuracy, confidence = calibration_curve(right, sure, n_bins=bins)
    found = reliability_bins(sure, right, bins)
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, confidence)


def test_a_bin_holds_its_upper_end_and_the_first_holds_zero():
    bins = reliability_bins(torch.tensor([0.0, 0.5, 0.51, 1.0]), torch.ones(4), bins=2)
    assert bins.count.tolist() == [2, 2]


def test_true_forecasts_come_near_zero_and_nearer_with_more_of_them():
    few, many = (calibration_error(*forecasts(n)) for n in (100, 100_000))
    assert many < 0.01 < few
    gaps = torch.tensor([overconfidence(*forecasts(100, seed)) for seed in range(200)])
    assert gaps.mean().abs() < 4 * gaps.std() / 200**0.5


def test_forecasts_that_are_too_sure_are_told():
    sure, right = forecasts(100_000)
    assert overconfidence((1.2 * sure).clamp(max=1), right) > 0.05
    assert calibration_error((1.2 * sure).clamp(max=1), right) > 0.05
    assert overconfidence(0.8 * sure, right) < -0.05


def test_one_bin_is_the_size_of_the_overconfidence():
    sure, right = forecasts(300)
    found = calibration_error(sure, right, bins=1)
    assert found == pytest.approx(abs(overconfidence(sure, right)))


@pytest.mark.parametrize(
    ("sure", "right", "bins", "words"),
    [
        (torch.ones(3), torch.ones(2), 10, r"shapes \(3,\) and \(2,\); both must be \(n,\)"),
        (torch.ones(3, 1), torch.ones(3, 1), 10, r"shapes \(3, 1\)"),
        (torch.ones(0), torch.ones(0), 10, r"shapes \(0,\)"),
        (torch.tensor([1.1]), torch.ones(1), 10, "values outside 0 to 1"),
        (torch.tensor([torch.nan]), torch.ones(1), 10, "values outside 0 to 1"),
        (torch.ones(1), torch.ones(1), 0, "bins is 0; it must be 1 or more"),
    ],
)
def test_what_cannot_be_is_refused(sure, right, bins, words):
    with pytest.raises(ValueError, match=words):
        reliability_bins(sure, right, bins)


def test_the_examples_in_the_docstrings_run():
    results = doctest.testmod(calibration)
    assert results.attempted
    assert not results.failed
