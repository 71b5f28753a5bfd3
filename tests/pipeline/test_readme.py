"""The README lists the lessons of the manifest, each with a badge that opens it on Binder."""

import re
from pathlib import Path

import pytest

import readme
from course_lib.course import PARTS

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb"))


def test_the_table_of_the_readme_is_that_of_the_manifest():
    """Where it is not, `python tools/readme.py` writes it."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert text == readme.written()
    table = text.split(readme.BEGIN)[1].split(readme.END)[0]
    titles = [title for _, lessons in PARTS for _, title in lessons]
    assert re.findall(r"^\| \d\d \| \[?([^]|]+?)(?:\]\(.*?\))? \|", table, re.MULTILINE) == titles


@pytest.mark.parametrize("name", LESSONS)
def test_each_lesson_has_a_badge(name):
    place = readme.repository().split("/", 3)[3]
    target = f"https://mybinder.org/v2/gh/{place}/HEAD?urlpath=lab/tree/lessons/{name}.ipynb"
    assert f"]({target})" in (ROOT / "README.md").read_text("utf-8")


def test_the_badges_follow_the_address(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons/00_start_here.ipynb").touch()
    address = "https://github.com/someone/somewhere"
    (tmp_path / "pyproject.toml").write_text(f'[project]\nurls = {{Repository = "{address}"}}\n')
    (tmp_path / "README.md").write_text(f"a\n{readme.BEGIN}\nold\n{readme.END}\nb\n")
    text = readme.written(tmp_path)
    assert text.startswith(f"a\n{readme.BEGIN}\n\n| no. | lesson")
    assert "/gh/someone/somewhere/HEAD?urlpath=lab/tree/lessons/00_start_here.ipynb)" in text
    assert "`git+https://github.com/someone/somewhere`" in text
    assert "old" not in text
    assert "| 01 | Weights | in preparation |" in text


def test_the_address_stands_in_one_place():
    """A second place would be forgotten when it changes. The README's badges are written."""
    place = readme.repository().split("/", 3)[3]
    files = [path for path in ROOT.rglob("*") if path.suffix in (".py", ".md", ".toml", ".yml")]
    ours = [
        path
        for path in files
        if not {"build", ".venv", "workbook"} & set(path.relative_to(ROOT).parts)
    ]
    holders = [
        path.relative_to(ROOT).as_posix() for path in ours if place in path.read_text("utf-8")
    ]
    assert sorted(holders) == ["README.md", "pyproject.toml"]
