# %% [markdown]
# # 14 · Lipschitz constants
#
# **Question.** How much can a network stretch?
#
# **Time.** about 75 minutes.
#
# **Before this.** [13 · Jacobians](13_jacobians.ipynb)

# %% [markdown]
# A Jacobian says what a module does to a small change at one place. This lesson asks for the worst place: how many
# times as far apart as the inputs can two outputs be? One number answers for everywhere. You will find it
# exactly for simple parts, bound it for a whole network from above, approach it from below, and see how far the two
# are from each other. Then the lesson measures whether holding it down helps: half of claim C2, of the survey
# that lesson 13 begins from.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiment
import math

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.analysis import (
    CONSTANTS,
    Residual,
    cosine_attention,
    dot_product_attention,
    exact_norm,
    l2_attention,
    lower_of_network,
    upper_norm_by_frobenius,
    upper_norm_by_reshape,
    upper_norm_by_sums,
    upper_norm_zero_padded,
    upper_of_network,
)
from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, interact, lipschitz, say, show, table, verdict
from course_lib.lab import (
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    median,
    networks,
    resplit,
    stored,
    train,
)
from course_lib.nn.activations import ACTIVATIONS

kept, script = stored("14_lipschitz_constants"), experiment("14_lipschitz_constants")
assert kept["seeds"] == 20 and kept["tuning_seeds"] == 6

# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all four.
#
# 1. A 3 by 3 kernel holds nine numbers of 1/3, so as a vector it has length 1. How many times as long can it make
#    an image: 1, 3 or 9 times?
# 2. A network is trained on digits. Does it stretch more after training than before, or less?
# 3. You multiply the norms of its layers. By what factor does the product overstate what the network does at
#    images: about 1, 3, 30 or 1000?
# 4. In a network of ten layers each layer is held at a norm of 1, so that nothing can explode. Does it learn?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.
# 4.

# %% [markdown]
# ## The worst quotient
#
# A function $f$ is **Lipschitz** if there is a number $L$ with
#
# $$ \lVert f(x) - f(y) \rVert \le L \, \lVert x - y \rVert \qquad \text{for all } x, y $$
#
# The smallest such $L$ is its Lipschitz constant, $\operatorname{Lip} f$. Lengths are Euclidean here. Walk from $x$
# to $y$ in a straight line and add up what the Jacobian does on the way: no step is stretched by more than the
# largest singular value $\sigma_{\max}(J)$ there. So
#
# $$ \operatorname{Lip} f = \sup_x \, \sigma_{\max}\bigl(J(x)\bigr) $$
#
# where sup is the least number that is exceeded nowhere. (A ReLU has corners. Where there is no derivative none is needed: they are too few to matter.) For a function
# of one number it is the largest slope, whatever its sign.
#
# ### Exercise 14.activation_constant
#
# Estimate it from the definition. At each pair of neighbouring places, how many times as far apart are the outputs as
# the inputs? Return the largest.


# %%
def activation_constant(f, z):
    """Return the largest |f(b) - f(a)| / |b - a| over neighbours a, b in z: a number.

    f: a function that works place by place.   z: places, (n,), rising.
    """
    ### BEGIN SOLUTION
    return (f(z).diff() / z.diff()).abs().max()
    ### END SOLUTION


# %%
activation_constant = check("14.activation_constant", activation_constant)

# %%
z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
slopes = {name: activation_constant(phi.f, z) for name, phi in ACTIVATIONS.items()}

# %% tags=["hide-input"]
# The table: largest slopes, sampled and exact
rows = []
for name, found in slopes.items():
    value, at = CONSTANTS[name]
    assert found <= value + 1e-9 and value - found < 1e-4
    where = "everywhere" if name == "identity" else "for no z" if math.isinf(at) else f"{at:.4g}"
    where = "all z above 0" if name in ("ReLU", "leaky ReLU", "ELU") else where
    rows.append([name, found, value, where])
assert slopes["GELU"] > 1.128 and slopes["SiLU"] > 1.099
say(table({"activation": "", "from samples": ".5f", "exact": ".5f", "reached at z =": ">"}, rows))

# %% [markdown]
# Samples never say too much: a slope between two places is a mean of slopes, and the constant is the largest.
# They may say too little, and so the exact column comes from where the slope itself turns: for GELU at $\sqrt 2$. (To give it as 1.1 is to round down, and a product
# with 1.1 in it certifies nothing.) The sigmoid is the odd one: it divides every distance by four at least.
#
# ## A matrix, from below
#
# A linear layer has $J = W$ everywhere, and its constant is $\sigma_{\max}(W)$. Where $J$ is too large to build, lesson 13's
# products $Jv$ and $J^\top u$ are enough. Write a vector $v$ in the singular directions of $J$. Then $J^\top J$ multiplies the share in direction
# $i$ by $\sigma_i^2$, so that round after round the largest one wins, if $v$ has any share of it:
#
# $$ v \leftarrow \frac{J^\top J v}{\lVert J^\top J v \rVert} \qquad\qquad \sigma \approx \lVert J v \rVert $$
#
# This is **power iteration**. For every $v$ of length 1, $\lVert Jv \rVert \le \sigma_{\max}$: what it finds is a bound from *below*.
#
# ### Exercise 14.power_iteration
#
# Write it with the two products alone.


# %%
def power_iteration(product, transposed, v, rounds):
    """Return an estimate of the largest singular value of J from below: a number.

    product: the function v -> J v.   transposed: the function u -> J^T u.
    v: where to begin, not zero, of any length.   rounds: how many, 0 or more.
    """
    ### BEGIN SOLUTION
    v = v / v.norm()
    for _ in range(rounds):
        v = transposed(product(v))
        v = v / v.norm()
    return product(v).norm()
    ### END SOLUTION


# %%
power_iteration = check("14.power_iteration", power_iteration)

# %%
solution("14.power_iteration")

# %% [markdown]
# A network for digits with layers of 64, 32, 32 and 10 is to be taken apart in this lesson. Here it is trained, and your
# function looks at its second layer.

# %%
data = resplit(digits(), generator(0)).to(device())
plan = {"lr": 0.1, "epochs": 10, "batch_size": 50, "generator": generator(1000), "label": None}
params, _ = train(networks.network, script.start(0), data, **plan)
W = params["W2"]
v = torch.randn(32, generator=generator(3)).to(device())
found = [power_iteration(lambda v: W @ v, lambda u: W.T @ u, v, k) for k in range(13)]

# %% tags=["hide-input"]
# The figure: power iteration from below
exact = exact_norm(W).item()
heights = torch.stack(found).cpu()
assert (heights.diff() > -1e-5).all() and heights[-1] <= exact * (1 + 1e-5)
assert heights[0] < 0.8 * exact
bounds = {"Frobenius": upper_norm_by_frobenius(W), "√(‖W‖₁‖W‖∞)": upper_norm_by_sums(W)}
assert all(of > 1.2 * exact for of in bounds.values())
show(
    lipschitz.rounds(heights, exact, {name: of.item() for name, of in bounds.items()}),
    alt="What power iteration finds rises with the rounds, steeply at first, towards a blue line, "
    "and never crosses it. Two bounds lie well above.",
    caption="The norm of a trained layer: from below by power iteration, exactly by its singular values, "
    "and from above by two bounds that need no singular values.",
)

# %% [markdown]
# Use it to estimate, not to certify. What certifies is the singular value decomposition, or a bound from above. The
# Frobenius norm $\sqrt{\sum W^2}$ is one, since the squares of all singular values add up to its square. Another is
# $\sqrt{\lVert W \rVert_1 \lVert W \rVert_\infty}$, from the largest column sum and the largest row sum of absolute values.
#
# ## A convolution, by its waves
#
# A convolution is a matrix too, a large one. If its padding is circular, it treats all places alike. Then a wave that
# fits the image goes in, and the same wave comes out: only the channels are mixed, by a matrix $\hat K(\omega)$ for
# each two-dimensional frequency $\omega$, the Fourier transform of the kernel. Different waves are at right angles
# before and after. So none helps another, and (Sedghi, Gupta and Long 2019)
#
# $$ \operatorname{Lip} = \max_\omega \, \sigma_{\max}\bigl(\hat K(\omega)\bigr) $$
#
# ### Exercise 14.conv_norm


# %%
def conv_norm(kernel, rows, columns):
    """Return the norm of the circular convolution with a kernel: a number.

    kernel: (channels out, channels in, height, width), no larger than the image.
    rows, columns: the size of the image.
    """
    ### BEGIN SOLUTION
    waves = torch.fft.fft2(kernel, s=(rows, columns))
    return torch.linalg.svdvals(waves.permute(2, 3, 0, 1)).max()
    ### END SOLUTION


# %%
conv_norm = check("14.conv_norm", conv_norm)

# %%
source = generator(5)
kernels = {
    "nine times 1/3": (torch.full((1, 1, 3, 3), 1 / 3), 8, 8),
    "(1, -1)": (torch.tensor([[[[1.0, -1.0]]]]), 1, 3),
    "8 channels": (torch.randn(8, 8, 3, 3, generator=source) / 72**0.5, 8, 8),
}
circular = {name: conv_norm(*of).item() for name, of in kernels.items()}


# %% tags=["hide-input"]
# The table: norms of convolutions
def norm_with_zeros(kernel, rows, columns):
    """Return the norm of the convolution with zeros as padding, by its whole matrix."""
    channels, (height, width) = kernel.shape[1], kernel.shape[2:]
    ones = torch.eye(channels * rows * columns).view(-1, channels, rows, columns)
    left, up = (width - 1) // 2, (height - 1) // 2
    padded = F.pad(ones, (left, width - 1 - left, up, height - 1 - up))
    return exact_norm(F.conv2d(padded, kernel).flatten(1)).item()


rows, exceeded = [], 0
for name, (kernel, *size) in kernels.items():
    zeros = norm_with_zeros(kernel, *size)
    above = upper_norm_zero_padded(kernel, *size).item(), upper_norm_by_reshape(kernel).item()
    assert zeros <= min(above) * (1 + 1e-5) and circular[name] <= above[1] * (1 + 1e-5)
    exceeded += zeros > circular[name]
    rows.append([name, exact_norm(kernel.flatten(1)), circular[name], zeros, *above])
assert exceeded == 1 and abs(circular["nine times 1/3"] - 3) < 1e-5
heads = ("kernel as a matrix", "circular", "zeros", "by waves with room", "by √(hw)")
names, *columns = zip(*rows, strict=True)
lines = [[head, *values] for head, values in zip(heads, columns, strict=True)]
say(table({"norm": ""} | dict.fromkeys(names, ".3f"), lines))
say(
    "Circular and zeros: true norms with that padding. The last two are bounds: by waves with room, and √(hw) times the "
    "norm of the matrix."
)

# %% [markdown]
# The first column answers the first prediction. A constant image becomes nine thirds of itself: 3 times as long. The kernel laid
# out as a matrix, channels out by everything else, has norm 1, and is *no* bound. Times $\sqrt{h w}$, for a kernel of height $h$ and width $w$, it is one.
#
# Real networks mostly pad with zeros. That has no such formula, and the second column shows that the circular value may be too small. A bound is the circular value on a larger grid, with room for the kernel to reach
# out: $n + k - 1$ places, for an image of $n$ and a kernel of $k$. (The image set into zeros is convolved in full, and the
# padded result is a part of that; a part is no longer than the whole.) A stride takes a part as well.
#
# ## Put together
#
# Two lines give everything else:
#
# $$ \operatorname{Lip}(f \circ g) \le \operatorname{Lip} f \cdot \operatorname{Lip} g \qquad\qquad
# \operatorname{Lip}(f + g) \le \operatorname{Lip} f + \operatorname{Lip} g $$
#
# Along a way constants multiply. Where two ways meet they add up. So a residual block $x + f(x)$ has at most
# $1 + \operatorname{Lip} f$.
#
# ### Exercise 14.compose
#
# A network is a row of blocks $s \, x + f(x)$, where $f$ is itself a row of layers, whose constants you
# know. Bound the whole.


# %%
def compose(branches, skips):
    """Return a bound on the constant of all blocks, one after the other: a number.

    branches: the constant of each layer of each block's f, (blocks, layers).
    skips: s of each block, (blocks,): 0 for no shortcut; it may be negative.
    """
    ### BEGIN SOLUTION
    return (skips.abs() + branches.prod(dim=1)).prod()
    ### END SOLUTION


# %%
compose = check("14.compose", compose)


# %%
def chain_of(blocks, share):
    """Return the bound and the true norm of x + share · W x in a row, each W of norm 1."""
    J, source = torch.eye(64, dtype=torch.float64), generator(blocks)
    for _ in range(blocks):
        W = torch.randn(64, 64, generator=source, dtype=torch.float64)
        J = J + share * (W / exact_norm(W)) @ J
    bound = compose(torch.full((blocks, 1), share).double(), torch.ones(blocks).double())
    return bound.item(), exact_norm(J).item()


# %% tags=["hide-input"]
# The table: blocks in a row
rows = []
for blocks in (3, 12, 48):
    full, small = chain_of(blocks, 1.0), chain_of(blocks, 1 / blocks)
    assert full[1] < full[0] and small[1] < small[0] < math.e
    rows.append([blocks, *full, *small])
assert rows[-1][1] == 2.0**48 and 100 < rows[-1][2] < 1e5
heads = ("x + f(x): bound", "true norm", "x + f(x)/L: bound", "true norm of it")
say(table({"blocks L": "d"} | dict.fromkeys(heads, ".3g"), rows))

# %% [markdown]
# Both columns of bounds are right, and the first is useless. For it to be reached, each block must stretch most
# just that direction into which the blocks before it have turned what they stretched most. Random matrices do not.
# With branches of norm 1 a share of $1/L$ makes the bound $(1 + 1/L)^L < e$ at any depth; lesson 16 makes use of it.
#
# Below is a random ReLU network, layer by layer. The bound is the product of the layers' bounds. The lines are the
# norms of the Jacobian at six points, and the dots the largest of them as two rounds of power iteration find it.
#
# 1. At scale 1, the start that He proposed: by what factor does a layer raise the bound? And the true norms?
# 2. Lower the scale until the bound no longer rises. What has become of the true norms at layer 20?
# 3. Go back to scale 1 and try both shortcuts. Which of the three networks would you like to train?

# %% tags=["hide-input"]
# The interactive figure
interact(
    lipschitz.stretch,
    lipschitz.start_stretch,
    lipschitz.draw_stretch,
    {
        "scale": Slider("weights ×", 0.2, 2.0, 0.1, 1.0),
        "depth": Slider("layers", 1, 20, 1, 20),
        "shortcut": Choice("shortcut", ("none", "x + f(x)", "x + f(x)/L"), "none"),
    },
    alt="Against the layer, on a logarithmic scale: the bound rises in a straight line by many powers of ten. "
    "Six lines of true norms stay within a few powers of ten of 1. Green dots lie on or just below the "
    "highest of them.",
    caption="A random ReLU network of width 16: the product of its layers' norms, the norms of its Jacobian at six "
    "points, and what power iteration finds.",
)

# %% tags=["hide-input"]
# Check: what the interactive figure shows
at_1 = lipschitz.stretch(20, 1.0, "none")
low = lipschitz.stretch(20, 0.4, "none")
both = {name: lipschitz.stretch(20, 1.0, name) for name in ("x + f(x)", "x + f(x)/L")}
per_layer = at_1["upper"][-1] ** (1 / 20)
assert (at_1["lower"] <= at_1["norms"].max(axis=1) * (1 + 1e-9)).all()
assert all((of["norms"].max(axis=1) <= of["upper"]).all() for of in (at_1, low, *both.values()))
assert 0.95 < low["upper"][-1] ** (1 / 20) < 1.05 and low["norms"][-1].max() < 1e-4
assert both["x + f(x)"]["norms"][-1].max() > 1e4 and both["x + f(x)/L"]["norms"][-1].max() < 10
say(
    f"At scale 1 a layer multiplies the bound by {per_layer:.1f} in the geometric mean, while the largest true norm after "
    f"20 layers is {at_1['norms'][-1].max():.1f}. At scale 0.4, where the bound hardly changes from layer to layer, the true norms have "
    f"fallen to {low['norms'][-1].max():.0e} at most: a bound of 1 forbids explosion and invites vanishing. "
    f"With x + f(x) the true norms do explode; with a share of 1/L the largest is {both['x + f(x)/L']['norms'][-1].max():.1f}."
)

# %% [markdown]
# ## A whole network in one call
#
# `upper_of_network` takes a model of torch's modules and the shape of an example, and says who contributes what. `lower_of_network` takes
# examples, and runs power iteration on the Jacobian at each.


# %%
def as_modules(params):
    """Return the trained network as torch's modules."""
    layers = []
    for k in (1, 2, 3):
        layer = nn.Linear(*params[f"W{k}"].shape[::-1])
        layer.load_state_dict({"weight": params[f"W{k}"], "bias": params[f"b{k}"]})
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).to(device())


model = as_modules(params)
upper = upper_of_network(model, (64,))
lower = lower_of_network(model, data.test.x, rounds=30, generator=generator(4)).cpu()

# %% tags=["hide-input"]
# The table: who contributes what
rows = [[row.name, row.kind, row.upper, "exact" if row.exact else "upper"] for row in upper.rows]
columns = {"module": "", "kind": "", "constant": ".2f", "which": ""}
say(table(columns, [*rows, ["all", "product", upper.upper, "upper"]]))
true = script.local_norms(
    networks.network, {n: p[None] for n, p in params.items()}, data.test.x[None, :50]
)[0].cpu()
assert (lower[:50] <= true * (1 + 1e-4)).all() and true.max() <= upper.upper
assert (lower[:50] / true).min() > 0.9 and upper.upper > 1.1 * lower.max()
say(
    f"Among {len(lower)} test images the largest norm that is found is {lower.max():.1f}. The constant of the network lies "
    "between that and the product."
)

# %% [markdown]
# Your own models can be read in the same way. A module that it does not know raises an error by name; hand in a bound of yours, `own={MyModule: lambda module, shape: …}`. A shortcut can't be
# read off a `forward`, so wrap its branch: `Residual(branch)`.
#
# What happens in training? The stored experiment trained this network on 20 divisions of the digits.

# %% tags=["hide-input"]
# The figure: a network in training
history = {key: torch.tensor(kept["training"][key]) for key in ("upper", "largest", "median")}
epochs = kept["training"]["moments"]
loose = history["upper"] / history["largest"]
assert (history["largest"] <= history["upper"]).all()
show(
    lipschitz.training(epochs, history),
    alt="Left, on a logarithmic scale: the product of norms, the largest norm of 50 images and that of the median "
    "image all rise with the epochs, the two norms fastest in the first. The product stays above, by less and less. Right: the product over the largest norm "
    "falls from nearly 4 to below 2.",
    caption="A network on digits, 20 runs: bound and norms of the Jacobian at 50 test images. Line: median. Band: "
    "middle nine tenths of runs.",
    claims=("Often said",),
)

# %% tags=["hide-input"]
# What came of training
at = {key: [median(of) for of in values] for key, values in history.items()}
assert (history["upper"][-1] > history["upper"][0]).all()
assert (history["median"][-1] > history["median"][0]).all()
say(
    f"In all 20 runs it stretches more after training than before: the median image's norm goes from "
    f"{at['median'][0]:.1f} to {at['median'][-1]:.1f}, the product from {at['upper'][0]:.0f} to {at['upper'][-1]:.0f}. "
    f"The product overstates the largest norm at 50 images {median(loose[0]):.1f} times at the start and {median(loose[-1]):.1f} times "
    f"after {epochs[-1]} epochs. In the chain of 48 random blocks above it was eleven powers of ten."
)

# %% [markdown]
# That answers the second and the third prediction.
#
# Why does the product fit so well after training? Perhaps training turns the layers to each other, so that each stretches most what
# the one before it hands on. An intervention tells: multiply the second layer's outputs by a random orthogonal matrix. All norms stay as they are, and so does the product.

# %%
turned, x = [], data.test.x[:50]
for seed in range(10):
    Q = torch.linalg.qr(torch.randn(32, 32, generator=generator(seed))).Q.to(device())
    other = as_modules(params | {"W2": Q @ params["W2"], "b2": Q @ params["b2"]})
    turned.append(lower_of_network(other, x, generator=generator(4)).max().item())

# %% tags=["hide-input"]
# Check: the layers turned
assert abs(upper_of_network(other, (64,)).upper / upper.upper - 1) < 1e-4
assert max(turned) < 0.9 * lower[:50].max()
say(
    f"As trained, the product of this network is {upper.upper / lower[:50].max():.1f} times the largest norm that is found at 50 images. Turned at "
    f"random it is {upper.upper / max(turned):.1f} to {upper.upper / min(turned):.1f} times, in ten draws. So it is how the layers "
    "and the ReLUs between them fit together that makes the product nearly true."
)

# %% [markdown]
#
# **A use.** Let the right output exceed the next one by a margin $m$ at some image. The difference of two outputs has a
# constant of at most $\sqrt 2 \, L$. So within a distance of
#
# $$ r = \frac{m}{\sqrt 2 \, L} $$
#
# of that image *no* image gets another class: a certificate (Tsuzuku, Sato and Sugiyama 2018). With $L$ from power
# iteration it would be none. How far $r$ is from the truth, an attack tells. It walks straight down the gradient of the
# margin until the class changes; the nearest such image is at most so far.

# %% tags=["hide-input"]
# The table: certified radius and attack
sides = kept["caps"]
rows = []
for name, side in sides.items():
    assert not any(any(of["broken"]) for of in side["radii"])
    of = side["radii"][0]
    rows.append([name, *(median(of[key]) for key in ("upper", "certified", "attack"))])
columns = {"network": "", "product of norms": ".3g", "certified radius": ".3f", "attack": ".2f"}
say(table(columns, rows))
radii = {row[0]: row[2:] for row in rows}
highest = max(max(of["upper"]) for of in sides["cap 2"]["radii"])
assert 8 < highest < 10
by_cap = [radii[name][0] for name in ("cap 1", "cap 2", "cap 4", "no cap")]
assert by_cap == sorted(by_cap, reverse=True) and by_cap[0] > 4 * by_cap[-1]
assert all(certified < attack for certified, attack in radii.values())

# %% [markdown]
# (Medians over the images that are read rightly, and over 20 runs. "Cap 2" means that what power iteration finds of each layer's
# norm is held at 2 or below. It finds a little too little, so that the product of three may exceed 8. "Noisy images": no cap, trained on noisy images.) No certificate was
# broken. A lower cap certifies a larger radius, down to cap 1. An attack has to go farther than what is certified: the truth lies between.
#
# ## Attention
#
# Self-attention multiplies tokens by each other: its scores are products of two tokens, and the weights that come of them multiply tokens
# once more. How does its Jacobian grow with the tokens?
#
# ### Exercise 14.attention_growth


# %%
def attention_growth(f, X, scales):
    """Return the norm of the Jacobian of f at scale * X, for each scale: (scales,).

    f: a function of X.   X: tensor of any shape; f(X) has any shape too.
    scales: a list of numbers.
    """
    ### BEGIN SOLUTION
    norms = []
    for scale in scales:
        J = torch.func.jacrev(f)(scale * X)
        J = J.reshape(f(X).numel(), X.numel())
        norms.append(torch.linalg.matrix_norm(J, ord=2))
    return torch.stack(norms)
    ### END SOLUTION


# %%
attention_growth = check("14.attention_growth", attention_growth)

# %%
source = generator(8)
W_Q, W_K, W_V = (torch.randn(8, 4, generator=source, dtype=torch.float64) / 8**0.5 for _ in "QKV")
X = torch.randn(6, 8, generator=source, dtype=torch.float64)
with_zero = X.clone()
with_zero[0] = 0
scales = [10 ** (k / 4) for k in range(-4, 13)]
forms = {
    "dot product": (dot_product_attention(W_Q, W_K, W_V), with_zero),
    "dot product, random tokens": (dot_product_attention(W_Q, W_K, W_V), X),
    "L2": (l2_attention(W_Q, W_V), with_zero),
    "cosine": (cosine_attention(W_Q, W_K, W_V, eps=0.01), with_zero),
}
norms = {name: attention_growth(f.forward, at, scales) for name, (f, at) in forms.items()}

# %% tags=["hide-input"]
# The figure: growth with the scale of the tokens
dot, usual = norms["dot product"], norms["dot product, random tokens"]
assert 3.9 < (dot[-1] / dot[-5]).log10() * 2 < 4.1  # 100 times for 10 times the scale
assert usual[-1] < 10 and max(norms["L2"].max(), norms["cosine"].max()) < 100
show(
    lipschitz.growth(scales, norms),
    alt="On logarithmic axes. Dot-product attention with a token at 0 rises without end, a hundredfold for ten times the scale. "
    "With random tokens it rises and comes down again. L2 and cosine attention stay below a bound.",
    caption="The norm of the Jacobian of three kinds of attention, six tokens, against the scale of the tokens.",
)

# %% [markdown]
# Dot-product attention has no constant: it is **not Lipschitz** (Kim, Papamakarios and Mnih 2021). Put one token at 0. Its
# scores are 0 at any scale, and its weights $A$ all equal. With $P = \operatorname{diag}(A) - A A^\top$ the derivative of its output by the token itself
# holds $X^\top P X$, the covariance of all tokens, times weights. Tokens ten times as large make that a hundred times as large.
#
# Random tokens, the blue line, would have told you otherwise: there softmax soon picks a single token, and its
# slope dies away. Sampling bounds from below, and below can be far below.
#
# Two repairs. *L2 attention* takes $-\lVert q_i - q_j \rVert^2 / \sqrt d$ for scores, with one matrix for queries and keys, and passes values through
# $W_Q W_Q^\top / \sqrt d$ as well; it has a constant (quoted from the same source). *Cosine attention* divides queries, keys and values by their lengths, with an
# $\varepsilon$ (Qi and others 2023, LipsFormer); so everything is bounded.

# %% [markdown]
# ## What goes wrong
#
# **LayerNorm is worse than it looks.** It divides by the spread of its input, $\sqrt{\mathrm{Var} + \varepsilon}$. With
# $\varepsilon = 0$ it is not Lipschitz. With torch's $10^{-5}$ and scales of 1 its constant is $1 / \sqrt \varepsilon$, reached where all
# inputs are equal. A product that holds a few of them says nothing.

# %% [markdown]
# **Two modes, two constants.** In evaluation BatchNorm is linear. In training it divides by the spread of the batch, and
# its constant is that of a function of the whole batch. Dropout in training multiplies what it keeps by one over the probability of keeping.

# %%
same = nn.Linear(16, 16)
same.load_state_dict({"weight": torch.eye(16), "bias": torch.zeros(16)})
modules = [nn.LayerNorm(16), nn.BatchNorm1d(16), nn.Dropout(0.5)]
modules.append(Residual(nn.Sequential(nn.LayerNorm(16), same, nn.GELU())))
modules.append(nn.TransformerEncoderLayer(16, 2, 64, batch_first=True))

# %% tags=["hide-input"]
# The table: constants in both modes
rows = []
for name, module in zip(
    ("LayerNorm", "BatchNorm", "Dropout", "x + GELU(LayerNorm(x))", "a transformer's layer"),
    modules,
    strict=True,
):
    training, evaluation = (
        upper_of_network(module.train(mode), (16, 16)) for mode in (True, False)
    )
    both = ["infinite" if math.isinf(of.upper) else of.upper for of in (training, evaluation)]
    rows.append([name, *both])
reason = next(row.note for row in evaluation.rows if "not Lipschitz:" in row.note)
assert rows[-1][1] == "infinite" and abs(rows[0][1] - 316.2) < 0.1 and rows[3][1] > 350
say(table({"module": "", "training": ".1f", "evaluation": ".1f"}, rows))
say(f"What it says of the transformer's attention is: *{reason}*.")

# %% [markdown]
# **A small constant is mistaken for a good one.** It speaks of the direction that is stretched most. Each layer may
# shrink all others, as in the figure at scale 0.4, and then little is left for learning to work with. The next section measures it.

# %% [markdown]
# ## Claims, measured
#
# The survey names two levers: better gradient flow, and a bounded Lipschitz constant (C2; known to us by its abstract).
# Lesson 15 takes the first. For the second, networks of three layers were trained with each layer's norm held near or below a cap,
# and without one, each at its own best learning rate.

# %% tags=["hide-input"]
# The figure and table: caps, clean and noisy images
KINDS = {"clean images": "clean", "noisy images": "noisy"}
errors, finer_errors = (
    {
        title: {name: torch.tensor(side[key]["test_error"][k]) for name, side in sides.items()}
        for title, key in KINDS.items()
    }
    for k in (0, 1)  # at the rates of the grid, and of the finer one
)
show(
    lipschitz.by_side(errors, confidence_interval, "wrong answers"),
    alt="Rows of dots for six networks. On clean images no cap and cap 4 have fewest errors, cap 2 and noisy "
    "images somewhat more, cap 1 more still, and cap 0.5 is wrong on most. On noisy images all but cap 0.5 are near a third, cap 2 lowest.",
    caption="Wrong answers on test images, each side at its best learning rate. Dots: runs. Ticks and bars: means and their "
    "95 % intervals.",
    claims=("C2, second half",),
)


def gaps(of, base):
    """Return by how many points each side exceeds the base, with the interval."""
    return {n: confidence_interval(100 * (of[n] - of[base])) for n in of if n != base}


on_clean, on_noisy = (gaps(of, "no cap") for of in errors.values())
rows = [[name, str(on_clean[name]), str(on_noisy[name])] for name in on_clean]
say(table({"points above no cap": ""} | dict.fromkeys(KINDS, ">"), rows))

# %% [markdown]
# And tanh networks of 3, 6 and 10 layers: started as usual, started three times as large, with every norm held
# at 1 or at 2, with orthogonal weights that are free or held at a norm of 1, and with shortcuts to which each layer adds a
# share of 1/L.

# %% tags=["hide-input"]
# The figure and table: depths and norms held
deep = {
    depth: {n: torch.tensor(cells[k]["test_accuracy"][0]) for n, cells in kept["deep"].items()}
    for k, depth in enumerate(kept["depths"])
}
finer_ten = {n: torch.tensor(cells[-1]["test_accuracy"][1]) for n, cells in kept["deep"].items()}
at_start = {
    name: [median(cell["norm_at_start"]) for cell in cells] for name, cells in kept["deep"].items()
}
show(
    lipschitz.by_side(
        {f"{depth} layers": of for depth, of in deep.items()}, confidence_interval, "test accuracy"
    ),
    alt="Rows of dots for seven networks. With 3 layers the two with norms held at 1 are near 88 percent, the others near 95. With 6 "
    "layers norms held at 1 falls to 70. With 10 layers norms held at 1 is near 12 percent, but near 87 from an orthogonal start; "
    "three times as large near 73, as usual near 85, orthogonal, norms held at 2 and residual between 92 and 95.",
    caption="tanh networks on digits, each side at its best learning rate. Dots: 20 runs. Ticks and bars: means and "
    "their 95 % intervals.",
    claims=("C2, second half",),
)
ten = gaps(deep[10], "as usual")
rows = [[name, *of, str(ten.get(name, ""))] for name, of in at_start.items()]
heads = [f"norm, {depth} layers" for depth in kept["depths"]]
columns = {"network": ""} | dict.fromkeys(heads, ".3g") | {"points above as usual": ">"}
say(
    "The norm of the Jacobian at images before the first step, medians, and how much more accurate ten layers become "
    f"than as usual:\n\n{table(columns, rows)}"
)

# %% [markdown]
# With ten layers a start three times as large explodes: its Jacobian is about a hundred times too large. Dividing each weight matrix by its norm
# forbids that. It also divides all the *other* singular values: of a
# large square random matrix six in ten are below half of the largest, and ten such layers leave hardly anything over. That answers the fourth prediction.
#
# Is it the bound that hurts? An intervention tells: hold the norms at 1 again, but begin with orthogonal matrices, whose
# singular values are all 1. Under the same bound this network learns, if less well than a free one. So mostly it is what is left to the other directions that counts.
# Held at 2, which allows ten layers a product of 1024, random matrices learn, and better than if nothing holds them.


# %% tags=["hide-input"]
# The verdict on C2, second half
for of in (errors, finer_errors):  # what is said below holds at the finer grid's rates too
    noisy = gaps(of["noisy images"], "no cap")
    assert [name for name, gap in noisy.items() if gap.high < 0] == ["cap 2"]
    assert all(gap.high > 0 for gap in gaps(of["clean images"], "no cap").values())
for of in (deep[10], finer_ten):
    usual = gaps(of, "as usual")
    better = [name for name, gap in usual.items() if gap.low > 0]
    assert better == ["norms held at 2", "orthogonal", "residual, 1/L"]
    assert all(gap.low > 50 for gap in gaps(of, "norms held at 1").values())
    assert gaps(of, "orthogonal")["orthogonal, held at 1"].high < 0
    assert of["norms held at 1"].mean() < 0.2 and of["orthogonal, held at 1"].mean() > 0.8
assert at_start["three times as large"][-1] > 50 and at_start["norms held at 1"][-1] < 0.02
held = {name: deep[10][name].mean() for name in ("norms held at 1", "orthogonal, held at 1")}
verdict(
    "C2, second half: a bounded Lipschitz constant is a lever on the optimisation of a network.",
    "holds when the bound leaves room, in tanh networks of ten layers",
    f"With ten tanh layers and norms held at 2, test accuracy lies {ten['norms held at 2']:.1f} points above the usual network's. "
    f"Held at 1 it is {held['norms held at 1']:.0%}, from an orthogonal start {held['orthogonal, held at 1']:.0%}. "
    "Of four caps in a network of three layers one, cap 2, lowers the errors on noisy images; none is seen to lower them on clean ones. "
    "Penalties on norms, longer training and noise drawn anew in each epoch were not measured.",
)

# %% tags=["hide-input"]
# The verdict: how loose products are
first, last = (confidence_interval(loose[k]) for k in (0, -1))
assert (loose[0] > loose[-1]).all() and last.low > 1
verdict(
    "Often said: the product of the layers' norms is far above what a network really does.",
    "holds when the layers are random and many",
    f"At three layers the product is {first.mean:.1f} times the largest norm at 50 images before training and {last.mean:.1f} times after it, means of 20 runs; "
    f"the truth may be closer still, since other inputs may be stretched more. In all 20 runs it became less loose. In 20 random layers of width 16 it is "
    f"{at_1['upper'][-1] / at_1['norms'][-1].max():.0e} times. Trained networks with many layers were not measured.",
)

# %% [markdown]
# ## Take away
#
# - Constants multiply along a way and add up where ways meet. The product certifies. For random layers it is loose, and looser with depth.
# - Samples and power iteration bound from below; singular values are exact for a matrix, the Fourier transform for a circular convolution; products
#   bound from above. Say which one you have.
# - A bounded constant prevents explosion, not vanishing. With norms held at 1, ten layers learnt from orthogonal matrices and not from random ones.
#
# ## Further reading
#
# - X. Qi, J. Wang and L. Zhang (2023), *Understanding optimization of deep learning via Jacobian matrix and Lipschitz constant*,
#   arXiv 2306.09338: the survey.
# - H. Sedghi, V. Gupta and P. M. Long (2019), *The singular values of convolutional layers*, ICLR.
# - T. Miyato, T. Kataoka, M. Koyama and Y. Yoshida (2018), *Spectral normalization for generative adversarial networks*, ICLR.
# - H. Kim, G. Papamakarios and A. Mnih (2021), *The Lipschitz constant of self-attention*, ICML.
# - Y. Tsuzuku, I. Sato and M. Sugiyama (2018), *Lipschitz-margin training*, NeurIPS.
#
# The next lesson follows signals and gradients through the depth of a network, one singular value after another.
