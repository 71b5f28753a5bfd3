"""A batched run is the run alone; runs do not touch each other."""

import itertools
import shutil

import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    compiled_runs,
    digits,
    generator,
    stack_data,
    train,
)
from course_lib.lab.batched import each_run
from course_lib.lab.data import resplit
from course_lib.lab.sweep import sweep
from course_lib.nn.biases import affine
from course_lib.optim.rules import adam, gd, momentum

SEEDS = (3, 4, 5)
its_own = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # of torch's compiler
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


def assert_each_is_the_run_alone(found, data, dtype, close, optimizer, rates, **torchs):
    """Compare runs with those that `train` gives, one by one, under an optimizer of torch's."""
    params, history = found
    for run, (seed, lr) in enumerate(zip(SEEDS, rates, strict=True)):
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
        for name, value in alone.items():
            torch.testing.assert_close(params[name][run], value, rtol=10 * close, atol=close)
        for name in ("train_loss", "validation_loss"):
            torch.testing.assert_close(
                history[name][run].double(), record[name].double(), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_batched_run_is_the_run_alone_under_torchs_optimizer(name, dtype, close):
    rule, optimizer, ours, torchs = RULES[name]
    data = few(digits(), dtype)
    lr = 0.01 if name == "adam" else 0.3
    found = together(data, dtype, rule=rule, lr=lr, **ours)
    assert_each_is_the_run_alone(found, data, dtype, close, optimizer, [lr] * 3, **torchs)


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


@pytest.fixture
def graphs(monkeypatch):
    """The shapes of the inputs of each graph that is compiled; the rules of the other tests."""
    if not shutil.which("g++") and not shutil.which("clang++"):
        pytest.skip("torch's compiler needs a C++ compiler")
    made, compile_in_place = [], compiled_runs.compile_in_place

    def watched(f, inputs):
        made.append([tuple(x.shape) for x in inputs])
        return compile_in_place(f, inputs)

    monkeypatch.setattr(compiled_runs, "compile_in_place", watched)
    return made


@its_own
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_compiled_run_is_the_run_alone_and_needs_a_graph_for_each_shape(dtype, close, graphs):
    data, rates = few(digits(), dtype), [0.01, 0.02, 0.03]
    rule, optimizer, ours, torchs = RULES["adam"]
    lr = torch.tensor(rates, dtype=torch.float64)
    found = together(data, dtype, rule=rule, lr=lr, compiled=True, **ours)
    assert_each_is_the_run_alone(found, data, dtype, close, optimizer, rates, **torchs)
    assert len(graphs) == 3  # the losses, whole batches, and the last, which is short


@its_own
def test_compiled_too_runs_have_their_own_data_come_in_chunks_and_may_diverge(graphs):
    own = stack_data([few(resplit(digits(), generator(seed))) for seed in SEEDS])
    lr = torch.tensor([0.1, 1e38, 1.0])
    whole, history = together(own, lr=lr)
    parts, record = together(own, lr=lr, chunk=2, compiled=True)
    assert record["diverged"].tolist() == [False, True, False]
    for name, value in whole.items():
        torch.testing.assert_close(parts[name][[0, 2]], value[[0, 2]], rtol=1e-5, atol=1e-6)
    for name, value in history.items():
        torch.testing.assert_close(record[name][[0, 2]], value[[0, 2]])
    assert len(graphs) == 6  # the last chunk holds a single run


@its_own
def test_a_function_that_has_changed_is_compiled_anew(graphs):
    scale = 1.0

    def line(params, x):
        return scale * (x @ params["w"])

    split = Split(torch.ones(4, 3), torch.ones(4))
    data = Dataset("ones", split, split, split)
    for scale in (1.0, 3.0):
        _, history = sweep(
            line,
            {"w": torch.ones(2, 3)},
            data,
            generators=[generator(s) for s in range(2)],
            epochs=0,
            batch_size=4,
            loss=mse_loss,
            compiled=True,
            label=None,
            lr=0.1,
        )
        torch.testing.assert_close(history["train_loss"], torch.full((2, 1), (3 * scale - 1) ** 2))


@its_own
@pytest.mark.parametrize("compiled", [False, True])
def test_chunks_bound_the_memory(compiled, request):
    if compiled:
        request.getfixturevalue("graphs")
    runs, data = range(40), few(digits())
    params = stacked([start(seed) for seed in runs])

    def peak(chunk):
        how = {"epochs": 1, "batch_size": 55, "lr": 0.1, "label": None, "chunk": chunk}
        with torch.profiler.profile(profile_memory=True, acc_events=True) as seen:
            sweep(
                network,
                params,
                data,
                generators=[generator(s) for s in runs],
                compiled=compiled,
                **how,
            )
        events = seen.profiler.kineto_results.events()
        memory = [e for e in events if e.name() == "[memory]"]
        sizes = (e.nbytes() for e in sorted(memory, key=lambda e: e.start_ns()))
        return max(itertools.accumulate(sizes))

    assert peak(10) < 0.5 * peak(None)


def asks_for_t(p, g, *, t, lr):
    return p - (lr if t < 3 else lr / 10) * g


def remembers_two(p, g, last, before):
    return p - 1e-3 * (g + 10 * last + 100 * before), g, last


def at_first_divides_by_little(p, g, *, t, beta=0.9):
    return p - 1e-3 / (1 - beta**t) * g


def test_a_rule_that_cannot_be_read_runs_as_it_is_written_and_says_so_once(graphs):
    expected = together(few(digits()), rule=asks_for_t, chunk=1)
    with pytest.warns(UserWarning, match="asks_for_t cannot be compiled and runs as it") as said:
        found = together(few(digits()), rule=asks_for_t, chunk=1, compiled=True)
    assert len(said) == 1
    assert said[0].filename == __file__
    assert not graphs
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@its_own
@pytest.mark.parametrize("rule", [remembers_two, at_first_divides_by_little])
def test_a_rule_may_hand_on_its_slots_take_no_number_or_none_that_is_given(rule, graphs):
    params = stacked([start(seed) for seed in SEEDS])
    how = {"epochs": 3, "batch_size": 55, "rule": rule, "label": None}
    found = [
        sweep(
            network,
            params,
            few(digits()),
            generators=[generator(s) for s in SEEDS],
            compiled=compiled,
            **how,
        )
        for compiled in (False, True)
    ]
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-6)


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
