"""Generated signals: always the same, of the sizes asked for, and told apart by their shapes."""

import torch

from course_lib.lab import signals
from course_lib.lab.signals import LENGTH, templates


def test_shapes_and_classes():
    data = signals(train=300, validation=50, test=100)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [300, 50, 100]
    assert data.train.x.shape == (300, LENGTH)
    assert data.train.x.dtype == torch.float32
    assert data.train.y.dtype == torch.int64
    assert set(data.train.y.tolist()) == set(range(10))


def test_a_seed_gives_the_same_signals_and_another_gives_others():
    one, same, other = (signals(seed=seed).test for seed in (3, 3, 4))
    assert torch.equal(one.x, same.x)
    assert torch.equal(one.y, same.y)
    assert not torch.equal(one.x, other.x)


def test_the_parts_share_no_signal():
    data = signals()
    together = torch.cat([data.train.x, data.validation.x, data.test.x])
    assert len(together.unique(dim=0)) == len(together)


def test_templates_differ_begin_and_end_at_zero_and_reach_one():
    curves = templates()
    assert curves[:, [0, -1]].abs().max() < 1e-12
    torch.testing.assert_close(curves.abs().amax(dim=1), torch.ones(10, dtype=torch.float64))
    normed = curves / curves.norm(dim=1, keepdim=True)
    alike = (normed @ normed.T - torch.eye(10, dtype=torch.float64)).amax()
    assert alike < 0.98


def placed() -> torch.Tensor:
    """Every template at many widths and places, `(10, fits, 40)`; see `across`."""
    width = torch.linspace(14, 28, 57, dtype=torch.float64)[:, None, None]
    first = torch.linspace(0, 1, 27, dtype=torch.float64)[None, :, None] * (LENGTH - width)
    at = ((torch.arange(LENGTH, dtype=torch.float64) - first) / width * 11).flatten(0, 1)
    before = at.clamp(0, 10.999999).long()
    curves = torch.lerp(templates()[:, before], templates()[:, before + 1], at - before)
    return across(torch.where((at >= 0) & (at <= 11), curves, 0.0))


def across(x: torch.Tensor) -> torch.Tensor:
    """What is left of x beside a slope, at length 1."""
    along = torch.linspace(-1, 1, LENGTH, dtype=torch.float64)
    along = along / along.norm()
    left = x - (x @ along)[..., None] * along
    return left / left.norm(dim=-1, keepdim=True)


def test_without_noise_a_signal_is_its_class_somewhere_stretched_and_tilted():
    """The curve of the right class, at the best of many places and widths, is nearly the signal."""
    drawn = signals(40, seed=5, noise=0.0).train
    fits = torch.einsum("cfl,nl->ncf", placed(), across(drawn.x.double())).amax(dim=-1)
    assert fits.gather(1, drawn.y[:, None]).min() > 0.97
    assert (fits.argmax(dim=1) == drawn.y).double().mean() > 0.9


def test_noise_has_the_size_that_was_asked_for():
    quiet, loud = (signals(2000, seed=1, noise=size).train for size in (0.0, 0.5))
    added = (loud.x - quiet.x)[:, 2:-2]
    assert 0.45 < added.std() < 0.56
