"""Gradients without calculus: change a weight a little, and see what the loss does.

It is slow, it is never exact, and it knows nothing of the formula that it checks. That is what it
is for. f is a function of one tensor w that returns a scalar; s is the step.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]


def directional_difference(f: Loss, w: Tensor, v: Tensor, step: float) -> Tensor:
    """Return the slope of f at w along v by a central difference: `(f(w + s v) − f(w − s v)) / 2s`.

    w and v: any shape, the same. Returns a scalar. The true slope is the sum of v times the
    gradient. The error is that of `central_difference`.
    Raises ValueError for a step that is not positive.

    >>> w, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0])
    >>> directional_difference(lambda w: (w**2).sum(), w, v, step=0.5)
    tensor(6.)
    """
    _expect_positive(step)
    return (f(w + step * v) - f(w - step * v)) / (2 * step)


def central_difference(f: Loss, w: Tensor, step: float) -> Tensor:
    """Return the gradient of f at w by central differences, one number of w at a time.

    `of_w_i = (f(w + s e_i) − f(w − s e_i)) / 2s`, where e_i is 1 at place i and 0 elsewhere.
    w: any shape; it is left as it is. Returns a tensor like w, after two calls of f for each number
    in it. The error is `s² f‴/6`, since the even terms of the Taylor series cancel, plus the
    rounding of f over s: see `best_step`. Across a kink of f the first part is of order 1.
    Raises ValueError for a step that is not positive.
    Source: Press, Teukolsky, Vetterling and Flannery (2007), Numerical Recipes, section 5.7.

    >>> central_difference(lambda w: (w**2).sum(), torch.tensor([1.0, -3.0]), step=0.5)
    tensor([ 2., -6.])
    """
    _expect_positive(step)
    if w.numel() == 0:
        return w.clone()
    slopes = [directional_difference(f, w, axis, step) for axis in _axes(w)]
    return torch.stack(slopes).view(w.shape)


def forward_difference(f: Loss, w: Tensor, step: float) -> Tensor:
    """Return the gradient of f at w by one-sided differences: `(f(w + s e_i) − f(w)) / s`.

    As `central_difference`, but with one call of f for each number in w, and one more; the error is
    `s f″/2` plus rounding, and the first part is far larger at a small step.
    Raises ValueError for a step that is not positive.

    >>> forward_difference(lambda w: (w**2).sum(), torch.tensor([1.0, -3.0]), step=0.5)
    tensor([ 2.5000, -5.5000])
    """
    _expect_positive(step)
    if w.numel() == 0:
        return w.clone()
    here = f(w)
    slopes = [(f(w + step * axis) - here) / step for axis in _axes(w)]
    return torch.stack(slopes).view(w.shape)


def best_step(dtype: torch.dtype) -> float:
    """Return the step at which a central difference errs least: the cube root of machine epsilon.

    With values, weights and third derivatives near 1, the error is about `s²` from the formula plus
    `eps / s` from rounding. The sum is least where s³ is near eps: at 5e-3 in float32, at 6e-6 in
    float64.
    Raises TypeError for a dtype that is not floating-point.
    Source: Press, Teukolsky, Vetterling and Flannery (2007), Numerical Recipes, section 5.7.

    >>> f"{best_step(torch.float64):.1e}"
    '6.1e-06'
    """
    return torch.finfo(dtype).eps ** (1 / 3)


def relative_error(found: Tensor, right: Tensor) -> Tensor:
    """Return how far two gradients are apart, from 0 (equal) to 2 (opposite), a scalar.

    `‖found − right‖ / max(‖found‖, ‖right‖)`, over all their numbers; 0 if both are zero. Both are
    divided by their largest number first: squares of 1e-30 would be 0 in float32.
    Raises ValueError if the shapes differ.

    >>> relative_error(torch.tensor([3.0, 4.0]), torch.tensor([-3.0, -4.0]))
    tensor(2.)
    """
    if found.shape != right.shape:
        raise ValueError(
            f"found has shape {tuple(found.shape)}; it must be {tuple(right.shape)}, like right"
        )
    largest = torch.cat([found.flatten(), right.flatten(), found.new_zeros(1)]).abs().max()
    largest = torch.where(largest == 0, torch.ones_like(largest), largest)
    found, right = found / largest, right / largest
    apart = (found - right).norm()
    size = torch.maximum(found.norm(), right.norm())
    return torch.where(size == 0, torch.zeros_like(apart), apart / size)


def _axes(w: Tensor) -> Iterator[Tensor]:
    """Yield for each number of w a tensor of its shape that is 1 at its place and 0 elsewhere."""
    for place in range(w.numel()):
        axis = torch.zeros(w.numel(), dtype=w.dtype, device=w.device)
        axis[place] = 1
        yield axis.view(w.shape)


def _expect_positive(step: float) -> None:
    if not step > 0:
        raise ValueError(f"step is {step}; it must be greater than 0")
