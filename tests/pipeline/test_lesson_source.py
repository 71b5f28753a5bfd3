"""Malformed sources are refused, each with its line; no mangled marker lets a solution through."""

import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import derive
import lesson

BEGIN, END = lesson.BEGIN, lesson.END


def test_cells_know_their_lines():
    lines = toy.TOY.split("\n")
    for cell in toy.load().cells:
        first = cell.source.split("\n")[0]
        assert lines[cell.line - 1] == (first if cell.kind == "code" else f"# {first}")


def test_the_header_of_jupytext_is_no_cell():
    header = "# ---\n# jupyter:\n#   kernelspec:\n#     name: other\n# ---\n\n"
    plain, headed = toy.load().cells, toy.load(header + toy.TOY).cells
    assert [cell.source for cell in headed] == [cell.source for cell in plain]
    assert [cell.line for cell in headed] == [cell.line + 6 for cell in plain]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (BEGIN, "## BEGIN SOLUTION", 20, "looks like a solution marker"),
        (BEGIN, "# begin solution", 20, "looks like a solution marker"),
        (BEGIN, "### BEGIN SOLUTION of this", 20, "looks like a solution marker"),
        (BEGIN, "### BEGINSOLUTION", 20, "looks like a solution marker"),
        (BEGIN, "### BEGIN  SOLUTION", 20, "looks like a solution marker"),
        (BEGIN, "### BEGN SOLUTION", 20, "looks like a solution marker"),
        (BEGIN, "### SOLUTION", 20, "looks like a solution marker"),
        (BEGIN, "### BEGIN\u00a0SOLUTION", 20, "looks like a solution marker"),
        (BEGIN, f"note = '{BEGIN}'", 20, "looks like a solution marker"),
        (BEGIN, f"pass  {BEGIN}", 20, "looks like a solution marker"),
        (BEGIN, f"note = '''\n    {BEGIN}\n    '''", 21, "looks like a solution marker"),
        (END, "### END SOLUTON", 24, "looks like a solution marker"),
        (END, "### End Solution", 24, "looks like a solution marker"),
        (END, "# END-SOLUTION", 24, "looks like a solution marker"),
        ("# ## Idea", f"# {BEGIN}", 13, "looks like a solution marker"),
        ("# ## Idea", "# The end: solutions follow.", 13, "looks like a solution marker"),
        (BEGIN, f"{BEGIN}\n    {BEGIN}", 20, "has no `### END SOLUTION` after it"),
        (f"    {BEGIN}\n", "", 23, "has no `### BEGIN SOLUTION` before it"),
        (f"    {END}\n", "", 20, "has no `### END SOLUTION` after it"),
        (END, f"{END}\n    {END}", 25, "one solution only"),
        (END, f"{END}\n    {BEGIN}\n    {END}", 25, "one solution only"),
        (f"    {END}", f"{END}", 24, "not indented alike"),
        ("secret_slope = 2 * x", f"# nothing\n    {END}\n    {BEGIN}", 23, "one solution only"),
        ("def check(name, answer):", f"{BEGIN}\n# none\n{END}\ndef check():", 7, "empty"),
        ("    return answer", "    %time 1", 9, "not plain Python"),
        ("    return answer", "# %load_ext other", 9, "without magics"),
        ("    return answer", "  # %%", 9, "`# %%` at the start"),
        ("    return answer", "#%%", 9, "`# %%` at the start"),
        ("    return answer", '    return """\n# %%\n"""', 1, "in a string"),
        ("    return answer", "    return answer\f", 9, "line break"),
        ("# %%\ndef check", "# %% [raw]\ndef check", 6, "code or `[markdown]`"),
        ("# %%\ndef check", "# %% key=1\ndef check", 6, "code or `[markdown]`"),
        ("# %% [markdown]\n# # 01", "import os\n# %% [markdown]\n# # 01", 1, "no cell"),
        (toy.TOY, "# only words\n", 1, "has cells"),
    ],
)
def test_a_malformed_source_is_refused_with_its_line(old, new, line, words):
    assert old in toy.TOY
    with pytest.raises(lesson.BuildError) as refused:
        toy.load(toy.TOY.replace(old, new, 1))
    assert str(refused.value).startswith(f"solutions/01_toy.py:{line}: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_prose_may_speak_of_solutions():
    prose = "# ## Idea\n#\n# We recommend solutions that begin with a sketch and end well."
    toy.load(toy.TOY.replace("# ## Idea", prose))


LINES = toy.TOY.split("\n")
PLACES = [index for index, line in enumerate(LINES) if line.strip() in (BEGIN, END)]
SPACES = [" ", "    ", "\t", "\n", "\n\n", "\f", "\u200b", "\u2028", "\ufeff"]
SIGNS = ["#", "# ", "x", "É", "'", '"', '"""', "\\", ";", ":", ")", "if True:\n"]
JUNK = st.sampled_from([*SPACES, *SIGNS, "# %%\n", "# %% [markdown]\n", BEGIN, END])


@st.composite
def mangled(draw):
    """Return the toy's source with its markers changed, moved, lost, doubled or buried."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(PLACES))
        line, where = lines[at], draw(st.integers(0, len(lines[at])))
        match draw(st.integers(0, 9)):
            case 0:
                lines[at] = ""
            case 1:
                lines[at] = line.swapcase()
            case 2:
                lines[at] = line[:where] + line[where + 1 :]
            case 3:
                lines[at] = line[:where] + draw(JUNK) + line[where:]
            case 4:
                lines[at] = line[:where] + draw(st.characters(codec="utf-8")) + line[where + 1 :]
            case 5:
                lines[at] = draw(JUNK) + line + draw(JUNK)
            case 6:
                lines[at] = line.strip()
            case 7:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case 8:
                lines[draw(st.integers(0, len(lines) - 1))] += "\n" + line
            case 9:
                other = draw(st.sampled_from(PLACES))
                lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@settings(max_examples=1500, deadline=None, database=None)
@given(mangled())
def test_a_mangled_marker_never_lets_a_solution_through(text):
    try:
        found = toy.load(text)
        learners = derive.derive(found, learner=True, sha256="")
        derive.find_leak(found, learners)
    except lesson.BuildError:
        return
    assert not [secret for secret in toy.SECRETS if secret in toy.shown(learners)]
