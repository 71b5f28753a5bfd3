"""Exercise 18.newton_step: a step that the whole Hessian shapes, damped."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order.steps import newton_step
from ..drawing import drawing
from .shared import symmetric


def _newton_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def bowl(n: int) -> Tensor:
        A = draw(n, n)
        return A @ A.T / n + 0.5 * torch.ones(n, n).double() + torch.eye(n).double()

    def case(words: str, H: Tensor, *more: float, **how) -> Case:
        n = len(H)
        return Case(words, (draw(n).to(H), draw(n).to(H), H, *more), **how)

    zero = torch.zeros(3, dtype=torch.float64)
    return [
        case("a bowl of 4 parameters, lr = 0.5 and λ = 0.3", bowl(4), 0.5, 0.3),
        case("a bowl of 3 parameters, lr = 0.2 and λ = 2", bowl(3), 0.2, 2.0),
        case("a saddle of 5 parameters, lr = 0.7 and λ = 0.1", symmetric(draw, 5), 0.7, 0.1),
        case("a bowl of 4 parameters, a whole step without damping", bowl(4), special=True),
        case("a whole step and λ = 1", bowl(4), 1.0, 1.0, special=True),
        case("a saddle, without damping", symmetric(draw, 3), 0.5, special=True),
        case("a diagonal Hessian", torch.diag(1 + draw(4) ** 2), 0.5, 0.3, special=True),
        case("1 parameter", bowl(1), 0.5, 0.3, special=True),
        Case("a gradient of 0", (draw(3), zero, bowl(3), 0.5, 0.3), special=True),
        case("curvatures in the thousands", 1000 * bowl(3), 0.5, 30.0, special=True),
        case("float32", bowl(5).float(), 0.5, 0.3, special=True),
    ]


def _by_the_inverse(
    p: Tensor, g: Tensor, H: Tensor, lr: float = 1.0, damping: float = 0.0
) -> Tensor:
    n = H.shape[0]
    return p - lr * torch.linalg.inv(H + torch.eye(n, dtype=H.dtype) * damping) @ g


def _by_eigenvectors(
    p: Tensor, g: Tensor, H: Tensor, lr: float = 1.0, damping: float = 0.0
) -> Tensor:
    values, vectors = torch.linalg.eigh(H)
    return p - lr * vectors @ ((vectors.T @ g) / (values + damping))


def _on_the_diagonal(
    p: Tensor, g: Tensor, H: Tensor, lr: float = 1.0, damping: float = 0.0
) -> Tensor:
    damped = H.clone()
    damped.diagonal().add_(damping)
    return p + torch.linalg.solve(damped, (-lr * g)[:, None])[:, 0]


SLIPS = """
multiplied by H: torch.linalg.solve(damped, g) → damped @ g
    You multiply the gradient by the Hessian. Where the loss bends most, the step should be
    shortest.
diagonal alone: torch.linalg.solve(damped, g) → g / damped.diagonal()
    You divide each gradient by its own curvature. What stands beside the diagonal counts too: a
    whole system of equations is to be solved.
divided by the entries: torch.linalg.solve(damped, g) → g / damped
    You divide by each entry of the matrix. That is not its inverse, and a matrix comes back.
entries turned over: torch.linalg.solve(damped, g) → (1 / damped) @ g
    You turn each entry of the matrix over. That is not its inverse, which comes from a system of
    equations.
a column: torch.linalg.solve(damped, g) → torch.linalg.solve(damped, g[:, None])
    The solution is a column, of shape (n, 1), and p is of shape (n,): their difference becomes a
    matrix.
uphill: p - lr → p + lr
    The parameter goes uphill in a bowl: look at the sign of the step.
lr forgotten: lr * torch → torch
    lr plays no part in your result: each step is a whole one.
damping forgotten: H + damping * torch.eye(len(p)).to(H) → H
    λ plays no part in your result.
damping everywhere: damping * torch.eye(len(p)).to(H) → damping
    λ is added to all entries of H. It stands with the identity: on which entries is that?
damping taken off: H + damping → H - damping
    λ is taken off the diagonal. It should make every curvature larger.
damping squared: H + damping → H + damping**2
    λ is squared. It has the unit of a curvature already, and is added as it is.
damping after the solution: p - lr * (torch.linalg.solve(H, g) + damping * g)
    λ g is added to the solution. It belongs inside, to the matrix that is inverted.
damping of H: damping * torch.eye(len(p)).to(H) → damping * torch.diag(H.diagonal())
    λ multiplies the diagonal of H, as Marquardt later did. Asked for is λ times the identity.
mixed with the identity: H + damping → (1 - damping) * H + damping
    H loses a share λ as the identity gains it. Here H stays whole.
damping by lr: H + damping → H + lr * damping
    lr multiplies λ too. It belongs to the whole step alone.
step alone: p - lr → -lr
    The step comes back. Where does p end?
p solved for too: p - lr * torch.linalg.solve(damped, g) → torch.linalg.solve(damped, p - lr * g)
    p goes through the inverse too. Only the gradient does.
gradient step: torch.linalg.solve(damped, g) → g
    This is gradient descent: the Hessian plays no part.
gradient of length 1: torch.linalg.solve(damped, g) → torch.linalg.solve(damped, g / g.norm())
    The gradient is divided by its length. Then the step does not end where it should.
sizes of curvatures:
    | damped = H + damping * torch.eye(len(p)).to(H)
    | values, vectors = torch.linalg.eigh(damped)
    | return p - lr * vectors @ ((vectors.T @ g) / values.abs())
    Curvatures below 0 count with their size. That flees from a saddle, but Newton's step as it is
    goes towards it.
lr squared: p - lr → p - lr**2
    lr enters twice. Look at how often the step is multiplied by it.
divided by lr: lr * torch.linalg.solve(damped, g) → torch.linalg.solve(damped, g) / lr
    You divide by lr. A smaller rate should give a shorter step.
root of the curvatures: solve(damped, g) → solve(torch.linalg.cholesky(damped), g)
    You solve with a factor of the matrix, not with the matrix: that is half of the way.
"""

NEWTON_STEP = Exercise(
    id="18.newton_step",
    points=2,
    asks="where a damped Newton step leads",
    reference=newton_step,
    cases=_newton_cases,
    hints=(
        "A quadratic with gradient g and Hessian H: after a step s its gradient is g + H s. Which "
        "s makes that 0?",
        "With damping, H + λI takes the place of H. On which entries does the identity have its "
        "ones?",
        "`torch.eye(n)` is the identity, and `torch.linalg.solve(A, b)` is the x with A x = b. "
        "To p is added lr times the s of the first hint.",
    ),
    slips=slips(SLIPS, newton_step),
    also_right=(_by_the_inverse, _by_eigenvectors, _on_the_diagonal),
)
