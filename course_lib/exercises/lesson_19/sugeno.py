"""Exercise 19.sugeno: one number from all rules, the mean weighted by what fires."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order import inference
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def fires(*shape: int) -> Tensor:
        return torch.sigmoid(1.5 * draw(*shape))

    some = fires(4, 3) * torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)[:, None]
    part = fires(6, 4) * (draw(6, 4) < 0.5)
    alone = torch.tensor([0.0, 0.3, 0.0], dtype=torch.float64)
    return [
        Case("3 rules", (fires(3), 2 * draw(3), 0.7)),
        Case("6 examples of 4 rules, some of which do not fire", (part, draw(4) + 3, -1.0)),
        Case("4 examples of 3 rules, none of which fires at two", (some, draw(3) - 2, 0.4)),
        Case("5 examples of 5 rules", (fires(5, 5), 3 * draw(5), 0.0)),
        Case("3 faint examples of 4 rules", (1e-9 * fires(3, 4), draw(4) + 1, 1.0)),
        Case("a single rule that fires", (alone, draw(3), 0.5), special=True),
        Case("no rule that fires", (0 * alone, draw(3), -2.5), special=True),
        Case("rules that all say 0", (fires(4), torch.zeros(4).double(), 1.0), special=True),
        Case("rules that fire by 1 in all", (fires(4).softmax(0), draw(4), 1.0), special=True),
        Case("one rule", (fires(3, 1), draw(1), 1.0), special=True),
        Case("2 by 3 examples", (fires(2, 3, 4), draw(4), 1.0), special=True),
        Case("float32", (fires(9, 5).float(), draw(5).float(), 0.3), special=True),
    ]


def _by_a_product(strengths: Tensor, consequences: Tensor, otherwise: float) -> Tensor:
    above, below = strengths @ consequences, strengths.sum(-1)
    mean = above / below
    return torch.where(below > 0, mean, torch.full_like(mean, otherwise))


def _by_loops(strengths: Tensor, consequences: Tensor, otherwise: float) -> Tensor:
    rows = strengths.reshape(-1, strengths.shape[-1])
    out = []
    for row in rows:
        total = row.sum()
        out.append((row * consequences).sum() / total if total > 0 else row.new_tensor(otherwise))
    return torch.stack(out).reshape(strengths.shape[:-1])


SLIPS = """
not normalised: strengths / torch.where(silent, 1.0, total)[..., None] → strengths
    Your sum is not divided by what fires in all. If two rules both say 5 and fire by a tenth, what
    should come out?
not normalised, silence forgotten: (strengths * consequences).sum(dim=-1)
    Your sum is not divided by what fires in all, and where no rule fires it gives 0, not what is
    handed in.
max for sum: strengths.sum(dim=-1) → strengths.amax(dim=-1)
    You divide by the largest strength. The weights should add up to 1: by what are they divided?
max for sum, silence forgotten: (strengths * consequences).sum(dim=-1) / strengths.amax(dim=-1)
    Two things: you divide by the largest strength, and where no rule fires by 0. By what are
    weights divided so that they add up to 1, and what is handed in for the other case?
max for both sums:
    | strengths.sum(dim=-1) → strengths.amax(dim=-1)
    | consequences).sum(dim=-1) → consequences).amax(dim=-1)
    You take the largest where a sum is due, above and below. All rules count, each by its strength.
max above: consequences).sum(dim=-1) → consequences).amax(dim=-1)
    Of the weighted consequences only the largest counts. All rules count, each by its strength.
strongest rule: (share * consequences).sum(dim=-1) → consequences[strengths.argmax(dim=-1)]
    Only the strongest rule is heard. The others count too, each by its strength; else the result
    would jump.
silence forgotten: (strengths * consequences).sum(dim=-1) / strengths.sum(dim=-1)
    Where no rule fires you divide 0 by 0. What is handed in for that?
silence gives 0: otherwise → 0.0
    Where no rule fires your result is 0, whatever is handed in for that.
small number below: (strengths * consequences).sum(dim=-1) / (strengths.sum(dim=-1) + 1e-8)
    You add a small number below. Where no rule fires the result is then 0, not what is handed in,
    and where rules are faint it is too small.
other small number below: (strengths * consequences).sum(dim=-1) / (strengths.sum(dim=-1) + 1e-12)
    You add a tiny number below. Where no rule fires the result is then 0, not what is handed in.
clamped below: (strengths * consequences).sum(dim=-1) / strengths.sum(dim=-1).clamp(min=1e-8)
    You keep the lower part off 0. Where no rule fires the result is then 0, not what is handed in.
by the number of rules:
    | strengths / torch.where(silent, 1.0, total)[..., None] → strengths / strengths.shape[-1]
    You divide by the number of rules. A rule that does not fire would pull the result to 0: by
    what should be divided?
plain mean: (share * consequences).sum(dim=-1) → consequences.mean().expand(silent.shape)
    The strengths play no part in your result: all rules count alike.
only those that fire, alike:
    | strengths → (strengths > 0).to(strengths)
    All rules that fire count alike. They count by their strengths.
softmax: strengths / torch.where(silent, 1.0, total)[..., None] → torch.softmax(strengths, dim=-1)
    You turn strengths into shares by softmax. Then a rule that does not fire counts too: divide
    by the sum.
softmax, silence forgotten: (torch.softmax(strengths, dim=-1) * consequences).sum(dim=-1)
    You turn strengths into shares by softmax. Then a rule that does not fire counts too, and where
    none fires all count alike: divide by the sum, and look at what is handed in.
divided by the consequences:
    | mean = (strengths * consequences).sum(dim=-1) / consequences.sum()
    | return torch.where(strengths.sum(dim=-1) == 0, otherwise, mean)
    You divide by the sum of the consequences. What are the weights of this mean?
divided by the consequences, silence forgotten:
    | (strengths * consequences).sum(dim=-1) / consequences.sum()
    You divide by the sum of the consequences, and where no rule fires what is handed in plays no
    part. What are the weights of this mean?
one total for all examples: torch.where(silent, 1.0, total)[..., None] → total.sum()
    You divide by what fires in all examples together. Each example has its own rules.
axis of the examples:
    | total = strengths.sum(dim=0)
    | mean = (strengths * consequences).sum(dim=0) / total
    | return torch.where(total == 0, otherwise, mean)
    Your sums run over the examples. They should run over the rules, on the last axis.
shares:
    | return torch.where(silent, otherwise, mean) → return share * consequences
    You give one number for each rule. They are added up.
squared strengths: (share * consequences) → (share * share * consequences)
    Your strengths count twice above, and once below.
otherwise added:
    | torch.where(silent, otherwise, mean) → mean + otherwise
    What is meant for the case that no rule fires is added everywhere.
otherwise for all:
    | torch.where(silent, otherwise, mean) → torch.where(silent.any(), otherwise, mean)
    As soon as no rule fires at one example, all examples get the same result. Decide for each.
otherwise if one is silent: silent = total == 0 → silent = (strengths == 0).any(dim=-1)
    As soon as one rule does not fire, you give what is handed in. That is for where none fires.
sides of where:
    | silent, otherwise, mean → silent, mean, otherwise
    The two sides of your `where` have changed places.
"""

SUGENO = Exercise(
    id="19.sugeno",
    points=2,
    asks="the mean of the consequences, weighted by what fires",
    reference=inference.sugeno,
    cases=_cases,
    hints=(
        "Two rules fire, by 0.2 and by 0.6, and say 1 and 5. How much of what fires belongs to "
        "the second?",
        "A weighted mean: the sum of weight times value, over the sum of the weights. Over which "
        "axis do the rules lie?",
        "Where the sum of the weights is 0 there is no mean. `torch.where(condition, this, that)` "
        "decides for each example.",
    ),
    slips=slips(SLIPS, inference.sugeno),
    also_right=(_by_a_product, _by_loops),
)
