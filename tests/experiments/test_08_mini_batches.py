"""The experiment's runs, choices and clocks are what they are said to be."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import Split, digits, generator, resplit, stored
from course_lib.lab import experiment as load
from course_lib.lab.networks import network
from course_lib.lab.stream import write_stream
from course_lib.lab.training import train


@pytest.fixture
def experiment(monkeypatch):
    module = load("08_mini_batches")
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


@pytest.mark.parametrize("size", [4, 100])
def test_a_run_among_others_is_the_run_alone(experiment, size):
    at_once = max(size, 20)
    found = list(experiment.paths(size, 1, *experiment.begin([0, 1], [0.25, 0.5])))
    (params, data, sources), rates = experiment.begin([1], [0.5])
    alone = {name: value[0] for name, value in params.items()}
    part = resplit(digits(), generator(1))
    assert torch.equal(data.test.x[0], part.test.x)
    for i, chosen in enumerate(experiment.batches(1000, at_once, sources[0])):
        few = Split(part.train.x[chosen], part.train.y[chosen])
        how = {"epochs": 1, "batch_size": size, "lr": rates.item(), "label": None}
        alone, _ = train(network, alone, replace(part, train=few), generator=sources[0], **how)
        own = {name: value[3] for name, value in found[i + 1][1].items()}
        loss, expected = (
            cross_entropy(network(at, part.validation.x), part.validation.y).item()
            for at in (own, alone)
        )
        assert loss == pytest.approx(expected, rel=1e-4)
    assert [seen for seen, _ in found] == [*range(0, 1000, at_once), 1000]


def test_runs_of_one_seed_differ_by_their_rate_alone(experiment):
    (params, data, sources), rates = experiment.begin([0, 1], [0.25, 0.5])
    assert rates.tolist() == [0.25, 0.25, 0.5, 0.5]
    assert torch.equal(params["W1"][0], params["W1"][2])
    assert not torch.equal(params["W1"][0], params["W1"][1])
    assert torch.equal(data.train.x[1], data.train.x[3])
    orders = [torch.randperm(9, generator=source) for source in sources]
    assert torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[1])


def test_images_to_a_target(experiment):
    seen = torch.tensor([0, 100, 200])
    reached = torch.tensor([[0.1, 0.1, 0.95], [0.93, 0.5, 0.2], [0.5, 0.6, 0.9]])
    assert experiment.images_to(0.93, seen, reached).tolist() == [100, torch.inf, 0]


def test_the_chosen_rates_are_the_best_after_an_epoch_the_soonest_and_that_of_the_mean(
    experiment, monkeypatch
):
    monkeypatch.setattr(experiment, "RATES", [0.1, 0.2, 0.4, 0.8, 1.6])
    monkeypatch.setattr(experiment, "TUNE", range(2))
    seen = torch.tensor([0, 1000, 2000, 3000])
    after_one = [0.0, 0.0, 0.9, 0.9, 0.94, 0.6, 0.9, 0.8, 0.1, 0.1]  # best mean at 0.2
    after_two = [0.0, 0.0, 0.0, 0.0, 0.6, 0.94, 0.94, 0.94, 0.0, 0.0]  # soonest mean at 0.8
    read = torch.tensor([[0.0] * 10, after_one, after_two, [0.95] * 10])
    # first looks in the mean of two seeds: after 1500 images at 0.4, and 2000 at 0.8
    assert experiment.choose(seen, read) == (1, 2, 3)


def test_the_noise_scale_is_that_of_autograds_gradients(experiment):
    (params, data, _), _ = experiment.begin([0, 1], [0.5])
    few = replace(data, train=Split(data.train.x[:, :9], data.train.y[:, :9]))
    own = [value[1].clone().requires_grad_() for value in params.values()]
    gradients = []
    for x, y in zip(few.train.x[1], few.train.y[1], strict=True):
        out = network(dict(zip(params, own, strict=True)), x[None])
        each = torch.autograd.grad(cross_entropy(out, y[None]), own)
        gradients.append(torch.cat([g.flatten() for g in each]))
    gradients = torch.stack(gradients)
    scale = gradients.var(dim=0, correction=0).sum() / gradients.mean(dim=0).square().sum()
    torch.testing.assert_close(experiment.noise_scales(params, few)[1], scale)


def test_training_from_a_file_is_the_same_streamed_and_read_whole(experiment, tmp_path):
    weights = experiment.weights_of_the_file()
    path = write_stream(tmp_path / "rows.npy", 20_000, weights, generator(1), label=None)
    ends = [experiment.train_from(str(path), way) for way in ("streamed", "read whole")]
    assert ends[0]["apart"] == ends[1]["apart"] < weights.norm() / 2
    assert len(ends[0]["grown"]) > 40


DATA = stored("08_mini_batches")
LEARNING = DATA["learning"]


def test_there_are_at_least_24_runs_of_everything_that_chance_has_a_part_in():
    assert DATA["seeds"] == 24
    for run in LEARNING.values():
        assert {len(look) for look in run["test_accuracy"]} == {24}
        assert len(run["examples"]) == 24
    rounds = [len(r) for net in DATA["speed"]["seconds"].values() for r in net]
    assert min(rounds) >= 24


def test_every_run_reached_the_target():
    assert all(None not in run["examples"] for run in LEARNING.values())
    assert all(run["mean_examples"] > 0 for run in LEARNING.values())


def test_no_learning_rate_was_cut_off_by_the_list():
    rates = DATA["rates"]
    for run in LEARNING.values():
        assert rates[0] < run["lr_first"] < rates[-1]
        assert rates[0] < run["lr_target"] < rates[-1]
        assert rates[0] < run["lr_mean"] < rates[-1]


def test_all_sizes_saw_as_many_images_in_the_first_epoch():
    for size, run in LEARNING.items():
        assert run["seen"][0] == 0
        assert run["seen"][-1] == 1000
        assert run["seen"][1] == max(int(size), 20)


def test_the_file_was_of_200_megabytes_and_both_ways_learnt_the_same():
    memory = DATA["stream"]["memory"]
    assert DATA["stream"]["bytes"] > 200e6
    assert memory["streamed"]["apart"] == memory["read whole"]["apart"] < 0.1
    assert max(memory["streamed"]["grown"]) < 20e6 < 190e6 < min(memory["read whole"]["grown"])


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(LEARNING) == [str(size) for size in experiment.SIZES]
    assert DATA["rates"] == pytest.approx(experiment.RATES, rel=1e-5)
    assert DATA["tuning_seeds"] == list(experiment.TUNE)
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert DATA["target"] == experiment.TARGET
    assert DATA["signal"]["seen"] == experiment.SIGNAL_AT
    assert DATA["hidden"] == experiment.HIDDEN
    assert DATA["speed"]["sizes"] == experiment.SPEED_SIZES
    assert list(DATA["speed"]["seconds"]) == list(experiment.NETS)
    assert DATA["stream"]["rows"] == experiment.ROWS
