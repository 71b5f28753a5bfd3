"""Exercise 18.hutchinson: the diagonal of a matrix from products with random signs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...second_order.hutchinson import hutchinson
from ..drawing import drawing
from .shared import symmetric

Product = Callable[[Tensor], Tensor]


def _hutchinson_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, n: int, samples: int, **more) -> Case:
        H = symmetric(draw, n)
        return Case(words, (lambda v: H @ v, draw(n), samples, generator(100 * seed + n)), **more)

    d, H, small = draw(5), symmetric(draw, 6), symmetric(draw, 5).float()
    return [
        case("a 4 by 4 matrix and 3 probes", 4, 3),
        case("a 6 by 6 matrix and 2 probes", 6, 2),
        case("a 5 by 5 matrix and 7 probes", 5, 7),
        case("an 8 by 8 matrix and 1 probe", 8, 1),
        Case("a diagonal matrix", (lambda v: d * v, draw(5), 2, generator(seed)), special=True),
        case("a 3 by 3 matrix and 200 probes", 3, 200, special=True),
        case("a 1 by 1 matrix", 1, 2, special=True),
        Case("a matrix of 0", (lambda v: 0 * v, draw(3), 2, generator(seed)), special=True),
        Case(
            "parameters in a 2 by 3 matrix",
            (lambda v: (H @ v.reshape(6)).reshape(2, 3), draw(2, 3), 3, generator(seed)),
            special=True,
        ),
        Case(
            "float32 and 4 probes",
            (lambda v: small @ v, draw(5).float(), 4, generator(seed)),
            special=True,
        ),
    ]


def _a_probe_at_a_time(
    product: Product, p: Tensor, samples: int, generator: torch.Generator
) -> Tensor:
    total = torch.zeros_like(p)
    for _ in range(samples):
        z = torch.randint(0, 2, p.shape, generator=generator).to(p) * 2 - 1
        total += z * product(z)
    return total / samples


def _the_other_sign(
    product: Product, p: Tensor, samples: int, generator: torch.Generator
) -> Tensor:
    coins = torch.randint(0, 2, (samples, *p.shape), generator=generator, dtype=p.dtype)
    return sum(product(z) / z for z in 1 - 2 * coins) / samples


def _by_choice(product: Product, p: Tensor, samples: int, generator: torch.Generator) -> Tensor:
    heads = torch.randint(2, (samples, *p.shape), generator=generator) == 1
    z = torch.where(heads, torch.ones_like(p), -torch.ones_like(p))
    return torch.stack([one * product(one) for one in z]).sum(dim=0) / len(z)


SLIPS = """
noise that is always −1: torch.randint(0, 2 → torch.randint(0, 1
    Within a probe all numbers are the same, so that the sum of each row comes back. Print your
    probes: is the upper end that `torch.randint` is given ever drawn?
z forgotten: probe * product(probe) → product(probe)
    The products are averaged as they are. Their mean tends to 0, since each sign is as frequent as
    the other: what must each be multiplied by?
zeros and ones: 2 * coins - 1 → coins
    Your probes are 0 or 1. Then products of two different entries are not 0 on average.
zeros among the signs: torch.randint(0, 2 → torch.randint(-1, 2 ; 2 * coins - 1 → coins
    Your probes are −1, 0 or 1. At a 0 the square is not 1, so that the diagonal comes out too
    small.
minus one and zero: 2 * coins - 1 → coins - 1
    Your probes are −1 or 0, as from `torch.randint(-1, 1, …)`, which never draws its upper end.
    Then products of two different entries are not 0 on average.
zero and two: 2 * coins - 1 → 2 * coins
    Your probes are 0 or 2. How are these two moved to lie about 0?
minus two and zero: 2 * coins - 1 → 2 * coins - 2
    Your probes are −2 or 0. Which two numbers come from doubling 0 and 1, and how are they moved to
    lie about 0?
halves: 2 * coins - 1 → coins - 0.5
    Your probes are a half, up or down: their squares are not 1.
normal numbers:
    | z = torch.randn(samples, *p.shape, generator=generator).to(p)
    | return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    Your probes are normal numbers. That is unbiased too, but their squares vary, which random signs
    avoid.
normal numbers in double:
    | z = torch.randn(samples, *p.shape, generator=generator, dtype=p.dtype)
    | return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    Your probes are normal numbers, whose squares vary. The mean is unbiased all the same, but signs
    give less noise.
signs drawn otherwise:
    | z = (torch.rand(samples, *p.shape, generator=generator) - 0.5).sign().to(p)
    | return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    Your probes are signs, but made from `torch.rand` or `torch.bernoulli`: fair, and not the ones
    that yours are compared with. Draw whole numbers with `torch.randint` from the generator.
signs drawn otherwise in double:
    | z = (torch.rand(samples, *p.shape, generator=generator, dtype=p.dtype) - 0.5).sign()
    | return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    Your probes are fair signs, but they come from `torch.rand`. Those that yours are compared with
    are whole numbers at first, drawn with `torch.randint` from the generator.
signs of normal numbers:
    | z = torch.randn(samples, *p.shape, generator=generator).sign().to(p)
    | return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    Your probes are the signs of normal numbers. They would do, but they are not the ones that yours
    are compared with: draw whole numbers with `torch.randint` from the generator.
one probe alone: for probe in z] → for probe in z[:1]]
    Only the first probe counts. Is there a `return` inside the loop, has every sample the same
    probe, or is the number of samples not used?
last probe alone: for probe in z] → for probe in z[-1:]]
    Only the last probe counts. Does each round put its result in the place of the one before?
last probe over samples:
    | for probe in z] → for probe in z[-1:]]
    | .mean(dim=0) → .sum(dim=0) / samples
    Only the last probe counts, and is divided by the number of all. Is what a round gives added to
    the rounds before it?
median for mean: .mean(dim=0) → .median(dim=0).values
    You take the median of the samples. Unbiased is their mean.
all probes in one product: torch.stack([probe * product(probe) for probe in z]) → (z * product(z))
    `product` is given all probes at once. It takes one vector, shaped like p.
mean of the probes first:
    | coins = torch.randint(0, 2, (samples, *p.shape), generator=generator)
    | z = (2 * coins - 1).to(p).mean(dim=0)
    | return z * product(z)
    The probes are averaged before the product is taken. Each probe has its own product, and what is
    made of it is averaged.
sum for mean: .mean(dim=0) → .sum(dim=0)
    The samples are added up, not averaged: with twice as many your result would be twice as large.
z forgotten and samples added up:
    | probe * product(probe) → product(probe)
    | .mean(dim=0) → .sum(dim=0)
    Two things: the products are taken as they are, though each should be multiplied by something,
    and they are added up, not averaged.
trace: .mean(dim=0) → .sum(dim=tuple(range(1, p.ndim + 1))).mean()
    You add up the entries of each sample: that estimates the trace. An entry for each parameter is
    asked for.
one mean of all: .mean(dim=0) → .mean()
    You average over the parameters too. Only the samples are to be averaged: along which axis do
    they lie?
all samples: .mean(dim=0) →
    The samples come back one by one. Their mean is asked for.
size of the samples: probe * product(probe) → (probe * product(probe)).abs()
    You average sizes. What stands beside the diagonal cancels only if samples of both signs count.
root mean square:
    | probe * product(probe) → (probe * product(probe)) ** 2
    | .mean(dim=0) → .mean(dim=0).sqrt()
    You take the root mean square of the samples, as AdaHessian does later over steps. That is not
    unbiased: the noise adds to it.
product with p: product(probe) → product(p)
    The matrix is multiplied by p. p only says of which shape a probe is.
product of the product: probe * product(probe) → product(probe * product(probe))
    The matrix is multiplied twice. Once a probe is enough.
one over samples too often: .mean(dim=0) → .mean(dim=0) / samples
    You divide by the number of samples twice.
whole numbers: .to(p) →
    Your probes are whole numbers, and a matrix of floating-point numbers does not multiply those.
    Of which dtype is p?
whole numbers, added up:
    | .to(p) →
    | .mean(dim=0) → .sum(dim=0) / samples
    Your probes are whole numbers, which a matrix of floating-point numbers does not take. Of which
    dtype is p?
float32 whatever p is: .to(p) → .float()
    Your probes are float32, and p need not be. Of which dtype is p?
sample deviation: .mean(dim=0) → .std(dim=0)
    You take the spread of the samples. Their mean estimates the diagonal.
"""

HUTCHINSON = Exercise(
    id="18.hutchinson",
    points=3,
    asks="an estimate of a diagonal from random signs",
    reference=hutchinson,
    cases=_hutchinson_cases,
    hints=(
        "Entry i of H z is H_ii z_i plus a sum over the others. What must it be multiplied by, so "
        "that z_i goes and the others cancel on average?",
        "`torch.randint(low, high, shape, generator=generator)` draws whole numbers from low on, "
        "all below high. How do you make 1 and −1 of two of them?",
        "Draw `(samples, *p.shape)` coins at once, make signs of them, give them p's dtype and "
        "device. For each probe take the product, multiply, and average at the end.",
    ),
    slips=slips(SLIPS, hutchinson),
    also_right=(_a_probe_at_a_time, _the_other_sign, _by_choice),
)
