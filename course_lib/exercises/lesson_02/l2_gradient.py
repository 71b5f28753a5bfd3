"""Exercise 02.l2_gradient: the gradient of loss + strength · (sum of the squared biases)."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import biases
from ..drawing import drawing


def _l2_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    gradient, bias = draw(3), draw(3)
    single = torch.float32
    return [
        Case("4 biases and strength 0.3", (draw(4), draw(4), 0.3)),
        Case("5 biases and strength 1.7", (draw(5), draw(5), 1.7)),
        Case("1 bias", (draw(1), draw(1), 0.3), special=True),
        Case("strength 0", (gradient, bias, 0.0), special=True),
        Case("biases that are all zero", (gradient, torch.zeros_like(bias), 0.7), special=True),
        Case("gradients that are all zero", (torch.zeros_like(bias), bias, 0.7), special=True),
        Case("biases around 100,000", (gradient, 1e5 * bias, 0.1), special=True),
        Case(
            "50 biases in float32",
            (draw(50, dtype=single), draw(50, dtype=single), 0.1),
            special=True,
        ),
    ]


def _l2_by_autograd(gradient: Tensor, bias: Tensor, strength: float) -> Tensor:
    b = bias.detach().requires_grad_()
    penalty = strength * (b**2).sum()
    return gradient + torch.autograd.grad(penalty, b)[0]


SLIPS = """
factor 2 lost: 2 * →
    The pull on the bias is half of what it should be. This is the gradient for strength / 2 · b²,
    which is torch's weight decay; here the penalty has no half. Look at the derivative of a square.
square kept: * bias → * bias**2
    The factor is there, but the square stayed too. What is the derivative of a square?
sign of the bias lost: * bias → * bias.abs()
    A bias below 0 is pushed the wrong way: its sign is lost. Look for an abs.
bias left out: * bias →
    The pull is the same for all biases. For b² it depends on how large the bias is: look at the
    derivative of a square.
penalty counted twice: 2 * → 4 *
    The penalty counts twice: the pull on the bias is double what it should be. Look for a factor
    that comes in a second time.
loss counted twice: gradient + → 2 * gradient +
    The loss counts twice. Its gradient should go in once, as it is: look at what the factor stands
    before.
the penalty, not its gradient: 2 * strength * bias → strength * bias**2
    You add the penalty's value, not its gradient. A bias below 0 would be pushed further down: how
    fast does b² change when b does?
the summed penalty: 2 * strength * bias → strength * (bias**2).sum()
    You add the value of the penalty, one number for all. The gradient has an entry for each bias:
    how fast does the penalty change when that one bias does?
sum over the biases: * bias → * bias.sum()
    Every bias is pulled by the sum of them all. The penalty is a sum, but only one of its terms
    changes with a given bias: look for a sum too many.
mean over the biases: * bias → * bias / bias.numel()
    The pull is divided by the number of biases. The penalty here is their sum of squares, not the
    mean: look for what brings the number in.
loss left out: gradient + →
    This is the gradient of the penalty alone. The gradient of the loss is given and belongs in the
    result too.
gradient in the bias's place: * bias → * gradient
    The penalty pulls in proportion to the gradient, not to the bias. Look at which of the two the
    penalty is made of.
roles swapped: gradient + 2 * strength * bias → bias + 2 * strength * gradient
    Gradient and bias have changed places. The gradient of the loss goes in as it is, and the
    penalty is made of the biases.
a step taken: gradient + → bias - gradient -
    This is the bias after a step of descent. The exercise asks for the gradient that the step is
    taken with.
sign: gradient + → gradient -
    The penalty has the wrong sign: a step against this gradient would drive the biases away from 0.
    The descent itself brings the minus; the gradient does not.
strength left out: * strength →
    The strength plays no part in your result. Look at where it stands in the penalty.
strength on the loss too: gradient + 2 * strength * bias → strength * (gradient + 2 * bias)
    The strength multiplies the loss as well. It belongs to the penalty alone: look at your
    brackets.
L1: 2 * strength * bias → strength * bias.sign()
    This is the gradient for the penalty |b|, L1: the same pull for small and large. For b² the pull
    depends on how large the bias is.
penalty left out: gradient.clone()
    This is the gradient of the loss alone: the penalty plays no part. It is a second term of what
    is to be made small, and has a gradient too.
the bias added: * bias → + bias
    The bias is added where it should multiply: with strength 0 it would still pull. Look for a `+`
    in place of a `*`.
multiplied by the penalty's gradient: gradient + → gradient *
    The two gradients are multiplied: with strength 0 nothing would be left of the loss. Loss and
    penalty are added, and so are their gradients.
strength on the loss: gradient + 2 * strength → strength * gradient + 2
    The strength multiplies the gradient of the loss, and the penalty has none. Look at which of the
    two terms it stands before.
factor on both: gradient + 2 * strength * bias → 2 * strength * (gradient + bias)
    The factor multiplies the gradient of the loss as well, which goes in as it is. Look at your
    brackets.
half instead of twice: 2 * strength → 0.5 * strength
    The pull is a quarter of what it should be: a half stands where the square leaves a factor
    behind. Look at the derivative of a square.
mean of the biases: * bias → * bias.mean()
    Every bias is pulled by the mean of them all. Only one term of the penalty changes with a given
    bias: look for a mean too many.
added into one number: gradient + 2 * strength * bias → (gradient + 2 * strength * bias).sum()
    The entries are added into one number. The gradient has an entry for each bias: look for a sum
    too many.
averaged into one number: gradient + 2 * strength * bias → (gradient + 2 * strength * bias).mean()
    The entries are averaged into one number. The gradient has an entry for each bias: look for a
    mean too many.
a step taken, with the strength:
    | gradient + 2 * strength * bias → bias - strength * (gradient + 2 * bias)
    This is a bias after a step, with the strength as its length. The exercise asks for a gradient;
    and the strength says how much the penalty counts, not how far to go.
a strength from elsewhere: * strength → * 0.03
    The strength is always the same here, whatever is given. Look for a number, or a name from
    elsewhere in the notebook, in place of the argument.
"""

L2_GRADIENT = Exercise(
    id="02.l2_gradient",
    points=1,
    asks="the gradient of loss + strength · (sum of the squared biases)",
    reference=biases.l2_gradient,
    cases=_l2_cases,
    hints=(
        "The gradient of a sum of two terms is the sum of their gradients. You are given the first "
        "one. What is the second term, as a function of one bias b?",
        "Raise b from 3 to 3.01: by how much does b² rise, for each unit of b? And from 5 to 5.01? "
        "What is the rule?",
        "For each bias: its own entry of `gradient`, plus the strength times the derivative of b². "
        "A square leaves a factor behind.",
    ),
    slips=slips(SLIPS, biases.l2_gradient),
    also_right=(
        _l2_by_autograd,
        lambda g, b, s: g + s * (b + b),
        lambda g, b, s: torch.add(g, b, alpha=2 * s),
        lambda g, b, s: torch.stack([gi + 2 * s * bi for gi, bi in zip(g, b, strict=True)]),
    ),
)
