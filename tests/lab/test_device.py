import pytest
import torch

from course_lib.lab import device, digits, generator, noise, resplit, shuffled_copy
from course_lib.lab.device import one_thread


def test_the_environment_chooses(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert device() == torch.device("cpu")


def test_without_a_choice_the_best_there_is(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device().type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device().type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device().type == "cpu"


@pytest.mark.parametrize("wanted", ["cuda", "quantum"])
def test_a_device_that_is_not_there_is_named(monkeypatch, wanted):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("COURSE_DEVICE", wanted)
    with pytest.raises(ValueError, match=f"COURSE_DEVICE is '{wanted}'; this machine has: cpu"):
        device()


def test_a_generator_repeats_itself_and_leaves_torchs_own_alone():
    before = torch.get_rng_state()
    first = torch.rand(3, generator=generator(7))
    assert torch.equal(first, torch.rand(3, generator=generator(7)))
    assert not torch.equal(first, torch.rand(3, generator=generator(8)))
    assert torch.equal(before, torch.get_rng_state())


def test_one_thread_is_for_a_while_even_if_something_goes_wrong(two_threads):
    def fail():
        seen.append(torch.get_num_threads())
        raise ZeroDivisionError

    seen, before = [], torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        one_thread()(fail)()
    assert seen == [1]
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    "draw",
    [
        lambda data: resplit(data, generator(0)).train.x,
        lambda data: noise(data.train.x, 0.1, generator(0)),
        lambda data: shuffled_copy(data.train.x, generator(0)),
    ],
    ids=["resplit", "noise", "shuffled_copy"],
)
def test_what_is_drawn_on_the_cpu_goes_to_where_the_data_are(draw):
    """`meta` stands for another device: it refuses a tensor of the CPU as a GPU does."""
    assert draw(digits().to(torch.device("meta"))).device.type == "meta"
