# %% [markdown]
# # 00 · Start here
#
# **Question.** How does this course work?
#
# **Time.** about 15 minutes.
#
# **Before this.** A little Python, and the mathematics of school: roots, logarithms, sums written with
# $\Sigma$. Derivatives come in with lesson 02; lesson 04 works with sums over several indices. No
# machine learning.

# %% [markdown]
# ## Run a cell
#
# A notebook is made of cells. Some hold text, like this one. Others hold code. Click on the next
# cell and press **Shift+Enter**: its code runs, the result appears under it, and the notebook
# moves on to the cell that follows.
#
# Results that stand there already are stored ones, from a run of ours. Run each code cell yourself,
# one after the other from the top: a cell needs what the cells above it made.

# %%
import torch

from course_lib.exercises import check, hint, mine, progress, solution

torch.tensor([2.0, 3.0]) * torch.tensor([10.0, 100.0])

# %% [markdown]
# The lines with `import` fetch what a lesson uses. Then two rows of numbers were multiplied, place
# by place. Such a row is a *tensor*, from the library PyTorch. All the mathematics of this course
# runs on tensors.
#
# The next cell says what your machine has. Every lesson runs on a plain laptop; a graphics card is
# used where there is one.

# %% tags=["nbval-ignore-output"]
import platform

from course_lib.lab import device

print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, device: {device()}")

# %% [markdown]
# ## How an exercise works
#
# Here is the smallest exercise of the course, and the most used formula of deep learning. A neuron
# receives some inputs $x_1, x_2, \dots, x_d$. Each input has a weight, $w_1, w_2, \dots, w_d$. What
# the neuron sends on is the **weighted sum**
#
# $$ w_1 x_1 + w_2 x_2 + \dots + w_d x_d . $$
#
# An exercise has two cells: one for your answer, and one that checks it. **Only the answer cell is
# yours to write.** All other code is there to be run; read it or not, as you like. Much of it fetches
# what a lesson uses, draws figures and prints tables. Such code is folded away, and a click on the cell
# opens it.
#
# A tensor holds numbers of one kind, its *dtype*. PyTorch itself makes `float32`, of about 7 digits;
# a check mostly hands in `float64`, of about 16, so that rounding hides no mistake. A result keeps the
# dtype of the inputs.
#
# You may be wrong as often as you like. To see what that looks like, here is a wrong answer, handed
# in on purpose.


# %%
def tired_answer(inputs, weights):
    return (inputs + weights).sum()


_ = check("00.weighted_sum", tired_answer)

# %% [markdown]
# The check tried the function on several inputs, recognised the slip, and named it. It never tells
# you the answer. When you want a push, ask for a hint. Each call gives the next one.

# %%
hint("00.weighted_sum")

# %% [markdown]
# ### Exercise 00.weighted_sum
#
# Now you. Replace the three dots so that the function gives back the weighted sum. Run the cell,
# then run the check under it.


# %%
def weighted_sum(inputs, weights):
    """Return the weighted sum of the inputs, a tensor with one number.

    inputs: tensor of shape (d,), any d from 1 up.
    weights: tensor of shape (d,), one weight for each input.
    """
    ### BEGIN SOLUTION
    return (inputs * weights).sum()
    ### END SOLUTION


# %%
weighted_sum = check("00.weighted_sum", weighted_sum)

# %% [markdown]
# `check` gives a function back. Once your answer is right, that is **your own function**, and the
# cells that follow use it. Until then it is a *stand-in* that works, so you are never stuck: you
# can read on and return later.
#
# A bill is a weighted sum. The inputs are how many you buy, the weights are the prices.

# %%
how_many = torch.tensor([3.0, 1.0, 2.0])
prices = torch.tensor([0.50, 4.00, 1.25])

bill = weighted_sum(how_many, prices)
assert bill == 3 * 0.50 + 1 * 4.00 + 2 * 1.25
print(f"The bill is {bill:.2f}.")

# %% [markdown]
# ## When you have the answer, or give up
#
# After your own answer is right, `solution` shows the one that the library uses. The library is not
# a black box here: the function you see is the very one that trains the networks of later lessons.
# It looks longer than yours. It begins with a description, then checks the shapes of what comes in
# (`expect`, `fits`, `ndim`). **The last line is the formula**; in it, `@` multiplies and adds up. In a
# shape, `...` stands for any dimensions or none. If you are stuck for good, `solution("00.weighted_sum", reveal=True)` shows it at once.

# %%
solution("00.weighted_sum")

# %% [markdown]
# ## What is kept
#
# What you have solved is kept in a small file, `progress.json`, in the same folder as the lesson.
# It stays when you close the notebook or restart the kernel. A later lesson can ask for the
# function that you wrote today:

# %%
weighted_sum = mine("00.weighted_sum")

# %% [markdown]
# `progress` shows the map of the course, with what you have done. Its points are marks: each exercise
# has one or more. (The stored map shows what our run had done.)

# %%
progress()

# %% [markdown]
# ## When something goes wrong
#
# - **The check says "this is the stand-in".** You ran the check twice. Run the cell with your answer
#   again, then the check.
# - **A name is not defined.** A cell further up was not run yet. *Run → Run All Above Selected Cell*
#   runs what is missing.
# - **Your loop never ends.** The check stops it after a second. Outside a check, use the stop button
#   (■), or *Kernel → Interrupt Kernel*.
# - **All is muddled.** *Kernel → Restart Kernel and Run All Cells* starts the notebook afresh. Your
#   text, your code and your progress stay.
# - **You want a clean copy of a lesson.** Stop JupyterLab and run `make reset LESSON=01` in a
#   terminal. What you had is kept beside it as a backup.
#
# ## How a lesson goes
#
# Each lesson asks one question. You predict an answer first, then meet the idea, the formula, and
# an experiment on real data. Exercises stand where the idea is fresh. Near the end, claims that
# people make about the idea are put to a measurement, and some of them fail it.
#
# The first question is: [what does a weight do?](01_weights.ipynb)
