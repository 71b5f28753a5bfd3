"""How long things take, side by side, on a machine that is never quite quiet."""

import platform
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.lab.progress import progress_bar


class Spread(NamedTuple):
    """A median, and the ends between which the middle eight tenths lie."""

    median: float
    low: float
    high: float


def side_by_side(
    contestants: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    calls: int,
    device: torch.device | str = "cpu",
    label: str | None = None,
) -> dict[str, Tensor]:
    """Return the seconds that one call of each contestant took, `(rounds,)`, float64.

    In each round each has its turn, of `calls` calls, and the next round begins with another: what
    else the machine does hits all alike. Each is called twice beforehand, to warm up. A GPU is
    waited for at both ends of a turn. label: what the progress bar says; None for no bar.
    """
    for run in contestants.values():
        run(), run()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = deque(contestants.items())
    for _ in progress_bar(range(rounds), label, unit="round"):
        for name, run in order:
            _wait_for(device)
            begun = time.perf_counter()
            for _ in range(calls):
                run()
            _wait_for(device)
            times[name].append((time.perf_counter() - begun) / calls)
        order.rotate(1)
    return {name: torch.tensor(taken, dtype=torch.float64) for name, taken in times.items()}


def spread(values: Tensor) -> Spread:
    """Return the median of `(rounds,)` and the ends of its middle eight tenths."""
    ends = torch.tensor([0.5, 0.1, 0.9], dtype=torch.float64)
    return Spread(*torch.quantile(values.double(), ends).tolist())


def processor() -> str:
    """Return the name of this machine's processor, as far as it tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _wait_for(device: torch.device | str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
