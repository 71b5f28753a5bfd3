# %% [markdown]
# # 01 · Weights
#
# **Question.** What does a weight do?
#
# **Time.** about 70 minutes.
#
# **Before this.** [00 · Start here](00_start_here.ipynb)

# %% [markdown]
# A trained network is a list of numbers, and nearly all of them are weights. This lesson is about
# one such number: what it does to a signal, what training makes of it, and how large it may be when
# training begins. On the way, 64 of them will look like a digit.
#
# The course follows four source articles, A to D. What one of them says is called a *claim*, and a
# claim is measured before it is believed. This lesson measures two claims of A, an introductory
# article on weights, biases, initializers and losses. You need not have read it.

# %% tags=["hide-input"]
# What this lesson uses
from functools import partial
from itertools import pairwise

import torch
from torch.func import jacrev

from course_lib.exercises import check, hint, mine, progress, solution
from course_lib.figures import Slider, interact, say, show, table, verdict, weights
from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    confidence_interval,
    correlation_ratio,
    device,
    digits,
    experiment,
    generator,
    parts,
    progress_bar,
    rms,
    shuffled_copy,
    stored,
    train,
)

data = digits().to(device())

# %% [markdown]
# ## Predict first
#
# Write down a guess for each. The lesson answers all three.
#
# 1. You raise one weight of a neuron by 1. By how much does the neuron's output rise?
# 2. Some pixels are blank in every image. After training, are their weights large, zero, or what
#    they were before?
# 3. Five layers of neurons, one behind the other, learn well from random weights of the right size.
#    You make these ten times smaller. Do they learn more slowly, or next to nothing? And one layer?

# %%
# Your guesses, in your own words:
# 1.
# 2.
# 3.

# %% [markdown]
# ## One neuron
#
# A neuron receives numbers. Each arrives over a connection, and each connection has a strength, its
# **weight**. The neuron multiplies each input by its weight and adds up the products. For example
# $n$ this is
#
# $$ \text{out}_n = \sum_{d} w_d \, x_{nd} $$
#
# where $x_{nd}$ is input $d$ of example $n$, and $w_d$ is the weight of input $d$. The same weights
# meet every example.
#
# | weight | what it does to its input |
# |---|---|
# | above 1 | makes it stronger |
# | between 0 and 1 | makes it weaker |
# | 0 | cuts it off |
# | below 0 | makes it count against: the more comes in, the lower the output |
#
# ### Exercise 01.neuron
#
# In lesson 00 there was one example. Now there are n of them, one in each row.


# %%
def neuron(x, w):
    """Return the weighted sum of each example: one number for each.

    x: tensor of shape (n, d), n examples of d inputs.
    w: tensor of shape (d,), one weight for each input.
    The result has shape (n,).
    """
    ### BEGIN SOLUTION
    return (x * w).sum(dim=1)
    ### END SOLUTION


# %%
neuron = check("01.neuron", neuron)

# %% [markdown]
# Now give it something to see. The data are 1797 handwritten digits, each an image of 8×8 pixels,
# from 0 for blank paper to 1 for full ink. To begin with, take only zeros and ones, and only two
# numbers from each image: how much ink lies in the centre, and how much on the ring around it.

# %% tags=["hide-input"]
# Ink in the centre and on the ring
centre = torch.zeros(8, 8, dtype=torch.bool)
frame = centre.clone()
centre[2:6, 3:5], frame[1:7, 2:6] = True, True
centre, ring = centre.flatten(), (frame & ~centre).flatten()

few = data.train.y < 2
x = torch.stack([data.train.x[few][:, part].mean(dim=1) for part in (centre, ring)], dim=1)
y = data.train.y[few]
assert x.shape == (len(y), 2)

a_zero, a_one = (data.train.x[data.train.y == digit][0] for digit in (0, 1))
show(
    weights.regions([a_zero, a_one], [centre, ring]),
    alt="A handwritten zero and a handwritten one. The zero has its ink on the ring, the one in "
    "the centre.",
    caption="Ink in the centre (solid outline) speaks for a one; ink on the ring (dashed) speaks "
    "for a zero.",
)

# %% [markdown]
# ## Pull one weight
#
# A neuron with these two inputs has two weights. Call an image a one if the output is above 0, and
# a zero if not. Below, your own `neuron` does the work, for all the zeros and ones that we train on.
#
# The stored picture has no sliders. Run the cell, and they appear.
#
# 1. It starts with both weights above 0, and everything is a one. Pull only *weight of ring*, with
#    the arrow keys. How many can you get right?
# 2. Set the weights to 0.5 and −0.3, then to 1 and −0.6. What moves, and what stays?
# 3. Set *weight of centre* to 0. Is there any weight of the ring that tells zeros from ones?

# %%
interact(
    partial(weights.pull, neuron, x, y),
    weights.start_pull,
    weights.draw_pull,
    {
        "w_centre": Slider("weight of centre", -2.0, 2.0, 0.1, 1.0),
        "w_ring": Slider("weight of ring", -2.0, 2.0, 0.1, 0.5),
    },
    alt="Left: each zero and each one as a point, by its ink in the centre and on the ring. With "
    "weights 1 and 0.5 all points lie on the side that is judged a one. Right: the outputs of the "
    "neuron, all above 0.",
    caption="Left, the line where the output is 0: it always goes through the point of no ink. "
    "Right, the outputs: circles are zeros, triangles are ones.",
)

# %% [markdown]
# Three things, each checked in the next cell.
#
# - The *ratio* of the two weights turns the line, which stands at right angles to $w$: on it
#   $w \cdot x = 0$. So $w$ is its **normal vector**.
# - Twice the weights, twice the outputs, but the same line: the *size* of the weights says how
#   strongly, not where.
# - With one weight at 0, the other can't help. Ink is never below 0, so all images fall on the same
#   side.


# %%
def right(w_centre, w_ring):
    """Return how many of the zeros and ones are judged right."""
    return weights.pull(neuron, x, y, w_centre, w_ring)["right"]


best = max(right(1.0, -k / 10) for k in range(21))

w = torch.tensor([0.5, -0.3], device=x.device)
torch.testing.assert_close(neuron(x, 2 * w), 2 * neuron(x, w))
assert right(0.5, -0.3) == right(1.0, -0.6)
start, end = weights.pull(neuron, x, y, 0.5, -0.3)["boundary"]  # two points of the line
assert abs((end - start) @ w.cpu().numpy()) < 1e-6

by_ring_alone = {right(0.0, k / 10) for k in range(-20, 21)}

# %% tags=["hide-input"]
# How many are right
assert best > 0.98 * len(y)
assert by_ring_alone == {int((y == 0).sum()), int((y == 1).sum())}

say(
    f"With weight 1 on the centre, the best weight on the ring gets {best} of {len(y)} right. The "
    f"ring alone never gets more than {max(by_ring_alone)}."
)

# %% [markdown]
# A blank image has the output 0, whatever the weights are. So the line has no choice but to pass
# through the point of no ink. That is fine here, and it won't be in lesson 02.
#
# ## Many neurons: a weight matrix
#
# Article A draws a small network: two inputs $a$ and $b$, four neurons, and a weight on each line
# between them, $w_{a1}, \dots, w_{a4}$ and $w_{b1}, \dots, w_{b4}$. Neuron 1 receives
# $w_{a1}\,a + w_{b1}\,b$, neuron 2 receives $w_{a2}\,a + w_{b2}\,b$, and so on. Neurons that receive
# the same inputs are a **layer**. Write one neuron in each row, and the eight weights are a matrix:
#
# $$ W = \begin{pmatrix} w_{a1} & w_{b1} \\ w_{a2} & w_{b2} \\ w_{a3} & w_{b3} \\ w_{a4} & w_{b4}
# \end{pmatrix} $$
#
# A row is a neuron, a column is an input. PyTorch stores its layers in the same way.
#
# ### Exercise 01.dense
#
# All neurons for all examples: $\text{out}_{nh} = \sum_d W_{hd} \, x_{nd}$, where $h$ counts the
# neurons. Every network from here on is made of this function.


# %%
def dense(x, weight):
    """Return the weighted sums of each example, one for each neuron.

    x: tensor of shape (n, d), n examples of d inputs.
    weight: tensor of shape (h, d), one row for each of h neurons.
    The result has shape (n, h).
    """
    ### BEGIN SOLUTION
    return x @ weight.T
    ### END SOLUTION


# %%
dense = check("01.dense", dense)

# %%
solution("01.dense")

# %% [markdown]
# Here is the article's network with the handwritten one from above: $a$ is its ink in the centre,
# $b$ its ink on the ring. A second layer with the weights $v$ turns
# the four signals into one output. The four neurons in between are called *hidden*: they are neither
# inputs nor outputs.

# %%
W = torch.tensor([[1.0, -0.6], [-0.5, 0.9], [1.6, 0.2], [0.0, 0.4]], device=x.device)
v = torch.tensor([1.0, -1.0, 0.5, 0.3], device=x.device)
ab = torch.stack([a_one[part].mean() for part in (centre, ring)])

hidden = dense(ab[None], W)[0]
out = dense(hidden[None], v[None])[0, 0]
say(f"With {ab[0]:.2f} of ink in the centre and {ab[1]:.2f} on the ring the output is {out:.2f}.")

# %% tags=["hide-input"]
# The network, drawn
for j, (w_a, w_b) in enumerate(W):
    torch.testing.assert_close(hidden[j], w_a * ab[0] + w_b * ab[1])
torch.testing.assert_close(out, (v * hidden).sum())
show(
    weights.network(ab, W, v),
    alt="A network with the inputs a and b, four neurons in the middle and one output. Each line "
    "carries its weight.",
    caption="The forward signal, from left to right. A thick line is a large weight; orange is "
    "above 0, blue is below.",
)

# %% [markdown]
# ### Exercise 01.parameter_count
#
# How many numbers does training have to find? Every line has a weight. Every neuron that receives
# lines also has one *bias*, a number of its own that lesson 02 is about. Count both.


# %%
def parameter_count(sizes):
    """Return how many weights and biases a fully connected network has.

    sizes: list of two or more whole numbers, the neurons of each layer
    from the inputs on. The network above is [2, 4, 1]: 2 inputs,
    4 neurons, 1 output.
    The result is a whole number.
    """
    ### BEGIN SOLUTION
    return sum((inputs + 1) * neurons for inputs, neurons in pairwise(sizes))
    ### END SOLUTION


# %%
parameter_count = check("01.parameter_count", parameter_count)

# %%
networks = {
    "the network above": [2, 4, 1],
    "one layer on digits": [64, 10],
    "five layers on digits": [64, 32, 32, 32, 32, 10],
    "two layers on small colour photographs": [3072, 1000, 10],
}
counts = {name: parameter_count(sizes) for name, sizes in networks.items()}

# %% tags=["hide-input"]
# The table of parameters
rows = [[name, str(sizes), counts[name]] for name, sizes in networks.items()]
say(table({"network": "", "sizes": "", "parameters": ",d"}, rows))

# %% [markdown]
# ## Raise one weight, lower it again
#
# Pull $w_{a2}$ alone and leave all else. Neuron 2 moves, and through $v_2$ the output moves. By how
# much? Follow the line: what flows in is $a$, what it meets on its way out is $v_2$. So the output
# moves by $v_2 \cdot a$ for each unit of $w_{a2}$. For all weights at once this is written
#
# $$ \frac{\partial\,\text{out}}{\partial W_{hd}} $$
#
# and read: how far the output moves for each unit that $W_{hd}$ moves, all else left alone. It is
# the **sensitivity** of the output to that weight. Training works with nothing but such numbers;
# how to find them in any network is lesson 06.
#
# ### Exercise 01.sensitivity
#
# For one example in the network $\text{out} = \sum_h v_h \sum_d W_{hd}\, x_d$.


# %%
def sensitivity(x, W, v):
    """Return how far the output moves as a weight of W rises by 1.

    x: tensor of shape (d,), one example.
    W: tensor of shape (h, d), the weights of the first layer.
    v: tensor of shape (h,), the weights from h neurons to the output.
    The result has shape (h, d), like W.
    """
    ### BEGIN SOLUTION
    return v[:, None] * x[None, :]
    ### END SOLUTION


# %%
sensitivity = check("01.sensitivity", sensitivity)

# %% [markdown]
# Does it tell the truth? The next cell pulls $w_{a2}$ through a range, for three images with little,
# some and much ink in the centre. PyTorch can also find sensitivities by itself; it agrees.

# %%
changes = torch.linspace(-2, 2, 9, device=x.device)
three = x[x[:, 0].argsort()[[0, len(x) // 2, -1]]]


def output_after(change, example):
    """Return the output for one example after w_a2 was changed."""
    pulled = W.clone()
    pulled[1, 0] += change
    return dense(dense(example[None], pulled), v[None])[0, 0]


outputs = torch.stack([torch.stack([output_after(c, e) for c in changes]) for e in three])
for example in three:
    found = jacrev(lambda W, x: v @ (W @ x))(W, example)
    torch.testing.assert_close(sensitivity(example, W, v), found)

# %% tags=["hide-input"]
# The output against one weight
assert v[1] == -1
for line, example in zip(outputs, three, strict=True):
    slope = (line[-1] - line[0]) / (changes[-1] - changes[0])
    torch.testing.assert_close(slope, sensitivity(example, W, v)[1, 0], atol=1e-5, rtol=1e-4)
show(
    weights.one_weight(changes.cpu(), outputs.cpu(), three[:, 0].tolist()),
    alt="Straight lines of the output against the change of one weight. The more ink in the centre, "
    "the more steeply the line falls; without ink it is flat.",
    caption="The same pull on the same weight: the slope of each line is v₂ times the input a. Here "
    "v₂ is \N{MINUS SIGN}1, so the lines fall. Where the input is 0, the weight does nothing.",
    claims=("A1, first part",),
)

# %% [markdown]
# That answers the first prediction: it depends on the input. Where nothing flows in, nothing happens.
#
# ## Weights as templates
#
# Now all ten digits and all 64 pixels: one layer of ten neurons, 640 weights, and the neuron with
# the largest output names the digit. The images are dealt into three parts: *training images* to
# learn from, *validation images* to choose settings by, and *test images* to judge the result by.
#
# Training starts from small random weights and changes them a little after every 50 images. Five
# words are used for it in all lessons; how it works is part II of the course.
#
# - The **loss** is a number that says how wrong the outputs are. Training makes it smaller.
# - The **gradient** is the sensitivity of the loss to each weight. Training moves each weight
#   against it: down where more weight means more loss, and up where it means less.
# - The **learning rate** says how far: the step is the learning rate times the gradient.
# - An **epoch** is one pass over all training images. Here there are 30.
# - A **seed** is a number from which all random draws of a run follow. The same seed gives the same
#   run; `generator(0)` draws with seed 0.
#
# The forward step is your own `dense`.


# %%
def linear(params, x):
    """One layer: the ten outputs for each image."""
    return dense(x, params["W"])


source = generator(0)
start = {"W": 0.1 * torch.randn(10, 64, generator=source).to(device())}
settings = {"lr": 0.5, "epochs": 30, "batch_size": 50}
trained, history = train(linear, start, data, generator=source, **settings)
reached, before = (accuracy(linear(W, data.test.x), data.test.y) for W in (trained, start))
W10 = trained["W"]

# %% tags=["hide-input"]
# How well it reads
assert reached > 0.9 > 0.3 > before
say("More than 90 % of the test images, which it never saw, get the right digit.")

# %% [markdown]
# Each neuron has 64 weights, one for each pixel: an image.

# %% tags=["hide-input"]
# The ten templates
assert W10.shape == (10, 64)
show(
    weights.templates(W10),
    alt="Ten images of 8 by 8 weights, one for each digit. Neuron 0 has strongly negative weights in "
    "the middle and positive ones around it.",
    caption="What each neuron looks for. Orange: ink here speaks for the digit. Blue: ink here "
    "speaks against it. White: ink here does not matter.",
)

# %% [markdown]
# A neuron's weights are a template, and its output says how well the image fits. Neuron 0 is the
# easiest to read: it wants no ink in the middle. Multiply image and template, pixel by pixel: the sum
# of these products is the output, so each product is what its pixel contributed.
#
# One template alone decides nothing. Add the same numbers to all ten, and all ten outputs rise
# alike: the same digit wins, and *softmax*, which turns outputs into probabilities (lesson 03), does
# not notice. Only *differences* of templates count. Training leaves their mean where it began.

# %%
digit = 0
image = data.test.x[data.test.y == digit][0]
outputs = dense(image[None], W10)[0]
first, second = outputs.argsort(descending=True)[:2].tolist()
torch.testing.assert_close((image * W10).sum(dim=1), outputs)

moved = dense(image[None], W10 + W10[digit])[0]  # the same 64 numbers, added to all templates
torch.testing.assert_close(moved.softmax(dim=0), outputs.softmax(dim=0))
torch.testing.assert_close(W10.mean(dim=0), start["W"].mean(dim=0), rtol=0, atol=1e-5)

# %% tags=["hide-input"]
# What each pixel contributed
assert first == digit
show(
    weights.contributions(image, W10, (first, second)),
    alt=f"A handwritten {digit}, the weights of neurons {first} and {second}, and the product of "
    "image and weights for both.",
    caption=f"A test image of {digit}, judged by the neuron that wins and by the one that comes "
    "second. Pixels without ink contribute nothing, whatever their weights.",
)

# %% [markdown]
# ## What training amplifies, and what it lets go
#
# Article A says that training makes the weights of strong patterns larger and the weights of inputs
# with little predictive power smaller. To test that, we need inputs that tell nothing. So each pixel
# gets a **shuffled copy**: the same values, dealt out to the images at random. The network now has 128
# inputs:
#
# - **strong**: pixels whose value depends much on the digit. The measure is the share of the
#   pixel's variance that the digit explains; strong is the upper half.
# - **weak**: the lower half. They also have less ink, so each group is compared with *its own*
#   copies, which have as much and tell nothing.
# - **blank**: pixels without ink in any training image.
#
# How large is a weight? We take the root mean square (rms) of an input's ten weights, and compare
# it with what it was before training: 1 means nothing changed.
#
# The stored runs have 24 seeds each for a small start (weights around 0.1), a large start (around 1),
# and a small start with *weight decay*, which shrinks every weight a little at each step. A few are
# run again here, with your `dense`, and must agree.

# %% tags=["hide-input"]
# The kinds of pixel, and images with their copies beside them
a1 = stored("01_weights")["A1"]
power = correlation_ratio(data.train)
varies = (data.train.x.amax(dim=0) > 0).cpu()
kinds = experiment("01_weights").kinds_of_pixel(power, varies)
assert {kind: len(columns) for kind, columns in kinds.items()} == a1["kinds"]


def with_copies(split, source):
    """Return the images with a shuffled copy beside each pixel."""
    return Split(torch.cat([split.x, shuffled_copy(split.x, source)], dim=1), split.y)


def all_with_copies(source):
    """Return all images with their copies; `source` deals those of the training images."""
    dealt = zip(parts(data), (source, generator(0), generator(0)), strict=True)
    return Dataset("with shuffled copies", *(with_copies(split, own) for split, own in dealt))


# %%
def grown(seed, start, decay):
    """Return how many times larger the weights of each kind are after training."""
    source = generator(seed)
    noisy = all_with_copies(source)
    before = {"W": start * torch.randn(10, 128, generator=source).to(device())}
    how = {"weight_decay": decay, "generator": source, "label": None, **settings}
    after, _ = train(linear, before, noisy, **how)
    return {
        kind: float(rms(after["W"][:, columns]) / rms(before["W"][:, columns]))
        for kind, columns in kinds.items()
    }


# %% tags=["hide-input"]
# Six stored runs again
for condition in progress_bar(a1["conditions"].values(), "two seeds for each condition"):
    for seed in (0, 1):
        live = grown(seed, condition["start"], condition["decay"])
        for kind, value in live.items():
            again = condition["growth"][kind][seed]
            assert abs(value - again) < 0.02 * again, (kind, value, again)
say("Six runs again, just now: each agrees with its stored run to within 2 %.")

# %% tags=["hide-input"]
# How the weights of each kind grew
shown = ("blank", "copies of weak", "weak", "copies of strong", "strong")
for condition in a1["conditions"].values():
    growth = condition["growth"]
    for kind in ("weak", "strong"):
        copies = growth[f"copies of {kind}"]
        assert all(own > copy for own, copy in zip(growth[kind], copies, strict=True))
    assert min(growth["strong"]) > max(growth["weak"])

groups = {kind: {name: c["growth"][kind] for name, c in a1["conditions"].items()} for kind in shown}
show(
    weights.growth(groups),
    alt="How the weights of blank, weak and strong pixels and of their copies grew, 24 runs for each "
    "of three conditions. Strong pixels grew most, and each group more than its copies. Blank ones "
    "stayed exactly as they were unless there was decay. Copies grew from a small start and shrank "
    "from a large one.",
    caption="Each dot is a run, each bar the median of 24. The line at 1: as large as before "
    "training.",
    claims=(
        "A1, second part",
        "A1, third part",
    ),
)

# %% [markdown]
# In every run weak and strong pixels alike grew more than their own copies: what a pixel *tells* is
# amplified. But look at the copies from a small start, in orange: they tell nothing, and *grew*.
# Perhaps training takes chance for a pattern: in a finite set of images noise seems to tell a little.
#
# From a large start copies go down, and those with more ink go down further. Without ink there is
# nothing to weaken: the ten weakest pixels, which are all but blank, keep their weights, and so do
# their copies.
#
# The blank pixels answer the second prediction. No ink, no sensitivity: they keep exactly the random
# numbers that they started with.

# %% tags=["hide-input"]
# Size of weights by predictive power
small, large = (a1["conditions"][f"{size} start"] for size in ("small", "large"))
assert all(
    0.98 < value < 1.02
    for kind in ("weakest", "copies of weakest")
    for value in large["growth"][kind]
)
assert a1["ink"]["weakest"] < 0.1 * a1["ink"]["weak"] < a1["ink"]["strong"]
assert set(small["growth"]["blank"]) == {1.0}
show(
    weights.power_and_size(
        a1["power"], {"before": small["size_before"], "after": small["size_after"]}
    ),
    alt="The size of each pixel's weights against its predictive power. Before training all sizes "
    "are about 0.1; after it they rise with predictive power.",
    caption="Each pixel before and after training from a small start, mean of 24 runs.",
    claims=("A1, second part",),
)

# %% [markdown]
# ## How large to start
#
# A layer is linear: with all weights twice as large, all its signals are twice as large. In a row
# of layers, that multiplies. If each layer makes signals $g$ times as large, five layers make them
# $g^5$ times as large. Let us call $g$ the **gain** of a layer.
#
# How large are many signals? Again by their root mean square, over all examples and neurons:
# $\text{rms}(y) = \sqrt{\text{mean of } y^2}$.
#
# ### Exercise 01.rescale
#
# Give a layer the gain that you want: multiply its whole weight matrix by one factor $c > 0$, so
# that $\text{rms}(\text{dense}(x, c\,W))$ is the target.


# %%
def rescale(W, x, target):
    """Return c·W, with the c > 0 that gives the signals the size target.

    W: tensor of shape (h, d), the weights of a layer.
    x: tensor of shape (n, d), what flows into it.
    target: number above 0, the wanted root mean square of all signals of
    dense(x, c·W), of which there are n·h.
    The result has shape (h, d), like W.
    """
    ### BEGIN SOLUTION
    signals = x @ W.T
    return target / signals.square().mean().sqrt() * W
    ### END SOLUTION


# %%
rescale = check("01.rescale", rescale)

# %% [markdown]
# With it we build networks of any gain. Between two layers only what is above zero goes on (that is
# `torch.relu`; lesson 03 says why something must stand there).

# %%
HIDDEN = 32


def starting_weights(layers, gain, source):
    """Return random weights: the signals of each layer are `gain` times those of the last one."""
    sizes = [64] + [HIDDEN] * (layers - 1) + [10]
    params, x, size = {}, data.train.x, float(rms(data.train.x))
    for layer, (inputs, neurons) in enumerate(pairwise(sizes), start=1):
        size = gain * size
        W = torch.randn(neurons, inputs, generator=source).to(device())
        params[f"W{layer}"] = rescale(W, x, size)
        x = torch.relu(dense(x, params[f"W{layer}"]))
    return params


def signals(params, x):
    """Return the signals of each layer, in order; the last are the outputs."""
    found = []
    for weight in params.values():
        found.append(dense(torch.relu(found[-1]) if found else x, weight))
    return found


def network(params, x):
    """Return the outputs."""
    return signals(params, x)[-1]


# %%
sizes = {}
for gain in (0.3, 1.0, 3.0):
    layers = signals(starting_weights(5, gain, generator(0)), data.train.x)
    sizes[gain] = [float(rms(signal)) for signal in (data.train.x, *layers)]

# %% tags=["hide-input"]
# Signals from layer to layer
for gain, of_layers in sizes.items():
    for before, after in pairwise(of_layers):
        assert abs(after / before - gain) < 1e-3 * gain
show(
    weights.signal_sizes(sizes),
    alt="The size of the signals after each of five layers on a logarithmic scale: three straight "
    "lines, rising at gain 3, level at gain 1, falling at gain 0.3.",
    caption=f"Three times too large in each layer is {3**5} times too large after five.",
)

# %% [markdown]
# Does it matter for training? The stored experiment scans the gain from 0.01 to 100, in networks of
# one, two and five layers, with 24 seeds each. To be fair to every start, each gain got the learning
# rate that suits it best, between 10⁻⁸ and 10⁷, chosen on the validation images with eight other
# seeds. Three seeds at three gains are run again here, with your `dense` and your `rescale`.


# %%
def trained_from(gain, seed, **how):
    """Return the test accuracy of five layers after training from this gain."""
    source = generator(seed)
    params = starting_weights(5, gain, source)
    params, _ = train(network, params, data, generator=source, label=None, **how)
    return accuracy(network(params, data.test.x), data.test.y).item()


# %% tags=["hide-input"]
# Nine stored runs again
a2 = stored("01_weights")["A2"]
deep = a2["nets"]["5"]
live = {}
for gain in progress_bar((0.1, 1.0, 10.0), "three seeds for each gain"):
    place = min(range(len(a2["gains"])), key=lambda i: abs(a2["gains"][i] - gain))
    how = {"lr": deep["best_lr"][place], "epochs": a2["epochs"], "batch_size": a2["batch"]}
    live[gain] = [trained_from(gain, seed, **how) for seed in (0, 1, 2)]
    known = deep["test_accuracy"][place]
    assert all(min(known) - 0.05 <= value <= max(known) + 0.05 for value in live[gain])
assert min(live[1.0]) > 0.9 > 0.7 > max(live[0.1])
say(
    "Nine runs again, just now: each lies in the range of the stored ones, give or take 5 points. "
    "(A point of accuracy is one per cent of the test images.)"
)

# %% tags=["hide-input"]
# Accuracy against the gain
show(
    weights.gain_scan(
        a2["gains"],
        {f"{n} layer{'s' * (n > '1')}": net["test_accuracy"] for n, net in a2["nets"].items()},
        live,
    ),
    alt="Test accuracy against the gain at the start. With five layers it peaks sharply at a gain "
    "of 1. With one or two layers all small gains do as well as 1.",
    caption="Line: median of 24 runs. Band: the middle nine tenths of them. Crosses: the nine runs "
    "just now, with five layers.",
    claims=("A2",),
)

# %% tags=["hide-input"]
# What each number of layers reaches
gains = a2["gains"]
tenth = gains.index(0.1)
mean = {int(n): torch.tensor(net["test_accuracy"]).mean(dim=1) for n, net in a2["nets"].items()}
assert all(found[0] > found.max() - 0.02 for n, found in mean.items() if n < 5)
assert mean[2].max() - mean[2][-1] > 0.1 > 0.02 > mean[1].max() - mean[1][-1]
five = torch.tensor(deep["test_accuracy"])
ahead = confidence_interval(five[int(mean[5].argmax())] - five[gains.index(1.0)])
assert ahead.low < 0 and mean[5][tenth] < 0.2  # the best is not measurably better than a gain of 1
heads = [f"gain {gains[0]:g}", f"gain {gains[tenth]:g}", "best gain", f"gain {gains[-1]:g}"]
rows = [[str(n), of[0], of[tenth], of.max(), of[-1]] for n, of in mean.items()]
say(table({"layers": ""} | dict.fromkeys(heads, ".0%"), rows))
say(
    "Means of 24 runs. For five layers no gain is measurably better than 1. With weights ten times "
    f"smaller they reach {mean[5][tenth]:.0%}, where guessing reaches {1 / 10:.0%}."
)

# %% [markdown]
# That answers the third prediction: five layers learn next to nothing, and one layer learns as well
# as ever.
#
# - **One layer** does not care. Its sensitivities are the inputs themselves, however small the
#   weights are, and from a large start a large learning rate brings it back.
# - **Two layers** forgive a small start, but not a large one.
# - **Five layers** that start too small learn next to nothing, at any rate. The sensitivity of each
#   weight is a product with the weights of all the other layers in it, and that product is all but
#   zero: there is hardly any slope to follow. From a start that is too large, a tiny learning rate
#   saves a part.
#
# ## What goes wrong
#
# **The matrix is the wrong way round.** With as many neurons as inputs, `x @ weight` runs without
# a word and computes something else. Nothing but a check of the values finds it.

# %%
square = torch.randn(4, 4, generator=generator(0)).to(device())
four = torch.randn(2, 4, generator=generator(1)).to(device())
assert (four @ square).shape == dense(four, square).shape
assert not torch.allclose(four @ square, dense(four, square))

# %% [markdown]
# **A large weight is taken for an important input.** That compares weights, not contributions: a
# contribution is weight times input. With a large start, the blank pixels keep weights as large as
# any, and contribute nothing, until ink falls on them: here, one dot of ink is put on one blank pixel
# of every test image.

# %%
blank = int((~varies).nonzero()[0])
dotted = data.test.x.clone()
dotted[:, blank] = 1.0
changed = {}
for name, scale in (("small start", 0.1), ("large start", 1.0)):
    source = generator(0)
    before = {"W": scale * torch.randn(10, 64, generator=source).to(device())}
    after, _ = train(linear, before, data, generator=source, **settings)
    torch.testing.assert_close(after["W"][:, blank], before["W"][:, blank], rtol=0, atol=0)
    clean, spotted = (linear(after, images).argmax(dim=1) for images in (data.test.x, dotted))
    changed[name] = int((clean != spotted).sum())

# %% tags=["hide-input"]
# What one dot of ink changes
assert changed["large start"] > 5 * changed["small start"]
say(
    "One dot of ink where no training image had any changes many more answers of the network that "
    "started large: more than five times as many."
)

# %% [markdown]
# **All weights start at zero.** In one layer that is fine. In a deeper network nothing flows
# through, so no weight has any sensitivity: the limit of "too small". Lesson 04 returns to it.
#
# ## Claims, measured
#
# A verdict is *holds*, *holds when …* or *does not hold*. In the first three, a number is the median of
# 24 runs, and in brackets stands the middle nine tenths of them. A seed draws starting weights and
# order, while the images are always the same. So this says how much chance in training matters, and
# nothing about other data.
#
# The first verdict needs a *rank correlation*. It says how alike two orders are: 1 if the pixels with
# the larger weights are just those that contribute more, 0 if the one order tells nothing about the
# other.


# %% tags=["hide-input"]
# A1, first part
def interval(values, digits=2):
    """Return the median and the middle nine tenths of runs in words."""
    low, mid, high = torch.tensor(values).quantile(torch.tensor([0.05, 0.5, 0.95])).tolist()
    return f"{mid:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def middle(values):
    return float(torch.tensor(values).median())


decayed = a1["conditions"]["small start, decay"]
from_small, from_large = (c["size_with_contribution"] for c in (small, large))
assert middle(from_small) > 0.9 > 0.7 > middle(from_large)
verdict(
    "A1, first part: a larger weight makes its connection count more in the output.",
    "holds when the inputs are of like size",
    "For one connection it is exact: the contribution is weight times input. Between connections "
    "the inputs differ. The rank correlation between the size of a pixel's weights and what they "
    f"contribute is {interval(from_small)} after a small start, and {interval(from_large)} after a "
    "large one, which leaves large weights on pixels that are nearly always blank.",
)

# %% tags=["hide-input"]
# A1, second part
grew = {name: c["growth"]["strong"] for name, c in a1["conditions"].items()}
at_rates = [c["other_lrs"][lr] for c in a1["conditions"].values() for lr in c["other_lrs"]]
assert min(min(runs) for runs in grew.values()) > 1
assert all(at["strong"] > max(1, at["copies of strong"]) for at in at_rates)
verdict(
    "A1, second part: training amplifies the weights of strong patterns.",
    "holds",
    f"The weights of strong pixels grew {interval(grew['small start'], 1)} times from a small "
    f"start and {interval(grew['large start'])} times from a large one. Their copies, with the same "
    "ink, always grew less or shrank. At four other learning rates, from a tenth to ten times this "
    "one, it is the same.",
)

# %% tags=["hide-input"]
# A1, third part
copies = ("copies of weak", "copies of strong")
rates = {float(lr) for lr in small["other_lrs"]} | {a1["lr"]}
shrinks = {
    name: {float(lr): max(at[kind] for kind in copies) < 1 for lr, at in c["other_lrs"].items()}
    | {a1["lr"]: max(max(c["growth"][kind]) for kind in copies) < 1}
    for name, c in a1["conditions"].items()
}
assert all(shrinks["large start"].values())
assert [lr for lr in sorted(rates) if not shrinks["small start, decay"][lr]] == [max(rates)]
assert [lr for lr in sorted(rates) if shrinks["small start"][lr]] == [min(rates)]
assert min(min(small["growth"][kind]) for kind in copies) > 1
assert set(large["growth"]["blank"]) == {1.0}
little, much = (middle(large["growth"][kind]) for kind in copies)
verdict(
    "A1, third part: training weakens the weights of inputs with little predictive power.",
    "holds when the inputs carry ink and the weights start large",
    "Training from a large start left the weights of copies, which tell nothing, at "
    f"{little:.2f} times their size where there was little ink and at {much:.2f} times where there "
    f"was much. Real weak pixels, which tell a little, stayed at {interval(large['growth']['weak'])}. "
    "From a small start copies grew, except at the lowest of "
    "five learning rates. Decay shrank them, except at the highest.",
)

# %% tags=["hide-input"]
# A2
best, low, high = (
    {n: float(f(m)) for n, m in mean.items()} for f in (torch.max, lambda m: m[0], lambda m: m[-1])
)
assert best[1] - low[1] < 0.01 and best[5] - low[5] > 0.7 and best[5] - high[5] > 0.2
wide = {
    n: [g for g, value in zip(gains, m.tolist(), strict=True) if value > best[n] - 0.05]
    for n, m in mean.items()
}
assert wide[1] == gains and wide[5][0] > 0.3 and wide[5][-1] < 3
verdict(
    "A2: starting weights too large or too small make training hard; well-scaled ones let it run.",
    "holds when the network is deep",
    f"With five layers, gains from {wide[5][0]:.3g} to {wide[5][-1]:.3g} come within 5 points of "
    f"the best accuracy, {best[5]:.0%}. At {gains[0]:g} they reach {low[5]:.0%}, though each gain had "
    "its own best learning rate. With two layers only too large a start "
    f"hurts ({high[2]:.0%} at {gains[-1]:g}). With one layer nothing does: all gains "
    f"from {gains[0]:g} to {gains[-1]:g} come within 5 points.",
)

# %% [markdown]
# ## Take away
#
# - A weight says how strongly an input counts. It acts only through what flows in: contribution is
#   weight times input, and without input a weight neither acts nor learns.
# - A layer is a matrix with a row for each neuron, and a trained row is a template of what its
#   neuron looks for. Training strengthens what predicts. What tells nothing it weakens only where ink
#   flows and weights start large or decay.
# - Gains multiply from layer to layer. One layer forgives any small start, a deep network doesn't.
#
# ## Further reading
#
# - F. Rosenblatt (1958), *The perceptron: a probabilistic model for information storage and
#   organization in the brain*, Psychological Review 65(6): weights as connection strengths that
#   learn.
# - Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998), *Efficient BackProp*, in Neural
#   Networks: Tricks of the Trade: why signals should keep their size from layer to layer.
# - L. Breiman (2001), *Random Forests*, Machine Learning 45(1): shuffling an input to see what it
#   was worth.
#
# A neuron without ink always answers 0. The next lesson, [02 · Biases](02_biases.ipynb), gives it a
# number of its own: why is w·x not enough?
