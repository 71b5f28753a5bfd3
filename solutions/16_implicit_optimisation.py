# %% [markdown]
# # 16 · Implicit optimisation
#
# **Question.** How can architecture make training easy?
#
# **Time.** about 75 minutes.
#
# **Before this.** [15 · Signal propagation](15_signal_propagation.ipynb)

# %% [markdown]
# Lessons [13](13_jacobians.ipynb) to [15](15_signal_propagation.ipynb) measured what modules do to small changes,
# and what becomes of gradients in deep stacks of them. Now we use it. The abstract of the survey that part III
# follows (Qi, Wang and Zhang 2023; only the abstract is used here) sorts methods into two classes. *Explicit* ones
# act on the weights, gradients, learning rate and weight decay: lesson 17, which also draws a map of both. *Implicit*
# ones improve a network's modules: residual shortcuts, normalisation, attention, activations. The claim is C3, and this lesson
# takes it apart. Each of the four is tried alone, and Jacobian and training are seen side by side.

# %% tags=["hide-input"]
# What this lesson uses, and the stored experiment
import math

import torch
from torch.nn.functional import cross_entropy

from course_lib import analysis
from course_lib.analysis import chain, layer_norm
from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Choice, Slider, implicit, interact, say, show, table, verdict
from course_lib.lab import (
    confidence_interval,
    device,
    digits,
    experiment,
    generator,
    median,
    stored,
)
from course_lib.lab.deep_nets import DeepNet
from course_lib.lab.spectra import gain, through_the_blocks
from course_lib.nn.biases import affine

kept, script = stored("16_implicit_optimisation"), experiment("16_implicit_optimisation")
nets, attention = kept["nets"], kept["attention"]
assert kept["seeds"] == 20 and kept["blocks"] == 30 and kept["epochs"] == 2
assert kept["attention_seeds"] == 12 and kept["tuning_seeds"] == 6
data = digits()

# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. A network of 30 blocks without shortcuts is trained on digits at 11 learning rates, of which the highest is nearly 50 times
#    the lowest. At how many of them does it learn anything worth the name?
# 2. Each block $f(\mathbf{x})$ becomes $\mathbf{x} + f(\mathbf{x})$, where $f$ keeps the size of a random change. By what factor do
#    30 such blocks stretch one: 1, 30 or 30 000?
# 3. In ReZero a block is $\mathbf{x} + \alpha f(\mathbf{x})$, and every $\alpha$ starts at 0. Which numbers does the first step
#    of gradient descent change?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## Two numbers for thirty blocks
#
# A network is $L$ blocks in a row. Small changes meet the Jacobian of all of them, and gradients its transpose
# (lesson 13):
#
# $$ J = J_L \, J_{L-1} \cdots J_1 $$
#
# Here $J_l$ is the Jacobian of block $l$, $d$ by $d$, taken where the signal is. Its singular values
# $\sigma_1 \ge \dots \ge \sigma_d$ say by how much each direction is stretched. Two numbers sum them up:
#
# $$ \text{gain} = \sqrt{\tfrac{1}{d} \textstyle\sum_k \sigma_k^2} \qquad\qquad
# \text{open share} = \frac{\left( \sum_k \sigma_k^2 \right)^2}{d \, \sum_k \sigma_k^4} $$
#
# The **gain** is what becomes of the length of a random gradient, in the root mean square. The **open share** says how many of the
# $d$ directions get through: 1 if all are stretched alike, $1/d$ if a single one is left. (It is the
# participation ratio of the $\sigma_k^2$.) One would wish for a gain near 1 *and* a large share. Whether training needs both we shall see.
#
# A block is a shortcut and a branch, $f(\mathbf{x}) = W_2 \, \varphi(W_1 \mathbf{x} + \mathbf{b}_1) + \mathbf{b}_2$. Weights
# start so that a branch with ReLU keeps the mean square of a signal, and of a change, on average (lesson 04). The table holds the schemes. $N$ is a
# normalisation with the Jacobian $J_N$; $c_f$ and $c_N$ bound what $f$ and $N$ can stretch.
#
# | scheme | block | Jacobian | bound |
# |---|---|---|---|
# | no shortcut | $f(x)$ | $J_f$ | $c_f$ |
# | residual | $x + f(x)$ | $I + J_f$ | $1 + c_f$ |
# | scaled residual | $x + L^{-1/2} f(x)$ | $I + L^{-1/2} J_f$ | $1 + L^{-1/2} c_f$ |
# | ReZero, LayerScale | $x + \alpha \odot f(x)$ | $I + \mathrm{diag}(\alpha) J_f$ | $1 + \max \lvert\alpha\rvert \, c_f$ |
# | Pre-LN | $x + f(N(x))$ | $I + J_f J_N$ | $1 + c_f c_N$ |
# | Post-LN | $N(x + f(x))$ | $J_N (I + J_f)$ | $c_N (1 + c_f)$ |
# | DeepNorm | $N(\alpha x + f(x))$ | $J_N (\alpha I + J_f)$ | $c_N (\alpha + c_f)$ |
#
# ReZero (Bachlechner and others 2021) learns one $\alpha$ for each block, from 0. SkipInit (De and Smith 2020) is the same
# in this network. LayerScale (Touvron and others 2021) learns one for each feature, from a small
# number, here 0.1.
#
# ## The shortcut
#
# The identity in $I + J_f$ lets a change past the branch. With $c_f < 1$ a block loses no direction, since its
# $\sigma_d \ge 1 - c_f$ (lesson 14). But a branch that keeps sizes is no small addition. What it gives is as long as its
# input, and stands at a right angle to it on average. So each block doubles the mean square, and thirty of them give
# $2^{30}$: a gain of $2^{15} \approx 33\,000$, in the root mean square over starts. With the weight $L^{-1/2}$ it is $(1 + 1/L)^{L/2}$, which stays
# below $\sqrt{e} \approx 1.65$ however deep the network is. With the weight $1/L$ and $c_f = 1$ even the bound stays low:
# $(1 + 1/L)^L < e$. And with $\alpha = 0$ the Jacobian is the identity itself.
#
# ### Exercise 16.rezero
#
# A block is $\mathbf{y} = \mathbf{x} + \alpha f(\mathbf{x})$. The gradient of the loss with respect to $\mathbf{y}$ is given, for a
# batch. Find the gradient with respect to $\mathbf{x}$, and that with respect to $\alpha$.


# %%
def rezero_vjp(g, f, J, alpha):
    """Return the gradients of the inputs and of alpha of y = x + alpha f(x): two tensors.

    g: the gradient of y, (n, d).   f: what the branch gave, (n, d).
    J: the Jacobians of the branch, (n, d, d): a row for each output.
    alpha: one number for all examples and places.
    """
    ### BEGIN SOLUTION
    of_x = g + alpha * torch.einsum("ni,nij->nj", g, J)
    return of_x, (g * f).sum()
    ### END SOLUTION


# %%
rezero_vjp = check("16.rezero", rezero_vjp)

# %%
solution("16.rezero")

# %% [markdown]
# Here your function carries the gradient of a batch of digits back through 30 blocks, at the start and with
# every $\alpha$ at 0.3. Autograd does the same, for the weights too.

# %%
net = DeepNet(30, "ReZero", width=16)
x, y = (part[:50].to(device()) for part in (data.train.x, data.train.y))


def go_back(alpha):
    """Return the size of the gradient before each block, and the gradient of each alpha."""
    start = {name: p.to(device()) for name, p in net.start(generator(0)).items()}
    params = {n: torch.full_like(p, alpha) if "alpha" in n else p for n, p in start.items()}
    bare = DeepNet(30, "no shortcut", width=16).blocks_of(params)  # the branches alone
    signals = [affine(x, params["W_in"], params["b_in"])]
    for branch in bare:
        signals.append(signals[-1] + alpha * branch.forward(signals[-1]))
    end = affine(signals[-1], params["W_out"], params["b_out"])
    g = torch.func.grad(cross_entropy)(end, y) @ params["W_out"]
    sizes, of_alphas = [g.norm()], []
    for branch, h in zip(reversed(bare), reversed(signals[:-1]), strict=True):
        g, of_alpha = rezero_vjp(g, branch.forward(h), branch.jacobian(h), alpha)
        sizes.append(g.norm())
        of_alphas.append(of_alpha)
    return params, torch.stack(sizes[::-1]), torch.stack(of_alphas[::-1])


# %% tags=["hide-input"]
# The table: what passes when alpha is 0, against autograd
def by_autograd(params):
    """Return the gradients of the loss with respect to all parameters."""
    return torch.func.grad(lambda params: cross_entropy(net.forward(params, x), y))(params)


seen = {}
for alpha in (0.0, 0.3):
    params, sizes, of_alphas = go_back(alpha)
    theirs = by_autograd(params)
    torch.testing.assert_close(
        of_alphas, torch.stack([theirs[f"{k}.alpha"] for k in range(30)]), rtol=1e-3, atol=1e-4
    )
    weights = max(theirs[f"{k}.W{i}"].abs().max().item() for k in range(30) for i in (1, 2))
    seen[alpha] = (sizes[0] / sizes[-1]).item(), weights, of_alphas.abs().max().item()
assert seen[0.0][0] == 1 and seen[0.0][1] == 0 < seen[0.0][2] and seen[0.3][1] > 0
rows = [
    [f"{alpha:g}", f"{ratio:.1f}", "0" if weights == 0 else "above 0", "above 0"]
    for alpha, (ratio, weights, _) in seen.items()
]
columns = {
    "alpha": "",
    "gradient, first over last": ">",
    "of the branches' weights": ">",
    "of the alphas": ">",
}
say(table(columns, rows))

# %% [markdown]
# That answers the third prediction. At $\alpha = 0$ the gradient passes unchanged, and no weight of a branch has
# one: $\alpha$ multiplies it. The first step moves the $\alpha$, and what leads in and out. From the second step on the branches
# learn.
#
# Now watch the singular values behind each block, for one digit and one start.
#
# 1. Start with no shortcut. What becomes of the largest, and of the middle one? Then add the shortcut.
# 2. Compare "residual" with "scaled residual". Which of the two curves changes more: the largest, or the bound?
# 3. Try the schemes with a norm. Which of them keep the middle curve up? The next section says why.

# %% tags=["hide-input"]
# The figure with the slider
image = data.train.x[0].double()


def blocks_in_a_row(scheme, blocks):
    """Compute the singular values behind each block of a network at its start, and the bound."""
    net = DeepNet(blocks, scheme, width=16)
    params = {name: p.double() for name, p in net.start(generator(0)).items()}
    return implicit.spectrum(*through_the_blocks(net, params, image))


SCHEMES = (
    "no shortcut", "norm, no shortcut", "residual", "scaled residual", "ReZero", "LayerScale", "Pre-LN",
    "Post-LN", "DeepNorm",
)  # fmt: skip
interact(
    blocks_in_a_row,
    implicit.start_spectrum,
    implicit.draw_spectrum,
    {
        "scheme": Choice("scheme", SCHEMES, "residual"),
        "blocks": Slider("blocks", 1, 60, 1, 30),
    },
    alt="Left: for 30 residual blocks the largest, the middle and the smallest singular value and the bound, against the block, on a logarithmic "
    "scale. The smallest falls, the others rise, the bound fastest, up to the edge of the picture. Right: "
    "the 16 singular values behind the last block, which fall from the first to the last by more than ten powers of ten.",
    caption="Singular values of all blocks together at the start, behind each block, and the bound. What lies outside "
    "the picture is drawn at its edge; what is 16 powers of ten below the largest is rounding.",
)

# %% tags=["hide-input"]
# The table: thirty blocks at the start
ends = {scheme: blocks_in_a_row(scheme, 30) for scheme in SCHEMES}
assert ends["no shortcut"]["middle"][30] < 1e-2 * ends["no shortcut"]["largest"][30]
assert (ends["ReZero"]["last"] == 1).all() and ends["residual"]["largest"][30] > 1000
assert ends["residual"]["upper"][20] > 1e6 * ends["residual"]["largest"][20]
assert (
    ends["scaled residual"]["largest"][30] < 20 and ends["scaled residual"]["smallest"][30] > 0.05
)
for scheme in ("Post-LN", "norm, no shortcut"):
    assert ends[scheme]["middle"][30] < 0.1 * ends["DeepNorm"]["middle"][30]
rows = [
    [
        scheme,
        *(
            f"{value:.1g}" if value > 1e-12 else "below 1e-12"
            for value in (arrays["largest"][30], arrays["middle"][30])
        ),
    ]
    for scheme, arrays in ends.items()
    if scheme in ("no shortcut", "residual", "scaled residual", "Post-LN", "Pre-LN", "DeepNorm")
]
say(table({"behind 30 blocks": "", "largest": ">", "middle": ">"}, rows))
plain, scaled = (median(nets[name]["start"]["largest"]) for name in ("residual", "scaled residual"))
bounds = [median(nets[name]["start"]["upper"]) for name in ("residual", "scaled residual")]
assert 3 < math.log10(plain / scaled) < bounds[0] - bounds[1] - 5
say(
    "So the second prediction: tens of thousands. In the stored experiment, below, the gain is "
    f"{median(nets['residual']['start']['gain']):,.0f} in the median of 20 starts. Scaled branches lower the largest value by "
    f"{math.log10(plain / scaled):.0f} powers of ten, and the bound by {bounds[0] - bounds[1]:.0f}."
)

# %% [markdown]
# ## The norm, before or behind
#
# Most normalisations divide by a size that grows with their input. **LayerNorm** takes off the mean and divides by the standard
# deviation. **RMSNorm** divides by the root mean square. **CenterNorm** takes off the mean and multiplies
# by $d/(d-1)$ (Qi and others 2023, LipsFormer). So LayerNorm undoes growth, and
# CenterNorm cannot. But the division has a price. For inputs that are nearly constant LayerNorm stretches by up to
# $\max|\gamma| / \sqrt{\varepsilon}$, 316 for $\gamma = 1$ and $\varepsilon = 10^{-5}$; CenterNorm then by $d/(d-1)$ at most.
#
# Where does the norm stand? The first transformers had it behind the sum: **Post-LN**. Later ones put it
# into the branch: **Pre-LN**.
#
# ### Exercise 16.prenorm_postnorm
#
# The Jacobians of branch and norm are given, each taken where the signal is when it comes there. What is the
# Jacobian of the block, in either order?


# %%
def norm_jacobians(J, J_norm):
    """Return the Jacobians of x + f(norm(x)) and of norm(x + f(x)): two tensors.

    J: of the branch f.   J_norm: of the norm.   All are (..., d, d).
    """
    ### BEGIN SOLUTION
    eye = torch.eye(J.shape[-1], dtype=J.dtype, device=J.device)
    return eye + J @ J_norm, J_norm @ (eye + J)
    ### END SOLUTION


# %%
norm_jacobians = check("16.prenorm_postnorm", norm_jacobians)

# %% [markdown]
# What comes past all branches, by the shortcuts alone? Hand your function branches of 0. A Pre-LN block then
# has the Jacobian $I$. A Post-LN block has $J_N$, which divides by the size of $\mathbf{x} + f(\mathbf{x})$. That is
# $\sqrt{2}$, if $\mathbf{x}$ has the size 1 and the branch too. So $L$ blocks leave $2^{-L/2}$ of the direct way: a
# 33 000th after thirty. The rest came through one branch or more. (Plain residual blocks divide nothing, but there the rest grows as much.)
#
# **DeepNorm** (Wang and others 2022) makes the shortcut count more, by $\alpha$, and lets weights of the branches start smaller, by
# $\beta$. For an encoder of $N$ layers, that is $L = 2N$ blocks, its authors take (quoted)
#
# $$ \alpha = (2N)^{1/4} \qquad\qquad \beta = (8N)^{-1/4} $$
#
# ### Exercise 16.deepnorm_scale
#
# Both numbers, for any number of layers.


# %%
def deep_norm_scale(layers):
    """Return alpha of the shortcut and beta of the branches' weights: two numbers.

    layers: N, how many layers the encoder has.
    """
    ### BEGIN SOLUTION
    return (2 * layers) ** 0.25, (8 * layers) ** -0.25
    ### END SOLUTION


# %%
deep_norm_scale = check("16.deepnorm_scale", deep_norm_scale)

# %% [markdown]
# What is left of the direct way? Our own derivation: a branch has two matrices, so it starts $\beta^2$ as large. The sum
# $\alpha \mathbf{x} + f(\mathbf{x})$ has the size $\sqrt{\alpha^2 + \beta^4}$, and by that the norm divides. So a block keeps the share
# $(1 + \beta^4/\alpha^2)^{-1/2}$ of the direct way. Here $\beta^4/\alpha^2 = 1 / (8N \sqrt{2N})$, and $2N$ blocks keep about
# $e^{-1/(8\sqrt{2N})}$: nearly all, and the more the deeper. The table compares both with real blocks,
# by your two functions.


# %%
def direct_way(scheme, alpha, layers):
    """Return the gain of the way past all branches, through every norm, at the start."""
    net = DeepNet(2 * layers, scheme, width=256)
    params, norm = net.start(generator(0)), layer_norm(torch.ones(256), torch.zeros(256))
    h = affine(data.train.x[:1], params["W_in"], params["b_in"])[0]
    h, product = norm.forward(h), torch.eye(256)
    bare = net._replace(scheme="no shortcut").blocks_of(params)  # the branches alone
    for branch in bare:
        h = alpha * h + branch.forward(h)
        _, post = norm_jacobians(torch.zeros(256, 256), norm.jacobian(h))
        product, h = alpha * post @ product, norm.forward(h)
    return gain(product).item()


ways = {
    layers: (
        direct_way("Post-LN", 1.0, layers),
        direct_way("DeepNorm", deep_norm_scale(layers)[0], layers),
    )
    for layers in (1, 5, 15)
}

# %% tags=["hide-input"]
# The table: the direct way
rows = []
for layers, (post, deep) in ways.items():
    alpha, beta = deep_norm_scale(layers)
    theory = (1 + beta**4 / alpha**2) ** -layers
    rows.append([layers, alpha, f"{post:.0e}", f"{2.0**-layers:.0e}", deep, theory])
    assert 0.3 < post * 2**layers < 3 and abs(deep - theory) < 0.1
columns = {
    "N": "d", "α": ".2f", "Post-LN": ">", "2⁻ᴺ": ">", "DeepNorm": ".2f", "derived": ".2f",
}  # fmt: skip
say(table(columns, rows))

# %% [markdown]
# (The gain of the direct way in blocks of width 256, one start, and what the two derivations say.)
#
# ## Attention
#
# Attention makes of each token a mean of values. In dot-product attention the weights of the mean come from
# products of two tokens. So its Jacobian can grow with the square of the tokens' size, and no constant bounds it (lesson 14). Two
# variants are Lipschitz: **L2 attention** takes distances for products, with one matrix for queries, keys and a part of the values (Kim, Papamakarios and Mnih 2021), and **scaled cosine
# attention** divides queries, keys and values by their lengths (LipsFormer):
#
# $$ Y = \nu \, \mathrm{softmax}\!\left( \tau \, \hat{Q} \hat{K}^\top \right) \hat{V} \qquad\qquad
# \hat{\mathbf{q}} = \frac{\mathbf{q}}{\sqrt{\lVert \mathbf{q} \rVert^2 + \varepsilon}} $$
#
# Each row of $Q$, $K$ and $V$ belongs to a token. Scores lie between $-\tau$ and $\tau$, and no row of $Y$ is longer than $\nu$.
#
# ### Exercise 16.cosine_attention
#
# Write it. Softmax works along each row of scores.


# %%
def cosine_attention(Q, K, V, *, nu=1.0, tau=1.0, eps=1e-6):
    """Return nu softmax(tau Q̂ K̂ᵀ) V̂, where each row is divided by its length.

    Q: queries, (..., n, k).   K: keys, (..., m, k).   V: values, (..., m, v).
    nu, tau: numbers.   eps: added to the squared length, under the root.
    The result is (..., n, v).
    """

    ### BEGIN SOLUTION
    def unit(rows):
        return rows / (rows.square().sum(dim=-1, keepdim=True) + eps).sqrt()

    return nu * torch.softmax(tau * unit(Q) @ unit(K).mT, dim=-1) @ unit(V)
    ### END SOLUTION


# %%
cosine_attention = check("16.cosine_attention", cosine_attention)

# %%
draws = generator(3)
W_Q, W_K, W_V = (torch.randn(8, 8, generator=draws, dtype=torch.float64) / 8**0.5 for _ in "QKV")
tokens = torch.randn(12, 8, generator=draws, dtype=torch.float64)
tokens[0] = 0.0
kinds = {
    "dot-product": analysis.dot_product_attention(W_Q, W_K, W_V).forward,
    "L2": analysis.l2_attention(W_Q, W_V).forward,
    "cosine": lambda X: cosine_attention(X @ W_Q, X @ W_K, X @ W_V, tau=10.0, eps=0.01),
}
scales = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]
norms = {}
for name, forward in kinds.items():
    each = [torch.func.jacrev(forward)(scale * tokens).reshape(96, 96) for scale in scales]
    norms[name] = [torch.linalg.matrix_norm(J, ord=2).item() for J in each]

# %% tags=["hide-input"]
# The figure: tokens that grow
module = analysis.cosine_attention(W_Q, W_K, W_V, tau=10.0, eps=0.01)
torch.testing.assert_close(kinds["cosine"](tokens), module.forward(tokens))
dot = norms["dot-product"]
assert 90 < dot[5] / dot[4] < 110 and 90 < dot[4] / dot[3] < 110
assert max(norms["L2"]) < 3 * min(norms["L2"]) and max(norms["cosine"]) < 300
show(
    implicit.growth(scales, norms),
    alt="The norm of the Jacobian against the size of the tokens, both logarithmic. Dot-product attention is level "
    "below 1 and then rises by a factor of a hundred for each factor of ten. L2 attention is level throughout. Cosine attention "
    "stays below 300 throughout.",
    caption="How much three kinds of attention stretch, at twelve random tokens times a scale, the first of them 0. "
    "One draw of the weights; ε is 0.01.",
    claims=("C3, attention",),
)

# %% [markdown]
# The token at 0 looks at all others alike, so its weights are as loose as can be (Kim and others prove the case with such a
# token). Cosine attention has its own steep place there: next to 0 a small change turns a token around. Only
# $\varepsilon$ bounds that. And a bound holds for all inputs; what a network meets may be far from the worst.
#
# ## The activation
#
# An activation multiplies by its slope. The largest slope of ReLU and of tanh is 1, so both have the same constant (lesson 14). But
# tanh is bounded, and ReLU is not. A branch with tanh cannot give more than its last weights allow, however large
# its input has grown. In a residual network large signals get a step of much the same length in each block: the size grows like $\sqrt{L}$,
# where ReLU doubles its square. And where tanh saturates its slope is small, so the Jacobian grows less too. Besides, the last weights of
# its branches start $\sqrt{2}$ smaller: LeCun's, not He's (lesson 04). So each activation is trained with the other's last weights too.
#
# ## Thirty blocks on digits
#
# Now train. The stored experiment takes networks of 30 blocks of width 16, 60 matrices in the blocks, and trains them
# for 80 steps, two epochs of digits in batches of 25, by gradient descent; four sides by Adam. Each side has 11 learning rates, $10^{1/6}$
# apart, and keeps the one with the lowest training loss on six tuning seeds. Then 20 other seeds report. A rate *works* if
# the loss ends below half of what a guess among ten classes has, $\tfrac{1}{2} \ln 10 \approx 1.15$; how many do is counted on
# the tuning seeds. (A choice with steps half as large changes no comparison below.) Some sides tell causes: a norm
# without shortcuts, or at the very end alone; CenterNorm; a warm-up over 20 steps (lesson 11); ReLU with LeCun's last weights,
# tanh with He's; ReLU with half of He's, where its gain is about that of tanh. (Pre-LN sides have LayerNorm at the end, as usual.)

# %% tags=["hide-input"]
# Numbers of a side, and differences run by run
guess = math.log(10)  # the loss of a guess among ten classes


def last(name, of=nets):
    """Return the last training loss of every run."""
    return torch.tensor([curve[-1] for curve in of[name]["curve"]], dtype=torch.float64)


def at_start(name, what, of=nets):
    """Return the median of a number about the Jacobian at the start."""
    return median(of[name]["start"][what])


def gain_of(name, of=nets):
    """Return the median gain at the start, in words."""
    found = at_start(name, "gain", of)
    return f"{found:.2g}" if found < 100 else f"{found:,.0f}"


def sides_of_0(gap):
    """Return 1 if an interval lies above 0, −1 if below, and 0 if it contains 0."""
    return (gap.low > 0) - (gap.high < 0)


def below(one, other, of=nets):
    """Return by how much the loss of one side is below that of another, run by run.

    A loss counts as a guess's at most. Rates chosen on the finer grid must say the same.
    """

    def gap(losses):
        return confidence_interval(losses[1].clamp(max=guess) - losses[0].clamp(max=guess))

    finer = (torch.tensor(of[name]["finer"]["last"], dtype=torch.float64) for name in (one, other))
    found = gap([last(one, of), last(other, of)])
    assert sides_of_0(gap([*finer])) == sides_of_0(found), (one, other)
    return found


def ever_works(name):
    """Return whether a rate of a side works in any of its runs, on any grid."""
    side = nets[name]
    ends = [*side["by_rate"], [curve[-1] for curve in side["curve"]], side["finer"]["last"]]
    return min(min(losses) for losses in ends) < kept["works"]


# %% tags=["hide-input"]
# The table: every side
by_descent = [name for name in nets if not name.startswith("Adam")]
rows = {
    name: {"loss": last(name), "working": nets[name]["working"]}
    | {what: nets[name]["start"][what] for what in ("gain", "open")}
    for name in by_descent
}
assert all(len(of["loss"]) == 20 and len(of["working"]) == 6 for of in rows.values())
assert all(len(side["rates"]) == 11 for side in nets.values())
shown = [
    [name, gain_of(name), at_start(name, "open"), f"$10^{{{at_start(name, 'upper'):.0f}}}$", median(last(name))]
    for name in nets
]  # fmt: skip
columns = {"side": "", "gain": ">", "open share": ".2f", "bound": ">", "loss": ".2f"}
say(table(columns, shown))

# %% [markdown]
# Gain, open share and bound are those of all blocks at the start; the loss is the last training loss, at the best rate: medians of
# 20 runs. A run that diverges counts as 100 where a rate is chosen, and in the differences below no loss counts more than that of a guess, 2.30. Intervals are over divisions and starts of these images; for other data they are too narrow.
# Here is every run by gradient descent, and how many of the 11 rates work, in six runs.

# %% tags=["hide-input"]
# The figure: every run by gradient descent
show(
    implicit.side_by_side(
        {name: rows[name] for name in by_descent},
        {
            "gain": ("gain", "log", (1e-2, 1e5), (0.01, 1, 1000)),
            "open": ("open share", "linear", (0.0, 1.0), (0, 0.5, 1)),
            "loss": ("last loss", "log", (0.05, 100.0), (0.1, 1, 10, 100)),
            "working": ("rates", "linear", (0.0, 11.0), (0, 5, 10)),
        },
    ),
    alt="Four columns of dots, a row for each side. In the median the gain is below 1 without shortcuts, above 10 000 with plain shortcuts "
    "and with CenterNorm, 1 to 2 with small branches, DeepNorm and Post-LN, 10 to 23 with Pre-LN, Pre-RMSNorm, half weights and shortcuts with tanh, and 61 and 218 "
    "where tanh has He's weights and ReLU LeCun's. The open share is near 0.06 but for small branches and "
    "DeepNorm, where it is 0.3 to 1, and for the sides with gains of 10 to 61, near 0.1. Small branches, both norms before the branch and DeepNorm have a last loss below 1 "
    "and several rates that work; half weights and shortcuts with tanh lie just above 1, with fewer; the others have none, but for a run of tanh with He's weights.",
    caption="Networks of 30 blocks: the Jacobian at the start, and training. A dot is a run, the tick their median.",
    claims=("C3, residual shortcuts", "C3, normalisation", "C3, activations"),
)

# %% [markdown]
# Two sides are repeated here, two runs each, at the rates that were best.

# %%
live = {}
for name in ("no shortcut", "scaled residual"):
    found = script.train(script.NETS[name], [nets[name]["lr"]], range(2))
    live[name] = script.curves(found)[0, :, -1]

# %% tags=["hide-input"]
# The figure: training
for name, losses in live.items():
    was = torch.tensor([curve[-1] for curve in nets[name]["curve"][:2]], dtype=torch.float64)
    assert (losses < kept["works"]).tolist() == (was < kept["works"]).tolist(), name
say(
    "; ".join(
        f"{name}: {'works' if (losses < kept['works']).all() else 'does not work'}, as stored"
        for name, losses in live.items()
    )
)
panels = {
    "shortcuts": ("no shortcut", "residual", "scaled residual", "ReZero", "LayerScale"),
    "norms": ("Post-LN", "Pre-CenterNorm", "Pre-LN", "Pre-RMSNorm", "DeepNorm"),
    "activations": (
        "residual", "residual, LeCun", "residual, half weights", "tanh, residual", "tanh, residual, He",
    ),
    "Adam": (
        "Adam: no shortcut", "Adam: residual", "Adam: scaled residual", "Adam: Post-LN, warm-up",
    ),
}  # fmt: skip
show(
    implicit.curves(
        {
            title: {name.removeprefix("Adam: "): nets[name]["curve"] for name in names}
            for title, names in panels.items()
        },
        guess,
    ),
    alt="Training losses over two epochs in four panels, with a dotted line for a guess. Shortcuts: without any the loss stays on the line, with "
    "plain ones it falls from the cap, 100, to 48, and with small branches to less than a half. Norms: DeepNorm falls to a half, Pre-LN and Pre-RMSNorm to just below 1; "
    "the others stay near the line. Activations: ReLU with plain shortcuts ends far above the line, with LeCun's weights on it, and with half weights where tanh does, near 1.2; "
    "tanh with He's weights ends at 1.5. Adam: the scaled residual falls below 0.3, the plain one to 5; without shortcuts and with Post-LN the loss stays near 2.",
    caption="Training at each side's best rate, 20 runs each. Line: median. Band: middle nine tenths. Dotted: a guess.",
    claims=("C3, residual shortcuts", "C3, normalisation", "C3, activations"),
)


# %% tags=["hide-input"]
# The first prediction
trained = [name for name in by_descent if median(last(name)) < kept["works"]]
stuck = [name for name in by_descent if name not in trained]
shares = [[at_start(name, "open") for name in names] for names in (trained, stuck)]
gains_of = [[at_start(name, "gain") for name in names] for names in (trained, stuck)]
assert not ever_works("no shortcut") and "tanh, residual" not in trained
assert "Post-LN" in stuck and 0.5 < at_start("Post-LN", "gain") < 2
assert min(gains_of[1]) < min(gains_of[0]) and max(gains_of[0]) < max(gains_of[1])
assert min(shares[0]) > max(shares[1]) > 0.9 * min(shares[0])
say(
    "So the answer to the first prediction is: at none, in any run. By the median loss at the best rate "
    f"these sides work: {'; '.join(trained)}. Their gain at the start is {min(gains_of[0]):.0f} to {max(gains_of[0]):.0f}; others have less, as much "
    f"or more. Their open share is {min(shares[0]):.2f} or more, that of the others {max(shares[1]):.2f} or less (medians)."
)

# %% [markdown]
# So the gain does not tell who trains: Post-LN's is near 1 in the median, and it does not, in this time. The open shares are
# in order, but nearly meet: tanh with shortcuts just misses. Nothing changed the share alone: it is a hint, and no cause is shown.

# %% [markdown]
# ## Which change mends what?
#
# ### Exercise 16.choose_fix
#
# Five networks. For each give a change and the reason that fits it, as a pair of words, in this order: a list
# `[("…", "…"), …]` of five pairs.
#
# 1. 40 blocks $f(\mathbf{x})$ with tanh and nothing else. The sizes of signals and gradients are kept. But at the
#    start **one of 32 singular values** of all blocks together is left; the others are near 0.
# 2. 30 blocks $\mathbf{x} + f(\mathbf{x})$, and there is to be **no norm**. The loss starts in the thousands, and rates above
#    0.00001 diverge.
# 3. 40 **Post-LN** blocks with LayerNorm. Only the **order** of the modules may change.
# 4. A transformer **without norms**, which is to stay so. Where tokens are 1000 times as large as elsewhere, the Jacobian of its
#    attention is a million times as large.
# 5. A Pre-LN network whose branches start small, without attention. It trains well. A customer asks for a proof that it cannot
#    stretch much. In each block the proof multiplies the branch's bound by **316**, LayerNorm's, which none of their inputs comes near.
#
# | change | what it is |
# |---|---|
# | `"shortcut"` | Add the input of each block to its output. |
# | `"small_branch"` | Multiply each branch by a weight that starts near 0. |
# | `"pre_norm"` | Take each norm from behind the sum into the branch. |
# | `"cosine"` | Divide queries, keys and values by their lengths. |
# | `"center_norm"` | Put CenterNorm in the place of LayerNorm. |
# | `"wider"` | Give each layer more neurons. |
#
# | reason | what it says |
# |---|---|
# | `"identity"` | The Jacobian of each block gets an identity. |
# | `"growth"` | Each block adds less to what the shortcut carries. |
# | `"undivided"` | What comes past the branches is not divided any more. |
# | `"bounded"` | Scores stay bounded, however large the tokens. |
# | `"no_division"` | Nothing is divided by a size that may be near 0. |
# | `"capacity"` | The network can express more. |
# | `"usual"` | It is what most people use. |

# %%
### BEGIN SOLUTION
choose_fix = (
    ("shortcut", "identity"),
    ("small_branch", "growth"),
    ("pre_norm", "undivided"),
    ("cosine", "bounded"),
    ("center_norm", "no_division"),
)
### END SOLUTION

# %%
choose_fix = check("16.choose_fix", choose_fix)

# %% [markdown]
# (Mind the fifth: CenterNorm does not hold branches back. There they start small. Where they do not, the table above shows what comes of it.)

# %% [markdown]
# ## Attention on digits
#
# The second part of the experiment trains small vision transformers (Dosovitskiy and others 2021) by Adam. An image is cut into 16 patches of two by
# two pixels, the tokens; two layers follow, that is four Pre-LN blocks. Each side has 8 learning rates and six tuning
# seeds; twelve others report. Cosine branches start at 0.6 of the size of the others. So dot-product attention takes part
# with values as small, too, and L2 attention with values that make it as large as dot-product attention.

# %% tags=["hide-input"]
# The table: kinds of attention
assert all(len(side["curve"]) == 12 for side in attention.values())
shown = [
    [name, *(at_start(name, what, attention) for what in ("gain", "open")), median(last(name, attention))]
    for name in attention
]  # fmt: skip
say(table({"side": "", "gain": ".1f", "open share": ".2f", "loss": ".2f"}, shown))

# %% tags=["hide-input"]
# The figure: which rates work
names = ("no shortcut", "residual", "scaled residual", "Pre-LN")
panels = {"30 blocks": {name: nets[name] for name in names}, "attention": attention}
show(
    implicit.by_rate(
        {
            title: {name: (side["rates"], side["by_rate"]) for name, side in sides.items()}
            for title, sides in panels.items()
        },
        kept["works"],
        kept["cap"],
    ),
    alt="Last training loss against the learning rate in two panels, with a dotted line below which a rate works. Of 30 blocks, no shortcut "
    "stays at the loss of a guess, and plain shortcuts stay far above it, lowest near 0.000007; from about 0.03 on the scaled residual dips "
    "below the line up to 0.2, and Pre-LN up to 0.3. Of attention, dot-product with values of either size and cosine dip below the line over much the same rates, cosine somewhat "
    "further up; L2 stays above it.",
    caption="Which learning rates work: the six runs with tuning seeds. Line: "
    "median. Band: middle nine tenths. Dotted: half the loss of a guess.",
    claims=("C3, residual shortcuts", "C3, attention"),
)

# %% [markdown]
# ## What goes wrong
#
# **A norm mends the loss and not the gain.** Put a single LayerNorm behind thirty plain residual blocks. The
# outputs are small again, and the loss at the start is near that of a guess. But between the blocks nothing has changed: the gain is as large as before.

# %% tags=["hide-input"]
# A norm behind the last block
plain, mended = nets["residual"], nets["residual, norm at the end"]
assert plain["start"]["gain"] == mended["start"]["gain"]
assert median([curve[0] for curve in mended["curve"]]) < 3 < median(last("residual"))
assert median(last("residual, norm at the end")) > kept["works"]
say(
    f"The loss begins at {median([curve[0] for curve in mended['curve']]):.1f} and ends at "
    f"{median(last('residual, norm at the end')):.1f} at its best rate. So the size of the outputs was not all that stood in the way."
)

# %% [markdown]
# **A norm keeps sizes, not directions.** Without shortcuts a norm in each block keeps every signal at the size 1. But the
# Jacobian has one direction left, and nearly the same signal arrives whatever the digit.


# %%
def cosine_of_digits(name, seed=0):
    """Return the mean cosine between the signals of two digits behind the last block."""
    net = script.NETS[name].net
    params = net.start(generator(2000 + seed))
    h = affine(data.train.x[:100], params["W_in"], params["b_in"])
    return analysis.likeness([chain(*net.blocks_of(params)).forward(h)]).item()


sides = ("norm, no shortcut", "Post-LN", "DeepNorm", "ReZero")
alike = {name: cosine_of_digits(name) for name in sides}

# %% tags=["hide-input"]
# The table: how alike two digits are
assert alike["norm, no shortcut"] > 0.95 and alike["ReZero"] < 0.8
say(table({"side": "", "mean cosine of two digits": ".2f"}, list(alike.items())))

# %% [markdown]
# **A bound is no forecast.** Bounds multiply worst cases, and LayerNorm's is 316 in each block.

# %% tags=["hide-input"]
# Bounds and training
upper = {name: at_start(name, "upper") for name in by_descent}
largest = {name: math.log10(at_start(name, "largest")) for name in by_descent}
assert all(upper[name] >= largest[name] - 1e-6 for name in by_descent)
assert upper["Pre-LN"] > 60 and median(last("Pre-LN")) < kept["works"]
lowest_stuck = min(stuck, key=upper.get)
assert upper[lowest_stuck] < upper["Pre-LN"]
say(
    f"Pre-LN trains with a bound of $10^{{{upper['Pre-LN']:.0f}}}$, while its largest singular value at the start is about "
    f"{10 ** largest['Pre-LN']:.0f}. The side called “{lowest_stuck}” has a bound of $10^{{{upper[lowest_stuck]:.0f}}}$ and does not train."
)

# %% [markdown]
# **A start does not last.** Small branches are small at the start. Then they learn, and directions close.

# %% tags=["hide-input"]
# The table: before and after training
for name in ("scaled residual", "ReZero", "LayerScale", "DeepNorm"):
    closed = torch.tensor(nets[name]["start"]["open"]) - torch.tensor(nets[name]["end"]["open"])
    assert confidence_interval(closed).low > 0, name
rows = [
    [
        name,
        at_start(name, "open"),
        median(nets[name]["end"]["open"]),
        at_start(name, "gain"),
        median(nets[name]["end"]["gain"]),
    ]
    for name in trained
]
columns = {
    "side": "", "open, start": ".2f", "end": ".2f", "gain, start": ".1f", "its end": ".1f",
}  # fmt: skip
say(table(columns, rows))

# %% [markdown]
# ## Claims, measured
#
# C3, its implicit half: methods of this class improve a network's modules, such as residual shortcuts, normalisation, attention and activations
# (in our words, after the abstract). C2 adds that gradient flow and the Lipschitz constant are the levers. So for each of the four
# we ask three things of a change of that module alone. Does it move gain and open share at the start? Does it move the bound? And does the
# network then train, at its best rate and at how many rates? Rates are constant, but for the two sides with warm-up, and weights start
# random: what other weights can do belongs to the explicit half.

# %% tags=["hide-input"]
# The verdict: residual shortcuts
small = ("scaled residual", "ReZero", "LayerScale")
without = ("no shortcut", "residual", "residual, norm at the end")
assert not any(map(ever_works, (*without, "Adam: no shortcut", "Adam: residual")))
gains = [below(name, "no shortcut") for name in small]
assert all(gap.low > 1 for gap in gains)
assert all(min(nets[name]["working"]) > 0 for name in small)
assert all(0.5 < at_start(name, "gain") < 2 and at_start(name, "open") > 0.3 for name in small)
assert at_start("residual", "gain") > 5000 and at_start("residual", "open") < 0.1
assert below("scaled residual", "Adam: no shortcut").low > 0.5
verdict(
    "C3, residual shortcuts: they ease training through gradient flow and the Lipschitz constant.",
    "holds when the branches start small",
    f"A shortcut alone lifts the gain of 30 blocks to {gain_of('residual')}, with hardly more directions open, "
    "and no rate works in any run, with or without it. With branches that start small the gain is below 2 and the open share "
    f"{min(at_start(n, 'open') for n in small):.2f} or more; all three schemes train, with losses lower than without shortcuts by "
    f"{min(g.mean for g in gains):.1f} or more. The bound falls too, so which of these counts is not told apart. Adam does not take their "
    "place: no rate works with it either, without shortcuts or with plain ones.",
)

# %% tags=["hide-input"]
# The verdict: normalisation
normed = ("Pre-LN", "Pre-RMSNorm", "DeepNorm")
warmed = ("Post-LN, warm-up", "Adam: Post-LN, warm-up")
assert not any(map(ever_works, ("norm, no shortcut", "Pre-CenterNorm", "Post-LN", *warmed)))
assert all(below(name, "residual, norm at the end").low > 0.5 for name in normed)
assert below("Pre-LN", "Pre-CenterNorm").low > 0.5
assert at_start("Pre-LN", "gain") < 0.01 * at_start("Pre-CenterNorm", "gain")
assert at_start("Pre-LN", "upper") > at_start("residual", "upper") + 50
of_mean = below("Pre-RMSNorm", "Pre-LN")
verdict(
    "C3, normalisation: it eases training through gradient flow and the Lipschitz constant.",
    "holds when it makes branches count little beside a shortcut, for gradient flow",
    f"In place of plain residual blocks Pre-LN lowers the gain from {gain_of('residual')} to {gain_of('Pre-LN')}, DeepNorm to "
    f"{gain_of('DeepNorm')}; both train. It is the division: RMSNorm, which takes no mean off, trains as well, and with CenterNorm, which does not "
    "divide, the gain stays large and no rate works. None works with a norm and no shortcut, nor with Post-LN; a warm-up over a quarter of "
    "the 80 steps does not change that, with gradient descent or with Adam (longer training was not tried). The bound moves the other way: Pre-LN raises it by "
    f"{at_start('Pre-LN', 'upper') - at_start('residual', 'upper'):.0f} powers of ten.",
)

# %% tags=["hide-input"]
# The verdict: attention
gap = {
    pair: below(*pair, attention)
    for pair in (
        ("cosine", "dot-product"), ("cosine", "small dot-product"),
        ("small dot-product", "dot-product"), ("dot-product", "L2"),
    )
}  # fmt: skip
assert all(gap[pair].low < 0 < gap[pair].high for pair in list(gap)[:3])
assert gap["dot-product", "L2"].low > 0.5 and not any(attention["L2"]["working"])
assert max(at_start(name, "gain", attention) for name in attention) < 3
verdict(
    "C3, attention: other forms of it ease training through gradient flow and the Lipschitz constant.",
    "does not hold for L2 attention; not shown for cosine attention",
    "The Jacobian of dot-product attention can grow with the square of the tokens' size; those of L2 and cosine attention "
    "stay bounded. But at the start four Pre-LN blocks have a gain below 3 with any of them: there is little to mend. "
    f"The loss of cosine attention is lower by {gap['cosine', 'dot-product']:.2f}: no difference can be told, with branches of its size "
    f"neither. L2 attention ends {gap['dot-product', 'L2']:.2f} above dot-product attention, from branches as large. So a bounded "
    "constant is not enough. These are small networks, with tokens that a norm keeps small, and τ was not tuned.",
)

# %% tags=["hide-input"]
# The verdict: activations
assert not any(map(ever_works, ("tanh, no shortcut", "residual", "residual, LeCun")))
assert (last("tanh, residual") < kept["works"]).sum() == 10
with_he = below("tanh, residual, He", "residual")
with_lecun = below("tanh, residual", "residual, LeCun")
of_weights = below("tanh, residual", "tanh, residual, He")
like_tanh = below("residual, half weights", "tanh, residual")
assert min(with_he.low, with_lecun.low) > 0.5 > of_weights.high and of_weights.low > 0
assert like_tanh.low < 0 < like_tanh.high and max(map(abs, like_tanh)) < 0.25
assert below("scaled residual", "tanh, residual").low > 0.2
assert (
    abs(math.log(at_start("residual, half weights", "gain") / at_start("tanh, residual", "gain")))
    < 0.1
)
verdict(
    "C3, activations: they ease training through gradient flow and the Lipschitz constant.",
    "holds when there is a shortcut, for gradient flow",
    f"In plain residual blocks tanh in the place of ReLU lowers the gain from {gain_of('residual')} to {gain_of('tanh, residual')}. With ReLU no rate works in any "
    "run; with tanh the best works in 10 of 20. Smaller last weights are not the cause: with the same weights tanh's loss is lower by "
    f"{with_lecun.mean:.2f} with LeCun's and by {with_he.mean:.2f} with He's. What counts goes with the gain: where half weights give ReLU that of tanh, their losses differ by "
    f"{like_tanh:.2f}, a tie. The scaled residual with ReLU is better than both. Without shortcuts tanh does not work. The bounds differ by the weights alone.",
)

# %% [markdown]
# ## Take away
#
# - Thirty blocks train where shortcuts carry the signal and branches add little: they start small, or a norm or a bounded
#   activation holds them. A shortcut alone lets gradients grow. A norm alone does not keep their directions.
# - Where a norm stands decides what it divides: in the branch, or also the way past it.
# - A bound on the Lipschitz constant promises something for all inputs. It does not foretell training.
#
# ## Further reading
#
# - X. Qi, J. Wang and L. Zhang (2023), *Understanding optimization of deep learning via Jacobian matrix and Lipschitz constant*,
#   arXiv 2306.09338: the survey whose abstract names both classes.
# - K. He, X. Zhang, S. Ren and J. Sun (2016), *Deep residual learning for image recognition*, CVPR.
# - T. Bachlechner and others (2021), *ReZero is all you need: fast convergence at large depth*, UAI; S. De and S. Smith
#   (2020), *Batch normalization biases residual blocks towards the identity function in deep networks*, NeurIPS: SkipInit.
# - H. Touvron and others (2021), *Going deeper with image transformers*, ICCV: LayerScale.
# - R. Xiong and others (2020), *On layer normalization in the transformer architecture*, ICML: before or behind.
# - H. Wang and others (2022), *DeepNet: scaling transformers to 1,000 layers*, arXiv 2203.00555.
# - X. Qi and others (2023), *LipsFormer: introducing Lipschitz continuity to vision transformers*, ICLR.
# - H. Kim, G. Papamakarios and A. Mnih (2021), *The Lipschitz constant of self-attention*, ICML.
#
# The next lesson leaves the architecture as it is, and takes the other class: weights, gradients, rate and decay.
