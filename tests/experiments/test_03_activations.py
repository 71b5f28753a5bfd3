"""The experiment's batched runs are the runs that the lesson's own loop would do one by one."""

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


def test_the_lowest_validation_loss_wins_and_a_failed_run_never_does(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "SEEDS", [0, 1])
    monkeypatch.setattr(experiment, "TUNING_SEEDS", [100])
    network = experiment.Network("XOR", (4,), torch.tanh, epochs=3)
    rates = [1e-4, 0.5, 1e-3, 1e-5, 1e30]
    found = experiment.measure(network, [experiment.Setting(lr) for lr in rates])
    assert found["lr"] == 0.5
    assert found["train_loss"].shape == (2, 4)


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


def test_no_learning_rate_was_cut_off_by_the_list():
    lrs = DATA["depths"]["lrs"]
    for name, found in DEPTHS.items():
        for depth, of in found.items():
            if (name, depth) != ("sigmoid", "10"):  # it learns nothing at any rate
                assert lrs[0] < of["lr"], (name, depth)
            assert of["lr"] <= lrs[-1]
    for name, found in DATA["stacks"]["data"].items():
        for network, of in found.items():
            if network == "three layers, ReLU between" or name == "digits":
                assert DATA["stacks"]["lrs"][0] < of["lr"] < DATA["stacks"]["lrs"][-1]


def test_no_linear_network_solves_xor():
    for name in ("one layer", "three layers, nothing between"):
        assert max(DATA["stacks"]["data"]["XOR"][name]["test_accuracy"]) < 0.8


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(DEPTHS) == experiment.COMPARED
    assert DATA["depths"]["depths"] == experiment.DEPTHS
    assert DATA["deaths"]["lrs"] == pytest.approx(experiment.DEAD_LRS, rel=1e-5)
    assert DATA["stacks"]["epochs"] == experiment.STACK_EPOCHS
