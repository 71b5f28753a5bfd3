"""The fuzzy optimizer: its trajectory retyped, what it leaves out, and what optimizers must do."""

import copy
import math
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib.lab import generator
from course_lib.second_order import (
    FuzzySecondOrder,
    Steering,
    freeze,
    inner_products,
    loss_trend,
    rate_controller,
)
from tests.second_order.small import randn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own

SIZES = (6, 5, 3)
TOTAL = 25


def model(dtype=torch.float64):
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).to(dtype)
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(randn(*p.shape, seed=i).to(dtype) / 3)
    return net


def batch(step, dtype=torch.float64):
    x = randn(8, 6, seed=100 + step).to(dtype)
    return x, torch.randint(0, 3, (8,), generator=generator(200 + step))


def train(net, optimizer, steps=TOTAL, first=0, scheduler=None):
    for step in range(first, first + steps):
        optimizer.zero_grad()
        x, y = batch(step, next(net.parameters()).dtype)
        cross_entropy(net(x), y).backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return [p.detach().clone() for p in net.parameters()]


def tri(x, a, b, c):
    return max(0.0, min((x - a) / (b - a), (c - x) / (c - b)))


def retyped(net, steps, lr=0.1, decay=0.0, share=lambda t: 1.0):
    """The design as its description has it, layer by layer and number by number."""
    params = list(net.parameters())
    M, Sn, So = [-5.0] * len(params), [0.0] * len(params), [0.0] * len(params)
    zeros = [torch.zeros_like(p) for p in params]
    old, delta, m, Y, v = ([z.clone() for z in zeros] for _ in range(5))
    for t in range(1, steps + 1):
        x, y = batch(t - 1)
        net.zero_grad()
        cross_entropy(net(x), y).backward()
        p = (t - 1) / TOTAL
        for i, w in enumerate(params):
            g = w.grad.clone()
            Sn[i] = 0.95 * Sn[i] + 0.05 * float((g * delta[i]).sum())
            So[i] = 0.95 * So[i] + 0.05 * float((old[i] * delta[i]).sum())
            r = -Sn[i] / abs(So[i]) if So[i] else 0.0
            r = min(max(r, -0.5), 0.3)
            short = tri(r, -0.1, 0.3, 0.7)
            start, early = tri(p, -0.08, 0.0, 0.08), tri(p, 0.0, 0.08, 0.5)
            if So[i]:
                M[i] += min(100 / TOTAL, 0.6) * short * (start + early) * 1.5
            plan = start + early + tri(p, 0.08, 0.5, 1.0) * 0.5
            rate = lr * share(t) * math.exp(M[i]) * plan
            m[i] = 0.8 * m[i] + 0.2 * g
            Y[i] = 0.8 * Y[i] + (0.2 * (g - old[i]) if t > 1 else 0)
            v[i] = 0.95 * v[i] + 0.05 * g**2
            mh, Yh, vh = m[i] / (1 - 0.8**t), Y[i] / (1 - 0.8**t), v[i] / (1 - 0.95**t)
            start_w = w.detach().clone()
            with torch.no_grad():
                w -= rate * decay * w + rate * (mh + 0.9 * Yh) / (vh.sqrt() + 1e-8)
            old[i], delta[i] = g, w.detach() - start_w
    return [p.detach().clone() for p in params], M


@pytest.mark.parametrize(("compiled", "within"), [(False, 1e-10), (True, 1e-10)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_trajectory_is_that_of_the_formulas(compiled, within, decay):
    net = model()
    optimizer = FuzzySecondOrder(
        net.parameters(), lr=0.1, total=TOTAL, weight_decay=decay, compiled=compiled
    )
    found = train(net, optimizer)
    expected, M = retyped(model(), TOTAL, decay=decay)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=within)
    factors = [math.log(factor) for factor in optimizer.factors().values()]
    assert factors == pytest.approx(M, abs=1e-9)
    assert max(factors) > -4.5  # the table did raise rates, or nothing was tested


def test_compiled_is_as_written():
    plain, graph = model(), model()
    a = train(plain, FuzzySecondOrder(plain.parameters(), total=TOTAL))
    b = train(graph, FuzzySecondOrder(graph.parameters(), total=TOTAL, compiled=True))
    for one, other in zip(a, b, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_a_frozen_table_that_holds_all_corners_is_the_controller():
    controller = rate_controller()
    frozen = freeze(controller, controller.rows.corners, controller.columns.corners)
    plain, table = model(), model()
    a = train(plain, FuzzySecondOrder(plain.parameters(), total=TOTAL))
    b = train(table, FuzzySecondOrder(table.parameters(), total=TOTAL, controller=frozen))
    for one, other in zip(a, b, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_a_scheduler_multiplies_the_rate():
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), lr=0.1, total=TOTAL)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    found = train(net, optimizer, scheduler=scheduler)
    expected, _ = retyped(model(), TOTAL, share=lambda t: 0.9 ** (t - 1))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("way", ["state_dict", "pickle", "copy"])
def test_a_saved_state_goes_on_where_it_was(way):
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)
    train(net, optimizer, 10)
    if way == "state_dict":
        other = copy.deepcopy(net)
        resumed = FuzzySecondOrder(other.parameters(), total=TOTAL)
        resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    elif way == "pickle":
        other, resumed = pickle.loads(pickle.dumps((net, optimizer)))
    else:
        other, resumed = copy.deepcopy((net, optimizer))
    a, b = train(net, optimizer, 10, first=10), train(other, resumed, 10, first=10)
    for one, again in zip(a, b, strict=True):
        assert torch.equal(one, again)


def test_groups_have_their_own_settings_and_one_count():
    net = model()
    first, last = net[0], net[2]
    groups = [{"params": first.parameters()}, {"params": last.parameters(), "lr": 0.0}]
    optimizer = FuzzySecondOrder(groups, total=TOTAL)
    before = [p.detach().clone() for p in net.parameters()]
    after = train(net, optimizer, 5)
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert moved == [True, True, False, False]
    assert [group["evaluations"] for group in optimizer.param_groups] == [5, 5]


def test_a_parameter_without_a_gradient_is_left_as_it_is():
    net = model()
    net[0].requires_grad_(False)
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)
    before = net[0].weight.clone()
    train(net, optimizer, 3)
    assert torch.equal(net[0].weight, before)
    assert net[0].weight not in optimizer.state
    net[0].requires_grad_(True)
    train(net, optimizer, 2)
    assert optimizer.state[net[0].weight]["step"] == 2
    assert optimizer.state[net[2].weight]["step"] == 5


def test_a_moved_model_takes_its_state_along():
    net = model(torch.float32)
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)
    train(net, optimizer, 5)
    net.double()
    after = train(net, optimizer, 5, first=5)
    assert all(p.dtype == torch.float64 and p.isfinite().all() for p in after)
    assert optimizer.state[net[0].weight]["delta"].dtype == torch.float64


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_single_and_half_precision(dtype):
    net = model(dtype)
    found = train(net, FuzzySecondOrder(net.parameters(), total=TOTAL, eps=1e-4))
    assert all(p.dtype == dtype and p.isfinite().all() for p in found)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("step", [0, 4])
def test_a_gradient_that_is_not_finite_moves_nothing_and_is_counted(value, step):
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)
    train(net, optimizer, step)
    kept = copy.deepcopy([optimizer.state[p] for p in net.parameters() if p in optimizer.state])
    before = [p.detach().clone() for p in net.parameters()]
    cross_entropy(net(batch(step)[0]), batch(step)[1]).backward()
    net[2].bias.grad[1] = value
    with pytest.warns(UserWarning, match=r"gradient of shape \(3,\) is not finite .* 1 so far"):
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert optimizer.skipped == 1
    for old, p in zip(kept, net.parameters(), strict=False):
        for name, was in old.items():
            now = optimizer.state[p][name]
            assert torch.equal(now, was) if torch.is_tensor(was) else now == was
    after = train(net, optimizer, 3, first=step)
    assert all(p.isfinite().all() for p in after)
    assert optimizer.state_dict()["param_groups"][0]["skipped"] == 1
    assert optimizer.param_groups[0]["evaluations"] == step + 4


def test_a_loss_that_is_not_a_number_moves_nothing_and_too_many_end_in_an_error():
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL, patience=3)
    before = [p.detach().clone() for p in net.parameters()]

    def closure():
        optimizer.zero_grad()
        loss = cross_entropy(net(batch(0)[0]), batch(0)[1])
        loss.backward()
        return loss * math.nan

    for _ in range(2):
        with pytest.warns(UserWarning, match="the loss is not finite"):
            assert optimizer.step(closure).isnan()
    with pytest.raises(FloatingPointError, match="the last 3"):
        optimizer.step(closure)
    assert optimizer.skipped == 3
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_a_closure_is_called_once_and_its_loss_returned():
    net, calls = model(), []
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = cross_entropy(net(batch(0)[0]), batch(0)[1])
        loss.backward()
        return loss

    assert optimizer.step(closure).item() > 0
    assert len(calls) == 1
    assert optimizer.skipped == 0


def test_gradients_of_zero_leave_parameters_where_they_are():
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), total=TOTAL)
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    for _ in range(5):
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert list(optimizer.factors().values()) == pytest.approx([math.exp(-5)] * 4)
    assert optimizer.skipped == 0


def test_more_steps_than_planned_are_reported():
    net = model()
    optimizer = FuzzySecondOrder(net.parameters(), total=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(net, optimizer, 3)
    with pytest.warns(UserWarning, match="more steps are taken than total, 3"):
        train(net, optimizer, 1)


def test_what_means_nothing_is_refused():
    p = [torch.ones(2, requires_grad=True)]
    for wrong, name in [
        ({"total": 0}, "total"),
        ({"total": 9, "trend": 1.0}, "beta"),
        ({"total": 9, "beta1": 1.0}, "beta1"),
        ({"total": 9, "momentum": 0.9}, "momentum"),
        ({"total": 9, "lr": -1.0}, "lr"),
    ]:
        with pytest.raises(ValueError, match=name):
            FuzzySecondOrder(p, **wrong)


def test_inner_products_are_sums_of_products():
    shapes = [(3, 4), (5,), (), (0,)]
    a, b = ([randn(*shape, seed=s + i) for i, shape in enumerate(shapes)] for s in (0, 10))
    expected = torch.stack([(x * y).sum() for x, y in zip(a, b, strict=True)])
    torch.testing.assert_close(inner_products(a, b), expected)


def test_slopes_are_averaged_and_compared():
    after, before = torch.tensor([-1.0, 0.0]), torch.tensor([-2.0, 0.0])
    found = loss_trend(after, before, torch.tensor([1.0, 0.0]), torch.tensor([-4.0, 0.0]), 0.5)
    for a, b in zip(found, ([0.0, 0.0], [-3.0, 0.0], [0.0, 0.0]), strict=True):
        assert a.tolist() == pytest.approx(b)


def test_without_a_controller_the_plan_alone_is_followed():
    steering = Steering(total=100, controller=None)
    memory, factors = steering(steering.begin(2), torch.full((2, 2), -1.0), evaluations=51)
    assert factors.tolist() == pytest.approx([0.5, 0.5])
    _, factors = Steering(total=100, controller=None, plan=None)(memory, torch.zeros(2, 2), 51)
    assert factors.tolist() == [1.0, 1.0]


def test_a_step_inside_what_you_compile_is_part_of_its_graph():
    mine, plain = model(), model()
    inside = FuzzySecondOrder(mine.parameters(), total=TOTAL)
    outside = FuzzySecondOrder(plain.parameters(), total=TOTAL)

    @torch.compile(backend="eager", fullgraph=True)
    def step(scale):
        for p in mine.parameters():
            p.grad.mul_(scale)
        inside.step()

    for t in range(6):
        for net in (mine, plain):
            net.zero_grad()
            cross_entropy(net(batch(t)[0]), batch(t)[1]).backward()
        step(torch.ones((), dtype=torch.float64))
        outside.step()
    for one, other in zip(mine.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert inside.param_groups[0]["evaluations"] == 6
