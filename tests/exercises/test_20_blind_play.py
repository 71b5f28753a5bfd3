"""Answers to lesson 20 that were written without a look at the messages."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def _averages(g, change, m, y, v, beta1, beta2, beta3):
    m = beta1 * m + (1 - beta1) * g
    y = beta3 * y + (1 - beta3) * change
    return m, y, beta2 * v + (1 - beta2) * g**2


def update_with_a_quotient(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g - g_before if t > 1 else torch.zeros_like(g)
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    step = (m / (1 - beta1**t)) / ((y / (1 - beta3**t)).abs() + eps)
    return p * (1 - lr * weight_decay) - lr * step, g, m, y, v


def update_with_the_difference_upside_down(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g_before - g if t > 1 else torch.zeros_like(g)
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    up = m / (1 - beta1**t) + mix * y / (1 - beta3**t)
    return p * (1 - lr * weight_decay) - lr * up / ((v / (1 - beta2**t)) ** 0.5 + eps), g, m, y, v


def update_that_keeps_the_old_gradient(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g - g_before if t > 1 else torch.zeros_like(g)
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    up = m / (1 - beta1**t) + mix * y / (1 - beta3**t)
    down = (v / (1 - beta2**t)).sqrt() + eps
    return p - lr * weight_decay * p - lr * up / down, g_before, m, y, v


def update_without_the_first_step(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    m, y, v = _averages(g, g - g_before, m, y, v, beta1, beta2, beta3)
    up = m / (1 - beta1**t) + mix * y / (1 - beta3**t)
    down = (v / (1 - beta2**t)).sqrt() + eps
    return p - lr * weight_decay * p - lr * up / down, g, m, y, v


def update_without_correction_and_with_l2(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g - g_before if t > 1 else torch.zeros_like(g)
    g = g + weight_decay * p
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    return p - lr * (m + mix * y) / (v.sqrt() + eps), g, m, y, v


def update_that_divides_only_m(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g - g_before if t > 1 else torch.zeros_like(g)
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    m_hat, y_hat, v_hat = m / (1 - beta1**t), y / (1 - beta3**t), v / (1 - beta2**t)
    step = m_hat / (v_hat.sqrt() + eps) + mix * y_hat
    return p - lr * (step + weight_decay * p), g, m, y, v


def trend_of_the_new_slopes(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, -slope_after / abs(slope_before)


def trend_without_the_minus(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    r = torch.where(before == 0, torch.zeros_like(before), after / before.abs())
    return after, before, r


def trend_that_divides_by_zero(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, -after / before.abs()


def trend_by_a_signed_quotient(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, torch.where(before == 0, 0.0, after / torch.where(before == 0, 1, before))


def trend_upside_down_with_beta_swapped(after, before, slope_after, slope_before, beta=0.95):
    after = (1 - beta) * after + beta * slope_after
    before = (1 - beta) * before + beta * slope_before
    return after, before, torch.where(before == 0, 0.0, -before / after.abs())


def trend_with_epsilon(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, -after / (before.abs() + 1e-8)


def policy_that_remembers_the_plan(log_factor, r, p, controller, plan, gain):
    log_factor = log_factor + gain * controller(r, p) + plan(p).log()
    return log_factor, log_factor.exp()


def policy_without_exp(log_factor, r, p, controller, plan, gain):
    log_factor = log_factor + gain * controller(r, p)
    return log_factor, log_factor * plan(p)


def policy_one_step_late(log_factor, r, p, controller, plan, gain):
    return log_factor + gain * controller(r, p), log_factor.exp() * plan(p)


def policy_without_memory(log_factor, r, p, controller, plan, gain):
    log_factor = gain * controller(r, p)
    return log_factor, log_factor.exp() * plan(p)


def policy_that_grows_the_factor(log_factor, r, p, controller, plan, gain):
    factor = log_factor.exp() + gain * controller(r, p)
    return factor.log(), factor * plan(p)


def policy_without_gain_and_plan(log_factor, r, p, controller, plan, gain):
    log_factor = log_factor + controller(r, p)
    return log_factor, log_factor.exp()


def ablate_over_all_runs(whole, without, quantile):
    apart = (whole.log10() - without.log10()).flatten(1)
    return apart.mean(1), quantile * apart.std(1) / apart.shape[1] ** 0.5


def ablate_without_pairs(whole, without, quantile):
    a, b = whole.log10().mean(0), without.log10().mean(1)
    n = whole.shape[1]
    return a.mean() - b.mean(1), quantile * ((a.var() + b.var(1)) / n) ** 0.5


def ablate_without_logs(whole, without, quantile):
    apart = whole.mean(0) - without.mean(1)
    return apart.mean(1), quantile * apart.std(1) / apart.shape[1] ** 0.5


def ablate_the_other_way(whole, without, quantile):
    apart = without.log10().mean(1) - whole.log10().mean(0)
    return apart.mean(1), quantile * apart.std(1) / apart.shape[1] ** 0.5


def ablate_with_ends(whole, without, quantile):
    apart = whole.log10().mean(0) - without.log10().mean(1)
    mean, reach = apart.mean(1), quantile * apart.std(1) / apart.shape[1] ** 0.5
    return mean - reach, mean + reach


def ablate_log_of_the_mean_by_the_number(whole, without, quantile):
    apart = whole.mean(0).log10() - without.mean(1).log10()
    return apart.mean(1), quantile * apart.std(1) / apart.shape[1]


def update_that_corrects_y_from_the_second_step(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = g - g_before if t > 1 else torch.zeros_like(g)
    m, y, v = _averages(g, change, m, y, v, beta1, beta2, beta3)
    y_hat = y / (1 - beta3 ** (t - 1)) if t > 1 else y
    down = (v / (1 - beta2**t)).sqrt() + eps
    return p - lr * weight_decay * p - lr * (m / (1 - beta1**t) + mix * y_hat) / down, g, m, y, v


def trend_decided_by_the_newest_slope(after, before, slope_after, slope_before, beta=0.95):
    after = beta * after + (1 - beta) * slope_after
    before = beta * before + (1 - beta) * slope_before
    return after, before, torch.where(slope_before == 0, 0.0, -after / before.abs())


def policy_with_the_gain_inside(log_factor, r, p, controller, plan, gain):
    log_factor = log_factor + controller(gain * r, p)
    return log_factor, log_factor.exp() * plan(p)


def ablate_by_the_root_of_the_rates(whole, without, quantile):
    apart = whole.log10().mean(0) - without.log10().mean(1)
    return apart.mean(1), quantile * apart.std(1) / len(whole) ** 0.5


ANSWERS = {  # an answer, and words that must come back
    update_with_a_quotient: ("20.update", "quotient"),
    update_with_the_difference_upside_down: ("20.update", "sign"),
    update_that_keeps_the_old_gradient: ("20.update", "remember"),
    update_without_the_first_step: ("20.update", "first step"),
    update_without_correction_and_with_l2: ("20.update", "wo things"),
    update_that_divides_only_m: ("20.update", "root"),
    update_that_corrects_y_from_the_second_step: ("20.update", "a step later"),
    trend_decided_by_the_newest_slope: ("20.loss_trend", "newest"),
    policy_with_the_gain_inside: ("20.policy", "gain"),
    ablate_by_the_root_of_the_rates: ("20.ablate", "base rates"),
    trend_of_the_new_slopes: ("20.loss_trend", "averages"),
    trend_without_the_minus: ("20.loss_trend", "sign"),
    trend_that_divides_by_zero: ("20.loss_trend", "first step"),
    trend_by_a_signed_quotient: ("20.loss_trend", "size"),
    trend_upside_down_with_beta_swapped: ("20.loss_trend", "wo things"),
    trend_with_epsilon: ("20.loss_trend", "small number"),
    policy_that_remembers_the_plan: ("20.policy", "plan"),
    policy_without_exp: ("20.policy", "log"),
    policy_one_step_late: ("20.policy", "new"),
    policy_without_memory: ("20.policy", "as it was"),
    policy_that_grows_the_factor: ("20.policy", "log"),
    policy_without_gain_and_plan: ("20.policy", "wo things"),
    ablate_over_all_runs: ("20.ablate", "seed"),
    ablate_without_pairs: ("20.ablate", "seed by seed"),
    ablate_without_logs: ("20.ablate", "log"),
    ablate_the_other_way: ("20.ablate", "sign"),
    ablate_with_ends: ("20.ablate", "ends"),
    ablate_log_of_the_mean_by_the_number: ("20.ablate", "wo things"),
}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_answer_is_told_what_is_wrong(answer, seed):
    id, words = ANSWERS[answer]
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert not outcome.passed
    assert words in outcome.message, outcome.message
