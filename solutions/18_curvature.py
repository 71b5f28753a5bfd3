# %% [markdown]
# # 18 · Curvature
#
# **Question.** What does the second derivative know?
#
# **Time.** about 75 minutes.
#
# **Before this.** [07 · Gradient descent](07_gradient_descent.ipynb) and
# [10 · RMSProp](10_rmsprop.ipynb)

# %% [markdown]
# A gradient says which way is down, and not how far. How far one may go depends on how fast the gradient
# itself changes: on the **curvature**. Lesson 07 allowed rates up to two over the largest one, and lesson 10
# divided each parameter's step by the size of its gradients, in the hope that this is nearly the same. Part IV looks at
# curvature itself. Article D builds an optimizer that divides by an estimate of it; this lesson asks what
# that estimate estimates.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiment
from functools import partial
from itertools import pairwise

import torch
from torch.func import grad, hessian
from torch.nn.functional import cross_entropy

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import (
    Choice,
    Slider,
    curvature,
    interact,
    runs,
    say,
    show,
    table,
    verdict,
)
from course_lib.lab import (
    confidence_interval,
    digits,
    experiment,
    generator,
    median,
    networks,
    resplit,
    stored,
    train,
)
from course_lib.optim.paths import path
from course_lib.optim.surfaces import RAVINE, ROSENBROCK
from course_lib.second_order import (
    diagonal_step,
    exact_diagonal,
    forward_probe,
    hutchinson_deviation,
    joint_quotient,
    lower_eigenvalues,
    secant,
)

gd = mine("07.gd")
kept, script = stored("18_curvature"), experiment("18_curvature")
count = len(kept["seeds"])


def randn(*shape, seed=0):
    """Return standard normal numbers in float64, on the CPU."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. A network has 838 parameters, and all you can ask of it are gradients. How many does it take to know the curvature of each
#    parameter: about one, about thirty, or about a thousand?
# 2. Somebody moves *all* parameters by a small step at once, and divides the change of each gradient by how far its own
#    parameter was moved. How near is that to the curvatures: within 1 %, within a factor of 2, or further off? And with a smaller step?
# 3. You may divide each gradient by one number before you take a single step. Which numbers bring the loss down furthest: the true
#    curvatures, or what the second question gave?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## All second derivatives
#
# Let $g_i$ be the gradient of parameter $i$. If parameter $j$ moves a little, $g_i$ changes at the rate
# $\partial g_i / \partial w_j$. These rates, for all pairs, are the **Hessian**:
#
# $$ H_{ij} = \frac{\partial^2 L}{\partial w_i \, \partial w_j} \qquad\qquad g(w + \delta) \approx g(w) + H \, \delta $$
#
# It is the Jacobian of the gradient, in the words of lesson 13, and symmetric wherever the second derivatives are continuous. On its diagonal stand
# the curvatures along the axes. Beside it stands how one parameter's gradient feels the others move. A move along an
# eigenvector changes the gradient along that vector only, at the rate of its eigenvalue. Where all eigenvalues are above 0, the
# largest over the smallest is lesson 07's condition number.
#
# A network of a million parameters has a Hessian of a million million numbers. Nobody builds it. But
# its *product* with a vector costs no more than a few gradients.
#
# ### Exercise 18.hvp
#
# Write the product. The hint is in the dimensions: the slope of the loss along $v$ is the number $g \cdot v$, and
# a number has a gradient.


# %%
def hvp(loss, p, v):
    """Return the Hessian of a loss at p, times v.

    loss: function of a tensor like p; it returns a tensor of shape ().
    p: tensor of any shape, the point.   v: same shape, the direction. It need not be small.
    The result has the shape of p.
    """

    ### BEGIN SOLUTION
    def slope(p):
        return (grad(loss)(p) * v).sum()

    return grad(slope)(p)
    ### END SOLUTION


# %%
hvp = check("18.hvp", hvp)

# %%
solution("18.hvp")

# %% [markdown]
# Now the largest eigenvalue of a network's Hessian needs no matrix. Lesson 14's power iteration would do: it looks at one vector, the last. The
# method of Lanczos makes more of as many products: of all directions that their vectors span it takes the one of most curvature. Here is a network with one hidden layer of tanh that has
# learned digits for five epochs. (Some pixels are blank in all 300 images; their weights are left out.)

# %%
data, begin = resplit(digits(), generator(0)), networks.start([64, 12, 10], generator(2000))
how = {"lr": kept["lr"], "epochs": 5, "batch_size": kept["batch_size"], "label": None}
forward = partial(networks.network, activation=torch.tanh)
params, _ = train(forward, begin, data, generator=generator(1000), **how)

place = script.Place(params, torch.tanh, data.train)  # the loss of 300 images, of a vector p
start = randn(len(place.p))
sharpness, _ = lower_eigenvalues(lambda v: hvp(place.loss, place.p, v), start, rounds=20)
assert len(place.p) == 838

# %% tags=["hide-input"]
# The largest eigenvalue
true = torch.linalg.eigvalsh(place.H)[-1]
assert abs(sharpness.item() / true.item() - 1) < 0.01
of = kept["networks"]["one hidden layer, tanh"]["points"][2]["about"]
below = torch.tensor(of["negative"])
assert (below > 0).all()
say(
    f"Of {len(place.p)} eigenvalues the largest was found by 20 products, to within one percent. "
    f"In each of {count} networks some eigenvalues are below 0 at this point, {median(below):.0%} in the median: the loss of a network is no bowl."
)

# %% [markdown]
# ## Newton's step
#
# If the loss were a quadratic with a bottom, $g(w + s) = g + Hs$ would hold exactly, and the bottom would be where it is 0:
#
# $$ s = -H^{-1} g \qquad\qquad \text{damped:} \quad s = -\alpha \, (H + \lambda I)^{-1} g $$
#
# That is **Newton's step**. The damping $\lambda$ adds itself to every eigenvalue; with a large one the step is
# a short one along $-g$. $\alpha$ is the learning rate.
#
# ### Exercise 18.newton_step
#
# Write the damped step.


# %%
def newton_step(p, g, H, lr=1.0, damping=0.0):
    """Return p after a damped Newton step.

    p, g: tensors of shape (n,), the point and the gradient there.
    H: tensor of shape (n, n), the Hessian there.
    lr: how much of the step is taken.   damping: number λ that is added on the diagonal of H.
    """
    ### BEGIN SOLUTION
    damped = H + damping * torch.eye(len(p)).to(H)
    return p - lr * torch.linalg.solve(damped, g)
    ### END SOLUTION


# %%
newton_step = check("18.newton_step", newton_step)

# %%
points = [torch.tensor(ROSENBROCK.start, dtype=torch.float64)]
for _ in range(8):
    p = points[-1]
    points.append(newton_step(p, grad(ROSENBROCK.value)(p), hessian(ROSENBROCK.value)(p)))

# %% tags=["hide-input"]
# Newton on the Rosenbrock valley
values = [ROSENBROCK.value(p).item() for p in points]
rises = [after for before, after in pairwise(values) if after > before]
assert values[-1] < 1e-20 and len(rises) == 2 and max(rises) > values[0]
tried = [1e-3 * 10 ** (k / 12) for k in range(10)]
ends = [path(gd, ROSENBROCK.gradient, points[0], steps=1000, lr=lr)[-1] for lr in tried]
left = torch.stack([ROSENBROCK.value(end) for end in ends])
assert left.min() > 0.01 and 0 < left.argmin() < len(tried) - 1
say(
    "In the bent valley of lesson 12 Newton is at the bottom after eight steps, to all digits. Gradient descent is still above 0.01 after a "
    f"thousand, at the best of ten rates around {tried[left.argmin()]:.3f}. On the way Newton's value rose twice, once to {max(rises):,.0f}: the quadratic it trusts is not the loss."
)

# %% [markdown]
# It goes to where the gradient is 0, and that may be a saddle. Near one, Newton's step is drawn *towards* it. And for a large network
# it costs, as it stands here, what nobody has: a matrix, and a system of equations.
#
# ## The diagonal, one at a time
#
# So keep the diagonal alone: a curvature for each parameter, as RMSProp keeps one average for each. The plain way
# is to move one parameter and to see how its own gradient changes:
#
# $$ H_{ii} \approx \frac{g_i(w + h e_i) - g_i(w - h e_i)}{2h} $$
#
# with $e_i$ the unit vector of parameter $i$ and $h$ a small number. This is a *central* difference: both sides of $w$, so that the
# error falls as $h^2$, until rounding takes over.
#
# ### Exercise 18.diagonal_fd


# %%
def diagonal_fd(gradient, p, h):
    """Return the diagonal of the Hessian at p, from central differences of the gradient.

    gradient: function of a tensor of shape (n,), returns the gradient there, (n,).
    p: tensor of shape (n,).   h: how far a parameter is moved to either side.
    """
    ### BEGIN SOLUTION
    d = torch.zeros_like(p)
    for i in range(len(p)):
        step = torch.zeros_like(p)
        step[i] = h
        d[i] = (gradient(p + step) - gradient(p - step))[i] / (2 * h)
    return d
    ### END SOLUTION


# %%
diagonal_fd = check("18.diagonal_fd", diagonal_fd)

# %%
by_differences = diagonal_fd(grad(place.loss), place.p, h=1e-4)
exact = exact_diagonal(place.loss, place.p)

# %% tags=["hide-input"]
# Against the exact diagonal
torch.testing.assert_close(by_differences, exact, rtol=1e-4, atol=1e-7)
steps = randn(4, 5)  # between five places of five parameters
u = torch.linalg.svd(steps).Vh[-1]
assert (torch.outer(u, u) @ steps.T).abs().max() < 1e-12 and u.square().max() > 0.1
say(
    f"It agrees with the exact diagonal, and cost {2 * len(place.p):,} gradients: two for each parameter. (By products, `hvp` with each "
    "unit vector, it is one product each.) So the answer to the first prediction is: about a thousand. For a loss of which nothing else is known "
    f"{len(place.p)} gradients are too few, wherever they are taken: some direction is at right angles to all steps between those places. More curvature "
    "along it alone changes none of these gradients, and it changes the diagonal."
)

# %% [markdown]
# ## By random signs
#
# Multiply $H$ by a vector $z$ of random signs, each 1 or −1 with the same chance, and then each entry of the
# product by the same sign again:
#
# $$ z_i (Hz)_i = H_{ii} z_i^2 + \sum_{j \ne i} H_{ij} z_i z_j $$
#
# $z_i^2$ is 1, and $z_i z_j$ is 0 on average. So on average only the diagonal is left: the estimate is **unbiased**. It is
# named after Hutchinson (1990), who estimated the trace so. One probe costs one product. What does not cancel is noise, with
# the standard deviation $\sqrt{\sum_{j \ne i} H_{ij}^2}$, and $m$ probes divide it by $\sqrt m$.
#
# ### Exercise 18.hutchinson
#
# Draw whole numbers, all probes at once, with `torch.randint` from the generator, and make signs of them.


# %%
def hutchinson(product, p, samples, generator):
    """Return an estimate of the diagonal of H, shaped like p, from random signs.

    product: function v -> H v, of a tensor shaped like p.
    p: says which shape, dtype and device a probe has.   samples: how many probes.
    generator: what torch.randint draws from, on the CPU: (samples, *p.shape), in one call.
    """
    ### BEGIN SOLUTION
    coins = torch.randint(0, 2, (samples, *p.shape), generator=generator)
    z = (2 * coins - 1).to(p)
    return torch.stack([probe * product(probe) for probe in z]).mean(dim=0)
    ### END SOLUTION


# %%
hutchinson = check("18.hutchinson", hutchinson)

# %%
found = {
    m: hutchinson(lambda v: hvp(place.loss, place.p, v), place.p, m, generator(1))
    for m in (1, 10, 100)
}

# %% tags=["hide-input"]
# How far off, and how far the formula says
rows = []
for m, estimate in found.items():
    off = (estimate - exact).square().mean().sqrt() / exact.square().mean().sqrt()
    due = hutchinson_deviation(place.H, m).square().mean().sqrt() / exact.square().mean().sqrt()
    assert 0.5 < off / due < 2
    rows.append([f"{m}", due])
assert rows[0][1] > 2 > rows[2][1]
say(table({"probes": ">", "expected error, over the size of the diagonal": ".2f"}, rows))

# %% [markdown]
# (Error and size: roots of the mean squares over all parameters.) One probe gives mostly noise: beside the diagonal stands far more than on it. AdaHessian takes one probe a step, and averages over
# steps and within blocks of weights.
#
# ## All at once
#
# Article D takes a shorter way. Move *all* parameters by a small step $\delta$ at once, take the gradient again, and divide:
#
# $$ d_i = \frac{g_i(w + \delta) - g_i(w)}{\delta_i} $$
#
# One more gradient, or none: two training steps in a row are such a probe. But what does it give? Put $g(w + \delta) \approx g + H\delta$
# in:
#
# $$ d_i \approx \frac{(H \delta)_i}{\delta_i} = H_{ii} + \sum_{j \ne i} H_{ij} \frac{\delta_j}{\delta_i} $$
#
# The sum is the price of moving all at once. It does not shrink with $\delta$: only ratios stand in it. It is 0 if $H$ is diagonal. Hutchinson
# has the same sum, with random signs that cancel on average. Here $\delta$ is no accident, and nothing makes the sum cancel.
#
# 1. Turn the ravine to 0 degrees, then to 30. When does the quotient meet the dotted lines?
# 2. Make the probe smaller. Does the quotient come nearer to the curvature? What happens below a millionth, in float32?
# 3. Move one parameter at a time.

# %% tags=["hide-input"]
interact(
    curvature.probe,
    curvature.start_probe,
    curvature.draw_probe,
    {
        "turn": Slider("turned by", 0.0, 45.0, 5.0, 30.0),
        "way": Choice("moved", curvature.WAYS, "all along −g"),
        "size": Slider("log₁₀ of the size", -7.0, 0.5, 0.25, -2.0),
    },
    alt="Left: lines of equal loss of a turned ravine, and a point. Right: two curves of quotients against the size of the probe. Both are level over "
    "most sizes, well below two dotted lines, and ragged at the smallest sizes.",
    caption="What one probe of two parameters says of their curvatures, by its size, in float32.",
)

# %% tags=["hide-input"]
# What the sliders show
for turn in (0.0, 30.0):
    small = curvature.probe(turn, "all along −g", -3.0)
    off = abs(small["now"] - small["truth"]).max()
    assert (off < 0.05) == (turn == 0.0)
alone = curvature.probe(30.0, "one at a time", -2.0)
assert abs(alone["now"] - alone["truth"]).max() < 0.05

# %% [markdown]
# And in a network? Below, each dot is one of its parameters: how large the estimate is, against how large the curvature is.

# %%
g = grad(place.loss)(place.p)
along_sign = forward_probe(grad(place.loss), place.p, g, -1e-4 * g.sign())
along_g = forward_probe(grad(place.loss), place.p, g, -1e-4 * g)

# %% tags=["hide-input"]
# The figure: estimates against the truth
estimates = script.estimates(place, 0)
torch.testing.assert_close(along_sign, estimates["along −sign g"], rtol=0.1, atol=0.5)
shown = {
    "all along −g": along_g,
    "along −sign g": along_sign,
    "10 random probes": found[10],
    "Gauss-Newton": estimates["Gauss-Newton"],
}
outside = [((exact.abs() < 1e-5) | (d.abs() < 1e-5)).double().mean() for d in shown.values()]
assert min(outside) > 0.02 and max(outside) < 0.1
beside = place.H.abs().sum(dim=1) - exact.abs()
assert script.quality(beside, exact)["rank"] > 0.95
assert all(d.abs().min() < 1e-3 * d.abs().mean() for d in [exact, *shown.values()])
show(
    curvature.against_truth(exact, shown),
    alt="Four clouds of dots on logarithmic axes with a diagonal line. The first two lie far above the line, with many dots of the wrong sign. The third scatters about it, "
    "also with many of the wrong sign. The fourth is a narrow band of the right sign nearly everywhere, a little below the line.",
    caption="Estimates of the curvature of each parameter of one network, after five epochs, against the exact ones. Blue: the same sign. Vermilion: another. About one dot in twenty lies beyond the frame.",
    claims=("D1",),
)

# %% tags=["hide-input"]
# In all stored networks
names = (
    "along −g",
    "along −sign g",
    "Hutchinson 1",
    "Hutchinson 10",
    "Hutchinson 100",
    "Gauss-Newton",
)
rows = []
for name in names:
    row = [name]
    for net in kept["networks"].values():
        each = net["points"][2]["estimates"][name]
        row += [median(each["off"]), median(each["below"]), median(each["rank"])]
    rows.append(row)
for k, net in enumerate(("tanh", "ReLU")):
    columns = {f"with {net}": "", "off": ".2f", "below 0": ".0%", "rank": ".2f"}
    say(table(columns, [[row[0], *row[1 + 3 * k : 4 + 3 * k]] for row in rows]))
of_name = {row[0]: torch.tensor(row[1:]).view(2, 3) for row in rows}  # networks, measures
for way in ("along −g", "along −sign g"):
    off, below, rank = of_name[way].T
    assert off.min() > 10 and below.min() > 0.2 and below.max() < 0.4
assert rank.min() > 0.7  # along −sign g
assert all((of[:, 1] > 0).all() == (name != "Gauss-Newton") for name, of in of_name.items())
of = kept["networks"]["one hidden layer, tanh"]["points"][2]["estimates"]["truth"]
assert min(of["below"]) > 0
assert (rank - of_name["Hutchinson 1"][:, 2]).abs().max() < 0.05

# %% [markdown]
# *Off* is the median error over the median curvature, *rank* the rank correlation of sizes: medians of all stored networks after five epochs. **Gauss-Newton** is the part of the
# Hessian that comes from the curvature of the loss in the outputs, with the network itself taken as linear; its diagonal has no entry below 0. With ReLU its diagonal is the whole: the network is
# linear in each single weight, piece by piece.
#
# So the answer to the second prediction is: further off, by ten typical curvatures and more. A smaller step does not help: both rows of joint quotients are the limits of small
# steps. Yet look at the ranks. Along −sign g the quotient
# is far too large, and in the median network below 0 in a fifth to two fifths of the parameters. Still it orders them by size much as the curvatures do, and so does a single random probe. Perhaps that is because, in the network of the figure, rows of
# the Hessian with a large entry on the diagonal have large entries beside it too: the rank correlation of the two is above 0.95.
#
# ## Guarded
#
# All of these have entries near 0, and all but Gauss-Newton some below it; with tanh even the curvatures themselves do. A step $-g_i/d_i$ would go uphill, or
# much too far. So take sizes, raise what lies below a floor, and cut what lies above a ceiling.
#
# ### Exercise 18.guard


# %%
def guard(d, floor, ceiling=float("inf")):
    """Return curvatures that a gradient may be divided by, like d.

    d: tensor of any shape, curvatures of either sign.
    floor, ceiling: numbers above 0 between which the sizes are to lie.
    """
    ### BEGIN SOLUTION
    return d.abs().clamp(min=floor, max=ceiling)
    ### END SOLUTION


# %%
guard = check("18.guard", guard)

# %% [markdown]
# ## What it is good for all the same
#
# Divide the gradient by each estimate, guarded, and take the best step along that direction: how far down does it lead? Each estimate has its own floor, a share of
# the mean size, for each network and point of training, chosen on 24 other seeds. (All of 300 images make the loss; only the two rows of batches have the noise of batches.) Two rivals take part that know less or something else: *sizes
# of a row* divides by $\sum_j |H_{ij}|$, *size of the gradient* by $|g_i|$.
#
# The lesson looks at 46 intervals: all rows of the figure, each of them against the exact diagonal, and two comparisons further down. Of 46
# intervals of 95 % about two would miss by chance. So these are wider: all 46 together hold with 95 % or more (Bonferroni). They speak of these images, divided and started anew, and take the floors as they are.

# %%
D = guard(along_sign, floor=0.1 * along_sign.abs().mean().item())
rates = torch.logspace(-4, 3, 85, dtype=torch.float64)
after = torch.stack([place.loss(diagonal_step(place.p, g, D, lr)) for lr in rates])
plain = torch.stack([place.loss(diagonal_step(place.p, g, torch.ones_like(g), lr)) for lr in rates])

# %% tags=["hide-input"]
# The figure: what a step gains
gains, by_point = {}, {}
for name, net in kept["networks"].items():
    by_row = {}
    for row in net["points"][0]["gains"]:
        if row != "gradient":
            per_point = [
                torch.tensor(at["gains"][row]).log10()
                - torch.tensor(at["gains"]["gradient"]).log10()
                for at in net["points"]
            ]
            by_row[row.replace("truth", "exact diagonal")] = torch.stack(per_point)
    by_point[name] = by_row  # points, networks
    gains[name] = {row: each.mean(dim=0) for row, each in by_row.items()}
family = len(gains) * (len(by_row) + (len(by_row) - 1) + 2)
sure = partial(confidence_interval, confidence=1 - 0.05 / family)
assert family == 46 and count >= 20 and len(kept["tuning_seeds"]) == 24
assert all(0 < losses.argmin() < len(rates) - 1 for losses in (after, plain))
assert after.min() < plain.min()
front, back = (
    {"exact diagonal", "along −g", "along −sign g", "Gauss-Newton"},
    {"Hutchinson 1", "two batches", "size of the gradient"},
)
for of in gains.values():
    order = sorted(of, key=lambda row, of=of: -of[row].mean())
    assert set(order[:4]) == front and order[4] == "sizes of a row" and set(order[-3:]) == back
show(
    runs.differences(
        gains,
        sure,
        "log₁₀ of the fall of the loss, over that of plain gradient descent",
    ),
    alt="Two panels with a row for each divisor and a dot for each run. In both, the exact diagonal, the two joint quotients and Gauss-Newton lie furthest to the right of 0, "
    "the sizes of a row next, and a single random probe, two batches and the size of the gradient nearest to 0.",
    caption="What the best step along −g/D brings, over what the best step along −g brings: the mean over four points of training, a dot for each "
    "network. The bar is the interval "
    "of the mean, one of 46 that hold together.",
    claims=("Of all these divisors",),
)

# %% [markdown]
# With tanh both joint quotients do better than the exact diagonal. Gauss-Newton cannot be told apart from it: a difference up to 0.04 may be hidden. With ReLU
# the quotients cannot either: a difference up to 0.08 may be hidden. (Gauss-Newton is that diagonal there.) All others do worse, in both
# networks. That holds for the mean of the four points. Are they alike? Below, the lead over the exact diagonal at each, where Gauss-Newton is another. (Bold: its interval does not hold 0. The 20 intervals behind this table hold together with 95 %, as a family of their own.)

# %% tags=["hide-input"]
# Point by point
leads, rows = {}, []
for name, of in by_point.items():
    for row in ("along −g", "along −sign g", "Gauss-Newton"):
        more = of[row] - of["exact diagonal"]
        if more.any():  # with ReLU Gauss-Newton is the exact diagonal
            leads[name, row] = [confidence_interval(at, confidence=1 - 0.05 / 20) for at in more]
            apart = [at.low > 0 or at.high < 0 for at in leads[name, row]]
            cells = [
                f"**{at.mean:+.2f}**" if bold else f"{at.mean:+.2f}"
                for at, bold in zip(leads[name, row], apart, strict=True)
            ]
            net = name.split(", ")[1]
            rows.append([f"{net}, {row}", *(cell.replace("-", "−") for cell in cells)])
assert sum(map(len, leads.values())) == 20
newtons = leads["one hidden layer, tanh", "Gauss-Newton"]
assert newtons[0].low > 0 and newtons[2].high < 0 and newtons[3].high < 0
for name in gains:
    along = leads[name, "along −sign g"] + leads[name, "along −g"]
    assert all(at.high > 0 for at in along) and any(at.low > 0 for at in along)
    assert round(min(at.low for at in along), 2) == (-0.27 if "ReLU" in name else -0.08)
when = ("start", "1 epoch", "5 epochs", "30 epochs")
assert kept["epochs"] == [0, 1, 5, 30]
say(table({"divisor": "", **dict.fromkeys(when, ">")}, rows))

# %% [markdown]
# They are not. Gauss-Newton leads at the starting weights, and after 5 and 30 epochs it is behind: its tie in the mean hides a change of sides. The joint
# quotients lead at some points, and at none is one of them shown to be behind. (With ReLU, at one point, a lag up to 0.27 may be hidden.) So the answer to the
# third prediction is: with tanh the quotients of the second question do better, and with ReLU they cannot be told apart from the true curvatures, though they
# are no estimates of these. How can that be?
#
# Read its formula again: with $D = \operatorname{diag}(d)$, and for a small step, it says
#
# $$ D \, \delta = H \, \delta $$
#
# Of all diagonal matrices it is the one that does to $\delta$ what $H$ does. Methods that keep a matrix, diagonal or not, which does so to their last step are called quasi-Newton, and this is their
# *secant equation*. In a step all parameters move together. So what a gradient loses on the way is what the quotient measures, others' moves and
# all, if the step goes where the probe went.
#
# If it is the direction of the probe that helps, a probe in another one loses the gain. Hutchinson's single probe is the same quotient with another $\delta$: random signs instead of
# those of $-g$. Nothing else is changed, and each has its own best floor and rate.

# %% tags=["hide-input"]
# The intervention: the same quotient in another direction
against = {
    name: [sure(of["along −sign g"] - of[f"Hutchinson {m}"]) for m in (1, 100)]
    for name, of in gains.items()
}
assert all(interval.low > 0 for each in against.values() for interval in each)
for name, of in gains.items():
    assert against[name][0].low > sure(of["Hutchinson 1"]).high  # more is gone than is left
    for at in kept["networks"][name]["points"]:
        along, one, hundred = (
            {how: median(at["estimates"][way][how]) for how in ("off", "rank")}
            for way in ("along −sign g", "Hutchinson 1", "Hutchinson 100")
        )
        assert abs(along["rank"] - one["rank"]) < 0.1
        assert hundred["rank"] > along["rank"] and hundred["off"] < along["off"] / 10
say(
    table(
        {"along −sign g, log₁₀": "", "less one random probe": "", "less a hundred": ""},
        [[name, *(format(one, "+.2f") for one in each)] for name, each in against.items()],
    )
)

# %% [markdown]
# With random signs most of the gain is gone, in both networks, though both order the parameters nearly alike: their ranks differ by less than 0.1 at each point. A hundred random probes order them better, and
# are more than ten times nearer to the curvatures; they gain less too. So the direction of the probe matters, and neither order nor nearness alone makes the gain. That the secant equation is the reason is a reading of it, and perhaps not the
# whole: the step goes along $-g/D$, and not quite where the probe went.
#
# ## Noise
#
# So far all images made the loss. A training step sees a batch. Both gradients of a probe can be taken on the *same* batch, at the cost of a
# second gradient. Or the last step's gradient is used again, at no cost: then the batches differ, and with them the gradients, by
# about $\sqrt 2 \sigma$. Divided by $\delta$ that is
#
# $$ \frac{\sqrt 2 \, \sigma}{|\delta_i|} $$
#
# with $\sigma$ the standard deviation of a batch's gradient. The smaller the step, the larger the noise.

# %% tags=["hide-input"]
# The figure: size of the probe, size of the batch
point = kept["networks"]["one hidden layer, tanh"]["points"][2]
by_size = {
    f"{dtype}, from its limit": torch.tensor(of["from_limit"]).T + 1e-9
    for dtype, of in point["probes"].items()
}
by_size["float64, from the diagonal"] = torch.tensor(point["probes"]["float64"]["from_truth"]).T
by_batch = {name: torch.tensor(of["off"]).T for name, of in point["batches"].items()}
show(
    curvature.errors(kept["probes"], by_size, kept["batch_sizes"], by_batch),
    alt="Left: three curves against the size of the probe. Two of them, the distances from the probe's own limit, rise to the right; the one in float32 rises to the left too. "
    "The third, the distance from the diagonal, is high and level, and falls only at the largest size. Right: distances against the size of the batch. Two batches lie highest, until "
    "the batch holds all images; Hutchinson's probe lies lowest.",
    caption="One hidden layer of tanh, after five epochs. Left: how far the quotient along −sign g is from its limit, over the limit's median size, and from the diagonal, over the diagonal's, on all images. "
    "Right: how far probes on a batch are from the diagonal of all 300 images, over the diagonal's. Medians over parameters; line: median of networks; band: middle nine tenths.",
)

# %% tags=["hide-input"]
# What noise does to a step
noisy, batches = {}, ("one batch", "two batches")
assert all(sure(of["one batch"]).low > 0 for of in gains.values())
tanh, relu = ([sure(of[name]) for name in ("along −sign g", *batches)] for of in gains.values())
assert tanh[2].low > 0 and tanh[2].mean < tanh[0].mean / 4 and relu[2].low < 0
assert round(relu[2].high, 2) == 0.07
assert all(net[1].mean > net[0].mean / 3 for net in (tanh, relu))
for name, rows in gains.items():
    noisy[name] = [format(sure(rows[of]), "+.3f") for of in ("along −sign g", *batches)]
say(
    table(
        {"network": "", "all images": "", "one batch of 50": "", "two batches of 50": ""},
        [[name, *cells] for name, cells in noisy.items()],
    )
)

# %% [markdown]
# That is what a step gains over plain gradient descent (log₁₀, rows of the figure above) when the quotient along −sign g comes from 50 images, after a step of a thousandth. The step itself is taken on all 300.
# With both gradients from one batch a good part of the gain is left. With two batches little is left with tanh. With ReLU
# none can be told, and up to 0.07 may be hidden.
#
# ## What goes wrong
#
# **Noise that is no noise.** `torch.randint(0, 1, …) * 2 - 1` is always −1: the upper end is never drawn. Then $z \circ Hz$ is the *sum of each row*.
# On a diagonal matrix nobody notices.

# %%
H = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
z = (torch.randint(0, 1, (1000, 2), generator=generator(0)) * 2 - 1).float()
always = (z * (z @ H)).mean(dim=0)

# %% tags=["hide-input"]
# Row sums
assert torch.equal(always, H.sum(dim=1))
say(f"{always.tolist()} where the diagonal is {H.diagonal().tolist()}.")

# %% [markdown]
# **A parameter that did not move.** With warm-up the first step has the rate 0, and $\delta$ is 0: the quotient is 0/0. `secant` of the library gives 0 there, which is a
# decision: what was not moved tells nothing, and the guard lifts it to the floor.
#
# **Curvature that is late.** To save time it is taken every tenth step. An average that starts at 0 and waits until step ten divides
# by nothing for nine steps. Take it in step 1, and correct the average by how often it was taken, not by the step.

# %%
d, g_now = torch.zeros(3), torch.ones(3)
first = diagonal_step(torch.zeros(3), g_now, d + 1e-15, lr=0.1)  # ε was meant to help

# %% tags=["hide-input"]
# How far the first step goes
assert first.abs().min() > 1e13
say(f"The first step is {first.abs().max().item():.0e} long.")

# %% [markdown]
# **A kink.** Autograd sees no curvature in ReLU itself. A probe that carries a neuron over its corner does see the gradient jump.
#
# ## Claims, measured
#
# The first claim is article D's. The second is this lesson's own: it is the third prediction.

# %% tags=["hide-input"]
# The verdict: article D's difference of gradients
least = {
    way: min(
        min(at["estimates"][way]["off"])
        for net in kept["networks"].values()
        for at in net["points"]
    )
    for way in ("along −g", "along −sign g")
}
alone, full = kept["quadratics"][0], kept["quadratics"][-1]
assert (kept["scales"][0], kept["scales"][-1]) == (0.0, 1.0)
assert min(least.values()) > 2
assert alone["along −g"]["off"] < 1e-12 and full["along −g"]["below"] > 0.05
assert full["along −g"]["below_error"] < 0.005
verdict(
    "D1: the diagonal of the Hessian can be had online from a difference of gradients after a small step.",
    "does not hold",
    f"What one joint step gives is (Hδ)/δ, the diagonal plus all that stands beside it. In each of {count} trainings of two networks, at each of four points, the median parameter's "
    f"quotient is off by more than {int(least['along −g'])} typical curvatures along −g, and {int(least['along −sign g'])} along its signs, in the limit of a small step. On random convex quadratics of 20 "
    f"parameters, where every curvature is above 0, {full['along −g']['below']:.0%} of the quotients along −g are below 0. Without the entries beside the diagonal, all quotients are exact.",
)

# %% tags=["hide-input"]
# The verdict: what to divide by
versus = {
    (net, name): sure(of[name] - of["exact diagonal"])
    for net, of in gains.items()
    for name in of
    if name != "exact diagonal"
}
better = [pair for pair, interval in versus.items() if interval.low > 0]
worse = [pair for pair, interval in versus.items() if interval.high < 0]
ties = [pair for pair in versus if pair not in better + worse]
same = ("two hidden layers, ReLU", "Gauss-Newton")
assert same in ties and versus[same].low == versus[same].high == 0
over = [sure(of["exact diagonal"]) for of in gains.values()]
assert all(interval.low > 0 for interval in over)
quotients = ["along −g", "along −sign g"]
tanh_net, relu_net = gains
assert better == [(tanh_net, name) for name in quotients]
assert ties == [(tanh_net, "Gauss-Newton"), *((relu_net, name) for name in quotients), same]
assert len(worse) == 14
hidden = {
    net: max(max(-versus[pair].low, versus[pair].high) for pair in ties if pair[0] == net)
    for net in gains
}
assert [round(most, 2) for most in hidden.values()] == [0.04, 0.08]
lead = " and ".join(f"{versus[pair]:+.2f} {pair[1]}" for pair in better)
verdict(
    "Of all these divisors the exact diagonal makes the best step.",
    "does not hold with tanh; with ReLU it cannot be told",
    f"Over plain gradient descent it gains {over[0]:+.2f} with tanh and {over[1]:+.2f} with ReLU, in log₁₀ of the fall. With tanh both joint quotients gain more: {lead}. "
    f"Gauss-Newton cannot be told apart from it in the mean, with a difference up to {hidden[tanh_net]:.2f} that may be hidden: it is ahead at the starting weights, and after 5 and 30 epochs behind. "
    f"With ReLU Gauss-Newton is that diagonal, and the quotients cannot be told apart from it: a difference up to {hidden[relu_net]:.2f} may be hidden. All other divisors gain less, in both networks. "
    "That is one step, in the mean of four points of training, each with the best of all rates and with floors from 24 other seeds; it says nothing about a whole training.",
)

# %%
progress()

# %% [markdown]
# ## Take away
#
# - The Hessian says how each gradient feels each parameter. Its product with a vector is a gradient of a slope; the matrix is never built.
# - The diagonal costs a product for each parameter, or is estimated without bias by random signs, with noise from all that stands beside it.
# - One difference of gradients along one step gives (Hδ)/δ. That is not the diagonal. It is what the gradient does along that step. Without noise, a single step divided by it
#   gained more with tanh than one divided by the diagonal. With ReLU the two cannot be told apart.
#
# ## Further reading
#
# - B. Pearlmutter (1994), *Fast exact multiplication by the Hessian*, Neural Computation 6.
# - C. Bekas, E. Kokiopoulou and Y. Saad (2007), *An estimator for the diagonal of a matrix*, Applied Numerical Mathematics 57.
# - Y. Dauphin and others (2014), *Identifying and attacking the saddle point problem in high-dimensional non-convex optimization*, NeurIPS.
# - J. Martens (2020), *New insights and perspectives on the natural gradient method*, JMLR 21: Gauss-Newton.
# - Z. Yao and others (2021), *AdaHessian: an adaptive second order optimizer for machine learning*, AAAI.
# - A. Bensadok and M. Z. Babar (2024), *Fuzzy hyperparameters update in a second order optimization*, arXiv 2403.15416: article D. Known here by its abstract and introduction.
#
# Curvature is dear. What a step itself tells of it costs less: how steep the loss is along the step, before it and after it. The next lesson lets rules of thumb about that, and about time,
# steer a rate.
