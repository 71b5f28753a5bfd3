"""Loss scaling against torch's own scaler, and the range of float16 against torch.finfo."""

import pytest
import torch

from course_lib.analysis import half_precision, lost_in_half, next_scale, scaled_back


def test_the_range_is_that_of_float16():
    known = torch.finfo(torch.float16)
    assert known.max == half_precision.LARGEST
    assert known.tiny == half_precision.SMALLEST_WITH_ALL_DIGITS
    assert known.smallest_normal * 2**-10 == half_precision.SMALLEST
    assert torch.tensor(half_precision.SMALLEST).half() > 0
    assert torch.tensor(half_precision.SMALLEST / 2).half() == 0


def test_what_is_lost():
    g = torch.tensor([0.0, 1e-9, -1e-9, 1.0, -100.0])
    assert lost_in_half(g, 1.0).tolist() == [0, 0.5]
    assert lost_in_half(g, 1000.0).tolist() == [0.25, 0]


def test_scaled_back():
    g, finite = scaled_back(torch.tensor([1.0, torch.inf]).half(), 4.0)
    assert g.tolist() == [0.25, torch.inf]
    assert not finite


@pytest.mark.parametrize("pattern", ["1110111111011", "0001", "1111111", "101010"])
def test_the_scale_is_that_of_torchs_scaler(pattern):
    scaler = torch.amp.GradScaler(
        device="cpu", init_scale=1024.0, growth_factor=3.0, backoff_factor=0.25, growth_interval=3
    )
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=0.1)
    scale, good = 1024.0, 0
    for finite in pattern:
        scaler.scale(p.sum())  # makes its scale a tensor
        p.grad = torch.tensor([1.0 if finite == "1" else torch.inf])
        before = p.item()
        scaler.step(optimizer)
        scaler.update()
        scale, good = next_scale(scale, good, finite == "1", growth=3.0, backoff=0.25, interval=3)
        assert scaler.get_scale() == scale
        assert (p.item() != before) == (finite == "1")


def test_the_defaults_are_torchs():
    scaler = torch.amp.GradScaler(device="cpu")
    known = scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()
    assert tuple(next_scale.__kwdefaults__.values()) == known
