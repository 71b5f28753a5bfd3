# %% [markdown]
# # 11 · Adam
#
# **Question.** Why does Adam work at once?
#
# **Time.** about 75 minutes.
#
# **Before this.** [09 · Momentum](09_momentum.ipynb), [10 · RMSProp](10_rmsprop.ipynb)

# %% [markdown]
# Momentum averages gradients and so goes straight. RMSProp averages their squares and so gives each weight
# a step of its own. **Adam** does both, and mends the one fault that both averages share. In this lesson
# you write it, take it apart again, and measure what is said of it: that it is robust, and that it is
# fast. And you meet its dialects: rules that go by the same name in other libraries and are not the same.

# %% tags=["hide-input"]
import math
from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, interact, say, show, table, verdict
from course_lib.figures import adam as pictures
from course_lib.figures.style import number
from course_lib.lab import (
    accuracy,
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    stored,
)
from course_lib.lab.networks import network
from course_lib.lab.training import batches
from course_lib.optim import rules
from course_lib.optim.correction import adam_partly_corrected, uncorrected_factor, weight_given
from course_lib.optim.dialects import TABLE, adam_epsilon_hat, adam_l2, adamw_paper, rmsprop_inside
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.paths import path
from course_lib.optim.signature import apply, slot_names
from course_lib.optim.surfaces import RAVINE

momentum, momentum_ema = mine("09.momentum"), mine("09.momentum_ema")
rmsprop = mine("10.rmsprop")
data = digits().to(device())
kept, script = stored("11_adam"), experiment("11_adam")
tasks = kept["rates"]["tasks"]
rates = {name: torch.tensor(own) for name, own in kept["rates"]["rates"].items()}
assert kept["seeds"] == 24


def start(seed):
    """Return where a run of the stored experiment starts."""
    return {name: p.to(device()) for name, p in script.start(seed).items()}


def module():
    """Return the same network every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).to(device())


def best_rate(task, name):
    """Return the rate that validation images chose for a rule."""
    return float(rates[name][tasks[task][name]["best"]])


def accuracy_at_best(of):
    """Return the test accuracy of each run at the setting that was chosen, in percent."""
    return 100 * torch.tensor(of["accuracy"][of["best"]])


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. Adam makes its very first step, with a learning rate of 0.01. One weight has a gradient of 1000,
#    another one of 0.001. How far does each of them move?
# 2. Both averages start at zero, so at first both are too small. Somebody leaves out what mends that. Are
#    the first steps then too short or too long?
# 3. To keep weights small, somebody adds a penalty to the loss. Somebody else takes the same share off
#    every weight at each step. With Adam, which weights does the *penalty* hold back more: those with
#    large gradients, or those with small ones?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## Two averages
#
# From lesson 09 take the average of gradients, from lesson 10 that of their squares. Kingma and Ba, who
# made Adam, call them $m$ and $v$, and so do we:
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1)\, g $$
#
# $$ v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 $$
#
# $g$ is the gradient of one weight. $\beta_1$, usually 0.9, and $\beta_2$, usually 0.999, say how long each
# average remembers: about 10 and about 1000 steps. Every weight has its own $m$ and $v$.
#
# ## The cold start
#
# Before the first step $m$ and $v$ are 0. After $t$ steps an average with memory $\beta$ has given the last
# value the weight $1 - \beta$, the one before it $(1 - \beta)\beta$, and so on, down to $(1 - \beta)
# \beta^{t-1}$ for the first. Add these weights up: they do not come to 1.

# %%
given = {
    t: [sum((1 - beta) * beta**age for age in range(t)) for beta in (0.9, 0.999)]
    for t in (1, 2, 10, 100, 1000)
}

# %% tags=["hide-input"]
for t, weights in given.items():
    for beta, weight in zip((0.9, 0.999), weights, strict=True):
        assert abs(weight - weight_given(beta, t)) < 1e-9
rows = [[t, *weights] for t, weights in given.items()]
say(table({"t": "d", "weight given, β = 0.9": ".3f", "weight given, β = 0.999": ".3f"}, rows))

# %% [markdown]
# What is missing to 1 went to the zero at the start. An average that has given away a tenth of its weight is
# a tenth of what it should be. So divide it by the weight that it *has* given away. This is **bias
# correction**. (The word *bias* here means a systematic error, not the offset of a neuron.)
#
# ### Exercise 11.bias_correction
#
# Return the average as it would be without the zero it started from. Look at the table: for which formula
# in $\beta$ and $t$ are these the values?


# %%
def corrected(average, beta, t):
    """Return a moving average without the zero it started from.

    average: tensor of any shape, the average after t values.
    beta: number from 0 to below 1, how much of the old average is kept.
    t: whole number, 1 or more: how many values it was made of.
    The result has the shape of the average.
    """
    ### BEGIN SOLUTION
    return average / (1 - beta**t)
    ### END SOLUTION


# %%
corrected = check("11.bias_correction", corrected)

# %%
solution("11.bias_correction")

# %% [markdown]
# See it at work on a network for digits. Left, the squared gradients of one weight over 60 mini-batches:
# as they come, averaged, and averaged and corrected.


# %%
def loss_of(params, x, y):
    return cross_entropy(network(params, x), y)


gradients_of = torch.func.grad(loss_of)
source, params, squares = generator(0), start(0), []
for _ in range(3):
    for x, y in batches(data.train, 50, source):
        squares.append(gradients_of(params, x, y)["W1"][24, 4].cpu().double() ** 2)
v, averages, mended = 0.0, [], []
for t, square in enumerate(squares, start=1):
    v = 0.999 * v + 0.001 * square
    averages.append(v)
    mended.append(corrected(v, 0.999, t))

# %% [markdown]
# Right, what it does to steps. A step is $m$ over $\sqrt{v}$. If neither is corrected, $m$ is too small by
# the factor $1 - \beta_1^t$ and the root of $v$ by the factor $\sqrt{1 - \beta_2^t}$. With the
# usual β the second is the smaller one. So the steps are too *long*, by
#
# $$ \frac{1 - \beta_1^t}{\sqrt{1 - \beta_2^t}} $$
#
# The crosses were found on the network, with $\beta_2 = 0.999$: the steps of Adam with and without
# corrections, from the same averages.

# %% tags=["hide-input"]
seen = {"g²": squares, "v": averages, "v corrected": mended}
seen = {name: torch.stack(values) for name, values in seen.items()}
mean = seen["g²"].mean()
assert len(squares) == 60 and averages[-1] < 0.07 * mean
assert abs(mended[-1] / mean - 1) < 0.05
factors = {
    f"β₂ = {beta2}": [uncorrected_factor(0.9, beta2, t) for t in range(1, 10_001)]
    for beta2 in (0.9999, 0.999, 0.99)
}
params, at, found = start(0), [], []
slots = {name: (torch.zeros_like(p),) * 2 for name, p in params.items()}
source, t = generator(1), 0
for _ in range(5):
    for x, y in batches(data.train, 50, source):
        t, g = t + 1, gradients_of(params, x, y)
        moved = {k: rules.adam(p, g[k], *slots[k], t=t, lr=0.01) for k, p in params.items()}
        if t in (1, 3, 10, 30, 100):
            plain = adam_partly_corrected(
                params["W1"], g["W1"], *slots["W1"], t=t, lr=0.01, mended=""
            )[0]  # fmt: skip
            steps = [(there - params["W1"]).norm() for there in (plain, moved["W1"][0])]
            at.append(t)
            found.append(float(steps[0] / steps[1]))
            assert abs(found[-1] / factors["β₂ = 0.999"][t - 1] - 1) < 0.02
        params = {k: new for k, (new, _, _) in moved.items()}
        slots = {k: both for k, (_, *both) in moved.items()}
show(
    pictures.cold_start(seen, factors, (at, found)),
    alt="Left: squared gradients as dots. Their average v stays near zero over 60 steps; the corrected "
    "average lies among the dots from the first step on. Right: without corrections steps are 3 times "
    "too long at first with β₂ 0.999, up to 6.6 times near step 12, and 1 only after thousands of steps.",
    caption="Left, an average with β₂ = 0.999 and the same corrected. Right, by which factor steps are too "
    "long without corrections, for three β₂.",
    claims=("B7, second part",),
)
curve = factors["β₂ = 0.999"]
longest = max(range(len(curve)), key=curve.__getitem__)
say(
    f"With the usual β the first step is {curve[0]:.1f} times too long, step {longest + 1} is "
    f"{curve[longest]:.1f} times too long, and step 1000 still {curve[999]:.2f} times. With only m corrected the "
    f"first step is {uncorrected_factor(0.9, 0.999, 1, 'm'):.0f} times too long."
)

# %% [markdown]
# That answers the second prediction: too long.
#
# ## The rule
#
# Now put everything in a row. Write $\hat m$ and $\hat v$ for the corrected averages. One step of **Adam**
# is
#
# $$ \hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} $$
#
# $$ p \leftarrow p - \text{lr}\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon} $$
#
# after $m$ and $v$ have taken in the new gradient. $p$ is the parameter, $t$ counts the steps from 1, and
# $\varepsilon$, usually $10^{-8}$, keeps the rule from dividing by 0. What is kept for the next step are
# $m$ and $v$ as they are.
#
# ### Exercise 11.adam
#
# Write the rule.


# %%
def adam(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return p after one step of Adam, and both averages: p, m, v.

    p: tensor of any shape, the parameter.
    g: its gradient.   m, v: what the step before returned, 0 before
    the first one. All have the shape of p.
    t: whole number, 1 at the first step.
    lr, beta1, beta2, eps: numbers, as in the formula.
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return p - lr * m_hat / (v_hat.sqrt() + eps), m, v
    ### END SOLUTION


# %%
adam = check("11.adam", adam)

# %%
solution("11.adam")

# %% [markdown]
# A rule of yours is a real optimizer. `RuleOptimizer` takes any rule and works like those of
# `torch.optim`: with modules, with parameter groups, with schedulers. Here your Adam and torch's train the
# same network, and a scheduler lowers the learning rate along a cosine.


# %%
def trained(make):
    """Return a network after 100 steps with the optimizer that `make` makes of its parameters."""
    net, source = module(), generator(0)
    optimizer = make(net.parameters())
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    for _ in range(5):
        for x, y in batches(data.train, 50, source):
            optimizer.zero_grad()
            cross_entropy(net(x), y).backward()
            optimizer.step()
            scheduler.step()
    return net


yours = trained(lambda params: RuleOptimizer(params, adam, lr=0.01))
torchs = trained(lambda params: torch.optim.Adam(params, lr=0.01))
for one, other in zip(yours.parameters(), torchs.parameters(), strict=True):
    torch.testing.assert_close(one, other, rtol=0, atol=0.01)
right = [accuracy(net(data.test.x), data.test.y).item() for net in (yours, torchs)]
assert min(right) > 0.9 and abs(right[0] - right[1]) < 0.01
say("Your Adam and torch's end at the same weights, to within a hundredth, after 100 steps.")

# %% [markdown]
# ## The first step
#
# At $t = 1$ each average has seen one gradient. Put $m = (1 - \beta_1) g$ and $v = (1 - \beta_2) g^2$ into
# the corrections, and see what is left.
#
# ### Exercise 11.first_step
#
# By how much does Adam change a parameter in its first step? Give the change with its sign, for gradients
# of any size, also as small as ε. No β is handed in: you will not need any.


# %%
def first_step(g, lr, eps=1e-8):
    """Return by how much Adam changes parameters in its first step.

    g: tensor of any shape, the first gradients.
    lr, eps: numbers.
    The result has the shape of g.
    """
    ### BEGIN SOLUTION
    return -lr * g / (g.abs() + eps)
    ### END SOLUTION


# %%
first_step = check("11.first_step", first_step)

# %%
g = torch.tensor([1000.0, -1.0, 0.001, 1e-8, 0.0], dtype=torch.float64)
zero = torch.zeros_like(g)
by_rule = adam(zero, g, zero, zero, t=1, lr=0.01)[0]
torch.testing.assert_close(first_step(g, 0.01, 1e-8), by_rule)

# %% tags=["hide-input"]
first = [number(gradient, 8 if 0 < abs(gradient) < 1e-3 else 3) for gradient in g.tolist()]
say(table({"first gradient": ">", "change": ".4f"}, zip(first, by_rule, strict=True)))

# %% [markdown]
# That answers the first prediction: both weights move by 0.01. **The first step has the length lr, whatever
# the gradient**, and goes against the sign of $g$. Only a gradient as small as ε moves less, and where there is
# none, nothing moves.
#
# This is why Adam works at once. In gradient descent the learning rate turns gradients into steps, so
# its right value depends on how large gradients happen to be. In Adam it *is* the size of a step, in units
# of the weights. Later steps are seldom longer: $|\hat m|$ is rarely larger than
# $\sqrt{\hat v}$, and when gradients change their sign all the time it is much smaller.
#
# ## On a ravine
#
# The ravine of lesson 09 is fifty times as steep along y as along x. Left, 60 steps of Adam with a
# learning rate of 0.3; right, the length of each step along x and along y, in units of the learning rate.
#
# 1. With both averages corrected, how long are the first steps along x and along y? Why are they equal,
#    on a slope that is so much steeper along y?
# 2. Take away the corrections, first both, then one. Which of the four first steps did you expect?
# 3. Set β₁ to 0. The path does not swing across the valley any more. This ravine has no noise: so what is
#    the average m good for elsewhere?
# 4. Leave β₁ at 0 and lower β₂ to 0.9. What becomes of the steps along y, once y is near 0, and why?

# %% tags=["hide-input"]
interact(
    pictures.walk,
    pictures.start_walk,
    pictures.draw_walk,
    {
        "beta1": Slider("β₁", 0.0, 0.99, 0.01, 0.9),
        "beta2": Choice("β₂", (0.9, 0.99, 0.999, 0.9999), 0.999),
        "corrected": Choice("corrected", tuple(pictures.MENDED), "both averages"),
    },
    alt="Left: contour lines of a ravine with the path of Adam from the upper left to the minimum. Right: "
    "the lengths of its steps along x and y over 60 steps, both 1 at the first step.",
    caption="Adam on a ravine with its settings in your hands. Ring: start. Dot: after 60 steps. Star: "
    "minimum.",
)

# %% tags=["hide-input"]
first = {name: pictures.walk(0.9, 0.999, name)["lengths"][0] for name in pictures.MENDED}
for name, which in pictures.MENDED.items():
    assert abs(first[name] / uncorrected_factor(0.9, 0.999, 1, which) - 1).max() < 1e-5
words = "; ".join(f"{name}: {lengths[0]:.2f}" for name, lengths in first.items())
swing = [-pictures.walk(beta, 0.999, "both averages")["points"][:, 1].min() for beta in (0.9, 0)]
late = [
    abs(pictures.walk(0, beta, "both averages")["points"][-20:, 1]).max() for beta in (0.999, 0.9)
]
assert swing[0] > 0.5 > 1e-3 > swing[1] and late[1] > 0.02 > 1e-3 > late[0]
say(
    f"First steps in units of the learning rate, the same along x and along y: {words}. With β₁ = 0.9 the "
    f"path swings across the valley to y = {number(-swing[0], 1)}; with β₁ = 0 it stays on its side. And with β₂ = 0.9 "
    "the average v soon forgets how large the gradients along y have been, so that steps along y grow "
    "again as soon as they have become small. Elsewhere gradients are noisy, and m averages the noise of the "
    "batches; what β₁ = 0 costs on digits is in a table below."
)

# %% [markdown]
# ## What it is made of
#
# Article B says that Adam joins momentum and RMSProp. That can be put exactly. If it joins them, each must
# come out again when the other is switched off.
#
# ### Exercise 11.as_composition
#
# Switch off momentum: make RMSProp, with its average corrected, of Adam. Do not write the formula again.
# Call the `adam` that is handed in; it has the signature of yours, and it may be a dialect of Adam.


# %%
def rmsprop_by_adam(adam, p, g, s, *, t, lr, beta, eps):
    """Return the parameter after one step of RMSProp, with its average
    corrected, and the average as it is: p, s.

    adam: a rule with the signature of yours; it returns p, m, v.
    p, g, s: tensors of one shape: parameter, gradient, and the average
    of squared gradients before the step.
    t, lr, beta, eps: as for RMSProp; t is 1 at the first step.
    """
    ### BEGIN SOLUTION
    p, _, s = adam(p, g, torch.zeros_like(g), s, t=t, lr=lr, beta1=0.0, beta2=beta, eps=eps)
    return p, s
    ### END SOLUTION


# %%
rmsprop_by_adam = check("11.as_composition", rmsprop_by_adam)

# %% [markdown]
# The other ends of Adam's settings are known rules too. A huge ε, with an equally huge learning rate,
# makes $\sqrt{\hat v}$ count for nothing, and switches RMSProp off. With no memory at all each step is a
# first step. And if squares are never forgotten and momentum is off, $\hat v$ is the plain mean of all
# squares, which makes it AdaGrad, the rule from lesson 10 that only adds, with a learning rate that grows as
# $\sqrt t$. (The last was noticed by Kingma and Ba.)


# %%
def walked(rule, p, gradients, lr=lambda t: 0.1, **hyper):
    """Return the points that a rule visits from p, where these are the gradients that it gets."""
    slots, points = (torch.zeros_like(p),) * len(slot_names(rule)), [p]
    for t, g in enumerate(gradients, start=1):
        p, slots = apply(rule, p, g, slots, t=t, lr=lr(t), **hyper)
        points.append(p)
    return torch.stack(points)


zero = torch.zeros(6, dtype=torch.float64)
series = torch.randn(40, 6, generator=generator(0), dtype=torch.float64)
by_parts = walked(partial(rmsprop_by_adam, adam), zero, series, beta=0.9, eps=0.0)
alone = walked(adam, zero, series, beta1=0.0, beta2=0.9, eps=0.0)
averaged = walked(adam, zero, series, lambda t: 0.1 * 1e9, beta1=0.8, eps=1e9)
forgetting = walked(adam, zero, series, beta1=0.0, beta2=0.0, eps=0.0)
adding = walked(adam, zero, series, beta1=0.0, beta2=1 - 1e-8, eps=0.0)


# %% tags=["hide-input"]
def corrected_lr(t):
    """Return the rate that RMSProp needs to be Adam without momentum."""
    return 0.1 * weight_given(0.9, t) ** 0.5


ends = {
    r"RMSProp, with lr times $\sqrt{1 - \beta^t}$": (
        alone,
        walked(rmsprop, zero, series, corrected_lr, beta=0.9, eps=0.0),
    ),
    r"momentum as an average, with lr over $1 - \beta^t$": (
        averaged,
        walked(momentum_ema, zero, series, lambda t: 0.1 / weight_given(0.8, t), beta=0.8),
    ),
    "a step of length lr along the sign": (
        forgetting,
        -0.1 * torch.cat([torch.zeros(1, 6), series.sign().cumsum(dim=0)]).double(),
    ),
    r"AdaGrad, with lr times $\sqrt{t}$": (
        adding,
        walked(rules.adagrad, zero, series, lambda t: 0.1 * t**0.5, eps=0.0),
    ),
}
torch.testing.assert_close(by_parts, alone)
settings = ("β₁ = 0", "ε and lr huge", "β₁ = β₂ = 0", "β₁ = 0, β₂ near 1")
for one, other in ends.values():
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
which = table({"Adam with": "", "is": ""}, zip(settings, ends, strict=True))
say(f"{which}\n\nYour Adam and these rules went the same 40 steps, place by place.")

# %% [markdown]
# ## Which rates will do
#
# Article B calls Adam robust and fast. Robust can mean: many learning rates will do. The stored experiment
# trained a network with 32 hidden neurons on digits for 200 updates, with four rules at 25 learning rates
# each, six to a decade, over 24 divisions of the data. (A *decade* is a factor of ten.) And once more with
# the pixels in *unequal units*: each pixel is multiplied by a number of its own, drawn between a tenth and
# ten. For the network this is a ravine in 64 dimensions.
#
# Whatever is chosen was chosen on validation images of six further divisions. Four runs each of momentum
# and Adam are trained again here, with your rules.

# %%
live = {}
for name, rule in {"momentum": momentum, "Adam": adam}.items():
    lr = best_rate("digits", name)
    live[name] = script.run(rule, {"lr": [lr]}, seeds=range(4))[0]["accuracy"].mean().item()

# %% tags=["hide-input"]
for name, now in live.items():
    then = accuracy_at_best(tasks["digits"][name])[:4].mean() / 100
    assert abs(now - then) < 0.02
panels = {
    task: {name: (rates[name], torch.tensor(of["accuracy"])) for name, of in found.items()}
    for task, found in tasks.items()
}
assert all(runs.shape == (25, 24) for curves in panels.values() for _, runs in curves.values())
crosses = [best_rate("digits", name) for name in live], list(live.values())
show(
    pictures.by_rate(panels, {"digits": crosses}),
    alt="Test accuracy against learning rate for four rules. On digits all reach about 96 percent: Adam "
    "and RMSProp near a rate of 0.01, momentum near 0.2, gradient descent just below 1, where it fails. "
    "In unequal units gradient descent reaches 85 percent, momentum 88, RMSProp 93 and Adam 94.",
    caption="200 updates with four rules at 25 rates each. Line: median of 24 runs. Band: middle nine "
    "tenths. Cross: the mean of four runs just now.",
    claims=("B7, first part", "B7, third part"),
)


# %% tags=["hide-input"]
def at_best(task, name):
    """Return the test accuracy of each run at the rate that was chosen, in percent."""
    return accuracy_at_best(tasks[task][name])


four = list(tasks["digits"])
rows = ["| rule | digits | rate | unequal units | rate |", "|---|---:|---:|---:|---:|"]
for name in four:
    cells = []
    for task in tasks:
        cells += [f"{at_best(task, name).mean():.1f} %", f"{best_rate(task, name):.2g}"]
    rows.append(f"| {name} | {' | '.join(cells)} |")
say("\n".join(rows))
gain = {
    (task, name): confidence_interval(at_best(task, "Adam") - at_best(task, name))
    for task in tasks
    for name in four
    if name != "Adam"
}
assert all(gain["unequal units", name].low > 3 for name in ("gradient descent", "momentum"))

# %% [markdown]
# In unequal units both halves of Adam show what they are good for. Momentum gains something over gradient
# descent, RMSProp gains a lot, and Adam is well above momentum and level with RMSProp; it gets there sooner,
# as comes next.
#
# Count a rate as one that *will do* if it costs at most one point of accuracy: against the best rate of any
# of the four rules, or against the best rate of the same rule. And count the updates until the validation
# loss is down to 0.3; here each rule runs at the rate at which it got there soonest.

# %% tags=["hide-input"]
most = 20 * kept["epochs"]
drawn = {
    task: {
        name: (
            {"against the best rule": of["any"], "against itself": of["own"]},
            torch.tensor([float(most) if u is None else u for u in of["updates"]]),
        )
        for name, of in found.items()
    }
    for task, found in tasks.items()
}
reached = {
    task: {name: sum(u is not None for u in of["updates"]) for name, of in found.items()}
    for task, found in tasks.items()
}
assert set(reached["digits"].values()) == {24}
assert list(reached["unequal units"].values()) == [0, 8, 24, 24]
show(
    pictures.widths_and_updates(drawn, confidence_interval, most),
    alt="For each rule the range of rates that will do, in decades, and the updates of 24 runs, for two "
    "tasks. On digits Adam has 1.2 decades, the others less, gradient descent least; Adam takes about 35 "
    "updates, the others about 60. In unequal units, against the best rule, only Adam has a range, 0.8 "
    "decades; Adam takes 73 updates, RMSProp 112, momentum arrives in 8 runs and gradient descent in none.",
    caption="Left, how many decades of the learning rate will do, with 95 % intervals. Right, updates until "
    "the validation loss is 0.3; at the dotted line nobody looked further.",
    claims=("B7, third part", "B7, fourth part"),
)

# %% [markdown]
# How much do β₁ and β₂ matter? The experiment tried twenty pairs, each at the best of nine rates of its
# own, and then all of them at the rate of the usual pair.

# %% tags=["hide-input"]
beta1, beta2 = kept["betas"]["beta1"], kept["betas"]["beta2"]
shape = (len(beta1), len(beta2))
accuracy_of = {
    name: torch.tensor(of).mean(dim=1).view(shape) for name, of in kept["betas"]["accuracy"].items()
}
assert kept["betas"]["pairs"][9] == [0.9, 0.99]
show(
    pictures.pairs(
        {
            "each pair at its own rate": accuracy_of["own rate"],
            "all at the rate of 0.9 and 0.999": accuracy_of["one rate"],
        },
        beta1,
        beta2,
    ),
    alt="Two tables of test accuracy for five β₁ and four β₂. At its own rate a pair reaches 93 to 96 "
    "percent, but for one without momentum, at 90. At one rate all reach 94 to 96 percent.",
    caption="Mean test accuracy of 24 runs for twenty pairs of β. Darker: lower.",
    claims=("Kingma and Ba (2015)",),
)

# %% [markdown]
# ## Weight decay
#
# A small share of each weight is taken off at every step, so that weights which nothing holds up fall
# back to 0. For gradient descent this is the same as an L2 penalty in the loss: its gradient, λ times the
# weight, is added to $g$, and the step takes lr · λ · p off. With Adam it is *not* the same. A penalty that
# goes into $g$ goes into $m$ and $v$ too, and is divided by $\sqrt{\hat v}$ like every gradient. Loshchilov
# and Hutter take the decay out of the gradient. That is **AdamW**, and its decay is called *decoupled*:
#
# $$ p \leftarrow (1 - \text{lr}\,\lambda)\, p $$
#
# and then a step of Adam on $g$ alone.
#
# ### Exercise 11.adamw
#
# Write it, with lr in the decay, as torch has it. $\lambda$ is `weight_decay`. You may call your `adam`.


# %%
def adamw(
    p, g, m, v, *,
    t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01,
):  # fmt: skip
    """Return p after one step of AdamW, and both averages: p, m, v.

    All arguments are those of adam, and
    weight_decay: number, the strength of the decay.
    """
    ### BEGIN SOLUTION
    shrunk = (1 - lr * weight_decay) * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    step = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps)
    return shrunk - lr * step, m, v
    ### END SOLUTION


# %%
adamw = check("11.adamw", adamw)

# %% [markdown]
# What does each kind of decay do to which weights? A pixel's ink multiplies the gradients of all weights
# that start at it. So dark pixels have large gradients, pixels at the edge of the paper small ones, and a
# few pixels are blank in all images: no gradient at all. The experiment trained for 30 epochs with
# Adam alone, with an L2 penalty, and with AdamW, the last two at strengths that leave the darkest pixels
# about the same share of their weights, two thirds.

# %% tags=["hide-input"]
decay = kept["decay"]
ink = torch.tensor(decay["ink"])
columns = {name: torch.tensor(of["columns"]) for name, of in decay["sides"].items()}
strength = {name: of["strengths"][of["like"]] for name, of in decay["sides"].items()}
left = {name: (columns[name] / columns["none"]).T for name in ("L2", "AdamW")}
lr, steps = decay["lr"], 20 * kept["decay_epochs"]

# %%
no_gradient, own = torch.zeros(steps, 1), strength["AdamW"]
still = walked(adamw, torch.ones(1), no_gradient, lambda t: lr, weight_decay=own)[-1]
factor = (1 - lr * own) ** steps
assert abs(still.item() - factor) < 1e-4

# %% tags=["hide-input"]
blank = ink == 0
assert blank.any()
assert (left["AdamW"].T[blank] / factor - 1).abs().max() < 0.01
assert left["L2"].T[blank].max() < 0.01
show(
    pictures.weights_left(ink.mean(dim=0), left),
    alt="Share of weights left against the ink of 64 pixels. With L2 it rises from 0 at blank pixels to "
    "about two thirds at dark ones. With AdamW it is near 70 percent for all pixels with some ink, and "
    "about a seventh where there is none.",
    caption="How much of the weights of each pixel decay leaves, against Adam without decay: means of 24 "
    "runs.",
    claims=("Loshchilov and Hutter (2019)",),
)
pale = ink.mean(dim=0).argsort()[8:24]
dark = ink.mean(dim=0).argsort()[-16:]
say(
    f"At blank pixels AdamW leaves {factor:.0%}, which is 1 less lr · λ to the power {steps}, and L2 nothing. "
    f"At sixteen pale pixels AdamW leaves {left['AdamW'][pale].mean():.0%} and L2 "
    f"{left['L2'][pale].mean():.0%}; at the sixteen darkest {left['AdamW'][dark].mean():.0%} and "
    f"{left['L2'][dark].mean():.0%}."
)

# %% [markdown]
# That answers the third prediction. A penalty in the gradient is divided by the size of the gradients. So it
# holds back the weights with *small* gradients, and lets those with large ones go. At a blank pixel the
# penalty is all the gradient there is, and Adam makes full steps of it, however weak it is.
#
# ## The same name, another rule
#
# You will meet these rules in other libraries, under the same names. Not all of them are the same. Keras is
# the library of article A's examples. Each line below is a test of this course against torch and Keras
# themselves (`tests/optim/test_dialects.py`).

# %% tags=["hide-input"]
rows = [[what, *cells] for what, cells in TABLE.items()]
say(table({"what": "", "torch": "", "Keras": ""}, rows))

# %% [markdown]
# This course goes with torch, but for three lines: it also has momentum as an average, as article B does, and
# the normal initializers without tails; and its own cross-entropy is infinite at p = 0. Some lines need words.
#
# - **ε.** Keras adds it before $v$ is corrected. That is Kingma and Ba's second way to write their
#   rule, where it is called $\hat\varepsilon$. At the first step it counts more than torch's, by
#   the factor $1/\sqrt{1 - \beta_2}$, about 32. And ε inside a root stands for its own root: next to a small
#   $s$, $10^{-7}$ counts as 0.0003.
# - **Momentum.** With lr inside the velocity, old gradients keep the learning rate that they came
#   with. That is the same while lr is constant, and another rule under a schedule.
# - **Decay.** `Adam(weight_decay=…)` is an L2 penalty in torch and decoupled in Keras: the very difference of
#   the section above. The paper on AdamW has a third form, in which the decay is scaled by the schedule
#   and not by lr: λ = 0.01 there takes a hundredth off at each step at full rate.
#
# Here is what torch says to its column, and what each dialect is worth in a step.


# %%
def of_torch(optimizer, lr, **hyper):
    """Return where one of torch's optimizers ends after these gradients."""
    leaf = p.clone().requires_grad_()
    rule = optimizer([leaf], lr=0.1, **hyper)
    for t, g in enumerate(gradients, start=1):
        leaf.grad, rule.param_groups[0]["lr"] = g.clone(), lr(t)
        rule.step()
    return leaf.detach()


def falling(t):
    return 0.1 / t


p, *gradients = torch.randn(9, 5, generator=generator(0), dtype=torch.float64)
for optimizer, theirs, rule, ours in (
    (torch.optim.RMSprop, {"eps": 0.1}, rules.rmsprop, {"eps": 0.1}),
    (torch.optim.SGD, {"momentum": 0.9}, momentum, {}),
    (torch.optim.Adam, {"eps": 0.1}, adam, {"eps": 0.1}),
    (torch.optim.Adam, {"weight_decay": 0.3}, adam_l2, {"weight_decay": 0.3}),
    (torch.optim.AdamW, {"weight_decay": 0.3}, adamw, {"weight_decay": 0.3}),
):
    ends_at = walked(rule, p, gradients, falling, **ours)[-1]
    torch.testing.assert_close(of_torch(optimizer, falling, **theirs), ends_at)

# %% tags=["hide-input"]
others = {
    "RMSProp, ε": (rules.rmsprop, rmsprop_inside, {"beta": 0.9, "eps": 1e-3}),
    "Adam, ε": (adam, adam_epsilon_hat, {"eps": 1e-3}),
    "Adam, decay": (adamw, adam_l2, {"weight_decay": 0.3}),
    "AdamW, decay": (adamw, adamw_paper, {"weight_decay": 0.3}),
}
rows = []
for name, (one, other, hyper) in others.items():
    one_end, other_end = (walked(rule, p, gradients, **hyper)[-1] for rule in (one, other))
    apart = (one_end - other_end).abs().max().item() / 0.1
    assert apart > 0.001
    rows.append([name, apart])
say(table({"dialect": "", "apart after 8 steps, in lr": ".2g"}, rows))
inside, outside = nn.functional.huber_loss, nn.functional.smooth_l1_loss
assert torch.allclose(outside(p, gradients[0], beta=0.3), inside(p, gradients[0], delta=0.3) / 0.3)
assert nn.functional.binary_cross_entropy(torch.zeros(1), torch.ones(1)) == 100
assert nn.Linear(5, 3).weight.shape == (3, 5)

# %% [markdown]
# ## What goes wrong
#
# **No correction.** The steps are too long for hundreds of updates, as the first figure showed. What does
# this do to training? The experiment trained with corrections and without, for three β₂, at thirteen
# rates.

# %% tags=["hide-input"]
correction = kept["correction"]
its_rates = torch.tensor(correction["rates"])
panels = {
    f"β₂ = {beta2}": {name: (its_rates, torch.tensor(of["accuracy"])) for name, of in sides.items()}
    for beta2, sides in correction["beta2"].items()
}
assert list(panels) == ["β₂ = 0.99", "β₂ = 0.999", "β₂ = 0.9999"]
show(
    pictures.by_rate(panels),
    alt="Three panels of test accuracy against learning rate, for β₂ of 0.99, 0.999 and 0.9999. With "
    "corrections the curve is the same in all of them, with its top near 0.01. Without, it moves to the "
    "left as β₂ grows, by about a decade for 0.9999.",
    caption="Training with corrected averages, and with averages as they are. Line: median of 24 runs. "
    "Band: middle nine tenths.",
    claims=("B7, second part",),
)
tops = {
    name: [float(its_rates[sides[name]["best"]]) for sides in correction["beta2"].values()]
    for name in ("corrected", "as they are")
}
assert len(set(tops["corrected"])) == 1 and tops["as they are"][-1] < tops["as they are"][0] / 3
say(
    f"With corrections the best rate is {tops['corrected'][0]:.2g} for all three β₂. Without, it is "
    f"{', '.join(f'{top:.2g}' for top in tops['as they are'])}."
)

# %% [markdown]
# **t counts from 0.** Then the first step divides by $1 - \beta^0 = 0$. One step is enough to lose every
# weight.

# %%
p, g, zero = torch.ones(3), torch.tensor([0.5, -1.0, 2.0]), torch.zeros(3)
lost, *_ = adam(p, g, zero, zero, t=0, lr=0.01)
assert lost.isnan().all()
say(f"After a step with t = 0 the three weights are {lost.tolist()}.")

# %% [markdown]
# **ε in half precision.** The smallest number of float16 above 0 is about 6·10⁻⁸. So 10⁻⁸ is 0 there, and
# so is the square of a gradient of 0.0001. What remains is a division by 0.

# %%
steps = {}
for dtype in (torch.float16, torch.float32):
    zero = torch.zeros(2, dtype=dtype)
    small = torch.tensor([1e-4, 0.0], dtype=dtype)
    steps[dtype] = adam(zero, small, zero, zero, t=1, lr=0.01)[0].tolist()

# %% tags=["hide-input"]
assert steps[torch.float16][0] == -math.inf and math.isnan(steps[torch.float16][1])
assert abs(steps[torch.float32][0] + 0.01) < 1e-5 and steps[torch.float32][1] == 0
first, second = steps[torch.float16]
say(
    f"Gradients of 0.0001 and 0 change two weights by {number(first, 1)} and {second} in float16, by "
    f"{number(steps[torch.float32][0], 2)} and 0 in float32. Keep the averages and the step in float32."
)

# %% [markdown]
# **A pair of brackets is missing.** `p - lr * m_hat / v_hat.sqrt() + eps` adds ε to the *parameter*. A
# well-known book printed its Adam like this for one of its libraries, and running all its notebooks at
# every change never showed it. The loss falls all the same: ε is small. But where a gradient has always
# been 0, at a blank pixel say, this divides 0 by 0.


# %%
def bracket(p, g, m, v, *, t, lr, eps=1e-6):
    """Return Adam with the slip."""
    _, m, v = adam(p, g, m, v, t=t, lr=lr)
    return p - lr * corrected(m, 0.9, t) / corrected(v, 0.999, t).sqrt() + eps, m, v


p, g, zero = torch.zeros(2), torch.tensor([1.0, 0.0]), torch.zeros(2)
wrong, right = (rule(p, g, zero, zero, t=1, lr=0.01)[0] for rule in (bracket, adam))

# %% tags=["hide-input"]
assert abs(wrong[0] - right[0]) < 2e-6 and wrong[1].isnan() and right[1] == 0
say(f"A gradient of 1: off by a millionth. A gradient of 0: {wrong[1].item()}.")

# %% [markdown]
# **Adam goes the wrong way.** Reddi, Kale and Kumar (2018) found a simple problem on which Adam ends at the
# worst point there is. A number $x$ between −1 and 1 has the cost $C x$ at every third step and $-x$ at the
# two others, with $C = 4$, so the sum of three is $2x$: the best $x$ is −1. Take β₁ = 0, β₂ =
# 1/(1 + C²), and a learning rate that falls as $1/\sqrt t$. The large gradient comes once, and is divided by
# its own size; the two small ones come between, and v has forgotten the large one.

# %%
C = 4.0
forgetful = 1 / (1 + C**2)


def online(rule, steps=600, **hyper):
    """Return x after each step; it is kept between −1 and 1."""
    x = torch.zeros((), dtype=torch.float64)
    points, slots = [x], (x,) * len(slot_names(rule))
    for t in range(1, steps + 1):
        g = torch.tensor(C if t % 3 == 1 else -1.0, dtype=torch.float64)
        x, slots = apply(rule, x, g, slots, t=t, lr=0.5 / t**0.5, **hyper)
        x = x.clamp(-1, 1)
        points.append(x)
    return torch.stack(points)


paths = {
    f"Adam, β₂ = {forgetful:.3f}": online(adam, beta1=0.0, beta2=forgetful),
    "Adam, β₂ = 0.999": online(adam, beta1=0.0),
    "gradient descent": online(rules.gd),
}

# %% tags=["hide-input"]
lasts = [points[-60:].mean().item() for points in paths.values()]
assert lasts[0] > 0.9 and max(lasts[1:]) < -0.9

v_after = [
    (1 - forgetful) * sum(forgetful**age * g**2 for age, g in enumerate(seen)) / (1 - forgetful**3)
    for seen in ((C, -1, -1), (-1, C, -1), (-1, -1, C))
]
drift = -sum(g / v**0.5 for g, v in zip((C, -1, -1), v_after, strict=True))
assert drift > 0.5
show(
    pictures.wrong_way(paths, -1.0),
    alt="x over 600 steps for three rules. Adam with β₂ of 0.059 rises to the upper end, 1. Adam with β₂ "
    "of 0.999 and gradient descent fall to the lower end, where the cost is lowest.",
    caption="The problem of Reddi, Kale and Kumar: where x is after each step.",
)
say(
    f"In three steps at a constant rate Adam moves x by {drift:+.2f} times lr, upwards: "
    f"{C / v_after[0] ** 0.5:.2f} down and {-drift + C / v_after[0] ** 0.5 + 2 * drift:.2f} up."
)

# %% [markdown]
# A longer memory mends this problem, as you see, and they show that for any fixed β₁ and β₂, with β₁ below
# the root of β₂, there is another one on which Adam fails. Their remedy, AMSGrad, never lets $v$ shrink;
# torch has it as `amsgrad=True`.
#
# ## Claims, measured
#
# Differences are taken run by run, and in brackets stands the 95 % interval. Widths of ranges are found on
# means over 24 runs; their intervals come from drawing 24 of these runs with replacement, 2000 times.


# %% tags=["hide-input"]
def more(task, name, against="own"):
    """Return in words how many decades wider Adam's range is than that of another rule."""
    middle, low, high = tasks[task][name][f"adam_more_{against}"]
    return f"{number(middle, 2)} ({number(low, 2)} to {number(high, 2)})"


there = {name: drawn["unequal units"][name][1] for name in ("RMSProp", "Adam")}
sooner = confidence_interval(there["RMSProp"] - there["Adam"])
assert sooner.low > 20 and gain["unequal units", "RMSProp"].low < 0
assert gain["digits", "momentum"].low < 0 < gain["digits", "RMSProp"].low
largest = max(float((one - other).abs().max()) for one, other in ends.values())
assert largest < 1e-5
verdict(
    "B7, first part: Adam joins momentum and RMSProp.",
    "holds",
    "Exactly so: with β₁ = 0 your Adam is RMSProp, with ε and lr huge it is momentum, both with their averages "
    "corrected, over 40 steps and to within rounding. And it has the strengths of both. With pixels in "
    f"unequal units it reads {at_best('unequal units', 'Adam').mean():.1f} % of the test digits; the gain "
    f"over momentum is {gain['unequal units', 'momentum']} points. Over RMSProp it is "
    f"{gain['unequal units', 'RMSProp']}, which is unclear, but Adam gets there sooner: until the validation "
    f"loss is 0.3 RMSProp takes {sooner} updates more. On digits as they are the gain is "
    f"{gain['digits', 'momentum']} over momentum, which is nothing, and {gain['digits', 'RMSProp']} over RMSProp.",
)


# %% tags=["hide-input"]
def gains(at=None):
    """Return for each β₂ the points that corrections gain: at a rate, or each side at its best."""
    found = {}
    for beta2, sides in correction["beta2"].items():
        of, without = (
            torch.tensor(sides[name]["accuracy"][sides[name]["best"] if at is None else at])
            for name in ("corrected", "as they are")
        )
        found[beta2] = confidence_interval(100 * (of - without))
    return found


pays = gains()
fixed = min(range(len(its_rates)), key=lambda i: abs(float(its_rates[i]) - 0.0215))
at_fixed = gains(fixed)
assert max(found.high for found in pays.values()) < 0.5 and pays["0.999"].high < 0
assert at_fixed["0.9999"].low > 30
verdict(
    "B7, second part: the correction mends the first averages.",
    "holds",
    "At every step a corrected average is the weighted mean of what has come so far. But it does not pay "
    "in accuracy here: with each side at its own best rate, corrections change it by "
    f"{pays['0.99']}, {pays['0.999']} and {pays['0.9999']} points for β₂ = 0.99, 0.999 and 0.9999. Perhaps, "
    "and this was not measured, steps that are too long at first and then shorter act as a schedule. What corrections buy is that the "
    f"rate need not be found again: it is {tops['corrected'][0]:.2g} for every β₂. At a rate of "
    f"{correction['rates'][fixed]:.2g}, leaving them out costs {at_fixed['0.9999']} points for β₂ = 0.9999.",
)

# %% tags=["hide-input"]
every_more = [
    of["adam_more_any"] for found in tasks.values() for name, of in found.items() if name != "Adam"
]
assert all(low > 0.1 for _, low, _ in every_more)
itself = [("digits", "momentum"), ("unequal units", "RMSProp")]
assert all(tasks[task][name]["adam_more_own"][1] < 0.01 for task, name in itself)
assert tasks["digits"]["RMSProp"]["adam_more_own"][1] > 0.1
assert tasks["unequal units"]["momentum"]["adam_more_own"][1] > 0.02
in_words = {
    task: ", ".join(f"{name} {of['any'][0]:.2f}" for name, of in found.items())
    for task, found in tasks.items()
}
chosen = {
    name: [f"{best_rate(task, name):.2g}" for task in tasks]
    for name in ("Adam", "gradient descent")
}
assert chosen["Adam"][0] == chosen["Adam"][1]
verdict(
    "B7, third part: Adam is robust.",
    "holds against the best of the four rules",
    "Decades of the learning rate that cost at most a point against the best of four rules, on digits: "
    f"{in_words['digits']}; in unequal units: {in_words['unequal units']}. Adam's is wider than that of each other "
    f"rule, on both; closest comes momentum on digits, by {more('digits', 'momentum', 'any')}. Against its "
    "own best rate a worse rule looks better. Adam's range is then still the wider one against gradient descent on both; but "
    f"against momentum on digits, by {more('digits', 'momentum')}, and against RMSProp in unequal units, "
    f"by {more('unequal units', 'RMSProp')}, it may be no wider. Its best rate is {chosen['Adam'][0]} "
    f"on both; that of gradient descent falls from {chosen['gradient descent'][0]} to "
    f"{chosen['gradient descent'][1]} with the units.",
)

# %% tags=["hide-input"]
taken = {name: torch.tensor(of["updates"]) for name, of in tasks["digits"].items()}
saved = {
    name: confidence_interval(own - taken["Adam"]) for name, own in taken.items() if name != "Adam"
}
assert all(found.low > 0 for found in saved.values())
of_adam_there = torch.tensor(tasks["unequal units"]["Adam"]["updates"]).mean()
verdict(
    "B7, fourth part: Adam is fast.",
    "holds down to a validation loss of 0.3",
    "Updates until the validation loss is 0.3, each rule at its fastest rate: "
    f"{', '.join(f'{name} {own.mean():.0f}' for name, own in taken.items())}. Adam saves "
    f"{', '.join(f'{found} against {name}' for name, found in saved.items())}. In unequal units Adam takes "
    f"{of_adam_there:.0f} and RMSProp {there['RMSProp'].mean():.0f}; within {most} updates momentum arrives in "
    f"{reached['unequal units']['momentum']} of 24 runs, and gradient descent in none. Updates are counted "
    "here, not seconds, and each β is at its default.",
)

# %% tags=["hide-input"]
of_own, of_one = accuracy_of["own rate"], accuracy_of["one rate"]
usual = of_one[beta1.index(0.9), beta2.index(0.999)]
inner = slice(0, beta1.index(0.95) + 1)
loss_one, loss_most = (
    100 * (usual - part.min()) for part in (of_one[of_one > of_one.min()], of_one)
)
worst = int(of_own[inner].argmin())
its_runs = torch.tensor(kept["betas"]["accuracy"]["own rate"][worst])
its_pair, its_rate = kept["betas"]["pairs"][worst], kept["betas"]["lr"][worst]
usual_rate = kept["betas"]["lr"][kept["betas"]["pairs"].index([0.9, 0.999])]
assert loss_one < 1.2 < loss_most and of_one.argmin() == kept["betas"]["pairs"].index([0.99, 0.9])
assert its_pair[0] == 0 and of_own.mean() < of_one.mean()
verdict(
    "Kingma and Ba (2015): the hyper-parameters typically require little tuning.",
    "holds for β, on digits",
    f"The usual pair, 0.9 and 0.999, reaches {usual:.1%} at a rate of {usual_rate:.2g}. At the same rate "
    f"{of_one.numel() - 1} of the {of_one.numel()} pairs lose at most {loss_one:.1f} points; β₁ = 0.99 with β₂ = 0.9 loses "
    f"{loss_most:.1f}. To give each pair a rate of its own did "
    f"not help, and once it hurt: for {its_pair[0]:g} and {its_pair[1]:g} six divisions chose {its_rate:.2g}, where "
    f"{int((its_runs < 0.9).sum())} of 24 runs stay below 90 %.",
)

# %% tags=["hide-input"]
sides, none = decay["sides"], decay["sides"]["none"]
by_decay = {
    name: confidence_interval(
        accuracy_at_best(sides[name]) - 100 * torch.tensor(none["accuracy"][0])
    )
    for name in ("L2", "AdamW")
}
assert all(found.low < 0 < found.high for found in by_decay.values())
pale_and_dark = {name: [of[group].mean() for group in (pale, dark)] for name, of in left.items()}
assert pale_and_dark["L2"][0] < 0.5 * pale_and_dark["L2"][1]
assert pale_and_dark["AdamW"][0] > 0.95 * pale_and_dark["AdamW"][1]
verdict(
    "Loshchilov and Hutter (2019): with Adam, an L2 penalty holds back weights with large gradients less "
    "than decoupled decay does.",
    "holds",
    "At strengths that leave the darkest sixteen pixels "
    f"{pale_and_dark['L2'][1]:.0%} (L2) and {pale_and_dark['AdamW'][1]:.0%} (AdamW) of their weights, "
    f"sixteen pale pixels keep {pale_and_dark['L2'][0]:.0%} with L2, where gradients are small, and "
    f"{pale_and_dark['AdamW'][0]:.0%} with AdamW. Whether it helps is another question. On digits, each at its best "
    f"of nine strengths after {kept['decay_epochs']} epochs, L2 changes the accuracy by {by_decay['L2']} points and "
    f"AdamW by {by_decay['AdamW']}: neither is a clear gain.",
)

# %% [markdown]
# ## Take away
#
# - Adam is momentum over the root of RMSProp's average. Its learning rate is the length of a step: the first
#   one has length lr and goes against the sign of the gradient, however large that is.
# - Averages that start at zero are too small by the factor 1 − βᵗ. Dividing by it makes the first steps right;
#   on digits it also made the best rate the same for all three β₂.
# - Names hide dialects. Where ε stands, what `weight_decay` means, where lr stands: look, or test it, before
#   you carry a setting from one library to another.
#
# ## Further reading
#
# - D. P. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*, ICLR: algorithm 1 is your
#   exercise.
# - I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization*, ICLR: AdamW.
# - S. J. Reddi, S. Kale and S. Kumar (2018), *On the convergence of Adam and beyond*, ICLR: where it goes the
#   wrong way, and AMSGrad.
# - J. Zhuang and others (2020), *AdaBelief optimizer: adapting stepsizes by the belief in observed
#   gradients*, NeurIPS: a dialect that averages (g − m)².
#
# Five rules and their dialects are in your hands. Which is best, and how would you know? The next lesson
# lets them race.
