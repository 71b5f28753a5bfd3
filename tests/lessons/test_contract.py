"""Each rule of the lesson contract finds what it is there for."""

from pathlib import PurePath
from types import SimpleNamespace

import contract
import pytest
from nbformat.v4 import new_output

import derive
from lesson import read_lesson

EXERCISES = {f"01.{name}": SimpleNamespace(points=1) for name in "abcd"} | {
    "00.a": SimpleNamespace(points=1)
}
EXERCISE = """
# %% [markdown]
# ### Exercise 01.{0}

# %%
### BEGIN SOLUTION
{0} = 1
### END SOLUTION

# %%
{0} = check("01.{0}", {0})
"""
GOOD = (
    """\
# %% [markdown]
# # 01 · Toy
#
# **Question.** Does a rule
# find it?
#
# **Time.** about 5 minutes.
#
# **Before this.** Nothing.

# %%
data = digits()

# %% [markdown]
# ## Predict first
#
# What will happen?

# %%
show(fig, alt="A line.", caption="It rises.")

# %%
interact(compute, start, draw, {}, alt=f"A line at {1}.", caption=words)
"""
    + "".join(EXERCISE.format(name) for name in "abcd")
    + """
# %% [markdown]
# ## What goes wrong
#
# All.
#
# ## Claims, measured
#
# One.

# %% tags=["hide-input"]
verdict("It works.", "holds", "It did.")

# %% [markdown]
# ## Take away
#
# - One.
# - Two,
#   and a half.
# - Three.
#
# ## Further reading
#
# - A book.

# %%
from course_lib.exercises import check, hint, mine, progress, solution
"""
)


def load(text, name="01_toy.py"):
    lesson = read_lesson(PurePath("solutions") / name, text)
    known = {id: one for id, one in EXERCISES.items() if f'"{id}"' in text}
    derive.pair_exercises(lesson, known)
    derive.name_cells(lesson)
    return lesson


def test_a_good_lesson_has_no_problems():
    assert contract.problems(load(GOOD)) == []


HEADER = "begins with `# 01 · Title`"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("# # 01 · Toy", "# # 02 · Toy", 2, HEADER),
        ("# # 01 · Toy", "# # 01: Toy", 2, HEADER),
        ("find it?", "find it.", 2, HEADER),
        ("about 5 minutes", "5 minutes", 2, HEADER),
        ("# **Before this.** Nothing.", "#", 2, HEADER),
        ("# ## Predict first", "# ## Guess", 1, "`## Predict first`, and it asks"),
        ("What will happen?", "Guess.", 1, "`## Predict first`, and it asks"),
        ("# ## Predict first", "# ## Idea\n#\n# A.\n#\n# ## Predict first", 1, "the first section"),
        (
            "data = digits()",
            "data = digits()\nshow(data, alt='a', caption='b')",
            13,
            "before the pr",
        ),
        ("data = digits()", "data = invented()", 1, "real data: breast_cancer, diabetes, digits"),
        ("interact(", "no_interact(", 1, "has an interactive figure"),
        ('alt="A line.", ', "", 20, "no `alt`"),
        ('"A line."', '" "', 20, "no `alt`"),
        (', caption="It rises."', "", 20, "no `caption`"),
        ('"It rises."', '"A line."', 20, "not the same"),
        (", caption=words", "", 23, "no `caption`"),
        ("# What will happen?", "# What will happen? ![](a.png)", 15, "picture has no alt text"),
        ("# What will happen?", "# What? <img src='a.png'>", 15, "picture has no alt text"),
        ("data = digits()", "data = digits();", 12, "`_ = …`"),
        ("data = digits()", "data = digits()\n# NBVAL_SKIP", 13, "switch validation off"),
        ("data = digits()", "data = digits()\nplt.show()", 13, "figures.show"),
        ("data = digits()", "with widgets.Output():\n    data = digits()", 12, "stalls at random"),
        ("data = digits()", "data = digits()\nclear_output()", 13, "clear_output"),
        ("data = digits()", "@interact\ndef f():\n    pass", 13, "stalls at random"),
        (
            "data = digits()",
            "data = digits()\n\n\n@w.interact(a=1)\ndef f():\n    pass",
            16,
            "stal",
        ),
        ("# %%\ndata", '# %% tags=["nbval-ignore-output"]\ndata', 12, "in lesson 00"),
        (EXERCISE.format("a"), "", 1, "4 to 6 exercises; this one has 3"),
        ("# ### Exercise 01.a", "# ### Exercise 01.b", 29, "does not stand before its answer"),
        ("# ### Exercise 01.a", "# ### Exercise 01.a\n#\n# ### Exercise 01.a", 1, "one heading"),
        ("# ## What goes wrong", "# ## Mistakes", 1, "in this order, once each"),
        ("# ## Claims, measured", "# ## Take away\n#\n# - 1\n# - 2\n# - 3", 1, "in this order"),
        ("# One.\n\n# %%", "\n# %%", 74, "'Claims, measured' has no words"),
        ('verdict("It', 'print("It', 1, "has a verdict"),
        (' tags=["hide-input"]', "", 79, "its code is folded"),
        ("# %%\na = check", '# %% tags=["hide-input"]\na = check', 34, "unless it belongs"),
        ("# - Three.\n", "", 82, "three things"),
        ("# - Three.\n", "# - Three.\n# - Four.\n", 82, "three things"),
        ("# - A book.", "# A book.", 89, "further reading is a list"),
        ("hint, mine", "hint", 1, "teaches from course_lib.exercises: mine"),
        ("data = digits()", "data = digits()" + "\nx = 1" * 147, 1, "01-toy-2 at line 12 has 148"),
        ("data = digits()", f"data = digits()  # {'x' * 82}", 12, "01-toy-2 has 101 letters"),
        ("a = 1", f"a = 1  # {'x' * 92}", 30, "01-a-answer has 101 letters"),
    ],
)
def test_a_rule_finds_what_is_wrong(old, new, line, words):
    assert old in GOOD
    found = contract.problems(load(GOOD.replace(old, new, 1)))
    assert any(f"01_toy.py:{line}: " in one and words in one for one in found), found


def test_code_may_fill_what_a_learner_sees_and_folded_code_does_not_count():
    full = GOOD.replace("data = digits()", "data = digits()" + "\nx = 1" * 146, 1)
    folded = '\n# %% tags=["hide-input"]\nx = 1  # ' + "x" * 93 + "\nx = 1" * 150 + "\n"
    assert contract.problems(load(full + folded)) == []
    lesson = load(full + "\n# %%\nx = 1\n")
    assert ["sees 151 lines" in one for one in contract.problems(lesson)] == [True]


START = GOOD[: GOOD.index("# %%\ndata")].replace("01 · Toy", "00 · Start")
START += EXERCISE.format("a").replace("01.a", "00.a")


def test_lesson_00_has_one_exercise_and_may_do_without_the_rest():
    assert contract.problems(load(START, "00_start.py")) == []
    two = START + '\n# %% tags=["nbval-ignore-output"]\nprint(1)\n'
    assert contract.problems(load(two, "00_start.py")) == []
    four = START.replace("Exercise 00.a", "Exercise 00.b")
    assert contract.problems(load(four, "00_start.py")) != []


def stored():
    """Return the toy's notebook as if it had been executed."""
    notebook = derive.derive(load(GOOD), learner=True, sha256="")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
    for cell in code[1:3]:
        picture, caption = {"image/png": "AAAA"}, {"text/markdown": "*It rises.*"}
        alt = {"image/png": {"alt": "A line."}}
        cell.outputs = [
            new_output("display_data", data=picture, metadata=alt),
            new_output("display_data", data=caption),
        ]
    return notebook, code[1]


def found_in(notebook):
    lesson = load(GOOD)
    return contract.problems_in_notebook(lesson, derive.derive(lesson, True, ""), notebook)


def test_a_good_notebook_has_no_problems():
    assert found_in(stored()[0]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda nb, cell: nb.metadata.update(jupytext={}), "paired"),
        (lambda nb, cell: nb.metadata.update(widgets={}), "state of widgets"),
        (lambda nb, cell: cell.update(source="1"), "source of a cell"),
        (lambda nb, cell: cell.update(id="other"), "id of a cell"),
        (lambda nb, cell: cell.metadata.update(points=3), "metadata of a cell"),
        (lambda nb, cell: nb.cells.pop(), "id of a cell"),
        (lambda nb, cell: cell.update(execution_count=None), "not executed"),
        (lambda nb, cell: cell.outputs.append(new_output("error")), "stores an error"),
        (lambda nb, cell: cell.outputs[0].data.update({"a/widget-view": {}}), "live widget"),
        (lambda nb, cell: cell.outputs[0].metadata.clear(), "without alt text"),
        (lambda nb, cell: cell.outputs[0].metadata["image/png"].update(alt=" "), "without alt"),
        (lambda nb, cell: cell.outputs.pop(), "without a caption"),
        (lambda nb, cell: cell.outputs.reverse(), "without a caption"),
        (lambda nb, cell: cell.outputs.clear(), "fewer pictures"),
    ],
)
def test_what_is_wrong_with_a_notebook_is_found(change, words):
    notebook, cell = stored()
    change(notebook, cell)
    found = found_in(notebook)
    assert any(words in one for one in found), found
