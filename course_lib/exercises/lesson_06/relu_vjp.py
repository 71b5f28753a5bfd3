"""Exercise 06.relu_vjp: the gradient of ReLU's input, given that of its output."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import backprop
from ...nn.activations import relu, relu_grad  # noqa: F401  (slips use relu)
from ...nn.backprop import elementwise_vjp
from ..drawing import drawing


def _relu_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    g, z = draw(3, 4), draw(3, 4)
    half = torch.where(z > 0.5, z, torch.zeros_like(z))
    return [
        Case("5 examples and 6 neurons", (draw(5, 6), draw(5, 6))),
        Case("8 numbers", (draw(8), draw(8))),
        Case("4 examples and 4 neurons", (draw(4, 4), draw(4, 4))),
        Case("a z that is 0 in many places", (g, half), special=True),
        Case("a z that is 0 everywhere", (g, torch.zeros_like(z)), special=True),
        Case("a z that is above 0 everywhere", (g, z.abs() + 0.1), special=True),
        Case("a z that is below 0 everywhere", (g, -z.abs() - 0.1), special=True),
        Case("a g that is all zero", (torch.zeros_like(g), z), special=True),
        Case("1 number", (draw(1), draw(1).abs()), special=True),
        Case("a z of a millionth", (g, 1e-6 * z), special=True),
        Case("a z around 10,000", (g, 1e4 * z), special=True),
        Case("a g around 100,000", (1e5 * g, z), special=True),
        Case(
            "50 examples and 10 neurons in float32",
            (draw(50, 10, dtype=torch.float32), draw(50, 10, dtype=torch.float32)),
            special=True,
        ),
    ]


def _relu_by_autograd(g: Tensor, z: Tensor) -> Tensor:
    z = z.detach().requires_grad_()
    return torch.autograd.grad(torch.relu(z), z, g)[0]


def _relu_by_mask(g: Tensor, z: Tensor) -> Tensor:
    back = g.clone()
    back[z <= 0] = 0
    return back


def _relu_row_by_row(g: Tensor, z: Tensor) -> Tensor:
    return torch.stack([one * (row > 0) for one, row in zip(g, z, strict=True)])


def _relu_by_slope(g: Tensor, z: Tensor) -> Tensor:
    return elementwise_vjp(g, relu_grad(z))


SLIPS = """
gate of the gradient's sign: relu_grad(z) → (g > 0)
    The gate looks at the sign of g, so all gradients below 0 are lost. Whether ReLU let something
    through was decided on the way forward: look at what you compare with 0.
both above 0: relu_grad(z) → (z > 0) & (g > 0)
    Only gradients above 0 come through. This is known as guided backpropagation, a way to draw
    pictures; it is not the gradient. Which of the two signs belongs in the gate?
open at 0: relu_grad(z) → (z >= 0)
    At z = 0 your gate is open. There ReLU has a corner, and any slope from 0 to 1 could be
    defended; torch takes 0, and so does this course. Look at your comparison.
half open at 0: relu_grad(z) → torch.heaviside(z, torch.tensor(0.5, dtype=z.dtype))
    At z = 0 your slope is one half. ReLU has a corner there, and any slope from 0 to 1 could be
    defended; torch takes 0, and so does this course.
open below 0: relu_grad(z) → (z < 0)
    The gate is open where z is below 0, and shut where it is above. Look at your comparison, or at
    the order in `where`.
gate forgotten: elementwise_vjp(g, relu_grad(z)) → g.clone()
    Where z is below 0, g comes through as it is. There ReLU gave 0, and moving z a little changes
    nothing: what is the slope there?
the value for the slope: relu_grad(z) → relu(z)
    g is multiplied by what ReLU gives. A gradient needs the slope of ReLU, which is the same for z
    = 2 and z = 5.
g times z: relu_grad(z) → z
    g is multiplied by z. A gradient needs the slope of ReLU at z, which takes one of two values
    only.
the slope alone: elementwise_vjp(g, relu_grad(z)) → relu_grad(z)
    This is the slope of ReLU, 0 or 1. The gradient that arrived, g, is still to be multiplied by
    it.
forward pass: elementwise_vjp(g, relu_grad(z)) → relu(z)
    This is ReLU itself. The exercise asks for the way back: what becomes of g.
ReLU of the product: elementwise_vjp(g, relu_grad(z)) → relu(g * z)
    You take ReLU of g times z. Nothing is cut off on the way back: g is multiplied by a slope that
    depends on z alone.
arguments swapped: elementwise_vjp(g, relu_grad(z)) → z * (g > 0)
    g and z have changed places: z is let through where g is above 0. Look at which one is the
    gradient.
sign of z: relu_grad(z) → torch.sign(z)
    Below 0 your slope is -1. That is the slope of |z|; ReLU is flat there.
leaky: torch.where(z > 0, g, 0.01 * g)
    A hundredth of g comes through below 0. That is leaky ReLU; plain ReLU is flat there.
only what is open: g[z > 0]
    Only the places where the gate is open come back, in a row. The result must have the shape of z,
    with 0 in the other places.
sign: elementwise_vjp → -elementwise_vjp
    The sign is wrong. A gradient points uphill; the minus comes with the step of descent.
z where the gate is shut: torch.where(z > 0, g, z)
    Where the gate is shut, z comes back. ReLU is flat there: how much of g comes through? Look at
    what stands last in your `where`.
one where the gate is shut: torch.where(z > 0, g, 1.0)
    Where the gate is shut, 1 comes back. ReLU is flat there: how much of g comes through? Look at
    what stands last in your `where`.
compared with 1: relu_grad(z) → (z > 1)
    Your gate opens where z is above 1. Where has ReLU its corner?
the value for the slope, up to 1: relu_grad(z) → z.clamp(0, 1)
    g is multiplied by z cut to the range from 0 to 1. A slope takes one of two values only, and is
    the same for z = 0.2 and z = 2.
shut again for large z: relu_grad(z) → ((z > 0) & (z < 6))
    Your gate shuts again where z is large. That belongs to ReLU6, a ReLU which is capped; plain
    ReLU rises with the same slope however large z is.
"""

RELU_VJP = Exercise(
    id="06.relu_vjp",
    points=2,
    asks="the gradient of ReLU's input, given that of its output",
    reference=backprop.relu_vjp,
    cases=_relu_cases,
    hints=(
        "Draw ReLU on paper. How fast does its output move when z is 2 and moves a little? When z "
        "is -2?",
        "The slope is 1 or 0, and which of the two depends on z alone. What does a slope do to the "
        "g that arrives there?",
        "Where z is above 0, g goes through as it is; everywhere else, also where z is exactly 0, "
        "the result is 0. `torch.where`, or a product with a comparison, does it.",
    ),
    slips=slips(SLIPS, _relu_by_slope),
    also_right=(
        _relu_by_slope,
        _relu_by_autograd,
        _relu_by_mask,
        _relu_row_by_row,
        lambda g, z: torch.where(z > 0, g, 0.0),
        lambda g, z: g * torch.relu(torch.sign(z)),
        lambda g, z: g * (torch.relu(z) > 0).float().to(g.dtype),
    ),
)
