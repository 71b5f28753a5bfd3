"""Exercise 10.effective_lr: the rate that each direction really gets, at each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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


def _averages(gradients: Tensor, beta: float) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield of each step: the gradient, the old average and the new one."""
    s = torch.zeros_like(gradients[0])
    for g in gradients:
        old, s = s, beta * s + (1 - beta) * g * g
        yield g, old, s


def _rates(
    of: Callable[..., Tensor] = lambda g, old, new, lr, eps: lr / (new.sqrt() + eps),
) -> Callable[..., Tensor]:
    """Return the function with what it makes of each step written otherwise."""

    def rates(gradients, *, lr, beta=0.99, eps=1e-8):
        return torch.stack([of(*step, lr, eps) for step in _averages(gradients, beta)])

    return rates


def _remembering(renew: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the function with another way to renew s: of s, g, β and the step from 0."""

    def rates(gradients, *, lr, beta=0.99, eps=1e-8):
        s, found = torch.zeros_like(gradients[0]), []
        for t, g in enumerate(gradients):
            s = renew(s, g, beta, t)
            found.append(lr / (s.sqrt() + eps))
        return torch.stack(found)

    return rates


def _last_only(gradients, *, lr, beta=0.99, eps=1e-8):
    return _rates()(gradients, lr=lr, beta=beta, eps=eps)[-1]


def _corrected(gradients, *, lr, beta=0.99, eps=1e-8):
    t = torch.arange(1, len(gradients) + 1, dtype=gradients.dtype)
    t = t.view(-1, *[1] * (gradients.ndim - 1))
    s = torch.stack([new for _, _, new in _averages(gradients, beta)])
    return lr / ((s / (1 - beta**t)).sqrt() + eps)


def _as_if_equal(gradients, *, lr, beta=0.99, eps=1e-8):
    t = torch.arange(1, len(gradients) + 1, dtype=gradients.dtype)
    t = t.view(-1, *[1] * (gradients.ndim - 1))
    return lr / (gradients.abs() * (1 - beta**t).sqrt() + eps)


def _of_its_own(own: float) -> Callable[..., Tensor]:
    def rates(gradients, *, lr, beta=0.99, eps=1e-8):
        return _rates()(gradients, lr=lr, beta=own, eps=eps)

    return rates


def _added_up(gradients, *, lr, beta=0.99, eps=1e-8):
    return _rates()(gradients, lr=lr, beta=beta, eps=eps).cumsum(dim=0)


def _backwards(gradients, *, lr, beta=0.99, eps=1e-8):
    return _rates()(gradients.flip(0), lr=lr, beta=beta, eps=eps).flip(0)


def _first_missing(gradients, *, lr, beta=0.99, eps=1e-8):
    return _rates()(gradients, lr=lr, beta=beta, eps=eps)[1:]


def _lr_overwritten(gradients, *, lr, beta=0.99, eps=1e-8):
    found = []
    for _, _, new in _averages(gradients, beta):
        lr = lr / (new.sqrt() + eps)
        found.append(lr)
    return torch.stack(found)


def _from(first: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """Return the function with another s to start from."""

    def rates(gradients, *, lr, beta=0.99, eps=1e-8):
        s, found = first(gradients), []
        for g in gradients:
            s = beta * s + (1 - beta) * g * g
            found.append(lr / (s.sqrt() + eps))
        return torch.stack(found)

    return rates


def _in_one_row(gradients, *, lr, beta=0.99, eps=1e-8):
    return _rates()(gradients, lr=lr, beta=beta, eps=eps).flatten(0, 1)


def _mean_of_all(gradients, *, lr, beta=0.99, eps=1e-8):
    return lr / ((gradients**2).mean(dim=0).sqrt() + eps)


def _weighted_sum(gradients, *, lr, beta=0.99, eps=1e-8):
    return lr / (((1 - beta) * (gradients**2).cumsum(dim=0)).sqrt() + eps)


def _start_counted(gradients, *, lr, beta=0.99, eps=1e-8):
    rates = _rates()(gradients, lr=lr, beta=beta, eps=eps)
    return torch.cat([torch.full_like(rates[:1], lr / eps), rates])


def _one_s(gradients, *, lr, beta=0.99, eps=1e-8):
    return _last_only(gradients, lr=lr, beta=beta, eps=eps).expand_as(gradients).clone()


def _points(gradients, *, lr, beta=0.99, eps=1e-8):
    return -(_rates()(gradients, lr=lr, beta=beta, eps=eps) * gradients).cumsum(dim=0)


def _square_of_the_average(gradients, *, lr, beta=0.99, eps=1e-8):
    last, found = torch.zeros_like(gradients[0]), []
    for g in gradients:
        last = beta * last + (1 - beta) * g
        found.append(lr / (last.abs() + eps))
    return torch.stack(found)


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
    slips=(
        Slip(
            "steps for rates",
            _rates(lambda g, old, new, lr, eps: lr * g / (new.sqrt() + eps)),
            "These are the steps. The rate is what the gradient is multiplied by to make one, and "
            "is above 0 whatever the gradient's sign.",
        ),
        Slip(
            "sizes of steps",
            _rates(lambda g, old, new, lr, eps: lr * g.abs() / (new.sqrt() + eps)),
            "These are the lengths of the steps. The rate is what the gradient is multiplied by to "
            "make one: take the gradient out.",
        ),
        Slip(
            "old s used",
            _rates(lambda g, old, new, lr, eps: lr / (old.sqrt() + eps)),
            "Each rate is a step late: it comes from the s before the gradient, so that the first "
            "is lr over ε. RMSProp renews s first.",
        ),
        Slip(
            "starts at the first square",
            _remembering(lambda s, g, beta, t: g * g if t == 0 else beta * s + (1 - beta) * g * g),
            "Your s starts from the first squared gradient. It starts from zero, as every slot "
            "does; that makes the first rates large, which is what this function is to show.",
        ),
        Slip(
            "corrected",
            _corrected,
            "Your average is corrected for its start at zero. That is what Adam does, in lesson "
            "11. RMSProp does not, and its first rates are large.",
        ),
        Slip(
            "as if all had been equal",
            _as_if_equal,
            "Each rate is what it would be if all gradients so far had been equal to this one. "
            "They are not: go through them one by one.",
        ),
        Slip(
            "last step only",
            _last_only,
            "Only the rate of the last step comes back. One is due for each step: look for a "
            "`return` that stands too early, or a list that is not filled.",
        ),
        Slip(
            "first step missing",
            _first_missing,
            "The first step is missing: there are as many rates as gradients.",
        ),
        Slip(
            "eps inside the root",
            _rates(lambda g, old, new, lr, eps: lr / (new + eps).sqrt()),
            "ε stands inside the root. That is a dialect, not a slip: Keras has it so. Asked is "
            "the rate of torch's form, where ε is added to the root.",
        ),
        Slip(
            "eps forgotten",
            _rates(lambda g, old, new, lr, eps: lr / new.sqrt()),
            "The ε handed in plays no part in your result: it is missing, or a number of your own. "
            "What is the rate of a direction that never had a gradient?",
        ),
        Slip(
            "eps outside the fraction",
            _rates(lambda g, old, new, lr, eps: lr / new.sqrt() + eps),
            "ε is added to the fraction, not to what it is divided by: look at your brackets.",
        ),
        Slip(
            "no root",
            _rates(lambda g, old, new, lr, eps: lr / (new + eps)),
            "The root is missing: you divide by an average of squares.",
        ),
        Slip(
            "lr forgotten",
            _rates(lambda g, old, new, lr, eps: 1 / (new.sqrt() + eps)),
            "The learning rate plays no part in your result. What stands above the line?",
        ),
        Slip(
            "upside down",
            _rates(lambda g, old, new, lr, eps: (new.sqrt() + eps) / lr),
            "This is one over the rate: what is divided by what?",
        ),
        Slip(
            "s for the rate",
            _rates(lambda g, old, new, lr, eps: new),
            "This is s itself at each step. The rate is made of it.",
        ),
        Slip(
            "roots",
            _rates(lambda g, old, new, lr, eps: new.sqrt()),
            "These are the roots of s. The rate is lr divided by something: by what?",
        ),
        Slip(
            "no memory",
            _remembering(lambda s, g, beta, t: g * g),
            "Each gradient is divided by its own size: nothing of the earlier ones is left. s "
            "averages their squares.",
        ),
        Slip(
            "started anew at each step",
            _remembering(lambda s, g, beta, t: (1 - beta) * g * g),
            "The average starts from zero at every step. Does s stand inside the loop, where it "
            "is set to zero again and again?",
        ),
        Slip(
            "sum for average",
            _remembering(lambda s, g, beta, t: s + g * g),
            "Your s adds up the squares and forgets nothing. That is AdaGrad, which comes later; "
            "RMSProp averages with β.",
        ),
        Slip(
            "plain mean",
            _remembering(lambda s, g, beta, t: s + (g * g - s) / (t + 1)),
            "s is the plain mean of all squares so far, and β plays no part. The past should fade.",
        ),
        Slip(
            "1 - beta missing",
            _remembering(lambda s, g, beta, t: beta * s + g * g),
            "The squared gradient enters s with its full weight. What must the two weights of an "
            "average add up to?",
        ),
        Slip(
            "beta swapped",
            _remembering(lambda s, g, beta, t: (1 - beta) * s + beta * g * g),
            "β and 1 - β have changed places: which of the two is the larger, and what should "
            "weigh more, the past or the newest gradient?",
        ),
        Slip(
            "no square",
            _remembering(lambda s, g, beta, t: beta * s + (1 - beta) * g),
            "s averages the gradients themselves, not their squares. It can be below 0, and then "
            "there is no root.",
        ),
        Slip(
            "size for square",
            _remembering(lambda s, g, beta, t: beta * s + (1 - beta) * g.abs()),
            "s averages the sizes of the gradients; it should average their squares.",
        ),
        Slip(
            "one rate for all",
            _rates(lambda g, old, new, lr, eps: lr / (new.mean().sqrt() + eps) + 0 * new),
            "All directions get one rate, made of all of them. Each has its own.",
        ),
        Slip(
            "beta hard-coded, 0.99",
            _of_its_own(0.99),
            "β is 0.99 in your function, whatever is handed in. If you call your rmsprop: does it "
            "get beta?",
        ),
        Slip(
            "beta hard-coded, 0.9",
            _of_its_own(0.9),
            "β is 0.9 in your function, whatever is handed in. Look for a number where the "
            "argument should stand.",
        ),
        Slip(
            "added up",
            _added_up,
            "Each entry is the sum of all rates so far. Only the newest is due.",
        ),
        Slip(
            "backwards",
            _backwards,
            "You go through the gradients from the last to the first. They come in the order of "
            "the steps.",
        ),
        Slip(
            "lr overwritten",
            _lr_overwritten,
            "Each rate is divided once more at the next step: a name has been used twice. Does "
            "`lr` still hold the learning rate when the loop comes round?",
        ),
        Slip(
            "starts at the first gradient",
            _from(lambda gradients: gradients[0].clone()),
            "Your s starts from the first gradient itself. It starts from zero.",
        ),
        Slip(
            "starts at 1",
            _from(lambda gradients: torch.ones_like(gradients[0])),
            "Your s starts from 1. It starts from zero, as every slot does.",
        ),
        Slip(
            "an s for every step",
            _from(lambda gradients: torch.zeros_like(gradients)),
            "Your s has the shape of all gradients together. It has that of one of them.",
        ),
        Slip(
            "in one row",
            _in_one_row,
            "The rates are right, but all in one row. `torch.stack` puts a new axis in front; "
            "`torch.cat` does not.",
        ),
        Slip(
            "mean of all steps",
            _mean_of_all,
            "You average over all steps at once, with equal weights, and give one rate a "
            "direction. At each step s knows only the past, and a rate is due for each.",
        ),
        Slip(
            "nothing fades",
            _weighted_sum,
            "Each square enters with 1 - β, and then stays as it is. What happens to the old s "
            "when a new gradient comes?",
        ),
        Slip(
            "minus sign",
            _rates(lambda g, old, new, lr, eps: -lr / (new.sqrt() + eps)),
            "The sign is wrong. The minus belongs to the step; a rate is above 0.",
        ),
        Slip(
            "multiplied",
            _rates(lambda g, old, new, lr, eps: lr * (new.sqrt() + eps)),
            "lr is multiplied by the root. So a direction with large gradients gets a large rate.",
        ),
        Slip(
            "start counted",
            _start_counted,
            "There is a rate too many, in front: that of an s that has seen nothing. One is due "
            "for each gradient, after it has been averaged.",
        ),
        Slip(
            "left after one round",
            lambda gradients, *, lr, beta=0.99, eps=1e-8: _rates()(
                gradients, lr=lr, beta=beta, eps=eps
            )[:1],
            "Only the rate of the first step comes back. Look at how far your `return` is "
            "indented.",
        ),
        Slip(
            "put into the list after the loop",
            lambda gradients, *, lr, beta=0.99, eps=1e-8: _rates()(
                gradients, lr=lr, beta=beta, eps=eps
            )[-1:],
            "Your list holds one rate, that of the last step. Look at how far the line is "
            "indented that puts a rate into it.",
        ),
        Slip(
            "loop from step 1",
            lambda gradients, *, lr, beta=0.99, eps=1e-8: _rates()(
                gradients[1:], lr=lr, beta=beta, eps=eps
            ),
            "The first gradient has no part in anything, and its rate is missing. Look at where "
            "your loop begins.",
        ),
        Slip(
            "one s in every place",
            _one_s,
            "Every place holds the rate of the last s. `*=` and `+=` change the tensor that your "
            "list holds already: make a new s in each round.",
        ),
        Slip(
            "divisors",
            _rates(lambda g, old, new, lr, eps: new.sqrt() + eps),
            "This is what stands below the line. What stands above it?",
        ),
        Slip(
            "points for rates",
            _points,
            "These are the points that the rule visits. Of what rmsprop gives back, the rate "
            "needs the second part.",
        ),
        Slip(
            "square of the average",
            _square_of_the_average,
            "You average the gradients and square the average. Square first, and average then: "
            "signs cancel in an average.",
        ),
        Slip(
            "own β and own ε",
            lambda gradients, *, lr, beta=0.99, eps=1e-8: _rates()(
                gradients, lr=lr, beta=0.99, eps=1e-8
            ),
            "β is 0.99 and ε is 1e-8 in your function, whatever is handed in. If you call your "
            "rmsprop: what does it get?",
        ),
    ),
    also_right=(_filled_in, _by_weights, _rates(lambda g, o, s, lr, e: (s.sqrt() + e) ** -1 * lr)),
)
