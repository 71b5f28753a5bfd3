"""Batches against what must hold of them; noise against every batch there is; steps by hand."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, RandomSampler

from course_lib.lab import generator
from course_lib.optim.batches import (
    accumulate,
    batches,
    epoch_updates,
    gradient_noise,
    noise_floor,
    noise_scale,
    sgd_step,
    stream_epoch,
)

SHAPES = [(1, 1), (5, 2), (6, 3), (7, 10), (100, 7)]


@pytest.mark.parametrize(("n", "size"), SHAPES)
def test_each_example_is_in_one_batch_once(n, size):
    parts = batches(n, size, generator(0))
    assert sorted(torch.cat(parts).tolist()) == list(range(n))
    assert {len(part) for part in parts[:-1]} <= {size}
    assert 1 <= len(parts[-1]) <= size
    assert len(parts) == epoch_updates(n, size, 1)
    assert all(part.dtype == torch.int64 for part in parts)


def test_each_epoch_has_an_order_of_its_own_and_a_seed_gives_it_again():
    source, again = generator(3), generator(3)
    epochs = [torch.cat(batches(50, 8, source)) for _ in range(3)]
    for i, order in enumerate(epochs):
        assert torch.equal(order, torch.cat(batches(50, 8, again)))
        assert not torch.equal(order, torch.arange(50))
        assert all(not torch.equal(order, other) for other in epochs[:i])


def test_every_order_is_as_likely():
    source, counts = generator(0), torch.zeros(4, 4)
    for _ in range(2000):
        counts[range(4), torch.cat(batches(4, 3, source))] += 1
    expected, spread = 2000 / 4, (2000 * 0.25 * 0.75) ** 0.5
    assert ((counts - expected).abs() < 4.5 * spread).all()


@pytest.mark.parametrize(("n", "size"), SHAPES)
def test_as_many_steps_as_torchs_sampler_makes(n, size):
    sampler = BatchSampler(RandomSampler(range(n)), size, drop_last=False)
    assert epoch_updates(n, size, 3) == 3 * len(list(sampler))


def test_a_whole_number_of_steps_where_a_quotient_would_be_rounded():
    assert epoch_updates(10**17 + 1, 10, 1) == 10**16 + 1


@pytest.fixture
def net():
    """Ten weights, six examples and the gradient of their mean loss."""
    source = generator(1)
    w = torch.randn(3, 4, generator=source, dtype=torch.float64)
    x = torch.randn(6, 4, generator=source, dtype=torch.float64)
    y = torch.randint(3, (6,), generator=source)

    def gradient(w, x, y):
        leaf = w.clone().requires_grad_()
        return torch.autograd.grad(cross_entropy(x @ leaf.T, y), leaf)[0]

    return w, x, y, gradient


def test_a_step_is_the_one_that_torch_makes(net):
    w, x, y, gradient = net
    chosen = torch.tensor([4, 1, 5])
    leaf = w.clone().requires_grad_()
    rule = torch.optim.SGD([leaf], lr=0.3)
    cross_entropy(x[chosen] @ leaf.T, y[chosen]).backward()
    rule.step()
    moved = sgd_step(gradient, w, x, y, chosen, 0.3)
    torch.testing.assert_close(moved, leaf.detach(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("sizes", [[6], [3, 3], [4, 2], [1, 2, 3], [5, 1]])
def test_accumulated_parts_are_the_gradient_of_all(net, sizes):
    w, x, y, gradient = net
    parts = zip(x.split(sizes), y.split(sizes), strict=True)
    found = accumulate([gradient(w, *part) for part in parts], sizes)
    torch.testing.assert_close(found, gradient(w, x, y), rtol=1e-12, atol=1e-14)


def per_example(n, *shape):
    return torch.randn(n, *shape, generator=generator(2), dtype=torch.float64) ** 2


def exact_noise(gradients, size, replacement):
    """Return the root mean square distance over every batch that there is."""
    places = range(len(gradients))
    every = (
        itertools.product(places, repeat=size)
        if replacement
        else itertools.combinations(places, size)
    )
    means = torch.stack([gradients[list(chosen)].mean(dim=0) for chosen in every])
    return (means - gradients.mean(dim=0)).square().mean(dim=0).sqrt()


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize(("n", "size"), [(5, 1), (5, 3), (6, 4), (2, 2), (4, 4)])
def test_noise_is_that_of_every_batch_there_is(n, size, replacement):
    gradients = per_example(n, 2, 3)
    expected = exact_noise(gradients, size, replacement)
    found = gradient_noise(gradients, size, replacement=replacement)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_noise_falls_as_the_root_and_vanishes_for_all_examples():
    gradients = per_example(100, 3)
    at = {size: gradient_noise(gradients, size, replacement=True) for size in (1, 4, 100)}
    torch.testing.assert_close(at[1] / at[4], torch.full((3,), 2.0, dtype=torch.float64))
    assert (at[100] > 0).all()
    assert (gradient_noise(gradients, 100, replacement=False) == 0).all()
    assert gradient_noise(per_example(1, 3), 1, replacement=False).tolist() == [0, 0, 0]


class Tape:
    """Rows that keep what was read from them."""

    def __init__(self, rows):
        self.rows, self.read = rows, []

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, key):
        self.read.append(np.asarray(key).copy())
        return self.rows[key]


def test_streaming_reads_each_batch_when_it_is_due():
    rows = np.arange(14.0).reshape(7, 2)
    tape, seen = Tape(rows), []

    def step(state, x):
        assert len(tape.read) == state + 1, "one batch was read for each step, and no more"
        seen.append(x)
        return state + 1

    assert stream_epoch(tape, 3, generator(5), step, 0) == 3
    for chosen, read, x in zip(batches(7, 3, generator(5)), tape.read, seen, strict=True):
        assert read.tolist() == chosen.tolist()
        np.testing.assert_array_equal(x.numpy(), rows[chosen.numpy()])


def test_what_is_streamed_is_a_copy():
    rows = np.ones((4, 2))
    stream_epoch(rows, 2, generator(0), lambda _, x: x.zero_(), None)
    assert (rows == 1).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: batches(0, 1, generator(0)), "n is 0; it must be 1 or more"),
        (lambda: batches(5, 0, generator(0)), "size is 0; it must be 1 or more"),
        (lambda: epoch_updates(5, -1, 1), "size is -1; it must be 1 or more"),
        (
            lambda: gradient_noise(torch.ones(3), 4, replacement=False),
            "size is 4; without replacement it must be at most 3",
        ),
        (lambda: gradient_noise(torch.ones(3), 0, replacement=True), "size is 0"),
        (lambda: accumulate([torch.ones(1)], [1, 2]), "sizes holds 2 sizes for 1 gradients"),
        (lambda: accumulate([], []), "sizes holds 0 sizes for 0 gradients"),
        (lambda: stream_epoch(np.ones((0, 2)), 2, generator(0), print, None), "n is 0"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def walk_noisily(lr, beta=0.0, walkers=4000, steps=3000):
    """Return the mean square distance from the minimum of (averaged) noisy steps, λ = σ = 1."""
    source = generator(0)
    w = velocity = torch.zeros(walkers, dtype=torch.float64)
    for _ in range(steps):
        g = w + torch.randn(walkers, generator=source, dtype=torch.float64)
        velocity = beta * velocity + (1 - beta) * g
        w = w - lr * velocity
    return w.square().mean().item()


@pytest.mark.parametrize("lr", [0.05, 0.5, 1.5])
def test_noisy_steps_end_at_the_floor(lr):
    # 4000 walkers: the standard error of a variance is √(2 / 4000) = 2.2 %.
    assert walk_noisily(lr, steps=300) == pytest.approx(noise_floor(lr, 1.0, 1.0), rel=0.08)


def test_averaged_momentum_does_not_lower_the_floor():
    plain, averaged = noise_floor(0.05, 1.0, 1.0), walk_noisily(0.05, beta=0.9, steps=600)
    assert averaged == pytest.approx(plain, rel=0.09)


def test_shuffled_epochs_wander_less_where_a_path_remembers_an_epoch():
    source = generator(0)
    noise = torch.randn(20, generator=source, dtype=torch.float64)
    noise = (noise - noise.mean()) / noise.std(correction=0)
    ends = {}
    for lr in (0.005, 1.0):
        w = torch.zeros(2000, dtype=torch.float64)
        for _ in range(math.ceil(6 / lr / 20) + 1):
            order = torch.rand(2000, 20, generator=source).argsort(dim=1)
            for i in range(10):  # looked at in the middle of an epoch, where it is widest
                w = w - lr * (w + noise[order[:, i]])
            ends[lr] = w.square().mean().item()
            for i in range(10, 20):
                w = w - lr * (w + noise[order[:, i]])
    assert ends[0.005] < 0.2 * noise_floor(0.005, 1.0, 1.0)
    assert ends[1.0] == pytest.approx(noise_floor(1.0, 1.0, 1.0), rel=0.1)


def test_the_floor_needs_a_rate_that_converges():
    for lr in (0.0, 2.0):
        with pytest.raises(ValueError, match="lr times curvature"):
            noise_floor(lr, 1.0, 1.0)


def test_a_batch_of_the_noise_scale_has_noise_as_long_as_the_gradient():
    each = torch.randn(50, 3, 4, generator=generator(1), dtype=torch.float64) + 0.5
    each = torch.cat([each, 2 * each])
    size = noise_scale(each).item()
    one = gradient_noise(each, 1, replacement=True).square().sum()
    torch.testing.assert_close(one / size, each.mean(dim=0).square().sum())
