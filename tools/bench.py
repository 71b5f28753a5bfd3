"""Measure how fast the course's own code is, and write docs/speed.md.

python tools/bench.py          measure anew, print the tables, write the page
python tools/bench.py --page   write the page from what is stored
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course_lib.lab.stored import EXPERIMENTS, read_record

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "speed.md"
SCRIPTS = ("bench_steps", "bench_sweeps", "bench_jacobians", "bench_curvature")
KINDS = ("loop", "foreach", "fused")

INTRODUCTION = """# How fast it is

<!-- Written by tools/bench.py from experiments/bench_*.json. Do not edit. -->

`make bench` measures this anew and writes this page. Times are medians. A ratio is taken within a
round, in which every contestant has its turn; its median stands with the range of the middle 80 %.
"""

STEPS = """## A step of a rule

A step of `RuleOptimizer`, eager and compiled, beside the optimizer of `torch.optim` that computes
the same: its loop over the tensors (torch's default on a CPU), its `foreach`, and its `fused` form.
A ratio below 1 means that ours takes less time. All in float32. torch has no fused RMSProp, and no
LAMB: `lamb` stands beside AdamW, which does less, and counts for no goal.

Why each form takes what it takes. Compiled, a rule is one graph that reads and writes each place
once, in place, as torch's fused forms do. With many parameters the memory decides; with few it is
Python: rows are gathered, and it is checked that the tensors are what the graph was compiled for.
Eager, a rule is a pure function: each of its operations makes a new tensor, and what it returns is
copied into place, whereas torch's SGD changes a parameter in a single call.
"""

FIRST = """The first compiled step of Adam for {tensors} tensors, those of a ResNet-50, took
{first:.1f} s with nothing compiled on disk, and the second {second:.0f} ms.
"""

SWEEPS = """## Many runs

100 runs of a small network, with two epochs and a measurement after each, as `lab.sweep`, as
`lab.sweep` with its step compiled, and as a loop over `torch.nn` and `torch.optim`. The time that
`torch.compile` takes, some seconds for each shape, is not counted.

A loop waits for Python most of the time. The larger the network, the less of that there is to save.
"""

JACOBIANS = """## Jacobians

Modules of `course_lib.analysis`, in float32: how many times faster the closed form of a Jacobian is
than `torch.func.jacrev`, and how many times faster `jvp` and `vjp` are than building that matrix
and multiplying by it. One example, and a batch of four.

Of a linear module nothing is built: its matrix is there already. What a product saves, it saves in
wide modules: in narrow ones both wait for Python.
"""

ROW = """Linear and tanh by turns, one after the other: `jvp` and `vjp` against the product of their
matrices, and the largest singular value by power iteration on them against the singular values of
that matrix. It comes from below, so the last column says how much of it was found.
"""

CURVATURE = """## Curvature

How many times as long a training step takes if it divides by an estimate of curvature, beside a
plain gradient step, in float32. "Every 10", say: the estimate is taken in one step of ten. The
course's own steps are eager, and with what is done to each number compiled to one loop.
`AdaHessian` is pytorch_optimizer's, the same in both; it takes its product from the graph of the
gradient that a step needs anyway, and ours begins anew.

The first columns count what a step asks of the network: gradients, and products of the Hessian with
a vector, of which each takes as long as several gradients.
"""


def page(folder: Path = EXPERIMENTS) -> str:
    """Return the text of docs/speed.md for the stored results."""
    steps, sweeps, jacobians, curvature = (read_record(name, folder) for name in SCRIPTS)
    parts = [INTRODUCTION, STEPS, _where(steps)]
    sizes = steps["data"]["sizes"]
    smallest, *_ = sizes
    parts.append("What was aimed at, and which rules reach it:\n")
    parts.append(
        _goal("eager, no slower than the loop", sizes, [smallest], "eager", "loop")
        + _goal("compiled, no slower than fused", sizes, sizes, "compiled", "fused")
    )
    first, second = steps["data"]["first_step"]["seconds"]
    tensors = steps["data"]["first_step"]["tensors"]
    parts.append(FIRST.format(tensors=tensors, first=first, second=1000 * second))
    for size, found in sizes.items():
        parts.append(f"### {size.capitalize()} parameters ({found['parameters']:,})\n")
        parts.append(_steps_table(found["rules"]))
    networks = sweeps["data"]["networks"]
    parts += [SWEEPS, _where(sweeps), _sweeps_goal(networks), _sweeps_table(networks)]
    parts += [JACOBIANS, _where(jacobians), *_jacobians(jacobians["data"])]
    parts += [CURVATURE, _where(curvature), *_curvature(curvature["data"])]
    return "\n".join(parts)


def _goal(words: str, sizes: dict[str, Any], of: Iterable[str], mine: str, theirs: str) -> str:
    """Return which rules reach a goal: a median ratio of 1 or below."""
    lines = []
    for size in of:
        ratios = {
            name: found["ratio"][mine][theirs]
            for name, found in sizes[size]["rules"].items()
            if theirs in found["ratio"][mine] and name != "lamb"
        }
        reached = [f"`{name}`" for name, (median, _, _) in ratios.items() if median <= 1]
        lines.append(
            f"- {words}, {size} parameters: {', '.join(reached) or 'none'} "
            f"({len(reached)} of {len(ratios)})."
        )
    return "\n".join(lines) + "\n"


def _where(record: dict[str, Any]) -> str:
    machine, versions, data = record["machine"], record["versions"], record["data"]
    place = machine["gpu"] if data["device"] == "cuda" else data["processor"]
    return (
        f"`{record['command']}` on {machine['system']}, {place}, {machine['threads']} threads; "
        f"torch {versions['torch']}, Python {versions['python']}; {data['rounds']} rounds.\n"
    )


def _sweeps_goal(networks: dict[str, Any]) -> str:
    """Return how many of the sweeps are 20 times faster than the loop, in the median."""
    faster = [found["times_faster"] for by_rule in networks.values() for found in by_rule.values()]
    counts = [sum(times[of][0] >= 20 for times in faster) for of in ("sweep", "compiled")]
    return (
        f"- At least 20 times faster than the loop: {counts[0]} of {len(faster)} as they are, "
        f"{counts[1]} of {len(faster)} compiled.\n"
    )


def _steps_table(rules: dict[str, Any]) -> str:
    heads = ["rule", "torch's loop, ms", "eager / loop", "eager / foreach"]
    heads += [f"compiled / {kind}" for kind in KINDS]
    shares = any("share_of_copy_bandwidth" in found for found in rules.values())
    rows = []
    for name, found in rules.items():
        ratio = found["ratio"]
        row = [f"`{name}`", f"{1000 * found['seconds']['loop'][0]:.3g}"]
        row += [_spread(ratio["eager"].get(kind)) for kind in ("loop", "foreach")]
        row += [_spread(ratio["compiled"].get(kind)) for kind in KINDS]
        rows.append(row + [_spread(found.get("share_of_copy_bandwidth"))] * shares)
    return _table(heads + ["compiled: share of copying"] * shares, rows)


def _sweeps_table(networks: dict[str, Any]) -> str:
    rows = [
        [
            words,
            f"`{name}`",
            f"{found['seconds']['loop'][0]:.3g} s",
            _spread(found["times_faster"]["sweep"], digits=1),
            _spread(found["times_faster"]["compiled"], digits=1),
        ]
        for words, by_rule in networks.items()
        for name, found in by_rule.items()
    ]
    return _table(
        ["network", "rule", "loop", "sweep: times faster", "compiled sweep: times faster"], rows
    )


def _jacobians(data: dict[str, Any]) -> list[str]:
    """Return what was aimed at, a table for each width, and one of modules in a row."""
    widths = list(data["row"]["widths"])
    closed, products = ("closed",), ("jvp", "vjp")
    parts = ["What was aimed at, and where it is missed, in the median:\n"]
    parts.append(
        _times_goal("closed form, no slower than jacrev", data, closed, 1)
        + _times_goal("products, at least 5 times faster than the matrix", data, products, 5)
    )
    heads = ["module"] + [f"{of}, {kind}" for of in closed + products for kind in ("one", "batch")]
    for width in widths:
        rows = [
            [f"`{name}`"]
            + [
                _spread(found[width].get(kind, {}).get(of), digits=1)
                for of in closed + products
                for kind in ("one", "batch")
            ]
            for name, found in data["modules"].items()
            if found[width]
        ]
        parts += [f"### {width} features, times faster\n", _table(heads, rows)]
    row = data["row"]
    parts += [f"### {row['modules']} modules in a row, times faster\n", ROW]
    rows = [
        [
            width,
            *(_spread(found[of], digits=1) for of in ("jvp", "vjp", "norm")),
            f"{found['norm_reached']:.4f}",
        ]
        for width, found in row["widths"].items()
    ]
    norm = f"largest singular value, {row['power_rounds']} rounds"
    return [*parts, _table(["features", "jvp", "vjp", norm, "found of it"], rows)]


def _times_goal(words: str, data: dict[str, Any], of: tuple[str, ...], goal: float) -> str:
    """Return for each width how many medians reach a goal, and the modules where one does not."""
    lines = []
    for width in data["row"]["widths"]:
        reached, missed, all_of = 0, [], 0
        for name, found in data["modules"].items():
            times = [kind[which][0] >= goal for kind in found[width].values() for which in of]
            reached, all_of = reached + sum(times), all_of + len(times)
            missed += [f"`{name}`"] * (not all(times))
        lines.append(
            f"- {words}, {width} features: {reached} of {all_of}"
            + (f"; not all of {', '.join(missed)}.\n" if missed else ".\n")
        )
    return "".join(lines)


def _curvature(data: dict[str, Any]) -> list[str]:
    """Return the sizes of the networks, and what a step counts and how long it takes."""
    networks, kinds = data["networks"], ("eager", "compiled")
    sizes = [
        f"- {name}: {of['parameters']:,} parameters, a batch of {of['batch']}."
        for name, of in networks.items()
    ]
    heads = ["step", "gradients", "products", *(f"{n}, {kind}" for n in networks for kind in kinds)]
    times = [of[kind]["times_a_gradient_step"] for of in networks.values() for kind in kinds]
    rows = []
    for name in times[0]:
        asked = data["a_step"].get(name, {})
        counts = [f"{asked[what]:g}" if asked else "" for what in ("gradients", "products")]
        rows.append([name, *counts, *(_spread(found[name]) for found in times)])
    return ["\n".join(sizes) + "\n", _table(heads, rows)]


def _spread(values: list[float] | None, digits: int = 2) -> str:
    if values is None:
        return ""
    median, low, high = (f"{value:.{digits}f}" for value in values)
    return f"{median} ({low} to {high})"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main(arguments: list[str]) -> int:
    """Measure, unless `--page` is given, and write the page; return the exit code."""
    if arguments not in ([], ["--page"]):
        print("usage: python tools/bench.py [--page]", file=sys.stderr)
        return 2
    for name in SCRIPTS if not arguments else ():
        script = EXPERIMENTS / f"{name}.py"
        print(f"== experiments/{script.name}", flush=True)
        one = {"TORCHINDUCTOR_COMPILE_THREADS": "1"}  # else torch compiles beside what is measured
        if code := subprocess.call([sys.executable, str(script)], env=os.environ | one):
            return code
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
