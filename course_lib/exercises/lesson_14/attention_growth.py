"""Exercise 14.attention_growth: the norm of a Jacobian, as inputs grow."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import vjp, vmap

from ...analysis import sampled
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _growth_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single = torch.float32

    def attention(d: int, v: int, dtype: torch.dtype = torch.float64) -> Callable[[Tensor], Tensor]:
        B, W = draw(d, d, dtype=dtype) / d**0.5, draw(d, v, dtype=dtype)
        return lambda X: torch.softmax(X @ B @ X.mT, dim=-1) @ X @ W

    def curved(n: int, m: int) -> Callable[[Tensor], Tensor]:
        A = draw(m, n)
        return lambda x: torch.sin(A @ x) + (A @ x) ** 2 / 5

    matrix = draw(4, 3)
    return [
        Case("3 tokens of 4 numbers, 2 out", (attention(4, 2), draw(3, 4), [0.5, 1.0, 2.0])),
        Case("4 tokens of 2 numbers, 3 out", (attention(2, 3), draw(4, 2), [1.0, 3.0])),
        Case("2 tokens of 3 numbers", (attention(3, 3), draw(2, 3), [2.0, 0.5, 0.1, 5.0])),
        Case("a curved function, 5 in, 2 out", (curved(5, 2), draw(5), [0.5, 1.5, 3.0])),
        Case("a linear function", (lambda x: matrix @ x, draw(3), [1.0, 10.0]), special=True),
        Case("one scale", (attention(3, 2), draw(3, 3), [1.0]), special=True),
        Case("a scale of 0", (attention(3, 2), draw(3, 3), [0.0, 1.0]), special=True),
        Case("one token", (attention(3, 2), draw(1, 3), [1.0, 4.0]), special=True),
        Case("large scales", (attention(3, 3), draw(3, 3), [10.0, 30.0]), special=True),
        Case(
            "float32",
            (attention(3, 2, dtype=single), draw(2, 3, dtype=single), [1.0, 2.0]),
            special=True,
        ),
    ]


def _by_rows(f, X, scales):
    norms = []
    for scale in scales:
        out, back = vjp(f, X * scale)
        units = torch.eye(out.numel(), dtype=X.dtype, device=X.device).view(-1, *out.shape)
        rows = vmap(back)(units)[0].flatten(1)
        norms.append(torch.linalg.matrix_norm(rows, ord=2))
    return torch.stack(norms)


def _by_autograd(f, X, scales):
    norms = []
    for scale in scales:
        at = scale * X
        J = torch.autograd.functional.jacobian(f, at).reshape(-1, at.numel())
        norms.append(torch.linalg.svdvals(J).max())
    return torch.stack(norms)


def _flat(f, X, scales):
    def flat(x):
        return f(x.view(X.shape)).flatten()

    matrices = [torch.func.jacrev(flat)(scale * X.flatten()) for scale in scales]
    return torch.linalg.norm(torch.stack(matrices), ord=2, dim=(1, 2))


SLIPS = """
never scaled: scale * X → X
    The Jacobian is taken at X itself each time. It is to be taken at the scaled input.
times the scale: jacrev(f)(scale * X) → scale * jacrev(f)(scale * X)
    Your norms are multiplied by the scale: that is the derivative of X ↦ f(scale · X) by X. The
    derivative of f at the scaled input is asked for.
all squares: exact_norm(matrix) → torch.linalg.matrix_norm(matrix)
    You take the Frobenius norm. How much can the matrix stretch one direction?
largest entry: exact_norm(matrix) → matrix.abs().max()
    This is the largest entry of the Jacobian. A direction has shares in many inputs at once.
not laid end to end:
    | return torch.stack([exact_norm(jacrev(f)(s * X)).max() for s in scales])
    You take the norm of each slice of the Jacobian, and the largest of those. Lay inputs end to
    end, and outputs too: one matrix.
reshaped the other way: (f(X).numel(), X.numel()) → (X.numel(), f(X).numel())
    The matrix has a row for each input and a column for each output, but the numbers are not laid
    out so: `reshape` does not transpose.
a row for each token: .reshape(f(X).numel(), X.numel()) → .flatten(1)
    Your matrix has a row for each entry of the output's first axis; its other axes lie in the
    columns. Each number of the output needs a row of its own.
outputs added up:
    | return torch.stack(
    |     [torch.func.grad(lambda Y: f(Y).sum())(scale * X).norm() for scale in scales]
    | )
    You take the gradient of the outputs' sum. In a sum changes of opposite sign cancel: each output
    needs a row of its own.
norm over the scale:
    | matrices = [jacrev(f)(scale * X).reshape(f(X).numel(), X.numel()) for scale in scales]
    | return torch.stack([exact_norm(J) / scale for J, scale in zip(matrices, scales)])
    Your norms are divided by the scale. Where the derivative is taken, it is already one of f by
    its input.
length of the output:
    | return torch.stack([f(scale * X).norm() for scale in scales])
    This is the length of the output. How much does it change with the input?
gain:
    | return torch.stack([f(scale * X).norm() / (scale * X).norm() for scale in scales])
    This is the length of the output over that of the input. A constant is about differences:
    where is the derivative?
relative to the first: exact_norm(matrix) → exact_norm(matrix) / exact_norm(matrices[0])
    Your norms are divided by the first of them. They are wanted as they are.
smallest: exact_norm(matrix) → torch.linalg.svdvals(matrix)[-1]
    The smallest singular value comes back. Which direction is stretched most?
all singular values added up: exact_norm(matrix) → torch.linalg.svdvals(matrix).sum()
    You add up the singular values. How much can one direction be stretched?
all singular values: exact_norm(matrix) → torch.linalg.svdvals(matrix)
    You have all singular values of each Jacobian. Only the largest is asked for.
squared: exact_norm(matrix) → exact_norm(matrix) ** 2
    The norm is squared: an eigenvalue of JᵀJ.
output scaled: jacrev(f)(scale * X) → scale * jacrev(f)(X)
    You scale the Jacobian at X. For a function that is not linear the Jacobian at the scaled input
    is another.
rows added up: exact_norm(matrix) → matrix.abs().sum(dim=1).max()
    This is the largest row sum, the constant for another norm. Here lengths are Euclidean.
columns added up: exact_norm(matrix) → matrix.abs().sum(dim=0).max()
    This is the largest column sum, the constant for another norm. Here lengths are Euclidean.
largest only: for matrix in matrices]) → for matrix in matrices]).max()
    Only the largest norm comes back. One is due for each scale.
last only: torch.stack([exact_norm(matrix) for matrix in matrices]) → exact_norm(matrices[-1])
    Only the norm at the last scale comes back. One is due for each: look for a `return` that stands
    too early, or a list that is not filled.
first only: torch.stack([exact_norm(matrix) for matrix in matrices]) → exact_norm(matrices[0])
    Only the norm at the first scale comes back. One is due for each: does a `return` end the loop
    in its first round?
divided by the scale: scale * X → X / scale
    You divide the input by the scale.
shifted: scale * X → scale + X
    You add the scale to the input. It is to be multiplied.
"""

ATTENTION_GROWTH = Exercise(
    id="14.attention_growth",
    points=2,
    asks="the norm of the Jacobian at each scale",
    reference=sampled.norms_by_scale,
    cases=_growth_cases,
    hints=(
        "`torch.func.jacrev(f)` is itself a function: of the place where the derivative is taken.",
        "Its result has the axes of the output and then those of the input. What has to be done "
        "before it is a matrix?",
        "For each scale: the Jacobian at scale times X, reshaped to outputs by inputs, and its "
        "largest singular value; stack them.",
    ),
    slips=slips(SLIPS, sampled.norms_by_scale),
    also_right=(_by_rows, _by_autograd, _flat),
)
