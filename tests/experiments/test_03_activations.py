"""The experiment's batched runs are the runs that the lesson's own loop would do one by one."""

import math

import pytest
import torch
from torch.nn import functional

from course_lib.lab import Dataset, Grid, Split, accuracy, digits, generator, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.data import resplit
from course_lib.lab.toys import spirals, xor


@pytest.fixture
def experiment(monkeypatch):
    return load("03_activations")


def toys(make, noise, source):
    return Dataset(make.__name__, *(make(n, noise, source) for n in (500, 250, 500)))


ALONE = {
    "XOR": lambda source: toys(xor, 0.2, source),
    "spirals": lambda source: toys(spirals, 0.02, source),
    "digits": lambda source: resplit(digits(), source),
}


def alone(name, seed, hidden, f, *, lr, gain=1.0, bias=0.0, epochs=2):
    """Do one run with `train`, drawing what is random in the experiment's order."""
    source = generator(seed)
    data = ALONE[name](source)
    sizes, params = [data.train.x.shape[1], *hidden, int(data.train.y.max()) + 1], {}
    last = len(sizes) - 1
    for layer in range(1, last + 1):
        shape = sizes[layer], sizes[layer - 1]
        scale = (gain if layer < last else 1.0) / shape[1] ** 0.5
        params[f"W{layer}"] = scale * torch.randn(*shape, generator=source)
        params[f"b{layer}"] = torch.full((shape[0],), bias if layer < last else 0.0)

    def forward(p, x):
        for layer in range(1, last + 1):
            x = functional.linear(x, p[f"W{layer}"], p[f"b{layer}"])
            x = x if layer == last else f(x)
        return x

    settings = {"lr": lr, "epochs": epochs, "batch_size": 50, "label": None}
    trained, history = train(forward, params, data, generator=source, **settings)
    return trained, history, accuracy(forward(trained, data.test.x), data.test.y).item()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("data", "hidden", "name", "f"),
    [
        ("XOR", (), "identity", lambda z: z),
        ("XOR", (3,), "tanh", torch.tanh),
        ("spirals", (5, 4), "ReLU", torch.relu),
        ("digits", (8,), "GELU", functional.gelu),
        ("digits", (6, 6, 6), "sigmoid", torch.sigmoid),
    ],
)
def test_a_batched_run_equals_the_same_run_alone(experiment, data, hidden, name, f, seed):
    network = experiment.Network(data, hidden, experiment.ACTIVATIONS[name].f, epochs=2)
    settings = [experiment.Setting(0.05), experiment.Setting(0.3, 2.0, -0.25)]
    found = experiment.run(network, settings, [0, 1])
    params, history, score = alone(data, seed, hidden, f, lr=0.3, gain=2.0, bias=-0.25)
    for key, value in params.items():
        torch.testing.assert_close(found.params[key][1, seed], value, rtol=1e-3, atol=1e-4)
    for key in ("train_loss", "validation_loss"):
        torch.testing.assert_close(found.history[key][1, seed], history[key], rtol=1e-3, atol=1e-4)
    assert found.measure(accuracy)[1, seed].item() == pytest.approx(score, abs=2.1 / 497)


def test_tuning_climbs_until_no_neighbour_is_better(experiment, monkeypatch):
    asked = []

    def errors(network, settings, seeds):
        asked.extend(settings)
        return [abs(math.log2(own.lr) - 3) + abs(math.log2(own.gain) + 1.5) for own in settings]

    monkeypatch.setattr(experiment, "errors", errors)
    coarse = [experiment.Setting(lr, gain) for lr in (0.5, 1.0) for gain in (1.0, 4.0)]
    best, tried = experiment.tune(None, coarse)
    assert (best.lr, best.gain) == (8.0, 2**-1.5)
    assert tried == len(asked) == len(coarse) + len(set(asked[len(coarse) :]))


def test_tuning_leaves_alone_what_all_coarse_settings_share_and_keeps_the_first_of_equals(
    experiment, monkeypatch
):
    monkeypatch.setattr(
        experiment, "errors", lambda network, settings, seeds: [0.5] * len(settings)
    )
    coarse = [experiment.Setting(lr, 2**0.5, -3.0) for lr in (0.5, 1.0)]
    best, tried = experiment.tune(None, coarse)
    assert best == coarse[0]
    assert tried == len(coarse) + 3


def test_a_run_that_diverges_reads_nothing(experiment):
    network = experiment.Network("XOR", (4,), torch.relu, epochs=3)
    settings = [experiment.Setting(0.5), experiment.Setting(1e30)]
    fair, diverged = experiment.errors(network, settings, [100])
    assert 0 < fair < 0.7
    assert diverged == 1


def test_biases_that_undo_the_mean_make_the_shifted_network_at_the_start(experiment):
    runs = experiment.draw(experiment.Network("digits", (6, 5), torch.sigmoid), 0)
    setting = experiment.Setting(1.0, 4.0)
    undone, plain = (experiment.start(runs.start, setting, mean) for mean in (0.5, 0.0))
    x = runs.data.test.x
    out = experiment.networks.network(undone, x, torch.sigmoid)
    shifted = experiment.networks.network(plain, x, lambda z: torch.sigmoid(z) - 0.5)
    torch.testing.assert_close(out, shifted)


def test_dead_neurons_of_the_first_layer_stay_dead_and_others_may_come_back():
    layers = DATA["revival"]["3 hidden layers"]
    assert sum(layers["layer 1"]["back"]) == 0 < sum(layers["layer 1"]["dead"])
    for layer in ("layer 2", "layer 3"):
        assert 0 < sum(layers[layer]["back"]) < sum(layers[layer]["dead"])


def test_a_neuron_is_dead_if_it_is_above_zero_for_no_example(experiment):
    params = {"W1": torch.tensor([[1.0], [-1.0]]), "b1": torch.tensor([-3.0, 0.0])}
    params |= {"W2": torch.ones(1, 2), "b2": torch.tensor([-1.0])}
    found = experiment.never_above(params, torch.tensor([[1.0], [-2.0]]))
    assert found["layer 1"].tolist() == [True, False]
    assert found["layer 2"].tolist() == [False]


def test_silent_neurons_are_never_above_zero(experiment):
    x = torch.tensor([[1.0], [-1.0]]).expand(1, 2, 1)
    split = Split(x, torch.zeros(1, 2, dtype=torch.long))
    W, b = torch.ones(1, 1, 4, 1), torch.tensor([[[0.0, -2.0, -1.0, torch.nan]]])
    found = Grid(None, {"W1": W, "b1": b}, {}, Dataset("one", split, split, split))
    assert experiment.silent(found).tolist() == [[0.75]]


def test_seeds_for_tuning_are_other_seeds(experiment):
    assert len(experiment.SEEDS) >= 24
    assert not set(experiment.SEEDS) & set(experiment.TUNING_SEEDS)


DATA = stored("03_activations")
DEPTHS = DATA["depths"]["activations"]


def test_there_are_at_least_24_runs_of_everything():
    scores = [
        of["test_accuracy"] for found in DATA["stacks"]["data"].values() for of in found.values()
    ]
    scores += [of["test_accuracy"] for f in DATA["xor"]["activations"].values() for of in f]
    scores += [of["test_accuracy"] for found in DEPTHS.values() for of in found.values()]
    scores += [runs for of in DATA["deaths"]["by_rate"].values() for runs in of["test_accuracy"]]
    scores += [
        of["test_accuracy"] for starts in DATA["deaths"]["by_bias"].values() for of in starts
    ]
    assert {len(runs) for runs in scores} == {DATA["seeds"]} == {24}


def test_no_run_at_a_chosen_setting_diverged():
    assert not any(any(of["diverged"]) for found in DEPTHS.values() for of in found.values())


def test_no_linear_network_solves_xor():
    for name in ("one layer", "three layers, nothing between"):
        assert max(DATA["stacks"]["data"]["XOR"][name]["test_accuracy"]) < 0.8


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(DEPTHS) == [*experiment.COMPARED, *experiment.CHANGED, experiment.UNDONE]
    assert DATA["depths"]["depths"] == experiment.DEPTHS
    assert DATA["deaths"]["lrs"] == pytest.approx(experiment.DEAD_LRS, rel=1e-5)
    assert DATA["stacks"]["epochs"] == experiment.STACK_EPOCHS
