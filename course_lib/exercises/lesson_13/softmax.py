"""Exercise 13.softmax: how each probability changes with each logit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ...checking import Case, Exercise, slips
from ...nn.softmax import softmax_jacobian
from ..drawing import drawing


def _softmax_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    far = torch.tensor([[1000.0, 0.0, -1000.0]], dtype=torch.float64)
    return [
        Case("4 examples of 3 classes", (draw(4, 3),)),
        Case("2 examples of 5 classes", (2 * draw(2, 5),)),
        Case("3 examples of 3 classes", (draw(3, 3),)),
        Case("a single example, without a batch", (draw(4),), special=True),
        Case("logits of 0", (torch.zeros(2, 4, dtype=torch.float64),), special=True),
        Case("logits from -1000 to 1000", (far,), special=True),
        Case("1 class", (draw(3, 1),), special=True),
        Case("2 classes", (draw(3, 2),), special=True),
        Case("2 by 3 examples", (draw(2, 3, 4),), special=True),
        Case("20 examples in float32", (draw(20, 10).float(),), special=True),
    ]


def _by_autograd(z: Tensor) -> Tensor:
    flat = z.reshape(-1, z.shape[-1])
    J = vmap(jacrev(lambda z: torch.softmax(z, dim=0)))(flat)
    return J.reshape(*z.shape, z.shape[-1])


def _by_loops(z: Tensor) -> Tensor:
    p = torch.softmax(z, dim=-1)
    J = torch.zeros(*p.shape, p.shape[-1], dtype=z.dtype)
    for i in range(p.shape[-1]):
        for j in range(p.shape[-1]):
            J[..., i, j] = p[..., i] * ((1 if i == j else 0) - p[..., j])
    return J


def _of_the_batch(z: Tensor) -> Tensor:
    return jacrev(lambda z: torch.softmax(z, dim=-1))(z)


SLIPS = """
diagonal only: p[..., :, None] * p[..., None, :] → torch.diag_embed(p * p)
    Only the diagonal is there. If one logit grows, the other probabilities shrink, since they
    all add up to 1: what stands beside the diagonal?
p on the diagonal: - p[..., :, None] * p[..., None, :] →
    Only p stands on the diagonal. Something is taken off it, and the places beside it are not
    0.
slopes as a vector: torch.diag_embed(p) - p[..., :, None] * p[..., None, :] → p * (1 - p)
    You give one slope for each class, as for a sigmoid. With softmax each probability depends
    on all logits: a matrix is asked for.
sign: return torch.diag_embed(p) - → return -torch.diag_embed(p) +
    All signs are turned round. If a logit grows, does its own probability grow or shrink?
plus for minus: torch.diag_embed(p) - → torch.diag_embed(p) +
    Plus stands where minus should. If one logit grows, what happens to the probabilities of the
    others? Look at the sign beside the diagonal.
plus beside the diagonal: torch.diag_embed(p) - → torch.diag_embed(p - 2 * p * p) +
    The diagonal is right, and what stands beside it has the other sign. If one logit grows, what
    happens to the probabilities of the others?
overflow: softmax(z) → z.exp() / z.exp().sum(dim=-1, keepdim=True)
    The formula is right, but a large logit makes the exponential infinite. How did softmax avoid
    that in lesson 03?
diagonal forgotten: torch.diag_embed(p) - → -
    What belongs to the diagonal alone is missing: every entry is below 0. Which probability
    grows if a logit grows?
identity for diag: torch.diag_embed(p) → torch.eye(p.shape[-1], dtype=p.dtype, device=p.device)
    On the diagonal you begin from 1. The derivative of a probability by its own logit is never
    more than a quarter: what is multiplied in?
logits for probabilities: softmax(z) → z
    The formula is right, but it stands on the logits. Turn them into probabilities first.
exponentials not shared out: softmax(z) → z.exp()
    The exponentials are not divided by their sum, so they are no probabilities.
of the logarithm: diag_embed(p) → diag_embed(torch.ones_like(p)) ; p[..., :, None] * →
    This is the Jacobian of log softmax. Here the probabilities themselves are asked for.
square for outer product: p[..., :, None] * p[..., None, :] → (p * p)[..., None, :]
    Beside the diagonal stand squares. Entry i, j joins two probabilities, that of i and that of
    j.
inner product: p[..., :, None] * p[..., None, :] → (p * p).sum(dim=-1)[..., None, None]
    You take an inner product, a single number, off all entries. An outer product gives a
    matrix: each pair of probabilities.
mean of the probabilities: p[..., :, None] * p[..., None, :] → p[..., :, None] / p.shape[-1]
    You take off an equal share. Each entry takes off the product of two probabilities.
whole batch at once:
    Each output is taken by the inputs of all examples: that is where the extra axis comes from.
    Take each example alone.
probabilities: softmax(z)
    These are the probabilities. How fast does each change with each logit?
axis of the batch: softmax(z) → torch.softmax(z, dim=0)
    Softmax runs over the first axis, so that examples are mixed. The classes stand on the last
    one.
"""

SOFTMAX = Exercise(
    id="13.softmax",
    points=2,
    asks="the Jacobian of softmax, for each example",
    reference=softmax_jacobian,
    cases=_softmax_cases,
    hints=(
        "p_i is e^z_i over the sum of all e^z. Let z_i itself grow: what happens above the "
        "line, and what below it? Then let another z_j grow: where does it stand?",
        "Two cases: i = j gives p_i (1 - p_i), and i ≠ j gives -p_i p_j. Can one line say both?",
        "`torch.diag_embed(p)` puts p on a diagonal. `p[..., :, None] * p[..., None, :]` "
        "multiplies each p_i by each p_j.",
    ),
    slips=slips(SLIPS, softmax_jacobian, {"whole batch at once": _of_the_batch}),
    also_right=(
        _by_autograd,
        _by_loops,
        lambda z: (
            torch.softmax(z, -1)[..., :, None]
            * (torch.eye(z.shape[-1], dtype=z.dtype) - torch.softmax(z, -1)[..., None, :])
        ),
    ),
)
