"""The experiment's batched runs are the runs that the lesson's own loop would do one by one."""

import math

import pytest
import torch

from course_lib.lab import Dataset, Split, accuracy, digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.nn.initializers import he_normal, orthogonal

DATA = stored("04_initializers")
TRAINING = DATA["training"]


@pytest.fixture
def experiment(monkeypatch):
    module = load("04_initializers")
    for name, value in {"SEEDS": 3, "TUNE": range(2), "EPOCHS": 1, "RATES": [0.01, 0.1]}.items():
        monkeypatch.setattr(module, name, value)
    return module


def divided(seed):
    data = resplit(digits(), generator(seed))
    mean = data.train.x.mean(dim=0)
    size = (data.train.x - mean).square().mean().sqrt()
    splits = (data.train, data.validation, data.test)
    return Dataset("digits", *(Split((s.x - mean) / size, s.y) for s in splits))


@pytest.mark.parametrize(("activation", "shortcuts"), [("tanh", False), ("ReLU", True)])
def test_a_batched_run_equals_the_same_run_alone(experiment, activation, shortcuts):
    net = experiment.Net(activation, 4, shortcuts)
    found = experiment.measure(net, lambda g: net.start(he_normal, 64, 10, g))
    for seed in range(3):
        params, _ = train(
            net.forward,
            net.start(he_normal, 64, 10, generator(2000 + seed)),
            divided(seed),
            generator=generator(1000 + seed),
            lr=found["lr"],
            epochs=1,
            batch_size=experiment.BATCH,
            label=None,
        )
        test = divided(seed).test
        alone = accuracy(net.forward(params, test.x), test.y).item()
        assert found["test_accuracy"][seed].item() == pytest.approx(alone, abs=2 / 497)


def test_the_lowest_validation_loss_chooses_the_rate_of_each_side(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "RATES", [1e-6, 0.1, 1e6])
    net = experiment.Net("tanh", 2)
    for of in (he_normal, orthogonal):
        side = experiment.measure(net, lambda g, of=of: net.start(of, 64, 10, g))
        assert side["lr"] == 0.1
        assert side["by_rate"].argmax() == 1
        assert side["test_accuracy"].shape == side["rows"].shape == (3,)
        assert side["rows"].tolist() == [32, 32, 32]


def test_sides_share_division_and_order(experiment):
    starts = (lambda g: {"W1": torch.randn(2, 2, generator=g)}, lambda g: {"W1": torch.zeros(2, 2)})
    one, two = (experiment.draw("digits", start, 1) for start in starts)
    assert torch.equal(one.data.test.x, two.data.test.x)
    assert torch.equal(torch.rand(3, generator=one.order), torch.rand(3, generator=two.order))
    torch.testing.assert_close(one.data.train.x, divided(1).train.x)


def test_inputs_are_standardised(experiment):
    for task in ("digits", "tumours"):
        x = experiment.draw(task, lambda g: {}, 0).data.train.x
        torch.testing.assert_close(x.mean(dim=0), torch.zeros(x.shape[1]), atol=1e-4, rtol=0)
        assert x.square().mean() == pytest.approx(1, abs=1e-4)


def test_a_shortcut_of_scale_zero_is_no_layer(experiment):
    net, short = experiment.Net("ReLU", 5, shortcuts=True), experiment.Net("ReLU", 2)
    params = net.start(he_normal, 64, 10, generator(0))
    scales = {f"scale{layer}": torch.tensor(0.0) for layer in range(2, 5)}
    ends = {key: params[key[:1] + {"1": "1", "2": "5"}[key[1]]] for key in ("W1", "b1", "W2", "b2")}
    x = divided(0).test.x
    torch.testing.assert_close(net.forward(params | scales, x), short.forward(ends, x))


def test_only_orthogonal_weights_are_suited_to_relu(experiment):
    assert experiment.suited(he_normal, "ReLU") is he_normal
    assert experiment.suited(orthogonal, "tanh") is orthogonal
    weight = experiment.suited(orthogonal, "ReLU")((4, 4), generator=generator(0))
    torch.testing.assert_close(weight @ weight.T, 2 * torch.eye(4))


@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
def test_sizes_are_the_stored_ones(experiment, activation):
    forward, backward = experiment.signal_sizes(activation, he_normal, seed=0)
    assert (forward.shape, backward.shape) == ((51,), (50,))
    assert forward[0] == pytest.approx(1, abs=0.1)
    assert backward[-1] == 1
    known = DATA["signals"][activation]["He normal"]
    close = {"atol": 1e-4, "rtol": 1e-4}
    torch.testing.assert_close(forward.log10().tolist(), known["forward"][0], **close)
    torch.testing.assert_close(backward.log10().tolist(), known["backward"][0], **close)


def test_the_sizes_are_what_the_rules_foretell():
    """A ReLU halves the mean square; He's rule doubles it again; Glorot's leaves it halved."""
    relu = DATA["signals"]["ReLU"]
    glorot = torch.tensor(relu["Glorot normal"]["forward"]).median(dim=0).values
    he = torch.tensor(relu["He normal"]["forward"]).median(dim=0).values
    doubled = torch.arange(51.0) * math.log10(2) / 2
    torch.testing.assert_close(he - glorot, doubled, atol=0.01, rtol=0.01)


def test_there_are_at_least_20_runs_of_everything():
    assert DATA["seeds"] >= 20
    comparisons = [sides for nets in TRAINING.values() for sides in nets.values()]
    comparisons += DATA["at_zero"].values()
    cells = [side for sides in comparisons for side in sides.values()]
    assert len(cells) == 9 * 10 + 6
    for side in cells:
        assert len(side["test_accuracy"]) == len(side["rows"]) == DATA["seeds"]
        assert len(side["by_rate"]) == len(DATA["rates"])
    for named in DATA["signals"].values():
        for of in named.values():
            assert len(of["forward"]) == len(of["backward"]) == DATA["seeds"]


def test_no_learning_rate_of_a_network_that_learns_was_cut_off_by_the_list():
    rates = DATA["rates"]
    for sides in TRAINING["digits"].values():
        for side in sides.values():
            if torch.tensor(side["test_accuracy"]).median() > 0.5:
                assert rates[0] < side["lr"] < rates[-1]


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(TRAINING["digits"]) == list(experiment.NETS)
    assert list(TRAINING["tumours"]) == list(experiment.OTHER_TASK)
    for sides in TRAINING["digits"].values():
        assert list(sides) == list(experiment.INITIALIZERS)
