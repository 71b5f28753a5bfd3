"""The experiment's Jacobians are autograd's, and its stored runs are those of one alone."""

import pytest
import torch
from torch.func import jacrev, vmap

from course_lib.lab import accuracy, digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.networks import network

DATA = stored("13_jacobians")


@pytest.fixture(scope="module")
def experiment():
    return load("13_jacobians")


def test_a_network_as_a_module_is_the_network(experiment):
    params = {name: p.double() + 0.05 for name, p in experiment.draw(3).start.items()}
    x = torch.randn(4, 64, generator=generator(0), dtype=torch.float64)
    net = experiment.as_module(params)
    torch.testing.assert_close(net.forward(x), network(params, x))
    torch.testing.assert_close(
        net.jacobian(x), vmap(jacrev(lambda x: network(params, x[None])[0]))(x)
    )


def test_a_stored_run_is_the_run_alone(experiment):
    seed = 5
    run = experiment.draw(seed)
    how = {"lr": DATA["lr"], "epochs": DATA["epochs"], "batch_size": DATA["batch_size"]}
    params, _ = train(network, run.start, run.data, generator=run.order, label=None, **how)
    reached = accuracy(network(params, run.data.test.x), run.data.test.y)
    assert reached == pytest.approx(DATA["test_accuracy"][seed], abs=0.01)
    found = experiment.measure(params, run.data.test, seed)
    kept = torch.tensor(DATA["trained"]["spectrum"][seed], dtype=torch.float64)
    torch.testing.assert_close(found["spectrum"], kept, rtol=0.02, atol=0.01)


def test_what_is_measured_of_a_linear_network(experiment):
    """For a linear map the prediction is exact."""
    W = torch.randn(10, 64, generator=generator(1), dtype=torch.float64)
    params = {"W1": W, "b1": torch.zeros(10, dtype=torch.float64)}
    test = resplit(digits(), generator(0)).test
    found = experiment.measure(params, test, 0)
    torch.testing.assert_close(found["spectrum"], torch.linalg.svdvals(W))
    assert max(float(off) for of in found["off"].values() for off in of) < 1e-9
    v = experiment.random_directions(0)
    torch.testing.assert_close(v.norm(dim=1), torch.ones(100, dtype=torch.float64))
    torch.testing.assert_close(found["felt"], (v @ W.T).norm(dim=1).median())
    moved = [((test.x[:100].double() + h * v) @ W.T).argmax(dim=1) for h in (0.3, -0.3)]
    right = sum((read == test.y[:100]).double().mean() / 2 for read in moved)
    assert found["right"]["random"][DATA["lengths"].index(0.3)] == pytest.approx(right.item())


def test_a_step_towards_the_runner_up_closes_the_gap_fastest(experiment):
    W = torch.randn(10, 64, generator=generator(1), dtype=torch.float64)
    x = torch.randn(5, 64, generator=generator(2), dtype=torch.float64)
    out = x @ W.T
    step = experiment.towards_the_runner_up(W.expand(5, 10, 64), out)
    torch.testing.assert_close(step.norm(dim=1), torch.ones(5, dtype=torch.float64))
    top = out.topk(2, dim=1).indices
    apart = W[top[:, 1]] - W[top[:, 0]]
    gained = (step * apart).sum(dim=1)
    torch.testing.assert_close(gained, apart.norm(dim=1))
