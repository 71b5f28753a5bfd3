"""Exercise 15.overflow: what float16 loses of gradients."""

from __future__ import annotations

import torch

from ...analysis.half_precision import lost_in_half
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def wide(*shape: int, middle: float = 0.0) -> torch.Tensor:
        """Return numbers of either sign whose logarithms are spread evenly over 16 decades."""
        z = draw(*shape, dtype=torch.float32)
        powers = torch.linspace(-11, 5, z.numel()).view(shape) + middle + z.flatten()[0] / 3
        return z.sign() * 10**powers

    holes = wide(40)
    holes[::5] = 0
    return [
        Case("40 gradients of many sizes, scale 100", (holes, 100.0)),
        Case("8 by 6 large gradients, scale 2⁻⁶", (wide(8, 6, middle=2.0), 2.0**-6)),
        Case("30 small gradients, scale 2¹⁶", (wide(30, middle=-4.0), 65536.0)),
        Case("scale 1", (wide(24), 1.0), special=True),
        Case("12 gradients in float64", (wide(12).double(), 10.0), special=True),
        Case("a scale below 1", (wide(24), 2.0**-8), special=True),
        Case("one gradient that survives", (torch.tensor([0.5]), 2.0), special=True),
        Case("one gradient that is too small", (torch.tensor([-1e-9]), 2.0), special=True),
        Case("one gradient that is too large", (torch.tensor([-6e4]), 2.0), special=True),
        Case(
            "gradients near both ends",
            (torch.tensor([65504.0, 65519.0, 65520.0, 2.0**-24, 2.0**-25, 3e-8, 2.9e-8]), 1.0),
            special=True,
        ),
    ]


def _by_hand(g, scale):
    before = (g != 0).sum().to(g.dtype)
    half = (g * scale).to(torch.float16)
    gone = ((half == 0) & (g != 0)).sum()
    return torch.stack([(~half.isfinite()).sum() / before, gone / before])


def _by_limits(g, scale):
    size = (g[g != 0] * scale).abs()
    return torch.stack([(size >= 65520).to(g.dtype).mean(), (size <= 2**-25).to(g.dtype).mean()])


SLIPS = """
zeros counted as lost: g = g[g != 0] → g = g.flatten()
    Gradients that were 0 from the beginning count as lost. Half precision keeps them as they
    are: leave them out.
scale forgotten: (scale * g) → g
    The scale plays no part in your result. The loss is multiplied by it, and with it each
    gradient.
divided by the scale: (scale * g) → (g / scale)
    You divide by the scale. That comes after the way back; in half precision the gradient is
    multiplied by it.
scaled too late: (scale * g).half() → scale * g.half()
    You go to half precision first, and multiply then. What has become 0 stays 0: which comes
    first?
underflow first: half.isinf(), half == 0 → half == 0, half.isinf()
    The two shares stand in the wrong order. First what overflows.
counts: .mean(dim=1) → .sum(dim=1)
    These are counts. The exercise asks for shares, from 0 to 1.
bfloat16: .half() → .bfloat16()
    Too little is lost in your function. bfloat16 and float32 reach further than float16: which
    type do you go to?
kept shares: torch.stack( → 1 - torch.stack(
    These are the shares that are *not* lost in either way.
NaN for infinite: half.isinf() → half.isnan()
    You look for NaN. What is too large becomes infinite.
positive only: half.isinf() → half == torch.inf
    Of what overflows you count only what is above 0. Gradients have both signs.
negative counted as zero: half == 0 → half <= 0
    All that is below 0 counts as lost. What is lost is exactly 0.
lost digits: half == 0 → half.abs() < 2.0**-14
    You count gradients that have lost digits, too. Lost is what has become exactly 0.
limit for overflow, unscaled: half.isinf() → g.abs() > 65504
    Whether something overflows is asked of the gradient without its scale. Ask it of what is in
    half precision.
limits of the format: half.isinf(), half == 0 → (scale * g).abs() > 65504, (scale * g).abs() < 6e-8
    You compare with the limits of float16. But what lies just beyond them is rounded to them: look
    at what the format makes of it.
zeros below the line:
    | g = g[g != 0] → every = g.numel(); g = g[g != 0]
    | .mean(dim=1) → .sum(dim=1) / every
    You divide by how many gradients there are. Those that were 0 from the beginning do not count:
    leave them out there, too.
unscaled zeros: half == 0 → g.half() == 0
    Whether something becomes 0 is asked of the gradient without its scale. Ask it of what is in
    half precision.
percent: torch.stack( → 100 * torch.stack(
    These are percentages. The exercise asks for shares, from 0 to 1.
both in one: .mean(dim=1) → .mean(dim=1).sum()
    There is one share, of both kinds of loss. The exercise asks for the two apart.
whether at all: .to(g.dtype).mean(dim=1) → .any(dim=1).to(g.dtype)
    You say whether anything is lost. The exercise asks how large a share it is.
only overflow: .mean(dim=1) → .mean(dim=1)[0]
    Only the share that overflows comes back. The second, of what becomes 0, is missing.
only zeros: .mean(dim=1) → .mean(dim=1)[1]
    Only the share that becomes 0 comes back. The first, of what overflows, is missing.
scale squared: (scale * g) → (scale**2 * g)
    The gradient is multiplied by the scale twice.
zeros counted, and scaled too late:
    | g = g[g != 0] → g = g.flatten()
    | (scale * g).half() → scale * g.half()
    Two things: gradients that were 0 from the beginning count as lost, and you go to half
    precision before you multiply.
zeros counted, scale forgotten: g = g[g != 0] → g = g.flatten() ; (scale * g) → g
    Two things: gradients that were 0 from the beginning count as lost, and the scale plays no
    part.
zeros counted in half: g = g[g != 0] → g = g[g.half() != 0]
    You leave out what is 0 in half precision. That is what is to be counted: leave out what is
    0 before.
"""

OVERFLOW = Exercise(
    id="15.overflow",
    points=2,
    asks="which share of gradients overflows in float16, and which becomes 0",
    reference=lost_in_half,
    cases=_cases,
    hints=(
        "What happens to a loss that is multiplied by the scale, happens to all gradients on "
        "the way back. What is in half precision then?",
        "`.half()` makes a float16 of a number. What is too large becomes infinite, `.isinf()`; "
        "what is too small becomes 0. Which zeros were there before?",
        "Choose the gradients that are not 0. Multiply, then `.half()`. The mean of "
        "`half.isinf()`, as numbers of g's dtype, is the first share; the second likewise. "
        "`torch.stack` both.",
    ),
    slips=slips(SLIPS, lost_in_half),
    also_right=(_by_hand, _by_limits),
)
