"""Choosing, ranking and sensitivity against loops in plain Python, and against scipy."""

import math
import statistics

import pytest
import torch
from scipy import stats

from course_lib.optim.tuning import ablate, decades_near_best, rank_ranges, tune

NAN = math.nan


def draw(*shape, seed=0):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(5))
def test_tune_is_the_largest_mean_and_reports_the_other_scores(seed):
    validation, test = draw(7, 4, seed=seed), draw(7, 4, seed=seed + 50)
    means = [statistics.mean(row) for row in validation.tolist()]
    best, report = tune(validation, test)
    assert best == means.index(max(means))
    assert report.item() == pytest.approx(statistics.mean(test[best].tolist()))


def test_tune_looks_at_no_test_score():
    validation = draw(6, 3)
    assert len({tune(validation, draw(6, 3, seed=s))[0] for s in range(20)}) == 1


def test_a_setting_with_a_diverged_run_is_the_last_resort():
    validation = torch.tensor([[0.9, NAN], [0.1, 0.2], [0.1, 0.1]])
    test = torch.tensor([[0.9, NAN], [0.3, 0.5], [0.1, 0.1]])
    best, report = tune(validation, test)
    assert (best, report.item()) == (1, pytest.approx(0.4))
    best, report = tune(validation[:1], test[:1])
    assert best == 0
    assert report.isnan()


def test_the_first_of_equal_settings_is_taken():
    assert tune(torch.tensor([[1.0], [3.0], [3.0]]), torch.zeros(3, 1))[0] == 1


@pytest.mark.parametrize("seed", range(5))
def test_places_follow_from_paired_t_tests(seed):
    scores = draw(5, 8, seed=seed) + draw(1, 8, seed=99) + 0.6 * torch.arange(5)[:, None]
    quantile = float(stats.t.ppf(0.975, 7))

    def surely_better(a, b):
        return a != b and stats.ttest_rel(a, b, alternative="greater").pvalue < 0.025

    rows = [tuple(row) for row in scores.tolist()]
    better = [[surely_better(a, b) for b in rows] for a in rows]
    first, last = rank_ranges(scores, quantile)
    assert first.tolist() == [1 + sum(better[a][b] for a in range(5)) for b in range(5)]
    assert last.tolist() == [5 - sum(better[a]) for a in range(5)]
    assert any(first < last)
    assert any(first > 1)


def test_a_wide_interval_leaves_all_places_open_and_none_gives_the_ranking_of_the_means():
    scores = draw(4, 6)
    first, last = rank_ranges(scores, 1e9)
    assert (first.tolist(), last.tolist()) == ([1] * 4, [4] * 4)
    first, last = rank_ranges(scores, 0.0)
    assert torch.equal(first, last)
    assert torch.equal(first, 1 + scores.mean(dim=1).argsort(descending=True).argsort())


def test_what_the_seeds_share_does_not_blur_the_places():
    scores = draw(3, 6)
    shared = scores + 1000 * draw(1, 6, seed=1)
    for alone, together in zip(rank_ranges(scores, 2.0), rank_ranges(shared, 2.0), strict=True):
        assert torch.equal(alone, together)


def test_places_do_not_change_with_the_order_or_the_scale():
    scores, order = draw(5, 8), torch.tensor([3, 0, 4, 1, 2])
    for found, turned in zip(
        rank_ranges(scores, 2.0), rank_ranges(7 * scores[order] - 3, 2.0), strict=True
    ):
        assert torch.equal(found[order], turned)


RATES = torch.tensor([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("scores", "decades"),
    [
        ([0.1, 0.2, 0.9, 0.3, 0.2, 0.1], 0),
        ([0.1, 0.85, 0.9, 0.8, 0.2, 0.1], 2),
        ([0.85, 0.1, 0.9, 0.85, 0.3, 0.88], 1),  # the stretch is unbroken
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9], 5),
        ([NAN, 0.85, 0.9, NAN, 0.88, NAN], 1),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.9], 0),
        ([0.85, 0.9, 0.1, 0.1, 0.1, 0.1], 1),
        ([0.1, 0.1, 0.1, 0.1, 0.9, 0.85], 1),
        ([0.9, 0.85, 0.1, 0.1, 0.85, 0.9], 1),  # around the first of equals
    ],
)
def test_decades_by_hand(scores, decades):
    found = decades_near_best(RATES, torch.tensor(scores, dtype=torch.float64), 0.11)
    assert found.item() == pytest.approx(decades, abs=1e-9)


def test_decades_depend_on_ratios_of_rates_and_differences_of_scores():
    scores = draw(6)
    found = decades_near_best(RATES, scores, 0.5)
    torch.testing.assert_close(decades_near_best(30 * RATES, scores + 5, 0.5), found)
    wider = [decades_near_best(RATES, scores, tolerance).item() for tolerance in (0, 0.5, 1, 9)]
    assert wider == sorted(wider)
    assert wider[-1] == pytest.approx(5)


@pytest.mark.parametrize("seed", range(3))
def test_what_a_part_is_worth_is_scipys_paired_interval(seed):
    whole, without = 10 ** draw(5, 8, seed=seed), 10 ** draw(3, 5, 8, seed=seed + 50)
    quantile = float(stats.t.ppf(0.975, 7))
    means, reaches = ablate(whole, without, quantile)
    for part, mean, reach in zip(without, means, reaches, strict=True):
        by_seed = [
            [statistics.mean(map(math.log10, column)) for column in table.T.tolist()]
            for table in (whole, part)
        ]
        low, high = stats.ttest_rel(*by_seed).confidence_interval(0.95)
        assert mean.item() == pytest.approx((low + high) / 2)
        assert reach.item() == pytest.approx((high - low) / 2)
