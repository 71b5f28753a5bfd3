"""The experiment's caps, certificates and deep networks are what they are said to be."""

import pytest
import torch

from course_lib.lab import digits, generator, networks, resplit, stored
from course_lib.lab import experiment as load

DATA = stored("14_lipschitz_constants")


@pytest.fixture(scope="module")
def experiment():
    return load("14_lipschitz_constants")


def test_a_cap_holds_but_for_what_five_rounds_miss(experiment):
    params = {name: 3 * p for name, p in experiment.start(0).items()}
    capped = experiment.capped(params, 2.0)
    for name, p in capped.items():
        if name.startswith("W"):
            assert 2 <= torch.linalg.matrix_norm(p, ord=2) < 2 * 1.3
            torch.testing.assert_close(p / p.norm(), params[name] / params[name].norm())
        else:
            assert torch.equal(p, params[name])


def test_a_cap_leaves_small_matrices_as_they_are(experiment):
    params = {name: 0.1 * p for name, p in experiment.start(0).items()}
    for name, p in experiment.capped(params, 2.0).items():
        assert torch.equal(p, params[name])


def test_the_norm_from_below_is_below_and_near(experiment):
    W = experiment.start(1)["W2"]
    true = torch.linalg.matrix_norm(W, ord=2)
    assert 0.75 * true < experiment.norm_from_below(W) <= true * (1 + 1e-6)


def test_local_norms_are_those_of_one_run_alone(experiment):
    starts = [experiment.start(seed) for seed in (0, 1)]
    params = {name: torch.stack([own[name] for own in starts]) for name in starts[0]}
    x = digits().test.x[:3].expand(2, 3, 64)
    found = experiment.local_norms(networks.network, params, x)
    J = torch.autograd.functional.jacobian(
        lambda x: networks.network(starts[1], x[None])[0], x[1, 2]
    )
    assert found[1, 2].item() == pytest.approx(torch.linalg.matrix_norm(J, ord=2).item(), rel=1e-5)


def test_no_certificate_is_broken_by_random_changes(experiment):
    params = experiment.start(3)
    split = resplit(digits(), generator(3)).test
    out = networks.network(params, split.x)
    high = out.topk(2, dim=1).values
    radius = (high[:, 0] - high[:, 1]) / (2**0.5 * experiment.upper(params))
    way = torch.randn(split.x.shape, generator=generator(9))
    way = way / way.norm(dim=1, keepdim=True)
    moved = networks.network(params, split.x + 0.999 * radius[:, None].float() * way)
    assert torch.equal(moved.argmax(dim=1), out.argmax(dim=1))


def test_no_certificate_was_broken_by_an_attack_and_radii_are_ordered():
    for side in DATA["caps"].values():
        assert not any(side["radii"]["broken"])
        pairs = zip(side["radii"]["certified"], side["radii"]["attack"], strict=True)
        assert all(certified < attack for certified, attack in pairs)


def test_the_product_is_never_below_a_true_norm():
    training = DATA["training"]
    for upper, largest, median in zip(
        training["upper"], training["largest"], training["median"], strict=True
    ):
        assert all(m <= l <= u for u, l, m in zip(upper, largest, median, strict=True))


def test_there_are_24_runs_and_as_many_rates_of_everything():
    assert DATA["seeds"] == 24
    cells = [cell for of in DATA["deep"].values() for cell in of]
    assert {len(cell["test_accuracy"]) for cell in cells} == {24}
    for side in DATA["caps"].values():
        assert len(side["rates"]) == DATA["tries"]
        for kind in ("clean", "noisy"):
            assert len(side[kind]["test_error"]) == 24
            assert side["rates"][0] < side[kind]["lr"] < side["rates"][-1]
    for cell in cells:
        assert len(cell["rates"]) == DATA["tries"]
        inside = cell["rates"][0] < cell["lr"] < cell["rates"][-1]
        assert inside or min(cell["by_rate"]) > 0.5


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert DATA["depths"] == list(experiment.DEPTHS)
    assert list(DATA["caps"]) == list(experiment.CAP_SIDES)
    assert list(DATA["deep"]) == list(experiment.DEEP_SIDES)
    assert DATA["training"]["moments"] == list(experiment.MOMENTS)
    assert DATA["training"]["lr"] == DATA["caps"]["no cap"]["clean"]["lr"]
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert not set(experiment.DEEP_TUNE) & set(range(experiment.SEEDS))


def test_noise_is_on_the_training_images_alone(experiment):
    clean, noisy = experiment.draw(2).data, experiment.draw_noisy(0.5, 2).data
    assert (noisy.train.x - clean.train.x).std().item() == pytest.approx(0.5, rel=0.02)
    assert torch.equal(noisy.validation.x, clean.validation.x)
    assert torch.equal(noisy.test.x, clean.test.x)


def test_deep_networks_start_as_they_are_named(experiment):
    usual, large, orthogonal = (
        experiment.draw_deep(experiment.DEEP_SIDES[name], 10, 0).start
        for name in ("as usual", "three times as large", "orthogonal")
    )
    torch.testing.assert_close(large["W4"], 3 * usual["W4"])
    values = torch.linalg.svdvals(orthogonal["W4"])
    torch.testing.assert_close(values, torch.ones(32), rtol=1e-4, atol=1e-4)
    x = digits().test.x[:5]
    same = {name: 7 * p if p.ndim == 2 else p for name, p in usual.items()}
    torch.testing.assert_close(experiment.deep_held(usual, x), experiment.deep_held(same, x))
