"""What dividing by the size of past gradients does: the rate of each direction, and where it ends.

RMSProp and AdaGrad are in `rules`. Here is what follows from them, for any gradients or, where the
gradient is always the same or the cost is a quadratic, in closed form. Letters as in `rules`: g a
gradient, s the average (or sum) of squared gradients, t the step, counted from 1.
"""

import math

import torch
from torch import Tensor

from course_lib.optim.rules import rmsprop
from course_lib.optim.surfaces import Surface


def effective_lr(
    gradients: Tensor, *, lr: float | Tensor, beta: float | Tensor = 0.99, eps: float = 1e-8
) -> Tensor:
    """Return what RMSProp multiplies each gradient by at each step: `lr / (√s_t + ε)`.

    gradients: `(steps, ...)`, those that came, in order; s is zero before the first. Entry t of the
    result, of the same shape, is the rate of step t + 1, which has seen gradient t already.

    >>> effective_lr(torch.tensor([[3.0], [4.0]]), lr=1.0, beta=0.0)
    tensor([[0.3333],
            [0.2500]])
    """
    s, rates = gradients.new_zeros(gradients.shape[1:]), []
    for g in gradients:
        _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps)
        rates.append(lr / (s.sqrt() + eps))
    return torch.stack(rates) if rates else torch.zeros_like(gradients)


def step_ratio(s: Tensor, c: float | Tensor, *, eps: float = 1e-8) -> Tensor:
    """Return by what factor RMSProp's step changes when all gradients are multiplied by c.

    s: the average of squared gradients as it is without c, 0 or more, of any shape. c: above 0.
    The gradient becomes c g and the average c² s, so the factor is `c (√s + ε) / (c √s + ε)`: 1
    where both √s and c √s are far above ε, c where both are far below; there the rule is gradient
    descent with the rate lr / ε. Raises ValueError for a c or an ε, given as a number, that is not
    above 0.

    >>> step_ratio(torch.tensor([0.0, 1.0]), 100.0, eps=1.0)
    tensor([100.0000,   1.9802])
    """
    for name, value in (("c", c), ("eps", eps)):
        if not torch.is_tensor(value) and not value > 0:
            raise ValueError(f"{name} is {value}; it must be above 0")
    return c * (s.sqrt() + eps) / (c * s.sqrt() + eps)


# The same gradient again and again


def constant_average(g: float | Tensor, t: int | Tensor, *, beta: float) -> float | Tensor:
    """Return s after t equal gradients g, from s = 0: `(1 − βᵗ) g²`.

    >>> constant_average(2.0, 1, beta=0.75)
    1.0
    """
    return (1 - beta**t) * g * g


def constant_step(t: int | Tensor, *, lr: float, beta: float) -> float | Tensor:
    """Return how far RMSProp goes in step t of equal gradients, of any size: `lr / √(1 − βᵗ)`.

    With ε = 0. The first step, `lr / √(1 − β)`, is the longest that RMSProp can ever make, whatever
    the gradients: s holds `(1 − β) g²` of the gradient that it divides.

    >>> constant_step(1, lr=0.01, beta=0.99)
    0.09999999999999995
    """
    return lr / (1 - beta**t) ** 0.5


def adagrad_step(t: int | Tensor, *, lr: float) -> float | Tensor:
    """Return how far AdaGrad goes in step t of equal gradients, of any size: `lr / √t`.

    With ε = 0. The steps add up to about `2 lr √t`: without bound, but ever more slowly.

    >>> adagrad_step(100, lr=1.0)
    0.1
    """
    return lr / t**0.5


# Near a minimum


def limit_cycle(lr: float, *, curvature: float = 1.0, eps: float = 0.0) -> float:
    """Return how far from the minimum of a quadratic RMSProp stays for ever: `lr/2 − ε/λ`, or 0.

    curvature: λ, the second derivative, above 0. RMSProp jumps to and fro between both sides: at a
    distance of a the gradient is λ a each time, so is √s, and the step `lr λ a / (λ a + ε)` is 2 a
    where `λ a = λ lr/2 − ε`. From `ε = λ lr/2` on it comes to rest instead. This holds for any β
    above 0 and below 1, in exact arithmetic: with β = 0.99 in float32 squares may underflow to 0,
    and it rests. With β = 0 every step is lr long, and where both ends lie depends on the start.
    Raises ValueError for a curvature that is not above 0.

    >>> limit_cycle(0.1), limit_cycle(0.1, eps=0.2)
    (0.05, 0.0)
    """
    if not curvature > 0:
        raise ValueError(f"curvature is {curvature}; it must be above 0")
    return max(0.0, lr / 2 - eps / curvature)


# A ravine that does not lie along the axes


def rotated(surface: Surface, degrees: float) -> Surface:
    """Return the same cost, turned counterclockwise around (0, 0); its window stays.

    With the rotation R, the turned cost at p is the cost at Rᵀ p, and its gradient is R times the
    gradient there.

    >>> from course_lib.optim.surfaces import bowl
    >>> along_y = rotated(bowl(4), 90)  # what was flat along x is flat along y
    >>> along_y.value(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([0.5000, 0.1250])
    """
    a = math.radians(degrees)
    rotation = torch.tensor(
        [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=torch.float64
    )

    def forth(points: Tensor) -> Tensor:
        return points @ rotation.T.to(points)

    def back(points: Tensor) -> Tensor:
        return points @ rotation.to(points)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = forth(torch.tensor(point, dtype=torch.float64)).tolist()
        return x, y

    return Surface(
        f"{surface.name}, turned by {degrees:g} degrees",
        value=lambda p: surface.value(back(p)),
        gradient=lambda p: forth(surface.gradient(back(p))),
        minima=tuple(place(minimum) for minimum in surface.minima),
        window=surface.window,
        start=place(surface.start),
    )
