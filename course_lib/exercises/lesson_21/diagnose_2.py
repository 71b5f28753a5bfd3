"""Exercise 21.diagnose_2: a rate far beyond two over the curvature."""

from __future__ import annotations

from .shared import diagnosis

TABLE = """
symmetric_start
    all 32 neurons of the first layer are different.
rate_too_low
    with a low rate the loss falls slowly and smoothly. This one jumps up and down. The steps are
    small because they are sizes of gradients here.
vanishing_gradients
    before training the gradients of all layers are those of the healthy run, and the layers are the
    same. Gradients that shrink later are a consequence. Of what?
no_bias_correction
    this run takes plain steps of gradient descent. It has no averages that could be corrected.
leak
    validation signals are as far from the training signals as test signals are, and no accuracy is
    high.
shuffled_labels
    with answers that belong to other signals validation would stay at chance, which is 10 % here.
    It reaches 37 %.
softmax_twice
    the loss of probabilities lies between 1.46 and 2.46. This one climbs above 3.
overfitting
    a network that overfits knows its training signals. This one has 38 % of them right.
loss
    its jumps are what has to be explained. Noise of small batches makes a loss jump too: which
    number tells the two apart?
accuracies
    they are low on all three parts, as in runs 1 and 3. They say that something is wrong, not what.
gradients
    before training they are exactly those of the healthy run. What is done with them afterwards?
rows
    all 32 neurons are different, as in the healthy run. What is not as it is there?
steps
    for gradient descent this is the size of a gradient, whatever the rate: the rate is divided
    away. Which observation has the rate in it?
distances
    they are those of the healthy run. Which number is not?
"""

DIAGNOSE_2 = diagnosis(
    2,
    ("rate_too_high", "rate"),
    TABLE,
    hints=(
        "This run starts at the weights of the healthy one and sees the same batches. What is done "
        "differently is the update.",
        "Along its most curved direction a step overshoots the bottom of a quadratic once the rate "
        "times the curvature is above 1, and above 2 it lands higher than before. What is it here?",
    ),
)
