import statistics

import numpy as np
import pytest
import torch
from sklearn.feature_selection import f_classif
from sklearn.metrics import accuracy_score

from course_lib.lab import (
    Split,
    accuracy,
    correlation_ratio,
    digits,
    generator,
    median,
    rms,
    shuffled_copy,
)


def test_accuracy_is_that_of_scikit_learn():
    out = torch.randn(497, 10, generator=generator(0))
    y = torch.randint(10, (497,), generator=generator(1))
    assert accuracy(out, y).item() == accuracy_score(y, out.argmax(dim=1))
    assert accuracy(out, out.argmax(dim=1)) == 1


def test_accuracy_takes_the_first_of_equal_outputs_and_works_for_many_runs():
    y = torch.tensor([0, 1, 0, 2])
    out = torch.stack([torch.zeros(4, 3), torch.nn.functional.one_hot(y, 3).float()])
    assert torch.func.vmap(accuracy, in_dims=(0, None))(out, y).tolist() == [0.5, 1.0]


@pytest.mark.parametrize("runs", [[3.0], [4, 1, 3], [4, 1, 3, 9], [1.0, float("inf"), 2.0, 5.0]])
def test_median_is_numpys_of_lists_and_tensors(runs):
    assert median(runs) == median(torch.tensor(runs)) == np.median(runs) == statistics.median(runs)


def test_median_of_a_table_is_that_of_all_its_numbers():
    assert median(torch.tensor([[1.0, 9.0], [2.0, 8.0]])) == 5
    assert median([1.0, float("inf"), float("inf"), float("inf")]) == float("inf")


@pytest.mark.parametrize("runs", [[], [1.0, float("nan")], torch.tensor([])])
def test_median_refuses_what_has_none(runs):
    with pytest.raises(ValueError, match="it must hold one or more"):
        median(runs)


def test_rms_by_hand():
    assert rms(torch.tensor([[3.0, -4.0], [0.0, 0.0]])) == 2.5


def test_predictive_power_is_the_f_test_on_another_scale():
    split = digits().train
    varies = split.x.amax(dim=0) > 0
    power = correlation_ratio(split)[varies]
    F, _ = f_classif(split.x[:, varies].double(), split.y)
    between, within = 9, len(split) - 10  # degrees of freedom
    np.testing.assert_allclose(power, F * between / (F * between + within), rtol=1e-6)


def test_predictive_power_is_0_for_noise_and_blanks_and_1_for_the_answer_itself():
    y = torch.arange(10).repeat(1000)
    noise = torch.rand(10000, generator=generator(0))
    split = Split(torch.stack([noise, torch.ones(10000), y / 10], dim=1), y)
    power = correlation_ratio(split)
    assert power[0] == pytest.approx(9 / 10000, abs=2e-3)
    assert power[1] == 0
    assert power[2] == pytest.approx(1)


def test_a_class_that_is_missing_does_not_matter():
    split = Split(torch.tensor([[0.0], [0.0], [2.0]]), torch.tensor([1, 1, 7]))
    assert correlation_ratio(split).tolist() == [1.0]


def test_a_shuffled_copy_keeps_each_column_and_loses_the_rows():
    x = digits().train.x
    copy = shuffled_copy(x, generator(1))
    assert torch.equal(copy.sort(dim=0).values, x.sort(dim=0).values)
    assert correlation_ratio(Split(copy, digits().train.y)).max() < 0.05
    assert torch.equal(copy, shuffled_copy(x, generator(1)))
    both = torch.stack([copy[:, 20], copy[:, 21]])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.1 < abs(torch.corrcoef(x[:, 20:22].T)[0, 1])
