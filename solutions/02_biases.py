# %% [markdown]
# # 02 · Biases
#
# **Question.** Why is w·x not enough?
#
# **Time.** about 60 minutes.
#
# **Before this.** [01 · Weights](01_weights.ipynb)

# %% [markdown]
# A neuron of lesson 01 answers 0 to a blank image, whatever its weights are. This lesson gives each
# neuron one more number, its bias. You will see what it moves, when a network can do without it, how
# to start it, and what it does when images are blurred, noisy or faded. Article A makes two claims
# about all this. Part of the first turns out to be the wrong way round.

# %% tags=["hide-input"]
# What this lesson uses
from dataclasses import replace
from functools import partial

import torch

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Slider, biases, interact, say, show, table, verdict
from course_lib.figures.runs import differences
from course_lib.figures.style import number
from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    device,
    digits,
    generator,
    networks,
    parts,
    progress_bar,
    stored,
    train,
)
from course_lib.lab.corruption import blur, fade, noise
from course_lib.lab.data import breast_cancer, imbalanced, resplit
from course_lib.lab.intervals import confidence_interval
from course_lib.nn.biases import constant_error, l1_gradient

data = digits().to(device())
dense = mine("01.dense")


# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. Threes and eights, known only by their ink in the centre and on the ring. How many does the best
#    line *through the point of no ink* get right: about 90 %, about 75 %, or about 60 %? Tossing a
#    coin gets half.
# 2. A layer of ten neurons reads digits from 64 pixels. Take its ten biases away and train again.
#    How many points of accuracy (per cent of the test images) does it lose?
# 3. Images are ink on blank paper, and the test images fade to a quarter of their ink. Which network
#    suffers more: one with biases, or one without?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## A line that cannot move
#
# An eight is a three with its gaps closed. It has more ink in the centre and more on the ring. So the
# question is how much ink is *enough*, and that is a question a weighted sum cannot ask: its line
# goes through the point of no ink, whatever the weights are. Below, 720 such lines are tried.

# %% tags=["hide-input"]
# Threes and eights, by their ink
centre = torch.zeros(8, 8, dtype=torch.bool)
frame = centre.clone()
centre[2:6, 3:5], frame[1:7, 2:6] = True, True
centre, ring = centre.flatten(), (frame & ~centre).flatten()

chosen = (data.train.y == 3) | (data.train.y == 8)
x = torch.stack([data.train.x[chosen][:, part].mean(dim=1) for part in (centre, ring)], dim=1)
y = (data.train.y[chosen] == 8).long()

# %%
angles = torch.arange(720, device=x.device) * torch.pi / 360
lines = torch.stack([angles.cos(), angles.sin()], dim=1)
right_of_each = ((dense(x, lines) > 0) == (y[:, None] == 1)).sum(dim=0)
best_line = int(right_of_each.max())

# %% tags=["hide-input"]
# The best of 720 lines
nearest = min((0.9, 0.75, 0.6), key=lambda choice: abs(choice - best_line / len(y)))
assert nearest == 0.6
say(
    f"The best of them gets {best_line} of {len(y)} right: {best_line / len(y):.0%}. That answers the "
    f"first prediction: about {nearest:.0%}."
)

# %% [markdown]
# ## The offset
#
# Give neuron $h$ a number $b_h$ of its own, its **bias**. It is added after the weighted sum:
#
# $$ \text{out}_{nh} = \sum_d W_{hd} \, x_{nd} + b_h $$
#
# $x_{nd}$ is input $d$ of example $n$, and $W_{hd}$ is the weight that neuron $h$ gives it. The bias
# does not depend on the example. It is what the neuron says to a blank image: above 0 it leans
# towards yes, below 0 it has to be convinced.
#
# ### Exercise 02.affine
#
# A layer with biases. A linear function with an offset is called *affine*.


# %%
def affine(x, weight, bias):
    """Return the weighted sums of a layer, each neuron with its bias.

    x: tensor of shape (n, d), n examples of d inputs.
    weight: tensor of shape (h, d), one row for each of h neurons.
    bias: tensor of shape (h,), one number for each neuron.
    The result has shape (n, h).
    """
    ### BEGIN SOLUTION
    return x @ weight.T + bias
    ### END SOLUTION


# %%
affine = check("02.affine", affine)

# %%
solution("02.affine")

# %% [markdown]
# From here on every network is made of this function. First the threes and eights. Both weights are
# 1, so the weighted sum is the ink in both places together. All that is left to find is the bias.

# %%
ones = torch.ones(1, 2, device=x.device)


def right(bias):
    """Return how many threes and eights are judged right with weights 1 and this bias."""
    out = affine(x, ones, torch.tensor([bias], device=x.device))[:, 0]
    return int(((out > 0) == (y == 1)).sum())


by_bias = {bias: right(bias) for bias in [-k / 100 for k in range(0, 201, 5)]}
best_bias = max(by_bias, key=by_bias.get)
assert by_bias[0.0] == int((y == 1).sum())
assert by_bias[best_bias] / len(y) > 0.8 > best_line / len(y)
say(
    f"Without a bias everything is called an eight, and {by_bias[0.0]} of {len(y)} are. With the "
    f"bias {number(best_bias, sign='+')} it gets {by_bias[best_bias]} right, "
    f"{by_bias[best_bias] / len(y):.0%}: more than any of the 720 lines through the point of no "
    "ink, although both weights are simply 1."
)

# %% [markdown]
# ## Where a neuron fires
#
# A neuron *fires* where its output is above 0. With a single input $x$, weight $w$ and bias $b$, the
# point where it begins or ceases to fire is its **threshold**: the $x$ at which $w x + b$ is 0.
#
# ### Exercise 02.threshold
#
# Find that x, for many neurons at once.


# %%
def threshold(weight, bias):
    """Return the input at which each neuron's output is 0.

    weight: tensor of shape (h,), the weight of each neuron's only input.
    None of them is 0.
    bias: tensor of shape (h,), the bias of each neuron.
    The result has shape (h,).
    """
    ### BEGIN SOLUTION
    return -bias / weight
    ### END SOLUTION


# %%
threshold = check("02.threshold", threshold)

# %% [markdown]
# ## Shift it
#
# Yes or no is all that a threshold gives. The *sigmoid* turns an output $z$ into a number between 0
# and 1, which can be read as how sure the neuron is:
#
# $$ \text{sigmoid}(z) = \frac{1}{1 + e^{-z}} $$
#
# It is one half where the output is 0, so its middle sits at the threshold. Below, one weight is
# used for both inputs, so that their ink is simply added. Your own `affine` and `threshold` do the
# work.
#
# 1. Move only *bias*, with the arrow keys. What happens to the line? What to the curve? How many can
#    you get right?
# 2. Double the weight. Where has the threshold gone, and which bias brings it back?
# 3. Make the weight negative. Which way does the bias push the threshold now?

# %%
interact(
    partial(biases.shift, affine, threshold, x, y),
    partial(biases.start_shift, names=("threes", "eights")),
    biases.draw_shift,
    {
        "weight": Slider("weight", -10.0, 10.0, 0.5, 5.0),
        "bias": Slider("bias", -15.0, 15.0, 0.5, 0.0),
    },
    alt="Left: each three and each eight as a point, by its ink in the centre and on the ring; all "
    "lie on the side that is judged an eight. Right: the sigmoid against the ink; its middle is at "
    "no ink, far to the left of all images.",
    caption="Left, the line where the output is 0. Right, the sigmoid of the output; the dotted "
    "line is the threshold. The bias moves both sideways and turns neither.",
)

# %%
seen = partial(biases.shift, affine, threshold, x, y)
scores = {k / 2: seen(weight=5.0, bias=k / 2)["right"] for k in range(-30, 31)}
best = max(scores, key=scores.get)
usual, doubled = seen(weight=5.0, bias=best), seen(weight=10.0, bias=2 * best)
assert usual["threshold"] == doubled["threshold"] and usual["right"] == doubled["right"]

# %% tags=["hide-input"]
# What the slider shows
assert list(scores.values()).count(scores[best]) == 1
assert seen(weight=5.0, bias=best - 0.5)["threshold"] > usual["threshold"]
assert seen(weight=-5.0, bias=6.5)["threshold"] > seen(weight=-5.0, bias=6.0)["threshold"]
say(
    f"With weight 5 the best bias on the slider is {number(best, 1, sign='+')}: the threshold is "
    f"{usual['threshold']:.2f}, and {usual['right']} are right. With weight 10 it takes the bias "
    f"{number(2 * best, 1, sign='+')} to bring threshold and count back; only the curve is steeper. Raising the "
    "bias lowers the threshold if the weight is above 0, and raises it if the weight is below 0."
)

# %% [markdown]
# ## A bias is a weight
#
# Imagine one more input that is 1 in every example. Its weight is added to every weighted sum as it
# is. So a bias is the weight of an input that is always 1, and all that lesson 01 said about weights
# holds for biases too.
#
# ### Exercise 02.bias_column
#
# Build the inputs with a last column of ones, and the weights with the biases as their last column.


# %%
def bias_column(x, weight, bias):
    """Return inputs and weights whose plain product has the biases in it.

    x: tensor of shape (n, d).
    weight: tensor of shape (h, d).
    bias: tensor of shape (h,).
    The results are two: inputs of shape (n, d + 1), whose last column is 1,
    and weights of shape (h, d + 1), whose last column holds the biases.
    """
    ### BEGIN SOLUTION
    wide_x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    wide_weight = torch.cat([weight, bias[:, None]], dim=1)
    return wide_x, wide_weight
    ### END SOLUTION


# %%
bias_column = check("02.bias_column", bias_column)

# %%
source = generator(0)
W = torch.randn(10, 64, generator=source).to(device())
b = torch.randn(10, generator=source).to(device())
images = data.test.x
wide_images, wide_W = bias_column(images, W, b)
torch.testing.assert_close(dense(wide_images, wide_W), affine(images, W, b))

# %% tags=["hide-input"]
# The two layers agree
assert wide_images.shape == (len(images), 65) and wide_W.shape == (10, 65)
say("On all test images the two layers agree: `dense` with a column of ones is `affine`.")

# %% [markdown]
# Now turn it around. If some weighted sum of the inputs *already is* 1 in every example, a neuron
# can add it to its weights, and needs no bias. How near to 1 can a weighted sum of pixels get? *Least
# squares* finds the weights for which the mean squared error is least. The table has the root of that
# error. 0 % means that weights alone can do all the work of a bias; 100 % means that they can do none
# of it.

# %% tags=["hide-input"]
# How well weights imitate a 1
mean_image = data.train.x.mean(dim=0)
views = {
    "ink, 0 for paper (as it comes)": data.train.x,
    "inverted, 1 for paper (as a photograph)": 1 - data.train.x,
    "centred: each pixel minus its mean": data.train.x - mean_image,
}
errors = {name: float(constant_error(seen_as.cpu())) for name, seen_as in views.items()}
ink_error, inverted_error, centred_error = errors.values()
assert inverted_error < 1e-6 and 0.05 < ink_error < 0.15 and centred_error > 0.999
always_blank = data.train.x.amax(dim=0) == 0
assert always_blank.any()
say(table({"the inputs": "", "error of the best imitation of 1": ".0%"}, errors.items()))
spread = data.train.x.sum(dim=1).std() / data.train.x.sum(dim=1).mean()
say(
    f"The ink of an image is much the same for all: its standard deviation is {spread:.0%} of its mean."
)

# %% [markdown]
# Since all images have much the same ink, the plain sum of the pixels is nearly constant, and a bias
# has little to add. In inverted images some pixels are 1 in every image: a bias by another name. Only
# centring takes this away.
#
# Some layers undo a bias whatever their inputs are. *Batch normalisation* takes from each neuron's sums
# their mean over the batch and divides by their standard deviation (Ioffe and Szegedy, 2015). A bias
# raises all sums of its neuron by $b$, so it raises their mean by $b$ too:
#
# $$ (z + b) - \text{mean}(z + b) = z - \text{mean}(z) $$
#
# The bias has gone, and its gradient is 0. Such a layer needs none; the offset is added behind the
# normalisation.


# %%
def normalised(z):
    """Return z (n, h) with mean 0 and standard deviation 1 for each neuron over the batch."""
    return (z - z.mean(dim=0)) / z.std(dim=0)


apart = (normalised(affine(images, W, b)) - normalised(dense(images, W))).abs().max()

# %% tags=["hide-input"]
# What is left of the biases
assert apart < 1e-4 < 0.1 < (affine(images, W, b) - dense(images, W)).abs().max()
say("With and without biases, the normalised sums of all test images agree to four digits.")

# %% [markdown]
# Now take the biases away and train again. The stored experiment did it with 24 seeds: each time the
# images are divided anew, and starting weights and order are others. Each side chose among the same 25
# learning rates, by the accuracy on validation images of ten other seeds. Two of the 24 are run again
# here, with your functions.


# %% tags=["hide-input"]
# The stored experiment, and centred images
kept = stored("02_biases")
a3, a4 = kept["A3"]["conditions"], kept["A4"]
assert (kept["seeds"], kept["tuning_seeds"], len(kept["A3"]["lrs"])) == (24, 10, 25)


def centred(part):
    """Return the same data, with the mean of the training images taken off each image."""
    mean = part.train.x.mean(dim=0)
    return Dataset(part.name, *(Split(s.x - mean, s.y) for s in parts(part)))


# %%
def without_biases(params, x):
    return dense(x, params["W"])


def with_biases(params, x):
    return affine(x, params["W"], params["b"])


# %% tags=["hide-input"]
# Stored runs again
def rerun(seed, name, side):
    """Train one of the stored runs of ten neurons again; return all that belongs to it."""
    source = generator(seed)
    part = resplit(digits(), source).to(device())
    if "centred" in name:
        part = centred(part)
    start = {"W": (torch.randn(10, 64, generator=source) / 8).to(device())}
    forward = without_biases
    if side == "with":
        start["b"], forward = torch.zeros(10, device=device()), with_biases
    settings = {"lr": a3[name][side]["lr"], "epochs": kept["epochs"], "batch_size": kept["batch"]}
    params, _ = train(forward, start, part, generator=source, label=None, **settings)
    return forward, params, part


cells = [
    (name, side, seed)
    for name in ("10 neurons", "10 neurons, centred")
    for side in ("without", "with")
    for seed in (0, 1)
]
runs, rows = {}, []
for name, side, seed in progress_bar(cells, "runs again"):
    forward, params, part = runs[name, side, seed] = rerun(seed, name, side)
    now = accuracy(forward(params, part.test.x), part.test.y)
    then = a3[name][side]["test_accuracy"]["clear"][seed]
    assert abs(now - then) < 0.01
    rows.append([name, side, seed, now, then])
columns = {"network": "", "biases": "", "seed": "d", "just now": ".1%", "stored": ".1%"}
say(table(columns, rows))


# %% tags=["hide-input"]
# What biases add to the accuracy
def gain(name, level):
    """Return what biases add to the test accuracy, in points, for each stored run."""
    more, less = (a3[name][side]["test_accuracy"][level] for side in ("with", "without"))
    return 100 * (torch.tensor(more) - torch.tensor(less))


def at_same_rate(name, level):
    """Return what they add in the mean where both sides have one rate, for each that suits both."""
    return [mean for mean, _, _ in a3[name]["same rate"]["biases add"][level]]


def ends(means):
    """Return the least and the largest of some means in words."""
    low, high = (number(of, 1, sign="+") for of in torch.tensor(list(means)).aminmax())
    return low if low == high else f"{low} to {high}"


def gains(cases):
    """Return a table of what biases add. `cases` maps words to a network and a level of damage."""
    columns = {"case": "", "without biases": ".1%", "biases add, points": ">", "at one rate": ">"}
    rows = []
    for words, (name, level) in cases.items():
        less = torch.tensor(a3[name]["without"]["test_accuracy"][level]).mean()
        same = ends(at_same_rate(name, level))
        rows.append([words, less, str(confidence_interval(gain(name, level))), same])
    return table(columns, rows)


plain, on_centred = (
    confidence_interval(gain(n, "clear")) for n in ("10 neurons", "10 neurons, centred")
)
assert max(map(abs, plain)) < 0.3 and on_centred.low > 0 and on_centred.high < 0.5
assert min(at_same_rate("10 neurons, centred", "clear")) > 0
say(
    gains(
        {
            "images as they come": ("10 neurons", "clear"),
            "centred images": ("10 neurons, centred", "clear"),
        }
    )
)

# %% [markdown]
# *Biases add* compares each side at its own best rate: the mean over 24 runs, and in brackets its *95 %
# interval*. In 95 of 100 such experiments it holds the mean of infinitely many runs on new divisions of
# *these* images. For other images of the kind it is too narrow, in a simulation by a factor of 1.7. *At one rate*
# has the smallest and the largest mean when both sides train at the same rate, over all rates at which
# each is within a point of its best.
#
# That answers the second prediction. On images as they come the network loses nothing; a loss of 0.3
# points would have shown. On centred ones it loses less than half a point.
#
# ## Blurred, noisy, faded
#
# Article A says that a bias lets a neuron respond when inputs are weak or noisy, and that without
# biases blurred images are judged badly. So here are bad images. *Blur* spreads the ink of each pixel
# over its neighbours; the number says how far, in pixels. *Noise* adds a random number to each pixel;
# the number says how large these are. *Muted* multiplies every pixel by the number.

# %% tags=["hide-input"]
# One eight, made worse
eight = data.test.x[data.test.y == 8][:1]
bad = {
    "clear": eight,
    "blur 0.75": blur(eight, 0.75),
    "blur 1.5": blur(eight, 1.5),
    "noise 0.3": noise(eight, 0.3, generator(0)),
    "noise 0.5": noise(eight, 0.5, generator(0)),
    "muted 0.5": fade(eight, 0.5),
    "muted 0.25": fade(eight, 0.25),
}
assert all(image.shape == (1, 64) for image in bad.values())
assert bad["blur 1.5"].max() < bad["blur 0.75"].max() < eight.max()
torch.testing.assert_close(4 * bad["muted 0.25"], eight)
show(
    biases.damaged(bad),
    alt="The same handwritten eight seven times: clear, blurred a little and a lot, with some and "
    "with much noise, and paler and paler.",
    caption="One eight, made worse in three ways.",
)

# %% [markdown]
# The networks are trained on clear images and tested on bad ones. First two of them in full: ten
# neurons on images as they come, and a network with 32 hidden neurons (between the pixels and the ten
# that name the digit) on centred images.


# %% tags=["hide-input"]
# Accuracy on worse and worse images
def by_kind(name):
    """Return a network's test accuracies, sorted by what was done to the images."""
    kinds = {}
    for kind in ("blur", "noise", "muted"):
        kinds[kind] = {}
        for side in ("without", "with"):
            found = a3[name][side]["test_accuracy"]
            levels = {"clear": found["clear"]}
            levels |= {k.split()[1]: v for k, v in found.items() if k.startswith(kind)}
            kinds[kind][side] = levels
    return kinds


panels = {name: by_kind(name) for name in ("10 neurons", "32 hidden, centred")}
for of_kind in panels.values():
    assert [len(of_kind[kind]["with"]) for kind in of_kind] == [5, 5, 4]
    assert all(len(runs) == kept["seeds"] for runs in of_kind["blur"]["with"].values())
show(
    biases.accuracy_by_level(panels),
    alt="Six panels of accuracy against blur, noise and muting, for two networks, with and without "
    "biases. For ten neurons the lines nearly agree under blur and noise; under muting the one "
    "without biases stays flat and the one with biases falls. For 32 hidden neurons on centred images "
    "the line with biases is a little higher under blur.",
    caption="Test accuracy of 24 runs each, on worse and worse images. Line: median. Band: middle "
    "nine tenths of runs.",
    claims=("A3",),
)

# %% [markdown]
# Look at the muted images, top right. Without biases, fading does nothing at all. That is
# no accident: every output is a weighted sum of ink, so a quarter of the ink makes a quarter of every
# output, and the largest stays the largest. A bias does not fade with the ink. In a pale image it
# weighs more than it was trained to, and in a blank one it decides alone.

# %%
changed = {}
for side in ("without", "with"):
    forward, params, part = runs["10 neurons", side, 0]
    full, faded = part.test.x, fade(part.test.x, 0.25)
    before, after = (forward(params, images).argmax(dim=1) for images in (full, faded))
    changed[side] = int((before != after).sum())

nothing = torch.zeros(1, 64, device=device())
says = int(with_biases(params, nothing).argmax())

# %% tags=["hide-input"]
# What fading changes
assert changed["without"] == 0 < changed["with"]
assert says == int(params["b"].argmax())
say(
    f"When the ink fades to a quarter, {changed['without']} of {len(faded)} answers change without "
    f"biases, and {changed['with']} with them. A blank sheet is called a {says} by the network with "
    "biases: the digit with the largest bias."
)

# %% [markdown]
# That answers the third prediction: with ink as it comes, the network with biases suffers more. It is
# the reverse of what article A says. It also has a use: networks that clean up noisy photographs work
# at noise levels that they never saw, once their biases are taken away (Mohan and others, below).
#
# Here are all networks of the experiment, run by run. *Inverted* and *centred* are the two other ways
# of looking at images, from above. Networks with *4 inputs* see only the mean ink of the four quarters
# of an image, and have ten neurons.

# %% tags=["hide-input"]
# What biases add, all networks
names = [name for name, found in a3.items() if "clear" in found["with"]["test_accuracy"]]
levels = ("clear", "blur 0.75", "noise 0.3", "muted 0.25")
in_words = {
    "10 neurons, inverted": "10, inverted",
    "10 neurons, centred": "10, centred",
    "four numbers": "4 inputs",
    "four numbers, centred": "4 inputs, centred",
}
show(
    differences(
        {level: {in_words.get(n, n): gain(n, level) for n in names} for level in levels},
        confidence_interval,
        "what biases add to the accuracy, in points, for each run",
    ),
    alt="Four panels with a row for each network. On clear and on noisy images the differences are "
    "close to 0, except for 4 hidden neurons and 4 centred inputs, which gain. Under blur centred "
    "networks gain. On muted images networks that see ink as it comes lose, many of them a lot.",
    caption="Accuracy with biases minus accuracy without, for each of 24 runs, each side at its own "
    "best learning rate: right of 0 biases help, left of 0 they harm. The bar is the 95 % interval of "
    "the mean.",
    claims=("A3",),
)

# %% [markdown]
# One row should make you suspicious. On inverted images a network without biases can compute exactly
# what one with biases can; how then can biases change anything? Each side had chosen its own learning
# rate. So look at the last column.

# %% tags=["hide-input"]
# Inverted images, at one rate
name, level = "10 neurons, inverted", "blur 1.0"
own, same = confidence_interval(gain(name, level)), at_same_rate(name, level)
rates = [a3[name][side]["lr"] for side in ("without", "with")]
assert rates[0] != rates[1] and own.low > 1 and max(map(abs, same)) < own.low and len(same) >= 3
say(gains({f"inverted images, {level}": (name, level)}))
say(
    f"Without biases the rate {rates[0]:.2g} was best, with biases {rates[1]:.2g}. At rates of their "
    f"own, biases seem to add {own.mean:.1f} points. At one and the same rate they add nothing like it: "
    "what looked like an effect of biases was an effect of the learning rate."
)

# %% [markdown]
# So below, biases *help* or *harm* only where the interval says so *and* the sign is the same at every
# rate that suits both sides. Elsewhere we cannot tell.
#
# ## Rare classes: how to start
#
# With all weights at 0 a neuron says the same to every example: the sigmoid of its bias. If its bias
# is 0 as well, that is one half. When one tumour in twenty is malignant, one half is a bad guess, and
# the first steps of training go into unlearning it. A better start is the bias whose sigmoid is the
# share $p$ of the class:
#
# $$ \text{sigmoid}(b) = \frac{1}{1 + e^{-b}} = p $$
#
# ### Exercise 02.prior_bias
#
# Solve this for $b$, which is also called the *log-odds* of $p$.


# %%
def prior_bias(p):
    """Return the bias whose sigmoid is p.

    p: tensor of any shape, each number above 0 and below 1.
    The result has the shape of p.
    """
    ### BEGIN SOLUTION
    return torch.log(p / (1 - p))
    ### END SOLUTION


# %%
prior_bias = check("02.prior_bias", prior_bias)

# %%
solution("02.prior_bias")

# %% [markdown]
# The data are 569 tumours with 30 measures each of their cells, from a clinic in Wisconsin. From the
# training part most malignant ones are taken out, so that about one in twenty is left. One neuron is
# trained from a bias of 0 and from your `prior_bias`; its weights start at 0 both times.

# %%
cancer = breast_cancer().to(device())
rare = replace(cancer, train=imbalanced(cancer.train, 0.05, generator(0)))
p = rare.train.y.cpu().double().mean()


def two_classes(params, x):
    """Two outputs: 0 for benign, and the neuron, with a bias if it has one, for malignant."""
    out = affine(x, params["W"], params["b"]) if "b" in params else dense(x, params["W"])
    return torch.cat([torch.zeros_like(out), out], dim=1)


# %% tags=["hide-input"]
# One neuron on tumours
def train_neuron(part, bias, **settings):
    """Train a neuron from weights of 0 and the given bias; from none if that is None."""
    start = {"W": torch.zeros(1, part.train.x.shape[1], device=device())}
    if bias is not None:
        start["b"] = torch.tensor([float(bias)], device=device())
    settings = {"lr": 0.03, "epochs": 10, "batch_size": 32, "label": None} | settings
    return train(two_classes, start, part, generator=generator(1), **settings)


# %%
curves = {}
for name, bias in (("bias starts at 0", 0.0), ("bias starts at the log-odds", prior_bias(p))):
    _, history = train_neuron(rare, bias)
    curves[name] = history["train_loss"]

# %% tags=["hide-input"]
# The loss from either start
from_zero, from_odds = curves.values()

surprise = -(p * p.log() + (1 - p) * (1 - p).log())
torch.testing.assert_close(from_zero[0], torch.tensor(0.5).log().neg())
torch.testing.assert_close(from_odds[0].double(), surprise, atol=1e-6, rtol=1e-5)
caught_up = int((from_zero < from_odds[0]).nonzero()[0])
assert caught_up > 3 and (from_odds < from_zero).all()
show(
    biases.loss_from(curves),
    alt="Training loss over ten epochs. From a bias of 0 it starts at 0.69 and falls; from the "
    "log-odds it starts at 0.2 and stays below the other curve throughout.",
    caption="The same neuron on the same data. Only the bias at the start differs.",
)
say(
    f"{int(rare.train.y.sum())} of {len(rare.train)} are malignant, so the bias starts at "
    f"{number(prior_bias(p).item(), sign='+')} and the loss at {from_odds[0]:.2f}. The other start needs "
    f"{caught_up} epochs to get that far."
)

# %% [markdown]
# With ten classes the same idea gives each output the bias $\log p_k$, where $p_k$ is the share of
# class $k$.
#
# ## The other meaning of *bias*
#
# The word has two meanings, and article A uses both as if they were one.
#
# | | bias of a neuron | bias of a model |
# |---|---|---|
# | what it is | a number that is added | an error that goes the same way again and again |
# | where it sits | in the parameters | between the answers and the truth |
# | good or bad | neither | bad |
#
# To see them apart, a neuron gets two measures only, texture and smoothness. It is trained on tumours
# as they are, or on those where malignant is rare; with a bias or without. Then it is asked about
# test tumours as they are. The bias of the model is the share that it *expects* to be malignant, minus
# the share that *is*. *Found* are malignant tumours that are called so, a *false alarm* is a benign one
# that is called malignant.


# %% tags=["hide-input"]
# Two measures, and how to judge
def of_two_measures(part):
    """Return the same tumours, known by their mean texture and mean smoothness only."""
    return Dataset(part.name, *(Split(s.x[:, [1, 4]], s.y) for s in parts(part)))


test = of_two_measures(cancer).test
truth = test.y.cpu().double().mean().item()


def judge(params):
    """Return what share of test tumours is expected malignant, and what share of those is found.

    Third comes the share of false alarms among benign ones.
    """
    likely = two_classes(params, test.x).softmax(dim=1)[:, 1]
    found, alarms = ((likely > 0.5)[test.y == kind].double().mean().item() for kind in (1, 0))
    return likely.cpu().double().mean().item(), found, alarms


# %%
trained, judged = {}, {}
for training, part in {"as they are": cancer, "malignant is rare": rare}.items():
    for word, bias in {"without": None, "with": 0.0}.items():
        params, _ = train_neuron(of_two_measures(part), bias, lr=0.1, epochs=60)
        trained[training, word], judged[training, word] = params, judge(params)

# %% tags=["hide-input"]
# The four neurons
rows = []
for row, ((training, word), (expected, found, alarms)) in enumerate(judged.items(), start=1):
    own = "none" if word == "without" else number(trained[training, word]["b"].item(), sign="+")
    off = number(100 * (expected - truth), 0, sign="+")
    rows.append([f"{row}: {training}", own, f"{off} points", found, alarms])
columns = {"trained on": "", "neuron's bias": ">", "model's bias": ">"}
columns |= {"found": ".0%", "false alarms": ".0%"}

error = {key: expected - truth for key, (expected, _, _) in judged.items()}
assert abs(error["as they are", "with"]) < 0.05 < 0.1 < error["as they are", "without"]
assert error["malignant is rare", "with"] < -0.25 and judged["malignant is rare", "with"][1] < 0.1
assert abs(error["as they are", "without"] - error["malignant is rare", "without"]) < 0.03
assert judged["as they are", "without"][2] > 2 * judged["as they are", "with"][2]
say(table(columns, rows))

# %% [markdown]
# - **Rows 1 and 3: no bias in the neuron, a bias in the model.** To a tumour of average measures such
#   a neuron always gives one half, whatever it was trained on. So both rows are nearly alike, and both
#   expect too many malignant ones. They find most of these, but only because they call so many tumours
#   malignant: look at the false alarms.
# - **Row 2: a bias in the neuron, hardly any in the model.** The neuron has learnt the share of its
#   training data, which is the true one. It calls fewer tumours malignant. So it finds fewer, and
#   raises far fewer false alarms.
# - **Row 4: a bias in both.** Here the share in the training data is not the true one. The neuron's
#   bias carries the mistake over, and hardly any malignant tumour is found.
#
# So one kind of bias can mend the other. The training data had the wrong share and the neuron learnt
# its log-odds; put the right log-odds in their place.

# %%
shares = [part.train.y.cpu().double().mean() for part in (cancer, rare)]
move = float(prior_bias(shares[0]) - prior_bias(shares[1]))
key = ("malignant is rare", "bias moved")
trained[key] = {**trained["malignant is rare", "with"]}
trained[key]["b"] = trained[key]["b"] + move
judged[key] = judge(trained[key])

# %% tags=["hide-input"]
# The bias moved
assert abs(judged[key][0] - truth) < 0.1 and judged[key][1] > 0.7
say(
    f"The bias moves by {number(move, sign='+')}. Now {judged[key][1]:.0%} of the malignant test tumours are "
    f"found where it was {judged['malignant is rare', 'with'][1]:.0%}, and the model's bias is "
    f"{number(100 * (judged[key][0] - truth), 0, sign='+')} points where it was "
    f"{number(100 * error['malignant is rare', 'with'], 0, sign='+')}. No weight changed."
)

# %% [markdown]
# ## Hold biases back
#
# To keep biases small there are *penalties*. They are added to the loss, the number that training
# makes smaller:
#
# $$ \text{L2:}\quad \text{loss} + \lambda \sum_h b_h^2 \qquad\qquad \text{L1:}\quad \text{loss} +
# \lambda \sum_h |b_h| $$
#
# $\lambda$ is the *strength* of the penalty, 0 or more. Training needs the gradient: how fast the
# whole changes with each $b_h$. For L1 it is the gradient of the loss plus $\lambda$ times the sign of
# $b_h$: the same pull, however large the bias.
#
# ### Exercise 02.l2_gradient
#
# Now L2, exactly as it stands above: $\lambda$ times the square, without a half before it.


# %%
def l2_gradient(gradient, bias, strength):
    """Return the gradient of loss + strength · (sum of squared biases).

    gradient: tensor of shape (h,), the gradient of the loss alone: how fast
    it changes with each bias.
    bias: tensor of shape (h,), the biases.
    strength: a number, 0 or more.
    The result has shape (h,).
    """
    ### BEGIN SOLUTION
    return gradient + 2 * strength * bias
    ### END SOLUTION


# %%
l2_gradient = check("02.l2_gradient", l2_gradient)

# %%
solution("02.l2_gradient")

# %% [markdown]
# Here it works, on the first 100 training images, centred and with much noise. Each of 300 steps moves
# every weight and every bias against its gradient, which is called *gradient descent*. The penalty
# pulls only the biases.

# %%
few = Split(data.train.x[:100], data.train.y[:100])
noisy_x = noise(few.x, 0.4, generator(0))
noisy_x = noisy_x - noisy_x.mean(dim=0)


def descend(pull, steps=300, lr=0.3):
    """Return the biases after each step, `(steps + 1, 10)`. pull: changes their gradient."""
    W = (torch.randn(10, 64, generator=generator(0)) / 8).to(device()).requires_grad_()
    b = torch.zeros(10, device=device(), requires_grad=True)
    path = [b.detach()]
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(affine(noisy_x, W, b), few.y)
        of_W, of_b = torch.autograd.grad(loss, (W, b))
        W = (W - lr * of_W).detach().requires_grad_()
        b = (b - lr * pull(of_b, b)).detach().requires_grad_()
        path.append(b.detach())
    return torch.stack(path)


pulls = {
    "no penalty": lambda gradient, bias: gradient,
    "L2, strength 0.03": partial(l2_gradient, strength=0.03),
    "L1, strength 0.01": partial(l1_gradient, strength=0.01),
}
paths = {name: descend(pull).cpu() for name, pull in pulls.items()}

# %% tags=["hide-input"]
# Ten biases in training
last = {name: path[-1].abs().max().item() for name, path in paths.items()}
assert all(path.shape == (301, 10) for path in paths.values())
free, l2, l1 = last.values()
assert l2 < free and l1 < free
show(
    biases.bias_paths(paths),
    alt="Ten biases over 300 steps, in three panels. Without a penalty they spread; with L2 they "
    "spread less; with L1 most stay at 0.",
    caption="Ten biases in training. L2 pulls large ones more than small ones; L1 pulls all alike, and "
    "holds those at 0 that the data do not need.",
    claims=("A4, first part",),
)
at_zero = int((paths["L1, strength 0.01"][-1].abs() < 0.01).sum())
say(
    f"The largest bias ends at {free:.2f} without a penalty, at {l2:.2f} with L2 and at {l1:.2f} with "
    f"L1, which keeps {at_zero} of the 10 at 0."
)

# %% [markdown]
# ## What goes wrong
#
# **All hidden biases start at an extreme.** Far below 0 no neuron fires, so nothing flows, and as in
# lesson 01 a connection without a signal has no gradient. Far above 0 all neurons fire for every
# image: the network is one layer in disguise, and its outputs are large. So watch two numbers while a
# network trains: its largest bias, and how many neurons never fire.
#
# The experiment started all 32 hidden biases of a network at one value, and chose among many learning
# rates for two ways to train. *SGD*, stochastic gradient descent, is what `train` does: steps against
# a gradient that is computed from a few images drawn at random. *Adam* is another rule, which gives
# each weight a step size of its own (lesson 11).


# %%
def two_layers(params, x):
    """32 hidden neurons, of whose outputs only what is above 0 goes on; then ten neurons."""
    hidden = affine(x, params["W1"], params["b1"])
    return affine(torch.relu(hidden), params["W2"], params["b2"])


# %% tags=["hide-input"]
# Extreme starts
def start_at(value, lr, seed=0):
    """Run one of the stored runs again, from hidden biases at `value`; return its accuracy."""
    source = generator(seed)
    part = resplit(digits(), source).to(device())
    params = networks.start([64, 32, 10], source)
    params["b1"] = params["b1"] + value
    settings = {"lr": lr, "epochs": kept["epochs"], "batch_size": kept["batch"], "label": None}
    params, _ = train(two_layers, params, part, generator=source, **settings)
    return accuracy(two_layers(params, part.test.x), part.test.y).item()


begun = a4["starts"]
responding = dict(zip(begun["starts"], begun["responding"], strict=True))
assert responding[-10.0] == responding[-3.0] == 0 and responding[3.0] == 1
assert 0.4 < responding[0.0] < 0.6
sgd = begun["SGD"]
best_rate = dict(zip(begun["starts"], sgd["best_lr"], strict=True))
best_score = dict(zip(begun["starts"], sgd["test_accuracy"], strict=True))
live = {value: start_at(value, best_rate[value]) for value in (-10.0, 0.0, 3.0)}
assert all(abs(now - best_score[value][0]) < 0.02 for value, now in live.items())
show(
    biases.starts(
        begun["starts"],
        {
            f"SGD, rate {sgd['usual_lr']:.2g}": sgd["test_accuracy_at_usual_lr"],
            "SGD, best rate": sgd["test_accuracy"],
            "Adam, best rate": begun["Adam"]["test_accuracy"],
        },
        live,
    ),
    alt="Test accuracy against the value at which all hidden biases start. Below minus 1 all three "
    "lines lie at one in ten. From 0 to 3 all are high. At 10 and 30 the usual rate fails, the best "
    "rate does better, and Adam does best.",
    caption="Test accuracy of 24 runs each. Line: median. Band: middle nine tenths of runs. "
    f"The rate {sgd['usual_lr']:.2g} is the best one for a start at 0. The starts stand at equal "
    "distances: the axis is not to scale.",
    claims=("A4, third part",),
)

# %% [markdown]
# **The biases run down the examples.** Add a bias as a column, and torch stays silent as long as there
# are as many examples as neurons.

# %%
_, params, part = runs["10 neurons", "with", 0]
ten = part.test.x[:10]
across = affine(ten, params["W"], params["b"])
down = dense(ten, params["W"]) + params["b"][:, None]
assert across.shape == down.shape and not torch.allclose(across, down)

# %% tags=["hide-input"]
# What torch says
try:
    dense(part.test.x[:50], params["W"]) + params["b"][:, None]
except RuntimeError as error:
    message = str(error).splitlines()[0]
say(
    "With 10 images the wrong sum has the right shape, and no error comes. With 50 images torch says: "
    f"“{message}”. Test a layer with fewer examples than neurons, and with more."
)

# %% [markdown]
# ## Claims, measured
#
# Differences are taken run by run: the same division of the images, the same starting weights, the
# same order. First all of A3: eight networks on clear images and on eleven kinds of damaged ones. Of
# its 96 intervals about five miss by chance, so look at how many there are of a kind. *Least* and *most*
# are what biases add in the mean, in points.


# %% tags=["hide-input"]
# A3: how often biases help and harm
def effect(name, level):
    """Return 1 if biases help, -1 if they harm, 0 if we cannot tell."""
    own, same = confidence_interval(gain(name, level)), at_same_rate(name, level)
    helps = own.low > 0 and all(mean > 0 for mean in same)
    harms = own.high < 0 and all(mean < 0 for mean in same)
    return int(helps) - int(harms)


by_kind = {
    kind: [level for level in a3["10 neurons"]["with"]["test_accuracy"] if level.startswith(kind)]
    for kind in ("clear", "blur", "noise", "muted")
}
assert len(names) == 8 and sum(map(len, by_kind.values())) == 12
views = {
    "as they come": [n for n in names if "centred" not in n and "inverted" not in n],
    "inverted": [n for n in names if "inverted" in n],
    "centred": [n for n in names if "centred" in n],
}
effects, rows = {}, []
for kind, levels_of_kind in by_kind.items():
    for view, those in views.items():
        cells = [(name, level) for name in those for level in levels_of_kind]
        effects[kind, view] = [effect(*cell) for cell in cells]
        means = [confidence_interval(gain(*cell)).mean for cell in cells]
        counts = [effects[kind, view].count(sign) for sign in (1, -1, 0)]
        rows.append([f"{kind}, {view}", *counts, min(means), max(means)])
columns = {"images": "", "help": "d", "harm": "d", "cannot tell": "d"}
say(table(columns | {"least": "+.1f", "most": "+.1f"}, rows))

# %% tags=["hide-input"]
# A3, first half
narrow, faint = (
    confidence_interval(gain(*of))
    for of in (("4 hidden", "noise 0.3"), ("10 neurons", "muted 0.25"))
)
noisy = [effect(name, level) for name in names for level in by_kind["noise"]]
pale, pale_centred = effects["muted", "as they come"], effects["muted", "centred"]
assert noisy.count(1) > 5 and narrow.low > 3
assert pale.count(-1) > 8 and pale.count(1) == 0
assert pale_centred.count(1) and pale_centred.count(-1)
verdict(
    "A3, first half: a bias moves the activation left or right, and lets a neuron respond when inputs "
    "are muted or noisy.",
    "holds when the neuron stands alone",
    "The threshold of one neuron is minus bias / weight, so its bias can make it respond to as little "
    "as you like. Networks need not judge better for it. On noisy images biases help in "
    f"{noisy.count(1)} of {len(noisy)} cases and harm in {noisy.count(-1)}. Four hidden neurons gain "
    f"{narrow.mean:.1f} points at noise 0.3. On muted images as they come biases harm in "
    f"{pale.count(-1)} of {len(pale)} cases: at a quarter of the ink they cost ten neurons "
    f"{-faint.mean:.1f} points. On muted centred ones it goes both ways.",
)

# %% tags=["hide-input"]
# A3, second half
half = {
    "10 neurons, blur 1.0": ("10 neurons", "blur 1.0"),
    "the same, trained on blur 1.0": ("10 neurons, blurred training", "blur 1.0"),
    "10 neurons trained on noise 0.3, noise 0.3": ("10 neurons, noisy training", "noise 0.3"),
    "32 hidden, centred, blur 0.75": ("32 hidden, centred", "blur 0.75"),
    "the same, trained on blur 1.0, blur 1.0": ("32 hidden, centred, blurred training", "blur 1.0"),
    "the same, trained on noise 0.3, noise 0.3": (
        "32 hidden, centred, noisy training",
        "noise 0.3",
    ),
    "4 hidden, clear": ("4 hidden", "clear"),
}
say(gains(half))
soft, learnt, _, inside, learnt_centred, _, few_hidden = (
    confidence_interval(gain(*of)) for of in half.values()
)
mild = [effect(n, level) for n in views["centred"] for level in ("blur 0.5", "blur 0.75")]
soft_raw = effects["blur", "as they come"]
assert (
    mild.count(1) >= 5
    and mild.count(-1) == 0
    and few_hidden.low > 2
    and effect("4 hidden", "clear") == 1
)
assert soft.high < 0 and soft_raw.count(-1) > soft_raw.count(1)
assert learnt.high < 0 and learnt_centred.high < 0
own, same = (a3["4 hidden"][side]["test_accuracy"]["clear"] for side in ("output alone", "without"))
at_output = confidence_interval(100 * (torch.tensor(own) - torch.tensor(same)))
assert at_output.low > 2
verdict(
    "A3, second half: without biases blurred images are judged badly, and a model generalises worse.",
    "holds when the inputs are centred and the blur is mild, or the network is narrow",
    f"On centred images at blur 0.5 and 0.75 biases help in {mild.count(1)} of {len(mild)} cases: 32 hidden neurons "
    f"gain {inside.mean:.1f} points at 0.75. On images as they come biases harm in "
    f"{soft_raw.count(-1)} of {len(soft_raw)} blurred cases. A network that was trained on blurred "
    "images is no better for them either. On clear images 4 hidden neurons "
    f"gain {few_hidden.mean:.1f} points. Biases of the output neurons alone bring {at_output.mean:.1f}: "
    "perhaps they spare a hidden neuron that would have to make the constant.",
)

# %% [markdown]
# *Overfitting* means that a network learns its training images by heart, noise and all, and reads
# other images worse for it. To bring it about for article A's second claim, the experiment trained
# networks of 32 hidden neurons on 100 images with noise 0.4. First the learning rate was chosen
# without a penalty. At that rate each penalty chose among 27 strengths, on validation images of other
# seeds.

# %% tags=["hide-input"]
# Penalties, by strength
penalties = a4["penalties"]
strengths = penalties["strengths"]
panels, at_best, bare, sizes = {}, {}, [], []
for view, found in penalties["views"].items():
    panels[view] = {}
    for name, of in found.items():
        if name == "lr":
            continue
        losses = torch.tensor(of["test_loss"])
        assert losses.shape == (28, 24) and strengths[0] == 0 < of["best"] < 27
        assert of["train_accuracy"][0] > 0.95 and of["test_accuracy"][0] < 0.7
        change = losses[1:] - losses[0]
        panels[view][name] = change, of["best"] - 1
        at_best[view, name] = confidence_interval(change[of["best"] - 1])
        if name == "L2 on biases":
            bare.append(confidence_interval(change[-1]))
            sizes.append((of["largest_bias"][0], of["largest_bias"][-1]))
            assert of["train_accuracy"][-1] > 0.95
show(
    biases.loss_by_strength(strengths[1:], panels),
    alt="Two panels of the change of the test loss against the strength of a penalty. Penalties on "
    "biases stay close to the zero line throughout. Penalties on weights dip below it and then rise steeply.",
    caption="What a penalty changes in the test loss of 24 runs. Line: median. Band: middle nine "
    "tenths. The marks are the strengths that did best on validation images.",
    claims=("A4, second part",),
)

# %% tags=["hide-input"]
# A4, first and second part
(raw_free, raw_held), (centred_free, centred_held) = sizes
assert raw_held < 0.05 * raw_free and centred_held < 0.05 * centred_free
verdict(
    "A4, first part: L1 or L2 on biases keeps them from growing.",
    "holds",
    f"Without a penalty the largest bias ends at {raw_free:.2f} on images as they come and at "
    f"{centred_free:.2f} on centred ones, the mean over 24 runs. With the strongest L2 it stays below "
    "a twentieth of that.",
)
on = {
    what: [i for (_, name), i in at_best.items() if what in name] for what in ("biases", "weights")
}
missed = -min(i.low for i in on["biases"] + bare)
assert not any(i.high < 0 for i in on["biases"] + bare)
assert missed < 0.02 and all(i.high < -0.02 for i in on["weights"])
verdict(
    "A4, second part: and that lowers overfitting.",
    "does not hold",
    "At their best strengths none of the four penalties on biases lowers the test loss measurably; a "
    f"fall by more than {missed:.3f} would have shown. The same penalties on weights lower it by "
    f"{-max(i.mean for i in on['weights']):.3f} to {-min(i.mean for i in on['weights']):.3f}. The "
    "strongest L2 on biases all but removes them, and the networks still learn more than 95 % of their "
    "images by heart: so here it is the weights that do it.",
)


# %% tags=["hide-input"]
# A4, third part
def reached(rule, which, start):
    """Return the mean test accuracy of a rule when the hidden biases start at `start`."""
    return float(torch.tensor(begun[rule][which][begun["starts"].index(start)]).mean())


same_rate, own_rate = (
    reached("SGD", which, 10.0) for which in ("test_accuracy_at_usual_lr", "test_accuracy")
)
adam_usual, adam_own = (
    reached("Adam", which, 10.0) for which in ("test_accuracy_at_usual_lr", "test_accuracy")
)
silent = [reached(rule, "test_accuracy", at) for rule in ("SGD", "Adam") for at in (-10.0, -3.0)]
assert same_rate < 0.5 < 0.9 < own_rate < adam_own and max(silent) < 0.15
assert adam_usual > 0.9 and begun["Adam"]["usual_lr"] < begun["Adam"]["best_lr"][-2]
verdict(
    "A4, third part: biases at extreme values call for another learning rate or optimizer.",
    "holds when the neurons still respond",
    f"From hidden biases of 10, SGD at the rate {begun['SGD']['usual_lr']:.2g}, best for a start at 0, "
    f"reaches {same_rate:.0%} in the mean. A rate of {best_rate[10.0]:.2g} reaches {own_rate:.0%}. Adam "
    f"hardly notices: the rate that is best for 0 reaches {adam_usual:.0%}, its own best "
    f"{adam_own:.0%}. From \N{MINUS SIGN}3 and \N{MINUS SIGN}10 no hidden neuron responds, no gradient reaches a weight of that "
    f"layer, and the best of all rates reaches {max(silent):.1%}.",
)

# %% tags=["hide-input"]
# A4, fourth part
diets = a4["diets"]


def change_of(measure, level):
    """Return what diverse training images change, in points, for each run."""
    diverse, clear = (torch.tensor(diets[diet][measure][level]) for diet in ("diverse", "clear"))
    return 100 * (diverse - clear)


same = {k: [m for m, _, _ in of] for k, of in diets["same rate"]["lopsided"].items()}
assert len(same["clear"]) >= 5 and max(same["blur 1.0"] + same["blur 1.5"]) < -10
assert min(same["muted 0.25"]) > 3
show(
    differences(
        {
            "too many for their digit": {k: change_of("lopsided", k) for k in same},
            "right": {k: change_of("test_accuracy", k) for k in same},
        },
        confidence_interval,
        "what diverse training images add to the share of answers, in points",
    ),
    alt="Two panels with a row for each kind of test images. Under blur far fewer answers are too many "
    "for their digit after diverse training, and far more are right. On muted images more are too "
    "many and fewer are right.",
    caption="Diverse minus clear training images, for each of 24 runs. The bar is the 95 % interval of "
    "the mean. Blur and muted images keep their sign at every rate that suits both.",
    claims=("A4, fourth part",),
)
met, stronger, unmet = (
    confidence_interval(change_of("lopsided", k)) for k in ("blur 1.0", "blur 1.5", "muted 0.25")
)
assert met.high < -10 and stronger.high < -10 and unmet.low > 3
verdict(
    "A4, fourth part: diverse training data lessens bias (of the model, the other meaning).",
    "holds when the diversity is of the kind that comes",
    "Two networks of 32 hidden neurons saw equally many images: all clear, or a third blurred by 1.0 "
    "and a third with noise 0.3. A model's bias is here the share of answers that is too many for its "
    f"digit. At blur 1.0 it falls by {-met.mean:.0f} points and at blur 1.5, which was not in training, "
    f"by {-stronger.mean:.0f}. On muted images it rises by {unmet.mean:.0f}: more bias, not less.",
)

# %% [markdown]
# ## Take away
#
# - A bias moves a neuron's threshold, −b/w for one input, and turns nothing. It is the weight of an
#   input that is always 1.
# - A network can do without biases where its inputs make that 1 themselves, or a normalisation takes
#   them away. Without them it does not notice when the ink fades. Narrow networks and centred inputs
#   gain from them.
# - Start the output bias at the log-odds of the class. Penalise weights, not biases. And when somebody
#   says *bias*, ask which one.
#
# ## Further reading
#
# - S. Mohan, Z. Kadkhodaie, E. P. Simoncelli and C. Fernandez-Granda (2020), *Robust and interpretable
#   blind image denoising via bias-free convolutional neural networks*, ICLR: what networks gain when
#   their biases are taken away.
# - T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár (2017), *Focal loss for dense object
#   detection*, ICCV, section 4.1: starting the output bias for a rare class.
# - S. Ioffe and C. Szegedy (2015), *Batch normalization*, ICML, section 3.2: why a bias in front of a
#   normalisation does nothing.
# - S. Geman, E. Bienenstock and R. Doursat (1992), *Neural networks and the bias/variance dilemma*,
#   Neural Computation 4(1): the other meaning of the word.
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep Learning*, section 7.1: why penalties
#   usually leave biases alone.
#
# Between two layers we let only what is above 0 go on, and did not say why. The next lesson,
# [03 · Activations](03_activations.ipynb), asks what makes a network more than one matrix.
