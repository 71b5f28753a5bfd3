"""Exercise 18.hvp: the Hessian times a vector, without the matrix."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import grad, hessian, jvp, vjp

from ...checking import Case, Exercise, slips
from ...second_order.products import hvp
from ..drawing import drawing
from .shared import Loss, curved, load_forward_mode, symmetric


def _hvp_cases(seed: int) -> list[Case]:
    load_forward_mode()  # many write `jvp(grad(loss), …)`
    draw = drawing(seed)

    def case(words: str, n: int, size: float = 1.0, **more) -> Case:
        return Case(words, (curved(draw, n), draw(n), size * draw(n)), **more)

    H, b, A = symmetric(draw, 4), draw(4), draw(3, 4)
    small = curved(draw, 6, torch.float32), draw(6).float(), draw(6).float()
    return [
        case("a loss of 4 parameters", 4),
        case("a loss of 3 parameters", 3),
        case("a loss of 6 parameters and a v of length around 5", 6, 2.0),
        Case("parameters in a 3 by 4 matrix", (lambda W: (A * W).sum().exp(), A / 9, draw(3, 4))),
        Case("a quadratic", (lambda p: p @ H @ p / 2 + b @ p, draw(4), draw(4)), special=True),
        Case("a v of 0", (curved(draw, 4), draw(4), torch.zeros(4).double()), special=True),
        case("a v in the thousands", 4, 1000.0, special=True),
        case("1 parameter", 1, special=True),
        Case("a p of 0", (curved(draw, 3), torch.zeros(3).double(), draw(3)), special=True),
        Case("float32", small, special=True),
    ]


def _forward_over_reverse(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return jvp(grad(loss), (p,), (v,))[1]


def _reverse_over_reverse(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    _, backward = vjp(grad(loss), p)
    return backward(v)[0]


def _by_the_matrix(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return torch.tensordot(hessian(loss)(p), v, dims=v.ndim)


def _by_autograd(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    p = p.clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(p), p, create_graph=True)
    return torch.autograd.grad((g * v).sum(), p)[0]


def _difference_of_a_whole_v(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return grad(loss)(p + v) - grad(loss)(p)


def _difference_the_other_way(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return grad(loss)(p) - grad(loss)(p + v)


def _difference_over(h: float):
    """Return the difference of two gradients that are h v apart, over h."""
    return lambda loss, p, v: (grad(loss)(p + h * v) - grad(loss)(p)) / h


def _difference_around(h: float):
    """Return the difference of two gradients, h v to either side of p, over 2h."""
    return lambda loss, p, v: (grad(loss)(p + h * v) - grad(loss)(p - h * v)) / (2 * h)


def _exchanged(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return _reverse_over_reverse(loss, v, p)


def _diagonal_times_v(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    H = hessian(loss)(p).reshape(p.numel(), p.numel())
    return H.diagonal().reshape(p.shape) * v


STEPS = {
    "a hundredth": 1e-2,
    "a thousandth": 1e-3,
    "a ten-thousandth": 1e-4,
    "a hundred-thousandth": 1e-5,
    "a millionth": 1e-6,
    "a ten-millionth": 1e-7,
}
WRITTEN = {
    "diagonal alone": _diagonal_times_v,
    "difference over all of v": _difference_of_a_whole_v,
    "difference the other way round": _difference_the_other_way,
    "p and v exchanged": _exchanged,
    **{f"difference over {words}": _difference_over(h) for words, h in STEPS.items()},
    **{f"difference on both sides, {words}": _difference_around(h) for words, h in STEPS.items()},
}

SLIPS = """
v forgotten: * v).sum() → ).sum()
    v plays no part in your result: you multiply the Hessian by a vector of ones. Where does v
    weigh the gradient?
gradient alone: return grad(slope)(p) → return grad(loss)(p)
    This is the gradient. How does it change as p moves along v?
gradient times v: return grad(slope)(p) → return grad(loss)(p) * v
    You multiply each entry of the gradient by one of v. No second derivative has been taken yet.
slope alone: return grad(slope)(p) → return slope(p)
    A single number comes back: the slope of the loss along v. Its own gradient is still to be
    taken.
curvature along v: return grad(slope)(p) → return (grad(slope)(p) * v).sum()
    You multiply by v once more and add up: that is vᵀHv, one number. A product has an entry for
    each parameter.
times v once more: return grad(slope)(p) → return grad(slope)(p) * v
    Each entry of the product is multiplied by one of v again. That belongs to an estimate of the
    diagonal, not here.
gradient added: return grad(slope)(p) → return grad(slope)(p) + grad(loss)(p)
    The gradient itself is added to the product. After two calls of `backward`, `p.grad` holds the
    sum of what both gave.
p and v exchanged:
    p and v have changed places: the second derivative is taken at v, and multiplied by p.
taken at v: return grad(slope)(p) → return grad(slope)(v)
    The second derivative is taken at v. The point is p, and v is only the direction.
p for v: * v).sum() → * p.detach()).sum()
    The Hessian is multiplied by p. The direction is v, and p is the point where it is taken.
p moves in the product too: * v).sum() → * v * p).sum()
    p itself weighs the gradient before the second derivative. Only v, which is a constant, belongs
    there.
gradient squared: (grad(loss)(p) * v).sum() → (grad(loss)(p) ** 2).sum() / 2
    You take the gradient of the gradient's squared length. That is H times the gradient: v plays
    no part.
loss for gradient: (grad(loss)(p) * v).sum() → (loss(p) * v).sum()
    The loss itself is multiplied by v. First the gradient is to be taken, then its product with v.
outer product: return grad(slope)(p) → return grad(loss)(p) * (grad(loss)(p) * v).sum()
    You take the outer product of the gradient with itself for the Hessian. No second derivative is
    in it.
diagonal alone:
    Each entry of v meets one number. A product takes a row of the Hessian: the other parameters
    count too.
v of length 1: * v).sum() → * v / v.norm()).sum()
    v is divided by its length. The product is to grow with v: twice the v, twice the result.
negative: return grad(slope)(p) → return -grad(slope)(p)
    Your result has the other sign. Look for a minus.
difference over all of v:
    You take the difference of two gradients that are a whole v apart. Where the Hessian changes on
    the way, that is something else than its product at p.
difference the other way round:
    Two things: the difference of your two gradients is taken the other way round, and they are a
    whole v apart, where the Hessian is another one.
"""

DIFFERENCES = """\
difference over {0}:
    A difference of two gradients, {0} of v apart, comes near the product, but not to its last
    digits. Take a derivative of the gradient in its place.
difference on both sides, {0}:
    A difference of two gradients, {0} of v to either side of p, comes near the product, but not to
    its last digits. Take a derivative of the gradient in its place.
"""

HVP = Exercise(
    id="18.hvp",
    points=2,
    asks="the Hessian of a loss at p, times v",
    reference=hvp,
    cases=_hvp_cases,
    hints=(
        "If p moves a little along v, the loss changes by its slope along v, one number. How is "
        "that number made from the gradient?",
        "Call it s(p). In s, v is a constant and p is not. What is the gradient of s, entry by "
        "entry, if the gradient of the loss is g(p)?",
        "`torch.func.grad(f)` is the function that gives the gradient of f. Write a function "
        "inside yours that gives s, and hand it to `grad` too.",
    ),
    slips=slips(SLIPS + "".join(map(DIFFERENCES.format, STEPS)), hvp, WRITTEN),
    also_right=(_forward_over_reverse, _reverse_over_reverse, _by_the_matrix, _by_autograd),
)
