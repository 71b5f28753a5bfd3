"""Answers to lesson 12 that players gave, and what must come back."""

import math

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES
from course_lib.optim.signature import apply, slot_names


def walk(rates, scores, tolerance):
    best = int(scores.argmax())
    low = high = best
    while low > 0 and scores[low - 1] >= scores[best] - tolerance:
        low -= 1
    while high < len(scores) - 1 and scores[high + 1] >= scores[best] - tolerance:
        high += 1
    return torch.log10(rates[high] / rates[low])


def dropped_before_the_walk(rates, scores, tolerance):
    known = ~scores.isnan()
    return walk(rates[known], scores[known], tolerance)


def walk_with_penalty(penalty):
    return lambda rates, scores, tolerance: walk(rates, scores.nan_to_num(nan=penalty), tolerance)


def only_up_to_the_edge(rates, scores, tolerance):
    known = scores.nan_to_num(nan=-torch.inf)
    good = known > known.max() - tolerance
    best = low = high = int(known.argmax())
    for place in range(best, -1, -1):
        if not good[place]:
            break
        low = place
    for place in range(best, len(good)):
        if not good[place]:
            break
        high = place
    return rates[high].log10() - rates[low].log10()


def tune_with_penalty(penalty):
    def tune(validation, test):
        means = validation.masked_fill(validation.isnan(), penalty).mean(dim=1)
        return int(means.argmax()), test[means.argmax()].mean()

    return tune


def diverged_test_run_hidden(validation, test):
    best = int(validation.nan_to_num(nan=-torch.inf).mean(dim=1).argmax())
    return best, test[best].nanmean()


def penalty_for_both(validation, test):
    validation, test = (table.nan_to_num(nan=-torch.inf) for table in (validation, test))
    best = int(validation.mean(dim=1).argmax())
    return best, test[best].mean()


def search_from(best, highest):
    def tune(validation, test):
        place, top = best, highest
        for i, row in enumerate(validation.tolist()):
            mean = sum(row) / len(row)
            if mean > top:  # never with NaN
                place, top = i, mean
        return place, test[place].mean()

    return tune


def returned_in_the_loop(validation, test):
    best, highest = 0, -math.inf
    for i, row in enumerate(validation):
        if row.mean() > highest:
            best, highest = i, row.mean()
        return best, test[best].mean()


def rows_dropped_from_both(validation, test):
    whole = ~validation.isnan().any(dim=1)
    best = int(validation[whole].mean(dim=1).argmax())
    return best, test[whole][best].mean()


def one_tensor_kept(rule, gradient, start, *, steps, **hyper):
    p, slots = start.clone(), tuple(torch.zeros_like(start) for _ in slot_names(rule))
    points = [p]
    for t in range(1, steps + 1):
        new, slots = apply(rule, p, gradient(p), slots, t=t, **hyper)
        p.copy_(new)
        points.append(p)
    return torch.stack(points)


def slots_made_in_the_loop(rule, gradient, start, *, steps, **hyper):
    p, points = start, [start]
    for t in range(1, steps + 1):
        slots = tuple(torch.zeros_like(p) for _ in slot_names(rule))
        p, slots = apply(rule, p, gradient(p), slots, t=t, **hyper)
        points.append(p)
    return torch.stack(points)


def either_end(scores, quantile):
    d = scores[:, None] - scores
    reach = quantile * d.std(dim=2) / math.sqrt(scores.shape[1])
    low, high = d.mean(dim=2) - reach, d.mean(dim=2) + reach
    return 1 + (high > 0).sum(dim=0), len(scores) - (low > 0).sum(dim=1)


WRONG = [
    ("12.sensitivity", dropped_before_the_walk, "dropped before the walk"),
    ("12.sensitivity", walk_with_penalty(-100.0), "a finite penalty"),
    ("12.sensitivity", walk_with_penalty(-1e30), "a finite penalty"),
    ("12.sensitivity", walk_with_penalty(0.0), "NaN for zero"),
    ("12.sensitivity", only_up_to_the_edge, "just within the tolerance left out"),
    ("12.tune", tune_with_penalty(-100.0), "a finite penalty"),
    ("12.tune", tune_with_penalty(-1e9), "a finite penalty"),
    ("12.tune", tune_with_penalty(-1e30), "a finite penalty"),
    ("12.tune", diverged_test_run_hidden, "NaN left out of the report"),
    ("12.tune", penalty_for_both, "penalty in the report"),
    ("12.tune", search_from(0, 0.0), "starting from score 0"),
    ("12.tune", search_from(None, 0.0), "nothing beats score 0"),
    ("12.tune", returned_in_the_loop, "always the first setting"),
    ("12.tune", rows_dropped_from_both, "counted without the diverged, in both tables"),
    ("12.rank_with_error_bars", either_end, "first place by the upper end"),
    ("12.path", one_tensor_kept, "the end over and over"),
    ("12.path", slots_made_in_the_loop, "slots not kept"),
]
RIGHT = [
    ("12.sensitivity", walk_with_penalty(-math.inf)),
    ("12.tune", tune_with_penalty(-math.inf)),
    ("12.tune", search_from(0, -math.inf)),
]


@pytest.mark.parametrize(("id", "answer", "slip"), WRONG)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_answer_is_refused_by_name(id, answer, slip, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert not outcome.passed
    assert outcome.slip == slip, outcome.message


@pytest.mark.parametrize(("id", "answer"), RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_passes(id, answer, seed):
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert outcome.passed, outcome.message
