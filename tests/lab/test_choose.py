import math

import pytest
import torch

from course_lib.lab import best_setting

RATES = {"lr": [0.001, 0.01, 0.1, 1.0]}
INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([3.0, 1.0, 2.0, 4.0], 1),
        ([3.0, 1.0, 1.0, 4.0], 1),  # the first of equals
        ([3.0, 2.0, 1.0, NAN], 2),  # what lies beyond diverged
        ([NAN, 2.0, INF, INF], 1),
        ([INF, NAN, 2.0, 5.0], 2),
    ],
)
def test_the_lowest_loss_is_taken(losses, best):
    assert best_setting(RATES, torch.tensor(losses)) == best


def test_the_mean_over_seeds_counts_and_one_lost_run_loses_the_setting():
    losses = torch.tensor([[9.0, 9.0], [0.0, 4.0], [0.1, NAN], [1.0, 2.0], [5.0, 5.0]])
    assert best_setting({"lr": [1, 2, 3, 4, 5]}, losses) == 3


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (
            [1.0, 2.0, 3.0, 4.0],
            r"best lr is 0\.001, the lowest of lr \(4 values from 0\.001 to 1\)",
        ),
        ([4.0, 3.0, 2.0, 1.0], r"best lr is 1, the highest of lr"),
        ([1.0, 1.0, 3.0, 4.0], r"best lr is 0\.001, the lowest"),  # as good as one inside
        ([4.0, 1.0, 3.0, 1.0], r"best lr is 1, the highest"),
    ],
)
def test_a_best_at_an_edge_is_refused_unless_a_reason_is_given(losses, words):
    losses = torch.tensor(losses)
    with pytest.raises(ValueError, match=words):
        best_setting(RATES, losses)
    allowed = best_setting(RATES, losses, edge_allowed="the lesson shows this edge")
    assert losses[allowed] == losses.min()
    assert (losses[:allowed] > losses.min()).all()


def test_each_name_has_its_own_edges_and_what_does_not_vary_has_none():
    settings = {"lr": [0.1, 0.2, 0.3] * 3, "gain": [1.0] * 3 + [2.0] * 3 + [4.0] * 3}
    losses = torch.full((9,), 5.0)
    losses[4] = 1.0
    assert best_setting(settings, losses) == 4
    losses[7] = 0.5
    with pytest.raises(ValueError, match=r"best gain is 4, the highest of gain \(3 values"):
        best_setting(settings, losses)
    fixed = {"lr": [0.1, 0.2, 0.3], "beta": [0.9, 0.9, 0.9]}
    assert best_setting(fixed, torch.tensor([2.0, 1.0, 2.0])) == 1


def test_where_every_setting_diverged_there_is_no_best():
    losses = torch.tensor([NAN, INF, INF, NAN])
    with pytest.raises(ValueError, match=r"no loss is finite: every lr \(4 values"):
        best_setting(RATES, losses)
    assert best_setting(RATES, losses, edge_allowed="nothing trains this network") == 0
