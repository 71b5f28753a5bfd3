from types import MappingProxyType

import pytest
import torch

from course_lib.checking import Case, Exercise, Slip, guard
from course_lib.exercises import registry
from course_lib.lab.device import generator


def shrink(x, k):
    """Return x / k + 1: the reference of the toy exercise."""
    return x / k + 1


def split_in_two(x):
    """Return the sum and the mean of x."""
    return x.sum(), x.mean()


def _cases(seed):
    g = generator(seed)

    def x(*shape, dtype=torch.float64):
        return torch.randn(*shape, generator=g, dtype=dtype)

    return [
        Case("4 by 3 numbers", (x(4, 3), 3.0)),
        Case("2 by 2 numbers", (x(2, 2), 2.0)),
        Case("one number", (x(1), 5.0), special=True),
        Case("zeros", (torch.zeros(3, dtype=torch.float64), 2.0), special=True),
        Case("float32", (x(3, dtype=torch.float32), 2.0), special=True),
    ]


def _slip(name, fn):
    return Slip(name, fn, f"This is the slip: {name}.")


TOY = Exercise(
    id="99.shrink",
    points=2,
    asks="x over k, plus one",
    reference=shrink,
    cases=_cases,
    hints=("First?", "Second."),
    slips=(
        _slip("adds first", lambda x, k: (x + 1) / k),
        _slip("multiplies", lambda x, k: x * k + 1),
        _slip("raises", lambda x, k: x / k + torch.ones(7)),
        _slip("mis-shapes", lambda x, k: (x / k + 1).flatten()),
        _slip("makes nan", lambda x, k: x / k + 1 + (x - x) / (x - x)),
    ),
    also_right=(lambda x, k: 1 + x * (1 / k),),
    needs=("grad", "vmap"),
)
PAIR = Exercise(
    id="99.pair",
    points=1,
    asks="the sum and the mean",
    reference=split_in_two,
    cases=lambda seed: [Case("five numbers", (torch.arange(5.0) + seed,))],
    hints=("First?", "Second."),
    slips=(),
    also_right=(),
)
CHOICE = Exercise(
    id="99.choice",
    points=1,
    asks="a loss, and why",
    reference=("huber", "outliers"),
    cases=lambda seed: [Case("your choice")],
    hints=("First?", "Second."),
    slips=(Slip("mse", ("mse", "outliers"), "Squares make outliers count more."),),
    also_right=(["huber", "outliers"],),
)


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    """Toy exercises beside the course's own, a progress file of the test's own, and much time."""
    everything = MappingProxyType(
        {**registry.EXERCISES, **{toy.id: toy for toy in (TOY, PAIR, CHOICE)}}
    )
    monkeypatch.setattr(registry, "EXERCISES", everything)
    monkeypatch.setattr(guard, "SECONDS", 20)  # a busy machine must not fail what is right
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.delenv("COURSE_SEED", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
