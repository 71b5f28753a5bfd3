"""The experiment's batched, wrong and timed passes are what they are said to be."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import Split, digits, draw_runs, generator, stored
from course_lib.lab import experiment as load
from course_lib.lab.data import resplit
from course_lib.lab.networks import network
from course_lib.lab.sweep import sweep
from course_lib.lab.training import batches
from course_lib.nn.backprop import count_cost, linear_vjp
from course_lib.nn.biases import affine


@pytest.fixture
def experiment(monkeypatch):
    module = load("06_backpropagation")
    monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


def draw(experiment, sizes):
    return draw_runs(partial(experiment.draw, sizes), range(2))


def wrong_gradients(params, x, y, bug):
    """Return the gradients with this mistake, written out."""
    W1, b1, W2, b2, W3, b3 = params
    z1 = affine(x, W1, b1)
    a1 = torch.relu(z1)
    z2 = affine(a1, W2, b2)
    a2 = torch.relu(z2)
    g = (affine(a2, W3, b3).softmax(dim=1) - torch.nn.functional.one_hot(y, 10)) / len(y)

    def gate(g, z):
        if bug == "gate forgotten":
            return g
        return g * ((g if bug == "gate of the gradient's sign" else z) > 0)

    of_a2, of_W3, of_b3 = linear_vjp(g, a2, W3)
    of_z2 = gate(of_a2, z2)
    of_a1, of_W2, of_b2 = linear_vjp(of_z2, a1, W2)
    if bug == "inputs' gradient transposed":
        of_a1 = of_z2 @ W2.T
    if bug == "weights' gradient transposed":
        of_W2 = of_W2.T
    if bug == "first layer forgotten":
        of_a1 = 0 * of_a1
    of_z1 = gate(of_a1, z1)
    _, of_W1, of_b1 = linear_vjp(of_z1, x, W1)
    if bug == "biases forgotten":
        of_b1, of_b2, of_b3 = 0 * of_b1, 0 * of_b2, 0 * of_b3
    return of_W1, of_b1, of_W2, of_b2, of_W3, of_b3


BUGS = (
    "none", "biases forgotten", "first layer forgotten", "gate forgotten",
    "gate of the gradient's sign", "inputs' gradient transposed", "weights' gradient transposed",
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_a_batched_run_with_a_mistake_is_the_run_done_by_hand(experiment, bug):
    begin, data, sources = draw(experiment, experiment.BUG_SIZES)
    data = replace(data, train=Split(data.train.x[:, :120], data.train.y[:, :120]))
    own = [source.clone_state() for source in sources]
    settings = {"epochs": 2, "batch_size": experiment.BATCH, "lr": 0.2, "label": None}
    together, _ = sweep(experiment.with_bug(bug), begin, data, generators=own, **settings)

    seed, source = 1, sources[1].clone_state()
    params = [value[seed] for value in begin.values()]
    part = Split(data.train.x[seed], data.train.y[seed])
    for _ in range(2):
        for x, y in batches(part, experiment.BATCH, source):
            gradients = wrong_gradients(params, x, y, bug)
            params = [p - 0.2 * of_p for p, of_p in zip(params, gradients, strict=True)]
    for value, expected in zip(together.values(), params, strict=True):
        torch.testing.assert_close(value[seed], expected, rtol=1e-3, atol=1e-4)


def test_each_mistake_is_a_mistake_of_its_own(experiment):
    assert tuple(experiment.BUGS) == BUGS
    begin, data, _ = draw(experiment, experiment.BUG_SIZES)
    gradients = [experiment.whole_gradient(bug, begin, data.train) for bug in BUGS]
    for i, gradient in enumerate(gradients):
        for other in gradients[:i]:
            assert not torch.allclose(gradient, other, rtol=1e-3, atol=1e-6)


def test_all_sides_share_what_is_random(experiment):
    first, again = (draw(experiment, [64, 5, 10]) for _ in range(2))
    for name, value in first[0].items():
        assert torch.equal(value, again[0][name])
    assert torch.equal(first[1].test.x, again[1].test.x)
    assert not torch.equal(first[1].test.x[0], first[1].test.x[1])
    source = generator(1)
    assert torch.equal(first[1].train.x[1], resplit(digits(), source).train.x)
    params, data, sources = first.repeat(3)
    assert torch.equal(params["W1"][5], first[0]["W1"][1])
    assert torch.equal(data.train.y[4], first[1].train.y[0])
    orders = [torch.randperm(9, generator=source) for source in sources]
    assert torch.equal(orders[1], orders[3])
    assert not torch.equal(orders[0], orders[1])


def test_share_of_one_is_what_it_says(experiment):
    params, data, _ = draw(experiment, [64, 3, 10])
    one = {name: value[0].double() for name, value in params.items()}
    x, y = data.train.x[0, :40].double(), data.train.y[0, :40]
    found = experiment.share_of_one(one, x, y)
    leaves = {name: value.clone().requires_grad_() for name, value in one.items()}
    loss = cross_entropy(network(leaves, x), y)
    of = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
    torch.testing.assert_close(found["loss"], loss.detach())
    total = sum((one[name] * of[name]).sum() for name in one)
    torch.testing.assert_close(found["sum_over_loss"], total / loss.detach())
    changes = []
    for place in range(one["W2"].numel()):
        W2 = one["W2"].clone()
        W2.view(-1)[place] = 0
        changes.append(cross_entropy(network({**one, "W2": W2}, x), y) - loss.detach())
    pair = torch.stack([-(one["W2"] * of["W2"]).flatten(), torch.stack(changes)])
    torch.testing.assert_close(found["deleted"], torch.corrcoef(pair)[0, 1])
    moved = {name: one[name] - experiment.SHARE_STEPS[3] * of[name] for name in one}
    drop = loss.detach() - cross_entropy(network(moved, x), y)
    squared = sum((g**2).sum() for g in of.values())
    expected = drop / (experiment.SHARE_STEPS[3] * squared)
    torch.testing.assert_close(found["kept_promise"][3], expected)


def test_silent_counts_hidden_neurons_that_never_fire(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "BUG_SIZES", [2, 2, 2, 1])
    params = {
        "W1": torch.eye(2), "b1": torch.tensor([0.0, -9.0]),
        "W2": -torch.eye(2), "b2": torch.tensor([-1.0, 1.0]),
    }  # fmt: skip
    assert experiment.silent(params, torch.rand(5, 2)).item() == 0.5


DATA = stored("06_backpropagation")
FOUND = DATA["bugs"]["found"]
NEVER = "gate of the gradient's sign"


def test_there_are_at_least_24_runs_of_everything_that_chance_has_a_part_in():
    assert DATA["seeds"] == 24
    for found in FOUND.values():
        assert {len(found[key]) for key in ("test_accuracy", "cosine", "silent")} == {24}
    for found in DATA["control"]["found"].values():
        assert len(found["test_accuracy"]) == 24
    assert {len(runs) for curve in DATA["steps"]["curves"].values() for runs in curve} == {24}
    for moment in ("start", "trained"):
        assert len(DATA["share"][moment]["sum_over_loss"]) == 24
    assert all(len(net["seconds"]) >= 24 for net in DATA["cost"]["nets"].values())


def test_no_learning_rate_was_cut_off_by_the_list():
    lrs = DATA["bugs"]["lrs"]
    assert all(b / a == pytest.approx(2**0.5, rel=1e-4) for a, b in pairwise(lrs))
    for found in (*FOUND.values(), *DATA["control"]["found"].values()):
        assert lrs[0] < found["lr"] < lrs[-1]
        assert found["tuning"][lrs.index(found["lr"])] == max(found["tuning"])
    assert max(FOUND[NEVER]["test_accuracy"]) < 0.2


def test_tuning_seeds_are_apart_from_the_reported_ones():
    module = load("06_backpropagation")
    assert not set(module.TUNE) & set(range(module.SEEDS))


@pytest.mark.parametrize("moves", [True, False])
def test_frozen_biases_get_no_gradient_and_the_rest_gets_its_own(experiment, moves):
    params, data, _ = experiment.draw_control(False, 0)
    x, y = data.train.x[:50], data.train.y[:50]

    def loss(params, forward):
        return cross_entropy(forward(params, x), y)

    forward = experiment.gate_network(experiment.relu_vjp, moves)
    found = torch.func.grad(loss)(params, forward)
    right = torch.func.grad(loss)(params, network)
    for name, value in found.items():
        expected = 0 * right[name] if name == "b1" and not moves else right[name]
        torch.testing.assert_close(value, expected)


def test_centred_pixels_have_mean_zero_in_training_and_keep_their_differences(experiment):
    raw, centred = (experiment.draw_control(of, 0).data for of in (False, True))
    close = {"atol": 1e-5, "rtol": 0}
    torch.testing.assert_close(centred.train.x.mean(dim=0), torch.zeros(64), **close)
    assert (raw.train.x >= 0).all()
    for part in ("validation", "test"):
        apart = [getattr(data, part).x.diff(dim=0) for data in (raw, centred)]
        torch.testing.assert_close(*apart, **close)


def test_torch_counted_what_the_library_counts():
    for net in DATA["cost"]["nets"].values():
        assert list(count_cost(net["sizes"], net["n"])) == net["multiplications"]
        assert net["flops"] == [2 * count for count in net["multiplications"]]


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert tuple(FOUND) == BUGS
    assert DATA["bugs"]["lrs"] == pytest.approx(experiment.LRS, rel=1e-5)
    assert DATA["bugs"]["sizes"] == experiment.BUG_SIZES
    assert list(experiment.CURVES) == list(DATA["steps"]["curves"])
    assert DATA["share"]["steps"] == pytest.approx(experiment.SHARE_STEPS, rel=1e-5)
