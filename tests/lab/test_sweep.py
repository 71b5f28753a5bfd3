"""A batched run is the run alone; runs do not touch each other."""

import shutil

import pytest
import torch
from torch._dynamo.utils import counters
from torch.nn.functional import cross_entropy, mse_loss

from course_lib.lab import Dataset, Split, accuracy, digits, generator, train
from course_lib.lab.data import resplit
from course_lib.lab.sweep import each_run, sweep
from course_lib.nn.biases import affine
from course_lib.optim.rules import adam, gd, momentum

SEEDS = (3, 4, 5)
RULES = {
    "gd": (gd, torch.optim.SGD, {}, {}),
    "momentum": (momentum, torch.optim.SGD, {"beta": 0.8}, {"momentum": 0.8}),
    "adam": (
        adam,
        torch.optim.Adam,
        {"beta1": 0.8, "beta2": 0.99},
        {"betas": (0.8, 0.99)},
    ),
}


def network(params, x):
    hidden = torch.tanh(affine(x, params["W1"], params["b1"]))
    return affine(hidden, params["W2"], params["b2"])


def start(seed, dtype=torch.float32):
    source = generator(seed)
    return {
        "W1": torch.randn(6, 64, generator=source, dtype=dtype) / 8,
        "b1": torch.zeros(6, dtype=dtype),
        "W2": torch.randn(10, 6, generator=source, dtype=dtype) / 2,
        "b2": torch.zeros(10, dtype=dtype),
    }


def few(data, dtype=torch.float32):
    parts = (data.train, data.validation, data.test)
    return Dataset(data.name, *(Split(p.x[:110].to(dtype), p.y[:110]) for p in parts))


def stacked(items):
    return {name: torch.stack([item[name] for item in items]) for name in items[0]}


def together(data, dtype=torch.float32, **settings):
    settings = {"epochs": 3, "batch_size": 32, "lr": 0.3, "label": None} | settings
    params = stacked([start(seed, dtype) for seed in SEEDS])
    return sweep(network, params, data, generators=[generator(s) for s in SEEDS], **settings)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_batched_run_is_the_run_alone_under_torchs_optimizer(name, dtype, close):
    rule, optimizer, ours, torchs = RULES[name]
    data = few(digits(), dtype)
    lr = 0.01 if name == "adam" else 0.3
    params, history = together(data, dtype, rule=rule, lr=lr, **ours)
    for run, seed in enumerate(SEEDS):
        alone, record = train(
            network,
            start(seed, dtype),
            data,
            generator=generator(seed),
            lr=lr,
            epochs=3,
            batch_size=32,
            optimizer=optimizer,
            label=None,
            **torchs,
        )
        for part, value in alone.items():
            torch.testing.assert_close(params[part][run], value, rtol=10 * close, atol=close)
        for part in ("train_loss", "validation_loss"):
            torch.testing.assert_close(
                history[part][run].double(), record[part].double(), rtol=1e-5, atol=1e-6
            )


def test_each_run_may_have_its_own_data_and_its_own_settings():
    own = [few(resplit(digits(), generator(seed))) for seed in SEEDS]
    rates = [0.1, 0.3, 1.0]
    parts = {
        name: Split(*(torch.stack([getattr(getattr(d, name), k) for d in own]) for k in "xy"))
        for name in ("train", "validation", "test")
    }
    params, history = together(Dataset("own", **parts), lr=torch.tensor(rates))
    for run, (seed, lr) in enumerate(zip(SEEDS, rates, strict=True)):
        settings = {"epochs": 3, "batch_size": 32, "label": None}
        alone, record = train(
            network, start(seed), own[run], generator=generator(seed), lr=lr, **settings
        )
        for name, value in alone.items():
            torch.testing.assert_close(params[name][run], value, rtol=1e-5, atol=1e-6)
        shares = each_run(accuracy, network, params, parts["test"])
        right = network(alone, own[run].test.x).argmax(dim=1) == own[run].test.y
        assert shares[run].item() == pytest.approx(right.float().mean().item())
        torch.testing.assert_close(history["train_loss"][run], record["train_loss"])


def test_a_run_that_diverges_is_reported_and_harms_no_neighbour():
    data = few(digits())
    calm, _ = together(data)
    params, history = together(data, lr=torch.tensor([0.3, 1e38, 0.3]))
    assert history["diverged"].tolist() == [False, True, False]
    for name, value in calm.items():
        torch.testing.assert_close(params[name][[0, 2]], value[[0, 2]], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("chunk", [1, 2, 3, 50])
def test_chunks_change_nothing(chunk):
    whole, parts = together(few(digits())), together(few(digits()), chunk=chunk)
    for one, other in zip(whole, parts, strict=True):
        for name, value in one.items():
            torch.testing.assert_close(other[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_compiled_sweep_gives_the_same_from_one_graph_a_shape(dtype, close):
    if not shutil.which("g++") and not shutil.which("clang++"):
        pytest.skip("torch.compile needs a C++ compiler")
    torch.compiler.reset()
    counters.clear()
    data, lr = few(digits(), dtype), torch.tensor([0.01, 0.02, 0.03])
    whole, history = together(data, dtype, rule=adam, lr=lr)
    for _ in range(2):
        fast, record = together(data, dtype, rule=adam, lr=lr, compiled=True)
        for name, value in fast.items():
            torch.testing.assert_close(value, whole[name], rtol=10 * close, atol=close)
        torch.testing.assert_close(record["train_loss"], history["train_loss"])
    assert counters["stats"]["unique_graphs"] == 2  # whole batches, and the last, which is short


def test_same_seed_same_order_so_a_comparison_differs_in_its_setting_only():
    data = few(digits())
    params = stacked([start(0), start(0)])
    generators = [generator(7), generator(7)]
    settings = {"epochs": 2, "batch_size": 32, "lr": 0.3, "label": None}
    trained, _ = sweep(network, params, data, generators=generators, **settings)
    for value in trained.values():
        torch.testing.assert_close(value[0], value[1], rtol=0, atol=0)


def test_a_regression_has_its_own_loss():
    x = torch.randn(50, 3, generator=generator(0))
    split = Split(x, x @ torch.tensor([1.0, -2.0, 0.5]))
    data = Dataset("line", split, split, split)

    def line(params, x):
        return x @ params["w"]

    params, history = sweep(
        line,
        {"w": torch.zeros(4, 3)},
        data,
        generators=[generator(0) for _ in range(4)],
        epochs=200,
        batch_size=50,
        loss=mse_loss,
        lr=0.1,
        label=None,
    )
    torch.testing.assert_close(params["w"], torch.tensor([[1.0, -2.0, 0.5]]).expand(4, 3))
    assert history["train_loss"].shape == (4, 201)


def test_the_start_and_the_data_are_left_alone():
    data, params = few(digits()), stacked([start(seed) for seed in SEEDS])
    kept = {name: value.clone() for name, value in params.items()}
    x = data.train.x.clone()
    generators = [generator(s) for s in SEEDS]
    sweep(network, params, data, generators=generators, epochs=1, batch_size=50, lr=0.1, label=None)
    assert all(torch.equal(params[name], value) for name, value in kept.items())
    assert torch.equal(data.train.x, x)


def test_each_run_measures_all_runs():
    data, params = few(digits()), stacked([start(seed) for seed in SEEDS])
    losses = each_run(cross_entropy, network, params, data.test)
    expected = [cross_entropy(network(start(s), data.test.x), data.test.y) for s in SEEDS]
    torch.testing.assert_close(losses, torch.stack(expected))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lr": torch.ones(2)}, r"lr has shape \(2,\); it must be \(3,\)"),
        ({"beta": 0.9}, "beta is not a setting of gd, which takes: lr"),
    ],
)
def test_bad_settings_get_a_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        together(few(digits()), **change)


def test_too_few_generators_get_a_sentence():
    params = stacked([start(0), start(1)])
    with pytest.raises(ValueError, match="W1 holds 2 runs; generators holds 1"):
        sweep(
            network,
            params,
            few(digits()),
            generators=[generator(0)],
            epochs=1,
            batch_size=50,
            lr=0.1,
        )


def test_one_generator_for_two_runs_gets_a_sentence():
    with pytest.raises(ValueError, match="generators holds one generator twice"):
        sweep(
            network,
            stacked([start(0), start(1)]),
            few(digits()),
            generators=[generator(0)] * 2,
            epochs=1,
            batch_size=50,
            lr=0.1,
        )
