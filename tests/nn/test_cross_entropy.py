"""Losses for classes against torch, SciPy, scikit-learn and Keras; by their laws; at the edges."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.special
import sklearn.metrics
import torch
from torch.nn import functional

from course_lib.nn import losses
from course_lib.nn.cross_entropy import (
    bce,
    bce_gradient,
    bce_logits,
    bce_logits_gradient,
    brier,
    brier_gradient,
    categorical,
    categorical_gradient,
    categorical_logits,
    categorical_logits_gradient,
)

SHAPES = [(7,), (1,), (5, 3)]
CLASSES = [(6, 4), (1, 4), (6, 1), (1, 1), (3, 10)]
ON_PAIRS = [(bce, bce_gradient), (bce_logits, bce_logits_gradient)]
ON_CLASSES = [
    (categorical, categorical_gradient),
    (categorical_logits, categorical_logits_gradient),
    (brier, brier_gradient),
]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def yes_or_no(*shape):
    """Logits, and answers of which some are shares between 0 and 1."""
    y = (draw(*shape, seed=1) > 0).double()
    return 3 * draw(*shape), torch.where(draw(*shape, seed=2) > 1, 0.3, y)


def classes(n, k):
    y = torch.randint(k, (n,), generator=torch.Generator().manual_seed(1))
    return 3 * draw(n, k), y


def fitting(loss, n=6, k=4):
    """Outputs and answers that `loss` takes: logits or probabilities, classes or yes and no."""
    if loss in (bce, bce_logits):
        z, y = yes_or_no(n)
        return (torch.sigmoid(z) if loss is bce else z), y
    z, y = classes(n, k)
    return (z if loss is categorical_logits else torch.softmax(z, dim=1)), y


@pytest.mark.parametrize("shape", SHAPES)
def test_binary_values_are_torchs(shape):
    z, y = yes_or_no(*shape)
    p = torch.sigmoid(z)
    torch.testing.assert_close(bce(p, y), functional.binary_cross_entropy(p, y))
    torch.testing.assert_close(bce_logits(z, y), functional.binary_cross_entropy_with_logits(z, y))
    torch.testing.assert_close(bce_logits(z, y), bce(p, y))


@pytest.mark.parametrize("shape", CLASSES)
def test_categorical_values_are_torchs(shape):
    z, y = classes(*shape)
    torch.testing.assert_close(categorical_logits(z, y), functional.cross_entropy(z, y))
    p = torch.softmax(z, dim=1)
    torch.testing.assert_close(categorical(p, y), functional.nll_loss(p.log(), y))
    torch.testing.assert_close(categorical(p, y), categorical_logits(z, y))


def test_scipys():
    z, y = classes(6, 4)
    rows = scipy.special.log_softmax(z.numpy(), axis=1)[np.arange(6), y.numpy()]
    assert categorical_logits(z, y).item() == pytest.approx(-rows.mean(), rel=1e-13)
    z, y = (value.numpy() for value in yes_or_no(9))
    p = scipy.special.expit(z)
    each = scipy.special.xlogy(y, p) + scipy.special.xlog1py(1 - y, -p)
    ours = bce(torch.tensor(p), torch.tensor(y)).item()
    assert ours == pytest.approx(-each.mean(), rel=1e-13)


def test_scikit_learns():
    z, y = classes(30, 4)
    p = torch.softmax(z, dim=1)
    expected = sklearn.metrics.log_loss(y, p, labels=range(4))
    assert categorical_logits(z, y).item() == pytest.approx(expected, rel=1e-12)
    whole = sklearn.metrics.brier_score_loss(y, p, labels=range(4), scale_by_half=False)
    assert brier(p, y).item() == pytest.approx(whole, rel=1e-12)


def test_with_two_classes_half_the_brier_score_is_mse():
    z, y = classes(30, 2)
    p = torch.softmax(z, dim=1)
    half = sklearn.metrics.brier_score_loss(y, p[:, 1])
    assert brier(p, y).item() / 2 == pytest.approx(half, rel=1e-12)
    torch.testing.assert_close(brier(p, y) / 2, losses.mse(p[:, 1], y.double()))


def test_two_classes_are_one_yes_or_no():
    z, y = classes(30, 2)
    difference = z[:, 1] - z[:, 0]
    torch.testing.assert_close(categorical_logits(z, y), bce_logits(difference, y.double()))
    both = categorical_logits_gradient(z, y)
    torch.testing.assert_close(both[:, 1], bce_logits_gradient(difference, y.double()))


@pytest.mark.parametrize(("loss", "gradient"), ON_PAIRS + ON_CLASSES)
@pytest.mark.parametrize(("n", "k"), CLASSES)
def test_the_gradient_is_autograds(loss, gradient, n, k):
    outputs, y = fitting(loss, n, k)
    torch.testing.assert_close(gradient(outputs, y), torch.func.grad(loss)(outputs, y))


@pytest.mark.parametrize(("loss", "gradient"), ON_PAIRS + ON_CLASSES)
def test_gradcheck(loss, gradient):
    outputs, y = fitting(loss)
    torch.autograd.gradcheck(loss, (outputs.requires_grad_(), y))


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_at_a_logit_of_zero_autograd_sees_no_kink(y):
    zero, y = torch.zeros(1, dtype=torch.float64), torch.tensor([y], dtype=torch.float64)
    torch.testing.assert_close(torch.func.grad(bce_logits)(zero, y), 0.5 - y)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_logits_of_ten_thousand(dtype):
    z = torch.tensor([1e4, 1e4, -1e4, -1e4], dtype=dtype)
    y = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=dtype)
    costs = [
        bce_logits(one, right).item() for one, right in zip(z[:, None], y[:, None], strict=True)
    ]
    assert costs == pytest.approx([0, 1e4, 1e4, 0], rel=1e-3)
    expected = torch.tensor([0, 0.25, -0.25, 0], dtype=dtype)
    torch.testing.assert_close(bce_logits_gradient(z, y), expected)
    torch.testing.assert_close(torch.func.grad(bce_logits)(z, y), expected)
    rows = torch.stack([z[:2], -z[:2], torch.stack([z[0], z[2]])])
    assert categorical_logits(rows[2:], torch.tensor([0])).item() == 0
    assert categorical_logits(rows[2:], torch.tensor([1])).item() == pytest.approx(2e4, rel=1e-3)
    even = torch.full((2, 2), 0.5, dtype=dtype)
    right = torch.tensor([0, 1])
    torch.testing.assert_close(
        2 * categorical_logits_gradient(rows[:2], right), even - torch.eye(2, dtype=dtype)
    )


def test_small_costs_keep_their_digits():
    z = torch.tensor([40.0, -40.0], dtype=torch.float64)
    y = torch.tensor([1.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(bce_logits(z, y).item(), np.exp(-40.0), rtol=1e-12, atol=0)


def test_a_probability_of_exactly_zero_or_one():
    p, y = torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([0.0, 1.0, 1.0, 0.0])
    costs = [bce(*one).item() for one in zip(p[:, None], y[:, None], strict=True)]
    assert costs == [0, 0, torch.inf, torch.inf]
    slopes = torch.tensor([0.25, -0.25, -torch.inf, torch.inf])
    torch.testing.assert_close(bce_gradient(p, y), slopes)
    torch.testing.assert_close(torch.func.grad(bce)(p, y), slopes)
    rows = torch.tensor([[0.0, 1.0]])
    wrong, right = torch.tensor([0]), torch.tensor([1])
    assert categorical(rows, right) == 0
    assert categorical(rows, wrong) == torch.inf
    assert categorical_gradient(rows, wrong).tolist() == [[-torch.inf, 0]]
    assert brier(rows, right) == 0
    assert brier(rows, wrong) == 2


def test_a_probability_outside_zero_to_one_gives_nan():
    assert bce(torch.tensor([-0.1]), torch.tensor([1.0])).isnan()
    assert bce(torch.tensor([1.1]), torch.tensor([0.0])).isnan()


@pytest.mark.parametrize(("loss", "gradient"), ON_CLASSES)
def test_one_class_leaves_nothing_to_learn(loss, gradient):
    outputs, y = fitting(loss, 5, 1)
    assert loss(outputs, y) == 0
    if loss is not categorical:  # there the only probability could still leave 1
        assert not gradient(outputs, y).any()


def test_a_shift_of_all_logits_changes_nothing():
    z, y = classes(6, 4)
    moved = z + 1000 * draw(6, 1, seed=5)
    torch.testing.assert_close(categorical_logits(moved, y), categorical_logits(z, y))
    rows = categorical_logits_gradient(z, y).sum(dim=1)
    torch.testing.assert_close(rows, torch.zeros_like(rows), atol=1e-15, rtol=0)


@pytest.mark.parametrize("loss", [loss for loss, _ in ON_PAIRS + ON_CLASSES])
def test_it_is_a_mean(loss):
    outputs, y = fitting(loss)
    torch.testing.assert_close(loss(torch.cat([outputs] * 3), torch.cat([y] * 3)), loss(outputs, y))


@pytest.mark.parametrize("truth", [[0.7, 0.2, 0.1], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
def test_cross_entropy_and_brier_are_proper_and_absolute_error_is_not(truth):
    truth = torch.tensor(truth, dtype=torch.float64)

    def expected(loss, stated):
        each = [loss(stated[None], torch.tensor([k])) for k in range(3)]
        return sum(share * cost for share, cost in zip(truth, each, strict=True) if share)

    def absolute_error(p, y):
        return (p - functional.one_hot(y, 3)).abs().sum()

    stated = torch.softmax(3 * draw(200, 3), dim=1)
    for loss in (categorical, brier):
        best = expected(loss, truth)
        assert all(best < expected(loss, other) for other in stated)
    if 0 < truth.max() < 1 and truth.max() > 0.5:
        sure = torch.eye(3, dtype=torch.float64)[0]
        assert expected(absolute_error, sure) < expected(absolute_error, truth)


def test_a_surer_mistake_costs_more_and_the_brier_pull_dies_away():
    z = torch.stack([torch.arange(0.0, 30.0), torch.zeros(30)], dim=1).double()
    y = torch.ones(30, dtype=torch.int64)
    costs = [categorical_logits(row[None], right[None]) for row, right in zip(z, y, strict=True)]
    assert all(after - before > 0.5 for before, after in pairwise(costs))
    pull = torch.func.grad(lambda row: brier(torch.softmax(row, dim=1), y[:1]))
    assert pull(z[10:11]).abs().max() < 1e-3
    assert categorical_logits_gradient(z[10:11], y[:1]).abs().max() > 0.99


@pytest.mark.parametrize(("loss", "gradient"), ON_PAIRS + ON_CLASSES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_precisions(loss, gradient, dtype):
    outputs, y = fitting(loss)
    y = y.to(dtype) if y.is_floating_point() else y
    outputs = outputs.to(dtype)
    assert loss(outputs, y).dtype == gradient(outputs, y).dtype == dtype
    rough = {torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}[dtype]
    wide = outputs.double(), (y.double() if y.is_floating_point() else y)
    torch.testing.assert_close(loss(outputs, y).double(), loss(*wide), rtol=rough, atol=rough)
    torch.testing.assert_close(
        gradient(outputs, y).double(), gradient(*wide), rtol=rough, atol=rough
    )


@pytest.mark.parametrize(("loss", "gradient"), ON_PAIRS + ON_CLASSES)
def test_many_batches_under_vmap(loss, gradient):
    outputs, y = fitting(loss)
    both = torch.stack([outputs, outputs.flip(0)]), torch.stack([y, y.flip(0)])
    for function in (loss, gradient, torch.func.grad(loss)):
        rows = torch.stack([function(*row) for row in zip(*both, strict=True)])
        torch.testing.assert_close(torch.func.vmap(function)(*both), rows)


@pytest.mark.parametrize("function", [bce, bce_gradient, bce_logits, bce_logits_gradient])
def test_what_does_not_fit_a_yes_or_no_is_named(function):
    with pytest.raises(ValueError, match=r"y has shape \(3, 1\); it must be \(3,\), like "):
        function(draw(3), draw(3, 1))
    with pytest.raises(ValueError, match=r"(p|z) has shape \(0,\); it must be non-empty"):
        function(draw(0), draw(0))


@pytest.mark.parametrize("function", [f for pair in ON_CLASSES for f in pair])
def test_what_does_not_fit_classes_is_named(function):
    y = torch.tensor([0, 1, 2])
    with pytest.raises(ValueError, match=r"(p|z) has shape \(3,\); it must be \(n, k\)"):
        function(draw(3), y)
    with pytest.raises(ValueError, match=r"(p|z) has shape \(0, 4\); it must be \(n, k\) with n"):
        function(draw(0, 4), y[:0])
    with pytest.raises(ValueError, match=r"(p|z) has shape \(3, 0\)"):
        function(draw(3, 0), y)
    with pytest.raises(ValueError, match=r"y has shape \(3, 1\); it must be \(3,\), a class for"):
        function(draw(3, 4), y[:, None])
    with pytest.raises(ValueError, match=r"y has dtype torch.float64; it must hold whole numbers"):
        function(draw(3, 4), y.double())


@pytest.mark.parametrize("function", [f for pair in ON_CLASSES for f in pair])
@pytest.mark.parametrize("wrong", [-1, 4])
def test_a_class_that_there_is_not_is_refused(function, wrong):
    with pytest.raises((RuntimeError, IndexError), match=f"index {wrong} is out of bounds"):
        function(draw(3, 4), torch.tensor([0, wrong, 2]))
