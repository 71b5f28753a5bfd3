# %% [markdown]
# # 07 · Gradient descent
#
# **Question.** Which way is down, and how far?
#
# **Time.** about 75 minutes.
#
# **Before this.** [05 · Losses](05_losses.ipynb), [06 · Backpropagation](06_backpropagation.ipynb)

# %% [markdown]
# The gradient says which way the loss rises, so the other way is down. How far to go, it does not say: that is
# the *learning rate*, which was simply given so far. Too small, and nothing happens. Too large, and everything
# is lost. In this lesson you work out where the border lies, first where it can be known exactly, and then on
# digits.

# %% tags=["hide-input"]
import math
from functools import partial

import torch
from sklearn.datasets import load_diabetes
from torch.func import vmap

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Slider, descent, interact, say, show, table, verdict
from course_lib.figures.style import number
from course_lib.lab import (
    confidence_interval,
    digits,
    draw_runs,
    experiment,
    generator,
    grid,
    median,
    resplit,
    stored,
)
from course_lib.lab.networks import network
from course_lib.optim.cost import cost
from course_lib.optim.descent import best_lr, factors, line_hessian, rate
from course_lib.optim.paths import path

kept, script = stored("07_gradient_descent"), experiment("07_gradient_descent")
assert kept["seeds"] == 24


def doubles(values):
    """Return numbers as a tensor in float64."""
    return torch.tensor(values, dtype=torch.float64)


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. A cost has the form of a parabola, and with some learning rate one step leads from the start right to
#    the minimum. You double that learning rate. What happens: it comes near the minimum and stays there,
#    it swings between two points for ever, or it flies away?
# 2. A model with one weight and one bias predicts a disease from the body mass index, a number around 26,
#    give or take 4. Gradient descent, with the best learning rate that there is, is to bring it to a
#    thousandth of its distance from the best line. How many steps does it take: about 10, about 1000, or
#    about 100,000?
# 3. The first update of a model for digits is made with the gradient of all 1000 training images. Now take
#    100 of them, and nothing else changes. How much of the drop in the loss does the update still bring: a
#    tenth, about half, or more than three quarters?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## Which way is down
#
# The data are the 442 patients of lesson 05, all of them: what interests here is the way down, not how well
# it would do for new patients. From one measure $x$, the body mass index, a neuron predicts how far the
# disease will have gone, $y$:
#
# $$ \text{prediction}_i = w \, x_i + b $$
#
# Both $x$ and $y$ are *standardised*: their mean is 0 and their standard deviation is 1. What training makes
# smaller has a name in this part of the course, the **cost** $J$. It is the mean of the loss over all $n$
# training examples, here that of the squared error:
#
# $$ J(w, b) = \frac{1}{n} \sum_{i=1}^{n} r_i^2 \qquad \text{with the residual} \qquad
# r_i = w \, x_i + b - y_i $$
#
# $J$ is a function of $w$ and $b$ alone. The data stay as they are.
#
# ### Exercise 07.cost_gradient
#
# Find how fast $J$ rises with $w$, and how fast with $b$: $\partial J / \partial w$ and
# $\partial J / \partial b$.


# %%
def cost_gradient(w, b, x, y):
    """Return how fast J rises with w and with b: two tensors.

    w: tensor of shape (), the weight.   b: tensor of shape (), the bias.
    x: tensor of shape (n,), the inputs.   y: the targets, likewise.
    Each of the two results has shape ().
    """
    ### BEGIN SOLUTION
    r = w * x + b - y
    return (2 * r * x).mean(), (2 * r).mean()
    ### END SOLUTION


# %%
cost_gradient = check("07.cost_gradient", cost_gradient)

# %%
solution("07.cost_gradient")

# %% [markdown]
# In the library's version `w[..., None]` makes room for the examples when `w` is a tensor of many weights.
# Your own check from lesson 06 has the last word on it: central differences of $J$.


# %%
def standardised(values):
    """Return the same values with mean 0 and standard deviation 1."""
    return (values - values.mean()) / values.std(correction=0)


patients = load_diabetes(scaled=False)
raw, far = doubles(patients.data[:, 2]), doubles(patients.target)
x, y = standardised(raw), standardised(far)

at = doubles([-1.0, 0.5])
by_differences = mine("06.gradient_check")
near = by_differences(lambda p: cost(p[0], p[1], x, y), at, 1e-5)
torch.testing.assert_close(torch.stack(cost_gradient(*at, x, y)), near, rtol=1e-6, atol=1e-8)

# %% tags=["hide-input"]
dw, db = cost_gradient(*at, x, y)
say(
    f"At w = {number(-1, 0, sign='+')} and b = 0.5 the slope of the cost along w is {number(dw, sign='+')}, and along b it is "
    f"{number(db, sign='+')}."
)

# %% [markdown]
# ## One step
#
# **Gradient descent** (Cauchy, 1847) takes each parameter $p$ with its gradient $g$ and moves it against
# the gradient, by the gradient times the **learning rate** $\text{lr}$:
#
# $$ p \leftarrow p - \text{lr} \cdot g \qquad \text{so here} \qquad
# w \leftarrow w - \text{lr} \, \frac{\partial J}{\partial w}, \qquad
# b \leftarrow b - \text{lr} \, \frac{\partial J}{\partial b} $$
#
# A function that does this is called an *update rule*. All rules of this part of the course have one form:
# they take the parameter and its gradient, then what they remember from earlier steps (here nothing), and
# after the star their settings, which are always given by name.
#
# ### Exercise 07.gd
#
# Write the rule. It works for a parameter of any shape, each number by itself. The rest of the lesson
# trains with it.


# %%
def gd(p, g, *, lr):
    """Return the parameter after one step of gradient descent.

    p: tensor of any shape, the parameter.
    g: tensor of the same shape, its gradient.
    lr: number, the learning rate.
    The result has that shape too. p and g stay as they are.
    """
    ### BEGIN SOLUTION
    return p - lr * g
    ### END SOLUTION


# %%
gd = check("07.gd", gd)

# %% [markdown]
# Article B looks at one weight, with no bias, and tells two cases apart.
#
# - **Case 1.** The start lies left of the minimum. The curve falls there, the slope is below 0, and minus
#   something negative makes $w$ grow.
# - **Case 2.** The start lies right of it. The curve rises, the slope is above 0, and $w$ shrinks.
#
# So nobody has to ask where the minimum lies: the slope knows.

# %%
zero, rows = doubles(0.0), []
for case, w in {"case 1": doubles(-1.0), "case 2": doubles(2.0)}.items():
    slope, _ = cost_gradient(w, zero, x, y)
    after = gd(w, slope, lr=0.1)
    rows.append([case, w, slope, after, cost(w, zero, x, y), cost(after, zero, x, y)])

# %% tags=["hide-input"]
for case, _, slope, _, before, afterwards in rows:
    assert (slope < 0) == (case == "case 1") and afterwards < before
signed = {"w": "+.2f", "slope": "+.2f", "w after a step": "+.2f"}
say(table({"case": "", **signed, "J": ".2f", "J after it": ".2f"}, rows))

# %% [markdown]
# Now many steps, with your two functions. Before each move of a slider, say what will happen.
#
# 1. At a learning rate of 0.1, start on both sides. Where are the steps long, where short, and why?
# 2. Find the learning rate with which one step is enough. Does it depend on the start?
# 3. Double that learning rate. Then add a little more.


# %% tags=["hide-input"]
def walk(start, lr):
    return descent.walk(gd, cost_gradient, x, y, start, lr)


interact(
    walk,
    descent.start_walk,
    descent.draw_walk,
    {
        "start": Slider("w at the start", -1.4, 2.6, 0.1, -1.0),
        "lr": Slider("learning rate", 0.02, 1.1, 0.02, 0.1),
    },
    alt="Left: a parabola, the cost against the weight, with dots that come down its left side and "
    "crowd at the bottom. Right: the weight against the step, rising towards a dotted line and levelling "
    "off.",
    caption="20 steps of one weight. Left, where they lie on the curve; the ring is the start. Right, the "
    "weight after each step.",
)

# %% tags=["hide-input"]
ends = {lr: walk(-1.0, lr)["w"] - walk(-1.0, lr)["least"] for lr in (0.1, 0.5, 1.0, 1.1)}
assert abs(ends[0.5][1]) < 1e-9 and abs(abs(ends[1.0]) - abs(ends[1.0][0])).max() < 1e-9
assert abs(ends[1.1][-1]) > 30 * abs(ends[1.1][0])
hops = abs(ends[0.1][1:] - ends[0.1][:-1])
assert (hops[1:] < hops[:-1]).all()
say(
    "Steps are long where the slope is steep, so they shorten on the way down. One step is enough at 0.5, "
    "from anywhere. At 1.0 the distance to the minimum is "
    f"{', '.join(number(distance, sign='+') for distance in ends[1.0][:3])} and so on: it swings for ever. At 1.1 it is "
    f"{abs(ends[1.1][-1] / ends[1.1][0]):.0f} times as far away after 20 steps as at the start."
)

# %% [markdown]
# That answers the first prediction: it swings between two points for ever.
#
# ## How far
#
# Why 0.5, and why 1? A parabola is known once you know where its minimum $w^*$ lies, how low it is, and how
# strongly it is bent. Its bend is the second derivative, the **curvature** $\lambda$: how fast the slope
# changes with $w$.
#
# $$ J(w) = J_\text{min} + \tfrac{1}{2} \lambda \, (w - w^*)^2 \qquad \text{with slope} \qquad
# \lambda \, (w - w^*) $$
#
# Put this slope into the rule, and take $w^*$ off both sides:
#
# $$ w - w^* \leftarrow (1 - \text{lr} \, \lambda) \, (w - w^*) $$
#
# Every step multiplies the distance to the minimum by the same factor, $1 - \text{lr} \, \lambda$.
#
# | lr · λ | the factor | what happens |
# |---|---|---|
# | between 0 and 1 | between 1 and 0 | nearer with every step, on the same side |
# | 1 | 0 | there after one step |
# | between 1 and 2 | between 0 and −1 | across the minimum and back, but nearer each time |
# | 2 | −1 | swings for ever |
# | above 2 | below −1 | farther away with every step |
#
# Here $\lambda = \frac{2}{n} \sum_i x_i^2$, which is 2 for standardised inputs.
#
# With a weight *and* a bias the curve becomes a bowl, and with 650 parameters a bowl in 650 dimensions.
# If $J$ is quadratic, little changes. The second derivatives form a matrix, the **Hessian**. It has as
# many *eigenvectors* as there are parameters, directions at right angles to each other, each with a number
# of its own, the *eigenvalue*. Along an eigenvector the bowl is a parabola whose curvature is that
# eigenvalue, and gradient descent goes down each of these parabolas as if the others were not there. All
# that they share is the learning rate.
#
# ### Exercise 07.max_lr
#
# Given the curvatures of a quadratic, in any order and all above 0, find the largest learning rate: below
# it the distance shrinks in every direction, above it some direction flies apart.


# %%
def max_lr(curvatures):
    """Return the learning rate up to which no direction flies apart.

    curvatures: tensor of shape (d,), in any order, each above 0.
    The result is a single number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    return 2 / curvatures.max()
    ### END SOLUTION


# %%
max_lr = check("07.max_lr", max_lr)

# %% [markdown]
# Try it. Somebody counts the body mass index from 20 on, in units of its standard deviation. The best line is
# the same; only where its inputs count from has changed, and with it the bowl. Its Hessian comes from the
# library's `line_hessian`.

# %%
from_20 = (raw - 20) / raw.std(correction=0)
curvatures = torch.linalg.eigvalsh(line_hessian(from_20))
limit = max_lr(curvatures)


def bowl_gradient(p):
    """Return the gradient of J for these inputs at a point (w, b)."""
    return torch.stack(cost_gradient(*p, from_20, y))


start, costs = doubles([0.0, 2.0]), {}
for share in (0.98, 1.02):
    points = path(gd, bowl_gradient, start, steps=300, lr=share * limit)
    costs[share] = float(cost(*points[-1], from_20, y))

# %% tags=["hide-input"]
begun = float(cost(*start, from_20, y))
assert costs[0.98] < 1 < begun < 100 < costs[1.02]
say(
    f"The curvatures are {curvatures[0]:.2f} and {curvatures[1]:.2f}, so the limit is {limit:.3f}. The cost "
    f"begins at {begun:.2f}. After 300 steps at 98 % of the limit it is {costs[0.98]:.2f}; at 102 % it is "
    f"above 100 and grows."
)

# %% [markdown]
# ## All the way down
#
# ### Exercise 07.descend
#
# Write the loop for $w$ and $b$ together, and keep every point on the way. You may use your
# `cost_gradient` and your `gd`, or write everything out. Mind which point the two slopes belong to.


# %%
def descend(w, b, x, y, lr, steps):
    """Return the points (w, b) of gradient descent on J: a table.

    w: tensor of shape (), the weight at the start.   b: the bias there.
    x: tensor of shape (n,), the inputs.   y: the targets, likewise.
    lr: number, the learning rate.   steps: whole number, 0 or more.
    The result has shape (steps + 1, 2). Row 0 is the start, row k the
    point after k steps; column 0 is w, column 1 is b. torch.stack makes
    one tensor of a list of tensors.
    """
    ### BEGIN SOLUTION
    points = [torch.stack([w, b])]
    for _ in range(steps):
        r = w * x + b - y
        w, b = w - lr * (2 * r * x).mean(), b - lr * (2 * r).mean()
        points.append(torch.stack([w, b]))
    return torch.stack(points)
    ### END SOLUTION


# %%
descend = check("07.descend", descend)

# %%
solution("07.descend")

# %%
points = descend(*start, from_20, y, 0.2, 200)
parameters = start.clone().requires_grad_()
by_torch = torch.optim.SGD([parameters], lr=0.2)
for _ in range(200):
    by_torch.zero_grad()
    cost(parameters[0], parameters[1], from_20, y).backward()
    by_torch.step()
torch.testing.assert_close(points[-1], parameters.detach())

# %% tags=["hide-input"]
columns = torch.stack([from_20, torch.ones_like(from_20)], dim=1)
least = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
torch.testing.assert_close(points[-1], least, rtol=1e-6, atol=1e-6)
say(
    f"After 200 steps your weight is {number(points[-1, 0], 4, sign='+')} and your bias {number(points[-1, 1], 4, sign='+')}. "
    "torch.optim.SGD has the same, and so has the line of least squares, which is found without any "
    "descent."
)

# %% [markdown]
# Both bowls from above, with lines of equal cost; the star is the minimum. Your `descend` starts in both at
# the same weight and bias.
#
# 1. In which direction does a step go, seen from the lines of equal cost? Does it point at the star?
# 2. Find the best learning rate for the right bowl. What do the steps do in its steep direction, and what
#    along the flat one?
# 3. Which learning rates are fine on the left and fatal on the right?


# %% tags=["hide-input"]
inputs = {"standardised": x, "counted from 20": from_20}


def ways(lr, w, b):
    return descent.ways(descend, inputs, y, lr, w, b)


def start_ways(arrays):
    return descent.start_ways(arrays, inputs, y)


interact(
    ways,
    start_ways,
    descent.draw_ways,
    {
        "lr": Slider("learning rate", 0.02, 1.04, 0.02, 0.2),
        "w": Slider("w at the start", -1.8, 2.8, 0.2, -1.4),
        "b": Slider("b at the start", -3.2, 2.2, 0.2, -2.8),
    },
    alt="Two maps of the cost with w across and b up. Left, circles, and a path straight to the star in "
    "their middle. Right, long slanting ellipses, and a path that jumps back and forth across them while "
    "it creeps along towards the star.",
    caption="30 steps on the same data, with the inputs counted from their mean (left) and from 20 "
    "(right). Ring: the start. Dot: the last step.",
)

# %% tags=["hide-input"]
there = {lr: ways(lr, -1.4, -2.8)["ways"] for lr in (0.5, 0.24)}
one_step = torch.tensor(there[0.5]["standardised"])
assert float((one_step[1] - one_step[-1]).abs().max()) < 1e-9
assert abs(there[0.5]["counted from 20"][-1]).max() > 1e6
assert abs(there[0.24]["counted from 20"][-1]).max() < 3
round_limit = max_lr(torch.linalg.eigvalsh(line_hessian(x)))
say(
    "A step goes straight across the lines of equal cost, where the slope is steepest. Only in a round bowl "
    f"does that point at the star from everywhere. On the right the best learning rate lies near {best_lr(curvatures):.2f}: "
    "the steps swing from side to side in the steep direction and creep along the flat one. Between "
    f"{limit:.2f} and {round_limit:.2f} a rate is fine on the left and fatal on the right."
)

# %% [markdown]
# ## Steep and flat
#
# One learning rate serves all directions. The steepest one says how large it may be, and the flattest one
# has to live with that. How unequal they are is the **condition number**
# $\kappa = \lambda_\text{max} / \lambda_\text{min}$: 1 for a round bowl, large for a long valley.
#
# After $t$ steps a direction has $|1 - \text{lr} \, \lambda|^t$ of its distance left. In the end the slowest
# direction is all that remains. At a small learning rate that is the flattest one; near the limit it is the
# steepest one, which swings. At the learning rate between, $2 / (\lambda_\text{min} + \lambda_\text{max})$,
# both are equally slow, and in the long run no other constant rate is faster.
#
# ### Exercise 07.steps_needed
#
# Count the steps: what is the smallest whole number of steps after which *no* direction has more than
# `shrink` of its distance to the minimum left? `math.log` and `math.ceil` are at hand.


# %%
def steps_needed(curvatures, lr, shrink):
    """Return after how many steps the distance has shrunk far enough.

    curvatures: tensor of shape (d,), in any order, each above 0.
    lr: number, a learning rate at which every direction converges.
    shrink: number above 0 and below 1: 0.01 stands for a hundredth.
    No direction is at its minimum after a single step.
    The result is a whole number.
    """
    ### BEGIN SOLUTION
    slowest = (1 - lr * curvatures).abs().max().item()
    return math.ceil(math.log(shrink) / math.log(slowest))
    ### END SOLUTION


# %%
steps_needed = check("07.steps_needed", steps_needed)

# %%
solution("07.steps_needed")

# %% [markdown]
# The library's version refuses a learning rate with which it would never end. Now count. Your `descend` walks
# down the right bowl, and each point is taken apart into the two directions.

# %%
_, directions = torch.linalg.eigh(line_hessian(from_20))
rows = []
for lr in (0.02, 0.1, float(best_lr(curvatures)), 0.255):
    left = (descend(*start, from_20, y, lr, 1000) - least) @ directions
    enough = ((left / left[0]).abs() <= 0.001).all(dim=1)
    counted = int(enough.int().argmax())  # the first step that is enough
    rows.append([lr, rate(curvatures, lr), steps_needed(curvatures, lr, 0.001), counted])

# %% tags=["hide-input"]
assert all(needed == counted > 0 for _, _, needed, counted in rows)
rows[2][0] = f"{rows[2][0]:.3f} (the best)"
columns = {"lr": ".3f", "slowest factor": ".3f", "steps needed": "d", "steps counted": "d"}
say(table(columns, rows))

# %% [markdown]
# Exact, for a quadratic. Now take data as they come. The table shows the body mass index in three forms, each
# at its best learning rate. (In the second 20 is taken off, and nothing is scaled.) The steps are to a
# thousandth of the distance; the experiment took them, and counted.

# %% tags=["hide-input"]
forms = {"raw": raw, "counted from 20": raw - 20, "standardised": standardised(raw)}
rows = []
for name, form in forms.items():
    own, found = torch.linalg.eigvalsh(line_hessian(form)), kept["line"][name]
    torch.testing.assert_close(own, doubles(found["curvatures"]), rtol=1e-4, atol=0)
    assert found["counted"] == found["needed"]
    assert (
        name == "standardised" or steps_needed(own, float(best_lr(own)), 0.001) == found["needed"]
    )
    low, high = found["curvatures"]
    words = {"raw": "as it comes", "counted from 20": "less 20"}.get(name, name)
    rows.append([words, f"{low:.2g}, {high:.4g}", found["condition"], found["counted"]])
assert kept["line"]["raw"]["counted"] > 50_000 and kept["line"]["standardised"]["counted"] == 1
say(table({"inputs": "", "curvatures": ">", "condition": ",.0f", "steps": ",d"}, rows))

# %% [markdown]
# That answers the second prediction: about 100,000. The raw numbers lie around 26 and far from 0, so a change
# of $b$ can nearly undo a change of $w$: a long valley. The cure costs two lines: take the mean off each input,
# and divide by the standard deviation.
#
# With all ten measures the cure does less, but still much: two measures that rise and fall together make
# a valley as well. Here 1000 steps are far from the long run, so the experiment kept the best of 23 learning
# rates for each choice of patients. (Chosen on eight others, the rates give the same table.)

# %% tags=["hide-input"]
scaled = kept["scaling"]
names = ("as they come", "scaled only", "centred only", "standardised")
curves = {name: doubles(scaled[name]["excess"]) for name in names}
conditions = {name: median(scaled[name]["condition"]) for name in names}
assert all(curve.shape == (len(scaled["at"]), 24) for curve in curves.values())
show(
    descent.scaling(scaled["at"], curves),
    alt="The share of the cost that is left, against the step, both on logarithmic scales. With "
    "standardised measures it falls far below all others. With centred ones it ends highest.",
    caption="Ten measures and a bias, 24 random choices of 264 patients, each at the best of 23 learning "
    "rates. Cost above the least one, over what it was at the start.",
    claims=("Advice of LeCun",),
)
last = {name: median(curve[-1]) for name, curve in curves.items()}
columns = {"inputs": "", "condition number": ",.0f", "of the cost left after 1000 steps": ".2g"}
kept_rates = torch.stack([doubles(scaled[name]["share"]) for name in names])
assert min(scaled["shares"]) < kept_rates.min() and kept_rates.max() < max(scaled["shares"])
measures = doubles(patients.data)
measures -= measures.mean(dim=0)
centred_steep = torch.linalg.eigvalsh(2 * measures.T @ measures / len(measures))[-1]
level = far.mean() ** 2 / far.square().mean()
say(
    table(columns, [[name, conditions[name], last[name]] for name in names])
    + "\n\nCentring alone is worse than nothing here, perhaps because only the bias can then learn the "
    f"mean of the targets, which is {level:.0%} of the cost at the start; and the curvature along the bias is 2, "
    f"while the steepest is {centred_steep:,.0f}."
)

# %% [markdown]
# ## Digits
#
# Most costs are no quadratics. Their curvature changes from place to place. How much is
# $2 / \lambda_\text{max}$ at the start worth? Three models of digits, trained with *all* images in each step:
#
# - **least squares**: one layer, and the squared distance between its ten outputs and the ten wanted ones,
#   1 for the right digit and 0 for the others. A quadratic with 650 parameters.
# - **softmax regression**: one layer and the cross-entropy. Its cost is *convex*, which means that no
#   curvature is below 0 anywhere, but no quadratic. These images can be told apart without an error, so it
#   has no minimum either: it goes on falling as the weights grow.
# - **a network** with 32 hidden neurons and ReLU. Neither.
#
# The experiment found the largest curvature at the start, exactly for one layer, and for the network by
# multiplying a random vector with the Hessian over and over (power iteration, lesson 14). Then it took 100
# steps at each of 21 learning rates. First, some of these runs again, with your `gd`. `script` is
# `experiments/07_gradient_descent.py`.


# %%
now = {}
for name, (loss, sizes) in script.MODELS.items():
    again = [0.5, 1.0 if name == "network" else 2.0]  # of 2 over the largest curvature
    steepest = kept["rates"][name]["curvature"][0]
    settings = {"lr": [fraction * 2 / steepest for fraction in again]}
    how = {"rule": gd, "loss": loss, "epochs": kept["rates"]["steps"], "batch_size": 1000}
    begin = draw_runs(partial(script.draw, sizes), [0])
    losses = grid(network, begin, settings=settings, label=name, **how).history["train_loss"]
    now[name] = dict(zip(again, losses[:, 0, -1] / losses[:, 0, 0], strict=True))

# %% tags=["hide-input"]
fractions = kept["rates"]["fractions"]
for name, of_model in now.items():
    (half, below), (whole, above) = of_model.items()
    then = {at: kept["rates"][name]["loss"][fractions.index(at)][0] for at in of_model}
    assert abs(below - then[half]) < 0.02 * then[half]
    assert (float(above) < 1) == (then[whole] < 1) == (name != "least squares")
say("All six runs end as the stored ones did.")
images = resplit(digits(), generator(0)).train.x
inner = torch.cat([images, torch.ones(len(images), 1)], dim=1).double()
steepest = torch.linalg.eigvalsh(2 * inner.T @ inner / len(inner))[-1]
assert abs(steepest / kept["rates"]["least squares"]["curvature"][0] - 1) < 1e-4
say(
    f"For least squares the largest curvature is {steepest:.1f}, twice the largest *second moment* of the "
    "images: the largest eigenvalue of the matrix that holds, for each pair of pixels, the mean of their "
    "product (the bias counts as a pixel that is always 1)."
)
rates = kept["rates"]
ends = {name: doubles(rates[name]["loss"]) for name in script.MODELS}
promised = {
    name: doubles(rates[name]["predicted"]) for name in ("least squares", "softmax regression")
}
assert all(runs.shape == (len(fractions), 24) for runs in ends.values())
show(
    descent.rates(fractions, ends, promised),
    alt="Three panels of the loss after 100 steps against the learning rate in units of 2 over the "
    "curvature at the start. For least squares runs and quadratic agree, and both shoot up at 1. For "
    "softmax regression the quadratic falls below 0 and shoots up at 1, while the loss of the runs goes on "
    "falling. For the network the loss falls up to 2 and is back near its start from 4 on.",
    caption="Loss after 100 steps with all images. Line: median of 24 runs. Band: middle nine tenths. "
    "Dashed: what a quadratic with the start's gradient and Hessian would do. Dotted: the limit.",
    claims=("Textbooks of optimisation",),
)


def works_up_to(name):
    """Return for each run the largest fraction up to which the loss ends below half its start."""
    works = (ends[name] < 0.5) | (doubles(fractions)[:, None] < 0.1)  # small ones are only slow
    return doubles(fractions)[works.long().cumprod(dim=0).sum(dim=0) - 1]


borders = {name: works_up_to(name) for name in script.MODELS}
peaks = {name: [median(r) for r in rates[name]["highest"]] for name in script.MODELS}
reads = {name: doubles(rates[name]["validation"]) for name in script.MODELS}


def at_best(runs, chosen):
    """Return the median of the last 16 runs, at a place chosen by the first 8."""
    assert 0 < chosen < len(fractions) - 1
    return median(runs[chosen, 8:])


rows = []
for name, border in borders.items():
    upper = f"{median(border):.1f} times the limit"
    if median(border) == fractions[-1]:
        upper += " (the largest tried)"
    best = at_best(reads[name], reads[name][:, :8].mean(dim=1).argmax())
    rows.append([name, upper, median(reads[name][fractions.index(2.0)]), best])
columns = {"halves its loss up to": ">", "at twice the limit it reads": ".0%"}
say(
    table({"model": "", **columns, "at the best of 21 rates": ".0%"}, rows)
    + "\n\nMedians of 24 runs; reads: share of the validation digits. The best rate is chosen on 8 of the "
    "runs, and its median is that of the other 16."
)
softmax, net = rates["softmax regression"], rates["network"]


def curvature_left(model, fraction):
    """Return the largest curvature after 100 steps, over that at the start: the mean."""
    return (doubles(model["curvature_after"][fraction]) / doubles(model["curvature"])).mean().item()


falls, half, twice = (
    curvature_left(softmax, "2.0"), curvature_left(net, "0.5"), curvature_left(net, "2.0")
)  # fmt: skip
top = peaks["softmax regression"][-1]
assert falls < 0.4 and half > 1.2 and 0.45 < twice < 0.65 and top > 20
assert borders["softmax regression"].min() == fractions[-1]
say(
    "Least squares keeps to the theory. Softmax regression goes on working at every "
    f"rate that was tried. At {fractions[-1]:.0f} times the limit its loss first climbs to {top:.0f} times "
    "the start, and then it falls all the same. Perhaps because the curvature of this cost *falls* as "
    f"the model learns: at twice the limit it is after 100 steps {falls:.0%} of what it was. In the "
    f"network it can also rise: to {half:.0%} at half the limit. At twice the limit it ends at {twice:.0%}, "
    "which is where that learning rate is just about small enough. Lesson 12 comes back to this."
)

# %% [markdown]
# So $2 / \lambda_\text{max}$ at the start gives a learning rate its *unit*, not its border. What is safe
# everywhere? Let no curvature be above $L$, at *any* point, and walk from $p$ against the gradient $g$. The
# cost falls at first by $\|g\|^2$ for each unit of the rate, and bends back by no more than $L$ allows:
#
# $$ J(p - \text{lr} \, g) \le J(p) - \text{lr} \left(1 - \tfrac{1}{2} \text{lr} \, L\right) \|g\|^2 $$
#
# This is the **descent lemma**. Below $2 / L$ every step goes down, on any such cost; $1 / L$ promises
# most, $\|g\|^2 / 2L$. For softmax regression $L$ is known: half the largest second moment (Böhning, 1992).
#
# Where $L$ is unknown, a **line search** finds the rate by trying (Armijo, 1966): start large, and halve
# until the cost has fallen by at least $\tfrac{1}{2} \, \text{lr} \, \|g\|^2$. By the lemma, every rate up to
# $1 / L$ passes.

# %%
flat = script.flat_run("softmax regression", *draw_runs(partial(script.draw, [64, 10]), [0])[:2], 0)
safe = 1 / (steepest / 4)  # 1 / L: the curvature of least squares is twice the second moment
p, q, promise, searched = flat.point, flat.point, [], []
for _ in range(30):
    g = torch.func.grad(flat)(p)
    promise.append(float((flat(p) - flat(gd(p, g, lr=safe))) / (safe / 2 * g @ g)))
    p = gd(p, g, lr=safe)
    g, lr = torch.func.grad(flat)(q), 64 * safe
    while flat(gd(q, g, lr=lr)) > flat(q) - lr / 2 * g @ g:
        lr = lr / 2
    searched.append(lr / safe)
    q = gd(q, g, lr=lr)

# %% tags=["hide-input"]
# The lemma's promise, kept; and what a line search does with it
assert min(promise) >= 1 and min(searched) >= 1 and max(searched) > 2 and flat(q) < flat(p)
say(
    "In 30 steps at 1/L each step lowered the loss by at least what the lemma promises. The line search "
    "took rates from "
    f"{number(min(searched), 0)} to {number(max(searched), 0)} times 1/L, and ended lower; it pays with a "
    "look at the loss for each try."
)

# %% [markdown]
# ## What goes wrong
#
# **Uphill.** A plus for a minus. The cost rises from the first step on, whatever the learning rate. If
# your cost rises at every learning rate that you try, look at the sign first.

# %%
uphill = path(lambda p, g, *, lr: p + lr * g, bowl_gradient, start, steps=5, lr=0.01)
climb = [float(cost(*point, from_20, y)) for point in uphill]
assert climb == sorted(climb)
say(f"The cost, step by step: {', '.join(f'{value:.2f}' for value in climb)}.")

# %% [markdown]
# **Too large, and unscaled.** A learning rate that was right for standardised inputs meets raw ones. The
# distance is multiplied by $1 - \text{lr} \, \lambda$, and $\lambda$ is above a thousand.

# %%
lr = 0.1
away = descend(zero, zero, raw, far, lr, 200)
factor = float(factors(torch.linalg.eigvalsh(line_hessian(raw)), lr).min())

# %% tags=["hide-input"]
overflow = int((~away.isfinite().all(dim=1)).int().argmax())
assert climb[-1] > 1.3 * climb[0]
assert factor < -100 and 0 < overflow < 200 and not away[-1].isfinite().all()
say(
    f"Each step multiplies the distance by about {number(factor, 0, sign='+')}. Before step "
    f"{10 * math.ceil(overflow / 10)} the numbers are too large even for float64, and everything is NaN."
)

# %% [markdown]
# A NaN in a loss is often this.
#
# **Too small.** It never looks wrong. The cost falls, only not far: the stored runs.

# %% tags=["hide-input"]
tiny = {name: median(runs[0]) for name, runs in ends.items()}
best = {name: at_best(runs, runs[:, :8].mean(dim=1).argmin()) for name, runs in ends.items()}
assert all(tiny[name] > 1.5 * best[name] for name in script.MODELS)
smallest = f"at 1/{1 / fractions[0]:.0f} of the limit"
rows = [[name, f"{tiny[name]:.0%} of the loss left", best[name]] for name in script.MODELS]
say(table({"model": "", smallest: ">", "at the best of 21 rates": ".0%"}, rows))

# %% [markdown]
# **A sum for a mean.** Take the sum over the examples, and the gradient is $n$ times as large: the largest
# learning rate is $n$ times smaller, and it changes whenever the data do.

# %% [markdown]
# ## Claims, measured
#
# Article B's two cases, on 24 divisions of the patients, with each of the ten measures as the only input,
# from 40 random starts, at eight learning rates. Then a cost that is no parabola: the neuron's output goes
# through a sine, $\sin(w x)$. Its cost has several minima. First, one of the 24 divisions again with your
# functions.

# %%
# The experiment's own function, with your two in it; yours takes one weight, vmap many at once.
script.gd, script.cost_gradient = gd, vmap(cost_gradient, in_dims=(0, None, None, None))
part = script.patients(0)
starts = 20 * torch.rand(10, 40, generator=generator(0), dtype=torch.float64) - 10
again = script.sides_of(part.x.T, part.y, starts)
for measure in ("sign", "own_side", "reached"):
    then = doubles([runs[0] for runs in kept["sides"][measure]])
    torch.testing.assert_close(again[measure], then, rtol=0, atol=1e-5)

# %% tags=["hide-input"]
sides, waves = kept["sides"], kept["waves"]
said = {
    "slope has the sign that B says": doubles(sides["sign"]),
    "never crosses the minimum": doubles(sides["own_side"]),
    "reaches the minimum": doubles(sides["reached"]),
}
assert all(runs.shape == (len(sides["shares"]), 24) for runs in said.values())
show(
    descent.sides(sides["shares"], said, waves, waves["best"][0]),
    alt="Left: of all starts on a parabola, all have the slope that was said. Up to half of the largest "
    "learning rate none crosses the minimum; below the largest, all reach it; at it and above, none. "
    "Right: a wavy curve with its lowest point near 0.6. Starts near it reach it, the others end in "
    "higher hollows.",
    caption="Left: 9600 starts at each learning rate. Right: one of 24 divisions; the strip below holds the "
    "starts, the dots show where they end.",
    claims=("B1, first part", "B1, second part"),
)

# %% tags=["hide-input"]
along, curve = doubles(waves["grid"]), doubles(waves["cost"])
falls = curve.diff() < 0
left_of = along[:-1] < waves["best"][0]
as_said = (falls == left_of).double().mean().item()
crossing = [s for s, runs in zip(sides["shares"], sides["own_side"], strict=True) if max(runs) < 1]
assert (doubles(sides["sign"]) == 1).all() and min(crossing) == 0.55 and 0.3 < as_said < 0.9
verdict(
    "B1, first part: left of the minimum the slope is negative and the weight grows; right of it the slope is "
    "positive and the weight shrinks.",
    "holds when there is one minimum",
    f"With one weight and squared errors it was so for all {24 * 400:,} starts. The weight grows all the way "
    "only up to half of the largest learning rate; beyond, the first step leads across the minimum, and the "
    f"next one back. With the sine the slope had the sign that is said on {as_said:.0%} of the way from "
    f"{number(-10, 0, sign='+')} to 10: elsewhere it leads to another minimum, or away from all of them.",
)

# %% tags=["hide-input"]
stable = [s for s, runs in zip(sides["shares"], sides["reached"], strict=True) if min(runs) == 1]
never = [s for s, runs in zip(sides["shares"], sides["reached"], strict=True) if max(runs) == 0]
lowest = confidence_interval(100 * doubles(waves["reached"]))
assert max(stable) == 0.95 and min(never) == 1.0 and lowest.high < 50
assert min(waves["downhill"]) == 1
verdict(
    "B1, second part: from both sides gradient descent reaches the minimum.",
    "holds when the learning rate is below the limit and there is one minimum",
    f"With one weight, every start was within a thousandth after 100 steps at {min(stable):.0%} to "
    f"{max(stable):.0%} of the largest learning rate, and none at {min(never):.0%} or {max(never):.0%} of it. "
    f"With the sine {lowest.mean:.0f} % ({lowest.low:.0f} to {lowest.high:.0f}) of the starts reach "
    f"the lowest place, mean of 24 divisions; the others end in {min(waves['minima']) - 1} to "
    f"{max(waves['minima']) - 1} other places, though every first step went downhill. Gradient descent "
    "reaches a minimum, not the minimum.",
)

# %% [markdown]
# Article B's second claim: gradient descent has to see the whole training set before it can move. What would
# be lost with fewer images? The experiment took softmax regression, before training and after 100 and 1000
# updates, and made one update with some of the images, at the same learning rate (half of the limit). Then it
# looked at the loss over all 1000.

# %% tags=["hide-input"]
update = kept["update"]
counts = update["counts"]
moments = {
    f"after {after} updates" if after else "before training": doubles(update["drop"][str(after)])
    for after in update["after"]
}
assert all(runs.shape == (len(counts), 24) for runs in moments.values())
show(
    descent.update(counts, moments),
    alt="The drop of the loss after one update, over that with all 1000 images, against the number of "
    "images. Before training 100 images bring more than three quarters. After 100 and 1000 updates few "
    "images bring less than nothing, and the curves reach 1 only near 1000.",
    caption="What one update with some of the images achieves, 24 runs. Line: median. Band: middle nine "
    "tenths. Below 0 the loss over all images rises.",
    claims=("B2, first part",),
)

# %% tags=["hide-input"]
hundred = counts.index(100)
early, middle_, late = (median(runs[hundred]) for runs in moments.values())
assert early > 0.75 and middle_ < 0.5 and late < 0
verdict(
    "B2, first part: gradient descent makes an update only after it has seen the whole training set.",
    "holds",
    "By definition. Before training, an update with a tenth of the images brings "
    f"{early:.0%} of the drop, for a tenth of the multiplications: most of the price buys little. After 100 "
    f"updates it brings {middle_:.0%}, and after 1000, at this learning rate, it raises the loss (medians of "
    "24 runs).",
)

# %% [markdown]
# That answers the third prediction: more than three quarters, for the first update. Later it is less: the
# better the model reads, the more the gradients of the single images cancel, and the more of them it takes
# to see which way is down. Lesson 08 measures it.

# %% tags=["hide-input"]
agree = (ends["least squares"] / promised["least squares"])[: fractions.index(1.0)]
at_limit = median(ends["least squares"][fractions.index(1.0)])
bound = doubles(rates["least squares"]["curvature"]) / 4  # half the largest second moment
certain = (doubles(softmax["curvature"]) / bound).mean().item()
assert borders["least squares"].max() <= 1 < median(borders["network"])
assert ends["least squares"][fractions.index(1.0) + 1].min() > 1e6
assert (agree - 1).abs().max() < 0.001 and 0.2 < certain < 0.5
assert promised["softmax regression"][fractions.index(1.0)].max() < 0
spread = sorted(set(borders["network"].tolist()))
verdict(
    "Textbooks of optimisation (Polyak, 1987; Nesterov, 2004): gradient descent converges when the learning "
    "rate is below 2 over the largest curvature, and on a quadratic only then.",
    "holds, if the largest curvature is that of all points",
    "By the descent lemma every step then lowers the cost, and if the cost is bounded below, the gradient goes "
    "to 0. Least squares has one curvature everywhere: below the limit the loss is what "
    "the theory says, to less than a tenth of a per cent; above it, it is more than a million times the "
    f"start. At the limit {at_limit:.0%} of it is left. The curvature at the start alone is no border. "
    f"Softmax regression halves its loss at {fractions[-1]:.0f} times that limit, a network at up to "
    f"{spread[0]:.1f} to {spread[-1]:.1f} times, depending on the run. By the largest curvature of all "
    "points, softmax regression is "
    f"certain to improve with every step below {certain:.2f} times the limit at the start.",
)

# %% tags=["hide-input"]
gain = confidence_interval(curves["as they come"][-1].log10() - curves["standardised"][-1].log10())
half = {
    n: confidence_interval(curves[n][-1].log10() - curves["standardised"][-1].log10())
    for n in names[1:3]
}
worse = confidence_interval(curves["centred only"][-1].log10() - curves["as they come"][-1].log10())
assert gain.low > 0.5 and all(interval.low > 0 for interval in half.values()) and worse.low > 0
verdict(
    "Advice of LeCun and others (1998): shift inputs to mean 0 and scale them to equal spread, and training "
    "converges faster.",
    "holds",
    "For ten measures of 24 random choices of patients, 1000 steps leave of the cost "
    f"{gain.mean:.1f} powers of ten ({gain.low:.1f} to {gain.high:.1f}) less with standardised inputs than as "
    "they come, each at its best rate. "
    "Neither half of the advice is enough alone, and centring alone leaves more than doing nothing.",
)

# %% [markdown]
# ## Take away
#
# - The gradient says which way is up. Gradient descent goes the other way, by the gradient times the learning
#   rate, and on a cost with several minima it may end in another than the lowest.
# - On a quadratic each step multiplies the distance by 1 − lr · λ in each direction. The steepest direction sets
#   the largest learning rate, 2 / λ; the flattest has to live with it, and their ratio says how long it takes.
# - Standardise inputs. And take 2 / λ at the start as a unit, not as a border: where the cost is no quadratic,
#   the curvature changes as the model learns.
#
# ## Further reading
#
# - A.-L. Cauchy (1847), *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes
#   rendus de l'Académie des sciences 25: where it began, on three pages.
# - B. T. Polyak (1987), *Introduction to Optimization*, Optimization Software, chapter 1: rates and limits.
# - Y. Nesterov (2004), *Introductory Lectures on Convex Optimization*, Kluwer, sections 1.2.3 and 2.1: the
#   descent lemma, and what can be said without a quadratic.
# - L. Armijo (1966), *Minimization of functions having Lipschitz continuous first partial derivatives*, Pacific
#   Journal of Mathematics 16: the line search.
# - Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998), *Efficient BackProp*, in Neural Networks: Tricks of
#   the Trade, sections 4.3 and 5: inputs, eigenvalues and learning rates.
# - D. Böhning (1992), *Multinomial logistic regression algorithm*, Annals of the Institute of Statistical
#   Mathematics 44: the bound on the curvature of softmax regression.
# - J. M. Cohen, S. Kaur, Y. Li, J. Z. Kolter and A. Talwalkar (2021), *Gradient descent on neural networks
#   typically occurs at the edge of stability*, ICLR: what full-batch training really does at the limit.
#
# Every step here looked at all the data. The next lesson takes a few examples at a time.
