"""The README lists the lessons that the manifest lists."""

from pathlib import Path

from course_lib.course import PARTS
from course_lib.exercises import EXERCISES

README = Path(__file__).resolve().parents[2] / "README.md"


def row(part, lessons):
    """Return the line of the README's table for one part of the course."""
    ready = all(any(id.startswith(f"{number}.") for id in EXERCISES) for number, _ in lessons)
    titles = " · ".join(f"{number} {title}" for number, title in lessons)
    state = "ready" if ready else "in preparation"
    return f"| {part.removeprefix('Part ')} | {titles} | {state} |"


def test_the_table_of_the_readme_is_that_of_the_manifest():
    lines = README.read_text(encoding="utf-8").splitlines()
    first = lines.index("| part | lessons | |") + 2
    assert lines[first : first + len(PARTS)] == [row(part, lessons) for part, lessons in PARTS]
