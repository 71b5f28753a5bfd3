import torch

from course_lib.lab import signals
from course_lib.lab.signals import CLASSES, LENGTH, shapes


def test_sizes_types_and_classes():
    data = signals(train=300, validation=200, test=100)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [300, 200, 100]
    assert data.train.x.shape == (300, LENGTH)
    assert (data.train.x.dtype, data.train.y.dtype) == (torch.float32, torch.int64)
    assert sorted(data.train.y.unique().tolist()) == list(range(CLASSES))
    assert abs(data.train.x.mean()) < 0.1


def test_a_seed_gives_the_same_signals_and_another_gives_others():
    assert torch.equal(signals(seed=1).test.x, signals(seed=1).test.x)
    assert not torch.equal(signals(seed=1).test.x, signals(seed=2).test.x)


def test_the_parts_share_no_signal():
    data = signals()
    together = torch.cat([data.train.x, data.validation.x, data.test.x])
    assert len(together.unique(dim=0)) == len(together)


def test_without_noise_a_signal_is_its_shape_and_a_tilted_line():
    data = signals(noise=0)
    beyond = data.train.x[:, -3:]  # where the shape has ended: only the tilt, a straight line
    straight = (beyond[:, 0] - 2 * beyond[:, 1] + beyond[:, 2]).abs() < 1e-5
    assert straight.float().mean() > 0.5
    assert shapes()[:, [0, -1]].eq(0).all()


def test_noise_has_the_standard_deviation_asked_for():
    quiet, loud = signals(noise=0, train=2000), signals(noise=0.5, train=2000)
    assert torch.equal(quiet.train.y, loud.train.y)
    spread = (loud.train.x - quiet.train.x).std()
    assert abs(spread - 0.5) < 0.01


def test_a_network_can_tell_the_classes_but_a_line_finds_it_hard():
    data = signals()
    centres = torch.stack([data.train.x[data.train.y == k].mean(dim=0) for k in range(CLASSES)])
    nearest = torch.cdist(data.validation.x, centres).argmin(dim=1)
    share = (nearest == data.validation.y).float().mean()
    assert 0.2 < share < 0.6
