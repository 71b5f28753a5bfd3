"""Restated peers go where their packages go, and batched runs where one optimizer goes alone."""

import math

import pytest
import torch

from course_lib.lab import experiment
from course_lib.second_order import FuzzySecondOrder

R = experiment("contest_rules")
C = R.contest
TOTAL, BATCH, SEEDS = 12, 16, 2


@pytest.fixture(scope="module")
def race():
    """A short task on digits in float64, and what two seeds draw."""
    net = C.mlp((64, 8, 10), torch.tanh)
    task = C.Task("digits", "digits", net, TOTAL, BATCH)
    draws = C.draw(task, range(SEEDS))
    draws.x, draws.start = draws.x.double().cpu(), draws.start.double().cpu()
    return task, draws


def alone(task, draws, seed, make, steps=TOTAL, final=lambda optimizer: None, graph=False):
    """Train one run with a package's optimizer; return where it ends."""
    leaves = [p.clone().requires_grad_() for p in task.net.tensors(draws.start[seed : seed + 1])]
    optimizer = make(leaves)
    for t in range(steps):
        places = draws.orders[seed, t]
        x, y = draws.x[places][None], draws.trained[seed, places][None]
        loss = C.losses_of(task.net, leaves, x, y)[0].sum()
        for leaf, g in zip(
            leaves, torch.autograd.grad(loss, leaves, create_graph=graph), strict=True
        ):
            leaf.grad = g
        optimizer.step()
    final(optimizer)
    return torch.cat([leaf.detach().flatten() for leaf in leaves])


def batched(task, draws, contestant, settings):
    return C.trained(contestant, task, settings, draws)[0]


def check(race, contestant, settings, make, **how):
    task, draws = race
    found = batched(task, draws, contestant, settings)
    for i, setting in enumerate(settings):
        for seed in range(SEEDS):
            expected = alone(task, draws, seed, lambda p, s=setting: make(p, s), **how)
            assert not torch.allclose(expected, draws.start[seed], atol=1e-4)  # it went somewhere
            torch.testing.assert_close(found[i * SEEDS + seed], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rate", [1e-2, 0.3])
@pytest.mark.parametrize("planned", [True, False])
def test_the_fuzzy_contestant_is_the_optimizer(race, rate, planned):
    def make(params, setting):
        how = {} if planned else {"plan": None}
        return FuzzySecondOrder(params, total=TOTAL, **setting, **how)

    ours = R.fuzzy("ours", share=R.planned if planned else None)
    check(race, ours, [{"lr": rate}, {"lr": 2 * rate}], make)


def test_nadam(race):
    how = {"betas": (0.8, 0.95)}
    ours = R.elementwise("NAdam", R.nadam, beta1=0.8, beta2=0.95)
    check(race, ours, [{"lr": 0.01}], lambda p, s: torch.optim.NAdam(p, **s, **how))


def test_adan(race):
    peers = pytest.importorskip("pytorch_optimizer")
    ours = R.elementwise("Adan", R.adan)
    check(race, ours, [{"lr": 0.01}], lambda p, s: peers.Adan(p, **s))


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("d0", [1e-4, 1e-3])
def test_prodigy(race, d0, both):
    package = pytest.importorskip("prodigyopt")
    how = {"safeguard_warmup": both, "use_bias_correction": both}
    ours = R.prodigy(safeguard=both, correction=both)
    check(race, ours, [{"d0": d0}], lambda p, s: package.Prodigy(p, **s, **how))


def test_prodigy_under_a_schedule(race):
    package = pytest.importorskip("prodigyopt")

    def make(params, setting):
        optimizer = package.Prodigy(params, **setting)
        step, count = optimizer.step, []

        def planned():
            count.append(1)
            optimizer.param_groups[0]["lr"] = R.planned(len(count), TOTAL)
            step()

        optimizer.step = planned
        return optimizer

    check(race, R.prodigy(share=R.planned), [{"d0": 1e-4}], make)


@pytest.mark.parametrize("warm", [0.0, 0.25])
def test_schedule_free(race, warm):
    package = pytest.importorskip("schedulefree")

    def make(params, setting):
        steps = round(warm * TOTAL)
        optimizer = package.AdamWScheduleFree(params, **setting, warmup_steps=steps)
        optimizer.train()
        return optimizer

    check(race, R.schedule_free(warm=warm), [{"lr": 0.02}], make, final=lambda o: o.eval())


def test_a_diverged_run_leaves_its_neighbours_alone(race):
    task, draws = race
    ours = R.elementwise("gd", R.gd)
    both = batched(task, draws, ours, [{"lr": float("inf")}, {"lr": 0.1}])
    one = batched(task, draws, ours, [{"lr": 0.1}])
    assert not both[:SEEDS].isfinite().all()
    assert torch.equal(both[SEEDS:], one)


def test_draws_are_the_same_however_many_seeds_are_drawn(race):
    task, _ = race
    few, many = C.draw(task, [3]), C.draw(task, [2, 3])
    assert torch.equal(few.orders[0], many.orders[1])
    assert torch.equal(few.start[0], many.start[1])
    parts = [set(part[0].tolist()) for part in few.parts.values()]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert set(few.orders.flatten().tolist()) <= parts[0]


def test_muon(race, monkeypatch):
    """torch makes matrices orthogonal in bfloat16; here it is made to do so in float64."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda x: x.clone())

    class Both:
        def __init__(self, params, setting):
            how = {"weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"}
            self.matrices = [p[0].detach().requires_grad_() for p in params if p.ndim == 3]
            self.sources = [p for p in params if p.ndim == 3]
            self.muon = torch.optim.Muon(self.matrices, **setting, **how)
            self.adam = torch.optim.Adam([p for p in params if p.ndim == 2], **setting)

        def step(self):
            for matrix, source in zip(self.matrices, self.sources, strict=True):
                matrix.grad = source.grad[0]
            self.muon.step()
            self.adam.step()

    check(race, R.muon(), [{"lr": 0.02}], Both)


def test_adahessian_and_sophia(race, monkeypatch):
    """With the vectors of the package put in their place, they go where the package goes."""
    peers = pytest.importorskip("pytorch_optimizer")
    task, _ = race
    signs = torch.where(torch.arange(sum(task.net.sizes)) % 3 == 0, -1, 1)
    monkeypatch.setattr(R, "signs", lambda runs, n, t: ((signs + 1) // 2).expand(runs, n))

    def here(p, low, high):
        sizes = {math.prod(shape): i for i, shape in enumerate(task.net.shapes)}
        return ((signs.split(task.net.sizes)[sizes[p.numel()]] + 1) // 2).view_as(p).to(p)

    monkeypatch.setattr(torch, "randint_like", here)

    def adahessian(params, setting):
        return peers.AdaHessian(params, **setting)

    def sophia(params, setting):
        return peers.SophiaH(params, hessian_distribution="rademacher", update_period=2, **setting)

    check(race, R.adahessian(), [{"lr": 0.05}], adahessian, steps=TOTAL // 2, graph=True)
    check(race, R.sophia(every=2), [{"lr": 0.06}], sophia, steps=2 * TOTAL // 3, graph=True)
