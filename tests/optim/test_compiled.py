"""Rules as one compiled graph: the same numbers, whatever changes from step to step."""

import math
import os
import shutil
import warnings

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from course_lib.lab.device import generator
from course_lib.optim import bucket, one_graph, rules
from course_lib.optim.lamb import lamb
from course_lib.optim.optimizer import RuleOptimizer
from tests.optim.test_optimizer import (
    EACH,
    assert_same,
    backward,
    make_model,
    ours,
    run,
    schedule,
    torchs,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own


@pytest.fixture(autouse=True)
def graphs(monkeypatch):
    """The inputs of each graph that is compiled. Without a C++ compiler, skip; under CI, fail."""
    if not shutil.which("g++") and not shutil.which("clang++"):
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("torch's compiler needs a C++ compiler")
    torch.compiler.reset()
    counters.clear()
    made, compile_in_place = [], one_graph.compile_in_place

    def watched(f, inputs, **how):
        made.append([tuple(x.shape) for x in inputs])
        return compile_in_place(f, inputs, **how)

    monkeypatch.setattr(one_graph, "compile_in_place", watched)
    return made


@EACH
@pytest.mark.parametrize("many", [16, 1], ids=["one graph", "any length"])
def test_a_hundred_compiled_steps_under_a_schedule_are_those_of_torch(
    name, many, graphs, monkeypatch
):
    monkeypatch.setattr(one_graph, "MANY", many)
    mine, theirs = make_model(), make_model()
    for model, opt in (
        (mine, ours(name, mine.parameters(), lr=0.02, compiled=True)),
        (theirs, torchs(name, theirs.parameters(), lr=0.02)),
    ):
        run(model, opt, 100, scheduler=schedule(opt))
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert len(graphs) == 1


def test_lamb_of_which_torch_has_none_is_the_same_with_and_without_the_compiler(graphs):
    mine, theirs = make_model(), make_model()
    for model, compiled in ((mine, True), (theirs, False)):
        run(model, RuleOptimizer(model.parameters(), lamb, lr=0.01, compiled=compiled), 20)
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert len(graphs) == 1


@pytest.mark.parametrize(("lacks", "tried"), [(False, [True]), (True, [True, None])])
def test_instructions_are_tried_only_where_the_c_compiler_lacks_some(lacks, tried, monkeypatch):
    known, compile_graph = [], torch._inductor.standalone_compile

    def watched(*args, **how):
        known.append(torch._inductor.config.cpp.vec_isa_ok)
        if lacks and known[-1]:
            raise RuntimeError("error: unrecognized command-line option -mavx512f")
        return compile_graph(*args, **how)

    monkeypatch.setattr(torch._inductor, "standalone_compile", watched)
    mine, theirs = make_model(), make_model()
    for model, compiled in ((mine, True), (theirs, False)):
        run(model, ours("gd", model.parameters(), lr=0.1, compiled=compiled), 2)
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert known == tried


def _step(params, opt, t):
    for i, p in enumerate(params):
        p.grad = torch.randn(p.shape, generator=generator(100 * t + i), dtype=p.dtype)
    opt.step()


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_float32_is_as_exact_as_float64_to_a_millionth(name):
    """From the first step on: 1 − βᵗ is made in Python, in float32 it would be off by 1e-5."""
    start = [torch.randn(s, generator=generator(0)) / 1000 for s in ((50, 7), (50,))]
    mine = [x.clone().requires_grad_() for x in start]
    exact = [x.double().requires_grad_() for x in start]
    opts = ours(name, mine, lr=0.02, compiled=True), ours(name, exact, lr=0.02)
    for t in range(20):
        for p in mine:
            p.grad = torch.randn(p.shape, generator=generator(t))
        for p, other in zip(exact, mine, strict=True):
            p.grad = other.grad.double()
        for opt in opts:
            opt.step()
        if t in (0, 19):
            for p, other, first in zip(mine, exact, start, strict=True):
                error = (p.double() - other).abs().max() / (other - first).abs().max()
                assert error < 1e-6


def test_one_graph_serves_all_settings(graphs):
    mine, theirs = make_model(), make_model()
    opts = [
        RuleOptimizer(model.parameters(), rules.adamw, lr=0.1, compiled=compiled)
        for model, compiled in ((mine, True), (theirs, False))
    ]
    for t in range(5):
        for model, opt in zip((mine, theirs), opts, strict=True):
            group = opt.param_groups[0]
            group["lr"] = torch.tensor(0.1 / (t + 1)) if t == 2 else 0.1 / (t + 1)
            group["beta1"], group["weight_decay"] = 0.5 + 0.1 * t, 0.01 * t
            run(model, opt, 1, first=t)
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert len(graphs) == 1


def test_groups_parameters_without_gradients_and_those_added_later():
    """Each company that steps together has a graph, and all of them are right."""
    ends = []
    for compiled in (True, False):
        model = make_model()
        groups = [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[2].parameters()}]
        opt = RuleOptimizer(groups, rules.adam, lr=0.01, compiled=compiled)
        for t in range(6):
            backward(model, t)
            if t in (1, 4):
                model[0].bias.grad = None
            if t == 3:
                opt.add_param_group({"params": list(model[4].parameters()), "beta1": 0.5})
            opt.step()
        ends.append(model)
    assert_same(*ends, rtol=1e-12, atol=1e-12)


def _elsewhere(model):
    for p in model.parameters():
        p.data = p.data.clone()


def _in_another_order(model):
    model[0].to(memory_format=torch.contiguous_format)


def _in_another_dtype(model):
    model.to(torch.float32)


@pytest.mark.parametrize("many", [16, 1], ids=["one graph", "any length"])
@pytest.mark.parametrize("move", [_elsewhere, _in_another_order, _in_another_dtype])
def test_parameters_and_slots_that_move_between_steps_are_found(move, many, monkeypatch):
    monkeypatch.setattr(one_graph, "MANY", many)
    ends = []
    for compiled in (True, False):
        model = make_model()
        opt = RuleOptimizer(model.parameters(), rules.adam, lr=0.01, compiled=compiled)
        run(model, opt, 3)
        move(model)
        run(model, opt, 3, first=3)
        opt.load_state_dict(opt.state_dict())
        run(model, opt, 2, first=6)
        ends.append(model)
    loose = 1e-5 if move is _in_another_dtype else 1e-12
    assert_same(*ends, rtol=loose, atol=loose)


def test_a_parameter_that_is_cut_in_its_place_is_not_written_beyond():
    whole = torch.ones(8)
    p = nn.Parameter(whole)
    opt = RuleOptimizer([p], rules.gd, lr=1.0, compiled=True)
    for places in (8, 5):
        p.data, p.grad = whole[:places], None
        p.grad = torch.ones(places)
        opt.step()
    assert whole.tolist() == [-1.0] * 5 + [0.0] * 3


def test_gradients_in_another_order_or_seen_everywhere_are_read_right(graphs):
    p = torch.zeros(3, 2, requires_grad=True)
    opt = RuleOptimizer([p], rules.gd, lr=1.0, compiled=True)
    g = torch.arange(6.0)
    for gradient in (g.view(3, 2), g.view(2, 3).T, torch.ones(()).expand(3, 2), g.view(3, 2)):
        before = p.detach().clone()
        p.grad = gradient
        opt.step()
        torch.testing.assert_close(p.detach(), before - gradient)
    assert len(graphs) == 3


def test_two_parameters_with_one_gradient_may_have_two_at_the_next_step():
    params = [torch.zeros(5, 3, requires_grad=True) for _ in range(2)]
    params[0].grad = params[1].grad = torch.ones(5, 3)
    optimizer = RuleOptimizer(params, rules.gd, lr=1.0, compiled=True)
    optimizer.step()
    params[1].grad = torch.full((5, 3), 4.0)
    optimizer.step()
    assert [p[0, 0].item() for p in params] == [-2, -5]


@pytest.mark.parametrize("places", [3, 2**15])
def test_many_tensors_share_a_graph_of_any_length(places, graphs, monkeypatch):
    monkeypatch.setitem(bucket.LARGE, "cpu", 2**15)
    params = [torch.ones(n, requires_grad=True) for n in [*range(18), places, 2**16 + 1]]
    others = [p.detach().clone().requires_grad_() for p in params]
    opt = ours("adam", params, compiled=True)
    other = torchs("adam", others)
    for t in range(3):
        for of, step in ((params, opt), (others, other)):
            _step(of, step, t)
    for p, q in zip(params, others, strict=True):
        torch.testing.assert_close(p, q)
    assert len(graphs) == 2  # for short rows and for long ones


def test_what_steps_in_ever_other_company_runs_as_it_is_written(graphs, monkeypatch):
    monkeypatch.setattr(one_graph, "KEPT", 2)
    mine, theirs = ([torch.ones(2, requires_grad=True) for _ in range(4)] for _ in range(2))
    opts = ours("adam", mine, compiled=True), torchs("adam", theirs)
    for params, opt in zip((mine, theirs), opts, strict=True):
        for t in range(4):
            opt.zero_grad()
            _step(params[: t + 1], opt, 0)
    for p, q in zip(mine, theirs, strict=True):
        torch.testing.assert_close(p, q)
    assert len(graphs) <= 2


def test_a_gradient_scaler_works_as_with_torchs_optimizers():
    mine, theirs = make_model(), make_model()
    for model, opt in (
        (mine, ours("adam", mine.parameters(), lr=0.02, compiled=True)),
        (theirs, torchs("adam", theirs.parameters(), lr=0.02)),
    ):
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        for t in range(4):
            opt.zero_grad()
            x = torch.randn(6, 2, 4, 4, generator=generator(t), dtype=torch.float64)
            scaler.scale((model(x) - 1).square().mean()).backward()
            if t == 2:
                model[2].bias.grad[0] = torch.inf
            scaler.step(opt)
            scaler.update()
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)


# Rules of your own


def _normed(p, g, last, *, lr):
    return p - lr * g / g.norm() - lr * last, g


def _lion(p, g, m, *, lr, beta1=0.9, beta2=0.99):
    return p - lr * torch.sign(beta1 * m + (1 - beta1) * g), m.lerp(g, 1 - beta2)


def _amsgrad(p, g, m, v, top, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    top = torch.maximum(top, v)
    return p - lr / (1 - beta1**t) * m / ((top / (1 - beta2**t)).sqrt() + eps), m, v, top


def _with_math(p, g, m, *, t, lr, beta=0.9):
    m = beta * m + (1 - beta) * g
    return p - lr * math.sqrt(1 - beta**t) * m / t**0.5, m


def _swaps(p, g, a, b, *, lr):
    return p - lr * a + b, b + g, a


def _remembers_two(p, g, last, before, *, lr):
    return p - lr * (g + 10 * last + 100 * before), g, last


def _clips(p, g, *, lr, most=0.1):
    return p - lr * g.clamp(-most, most)


def _counts(p, g, n, *, t, lr):
    return p - lr * g * n, n * 0 + t


def _curved(p, g, h, *, lr):
    """h is a diagonal of the curvature, which somebody writes into its slot now and then."""
    return p - lr * g / (h.abs() + 1), h


@pytest.mark.parametrize(
    "rule",
    [_normed, _lion, _amsgrad, _with_math, _swaps, _remembers_two, _clips, _counts, _curved],
)
def test_a_rule_of_your_own_is_compiled_too(rule, graphs):
    mine, theirs = make_model(), make_model()
    for model, compiled in ((mine, True), (theirs, False)):
        opt = RuleOptimizer(model.parameters(), rule, lr=0.01, compiled=compiled)
        for t in range(5):
            backward(model, t)
            opt.step()
            for of_p in opt.state.values():
                if "h" in of_p:
                    of_p["h"].fill_(t)
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert len(graphs) == 1


def _asks_for_t(p, g, *, t, lr):
    return p - (lr if t < 3 else lr / 10) * g


def _asks_for_axes(p, g, *, lr):
    return p - lr * g if p.ndim > 1 else p


def _needs_a_number(p, g, v, *, lr, beta=0.9):
    v = beta * v + g * g
    return torch.addcdiv(p, g, v.sqrt() + 1e-8, value=-lr), v


@pytest.mark.parametrize("rule", [_asks_for_t, _asks_for_axes, _needs_a_number])
def test_a_rule_that_cannot_be_compiled_runs_as_it_is_written_and_says_so_once(rule, graphs):
    mine, theirs = make_model(), make_model()
    with pytest.warns(UserWarning, match=f"{rule.__name__} cannot be compiled and runs as") as said:
        opt = RuleOptimizer(mine.parameters(), rule, lr=0.01, compiled=True)
    assert len(said) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(mine, opt, 5)
    run(theirs, RuleOptimizer(theirs.parameters(), rule, lr=0.01), 5)
    assert_same(mine, theirs, rtol=0, atol=0)
    assert not graphs


def test_a_result_of_another_shape_is_named_and_nothing_is_written():
    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    with pytest.warns(UserWarning, match="cannot be compiled"):
        opt = RuleOptimizer([p], lambda p, g, *, lr: (p - lr * g).sum(), lr=1.0, compiled=True)
    with pytest.raises(ValueError, match=r"a result has shape \(\), not \(3,\)"):
        opt.step()
    assert (p == 1).all()


# Inside what somebody compiles


@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_step_inside_what_you_compile_is_part_of_its_graph(compiled, scheduled):
    """Unless torch's schedulers are there: they wrap a step in what its compiler does not read."""
    mine, theirs = make_model(), make_model()
    opt = ours("adam", mine.parameters(), lr=0.02, compiled=compiled)
    other = torchs("adam", theirs.parameters(), lr=0.02)
    schedules = [schedule(opt), schedule(other)] if scheduled else []

    @torch.compile(backend="eager", fullgraph=not scheduled)
    def step(scale):
        for p in mine.parameters():
            p.grad.mul_(scale)
        opt.step()

    for t in range(6):
        if not scheduled:
            opt.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.02 / (t + 1)
        backward(mine, t)
        step(torch.ones((), dtype=torch.float64))
        run(theirs, other, 1, first=t)
        for each in schedules:
            each.step()
    assert_same(mine, theirs)
    assert scheduled or counters["stats"]["unique_graphs"] == 1


@pytest.mark.filterwarnings("ignore:Profiler record function")
@pytest.mark.parametrize("whole", [False, True], ids=["as torch is", "backward in the graph"])
def test_a_training_step_that_you_compile_is_one_graph(whole, monkeypatch):
    """torch breaks the graph at `backward` unless it is told not to; a step breaks none."""
    if whole and not hasattr(torch._dynamo.config, "trace_autograd_ops"):
        pytest.skip("this torch cannot take backward into a graph")
    if whole:
        monkeypatch.setattr(torch._dynamo.config, "trace_autograd_ops", True)
    model, other = (nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)) for _ in range(2))
    other.load_state_dict(model.state_dict())

    def training(model, opt):
        def step(x):
            loss = (model(x) - 1).square().mean()
            loss.backward()
            opt.step()

        return step

    mine, theirs = (RuleOptimizer(m.parameters(), rules.adam, lr=0.01) for m in (model, other))
    steps = torch.compile(training(model, mine), fullgraph=whole), training(other, theirs)
    for t in range(5):
        for opt, step in zip((mine, theirs), steps, strict=True):
            opt.zero_grad()
            opt.param_groups[0]["lr"] = 0.01 / (t + 1)
            step(torch.randn(5, 4, generator=generator(t)))
    assert_same(model, other, rtol=1e-5, atol=1e-6)
    assert counters["stats"]["unique_graphs"] == (1 if whole else 2)
