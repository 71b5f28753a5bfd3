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
    for name, value in {"SEEDS": 3, "TUNE": range(24, 26), "EPOCHS": 1}.items():
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
    found = experiment.measure(net, {"He": lambda g: net.start(he_normal, 64, 10, g)})["He"]
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


def test_every_start_finds_its_own_rate_between_worse_ones(experiment):
    net = experiment.Net("tanh", 2)
    starts = {
        name: lambda g, size=size: {
            key: size * value for key, value in net.start(he_normal, 64, 10, g).items()
        }
        for name, size in {"one": 1.0, "small": 0.1}.items()
    }
    for side in experiment.measure(net, starts).values():
        place = side["tried"].index(side["lr"])
        assert side["tuning"][place] == max(side["tuning"])
        assert 0 < place < len(side["tried"]) - 1
        for near in side["tried"][place - 1], side["tried"][place + 1]:
            assert near / side["lr"] == pytest.approx(
                10 ** (1 / 6 if near > side["lr"] else -1 / 6)
            )
        assert side["test_accuracy"].shape == side["rows"].shape == (3,)
        assert side["rows"].tolist() == [32, 32, 32]


def search(experiment, score, idle=()):
    """Return a search that has gone on as long as it wants to; score: of a step."""
    found = experiment.Search()
    for step in (3, 1):
        while new := found.wanted(step):
            for k in new:
                found.add(k, score(k), k in idle)
    return found


@pytest.mark.parametrize("peak", [-100, -31, -7, 0, 20])
def test_a_search_finds_a_peak_wherever_it_lies(experiment, peak):
    found = search(experiment, lambda k: 1 / (1 + abs(k - peak)))
    assert found.best() == peak
    assert {peak - 1, peak + 1} <= set(found.tried)


def test_a_search_goes_down_while_all_runs_diverge(experiment):
    found = search(experiment, lambda k: 0.0 if k > -50 else 1 / (1 + abs(k + 61)))
    assert found.best() == -61


def test_a_search_stops_where_nothing_happens_any_more_or_nothing_is_finite(experiment):
    assert search(experiment, lambda k: 0.5, idle=range(-99, -12)).best() == -15
    lost = search(experiment, lambda k: 0.0, idle=range(-99, 9))
    assert sorted(lost.tried) == list(experiment.FIRST)
    assert lost.record()["idle"]


def test_a_search_that_was_broken_off_at_an_end_says_so(experiment):
    found = experiment.Search(tried={-3: 0.1, 0: 0.2})
    with pytest.raises(ValueError, match="the best lr is 0, the highest"):
        found.best()


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


def test_a_normalised_layer_does_not_see_how_large_its_inputs_are(experiment):
    net = experiment.Net("ReLU", 2, normalised=True)
    params, x = net.start(he_normal, 64, 10, generator(0)), divided(0).test.x
    larger = params | {"W1": 7 * params["W1"]}
    close = {"atol": 1e-3, "rtol": 1e-3}
    torch.testing.assert_close(net.forward(larger, x), net.forward(params, x), **close)


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
    assert len(cells) == 10 * 10 + 6
    for side in cells:
        assert len(side["test_accuracy"]) == len(side["rows"]) == DATA["seeds"]
        assert len(side["tried"]) == len(side["tuning"])
    for named in DATA["signals"].values():
        for of in named.values():
            assert len(of["forward"]) == len(of["backward"]) == DATA["seeds"]


def test_no_best_rate_is_at_an_end_but_where_nothing_happens():
    sides = [side for nets in TRAINING.values() for of in nets.values() for side in of.values()]
    sides += [side for of in DATA["at_zero"].values() for side in of.values()]
    inside = [side["tried"][0] < side["lr"] < side["tried"][-1] for side in sides]
    assert all(one or side["idle"] for one, side in zip(inside, sides, strict=True))
    learns = [torch.tensor(side["test_accuracy"]).median() > 0.91 for side in sides]
    assert all(one for one, good in zip(inside, learns, strict=True) if good)


def test_tuning_seeds_are_apart_from_the_reported_ones():
    module = load("04_initializers")
    assert not set(module.TUNE) & set(range(module.SEEDS))


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(TRAINING["digits"]) == list(experiment.NETS)
    assert list(TRAINING["tumours"]) == list(experiment.OTHER_TASK)
    for sides in TRAINING["digits"].values():
        assert list(sides) == list(experiment.INITIALIZERS)
