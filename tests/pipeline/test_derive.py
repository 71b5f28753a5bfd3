"""Exercises are paired, stubs are cut, cells are named, and a shown solution is found."""

import pytest
import toy
from nbformat.v4 import new_markdown_cell, new_notebook, new_output

import derive
import lesson

DOCSTRING = '    """Return a point of the line."""\n'
LINE, COUNT = 'line = check("01.line", line)', 'count = check("01.count", count)'
ANSWER = "# %%\n### BEGIN SOLUTION\nsecret_count = 6 * 7\n"


def notebooks(text=toy.TOY):
    found = toy.load(text)
    return [derive.derive(found, learner=learner, sha256="") for learner in (True, False)]


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def test_stubs_stand_where_the_solutions_were():
    learners, solved = map(by_id, notebooks())
    assert learners["01-line-answer"].source == f"def line(x):\n{DOCSTRING}    return ..."
    assert learners["01-count-answer"].source == "count = ..."
    changed = [name for name in solved if solved[name].source != learners[name].source]
    assert changed == ["01-line-answer", "01-count-answer"]
    assert all(secret in toy.shown(notebooks()[1]) for secret in toy.SECRETS)
    assert not any(secret in toy.shown(notebooks()[0]) for secret in toy.SECRETS)


def test_nbgrader_metadata_is_derived():
    learners, solved = map(by_id, notebooks())
    answer = {"grade": False, "solution": True, "locked": False, "task": False}
    check = {"grade": True, "solution": False, "locked": True, "task": False, "points": 2}
    for name, wanted in {"01-line-answer": answer, "01-line-check": check}.items():
        wanted = {"schema_version": 3, "grade_id": name} | wanted
        assert learners[name].metadata["nbgrader"] == solved[name].metadata["nbgrader"] == wanted
    assert {"deletable": False, "editable": False}.items() <= learners[
        "01-line-check"
    ].metadata.items()
    assert learners["01-line-answer"].metadata["deletable"] is False
    assert "editable" not in learners["01-line-answer"].metadata
    assert list(solved["01-line-check"].metadata) == ["nbgrader"]
    assert all(not learners[name].metadata for name in ("01-toy-1", "01-toy-2", "idea-1"))


def test_a_folded_cell_is_folded_in_jupyterlab():
    tagged = toy.TOY.replace("# %%\ndef check", '# %% tags=["hide-input"]\ndef check')
    for notebook in notebooks(tagged):
        folded = {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
        assert by_id(notebook)["01-toy-2"].metadata == folded


def test_only_tags_are_kept_of_a_cells_metadata():
    tagged = toy.TOY.replace("# %%\ndef check", '# %% tags=["nbval-ignore-output"]\ndef check')
    assert by_id(notebooks(tagged)[0])["01-toy-2"].metadata == {"tags": ["nbval-ignore-output"]}


def test_a_change_under_one_heading_leaves_the_names_under_others():
    before = list(by_id(notebooks()[0]))
    more = toy.TOY.replace("# %%\ndef check", "# %%\nnew = 1\n\n# %%\ndef check")
    after = list(by_id(notebooks(more)[0]))
    assert [name for name in after if name not in before] == ["01-toy-3"]
    assert [name for name in before if name not in after] == []


def test_names_are_distinct_whatever_the_headings():
    headings = ["## 世界", "## A 1", "## A", "## A", "## a-1", "## " + "long " * 40, "## É · è"]
    cells = "".join(f"\n# %% [markdown]\n# {heading}\n\n# %%\n1\n" for heading in headings)
    names = list(by_id(notebooks(toy.TOY + cells)[0]))
    assert len(names) == len(set(names)) == 8 + 2 * len(headings)
    assert all(len(name) <= 64 for name in names)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (LINE, LINE.replace("01.line", "01.lime"), 28, 'no exercise "01.lime"'),
        ("    return answer", '    return hint("01.other")', 9, 'no exercise "01.other"'),
        ("    return answer", '    return solution("01.line", reveal=True)', 9, "reveal"),
        (COUNT, COUNT.replace("01.count", "02.later"), 40, "another lesson"),
        (COUNT, "count = 1", 34, "no check after it"),
        (COUNT, 'total = check("01.count", count)', 34, "no check after it"),
        (LINE, "line = 1", 18, "no check before the next"),
        (COUNT, COUNT.replace("01.count", "01.line"), 40, "already"),
        (ANSWER, f"# %%\n{LINE}\n\n{ANSWER}", 34, "already"),
        (ANSWER, f"# %%\n{COUNT}\n\n{ANSWER}", 34, "no answer cell"),
        ("    ### END SOLUTION\n", f"    ### END SOLUTION\n{LINE}\n", 25, "alone"),
        (LINE, f"{LINE}\nline(1)", 28, "alone"),
        (LINE, f"if line:\n    {LINE}", 29, "alone"),
        ("def line(x)", "def lime(x)", 20, "the `def` and docstring of `line`"),
        (DOCSTRING, f"{DOCSTRING}    x = x + 1\n", 21, "the `def` and docstring of `line`"),
        (DOCSTRING, f"{DOCSTRING}    'more'\n", 21, "the `def` and docstring of `line`"),
        ("def line(x)", "import os\n\n\ndef line(x)", 23, "the `def` and docstring of `line`"),
        ("SOLUTION\n\n\n", "SOLUTION\n\n\nx = 1\n", 20, "the `def` and docstring of `line`"),
        (ANSWER, ANSWER.replace("###", "shift = 1\n###", 1), 35, "the `def` and docstring"),
    ],
)
def test_an_exercise_out_of_place_is_refused_with_its_line(old, new, line, words):
    assert old in toy.TOY
    with pytest.raises(lesson.BuildError) as refused:
        toy.load(toy.TOY.replace(old, new, 1))
    assert str(refused.value).startswith(f"solutions/01_toy.py:{line}: ")
    assert words in str(refused.value)


def test_an_exercise_that_its_lesson_leaves_out_is_named(monkeypatch):
    monkeypatch.setitem(toy.EXERCISES, "01.more", toy.EXERCISES["01.line"])
    with pytest.raises(lesson.BuildError, match="no check cell in its lesson"):
        toy.load()


def test_cells_may_stand_between_an_answer_and_its_check():
    tried = "# %%\ncount + 1\n\n# %% [markdown]\n# Now check it.\n\n# %%\ncount = check"
    names = list(by_id(notebooks(toy.TOY.replace("# %%\ncount = check", tried))[0]))
    assert names.index("01-count-check") - names.index("01-count-answer") == 3


def test_a_demonstration_may_check_something_else():
    shown = '# %%\nwrong = check("01.count", 3)\nas_well = check("01.count", wrong)\n\n'
    names = list(by_id(notebooks(toy.TOY.replace(ANSWER, shown + ANSWER))[0]))
    assert names.count("01-count-check") == 1


@pytest.mark.parametrize(
    "shown",
    [
        new_output("stream", text="so: secret_slope  =  2*x\n"),
        new_output("display_data", data={"text/plain": "'x = 1\\nsecret_slope = 2 * x'"}),
        new_output("display_data", data={"text/markdown": "`secret_count = 6 * 7`"}),
        new_output("display_data", data={"text/html": "<b>secret_slope</b> = <i>2</i> * x"}),
        new_output("display_data", data={"text/html": "<pre a='secret_slope = 2 * x'>"}),
    ],
)
def test_a_solution_that_an_output_shows_is_found(shown):
    found = toy.load()
    learners = derive.derive(found, learner=True, sha256="")
    derive.find_leak(found, learners)
    learners.cells[1].outputs = [shown]
    with pytest.raises(lesson.BuildError, match="py:7: the learner's notebook shows"):
        derive.find_leak(found, learners)


@pytest.mark.parametrize(
    ("solution", "shown", "leaks"),
    [
        ("return w * x", "return w * x", True),
        ("return w * x", "we return w*x + b", True),
        ("return w * x", "return w * xs", False),
        ("return w @ x  # a product", "return w@x", True),
        ('return f"{w} {x}"', "return f'{w} {x}'", True),
        ("total = 0\nreturn x + y + total", "total = 0", False),
        ("total = 0\nreturn x + y + total", "return x + y + total", True),
        ("# a sum\nreturn total", "a sum", False),
        ("# a sum\nreturn total", "return total", True),
        ("if x:\n    return total", "return total", False),
        ("if x:\n    return total", "if x:  return total", True),
        ("answer = 42", "the answer is 42", False),
        ("answer = 42", "answer=42", True),
    ],
)
def test_which_lines_are_secret(solution, shown, leaks):
    cell = lesson.Cell("code", 1, f"{lesson.BEGIN}\n{solution}\n{lesson.END}", [], role="answer")
    cell.region = (0, len(cell.source.split("\n")) - 1)
    found = lesson.Lesson(toy.PATH, [cell])
    notebook = new_notebook(cells=[new_markdown_cell(shown)])
    try:
        derive.find_leak(found, notebook)
    except lesson.BuildError:
        assert leaks
    else:
        assert not leaks
