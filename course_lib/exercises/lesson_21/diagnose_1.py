"""Exercise 21.diagnose_1: hidden neurons that start equal."""

from __future__ import annotations

from .shared import diagnosis

TABLE = """
rate_too_high
    no update that is drawn is clearly longer than in the healthy run, and the rate times the
    curvature is below 2. Look for a number that no rate could cause.
rate_too_low
    the learning rate is that of the healthy run, the first update is as long, and the loss falls
    from 3.0 to 1.3. What keeps it from falling as far as the healthy one?
vanishing_gradients
    the first layer's gradient is larger than in the healthy run. What comes back to it is not too
    small.
no_bias_correction
    the first update moves the median parameter by one rate, as a corrected average does. Look at
    `steps`.
leak
    validation signals are as far from the training signals as test signals are, and no accuracy is
    high.
shuffled_labels
    with answers that belong to other signals validation would stay at chance, which is 10 % here.
    It reaches 40 %.
softmax_twice
    the loss of probabilities never leaves a range that is 1 wide, from 1.46 to 2.46. This one
    begins at 3.0.
overfitting
    a network that overfits knows its training signals. This one has 43 % of them right.
loss
    it stays high, and so it does in runs 2 and 3. It says that something is wrong, not what.
accuracies
    they are low on all three parts, as in runs 2 and 3. They say that something is wrong, not what.
gradients
    none is smaller than in the healthy run. And a size does not say whether two neurons get the
    same gradient.
steps
    they begin as in the healthy run, and the next ones drawn are shorter. Which number is far from
    anything healthy?
rate
    it is higher than in the healthy run, and below 2 all the same. Which number could no rate
    cause?
distances
    they are those of the healthy run. Which number is not?
"""

DIAGNOSE_1 = diagnosis(
    1,
    ("symmetric_start", "rows"),
    TABLE,
    hints=(
        "Compare what was recorded at the end with the healthy run. Which number could no update "
        "have made?",
        "A layer of 32 neurons can do no more than its different neurons can. How many are there, "
        "and what would keep their number from growing? Lesson 04 knows.",
    ),
)
