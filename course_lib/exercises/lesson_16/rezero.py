"""Exercise 16.rezero: the two gradients of a block whose branch has a learnt weight."""

from __future__ import annotations

import torch

from ...analysis import shortcuts
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _rezero_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def block(n: int, d: int, alpha: float, dtype: torch.dtype = torch.float64) -> tuple:
        number = torch.tensor(alpha, dtype=dtype)
        return draw(n, d, dtype=dtype), draw(n, d, dtype=dtype), draw(n, d, d, dtype=dtype), number

    g, f, J, _ = block(3, 4, 0.0)
    half = torch.tensor(0.5, dtype=torch.float64)
    return [
        Case("4 examples of 3 places and alpha = 0.7", block(4, 3, 0.7)),
        Case("5 examples of 2 places and alpha = -1.5", block(5, 2, -1.5)),
        Case("2 examples of 5 places and alpha = 0.2", block(2, 5, 0.2)),
        Case("alpha = 0, as at the start", block(3, 4, 0.0), special=True),
        Case("3 examples of 3 places", block(3, 3, 0.4), special=True),
        Case("1 example", block(1, 4, 0.5), special=True),
        Case("1 place", block(4, 1, 0.5), special=True),
        Case("a gradient of 0", (0 * g, f, J, half), special=True),
        Case("a branch that gave 0", (g, 0 * f, J, half), special=True),
        Case("a Jacobian of 0", (g, f, 0 * J, half), special=True),
        Case("gradients around a million", (1e6 * g, f, J, half), special=True),
        Case("20 examples in float32", block(20, 6, 0.3, torch.float32), special=True),
    ]


def _by_transposes(g, f, J, alpha):
    return g + alpha * (J.mT @ g[:, :, None])[:, :, 0], torch.einsum("ni,ni->", g, f)


def _by_whole_jacobians(g, f, J, alpha):
    eye = torch.eye(J.shape[-1], dtype=J.dtype, device=J.device)
    return [(g[:, None] @ (eye + alpha * J))[:, 0], torch.tensordot(g, f, 2)]


def _by_rows(g, f, J, alpha):
    of_x = [own + (alpha * own) @ of_f for own, of_f in zip(g, J, strict=True)]
    return torch.stack(of_x), (f * g).sum(dim=0).sum()


SLIPS = """
not transposed: "ni,nij->nj" → "nj,nij->ni"
    Your branch applies J, which takes a change forward. A gradient goes the other way: over
    which of J's two letters is the sum?
shortcut forgotten: g + alpha * → alpha *
    What comes back through the shortcut is missing. A block adds two ways; the gradient comes
    back on both.
weight forgotten: alpha * torch → torch
    The branch counts in full, whatever alpha is. It stood in front of f on the way forward.
weight on both:
    | g + alpha * torch.einsum("ni,nij->nj", g, J) → alpha * (g + torch.einsum("ni,nij->nj", g, J))
    alpha multiplies the shortcut too. Look at the block: what does it stand in front of?
weight on the shortcut: g + alpha * torch → alpha * g + torch
    alpha multiplies the shortcut and not the branch. Look at the block: what does it stand in
    front of?
minus: g + alpha → g - alpha
    The gradient of the branch is taken away. The block adds.
weight squared: alpha * torch → alpha**2 * torch
    alpha is squared in the gradient of the inputs. It comes in once.
gates added: alpha * torch → (1 + alpha) * torch
    The branch counts one more time than alpha says. The 1 belongs to the shortcut.
mean for sum: (g * f).sum() → (g * f).mean()
    The gradient of alpha is averaged here. All examples and places share one alpha: what do
    their contributions do?
averaged over examples: (g * f).sum() → (g * f).sum(dim=1).mean()
    The gradient of alpha is averaged over the examples. g is the gradient of the loss as it is:
    whether the loss was a mean is in g already.
one for each place: (g * f).sum() → (g * f).sum(dim=0)
    You give alpha a gradient for each place. There is one alpha for all places; with one for
    each it would be LayerScale.
one for each example: (g * f).sum() → (g * f).sum(dim=1)
    You give alpha a gradient for each example. There is one alpha for all of them.
nothing added up: (g * f).sum() → g * f
    The contributions to the gradient of alpha are not added up. There is one alpha, and so one
    number.
weight in its own gradient: (g * f).sum() → (alpha * g * f).sum()
    alpha is a factor in its own gradient. What is the derivative of alpha f by alpha?
gradient alone: (g * f).sum() → g.sum()
    The gradient of alpha does not see what the branch gave. What is the derivative of alpha f
    by alpha?
branch alone: (g * f).sum() → f.sum()
    The gradient of alpha does not see g. Every gradient on the way back is a product with the
    one that came in.
the branch's Jacobian: (g * f).sum() → torch.einsum("ni,nij->", g, J)
    In the gradient of alpha stands J, the derivative of f by the inputs. What is the derivative
    of alpha f by alpha?
the wrong way round: of_x, (g * f).sum() → (g * f).sum(), of_x
    The two come back in the wrong order: that of the inputs is the first.
inputs alone: of_x, (g * f).sum() → of_x
    Only the gradient of the inputs comes back. alpha is learnt too.
forward: g + alpha * torch.einsum("ni,nij->nj", g, J) → g + alpha * f
    Your first result is a step forward, with g for x. The exercise asks for the way back: what
    takes the place of f there?
place by place: torch.einsum("ni,nij->nj", g, J) → g * torch.einsum("nii->ni", J)
    Only the diagonal of J is used. Every input of the branch feeds all its outputs.
not transposed, mean for sum: "ni,nij->nj" → "nj,nij->ni" ; (g * f).sum() → (g * f).mean()
    Two things: in the branch J is applied the way that takes a change forward, and the gradient
    of alpha is averaged where it is to be added up.
weight forgotten, mean for sum: alpha * torch → torch ; (g * f).sum() → (g * f).mean()
    Two things: the branch counts in full, whatever alpha is, and the gradient of alpha is
    averaged where it is to be added up.
"""

REZERO = Exercise(
    id="16.rezero",
    points=2,
    asks="the gradients of the inputs and of alpha",
    reference=shortcuts.rezero_vjp,
    cases=_rezero_cases,
    hints=(
        "The block adds two ways, and the gradient comes back on both. What does the shortcut "
        "do to it, and what do alpha and the branch?",
        "A gradient meets the transposed Jacobian: for example n it is a sum over the outputs i "
        "of the branch. In einsum the letters of J are n, i, j.",
        "For alpha: y is x plus alpha times f, so its derivative by alpha is f. Each place of "
        "each example has its share, and there is a single alpha for all.",
    ),
    slips=slips(SLIPS, shortcuts.rezero_vjp),
    also_right=(_by_transposes, _by_whole_jacobians, _by_rows),
)
