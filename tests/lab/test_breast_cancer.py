"""Breast cancer data, divisions drawn anew, and splits in which a class is rare."""

import pytest
import torch
from sklearn.datasets import load_breast_cancer

from course_lib.lab import digits, generator
from course_lib.lab.data import Dataset, Split, breast_cancer, imbalanced, resplit


def parts(data: Dataset) -> tuple[Split, Split, Split]:
    return data.train, data.validation, data.test


def test_the_parts_hold_each_tumour_once_and_one_is_malignant():
    data, raw = breast_cancer(), load_breast_cancer()
    assert [len(part) for part in parts(data)] == [340, 114, 115]
    malignant = raw.target_names[raw.target] == "malignant"
    assert sum(int(part.y.sum()) for part in parts(data)) == malignant.sum() == 212
    together = torch.cat([part.x for part in parts(data)]).double()
    for mine, theirs in zip(together.T, torch.tensor(raw.data).T, strict=True):
        sorted_both = torch.stack([mine.sort().values, theirs.sort().values])
        assert torch.corrcoef(sorted_both)[0, 1] == pytest.approx(1, abs=1e-9)


def test_measures_are_scaled_by_the_training_part_alone():
    data = breast_cancer()
    zero, one = torch.zeros(30), torch.ones(30)
    torch.testing.assert_close(data.train.x.mean(dim=0), zero, atol=1e-6, rtol=0)
    torch.testing.assert_close(data.train.x.std(dim=0), one)
    assert (data.test.x.mean(dim=0).abs() > 1e-3).all()


def test_larger_nuclei_are_malignant():
    radius, y = breast_cancer().train.x[:, 0], breast_cancer().train.y
    assert radius[y == 1].mean() > 0.5 > -0.3 > radius[y == 0].mean()


def test_types():
    train = breast_cancer().train
    assert (train.x.dtype, train.y.dtype) == (torch.float32, torch.int64)


def test_a_new_division_holds_the_same_images_in_parts_of_the_same_sizes():
    old, new = digits(), resplit(digits(), generator(3))
    assert [len(part) for part in parts(new)] == [len(part) for part in parts(old)]
    rows = [
        sorted(torch.cat([torch.cat([p.x, p.y[:, None]], 1) for p in parts(data)]).tolist())
        for data in (old, new)
    ]
    assert rows[0] == rows[1]
    assert not torch.equal(old.train.y, new.train.y)
    assert torch.equal(new.test.x, resplit(digits(), generator(3)).test.x)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
def test_a_rare_class_has_its_share_and_the_other_is_whole(share):
    full = breast_cancer().train
    rare = imbalanced(full, share, generator(0))
    assert (rare.y == 0).sum() == (full.y == 0).sum()
    assert rare.y.double().mean() == pytest.approx(share, abs=0.5 / len(rare))
    whole = {tuple(row) for row in full.x.tolist()}
    assert {tuple(row) for row in rare.x.tolist()} <= whole


def test_chance_decides_which_are_kept():
    full = breast_cancer().train
    first, again, other = (imbalanced(full, 0.05, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "share is 0.0; it must be above 0 and below 1"),
        (1.0, "share is 1.0; it must be above 0"),
        (0.6, r"share is 0.6; class 1 has 128 examples, 318 are needed"),
    ],
)
def test_a_share_that_cannot_be_is_refused(share, words):
    with pytest.raises(ValueError, match=words):
        imbalanced(breast_cancer().train, share, generator(0))
