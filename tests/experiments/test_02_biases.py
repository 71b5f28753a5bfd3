"""The experiment's batched runs are the runs that the lesson's own loop would do one by one."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import Split, accuracy, digits, generator, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.data import resplit
from course_lib.lab.networks import network

IMAGES, EPOCHS = 120, 2
UNCENTRED = ("10 neurons", "32 hidden", "4 hidden", "four numbers")


@pytest.fixture
def experiment(monkeypatch):
    module = load("02_biases")
    monkeypatch.setattr(
        module.draw_runs, "__defaults__", (*module.draw_runs.__defaults__[:-1], (0, 1))
    )
    return module


def alone(experiment, seed, hidden, *, biases, lr):
    """Do one run with `train`, drawing what is random in the experiment's order."""
    source = generator(seed)
    data = resplit(digits(), source)
    train_on = Split(data.train.x[:IMAGES], data.train.y[:IMAGES])
    mean = train_on.x.mean(dim=0)
    centred = [Split(s.x - mean, s.y) for s in (train_on, data.validation, data.test)]
    data = replace(data, train=centred[0], validation=centred[1], test=centred[2])
    sizes, params = [64, *hidden, 10], {}
    for layer in range(1, len(sizes)):
        shape = sizes[layer], sizes[layer - 1]
        gain = (2 if layer > 1 else 1) ** 0.5
        params[f"W{layer}"] = gain * torch.randn(*shape, generator=source) / shape[1] ** 0.5
    zeros = {f"b{layer}": torch.zeros(sizes[layer]) for layer in range(1, len(sizes))}
    params = params | zeros if biases else params

    def forward(p, x):
        return network(zeros | p, x)

    settings = {"lr": lr, "epochs": EPOCHS, "batch_size": experiment.BATCH, "label": None}
    trained, _ = train(forward, params, data, generator=source, **settings)
    return zeros | trained, accuracy(forward(trained, data.test.x), data.test.y).item()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("hidden", [(), (7,)])
def test_a_batched_run_equals_the_same_run_alone(experiment, hidden, biases, seed):
    runs = experiment.draw_runs(experiment.centred, hidden, images=IMAGES, epochs=EPOCHS)
    sides = ["none", "all"] if biases else ["all", "none"]
    settings = [experiment.Setting(lr, side) for lr, side in zip((0.1, 0.3), sides, strict=True)]
    together = experiment.train_together(runs, settings)
    expected, score = alone(experiment, seed, hidden, biases=biases, lr=0.3)
    for name, value in expected.items():
        torch.testing.assert_close(together[name][seed, 1], value, rtol=1e-3, atol=1e-4)
    found = experiment.accuracy(together, runs.part("test"))[seed, 1].item()
    assert found == pytest.approx(score, abs=2 / 497)


def test_biases_of_one_layer_learn_and_the_others_stay_at_0(experiment):
    runs = experiment.draw_runs(experiment.ink, (5,), images=IMAGES, epochs=EPOCHS)
    params = experiment.train_together(runs, [experiment.Setting(0.1, "b2")])
    assert (params["b1"] == 0).all()
    assert (params["b2"] != 0).all()


def test_adam_takes_the_steps_of_torch(experiment):
    runs = experiment.draw_runs(experiment.ink, (5,), images=IMAGES, epochs=EPOCHS)
    found = experiment.train_together(runs, [experiment.Setting(0.01)], experiment.adam)
    source = generator(0)
    data = resplit(digits(), source)
    data = replace(data, train=Split(data.train.x[:IMAGES], data.train.y[:IMAGES]))
    params = experiment.networks.start([64, 5, 10], source)
    how = {"lr": 0.01, "epochs": EPOCHS, "batch_size": experiment.BATCH, "label": None}
    alone, _ = train(network, params, data, generator=source, optimizer=torch.optim.Adam, **how)
    for name, value in alone.items():
        torch.testing.assert_close(found[name][0, 0], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("on", ["b", "W"])
def test_a_penalty_is_descent_on_the_penalised_loss(experiment, on):
    runs = experiment.draw_runs(experiment.ink, (5,), images=experiment.BATCH, epochs=1)
    runs = runs._replace(start={name: value + 0.1 for name, value in runs.start.items()})
    setting = experiment.Setting(0.2, strength=0.3)
    found = experiment.train_together(runs, [setting], experiment.gd, experiment.l2_gradient, on)

    params = {name: value[0].clone().requires_grad_() for name, value in runs.start.items()}
    train_on = runs.part("train")
    whole = cross_entropy(network(params, train_on.x[0]), train_on.y[0])
    whole = whole + 0.3 * sum((p**2).sum() for name, p in params.items() if name[0] == on)
    whole.backward()
    for name, value in params.items():
        step = value.detach() - 0.2 * value.grad
        torch.testing.assert_close(found[name][0, 0], step, rtol=1e-4, atol=1e-5)


def test_all_sides_of_a_comparison_share_what_is_random(experiment):
    first, again = (experiment.draw_runs(experiment.ink, (5,)) for _ in range(2))
    for name in first.start:
        assert torch.equal(first.start[name], again.start[name])
    assert torch.equal(first.orders, again.orders)
    assert torch.equal(first.part("test").x, again.part("test").x)
    assert not torch.equal(first.part("test").x[0], first.part("test").x[1])


def test_views(experiment):
    x = digits().train.x
    assert torch.equal(experiment.ink(x)(x), x)
    assert torch.equal(experiment.inverted(x)(x), 1 - x)
    torch.testing.assert_close(experiment.centred(x)(x).mean(dim=0), torch.zeros(64))
    quarters = torch.stack([part.flatten(1).mean(1) for half in x.view(-1, 8, 8).split(4, 1)
                            for part in half.split(4, 2)], dim=1)  # fmt: skip
    torch.testing.assert_close(experiment.four_numbers(x)(x), quarters)


def test_the_diverse_diet_has_three_kinds(experiment):
    x = digits().train.x[:90]
    mixed = experiment.diverse(x, generator(0))
    assert torch.equal(mixed[:30], x[:30])
    assert torch.equal(mixed[30:60], experiment.blur(x[30:60], 1.0))
    assert (mixed[60:] - x[60:]).std() == pytest.approx(0.3, rel=0.1)


def test_the_lowest_validation_loss_wins_and_a_failed_run_never_does(experiment):
    x, y = torch.eye(3).expand(2, 3, 3), torch.arange(3).expand(2, 3)
    scale = torch.tensor([0.0, 5.0, 1.0, torch.nan])
    settings = [experiment.Setting(lr) for lr in (0.1, 0.2, 0.3, 0.4)]
    params = {"W1": scale[:, None, None] * torch.eye(3).expand(2, 4, 3, 3),
              "b1": torch.zeros(2, 4, 3)}  # fmt: skip
    assert experiment.best_of(params, settings, Split(x, y), experiment.loss) == 1
    expected = cross_entropy(5 * torch.eye(3), torch.arange(3)).item()
    assert experiment.loss(params, Split(x, y))[0, 1] == pytest.approx(expected)


def test_lopsided_is_the_share_of_answers_too_many(experiment):
    y = torch.tensor([[0, 0, 1, 2]])
    always_0 = {"W1": torch.zeros(1, 1, 10, 1), "b1": -torch.arange(10.0).view(1, 1, 10)}
    split = Split(torch.ones(1, 4, 1), y)
    assert experiment.lopsided(always_0, split).item() == pytest.approx(0.5)
    assert experiment.accuracy(always_0, split).item() == 0.5


DATA = stored("02_biases")
CONDITIONS = DATA["A3"]["conditions"]


def test_there_are_at_least_20_runs_of_everything():
    assert DATA["seeds"] >= 20
    for condition in CONDITIONS.values():
        for side in ("without", "with"):
            scores = condition[side]["test_accuracy"].values()
            assert {len(runs) for runs in scores} == {DATA["seeds"]}


def test_no_learning_rate_was_cut_off_by_the_list():
    lrs = DATA["A3"]["lrs"]
    for condition in CONDITIONS.values():
        for side in ("without", "with"):
            assert lrs[0] < condition[side]["lr"] < lrs[-1]
    penalties = DATA["A4"]["penalties"]
    for view in penalties["views"].values():
        assert penalties["lrs"][0] < view["lr"] < penalties["lrs"][-1]
        for name, found in view.items():
            assert name == "lr" or found["best"] < len(penalties["strengths"]) - 1
    starts = DATA["A4"]["starts"]
    for rule in ("SGD", "Adam"):
        lrs = starts[rule]["lrs"]
        for start, lr in zip(starts["starts"], starts[rule]["best_lr"], strict=True):
            assert start <= -3 or lrs[0] < lr < lrs[-1]


def test_reported_seeds_choose_nothing(experiment):
    assert not set(experiment.SEEDS) & set(experiment.TUNING)


def test_near_steps_are_those_that_suit_both_sides(experiment):
    sides = [experiment.Tuned(0, {-1, 0, 1, 2}), experiment.Tuned(4, {1, 2, 3, 4})]
    assert experiment.steps_of(sides) == ([0, 1, 2, 4], [1, 2])
    third = experiment.Tuned(9, {9})
    assert experiment.steps_of([*sides, third]) == ([0, 1, 2, 4, 9], [1, 2])


@pytest.mark.parametrize("name", UNCENTRED)
def test_without_biases_a_faded_image_gets_the_same_answer(name):
    scores = CONDITIONS[name]["without"]["test_accuracy"]
    for level in ("muted 0.5", "muted 0.25", "muted 0.1"):
        for clear, muted in zip(scores["clear"], scores[level], strict=True):
            assert muted == pytest.approx(clear, abs=1.5 / 497)


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(CONDITIONS) == list(experiment.A3_CONDITIONS)
    assert DATA["A4"]["starts"]["starts"] == experiment.STARTS
    assert DATA["A3"]["lrs"] == pytest.approx(
        [experiment.rate(step) for step in experiment.STEPS], rel=1e-5
    )
