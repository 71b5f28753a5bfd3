"""Exercise 05.bce_logits: the binary cross-entropy of logits, without overflow."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...checking import Case, Exercise, slips
from ...nn import cross_entropy
from ..drawing import drawing
from ..families import slips_of_a_mean


class FiniteExponentials(Tensor):
    """A tensor that raises OverflowError when an exponential of it is infinite.

    Where it is not picked, or is divided by, a loss can be right and its slope still be NaN.
    """

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = super().__torch_function__(func, types, args, kwargs or {})
        if func.__name__ == "exp" and result.isinf().any():
            raise OverflowError("an exponential is infinite")
        return result


def _bce_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def answers(n: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        y = (torch.arange(n) % 3 != 0).to(dtype)
        return 2 * draw(n, dtype=dtype) + 0.3, y

    def one(z: float, y: float) -> tuple[Tensor, Tensor]:
        return torch.tensor([z], dtype=torch.float64), torch.tensor([y], dtype=torch.float64)

    z, y = answers(5)
    far = torch.tensor([-1000, -2, 0, 2, 1000], dtype=torch.float64)
    return [
        Case("7 logits", answers(7)),
        Case("5 logits", answers(5)),
        Case("10 logits", answers(10)),
        Case("1 logit", answers(1), special=True),
        Case("logits that are all zero", (torch.zeros_like(z), y), special=True),
        Case("answers that are all no", (z, torch.zeros_like(y)), special=True),
        Case("a logit of 50 for a no", one(50, 0), special=True),
        Case("a logit of 1000 for a yes", one(1000, 1), special=True),
        Case("a logit of 1000 for a no", one(1000, 0), special=True),
        Case("a logit of -1000 for a yes", one(-1000, 1), special=True),
        Case("a logit of -1000 for a no", one(-1000, 0), special=True),
        Case(
            "logits from -1000 to 1000, of which no exponential may be infinite",
            (far.as_subclass(FiniteExponentials), y),
            special=True,
        ),
        Case("a logit of 10,000 for a no", one(1e4, 0), special=True),
        Case("a logit of -10,000 for a yes", one(-1e4, 1), special=True),
        Case("60 logits in float32", answers(60, torch.float32), special=True),
    ]


def _by_log_sigmoid(z: Tensor, y: Tensor) -> Tensor:
    """Return the loss with the logarithm of the sigmoid written out, as the lesson has it."""

    def log_sigmoid(z: Tensor) -> Tensor:
        return z.clamp(max=0) - torch.log1p(torch.exp(-z.abs()))

    return -(y * log_sigmoid(z) + (1 - y) * log_sigmoid(-z)).mean()


SLIPS = """
log of a rounded sigmoid:
    | softplus(-z) → -torch.sigmoid(z).log()
    | softplus(z) → -(1 - torch.sigmoid(z)).log()
    The formula is right, but the sigmoid comes first. For large logits it is rounded to 0 or 1, and
    the logarithm of 0 is infinite. The logarithm and the sigmoid belong in one step.
exp overflows: softplus(-z) → (1 + torch.exp(-z)).log() ; softplus(z) → (1 + torch.exp(z)).log()
    The formula is right, but for a logit of 1000 an exponential, written out or inside a sigmoid,
    overflows or is rounded to 0 before the logarithm comes. The logarithm and the sigmoid belong in
    one step.
exp overflows on one side: (torch.log(1 + torch.exp(z)) - z * y).mean()
    The formula is right, but `exp` of 1000 is infinite. The exponent must never be large and
    positive: what of log(1 + exp(z)) is left when z is large?
exp overflows on the other side: (torch.log(1 + torch.exp(-z)) + (1 - y) * z).mean()
    The formula is right, but for a logit of -1000 the exponential is infinite. The exponent must
    never be large and positive.
logarithms capped: functional.binary_cross_entropy(torch.sigmoid(z), y)
    The sigmoid comes first and rounds, and torch's own loss on probabilities then stops at 100. A
    logit of -1000 for a yes costs 1000: work with the logits.
probabilities clipped at 1e-7:
    | return functional.binary_cross_entropy(torch.sigmoid(z).clamp(1e-7, 1 - 1e-7), y)
    The probabilities are clipped at 1e-7, as Keras does. Then no mistake costs more than 16.12, and
    a surer one has no gradient. Work with the logits.
logits cut off at 1000: z) → z.clamp(-1000, 1000))
    The formula is right, but the logits are cut off at 1000, so that a surer mistake costs no more
    and is not pulled back. Without overflow there is nothing to cut off.
both sides of where:
    | yes_side = z * (1 - y) + torch.log(1 + torch.exp(-z))
    | no_side = torch.log(1 + torch.exp(z)) - z * y
    | return torch.where(z > 0, yes_side, no_side).mean()
    The loss is right, but its slope is not: an exponential overflows where it is not picked, and
    then the slope is NaN. `where`, for one, computes both of its sides for every number. No
    exponential should ever be above 1.
sign: return ( → return -(
    The loss has the wrong sign: it is never above 0, and grows as the answers get better.
    Logarithms of probabilities are never above 0; what turns them?
yes and no swapped: softplus(-z) ↔ softplus(z)
    Yes and no have changed places: a large logit should be cheap when the answer is yes. Look at
    which term y stands before.
only the yes: + (1 - y) * softplus(z) →
    Examples whose answer is no cost nothing, so that saying yes to all would be best. A second term
    is missing.
only the no: y * softplus(-z) + →
    Examples whose answer is yes cost nothing, so that saying no to all would be best. A second term
    is missing.
always as if yes: y * softplus(-z) + (1 - y) * softplus(z) → softplus(-z)
    The answers play no part in your result: every example costs what it would for a yes.
always as if no: y * softplus(-z) + (1 - y) * softplus(z) → softplus(z)
    The answers play no part in your result: every example costs what it would for a no. Is a term
    with y missing?
one minus the logarithm: softplus(z) → -(1 - functional.logsigmoid(z))
    In the second term 1 minus stands outside the logarithm. It is the probability that is taken
    from 1, and only then comes the logarithm.
sigmoid forgotten: softplus(-z) → -z.log() ; softplus(z) → -(1 - z).log()
    The logits are used as if they were probabilities. They may be any number, and a negative one
    has no logarithm: what makes a probability of a logit?
sigmoid twice: z) → torch.sigmoid(z))
    The sigmoid is taken twice: you hand over probabilities to something that expects logits and
    squashes them again.
sign of the product: (softplus(z) + z * y).mean()
    The term with y has the wrong sign: a large logit for a yes should be cheap.
size forgotten in the exponent: (z.clamp(min=0) - z * y + torch.log1p(torch.exp(z))).mean()
    The exponent in your last term is the logit itself. It should be minus its size, so that the
    exponential is never above 1.
sign forgotten in the exponent: (z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z))).mean()
    The exponent in your last term is minus the logit. For a logit below 0 that is positive: it
    should be minus its size.
logarithm to the base 2: .mean() → .mean() / math.log(2)
    The logarithm has the base 2, which measures in bits. Losses use the natural one.
squared error: ((torch.sigmoid(z) - y) ** 2).mean()
    This is the squared error of the probabilities, the Brier score. The exercise asks for the
    logarithm of the probability that the right answer got.
log of a rounded sigmoid, picked:
    | return -torch.where(y == 1, torch.sigmoid(z), 1 - torch.sigmoid(z)).log().mean()
    The formula is right, but the sigmoid comes before the logarithm. For large logits it is rounded
    to 0 or 1, and the logarithm of 0 is infinite. They belong in one step.
logarithm forgotten: softplus(-z) → -torch.sigmoid(z) ; softplus(z) → -torch.sigmoid(-z)
    This is minus the mean probability of the right answer. A logarithm is missing.
one minus the logit: softplus(z) → softplus(-(1 - z))
    For a no you use 1 minus the logit. It is the probability that is taken from 1; for the logit
    that means something simpler.
minus between the terms: + → -
    The two terms are subtracted, so that a no costs less than nothing. Look at the sign between
    them, or at the brackets behind the first minus.
answers not weighed: y * softplus(-z) → softplus(-z) ; (1 - y) * softplus(z) → softplus(z)
    Both terms count for every example, whatever its answer. Which factor switches one of them off?
minus the logarithm for a no: softplus(z) → -softplus(-z)
    For a no you use minus the logarithm of the sigmoid. The logarithm of the sigmoid of -z is not
    minus that of z: look at where the minus of the second term stands.
first term not weighed: y * softplus(-z) → softplus(-z)
    The first term counts for every example, even for a no. Which factor switches it off?
second term not weighed: (1 - y) * softplus(z) → softplus(z)
    The second term counts for every example, even for a yes. Which factor switches it off?
logits for probabilities, to torch's loss: functional.binary_cross_entropy(z, y)
    torch's `binary_cross_entropy` takes probabilities, and stops when it gets a number below 0 or
    above 1. You hand it logits, which may be any number. A sigmoid before it would still round: the
    logarithm and the sigmoid belong in one step.
"""

SLIPS_OF_THE_LOGARITHM = """
size forgotten in the logarithm of the sigmoid: -z.abs() → -z
    In your logarithm of a sigmoid the exponent is minus the logit, which is above 0 for a logit
    below 0. No exponential should ever be above 1: compare the exponent with that of the lesson's
    formula.
maximum for minimum: max=0 → min=0
    The smaller and the larger of z and 0 have changed places, so that a large logit for a yes costs
    less than nothing. With `clamp`, `max=0` gives the smaller of the two.
sign in the logarithm of the sigmoid: - torch.log1p → + torch.log1p
    In your logarithm of a sigmoid the second part is added. At a logit of 0 that makes it above 0,
    but a probability of one half has a logarithm below 0. Look at the sign.
sign of the exponent: -z.abs() → z.abs()
    In your logarithm of a sigmoid the exponent is the size of the logit, so that the exponential
    grows without end. It should never be above 1: look at the sign.
"""

BCE_LOGITS = Exercise(
    id="05.bce_logits",
    points=2,
    asks="the binary cross-entropy of logits, without overflow",
    reference=cross_entropy.bce_logits,
    cases=_bce_cases,
    hints=(
        "What is the probability that the sigmoid gives to a yes when the logit is 1000? And to a "
        "no? Which of the two does a computer round, and to what?",
        "The probability of a no is the sigmoid of the opposite logit, so that nothing has to be "
        "taken from 1. And the logarithm of a sigmoid can be had in one piece.",
        "`torch.nn.functional.logsigmoid` takes a logit and gives the logarithm of its sigmoid, at "
        "any size. Use it twice, once for yes and once for no, weigh the two by the answers, and "
        "mind the minus. (To write it out yourself: `z.clamp(max=0)` is the smaller of z and 0.)",
    ),
    slips=slips_of_a_mean(cross_entropy.bce_logits)
    + slips(SLIPS, cross_entropy.bce_logits)
    + slips(SLIPS_OF_THE_LOGARITHM, _by_log_sigmoid),
    also_right=(
        _by_log_sigmoid,
        lambda z, y: functional.binary_cross_entropy_with_logits(z, y),
        lambda z, y: (z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))).mean(),
        lambda z, y: (torch.logaddexp(torch.zeros_like(z), z) - y * z).mean(),
        lambda z, y: functional.softplus(torch.where(y == 1, -z, z)).mean(),
        lambda z, y: -functional.logsigmoid((2 * y - 1) * z).mean(),
    ),
    needs=("vmap",),
)
