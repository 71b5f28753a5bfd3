# %% [markdown]
# # 10 · RMSProp
#
# **Question.** What if each direction had its own step?
#
# **Time.** about 70 minutes.
#
# **Before this.** [09 · Momentum](09_momentum.ipynb)

# %% [markdown]
# In a ravine one learning rate has to serve two directions. The steep one allows no more than two over its
# curvature; the flat one would need far more. Momentum averages the gradients, so that those along the steep
# direction cancel. This lesson does something else: it *divides* each direction by the size of its own
# gradients. The rule is called RMSProp, root mean square propagation, and Adam, in the next lesson, contains
# it. Article B's claims about it are B6.

# %% tags=["hide-input"]
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, adaptive, interact, say, show, table, verdict
from course_lib.lab import (
    accuracy,
    best_setting,
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    median,
    resplit,
    stored,
    to_device,
)
from course_lib.lab.device import one_thread
from course_lib.lab.networks import network
from course_lib.lab.training import batches
from course_lib.optim.adaptive import (
    adagrad_step,
    constant_average,
    constant_step,
    limit_cycle,
    rotated,
)
from course_lib.optim.paths import path
from course_lib.optim.signature import apply, slot_names
from course_lib.optim.surfaces import bowl

gd, momentum = mine("07.gd"), mine("09.momentum")
kept, script = stored("10_rmsprop"), experiment("10_rmsprop")
assert kept["seeds"] == 24


def begin(seed):
    """Return where the run with this seed starts."""
    return to_device(script.start_network(seed), device())


def in_a_row(tensors):
    """Return all numbers of several tensors as one tensor."""
    return torch.cat([tensor.flatten() for tensor in tensors.values()])


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. In a ravine one direction is 1000 times flatter than the other. Gradient descent needs about 2000
#    steps to its bottom, at its best learning rate. How many does a rule need that divides each direction
#    by the size of its own gradients: 20, 200 or 2000?
# 2. Now the same ravine is turned by 45 degrees, so that it runs between the axes. How many steps does
#    that rule need now?
# 3. Somebody multiplies the loss by 128 and changes nothing else. Gradient descent then makes steps that
#    are 128 times as long, and falls apart. What happens to RMSProp?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## A rate for each direction
#
# Think of article B's picture: a weight $W$ along the flat axis, a bias $b$ along the steep one. Write
# $dW$ and $db$ for their gradients. RMSProp keeps a number for each, the moving average of its *squared*
# gradients:
#
# $$ S_{dW} \leftarrow \beta \, S_{dW} + (1 - \beta) \, dW^2 \qquad\qquad
# S_{db} \leftarrow \beta \, S_{db} + (1 - \beta) \, db^2 $$
#
# In squares signs do not cancel: $S$ knows how large gradients are, and not where they point. Then each direction is divided by the root of its own average:
#
# $$ W \leftarrow W - \alpha \, \frac{dW}{\sqrt{S_{dW}} + \varepsilon} \qquad\qquad
# b \leftarrow b - \alpha \, \frac{db}{\sqrt{S_{db}} + \varepsilon} $$
#
# $\beta$ says how long the average remembers, as in lesson 09; $\alpha$ is the learning rate, `lr` in
# code; $\varepsilon$ is a small number that keeps the division from being one by zero. On the steep axis
# gradients are large, so the step is cut; on the flat axis they are small, and so is what they are divided
# by.
#
# ### Exercise 10.rmsprop
#
# Both lines of a direction look alike, so the rule is one function of tensors: `p` is the parameter, `g`
# its gradient, and the slot `s` what the rule remembers. Write the rule.


# %%
def rmsprop(p, g, s, *, lr, beta=0.99, eps=1e-8):
    """Return the parameter and s after one step of RMSProp: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient, same shape.
    s: the average of squared gradients before the step, same shape.
    lr: learning rate.   beta: weight of the past in s.
    eps: small number, added to the root.
    """
    ### BEGIN SOLUTION
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + eps), s
    ### END SOLUTION


# %%
rmsprop = check("10.rmsprop", rmsprop)

# %%
solution("10.rmsprop")

# %% [markdown]
# The **condition** of a ravine is its condition number $\kappa$: the curvature of the steep axis over that of
# the flat one. The cost below is $\tfrac{1}{2}(W^2 / \kappa + b^2)$ with the condition $\kappa$. Gradient
# descent is black, with a rate near the largest that the steep axis allows; RMSProp is pink. On the right
# are the rates: what a gradient is multiplied by, in each direction and at each step.
#
# 1. Change the condition. Which of the two paths changes, and which stays as it is?
# 2. Set the condition to 100 and β to 0.5. Where do the two rates end? Lesson 07 knows both numbers.
# 3. Set β to 0.99, and look at the first step. Then set it to 0: what is the path made of now?

# %% tags=["hide-input"]
interact(
    adaptive.ravine,
    adaptive.start_ravine,
    adaptive.draw_ravine,
    {
        "condition": Choice("condition", (1, 10, 100, 1000), 100),
        "beta": Slider("β", 0.0, 0.99, 0.01, 0.9),
    },
    alt="Left: lines of equal cost of a ravine along W. Gradient descent jumps up and down across it and "
    "gets slowly ahead; RMSProp comes down by equal steps in both directions, and runs along the floor to the "
    "bottom. Right: the rates of RMSProp against the step. That of W stays far above that of b.",
    caption="100 steps of RMSProp and of gradient descent in a ravine, and the rate that each gradient is "
    "multiplied by.",
)

# %% tags=["hide-input"]
ends = {}
for condition in (1, 1000):
    here = bowl(condition)
    start = torch.tensor(here.start, dtype=torch.float64)
    ends[condition] = [
        path(rule, here.gradient, start, steps=60, lr=lr, **more)
        for rule, lr, more in ((rmsprop, 0.19, {"beta": 0.9}), (gd, 1.8, {}))
    ]
moved = (ends[1][0] - ends[1000][0]).norm(dim=1).max().item()
assert moved < 1e-4 and (ends[1][1] - ends[1000][1]).norm(dim=1).max() > 5
of_w, of_b = adaptive.ravine(100, 0.5)["rates"][-20:].mean(axis=0)
assert abs(of_w - 200) < 1 and abs(of_b - 2) < 0.01
late = path(rmsprop, bowl(100).gradient, start, steps=500, lr=0.19, beta=0.9)
at_end = (late[-2] - late[-1]) / bowl(100).gradient(late[-2])
assert torch.allclose(at_end, torch.tensor([200.0, 2.0], dtype=torch.float64), rtol=1e-3)
steps = path(rmsprop, bowl(100).gradient, start, steps=60, lr=0.19, beta=0.0).diff(dim=0)
assert torch.allclose(steps.abs(), torch.full_like(steps, 0.19), atol=1e-4)
say(
    "Whether the condition is 1 or 1000, no point of RMSProp's way moves by more than a ten-thousandth; "
    f"only ε sees the difference. At condition 100 and β = 0.5 the rates end at {of_w:.0f} and {of_b:.0f}: two "
    "over the curvature, for each direction its own. (With a larger β they get there later than the figure shows.) "
    "With β = 0 each gradient is divided by its own size, and every step is lr long in every direction, to and fro "
    f"for ever. With β = 0.99 the first step is {constant_step(1, lr=1.0, beta=0.99):.0f} times lr long."
)

# %% [markdown]
# ## The rate that it really gets
#
# The step is the gradient times a number: $\alpha / (\sqrt{s} + \varepsilon)$. That number is the
# **effective learning rate** of a direction.
#
# ### Exercise 10.effective_lr
#
# Given the gradients of a whole run, find the effective learning rate at each step. `s` starts at zero, as
# every slot does. (You may call your `rmsprop`, if you hand on `beta`.)


# %%
def effective_lr(gradients, *, lr, beta=0.99, eps=1e-8):
    """Return what RMSProp multiplies each gradient by at each step.

    gradients: tensor of shape (steps, ...), in the order of the steps.
    lr, beta, eps: as for rmsprop. s is zero before the first step.
    The result has the shape of gradients.
    """
    ### BEGIN SOLUTION
    s, rates = torch.zeros_like(gradients[0]), []
    for g in gradients:
        s = beta * s + (1 - beta) * g * g
        rates.append(lr / (s.sqrt() + eps))
    return torch.stack(rates)
    ### END SOLUTION


# %%
effective_lr = check("10.effective_lr", effective_lr)

# %% [markdown]
# Suppose that the gradient of a direction is the same number $g$ at every step. Then the average can be
# written down, as in lesson 09: after $t$ steps $s_t = (1 - \beta^t) \, g^2$. So the rate is
# $\alpha / (|g| \sqrt{1 - \beta^t})$, and the step
#
# $$ \alpha \, \frac{|g|}{\sqrt{s_t}} = \frac{\alpha}{\sqrt{1 - \beta^t}} $$
#
# There is no $g$ in it. A gradient of a thousand and one of a thousandth make the same step, `lr` long
# once $\beta^t$ has faded. That is *sign descent*: only the sign of the gradient is left. Noise smooths it. Let
# gradients have the mean $\mu$ and the standard deviation $\sigma$. Then $s$ is about $\mu^2 + \sigma^2$, and the
# mean step about $\alpha \mu / \sqrt{\mu^2 + \sigma^2}$: nearly `lr` where the sign is sure, and less the more it is
# drowned in noise (Balles and Hennig 2018).

# %%
lengths = {}
for g in (1000.0, 1.0, 0.001):
    gradients = torch.full((1000,), g, dtype=torch.float64)
    lengths[g] = effective_lr(gradients, lr=0.01) * gradients

# %% tags=["hide-input"]
t = torch.arange(1, 1001, dtype=torch.float64)
for g, steps in lengths.items():
    torch.testing.assert_close(steps, constant_step(t, lr=0.01, beta=0.99), rtol=1e-3, atol=0.0)
    first = torch.full((1,), g, dtype=torch.float64)
    _, s = rmsprop(first, first, 0 * first, lr=0.01)
    torch.testing.assert_close(s, constant_average(first, 1, beta=0.99))
noisy = 1 + 3 * torch.randn(100_000, generator=generator(0), dtype=torch.float64)
mean_step = (effective_lr(noisy, lr=0.01) * noisy)[1000:].mean().item() / 0.01
assert abs(mean_step * 10**0.5 - 1) < 0.05
shown = (1, 10, 100, 1000)
rows = [[g, *(steps[k - 1] for k in shown)] for g, steps in lengths.items()]
say(table({"gradient": "g"} | {f"step {k}": ".3f" for k in shown}, rows))
say(
    "With noise three times as large as the mean gradient, the mean of many steps is "
    f"{mean_step:.2f} lr; 1/√10 is {10**-0.5:.2f}."
)

# %% [markdown]
# Here a network of two layers learns digits for three epochs, once with your gradient descent and once with your RMSProp, each at the rate
# that was best for it in the stored experiment. For each of its 2410 weights and biases: how large were
# its gradients in the third epoch, and how large its steps?


# %%
@one_thread()  # two threads only wait for each other in a network this small
def follow(rule, lr, epochs=3, seed=0):
    """Return all gradients and all steps of a run, both (steps, 2410), and what it remembers."""
    data, params = resplit(digits(), generator(seed)).to(device()), begin(seed)
    slots = {name: (torch.zeros_like(p),) * len(slot_names(rule)) for name, p in params.items()}
    gradient = torch.func.grad(lambda params, x, y: cross_entropy(network(params, x), y))
    source, gradients, points = generator(1000 + seed), [], [in_a_row(params)]
    for _ in range(epochs):
        for x, y in batches(data.train, 50, source):
            g, t = gradient(params, x, y), len(points)
            for name, p in params.items():
                params[name], slots[name] = apply(rule, p, g[name], slots[name], t=t, lr=lr)
            gradients.append(in_a_row(g))
            points.append(in_a_row(params))
    remembered = in_a_row({name: slot[0] for name, slot in slots.items()}) if slots["b1"] else None
    return torch.stack(gradients), torch.stack(points).diff(dim=0), remembered


runs = {
    "gradient descent": follow(gd, kept["sizes"]["gd"]["lr"]),
    "RMSProp": follow(rmsprop, kept["sizes"]["rmsprop"]["lr"]),
}

# %% tags=["hide-input"]
gradients, steps, s = runs["RMSProp"]
by_rates = -effective_lr(gradients, lr=kept["sizes"]["rmsprop"]["lr"]) * gradients
torch.testing.assert_close(by_rates, steps, rtol=1e-2, atol=1e-6)
scatter = {}
for name, (gradients, steps, _) in runs.items():
    both = torch.stack([gradients[-20:], steps[-20:]]).square().mean(dim=1).sqrt()
    scatter[name] = both[:, (both > 0).all(dim=0)].cpu()
spreads = {
    name: {what: kept["sizes"][rule][f"spread_of_{what}"] for what in ("gradients", "steps")}
    for name, rule in (("gradient descent", "gd"), ("RMSProp", "rmsprop"))
}
assert all(len(values) == 24 for of in spreads.values() for values in of.values())
show(
    adaptive.sizes(scatter, spreads),
    alt="Left: the step of each parameter against its gradient, on logarithmic scales. The dots of gradient "
    "descent lie on a rising line. Those of RMSProp lie in a nearly level band near 0.01. Right: in gradient "
    "descent gradients and steps are spread alike, over a factor of thousands. In RMSProp the gradients are "
    "spread over a factor of about a thousand, the steps over a factor of about ten.",
    caption="Root mean squares of gradients and of steps in the third epoch. Left: each parameter of one run. "
    "Right: how widely they are spread, 24 runs.",
    claims=("B6, second part",),
)

# %% tags=["hide-input"]
step_by_rate = median(kept["sizes"]["rmsprop"]["median_step"]) / kept["sizes"]["rmsprop"]["lr"]
live = scatter["RMSProp"][1].median().item() / kept["sizes"]["rmsprop"]["lr"]
assert abs(live - step_by_rate) < 0.3
by_epoch = follow(rmsprop, kept["sizes"]["rmsprop"]["lr"], epochs=10)[1].unflatten(0, (10, 20))
by_epoch = by_epoch.square().mean(dim=1).sqrt() / kept["sizes"]["rmsprop"]["lr"]
in_first, in_tenth = (of[of > 0].median().item() for of in (by_epoch[0], by_epoch[9]))
assert in_first > 2.5 and 0.5 < in_tenth < 0.9
say(
    f"The lr of RMSProp was {kept['sizes']['rmsprop']['lr']:g}. For the median weight the root mean square of the "
    f"third epoch's steps is {step_by_rate:.2f} times that. (In the first epoch it is about three times lr, while s fills, and in the "
    "tenth less than lr.) So lr is a length, in the units of the weight. In gradient descent it is not: "
    "what comes out there depends on the unit of the loss."
)

# %% [markdown]
# ## The other job of ε
#
# What if the loss is measured in other units, cents for euros, or is a sum where it was a mean? Then every
# gradient is multiplied by one number $c$. Gradient descent makes steps $c$ times as long. And RMSProp?
# $s$ averages squares, so it becomes $c^2 s$, its root $c \sqrt{s}$, and the $c$ cancels: the rule is
# *scale-invariant*. But $\varepsilon$ is added to the root, and $c$ leaves it as it is.
#
# ### Exercise 10.scale_invariance
#
# By what factor does the step change? Write down the step without $c$ and the step with it, and divide.
# (All gradients are multiplied, also those that $s$ remembers.)


# %%
def step_ratio(s, c, *, eps=1e-8):
    """Return RMSProp's step with gradients times c, over that without.

    s: tensor of any shape, the average of squared gradients without c,
        the newest one included.
    c: a number above 0.
    eps: as for rmsprop.
    The result has the shape of s.
    """
    ### BEGIN SOLUTION
    return c * (s.sqrt() + eps) / (c * s.sqrt() + eps)
    ### END SOLUTION


# %%
step_ratio = check("10.scale_invariance", step_ratio)

# %%
solution("10.scale_invariance")

# %% [markdown]
# Where $\sqrt{s}$ is far above $\varepsilon$ the factor is 1. Where it is far below, and
# $c \sqrt{s}$ too, the factor is $c$, and the step is $\alpha g / \varepsilon$: that is gradient descent, with
# the rate $\alpha / \varepsilon$. So $\varepsilon$ is a switch. It turns RMSProp into gradient descent, direction by
# direction, from the flattest on. Where does a network for digits stand between the two? Here is your factor
# for $c = 128$, for a flat, a middling and a steep direction of the network above, after three epochs.

# %% tags=["hide-input"]
roots = torch.tensor(kept["sizes"]["rmsprop"]["roots"]).double().median(dim=0).values
live = s.sqrt()[s > 0].median().item()
assert roots[0] < live < roots[2]
words = [f"{float(f'{root:.1g}'):.5f}".rstrip("0") for root in roots]
factors = {
    eps: step_ratio(roots**2, 128.0, eps=eps) for eps in (1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
}
assert factors[1e-8].max() < 1.01 and factors[1.0].min() > 5
columns = {"ε": "g"} | {f"√s = {root}": ".1f" for root in words}
say(table(columns, [[eps, *of] for eps, of in factors.items()]))

# %% [markdown]
# (The three are the 5 %, the 50 % and the 95 % quantile of $\sqrt{s}$ over all weights that move, medians of
# 24 runs.) So the switch is not thrown at one ε but over several powers of ten. The stored experiment trained
# the network with eight values of ε, each at the best of 25 learning rates, on 24 divisions of the digits. Then
# it multiplied the loss by 128 and trained again, at the same learning rates. Some of these runs are repeated here,
# with your rule.

# %% tags=["hide-input"]
of_eps = dict(kept["eps"]["sides"])
plain = of_eps.pop("gradient descent")
values = kept["eps"]["epsilons"]
assert [f"{eps:g}" for eps in values] == list(of_eps) and plain["lr"] > of_eps["1e-08"]["lr"]

# %%
again = {}
for eps in (1e-8, 1.0):
    lr = of_eps[f"{eps:g}"]["lr"]
    for scale in (1.0, script.SCALE):
        side = script.Side(rmsprop, lr, {"eps": eps}, scale)
        found = script.train_runs(side, [lr], range(2), script.DIGITS)
        again[eps, scale] = found.measure(accuracy)[0]

# %% tags=["hide-input"]
for (eps, scale), now in again.items():
    was = of_eps[f"{eps:g}"]["test_accuracy" if scale == 1 else "scaled_accuracy"][:2]
    assert (now - torch.tensor(was)).abs().max() < (0.03 if eps == 1e-8 else 0.1), (eps, scale)
show(
    adaptive.eps_switch(
        values,
        {"RMSProp": [side["lr"] for side in of_eps.values()], "gradient descent": plain["lr"]},
        {
            name: {
                "RMSProp": [side[key] for side in of_eps.values()],
                "gradient descent": plain[key],
            }
            for name, key in (
                ("as it is", "test_accuracy"),
                ("128 times as large", "scaled_accuracy"),
            )
        },
    ),
    alt="Left: the best learning rate of RMSProp against ε. It is level up to ε of a thousandth and then "
    "rises in proportion to ε, along a line for gradient descent. Right: test accuracy against ε. With the "
    "loss as it is, it is near 95 percent for every ε. With the loss 128 times as large it stays there up to "
    "ε of a thousandth, and falls to one in ten at 1, where gradient descent is too.",
    caption="RMSProp on digits with eight values of ε, 24 runs each. Line: median. Band: middle nine tenths "
    "of runs. Dotted: gradient descent.",
    claims=("B6, third part",),
)

# %% tags=["hide-input"]
as_before, broken = of_eps["1e-08"], of_eps["1"]
assert abs(median(as_before["scaled_accuracy"]) - median(as_before["test_accuracy"])) < 0.01
assert median(plain["scaled_accuracy"]) < 0.2 and median(broken["scaled_accuracy"]) < 0.2
say(
    f"With ε = 1e-8 the median network reads {median(as_before['test_accuracy']):.1%} of the test digits, "
    f"and {median(as_before['scaled_accuracy']):.1%} with a loss 128 times as large. Gradient descent goes "
    f"from {median(plain['test_accuracy']):.1%} to {median(plain['scaled_accuracy']):.1%}, and RMSProp with "
    f"ε = 1 from {median(broken['test_accuracy']):.1%} to {median(broken['scaled_accuracy']):.1%}."
)

# %% [markdown]
# That answers the third prediction: with a small ε hardly anything happens; with a large one it falls apart too.
#
# ## A sum for the average: AdaGrad
#
# A year before RMSProp, Duchi, Hazan and Singer (2011) divided by past gradients in **AdaGrad**. There
# $s$ is not an average but a *sum*: $s \leftarrow s + g^2$. Nothing is forgotten.
#
# ### Exercise 10.adagrad
#
# Write the rule.


# %%
def adagrad(p, g, s, *, lr, eps=1e-10):
    """Return the parameter and s after one step of AdaGrad: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient, same shape.
    s: the sum of squared gradients before the step, same shape.
    lr: learning rate.   eps: small number, added to the root.
    """
    ### BEGIN SOLUTION
    s = s + g * g
    return p - lr * g / (s.sqrt() + eps), s
    ### END SOLUTION


# %%
adagrad = check("10.adagrad", adagrad)

# %% [markdown]
# With equal gradients the sum after $t$ steps is $t \, g^2$, and the step $\alpha / \sqrt{t}$: the rate
# falls for ever. All steps together are still without end, about $2 \alpha \sqrt{t}$, so AdaGrad can
# reach anything, given time. And it has no cold start: its first step is `lr` long.
#
# What if one gradient in the middle is a hundred times too large, from a bad batch? With RMSProp its own step is
# nearly ten `lr` long, as the first step was: its square has only just come into $s$, with a hundredth of its
# weight. Then RMSProp is slow for a while, and forgets. AdaGrad never does: other gradients have to outgrow it.


# %%
def walk(rule, gradients):
    """Return the length of each step on these gradients."""
    queue, start = iter(gradients), torch.zeros_like(gradients[0])
    points = path(rule, lambda p: next(queue), start, steps=len(gradients), lr=0.01)
    return points.diff().abs()


equal = torch.ones(3000, dtype=torch.float64)
spoilt = equal.clone()
spoilt[99] = 100.0
panels = {
    title: {
        "gradient descent": walk(gd, gradients),
        "RMSProp": walk(rmsprop, gradients),
        "AdaGrad": walk(adagrad, gradients),
    }
    for title, gradients in (("equal gradients", equal), ("step 100: a gradient of 100", spoilt))
}

# %% tags=["hide-input"]
t = torch.arange(1, len(equal) + 1, dtype=torch.float64)
torch.testing.assert_close(panels["equal gradients"]["AdaGrad"], adagrad_step(t, lr=0.01))
last = {
    name: lengths[-1].item() / 0.01
    for name, lengths in panels["step 100: a gradient of 100"].items()
}
unspoilt = panels["equal gradients"]["AdaGrad"][-1].item() / 0.01
assert abs(last["RMSProp"] - 1) < 0.01 and last["AdaGrad"] < 0.5 * unspoilt
hit = panels["step 100: a gradient of 100"]
spike = {name: of[99].item() / 0.01 for name, of in hit.items()}
shorter = {name: (of[98] / of[100]).item() for name, of in hit.items()}
assert 9.9 < spike["RMSProp"] < 10 and abs(spike["AdaGrad"] - 1) < 0.01
assert abs(shorter["RMSProp"] - 12.6) < 0.1 and abs(shorter["AdaGrad"] - 10.1) < 0.1
show(
    adaptive.lengths(panels),
    alt="The length of each step against the step. With equal gradients those of RMSProp start at ten times "
    "lr and fall to lr, those of AdaGrad start at lr and fall without end. At one huge gradient, step 100, that of "
    "RMSProp is ten times lr. After it both are ten to thirteen times shorter than before; RMSProp "
    "recovers within a thousand steps; after 3000 AdaGrad is still at half of what it would be.",
    caption="The length of each step of three rules at lr = 0.01, when every gradient is 1, and when one of "
    "them is not.",
)

# %% [markdown]
# ## Ravines, straight and turned
#
# The stored experiment sent each rule from 24 points, in random directions from the
# bottom at a distance of 1, and counted steps until it was within a hundredth and stayed there. Each had 57 learning
# rates to choose from for each ravine, on other starts. Momentum takes part with β = 0.9, and with the β that Polyak
# worked out for each ravine (lesson 09).
#
# Then it turned a ravine of condition 1000 around its bottom. For gradient descent and momentum nothing
# changes: they see slopes, not axes. RMSProp divides along the axes that it is given.

# %% tags=["hide-input"]
ravines = kept["ravines"]


def steps_of(cells):
    return [cell["steps"] for cell in cells]


along = {name: steps_of(cells) for name, cells in ravines["by_condition"].items()}
around = {name: steps_of(cells) for name, cells in ravines["by_angle"].items()}
assert all(len(steps) == 24 for cells in (*along.values(), *around.values()) for steps in cells)
assert (ravines["tries"], kept["tries"]) == (57, 25)
rules = {"gradient descent": (gd, {}), "momentum, β = 0.9": (momentum, {"beta": 0.9}),
         "RMSProp, β = 0.9": (rmsprop, {"beta": 0.9})}  # fmt: skip


start = script.starts(0)[0]
for place, condition in enumerate(ravines["conditions"][:5]):
    for name, (rule, more) in rules.items():
        found = ravines["by_condition"][name][place]
        gradient = bowl(condition).gradient
        points = path(rule, gradient, start, steps=1000, lr=found["lr"], **more)
        now = int(script.steps_needed(points))
        assert abs(now - found["steps"][0]) <= 0.1 * now, (name, condition)
show(
    adaptive.needed(ravines["conditions"], along, ravines["angles"], around),
    alt="Two panels of the steps needed. Left, against the condition: gradient descent rises in proportion "
    "to it. Momentum with β of 0.9 is level near 80 up to 300 and then rises too; with Polyak's β it rises from 1 "
    "to 180. RMSProp is level everywhere, near 200 "
    "with β of 0.9 and near 850 with β of 0.99. Right, against the angle by which a ravine of condition 1000 "
    "is turned: gradient descent and momentum are level. RMSProp rises from 200 steps to more than gradient "
    "descent needs.",
    caption="Steps to the bottom of a ravine, each rule at its own best learning rate. Line: median of 24 "
    "starts. Band: middle nine tenths.",
    claims=("B6, first part",),
)


# %%
panels, ends = {}, {}
for title, degrees in {"along the axes": 0, "turned by 45 degrees": 45}.items():
    here = rotated(bowl(300), degrees)
    start = torch.tensor(here.start, dtype=torch.float64) / 9
    paths = {
        "gradient descent": path(gd, here.gradient, start, steps=100, lr=1.9),
        "RMSProp": path(rmsprop, here.gradient, start, steps=100, lr=0.03, beta=0.9),
    }
    panels[title] = (here, paths)
    ends[degrees] = paths["RMSProp"][-1].norm().item()

# %% tags=["hide-input"]
assert ends[0] < 0.05 and ends[45] > 0.1
show(
    adaptive.rotated_paths(panels, 1.1),
    alt="Two ravines with the paths of gradient descent and RMSProp. Along the axes RMSProp meets the floor and "
    "runs on to the bottom. In the ravine that is turned by 45 degrees it runs to the ravine's floor and then creeps "
    "along it, hardly faster than gradient descent.",
    caption="The same ravine along the axes and turned with its start, condition 300, 100 steps of each rule.",
    claims=("B6, first part",),
)


# %% tags=["hide-input"]
def runs_at(name, key, value):
    """Return the steps that a rule needs from 24 starts, at a condition or an angle."""
    cells = {"conditions": along, "angles": around}[key][name]
    return torch.tensor(cells[ravines[key].index(value)], dtype=torch.float64)


def steps_at(name, key, value):
    """Return the mean of these steps, by which the rate was chosen."""
    return runs_at(name, key, value).mean().item()


ours = "RMSProp, β = 0.9"
straight, diagonal = steps_at(ours, "angles", 0), steps_at(ours, "angles", 45)
descent = steps_at("gradient descent", "conditions", 1000)
assert straight < 0.2 * descent and diagonal > 5 * straight
turned, behind = rotated(bowl(1000), 45), runs_at(ours, "angles", 45)
assert confidence_interval(behind - runs_at("gradient descent", "angles", 45)).low > 0
ratios = {}
for degrees, surface in {0: bowl(1000), 45: turned}.items():
    lr = ravines["by_angle"][ours][ravines["angles"].index(degrees)]["lr"]
    points = path(rmsprop, surface.gradient, script.starts(0)[0], steps=300, lr=lr, beta=0.9)
    rates = effective_lr(surface.gradient(points[:-1]), lr=lr, beta=0.9)
    ratios[degrees] = (rates[-100:, 0] / rates[-100:, 1]).log().abs().median().exp().item()
assert ratios[0] > 900 and ratios[45] < 1.1
say(
    f"At condition 1000 gradient descent needs {descent:.0f} steps, and RMSProp {straight:.0f}. After a turn "
    f"by 45 degrees RMSProp needs {diagonal:.0f}, and after one by only 5 degrees "
    f"{steps_at(ours, 'angles', 5):.0f} (means of 24 starts)."
)

# %% [markdown]
# That answers the first two predictions. At 45 degrees the steep slope has the same share in both gradients. So
# both are divided by nearly the same number, and one rate is left for both, as in gradient descent.
#
# What are the axes of a network? Its weights, one by one. So RMSProp should mend inputs of different
# *size*, since each weight has an input of its own, and not inputs that are *mixed*. The stored experiment
# trained a network of one layer on digits with centred pixels in three forms: *plain*; *stretched*, each
# pixel multiplied by a random number from 0.1 to 10; and *mixed*, where each stretched image is then
# multiplied by one random orthogonal matrix. A network can undo both, so nothing is lost for it. Rates are chosen by the
# training loss, which is also reported. Two of the 24 runs are repeated here with your rules.

# %% tags=["hide-input"]
by_input = kept["inputs"]
live_rules = {"gradient descent": gd, "AdaGrad": adagrad, "RMSProp": rmsprop}

# %%
again = {}
for kind in ("stretched", "mixed"):
    task = script.Task(script.start_one_layer, partial(script.inputs, kind))
    for name, rule in live_rules.items():
        lr = by_input[kind][name]["lr"]
        found = script.train_runs(script.Side(rule, lr, {}), [lr], range(2), task)
        again[kind, name] = found.measure(accuracy)[0]

# %% tags=["hide-input"]
for (kind, name), now in again.items():
    was = torch.tensor(by_input[kind][name]["test_accuracy"][:2])
    assert (now - was).abs().max() < 0.05, (kind, name)
shown = {
    kind: {name: side["loss"] for name, side in of.items() if name not in ("corrected", "falling")}
    for kind, of in by_input.items()
}
assert all(len(runs) == 24 for of in shown.values() for runs in of.values())
show(
    adaptive.losses_by_input(shown, confidence_interval),
    alt="Training losses of five rules in three panels. With plain pixels all are near 0. With stretched "
    "pixels gradient descent is near 0.2, momentum and Nesterov near 0.15, while AdaGrad and RMSProp stay below 0.1. "
    "With mixed pixels RMSProp is near 0.16, where momentum is, and AdaGrad where Nesterov is, near 0.13.",
    caption="Training loss of 24 runs for each rule and form of the digits, each at its own best learning "
    "rate. The bar is the 95 % interval of the mean.",
    claims=("B6, first part", "Zeiler (2012)"),
)

# %% [markdown]
# ## What goes wrong
#
# **It never comes to rest.** Near a minimum gradients become small, so does what they are divided by, and
# the steps stay `lr` long. In a parabola RMSProp ends up jumping between two points, `lr`/2 to either side
# of the minimum, whatever the curvature and whatever β is, if it is not 0. On its way it comes much nearer. But
# there gradients vanish, $s$ forgets, and the effective rate rises, until it is above two over the curvature: the
# edge at which gradient descent diverges. Then the rule is thrown out again, and settles at that edge. (So it is with
# exact numbers. In float32 with $\beta = 0.99$ squares become 0 before $s$ has forgotten, and it does rest.)

# %%
start = torch.tensor(1.0, dtype=torch.float64)
curves = {
    lr: path(rmsprop, lambda p: 5 * p, start, steps=3000, lr=lr, beta=0.9).abs()
    for lr in (0.1, 0.01, 0.001)
}

# %% tags=["hide-input"]
for lr, distance in curves.items():
    assert abs(distance[-500:].mean().item() / limit_cycle(lr) - 1) < 0.05
    assert distance.min() < 0.01 * limit_cycle(lr)
single = path(rmsprop, lambda p: 5 * p, start.float(), steps=10_000, lr=0.01, beta=0.99)
assert single[-1].abs() < 1e-20
show(
    adaptive.distances(curves, [limit_cycle(lr) for lr in curves]),
    alt="The distance from the minimum against the step for learning rates 0.1, 0.01 and 0.001. Each falls "
    "below the picture, comes back, and then stays at half the learning rate.",
    caption="RMSProp in a parabola of curvature 5, with three learning rates. Dotted: half the learning rate.",
)

# %% [markdown]
# So a larger learning rate gets there sooner and stays further away. This is one reason to let it
# fall in the course of training (lesson 17). A large ε helps too: above $\varepsilon = \lambda \,$
# `lr`/2, for a curvature of $\lambda$, the rule comes to rest, as gradient descent does.
#
# **The first steps are long.** `s` starts at zero and knows only a hundredth of the first square when
# $\beta = 0.99$. So the first step is `lr` over $\sqrt{1 - \beta}$: ten times `lr`, for every weight that has a
# gradient, at once. No later step can be longer. Here is what it does to the network for digits.

# %%
part = resplit(digits(), generator(0)).to(device())
x, y = next(batches(part.train, 50, generator(1000)))
params = begin(0)
gradient = torch.func.grad(lambda params: cross_entropy(network(params, x), y))(params)


def after_first_step(lr, warm):
    """Return the training loss after a step. warm: start s at the first squared gradient."""
    s = {name: g * g if warm else torch.zeros_like(g) for name, g in gradient.items()}
    new = {name: rmsprop(p, gradient[name], s[name], lr=lr)[0] for name, p in params.items()}
    return cross_entropy(network(new, part.train.x), part.train.y).item()


first = {lr: [after_first_step(lr, warm) for warm in (False, True)] for lr in (0.001, 0.01, 0.03)}

# %% tags=["hide-input"]
before = cross_entropy(network(params, part.train.x), part.train.y).item()
assert first[0.01][0] > before > first[0.01][1] and first[0.03][0] > 2 * first[0.01][0]
for of in by_input.values():  # RMSProp without its long first steps ends with a higher loss
    with_them, without = (torch.tensor(of[name]["loss"]) for name in ("RMSProp", "corrected"))
    assert confidence_interval(without - with_them).low > 0
columns = {"lr": "g", "s from zero": ".1f", "s from the first square": ".1f"}
by_lr = table(columns, [[lr, *both] for lr, both in first.items()])
say(f"Loss before the first step: {before:.1f}. After it:\n\n{by_lr}")

# %% [markdown]
# The next lesson corrects this. That is not always a gain: in the network of one layer, each rule at its best rate,
# training loss is higher without the long steps in all three forms.
#
# **ε stands somewhere else.** Torch adds ε to the root, as here. Keras adds it inside the root: it divides
# by $\sqrt{s + \varepsilon}$. Where $s$ is far below $\varepsilon$ that counts as much as $\sqrt{\varepsilon}$ outside: Keras's
# default, 1e-7, acts like 0.0003 here. Whoever carries settings from one to the other changes the
# rule. (Keras has other defaults too: 0.9 for β, which it calls rho; and its AdaGrad starts `s` at 0.1.)

# %%
t, eps, forms = torch.arange(1, 11, dtype=torch.float64), 1e-3, {}
for g in (1.0, 0.1, 0.01, 0.001):
    s = constant_average(g, t, beta=0.9)
    outside, inside = 0.01 * g / (s.sqrt() + eps), 0.01 * g / (s + eps).sqrt()
    forms[g] = outside.sum(), inside.sum()

# %% tags=["hide-input"]
for g, (outside, _) in forms.items():
    settings = {"steps": 10, "lr": 0.01, "beta": 0.9, "eps": eps}
    by_rule = path(rmsprop, partial(torch.full_like, fill_value=g), 0 * start, **settings)
    torch.testing.assert_close(-by_rule[-1], outside)
assert forms[0.001][0] > 5 * forms[0.001][1]
columns = {"gradient": "g", "torch's form": ".3f", "Keras's form": ".3f"}
ways = table(columns, [[g, *both] for g, both in forms.items()])
say(f"How far ten steps lead with lr = 0.01, β = 0.9 and ε = 0.001:\n\n{ways}")

# %% [markdown]
# **There is no ε, or none is left.** Some pixels are blank in every image, so that their weights never have
# a gradient: 0 is divided by 0. And half precision can lose ε. The smallest number above 0 in float16 is
# about 6e-8, so 1e-8 becomes 0. (bfloat16 has the range of float32 and keeps it.) In float16 the
# square of a gradient of 0.0001 is 0 as well, and then the step is `lr` times g/ε, or infinite.

# %%
moves = {}
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    s = torch.zeros(1, dtype=dtype)
    gradients = (torch.full_like(s, g) for g in (0.0, 1e-4))
    moves[dtype] = [-rmsprop(s, g, s, lr=0.01)[0].item() for g in gradients]

# %% tags=["hide-input"]
rows = []
for dtype, both in moves.items():
    eps = torch.tensor(1e-8, dtype=dtype).item()
    words = [f"{move:.1g}".replace("-0", "0") for move in both]
    rows.append([str(dtype)[6:], f"{eps:.0g}", *words])
nothing, tiny = moves[torch.float16]
assert nothing != nothing and tiny == float("inf")
assert all(moves[d][0] == 0 and 0.09 < moves[d][1] < 0.11 for d in (torch.float32, torch.bfloat16))
blank = (part.train.x == 0).all(dim=0).sum().item()
without, _ = rmsprop(params["W1"], gradient["W1"], torch.zeros_like(params["W1"]), lr=0.01, eps=0.0)
assert blank > 0 and without.isnan().any()
columns = {"format": "", "ε = 1e-8 is": ">", "step, g = 0": ">", "step, g = 0.0001": ">"}
say(table(columns, rows))

# %% tags=["hide-input"]
say(
    f"{blank} of 64 pixels are blank in all 1000 training images; with ε = 0 their weights are NaN at once."
)

# %% [markdown]
# ## Claims, measured
#
# B6 has three parts. The first is shown by the ravines and by the stretched and mixed digits, the second by
# the sizes of gradients and steps, the third by the runs with eight values of ε. The fourth claim is about
# AdaGrad, and is not article B's.

# %% tags=["hide-input"]
conditions = ravines["conditions"]


def with_beta(condition, beta):
    """Return RMSProp's steps with another β, and those until it is near for the first time."""
    run = partial(path, rmsprop, bowl(condition).gradient, steps=400, beta=beta)
    rates = script.FREE
    tuning = run(script.starts(1).expand(len(rates), -1, -1), lr=rates[:, None, None])
    lr = float(rates[best_setting({"lr": rates}, script.steps_needed(tuning))])
    points = run(script.starts(0), lr=lr)
    arrived = (points.norm(dim=-1) <= script.NEAR).int().argmax(dim=0)
    return script.steps_needed(points).double(), arrived.double()


def wins(over):
    """Return the conditions at which RMSProp needs fewer steps, with intervals below 0."""
    gaps = {c: runs_at(ours, "conditions", c) - runs_at(over, "conditions", c) for c in conditions}
    return [c for c, gap in gaps.items() if confidence_interval(gap).high < 0]


level = [steps_at(ours, "conditions", c) for c in conditions]
polyaks = [steps_at("momentum, Polyak's β", "conditions", c) for c in conditions]
won = {name: wins(name) for name in list(along)[:3]}
assert max(level) - min(level) <= 1 and not won["momentum, Polyak's β"]
assert all(few < many for few, many in zip(polyaks, level, strict=True))
assert won["gradient descent"] == [300, 1000, 3000] and won["momentum, β = 0.9"] == [3000]
settled, arrived = with_beta(1000, 0.9)
assert abs(settled.mean() - straight) < 1 and arrived.mean() < 0.55 * settled.mean()
half = {c: with_beta(c, 0.5)[0] for c in (300, 1000, 3000)}
for name in list(along)[:3]:
    gaps = [confidence_interval(half[c] - runs_at(name, "conditions", c)) for c in (1000, 3000)]
    assert all(gap.high < 0 for gap in gaps), name
polyak_at_300 = runs_at("momentum, Polyak's β", "conditions", 300)
assert confidence_interval(half[300] - polyak_at_300).low > 0


def lower(kind, name, than):
    """Return by how much the training loss of a rule is below that of another, run by run."""
    losses = [torch.tensor(by_input[kind][of]["loss"]) for of in (than, name)]
    return confidence_interval(losses[0] - losses[1])


plain_gain, stretched_gain, mixed_gain = (
    lower(kind, "RMSProp", "gradient descent") for kind in by_input
)
nesterovs = lower("mixed", "Nesterov", "gradient descent")
assert stretched_gain.low > 2 * mixed_gain.high and mixed_gain.low > 0
assert plain_gain.low < 0 < plain_gain.high and nesterovs.low > mixed_gain.high
verdict(
    "B6, first part: RMSProp damps the steep axis, by dividing by the root of averaged squares.",
    "holds when the ravine runs along the axes",
    f"There, with β = 0.9, it needs {sum(level) / len(level):.0f} steps whatever the condition (means of 24 starts). "
    f"Of eight ravines it beats gradient descent from a condition of {won['gradient descent'][0]} on, and momentum "
    f"with β = 0.9 at {won['momentum, β = 0.9'][0]} alone. Momentum with Polyak's β needs fewer on all eight. But "
    f"half of RMSProp's steps come after it first got there. With β = 0.5 it settles sooner: it needs "
    f"{half[1000].mean():.0f} steps, and from condition 1000 on fewer than all of these. Turned by 45 degrees, with "
    f"β = 0.9 and condition 1000, it needs {diagonal:.0f}, more than gradient descent. On digits with stretched "
    f"pixels its training loss is {stretched_gain:.3f} below that of gradient descent. With mixed ones it is {mixed_gain:.3f}, less "
    "than Nesterov's form gains, and with plain ones no difference can be told.",
)

# %% tags=["hide-input"]
sizes = kept["sizes"]["rmsprop"]
slope = confidence_interval(sizes["slope"])
wide, narrow = median(sizes["spread_of_gradients"]), median(sizes["spread_of_steps"])
assert slope.high < 0.5 and wide > 50 * narrow
verdict(
    "B6, second part: the division makes large gradients small.",
    "holds when it is added that it makes small ones large",
    "It brings all steps nearer to one length, lr. In the third epoch on digits the "
    "gradients of "
    f"different weights are spread over a factor of {wide:,.0f} (from the 5 % to the 95 % quantile, median of 24 "
    f"runs), the steps over a factor of {narrow:.0f}. (Both are root mean squares; that of the steps is "
    f"{step_by_rate:.2f} lr in the median.) A step grows as the power {slope:.2f} of the gradient. In gradient "
    "descent the power is 1, and with gradients that stay the same it would be 0.",
)

# %% tags=["hide-input"]
small = [
    eps for eps, side in zip(values, of_eps.values(), strict=True) if side["lr"] == as_before["lr"]
]
root_now = roots[1].item()
paired = [
    confidence_interval(torch.tensor(side["loss"]) - torch.tensor(as_before["loss"]))
    for side in of_eps.values()
]
costs = {
    eps: confidence_interval(
        100 * (torch.tensor(side["test_accuracy"]) - torch.tensor(side["scaled_accuracy"]))
    )
    for eps, side in zip(values, of_eps.values(), strict=True)
}
missed = max(max(-gap.low, gap.high) for gap in paired)
assert all(gap.low <= 0 <= gap.high for gap in paired) and missed < 0.03
assert max(small) == 1e-3 and 0.003 < root_now < 0.03
assert all(gap.low > -1 and gap.high < 1 for eps, gap in costs.items() if eps in small)
assert all(gap.low > 0.5 for eps, gap in costs.items() if eps not in small)
verdict(
    "B6, third part: ε only prevents division by zero.",
    "holds when ε is far below the root of the averaged squares",
    f"That root is {root_now:.1g} for the median weight of our network. Up to ε = {max(small):g} the best "
    "learning rate is the same, and a loss 128 times as large changes the accuracy by less than a point. At ε = 0.01 "
    f"it costs {costs[0.01].mean:.0f} points, and at ε = 1 RMSProp behaves as gradient descent with the rate lr/ε. If the "
    "learning rate is chosen anew, no value of ε can be told from 1e-8 by its test loss: all seven intervals hold 0. "
    f"Differences up to {missed:.2f} cannot be ruled out (the loss is {torch.tensor(as_before['loss']).mean():.2f}). "
    "Without any ε, weights that never have a gradient become NaN at the first step.",
)


# %% tags=["hide-input"]
gained = {kind: lower(kind, "AdaGrad", "RMSProp") for kind in by_input}
falls = {kind: lower(kind, "falling", "corrected") for kind in by_input}
assert gained["plain"].low < 0 < gained["plain"].high
assert min(gained[kind].low for kind in ("stretched", "mixed")) > 0
assert min(gap.low for gap in falls.values()) > 0
verdict(
    "Zeiler (2012), against AdaGrad: its rates decay throughout training, so that training slows down.",
    "does not hold as far as our short training goes",
    "The rates decay. But after ten epochs of a network of one layer the training loss of AdaGrad is "
    f"{gained['stretched']:.3f} below that of RMSProp with stretched pixels and {gained['mixed']:.3f} with "
    "mixed ones; with plain ones the means cannot be told apart. To test the cause, RMSProp was corrected for its "
    "long first steps, and then given a rate that falls as 1/√t. The fall alone lowered the loss by "
    f"{falls['stretched']:.3f} and {falls['mixed']:.3f}: here the decay helps. Longer training was not measured. "
    "What AdaGrad cannot do is to forget: see the huge gradient above.",
)

# %% [markdown]
# ## Take away
#
# - RMSProp divides each direction by the root of its averaged squared gradients. That brings steps nearer to
#   one length, set by `lr`: small gradients are raised, and large ones cut.
# - It mends most of what is stretched along the axes, and little of what is mixed between them.
# - ε is a switch as well as a guard: where √s is far below it, the rule is gradient descent with the rate lr/ε.
#
# ## Further reading
#
# - T. Tieleman and G. Hinton (2012), *Lecture 6.5: rmsprop*, Neural Networks for Machine Learning,
#   Coursera: the slides on which it was first published.
# - J. Duchi, E. Hazan and Y. Singer (2011), *Adaptive subgradient methods for online learning and
#   stochastic optimization*, Journal of Machine Learning Research 12: AdaGrad.
# - L. Balles and P. Hennig (2018), *Dissecting Adam: the sign, magnitude and variance of stochastic gradients*,
#   ICML: signs, and what noise does to them.
# - M. D. Zeiler (2012), *ADADELTA: an adaptive learning rate method*, arXiv 1212.5701: against the sum,
#   and against a learning rate that has the wrong unit.
#
# A step needs a direction and a length. Momentum mends the one, RMSProp the other. The next lesson takes
# both.
