"""The contestants of lesson 20, for all runs at once: ours, the course's rules, and peers restated.

A peer of a package is restated here because the package trains one network at a time.
tests/experiments/test_20_peers.py shows that each restatement goes where the package goes.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.lab import experiment
from course_lib.optim.rules import adam, adamw, gd, momentum, nesterov, rmsprop
from course_lib.optim.schedules import cosine, warm_up_cosine
from course_lib.optim.signature import Rule, apply, hyper_names, slot_names
from course_lib.second_order import (
    PROGRESS,
    SLOPE,
    Steering,
    Sugeno,
    Variable,
    plan,
    rate_controller,
    update,
)

contest = experiment("contest")
Contestant = contest.Contestant
Share = Callable[[int, int], float]  # of the step and of all steps: the share of the rate


# Shares of the rate over time


def constant(t: int, total: int) -> float:
    return 1.0


def planned(t: int, total: int) -> float:
    """The fuzzy table on time alone: two straight pieces."""
    return plan(torch.tensor((t - 1) / total, dtype=torch.float64)).item()


def cosine_share(t: int, total: int) -> float:
    return cosine(t, total)


def warm_cosine(t: int, total: int) -> float:
    return warm_up_cosine(t, total, warm=max(1, round(0.05 * total)))


def warm_plan(t: int, total: int) -> float:
    return planned(t, total) * min(1.0, t / max(1, round(0.05 * total)))


def linear(t: int, total: int) -> float:
    return 1 - (t - 1) / total


def share_of(race, share: Share, t: int) -> float | Tensor:
    """Return the share of the rate at step t: that of the contestant, or each run's own.

    A run's own is the setting "share": a place in SHARES.
    """
    steps = race.steps
    if "share" not in race.settings:
        return share(t, steps)
    each = torch.tensor([own(t, steps) for own in SHARES.values()], dtype=torch.float64)
    return each.to(race.layer.device)[race.settings["share"].long()]


SHARES = {f.__name__: f for f in (constant, planned, cosine_share, warm_cosine, warm_plan, linear)}


# Rules that are elementwise: those of the course, and two more


def nadam(p, g, m, v, c, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=4e-3):
    """torch's NAdam: Dozat (2016). c holds log of the product of the momenta so far."""
    now = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    later = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    c = c + torch.log(torch.as_tensor(now, dtype=c.dtype, device=c.device))
    product = c.exp()
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    root = (v / (1 - beta2**t)).sqrt() + eps
    step = (1 - now) / (1 - product) * g + later / (1 - product * later) * m
    return p - lr * step / root, m, v, c


def adan(p, g, m, d, v, old, *, t, lr, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8):
    """Adan (Xie and others, 2022), as pytorch_optimizer has it, without decay."""
    change = (g - old) * (t > 1)
    m = beta1 * m + (1 - beta1) * g
    d = beta2 * d + (1 - beta2) * change
    v = beta3 * v + (1 - beta3) * (g + beta2 * change) ** 2
    root = v.sqrt() / (1 - beta3**t) ** 0.5 + eps
    step = m / (1 - beta1**t) + beta2 * d / (1 - beta2**t)
    return p - lr * step / root, m, d, v, g


def elementwise(name: str, rule: Rule, share: Share = constant, **settings: float) -> Contestant:
    """Return a contestant that runs a rule, its rate multiplied by a share over time."""
    slots, takes = slot_names(rule), set(hyper_names(rule))

    def begin(race, P) -> dict[str, Any]:
        return {slot: torch.zeros_like(P) for slot in slots}

    def step(race, P, g, state, t) -> Tensor:
        hyper = {name: race.setting(name, P) for name in race.settings if name in takes}
        hyper["lr"] = (race.settings["lr"] * share_of(race, share, t)).to(P.dtype)
        new, kept = apply(rule, P, g, tuple(state[slot] for slot in slots), t=t, **hyper)
        state.update(zip(slots, kept, strict=True))
        return new

    return Contestant(name, begin, step, settings)


# Ours


def controller(level: float = -0.1, up: float = 1.5, on_time: bool = True) -> Sugeno:
    """The table of the lead, with its corner `level` moved; without time it raises at any p."""
    corners = torch.tensor([level - 0.4, level, level + 0.4], dtype=torch.float64)
    slope = Variable(SLOPE.words, corners)
    whens = ("start", "early") if on_time else ("any",)
    rules = [("short", when, up) for when in whens]
    return Sugeno.of([*rules, ("any", "any", 0.0)], slope, PROGRESS, otherwise=0.0)


def fuzzy(
    name: str,
    *,
    table: Sugeno | None = None,
    share: Share | None = planned,
    start: float = -5.0,
    steer: bool = True,
    **settings: float,
) -> Contestant:
    """Return the fuzzy optimizer, or a part of it. steer: use a table that sees the slope."""
    table = (table or rate_controller()) if steer else None

    def begin(race, P) -> dict[str, Any]:
        steering = Steering(race.total, table and table.like(P.double()), plan=None, start=start)
        memory = steering.begin(len(P), len(race.task.net.sizes)).to(P.device)
        slots = {slot: torch.zeros_like(P) for slot in ("delta", *slot_names(update))}
        return {"steering": steering, "memory": memory, **slots}

    def step(race, P, g, state, t) -> Tensor:
        after, before = (race.per_layer(s * state["delta"]) for s in (g, state["g_before"]))
        slopes = torch.stack([after, before])
        state["memory"], factors = state["steering"](state["memory"], slopes, t)
        factors = factors * (1.0 if share is None else share_of(race, share, t))
        takes = hyper_names(update)
        hyper = {key: race.setting(key, P) for key in race.settings if key in takes}
        hyper["lr"] = hyper["lr"] * factors.to(P.dtype)[:, race.layer]
        slots = tuple(state[slot] for slot in slot_names(update))
        new, kept = apply(update, P, g, slots, t=t, **hyper)
        state.update(zip(slot_names(update), kept, strict=True), delta=new - P)
        return new

    return Contestant(name, begin, step, settings)


def hypergradient(
    name: str, kappa: float, share: Share = constant, *, start: float = 0.0, **settings: float
) -> Contestant:
    """Adam whose rate is multiplied by `exp(κ cos(g, last direction))` at every step.

    After Baydin and others (2018), who multiply by `1 + κ cos`: the same for small κ, and above 0
    for any. start: the log of the factor at first.
    """

    def begin(race, P) -> dict[str, Any]:
        return {
            **{s: torch.zeros_like(P) for s in ("m", "v", "last")},
            "log": P.new_full((len(P), 1), start),
        }

    def step(race, P, g, state, t) -> Tensor:
        last, hyper = state["last"], {k: race.setting(k, P) for k in race.settings}
        size = g.norm(dim=1, keepdim=True) * last.norm(dim=1, keepdim=True)
        cos = (g * last).sum(dim=1, keepdim=True) / size.clamp(min=1e-30)
        state["log"] = state["log"] + kappa * cos
        lr = hyper.pop("lr") * state["log"].exp() * share(t, race.total)
        minus, state["m"], state["v"] = adam(
            torch.zeros_like(P), g, state["m"], state["v"], t=t, lr=1.0, **hyper
        )
        state["last"] = -minus
        return P + lr * minus

    return Contestant(name, begin, step, settings)


# Packages restated


def prodigy(
    name: str = "prodigy",
    share: Share = constant,
    *,
    safeguard: bool = False,
    correction: bool = False,
    **settings: float,
) -> Contestant:
    """`prodigyopt.Prodigy` (Mishchenko and Defazio, 2023) at lr 1: what is varied is its d0."""
    settings = {"beta1": 0.9, "beta2": 0.999, **settings}

    def begin(race, P) -> dict[str, Any]:
        d0 = race.settings["d0"].clone()
        slots = {slot: torch.zeros_like(P) for slot in ("m", "v", "s")}
        return {"d": d0, "d_max": d0.clone(), "top": torch.zeros_like(d0), "p0": P.clone(), **slots}

    def step(race, P, g, state, t) -> Tensor:
        beta1, beta2, d0 = (race.settings[key] for key in ("beta1", "beta2", "d0"))
        beta3, d = beta2.sqrt(), state["d"]
        dlr = d * share(t, race.total)
        if correction:
            dlr = dlr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
        towards = (g * (state["p0"] - P)).sum(dim=1, keepdim=True).double()
        top = beta3 * state["top"] + d / d0 * dlr * towards
        like = P.dtype
        state["m"] = beta1.to(like) * state["m"] + (d * (1 - beta1)).to(like) * g
        state["v"] = beta2.to(like) * state["v"] + (d * d * (1 - beta2)).to(like) * g * g
        weight = d / d0 * (d if safeguard else dlr)
        state["s"] = beta3.to(like) * state["s"] + weight.to(like) * g
        below = state["s"].abs().sum(dim=1, keepdim=True).double()
        found = top / below.clamp(min=1e-300)
        d = torch.where(d == d0, torch.maximum(d, found), d)
        state["d_max"] = torch.maximum(state["d_max"], found)
        state["d"], state["top"] = state["d_max"], top
        root = state["v"].sqrt() + (state["d"] * 1e-8).to(like)
        return P - dlr.to(like) * state["m"] / root

    return Contestant(name, begin, step, settings)


def schedule_free(name: str = "schedule-free AdamW", warm: float = 0.0, **settings: float):
    """`schedulefree.AdamWScheduleFree` (Defazio and others, 2024). warm: share of warm-up."""
    settings = {"beta1": 0.9, "beta2": 0.999, **settings}

    def begin(race, P) -> dict[str, Any]:
        return {"z": P.clone(), "v": torch.zeros_like(P), "sum": 0.0, "most": None}

    def step(race, P, g, state, t) -> Tensor:
        steps = round(warm * race.total)
        lr = race.settings["lr"] * (min(1.0, t / steps) if steps else 1.0)
        state["most"] = lr if state["most"] is None else torch.maximum(lr, state["most"])
        weight = state["most"] ** 2
        state["sum"] = state["sum"] + weight
        share = (weight / state["sum"]).to(P.dtype)
        beta1, beta2 = (race.setting(key, P) for key in ("beta1", "beta2"))
        lr = lr.to(P.dtype)
        state["v"] = beta2 * state["v"] + (1 - beta2) * g * g
        scaled = g / ((state["v"] / (1 - beta2**t)).sqrt() + 1e-8)
        y = P + share * (state["z"] - P) + lr * (beta1 * (1 - share) - 1) * scaled
        state["z"] = state["z"] - lr * scaled
        return y

    def final(race, P, state) -> Tensor:
        return P + (1 - 1 / race.setting("beta1", P)) * (state["z"] - P)

    return Contestant(name, begin, step, settings, final)


def signs(runs: int, n: int, t: int) -> Tensor:
    """Return random 0 and 1 for the seeds at step t, `(runs, n)`: Rademacher's signs to be."""
    return torch.randint(0, 2, (runs, n), generator=torch.Generator().manual_seed(10_000 + t))


def _probe(race, P, state, t) -> Tensor:
    """Return the product of the Hessian and a Rademacher vector, times that vector."""
    z = signs(int(race.seeds.max()) + 1, P.shape[1], t)
    z = (2.0 * z - 1).to(P)[race.seeds]
    with torch.enable_grad():
        (hz,) = torch.autograd.grad(state.pop("g"), state.pop("leaf"), grad_outputs=z)
    return hz * z


def adahessian(name: str = "AdaHessian", share: Share = constant, every: int = 1, **settings):
    """`pytorch_optimizer.AdaHessian` (Yao and others, 2021): a step with curvature costs two."""
    settings = {"beta1": 0.9, "beta2": 0.999, **settings}

    def begin(race, P) -> dict[str, Any]:
        return {"m": torch.zeros_like(P), "v": torch.zeros_like(P)}

    def step(race, P, g, state, t) -> Tensor:
        beta1, beta2 = (race.setting(key, P) for key in ("beta1", "beta2"))
        state["m"] = beta1 * state["m"] + (1 - beta1) * g
        if "g" in state:
            state["v"] = beta2 * state["v"] + (1 - beta2) * _probe(race, P, state, t) ** 2
        root = (state["v"] / (1 - beta2**t)).sqrt() + 1e-16
        lr = (race.settings["lr"] * share_of(race, share, t)).to(P.dtype)
        return P - lr / (1 - beta1**t) * state["m"] / root

    return Contestant(
        name,
        begin,
        step,
        settings,
        cost=lambda t: 2.0 if (t - 1) % every == 0 else 1.0,
        graph=lambda t: (t - 1) % every == 0,
    )


def sophia(name: str = "Sophia", share: Share = constant, every: int = 10, **settings):
    """`pytorch_optimizer.SophiaH` (Liu and others, 2023), with Rademacher vectors."""
    settings = {"beta1": 0.96, "beta2": 0.99, "clip": 0.01, **settings}

    def begin(race, P) -> dict[str, Any]:
        return {"m": torch.zeros_like(P), "h": torch.zeros_like(P)}

    def step(race, P, g, state, t) -> Tensor:
        beta1, beta2, clip = (race.setting(key, P) for key in ("beta1", "beta2", "clip"))
        state["m"] = beta1 * state["m"] + (1 - beta1) * g
        if "g" in state:
            state["h"] = beta2 * state["h"] + (1 - beta2) * _probe(race, P, state, t)
        moved = state["m"] / state["h"].clamp(min=1e-12)
        moved = torch.maximum(torch.minimum(moved, clip), -clip)
        return P - (race.settings["lr"] * share_of(race, share, t)).to(P.dtype) * moved

    return Contestant(
        name,
        begin,
        step,
        settings,
        cost=lambda t: 2.0 if (t - 1) % every == 0 else 1.0,
        graph=lambda t: (t - 1) % every == 0,
    )


def orthogonal(G: Tensor, steps: int = 5) -> Tensor:
    """Return matrices `(runs, d, h)` with singular values near 1, by Newton and Schulz's way."""
    X = G.mT if G.shape[1] > G.shape[2] else G
    X = X / X.flatten(1).norm(dim=1).clamp(min=1e-7)[:, None, None]
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X.mT if G.shape[1] > G.shape[2] else X


def muon(name: str = "Muon", share: Share = constant, **settings) -> Contestant:
    """`torch.optim.Muon` (Jordan and others, 2024) on weights, AdamW on biases, at one rate.

    With `adjust_lr_fn="match_rms_adamw"`, so that one rate fits both. Deviation: torch makes
    matrices orthogonal in bfloat16, this in the dtype of the parameters.
    """
    settings = {"momentum": 0.95, "beta1": 0.9, "beta2": 0.999, **settings}

    def begin(race, P) -> dict[str, Any]:
        return {slot: torch.zeros_like(P) for slot in ("buffer", "m", "v")}

    def step(race, P, g, state, t) -> Tensor:
        net, beta = race.task.net, race.setting("momentum", P)
        lr = (race.settings["lr"] * share_of(race, share, t)).to(P.dtype)
        state["buffer"] = beta * state["buffer"] + (1 - beta) * g
        ahead = net.tensors((1 - beta) * g + beta * state["buffer"])
        betas = {key: race.setting(key, P) for key in ("beta1", "beta2")}
        new, state["m"], state["v"] = adam(P, g, state["m"], state["v"], t=t, lr=lr, **betas)
        moved = []
        for old, other, update_ in zip(net.tensors(P), net.tensors(new), ahead, strict=True):
            if old.ndim == 3:
                size = 0.2 * max(old.shape[1:]) ** 0.5
                other = old - size * lr[..., None] * orthogonal(update_)
            moved.append(other.flatten(1))
        return torch.cat(moved, dim=1)

    return Contestant(name, begin, step, settings)


RULES = {
    "SGD": gd,
    "momentum": momentum,
    "Nesterov": nesterov,
    "RMSProp": rmsprop,
    "Adam": adam,
    "AdamW": adamw,
    "NAdam": nadam,
    "Adan": adan,
}
