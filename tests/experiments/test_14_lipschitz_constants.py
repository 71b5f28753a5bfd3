"""The experiment's caps, certificates and deep networks are what they are said to be."""

from itertools import pairwise

import pytest
import torch

from course_lib.lab import digits, generator, networks, resplit, stored
from course_lib.lab import experiment as load

DATA = stored("14_lipschitz_constants")


@pytest.fixture(scope="module")
def experiment():
    return load("14_lipschitz_constants")


def test_a_cap_holds_but_for_what_power_iteration_misses(experiment):
    params = {name: 3 * p for name, p in experiment.start(0).items()}
    capped = experiment.capped(params, 2.0)
    for name, p in capped.items():
        if name.startswith("W"):
            assert 2 <= torch.linalg.matrix_norm(p, ord=2) * (1 + 1e-6) < 2 * 1.02
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
    assert 0.99 * true < experiment.norm_from_below(W) <= true * (1 + 1e-6)


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
        for radii in side["radii"]:
            assert not any(radii["broken"])
            pairs = zip(radii["certified"], radii["attack"], strict=True)
            assert all(certified < attack for certified, attack in pairs)


def test_an_image_that_no_reach_moves_counts_with_the_longest(experiment):
    params = {name: 0 * p for name, p in experiment.start(0).items()}
    split = resplit(digits(), generator(0)).test
    found = experiment.radii(experiment.CAP_SIDES["no cap"], params, split)
    assert found["unmoved"] == (split.y == 0).sum()  # all outputs are equal: class 0 comes first
    assert found["attack"] == experiment.REACH[-1]


def test_the_product_is_never_below_a_true_norm():
    training = DATA["training"]
    for upper, largest, median in zip(
        training["upper"], training["largest"], training["median"], strict=True
    ):
        assert all(m <= l <= u for u, l, m in zip(upper, largest, median, strict=True))


def chosen():
    """Yield what best_rates returned for every side, and the values that it reports."""
    for side in DATA["caps"].values():
        for kind in ("clean", "noisy"):
            yield side[kind], side[kind]["test_error"]
    for cells in DATA["deep"].values():
        for cell in cells:
            yield cell, cell["test_accuracy"]


def test_every_rate_that_was_chosen_is_the_best_and_lies_inside():
    for of, reported in chosen():
        assert [len(values) for values in reported] == [DATA["seeds"]] * len(of["lr"])
        for lrs, errors, lr in zip(of["rates"], of["by_rate"], of["lr"], strict=True):
            assert errors[lrs.index(lr)] == min(errors)
        coarse, errors = of["rates"][0], of["by_rate"][0]
        assert len(coarse) >= DATA["tries"]
        assert coarse[0] < of["lr"][0] < coarse[-1] or min(errors) > 0.5
        assert coarse == sorted(coarse)


def test_the_finer_grid_is_finer_and_lies_between_the_neighbours_of_the_best():
    for of, _ in chosen():
        if len(of["lr"]) == 2:
            best, fine = of["lr"][0], of["rates"][1]
            assert max(b / a for a, b in pairwise(fine)) < 2**0.5
            assert best / 1.467 < fine[0] < best < fine[-1] < best * 1.467
    assert all(len(cells[-1]["lr"]) == 2 for cells in DATA["deep"].values())


def test_norms_were_held_all_through():
    sizes = {"norms held at 1": 1, "norms held at 2": 2, "orthogonal, held at 1": 1}
    for name, size in sizes.items():
        for cell in DATA["deep"][name]:
            norms = [norm for of in cell["largest_norm"] for norm in of]
            assert size * (1 - 1e-5) <= min(norms)
            assert max(norms) < 1.2 * size


def test_a_grid_is_extended_where_the_best_lies_at_an_end(experiment):
    def tuning(best):
        return lambda lrs: (torch.tensor(lrs).log10() - best).square()[:, None] / 900

    for best in (-3.0, -2.0, -0.1):
        lrs, errors = experiment.tried(0.01, tuning(best))
        assert lrs == sorted(lrs)
        torch.testing.assert_close(errors, tuning(best)(lrs)[:, 0])
        assert abs(torch.tensor(lrs[int(errors.argmin())]).log10() - best) < 0.1
        found = experiment.best_rates(0.01, tuning(best))
        assert all(abs(torch.tensor(lr).log10() - best) < 0.1 for lr in found["lr"])
    with pytest.raises(ValueError, match="extend the grid"):
        experiment.best_rates(0.01, tuning(-9.0))


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert DATA["depths"] == list(experiment.DEPTHS)
    assert list(DATA["caps"]) == list(experiment.CAP_SIDES)
    assert list(DATA["deep"]) == list(experiment.DEEP_SIDES)
    assert DATA["training"]["moments"] == list(experiment.MOMENTS)
    assert DATA["training"]["lr"] == DATA["caps"]["no cap"]["clean"]["lr"][0]
    assert DATA["seeds"] == experiment.SEEDS >= 12
    assert DATA["tuning_seeds"] == len(experiment.TUNE) >= 6
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))


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
    torch.testing.assert_close(experiment.deep_held(2, usual, x), experiment.deep_held(2, same, x))
