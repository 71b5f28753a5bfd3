import torch
from sklearn.datasets import load_digits

from course_lib.lab import digits


def test_the_parts_hold_each_image_exactly_once():
    data = digits()
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [1000, 300, 497]
    together = torch.cat([torch.cat([part.x * 16, part.y[:, None]], dim=1) for part in parts])
    raw = load_digits()
    whole = torch.tensor([[*x, y] for x, y in zip(raw.data, raw.target, strict=True)]).float()
    assert sorted(together.tolist()) == sorted(whole.tolist())


def test_the_division_is_always_the_same():
    assert torch.equal(digits().test.x, digits().test.x)
    assert digits().test.y[:8].tolist() == [1, 3, 8, 3, 4, 1, 4, 1]


def test_types_scale_and_classes():
    data = digits()
    assert data.train.x.shape == (1000, 64)
    assert (data.train.x.dtype, data.train.y.dtype) == (torch.float32, torch.int64)
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)
    assert data.train.y.bincount().min() > 85
    assert data.test.y.bincount().min() > 35


def test_moving_the_data_keeps_it():
    data = digits()
    moved = data.to("meta")
    assert moved.test.x.device.type == "meta"
    assert moved.train.x.shape == data.train.x.shape
    assert moved.name == "digits"
