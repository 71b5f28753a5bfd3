"""Exercise 16.deepnorm_scale: the two numbers that DeepNorm takes from the depth."""

from __future__ import annotations

import torch

from ...analysis import module
from ...checking import Case, Exercise, slips
from ...lab.device import generator


def _scale_cases(seed: int) -> list[Case]:
    source = generator(seed)
    layers = torch.randint(3, 200, (3,), generator=source).tolist()
    return [
        *(Case(f"{n} layers", (n,)) for n in layers),
        Case("15 layers, as in the networks of this lesson", (15,), special=True),
        Case("1 layer", (1,), special=True),
        Case("8 layers", (8,), special=True),
        Case("2 layers", (2,), special=True),
        Case("half a layer", (0.5,), special=True),
        Case("1000 layers", (1000,), special=True),
    ]


def _by_roots(layers):
    return (2 * layers) ** 0.5**2, 1 / (8 * layers) ** 0.25


def _from_blocks(layers):
    blocks = 2 * layers
    return [blocks ** (1 / 4), (4 * blocks) ** (-1 / 4)]


ALPHA, BETA = "(2 * layers) ** 0.25", "(8 * layers) ** -0.25"
SLIPS = f"""
the two swapped: {ALPHA}, {BETA} → {BETA}, {ALPHA}
    The two have changed places: alpha of the shortcut comes first. It is the one above 1.
square root for alpha: {ALPHA} → (2 * layers) ** 0.5
    alpha is a square root here. The power is a quarter: a root of the root.
square root for beta: {BETA} → (8 * layers) ** -0.5
    beta is one over a square root here. The power is a quarter, with a minus: a root of the
    root.
square roots: {ALPHA}, {BETA} → (2 * layers) ** 0.5, (8 * layers) ** -0.5
    Both powers are a half here. They are a quarter: a root of the root.
minus forgotten: -0.25 → 0.25
    beta grows with the depth here. The deeper the network, the smaller its branches are to
    start.
minus on alpha: {ALPHA} → (2 * layers) ** -0.25
    alpha falls with the depth here. The deeper the network, the more its shortcuts are to
    count.
minus on both: {ALPHA}, {BETA} → (2 * layers) ** -0.25, (8 * layers) ** 0.25
    Both powers have the wrong sign. The deeper, the more the shortcuts count and the less the
    branches.
two forgotten: 2 * layers → layers
    alpha is made of the number of layers alone. Each of them has two blocks: what stands before
    N?
eight forgotten: 8 * layers → layers
    beta is made of the number of layers alone. What stands before N?
both factors forgotten: 2 * layers → layers ; 8 * layers → layers
    Both are made of the number of layers alone. What stands before N in each?
two in both: 8 * → 2 *
    In beta stands the factor that belongs in alpha.
eight in both: 2 * layers → 8 * layers
    In alpha stands the factor that belongs in beta.
factors swapped: 2 * layers ↔ 8 * layers
    The two factors before N have changed places.
factor outside alpha: {ALPHA} → 2 * layers**0.25
    In alpha the power takes the layers alone. It takes the product: look at your brackets.
factor outside beta: {BETA} → 8 * layers**-0.25
    In beta the power takes the layers alone. It takes the product: look at your brackets.
factors outside: {ALPHA}, {BETA} → 2 * layers**0.25, 8 * layers**-0.25
    The powers take the layers alone. They take the products: look at your brackets.
blocks for layers: {ALPHA}, {BETA} → (4 * layers) ** 0.25, (16 * layers) ** -0.25
    The layers are counted twice. The factors before N know already that a layer has two blocks.
brackets of the power: {ALPHA}, {BETA} → (2 * layers) ** 1 / 4, (8 * layers) ** -1 / 4
    Python takes the power first and divides then. A fraction as a power needs brackets of its
    own.
brackets of one power: {BETA} → (8 * layers) ** -1 / 4
    In beta Python takes the power first and divides then. A fraction as a power needs brackets
    of its own.
a quarter of the layers: {ALPHA}, {BETA} → 2 * layers / 4, 4 / (8 * layers)
    You divide by four. A power of a quarter is a root of a root.
alpha alone: {ALPHA}, {BETA} → {ALPHA}
    Only one number comes back. The exercise asks for both: alpha, then beta.
square root and two forgotten: {ALPHA} → layers**0.5
    In alpha two things are off: the power is a quarter, and a factor stands before N.
a decoder's: {ALPHA} → (3 * layers) ** 0.25 ; 8 * → 12 *
    These are the numbers for the decoder of a network that has an encoder too: its layers have
    three blocks. The exercise asks for an encoder alone.
"""

DEEPNORM_SCALE = Exercise(
    id="16.deepnorm_scale",
    points=1,
    asks="alpha and beta of DeepNorm for an encoder",
    reference=module.deep_norm_scale,
    cases=_scale_cases,
    hints=(
        "Two numbers: one makes the shortcut count more, the other lets the branches start "
        "smaller. Which of them grows with the depth?",
        "Both are powers of a quarter: one of twice the number of layers, and one, with a "
        "minus, of eight times that number.",
        "In Python a power of a quarter is written with 0.25, and the product under it stands "
        "in brackets. Give back alpha first, then beta.",
    ),
    slips=slips(SLIPS, module.deep_norm_scale),
    also_right=(_by_roots, _from_blocks),
)
