import pytest
import torch

from course_lib.lab import generator
from course_lib.lab.intervals import confidence_interval


def test_an_interval_by_hand():
    # t with 3 degrees of freedom is 3.1824; s is 1.2910
    found = confidence_interval([1.0, 2.0, 3.0, 4.0])
    assert found == pytest.approx((2.5, 2.5 - 2.0543, 2.5 + 2.0543), abs=1e-4)


def test_it_holds_the_true_mean_as_often_as_it_says():
    runs = torch.randn(2000, 5, generator=generator(0), dtype=torch.float64) + 7
    for confidence in (0.5, 0.95):
        held = [
            low <= 7 <= high for _, low, high in (confidence_interval(r, confidence) for r in runs)
        ]
        assert sum(held) / 2000 == pytest.approx(confidence, abs=0.03)


def test_in_words_zero_has_no_minus():
    assert str(confidence_interval([-0.02, 0.01])) == "+0.0 (\N{MINUS SIGN}0.2 to +0.2)"
    assert str(confidence_interval([-0.001, -0.001])) == "+0.0 (+0.0 to +0.0)"


def test_in_words_it_keeps_its_signs():
    assert str(confidence_interval([-1.0, 1.0, 3.0, 5.0])) == "+2.0 (\N{MINUS SIGN}2.1 to +6.1)"


@pytest.mark.parametrize("values", [[], [1.0], torch.tensor(3.0)])
def test_one_run_has_no_interval(values):
    with pytest.raises(ValueError, match=r"values holds \d runs; it must hold two or more"):
        confidence_interval(values)
