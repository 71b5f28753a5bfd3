"""LAMB against Keras, against the paper's lines in plain Python, and its laws."""

import math

import pytest
import torch

from course_lib.optim.lamb import lamb
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.rules import adam, adamw
from course_lib.optim.signature import apply, slot_names


def draw(*shape, seed=0):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


def run(p, gradients, **hyper):
    """Return where LAMB ends."""
    slots = (torch.zeros_like(p),) * 2
    for t, g in enumerate(gradients, start=1):
        p, slots = apply(lamb, p, g, slots, t=t, **hyper)
    return p


def by_the_paper(x, gradients, lr, beta1, beta2, eps, decay):
    """Return where the lines of algorithm 2 end, for lists of numbers."""
    m, v = [0.0] * len(x), [0.0] * len(x)
    for t, g in enumerate(gradients, start=1):
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        v = [beta2 * a + (1 - beta2) * b**2 for a, b in zip(v, g, strict=True)]
        m_hat, v_hat = [a / (1 - beta1**t) for a in m], [a / (1 - beta2**t) for a in v]
        r = [a / (math.sqrt(b) + eps) for a, b in zip(m_hat, v_hat, strict=True)]
        u = [a + decay * b for a, b in zip(r, x, strict=True)]
        ratio = math.hypot(*x) / math.hypot(*u)
        x = [a - lr * ratio * b for a, b in zip(x, u, strict=True)]
    return x


def test_fifty_steps_are_those_of_the_paper():
    p, gradients = draw(5), draw(50, 5, seed=1)
    hyper = {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3}
    expected = by_the_paper(p.tolist(), gradients.tolist(), decay=0.1, **hyper)
    found = run(p, gradients, weight_decay=0.1, **hyper)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-5, atol=1e-6)
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


def test_fifty_steps_without_decay_are_those_of_keras(keras):
    p, gradients = draw(3, 4), draw(50, 3, 4, seed=1)
    variable = keras.Variable(p.numpy(), dtype="float64")
    theirs = keras.optimizers.Lamb(learning_rate=0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    for g in gradients:
        theirs.apply([keras.ops.convert_to_tensor(g.numpy(), dtype="float64")], [variable])
    hyper = {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.0}
    expected = variable.value.detach()
    torch.testing.assert_close(run(p, gradients, **hyper), expected, rtol=1e-6, atol=1e-7)


def test_a_step_is_as_long_as_lr_times_the_parameter_and_goes_where_adamw_goes():
    p, g, m, v = draw(3, 4), draw(3, 4, seed=1), draw(3, 4, seed=2), draw(3, 4, seed=3).abs()
    step = lamb(p, g, m, v, t=7, lr=0.02, weight_decay=0.3)[0] - p
    torch.testing.assert_close(step.norm(), 0.02 * p.norm())
    towards = adamw(p, g, m, v, t=7, lr=0.02, weight_decay=0.3, eps=1e-6)[0] - p
    torch.testing.assert_close(step / step.norm(), towards / towards.norm())


def test_the_slots_are_those_of_adam():
    p, g, m, v = draw(4), draw(4, seed=1), draw(4, seed=2), draw(4, seed=3).abs()
    ours, theirs = lamb(p, g, m, v, t=2, lr=0.1)[1:], adam(p, g, m, v, t=2, lr=0.1)[1:]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert slot_names(lamb) == ("m", "v")


def test_a_rescaled_parameter_takes_a_rescaled_path():
    p, gradients = draw(6), draw(9, 6, seed=1)
    hyper = {"lr": 0.05, "eps": 0.0, "weight_decay": 0.0}
    small, large = run(p, gradients, **hyper), run(1000 * p, 7 * gradients, **hyper)
    torch.testing.assert_close(large, 1000 * small)


def test_where_a_norm_is_zero_the_ratio_is_one():
    p, g, zero = draw(4), draw(4, seed=1), torch.zeros(4, dtype=torch.float64)
    torch.testing.assert_close(
        lamb(zero, g, zero, zero, t=1, lr=0.1)[0],
        adamw(zero, g, zero, zero, t=1, lr=0.1, eps=1e-6)[0],
    )
    still, *_ = lamb(p, zero, zero, zero, t=1, lr=0.1, weight_decay=0.0)
    torch.testing.assert_close(still, p, rtol=0, atol=0)


def test_it_does_not_work_place_by_place():
    a, b, g_a, g_b = draw(3), 10 * draw(2, seed=1), draw(3, seed=2), draw(2, seed=3)
    joined = run(torch.cat([a, b]), [torch.cat([g_a, g_b])], lr=0.1)
    apart = torch.cat([run(a, [g_a], lr=0.1), run(b, [g_b], lr=0.1)])
    assert (joined - apart).abs().max() > 0.1


def test_a_batched_step_is_each_step_alone():
    p, g = draw(5, 3), draw(5, 3, seed=1)
    zero, lr = torch.zeros_like(p), torch.linspace(0.01, 0.1, 5).double()
    step = torch.func.vmap(lambda p, g, z, lr: lamb(p, g, z, z, t=1, lr=lr)[0])
    alone = torch.stack([run(p[i], [g[i]], lr=float(lr[i])) for i in range(5)])
    torch.testing.assert_close(step(p, g, zero, lr), alone)


def test_the_optimizer_runs_it_tensor_by_tensor():
    starts, slopes = (draw(3), 10 * draw(2, seed=1)), (draw(3, seed=2), draw(2, seed=3))
    params = [torch.nn.Parameter(p.clone()) for p in starts]
    optimizer = RuleOptimizer(params, lamb, lr=0.1)
    for p, g in zip(params, slopes, strict=True):
        p.grad = g.clone()
    optimizer.step()
    for p, start, g in zip(params, starts, slopes, strict=True):
        torch.testing.assert_close(p.detach(), run(start, [g], lr=0.1))
