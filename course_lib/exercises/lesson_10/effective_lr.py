"""Exercise 10.effective_lr: the rate that each direction really gets, at each step."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import adaptive
from .shared import held


def _rate_cases(seed: int) -> list[Case]:
    draw, _ = held(seed)
    plain, single = {"lr": 0.1, "beta": 0.9, "eps": 1e-6}, torch.float32
    equal = draw(3).expand(6, 3).clone()
    return [
        Case(
            "5 steps in 3 directions, β = 0.9 and ε = 0.1",
            (draw(5, 3),),
            {"lr": 0.3, "beta": 0.9, "eps": 0.1},
        ),
        Case(
            "4 steps of a 2 by 3 parameter, β = 0.4, ε = 0.5",
            (draw(4, 2, 3),),
            {"lr": 2.0, "beta": 0.4, "eps": 0.5},
        ),
        Case("7 steps of one number", (draw(7),), {"lr": 0.05, "beta": 0.8, "eps": 0.01}),
        Case("the default β and ε", (draw(4, 2),), {"lr": 0.1}, special=True),
        Case("6 steps with equal gradients", (equal,), plain, special=True),
        Case("1 step", (draw(1, 4),), plain, special=True),
        Case("gradients of 0", (torch.zeros_like(equal),), plain, special=True),
        Case("gradients around a million", (1e6 * draw(5, 3),), plain, special=True),
        Case("gradients around a millionth", (1e-6 * draw(5, 3),), plain, special=True),
        Case("a β of 0", (draw(5, 3),), plain | {"beta": 0.0}, special=True),
        Case("20 steps in float32", (draw(20, 3, dtype=single),), plain, special=True),
    ]


def _filled_in(gradients, *, lr, beta=0.99, eps=1e-8):
    rates, s = torch.empty_like(gradients), gradients[0] * 0
    for t in range(len(gradients)):
        s = s + (1 - beta) * (gradients[t].square() - s)
        rates[t] = lr / (eps + s**0.5)
    return rates


def _by_weights(gradients, *, lr, beta=0.99, eps=1e-8):
    t = torch.arange(len(gradients))
    age = t[:, None] - t
    weight = torch.where(age >= 0, (1 - beta) * beta ** age.clamp(min=0).double(), 0.0)
    s = torch.einsum("ij,j...->i...", weight.to(gradients.dtype), gradients**2)
    return lr / (s.sqrt() + eps)


def _by_inverses(gradients, *, lr, beta=0.99, eps=1e-8):
    s, rates = 0.0, []
    for g in gradients:
        s = beta * s + (1 - beta) * g * g
        rates += [(s.sqrt() + eps) ** -1 * lr]
    return torch.stack(rates)


SLIPS = """
steps for rates: lr / → lr * g /
    These are the steps. The rate is what the gradient is multiplied by to make one, and is above 0
    whatever the gradient's sign.
sizes of steps: lr / → lr * g.abs() /
    These are the lengths of the steps. The rate is what the gradient is multiplied by to make one:
    take the gradient out.
old s used:
    | rates.append(lr / (s.sqrt() + eps)) →
    | _, s = → rates.append(lr / (s.sqrt() + eps)); _, s =
    Each rate is a step late: it comes from the s before the gradient, so that the first is lr over
    ε. RMSProp renews s first.
starts at the first square: gradients.new_zeros(gradients.shape[1:]) → gradients[0] ** 2
    Your s starts from the first squared gradient. It starts from zero, as every slot does; that
    makes the first rates large, which is what this function is to show.
corrected: s.sqrt() → (s / (1 - beta ** (1 + len(rates)))).sqrt()
    Your average is corrected for its start at zero. That is what Adam does, in lesson 11. RMSProp
    does not, and its first rates are large.
as if all had been equal: s.sqrt() → g.abs() * (1 - beta ** (1 + len(rates))) ** 0.5
    Each rate is what it would be if all gradients so far had been equal to this one. They are not:
    go through them one by one.
last step only: torch.stack(rates) if rates else torch.zeros_like(gradients) → rates[-1]
    Only the rate of the last step comes back. One is due for each step: look for a `return` that
    stands too early, or a list that is not filled.
first step missing: torch.stack(rates) → torch.stack(rates)[1:]
    The first step is missing: there are as many rates as gradients.
eps inside the root: (s.sqrt() + eps) → (s + eps).sqrt()
    ε stands inside the root. That is a dialect, not a slip: Keras has it so. The exercise asks for
    the rate of torch's form, where ε is added to the root.
eps forgotten: (s.sqrt() + eps) → s.sqrt()
    The ε handed in plays no part in your result: it is missing, or a number of your own. What is
    the rate of a direction that never had a gradient?
eps outside the fraction: lr / (s.sqrt() + eps) → lr / s.sqrt() + eps
    ε is added to the fraction, not to what it is divided by: look at your brackets.
no root: s.sqrt() → s
    The root is missing: you divide by an average of squares.
lr forgotten: lr / → 1 /
    The learning rate plays no part in your result. What stands above the line?
upside down: lr / (s.sqrt() + eps) → (s.sqrt() + eps) / lr
    This is one over the rate: what is divided by what?
s for the rate: lr / (s.sqrt() + eps) → s
    This is s itself at each step. The rate is made of it.
roots: lr / (s.sqrt() + eps) → s.sqrt()
    These are the roots of s. The rate is lr divided by something: by what?
no memory: _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = g * g
    Each gradient is divided by its own size: nothing of the earlier ones is left. s averages their
    squares.
started anew at each step: (g, g, s, → (g, g, 0 * s,
    The average starts from zero at every step. If you use a loop, does s stand inside it, where it
    is set to zero again and again?
sum for average: _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = s + g * g
    Your s adds up the squares and forgets nothing. That is AdaGrad, which comes later; RMSProp
    averages with β.
plain mean:
    | _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = s + (g * g - s) / (1 + len(rates))
    s is the plain mean of all squares so far, and β plays no part. The past should fade.
1 - beta missing: _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = beta * s + g * g
    The squared gradient enters s with its full weight. What must the two weights of an average add
    up to?
beta swapped: beta=beta → beta=1 - beta
    β and 1 - β have changed places: which of the two is the larger, and what should weigh more, the
    past or the newest gradient?
no square:
    | _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = beta * s + (1 - beta) * g
    s averages the gradients themselves, not their squares. It can be below 0, and then there is no
    root.
size for square:
    | _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = beta * s + (1 - beta) * g.abs()
    s averages the sizes of the gradients; it should average their squares.
one rate for all: s.sqrt() → (s.mean() + 0 * s).sqrt()
    All directions get one rate, made of all of them. Each has its own.
beta hard-coded, 0.99: beta=beta → beta=0.99
    β is 0.99 in your function, whatever is handed in. If you call your rmsprop: does it get beta?
beta hard-coded, 0.9: beta=beta → beta=0.9
    β is 0.9 in your function, whatever is handed in. Look for a number where the argument should
    stand.
added up: torch.stack(rates) → torch.stack(rates).cumsum(0)
    Each entry is the sum of all rates so far. Only the newest is due.
backwards: in gradients: → in gradients.flip(0): ; torch.stack(rates) → torch.stack(rates).flip(0)
    You go through the gradients from the last to the first. They come in the order of the steps.
lr overwritten: rates.append(lr / (s.sqrt() + eps)) → lr = lr / (s.sqrt() + eps); rates.append(lr)
    Each rate is divided once more at the next step: a name has been used twice. If you use a loop,
    does `lr` still hold the learning rate when it comes round?
starts at the first gradient: gradients.new_zeros(gradients.shape[1:]) → gradients[0]
    Your s starts from the first gradient itself. It starts from zero.
starts at 1: new_zeros → new_ones
    Your s starts from 1. It starts from zero, as every slot does.
an s for every step: gradients.shape[1:] → gradients.shape
    Your s has the shape of all gradients together. It has that of one of them.
in one row: torch.stack(rates) → torch.stack(rates).flatten(0, 1)
    The rates stand all in one row. `torch.stack` puts a new axis in front; `torch.cat` does not.
put together by cat: torch.stack(rates) → torch.cat(rates)
    `torch.cat` joins the rates end to end along an axis that they have already. Each step is to
    have a row of its own, also where a gradient is a single number: what puts a new axis in front?
mean of all steps: lr / ((gradients**2).mean(dim=0).sqrt() + eps)
    You average over all steps at once, with equal weights, and give one rate a direction. At each
    step s knows only the past, and a rate is due for each.
nothing fades:
    | _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = s + (1 - beta) * g * g
    Each square enters with 1 - β, and then stays as it is. What happens to the old s when a new
    gradient comes?
minus sign: lr / → -lr /
    The sign is wrong. The minus belongs to the step; a rate is above 0.
multiplied: lr / → lr *
    lr is multiplied by the root. So a direction with large gradients gets a large rate.
start counted: , [] → , [torch.full_like(gradients[0], lr / eps)]
    There is a rate too many, in front: that of an s that has seen nothing. One is due for each
    gradient, after it has been averaged.
left after one round: + eps)) → + eps)); return torch.stack(rates)
    Only the rate of the first step comes back. If you use a loop, look at how far your `return` is
    indented.
put into the list after the loop: torch.stack(rates) → torch.stack(rates[-1:])
    There is one rate, that of the last step. If you use a loop, look at how far the line is
    indented that puts a rate into your list.
loop from step 1: in gradients: → in gradients[1:]:
    The first gradient has no part in anything, and its rate is missing. If you use a loop, look at
    where it begins.
one s in every place: torch.stack(rates) → torch.stack([rates[-1]] * len(rates))
    Every place holds the rate of the last s. `*=` and `+=` change the tensor that your list holds
    already: make a new s in each round.
divisors: lr / (s.sqrt() + eps) → s.sqrt() + eps
    This is what stands below the line. What stands above it?
points for rates: torch.stack(rates) → -(torch.stack(rates) * gradients).cumsum(0)
    These are the points that the rule visits. Of what rmsprop gives back, the rate needs the second
    part.
square of the average:
    | _, s = rmsprop(g, g, s, lr=lr, beta=beta, eps=eps) → s = beta * s + (1 - beta) * g
    | s.sqrt() → s.abs()
    You average the gradients and square the average. Square first, and average then: signs cancel
    in an average.
own β and own ε: beta=beta → beta=0.99 ; + eps → + 1e-8
    β is 0.99 and ε is 1e-8 in your function, whatever is handed in. If you call your rmsprop: what
    does it get?
"""

EFFECTIVE_LR = Exercise(
    id="10.effective_lr",
    points=2,
    asks="the rate that each direction really gets, at each step",
    reference=adaptive.effective_lr,
    cases=_rate_cases,
    hints=(
        "Write the step of RMSProp as a rate times the gradient. What is the rate, when s is "
        "known?",
        "Go through the gradients in order, `for g in gradients`, with an s that starts at zero "
        "and has the shape of one of them. Each step renews s, and then gives a rate.",
        "Collect the rates, lr over the root of the new s and ε, in a list; `torch.stack` puts "
        "them together, a row a step.",
    ),
    slips=slips(SLIPS, adaptive.effective_lr),
    also_right=(_filled_in, _by_weights, _by_inverses),
)
