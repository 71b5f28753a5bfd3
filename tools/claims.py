"""Write docs/claims.md: what became of each claim, read from the verdicts in the solved notebooks.

A verdict is an output of `course_lib.figures.verdict`; a figure says with `show(…, claims=…)` which
claims it shows, by how they begin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

PAGE = Path("docs/claims.md")
VERDICT = re.compile(r"\*\*Claim\.\*\* (.+)\n\n\*\*Verdict: (.+?)\.\*\* (.+)", re.DOTALL)
INTRODUCTION = """# Claims, measured

<!-- Written by tools/build.py from the verdicts in the lessons. Do not edit. -->

What this course puts to the test, and what came out. Claims that begin with A, B, C or D are those
of its source articles: A on weights, biases, initializers and losses, B on optimisation algorithms,
C on Jacobians and Lipschitz constants, D on a fuzzy second-order optimizer. Others say whose they
are. *Holds* means on the data and networks of the lesson, in runs over at least 20 seeds where
chance has a part. The lesson shows the measurement, and `experiments/` what it rests on.
"""


@dataclass(frozen=True)
class Verdict:
    """A claim, its verdict in words, the reason, and the captions of the figures that show it."""

    claim: str
    words: str
    because: str
    figures: tuple[str, ...]


def page(root: Path) -> str:
    """Return the text of docs/claims.md for the solved notebooks; "" if they have no verdict."""
    parts = []
    for path in sorted((root / "solutions").glob("*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        if found := list(verdicts(notebook)):
            parts.append(f"## [{_title(notebook)}](../lessons/{path.name})\n\n{_table(found)}\n")
    return "\n".join([INTRODUCTION, *parts]) if parts else ""


def read(root: Path) -> str:
    """Return the page as it stands; "" where there is none."""
    file = root / PAGE
    return file.read_text("utf-8") if file.exists() else ""


def write(root: Path) -> None:
    """Write the page anew, if it is not as it should be."""
    if (text := page(root)) != read(root):
        (root / PAGE).parent.mkdir(exist_ok=True)
        (root / PAGE).write_text(text, "utf-8")


def verdicts(notebook: dict) -> Iterator[Verdict]:
    """Yield the verdicts of a notebook in order, each with the captions of its figures."""
    captions = dict(_claims_and_captions(notebook))
    for text in _markdown(notebook):
        if match := VERDICT.fullmatch(text):
            claim, words, because = (" ".join(part.split()) for part in match.groups())
            figures = tuple(
                caption
                for tag, shown in captions.items()
                if claim.startswith(tag)
                for caption in shown
            )
            yield Verdict(claim, words, because, figures)


def _claims_and_captions(notebook: dict) -> Iterator[tuple[str, list[str]]]:
    """Yield how claims begin, and the captions of the figures that show them."""
    captions: dict[str, list[str]] = {}
    for outputs in _outputs(notebook):
        for picture, caption in pairwise(outputs):
            for tag in picture.get("metadata", {}).get("image/png", {}).get("claims", []):
                captions.setdefault(tag, []).append(_text(caption, "text/plain"))
    yield from captions.items()


def _markdown(notebook: dict) -> Iterator[str]:
    for outputs in _outputs(notebook):
        yield from (_text(output, "text/markdown") for output in outputs)


def _outputs(notebook: dict) -> Iterator[list[dict]]:
    yield from (cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")


def _text(output: dict, kind: str) -> str:
    return "".join(output.get("data", {}).get(kind, ""))


def _title(notebook: dict) -> str:
    return "".join(notebook["cells"][0]["source"]).split("\n")[0].removeprefix("# ").strip()


def _table(found: list[Verdict]) -> str:
    rows = ["| claim | verdict | measured | figure |", "|---|---|---|---|"]
    for verdict in found:
        cells = (verdict.claim, f"**{verdict.words}**", verdict.because, "; ".join(verdict.figures))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)
