# %% [markdown]
# # 17 · Explicit optimisation
#
# **Question.** What can you do to weights, gradients, rate and decay?
#
# **Time.** about 80 minutes.
#
# **Before this.** [16 · Implicit optimisation](16_implicit_optimisation.ipynb)

# %% [markdown]
# A network that trains badly can be built differently: that was the last lesson. Or it is left as it is, and what
# is changed is the update. An update has four parts that can be reached: the weights, the gradient, the learning
# rate and the weight decay. For each there are methods that everybody uses, often all together. This lesson writes
# them down, gives each its Jacobian and its constant where it has them, and measures what each does alone.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiments
import math
from functools import partial

import torch
from torch.func import jacrev
from torch.nn.functional import cross_entropy

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, explicit, interact, say, show, table, verdict
from course_lib.figures.runs import differences
from course_lib.figures.style import formatted
from course_lib.lab import (
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    resplit,
    stored,
)
from course_lib.lab.device import one_thread
from course_lib.lab.networks import network, start
from course_lib.lab.training import batches
from course_lib.optim import spectral
from course_lib.optim.clipping import clip_by_value
from course_lib.optim.decay import momentum_l2
from course_lib.optim.dialects import adam_l2
from course_lib.optim.rules import adamw
from course_lib.optim.weight_average import weight_ema_from_first

momentum = mine("09.momentum")
kept, script = stored("17_methods"), experiment("17_methods")
methods, attention = kept["methods"], stored("17_attention")
assert kept["seeds"] == 24 and attention["seeds"] == 12

# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. Two tensors have gradients of norm 3 and 4. Both together are clipped to norm 1. How long is each then?
# 2. A moving average of the weights begins at the first weights it sees, with $\beta = 0.999$. After 500 updates,
#    how much of it is still those first weights: a thousandth, a tenth, more than half?
# 3. A small vision transformer is trained by Adam at a rate several times too high. Does a warm-up of the rate
#    save its attention, or does a cap on how far a matrix may move in one step?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## Who acts on what
#
# The abstract of a survey sorts all methods into two classes (Qi, Wang and Zhang 2023). Explicit ones "involve direct
# manipulation of optimizer parameters, including weight, gradient, learning rate, and weight decay". Implicit ones enhance
# the network's modules. The map below follows these words; which method stands where is our reading.

# %% tags=["hide-input"]
# The map
show(
    explicit.method_map(
        {
            "shortcut": ("ReZero", "LayerScale", "DeepNorm"),
            "normalisation": ("LayerNorm", "RMSNorm", "BatchNorm"),
            "attention": ("dot-product", "L2", "cosine"),
            "activation": ("ReLU", "GELU", "SiLU"),
        },
        {
            "weight": ("initialisation", "weight, spectral norm", "average (EMA)"),
            "gradient": ("clipping by norm", "clipping by value"),
            "learning rate": ("warm-up", "steps, cosine", "capped step"),
            "weight decay": ("L2 penalty", "decoupled"),
        },
    ),
    alt="Two boxes form a loop. The network turns x into a loss and a gradient g, which goes down to the update; the "
    "update, which shrinks W by lr λ and takes off lr g, hands W back up. Four orange boxes point at the network: shortcut, "
    "normalisation, attention, activation. Four blue boxes point at the update: weight, gradient, learning rate, "
    "weight decay. Each lists its methods.",
    caption="Implicit methods change the network, explicit ones the update.",
    claims=("C3, explicit half",),
)

# %% [markdown]
# Where to read about each: shortcuts, normalisation and attention in [16](16_implicit_optimisation.ipynb), their Jacobians
# in [13](13_jacobians.ipynb) and constants in [14](14_lipschitz_constants.ipynb); activations in
# [03](03_activations.ipynb); initialisation in [04](04_initializers.ipynb); rates in [07](07_gradient_descent.ipynb),
# and decay in [11](11_adam.ipynb). A border like this leaks. Weight normalisation is a module as well as a
# manipulation of weights.

# %% [markdown]
# ## Weights: where they start, and how large they may be
#
# Initialisation acts once. [Lesson 04](04_initializers.ipynb) chose a standard deviation that keeps the *variance* of signals. That is not the *norm*: a random matrix
# of $m$ by $n$ numbers with standard deviation $s$ has a largest singular value near $s (\sqrt m + \sqrt n)$. For a square
# one with $s = 1/\sqrt n$ it is about 2; an orthogonal start has 1.
#
# **Weight normalisation** acts always. It writes a neuron's weights as $w = \ell \, v / \lVert v \rVert$ and trains the length $\ell$ and
# the direction $v$. The derivative of its output by $v$ is $(\ell / \lVert v \rVert)(x - \hat v \, \hat v^\top x)$, at right angles to $v$ (lesson 13, where $\ell$ is called $g$). So a step of gradient
# descent along it never makes $v$ shorter, and the longer $v$ is, the less a step turns it.
#
# **Spectral normalisation** divides a whole matrix by its largest singular value $\sigma$. A singular value
# decomposition at every step would be dear. Power iteration (lesson 14) needs only one round a step, if it goes on
# where it stopped, because weights change little from step to step:
#
# $$ v = \frac{W^\top u}{\lVert W^\top u \rVert} \qquad u \leftarrow \frac{W v}{\lVert W v \rVert} \qquad
# \hat\sigma = u^\top W v \qquad \bar W = W / \hat\sigma $$
#
# $W$ is the matrix, $(h, d)$; $u$, of $h$ numbers and norm 1, is what is kept from step to step.
#
# ### Exercise 17.spectral_normalise
#
# Write one round: the matrix over its estimate, and the next $u$. (To train with it, $u$ and $v$ count as constants,
# and so the solution takes them from `W.detach()`. The check compares values.)


# %%
def spectral_normalise(W, u):
    """Return W over an estimate of its largest singular value, and the next u: two tensors.

    W: tensor of shape (h, d), the weights.   u: tensor of shape (h,), of norm 1.
    """
    ### BEGIN SOLUTION
    fixed = W.detach()
    v = fixed.T @ u
    v = v / v.norm()
    u = fixed @ v
    u = u / u.norm()
    return W / (u @ W @ v), u
    ### END SOLUTION


# %%
spectral_normalise = check("17.spectral_normalise", spectral_normalise)

# %% [markdown]
# Here a network of two layers learns digits with the first one normalised by your function. What is the estimate over
# the true value, if $u$ is kept, and if it is drawn anew at every step?


# %%
@one_thread()  # two threads only wait for each other in a network this small
def follow(keep, epochs=3, lr=0.1):
    """Return the estimate over the true norm at each training step. keep: hand on u."""
    data, source = resplit(digits(), generator(0)).to(device()), generator(1000)
    params = {name: p.to(device()) for name, p in start((64, 32, 10), generator(2000)).items()}

    def loss(params, u, x, y):
        W1, _ = spectral_normalise(params["W1"], u)
        return cross_entropy(network(params | {"W1": W1}, x), y)

    u, found = torch.randn(32, generator=source).to(device()), []
    u = u / u.norm()
    for _ in range(epochs):
        for x, y in batches(data.train, 50, source):
            g = torch.func.grad(loss)(params, u, x, y)
            normalised, new = spectral_normalise(params["W1"], u)
            found.append(torch.linalg.matrix_norm(normalised, ord=2).reciprocal())
            u = new if keep else torch.randn(32, generator=source).to(device())
            u = u / u.norm()
            params = {name: p - lr * g[name] for name, p in params.items()}
    return torch.stack(found).cpu()


estimates = {"u kept": follow(keep=True), "u drawn anew": follow(keep=False)}

# %% tags=["hide-input"]
# The figure: a running estimate of the norm
for values in estimates.values():
    assert (values <= 1 + 1e-5).all()
assert estimates["u kept"][2:].min() > 0.8 and estimates["u kept"].max() > 0.98
assert estimates["u drawn anew"][2:].max() < 0.92
show(
    explicit.ratios(estimates),
    alt="The estimate over the true norm against the training step. With u kept the line rises to nearly 1 in a few steps, dips "
    "at times, and comes back. With u drawn anew it jumps up and down far below. Neither goes above 1.",
    caption="One round of power iteration a training step, on the first layer of a network that learns digits.",
)

# %% [markdown]
# The estimate comes from below (lesson 14), and it lags where the weights turn fast or the two largest singular values are close. So the norm of $\bar W$ is 1 or more,
# never less: one round a step holds the norm near 1, and certifies nothing.

# %% [markdown]
# ## Weights: their average
#
# Mini-batches make weights jump about the place where they would settle. An average of the weights that training passes through
# is calmer. It is a second model: training never sees it, and only what is tested or shipped is the average. It is made like
# the averages of lesson 09, and has their cold start. There are two ways out. One begins at the first weights, and then
# they count $\beta^{t-1}$. The other corrects as Adam does, and can be written as a step of the average $a$
# towards the weights $p$ after update $t$:
#
# $$ a \leftarrow a + \frac{1 - \beta}{1 - \beta^t} \, (p - a) $$
#
# ### Exercise 17.weight_ema
#
# Write this step. What is the share at $t = 1$?


# %%
def weight_ema(average, p, *, t, beta):
    """Return the average of the weights after update t.

    average: tensor of any shape, the average before.   p: same shape, the weights after update t.
    t: the number of the update, 1, 2, …   beta: what an average keeps, from 0 to below 1.
    """
    ### BEGIN SOLUTION
    return average + (1 - beta) / (1 - beta**t) * (p - average)
    ### END SOLUTION


# %%
weight_ema = check("17.weight_ema", weight_ema)

# %%
updates, counts = 500, {}
for beta in (0.9, 0.99, 0.999):
    first = {"from the first weights": weight_ema_from_first, "corrected": weight_ema}
    for name, rule in first.items():
        average = torch.zeros((), dtype=torch.float64)
        for t in range(1, updates + 1):  # weights that are 1 at first and 0 ever after
            average = rule(average, torch.tensor(float(t == 1)).double(), t=t, beta=beta)
        counts[beta, name] = average.item()

# %% tags=["hide-input"]
# The table: the share of the first weights
for beta in (0.9, 0.99, 0.999):
    assert math.isclose(counts[beta, "from the first weights"], beta ** (updates - 1), rel_tol=1e-6)
    own = (1 - beta) * beta ** (updates - 1) / (1 - beta**updates)
    assert math.isclose(counts[beta, "corrected"], own, rel_tol=1e-6)
assert counts[0.999, "from the first weights"] > 0.6 and counts[0.999, "corrected"] < 0.002
names = ("from the first weights", "corrected")
rows = [[f"{beta}", *(counts[beta, name] for name in names)] for beta in (0.9, 0.99, 0.999)]
say(table({"β": "", names[0]: ".2g", names[1]: ".2g"}, rows))
say(
    f"How much the first weights count after {updates} updates. An average that begins at them remembers a random start "
    "if β is large for the length of training. torch's `AveragedModel` with an EMA begins so: start it late."
)

# %% [markdown]
# ## Gradients: cut to length
#
# A single batch may have a gradient a hundred times as long as others, where the cost is steep. One step along it can undo
# an epoch. **Clipping by norm** takes the gradients of all parameters as one vector $g$, and shortens it if it is longer
# than $c$:
#
# $$ g \leftarrow \min\Bigl(1, \frac{c}{\lVert g \rVert}\Bigr) \, g \qquad \lVert g \rVert = \sqrt{\textstyle\sum g_i^2} $$
#
# ### Exercise 17.clip_by_norm
#
# Write it for a list of tensors. Nothing may be divided by 0 in the end: what is $c / 0$ in torch?


# %%
def clip_by_norm(gradients, largest):
    """Return the gradients as a list, shortened together if their norm is above largest.

    gradients: list of tensors of any shapes.   largest: number above 0.
    """
    ### BEGIN SOLUTION
    norm = torch.stack([g.norm() for g in gradients]).norm()
    share = (largest / norm).clamp(max=1)
    return [share * g for g in gradients]
    ### END SOLUTION


# %%
clip_by_norm = check("17.clip_by_norm", clip_by_norm)

# %%
both = clip_by_norm([torch.tensor([3.0]), torch.tensor([0.0, 4.0])], 1.0)
lengths = [g.norm().item() for g in both]
g = torch.tensor([3.0, 0.4, 0.2], dtype=torch.float64)
by_norm, (by_value,) = clip_by_norm([g], 0.5)[0], clip_by_value([g], 0.5)
turned = {
    name: math.degrees(math.acos(min(1.0, float(cut @ g / (cut.norm() * g.norm())))))
    for name, cut in (("norm", by_norm), ("value", by_value))
}

# %% tags=["hide-input"]
# Check: what clipping keeps
assert [round(length, 4) for length in lengths] == [0.6, 0.8]
assert turned["norm"] < 1e-4 and 30 < turned["value"] < 45
say(
    f"Norms 3 and 4 are 5 together, and become {lengths[0]:.1f} and {lengths[1]:.1f}. Clipping *by value* cuts each number by itself. It "
    f"turns the gradient (3, 0.4, 0.2), cut to 0.5, by {turned['value']:.0f} degrees; clipping by norm turns none."
)

# %% [markdown]
# Both are projections, on a ball and on a cube: the nearest point there. A projection on a convex set never brings two points
# further apart, so that both have the Lipschitz constant 1. Outside the ball the Jacobian is $(c / \lVert g \rVert)(I - \hat g \hat g^\top)$:
# the length is forgotten, and the rest shrinks.

# %% [markdown]
# ## The rate: up, and down again
#
# The Jacobian of a step of gradient descent is $I - \alpha H$, with $\alpha$ the rate and $H$ the Hessian of the cost. In a bowl no direction grows as long as $\alpha$ is below
# $2 / \lambda_{\max}$ (lesson 07). Early in training $\lambda_{\max}$ may be large, and Adam's averages rest on a few gradients: reasons for a **warm-up**, a rate that
# grows in equal steps. Late in training the noise of mini-batches keeps weights at a distance that grows with the rate (lesson 08): the
# reason to let it **fall**, by steps or along a cosine. In one schedule, with $w$ updates of warm-up out of $T$ and a final share $f$:
#
# $$ s_t = \frac{t}{w} \;\; (t \le w) \qquad
# s_t = f + \frac{1 - f}{2} \Bigl(1 + \cos \frac{\pi (t - w)}{T - w + 1}\Bigr) \;\; (t \ge w) $$
#
# Updates count from $t = 1$, whose share is $1/w$. At $t = w$ both give 1. The share $f$ would come one update after the last, as in `cosine` of
# lesson 12.
#
# ### Exercise 17.warmup_cosine
#
# Write the share at update `t`.


# %%
def warmup_cosine(t, updates, *, warm, final=0.0):
    """Return the share of the learning rate at update t of so many, a number.

    t: 1, 2, …, updates.   warm: how many updates the warm-up takes, 1 or more.
    final: the share at which the cosine would end, at the update after the last.
    """
    ### BEGIN SOLUTION
    if t < warm:
        return t / warm
    angle = math.pi * (t - warm) / (updates - warm + 1)
    return final + (1 - final) * (1 + math.cos(angle)) / 2
    ### END SOLUTION


# %%
warmup_cosine = check("17.warmup_cosine", warmup_cosine)

# %% [markdown]
# Design a schedule. On the left is the rate. On the right gradient descent goes down a bowl of curvatures 1 and 0.1, with
# noise in its gradients: the root mean square distance from the minimum, computed exactly. Grey is a constant rate.
#
# 1. Where does the constant rate stop, and why does it not come nearer?
# 2. Find the shape and final share with the smallest distance at the end. What is wrong with a share that is too small?
# 3. Make the warm-up longer. Does it help here? What would have to be different?

# %% tags=["hide-input"]
# The interactive figure
interact(
    explicit.design,
    explicit.start_design,
    explicit.draw_design,
    {
        "warm": Slider("warm-up", 1, 100, 1, 20),
        "shape": Choice("shape", explicit.SHAPES, "cosine"),
        "final": Choice("final share", (0.01, 0.03, 0.1, 0.3, 1.0), 0.03),
    },
    alt="Left: the rate rises in a line for 20 updates and falls along half a wave; a constant rate is grey. Right: the distance from the minimum "
    "on a logarithmic axis. The constant rate falls fast and then stays level. The schedule is behind it at first, and ends "
    "well below it.",
    caption="A schedule of 200 updates, and the distance from the minimum of a noisy bowl.",
)

# %% tags=["hide-input"]
# Check: what the interactive figure shows
for t, share in enumerate(explicit.shares(20, "cosine", 0.03), start=1):
    assert math.isclose(share, warmup_cosine(t, explicit.UPDATES, warm=20, final=0.03))
ends = {
    (warm, shape, final): float(explicit.design(warm, shape, final)["distances"][-1])
    for warm in (1, 20, 100)
    for shape in explicit.SHAPES
    for final in (0.01, 0.03, 0.1, 0.3, 1.0)
}
flat = ends[1, "constant", 1.0]
best = min(ends, key=ends.get)
assert best[:2] == (1, "by steps") and ends[best] < 0.5 * flat
assert all(ends[1, s, f] <= ends[20, s, f] + 1e-9 <= ends[100, s, f] + 2e-9 for _, s, f in ends)
steady = sum(0.5 / (c * (2 - 0.5 * c)) for c in explicit.CURVATURES) ** 0.5
assert abs(flat - steady) < 0.01
say(
    f"A constant rate stops at {flat:.2f}, where the noise of each step makes up for what it gains. Of these settings the best "
    f"ends at {ends[best]:.2f}: {best[1]}, with a final share of {best[2]:g} and no warm-up. With a smaller share the rate is small before the flat direction has forgotten its start and the early noise. "
    "Warm-up only costs time on this bowl: its curvature is the same at the start as later, and nothing has to be averaged first."
)

# %% [markdown]
# ## Decay: in the gradient, or beside it
#
# A penalty $\tfrac{\lambda}{2} \lVert W \rVert^2$ in the loss adds $\lambda W$ to the gradient. For plain gradient descent that is the same as shrinking
# $W$ by the factor $1 - \alpha \lambda$ before the step. With momentum it is not: the velocity remembers the penalties, too. **Decoupled decay** keeps them out of it:
#
# $$ v \leftarrow \beta v + g \qquad W \leftarrow (1 - \alpha \lambda) \, W - \alpha \, v $$
#
# The factor is the Jacobian of the decay. For $0 < \alpha \lambda < 1$ it lies between 0 and 1: decay alone is a contraction.
#
# ### Exercise 17.decoupled
#
# Write classical momentum with decoupled decay. (Adam's form was 11.adamw.)


# %%
def decoupled(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    """Return the parameter and its velocity after one step: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient.   v: its velocity before.
    lr: learning rate.   beta: what the velocity keeps.   weight_decay: the decay.
    """
    ### BEGIN SOLUTION
    v = beta * v + g
    return (1 - lr * weight_decay) * p - lr * v, v
    ### END SOLUTION


# %%
decoupled = check("17.decoupled", decoupled)


# %%
def remains(rule, steps, size=0.0, slots=1, **hyper):
    """Return what is left of a weight of 1 whose gradients are size, −size, size, …"""
    p = torch.ones(1, dtype=torch.float64)
    state = (torch.zeros_like(p),) * slots
    for t in range(1, steps + 1):
        more = {"t": t} if slots == 2 else {}
        p, *state = rule(p, size * (-1.0) ** t + 0 * p, *state, **hyper, **more)
    return p.item()


slow = {"lr": 0.1, "weight_decay": 0.01}
left = {
    beta: [remains(rule, 400, beta=beta, **slow) for rule in (momentum_l2, decoupled)]
    for beta in (0.0, 0.5, 0.9)
}
small = {"lr": 1e-3, "slots": 2, "weight_decay": 0.5}
by_size = {
    g: [remains(rule, 2000, g, **small) for rule in (adam_l2, adamw)] for g in (1.0, 10.0, 100.0)
}

# %% tags=["hide-input"]
# Check: decay in both places
assert abs(left[0.0][0] - left[0.0][1]) < 1e-12 and left[0.9][0] < 0.05 < 0.6 < left[0.9][1]
assert all(abs(both[1] - left[0.0][1]) < 1e-12 for both in left.values())
assert by_size[1.0][0] < 0.5 and by_size[100.0][0] > 0.98
assert max(both[1] for both in by_size.values()) - min(both[1] for both in by_size.values()) < 1e-6
columns = {"momentum, β": "", "L2": ".2f", "decoupled": ".2f"}
say(table(columns, [[f"{beta}", *both] for beta, both in left.items()]))
columns = {"Adam, gradients ±": "", "L2": ".3f", "decoupled": ".3f"}
say(table(columns, [[f"{g:g}", *both] for g, both in by_size.items()]))
say(
    "What is left of a weight of 1 that nothing else pulls. Under momentum, L2 acts in the end about $1/(1 - \\beta)$ times as fast as its λ says: to "
    "compare the two, λ has to be chosen for each. Under Adam, L2 is divided by the size of the gradients, so that weights with large ones hardly decay."
)

# %% [markdown]
# ## Each with its Jacobian and its constant
#
# Here they stand together, derived and then checked by autograd. Clipping is taken where it clips; constants of clipping count in $g$, those of
# the two normalisations in $x$, and of several numbers the size counts. For spectral normalisation a change of weights is mapped as
# $dW \mapsto (dW - (u^\top dW \, v) \, \bar W) / \hat\sigma$.

# %% tags=["hide-input"]
# The table: Jacobians and constants
draw = partial(torch.randn, generator=generator(0), dtype=torch.float64)
g, x, eye = draw(5), draw(4), torch.eye(5, dtype=torch.float64)
unit = g / g.norm()
torch.testing.assert_close(
    jacrev(lambda g: clip_by_norm([g], 0.5)[0])(g), 0.5 / g.norm() * (eye - torch.outer(unit, unit))
)
torch.testing.assert_close(
    jacrev(lambda g: clip_by_value([g], 0.5)[0])(g), torch.diag((g.abs() < 0.5).double())
)
torch.testing.assert_close(
    jacrev(lambda p: weight_ema(g, p, t=3, beta=0.9))(g), 0.1 / (1 - 0.9**3) * eye
)
zero = torch.zeros_like(g)
torch.testing.assert_close(
    jacrev(lambda p: decoupled(p, zero, zero, lr=0.1, weight_decay=0.5)[0])(g), 0.95 * eye
)
W, dW, u = draw(3, 4), draw(3, 4), draw(3)
u = u / u.norm()
W_bar, new = spectral.spectral_normalise(W, u)
v = W.T @ u / (W.T @ u).norm()
by_entry = jacrev(lambda W: spectral.spectral_normalise(W, u)[0])(W)
torch.testing.assert_close(
    torch.einsum("abcd,cd->ab", by_entry, dW), (dW - (new @ dW @ v) * W_bar) / (new @ W @ v)
)
rows = [
    ["clipping by norm", r"$(c / \lVert g \rVert)(I - \hat g \hat g^\top)$", "1"],
    ["clipping by value", "1 where not cut, else 0", "1"],
    [
        "weight normalisation",
        "given above, by v",
        r"$\ell$ a neuron",
    ],
    [
        "spectral normalisation",
        "the map above",
        r"$\sigma / \hat\sigma \ge 1$",
    ],
    ["average of weights", "the share of p", "that share"],
    ["rate of gradient descent", r"$I - \alpha H$", r"largest $1 - \alpha\lambda_i(H)$"],
    ["decoupled decay", r"$(1 - \alpha\lambda) \, I$", r"$1 - \alpha\lambda$"],
]
say(table({"method": "", "Jacobian": "", "constant": ""}, rows))

# %% [markdown]
# ## What each does on digits
#
# Now each method is added, alone, to momentum with a constant rate, on a network of two layers and on one of ten. Each tries
# about as many settings and keeps the best by validation loss, on seeds of their own; "no effect" is among the strengths. Then 24
# other seeds report the test loss; one above that of a guess counts as a guess. (A start or a normalisation has no strength, so that it tries closer rates. Spectral normalisation is
# exact here, by SVD, and has a trained factor in front, as weight normalisation has its lengths.)
#
# Of 48 intervals of 95 %, two or three miss by chance. So these are wider: all 48 together hold with 95 % or more (Bonferroni).

# %% tags=["hide-input"]
# The figure: all methods, two networks
nets = {"two layers": methods["two layers"], "ten layers": methods["ten layers"]}
names = [name for name in nets["two layers"] if name != "nothing"]
count = 2 * len(nets) * len(names)
sure = partial(confidence_interval, confidence=1 - 0.05 / count)


def is_off(net, name, which="best"):
    """Return whether the best strength of a method was no effect at all."""
    strengths = script.METHODS[name].strengths
    return len(strengths) > 1 and nets[net][name][which]["strength"] == strengths[0]


def gap(net, name, which="best"):
    """Return by how much the test loss is above that of momentum alone, a number a seed.

    It is 0 for a method that is off: that is momentum alone.
    """
    losses = [torch.tensor(nets[net][of][which]["loss"]) for of in (name, "nothing")]
    assert len(losses[0]) == len(losses[1]) == 24
    return (losses[0] - losses[1]) * (not is_off(net, name, which))


assert count == 48
show(
    differences(
        {net: {name: gap(net, name) for name in names} for net in nets},
        sure,
        "test loss, less that of momentum alone",
    ),
    alt="A panel for two layers and one for ten. A row for each method has a dot for each of 24 runs and an interval. With two layers "
    "the average alone lies below 0 with its interval; both clippings, the warm-up and both decays are off and stand at 0. With ten, where runs "
    "differ about ten times as much, orthogonal start lies below 0, Glorot start and L2 above.",
    caption="What each method adds to momentum, each at its best setting, 24 seeds: left of 0 is better.",
    claims=("C3, explicit half",),
)

# %% [markdown]
# Live, for three of the seeds and two layers: momentum, and the same with your average of weights.


# %%
def averaged(p, g, v, *, t, lr, strength):
    """Momentum on the first half of p; the second half averages it with your function."""
    half = p.shape[0] // 2
    moved, new = momentum(p[:half], g[:half], v[:half], lr=lr)
    average = weight_ema(p[half:], moved, t=t, beta=strength)
    return torch.cat([moved, average]), torch.cat([new, v[half:]])


def alone(p, g, v, *, lr, strength):
    """Momentum, whatever the strength."""
    return momentum(p, g, v, lr=lr)


live, small = {}, nets["two layers"]
for name, rule in (("nothing", alone), ("average (EMA)", averaged)):
    method, at_best = script.METHODS[name]._replace(rule=rule), small[name]["best"]
    settings = [(at_best["strength"], at_best["lr"])]
    found = script.train(script.NETS["two layers"], method, settings, range(3))
    live[name] = found.loss("test", at_most=script.GUESS)[0].cpu()

# %% tags=["hide-input"]
# Check: the same runs as in the store
for name, losses in live.items():
    assert abs(losses.mean() - torch.tensor(small[name]["best"]["loss"][:3]).mean()) < 0.02
assert live["average (EMA)"].mean() < live["nothing"].mean()
say("The live runs agree with the stored ones, and the average is better.")


# %% tags=["hide-input"]
# The tables: methods, tuned and too fast
def cell(net, name, which):
    """Return a mean difference; in brackets if its interval holds 0, "off" if there is no effect."""
    if is_off(net, name, which):
        return "off"
    found = sure(gap(net, name, which))
    words = formatted(found.mean, "+.3f")
    return f"({words})" if found.low <= 0 <= found.high else words


sides = [(net, which) for which in ("best", "high") for net in nets]
for words, which in (("at its best rate", "best"), ("all at a fast rate", "high")):
    rows = [[name, *(cell(net, name, which) for net in nets)] for name in names]
    say(table({words: ""} | dict.fromkeys(nets, ">"), rows))
used = {net: [of["nothing"][which]["lr"] for which in ("best", "high")] for net, of in nets.items()}
losses_of = {net: torch.tensor(of["nothing"]["best"]["loss"]).mean() for net, of in nets.items()}
strongest = {}  # for each method, where the strongest that was tried was best
for net, which in sides:
    for name in names:
        tried, own = script.METHODS[name].strengths, nets[net][name][which]["strength"]
        if len(tried) > 1 and own == tried[-1] and name != "cosine":  # which ends at 0 at the least
            strongest.setdefault(name, []).append(net + ", fast" * (which == "high"))
say(
    "Mean differences in test loss, with two layers and with ten; in brackets if the interval holds 0. *Off*: of all strengths the best was no "
    "effect at all. *Fast*, which is too fast: all at one rate, each with the strength that was best there: "
    f"{used['two layers'][1]:.2f} with two layers, where momentum's best is {used['two layers'][0]:.2f}, and "
    f"{used['ten layers'][1]:.3f} with ten, where it is {used['ten layers'][0]:.3f}. "
    f"At its best rate momentum's loss is {losses_of['two layers']:.2f} and {losses_of['ten layers']:.2f}. "
    "More of a method might do better where its strongest was best: "
    + "; ".join(f"{name} ({' and '.join(places)})" for name, places in strongest.items())
    + "."
)

# %% [markdown]
# ## A cap instead of a warm-up?
#
# In attention, one growing pair of matrices can make every token look at a single one: the softmax saturates, and the
# entropy of its weights goes to 0. Qi and others (2025), the first of them an author of the survey, hold the concentration of
# $W_q^\top W_k$ on a few singular values responsible, and propose to train without warm-up but with a capped rate. If the ratio
# $\sigma_1(\Delta) / \sigma_1(W)$ is above a threshold, the rate is bounded to (after their abstract, in our letters)
#
# $$ \alpha \le \tau \, \frac{\sigma_1(W)}{\sigma_1(\Delta)} $$
#
# with $\Delta$ "the updating quantity", for Adam $\hat m / (\sqrt{\hat v} + \varepsilon)$. By Weyl's inequality no singular value of a sum is further
# from that of $W$ than the largest one of what is added. So no singular value moves by more than $\tau \, \sigma_1(W)$ in a step. Our `cap_step`
# does this for every matrix, with $\tau$ for the threshold too.
#
# We put it to the test on a vision transformer of two layers and four heads in all, with digits cut into 16 patches. Three arms train it by Adam under the
# same cosine: with neither, with warm-up, with capped steps and no warm-up. Each tries 33 or 36 settings, all on two seeds and the best on
# six. Then 12 other seeds report, at the best rate and at three high ones that all arms share. A loss above that of a guess counts as a guess.

# %% tags=["hide-input"]
# The figure: a capped rate in attention
arms, tries = attention["arms"], {name: side["tries"] for name, side in attention["arms"].items()}
places = [name for name in arms["neither"] if name.startswith("high")]
rates = [arms["neither"][place]["lr"] for place in places]


def at(arm, place, what):
    """Return accuracies or losses of an arm, or the entropies of its lowest head, one a seed."""
    found = torch.tensor(arms[arm][place][what])
    return found.amin(dim=1) if what == "entropy" else found


assert set(tries.values()) == {33, 36} and len(places) == 3
assert all(
    math.isclose(arms[arm][p]["lr"], lr, rel_tol=1e-4)
    for arm in arms
    for p, lr in zip(places, rates, strict=True)
)
show(
    explicit.collapse(
        rates,
        {arm: torch.stack([at(arm, place, "accuracy") for place in places]) for arm in arms},
        {arm: torch.stack([at(arm, place, "entropy") for place in places]) for arm in arms},
    ),
    alt="Left: accuracy falls with the rate in all three arms; with neither it falls most, from about 0.8 to 0.4, and with capped "
    "steps least. Right: with neither the entropy of the lowest head is near 0, with warm-up at the higher two rates; "
    "with capped steps it stays above 0.",
    caption="A small vision transformer at three high rates: median and middle nine tenths of 12 seeds.",
    claims=("Qi and others (2025), attention", "Qi and others (2025), warm-up"),
)

# %% tags=["hide-input"]
# The table: attention, three arms
rows = []
for arm, side in arms.items():
    for place in ("best", *places):
        loss, right, low = (at(arm, place, what).mean() for what in ("loss", "accuracy", "entropy"))
        settings = {"neither": "neither", "warm-up": f"warm-up {side[place]['strength']:g}"}
        setting = settings.get(arm, f"capped, τ = {side[place]['strength']:g}")
        rows.append([setting, side[place]["lr"], loss, right, low])
columns = {"arm": "", "rate": ".3f", "loss": ".2f", "right": ".1%", "entropy": ".3f"}
say(table(columns, rows))
say(
    "Means of 12 seeds; the first row of each arm is its best setting. The entropy is that of the head with the lowest, as a share of that of "
    "equal weights: at 0 each token looks at one alone. Neither a rate nor a strength was the best at an end of those that were tried."
)
warms, taus = (
    {side[p]["strength"] for p in ("best", *places)} for side in (arms["warm-up"], arms["capped"])
)
assert min(warms) > 20 and max(warms) < 160 and min(taus) > 0.003 and max(taus) < 0.1

# %% [markdown]
# Which matrices have to be capped? An intervention at the middle one of the three rates: the same τ for queries and keys alone, or for all others alone.

# %% tags=["hide-input"]
# The table: what a cap reaches
which, middle = attention["which"], places[1]
parts = {
    "no matrix": arms["neither"][middle],
    **which["parts"],
    "all matrices": arms["capped"][middle],
}
low = {name: torch.tensor(side["entropy"]).amin(dim=1) for name, side in parts.items()}
right = {name: torch.tensor(side["accuracy"]) for name, side in parts.items()}
assert which["tau"] == arms["capped"][middle]["strength"] and set(map(len, low.values())) == {12}
rows = [[name, right[name].mean(), low[name].mean()] for name in parts]
say(table({"capped": "", "accuracy": ".1%", "lowest entropy": ".3f"}, rows))

# %% [markdown]
# ## What goes wrong
#
# **The clipped mean is not the mean clipped.** Clipping each batch bends the average of many. Let nine batches of ten have the
# gradient −1 and one +20. On average the cost rises to the right; clipped to 1, it seems to rise to the left.

# %%
gradients = torch.tensor([-1.0] * 9 + [20.0])
clipped = torch.stack([clip_by_norm([g[None]], 1.0)[0][0] for g in gradients])

# %% tags=["hide-input"]
# Check: what clipping by value does to a mean
assert gradients.mean() > 1 and clipped.mean() < -0.7
say(
    f"The mean gradient is {gradients.mean():.1f}; the mean of the clipped ones is {formatted(clipped.mean().item(), '.1f')}. A rare large gradient may be noise, "
    "or the only batch that holds a rare case."
)

# %% [markdown]
# **Each tensor is clipped by itself.** Then a step no longer has the direction of the gradient. That may be meant; it is
# another method.
#
# **The parts of a schedule do not meet.** A cosine that began at the first update is already below 1 when warm-up hands over,
# and the rate jumps. Plot a schedule before you pay for it.
#
# **λ is carried over from one rule to another.** The tables above show what becomes of it. A decay in front of a
# normalisation is stranger still. There the outputs do not depend on the length of $W$, and decoupled decay changes nothing else: the
# function stays. But its gradient is proportional to $1 / \lVert W \rVert$, so that the effective rate rises.
#
# **Methods are switched on together.** Then nobody knows which one helped. The table of this lesson has one at a time.

# %% [markdown]
# ## Claims, measured
#
# C3 sorts methods, and a sorting is neither true nor false: the map shows that each of ours has its place. What can be
# measured is whether acting on each of the four places changes what training gives. The second and third claim are those of Qi and
# others (2025) about attention, as their abstract words them.


# %% tags=["hide-input"]
# The verdict on C3
def surely(net, which, side):
    """Return the methods whose whole interval lies below 0 (side −1) or above it (side 1)."""
    found = {name: sure(gap(net, name, which)) for name in names}
    return [name for name, (_, low, high) in found.items() if (high < 0, low > 0)[side > 0]]


two, ten = "two layers", "ten layers"
lowered = {(net, which): surely(net, which, -1) for net in nets for which in ("best", "high")}
raised = {(net, which): surely(net, which, 1) for net in nets for which in ("best", "high")}
both_fast = ["average (EMA)", "clipping by norm", "clipping by value", "step decay", "cosine"]
assert lowered[two, "best"] == ["average (EMA)"]
assert lowered[ten, "best"] == ["orthogonal start"]
assert lowered[ten, "high"] == both_fast
assert lowered[two, "high"] == ["weight norm", "spectral norm", *both_fast]
assert raised == {key: ["Glorot start", "L2"] if key == (ten, "best") else [] for key in raised}
kinds = {script.METHODS[name].kind for of in lowered.values() for name in of}
assert kinds == {"weight", "gradient", "learning rate"}
rows_of_l2 = nets[ten]["L2"]["tuned"]  # strength, rate, and the loss on the seeds that choose
without = [loss for strength, _, loss in rows_of_l2 if strength == 0]
assert without and min(loss for *_, loss in rows_of_l2) < min(without)
unclear = [sure(gap(ten, name)) for name in names if cell(ten, name, "best")[0] == "("]
by = {name: -sure(gap(net, name)).mean for net in nets for name in lowered[net, "best"]}
verdict(
    "C3, explicit half: training can be manipulated by weight, gradient, learning rate and weight decay.",
    "holds for weight and gradient, and for the learning rate where it is too high; for weight decay it cannot be told",
    f"With all settings tuned, the average of weights lowers the test loss of two layers, by {by['average (EMA)']:.3f}. With ten, orthogonal start lowers it, "
    f"by {by['orthogonal start']:.2f}, and the Glorot start raises it. Clipping by value is on the edge: with its velocity in float64 an earlier run told it from nothing, and this one, in float32, does not. No method surely lowers it on both networks. At a rate too high five do: the average, both clippings, steps and cosine. "
    "For decay no interval lies below 0. L2 even raises the loss of ten layers: a strength that six seeds chose did worse on the others. Runs differ much there, so that an effect up to "
    f"{max(-found.low for found in unclear):.2f} may hide behind a tie. Both are small networks on digits that train for ten epochs.",
)


# %% tags=["hide-input"]
# The verdict: attention, entropy
ends = ("best", *places)
compared = [
    ("capped", "neither", place, what)
    for place in places
    for what in ("entropy", "accuracy", "loss")
]
compared += [("capped", "neither", "best", what) for what in ("entropy", "loss")]
compared += [("capped", "warm-up", place, "loss") for place in ends]
compared += [("warm-up", "neither", "best", "loss"), ("warm-up", "neither", places[-1], "entropy")]
pairs = {key: at(key[0], *key[2:]) - at(key[1], *key[2:]) for key in compared}
qk, rest = "queries and keys alone", "all other matrices"
for name in (qk, rest):
    pairs[name, "entropy"] = low[name] - low["no matrix"]
    pairs[name, "accuracy"] = right[name] - right["no matrix"]
    pairs["all", name] = right["all matrices"] - right[name]
between = {key: confidence_interval(values, 1 - 0.05 / len(pairs)) for key, values in pairs.items()}
kept_up = [between["capped", "neither", place, "entropy"] for place in places]
gained = [between["capped", "neither", place, "accuracy"] for place in places]
unsaved = between["warm-up", "neither", places[-1], "entropy"]
by_loss = between["capped", "neither", "best", "loss"]
assert all(found.low > 0 for found in kept_up + gained) and len(pairs) == 23
assert unsaved.low < 0 < unsaved.high < 0.01
assert between["capped", "neither", "best", "entropy"].high < 0 and by_loss.low < 0 < by_loss.high
assert between[qk, "entropy"].low > 0 > between[rest, "entropy"].low
assert between[rest, "entropy"].high < 0.01
assert between[qk, "accuracy"].low < 0 < between[rest, "accuracy"].low
assert between["all", qk].low > 0 > between["all", rest].low and between["all", rest].high > 0
verdict(
    "Qi and others (2025), attention: capped steps avoid the collapse of its entropy, without warm-up.",
    "holds when rates are high and equal",
    f"At all three high rates capped steps keep the entropy of the lowest head up, by {min(f.mean for f in kept_up):.3f} or more, and the accuracy by "
    f"{100 * min(f.mean for f in gained):.0f} points or more; at the highest, warm-up does not keep the entropy up. But the collapse is not the whole of the failure. "
    f"At the middle rate a cap on queries and keys alone raises the entropy, but not surely the accuracy. A cap on all others alone lets it collapse, and still gains {100 * between[rest, 'accuracy'].mean:.0f} points; that both together do more than this cannot be told. "
    "With each arm at its own best rate the entropy is even lower with the cap, and the loss cannot be told apart. So a low entropy alone is no failure, and the abstract, too, "
    f"speaks of a malignant collapse. (The {len(pairs)} intervals behind this verdict and the next hold together with 95 %.)",
)

# %% tags=["hide-input"]
# The verdict: attention, warm-up
to_warm = [between["capped", "warm-up", place, "loss"] for place in ends]
to_none = [between["capped", "neither", place, "loss"] for place in places]
warm_to_none = between["warm-up", "neither", "best", "loss"]
assert all(found.low < 0 < found.high for found in (*to_warm, warm_to_none))
assert all(found.high < 0 for found in to_none)
verdict(
    "Qi and others (2025), warm-up: with capped steps a transformer trains effectively and stably without it.",
    "holds on our small transformer, which hardly needs warm-up",
    f"Each at its best setting, the capped arm's test loss is {to_warm[0]:+.3f} against warm-up: a tie, in which a difference up to "
    f"{max(-to_warm[0].low, to_warm[0].high):.2f} may be hidden. But with a tuned rate the arm with neither ties with both, so that there is little to replace. What the cap buys is room for error: "
    f"at the three high rates it lowers the loss of that arm by {-max(f.mean for f in to_none):.2f} or more. Against warm-up, tuned at each of them, no difference can be told. "
    "Larger models, for which it was made, were not measured.",
)

# %% [markdown]
# ## Take away
#
# - Explicit methods leave the network as it is and reach into the update: its weights, gradient, rate and decay.
# - Clipping is a projection, decay a contraction, an average a mean: each has a Jacobian and a constant that say what it can do at the most.
# - λ, a clipping length, a warm-up and a rate belong to the rule and the network they were chosen with. Tune them together, and switch on one at a time.
#
# ## Further reading
#
# - X. Qi, J. Wang and L. Zhang (2023), *Understanding optimization of deep learning via Jacobian matrix and Lipschitz constant*,
#   arXiv 2306.09338: the survey whose two classes this part of the course follows. We quote its abstract.
# - R. Pascanu, T. Mikolov and Y. Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML: clipping by norm.
# - T. Miyato, T. Kataoka, M. Koyama and Y. Yoshida (2018), *Spectral normalization for generative adversarial networks*, ICLR:
#   one round of power iteration a step.
# - T. Salimans and D. P. Kingma (2016), *Weight normalization*, NeurIPS: length and direction apart.
# - I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization*, ICLR: why L2 and decay differ; and (2017), *SGDR*, ICLR: the cosine.
# - X. Qi and others (2025), *Taming transformer without using learning rate warmup*, arXiv 2505.21910: the capped rate.
#
# A rate, a decay, a clipping length: all these methods know the gradient, and not how it changes. The next lesson looks at the
# second derivative.
