# %% [markdown]
# # 09 · Momentum
#
# **Question.** Why remember past gradients?
#
# **Time.** about 70 minutes.
#
# **Before this.** [07 · Gradient descent](07_gradient_descent.ipynb), [08 · Mini-batches](08_mini_batches.ipynb)

# %% [markdown]
# Gradient descent forgets. Each step looks at one gradient, goes, and starts anew. This lesson gives it a
# memory of one number for each weight: an average of the gradients so far. You first learn what such an
# average does to any noisy series, then write three rules that are built on it, and then find out how long
# the memory should be. Article B says what to expect (claims B4 and B5), and most of that can be proved or
# measured.

# %% tags=["hide-input"]
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Slider, interact, runs, say, show, table, verdict
from course_lib.figures import momentum as pictures
from course_lib.lab import (
    accuracy,
    confidence_interval,
    device,
    digits,
    draw_runs,
    experiment,
    generator,
    grid,
    median,
    resplit,
    stored,
    train,
)
from course_lib.lab.device import one_thread
from course_lib.lab.networks import network
from course_lib.optim.averages import best_momentum, lag, spectral_radius
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.paths import path
from course_lib.optim.surfaces import RAVINE

gd = mine("07.gd")
kept, script = stored("09_momentum"), experiment("09_momentum")
assert kept["seeds"] == 24


def doubles(*values):
    """Return numbers as a tensor in float64."""
    return torch.tensor(values, dtype=torch.float64)


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. The loss of mini-batches is noisy, and you draw a moving average over it, one that gives each new value
#    a hundredth of the weight. The loss falls. By how many steps does the average come late: about one,
#    ten, or a hundred?
# 2. A ravine is 50 times as steep across as along. Gradient descent needs some 160 steps to its bottom, at
#    the best of all learning rates. How many does momentum need with β = 0.9, the value that everybody
#    takes: 30, 75, or 125?
# 3. A network trains well by gradient descent at the rate 0.5. Somebody writes `momentum=0.9` beside it,
#    in torch, and leaves the rate. After ten epochs, is the validation loss lower, the same, or more than
#    twice as high?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## An average that forgets
#
# Let $X_1, X_2, \dots$ be numbers that come in one by one. The **exponential moving average** keeps one
# number $A$, and mixes each newcomer into it:
#
# $$ A_i = \beta \, A_{i-1} + (1 - \beta) \, X_i \qquad \text{with } A_0 = 0 $$
#
# $\beta$, from 0 to below 1, says how much of the old average stays. At 0 the average is the last value
# alone. Nothing else is stored: no list of old values, only $A$.
#
# ### Exercise 09.ema
#
# Write it for a whole series. One average comes out after each value.


# %%
def ema(x, beta):
    """Return the moving average of a series after each of its values.

    x: tensor of shape (n,), the values in the order in which they come.
    beta: a number, 0 or more and below 1: what stays of the old average.
    The result has shape (n,). The average before the first value is 0.
    """
    ### BEGIN SOLUTION
    average, averages = 0.0, []
    for value in x:
        average = beta * average + (1 - beta) * value
        averages.append(average)
    return torch.stack(averages)
    ### END SOLUTION


# %%
ema = check("09.ema", ema)

# %%
solution("09.ema")

# %% [markdown]
# What is in an average? Put the formula into itself, again and again:
#
# $$ A_i = (1 - \beta) \left( X_i + \beta X_{i-1} + \beta^2 X_{i-2} + \dots \right) $$
#
# All past values, each with a weight that shrinks by the factor $\beta$ with every step of its age. Here is
# a real noisy series to try it on: the loss of mini-batches of ten digits while a network learns, a thousand
# steps. Beside it, in black, is the loss of all thousand images at the same moments, which is what one would
# like to see and cannot afford. Both were stored; the first hundred steps are done again. The figure shows
# the first 600.

# %% tags=["hide-input"]
series = kept["series"]
noisy, smooth = doubles(*series["series"]["noisy"]), doubles(*series["series"]["smooth"])


source = generator(0)
images = resplit(digits(), source).train
params, again = script.start([64, 32, 10], 0), []
for _ in range(100):
    chosen = torch.randint(len(images), (series["batch"],), generator=source)
    leaves = {name: p.requires_grad_() for name, p in params.items()}
    loss = cross_entropy(network(leaves, images.x[chosen]), images.y[chosen])
    again.append(loss.item())
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    params = {
        name: (p - series["lr"] * g).detach()
        for (name, p), g in zip(leaves.items(), gradients, strict=True)
    }
torch.testing.assert_close(doubles(*again), noisy[:100], rtol=1e-3, atol=1e-3)

# %% [markdown]
# Move $\beta$, in steps of a hundredth.
#
# 1. Where is the average at step 1, for any $\beta$ above 0.5? Why there?
# 2. At which $\beta$ can you no longer tell which way the last few batches went?
# 3. At 0.98 the average is calm, and in the wrong place. In which direction is it moved?

# %% tags=["hide-input"]
interact(
    lambda beta: pictures.averaged(ema, noisy[:600], smooth[:600], beta),
    pictures.start_averaged,
    pictures.draw_averaged,
    {"beta": Slider("β", 0.0, 0.99, 0.01, 0.9)},
    alt="Left: the losses of mini-batches as a cloud of dots that falls, the loss of all images as a smooth "
    "line through it, and an average that starts at zero and then follows the cloud. Right: the weights of "
    "the last values, a straight line on a logarithmic scale.",
    caption="The average of a noisy loss, and the weights that it gives to values of each age. Lag and n are "
    "explained below; n is dotted.",
)

# %% [markdown]
# Three things are to be seen.
#
# - **It calms.** Noise goes up and down, and most of it cancels in a sum.
# - **It lags.** The values in it are old. Their mean age is $(1-\beta)(0 + 1\beta + 2\beta^2 + \dots) =
#   \beta/(1-\beta)$ steps, and so the curve lies that far to the right.
# - **It starts cold.** $A_0 = 0$ has nothing to do with the series, but it is averaged in. After $i$ values
#   the weights add up to $1 - \beta^i$ only. (Lesson 11 divides by that sum.)
#
# How many values does an average span? All of them, to be exact. A rule of thumb compares it with a plain
# mean of $n$ values, each with the weight $1/n$: the newest value has the weight $1 - \beta$, so
# $n = 1/(1-\beta)$.
#
# ### Exercise 09.window
#
# Find $n$, and how much of all the weight the last $n$ values have. (Weights of a whole endless series add
# up to 1. Let $n$ be a number that need not be whole.)


# %%
def window(beta):
    """Return the span of an average, and its share of the weight.

    beta: a number, 0 or more and below 1.
    Two numbers come back: the n from above, and a share from 0 to 1.
    """
    ### BEGIN SOLUTION
    n = 1 / (1 - beta)
    share = 1 - beta**n
    return n, share
    ### END SOLUTION


# %%
window = check("09.window", window)

# %%
rows = [[beta, *window(beta), lag(beta)] for beta in (0.5, 0.9, 0.98, 0.99, 0.999)]
say(table({"β": "g", "n": ".0f", "weight of the last n": ".1%", "lag": ".0f"}, rows))

# %% [markdown]
# The share goes to $1 - 1/e$, about 63 %, as $\beta$ goes to 1. So a good third of what an average says is
# older than its window.
#
# The stored experiment measured lag and calm on 24 such series. The lag is the shift that brings the black
# curve nearest to the average. The calm compares the noise, batch less black curve, before and after: a plain
# mean of $n$ independent values has an $n$-th of their mean square.

# %% tags=["hide-input"]
betas, lags, left = series["betas"], series["lags"], series["left"]
assert all(len(own) == kept["seeds"] for own in (*lags, *left))
assert abs(float(ema(noisy, 0.9)[-1]) - float(smooth[-9:].mean())) < 0.1
show(
    pictures.spans(betas, lags, left, confidence_interval),
    alt="Two panels over one over one minus beta, from 2 to 100. Left: lags of 24 runs lie on the line "
    "beta over one minus beta. Right: the calm lies on the line one plus beta over one minus beta, which is "
    "about twice as high as the dashed line of one over one minus beta.",
    caption="Left: the lag of 24 averages (0 is drawn at ½), and what the mean age says. Right: how many values a plain mean "
    "would need to be as calm, with 95 % intervals.",
    claims=("B4, first part", "B4, second part"),
)
by_beta = dict(zip(betas, zip(lags, left, strict=True), strict=True))
lag_of = {beta: median(own) for beta, (own, _) in by_beta.items()}
calm_of = {beta: 1 / confidence_interval(own).mean for beta, (_, own) in by_beta.items()}
assert abs(lag_of[0.99] - 99) < 10 and abs(calm_of[0.9] / 19 - 1) < 0.1
say(
    f"With β = 0.99 the average of a falling loss came {lag_of[0.99]:.0f} steps late, the median of 24 runs. "
    f"With β = 0.9 it was as calm as a plain mean of {calm_of[0.9]:.0f} values, with β = 0.99 of "
    f"{calm_of[0.99]:.0f}."
)

# %% [markdown]
# That answers the first prediction. And by its calm an average spans about *twice* $1/(1-\beta)$ values. By
# theory, independent noise of mean square 1 has $(1-\beta)^2 (1 + \beta^2 + \beta^4 + \dots) = (1-\beta) /
# (1+\beta)$ left. So $n = 1/(1-\beta)$ is one fair measure of memory among others.
#
# ## Average the gradients
#
# Now to descent. Lesson 07 had a bowl that is steep in one direction and flat in another. Call it a
# **ravine**. Its *curvature* along an axis, the second derivative, is $\lambda$: the gradient there is
# $\lambda$ times the error. The steepest curvature over the flattest is the **condition number** $\kappa$.
# Gradient descent has one rate for all axes. It must be small enough for the steep one, below
# $2/\lambda$, and then it crawls along the flat one.
#
# Watch the gradients at a rate near that limit. Across the ravine the point jumps from wall to wall, and
# they change their sign at each step. Along it they hardly change. So article B averages them, one average
# for the weights, one for the biases, and steps along the averages:
#
# $$ V_{dW} = \beta V_{dW} + (1-\beta) \, dW \qquad W = W - \text{lr} \, V_{dW} $$
# $$ V_{db} = \beta V_{db} + (1-\beta) \, db \qquad\quad b = b - \text{lr} \, V_{db} $$
#
# $dW$ and $db$ are the gradients of $W$ and $b$; the $V$ are called **velocities** and start at 0. What has a
# sign that turns is lost in the average, what has a steady sign is kept.
#
# ### Exercise 09.momentum_ema
#
# Write it as an update rule, in the form that all rules of this course have: parameter, gradient, and then
# what the rule remembers, which it has to hand back as well.


# %%
def momentum_ema(p, g, v, *, lr, beta=0.9):
    """Return the new parameter and the new velocity: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient, same shape.
    v: tensor of that shape, the average of the gradients before this one.
    lr: the learning rate.   beta: what stays of the old average.
    """
    ### BEGIN SOLUTION
    v = beta * v + (1 - beta) * g
    return p - lr * v, v
    ### END SOLUTION


# %%
momentum_ema = check("09.momentum_ema", momentum_ema)

# %%
solution("09.momentum_ema")

# %% [markdown]
# Here your rule crosses a ravine with $\kappa = 50$, a hundred steps. $y$ is the steep axis, $x$ the flat
# one.
#
# 1. Set β to 0, which is gradient descent. Which of the two errors is the slow one? Raise the rate to 2.1.
# 2. Go back to 1.9 and raise β to 0.9. What happens to the jumps across, and what to the pace along x?
# 3. With β at 0.9 raise the rate as far as it goes. Then find a β that brings both errors down fastest.

# %% tags=["hide-input"]
interact(
    lambda lr, beta: pictures.ride({"average": momentum_ema}, "average", lr, beta),
    pictures.start_ride,
    pictures.draw_ride,
    {"lr": Slider("learning rate", 0.1, 8.0, 0.1, 1.9), "beta": Slider("β", 0.0, 0.98, 0.02, 0.9)},
    alt="Left: contours of a long ravine and a path that swings gently across it on its way to the minimum. "
    "Right: the error along x and along y against the step, on a logarithmic scale.",
    caption="Your rule on a ravine. “Near” means within a hundredth of the first distance.",
)

# %%
begin = doubles(*RAVINE.start)
by_rule = {
    "gradient descent, 1.9": path(gd, RAVINE.gradient, begin, steps=100, lr=1.9),
    "gradient descent, 2.1": path(gd, RAVINE.gradient, begin, steps=100, lr=2.1),
    "average, 1.9": path(momentum_ema, RAVINE.gradient, begin, steps=100, lr=1.9, beta=0.9),
    "average, 8": path(momentum_ema, RAVINE.gradient, begin, steps=100, lr=8.0, beta=0.9),
}


# %% tags=["hide-input"]
def arrival(beta):
    """Return after how many steps your rule is near at the rate 8."""
    points = path(momentum_ema, RAVINE.gradient, begin, steps=100, lr=8.0, beta=beta)
    return int((points.norm(dim=1) > 0.01 * begin.norm()).nonzero().max()) + 1


arrivals = {place / 50: arrival(place / 50) for place in range(50)}
quickest = min(arrivals, key=arrivals.get)
moved = {name: points.diff(dim=0)[:, 1].abs().sum().item() for name, points in by_rule.items()}
plain, averaged = "gradient descent, 1.9", "average, 1.9"
across = [moved[name] / RAVINE.start[1] for name in (plain, averaged)]
assert by_rule["gradient descent, 2.1"][-1].norm() > 1e3
assert by_rule["average, 8"][-1].norm() < 0.1 and across[0] > 3 * across[1]
halfway = [abs(by_rule[name][50, 0].item() / RAVINE.start[0]) for name in (plain, averaged)]
say(
    f"At the rate 1.9 the error along x is the slow one: after 50 steps gradient descent has {halfway[0]:.2f} of "
    f"it left, the average {halfway[1]:.2f}. Back and forth across the ravine gradient descent travels "
    f"{across[0]:.1f} times its first error, the average {across[1]:.1f} times. Gradient descent breaks at 2. The "
    f"average with β = 0.9 would break at {2 * (1 + 0.9) / (1 - 0.9):.0f}. At the rate 8 it is near after "
    f"{arrivals[0.9]} steps; with β = {quickest:g}, the best on the slider there, after {arrivals[quickest]}."
)

# %% [markdown]
# What is left of a gradient whose sign turns at each step? Put $X_i = (-1)^i$ into the average: once it is
# warm it swings by $(1-\beta)/(1+\beta)$. Of a steady gradient all is left.

# %%
turning = ema(doubles(*[(-1.0) ** i for i in range(200)]), 0.9)
steady = ema(torch.ones(200, dtype=torch.float64), 0.9)
theory = (1 - 0.9) / (1 + 0.9)
assert abs(abs(float(turning[-1])) - theory) < 1e-6 and abs(float(steady[-1]) - 1) < 1e-6
say(f"Of a turning gradient {theory:.3f} is left, of a steady one {float(steady[-1]):.3f}.")

# %% [markdown]
# Are there ravines in a real network? The stored experiment trained networks on all thousand digits at once
# by plain gradient descent, and averaged the gradients beside it. The *steepest axis* is the direction in
# which the gradients changed most from step to step. One run is repeated, with your rule as the average;
# `script` is the program that made the stored ones, `experiments/09_momentum.py`.

# %%
axes = kept["axes"]
with one_thread():
    G = script.gradients_of_descent(0, 1.0)  # (steps, numbers)
v, averages = torch.zeros_like(G[0]), []
for g in G:
    _, v = momentum_ema(v, g, v, lr=0.0, beta=axes["beta"])
    averages.append(v)

# %% tags=["hide-input"]
G, A = G[axes["first"] :], torch.stack(averages)[axes["first"] :]
changes = G.diff(dim=0)
axis = torch.linalg.eigh(changes @ changes.T).eigenvectors[:, -1] @ changes
axis = axis / axis.norm()
steep = ((A @ axis).norm() / (G @ axis).norm()).item()
off = [of - (of @ axis)[:, None] * axis for of in (A, G)]
live = {"steep": steep, "flat": (off[0].norm() / off[1].norm()).item()}
for name, value in live.items():
    assert abs(value / axes["found"]["1.0"][name][0] - 1) < 0.05
found = {f"rate {rate}": of for rate, of in axes["found"].items()}
assert all(len(of["steep"]) == kept["seeds"] for of in found.values())
show(
    pictures.kept(found, theory, live),
    alt="Size of the averaged gradients over that of the gradients, at three learning rates. At 0.3 it is "
    "mostly near 1.2 along both kinds of axes. At 0.6 and 1.0 it is near 0.05 along the steepest axis and near 1.1 "
    "along all others.",
    caption="What an average with β = 0.9 leaves of the gradients of 24 networks. Crosses: your rule, "
    "just now. Dotted: 1, and (1 - β)/(1 + β).",
    claims=("B5, first part", "B5, second part"),
)
turns = {rate: median(of["turns"]) for rate, of in axes["found"].items()}
some = sum(share > 0.25 for share in axes["found"]["0.3"]["turns"])
assert turns["0.3"] < 0.1 and min(turns["0.6"], turns["1.0"]) > 0.9
say(
    f"At the rate 0.3 the gradient along the steepest axis turned its sign in {turns['0.3']:.0%} of the "
    f"steps, at 0.6 in {turns['0.6']:.0%} and at 1.0 in {turns['1.0']:.0%} (medians). At 0.3 "
    f"it still turned in more than a quarter of the steps in {some} of 24 networks."
)

# %% [markdown]
# So it is as on the ravine: where the rate is large enough to jump from wall to wall, the average takes the
# jumps out and leaves the rest. Where nothing jumps there is nothing to damp. (A ratio above 1 is the lag:
# the average still holds gradients from when they were larger.)
#
# ## The classical form
#
# Polyak wrote momentum down in 1964: think of a heavy ball that rolls down a hill. In the classical form
# the gradient is added whole:
#
# $$ v = \beta \, v + g \qquad p = p - \text{lr} \, v $$
#
# $p$ is the parameter and $g$ its gradient. Here the velocity is no average: of a steady gradient it
# becomes $1/(1-\beta)$ times as large.
#
# ### Exercise 09.momentum
#
# Write it. This is what torch does for `torch.optim.SGD(momentum=…)`.


# %%
def momentum(p, g, v, *, lr, beta=0.9):
    """Return the new parameter and the new velocity: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient, same shape.
    v: tensor of that shape, the velocity before this step.
    lr: the learning rate.   beta: what stays of the old velocity.
    """
    ### BEGIN SOLUTION
    v = beta * v + g
    return p - lr * v, v
    ### END SOLUTION


# %%
momentum = check("09.momentum", momentum)

# %% [markdown]
# Both forms take the same steps when the rates differ by the factor $1 - \beta$. Your two rules, over fifty
# steps on the ravine, and torch's optimizer beside them:

# %%
average = path(momentum_ema, RAVINE.gradient, begin, steps=50, lr=1.0, beta=0.9)
classical = path(momentum, RAVINE.gradient, begin, steps=50, lr=0.1, beta=0.9)
torch.testing.assert_close(average, classical)


def by_torch(**settings):
    """Return the path of torch's own optimizer on the ravine, (51, 2)."""
    p = begin.clone().requires_grad_()
    optimizer, points = torch.optim.SGD([p], **settings), [begin]
    for _ in range(50):
        p.grad = RAVINE.gradient(p.detach())
        optimizer.step()
        points.append(p.detach().clone())
    return torch.stack(points)


torch.testing.assert_close(by_torch(lr=0.1, momentum=0.9), classical)
say("The same 51 points, three times.")

# %% [markdown]
# Beware of the name, then: "momentum with β = 0.9 and the rate 0.1" is two different things. Article B's rate
# is ten times that of torch for the same steps.
#
# ## Look ahead
#
# Nesterov's form asks for the gradient not where the point is, but where the velocity is about to carry it.
# That sees a wall before it is hit. If $p$ stands for that point ahead, and the rate stays the same, the rule is
#
# $$ v = \beta \, v + g \qquad p = p - \text{lr} \, (g + \beta \, v) $$
#
# with the new $v$ in the step: what is carried on, and the gradient once more.
#
# ### Exercise 09.nesterov
#
# Write it. The velocity is the classical one.


# %%
def nesterov(p, g, v, *, lr, beta=0.9):
    """Return the new parameter and the new velocity: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient, same shape.
    v: tensor of that shape, the velocity before this step.
    lr: the learning rate.   beta: what stays of the old velocity.
    """
    ### BEGIN SOLUTION
    v = beta * v + g
    return p - lr * (g + beta * v), v
    ### END SOLUTION


# %%
nesterov = check("09.nesterov", nesterov)

# %%
solution("09.nesterov")

# %%
ahead = path(nesterov, RAVINE.gradient, begin, steps=50, lr=0.1, beta=0.9)
torch.testing.assert_close(by_torch(lr=0.1, momentum=0.9, nesterov=True), ahead)
at_one = {
    name: path(rule, RAVINE.gradient, begin, steps=150, lr=1.0, beta=0.9)
    for name, rule in {"classical": momentum, "Nesterov": nesterov}.items()
}

# %% tags=["hide-input"]
past = [float(points[:, 0].max()) / 8 for points in at_one.values()]
across = [float(points.diff(dim=0)[:, 1].abs().sum()) / 1.5 for points in at_one.values()]
assert 0.1 < past[1] < past[0] < 0.4 and across[1] < across[0] / 3
say(
    f"Torch's Nesterov agrees. At the rate 1 the classical rule rolls past the minimum by {past[0]:.0%} of the way "
    f"that it came, Nesterov's by {past[1]:.0%}; and across the ravine they travel {across[0]:.1f} and "
    f"{across[1]:.1f} times the first error."
)

# %% [markdown]
# Why is it famous? Take any convex cost with the largest curvature $L$, and a start at the distance $d$ from a
# minimum. At the rate $1/L$ the cost is above its minimum after $t$ steps by no more than
#
# $$ \frac{L d^2}{2 t} \;\text{ with gradient descent,} \qquad \frac{2 L d^2}{(t+1)^2} \;\text{ with Nesterov's form,} $$
#
# before its look ahead, if β grows as $(t-1)/(t+2)$ (Nesterov 1983; with this β, Su, Boyd and Candès 2014). In
# large dimensions no rule that only adds up gradients has a better power of $t$ for all such costs (Nemirovski
# and Yudin 1983). Below, a chain of 200 weights, on which
# lower bounds are proved: each is tied to the next, and the first is pulled to 1.

# %% tags=["hide-input"]
# The table: what is left on the chain, and what the two bounds allow.
minimum = 1 - torch.arange(1, 201, dtype=torch.float64) / 201


def left_of(p):
    """Return how far the chain's cost is above its minimum, and its gradient at p."""
    tension = torch.cat([2 * p[:1] - p[1:2], 2 * p[1:-1] - p[:-2] - p[2:], 2 * p[-1:] - p[-2:-1]])
    gradient = (tension - torch.eye(200, dtype=torch.float64)[0]) / 4  # so the curvature is below 1
    return ((p - minimum) @ gradient).item() / 2, gradient


plain = carried = last = torch.zeros(200, dtype=torch.float64)
distance, left = minimum.square().sum().item(), {}
for i in range(1, 401):
    plain = plain - left_of(plain)[1]
    new = carried - left_of(carried)[1]
    carried, last = new + (i - 1) / (i + 2) * (new - last), new
    if i in (25, 100, 400):
        left[f"after {i}"] = {
            "gradient descent": left_of(plain)[0],
            "its bound": distance / (2 * i),
            "Nesterov's form": left_of(last)[0],
            "its bound too": 2 * distance / (i + 1) ** 2,
        }
for of in left.values():
    descent_left, its_bound, nesterov_left, other_bound = of.values()
    assert 2 * nesterov_left < descent_left <= its_bound and nesterov_left <= other_bound
rows = [
    [name.removesuffix(" too"), *(of[name] for of in left.values())] for name in left["after 25"]
]
say(table({"above the minimum": ""} | dict.fromkeys(left, ".2g"), rows))

# %% [markdown]
# Now all four train networks on digits: two layers, mini-batches of 50. Each rule has the rate that the
# stored experiment chose for it on validation images. Three of its 24 seeds are done again, as one batched
# program, for five of the ten epochs.

# %%
cell = kept["digits"]["found"]["2 layers, batches of 50"]
runs_again = draw_runs(partial(script.draw, cell["sizes"]), range(3)).to(device())


def trained(rule, **hyper):
    """Return the training losses of each seed after each epoch, and the test accuracies."""
    settings = {name: [value] for name, value in hyper.items()}
    how = {"rule": rule, "epochs": 5, "batch_size": cell["batch_size"]}
    found = grid(network, runs_again, settings=settings, **how)
    return found.history["train_loss"][0], found.measure(accuracy)[0]


sides = cell["sides"]
lr_of = {name: side["lr"] for name, side in sides.items()}
heavy = {"lr": 0.1 * lr_of["β = 0.9"], "beta": 0.9}
results = {
    "β = 0": trained(gd, lr=lr_of["β = 0"]),
    "β = 0.9": trained(momentum_ema, lr=lr_of["β = 0.9"], beta=0.9),
    "classical": trained(momentum, **heavy),
    "Nesterov, β = 0.9": trained(nesterov, lr=0.1 * lr_of["Nesterov, β = 0.9"], beta=0.9),
}

# %% tags=["hide-input"]
words = {"β = 0": "gradient descent", "β = 0.9": "average", "Nesterov, β = 0.9": "Nesterov"}
rows = []
for name, (losses, right) in results.items():
    was = torch.tensor(sides[name if name in sides else "β = 0.9"]["train_loss"])
    torch.testing.assert_close(losses, was[:3, :6], rtol=0.02, atol=0.002)
    assert (losses[:, 5] < 0.5).all() and right.min() > 0.85
    lr = lr_of.get(name, heavy["lr"]) * (0.1 if name.startswith("Nesterov") else 1)
    rows.append([words.get(name, name), lr, median(was[:, 5])])
columns = {"rule": "", "learning rate": ".2g", "training loss after 5 epochs, median of 24": ".2f"}
say(table(columns, rows))

# %% [markdown]
# The course also has one `torch.optim.Optimizer` that runs any rule, yours too, wherever torch's own would
# be used. It keeps the velocities.

# %%
begun, one, _ = script.draw(cell["sizes"], 0)
settings = {"lr": 0.1, "epochs": 2, "batch_size": 50, "label": None}
by_mine = {"optimizer": RuleOptimizer, "rule": momentum, **settings}
with_mine, _ = train(network, begun, one, generator=generator(5), **by_mine)
with_torch, _ = train(network, begun, one, generator=generator(5), momentum=0.9, **settings)
for name, value in with_torch.items():
    torch.testing.assert_close(with_mine[name], value, rtol=1e-3, atol=1e-3)
say("After two epochs the weights are those that torch's own momentum gives.")

# %% [markdown]
# ## How much memory?
#
# On a bowl this can be worked out. Look at one axis with the curvature $\lambda$, and let $e_t$ be the error
# after $t$ steps. Its gradient is $\lambda e_t$. In the classical form a step is $-\text{lr} \, v$, so the step
# before this one was $e_t - e_{t-1}$, and of it a part $\beta$ is repeated:
#
# $$ e_{t+1} = e_t - a \, e_t + \beta \, (e_t - e_{t-1}) \qquad \text{with } a = \text{lr} \cdot \lambda $$
#
# Try $e_t = z^t$. It works when
#
# $$ z^2 - (1 + \beta - a) \, z + \beta = 0 $$
#
# This has two *roots*, and the error is made of their powers. The larger one decides: in the end the
# error is multiplied by its size at each step. The product of the roots is $\beta$.
#
# - If they are real and different, one of them is larger than $\sqrt{\beta}$: slow.
# - If they are complex, both have the size $\sqrt{\beta}$, and the error swings: less memory would be faster.
# - Best is in between, where the two roots meet. That is the **critical** β. The quadratic formula says when:
#   $(1 + \beta - a)^2 = 4 \beta$.
#
# ### Exercise 09.critical_beta
#
# Solve this for β. Then do the same for the form that averages, where the gradient counts $1 - \beta$ times:
# $(1-\beta) \, a$ stands in the place of $a$. (Take $\sqrt{\beta}$ for the unknown. There are two solutions;
# take the smaller.)


# %%
def critical_beta(a):
    """Return the best beta of one axis: classical, then average.

    a: a number above 0 and up to 4, the learning rate times the curvature.
        (In Python its root is a ** 0.5.)
    The results are two numbers.
    """
    ### BEGIN SOLUTION
    classical = (1 - a**0.5) ** 2
    average = ((1 - a) / (1 + a)) ** 2
    return classical, average
    ### END SOLUTION


# %%
critical_beta = check("09.critical_beta", critical_beta)

# %%
shown = (0.02, 0.1, 0.5, 1.5)
for a in shown:
    classical, _ = critical_beta(a)
    others = [spectral_radius(a, beta) for beta in (0, 0.5, 0.99)]
    assert all(other >= spectral_radius(a, classical) - 1e-9 for other in others)

# %% tags=["hide-input"]
for a in shown:
    for beta, step in zip(critical_beta(a), (a, (1 - critical_beta(a)[1]) * a), strict=True):
        assert abs(float(spectral_radius(step, beta)) - beta**0.5) < 1e-6
show(
    pictures.memories(critical_beta, shown),
    alt="Two panels, for the classical form and the average: what is kept of an error at each step against "
    "beta, for four values of a. Each curve falls to a lowest point, marked by a dot, and then rises along "
    "one common curve, the root of beta.",
    caption="What is kept of an error at each step, against β. Dots: your critical β. Grey: √β, below which no "
    "curve goes.",
)
best = critical_beta(1.0 / 50)[0]
say(
    f"On the ravine at the classical rate 1 the flat axis has a = 0.02, and its critical β is {best:.2f}: at "
    f"each step {best**0.5:.3f} of the error is kept. Without memory it would be {1 - 0.02:.3f}, with "
    f"β = 0.9 {0.9**0.5:.3f}."
)

# %% [markdown]
# A bowl has more than one axis, and the rate is free too. Polyak found the best of both: a rate at which the
# steepest and the flattest axis are critical with the *same* β. With the condition number $\kappa$ and the
# steepest curvature $L$ it is
#
# $$ \beta = \left( \frac{\sqrt{\kappa} - 1}{\sqrt{\kappa} + 1} \right)^2 \qquad
# \text{lr} = \frac{4}{L \left( 1 + 1/\sqrt{\kappa} \right)^2} $$
#
# and in the end all axes keep $\sqrt{\beta}$ of their error at each step. Gradient descent at its best keeps $(\kappa - 1) /
# (\kappa + 1)$: the same formula without the roots.

# %%
root = 0.9**0.5
even = (1 + root) / (1 - root)  # here gradient descent keeps as much as momentum with β = 0.9
rows = []
for condition in (2, 10, 50, 100, 1000, even**2):
    lr, beta = best_momentum(condition)
    for curvature in (1, 1 / condition):  # the steepest and the flattest
        assert abs(spectral_radius(lr * curvature, beta) - beta**0.5) < 1e-6
    rows.append([condition, beta, beta**0.5, (condition - 1) / (condition + 1)])

# %% tags=["hide-input"]
assert abs((even - 1) / (even + 1) - root) < 1e-12 and abs(best_momentum(even**2)[1] - 0.9) < 1e-12
assert abs(best_momentum(10)[1] - 0.27) < 0.005 and 1400 < even**2 < 1500
kept_at = {"kept at each step": ".3f", "kept by gradient descent": ".3f"}
say(table({"κ": ".0f", "best β": ".2f", **kept_at}, rows))
say(
    f"So β = 0.9 is the best memory for a condition number of {even**2:.0f}. Below that it is too much: the error swings "
    f"and keeps √0.9, which is {root:.3f}, whatever the bowl. Gradient descent keeps as little as that up to a condition "
    f"number of {even:.0f}. On rounder bowls it should be *faster* than momentum with β = 0.9."
)

# %% [markdown]
# The stored experiment tried this on ten bowls, from 24 random starts each. Every side had 57 learning rates to
# choose from, from nearly 0 to the largest stable one, and chose on eight other starts. An iteration count says
# when the distance to the minimum falls below a thousandth of the first one for good. Your rules repeat
# the ravine.

# %%
bowl = kept["bowl"]
ravine, counts = bowl["found"]["50"], {}
mine_of = {
    "gradient descent": gd,
    "momentum, β = 0.9": momentum,
    "momentum, Polyak's β": momentum,
    "Nesterov, β = 0.9": nesterov,
}
for name, rule in mine_of.items():
    hyper = {key: ravine[name][key] for key in ("lr", "beta") if key in ravine[name]}
    points = path(rule, RAVINE.gradient, script.starts(0, 24), steps=600, **hyper)
    counts[name] = script.iterations(points)

# %% tags=["hide-input"]
for name, own in counts.items():
    assert (own - doubles(*ravine[name]["iterations"])).abs().max() <= 2
by_side = {
    name: [of[name]["iterations"] for of in bowl["found"].values()] for name in bowl["found"]["50"]
}
assert all(len(runs) == kept["seeds"] for side in by_side.values() for runs in side)
show(
    pictures.needed(
        bowl["conditions"], by_side, {name: (50, median(own)) for name, own in counts.items()}
    ),
    alt="Iterations against the condition number. Gradient descent rises from 1 to 3000. Momentum with beta "
    "0.9 stays near 125 and crosses it between 20 and 50. With 0.99 it stays above 1300. Momentum with "
    "Polyak's beta is lowest nearly everywhere and rises from 1 to 140.",
    caption="Iterations to a thousandth of the first distance, each side at its best rate. Line: median of 24 "
    "starts. Band: middle nine tenths.",
    claims=("B5, third part",),
)
on_ravine = {
    name: torch.tensor(of["iterations"]).double().mean().item() for name, of in ravine.items()
}
polyaks = "momentum, Polyak's β"
assert 140 < on_ravine["gradient descent"] < 180 and 115 < on_ravine["momentum, β = 0.9"] < 135
assert on_ravine[polyaks] < 40
say(
    f"On the ravine gradient descent needed {on_ravine['gradient descent']:.0f} iterations. Momentum needed "
    f"{on_ravine['momentum, β = 0.9']:.0f} with β = 0.9, and {on_ravine[polyaks]:.0f} with Polyak's β, which is "
    f"{best_momentum(50)[1]:.2f} (means over 24 starts, as the rates were chosen)."
)

# %% [markdown]
# That answers the second prediction. It is not momentum that is slow there, it is 0.9.
#
# ## What goes wrong
#
# **The noise stays.** An average of noisy gradients is calm, so should the weights not be calm as well? On one axis
# add independent noise of the variance $\sigma^2$ to each gradient, and let the run go on until the error $e$
# only wanders, with the variance $V$ and the covariance $C$ of neighbours. Multiply the classical step by $e_t$ and
# take the mean: $C = (1 + \beta - a) V - \beta C$. Square it and take the mean:
#
# $$ V = (1 + \beta - a)^2 V + \beta^2 V - 2 \beta (1 + \beta - a) C + \text{lr}^2 \sigma^2 $$
#
# Solve for $V$ and write $\eta = \text{lr} / (1 - \beta)$, the rate that a rolling ball has, which is that of
# the average:
#
# $$ V = \frac{\eta \sigma^2}{\lambda \left( 2 - \eta \lambda \, (1-\beta) / (1+\beta) \right)} \approx
# \frac{\eta \sigma^2}{2 \lambda} $$
#
# In the last form there is no β: it is the noise floor of lesson 08. Averaging spreads each noisy gradient over
# many steps, and in the end all of it has been added.

# %%
source, rows = generator(0), []
for beta in (0.0, 0.5, 0.9, 0.99):
    points = path(
        momentum_ema,
        lambda p: p + torch.randn(p.shape, generator=source, dtype=p.dtype),
        torch.zeros(2000, dtype=torch.float64),
        steps=2000, lr=0.05, beta=beta,
    )  # fmt: skip
    floor = 0.05 / (2 - 0.05 * (1 - beta) / (1 + beta))
    rows.append([beta, floor, points[1000:].square().mean()])

# %% tags=["hide-input"]
assert all(abs(float(wandering) / floor - 1) < 0.05 for _, floor, wandering in rows)
say(table({"β": "g", "V by theory": ".4f", "of 2000 runs": ".4f"}, rows))

# %% [markdown]
# **Too much memory.** A heavy ball rolls past the minimum, up the other side, and back. Along the flat axis of the
# ravine, at the classical rate 1:

# %%
flat = {}
for beta in (0.0, critical_beta(0.02)[0], 0.9, 0.99):
    points = path(momentum, RAVINE.gradient, begin, steps=150, lr=1.0, beta=beta)
    flat[f"β = {beta:.2f}"] = points[:, 0]

# %% tags=["hide-input"]
past = {name: float(x.max()) / 8 for name, x in flat.items()}
assert past["β = 0.00"] < 0 and past["β = 0.74"] < 1e-9 < 0.25 < past["β = 0.90"] < past["β = 0.99"]
show(
    pictures.swings(flat),
    alt="The error along x against the step, for four values of beta. With 0 it rises slowly to zero, with "
    "0.74 quickly. With 0.9 it shoots past zero once or twice, with 0.99 it swings on without an end in "
    "sight.",
    caption="Four memories on the flat axis of the ravine. The second is the critical one.",
)
say(
    f"With β = 0.9 it shoots past the minimum by {past['β = 0.90']:.0%} of the way that it came, with β = 0.99 by "
    f"{past['β = 0.99']:.0%}."
)

# %% [markdown]
# **The old rate is kept.** Whoever turns on torch's momentum and leaves the rate makes steps that are
# $1/(1-\beta)$ times as large once the ball rolls. The stored experiment tried sixteen rates with each memory.
# Here is the loss on validation images after ten epochs. The rate of the average is article B's, that of the
# classical form is torch's.

# %% tags=["hide-input"]
panels = {}
for title in ("2 layers, batches of 50", "5 layers, batches of 50"):
    of = kept["digits"]["found"][title]["sides"]
    panels[title] = {
        "gradient descent": of["β = 0"]["by_rate"],
        "β = 0.9, average": of["β = 0.9"]["by_rate"],
        "β = 0.9, classical": of["β = 0.9"]["by_rate"],
    }
rates = kept["digits"]["rates"]
show(
    pictures.by_rate(rates, panels),
    alt="Validation loss against the learning rate for two networks. The valleys of gradient descent and of "
    "the average lie at about the same rates, that of the average is wider to the right. The valley of the "
    "classical form is the same, moved to a tenth of the rate.",
    caption="The loss on validation images after ten epochs, mean of ten runs at each rate. A gap: some run "
    "broke off.",
)


def nearest(title, side, rate):
    """Return the stored loss at the tried rate that is nearest to this one."""
    place = min(range(len(rates)), key=lambda i: abs(rates[i] / rate - 1))
    return kept["digits"]["found"][title]["sides"][side]["by_rate"][place]


two = "2 layers, batches of 50"
before, after = nearest(two, "β = 0", 0.5), nearest(two, "β = 0.9", 5.66)
also = nearest(two, "β = 0.9", 4.0)
lower = nearest(two, "β = 0.9", 0.5)
assert min(also, after) > 2 * before and abs(lower / before - 1) < 0.25
say(
    f"Gradient descent at the rate 0.5 came to {before:.2f}. Classical momentum at 0.5 takes the steps of the "
    f"average at 5: rates just below and above that came to {also:.2f} and {after:.2f}. At a tenth of the rate, "
    f"0.05, it is {lower:.2f} again."
)

# %% [markdown]
# That answers the third prediction.
#
# ## Claims, measured
#
# Every memory tried the same sixteen rates, in three settings: two layers and five with mini-batches of 50 for
# ten epochs, which are 200 steps; and two layers with all thousand images in each step, 100 steps. The mean loss on
# validation images of ten seeds chose the rate, and the best of the memories. Then 24 other seeds were trained,
# and the loss on their test images is reported. Runs that are compared share division, starting weights and
# order. In brackets are 95 % intervals of the mean. They speak of re-divisions of these images, not of others.

# %% tags=["hide-input"]
cells = kept["digits"]["found"]


def scores(title, side):
    """Return 24 test losses."""
    return torch.tensor(cells[title]["sides"][side]["test_loss"])


others = [name for name in sides if name != "β = 0.9"]
gained = {
    title.replace(", ", "\n"): {
        name: scores(title, name) - scores(title, "β = 0.9") for name in others
    }
    for title in cells
}
assert all(len(scores(title, name)) == kept["seeds"] for title in cells for name in sides)
show(
    runs.differences(gained, confidence_interval, "test loss less that of β = 0.9"),
    alt="Three panels of test losses as differences to beta 0.9, for seven other memories. From 0 to 0.95 and "
    "with Nesterov's form they lie near zero. The losses of 0.98 and 0.99 are clearly higher in all panels.",
    caption="How much higher the test loss of other memories is than that of β = 0.9, each at its best rate. A dot is a "
    "run, a bar the 95 % interval of the mean.",
    claims=("B4, third part",),
)

# %% tags=["hide-input"]
assert abs(window(0.9)[0] - 10) < 1e-9 and 0.6 < window(0.99)[1] < window(0.9)[1] < 0.7
verdict(
    "B4, first part: the moving average spans n ≈ 1/(1 - β) values, 10 at 0.9 and 100 at 0.99.",
    "holds when two thirds of the weight are meant",
    f"The last 10 values have {window(0.9)[1]:.0%} of the weight at β = 0.9, the last 100 {window(0.99)[1]:.0%} at "
    f"0.99. By the noise that is left, an average is as calm as a plain mean of {calm_of[0.9]:.0f} and of "
    f"{calm_of[0.99]:.0f} values: it spans twice as many.",
)

# %% tags=["hide-input"]
assert all(abs(lag_of[beta] - lag(beta)) < max(1.1, 0.1 * lag(beta)) for beta in betas)
off = [abs(lag_of[beta] - lag(beta)) for beta in betas]
verdict(
    "B4, second part: a larger β shifts the curve to the right.",
    "holds",
    f"On 24 noisy losses the average came from {min(lag_of.values()):.0f} steps late at β = 0.5 to "
    f"{max(lag_of.values()):.0f} at 0.99 (medians). At no β was that more than {max(off):.0f} steps from β/(1 - β).",
)


# %% tags=["hide-input"]
def against(name):
    """Return how much more a memory loses than 0.9 in each setting, with its interval."""
    return [confidence_interval(scores(title, name) - scores(title, "β = 0.9")) for title in cells]


memories = [name for name in sides if name[0] == "β"]
tops = [min(memories, key=lambda name: of["sides"][name]["tuned_loss"]) for of in cells.values()]
chosen = [against(name)[i] for i, name in enumerate(tops)]
lower = [gap.high < 0 for gap in chosen]
long = [gap for name in ("β = 0.98", "β = 0.99") for gap in against(name)]
assert tops == ["β = 0.8", "β = 0.5", "β = 0.5"] and lower == [False, False, True]
assert min(gap.low for gap in long) > 0.03 and min(gap.low for gap in chosen) > -0.05
verdict(
    "B4, third part: β = 0.9 is mostly right.",
    "holds, within a wide range",
    f"Ten other seeds chose {tops[0][4:]}, {tops[1][4:]} and {tops[2][4:]} as the best of seven memories. Their test "
    f"loss, less that of 0.9, is {chosen[0]:+.3f} with two layers, and {chosen[1]:+.3f} with five: no difference can "
    f"be told, and at most about 0.05 could have been missed. With all images at once it is {chosen[2]:+.3f}, and "
    "0.9 is a little too much. With 0.98 and 0.99 the loss is higher than with 0.9 in all three settings: 100 or 200 "
    "steps in all are few for such a window.",
)

# %% tags=["hide-input"]
steep_left = {rate: confidence_interval(of["steep"]) for rate, of in axes["found"].items()}
assert max(steep_left[rate].high for rate in ("0.6", "1.0")) < 0.06 and steep_left["0.3"].low > 0.8
verdict(
    "B5, first part: momentum damps the steep axis.",
    "holds when the steps jump from wall to wall",
    f"In 24 networks at the rates 0.6 and 1.0 an average with β = 0.9 left {steep_left['0.6'].mean:.3f} and "
    f"{steep_left['1.0'].mean:.3f} of the gradients along their steepest axis, and by theory it is {theory:.3f}. At 0.3 "
    f"most networks hardly jump, and {steep_left['0.3'].mean:.2f} is left (means). Nor does the error die out faster: on the ravine at the rate "
    f"1.9 gradient descent keeps 0.9 of the steep error at each step, and the average {0.9**0.5:.2f}. It makes small "
    "swings of wide jumps.",
)

# %% tags=["hide-input"]
flat_left = {rate: confidence_interval(of["flat"]) for rate, of in axes["found"].items()}
assert min(gap.low for gap in flat_left.values()) > 0.9
verdict(
    "B5, second part: momentum keeps the flat axis.",
    "holds",
    "Of the gradients along all other axes the average left "
    + ", ".join(f"{flat_left[rate].mean:.2f} at the rate {rate}" for rate in flat_left)
    + " (means). More than 1, since it lags and the gradients shrink.",
)


# %% tags=["hide-input"]
def saved(condition, name):
    """Return how many iterations a side takes more or less than gradient descent, run by run."""
    of = bowl["found"][str(condition)]
    return confidence_interval(
        torch.tensor(of[name]["iterations"]) - torch.tensor(of["gradient descent"]["iterations"])
    )


fixed, tuned = "momentum, β = 0.9", "momentum, Polyak's β"
assert saved(20, fixed).low > 0 > saved(50, fixed).high and saved(1000, fixed).high < -2000
assert all(saved(condition, tuned).high < 0 for condition in bowl["conditions"][1:])
assert all(
    min(bowl["found"][str(c)]["momentum, β = 0.99"]["iterations"]) > 1000
    for c in bowl["conditions"]
)
verdict(
    "B5, third part: momentum needs fewer iterations than gradient descent on a ravine.",
    "holds when the condition number is above about 40, for β = 0.9",
    f"Each at its best of 57 rates: the change in iterations is {saved(1000, fixed)} at a condition number of 1000, "
    f"{saved(50, fixed)} at 50, and {saved(20, fixed)} at 20: there momentum needs more. With Polyak's β for each bowl it "
    f"needs fewer from a condition number of 2 on: {saved(50, tuned)} at 50. With β = 0.99 it needs more than a thousand "
    "on any bowl.",
)

# %% tags=["hide-input"]
reached = {
    title.replace(", ", "\n"): {
        name: side["reached"] for name, side in cells[title]["sides"].items()
    }
    for title in cells
}
show(
    pictures.soon(reached, [cells[title]["epochs"] for title in cells]),
    alt="For three settings and eight memories, the epoch at which each of 24 runs reached the training loss "
    "that gradient descent ended with, as a share of its epochs. From 0.5 to 0.9 it is a quarter to three quarters "
    "with two layers. With 0.98 and 0.99 most or all runs never reach it.",
    caption="How soon each run reaches the loss that gradient descent, from the same start, ended with. A ring: "
    "never. A bar: the median.",
    claims=("B5, fourth part",),
)


# %% tags=["hide-input"]
def share(title, name):
    """Return the median share of the epochs, and how many runs reached the goal at all."""
    at = cells[title]["sides"][name]["reached"]
    epochs = cells[title]["epochs"]
    known = [one for one in at if one is not None]
    never = [2 * epochs] * (len(at) - len(known))
    return median(known + never) / epochs, len(known)


titles = list(cells)
half, too_long = ([share(title, name) for title in titles] for name in ("β = 0.9", "β = 0.98"))
none, ahead_of = against("β = 0"), against("Nesterov, β = 0.9")
told = [gap.low > 0 for gap in none]
assert told == [True, False, True] and [gap.high < 0 for gap in ahead_of] == [False, True, False]
assert max(part for part, _ in half) < 0.9
assert min(count for _, count in half) > 16 and max(count for _, count in too_long) < 12
verdict(
    "B5, fourth part: momentum needs fewer iterations than gradient descent when a network learns.",
    "holds when the memory is short for the steps there are",
    f"With β = 0.9 the training loss at which gradient descent ends is reached after {half[0][0]:.0%} of the epochs with two "
    f"layers, {half[1][0]:.0%} with five and {half[2][0]:.0%} with all images at once (medians), by at least "
    f"{min(count for _, count in half)} of 24 runs. With 0.98 at most {max(count for _, count in too_long)} get there. The test "
    f"loss of gradient descent, less that of 0.9, is {none[0]:+.3f} with two layers and {none[2]:+.3f} with all images "
    f"at once; with five layers the difference cannot be told, {none[1]:+.3f}. There Nesterov's form with 0.9 "
    f"is ahead of the average: {ahead_of[1]:+.3f}. With two layers it cannot be told apart.",
)

# %% [markdown]
# ## Take away
#
# - An exponential average remembers about $1/(1-\beta)$ values, comes $\beta/(1-\beta)$ steps late, and starts from 0.
#   It needs one stored number.
# - Momentum steps along an average of the gradients. What turns its sign cancels, what is steady is kept, and so
#   the rate may be larger than the steep axis alone would allow.
# - The best β depends on the condition number: 0.27 for 10, 0.9 for 1400. With more memory than that the error swings. Change β,
#   and choose the rate anew.
#
# ## Further reading
#
# - B. T. Polyak (1964), *Some methods of speeding up the convergence of iteration methods*, USSR Computational Mathematics and
#   Mathematical Physics 4(5): the heavy ball, and its best β.
# - Y. Nesterov (1983), *A method for solving the convex programming problem with convergence rate O(1/k²)*, Soviet
#   Mathematics Doklady 27: the step that looks ahead. A. Nemirovski and D. Yudin (1983), *Problem complexity and
#   method efficiency in optimization*: that no rule has a better power.
# - I. Sutskever, J. Martens, G. Dahl and G. Hinton (2013), *On the importance of initialization and momentum in deep
#   learning*, ICML: both forms on networks.
# - G. Goh (2017), *Why momentum really works*, Distill: the roots, drawn.
#
# Momentum still has one rate for all axes. The next lesson gives each its own.
