"""Exercise 17.clip_by_norm: gradients that are too long, shortened all together."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import clipping
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    one, other, third = draw(3, 2), 2 * draw(4), draw(2, 1, 3)
    long = torch.stack([one.norm(), other.norm()]).norm().item()
    near = 1.1 * float(one.norm())
    return [
        Case("two gradients, far too long together", ([3 * one, other + 2], 0.7)),
        Case("three gradients, too long together", ([one, 2 + other, third], 1.3)),
        Case("two gradients, one of them short", ([0.05 * one + 0.02, 3 + other], 0.9)),
        Case("two gradients that may stay as they are", ([0.1 * one, 0.1 * other], 3.1 * long)),
        Case("one gradient", ([2 + draw(2, 3)], 0.5), special=True),
        Case("two gradients that are too long only together", ([one, one], near), special=True),
        Case("gradients of zeros", ([0 * one, 0 * other], 1.0), special=True),
        Case("one number each", ([draw(1), draw(1)], 0.01), special=True),
        Case("huge gradients", ([1e8 * one, other], 1.0), special=True),
        Case("a gradient without axes", ([draw(1)[0], other], 0.3), special=True),
        Case(
            "gradients in float32",
            ([draw(5, 2, dtype=torch.float32), draw(7, dtype=torch.float32)], 0.5),
            special=True,
        ),
    ]


def _by_one_vector(gradients, largest):
    norm = torch.cat([g.flatten() for g in gradients]).square().sum().sqrt()
    if norm <= largest:
        return [g.clone() for g in gradients]
    return [g * (largest / norm) for g in gradients]


def _by_sums(gradients, largest):
    norm = sum((g**2).sum() for g in gradients) ** 0.5
    return [g * min(1.0, largest / norm.item()) if norm > 0 else g for g in gradients]


SLIPS = """
per tensor: [g * (largest / g.norm()).clamp(max=1) for g in gradients]
    Each tensor is clipped by its own norm, so that the direction of all together changes. How
    long are they as one vector?
always rescales: .clamp(max=1) →
    Short gradients are stretched. What is to happen to those that are short enough?
per tensor, always rescales: [g * (largest / g.norm()) for g in gradients]
    Two things: each tensor has its own norm, and short ones are stretched. Take one norm for
    all, and leave alone what is short enough.
by value: [g.clamp(-largest, largest) for g in gradients]
    You cut each number by itself. That is clipping by value; here the direction must stay.
never lengthens below: .clamp(max=1) → .clamp(min=1)
    Long gradients stay long and short ones are stretched. Which side of 1 may the factor be on?
upside down: (largest / norm) → (norm / largest)
    Your factor is upside down: it grows with the norm. A gradient ten times too long needs a
    tenth.
norms added up: torch.stack([g.norm() for g in gradients]).norm() → sum(g.norm() for g in gradients)
    The norms of the tensors are added up. The length of a vector made of parts is not the sum
    of their lengths: think of a right-angled triangle.
largest norm: .norm() for g in gradients]).norm() → .norm() for g in gradients]).max()
    Your norm is that of the longest tensor alone. What do the others add to the length of all?
mean norm: .norm() for g in gradients]).norm() → .norm() for g in gradients]).mean()
    Your norm is the mean of the norms. It should be the length of all numbers as one vector.
first tensor alone: torch.stack([g.norm() for g in gradients]).norm() → gradients[0].norm()
    Your norm is that of the first tensor alone. It should be that of all together.
no root: .norm() for g in gradients]).norm() → .norm() for g in gradients]).square().sum()
    Your norm is its square: a root is missing.
sum of sizes:
    | torch.stack([g.norm() for g in gradients]).norm() → sum(g.abs().sum() for g in gradients)
    You add up the sizes of all numbers. That is another norm; here squares are added up, and a
    root is taken.
largest number:
    | norm = torch.stack([g.abs().max() for g in gradients]).max()
    | share = (largest / norm).clamp(max=1)
    | return [share * g for g in gradients]
    Your norm is the size of the largest number. Here the squares of all numbers are added up,
    and a root is taken.
root of the mean square:
    | norm = torch.cat([g.flatten() for g in gradients]).square().mean().sqrt()
    | share = (largest / norm).clamp(max=1)
    | return [share * g for g in gradients]
    Your norm averages the squares. They are added up: a mean there depends on how many numbers
    there are.
made of norm 1: (largest / norm).clamp(max=1) → 1 / norm
    All your gradients get the norm 1, whatever `largest` is.
largest forgotten: (largest / norm) → (1 / norm)
    `largest` is always 1 in your function. It is handed in.
cut to zero: share * g → g * (norm <= largest)
    Gradients that are too long are dropped. They should be shortened.
zeros for short ones: (largest / norm).clamp(max=1) → (largest / norm) * (norm > largest)
    Gradients that are short enough become 0. They should stay as they are.
nothing clipped: share * g → g.clone()
    Your gradients come back as they came. Which of them are too long?
torch's constant: / norm) → / (norm + 1e-6))
    You add 1e-6 to the norm, as torch does. The exercise asks for the formula without it.
guarded too much: / norm) → / (norm + 1))
    Something of the size of 1 is added to the norm, so that even long gradients come out too
    short.
factor squared: (largest / norm) → ((largest / norm) ** 2)
    The factor is squared, so that long gradients come out too short.
root of the factor: (largest / norm).clamp(max=1) → (largest / norm).clamp(max=1).sqrt()
    You take the root of the factor: the result is still too long.
shortened by subtraction:
    | norm = torch.stack([g.norm() for g in gradients]).norm()
    | return [g - (norm - largest).clamp(min=0) * g.sign() / len(gradients) for g in gradients]
    You take something off each number. Its direction must stay: multiply.
one vector:
    | [share * g for g in gradients] → torch.cat([(share * g).flatten() for g in gradients])
    All numbers come back in one vector. Each gradient keeps its place and its shape: give back
    a list.
the factor alone: return [share * g for g in gradients] → return share
    Only the factor comes back. The exercise asks for the gradients.
only the first back: return [share * g for g in gradients] → return share * gradients[0]
    Only one tensor comes back. The exercise asks for a list, with each gradient in its place.
the norm alone: return [share * g for g in gradients] → return norm
    Only the norm comes back. The exercise asks for the gradients.
"""

CLIP_BY_NORM = Exercise(
    id="17.clip_by_norm",
    points=2,
    asks="the gradients, shortened together where they are too long",
    reference=clipping.clip_by_norm,
    cases=_cases,
    hints=(
        "Two gradients have the norms 3 and 4. How long are they as one vector? By what is that "
        "multiplied to become 1?",
        "One number multiplies all tensors, so that the direction stays. What is it when they are "
        "short enough already?",
        "The norm of all is the root of the sum of all squares. The factor is `largest` over that "
        "norm, and never above 1. Give back a list.",
    ),
    slips=slips(SLIPS, clipping.clip_by_norm),
    also_right=(_by_one_vector, _by_sums),
)
