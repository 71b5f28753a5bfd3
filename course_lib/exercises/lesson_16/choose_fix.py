"""Exercise 16.choose_fix: a change of architecture and a reason for each of five networks."""

from __future__ import annotations

from ...checking import Case, Exercise
from ..choices import slips_of_words, slips_of_writing

CHOSEN = (
    ("shortcut", "identity"),
    ("small_branch", "growth"),
    ("pre_norm", "undivided"),
    ("cosine", "bounded"),
    ("center_norm", "no_division"),
)
REASONS = ("identity", "growth", "undivided", "bounded", "no_division", "capacity", "usual")

SLIPS = """
1 small_branch
    there is nothing beside the branches that could carry the signal. Smaller branches make it
    vanish sooner.
1 pre_norm
    a norm mends the size of the signal, which is right here already. What has become of the
    directions?
1 center_norm
    a norm mends the size of the signal or its mean. What has become of the directions?
1 cosine
    there is no attention in this network.
1 wider
    a product of as many wider matrices loses directions as well, only later. What would let every
    direction past a block?
1 growth
    nothing grows here: the sizes are kept. What is lost?
1 undivided
    nothing is divided here. What is lost, and what would each block's Jacobian need to keep it?
1 bounded
    bounded outputs would keep no direction alive. What would each block's Jacobian need to keep
    them all?
1 no_division
    no block divides anything as it is. What is lost, and what would each block's Jacobian need to
    keep it?
1 capacity
    numbers to learn are not what is missing. What does not reach the first blocks?
1 usual
    that others do it says nothing about this network. What does it do to the Jacobian of a block?
2 shortcut
    this network has its shortcuts. Look at what each block adds to them.
2 pre_norm
    it would help as well, but this network is to do without a norm. What else could be smaller?
2 center_norm
    this network is to do without a norm, and this one would leave the size as it is. What could be
    smaller?
2 cosine
    there is no attention in this network.
2 wider
    in a wider network each block adds as much to the shortcut as here. What could be smaller?
2 identity
    the identity is there already, in every block. What is added to it, thirty times?
2 undivided
    nothing is divided here. What happens to the size, block by block?
2 bounded
    no output of a branch is bounded by this change. What happens to the size, block by block?
2 no_division
    no block divides anything as it is. What happens to the size, block by block?
2 capacity
    the network has enough numbers to learn. What happens to the size, block by block?
2 usual
    that others do it says nothing about this network. What happens to the size, block by block?
3 shortcut
    this network has its shortcuts. What stands on them?
3 small_branch
    smaller branches do help here, and DeepNorm has them too. But this network may change nothing
    except the order of its modules.
3 center_norm
    the norm is to stay LayerNorm. Only the order of the modules may change.
3 cosine
    there is no attention in this network.
3 wider
    the way past the branches would be divided as often. What stands on it?
3 identity
    there is an identity in each block, but something stands behind it. What does the norm do to
    what came past the branch?
3 growth
    the norm sees to it that no signal grows. What does it do to what came past the branch?
3 bounded
    the norm bounds every output already. What does it do to what came past the branch?
3 no_division
    LayerNorm goes on dividing after this change. What does it no longer divide?
3 capacity
    the order of the modules changes no number of parameters.
3 usual
    that others do it says nothing about this network. What does the norm do to what came past the
    branch?
4 shortcut
    a shortcut leaves the attention beside it as steep as it is. Which part of it grows with the
    tokens?
4 small_branch
    a small weight makes the Jacobian smaller by a factor, at every size. It goes on growing with
    the tokens.
4 pre_norm
    it would keep the tokens small, but this network is to do without a norm. Which part of
    attention grows with the tokens?
4 center_norm
    tokens without their mean can be as large as before. Which part of attention grows with them?
4 wider
    a wider attention grows with its tokens as well. Which part of it?
4 identity
    this change adds no identity. What does it do to the scores?
4 growth
    this change does nothing to what a block adds to a shortcut. What does it do to the scores?
4 undivided
    this change divides, on purpose. What does that do to the scores?
4 no_division
    queries and keys are divided by this change, on purpose. What does that do to the scores?
4 capacity
    the number of parameters stays as it is. What happens to the scores?
4 usual
    that others do it says nothing about this network. What does it do to the scores?
5 shortcut
    a shortcut leaves the norm beside it as steep as it is for nearly equal inputs. Where does the
    316 come from?
5 small_branch
    a small weight makes the bound of a branch smaller by a factor. Where does the 316 come from?
5 pre_norm
    the order of the modules leaves LayerNorm's constant as it is. Where does the 316 come from?
5 cosine
    there is no attention in this network.
5 wider
    LayerNorm's constant does not depend on the width. Where does the 316 come from?
5 identity
    this change adds no identity. Where does the 316 come from?
5 growth
    nothing is said of blocks that add too much. Where does the 316 come from?
5 undivided
    this is about the way past the branch. What is asked for is a constant of the norm itself.
5 bounded
    the output of LayerNorm is bounded already, and its slope is large all the same. Where does the
    316 come from?
5 capacity
    the number of parameters stays as it is. Where does the 316 come from?
5 usual
    that others do it says nothing about this network. Where does the 316 come from?
"""

NO_OPTION = """
{task} {word}
    "{word}" is not a word of the tables. Write it exactly as it stands there, in small letters and
    without blanks.
"""

NO_OPTIONS = {
    1: ("residual", "skip", "rezero"),
    2: ("rezero", "layerscale", "small branch", "scale"),
    3: ("pre-norm", "prenorm", "pre_ln", "pre norm"),
    4: ("cosine_attention", "l2"),
    5: ("centernorm", "center-norm", "center norm", "no division"),
}

TABLES = (
    SLIPS,
    *(
        NO_OPTION.format(task=task, word=word)
        for task, words in NO_OPTIONS.items()
        for word in words
    ),
)

CHOOSE_FIX = Exercise(
    id="16.choose_fix",
    points=3,
    asks="a change and a reason for each of five networks",
    reference=CHOSEN,
    cases=lambda seed: [Case("these five networks")],
    hints=(
        "Begin with what each network has already: shortcuts, norms, attention. Some "
        "changes drop out.",
        "Ask of each what goes wrong with a small change on its way: does it vanish, grow, get "
        "divided, meet something steep, or is it only the bound that is too large?",
        "One of the changes belongs to no network, and two of the reasons are no reasons here. The "
        "other five belong to one network each.",
    ),
    slips=(
        *(
            slip
            for table in TABLES
            for slip in slips_of_words(table, CHOSEN, REASONS, kind="change")
        ),
        *slips_of_writing(CHOSEN, kind="change"),
    ),
    also_right=(
        list(CHOSEN),
        [list(pair) for pair in CHOSEN],
        tuple([change, reason] for change, reason in CHOSEN),
    ),
)
