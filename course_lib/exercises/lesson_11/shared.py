"""The cases of both rules of lesson 11."""

from __future__ import annotations

import torch

from ...checking import Case
from ..drawing import drawing


def rule_cases(seed: int, **more: float) -> list[Case]:
    """Return cases for a rule with Adam's arguments; `more` are further hyper-parameters."""
    draw = drawing(seed)

    def case(
        words: str,
        *shape: int,
        t: int,
        lr: float,
        betas: tuple[float, float] | None = None,
        eps: float | None = None,
        cold: bool = False,
        scale: float = 1.0,
        special: bool = True,
        dtype: torch.dtype = torch.float64,
        **own: float,
    ) -> Case:
        p, g, m, v = (draw(*shape, dtype=dtype) for _ in range(4))
        m, v = (0 * m, 0 * v) if cold else (scale * m, (scale * v) ** 2)
        kwargs: dict[str, float] = {"t": t, "lr": lr}
        if betas:
            kwargs |= {"beta1": betas[0], "beta2": betas[1]}
        if eps:
            kwargs["eps"] = eps
        return Case(words, (p, scale * g, m, v), kwargs | (more if betas else {}) | own, special)

    general = {"special": False}
    return [
        case("4 parameters at t = 3", 4, t=3, lr=0.1, betas=(0.8, 0.99), eps=0.1, **general),
        case("2 by 3, t = 1", 2, 3, t=1, lr=0.5, betas=(0.6, 0.95), eps=0.2, cold=True, **general),
        case("5 parameters at t = 2", 5, t=2, lr=0.3, betas=(0.7, 0.9), eps=0.05, **general),
        case("3 by 4, t = 50", 3, 4, t=50, lr=0.2, betas=(0.8, 0.9), eps=0.3, **general),
        case(
            "gradients around a hundredth, t = 2", 4, t=2, lr=0.5, betas=(0.7, 0.9), eps=0.02,
            scale=0.01, **general,
        ),
        case("the usual β and ε at t = 1", 4, t=1, lr=0.1, cold=True),
        case("the usual β and ε at t = 5", 4, t=5, lr=0.01),
        case("the usual β and ε at t = 10,000", 3, t=10_000, lr=0.01),
        case("1 parameter", 1, t=4, lr=0.1, betas=(0.9, 0.99), eps=1e-3),
        case("gradients that are all 0", 3, t=1, lr=0.1, betas=(0.9, 0.99), cold=True, scale=0.0),
        case("gradients around a millionth", 3, t=2, lr=0.1, betas=(0.9, 0.99), scale=1e-6),
        case("gradients around 100,000", 3, t=2, lr=0.1, betas=(0.9, 0.99), scale=1e5),
        case(
            "6 parameters in float32 at t = 2", 6, t=2, lr=0.1, betas=(0.5, 0.75), eps=0.01,
            dtype=torch.float32,
        ),
    ]  # fmt: skip
