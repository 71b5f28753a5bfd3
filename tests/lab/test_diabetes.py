"""The diabetes data: whole, scaled by the training part alone, and worth predicting."""

import pytest
import torch
from sklearn.datasets import load_diabetes

from course_lib.lab.data import diabetes


def parts():
    data = diabetes()
    return data.train, data.validation, data.test


def test_the_parts_hold_each_patient_once():
    raw = load_diabetes(scaled=False)
    assert [len(part) for part in parts()] == [264, 88, 90]
    x = torch.cat([part.x for part in parts()]).double()
    y = torch.cat([part.y for part in parts()]).double()
    together = torch.cat([x, y[:, None]], dim=1)
    theirs = torch.cat([torch.tensor(raw.data), torch.tensor(raw.target)[:, None]], dim=1)
    for mine, their in zip(together.T, theirs.T, strict=True):
        sorted_both = torch.stack([mine.sort().values, their.sort().values])
        assert torch.corrcoef(sorted_both)[0, 1] == pytest.approx(1, abs=1e-9)
    correlation = torch.corrcoef(together.T)
    torch.testing.assert_close(correlation, torch.corrcoef(theirs.T), atol=1e-6, rtol=0)


def test_measures_are_scaled_by_the_training_part_alone():
    train, _, test = parts()
    torch.testing.assert_close(train.x.mean(dim=0), torch.zeros(10), atol=1e-6, rtol=0)
    torch.testing.assert_close(train.x.std(dim=0), torch.ones(10))
    assert (test.x.mean(dim=0).abs() > 1e-3).all()


def test_the_target_is_as_it_was_measured():
    y = torch.cat([part.y for part in parts()])
    assert (y.min(), y.max()) == (25, 346)
    assert (y == y.round()).all()


def test_patients_of_more_mass_are_worse_off():
    train = parts()[0]
    assert torch.corrcoef(torch.stack([train.x[:, 2], train.y]))[0, 1] > 0.4


def test_types():
    train = parts()[0]
    assert (train.x.dtype, train.y.dtype) == (torch.float32, torch.float32)
    assert (train.x.shape, train.y.shape) == ((264, 10), (264,))
