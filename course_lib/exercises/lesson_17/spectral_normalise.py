"""Exercise 17.spectral_normalise: weights over an estimate of their largest singular value."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import spectral
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, h, d, special=True, dtype=torch.float64, scale=1.0) -> Case:
        W, u = scale * draw(h, d, dtype=dtype), draw(h, dtype=dtype)
        return Case(words, (W, u / u.norm()), special=special)

    W = draw(4, 6)
    U, S, _ = torch.linalg.svd(W, full_matrices=False)
    return [
        case("3 neurons with 5 inputs", 3, 5, special=False),
        case("6 neurons with 4 inputs", 6, 4, special=False),
        case("4 neurons with 7 inputs", 4, 7, special=False),
        case("5 neurons with 5 inputs", 5, 5),
        Case("a u that is right already", (W, U[:, 0].clone()), special=True),
        Case("weights of norm 1", (W / S[0], U[:, 0].clone()), special=True),
        case("1 neuron", 1, 4),
        case("1 input", 4, 1),
        case("large weights", 3, 4, scale=1e6),
        case("small weights", 3, 4, scale=1e-3),
        case("20 neurons in float32", 20, 8, dtype=torch.float32),
    ]


def _by_functions(W, u):
    v = torch.nn.functional.normalize(W.detach().T @ u, dim=0)
    u = torch.nn.functional.normalize(torch.mv(W.detach(), v), dim=0)
    return W / torch.dot(u, torch.mv(W, v)), u


def _with_gradients_everywhere(W, u):
    v = u @ W
    v = v / v.norm()
    Wv = W @ v
    return W / Wv.norm(), Wv / Wv.norm()


SLIPS = """
exact: W / (u @ W @ v) → W / torch.linalg.matrix_norm(W, ord=2)
    You take the singular value of all rounds, by an SVD. The exercise asks for the estimate of
    one round, which is cheap.
Frobenius: W / (u @ W @ v) → W / W.norm()
    You divide by the root of the sum of all squares. That is never too small, but it is another
    norm.
not normalised, v: v = v / v.norm() → v = v * 1
    Your v has not the length 1, and its length multiplies sigma. Divide it by its norm.
not normalised, u: u = u / u.norm() → u = u * 1
    Your u has not the length 1, so that sigma is squared. Divide it by its norm.
neither normalised: v = v / v.norm() → v = v * 1 ; u = u / u.norm() → u = u * 1
    Neither vector has the length 1. Divide each by its norm as soon as it is made.
the square: W / (u @ W @ v) → W / (u @ W @ v) ** 2
    You divide by sigma squared, which is what WWᵀ stretches by. W itself stretches by its root.
root of sigma: W / (u @ W @ v) → W / (u @ W @ v).sqrt()
    You divide by the root of sigma. In uᵀWv stands one W, and so no root is needed.
multiplied: W / (u @ W @ v) → W * (u @ W @ v)
    You multiply by sigma. To bring the norm down to 1, divide.
not divided: W / (u @ W @ v) → W.clone()
    W comes back as it was. By what is it to be divided?
old u in sigma:
    | v = W.T @ u
    | v = v / v.norm()
    | new = W @ v
    | return W / (u @ W @ v), new / new.norm()
    The sigma that you divide by is made with the old u.
old u returned:
    | v = W.T @ u
    | v = v / v.norm()
    | new = W @ v
    | return W / new.norm(), u.clone()
    The old u comes back. The next step would begin where this one did, and the estimate never
    get better.
v returned: (u @ W @ v), u → (u @ W @ v), v
    You give back v. What the next step begins from has one number for each neuron.
sigma returned: (u @ W @ v), u → (u @ W @ v), u @ W @ v
    You give back sigma. The next step needs the new u.
W alone: return W / (u @ W @ v), u → return W / (u @ W @ v)
    Only the weights come back. The next step needs the new u as well.
u alone: return W / (u @ W @ v), u → return u
    Only u comes back. The weights over sigma are asked for too, and first.
the other way round: return W / (u @ W @ v), u → return u, W / (u @ W @ v)
    The two results have changed places: the weights come first.
sigma alone: return W / (u @ W @ v), u → return u @ W @ v, u
    The first result is sigma. The weights divided by it are asked for.
u begins anew: v = fixed.T @ u → v = fixed.T @ torch.ones_like(u)
    Your u begins anew, whatever is handed in. It is to be kept from step to step: that is why
    one round is enough.
rows: W / (u @ W @ v) → W / W.norm(dim=1, keepdim=True)
    Each row is divided by its own norm. That is weight normalisation; here one number divides
    all.
columns: W / (u @ W @ v) → W / W.norm(dim=0)
    Each column is divided by its own norm. Here one number divides all.
largest weight: W / (u @ W @ v) → W / W.abs().max()
    You divide by the largest weight. Here it is the largest singular value.
largest row sum: W / (u @ W @ v) → W / W.abs().sum(dim=1).max()
    You divide by the largest row sum: that is the norm for l∞ of lesson 14. Here it is the one
    for l2.
without v:
    | v = W @ (W.T @ u)
    | v = v / v.norm()
    | return W / (v @ W).norm(), v
    Your sigma is taken with the new u and a fresh product with Wᵀ: half a round more than asked
    for. In the formula sigma is uᵀWv, with the v that made u.
two rounds:
    | for _ in range(2):
    |     v = W.T @ u
    |     v = v / v.norm()
    |     u = W @ v
    |     u = u / u.norm()
    | return W / (u @ W @ v), u
    You make two rounds. One is asked for: from step to step u is kept.
half a round:
    | v = W.T @ u
    | return W / v.norm(), u.clone()
    You stop after half a round: u has not been renewed.
sum of norms: W / (u @ W @ v) → W / (v.norm() + u.norm())
    You divide by norms of vectors that have the length 1.
sigma without W: W / (u @ W @ v) → W / (u.sum() * v.sum())
    In your sigma stands no W. How far does W stretch v?
minus: W / (u @ W @ v) → -W / (u @ W @ v)
    The sign of the weights has turned.
largest size for norm: v.norm() → v.abs().max() ; u.norm() → u.abs().max()
    You divide the vectors by their largest entry. They are to have the length 1.
sum for norm: v.norm() → v.abs().sum() ; u.norm() → u.abs().sum()
    You divide the vectors by the sum of their sizes. They are to have the length 1.
plain sum for norm: v.norm() → v.sum() ; u.norm() → u.sum()
    You divide the vectors by the sum of their numbers. They are to have the length 1.
square for norm: v.norm() → v.square().sum() ; u.norm() → u.square().sum()
    You divide the vectors by their squared length: a root is missing.
"""

SPECTRAL_NORMALISE = Exercise(
    id="17.spectral_normalise",
    points=3,
    asks="the weights over an estimate of their largest singular value, and the next u",
    reference=spectral.spectral_normalise,
    cases=_cases,
    hints=(
        "u has one number for each neuron. Which product with W gives one number for each input?",
        "Back and forth: from u to v with the transposed W, from v to the new u with W. Each is "
        "divided by its norm at once. How far does W stretch v?",
        "v is Wᵀu over its norm, u is Wv over its norm, and sigma is u @ W @ v. Give back W over "
        "sigma, and the new u.",
    ),
    slips=slips(SLIPS, spectral.spectral_normalise),
    also_right=(_by_functions, _with_gradients_everywhere),
)
