"""Notebooks are built, twice alike, only when stale, and not at all where something is wrong."""

import nbformat
import pytest
import toy

import build

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
FIGURE = f'''
# %% [markdown]
# ## Figure

# %%
import ipywidgets
from IPython.display import display

slider = ipywidgets.IntSlider(description="How many")
bundle = slider._repr_mimebundle_() | {{"image/png": "{PIXEL}", "text/plain": "A dot"}}
print("before")
display(bundle, raw=True, metadata={{"image/png": {{"alt": "A dot"}}}})
print("after")
'''
OTHER = """\
# %% [markdown]
# # 02

# %%
def check(name, answer):
    return answer


# %%
### BEGIN SOLUTION
later = 1
### END SOLUTION

# %%
later = check("02.later", later)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A repository of one lesson, built once."""
    root = tmp_path_factory.mktemp("course")
    toy.write(root, toy.TOY + FIGURE)
    assert toy.run(root) == 0
    return root


def notebook(root, kind, name="01_toy"):
    return nbformat.read(root / kind / f"{name}.ipynb", as_version=4)


def files(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.ipynb")}


def test_both_notebooks_are_executed(built):
    learners, solved = notebook(built, "lessons"), notebook(built, "solutions")
    for one in (learners, solved):
        nbformat.validate(one)
        code = [cell for cell in one.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = {
        kind: [cell.outputs[0].text for cell in one.cells if cell.id.endswith("-check")]
        for kind, one in (("lessons", learners), ("solutions", solved))
    }
    assert outputs["lessons"] == ["01.line Ellipsis\n", "01.count Ellipsis\n"]
    assert outputs["solutions"] == ["01.line 2.0\n", "01.count 42\n"]
    assert not any(secret in toy.shown(learners) for secret in toy.SECRETS)
    assert all(secret in toy.shown(solved) for secret in toy.SECRETS)


def test_notebooks_hold_nothing_of_the_machine(built):
    for kind in ("lessons", "solutions"):
        one = notebook(built, kind)
        assert set(one.metadata) == {"descent", "kernelspec", "language_info"}
        assert one.metadata.kernelspec.name == "python3"
        assert "version" not in one.metadata.language_info
        allowed = {"nbgrader", "deletable", "editable", "tags", "jupyter"}
        assert all(set(cell.metadata) <= allowed for cell in one.cells)


def test_the_picture_of_a_widget_stays_and_the_widget_goes(built):
    before, picture = notebook(built, "lessons").cells[-1].outputs
    assert before.text == "before\nafter\n"
    assert picture.data == {"image/png": PIXEL, "text/plain": "A dot"}
    assert picture.metadata == {"image/png": {"alt": "A dot"}}


def test_building_again_gives_the_same_bytes(built):
    before = files(built)
    assert toy.run(built, "01") == 0
    assert files(built) == before
    assert sorted(before) == ["lessons/01_toy.ipynb", "solutions/01_toy.ipynb"]


def test_nothing_is_left_of_a_build_but_notebooks(built):
    left = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert left == {*files(built), "solutions/01_toy.py"}


def test_only_what_is_stale_is_built(tmp_path, capsys):
    toy.write(tmp_path)
    other = toy.write(tmp_path, OTHER, "02_other.py")
    assert toy.run(tmp_path) == 0
    before = files(tmp_path)
    other.write_text(other.read_text().replace("# # 02", "# # 02 · Other"))
    capsys.readouterr()

    assert toy.run(tmp_path, "--check") == 1
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert named == ["lessons/02_other.ipynb", "solutions/02_other.ipynb"]
    assert files(tmp_path) == before

    assert toy.run(tmp_path) == 0
    after = files(tmp_path)
    assert {name for name in after if after[name] != before[name]} == set(named)
    assert toy.run(tmp_path, "--check") == 0


def test_nothing_fresh_is_executed(built, monkeypatch):
    monkeypatch.setattr(build, "execute", None)
    assert toy.run(built) == 0
    assert toy.run(built, "--check") == 0


def test_a_change_of_the_tool_makes_every_lesson_stale(built, monkeypatch, tmp_path):
    changed = tmp_path / "derive.py"
    changed.write_text(build.TOOL[2].read_text() + "\n")
    monkeypatch.setattr(build, "TOOL", [*build.TOOL[:2], changed, *build.TOOL[3:]])
    assert toy.run(built, "--check") == 1


@pytest.mark.parametrize("damage", [None, "", "[]", '{"metadata": {}}'])
def test_a_missing_or_damaged_notebook_is_stale(built, damage, capsys):
    path = built / "lessons" / "01_toy.ipynb"
    whole = path.read_text()
    try:
        path.unlink() if damage is None else path.write_text(damage)
        assert toy.run(built, "--check") == 1
        assert capsys.readouterr().out == "lessons/01_toy.ipynb is stale: python tools/build.py\n"
    finally:
        path.write_text(whole)


def test_a_course_without_lessons_is_no_error(tmp_path):
    assert toy.run(tmp_path) == 0
    assert toy.run(tmp_path, "--check") == 0


def test_a_notebook_without_a_source_is_named(built, capsys):
    path = built / "lessons" / "07_gone.ipynb"
    path.write_text("{}")
    try:
        assert toy.run(built, "--check") == 1
        assert capsys.readouterr().out == "lessons/07_gone.ipynb has no source: delete it\n"
    finally:
        path.unlink()


def test_a_lesson_that_is_not_there_is_named(built, capsys):
    assert toy.run(built, "07") == 1
    assert capsys.readouterr().err == "There is no lesson 07 in solutions/.\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01_other.py", "solutions/01_toy.py:1: 01_other.py has the same number."),
        ("helpers.py", "solutions/helpers.py:1: a lesson's file is named NN_name.py."),
    ],
)
def test_a_source_with_a_wrong_name_is_named(tmp_path, capsys, name, words):
    toy.write(tmp_path)
    toy.write(tmp_path, name=name)
    assert toy.run(tmp_path) == 1
    assert capsys.readouterr().err == f"{words}\n"


PICTURE = f'from IPython.display import display\ndisplay({{"image/png": "{PIXEL}"}}, raw=True'
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", "this cell raises ZeroDivisionError: division by zero [lessons/01_toy.ipynb]"),
        ("raise ValueError('one\\ntwo')", "this cell raises ValueError: one [lessons"),
        ("raise KeyError", "this cell raises KeyError: [lessons"),
        ("while True:\n    pass", "this cell takes longer than 2 s [lessons/01_toy.ipynb]"),
        ("import os\nos._exit(1)", "the kernel fails in this cell: Kernel died"),
        (f"{PICTURE})", "a figure without alt text"),
        (f'{PICTURE}, metadata={{"image/png": {{"alt": " "}}}})', "a figure without alt text"),
        (WIDGET, "a widget that has no picture"),
        ("object()", "an address in memory, 0x"),
        ("import os\nprint(os.path.expanduser('~/x'))", "a path of this machine, below"),
        ("import warnings\nwarnings.warn('old')", "a path of this machine, below"),
        # many lines: one long line keeps nbclient busy for minutes
        ("print(('7' * 99 + '\\n') * 10_000)", "bytes, above 1,000,000"),
        ("print('secret_slope =  2 * x')", "a line of the solution here: `secret_slope = 2 * x`"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(tmp_path, capsys, cell, words):
    source = toy.write(tmp_path, f"{toy.TOY}\n# %%\nfine = 1\n\n# %%\n{cell}\n")
    line = 1 if "bytes" in words else 46
    with pytest.raises(build.BuildError) as refused:
        build.build(source, tmp_path, toy.EXERCISES, timeout=2)
    sentence = str(refused.value)
    assert sentence.startswith(f"solutions/01_toy.py:{line}: ")
    assert words in sentence
    assert "\n" not in sentence
    assert files(tmp_path) == {}
    assert capsys.readouterr() == ("", "")


def test_the_command_says_what_is_wrong_and_builds_the_other_lessons(tmp_path, capsys):
    toy.write(tmp_path, toy.TOY.replace("    return answer", "    return hint('01.other')"))
    toy.write(tmp_path, "# %% [markdown]\n# # 03\n", "03_words.py")
    assert toy.run(tmp_path) == 1
    printed = capsys.readouterr()
    assert printed.err == 'solutions/01_toy.py:9: there is no exercise "01.other".\n'
    assert printed.out.startswith("03_words: lessons ")
    assert sorted(files(tmp_path)) == ["lessons/03_words.ipynb", "solutions/03_words.ipynb"]


def test_a_build_can_be_stopped(tmp_path, capsys):
    stop = "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(9)"
    toy.write(tmp_path, f"{toy.TOY}\n# %%\n{stop}\n")
    assert toy.run(tmp_path) == 130
    assert capsys.readouterr().err == "Stopped. 01_toy is as it was.\n"
    assert files(tmp_path) == {}


def test_a_failed_build_leaves_the_old_notebooks(built):
    source, before = built / "solutions" / "01_toy.py", files(built)
    text = source.read_text()
    try:
        source.write_text(text.replace("# ## Idea", "# ## Idea\n\n# %%\n1 / 0"))
        assert toy.run(built) == 1
        assert files(built) == before
    finally:
        source.write_text(text)


def test_a_persons_own_settings_play_no_part(tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "mine.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("mine = 'here'\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.setenv("MPLBACKEND", "pdf")
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "mine.json"))
    names = ("MPLBACKEND", "COURSE_DEVICE", "TQDM_DISABLE", "PYTHONHASHSEED", "OMP_NUM_THREADS")
    cell = f"""
# %%
import os
import sys
from pathlib import Path

print("mine" in globals(), [os.environ.get(name) for name in {names}])
progress = Path(os.environ["COURSE_PROGRESS"])
print(progress.name, progress.exists(), progress.parent == Path.cwd(), sorted(os.listdir()))
"""
    toy.write(tmp_path, toy.TOY + cell)
    assert toy.run(tmp_path) == 0
    environment, progress = notebook(tmp_path, "lessons").cells[-1].outputs[0].text.splitlines()
    backend = "module://matplotlib_inline.backend_inline"
    assert environment == f"False {[backend, 'cpu', '1', '0', '1']}"
    assert progress == "progress.json False True ['kernel.json', 'settings']"
