"""Lesson 20's question with tuning: every optimizer searched alike, at equal gradient evaluations.

Search     Each contestant has ladders: values of lr, of its β's, and of what else it has. A round
           tries lr over nine decades; three more try neighbours of the best so far on all ladders.
           All contestants try equally many settings (at a constant rate SGD has no more than 55),
           on three seeds, by the mean loss on validation examples. The six best are tried again on
           twelve seeds more, since three do not tell a setting that fails now and then, and the
           best is kept. No seed of these is reported. Once at a constant rate, once with a
           schedule, which is one more ladder. Where the best stands at the end of a ladder, `edges`
           says so.
Race       The kept setting on 24 fresh seeds: loss and accuracy on test examples.

All contestants get the same number of evaluations of the gradient. A product of the Hessian and a
vector counts as one: AdaHessian takes half the steps, Sophia ten of eleven. `contest.py` and
`contest_rules.py` hold the tasks and the contestants.

What is stored: `size`, `seeds`, `tuning_seeds`, `tried`, the number of settings of each;
`races[task][schedule][contestant]`, schedule "constant" or "scheduled", with `setting`, `edges`,
`validation`, the mean loss by which it was chosen, and `(seeds,)` each `train_loss`, `test_loss`,
natural, and `test`, accuracy in percent; `left_out`. `difference`, `best` and `verdicts` read it.
Fashion-MNIST must be there, see `course_lib.lab.fashion`.

    COURSE_WORKERS=2 python experiments/20_tuned.py --only digits

COURSE_SIZE, COURSE_WORKERS, COURSE_PARTS, COURSE_SECONDS and `--only` are as in `20_untuned.py`.
"""

import argparse
import itertools
import json
import os
import random
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

SIZE = os.environ.get("COURSE_SIZE", "small")
TASKS = C.tasks(SIZE)
SEEDS, TUNE, CONFIRM = 24, range(500, 503), range(510, 522)
ROUNDS, EACH = 3, 24  # rounds of neighbours, and how many each tries
FINALISTS = 6  # settings that are tried again
PARTS = Path(os.environ.get("COURSE_PARTS", "experiments/parts")) / "20_tuned"
WORKERS = int(os.environ.get("COURSE_WORKERS", "1"))
SECONDS = float(os.environ.get("COURSE_SECONDS", "inf"))
LOST = 1e3  # the loss of a run that diverged

BETA1 = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
BETA2 = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)
LADDERS: dict[str, tuple[float, ...]] = {
    "lr": tuple(10 ** (k / 6) for k in range(-36, 19)),
    "beta": BETA1,
    "momentum": BETA1,
    "beta1": BETA1,
    "beta2": BETA2,
    "beta3": BETA1,
    "mix": (0.0, 0.25, 0.5, 0.7, 0.9, 1.2, 1.6, 2.2),
    "weight_decay": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0),
    "clip": tuple(10 ** (k / 3) for k in range(-9, 4)),
    "share": tuple(float(i) for i in range(1, len(R.SHARES))),  # place 0 is constant
}
UNORDERED = ("share",)  # names, not sizes: all others are neighbours, and there is no end
NATURAL = {"beta": (0.0,), "beta1": (0.0,), "mix": (0.0,), "weight_decay": (0.0,)}  # ends that end

DIRECTION = {"beta1": 0.8, "beta2": 0.95, "mix": 0.9}
STARTS: dict[str, dict[str, float]] = {
    "SGD": {},
    "momentum": {"beta": 0.9},
    "Nesterov": {"beta": 0.9},
    "RMSProp": {"beta": 0.9},
    "Adam": {"beta1": 0.9, "beta2": 0.99},
    "AdamW": {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.03},
    "NAdam": {"beta1": 0.9, "beta2": 0.99},
    "Adan": {"beta1": 0.9, "beta2": 0.9, "beta3": 0.98},
    "Muon": {"momentum": 0.9, "beta1": 0.9, "beta2": 0.99},
    "AdaHessian": {"beta1": 0.9, "beta2": 0.99},
    "Sophia": {"beta1": 0.9, "beta2": 0.99, "clip": 0.01},
    "difference": DIRECTION,  # with a schedule: the table on time alone
    "slope": DIRECTION,  # the table on the slope; with a schedule: on both
    "slope without difference": {"beta1": 0.8, "beta2": 0.95},
}
SCHEDULES = ("constant", "scheduled")


def contestant(name: str) -> Any:
    """Return a contestant by its name in STARTS."""
    special = {"Muon": R.muon, "AdaHessian": R.adahessian, "Sophia": R.sophia}
    if name in special:
        return special[name](name)
    if name in R.RULES:
        return R.elementwise(name, R.RULES[name])
    if name == "difference":
        return R.elementwise(name, R.update)
    return R.fuzzy(name, share=R.constant)


def completed(name: str, setting: dict[str, float]) -> dict[str, float]:
    """Return a setting with what follows from it: β₃ is β₁ where a rule averages differences."""
    if name in ("difference", "slope", "slope without difference"):
        setting = {"mix": 0.0, **setting, "beta3": setting["beta1"]}
    return setting


def ladder(name: str, axis: str) -> tuple[float, ...]:
    if axis == "beta" and name == "RMSProp":
        return BETA2
    if name == "Adan" and axis in ("beta2", "beta3"):
        return BETA1 if axis == "beta2" else BETA2
    return LADDERS[axis]


def place(values: tuple[float, ...], value: float) -> int:
    """Return the place of the value on a ladder that is nearest."""
    return min(range(len(values)), key=lambda i: abs(values[i] - value))


def first_round(name: str, scheduled: bool) -> list[tuple[int, ...]]:
    """Return lr over the whole ladder in steps of √10 or less, all else as it starts."""
    axes = axes_of(name, scheduled)
    middle = [place(ladder(name, axis), STARTS[name].get(axis, 1.0)) for axis in axes[1:]]
    return [(i, *middle) for i in range(0, len(LADDERS["lr"]), 2)]


def axes_of(name: str, scheduled: bool) -> list[str]:
    return ["lr", *STARTS[name], *(["share"] if scheduled else [])]


def neighbours(
    name: str, axes: list[str], best: tuple[int, ...], tried: set[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return settings beside the best that were not tried yet, nearest first, EACH of them.

    The way there is counted in rungs, over all ladders. There are fewer only where no more is left.
    """
    new: list[tuple[int, ...]] = []
    for reach in (2, 6, 99):
        around = [_near(name, axis, i, reach) for axis, i in zip(axes, best, strict=True)]
        new = [p for p in itertools.product(*around) if p not in tried]
        if len(new) >= EACH:
            break

    def far(p: tuple[int, ...]) -> int:
        pairs = zip(axes, p, best, strict=True)
        return sum(min(1, abs(a - b)) if axis in UNORDERED else abs(a - b) for axis, a, b in pairs)

    random.Random(0).shuffle(new)
    return sorted(new, key=far)[:EACH]


def _near(name: str, axis: str, i: int, reach: int) -> range:
    """Return the places of a ladder within reach of place i; all where there is no order."""
    top = len(ladder(name, axis))
    return range(top) if axis in UNORDERED else range(max(0, i - reach), min(top, i + reach + 1))


def values(name: str, axes: list[str], p: tuple[int, ...]) -> dict[str, float]:
    pairs = zip(axes, p, strict=True)
    return completed(name, {axis: ladder(name, axis)[i] for axis, i in pairs})


def edges(name: str, axes: list[str], p: tuple[int, ...]) -> list[str]:
    """Return the ladders at whose end a setting stands, but for ends that nothing lies beyond."""
    found = []
    for axis, i in zip(axes, p, strict=True):
        all_, value = ladder(name, axis), ladder(name, axis)[i]
        if axis not in UNORDERED and value in (all_[0], all_[-1]):
            found += [axis] if value not in NATURAL.get(axis, ()) else []
    return found


def search(name: str, scheduled: bool, task: Any, draws: Any, confirming: Any) -> dict[str, Any]:
    """Return the setting with the lowest mean validation loss.

    draws: of the seeds for the search. confirming: of those on which its best are tried again.
    """
    axes, scores = axes_of(name, scheduled), {}
    new = first_round(name, scheduled)
    for _ in range(1 + ROUNDS):
        if not new:  # one ladder, and all of it was tried
            break
        found = C.train(contestant(name), task, [values(name, axes, p) for p in new], draws)
        scores |= dict(zip(new, validation(found), strict=True))
        best = min(scores, key=scores.__getitem__)
        new = neighbours(name, axes, best, set(scores))
    last = sorted(scores, key=scores.__getitem__)[:FINALISTS]
    found = C.train(contestant(name), task, [values(name, axes, p) for p in last], confirming)
    sure = dict(zip(last, validation(found), strict=True))
    best = min(sure, key=sure.__getitem__)
    return {
        "setting": values(name, axes, best),
        "edges": edges(name, axes, best),
        "validation": sure[best],
        "tried": len(scores),
    }


def validation(found: dict[str, Tensor]) -> list[float]:
    """Return the mean validation loss of each setting; a run that diverged counts LOST."""
    loss = found["validation_loss"].nan_to_num(nan=LOST, posinf=LOST).clamp(max=LOST)
    return loss.mean(dim=1).tolist()


_DRAWN: dict[Any, Any] = {}


def drawn(task: str, seeds: range) -> Any:
    if (task, seeds) not in _DRAWN:
        _DRAWN[task, seeds] = C.draw(TASKS[task], seeds)
    return _DRAWN[task, seeds]


Part = tuple[str, str, str]  # task, schedule, contestant


def race(part: Part) -> dict[str, Any]:
    """Search for a setting, and run it on the seeds that are reported."""
    task, schedule, name = part
    searching, confirming = drawn(task, TUNE), drawn(task, CONFIRM)
    kept = search(name, schedule == "scheduled", TASKS[task], searching, confirming)
    found = C.train(contestant(name), TASKS[task], [kept["setting"]], drawn(task, range(SEEDS)))
    return kept | reported(found)


def reported(found: dict[str, Tensor]) -> dict[str, list[float]]:
    """Return what is stored of the runs of one setting; a run that diverged counts LOST."""
    kept = {"test": (100 * found["test_accuracy"][0]).tolist()}
    for what in ("train_loss", "test_loss"):
        kept[what] = found[what][0].nan_to_num(nan=LOST, posinf=LOST).clamp(max=LOST).tolist()
    return kept


def file_of(part: Part) -> Path:
    return PARTS / ("__".join(part).replace(" ", "_") + ".json")


def work(job: tuple[Part, float]) -> str:
    """Run a part unless it is too late; return what to say of it."""
    part, until = job
    if time.time() > until:
        return f"left out: {part}"
    torch.set_num_threads(1)
    began, file = time.process_time(), file_of(part)
    found = race(part)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(found))
    os.replace(unfinished, file)
    return f"{time.process_time() - began:.1f} s of processor: {part}"


def do(parts: list[Part], until: float) -> None:
    """Run parts that are not there yet, in so many processes."""
    PARTS.mkdir(parents=True, exist_ok=True)
    jobs = [(part, until) for part in parts if not file_of(part).is_file()]
    if WORKERS > 1 and jobs:
        with get_context("spawn").Pool(WORKERS) as pool:
            for line in pool.imap_unordered(work, jobs):
                print(line, flush=True)
    else:
        for job in jobs:
            print(work(job), flush=True)


def all_parts(only: str = "") -> list[Part]:
    return [
        (task, schedule, name)
        for task in TASKS
        if only in ("", task)
        for schedule in reversed(SCHEDULES)
        for name in reversed(STARTS)
    ]


def gather() -> dict[str, Any]:
    data: dict[str, Any] = {}
    for part in all_parts():
        if file_of(part).is_file():
            task, schedule, name = part
            own = data.setdefault(task, {}).setdefault(schedule, {})
            own[name] = json.loads(file_of(part).read_text())
    return data


# Verdicts, from what is stored

OURS = ("difference", "slope", "slope without difference")


def scores(races: dict[str, Any], name: str, what: str) -> Tensor:
    """Return by seed the log10 of a loss, or the accuracy "test" in percent, `(seeds,)`."""
    values = torch.as_tensor(races[name][what], dtype=torch.float64)
    return values if what == "test" else values.log10()


def difference(races: dict[str, Any], one: str, other: str, what: str = "test_loss", of: int = 1):
    """Return the paired interval of one less other, at 95 % for `of` comparisons together."""
    gap = scores(races, one, what) - scores(races, other, what)
    return confidence_interval(gap, 1 - 0.05 / of)


def best(races: dict[str, Any], names: Any) -> str:
    """Return which of the names has the lowest validation loss where settings were chosen."""
    return min(names, key=lambda name: races[name]["validation"])


def verdicts(data: dict[str, Any]) -> dict[str, dict[str, dict[str, int]]]:
    """Return for each task and rival whether the fuzzy one is better, 1, worse, −1, or neither, 0.

    The fuzzy one: the table on both inputs with the difference, "slope" under a schedule. Each
    rival comes with a schedule too. Intervals of test loss and accuracy hold together.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    for task, by_schedule in data["races"].items():
        races = by_schedule.get("scheduled", {})
        rivals = [name for name in races if name != "slope"]
        for rival in rivals if "slope" in races else ():
            signs = {}
            for what, better in (("test_loss", -1), ("test", 1)):
                gap = difference(races, "slope", rival, what, of=2 * len(rivals))
                signs[what] = better * ((gap.low > 0) - (gap.high < 0))
            found.setdefault(task, {})[rival] = signs
    return found


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--only", default="", choices=["", *TASKS])
    do(all_parts(asked.parse_args().only), time.time() + SECONDS)
    data = {
        "size": SIZE,
        "seeds": list(range(SEEDS)),
        "tuning_seeds": [*TUNE, *CONFIRM],
        "tried": len(first_round("SGD", False)) + ROUNDS * EACH,
        "races": gather(),
        "left_out": [list(part) for part in all_parts() if not file_of(part).is_file()],
        "sources": {
            name: source_hash(Path(__file__).with_name(f"{name}.py"))
            for name in ("contest", "contest_rules")
        },
    }
    print(json.dumps(verdicts(data)), flush=True)
    print(write_experiment(__file__, data))


if __name__ == "__main__":
    main()
