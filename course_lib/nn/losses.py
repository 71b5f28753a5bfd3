"""Losses for regression: what one wrong prediction costs, and how it pulls.

Each loss is the mean over a batch, and each has its gradient with respect to the predictions
beside it. A batch without an example has no mean: ValueError. Losses for classification are in
`cross_entropy`.

Letters: `p` prediction, `y` target, `r = p − y` the error, `n` how many numbers the batch holds.
"""

from torch import Tensor

from course_lib.nn.shapes import expect


def mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error: `1/n Σ_i (p_i − y_i)²`, a scalar.

    prediction and target: of one shape, `(n,)` or any other. The unit is that of y, squared.
    Raises ValueError if the shapes differ or hold nothing.
    Source: Legendre (1805); Gauss (1809).

    >>> mse(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor(4.5000)
    """
    return _error(prediction, target).square().mean()


def mse_gradient(prediction: Tensor, target: Tensor) -> Tensor:
    """Return how `mse` changes with each prediction: `2 (p_i − y_i) / n`, shaped like prediction.

    The pull grows with the error, without end. Arguments and errors as for `mse`.

    >>> mse_gradient(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor([ 0., -3.])
    """
    return 2 * _error(prediction, target) / prediction.numel()


def absolute(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute error: `1/n Σ_i |p_i − y_i|`, a scalar in the unit of y.

    prediction and target: of one shape, `(n,)` or any other.
    Raises ValueError if the shapes differ or hold nothing.
    Source: Boscovich (1757).

    >>> absolute(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor(1.5000)
    """
    return _error(prediction, target).abs().mean()


def absolute_gradient(prediction: Tensor, target: Tensor) -> Tensor:
    """Return how `absolute` changes with each prediction: `sign(p_i − y_i) / n`.

    The pull is the same for large errors and small ones. At an error of 0, where there is a kink,
    it is 0 (one of the subgradients). Arguments and errors as for `absolute`.

    >>> absolute_gradient(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor([ 0.0000, -0.5000])
    """
    return _error(prediction, target).sign() / prediction.numel()


def huber(prediction: Tensor, target: Tensor, delta: float = 1.0) -> Tensor:
    """Return Huber's loss: squared for small errors, straight for large ones; a scalar.

    The mean of `½ r²` where `|r| ≤ δ`, and of `δ (|r| − ½ δ)` beyond. The two meet at δ with the
    same value and the same slope. With `c = min(|r|, δ)` both are `c (|r| − ½ c)`.

    prediction and target: of one shape, `(n,)` or any other. delta: δ, in the unit of y, 0 or more.
    As δ grows this approaches half of `mse`, and δ = ∞ gives it. As δ falls it approaches δ times
    `absolute`, and δ = 0 gives 0. Divided by δ it is torch's `smooth_l1_loss` with β = δ.
    Raises ValueError if the shapes differ or hold nothing, and for a δ below 0.
    Source: Huber (1964), Robust estimation of a location parameter; his k is δ.
    Deviation: torch refuses δ = 0.

    >>> huber(torch.tensor([1.5, 2.0]), torch.tensor([1.0, 5.0]), delta=1.0)
    tensor(1.3125)
    """
    _expect_delta(delta)
    size = _error(prediction, target).abs()
    capped = size.clamp(max=delta)
    return (capped * (size - capped / 2)).mean()


def huber_gradient(prediction: Tensor, target: Tensor, delta: float = 1.0) -> Tensor:
    """Return how `huber` changes with each prediction: `r_i / n`, with r_i clipped to −δ … δ.

    The pull grows with the error as far as δ and no further. Arguments and errors as for `huber`.

    >>> huber_gradient(torch.tensor([1.5, 2.0]), torch.tensor([1.0, 5.0]), delta=1.0)
    tensor([ 0.2500, -0.5000])
    """
    _expect_delta(delta)
    return _error(prediction, target).clamp(-delta, delta) / prediction.numel()


def _error(prediction: Tensor, target: Tensor) -> Tensor:
    same = f"{tuple(prediction.shape)}, like prediction"
    expect("target", target, same, target.shape == prediction.shape)
    expect("prediction", prediction, "non-empty", prediction.numel() > 0)
    return prediction - target


def _expect_delta(delta: float) -> None:
    if not delta >= 0:
        raise ValueError(f"delta is {delta}; it must be 0 or more")
