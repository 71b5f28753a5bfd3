"""Answers to lesson 18 that were written without a look at the messages."""

import pytest
import torch
from torch.func import grad, hessian

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def product_as_a_slope(loss, p, v):
    return (grad(loss)(p) * v).sum()


def product_with_the_outer_product(loss, p, v):
    g = grad(loss)(p)
    return g * (g * v).sum()


def product_as_a_difference(loss, p, v):
    return grad(loss)(p + v) - grad(loss)(p)


def product_as_a_quotient(loss, p, v):
    return (grad(loss)(p + 1e-4 * v) - grad(loss)(p)) / 1e-4


def product_with_p_and_v_exchanged(loss, p, v):
    return grad(lambda q: (grad(loss)(q) * p).sum())(v)


def product_entry_by_entry(loss, p, v):
    n = p.numel()
    return hessian(loss)(p).reshape(n, n).diagonal().reshape(p.shape) * v


def product_of_ones(loss, p, v):
    return grad(lambda p: grad(loss)(p).sum())(p)


def product_by_length(loss, p, v):
    v = v / torch.linalg.norm(v)
    return grad(lambda p: (grad(loss)(p) * v).sum())(p)


def product_by_two_calls_of_backward(loss, p, v):
    p = p.detach().requires_grad_()
    loss(p).backward(create_graph=True)
    (p.grad * v).sum().backward()
    return p.grad


def product_as_a_difference_turned_round(loss, p, v):
    return grad(loss)(p) - grad(loss)(p + v)


def product_as_a_quotient_of_both_sides(loss, p, v):
    return (grad(loss)(p + 1e-3 * v) - grad(loss)(p - 1e-3 * v)) / 2e-3


def diagonal_all_at_once(gradient, p, h):
    return (gradient(p + h) - gradient(p - h)) / (2 * h)


def diagonal_forward(gradient, p, h):
    g, d = gradient(p), torch.zeros_like(p)
    for i in range(len(p)):
        moved = p.clone()
        moved[i] += h
        d[i] = (gradient(moved)[i] - g[i]) / h
    return d


def diagonal_rows(gradient, p, h):
    units = torch.eye(len(p), dtype=p.dtype)
    return torch.stack([(gradient(p + h * e) - gradient(p - h * e)) / (2 * h) for e in units])


def diagonal_that_walks(gradient, p, h):
    up, down, d = p.clone(), p.clone(), torch.zeros_like(p)
    for i in range(len(p)):
        up[i] += h
        down[i] -= h
        d[i] = (gradient(up)[i] - gradient(down)[i]) / (2 * h)
    return d


def diagonal_forward_over_both(gradient, p, h):
    d = torch.zeros_like(p)
    for i in range(len(p)):
        moved = p.clone()
        moved[i] += h
        d[i] = (gradient(moved)[i] - gradient(p)[i]) / (2 * h)
    return d


def diagonal_of_lengths(gradient, p, h):
    d = torch.zeros_like(p)
    for i in range(len(p)):
        e = torch.zeros_like(p)
        e[i] = h
        d[i] = (gradient(p + e) - gradient(p - e)).norm() / (2 * h)
    return d


def diagonal_with_sign_and_h(gradient, p, h):
    d = torch.zeros_like(p)
    for i in range(len(p)):
        e = torch.zeros_like(p)
        e[i] = h
        d[i] = (gradient(p - e)[i] - gradient(p + e)[i]) / h
    return d


def diagonal_that_is_not_put_back(gradient, p, h):
    moved, d = p.clone(), torch.zeros_like(p)
    for i in range(len(p)):
        moved[i] += h
        up = gradient(moved)[i]
        moved[i] -= 2 * h
        d[i] = (up - gradient(moved)[i]) / (2 * h)
    return d


def probes(p, samples, generator, low=0, high=2):
    return torch.randint(low, high, (samples, *p.shape), generator=generator).to(p)


def estimate_with_constant_noise(product, p, samples, generator):
    z = probes(p, samples, generator, 0, 1) * 2 - 1
    return sum(one * product(one) for one in z) / samples


def estimate_without_z(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return sum(product(one) for one in z) / samples


def estimate_with_coins(product, p, samples, generator):
    z = probes(p, samples, generator)
    return sum(one * product(one) for one in z) / samples


def estimate_added_up(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return sum(one * product(one) for one in z)


def estimate_of_the_trace(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return sum((one * product(one)).sum() for one in z) / samples


def estimate_from_normal_numbers(product, p, samples, generator):
    z = torch.randn(samples, *p.shape, generator=generator).to(p)
    return sum(one * product(one) for one in z) / samples


def estimate_from_one_constant_sign_a_probe(product, p, samples, generator):
    total = torch.zeros_like(p)
    for _ in range(samples):
        sign = 2 * torch.randint(0, 2, (), generator=generator) - 1
        z = sign * torch.ones_like(p)
        total += z * product(z)
    return total / samples


def estimate_without_z_added_up(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return sum(product(one) for one in z)


def estimate_from_normal_numbers_in_double(product, p, samples, generator):
    z = torch.randn(samples, *p.shape, generator=generator, dtype=p.dtype)
    return sum(one * product(one) for one in z) / samples


def estimate_from_other_signs_in_double(product, p, samples, generator):
    z = torch.rand(samples, *p.shape, generator=generator, dtype=p.dtype)
    z = torch.where(z < 0.5, -1.0, 1.0).to(p)
    return sum(one * product(one) for one in z) / samples


def estimate_with_an_end_too_low(product, p, samples, generator):
    z = probes(p, samples, generator, -1, 1)
    return sum(one * product(one) for one in z) / samples


def estimate_with_doubled_coins(product, p, samples, generator):
    z = 2 * probes(p, samples, generator)
    return sum(one * product(one) for one in z) / samples


def estimate_of_the_last_probe(product, p, samples, generator):
    for one in probes(p, samples, generator) * 2 - 1:
        found = one * product(one)
    return found


def estimate_of_the_last_probe_over_all(product, p, samples, generator):
    for one in probes(p, samples, generator) * 2 - 1:
        found = one * product(one)
    return found / samples


def estimate_by_the_median(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return torch.stack([one * product(one) for one in z]).median(dim=0).values


def newton_multiplied(p, g, H, lr=1.0, damping=0.0):
    return p - lr * (H + damping * torch.eye(len(p))) @ g


def newton_by_the_diagonal(p, g, H, lr=1.0, damping=0.0):
    return p - lr * g / (H.diagonal() + damping)


def newton_damped_everywhere(p, g, H, lr=1.0, damping=0.0):
    return p - lr * torch.linalg.solve(H + damping, g)


def newton_uphill(p, g, H, lr=1.0, damping=0.0):
    return p + lr * torch.linalg.inv(H + damping * torch.eye(len(p)).to(H)) @ g


def newton_undamped(p, g, H, lr=1.0, damping=0.0):
    return p - lr * torch.linalg.inv(H) @ g


def newton_undamped_with_whole_steps(p, g, H, lr=1.0, damping=0.0):
    return p - torch.linalg.solve(H, g)


def newton_uphill_and_damped_everywhere(p, g, H, lr=1.0, damping=0.0):
    return p + lr * torch.linalg.solve(H + damping, g)


def newton_with_each_entry_turned_over(p, g, H, lr=1.0, damping=0.0):
    return p - lr * (H + damping * torch.eye(len(p)).to(H)) ** -1 @ g


def newton_with_a_column(p, g, H, lr=1.0, damping=0.0):
    return p - lr * torch.linalg.solve(H + damping * torch.eye(len(p)).to(H), g.unsqueeze(1))


def newton_with_a_squared_damping(p, g, H, lr=1.0, damping=0.0):
    return p - lr * torch.linalg.inv(H + damping**2 * torch.eye(len(p)).to(H)) @ g


def guard_by_clamp_alone(d, floor, ceiling=float("inf")):
    return torch.clamp(d, floor, ceiling)


def guard_that_adds(d, floor, ceiling=float("inf")):
    return (torch.abs(d) + floor).clamp(max=ceiling)


def guard_without_ceiling(d, floor, ceiling=float("inf")):
    return torch.abs(d).clamp(min=floor)


def guard_with_a_sign(d, floor, ceiling=float("inf")):
    return torch.sign(d) * torch.clamp(torch.abs(d), floor, ceiling)


def guard_that_drops_small_ones(d, floor, ceiling=float("inf")):
    size = d.abs()
    size = torch.where(size < floor, torch.zeros_like(size), size)
    return torch.where(size > ceiling, torch.full_like(size, ceiling), size)


def guard_that_adds_and_has_no_ceiling(d, floor, ceiling=float("inf")):
    return d.abs() + floor


def guard_exchanged(d, floor, ceiling=float("inf")):
    return d.abs().clamp(ceiling, floor)


ANSWERS = {  # an answer, and the slip or the two that must be named
    product_as_a_slope: ("18.hvp", "slope alone"),
    product_with_the_outer_product: ("18.hvp", "outer product"),
    product_as_a_difference: ("18.hvp", "difference over all of v"),
    product_with_p_and_v_exchanged: ("18.hvp", "p and v exchanged"),
    product_entry_by_entry: ("18.hvp", "diagonal alone"),
    product_of_ones: ("18.hvp", "v forgotten"),
    product_by_length: ("18.hvp", "v of length 1"),
    product_by_two_calls_of_backward: ("18.hvp", "gradient added"),
    product_as_a_difference_turned_round: ("18.hvp", "difference the other way round"),
    product_as_a_quotient_of_both_sides: ("18.hvp", "difference on both sides, a thousandth"),
    diagonal_all_at_once: ("18.diagonal_fd", "all moved at once"),
    diagonal_forward: ("18.diagonal_fd", "one side only"),
    diagonal_rows: ("18.diagonal_fd", "whole matrix"),
    diagonal_that_walks: ("18.diagonal_fd", "steps pile up"),
    diagonal_forward_over_both: ("18.diagonal_fd", "one side over both"),
    diagonal_of_lengths: ("18.diagonal_fd", "size of the change"),
    diagonal_with_sign_and_h: ("18.diagonal_fd", "sign and divided by h"),
    diagonal_that_is_not_put_back: ("18.diagonal_fd", "not put back"),
    estimate_with_constant_noise: ("18.hutchinson", "noise that is always −1"),
    estimate_without_z: ("18.hutchinson", "z forgotten"),
    estimate_with_coins: ("18.hutchinson", "zeros and ones"),
    estimate_added_up: ("18.hutchinson", "sum for mean"),
    estimate_of_the_trace: ("18.hutchinson", "trace"),
    estimate_from_normal_numbers: ("18.hutchinson", "normal numbers"),
    estimate_from_one_constant_sign_a_probe: ("18.hutchinson", "noise that is always −1"),
    estimate_without_z_added_up: ("18.hutchinson", "z forgotten and samples added up"),
    estimate_from_normal_numbers_in_double: ("18.hutchinson", "normal numbers in double"),
    estimate_from_other_signs_in_double: ("18.hutchinson", "signs drawn otherwise in double"),
    estimate_with_an_end_too_low: ("18.hutchinson", "minus one and zero"),
    estimate_with_doubled_coins: ("18.hutchinson", "zero and two"),
    estimate_of_the_last_probe: ("18.hutchinson", "last probe alone"),
    estimate_of_the_last_probe_over_all: ("18.hutchinson", "last probe over samples"),
    estimate_by_the_median: ("18.hutchinson", "median for mean"),
    newton_multiplied: ("18.newton_step", "multiplied by H"),
    newton_by_the_diagonal: ("18.newton_step", "diagonal alone"),
    newton_damped_everywhere: ("18.newton_step", "damping everywhere"),
    newton_uphill: ("18.newton_step", "uphill"),
    newton_undamped: ("18.newton_step", "damping forgotten"),
    newton_undamped_with_whole_steps: ("18.newton_step", "lr forgotten + damping forgotten"),
    newton_uphill_and_damped_everywhere: ("18.newton_step", "uphill + damping everywhere"),
    newton_with_each_entry_turned_over: ("18.newton_step", "entries turned over"),
    newton_with_a_column: ("18.newton_step", "a column"),
    newton_with_a_squared_damping: ("18.newton_step", "damping squared"),
    guard_by_clamp_alone: ("18.guard", "sign first"),
    guard_that_adds: ("18.guard", "floor added"),
    guard_without_ceiling: ("18.guard", "no ceiling"),
    guard_with_a_sign: ("18.guard", "sign kept"),
    guard_that_drops_small_ones: ("18.guard", "small ones to 0"),
    guard_that_adds_and_has_no_ceiling: ("18.guard", "seen in the source"),
    guard_exchanged: ("18.guard", "ends exchanged"),
}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_answer_is_named(answer, seed):
    id, name = ANSWERS[answer]
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.status in ("wrong_value", "wrong_shape")
    assert name in (outcome.slip, outcome.kind), (outcome.slip, outcome.kind, outcome.message)


def product_of_a_list(loss, p, v):
    return torch.autograd.grad(loss(p), p)


def product_without_a_graph(loss, p, v):
    p = p.detach().requires_grad_()
    (g,) = torch.autograd.grad(loss(p), p)
    return torch.autograd.grad((g * v).sum(), p)[0]


def diagonal_in_place(gradient, p, h):
    d = torch.zeros_like(p)
    for i in range(len(p)):
        p[i] += h
        up = gradient(p)[i]
        p[i] -= 2 * h
        d[i] = (up - gradient(p)[i]) / (2 * h)
    return d


def diagonal_with_whole_gradients(gradient, p, h):
    d = torch.zeros_like(p)
    for i in range(len(p)):
        e = torch.zeros_like(p)
        e[i] = h
        d[i] = (gradient(p + e) - gradient(p - e)) / (2 * h)
    return d


def estimate_with_whole_numbers(product, p, samples, generator):
    z = torch.randint(0, 2, (samples, *p.shape), generator=generator) * 2 - 1
    return sum(one * product(one) for one in z) / samples


def guard_of_the_builtin(d, floor, ceiling=float("inf")):
    return min(max(abs(d), floor), ceiling)


def estimate_with_float32(product, p, samples, generator):
    z = probes(p, samples, generator).float() * 2 - 1
    return sum(one * product(one) for one in z) / samples


def estimate_with_all_probes_at_once(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return (z * product(z)).mean(dim=0)


def estimate_from_two_of_the_probes(product, p, samples, generator):
    z = probes(p, samples, generator) * 2 - 1
    return sum(one * product(one) for one in z[:2]) / samples


def guard_with_a_floor_of_its_own(d, floor, ceiling=float("inf")):
    return d.abs().clamp(max(floor, 1e-3), ceiling)


OTHERWISE = {  # an answer, what becomes of it, and words that its message must have
    product_of_a_list: ("18.hvp", "raised", "does not require grad"),
    product_without_a_graph: ("18.hvp", "raised", "create_graph=True"),
    product_as_a_quotient: ("18.hvp", "wrong_value", "last digits"),
    diagonal_in_place: ("18.diagonal_fd", "changed_input", "`p`"),
    diagonal_with_whole_gradients: ("18.diagonal_fd", "raised", "d[i] ="),
    estimate_with_whole_numbers: ("18.hutchinson", "raised", "Of which dtype is p?"),
    estimate_with_float32: ("18.hutchinson", "raised", "Of which dtype is p?"),
    estimate_with_all_probes_at_once: ("18.hutchinson", "raised", "all probes at once"),
    estimate_from_two_of_the_probes: ("18.hutchinson", "wrong_value", "samples = 3.)"),
    guard_of_the_builtin: ("18.guard", "raised", "ambiguous"),
    guard_with_a_floor_of_its_own: ("18.guard", "wrong_value", "tiny curvatures"),
}


@pytest.mark.parametrize("answer", OTHERWISE, ids=lambda answer: answer.__name__)
def test_an_answer_that_ends_otherwise(answer):
    id, status, words = OTHERWISE[answer]
    outcome = evaluate(EXERCISES[id], answer)
    assert outcome.status == status
    assert words in outcome.message, outcome.message
