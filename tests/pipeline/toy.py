"""A small lesson to try the pipeline on, and its exercises. It needs neither torch nor figures."""

from pathlib import Path, PurePath
from types import SimpleNamespace

import build
import derive
import lesson

EXERCISES = {
    "01.line": SimpleNamespace(points=2),
    "01.count": SimpleNamespace(points=1),
    "02.later": SimpleNamespace(points=1),
}
SECRETS = ("secret_slope", "secret_shift", "secret_count")
TOY = '''\
# %% [markdown]
# # 01 · Toy
#
# **Question.** Does it work?

# %%
def check(name, answer):
    print(name, answer(1.0) if callable(answer) else answer)
    return answer


# %% [markdown]
# ## Idea
#
# ### Exercise 01.line

# %%
def line(x):
    """Return a point of the line."""
    ### BEGIN SOLUTION
    secret_slope = 2 * x
    secret_shift = secret_slope + 1
    return secret_slope + secret_shift * 0
    ### END SOLUTION


# %%
line = check("01.line", line)

# %% [markdown]
# ### Exercise 01.count

# %%
### BEGIN SOLUTION
secret_count = 6 * 7
count = secret_count + 0
### END SOLUTION

# %%
count = check("01.count", count)
'''
PATH = PurePath("solutions/01_toy.py")


def load(text: str = TOY) -> lesson.Lesson:
    """Return the lesson of a source, as the command reads it; nothing is executed."""
    found = lesson.read_lesson(PATH, text)
    derive.pair_exercises(found, EXERCISES)
    derive.name_cells(found)
    return found


def write(root: Path, text: str = TOY, name: str = "01_toy.py") -> Path:
    """Write a source into a repository at `root` and return its path."""
    path = root / "solutions" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(root: Path, *arguments: str) -> int:
    """Run the command on the repository at `root` and return its exit code."""
    return build.main(arguments, root=root, exercises=EXERCISES)


def shown(notebook) -> str:
    """Return all that the cells of a notebook hold, as one text."""
    return "\n".join(f"{cell.source}\n{cell.get('outputs', '')}" for cell in notebook.cells)
