# %% [markdown]
# # 05 · Losses
#
# **Question.** What should a network be sorry for?
#
# **Time.** about 75 minutes.
#
# **Before this.** [04 · Initializers](04_initializers.ipynb)

# %% [markdown]
# A network learns by making one number smaller: its **loss**, which says how wrong its answers are.
# Which number that is, is your choice. This lesson shows where the usual losses come from and how they
# pull at a network, and tests what article A says about them. One of its sentences is the wrong way
# round.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiment
from functools import partial

import torch
from torch.func import grad, vmap

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Slider, interact, losses, say, show, table, verdict
from course_lib.figures.runs import differences
from course_lib.lab import (
    Split,
    accuracy,
    confidence_interval,
    device,
    diabetes,
    digits,
    draw_runs,
    experiment,
    generator,
    grid,
    stored,
    train,
)
from course_lib.lab.calibration import calibration_error, reliability_bins
from course_lib.lab.networks import network
from course_lib.nn.cross_entropy import bce, brier
from course_lib.nn.losses import absolute

script, kept = experiment("05_losses"), stored("05_losses")
outliers, labels, speed, trust = (kept[claim] for claim in ("A8", "A9", "A10", "A11"))
assert (kept["seeds"], kept["tuning_seeds"]) == (24, 12)
assert (len(kept["lrs"]), len(outliers["lrs"])) == (21, 22)
patients = diabetes().to(device())

# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. A model predicts how far a disease will go, and is trained with squared errors. In one target out
#    of ten somebody typed a zero too many. How much larger do its errors get: by a tenth, by half, or
#    more than twice as large?
# 2. A network is asked yes or no, and gives the right answer one chance in a thousand. Which loss pulls
#    harder at it: cross-entropy, or the squared error of the probability? Twice, ten times, or hundreds
#    of times as hard?
# 3. Two networks go on training until they know their images by heart, one with cross-entropy, one
#    with the squared error of its probabilities. Which of them claims to be surer than it should be:
#    the first, the second, both, or neither?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## One number for all mistakes
#
# The data are 442 patients with diabetes. From ten measures of each, how far the disease had gone a year
# later is to be predicted, a number from 25 to 346. For patient $i$ call the prediction $p_i$ and the
# truth, the *target*, $y_i$. The **mean squared error** (MSE) of $n$ predictions is
#
# $$ \text{MSE} = \frac{1}{n} \sum_{i=1}^{n} (p_i - y_i)^2 $$
#
# Every error counts, whatever its sign, and large ones more: a miss by 3 costs nine times a miss by 1.
#
# ### Exercise 05.mse
#
# Write it. It is the mean, not the sum, so that the number of examples does not matter.


# %%
def mse(prediction, target):
    """Return the mean squared error.

    prediction: tensor of shape (n,).
    target: tensor of shape (n,).
    The result is a single number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    return ((prediction - target) ** 2).mean()
    ### END SOLUTION


# %%
mse = check("05.mse", mse)

# %%
solution("05.mse")

# %% [markdown]
# Let a model say the same number to every patient. Which number is best? Your `mse` decides, and then
# the **mean absolute error**, $\frac{1}{n} \sum_i |p_i - y_i|$, in which a miss by 3 costs three times a
# miss by 1.


# %%
def best_guess(loss, targets, guesses):
    """Return the guess that costs least if it is made for every target."""
    costs = vmap(lambda guess: loss(guess.expand(len(targets)), targets))(guesses)
    return guesses[costs.argmin()].item()


y = patients.train.y.double()
guesses = torch.arange(25, 347, dtype=torch.float64, device=y.device)
best = {"MSE": best_guess(mse, y, guesses)}
best["absolute"] = best_guess(absolute, y, guesses)

# %% tags=["hide-input"]
# Both guesses in words
assert abs(best["MSE"] - y.mean()) <= 0.5 and abs(best["absolute"] - y.median()) <= 1
say(
    f"For MSE the best single guess is {best['MSE']:.0f}; the mean of the targets is {y.mean():.1f}. "
    f"For the absolute error it is {best['absolute']:.0f}; their median is {y.median():.0f}."
)

# %% [markdown]
# So a loss decides *what* is predicted: squared errors ask for the **mean** of what may come, absolute
# errors for the **median**, the number that half of the targets lie below.
#
# ## Where losses come from
#
# Why squares, and not fourth powers? Gauss (1809) turned the question round: for which errors are
# squares right? Say that a target scatters around the prediction, and that the error $r_i = p_i - y_i$
# has the density $f(r_i)$. For independent examples the targets that came then have the density
# $f(r_1) \cdots f(r_n)$, the **likelihood** of the predictions. The best network is the one that makes
# what happened most likely: **maximum likelihood** (Fisher, 1922). The logarithm makes a sum of the
# product, and a minus sign makes a loss of it:
#
# $$ \text{loss} = -\frac{1}{n} \sum_i \log f(r_i) $$
#
# | noise | density $f(r)$ | $-\log f(r)$, but for a constant | loss |
# |---|---|---|---|
# | Gaussian | $\propto \exp(-r^2 / 2 s^2)$ | $r^2 / 2 s^2$ | squared error |
# | Laplace | $\propto \exp(-\lvert r \rvert / b)$ | $\lvert r \rvert / b$ | absolute error |
#
# The width $s$ or $b$, if it is one number for all examples, does not move the minimum. So each is
# a belief about the noise, and a network should be sorry for one thing: *having held unlikely what then
# happened*. Does the right belief pay? Draw 101 numbers around 0, four thousand times, and guess the
# centre by the mean (squares) and by the median (absolute errors).

# %%
laws = {
    "Gaussian": torch.distributions.Normal(0.0, 1.0),
    "Laplace": torch.distributions.Laplace(0.0, 0.5**0.5),  # its standard deviation is 1 too
}
draws = torch.rand(4000, 101, generator=generator(0))
spreads = []
for noise, law in laws.items():
    samples = law.icdf(draws)
    spreads.append([noise, samples.mean(dim=1).std(), samples.median(dim=1).values.std()])

# %% tags=["hide-input"]
# The table: how far each guess is off
(_, gauss_mean, gauss_median), (_, laplace_mean, laplace_median) = spreads
assert gauss_mean < 0.85 * gauss_median and laplace_median < 0.85 * laplace_mean
say(table({"noise": "", "spread of the mean": ".3f", "spread of the median": ".3f"}, spreads))
ratio = {
    name: (law.log_prob(torch.tensor(0.0)) - law.log_prob(torch.tensor(10.0))).item()
    for name, law in laws.items()
}
assert round(ratio["Gaussian"]) == 50 and round(ratio["Laplace"]) == 14
say(
    "Of the two, each is best for its own noise. And each is shocked by other things: at ten standard "
    f"deviations the density is $e^{{{-ratio['Gaussian']:.0f}}}$ of its peak if the noise is Gaussian, "
    f"so that the fit does much to explain such an error away; it is $e^{{{-ratio['Laplace']:.0f}}}$ if it is Laplace's."
)

# %% [markdown]
# ## How hard a mistake pulls
#
# Training goes against the gradient: how the loss changes with each prediction. Its size is how hard the
# loss pulls at the prediction, and the pull is towards the target:
#
# $$ \frac{\partial\, \text{MSE}}{\partial p_i} = \frac{2}{n} r_i \qquad\qquad
# \frac{\partial\, \text{absolute}}{\partial p_i} = \frac{1}{n} \text{sign}(r_i) $$
#
# Squared errors pull harder the larger they are, without end: one wild target can outweigh all others.
# Absolute errors all pull alike, a thousandth as much as a thousand: near a target the pull does not
# fade.
#
# **Huber's loss** (1964) is Gaussian in the middle and Laplace's further out. Where the middle ends is
# your choice, $\delta$, in the unit of the target:
#
# $$ \text{Huber} = \frac{1}{n} \sum_i \begin{cases} \frac{1}{2} r_i^2 & \text{if } |r_i| \le \delta \\
# \delta \, \left( |r_i| - \frac{1}{2} \delta \right) & \text{otherwise} \end{cases} $$
#
# At $|r| = \delta$ both lines give $\frac{1}{2} \delta^2$, with the same slope: neither a step nor a
# kink.
#
# ### Exercise 05.huber
#
# Write Huber's loss. `torch.where(condition, a, b)` takes from a where the condition holds, else from b.


# %%
def huber(prediction, target, delta=1.0):
    """Return Huber's loss, the mean over the examples.

    prediction: tensor of shape (n,).
    target: tensor of shape (n,).
    delta: a number above 0, the size up to which errors are squared.
    The result is a single number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    size = (prediction - target).abs()
    squared = 0.5 * size**2
    straight = delta * (size - 0.5 * delta)
    return torch.where(size <= delta, squared, straight).mean()
    ### END SOLUTION


# %%
huber = check("05.huber", huber)

# %%
solution("05.huber")

# %% [markdown]
# The pulls below are the gradients of your own functions.

# %%
along = torch.linspace(-4, 4, 161, dtype=torch.float64)
three = {"MSE": mse, "absolute": absolute, "Huber": partial(huber, delta=1.0)}


def of_one_error(loss):
    """Return what a single error costs, as a function of that error."""
    return lambda r: loss(r[None], torch.zeros(1, dtype=r.dtype))


costs = {name: vmap(of_one_error(loss))(along) for name, loss in three.items()}
pulls = {name: vmap(grad(of_one_error(loss)))(along) for name, loss in three.items()}

# %% tags=["hide-input"]
# The figure: costs and pulls of three losses
torch.testing.assert_close(pulls["Huber"], along.clamp(-1, 1))
torch.testing.assert_close(pulls["MSE"], 2 * along)
torch.testing.assert_close(costs["absolute"], along.abs())
show(
    losses.costs_and_pulls(along, costs, pulls, "error"),
    alt="Two panels. Left, the cost against the error: a parabola for MSE, a V for the absolute error, "
    "and below both Huber's loss, round at the bottom and straight further out. Right, the pull: a "
    "straight line through 0 for MSE, a step for the absolute error, a ramp between minus 1 and 1 for "
    "Huber.",
    caption="What one error costs, and how hard it pulls. Huber's δ is 1.",
    claims=("A8, first part",),
)

# %% [markdown]
# ## Drag an outlier
#
# An **outlier** is an example that does not belong with the others, such as a slip in typing. Below
# are 24 patients and one of their measures, the *body mass index* (weight over height squared). The
# cross is a 25th, invented one. Your `mse` and your `huber` look for the best line.
#
# 1. Take the cross up and down. Which lines follow it, and which let it go?
# 2. Which δ makes Huber's line nearly the one of MSE, and which nearly the one of the absolute error?
# 3. Give the cross a large body mass. Who can still resist?

# %%
few_x = patients.train.x[:24, 2].cpu().double()  # the body mass index
few_y = patients.train.y[:24].cpu().double()
three_losses = {"MSE": mse, "absolute": absolute, "Huber": huber}
drag = partial(losses.drag, three_losses, few_x, few_y)

# %% tags=["hide-input"]
# The figure with the sliders
interact(
    drag,
    partial(
        losses.start_drag,
        xlabel="body mass index, in standard deviations",
        ylabel="how far the disease has gone",
    ),
    losses.draw_drag,
    {
        "target": Slider("outlier's target", 0.0, 800.0, 25.0, 600.0),
        "delta": Slider("δ", 10.0, 300.0, 10.0, 50.0),
        "place": Slider("its body mass", -1.5, 3.0, 0.5, 0.0),
    },
    alt="Left: 24 patients as points, a cross far above them, and three lines. The line of MSE lies "
    "above the other two. Right: bars for the outlier's share of all pull; it is largest for MSE and "
    "smallest for the absolute error.",
    caption="Left, the line with the least loss, for three losses. Right, how much of all pull, the "
    "sizes of the gradient added up, is the outlier's.",
)


# %% tags=["hide-input"]
# How far each line follows
def moved(name, place):
    """Return how far a line moves, in the middle, when the outlier goes from 150 to 800."""
    at = {t: drag(target=t, delta=50.0, place=place)["lines"][name] for t in (150.0, 800.0)}
    return at[800.0][0] - at[150.0][0], at[800.0][1] - at[150.0][1]


up = {name: moved(name, 0.0)[0] for name in three}
turned = {name: moved(name, 3.0)[1] for name in three}
assert up["MSE"] > 3 * up["Huber"] > 0 and turned["MSE"] > turned["Huber"] > 5
say(
    "When the outlier goes from 150 to 800 at an ordinary body mass (0), the height of the line rises by "
    f"{round(up['MSE'])} with MSE, by {round(up['Huber'])} with Huber's loss (δ = 50), and by "
    f"{round(up['absolute'])} with the absolute error. At a large one (3) the slope changes by "
    f"{round(turned['MSE'])}, {round(turned['Huber'])} and {round(turned['absolute'])}."
)

# %% [markdown]
# ## A zero too many
#
# Now all ten measures and all patients. In a share of the training targets a zero is typed too many:
# 155 becomes 1550. The stored experiment did it 24 times, each time with the patients divided anew,
# other slips, starting weights and order. On twelve further divisions each loss chose one of 22
# learning rates, by its own value on validation patients, whose targets have slips too, since in life
# nobody knows which are wrong. The errors are on test patients with right targets. First, two of the
# runs again, with your functions.

# %%
whole, spread = script.scaled()  # targets in standard deviations, from the mean
mean = diabetes().train.y.mean()


def typed(y, share, source):
    """Return targets, a share of which have a zero too many."""
    order = torch.randperm(len(y), generator=source).to(y.device)
    slips = order < round(share * len(y))
    return torch.where(slips, 10 * y + 9 * mean / spread, y)


def rerun_outliers(loss, lr, share):
    """Train the first of the stored runs again; return its test error."""

    def spoil(split, source):
        return Split(split.x, typed(split.y, share, source))

    draw = partial(script.draw, whole, [10, 1], spoil, script.as_it_is, None)
    how = {"loss": loss, "epochs": 60, "batch_size": 33, "label": None}
    runs = draw_runs(draw, [0])
    found = grid(script.one_number, runs, settings={"lr": [lr]}, **how)
    return found.measure(absolute).item() * spread.item()


# %% tags=["hide-input"]
# The table: two runs again, and as stored
assert (outliers["epochs"], outliers["batch"]) == (60, 33)
tenth = outliers["shares"].index(0.1)
rows = []
for name in ("MSE", "Huber"):
    for k in (0, tenth):
        of_loss, share = outliers["by_share"][name][k], outliers["shares"][k]
        now, then = rerun_outliers(three[name], of_loss["lr"], share), of_loss["test_error"][0]
        assert abs(now - then) < 0.02 * then
        rows.append([name, share, 0, now, then])
columns = {"loss": "", "slips": ".0%", "seed": "d", "just now": ".1f", "stored": ".1f"}
say(table(columns, rows))


# %% tags=["hide-input"]
# The figure: error against slips
def errors(kind, name):
    """Return the test errors of all stored runs, `(shares, runs)`."""
    return torch.tensor([row["test_error"] for row in outliers[kind][name]])


panels = {
    "targets with a zero too many": {name: errors("by_share", name) for name in three},
    "body mass index from pounds": {name: errors("inputs", name) for name in three},
}
assert all(runs.shape == (6, 24) for of_panel in panels.values() for runs in of_panel.values())
show(
    losses.error_by_share(panels, outliers["shares"], "mean absolute error"),
    alt="Two panels of the test error against the share that is spoilt. With slips in the targets the "
    "error with MSE climbs steeply while those with Huber's loss and the absolute error stay low. With "
    "slips in an input all three lines lie on each other.",
    caption="Errors on test patients of 24 runs each. The left axis is logarithmic. Line: median. Band: middle "
    "nine tenths of runs. Huber's δ is one standard deviation of the targets.",
    claims=(
        "A8, second part",
        "A8, third part",
        "A10, second part",
    ),
)
by_mse, by_huber = (
    errors("by_share", name)[tenth] / errors("by_share", name)[0] for name in ("MSE", "Huber")
)
assert by_mse.median() > 2 > 1.2 > by_huber.median()
say(
    f"With slips in one target of ten the error with MSE grows to {by_mse.median():.1f} times what it "
    f"was, in the median, and with Huber's loss to {by_huber.median():.2f} times."
)

# %% [markdown]
# That answers the first prediction. The right panel shows a limit. There the targets are right, but
# for a share of the patients the body mass index was computed from pounds instead of kilograms, so
# that it is 2.2 times too large. The losses differ little there. The pull at a weight is the pull at the
# prediction *times the input*: Huber's loss caps the first factor only.
#
# How should δ be chosen? A slip pulls with δ at most. Up to 1, δ matters little here. At 3 it harms already,
# though nearly all slips lie beyond it.

# %% tags=["hide-input"]
# The figure: error against δ
by_delta = {
    words: torch.tensor([row["test_error"] for row in outliers["by_delta"][share]])
    for words, share in (("no slips", "0.0"), ("one target in ten", "0.1"))
}
clean, slips = by_delta.values()
assert clean.shape == slips.shape == (6, 24)
assert slips[-1].mean() > 1.5 * slips[0].mean() and clean.mean(dim=1).std() < 2
assert outliers["deltas"][2:4] == [1, 3] and confidence_interval(slips[3] - slips[2]).low > 5
assert all(runs[:3].mean(dim=1).std() < 0.5 for runs in by_delta.values())  # up to δ = 1
show(
    losses.error_by_delta(outliers["deltas"], by_delta, "mean absolute error"),
    alt="Test error against delta from 0.1 to 30 standard deviations. Without slips the line is flat. "
    "With slips in one target of ten it rises from delta 1 on.",
    caption="Errors on test patients of 24 runs each with Huber's loss, on logarithmic axes. δ is in "
    "standard deviations of the targets. A slip moves a target by 3 to 40 of them.",
    claims=("A8, third part",),
)

# %% [markdown]
# ## Yes or no
#
# When the answer is a class, a network should say how likely each class is. For yes or no it gives one
# number $z$, called a **logit**, and the sigmoid of lesson 02 makes a probability of it, $p =
# \sigma(z)$. With $y$ = 1 for yes and 0 for no, what happened had the probability $p^y (1 - p)^{1-y}$
# (Bernoulli's law). Maximum likelihood once more, and out comes the **binary cross-entropy**:
#
# $$ \text{BCE} = -\frac{1}{n} \sum_i \left[\, y_i \log \sigma(z_i) + (1 - y_i) \log (1 - \sigma(z_i))
# \,\right] $$
#
# Only one of the two terms counts for each example: it is 0 if what happened was held certain, and
# infinite if it was held impossible. Computed as it stands, it breaks. A sigmoid of 40 is rounded to 1
# in single precision, and what is left for a no is exactly 0.

# %%
p, no = torch.sigmoid(torch.tensor([40.0])), torch.zeros(1)
clipped = torch.nn.functional.binary_cross_entropy(p, no)
assert p == 1 and bce(p, no) == torch.inf and clipped == 100
kept_away = bce(p.clamp(1e-7, 1 - 1e-7), no)  # as Keras does

# %% tags=["hide-input"]
# What rounding does to the cost
assert round(kept_away.item(), 2) == 15.94
say(
    f"In single precision the sigmoid of 40 is {p.item():.0f}. If the truth is no, the cost is infinite. torch's "
    f"loss on probabilities stops at {clipped.item():.0f}. Keras's keeps them 1e-7 "
    f"away from 0 and 1, unless it finds the logits, and stops at {kept_away.item():.2f}. The true cost is 40."
)

# %% [markdown]
# The cure is to stay with the logit. Two facts help: $1 - \sigma(z) = \sigma(-z)$, and $\log \sigma(z)
# = \min(z, 0) - \log(1 + e^{-|z|})$, in which no exponential is above 1. torch has that piece as
# `torch.nn.functional.logsigmoid`.
#
# ### Exercise 05.bce_logits
#
# Write the binary cross-entropy so that a logit of 1000 is no trouble.


# %%
def bce_logits(z, y):
    """Return the binary cross-entropy of logits, the mean over the examples.

    z: tensor of shape (n,), the logits; any numbers, however large. No exponential may overflow,
        even where it is not picked: the slope would be NaN.
    y: tensor of shape (n,), 1 for yes and 0 for no, of the same dtype.
    The result is a single number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    log_yes = torch.nn.functional.logsigmoid(z)
    log_no = torch.nn.functional.logsigmoid(-z)
    return -(y * log_yes + (1 - y) * log_no).mean()
    ### END SOLUTION


# %%
bce_logits = check("05.bce_logits", bce_logits)

# %%
huge = torch.tensor([1e4, -1e4, 1e4, -1e4])
answers = torch.tensor([1.0, 0.0, 0.0, 1.0])
each = vmap(bce_logits)(huge[:, None], answers[:, None])
pull = grad(bce_logits)(huge, answers)
assert each.tolist() == [0, 0, 1e4, 1e4]

# %% tags=["hide-input"]
# What your function makes of huge logits
torch.testing.assert_close(pull, torch.tensor([0.0, 0.0, 0.25, -0.25]))
say(
    "With your function, logits of 10,000 on the right side cost nothing, and on the wrong side they "
    "cost 10,000. The pull at a logit is at most 1, divided by the number of examples."
)

# %% [markdown]
# ## One of many
#
# With $k$ classes there are $k$ logits for each example, and exactly one class is right. The *softmax*
# makes probabilities of the logits that add up to 1. What happened had the probability of the right
# class, and maximum likelihood gives the **categorical cross-entropy**. For logits $z_{ij}$ and right
# classes $y_i$,
#
# $$ p_{ij} = \frac{e^{z_{ij}}}{\sum_l e^{z_{il}}} \qquad\qquad
# \text{loss} = -\frac{1}{n} \sum_i \log p_{i y_i}
# = \frac{1}{n} \sum_i \Big( \log \sum_l e^{z_{il}} - z_{i y_i} \Big) $$
#
# The right side needs no probabilities. `torch.logsumexp` computes its first term without overflow: it
# takes the largest logit out of each row before the exponential.
#
# ### Exercise 05.categorical
#
# Write it from logits and whole-number labels.


# %%
def categorical_logits(z, y):
    """Return the categorical cross-entropy, the mean over the examples.

    z: tensor of shape (n, k), the logits of k classes; any numbers, however large.
    y: tensor of shape (n,), whole numbers from 0 to k - 1, the right classes.
    The result is a single number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    log_p = z - z.logsumexp(dim=1, keepdim=True)
    return -log_p.gather(1, y[:, None]).mean()
    ### END SOLUTION


# %%
categorical_logits = check("05.categorical", categorical_logits)

# %%
solution("05.categorical")

# %%
z, yes = torch.randn(6, generator=generator(0)), torch.tensor([1, 0, 1, 1, 0, 0])
two_classes = torch.stack([torch.zeros(6), z], dim=1)
as_many, as_two = categorical_logits(two_classes, yes), bce_logits(z, yes.float())
untrained = categorical_logits(torch.zeros(1, 10), torch.tensor([3]))

# %% tags=["hide-input"]
# Two losses that are one
torch.testing.assert_close(as_many, as_two)
say(
    "With two classes, one of whose logits is always 0, it is the binary cross-entropy: the two losses "
    f"are one. A network that has no idea about ten digits pays log 10 = {untrained:.2f}; a first loss "
    "far above that means that it starts out sure of something."
)

# %% [markdown]
# ### Exercise 05.softmax_ce_gradient
#
# How does this loss pull at each logit? Take the derivative of the right side above by one logit
# $z_{ij}$: of the logarithm of the sum, and of the term that is taken off. Write it without autograd.


# %%
def categorical_logits_gradient(z, y):
    """Return how the categorical cross-entropy changes with each logit.

    z: tensor of shape (n, k), the logits.
    y: tensor of shape (n,), whole numbers from 0 to k - 1, the right classes.
    The result has shape (n, k).
    """
    ### BEGIN SOLUTION
    p = torch.softmax(z, dim=1)
    right = torch.nn.functional.one_hot(y, z.shape[1])
    return (p - right) / len(y)
    ### END SOLUTION


# %%
categorical_logits_gradient = check("05.softmax_ce_gradient", categorical_logits_gradient)

# %%
z, y = torch.randn(5, 10, generator=generator(1)), torch.tensor([3, 1, 4, 1, 5])
by_hand = categorical_logits_gradient(z, y)
torch.testing.assert_close(by_hand, grad(categorical_logits)(z, y))

# %% tags=["hide-input"]
# Formula and autograd
assert by_hand.sum(dim=1).abs().max() < 1e-6
say(
    "Your formula and autograd agree: prediction minus truth, as with half the squared error. Each row adds "
    "up to 0: what pulls the right logit up pushes the others down, each in proportion to its probability."
)

# %% [markdown]
# ## Confident mistakes
#
# The **Brier score** (1950) is the squared error of the probabilities, $\sum_j (p_{ij} - [j = y_i])^2$,
# where the bracket is 1 at the right class and 0 elsewhere. Their absolute error can be taken too. What
# do they make of a network that is sure, and wrong? Take yes or no, where the truth is yes.

# %%
along = torch.linspace(-8, 8, 161, dtype=torch.float64)
yes = torch.ones(1, dtype=torch.float64)
of_yes = {
    "cross-entropy": lambda z: bce_logits(z[None], yes),
    "Brier": lambda z: 2 * mse(torch.sigmoid(z)[None], yes),
    "absolute": lambda z: 2 * absolute(torch.sigmoid(z)[None], yes),
}
costs = {name: vmap(cost)(along) for name, cost in of_yes.items()}
pulls = {name: vmap(grad(cost))(along).abs() for name, cost in of_yes.items()}

wrong = -torch.log(torch.tensor(999.0, dtype=torch.float64))  # one in a thousand
cost_at = {name: float(cost(wrong)) for name, cost in of_yes.items()}
pull_at = {name: float(grad(cost)(wrong)) for name, cost in of_yes.items()}

# %% tags=["hide-input"]
# The figure: costs and pulls of yes or no
torch.testing.assert_close(torch.sigmoid(wrong).item(), 0.001)
times = pull_at["cross-entropy"] / pull_at["Brier"]
assert 200 < times < 300 and cost_at["Brier"] < 2 < 6.9 < cost_at["cross-entropy"]
show(
    losses.costs_and_pulls(along, costs, pulls, "logit of the right answer"),
    alt="Two panels against the logit of the right answer. The cost of cross-entropy grows without end "
    "towards the left, where the network is sure and wrong; the two others level off at 2. The pull of "
    "cross-entropy stays at 1 there; those of the two others fall to 0.",
    caption="What an answer costs and how hard it pulls, for yes or no. Left in each panel: sure and "
    "wrong. Right: sure and right. The Brier score counts yes and no, two equal squares.",
    claims=("A9, first part",),
)
say(
    "If the right answer has one chance in a thousand, cross-entropy costs "
    f"{cost_at['cross-entropy']:.1f}, the Brier score {cost_at['Brier']:.3f} and the absolute error "
    f"{cost_at['absolute']:.3f}. At the logit, cross-entropy pulls with {-pull_at['cross-entropy']:.3f}, "
    f"the Brier score with {-pull_at['Brier']:.4f}: {times:.0f} times less."
)

# %% [markdown]
# That answers the second prediction. (With one of the two equal squares alone it is twice that
# number.) The sigmoid is flat where a network is sure, and the logarithm is just steep
# enough there to make up for it. So a
# network that is sure and wrong is pulled back by cross-entropy, and hardly by the two others. But a
# label that is *itself* wrong looks just like a confident mistake.
#
# So give wrong labels to a share of the training digits, for a network with 32 hidden neurons. One of the
# stored runs again:


# %% tags=["hide-input"]
# The runs again: wrong labels, and training with them
def mislabelled(split, share, source):
    """Return the same images, a share of them with the label of another class."""
    off = torch.randint(1, 10, split.y.shape, generator=source)
    order = torch.randperm(len(split), generator=source)
    slips = (order < round(share * len(split))).to(split.y.device)
    other = (split.y + off.to(split.y.device)) % 10
    return Split(split.x, torch.where(slips, other, split.y))


def rerun_labels(loss, lr, share):
    """Train the first of the stored runs again; return its test accuracy."""

    def spoil(split, source):
        return mislabelled(split, share, source)

    run = script.draw(digits(), [64, 32, 10], spoil, script.as_it_is, None, seed=0)
    how = {"lr": lr, "epochs": 40, "batch_size": 50, "label": None}
    params, _ = train(network, run.start, run.data, generator=run.order, loss=loss, **how)
    return accuracy(network(params, run.data.test.x), run.data.test.y)


# %% tags=["hide-input"]
# The table: a run again, and as stored
def absolute_softmax(z, y):
    """The absolute error of all probabilities: 1 - p for the right class, and as much for the rest."""
    right = z.softmax(dim=1).gather(1, y[:, None])
    return 2 * (1 - right).mean()


by_loss = {
    "cross-entropy": categorical_logits,
    "Brier": lambda z, y: brier(z.softmax(dim=1), y),
    "absolute": absolute_softmax,
}
assert (labels["epochs"], labels["batch"]) == (40, 50)
many_wrong = len(labels["shares"]) - 1
share, rows = labels["shares"][many_wrong], []
for name in ("cross-entropy", "Brier"):
    of_loss = labels["losses"][name]
    now = rerun_labels(by_loss[name], of_loss[0]["lr"], share)
    then = of_loss[many_wrong]["unaware"][0]
    assert abs(now - then) < 0.03
    rows.append([name, share, now, then])
say(table({"loss": "", "wrong labels": ".0%", "just now": ".1%", "stored": ".1%"}, rows))


# %% tags=["hide-input"]
# The figure: accuracy with wrong labels
def accuracies(which, name):
    """Return the test accuracies of all stored runs, `(shares, runs)`."""
    return torch.tensor([row[which] for row in labels["losses"][name]])


both = ("cross-entropy", "Brier")
panels = {
    "rate chosen without wrong labels": {n: accuracies("unaware", n) for n in (*both, "absolute")},
    "rate chosen for the share": {n: accuracies("test_accuracy", n) for n in (*both, "absolute")},
}
assert all(runs.shape == (3, 24) for of_panel in panels.values() for runs in of_panel.values())
show(
    losses.accuracy_by_noise(labels["shares"], panels),
    alt="Two panels of test accuracy against the share of wrong labels, for cross-entropy, the Brier "
    "score and the absolute error. Cross-entropy and Brier start together; cross-entropy falls faster, "
    "above all in the left panel.",
    caption="Accuracy of 24 runs each on test digits with right labels. Line: median. Band: middle nine "
    "tenths of runs.",
    claims=("A9, second part",),
)

# %% [markdown]
# Left, the learning rate was chosen where no label is wrong, as by somebody who does not know. Right,
# it was chosen on wrong labels, smaller for cross-entropy and the Brier score. The absolute error starts lowest: its pull is that of cross-entropy
# times $2 p_{i y_i}$, next to nothing at confident mistakes. Perhaps that is why many of its networks
# never answer some digit.

# %% tags=["hide-input"]
# Networks that give up a digit
assert all(
    labels["losses"][n][k]["lr"] < labels["losses"][n][0]["lr"] for n in both for k in (1, 2)
)
answered = torch.tensor(labels["losses"]["absolute"][0]["classes_answered"])
stuck = accuracies("unaware", "absolute")[0][answered < 10]
assert len(stuck) > 12 and stuck.max() < 0.91
say(
    f"With right labels only, {len(stuck)} of 24 networks trained with the absolute error never answer "
    f"one or more of the ten digits. None of these gets above {stuck.max():.0%}."
)

# %% [markdown]
# ## How fast
#
# A weak pull should be slow, but a larger learning rate makes up for some of that. So each loss gets the
# rate, of 21, at which it reached a goal soonest on the twelve divisions to choose by. The
# goal, on validation data, is 95 % right for tumours (breast cancer, yes or no) and for digits, and for
# diabetes a root mean square error within 5 % of the least squares line's. *MSE, no softmax* takes the
# outputs as they are, and 0 and 1 as the targets (for tumours, −1 and 1). *As two of many* gives
# tumours two logits, one of which is always 0. *Ten times yes or no* is one binary cross-entropy for
# each digit.

# %% tags=["hide-input"]
# The figure: how long each run took
goals = {"diabetes": "steps", "breast_cancer": "steps", "digits": "epochs of 10 steps"}
titles = {"diabetes": "diabetes", "breast_cancer": "breast cancer", "digits": "digits"}
counted = {
    titles[data]: (
        unit,
        speed[data]["epochs"],
        {name: of["epochs_needed"] for name, of in speed[data]["losses"].items()},
    )
    for data, unit in goals.items()
}
assert all(len(runs) == 24 for _, _, of in counted.values() for runs in of.values())
show(
    losses.steps_needed(counted),
    alt="Three panels with a row of 24 points for each loss: how long each run took. On diabetes the "
    "rows overlap. On digits cross-entropy, ten times yes or no and the Brier score are close together; "
    "MSE without softmax and the absolute error are slow, and some of their runs never arrive.",
    caption="How long 24 runs took to reach the goal, each loss at its fastest rate, on a logarithmic "
    "axis. Black tick: median. A cross at the right end: never.",
    claims=("A10, third part",),
)


# %% tags=["hide-input"]
# How long, in the mean
def needs(data, name):
    """Return how long each stored run took, `(24,)`; one more than all if it never arrived."""
    return torch.tensor(speed[data]["losses"][name]["epochs_needed"], dtype=torch.float64)


def later(data):
    """Return the fastest loss, and for each other one how much longer it takes, run by run."""
    took = {n: needs(data, n) for n in speed[data]["losses"]}
    first = min(took, key=lambda n: took[n].mean())
    return first, {n: confidence_interval(t - took[first]) for n, t in took.items() if n != first}


waits = {data: later(data) for data in speed}
ties = {data: {n for n, i in more.items() if i.low <= 0} for data, (_, more) in waits.items()}
never = {
    (data, n): int((needs(data, n) > of["epochs"]).sum())
    for data, of in speed.items()
    for n in of["losses"]
}
say(
    "Mean on digits, in epochs: "
    + ", ".join(
        f"{n} {'at least ' * (never['digits', n] > 0)}{needs('digits', n).mean():.1f}"
        for n in speed["digits"]["losses"]
    )
    + f". (A run that never arrives counts as {speed['digits']['epochs'] + 1}.)"
)

# %% [markdown]
# ## Can you trust the number?
#
# A network that says 80 % should be right in four cases of five: then it is **calibrated**. Sort its
# answers into groups by the probability that they were given with, the *confidence*, and count how many
# of each are right. The mean distance between the two, over all answers, is the *expected calibration error*.
#
# A loss is called *proper* if nothing pays better, on average, than to state the true probabilities.
# Suppose a yes comes in seven cases of ten. What is best to say?

# %%
stated = torch.arange(1, 100, dtype=torch.float64) / 100
truth = torch.tensor([1.0] * 7 + [0.0] * 3, dtype=torch.float64)
of_probability = {"cross-entropy": bce, "Brier": mse, "absolute": absolute}
best = {name: best_guess(loss, truth, stated) for name, loss in of_probability.items()}
assert best == {"cross-entropy": 0.7, "Brier": 0.7, "absolute": 0.99}

# %% tags=["hide-input"]
# What is best to say
say(
    f"With cross-entropy it is best to say {best['cross-entropy']:.0%}, and with the Brier score too. With "
    f"the absolute error it is best to say as much as one can, here {best['absolute']:.0%}: it asks for "
    "the more likely answer, not for the probability."
)


# %% tags=["hide-input"]
# The best logistic curve for a step: a probability of 20 % left of 0 and of 80 % right of it
def error_of_logistic_curve(loss):
    """Return the calibration error of the logistic curve that costs least."""
    x = torch.linspace(-1, 1, 2000, dtype=torch.float64).repeat_interleave(10)
    yes = (torch.arange(10) < 5 + 3 * x.sign()[::10, None]).flatten().double()
    slope = torch.linspace(1, 4, 151, dtype=torch.float64)  # and 0 at 0, since left mirrors right
    p = torch.sigmoid(slope[vmap(lambda w: loss(torch.sigmoid(w * x), yes))(slope).argmin()] * x)
    return calibration_error(torch.maximum(p, 1 - p), (p > 0.5) == (yes == 1))


assert all(round(100 * error_of_logistic_curve(loss)) == 11 for loss in (bce, mse))

# %% [markdown]
# So with endless data two of the three should be calibrated, *if the network can express the truth*: a
# logistic curve fitted to a step from 20 % to 80 % is off by 11 points (x even between −1 and 1). And
# data end. The experiment takes 200 digits with much noise, and goes on training after the validation loss
# of those two has begun to rise: the network learns its images by heart, it **overfits**.

# %% tags=["hide-input"]
# The figure: too sure or not, epoch by epoch
epochs = list(range(0, trust["epochs"] + 1, trust["pause"]))
panels, at_stop, at_end = {}, {}, {}
for data, title in (("digits", "digits with noise"), ("breast_cancer", "breast cancer")):
    panels[title] = {}
    for name, of in trust["data"][data].items():
        runs = torch.tensor(of["overconfidence"])
        assert runs.shape == (len(epochs), 24)
        panels[title][name] = (runs, epochs[of["stop"]])
        at_stop[data, name] = confidence_interval(100 * runs[of["stop"]])
        at_end[data, name] = confidence_interval(100 * runs[-1])
show(
    losses.overconfidence_by_epoch(panels, epochs),
    alt="Two panels of confidence minus accuracy against the epoch. On noisy digits cross-entropy and "
    "the Brier score fall below 0 and then rise, cross-entropy ahead; the absolute error lies far above "
    "both. On breast cancer all fall at once, and end a little above 0.",
    caption="How much surer 24 networks are than they should be, on test data. Line: median. Band: middle "
    "nine tenths of runs. Dots: where the validation loss was lowest in the first 150 epochs, on other "
    "divisions; for the absolute error it was still falling.",
    claims=("A11, second part",),
)

# %% [markdown]
# One of the runs again, halfway through the training, group by group:


# %% tags=["hide-input"]
# The figure: one run again, group by group
def rerun_noisy(loss, lr, epochs):
    """Train one of the stored runs on 200 noisy digits; return test outputs and answers."""
    whole, sizes, few = digits(), [64, script.HIDDEN, 10], script.FEW
    start, data, order = script.draw(whole, sizes, script.as_it_is, script.noisy, few, seed=0)
    settings = {"epochs": epochs, "batch_size": script.CALIBRATION["batch"], "label": None}
    params, _ = train(network, start, data, generator=order, loss=loss, lr=lr, **settings)
    return network(params, data.test.x), data.test.y


bins, halfway = {}, len(epochs) // 2
for name, loss in by_loss.items():
    of = trust["data"]["digits"][name]
    outputs, answers = rerun_noisy(loss, of["lr"], epochs[halfway])
    confidence, answer = outputs.softmax(dim=1).max(dim=1)
    bins[name] = reliability_bins(confidence, answer == answers)
    now = calibration_error(confidence, answer == answers)
    then = of["calibration_error"][halfway][0]
    assert abs(now - then) < 0.03 or (name == "absolute" and now > 0.15)
assert all(of.count.argmax() == len(of.count) - 1 for of in bins.values())
below = {name: of.confidence[-1] - of.accuracy[-1] for name, of in bins.items()}
assert below["absolute"] > max(below["cross-entropy"], below["Brier"]) and min(below.values()) > 0
show(
    losses.reliability(bins),
    alt="Three panels of the share of right answers against confidence. In all three the largest dot, near "
    "full confidence, lies below the diagonal, furthest for the absolute error.",
    caption=f"Answers of one network for each loss after {epochs[halfway]} of {epochs[-1]} epochs, in ten "
    "groups by confidence. The area of a dot is how many answers there are. On the grey line they would "
    "mean what they say.",
)
over, over_brier, over_absolute = (at_end["digits", name] for name in by_loss)
assert over_absolute.mean > 15 and over.low > 0 and over_brier.low > 0
say(
    "At the lowest validation loss, confidence minus accuracy on noisy digits is "
    f"{at_stop['digits', 'cross-entropy']} points with cross-entropy and {at_stop['digits', 'Brier']} "
    f"with the Brier score. At the end of training it is {over} and {over_brier}; with the absolute "
    f"error {over_absolute}. (The mean over 24 runs, and its 95 % interval.)"
)

# %% [markdown]
# That answers the third prediction.
#
# ## Choose
#
# ### Exercise 05.choose
#
# Five tasks. For each give a loss and the reason that fits it, as a pair of words, in this order: a list
# `[("…", "…"), …]` of five pairs.
#
# 1. A workshop predicts what each repair will cost. Most cost little, a few a great deal. What counts is
#    that the **sum** of the predictions comes out right.
# 2. A courier tells customers when a parcel will come. **Half** of the parcels should come earlier than
#    told, and half later. A few come very late.
# 3. A model predicts what a sensor will show. Its ordinary errors are small and bell-shaped, but now and
#    then the sensor sends **nonsense**.
# 4. Which of five diseases does a patient have? There may be **none, or several** at once. The network
#    gives five logits.
# 5. **Which digit** is written? The network gives ten logits.
#
# | loss | what it is |
# |---|---|
# | `"mse"` | squared error |
# | `"absolute"` | absolute error |
# | `"huber"` | Huber's loss |
# | `"bce_logits"` | binary cross-entropy, for each logit |
# | `"categorical_logits"` | categorical cross-entropy of all logits |
# | `"brier"` | squared error of all probabilities |
#
# | reason | what it says |
# |---|---|
# | `"mean"` | The best single guess is the mean. |
# | `"median"` | The best single guess is the median. |
# | `"capped"` | The pull grows with the error, but only up to a point. |
# | `"separate"` | Each answer is a yes or no of its own. |
# | `"shared"` | The answers share a probability of 1 between them. |
# | `"largest"` | The largest errors are punished most. |
# | `"usual"` | It is what most people use. |

# %%
### BEGIN SOLUTION
choose = (
    ("mse", "mean"),
    ("absolute", "median"),
    ("huber", "capped"),
    ("bce_logits", "separate"),
    ("categorical_logits", "shared"),
)
### END SOLUTION

# %%
choose = check("05.choose", choose)

# %% [markdown]
# Your first three choices, tried on the diabetes targets:

# %%
by_word = {"mse": mse, "absolute": absolute, "huber": partial(huber, delta=50.0)}
y = patients.train.y.double()
slipped = y.clone()
slipped[::10] = 10 * y[::10]
wide = torch.arange(25, 600, 0.5, dtype=torch.float64, device=y.device)
guess = {
    word: [best_guess(by_word[word], targets, wide) for targets in (y, slipped)]
    for word, _ in choose[:3]
}

# %% tags=["hide-input"]
# The table: best single guesses
assert abs(guess["mse"][0] - y.mean()) <= 0.5 and guess["mse"][1] > 250
assert max(abs(guess[w][1] - guess[w][0]) for w in ("absolute", "huber")) < 30
columns = {"loss": "", "targets as they are": ".0f", "a zero too many in one of ten": ".0f"}
say(table(columns, [[word, *both] for word, both in guess.items()]))

# %% [markdown]
# ## What goes wrong
#
# **A column meets a row.** A network with one output gives shape (n, 1), targets have (n,). Their
# difference has (n, n): every prediction is compared with every target. Training runs, and the best the
# network can learn is the mean for everyone.

# %%
column = torch.randn(5, 1, generator=generator(0))
row = torch.randn(5, generator=generator(1))
silent = ((column - row) ** 2).mean()
assert (column - row).shape == (5, 5)

# %% tags=["hide-input"]
# Right and wrong shapes
assert not torch.isclose(silent, mse(column[:, 0], row))
try:
    absolute(column, row)
except ValueError as error:
    refused = str(error)
say(
    f"The right loss is {mse(column[:, 0], row):.2f}; with a column and a row it is {silent:.2f}. The "
    f"library's losses refuse: “{refused}”."
)

# %% [markdown]
# **Softmax twice.** torch's `cross_entropy` expects logits. Hand it probabilities, and there is no error,
# but the loss never comes near 0, because probabilities are at most 1 apart.

# %%
perfect, right = torch.eye(10), torch.arange(10)
floor = torch.nn.functional.cross_entropy(perfect, right).item()

# %% tags=["hide-input"]
# Where the loss ends and starts
assert abs(floor - torch.log(torch.e + torch.tensor(9.0)).item() + 1) < 1e-6
say(
    f"For perfect probabilities of ten classes the loss with softmax twice is {floor:.2f}; it starts at "
    f"{untrained:.2f}."
)

# %% [markdown]
# **Names differ.** torch's `smooth_l1_loss` is Huber's loss divided by δ. torch's `cross_entropy` takes
# logits, Keras's `CategoricalCrossentropy` probabilities unless told otherwise.

# %%
p, y = torch.randn(20, generator=generator(2)), torch.zeros(20)
smooth = torch.nn.functional.smooth_l1_loss(p, y, beta=0.5)
torch.testing.assert_close(smooth, huber(p, y, 0.5) / 0.5)

# %% tags=["hide-input"]
# Two names, two numbers
say(f"With δ = 0.5 Huber's loss is {huber(p, y, 0.5):.3f} and `smooth_l1_loss` {smooth:.3f}.")

# %% [markdown]
# **A probability of exactly 0.** Its cost is infinite, and the gradient is infinity times the slope of a
# sigmoid, exactly 0. That is not a number, and it spreads to all weights.

# %%
logit, yes = torch.tensor([-200.0]), torch.ones(1)
through_p = grad(lambda z: bce(torch.sigmoid(z), yes))(logit)
through_logit = grad(lambda z: bce_logits(z, yes))(logit)

# %% tags=["hide-input"]
# Two ways to the gradient
assert through_p.isnan().all() and through_logit == -1
say(
    f"At a logit of \N{MINUS SIGN}200 for a yes the gradient through the probability is "
    f"{through_p.item()}; through your `bce_logits` it is \N{MINUS SIGN}{-through_logit.item():.0f}."
)

# %% [markdown]
# **No examples.** The mean of nothing is 0 / 0: for an empty batch torch's losses return NaN. The
# gradients are 0, so that training goes on, but every average that this loss enters becomes NaN.

# %%
nothing, weight = torch.zeros(0), torch.ones(1, requires_grad=True)
empty = torch.nn.functional.mse_loss(weight * nothing, nothing)
empty.backward()
assert empty.isnan() and weight.grad == 0

# %% tags=["hide-input"]
# What the library says
try:
    absolute(nothing, nothing)
except ValueError as error:
    say(f"An empty batch: “{error}”.")

# %% [markdown]
# ## Claims, measured
#
# Differences are taken run by run: the same division, starting weights, order, and slips. In brackets
# is the 95 % interval of the mean over 24 runs, on none of which a rate was chosen. It speaks of other
# divisions of *these* data. For other data of the kind it is too narrow, for digits about 1.7 times.

# %% tags=["hide-input"]
# Verdict on A8, first part
share_of_pull = drag(target=600.0, delta=50.0, place=0.0)["shares"]
assert share_of_pull["MSE"] > 3 / 25 > share_of_pull["absolute"]
assert mse(torch.tensor([3.0]), torch.zeros(1)) == 9 * mse(torch.ones(1), torch.zeros(1))
verdict(
    "A8, first part: MSE punishes large errors more.",
    "holds",
    "A miss by 3 costs 9 times a miss by 1, and pulls 3 times as hard. In the figure an "
    f"outlier at 600 has {share_of_pull['MSE']:.0%} of all pull with MSE, "
    f"{share_of_pull['Huber']:.0%} with Huber's loss and {share_of_pull['absolute']:.0%} with the absolute "
    "error.",
)


# %% tags=["hide-input"]
# Verdict on A8, second part
def growth(kind, name, share):
    """Return by how much the test error grows when a share is spoilt, for each run."""
    k = outliers["shares"].index(share)
    return confidence_interval(errors(kind, name)[k] - errors(kind, name)[0])


few, tenth_of = growth("by_share", "MSE", 0.02), growth("by_share", "MSE", 0.1)
before = errors("by_share", "MSE")[0].mean()
assert few.low > 2 and tenth_of.low > 30
verdict(
    "A8, second part: so it is sensitive to outliers.",
    "holds",
    f"Without slips the mean absolute error on test patients is {before:.1f}. With a zero too many in 2 % "
    f"of the targets it changes by {few}, with 10 % by {tenth_of}.",
)

# %% tags=["hide-input"]
# Verdict on A8, third part
resists, gives = growth("by_share", "Huber", 0.1), growth("by_share", "Huber", 0.3)
wide_delta = confidence_interval(slips[-1] - slips[2])
help_with_inputs = [
    confidence_interval(
        errors("inputs", "Huber")[k] - errors("inputs", "Huber")[0]
        - errors("inputs", "MSE")[k] + errors("inputs", "MSE")[0]
    )
    for k in range(1, len(outliers["shares"]))
]  # fmt: skip
assert resists.high < 10 < tenth_of.low / 3 and wide_delta.low > 10
assert all(i.low < 0 < i.high and i.low > -0.3 for i in help_with_inputs)  # no help is seen
verdict(
    "A8, third part: Huber is squared for small and absolute for large errors, so it is robust.",
    "holds when the outliers are in the targets and δ is not too large",
    f"With δ of one standard deviation and 10 % slips the error changes by {resists}, with 30 % by "
    f"{gives}. With δ = 30 it is larger by {wide_delta} at 10 %. When an input is spoilt instead, Huber's "
    "error grows as MSE's does: at all five shares the interval of the difference holds 0, and it "
    f"excludes a gain of more than {-min(i.low for i in help_with_inputs):.1f}.",
)


# %% tags=["hide-input"]
# Verdict on A9, first part
def lost(which, name, k):
    """Return the accuracy lost to wrong labels, in points, for each run."""
    runs = accuracies(which, name)
    return 100 * (runs[0] - runs[k])


raw = (wrong - 1) ** 2, 2 * (1 - wrong)  # cost and pull of the squared logit, target 1
assert times > 200 and min(pull_at, key=pull_at.get) == "cross-entropy"
assert raw[0] > cost_at["cross-entropy"] and raw[1] > -pull_at["cross-entropy"]
verdict(
    "A9, first part: cross-entropy is less sensitive to confident mistakes than other losses.",
    "does not hold among losses of probabilities",
    "It is the most sensitive of the three. Its cost grows without end, where those of the others "
    f"stay below 2, and at one chance in a thousand it pulls {times:.0f} times as hard as the "
    "Brier score. But the squared error of the logit "
    f"itself, without a sigmoid, is harsher: it pulls with {raw[1]:.1f}, cross-entropy with "
    f"{-pull_at['cross-entropy']:.1f}.",
)

# %% tags=["hide-input"]
# Verdict on A9, second part
assert labels["shares"] == [0.0, 0.2, 0.4]
gap = {
    (which, k): confidence_interval(lost(which, "cross-entropy", k) - lost(which, "Brier", k))
    for which in ("unaware", "test_accuracy")
    for k in (1, many_wrong)
}
mean_lost = {n: lost("unaware", n, many_wrong).mean() for n in (*both, "absolute")}
assert min(gap["unaware", 1].low, gap["unaware", 2].low, gap["test_accuracy", 1].low) > 0
assert gap["test_accuracy", 2].low < 0 < gap["test_accuracy", 2].high
verdict(
    "A9, second part: the same, where the mistake is the label's.",
    "does not hold",
    f"With {labels['shares'][many_wrong]:.0%} of the labels wrong, at the rate chosen without them, the "
    f"accuracy on right labels falls by {mean_lost['cross-entropy']:.1f} points with cross-entropy "
    f"and by {mean_lost['Brier']:.1f} with the Brier score; the difference is "
    f"{gap['unaware', many_wrong]} points. With rates chosen for the wrong labels it is "
    f"{gap['test_accuracy', 1]} at {labels['shares'][1]:.0%}, and cannot be told from 0 at "
    f"{labels['shares'][many_wrong]:.0%}. The absolute error loses "
    f"{mean_lost['absolute']:.1f}, from a start that is worse.",
)


# %% tags=["hide-input"]
# The figure: accuracy against cross-entropy
def score(data, name, end="early"):
    """Return the test accuracy of every stored run, in points, early or late in training."""
    return 100 * torch.tensor(speed[data]["losses"][name]["test_score"][end])


def more(data, name, than, end="early"):
    return confidence_interval(score(data, name, end) - score(data, than, end))


sides = {
    "Brier score": ("Brier", "Brier"),
    "absolute error": ("absolute", "absolute"),
    "MSE, no softmax or sigmoid": ("MSE, no softmax", "MSE, no sigmoid"),
    "ten times two classes, two of many": ("ten times yes or no", "as two of many"),
}
changes = {
    title: {
        row: score(data, names[k]) - score(data, "cross-entropy") for row, names in sides.items()
    }
    for k, (title, data) in enumerate({"digits": "digits", "tumours": "breast_cancer"}.items())
}
assert all(len(runs) == 24 for rows in changes.values() for runs in rows.values())
show(
    differences(changes, confidence_interval, "accuracy minus that of cross-entropy, in points"),
    alt="Two panels with four rows each. On digits the Brier score lies near zero, the absolute error "
    "and squared error without softmax to the left of it. On tumours the squared error without a sigmoid "
    "lies two points to the left, and the others at zero.",
    caption="Test accuracy against cross-entropy after 40 epochs (digits) and 60 steps (tumours), for each "
    "of 24 runs. The bar is the 95 % interval of the mean.",
    claims=("A10, first part", "A11, first part"),
)

# %% tags=["hide-input"]
# Verdict on A10, first part
early, late = (
    {
        (data, n): more(data, n, "cross-entropy", end)
        for data in ("digits", "breast_cancer")
        for n in speed[data]["losses"]
        if n != "cross-entropy"
    }
    for end in ("early", "late")
)
assert (speed["digits"]["early"], speed["digits"]["epochs"]) == (40, 100)
assert max(map(abs, early["breast_cancer", "as two of many"])) < 0.1
assert all(i.low <= 0 and i.high < 0.6 for i in early.values())  # nothing is ahead
slow = "digits", "MSE, no softmax"
assert early[slow].high < 0 and late[slow].high < 0 and late[slow].mean > early[slow].mean / 2
verdict(
    "A10, first part: binary cross-entropy suits two classes, categorical cross-entropy many.",
    "holds",
    "They are one loss for two classes: the accuracy on tumours does not change by a digit. In the figure no "
    "rival is shown to be ahead of them, and the intervals leave room for at most "
    f"{max(i.high for i in early.values()):.1f} points. But others suit too. On digits ten times yes or no "
    f"changes the accuracy by {early['digits', 'ten times yes or no']} points. MSE without softmax changes "
    f"it by {early[slow]} after 40 epochs, but by {late[slow]} after 100: much of that was speed.",
)


# %% tags=["hide-input"]
# Verdict on A10, second part, by three measures: the first two chose the rate as well
def against_mse(measure, name):
    test = {n: torch.tensor(kept["A10 numbers"][n][measure]["test"]) for n in ("MSE", name)}
    return confidence_interval(test[name] - test["MSE"])


square, size, sign = (
    {n: against_mse(measure, n) for n in ("absolute", "Huber")}
    for measure in ("squared", "absolute", "signed")
)
assert square["absolute"].low > 0 and size["absolute"].low > 0 and sign["absolute"].high < 0
assert all(i["Huber"].low < 0 < i["Huber"].high for i in (square, size))
verdict(
    "A10, second part: MSE suits regression.",
    "holds when there are no outliers",
    "Without slips the absolute error is a little worse even by its own measure: in its place the root "
    f"mean square error changes by {square['absolute']} and the mean absolute error by {size['absolute']}. "
    f"Its predictions are lower by {-sign['absolute'].mean:.1f} in the mean, as medians are here. Huber's "
    "loss is a tie with MSE by both measures, to within "
    f"{max(abs(end) for i in (square, size) for end in i['Huber'][1:]):.1f}. With slips MSE is the worst of the three (A8).",
)

# %% tags=["hide-input"]
# Verdict on A10, third part
assert ties["digits"] == {"ten times yes or no"}
assert ties["breast_cancer"] == {"as two of many", "Brier"}
assert waits["diabetes"][0] == "MSE" and ties["diabetes"] == {"absolute", "Huber"}
assert waits["digits"][0] == waits["breast_cancer"][0] == "cross-entropy"
assert {k for k, n in never.items() if n} == {
    ("digits", "absolute"),
    ("digits", "MSE, no softmax"),
    ("breast_cancer", "MSE, no sigmoid"),
    ("diabetes", "Huber"),
}
on_digits = waits["digits"][1]
slower = needs("diabetes", "absolute") - needs("diabetes", "MSE")  # a tie, but only in the mean
assert (slower > 0).sum() > 15 and (slower >= 0).all()
verdict(
    "A10, third part: the choice changes how fast training converges.",
    "holds",
    "With rates tuned equally, the Brier score takes "
    f"{on_digits['Brier']} epochs more than cross-entropy to get 95 % of the digits right. The absolute "
    f"error takes at least {on_digits['absolute'].mean:.0f} more and MSE without softmax at least "
    f"{on_digits['MSE, no softmax'].mean:.0f}, since {never['digits', 'absolute']} and "
    f"{never['digits', 'MSE, no softmax']} of 24 runs never arrive. No difference is shown between "
    "cross-entropy and ten times yes or no, on tumours between cross-entropy and the Brier score, nor on "
    "diabetes between MSE and Huber's loss. There the absolute error is slower than MSE in "
    f"{int((slower > 0).sum())} of 24 runs, and faster in none.",
)

# %% tags=["hide-input"]
# Verdict on A11, first part
gains = [
    of[data, n]
    for of in (early, late)
    for data, names in (
        ("digits", ("Brier", "absolute", "MSE, no softmax")),
        ("breast_cancer", ("Brier", "absolute", "MSE, no sigmoid")),
    )
    for n in names
]
assert all(i.low <= 0 for i in gains) and early["digits", "absolute"].high < 0
broken = int((score("digits", "Brier", "late") < 50).sum())
assert broken == 1 and all(
    (score("digits", n, end) > 50).all()
    for end in ("early", "late")
    for n in speed["digits"]["losses"]
    if (n, end) != ("Brier", "late")
)
verdict(
    "A11, first part: for plain accuracy take MSE or absolute error.",
    "does not hold",
    f"In none of {len(gains)} comparisons with cross-entropy is a gain shown. After 40 epochs on digits the "
    f"squared error of the probabilities changes the accuracy by {early['digits', 'Brier']} points and the "
    f"absolute error by {early['digits', 'absolute']}. On tumours they change it by "
    f"{early['breast_cancer', 'Brier']} and {early['breast_cancer', 'absolute']}. (For 100 epochs the Brier "
    f"score chose a rate of {speed['digits']['losses']['Brier']['late_lr']:.0f}. There {broken} of 24 "
    "networks broke down.)",
)


# %% tags=["hide-input"]
# Verdict on A11, second part: at one epoch, and at one fit
def of_digits(name, key):
    return torch.tensor(trust["data"]["digits"][name][key])


def first_by_heart(name):
    """Return the first pause at which each run got all training images right; -1 for never."""
    knows = of_digits(name, "learnt") == 1
    return torch.where(knows.any(dim=0), knows.int().argmax(dim=0), -1)


when = {name: first_by_heart(name) for name in ("cross-entropy", "Brier")}
know = (when["cross-entropy"] >= 0) & (when["Brier"] >= 0)
surer = {"cross-entropy": [], "Brier": []}
for name, at in surer.items():
    of = 100 * of_digits(name, "overconfidence")
    at += [of[-1], of.gather(0, when[name].clamp(min=0)[None])[0]]
same_epoch, same_fit = (a - b for a, b in zip(surer["cross-entropy"], surer["Brier"], strict=True))
same_epoch, same_fit = confidence_interval(same_epoch), confidence_interval(same_fit[know])
stops = [at_stop["digits", name] for name in surer]
assert all(of_digits(n, "learnt")[-1].mean() > 0.99 for n in surer) and know.sum() > 15
assert min(at_end["digits", n].low for n in surer) > 5 and max(abs(i.mean) for i in stops) < 2
assert same_epoch.low > 0 > same_fit.high
sooner = (when["Brier"] - when["cross-entropy"])[know].double()
assert confidence_interval(sooner).low > 0
verdict(
    "A11, second part: where probabilities must mean something take cross-entropy, whose probabilities "
    "are calibrated.",
    "holds when training stops in time",
    "And it holds for the Brier score as well, which is proper too. On noisy digits confidence minus "
    f"accuracy is {stops[0]} points with cross-entropy and {stops[1]} with the Brier score where the "
    f"validation loss is lowest. After {trust['epochs']} epochs both are too sure, cross-entropy by "
    f"{same_epoch} more. But it knows its images by heart sooner. Where each network first does so "
    f"({int(know.sum())} of 24 pairs do), it is the other way round: {same_fit}.",
)

# %% [markdown]
# ## Take away
#
# - A network should be sorry for having held unlikely what then happened. Gaussian noise gives squared
#   errors (the mean), Laplace noise absolute errors (the median), yes or no cross-entropy.
# - Look at the pull. Squared error pulls hardest at outliers, Huber's loss no harder than δ, and of
#   the losses of probabilities cross-entropy pulls hardest at confident mistakes.
# - Work with logits, mind the shapes, and stop before the network believes itself too much.
#
# ## Further reading
#
# - P. J. Huber (1964), *Robust estimation of a location parameter*, Annals of Mathematical Statistics
#   35(1): for which worst case the loss is best.
# - T. Gneiting and A. E. Raftery (2007), *Strictly proper scoring rules, prediction, and estimation*,
#   Journal of the American Statistical Association 102: which losses ask for the true probabilities.
# - C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017), *On calibration of modern neural networks*,
#   ICML: large networks are too sure, and what helps.
# - A. Ghosh, H. Kumar and P. S. Sastry (2017), *Robust loss functions under label noise for deep neural
#   networks*, AAAI: which losses even wrong labels leave their minimum.
# - L. Hui and M. Belkin (2021), *Evaluation of neural architectures trained with square loss vs
#   cross-entropy in classification tasks*, ICLR: the case for squared error in classification.
#
# You have worked out gradients by hand at the last step of a network only. The next lesson carries them
# back through all the others.
