"""Write the table of lessons in the README, with a badge for each that opens it on Binder.

    python tools/readme.py

The lessons are those of course_lib/course.py, and the address is the repository's, which stands in
pyproject.toml under [project.urls] and nowhere else.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from course_lib.course import PARTS

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- Lessons: written by tools/readme.py. Do not edit. -->"
END = "<!-- End of the lessons. -->"
BINDER = "https://mybinder.org/v2/gh"


def repository(root: Path = ROOT) -> str:
    """Return the repository's public address."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def badge(name: str, address: str) -> str:
    """Return the badge that opens the lesson `name` on Binder, as markdown."""
    place = urlsplit(address).path.strip("/")
    target = f"{BINDER}/{place}/HEAD?urlpath=lab/tree/lessons/{name}.ipynb"
    return f"[![Open lesson {name[:2]} on Binder](docs/binder.svg)]({target})"


def table(root: Path = ROOT) -> str:
    """Return the table: a row for each part, and one for each lesson."""
    names = {path.name[:2]: path.stem for path in sorted((root / "lessons").glob("*.ipynb"))}
    rows = ["| no. | lesson | on Binder |", "|---|---|---|"]
    for part, lessons in PARTS:
        rows.append(f"| | **{part}** | |")
        for number, title in lessons:
            if name := names.get(number):
                link = f"[{title}](lessons/{name}.ipynb)"
                rows.append(f"| {number} | {link} | {badge(name, repository(root))} |")
            else:
                rows.append(f"| {number} | {title} | in preparation |")
    return "\n".join(rows)


def alone(root: Path = ROOT) -> str:
    """Return the sentence for a lesson that was copied without the rest."""
    says = "A lesson alone, on Colab or as a copied file, says in its first code what to install"
    return f"{says}: `git+{repository(root)}`."


def written(root: Path = ROOT) -> str:
    """Return the README with its table as it should be."""
    text = (root / "README.md").read_text("utf-8")
    between = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
    return between.sub(lambda _: f"\n{table(root)}\n\n{alone(root)}\n\n", text)


if __name__ == "__main__":
    (ROOT / "README.md").write_text(written(), "utf-8")
