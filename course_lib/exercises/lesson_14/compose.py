"""Exercise 14.compose: a bound for blocks with shortcuts, from the constants of their layers."""

from __future__ import annotations

import torch
from torch import Tensor

from ...analysis import compose
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _compose_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def constants(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return 0.2 + draw(*shape, dtype=dtype).abs()

    return [
        Case("3 blocks of 2 layers", (constants(3, 2), draw(3))),
        Case("2 blocks of 4 layers", (constants(2, 4), draw(2))),
        Case("4 blocks of 3 layers", (constants(4, 3), 2 * draw(4))),
        Case("3 blocks of 3 layers", (constants(3, 3), draw(3))),
        Case("shortcuts of 1", (constants(3, 2), torch.ones(3).double()), special=True),
        Case("no shortcuts", (constants(3, 2), torch.zeros(3).double()), special=True),
        Case("1 block of 1 layer", (constants(1, 1), draw(1)), special=True),
        Case("a branch of zeros", (0 * constants(2, 3), draw(2)), special=True),
        Case("12 blocks", (constants(12, 2), torch.ones(12).double()), special=True),
        Case("constants around a hundred", (100 * constants(3, 2), draw(3)), special=True),
        Case(
            "float32",
            (constants(4, 2, dtype=torch.float32), draw(4, dtype=torch.float32)),
            special=True,
        ),
    ]


def _by_loop(branches, skips):
    whole = torch.ones((), dtype=branches.dtype)
    for layers, skip in zip(branches, skips, strict=True):
        branch = torch.ones((), dtype=branches.dtype)
        for constant in layers:
            branch = branch * constant
        whole = whole * (abs(skip) + branch)
    return whole


def _by_cumprod(branches, skips):
    return torch.cumprod(torch.prod(branches, 1) + torch.abs(skips), 0)[-1]


def _by_logs(branches, skips):
    return torch.exp(torch.log(branches.log().sum(dim=1).exp() + skips.abs()).sum())


SLIPS = """
blocks added up: .prod() → .sum()
    The blocks are added up. They stand one after the other: what one stretches, the next stretches
    again.
layers added up: branches.prod(dim=1) → branches.sum(dim=1)
    The layers of a branch are added up. They stand one after the other.
wrong axis: branches.prod(dim=1) → branches.prod(dim=0)
    You multiply over the blocks, layer by layer. Which axis holds the layers of one branch?
shortcut forgotten: skips.abs() + →
    The shortcuts play no part in your result. What goes through a shortcut is added to what comes
    out of the branch.
shortcuts of 1: skips.abs() → 1
    Each shortcut counts as 1 in your result, whatever its weight. A block may have none.
shortcut multiplied: skips.abs() + → skips.abs() *
    You multiply by the shortcut's weight. Along a way that is right; the shortcut and the branch
    run side by side, and meet in a sum.
with its sign: skips.abs() → skips
    A shortcut of negative weight makes your bound smaller. Distances have no sign: what does a
    weight of -1 do to one?
size of the sum:
    | return (skips + branches.prod(dim=1)).abs().prod()
    You take the size after adding. A shortcut of negative weight then makes the bound smaller, but
    the branch need not work against it.
largest layer: branches.prod(dim=1) → branches.amax(dim=1)
    Of each branch only the largest layer counts in your result. The others stretch as well.
largest block: .prod() → .amax()
    Only the largest block counts in your result.
mean of blocks: .prod() → .mean()
    You average the blocks. They stand one after the other.
last block only: .prod() → [-1]
    Only the last block counts in your result. The blocks stand one after the other.
first block only: .prod() → [0]
    Only the first block counts in your result. The blocks stand one after the other.
weight on both ways: skips.abs() + branches.prod(dim=1) → skips.abs() * (1 + branches.prod(dim=1))
    The weight stands on the branch too in your result. Here it is the shortcut's alone.
one shortcut around all:
    | return skips.abs().prod() + branches.prod()
    Your result is for one long shortcut around everything. Here each block has its own.
shortcut around each layer:
    | return (skips.abs()[:, None] + branches).prod()
    Each layer has a shortcut in your result. It leads around the whole branch.
blocks kept: .prod() →
    You have a number for each block. What is the bound for all of them, one after the other?
larger way:
    | return torch.maximum(skips.abs(), branches.prod(dim=1)).prod()
    Of the two ways you take the larger. What they hand on is added, and may point the same way.
as right angles:
    | return (skips.square() + branches.prod(dim=1).square()).sqrt().prod()
    You add as if the two ways were at right angles. They may point the same way, and a bound must
    hold then too.
branch less shortcut: skips.abs() + branches.prod(dim=1) → branches.prod(dim=1) - skips.abs()
    The shortcut is taken off. Two ways that meet can add up.
one too many: (skips.abs() + → (1 + skips.abs() +
    There is a 1 too many in each block: the shortcut is already in `skips`.
weight on the branch: skips.abs() + branches.prod(dim=1) → 1 + skips.abs() * branches.prod(dim=1)
    The weight stands on the branch in your result, and the shortcut counts as 1. Here it is the
    shortcut's.
size twice: .prod() → .prod().square()
    The result is squared.
"""

COMPOSE = Exercise(
    id="14.compose",
    points=1,
    asks="a bound for blocks with shortcuts",
    reference=compose.upper_of_blocks,
    cases=_compose_cases,
    hints=(
        "One block first: s·x + f(x). Two inputs a distance of 1 apart: how far apart can the two "
        "parts of the sum be?",
        "Along a way constants multiply. Where two ways meet they add up. A distance has no sign.",
        "For each block the size of its shortcut plus the product of its layers; then the product "
        "of all blocks.",
    ),
    slips=slips(SLIPS, compose.upper_of_blocks),
    also_right=(_by_loop, _by_cumprod),
)
