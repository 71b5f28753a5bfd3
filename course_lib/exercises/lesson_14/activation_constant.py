"""Exercise 14.activation_constant: the constant of a function of one number, from samples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...analysis import sampled
from ...checking import Case, Exercise, slips
from ...nn import activations
from ..drawing import drawing


def _constant_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def places(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Return n rising numbers, unevenly spaced, none of them 0, on both sides of it."""
        steps = 0.3 + draw(n, dtype=dtype).abs()
        return steps.cumsum(0) - steps.sum() / 2 + 0.0137

    def falling(a: float, b: float) -> Callable[[Tensor], Tensor]:
        """Return a function that falls more steeply than it rises."""
        return lambda z: a * torch.sin(z) - 3 * b * torch.nn.functional.softplus(z) + 2

    a, b = 1 + draw(2).abs()
    return [
        Case("a function that falls, at 9 places", (falling(a, b), places(9))),
        Case("a function that falls, at 30 places", (falling(b, a), places(30))),
        Case("a wave at 12 places", (lambda z: torch.cos(2 * z + a), places(12))),
        Case("a steep tanh at 15 places", (lambda z: torch.tanh(a * z) - b, places(15))),
        Case("sigmoid at 20 places", (activations.sigmoid, places(20)), special=True),
        Case("GELU at 20 places", (activations.gelu, places(20)), special=True),
        Case("ReLU at 3 places", (torch.relu, places(3)), special=True),
        Case("a constant function", (lambda z: 0 * z + 4, places(6)), special=True),
        Case("two places", (falling(a, b), places(2)), special=True),
        Case(
            "tanh at 12 places in float32",
            (torch.tanh, places(12, dtype=torch.float32)),
            special=True,
        ),
    ]


def _all_pairs(f, z):
    values = f(z)
    rise = (values[:, None] - values).abs()
    run = (z[:, None] - z).abs()
    return (rise / torch.where(run > 0, run, torch.inf)).max()


def _by_slices(f, z):
    y = f(z)
    return torch.max(torch.abs((y[1:] - y[:-1]) / (z[1:] - z[:-1])))


def _by_loop(f, z):
    y, best = f(z), torch.zeros((), dtype=z.dtype)
    for k in range(len(z) - 1):
        best = torch.maximum(best, abs(y[k + 1] - y[k]) / (z[k + 1] - z[k]))
    return best


SLIPS = """
no size: .abs() →
    Only rising counts in your result. A function that falls stretches distances as well: what
    happens to the sign?
upside down: f(z).diff() / z.diff() → z.diff() / f(z).diff()
    Your quotient is upside down: it says how far apart inputs are for outputs a distance of 1
    apart.
differences alone: f(z).diff() / z.diff() → f(z).diff()
    These are differences of outputs. How far apart were the inputs?
mean: .max() → .mean()
    This is the mean of the quotients. A constant has to hold for the worst pair.
smallest: .max() → .min()
    The smallest quotient comes back. Which one must hold for all pairs?
from the origin: f(z).diff() / z.diff() → f(z) / z
    You divide an output by its input. That compares each place with 0, and takes f(0) for 0.
    Compare a place with its neighbour.
largest value: (f(z).diff() / z.diff()).abs().max() → f(z).abs().max()
    This is the largest output. A constant says how much *differences* grow.
largest input: (f(z).diff() / z.diff()).abs().max() → z.abs().max()
    This is the largest of the inputs. Where do the outputs come in?
the place:
    | return z[(f(z).diff() / z.diff()).abs().argmax()]
    This is where the largest quotient is reached. The quotient itself is asked for.
which one: .max() → .argmax()
    This is the index of the pair with the largest quotient. The quotient itself is asked for.
end to end: f(z).diff() / z.diff() → (f(z)[-1] - f(z)[0]) / (z[-1] - z[0])
    Only the first and the last place are compared. What lies between may be far steeper.
even spacing: / z.diff() → / (z[1] - z[0])
    You divide by one distance, that of the first two places. The places are not evenly spaced.
mean spacing: / z.diff() → / z.diff().mean()
    You divide by the mean distance. Each pair of neighbours has its own.
range over range: f(z).diff() / z.diff() → (f(z).max() - f(z).min()) / (z.max() - z.min())
    You compare the range of the outputs with that of all inputs. Between two neighbours the
    function may be far steeper.
largest over largest:
    | return f(z).diff().abs().max() / z.diff().max()
    The largest difference of outputs and the largest distance may belong to different pairs. Divide
    pair by pair, then look for the largest.
derivative: f(z).diff() / z.diff() → torch.func.vmap(torch.func.grad(f))(z)
    These are derivatives at the places. Asked for is how many times as far apart two neighbours
    get.
size too soon: f(z).diff() → f(z).abs().diff()
    The sizes of the outputs are compared: from -1 to 1 would count as no change. Take the size
    last.
over two places:
    | return torch.gradient(f(z), spacing=(z,))[0].abs().max()
    Your slopes are worked out over three places, so that peaks are smoothed. Take two neighbours.
every other place: f(z).diff() / z.diff() → (f(z)[2:] - f(z)[:-2]) / (z[2:] - z[:-2])
    You compare places that are two apart. Between them lies one that may be steeper: what is the
    nearest neighbour?
all kept: .abs().max() → .abs()
    You have one quotient for each pair of neighbours. A single number is asked for.
added up: .max() → .sum()
    The quotients are added up. How much can one step stretch at the most?
squared: .abs().max() → .square().max()
    The quotient is squared.
multiplied: f(z).diff() / z.diff() → f(z).diff() * z.diff()
    The difference of the outputs is multiplied by that of the inputs. How many times as large is
    it?
"""

ACTIVATION_CONSTANT = Exercise(
    id="14.activation_constant",
    points=1,
    asks="the largest slope between neighbours",
    reference=sampled.lower_constant,
    cases=_constant_cases,
    hints=(
        "For one pair a, b: how many times as far apart are f(a) and f(b) as a and b?",
        "`y.diff()` gives the differences of neighbours. They have signs; distances have none.",
        "Differences of f(z) over differences of z, their sizes, and the largest of those.",
    ),
    slips=slips(SLIPS, sampled.lower_constant),
    also_right=(_all_pairs, _by_slices, _by_loop),
)
