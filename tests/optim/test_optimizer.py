"""The optimizer that runs any rule, against torch's optimizers and as one of them."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from course_lib.lab.device import generator
from course_lib.optim import bucket, rules
from course_lib.optim.optimizer import RuleOptimizer
from tests.optim.test_rules import RULES

EACH = pytest.mark.parametrize("name", RULES)


def make_model(seed=0, dtype=torch.float64):
    """A small network, with a convolution whose weights lie in memory in another order."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 1)
        )
    model[0].to(memory_format=torch.channels_last)
    return model.to(dtype)


def ours(name, params, lr=0.1, **more):
    rule, _, hyper, _ = RULES[name]
    return RuleOptimizer(params, rule, lr=lr, **hyper, **more)


def torchs(name, params, lr=0.1):
    _, make, _, hyper = RULES[name]
    theirs = make(params, lr=lr, foreach=False, **hyper)
    if name == "momentum_ema":  # torch's first velocity is the gradient itself, undamped
        for group in theirs.param_groups:
            for p in group["params"]:
                theirs.state[p]["momentum_buffer"] = torch.zeros_like(p)
    return theirs


def backward(model, seed):
    """Set the gradients of a cost that depends on the parameters and on a seed."""
    dtype = next(model.parameters()).dtype
    x = torch.randn(6, 2, 4, 4, generator=generator(seed), dtype=torch.float64).to(dtype)
    model.zero_grad()
    loss = (model(x) - 1).square().mean()
    loss.backward()
    return loss


def run(model, opt, steps, first=0, scheduler=None):
    for t in range(first, first + steps):
        backward(model, t)
        opt.step()
        if scheduler:
            scheduler.step()


def assert_same(a, b, rtol=1e-10, atol=1e-12):
    for mine, theirs in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=rtol, atol=atol)


def schedule(opt):
    return torch.optim.lr_scheduler.LambdaLR(opt, lambda t: (1 + 0.5 * (-1) ** t) / (t + 1) ** 0.5)


# Trajectories


@EACH
@pytest.mark.parametrize("large", [2**16, 1], ids=["end to end", "each alone"])
def test_a_hundred_steps_under_a_schedule_are_those_of_torch(name, large, monkeypatch):
    monkeypatch.setitem(bucket.LARGE, "cpu", large)
    mine, theirs = make_model(), make_model()
    for model, make in ((mine, ours), (theirs, torchs)):
        opt = make(name, model.parameters(), lr=0.02)
        run(model, opt, 100, scheduler=schedule(opt))
    assert_same(mine, theirs)


@EACH
def test_pieces_are_the_whole(name, monkeypatch):
    whole, pieces = make_model(), make_model()
    run(whole, ours(name, whole.parameters(), lr=0.02), 5)
    monkeypatch.setattr(bucket, "CHUNK", 7)
    run(pieces, ours(name, pieces.parameters(), lr=0.02), 5)
    assert_same(pieces, whole, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("name", ["gd", "momentum", "adam", "adamw"])
def test_a_step_in_low_precision_is_torchs_to_rounding(name, dtype):
    p = torch.randn(50, generator=generator(0)).to(dtype)
    mine, theirs = p.clone().requires_grad_(), p.clone().requires_grad_()
    opts = ours(name, [mine]), torchs(name, [theirs])
    for t in range(10):
        g = torch.randn(50, generator=generator(t + 1)).to(dtype)
        mine.grad, theirs.grad = g.clone(), g.clone()
        for opt in opts:
            opt.step()
    assert all(slot.dtype == dtype for slot in _slots(opts[0], mine))
    error = (mine - theirs).abs().max() / (theirs - p).abs().max()
    assert error < 20 * torch.finfo(dtype).eps


# As a torch optimizer


def test_groups_have_settings_of_their_own():
    mine, theirs = make_model(), make_model()
    for model, make, beta in ((mine, RuleOptimizer, "beta"), (theirs, None, "momentum")):
        groups = [
            {"params": model[0].parameters(), "lr": 0.5},
            {"params": model[2].parameters(), beta: 0.5},
            {"params": model[4].parameters()},
        ]
        settings = {"lr": 0.01, beta: 0.9}
        opt = (
            make(groups, rules.momentum, **settings)
            if make
            else torch.optim.SGD(groups, **settings)
        )
        run(model, opt, 10)
    assert_same(mine, theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda opt: torch.optim.lr_scheduler.StepLR(opt, 3, gamma=0.5),
        lambda opt: torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10),
        lambda opt: torch.optim.lr_scheduler.OneCycleLR(opt, 0.1, 20, cycle_momentum=False),
    ],
    ids=["step", "cosine", "one cycle"],
)
def test_torchs_schedulers_change_lr(make):
    mine, theirs = make_model(), make_model()
    for model, of in ((mine, ours), (theirs, torchs)):
        opt = of("adam", model.parameters(), lr=0.02)
        run(model, opt, 12, scheduler=make(opt))
    assert_same(mine, theirs)


CYCLES = {
    "one cycle": lambda opt, **k: torch.optim.lr_scheduler.OneCycleLR(opt, 0.1, 20, **k),
    "cyclic": lambda opt, **k: torch.optim.lr_scheduler.CyclicLR(opt, 0.01, 0.1, 4, **k),
}


@EACH
@pytest.mark.parametrize("cycle", CYCLES)
def test_schedulers_that_cycle_momentum_too_do_so_by_their_defaults(name, cycle):
    """β₁ and the β of momentum are cycled as in torch; where there is no momentum, lr alone is."""
    mine, theirs = make_model(), make_model()
    without = {"cycle_momentum": False} if name in ("gd", "adagrad", "rmsprop") else {}
    for model, of, settings in ((mine, ours, {}), (theirs, torchs, without)):
        opt = of(name, model.parameters(), lr=0.02)
        run(model, opt, 6, scheduler=CYCLES[cycle](opt, **settings))
        opt = copy.deepcopy(opt.state_dict())  # and after a state was loaded
        again = of(name, model.parameters(), lr=0.02)
        scheduler = CYCLES[cycle](again, **settings)
        again.load_state_dict(opt)
        run(model, again, 6, first=6, scheduler=scheduler)
    if name == "momentum_ema":  # its (1 − β) g is a constant, called dampening, in torch
        assert again.param_groups[0]["momentum"] != 0.9
        return
    assert_same(mine, theirs)


def test_a_group_may_say_torchs_names_and_keeps_the_rules():
    p, q = (torch.zeros(1, requires_grad=True) for _ in range(2))
    opt = RuleOptimizer([{"params": [p], "betas": (0.5, 0.6)}], rules.adam, lr=0.1)
    assert {n: v for n, v in opt.param_groups[0].items() if n != "params"} == {
        **{"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "eps": 1e-8}
    }
    opt = RuleOptimizer([{"params": [q], "momentum": 0.5}], rules.nesterov, lr=0.1)
    assert opt.param_groups[0]["beta"] == 0.5
    with pytest.raises(ValueError, match="beta1 is 2; it must be from 0 to below 1"):
        RuleOptimizer([{"params": [p], "betas": (2, 0.6)}], rules.adam, lr=0.1)


def test_lr_may_be_a_tensor():
    mine, theirs = make_model(), make_model()
    run(mine, ours("adam", mine.parameters(), lr=torch.tensor(0.02, dtype=torch.float64)), 5)
    run(theirs, torchs("adam", theirs.parameters(), lr=0.02), 5)
    assert_same(mine, theirs)


def test_a_closure_is_called_with_gradients_on_and_its_loss_is_returned():
    model, seen = make_model(), []
    opt = ours("momentum", model.parameters())

    def closure():
        seen.append(torch.is_grad_enabled())
        return backward(model, 0)

    before = [p.detach().clone() for p in model.parameters()]
    assert opt.step(closure) > 0
    assert seen == [True]
    assert all((p != old).any() for p, old in zip(model.parameters(), before, strict=True))


def test_no_gradient_no_step():
    """The parameter, its slots and its count of steps stay, as in torch."""
    mine, theirs = make_model(), make_model()
    opts = ours("adam", mine.parameters()), torchs("adam", theirs.parameters())
    for t in range(6):
        for model, opt in zip((mine, theirs), opts, strict=True):
            backward(model, t)
            if t in (0, 3):
                model[2].zero_grad(set_to_none=True)
            opt.step()
    assert_same(mine, theirs)
    assert [opts[0].state[p]["step"] for p in mine.parameters()] == [6, 6, 4, 4, 6, 6]


def test_no_gradient_at_all_is_no_step():
    model = make_model()
    opt = ours("adam", model.parameters())
    opt.step()
    opt.zero_grad(set_to_none=True)
    opt.step()
    assert not any(opt.state[p] for p in model.parameters())


def test_zero_gradients_are_a_step():
    mine, theirs = make_model(), make_model()
    for model, make in ((mine, ours), (theirs, torchs)):
        opt = make("momentum", model.parameters())
        run(model, opt, 2)
        opt.zero_grad(set_to_none=False)
        opt.step()
    assert_same(mine, theirs)


def test_parameters_added_later_count_their_own_steps():
    mine, theirs = make_model(), make_model()
    for model, make in ((mine, ours), (theirs, torchs)):
        opt = make("adam", model[0].parameters())
        run(model, opt, 3)
        opt.add_param_group({"params": list(model[2].parameters()), "lr": 0.01})
        run(model, opt, 3, first=3)
    assert_same(mine, theirs)


def test_tied_weights_take_one_step():
    def tied():
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).double()
        with torch.no_grad():
            for i, p in enumerate(model.parameters()):
                p.copy_(torch.randn(p.shape, generator=generator(i), dtype=torch.float64))
        model[1].weight = model[0].weight
        return model

    mine, theirs = tied(), tied()
    for model, make in ((mine, ours), (theirs, torchs)):
        opt = make("momentum", model.parameters())
        for t in range(4):
            opt.zero_grad()
            model(torch.ones(2, 4).double() * t).square().sum().mul(1e-4).backward()
            opt.step()
    assert mine[0].weight is mine[1].weight
    assert_same(mine, theirs)


def test_an_expanded_gradient_a_number_and_an_empty_tensor():
    shapes = ((3, 2), (), (0, 4))
    mine, theirs = ([torch.ones(s, requires_grad=True) for s in shapes] for _ in range(2))
    for params, make in ((mine, ours), (theirs, torchs)):
        opt = make("adam", params)
        for _ in range(3):
            opt.zero_grad()
            sum(p.sum() for p in params).backward()  # of a sum: one number, seen everywhere
            opt.step()
    for p, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(p, other)


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("places", [3, 2**16 + 5])
def test_a_parameter_twice_in_a_group_takes_one_step(places):
    p = torch.ones(places, requires_grad=True)
    opt = RuleOptimizer([p, p], rules.momentum, lr=0.1)
    for expected in (0.9, 0.9 - 0.1 * 1.9):
        p.grad = torch.ones(places)
        opt.step()
        torch.testing.assert_close(p.detach(), torch.full((places,), expected))
    assert opt.state[p]["step"] == 2


def test_hooks_are_called():
    model, called = make_model(), []
    opt = ours("gd", model.parameters())
    opt.register_step_pre_hook(lambda *_: called.append("before"))
    opt.register_step_post_hook(lambda *_: called.append("after"))
    run(model, opt, 1)
    assert called == ["before", "after"]


# Saved, copied, moved

ADAMS = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def _through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file)


@EACH
def test_a_state_saved_and_loaded_goes_on_as_if_nothing_had_happened(name):
    straight, broken = make_model(), make_model()
    run(straight, ours(name, straight.parameters(), lr=0.02), 8)
    opt = ours(name, broken.parameters(), lr=0.02)
    run(broken, opt, 4)
    resumed = make_model(seed=1)
    resumed.load_state_dict(_through_a_file(broken.state_dict()))
    again = ours(name, resumed.parameters(), lr=99.0)
    again.load_state_dict(_through_a_file(opt.state_dict()))
    run(resumed, again, 4, first=4)
    assert_same(resumed, straight, rtol=0, atol=0)


def test_a_state_holds_each_slot_in_the_shape_of_its_parameter():
    model = make_model()
    opt = ours("adam", model.parameters())
    run(model, opt, 2)
    for p in model.parameters():
        assert {name: getattr(v, "shape", v) for name, v in opt.state[p].items()} == {
            "m": p.shape,
            "v": p.shape,
            "step": 2,
        }


@EACH
@pytest.mark.parametrize("how", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_goes_its_own_way(name, how):
    model = make_model()
    opt = ours(name, model.parameters(), lr=0.02)
    run(model, opt, 3)
    twin, twin_opt = how((model, opt))
    before = [p.detach().clone() for p in model.parameters()]
    run(twin, twin_opt, 3, first=3)
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True))
    run(model, opt, 3, first=3)
    assert_same(twin, model, rtol=0, atol=0)


def test_slots_follow_a_model_that_is_moved():
    """To another dtype here; a device is the same line of code, and is tried where there is one."""
    moved, there = make_model(dtype=torch.float32), make_model()
    opt, other = ours("adam", moved.parameters()), ours("adam", there.parameters())
    run(moved, opt, 3)
    moved.to(torch.float64)
    run(there, other, 3)
    run(moved, opt, 3, first=3)
    run(there, other, 3, first=3)
    assert all(slot.dtype == torch.float64 for p in moved.parameters() for slot in _slots(opt, p))
    assert_same(moved, there, rtol=1e-3, atol=1e-4)


def test_parameters_that_somebody_else_sets_are_seen():
    model = make_model()
    opt = ours("gd", model.parameters(), lr=0.0)
    run(model, opt, 1)
    with torch.no_grad():
        model[2].weight.fill_(3.0)
    model[4].weight.data = torch.full((1, 5), 4.0, dtype=torch.float64)
    run(model, opt, 1)
    assert (model[2].weight == 3).all()
    assert (model[4].weight == 4).all()


def test_a_weight_that_changes_its_order_in_memory_is_still_found():
    mine, theirs = make_model(), make_model()
    for model, make in ((mine, ours), (theirs, torchs)):
        model[0].to(memory_format=torch.contiguous_format)
        opt = make("adam", model[0].parameters())
        run(model, opt, 2)
        model[0].to(memory_format=torch.channels_last)
        run(model, opt, 2, first=2)
    assert_same(mine, theirs)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda p: torch.optim.Adam(p),
            "a group of the state lacks beta1, beta2: it was not saved",
        ),
        (lambda p: RuleOptimizer(p, rules.gd, lr=0.1), "a group of the state lacks beta1, beta2"),
        (
            lambda p: RuleOptimizer(p, lambda p, g, *, lr, beta1, beta2, eps: p, **ADAMS),
            "a parameter of the state lacks m, v: .* by a RuleOptimizer that runs adam",
        ),
    ],
)
def test_the_state_of_another_rule_is_refused_in_a_sentence(make, words):
    p = torch.zeros(3, requires_grad=True)
    p.grad = torch.ones(3)
    other, opt = make([p]), RuleOptimizer([p], rules.adam, lr=0.1)
    other.step()
    with pytest.raises(ValueError, match=words) as caught:
        opt.load_state_dict(other.state_dict())
    assert len(str(caught.value)) <= 320


def _slots(opt, p):
    return [value for name, value in opt.state[p].items() if name != "step"]


# Rules of your own


def test_a_rule_that_looks_at_the_whole_tensor_gets_each_as_it_is():
    def normed(p, g, *, lr):
        return p - lr * g / g.norm()

    model = make_model()
    opt = RuleOptimizer(model.parameters(), normed, lr=0.1)
    backward(model, 0)
    expected = [p - 0.1 * p.grad / p.grad.norm() for p in model.parameters()]
    opt.step()
    for p, value in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(p, value)


def _clips(p, g, *, lr, clip=0.0):
    return p - lr * (g * min(1.0, clip / float(g.norm())) if clip else g)


@pytest.mark.parametrize("when", ["in a group", "later"])
def test_a_rule_that_looks_at_the_whole_only_with_some_settings(when):
    params = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    for p, g in zip(params, (1.0, 10.0), strict=True):
        p.grad = torch.full((1,), g)
    group = {"params": params} | ({"clip": 1.0} if when == "in a group" else {})
    opt = RuleOptimizer([group], _clips, lr=1.0)
    opt.param_groups[0]["clip"] = 1.0
    opt.step()
    assert [p.item() for p in params] == [-1.0, -1.0]


def test_a_setting_with_a_value_for_each_place_goes_with_a_tensor_as_it_is():
    params = [torch.zeros(2, requires_grad=True) for _ in range(2)]
    opt = RuleOptimizer(params, rules.momentum, lr=0.5)
    for lr in (1.0, torch.tensor([1.0, 2.0]), 1.0):
        opt.param_groups[0]["lr"] = lr
        for p in params:
            p.grad = torch.ones(2)
        opt.step()
    for p in params:  # the velocities are 1, 1.9 and 2.71
        torch.testing.assert_close(p.detach(), torch.tensor([-5.61, -7.51]))


@pytest.mark.parametrize("places", [5, 2**16 + 5])
def test_a_rule_may_hand_its_slots_on(places):
    """What it returns as a slot may be the gradient, or what was in another slot."""

    def remembers_two(p, g, last, before, *, lr):
        return p - lr * (g + 10 * last + 100 * before), g, last.detach()

    p = torch.zeros(places, dtype=torch.float64, requires_grad=True)
    opt = RuleOptimizer([p], remembers_two, lr=1.0)
    for g in (1.0, 2.0, 3.0):
        p.grad = torch.full_like(p, g)
        opt.step()
    assert (p == -(1 + (2 + 10) + (3 + 20 + 100))).all()


def test_a_rule_that_draws_random_numbers_is_run_tensor_by_tensor():
    def noisy(p, g, *, lr):
        return p - lr * (g + torch.randn_like(g))

    p = torch.zeros(3, requires_grad=True)
    p.grad = torch.ones(3)
    opt = RuleOptimizer([p], noisy, lr=0.1)
    opt.step()
    assert p.isfinite().all()


def _forgets_v(p, g, v, *, lr):
    return p - lr * (v + g)


def _returns_nothing(p, g, *, lr):
    p - lr * g


def _of_another_shape(p, g, *, lr):
    return p[:1] - lr * g[:1]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (_forgets_v, "_forgets_v returned a tensor; it must return the parameter, v"),
        (_returns_nothing, "_returns_nothing returned None; it must return the parameter"),
        (_of_another_shape, r"a result has shape \(1,\), not \(3,\)"),
    ],
)
def test_a_rule_that_returns_something_else_is_named(rule, words):
    p = torch.zeros(3, requires_grad=True)
    p.grad = torch.ones(3)
    opt = RuleOptimizer([p], rule, lr=0.1)
    with pytest.raises(ValueError, match=words):
        opt.step()


# Bad input


@pytest.mark.parametrize(
    ("hyper", "words"),
    [
        ({"lr": -0.1}, "lr is -0.1; it must be 0 or more"),
        ({"lr": float("nan")}, "lr is nan; it must be 0 or more"),
        ({"lr": float("inf")}, "lr is inf; it must be 0 or more"),
        ({"lr": 0.1, "beta1": 1.0}, "beta1 is 1.0; it must be from 0 to below 1"),
        ({"lr": 0.1, "beta2": -0.5}, "beta2 is -0.5; it must be from 0 to below 1"),
        ({"lr": 0.1, "eps": -1e-8}, "eps is -1e-08; it must be 0 or more"),
        ({"lr": 0.1, "weight_decay": -1.0}, "weight_decay is -1.0; it must be 0 or more"),
        ({"lr": 0.1, "momentum": 0.9}, "momentum is not a setting of adamw, which takes: lr, beta"),
        ({"lr": 0.1, "t": 1}, "t is not a setting of adamw"),
        ({}, "lr is missing; adamw takes: lr, beta1, beta2, eps, weight_decay"),
        ({"lr": torch.tensor(-1.0)}, "lr is -1.0; it must be 0 or more"),
    ],
)
def test_bad_hyper_parameters_are_named_with_value_and_range(hyper, words):
    with pytest.raises(ValueError, match=words):
        RuleOptimizer([torch.zeros(1, requires_grad=True)], rules.adamw, **hyper)


def test_a_bad_value_in_a_group_is_named_too():
    p = torch.zeros(1, requires_grad=True)
    with pytest.raises(ValueError, match=r"beta is 2; it must be from 0 to below 1"):
        RuleOptimizer([{"params": [p], "beta": 2}], rules.momentum, lr=0.1)


def test_sparse_and_complex_are_refused():
    p = torch.zeros(3, requires_grad=True)
    p.grad = torch.ones(3).to_sparse()
    with pytest.raises(ValueError, match="a gradient is sparse"):
        RuleOptimizer([p], rules.gd, lr=0.1).step()
    with pytest.raises(ValueError, match="a parameter is complex"):
        RuleOptimizer([torch.zeros(3, dtype=torch.complex64)], rules.adam, lr=0.1)


def test_nothing_to_optimise_is_said_by_torch():
    with pytest.raises(ValueError, match="empty parameter list"):
        RuleOptimizer([], rules.gd, lr=0.1)
