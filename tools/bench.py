"""Measure how fast the course's own code is, and write docs/speed.md.

python tools/bench.py          measure anew, print the tables, write the page
python tools/bench.py --page   write the page from what is stored

What is measured on a GPU is stored beside what the CPU gave; the page has both.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course_lib.figures import race
from course_lib.figures.frame import pixels
from course_lib.figures.output import png
from course_lib.lab.stored import EXPERIMENTS, read_records, source_hash

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "speed.md"
FIGURE = PAGE.with_suffix(".png")
SCRIPTS = ("bench_steps", "bench_sweeps", "bench_jacobians", "bench_curvature", "bench_fuzzy")
KINDS = ("loop", "foreach", "fused")
TIMES_ON_A_GPU = 100  # faster than the loop
TIMES = {  # on a CPU; where a network has no such number, SHARE is aimed at
    "toy: 2 inputs, 4 hidden, batches of 10": 35,
    "digits: 64 inputs, 8 hidden, batches of 10": 25,
}
SHARE = 0.7  # of what the matrix products alone allow
FIRST_STEP = 5  # seconds
A_GRADIENT_STEP = {"previous iterate": 1.1, "same-batch probe": 2.1}  # times as long, at most

INTRODUCTION = """# How fast it is

<!-- Written by tools/bench.py from experiments/bench_*.json. Do not edit. -->

`make bench` measures this anew and writes this page. Times are medians. A ratio is taken within a
round, in which every contestant has its turn; its median stands with the range of the middle 80 %.
"""

STEPS = """## A step of a rule

A step of `RuleOptimizer`, eager and compiled, beside the optimizer of `torch.optim` that computes
the same: its loop over the tensors, torch's default on a CPU; its `foreach`, the default on a GPU;
and its `fused` form. A ratio below 1 means that ours takes less time. All in float32. torch has no
fused RMSProp, and no LAMB: `lamb` stands beside AdamW, which does less, and counts for no goal.

What does a step spend its time on? On three things.

- **Python.** Before a number is worked out, tensors are gathered and looked at, and functions are
  called, at a microsecond or so each. A loop calls every operation of a rule for every tensor;
  `foreach` calls it once for all tensors; a fused or a compiled step is one call in all.
- **Launches.** An operation is a loop over its elements that somebody has to start. On a CPU that
  costs little, unless threads are to share the work. On a GPU it costs some microseconds, in which
  the GPU could have moved some ten million bytes. Adam, written as a formula, has about a dozen
  operations. Fused or compiled it has one launch for a tensor, or one for many.
- **Bytes.** An operation reads what it needs from the memory and writes what it gives. Adam *must*
  read p, g, m and v, and write p, m and v: seven numbers of four bytes, 28 bytes a parameter. A
  dozen operations, one after the other, move several times as many, unless what they hand to each
  other is still in the processor's cache. A fused or a compiled step moves every byte once.

![A step of Adam against the number of parameters, on two logarithmic scales]({figure})

The figure shows Adam. On the left of a curve it is flat: Python and launches, which do not ask how
many numbers there are. On the right it rises like the dotted line, which is what the bytes alone
would take at the speed at which the same machine adds one array to another in place, both too large
for its cache. Nothing that has to fetch its numbers from the memory gets far below that line; what
fits into the cache does.

So each form takes what it takes:

- *torch's loop* has the most calls, and each of its operations goes through the whole tensor. But
  it changes tensors in place, and its SGD is a single call for a tensor. That is why `gd` and
  `momentum`, which do little, are hardest to catch.
- *Ours, eager.* A rule is a pure function: each of its operations makes a new tensor, and what it
  returns is copied into place. That is a call or two more than torch has for each result. In turn
  small tensors are laid end to end, so that a rule is called once for all; and on a CPU large ones
  are worked through in pieces that stay in the cache. On a GPU each of
  these operations is a launch. `gd` has five: one gathers the rows, two are the rule, two copy its
  result into place and back. `foreach` has one, and no eager rule catches it there.
- *Ours, compiled.* The rule is one graph that reads and writes each place once, in place. With many
  parameters the memory decides, as for the fused forms. With few it is Python: rows are gathered,
  and it is checked that the tensors are what the graph was compiled for. RMSProp, and any rule of
  your own, get this for nothing; torch has fused only what somebody fused by hand.
- *torch's fused* form is the same single pass, written by hand.

What cannot be reached, in microseconds, for the six tensors of 26 thousand parameters (one thread
of the CPU below, the shortest of many turns). A step of torch's loop takes 24 for `gd` and 58 for
`momentum`, of which 9 are the wrapper that every optimizer has. A pure function has that wrapper
too. It copies parameters and gradients into one row, and the parameters back: 13. It makes a tensor
in each operation: 8 in `gd`, which has two. And it copies every result into place: 3. With nothing
else, not a single check, that is 1.9 times the loop for `gd`, and 1.0 times for `momentum`. To
gather the rows, and to see that they are the ones of the last step, brings it to 2.8 and 1.5.
Compiled, `gd` takes 28, and torch's fused form 24. The difference is Python: 4 for gathering rows,
3 for seeing that nothing has moved or changed its shape, without which a graph might write where
nothing is.

With many parameters on a CPU some compiled rules are up to a sixth slower than torch's fused form,
and in the middle size up to a quarter. Three things were tried, on the CPU below. *Where tensors
lie.* Each contestant has its own, and one and the same step of 21 million takes 0.89 to 1.12 times
as long on other tensors. With both on the same ones, `gd` takes 0.98 to 1.10 times as long as
torch's. *Which contestant came before,* and left its numbers in the cache: that explains nothing.
*One thread,* which does not fill the memory's bandwidth: there it is 1.06 to 1.23. So perhaps the
compiled loop itself is a little slower than the one written by hand, and shows it where the memory
leaves it the time; in which of its instructions was not found. In the middle size the numbers of
`gd` are 21 MB and the cache has 32: rounds differ by a factor of three.
"""

BYTES = """Adding in place moves {add:,g} GB a second, copying {copy:,g}. At the speed of adding,
the bytes of Adam for {parameters:,} parameters would take {bytes_alone:.3g} ms. {took}.
"""

FIRST = """With nothing compiled on disk but torch's own headers, the first compiled step of Adam
for {tensors} tensors, those of a ResNet-50, took {first:.1f} s, and the second {second:.0f} ms.
"""

SWEEPS = """## Many runs

100 runs of a small network, with two epochs and a measurement after each, as `lab.sweep`, as
`lab.sweep` with its step and its measurement compiled, and as a loop over `torch.nn` and
`torch.optim`; on one thread.

A loop waits for Python most of the time. The larger the network, the less of that there is to save,
and what is left is arithmetic: the last column but one is the time of the network's matrix products
alone, forward and backward, over that of the compiled sweep, so that 1 is the limit. What it takes
to compile is not counted. The last column is the first compiled sweep, with nothing on disk but
what the row above left there. Each sweep compiles what it is given; where all of it is on disk,
that takes some tenths of a second.

Whole experiments gain little. With today's sweep that of lesson 10 takes 226 seconds of processor
time, and took 236 with the one before it; that of lesson 07 takes 267, and took 280. The others
were not timed before and after.
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

FUZZY = """## The fuzzy optimizer

How many times as long a training step takes with `FuzzySecondOrder`, eager and with its rule
compiled, as one with torch's AdamW. Beside it stand AdamW as a rule of `RuleOptimizer`, Prodigy of
prodigyopt and AdaHessian of pytorch_optimizer. "Kept" counts tensors like the parameters.
"""


def page(folder: Path = EXPERIMENTS) -> str:
    """Return the text of docs/speed.md for the stored results."""
    steps, sweeps, jacobians, curvature, fuzzy = (read_records(name, folder) for name in SCRIPTS)
    parts = [INTRODUCTION, STEPS.format(figure=FIGURE.name)]
    for device, record in steps.items():
        parts += [f"### A step on a {device}\n", _where(record, folder), *_steps(record["data"])]
    parts.append(SWEEPS)
    for record in sweeps.values():
        networks, device = record["data"]["networks"], record["data"]["device"]
        parts += [_where(record, folder), _sweeps_goals(networks, device), _sweeps_table(networks)]
    parts.append(JACOBIANS)
    for record in jacobians.values():
        parts += [_where(record, folder), *_jacobians(record["data"])]
    parts.append(CURVATURE)
    for record in curvature.values():
        parts += [_where(record, folder), *_curvature(record["data"])]
    parts.append(FUZZY)
    for record in fuzzy.values():
        parts += [_where(record, folder), *_fuzzy(record["data"])]
    return "\n".join(parts)


def picture(folder: Path = EXPERIMENTS) -> bytes:
    """Return the page's figure for the stored results, as a PNG file."""
    steps = read_records("bench_steps", folder)
    panels = {device: record["data"]["growth"] for device, record in steps.items()}
    return png(pixels(race.step_times(panels)))


def _steps(data: dict[str, Any]) -> list[str]:
    """Return what was aimed at on one device, how bytes and first steps compare, and the tables."""
    sizes = data["sizes"]
    smallest, *_ = sizes
    default = "loop" if data["device"] == "cpu" else "foreach"  # of torch
    goals = _goal(f"eager, no slower than {default}", sizes, [smallest], "eager", default)
    goals += _goal("compiled, no slower than fused", sizes, sizes, "compiled", "fused")
    first, second = data["first_step"]["seconds"]
    tensors = data["first_step"]["tensors"]
    goals += _bandwidth_goal(sizes) + (
        f"- the first step of a model of {tensors} tensors, compiled, under {FIRST_STEP} s: "
        f"{'reached' if first < FIRST_STEP else 'missed'}, {first:.1f} s.\n"
    )
    parts = ["What was aimed at, and which rules reach it:\n", goals, _bytes(data["growth"])]
    parts.append(FIRST.format(tensors=tensors, first=first, second=1000 * second))
    for size, found in sizes.items():
        parts.append(f"#### {size.capitalize()} parameters ({found['parameters']:,})\n")
        parts.append(_steps_table(found["rules"]))
    return parts


def _bytes(growth: dict[str, Any]) -> str:
    """Return in words how far from the bytes alone each form is with the most parameters."""
    count, bandwidth = growth["parameters"][-1], growth["bandwidth"]
    took = (
        f"{race.FORMS[form][0]} took {1000 * seconds[-1][0]:.3g} ms"
        for form, seconds in growth["seconds"].items()
    )
    return BYTES.format(
        **{what: float(f"{each / 1e9:.3g}") for what, each in bandwidth.items()},
        parameters=count,
        bytes_alone=1000 * count * growth["bytes_each"] / bandwidth["add"],
        took="; ".join(took).capitalize(),
    )


def _bandwidth_goal(sizes: dict[str, Any]) -> str:
    """Return which rules, compiled, reach nine tenths of the bandwidth of copying, on a GPU."""
    lines = []
    for size, found in sizes.items():
        shares = {
            name: of["share_of_copy_bandwidth"][0]
            for name, of in found["rules"].items()
            if "share_of_copy_bandwidth" in of and name != "lamb"
        }
        if shares and found["parameters"] > 1e7:
            reached = [name for name, share in shares.items() if share >= 0.9]
            words = "compiled, at least 0.9 of the bandwidth of copying"
            lines.append(_reached(f"{words}, {size} parameters", reached, len(shares)))
    return "".join(lines)


def _goal(words: str, sizes: dict[str, Any], of: Iterable[str], mine: str, theirs: str) -> str:
    """Return which rules reach a goal: a median ratio of 1 or below."""
    lines = []
    for size in of:
        ratios = {
            name: found["ratio"][mine][theirs]
            for name, found in sizes[size]["rules"].items()
            if theirs in found["ratio"][mine] and name != "lamb"
        }
        reached = [name for name, (median, _, _) in ratios.items() if median <= 1]
        lines.append(_reached(f"{words}, {size} parameters", reached, len(ratios)))
    return "".join(lines)


def _reached(aim: str, rules: list[str], all_of: int) -> str:
    named = ", ".join(f"`{name}`" for name in rules) or "none"
    return f"- {aim}: {named} ({len(rules)} of {all_of}).\n"


def _where(record: dict[str, Any], folder: Path) -> str:
    """Return where a result comes from. One of a GPU may be older than its script."""
    machine, versions, data = record["machine"], record["versions"], record["data"]
    place = machine["gpu"] if data["device"] == "cuda" else data["processor"]
    script = folder / Path(record["command"]).name
    old = data["device"] == "cuda" and record["source_sha256"] != source_hash(script)
    return (
        f"`{record['command']}` on {machine['system']}, {place}, {machine['threads']} threads; "
        f"torch {versions['torch']}, Python {versions['python']}; {data['rounds']} rounds"
        f"{'; the script has changed since' * old}.\n"
    )


def _sweeps_goals(networks: dict[str, Any], device: str) -> str:
    """Return what was aimed at in each network, and which rules reach it in the median."""
    lines = ["What was aimed at, and which rules reach it, compiled:\n\n"]
    for words, by_rule in networks.items():
        times = TIMES.get(words) if device == "cpu" else TIMES_ON_A_GPU
        if times:
            aim = f"{words}: at least {times} times faster than the loop"
            reached = [n for n, of in by_rule.items() if of["times_faster"]["compiled"][0] >= times]
        else:
            aim = f"{words}: at least {SHARE} of what its matrix products alone allow"
            reached = [n for n, of in by_rule.items() if of["share_of_products"][0] >= SHARE]
        lines.append(_reached(aim, reached, len(by_rule)))
    return "".join(lines)


def _steps_table(rules: dict[str, Any]) -> str:
    heads = ["rule", "torch's loop, ms", "eager / loop", "eager / foreach"]
    heads += [f"compiled / {kind}" for kind in KINDS]
    shares = any("share_of_copy_bandwidth" in found for found in rules.values())
    rows = []
    for name, found in rules.items():
        ratio, loop = found["ratio"], found["seconds"].get("loop")
        row = [f"`{name}`", f"{1000 * loop[0]:.3g}" if loop else ""]
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
            _spread(found["share_of_products"]),
            f"{found['first_compiled']:.1f} s",
        ]
        for words, by_rule in networks.items()
        for name, found in by_rule.items()
    ]
    heads = ["network", "rule", "loop", "sweep: times faster", "compiled sweep: times faster"]
    return _table([*heads, "products / compiled", "first"], rows)


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
    heads = ["step", "gradients", "products", *(f"{n}, {kind}" for n in networks for kind in kinds)]
    times = [of[kind]["times_a_gradient_step"] for of in networks.values() for kind in kinds]
    rows = []
    for name in times[0]:
        asked = data["a_step"].get(name, {})
        counts = [f"{asked[what]:g}" if asked else "" for what in ("gradients", "products")]
        rows.append([name, *counts, *(_spread(found[name]) for found in times)])
    return [_sizes(networks), _curvature_goals(networks, kinds), _table(heads, rows)]


def _curvature_goals(networks: dict[str, Any], kinds: Iterable[str]) -> str:
    """Return how long the two cheap estimates may make a step, and where the median is shorter."""
    lines = ["What was aimed at, and where it is reached in the median:\n\n"]
    for step, times in A_GRADIENT_STEP.items():
        reached = [
            f"{name}, {kind}"
            for name, of in networks.items()
            for kind in kinds
            if of[kind]["times_a_gradient_step"][step][0] <= times
        ]
        lines.append(
            f"- {step}, at most {times} times a gradient step: {'; '.join(reached) or 'nowhere'}.\n"
        )
    return "".join(lines)


def _fuzzy(data: dict[str, Any]) -> list[str]:
    """Return the sizes of the networks, what each optimizer keeps and how long its step takes."""
    networks, kept = data["networks"], data["kept"]
    times = [of["times_adamw"] for of in networks.values()]
    rows = [[n, f"{kept[n]:g}", *(_spread(found[n]) for found in times)] for n in times[0]]
    return [_sizes(networks), _table(["optimizer", "kept", *networks], rows)]


def _sizes(networks: dict[str, Any]) -> str:
    """Return a line for each network, with its parameters and its batch."""
    return "".join(
        f"- {name}: {of['parameters']:,} parameters, a batch of {of['batch']}.\n"
        for name, of in networks.items()
    )


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
    FIGURE.write_bytes(picture())
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
