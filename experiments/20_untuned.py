"""Lesson 20's question without tuning: one setting of each optimizer, at base rates over decades.

Choosing   Each contestant has six candidates (schedules, averages, and what else it has). On seeds
           that are never reported, over all base rates and all three tasks, the best by training
           loss and the best by validation accuracy are kept: one setting for everything.
Racing     The kept ones, and the ablations of the fuzzy optimizer, on 24 fresh seeds: three tasks
           as they are, and with a third and three times the budget, a quarter and four times the
           batch, noisy labels, and two other networks. All take one gradient a step.

The base rates are powers of ten from 1e-4 to 1; for Prodigy its d0, from 1e-8 to 1e-4, stands in
their place. A training loss worse than chance, or not finite, counts as chance: log 10.
`contest.py` and `contest_rules.py` hold the tasks and the contestants.

What is stored: `size`, `rates`, `seeds`, `tuning_seeds`; `networks[task]`, the sizes of its
tensors, and `budgets[task]`, evaluations and batch; `candidates[family]`, their labels;
`chosen[family]["loss" | "accuracy"]`, labels; and `races[task][family][label]` with
`loss_by_seed` and `test_by_seed` (log10 of the training loss and test accuracy in percent, means
over the rates, `(seeds,)`), `loss_by_rate` and `test_by_rate` (means over the seeds, `(rates,)`),
`lost`, the number of runs whose loss is not finite, and for the three tasks as they are `loss` and
`test`, `(rates, seeds)`. Tasks are "digits", "signals", "fashion", and such as "digits 3T";
families those of FAMILIES, and "fuzzy, " with one of ABLATIONS. `left_out` holds what there was
no time for. `by_seed`, `difference`, `verdicts`, `wins` and
`at_best_rate` read it.

Fashion-MNIST must be there, see `course_lib.lab.fashion`. On two cores, half an hour:

    python experiments/20_untuned.py

COURSE_SIZE=large takes larger networks and budgets and nine base rates, for a GPU. COURSE_WORKERS
is the number of processes. `--only digits` runs one task's parts. Results are kept in the folder
COURSE_PARTS part by part, and a part that is there is not run again. After COURSE_SECONDS no new
part begins.
"""

import argparse
import json
import math
import os
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib.lab import confidence_interval, experiment, write_experiment
from course_lib.lab.stored import source_hash

R = experiment("contest_rules")
C = R.contest

SEEDS, TUNE = 24, range(500, 503)
PARTS = Path(os.environ.get("COURSE_PARTS", "experiments/parts")) / "20_untuned"
SIZE = os.environ.get("COURSE_SIZE", "small")
TASKS = C.tasks(SIZE)
RATES = (
    [10.0**k for k in range(-4, 1)] if SIZE == "small" else [10 ** (k / 2) for k in range(-8, 1)]
)
WORKERS = int(os.environ.get("COURSE_WORKERS", "1"))
SECONDS = float(os.environ.get("COURSE_SECONDS", "inf"))
CHANCE = math.log(10)
FAST, SLOW = {"beta1": 0.8, "beta2": 0.95}, {"beta1": 0.9, "beta2": 0.999}
MIDDLE = {"beta1": 0.9, "beta2": 0.99}

TIMED = {
    "table, fast": ("planned", FAST),
    "warm-up and cosine, fast": ("warm_cosine", FAST),
    "linear, fast": ("linear", FAST),
    "cosine, middle": ("cosine_share", MIDDLE),
    "table, middle": ("planned", MIDDLE),
    "warm-up and cosine, slow": ("warm_cosine", SLOW),
}
FUZZY: dict[str, dict[str, Any]] = {
    "as found": {},
    "level -0.2": {"level": -0.2},
    "level 0.1": {"level": 0.1},
    "level -0.2, cosine": {"level": -0.2, "share": "cosine_share"},
    "level -0.2, middle": {"level": -0.2, "beta3": 0.9, **MIDDLE},
    "level 0": {"level": 0.0},
}
ABLATIONS = ("time alone", "slope alone", "neither", "no difference")
FAMILIES: dict[str, tuple[str, ...]] = {
    "fuzzy": tuple(FUZZY),
    "AdamW with a table on time": tuple(TIMED),
    "NAdam with a table on time": tuple(TIMED),
    "hypergradient": (
        "0.5",
        "1, constant",
        "0.5, low start",
        "1, low start",
        "2, low start",
        "1, constant, low start",
    ),
    "Prodigy": (
        "constant",
        "cosine",
        "table",
        "cosine, corrected and safeguarded",
        "table, fast",
        "linear, middle",
    ),
    "schedule-free": tuple(f"{w:g}, {b:g}" for w in (0, 0.05, 0.1) for b in (0.9, 0.95)),
}
ELSEWHERE = ("fuzzy", "NAdam with a table on time", "hypergradient", "Prodigy", "schedule-free")


def fuzzy(label: str, ablation: str = "") -> Any:
    """Return a candidate of the fuzzy optimizer, or what is left of it without a part."""
    spec = dict(FUZZY[label])
    level, share = spec.pop("level", -0.1), R.SHARES[spec.pop("share", "planned")]
    table = R.controller(level, on_time=ablation != "slope alone")
    if ablation in ("slope alone", "neither"):
        share = None
    if ablation == "no difference":
        spec["mix"] = 0.0
    steer = ablation not in ("time alone", "neither")
    return R.fuzzy("fuzzy", table=table, share=share, steer=steer, **spec)


def candidate(family: str, label: str) -> Any:
    """Return the contestant that a family and the label of one of its candidates name."""
    if family == "fuzzy":
        return fuzzy(label)
    if family.startswith("fuzzy, "):
        return fuzzy(label, family.removeprefix("fuzzy, "))
    if family == "hypergradient":
        share = R.SHARES["constant" if "constant" in label else "planned"]
        start = -5.0 if "low start" in label else 0.0
        return R.hypergradient(family, float(label.split(",")[0]), share, start=start, **FAST)
    if family == "Prodigy":
        share = {"table": "planned", "cosine": "cosine_share"}.get(label.split(",")[0])
        both = dict.fromkeys(("safeguard", "correction"), "corrected" in label)
        betas = FAST if "fast" in label else MIDDLE if "middle" in label else SLOW
        share = share or label.split(",")[0]
        return R.prodigy(family, R.SHARES[share], **both, **betas)
    if family == "schedule-free":
        warm, beta1 = map(float, label.split(", "))
        return R.schedule_free(family, warm, beta1=beta1)
    share, betas = TIMED[label]
    return R.elementwise(family, R.RULES[family.split()[0]], R.SHARES[share], **betas)


def settings(family: str) -> list[dict[str, float]]:
    """Return what is varied: the base rate, or Prodigy's first guess of it."""
    if family == "Prodigy":
        return [{"d0": 1e-4 * rate} for rate in RATES]
    return [{"lr": rate} for rate in RATES]


def tasks() -> dict[str, Any]:
    """Return all tasks by name, the three that are as they are first."""
    changed = [own for task in TASKS.values() for own in C.unseen(task).values()]
    return TASKS | {task.name: task for task in changed}


def log_loss(found: dict[str, Tensor]) -> Tensor:
    """Return log10 of the training losses, `(rates, seeds)`; chance is the worst there is."""
    return found["train_loss"].nan_to_num(nan=CHANCE, posinf=CHANCE).clamp(1e-8, CHANCE).log10()


def accuracy(found: dict[str, Tensor], part: str) -> Tensor:
    """Return accuracies in percent, `(rates, seeds)`."""
    return 100 * found[f"{part}_accuracy"]


def race(task: str, family: str, label: str, seeds: range) -> dict[str, Any]:
    """Run a candidate at all base rates; return log losses and accuracies."""
    if (task, seeds) not in _DRAWN:
        _DRAWN.clear()
        _DRAWN[task, seeds] = C.draw(tasks()[task], seeds)
    began = time.perf_counter()
    found = C.train(candidate(family, label), tasks()[task], settings(family), _DRAWN[task, seeds])
    return {
        "task": task,
        "family": family,
        "label": label,
        "log_loss": log_loss(found).tolist(),
        "test": accuracy(found, "test").tolist(),
        "validation": accuracy(found, "validation").tolist(),
        "lost": int((~found["train_loss"].isfinite()).sum()),
        "seconds": time.perf_counter() - began,
    }


_DRAWN: dict[Any, Any] = {}
Part = tuple[str, str, str, str]  # "choose" or "race", task, family, label


def file_of(part: Part) -> Path:
    return PARTS / ("__".join(part).replace("/", "÷").replace(" ", "_") + ".json")


def work(job: tuple[Part, float]) -> str:
    """Run a part unless it is there, or too late; return what to say of it."""
    part, until = job
    stage, task, family, label = part
    file = file_of(part)
    if file.is_file():
        return ""
    if time.time() > until:
        return f"left out: {part}"
    torch.set_num_threads(1)
    found = race(task, family, label, TUNE if stage == "choose" else range(SEEDS))
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(found))
    os.replace(unfinished, file)
    return f"{found['seconds']:.1f} s: {part}"


def do(parts: list[Part], until: float) -> list[Part]:
    """Run parts in so many processes; return those that there was no time for."""
    PARTS.mkdir(parents=True, exist_ok=True)
    jobs = [(part, until) for part in parts if not file_of(part).is_file()]
    if WORKERS > 1 and jobs:
        with get_context("spawn").Pool(WORKERS) as pool:
            said = pool.imap_unordered(work, jobs)
            for line in said:
                print(line, flush=True)
    else:
        for job in jobs:
            print(work(job), flush=True)
    return [part for part in parts if not file_of(part).is_file()]


def read(part: Part) -> dict[str, Any]:
    return json.loads(file_of(part).read_text())


def choosing(only: str) -> list[Part]:
    """Return the parts that choose a candidate, task by task."""
    return [
        ("choose", task, family, label)
        for task in sorted(TASKS, reverse=True)
        if only in ("", task)
        for family, labels in FAMILIES.items()
        for label in labels
    ]


def choose(family: str) -> dict[str, str]:
    """Return the candidate with the lowest mean log loss, and that with the highest accuracy."""
    scores: dict[str, tuple[float, float]] = {}
    for label in FAMILIES[family]:
        found = [read(("choose", task, family, label)) for task in TASKS]
        loss = [torch.tensor(f["log_loss"]).mean().item() for f in found]
        right = [torch.tensor(f["validation"]).mean().item() for f in found]
        scores[label] = sum(loss) / len(loss), sum(right) / len(right)
    return {
        "loss": min(scores, key=lambda label: scores[label][0]),
        "accuracy": max(scores, key=lambda label: scores[label][1]),
    }


def racing(chosen: dict[str, dict[str, str]], only: str) -> list[Part]:
    """Return the parts that are reported; those that matter most come first."""
    parts: list[Part] = []
    for task in tasks():
        if only not in ("", task.split()[0]):
            continue
        base = task in TASKS
        for family in FAMILIES if base else ELSEWHERE:
            for label in dict.fromkeys(chosen[family].values()):
                parts.append(("race", task, family, label))
        for ablation in ABLATIONS if base else ("time alone", "no difference"):
            for label in dict.fromkeys(chosen["fuzzy"].values()):
                parts.append(("race", task, f"fuzzy, {ablation}", label))
    return parts


def summary(found: dict[str, Any], whole: bool) -> dict[str, Any]:
    """Return what is stored of a part: means over the rates by seed, and over seeds by rate."""
    loss, test = (torch.tensor(found[name], dtype=torch.float64) for name in ("log_loss", "test"))
    kept = {
        "loss_by_seed": loss.mean(dim=0),
        "test_by_seed": test.mean(dim=0),
        "loss_by_rate": loss.mean(dim=1),
        "test_by_rate": test.mean(dim=1),
        "lost": found["lost"],
    }
    return kept | ({"loss": loss, "test": test} if whole else {})


def gather(chosen: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return what is stored: by task, family and candidate, all parts that are there."""
    data: dict[str, Any] = {}
    for part in racing(chosen, ""):
        if file_of(part).is_file():
            _, task, family, label = part
            own = data.setdefault(task, {}).setdefault(family, {})
            own[label] = summary(read(part), whole=task in TASKS)
    return data


# Verdicts, from what is stored


def by_seed(data: dict[str, Any], task: str, family: str, what: str) -> Tensor:
    """Return a contestant's means over the base rates, `(seeds,)`, of "loss" or of "test".

    Its candidate is the one that was chosen by what is asked for: by loss, or by accuracy.
    """
    own = family.split(",")[0] if family.startswith("fuzzy") else family
    label = data["chosen"][own]["loss" if what == "loss" else "accuracy"]
    kept = data["races"][task][family][label][f"{what}_by_seed"]
    return torch.as_tensor(kept, dtype=torch.float64)


def difference(data: dict[str, Any], task: str, one: str, other: str, what: str, of: int = 1):
    """Return the paired interval of one less other, at 95 % for `of` comparisons together."""
    gap = by_seed(data, task, one, what) - by_seed(data, task, other, what)
    return confidence_interval(gap, 1 - 0.05 / of)


def is_part(family: str) -> bool:
    """Return whether a contestant is what is left of the fuzzy one, and no rival."""
    return family.startswith("fuzzy, ")


def verdicts(data: dict[str, Any]) -> dict[str, dict[str, dict[str, int]]]:
    """Return for each task and other whether the fuzzy one is better, 1, worse, −1, or neither, 0.

    Intervals of loss and accuracy hold together for all rivals of a task, and for all ablations.
    A contestant that was left out has none.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    for task in data["races"]:
        if not is_there(data, task, "fuzzy"):
            continue
        others = [name for name in data["races"][task] if is_there(data, task, name)]
        others.remove("fuzzy")
        for name in others:
            alike = [other for other in others if is_part(other) == is_part(name)]
            signs = {}
            for what, better in (("loss", -1), ("test", 1)):
                gap = difference(data, task, "fuzzy", name, what, of=2 * len(alike))
                signs[what] = better * ((gap.low > 0) - (gap.high < 0))
            found.setdefault(task, {})[name] = signs
    return found


def is_there(data: dict[str, Any], task: str, family: str) -> bool:
    """Return whether both chosen candidates of a contestant were run on a task."""
    own = family.split(",")[0] if family.startswith("fuzzy") else family
    return set(data["chosen"][own].values()) <= set(data["races"][task].get(family, {}))


def wins(data: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return for each task how many rivals there are, and in how many the fuzzy one is better.

    In `loss`, in `test` accuracy, in `both`; and `worse`, those that are better in either.
    """
    found = {}
    for task, others in verdicts(data).items():
        signs = [s for name, s in others.items() if not is_part(name)]
        found[task] = {
            "rivals": len(signs),
            "loss": sum(s["loss"] == 1 for s in signs),
            "test": sum(s["test"] == 1 for s in signs),
            "both": sum(s["loss"] == s["test"] == 1 for s in signs),
            "worse": sum(-1 in s.values() for s in signs),
        }
    return found


def at_best_rate(data: dict[str, Any], task: str, family: str) -> tuple[float, float]:
    """Return the base rate with the lowest mean log loss of those raced, and that loss.

    It is chosen on the seeds that it is reported on, so the loss flatters: a hint, no verdict.
    """
    label = data["chosen"][family]["loss"]
    by_rate = torch.as_tensor(data["races"][task][family][label]["loss_by_rate"])
    best = int(by_rate.argmin())
    return data["rates"][best], by_rate[best].item()


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--only", default="", choices=["", *TASKS])
    only, until = asked.parse_args().only, time.time() + SECONDS
    left = do(choosing(only), until)
    if left or (only and any(not file_of(part).is_file() for part in choosing(""))):
        raise SystemExit(f"{len(left)} parts are left; candidates are chosen on all three tasks")
    chosen = {family: choose(family) for family in FAMILIES}
    print(json.dumps(chosen), flush=True)
    left = do(racing(chosen, only), until)
    data = {
        "size": SIZE,
        "networks": {name: task.net.sizes for name, task in tasks().items()},
        "budgets": {name: [task.total, task.batch] for name, task in tasks().items()},
        "seeds": list(range(SEEDS)),
        "tuning_seeds": list(TUNE),
        "rates": RATES,
        "candidates": {family: list(labels) for family, labels in FAMILIES.items()},
        "chosen": chosen,
        "races": gather(chosen),
        "left_out": [list(part) for part in left],
        "sources": {
            name: source_hash(Path(__file__).with_name(f"{name}.py"))
            for name in ("contest", "contest_rules")
        },
    }
    print(json.dumps(wins(data)), flush=True)
    print(write_experiment(__file__, data))


if __name__ == "__main__":
    main()
