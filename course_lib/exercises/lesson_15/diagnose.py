"""Exercise 15.diagnose: what is wrong with five networks, and what to change."""

from __future__ import annotations

from ...checking import Case, Exercise
from ..choices import slips_of_words, slips_of_writing

CHOSEN = (
    ("exploding", "lower_gain"),
    ("vanishing", "raise_gain"),
    ("alike", "shortcuts"),
    ("underflow", "scale_up"),
    ("overflow", "scale_down"),
)
FAULTS = ("vanishing", "exploding", "alike", "underflow", "overflow", "none")
REMEDIES = ("raise_gain", "lower_gain", "shortcuts", "scale_up", "scale_down", "smaller_rate")

SLIPS = """
1 vanishing
    on its way back, from the last layer to the first, the gradient changes from 1 to a million.
    Which way is that?
1 alike
    the images stay as different as they were: their mean cosine is near 0. Look at the gradients.
1 underflow
    nothing is too small for its format here: all is in float32, and far from its ends. Look at what
    becomes of the gradient.
1 overflow
    a million is far from the largest number of float32. Nothing is infinite yet; how did it grow?
1 none
    signals look fine, as tanh holds them below 1. Look at the gradients.
1 raise_gain
    larger weights would make each layer multiply gradients by more.
1 shortcuts
    these would help too, but they change the network. Each layer multiplies by too much: what do
    you set before training?
1 scale_up
    that multiplies all gradients by one number. Here the first layers differ from the last.
1 scale_down
    that makes all gradients smaller by one number. The last layers have gradients of 1 already.
1 smaller_rate
    that slows all layers alike. Here the first layers get a million times more than the last.
2 exploding
    on its way back, from the last layer to the first, the gradient changes from 1 to a
    hundred-millionth. Which way is that?
2 alike
    the mean cosine is as low as it was: the images still differ in direction. Look at the sizes.
2 underflow
    all is in float32, which goes down to 1e-45. These sizes are small, not lost: how did they come
    about?
2 overflow
    nothing is large here. Look at the exponents.
2 none
    a signal of a hundred-millionth, and a gradient of the same size, are not what you want to train
    with.
2 lower_gain
    smaller weights would make signals and gradients fall faster.
2 shortcuts
    these would help too, but they change the network. Each layer multiplies by 0.7: what brings it
    back to 1 and leaves the network as it is?
2 scale_up
    that multiplies all gradients by one number. The last layers have gradients of 1 already.
2 scale_down
    that would make all gradients smaller still.
2 smaller_rate
    the first layers hardly move as it is.
3 vanishing
    the gradient has the same size in the first layer as in the last. What else do you see?
3 exploding
    no size grows: the first layer's gradient is as large as the last one's. What else do you
    see?
3 underflow
    all sizes are near 1. What else do you see?
3 overflow
    no size is anywhere near the largest number of a format. What else do you see?
3 none
    sizes are kept. But a network has to tell images apart: what does the cosine say?
3 raise_gain
    the gain keeps the sizes already; a ReLU gives the same directions whatever its gain.
3 lower_gain
    smaller weights would shrink sizes that are kept, and a ReLU gives the same directions
    whatever its gain.
3 scale_up
    gradients have a good size. What is lost is the difference between images.
3 scale_down
    gradients are not too large. What is lost is the difference between images.
3 smaller_rate
    this is before any training: no rate has had a part in it.
4 vanishing
    the gradients are equally small in the first layer and in the last. No layer shrinks them: what
    does float16 do?
4 exploding
    nothing is large here. What becomes of 2e-9 in float16?
4 alike
    nothing is said of the images, and in float32 the network learns. What differs in float16?
4 overflow
    nothing comes near 65504 here. What becomes of 2e-9 in float16?
4 none
    in float32 nothing is wrong. In float16 all gradients are 0.
4 raise_gain
    each layer keeps the size of gradients. They are small from the beginning.
4 lower_gain
    smaller weights would make small gradients smaller still, and in float16 they are 0 already.
4 shortcuts
    each layer keeps the size of gradients. They are small from the beginning, in all layers alike.
4 scale_down
    that would make them smaller still.
4 smaller_rate
    a step is the rate times a gradient of 0.
5 vanishing
    nothing is small here. Which number is too large for float16?
5 exploding
    they are infinite behind the last layer already, before any layer can make them grow. Where
    does their size come from?
5 alike
    nothing is said of the images. Why is every step left out?
5 underflow
    nothing comes near 6e-8 here. Which number is too large for float16?
5 none
    every step is left out, so that nothing is learnt.
5 raise_gain
    gradients are not too small here. What were all of them multiplied by?
5 lower_gain
    smaller weights would change what the network computes. What were all gradients multiplied by?
5 shortcuts
    nothing says that layers change signals too much. What were all gradients multiplied by?
5 scale_up
    that would make them larger still.
5 smaller_rate
    no step is made at all, whatever the rate.
"""

DIAGNOSE = Exercise(
    id="15.diagnose",
    points=3,
    asks="what is wrong with five networks, and what to change",
    reference=CHOSEN,
    cases=lambda seed: [Case("these five networks")],
    hints=(
        "Compare first layer and last: a fault that comes from the layers differs between them. A "
        "fault of the format is the same in all.",
        "If sizes are fine in all layers, one more thing can be lost on the way forward. What has "
        "a network to do with images?",
        'Each fault but "none" belongs to one network, and each remedy but "smaller_rate" as well.',
    ),
    slips=(
        *slips_of_words(SLIPS, CHOSEN, REMEDIES, "fault", "remedy"),
        *slips_of_writing(CHOSEN, "fault", "remedy"),
    ),
    also_right=(list(CHOSEN), [list(pair) for pair in CHOSEN]),
)
