# %% [markdown]
# # 13 · Jacobians
#
# **Question.** What does a module do to a small change?
#
# **Time.** about 75 minutes.
#
# **Before this.** [06 · Backpropagation](06_backpropagation.ipynb) and
# [03 · Activations](03_activations.ipynb)

# %% [markdown]
# Parts I and II built networks and took them downhill. Part III asks why that works at all, and when it
# fails. The answer lies in small changes: of an image on their way forward, and of the loss on their way
# back. Each module of a network does something to them, and a matrix says what: its **Jacobian**. This lesson
# writes it down for every module that networks are built of. The next two ask how large it is, and what
# becomes of fifty of them in a row.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiment
import torch
from torch.func import jacrev, jvp, vmap

from course_lib.analysis import (
    activation,
    batch_norm,
    chain,
    dot_product_attention,
    feed_forward,
    linear,
)
from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, interact, jacobians, say, show, table, verdict
from course_lib.lab import (
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    median,
    resplit,
    stored,
    to_device,
    train,
)
from course_lib.lab.networks import network

relu_grad = mine("03.relu_grad")
kept, script = stored("13_jacobians"), experiment("13_jacobians")
assert kept["seeds"] == 24


def randn(*shape, seed=0):
    """Return standard normal numbers in float64, on the CPU."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. A trained network reads 95 of 100 digits. Now every image is moved by about a quarter of its length, in a
#    direction drawn at random. How many does it still read? And if somebody chooses the direction?
# 2. LayerNorm takes 100 numbers. In how many directions can they change without any change of the
#    outputs, if ε is 0?
# 3. A layer of attention turns 16 tokens of 64 numbers into 16 tokens of 64 numbers. How many numbers does its
#    Jacobian hold: a thousand, a hundred thousand, or a million?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## The matrix of all slopes
#
# A module takes a vector $x$ and returns a vector $y = f(x)$. Let input $j$ grow a little and hold the
# others: output $i$ changes at the rate $\partial y_i / \partial x_j$. All these rates together are the
# Jacobian:
#
# $$ J_{ij} = \frac{\partial y_i}{\partial x_j} \qquad\qquad f(x + dx) \approx f(x) + J \, dx $$
#
# A *row* belongs to an output, a *column* to an input. (Some texts write the transpose, in what is called
# denominator layout. Then the chain rule runs the other way. Look before you copy a formula.)
# The right side says what $J$ is for: near $x$ the module is a linear map, and $J$ is its matrix.
#
# ### Exercise 13.linear
#
# Begin with the simplest module: $y = Wx + b$. What is its Jacobian? Axes before the last of `x` are a
# batch, and each example has a Jacobian of its own.


# %%
def linear_jacobian(x, weight):
    """Return the Jacobian of W x + b at each example.

    x: tensor of shape (..., d), examples of d inputs.
    weight: tensor of shape (h, d), a row for each of h outputs.
    The result has shape (..., h, d).
    """
    ### BEGIN SOLUTION
    return weight.expand(*x.shape[:-1], *weight.shape)
    ### END SOLUTION


# %%
linear_jacobian = check("13.linear", linear_jacobian)

# %% [markdown]
# A convolution is a linear map too: each output is a sum of some inputs, with weights that are shared. So
# its Jacobian is a large matrix in which the few numbers of the kernel come again and again, along
# diagonals, and most others are 0. Nobody builds it. Such a matrix is called *Toeplitz*; you will see it below.
#
# ## One after the other
#
# Put two modules in a row, $y = g(f(x))$. A small change is first multiplied by $J_f$, and what comes out by
# $J_g$. So the Jacobians are multiplied, the last module on the left:
#
# $$ J = J_g \, J_f \qquad\qquad J \, dx = J_g (J_f \, dx) \qquad\qquad J^\top g = J_f^\top (J_g^\top g) $$
#
# The two products on the right need no matrix of the whole. $J \, dx$ carries a change forward, module by
# module: the **Jacobian-vector product**, `jvp`. $J^\top g$ carries a gradient back: the **vector-Jacobian
# product**, `vjp`, which is backpropagation (lesson 06). If the whole of $J$ is wanted, it takes one jvp for each
# input (*forward mode*) or one vjp for each output (*reverse mode*). A loss is a single output: its gradient takes one
# product back. Multiplying matrices is dearer:

# %%
width, layers = 256, 50
by_products = layers * width**2  # multiplications for J dx, a vector all the way
by_matrices = (layers - 1) * width**3  # for J itself

# %% tags=["hide-input"]
# What both cost
say(
    f"{layers} layers, {width} wide: one product takes {by_products / 1e6:.1f} million multiplications, the matrix "
    f"{by_matrices / 1e6:.0f} million. That is {by_matrices / by_products:.0f} times as many."
)

# %% [markdown]
# Every module of `course_lib.analysis` knows four things: what it does (`forward`), its Jacobian, and both
# products, and `chain` puts modules in a row. Each has been compared with autograd. Do that once more, with
# a layer, a tanh and another layer:

# %%
net = chain(linear(randn(5, 4, seed=1)), activation("tanh"), linear(randn(3, 5, seed=2)))
x, dx, g = randn(4), randn(4, seed=3), randn(3, seed=4)
J = net.jacobian(x)

torch.testing.assert_close(J, jacrev(net.forward)(x))
torch.testing.assert_close(net.jvp(dx, x), J @ dx)
torch.testing.assert_close(net.vjp(g, x), J.T @ g)
torch.testing.assert_close(linear_jacobian(x, randn(5, 4, seed=1)), randn(5, 4, seed=1))

many, changes = randn(7, 4, seed=5), randn(7, 4, seed=6)  # seven examples at once
torch.testing.assert_close(
    net.jvp(changes, many), torch.einsum("nij,nj->ni", net.jacobian(many), changes)
)

# %% [markdown]
# The last line names the axes: n for the example, i for the output, j for the input. A letter that is missing after the
# arrow is summed over. So a vjp is `"nij,ni->nj"`, and a chain of two modules `"nki,nij->nkj"`. Letters keep what
# transposes lose: which axis means what.

# %% [markdown]
# ## Alone, or sharing
#
# An **activation** works on each number alone: output $i$ feels input $i$, and no other. So its Jacobian is
# a diagonal, with the slopes $\varphi'(x_i)$ of lesson 03. What is flat, a ReLU below 0 or a sigmoid far out,
# is a 0 on it: that change is lost.

# %%
z = randn(6)
torch.testing.assert_close(torch.diag(relu_grad(z)), jacrev(torch.relu)(z))

# %% [markdown]
# **Softmax** shares out. Its outputs are probabilities that add up to 1, so that one can grow only if
# others shrink.
#
# ### Exercise 13.softmax
#
# With $p_i = e^{z_i} / \sum_k e^{z_k}$: how does $p_i$ change with its own logit $z_i$, and how with
# another one, $z_j$?


# %%
def softmax_jacobian(z):
    """Return the Jacobian of softmax at each example.

    z: tensor of shape (..., k), logits of k classes; any size.
    The result has shape (..., k, k): row i is for probability i.
    """
    ### BEGIN SOLUTION
    p = torch.softmax(z, dim=-1)
    return torch.diag_embed(p) - p[..., :, None] * p[..., None, :]
    ### END SOLUTION


# %%
softmax_jacobian = check("13.softmax", softmax_jacobian)

# %%
solution("13.softmax")

# %% [markdown]
# The matrix is $\mathrm{diag}(p) - p \, p^\top$. It is symmetric. Each row adds up to 0, since a shift of all
# logits changes nothing (lesson 03). How much can it stretch? Its largest **singular value**, the length of
# $J \, dx$ for the best $dx$ of length 1, is at most ½. Below, logits are made larger and larger:

# %%
z = torch.tensor([1.0, 0.9, -1.0], dtype=torch.float64)
scales = (0.0, 1.0, 3.0, 10.0, 100.0, 1000.0)
largest = [torch.linalg.svdvals(softmax_jacobian(scale * z))[0].item() for scale in scales]
level = softmax_jacobian(torch.zeros(2, dtype=torch.float64))

# %% tags=["hide-input"]
# The table: how much softmax stretches
rows = softmax_jacobian(randn(5, 4)).sum(dim=-1)
torch.testing.assert_close(rows, torch.zeros_like(rows), rtol=0, atol=1e-12)
assert torch.linalg.svdvals(level)[0] == 0.5 and max(largest) <= 0.5 and largest[-1] < 1e-20
say(
    table({"logits times": "g", "largest singular value": ".2g"}, zip(scales, largest, strict=True))
)
say(
    "Two classes with equal logits reach ½. With three it is ⅓ at equal logits, and more where the third is nearly out. "
    "Far out, if no two logits tie, softmax is sure and feels nothing: it has **saturated**, and its gradient has vanished. (With cross-entropy behind it "
    "the gradient is the prediction minus the target, lesson 05, and does not vanish.)"
)

# %% [markdown]
# ## What a norm takes away
#
# **LayerNorm** takes the mean off the features of an example and divides by their size, so that the next
# layer sees numbers of a known scale:
#
# $$ y = \gamma \odot z + \beta \qquad\qquad z = \frac{P x}{s} \qquad\qquad s = \sqrt{\mathrm{Var}(x) + \varepsilon} $$
#
# $P x$ is $x$ less its mean: $P = I - \tfrac{1}{D} \mathbf{1}\mathbf{1}^\top$ for $D$ features. The variance is the
# plain mean of squares of $P x$. Input $j$ stands in three places: in $x$, in the mean, and in $s$.
#
# ### Exercise 13.layernorm
#
# Find the Jacobian. If you get stuck, derive $s^2$ first: what is $\partial s / \partial x_j$?


# %%
def layer_norm_jacobian(x, gamma, eps=1e-5):
    """Return the Jacobian of LayerNorm at each example.

    x: tensor of shape (..., D).   gamma: tensor of shape (D,), the scale.
    eps: number that is added to the variance.
    The result has shape (..., D, D).
    """
    ### BEGIN SOLUTION
    D = x.shape[-1]
    centred = x - x.mean(dim=-1, keepdim=True)
    s = (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    z = centred / s
    P = torch.eye(D, dtype=x.dtype, device=x.device) - 1 / D
    return gamma[:, None] * (P - z[..., :, None] * z[..., None, :] / D) / s[..., None]
    ### END SOLUTION


# %%
layer_norm_jacobian = check("13.layernorm", layer_norm_jacobian)

# %%
solution("13.layernorm")

# %% [markdown]
# Since $s^2 = \tfrac{1}{D} \sum_k (Px)_k^2 + \varepsilon$, we have $\partial s / \partial x_j = z_j / D$, and the
# quotient rule gives
#
# $$ J = \mathrm{diag}(\gamma) \, \frac{1}{s} \left( P - \frac{1}{D} z z^\top \right) $$
#
# Read it as three acts. $P$ takes away a change of all features alike: the mean swallows it. $z z^\top / D$ takes
# away a change along $x$ itself: the size swallows it. What is left is divided by $s$. With $\gamma = 1$ the singular
# values are $1/s$, $D - 2$ times, then $\varepsilon / s^3$ and 0. (The one in the middle is small since ε is. It is what ε
# lets through.)

# %%
row, ones = 2 * randn(8, seed=5), torch.ones(8, dtype=torch.float64)
found, formula = {}, {}
for eps in (1.0, 1e-5):
    s = (row.var(correction=0) + eps).sqrt()
    found[f"ε = {eps:g}"] = torch.linalg.svdvals(layer_norm_jacobian(row, ones, eps))
    formula[f"ε = {eps:g}"] = torch.tensor([1 / s] * 6 + [eps / s**3, 0.0]).double()

# %% tags=["hide-input"]
# The figure: what LayerNorm leaves
for name in found:
    torch.testing.assert_close(found[name], formula[name], rtol=1e-9, atol=1e-12)
exact = layer_norm_jacobian(row, ones, 0.0)
assert torch.linalg.matrix_rank(exact) == 6
assert (exact @ ones).norm() < 1e-12 and (exact @ row).norm() < 1e-12
show(
    jacobians.lost(found, formula),
    alt="Singular values against their number, for ε = 1 and ε = 0.00001. Six are equal. The seventh is small for ε = 1 and "
    "nearly 0 for the other, the eighth is 0. Each dot lies in a circle.",
    caption="Singular values of your LayerNorm Jacobian for eight features; circles: what the formula says.",
)

# %% [markdown]
# That answers the second prediction: two directions of a hundred are lost, that of a shift and the example's own. Note
# the division by $s$: where an example hardly varies, LayerNorm multiplies a change by up to $1/\sqrt{\varepsilon}$, 316 at the usual
# ε. Lesson 14 comes back to it.
#
# **RMSNorm** does without the mean: $y = \gamma \odot x / r$ with $r = \sqrt{\mathrm{mean}(x^2) + \varepsilon}$
# (Zhang and Sennrich 2019). This time without a matrix:
#
# ### Exercise 13.rmsnorm
#
# What becomes of a small change `dx`? Work out $J \, dx$ without $J$.


# %%
def rms_norm_jvp(dx, x, gamma, eps=1e-5):
    """Return what RMSNorm makes of a small change of its input.

    dx: tensor of shape (..., D), the change.   x: same shape, the input.
    gamma: tensor of shape (D,).   eps: number added to the mean square.
    The result has shape (..., D).
    """
    ### BEGIN SOLUTION
    r = (x.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    z = x / r
    return gamma * (dx - z * (z * dx).mean(dim=-1, keepdim=True)) / r
    ### END SOLUTION


# %%
rms_norm_jvp = check("13.rmsnorm", rms_norm_jvp)

# %%
wide, change, scale = randn(10_000), randn(10_000, seed=1), 1 + randn(10_000, seed=2) / 4
ours = rms_norm_jvp(change, wide, scale)
_, autograds = jvp(lambda x: scale * x / (x.square().mean() + 1e-5).sqrt(), (wide,), (change,))
torch.testing.assert_close(ours, autograds)

# %% [markdown]
# With 10,000 features the matrix would hold a hundred million numbers. The product takes a few passes over
# the vector.
#
# **BatchNorm** takes mean and size of each feature over the *batch*. So in training an output of one example
# feels the inputs of all others: the Jacobian couples examples, and "the Jacobian of an example" does not exist.
# In evaluation mean and size are numbers that were kept, and the module is linear: a diagonal. **WeightNorm** divides
# the weights by their length and not the signals: for the input it is a linear layer.

# %%
norm = batch_norm(torch.ones(1).double(), torch.zeros(1).double())
batch = randn(5, 1, seed=6)  # five examples of one feature
coupled = norm.jacobian(batch)

# %% tags=["hide-input"]
# The table: five examples that feel each other
torch.testing.assert_close(coupled, jacrev(norm.forward)(batch).reshape(5, 5))
assert coupled.abs().min() > 0.01 and coupled.sum(dim=1).abs().max() < 1e-9
say(table({str(k): ".2f" for k in range(1, 6)}, coupled.tolist()))
say("Row i: how the output of example i changes with the input of each of five examples.")

# %% [markdown]
# ## See them all
#
# Here are the modules of this lesson with random weights. Blue entries are below 0, orange ones above; the
# strongest colour is the largest entry. On the right are the singular values, relative to the largest: by how much a change is
# stretched along each of the module's own directions.
#
# 1. Which Jacobians are diagonal? Which are made of blocks, and what is a block?
# 2. Make the input larger and smaller. Which Jacobians do not care, and why?
# 3. What becomes of LayerNorm's singular values if the input is a hundred times smaller? And of those of Pre-LN?

# %% tags=["hide-input"]
# The figure with the sliders
interact(
    jacobians.module,
    jacobians.start_module,
    jacobians.draw_module,
    {
        "name": Choice("module", jacobians.NAMES, "LayerNorm"),
        "power": Slider("input × 10 to the", -2.0, 2.0, 0.1, 0.0),
    },
    alt="Left: the Jacobian of LayerNorm with six features as an image, strong along the diagonal and weak beside it. Right: "
    "its six singular values, over the largest; four fall from 1 to about a half, since γ differs, and two are nearly 0.",
    caption="A module's Jacobian at a random input, and its singular values.",
)

# %% tags=["hide-input"]
# What the questions ask for
free = {name: (jacobians.module(name, -2), jacobians.module(name, 2)) for name in jacobians.NAMES}
same = [name for name, (low, high) in free.items() if abs(low["J"] - high["J"]).max() < 1e-12]
assert {"linear", "convolution", "average-pool", "BatchNorm, evaluation"} <= set(
    same
) and "LayerNorm" not in same
diagonal = [
    name
    for name, (low, _) in free.items()
    if low["J"].shape[0] == low["J"].shape[1]
    and not (low["J"] - torch.diag(torch.tensor(low["J"]).diagonal()).numpy()).any()
]
assert set(diagonal) == {"ReLU", "GELU", "BatchNorm, evaluation"}
small, plain = (
    jacobians.module("LayerNorm", -2)["values"][0],
    jacobians.module("LayerNorm", 0)["values"][0],
)
assert 50 < small / plain < 110
of_conv, of_batch, of_tokens = (
    torch.tensor(jacobians.module(name, 0)["J"])
    for name in ("convolution", "BatchNorm, training", "dot-product attention")
)
for block in of_conv.reshape(3, 16, 2, 16).permute(0, 2, 1, 3).flatten(0, 1):
    assert len(block[block != 0].unique()) == 9
for block in of_batch.reshape(5, 6, 5, 6).permute(0, 2, 1, 3).flatten(0, 1):
    assert block.diagonal().all() and not (block - block.diagonal().diag()).any()
assert of_tokens.all()
say(
    f"Diagonal: {', '.join(diagonal)}. Blocks: a convolution has one for each pair of channels, filled with nine numbers; BatchNorm in "
    "training has one for each pair of examples, and attention for each pair of tokens. BatchNorm's are diagonal, attention's are full. The linear modules do not care how large the input is"
    f"{', and neither does ReLU, whose slopes ask for the side of 0 alone' if 'ReLU' in same else ''}. LayerNorm's largest singular value is "
    f"{small / plain:.0f} times as large at a hundredth of the input: it divides by the input's size. In Pre-LN that comes through, but beside it stands a 1."
)

# %% [markdown]
# ## Beside the signal
#
# A **residual** block adds what a branch $f$ makes to what came in. Its Jacobian is a sum. With a weight α for
# each output of the branch, and a number `skip` for the shortcut:
#
# $$ y = \mathrm{skip} \cdot x + \alpha \odot f(x) \qquad\qquad J = \mathrm{skip} \cdot I + \mathrm{diag}(\alpha) \, J_f $$
#
# ### Exercise 13.residual


# %%
def residual_jacobian(J, alpha=1.0, skip=1.0):
    """Return the Jacobian of skip · x + α f(x), from that of f.

    J: tensor of shape (..., d, d), the Jacobian of f.
    alpha: a number, or a tensor of shape (d,), one for each output.
    skip: a number.
    The result has the shape and the dtype of J.
    """
    ### BEGIN SOLUTION
    alpha = torch.as_tensor(alpha, dtype=J.dtype, device=J.device)
    return skip * torch.eye(J.shape[-1]).to(J) + alpha[..., None] * J
    ### END SOLUTION


# %%
residual_jacobian = check("13.residual", residual_jacobian)

# %% [markdown]
# What does a 1 on the diagonal do? If the branch stretches nothing by more than $L < 1$, no singular value of the sum
# is below $1 - L$: no direction is lost. Take fifty blocks, each a feed-forward branch,
# $W_2 \, \mathrm{diag}(\varphi') \, W_1$, with random weights. Multiply their Jacobians, with the shortcut and without:

# %%
depth, wide = 50, 16
without, past = torch.eye(wide).double(), torch.eye(wide).double()
alone, h = randn(wide), randn(wide)
for layer in range(depth):
    W1, W2 = (randn(wide, wide, seed=100 + 2 * layer + k) / wide**0.5 for k in (0, 1))
    branch = feed_forward(W1, torch.zeros(wide).double(), W2, torch.zeros(wide).double(), "tanh")
    without, alone = branch.jacobian(alone) @ without, branch.forward(alone)
    past = residual_jacobian(branch.jacobian(h), alpha=depth**-0.5) @ past
    h = h + depth**-0.5 * branch.forward(h)

# %% tags=["hide-input"]
# The table: fifty blocks
ends = {name: torch.linalg.svdvals(of) for name, of in {"without": without, "with": past}.items()}
assert ends["without"][1] < 0.01 * ends["without"][0] < 0.01 and ends["with"][-1] > 0.3
rows = [[f"{name} the shortcut", *(of[k] for k in (0, 1, 3))] for name, of in ends.items()]
say(table({"fifty blocks": "", "largest": ".2g", "second": ".2g", "fourth": ".2g"}, rows))
say(
    f"Without the shortcut little gets through, and nearly all of that along one direction. With it, and branches weighed by 1/√50, "
    f"every direction gets through: the smallest of the sixteen singular values is {ends['with'][-1]:.2f}. This is one draw of the weights; "
    "lessons 15 and 16 measure many."
)

# %% [markdown]
# ## Everything at once: attention
#
# In **attention** each token becomes a mean of all tokens, and the tokens decide the weights. For a sequence $X$ with
# tokens $x_i$ as rows, and $B = W_Q W_K^\top / \sqrt{k}$:
#
# $$ y_i = \sum_m A_{im} \, W_V^\top x_m \qquad\qquad A_i = \mathrm{softmax}(s_i) \qquad\qquad s_{im} = x_i^\top B \, x_m $$
#
# Let token $j$ move. It may stand in three places: as a value that is averaged; as a token that is *asked*, in
# the one score $s_{ij}$; and, if $i = j$, as the token that *asks*, in all scores $s_{im}$. With
# $P_i = \mathrm{diag}(A_i) - A_i A_i^\top$, your softmax Jacobian, the block for output $i$ and token $j$ is
#
# $$ J_{ij} = W_V^\top \left[ X^\top P_i \left( \delta_{ij} X B^\top + e_j \, x_i^\top B \right) + A_{ij} I \right] $$
#
# where $e_j$ is 1 at place $j$ and 0 elsewhere, and $\delta_{ij}$ is 1 if $i = j$ (Kim, Papamakarios and Mnih
# 2021 have it in this form).
#
# ### Exercise 13.attention_block


# %%
def attention_block(X, B, W_V, i, j):
    """Return how output i of attention changes with token j.

    X: tensor of shape (n, d), n tokens.   B: tensor of shape (d, d).
    W_V: tensor of shape (d, v).   i, j: whole numbers below n.
    The result has shape (v, d).
    """
    ### BEGIN SOLUTION
    A = torch.softmax(X[i] @ B @ X.T, dim=0)
    P = torch.diag(A) - torch.outer(A, A)
    change = torch.outer(P[:, j], X[i] @ B)
    if i == j:
        change = change + P @ X @ B.T
    return W_V.T @ X.T @ change + A[j] * W_V.T
    ### END SOLUTION


# %%
attention_block = check("13.attention_block", attention_block)

# %%
solution("13.attention_block")

# %%
n, d, k = 6, 8, 4
X = randn(n, d, seed=7)
W_Q, W_K, W_V = randn(d, k, seed=8), randn(d, k, seed=9), randn(d, d, seed=10) / d**0.5
B = W_Q @ W_K.T / k**0.5
blocks = [[attention_block(X, B, W_V, i, j) for j in range(n)] for i in range(n)]
whole = torch.cat([torch.cat(row, dim=1) for row in blocks])

# %% tags=["hide-input"]
# Against autograd
attention = dot_product_attention(W_Q, W_K, W_V)
torch.testing.assert_close(whole, attention.jacobian(X))
torch.testing.assert_close(whole, jacrev(attention.forward)(X).reshape(n * d, n * d))
entries = (16 * 64) ** 2
assert entries == 1_048_576 and min(block.abs().max() for row in blocks for block in row) > 0
say(
    f"Your {n}·{n} blocks, laid side by side, are the Jacobian that autograd finds. That of 16 tokens with 64 numbers holds {entries:,} "
    "numbers: the third prediction. No block is 0: every output feels every token."
)

# %% [markdown]
# In the bracket tokens stand beside $P_i$ twice: unless $P_i$ vanishes, the derivative grows with the *square* of the
# tokens. Lesson 14 shows that no number bounds it. **Cosine attention** (LipsFormer, Qi and others 2023) divides queries, keys and values by their
# own lengths before; its Jacobian is made of pieces that you know: an $\ell_2$ norm, a softmax, a mean.
#
# ## A network that reads digits
#
# Now a whole network: 64 pixels, two layers of 32 ReLU neurons, ten outputs. The Jacobian at an image is 10 by 64, a chain of
# five modules. Here it is for one network, trained now.

# %%
data = resplit(digits(), generator(0)).to(device())
start = to_device(script.draw(0).start, device())
settings = {name: kept[name] for name in ("lr", "epochs", "batch_size")}
params, _ = train(network, start, data, generator=generator(1000), label=None, **settings)

net, images = script.as_module(params), data.test.x[:100]
J = net.jacobian(images)  # (100, 10, 64)
by_autograd = vmap(jacrev(net.forward))(images)
_, stretched, directions = torch.linalg.svd(J, full_matrices=False)

# %% tags=["hide-input"]
# The figure: two steps of one image
torch.testing.assert_close(J, by_autograd, rtol=1e-3, atol=1e-4)
live = script.measure(to_device(params, "cpu"), data.test.to("cpu"), 0)
for name, tolerance in (("spectrum", 0.2), ("felt", 0.2)):
    now, was = (
        torch.as_tensor(live[name]).cpu(),
        torch.tensor(kept["trained"][name][0], dtype=torch.float64),
    )
    assert ((now - was).abs() < tolerance * was).all(), name
elsewhere = (J @ directions[:, 0].T).norm(dim=1) / stretched[
    :, :1
]  # each image, each one's strongest
assert elsewhere.median() > 0.7
first, towards = images[0], directions[0, 0]
away = (
    (net.forward(torch.stack([first + towards, first - towards])) - net.forward(first))
    .norm(dim=1)
    .argmax()
)
sign = 1.0 if away == 0 else -1.0
noise = script.random_directions(0)[0].to(first)
pictures = {"image": first, "a random step": first + noise, "the strongest": first + sign * towards}
show(
    jacobians.moved_images(pictures, towards),
    alt="Four small pictures of 8 by 8 pixels: a direction with pixels above and below 0, an image of a digit, the image after a random "
    "step, and the image after a step along the direction.",
    caption="The direction that the Jacobian stretches most at this image, and two steps of length 1.",
)

# %% [markdown]
# A singular value decomposition sorts directions by how much they are stretched. For each of 100 images the stored experiment took it,
# at the start and after training, in 24 networks. Dotted is what a *random* direction gets.

# %% tags=["hide-input"]
# The figure: singular values
spectra = {name: torch.tensor(kept[name]["spectrum"]) for name in ("at the start", "trained")}
felt = {name: median(kept[name]["felt"]) for name in spectra}
show(
    jacobians.spectra(spectra, felt),
    alt="Ten singular values, falling, on a logarithmic axis, for networks at the start and trained. The trained ones lie several times "
    "higher throughout. A dotted line for each lies far below its largest.",
    caption="Singular values of the Jacobian at test images, 24 networks. Line: median. Band: middle nine tenths. Dotted: how much a "
    "random direction is stretched.",
)

# %% tags=["hide-input"]
# How much training changed
tops = {name: median(of[:, 0]) for name, of in spectra.items()}
grown = confidence_interval(spectra["trained"][:, 0] / spectra["at the start"][:, 0])
assert grown.low > 5 and (spectra["trained"][:, 0] > 5 * spectra["at the start"][:, 0]).all()
say(
    f"Training made the largest stretch {grown.mean:.1f} times as large ({grown.low:.1f} to {grown.high:.1f}). In a trained network it is {tops['trained']:.0f}; "
    f"a random direction gets {felt['trained']:.1f}."
)

# %% [markdown]
# Of 64 directions at most ten are felt at all: the Jacobian has ten rows. A random direction lies mostly among the
# others. So how far does this linear picture reach, and what can somebody do who knows it? Move each image by a step: at random; along
# its strongest direction; or along that of another image. These have no sign, so take both ways. Fourth, let $t$ be the largest output
# and $r$ the runner-up: $r$ gains most on $t$ along row $r$ of $J$ less row $t$. (The median image is about four long.)

# %% tags=["hide-input"]
# The figure: steps along four directions
trained = kept["trained"]
off = {name: torch.tensor(of).double() for name, of in trained["off"].items()}
right = {name: torch.tensor(of).double() for name, of in trained["right"].items()}
lengths, length = kept["lengths"], median(trained["image"])
show(
    jacobians.steps(lengths, off, right),
    alt="Left: how far the Jacobian's prediction is off, against the length of the step: zero up to 0.1, then rising. Right: the share of images "
    "read rightly. For random steps it is level near 95 percent up to 1. Along the strongest direction, their own or another image's, it falls "
    "to about half at 1. Towards the runner-up it falls to nearly nothing at 1.",
    caption="24 trained networks, medians of 100 test images for the prediction. Band: middle nine tenths of networks.",
    claims=("Near an image", "A network feels"),
)

# %% [markdown]
# ## What goes wrong
#
# **The transpose fits too.** In a square layer `x @ W` and `x @ W.T` have one shape, and so have a Jacobian and its
# transpose. Nothing warns. A check that could fail needs a matrix that is neither square nor symmetric, and a comparison with autograd.
#
# **A batch where an example is meant.** `jacrev` of a function of a whole batch returns every output of every example by every input of
# every example. Most of it is zeros:

# %%
layer = linear(randn(10, 64, seed=1))
many = randn(30, 64, seed=2)
all_pairs = jacrev(layer.forward)(many)
each = vmap(jacrev(layer.forward))(many)

# %% tags=["hide-input"]
# How many zeros
assert all_pairs.shape == (30, 10, 30, 64) and each.shape == (30, 10, 64)
share = (all_pairs != 0).double().mean().item()
torch.testing.assert_close(all_pairs.diagonal(dim1=0, dim2=2).permute(2, 0, 1), each)
assert share <= 1 / 30
say(
    f"{all_pairs.numel():,} numbers against {each.numel():,}: only one in {1 / share:.0f} is not 0. `vmap(jacrev(f))` takes each example alone. "
    "With BatchNorm in training that would be wrong: there the other pairs are not zeros."
)

# %% [markdown]
# **A kink.** At the corner of ReLU, and where two inputs of a max-pool are equal, there is no derivative. Autograd returns one of
# the possible slopes without a word. On real data it hardly matters: a corner is met with probability 0. But zeros are not rare
# among pixels, and with biases of 0 a blank image puts every neuron of the first layer on its corner.

# %%
blank = torch.zeros(64, dtype=torch.float64)
at_corner = chain(linear(randn(32, 64, seed=3)), activation("ReLU")).jacobian(blank)

# %% tags=["hide-input"]
# At the corner
woken = (randn(32, 64, seed=3) @ randn(64, 2000, seed=4) > 0).double().mean()
assert not at_corner.any() and abs(woken - 0.5) < 0.05
say(
    "At the blank image the Jacobian comes out as zeros. A step in a random direction wakes about half of the neurons."
)

# %% [markdown]
# **The matrix is built where a product would do.** A product costs about as much as a forward pass; the matrix costs one backward pass
# for each output. For a convolution of 64 channels on 32 by 32 pixels it holds four billion numbers.
#
# ## Claims, measured
#
# No article makes these claims; they are this lesson's own.

# %% tags=["hide-input"]
# The verdict: near an image
middle = {name: of.median(dim=0).values for name, of in off.items()}
up_to = max(h for h, *of in zip(lengths, *middle.values(), strict=True) if max(of) < 0.01)
at_one = lengths.index(1.0)
assert up_to == 0.1 and min(of[at_one] for of in middle.values()) > 0.05
assert all((of[:, : lengths.index(up_to) + 1] < 0.05).all() for of in off.values())
verdict(
    "Near an image a network is linear: its Jacobian says what a small change does.",
    "holds for small steps",
    f"For steps up to {up_to:g}, a fortieth of an image's length, the median prediction is off by less than one percent; with ReLU it is "
    "exact as long as no neuron crosses its corner. At a step of length 1 it is off by "
    f"{middle['random'][at_one]:.0%} in a random direction and by {middle['strongest'][at_one]:.0%} in the strongest. "
    "One size of network and one learning rate were tried.",
)

# %% tags=["hide-input"]
# The verdict: some directions
at_one_of = {name: 100 * of[:, at_one] for name, of in right.items()}
share = {name: f"{of.mean():.0f}%" for name, of in at_one_of.items()}
gap = confidence_interval(at_one_of["random"] - at_one_of["strongest"])
alike = confidence_interval(at_one_of["another image's"] - at_one_of["strongest"])
chosen = confidence_interval(at_one_of["strongest"] - at_one_of["towards the runner-up"])
assert gap.low > 30 and chosen.low > 30 and alike.low > 0 and alike.high < 10
assert (at_one_of["random"] > at_one_of["strongest"]).all()
assert (at_one_of["strongest"] > at_one_of["towards the runner-up"]).all()
verdict(
    "A network feels some directions far more than others, and the Jacobian names them.",
    "holds",
    f"A random step of length 1, a quarter of an image's length, leaves {share['random']} of the images read rightly. A step along the "
    f"direction that the Jacobian stretches most leaves {share['strongest']}: {gap.mean:.0f} points less ({gap.low:.0f} to {gap.high:.0f}). That of "
    f"another image does nearly as much: it leaves {alike.mean:.0f} points more ({alike.low:.0f} to {alike.high:.0f}). So what is felt most "
    "is much the same for all images. But to be felt is not to be misread. Where the runner-up gains most on the largest output, a step leaves "
    f"{share['towards the runner-up']}: that answers the first prediction. (Such a step makes an adversarial example: Goodfellow, Shlens and Szegedy 2015.) "
    "One size of network and one learning rate were tried, on divisions of one data set.",
)

# %% [markdown]
# ## Take away
#
# - A Jacobian says what a module does to a small change: a row for each output, a column for each input. In a
#   row of modules they are multiplied, beside each other added.
# - Products with it carry changes forward and gradients back. They need no matrix.
# - Activations keep directions apart, softmax and attention share, norms take directions away, and a shortcut adds
#   the identity.
#
# ## Further reading
#
# - X. Qi, J. Wang and L. Zhang (2023), *Understanding optimization of deep learning via Jacobian matrix and Lipschitz
#   constant*, arXiv 2306.09338: the survey behind part III. Known here by its abstract.
# - A. Griewank and A. Walther (2008), *Evaluating derivatives*, SIAM: both products, and what they cost.
# - H. Kim, G. Papamakarios and A. Mnih (2021), *The Lipschitz constant of self-attention*, ICML: the Jacobian of attention.
# - J. Ba, J. Kiros and G. Hinton (2016), *Layer normalization*, arXiv 1607.06450; B. Zhang and R. Sennrich (2019), *Root mean
#   square layer normalization*, NeurIPS.
# - I. Goodfellow, J. Shlens and C. Szegedy (2015), *Explaining and harnessing adversarial examples*, ICLR.
#
# You can now write down the Jacobian of any network. The next lesson asks for one number: how much can it stretch at
# most?
