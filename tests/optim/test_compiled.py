"""Rules under `torch.compile`: the same numbers, from one graph."""

import operator
import os
import shutil

import pytest
import torch
from torch._dynamo.utils import counters

from course_lib.optim import rules
from course_lib.optim.bucket import CHUNK
from course_lib.optim.compiled import ALL_THREADS, ONE_THREAD
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
def compiler():
    """A C++ compiler, and no graph of another test. Without the compiler, skip; under CI, fail."""
    if not shutil.which("g++") and not shutil.which("clang++"):
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("torch.compile needs a C++ compiler")
    torch.compiler.reset()
    counters.clear()


@EACH
def test_a_hundred_compiled_steps_under_a_schedule_are_those_of_torch(name):
    mine, theirs = make_model(), make_model()
    for model, opt in (
        (mine, ours(name, mine.parameters(), lr=0.02, compiled=True)),
        (theirs, torchs(name, theirs.parameters(), lr=0.02)),
    ):
        run(model, opt, 100, scheduler=schedule(opt))
    assert_same(mine, theirs, rtol=1e-12, atol=1e-12)
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]


def test_one_graph_serves_small_tensors_another_large_ones_and_all_settings():
    """Small ones end to end, large ones alone, and betas that change: nothing is recompiled."""
    params = [torch.ones(n, requires_grad=True) for n in (3, 50, 2**16 + 1, 2**16 + 9)]
    opt = RuleOptimizer(params, rules.adamw, lr=0.1, compiled=True)
    for t in range(4):
        for p in params:
            p.grad = torch.full_like(p, t - 1.5)
        opt.param_groups[0]["beta1"] = 0.5 + 0.1 * t
        opt.param_groups[0]["weight_decay"] = 0.01 * t
        opt.step()
    assert counters["stats"]["unique_graphs"] == 2
    for p in params[1:]:
        torch.testing.assert_close(p[:3], params[0])


def test_large_tensors_have_all_threads_and_no_loop_divides_by_a_number(monkeypatch):
    """Whatever was compiled first; 1 / (1 − βᵗ) is made before the loop."""
    divisions, inductor = [], torch._dynamo.lookup_backend("inductor")

    def watched(graph, inputs, **options):
        for node in graph.graph.nodes:
            if node.target is operator.truediv and node.meta["example_value"].ndim:
                by = node.args[1].meta["example_value"].ndim
                divisions.append((by, options["config_patches"]))
        return inductor(graph, inputs, **options)

    monkeypatch.setattr(torch._dynamo, "lookup_backend", lambda name: watched)
    params = [torch.ones(n, requires_grad=True) for n in (5, CHUNK)]
    for p in params:
        p.grad = torch.ones_like(p)
    RuleOptimizer(params, rules.adam, lr=0.1, compiled=True).step()
    assert divisions[0] == (1, ONE_THREAD)  # by √v̂ + ε; torch may compile a graph twice
    assert divisions[-1] == (1, ALL_THREADS)
    assert {by for by, _ in divisions} == {1}


def test_float32_is_as_exact_as_without_the_compiler_from_the_first_step():
    """1 − βᵗ is made in float64: in float32 the first steps would be off by 1e-5."""
    p = torch.linspace(-1, 1, 50)
    ends = []
    for compiled in (False, True):
        mine = p.clone().requires_grad_()
        opt = RuleOptimizer([mine], rules.adam, lr=0.1, compiled=compiled)
        mine.grad = p.sin() + 2
        opt.step()
        ends.append(mine.detach() - p)
    torch.testing.assert_close(*ends, rtol=2e-6, atol=0)


def test_a_rule_of_your_own_is_compiled_too_and_one_for_whole_tensors():
    def normed(p, g, last, *, lr):
        return p - lr * g / g.norm() - lr * last, g

    mine, theirs = make_model(), make_model()
    for model, compiled in ((mine, True), (theirs, False)):
        opt = RuleOptimizer(model.parameters(), normed, lr=0.01, compiled=compiled)
        run(model, opt, 3)
    assert_same(mine, theirs)


def test_slots_handed_on_are_read_before_they_are_overwritten():
    def remembers_two(p, g, last, before, *, lr):
        return p - lr * (g + 10 * last + 100 * before), g, last

    p = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    opt = RuleOptimizer([p], remembers_two, lr=1.0, compiled=True)
    for g in (1.0, 2.0, 3.0):
        p.grad = torch.full_like(p, g)
        opt.step()
    assert (p == -(1 + (2 + 10) + (3 + 20 + 100))).all()


def test_many_rules_in_one_process_are_all_compiled():
    """torch counts the graphs of a function, whatever the rule, and stops at 8 if it is let."""

    def bent(bend):
        return lambda p, g, *, lr: p - lr * bend(g)

    bends = ["sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "atan", "erf", "sigmoid"]
    for bend in (getattr(torch, name) for name in bends):
        p = torch.ones(5, requires_grad=True)
        p.grad = torch.ones(5)
        RuleOptimizer([p], bent(bend), lr=0.1, compiled=True).step()
        torch.testing.assert_close(p.detach(), 1 - 0.1 * bend(p.grad))
    assert counters["stats"]["unique_graphs"] == 10


@pytest.mark.parametrize("compiled", [False, True])
def test_a_step_inside_what_you_compile_is_not_compiled_anew_each_time(compiled):
    mine, theirs = make_model(), make_model()
    opt = ours("adam", mine.parameters(), lr=0.02, compiled=compiled)
    backward(mine, 0)

    @torch.compile(backend="eager")
    def step(scale):
        for p in mine.parameters():
            p.grad.mul_(scale)
        opt.step()

    graphs = []
    for t in range(12):
        backward(mine, t)
        step(torch.ones((), dtype=torch.float64))
        graphs.append(counters["stats"]["unique_graphs"])
    run(theirs, torchs("adam", theirs.parameters(), lr=0.02), 12)
    assert_same(mine, theirs)
    assert graphs[1:] == [graphs[1]] * 11
