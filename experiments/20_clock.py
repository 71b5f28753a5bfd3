"""Lesson 20's question with tuning, at equal time instead of equal evaluations of the gradient.

Times   A whole training of each contestant, one run alone, beside one of Adam's: `times`, the
        seconds of a step over those of Adam's in the same round, median, low and high.
Steps   As many as Adam's budget of time pays for: Adam takes the task's steps, a contestant whose
        step takes twice as long takes half of them, and its schedule ends with them.
Search  As in `20_tuned.py`, with a schedule, for that number of steps; then 24 fresh seeds.

All contestants are programs of `contest.py`, eager, on one core: what is timed is the rules' own
work, not the packages'. Stored: `times[task][contestant]`, `races[task]["scheduled"][contestant]`
as in `20_tuned.py`, with `steps`. Fashion-MNIST is left out. Ten minutes:

    python experiments/20_clock.py
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from course_lib.lab import experiment, progress_bar, write_experiment
from course_lib.lab.timing import processor, side_by_side, spread

tuned = experiment("20_tuned")
contest = tuned.C
TASKS = {name: contest.tasks("small")[name] for name in ("digits", "signals")}
ROUNDS = 15
LR = 1e-3  # of the runs that are timed; their losses are not looked at


def setting(name: str) -> dict[str, float]:
    """Return a setting to time a contestant with: as its search begins, with a schedule."""
    return tuned.completed(name, {"lr": LR, "share": 1.0, **tuned.STARTS[name]})


def times(task: Any) -> dict[str, dict[str, float]]:
    """Return what a step takes beside Adam's, of one run alone."""
    draws = contest.draw(task, [0])
    runs: dict[str, Callable[[], object]] = {
        name: partial(contest.trained, tuned.contestant(name), task, [setting(name)], draws)
        for name in tuned.STARTS
    }
    taken = side_by_side(runs, rounds=ROUNDS, calls=1, label=f"times, {task.name}")
    steps = {name: contest.steps_of(tuned.contestant(name), task.total) for name in runs}
    a_step = {name: seconds / steps[name] for name, seconds in taken.items()}
    return {name: spread(each / a_step["Adam"])._asdict() for name, each in a_step.items()}


def budget(name: str, steps: int) -> int:
    """Return how many evaluations of the gradient so many steps of a contestant take."""
    cost = tuned.contestant(name).cost
    return math.ceil(sum(cost(t) for t in range(1, steps + 1)))


def race(name: str, task: Any, steps: int) -> dict[str, Any]:
    """Search for a setting for so many steps, and run it on the seeds that are reported."""
    own = replace(task, total=budget(name, steps))
    search, confirm, report = (
        contest.draw(own, seeds) for seeds in (tuned.TUNE, tuned.CONFIRM, range(tuned.SEEDS))
    )
    kept = tuned.search(name, True, own, search, confirm)
    found = contest.train(tuned.contestant(name), own, [kept["setting"]], report)
    return kept | tuned.reported(found) | {"steps": steps}


def main() -> None:
    torch.set_num_threads(1)
    took = {label: times(task) for label, task in TASKS.items()}
    data: dict[str, Any] = {"times": took, "races": {}}
    for label, task in TASKS.items():
        races = data["races"][label] = {"scheduled": {}}
        for name in progress_bar(list(tuned.STARTS), f"{label}, contestants"):
            steps = round(task.total / took[label][name]["median"])
            races["scheduled"][name] = race(name, task, steps)
    seeds = {"seeds": list(range(tuned.SEEDS)), "tuning_seeds": [*tuned.TUNE, *tuned.CONFIRM]}
    print(tuned.verdicts(data))
    print(write_experiment(__file__, {**seeds, "processor": processor(), **data}))


if __name__ == "__main__":
    main()
