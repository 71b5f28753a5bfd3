# %% [markdown]
# # 17 · Explicit optimisation
#
# **Question.** What can you do to weights, gradients, rate and decay?
#
# **Time.** about 80 minutes.
#
# **Before this.** [16 · Implicit optimisation](16_implicit_optimisation.ipynb)

# %% tags=["hide-input"]
import math

import torch

from course_lib.exercises import check, hint, mine, progress, solution

# %% [markdown]
# ### Exercise 17.spectral_normalise


# %%
def spectral_normalise(W, u):
    """Return W over an estimate of its largest singular value, and the next u: two tensors.

    W: tensor of shape (h, d), the weights.   u: tensor of shape (h,), of norm 1.
    """
    ### BEGIN SOLUTION
    v = W.detach().T @ u
    v = v / v.norm()
    u = W.detach() @ v
    u = u / u.norm()
    return W / (u @ W @ v), u
    ### END SOLUTION


# %%
spectral_normalise = check("17.spectral_normalise", spectral_normalise)

# %% [markdown]
# ### Exercise 17.weight_ema


# %%
def weight_ema(average, p, *, t, beta):
    """Return the average of the weights after update t.

    average: tensor of any shape, the average before.   p: same shape, the weights after update t.
    t: the number of the update, 1, 2, …   beta: what an average keeps, from 0 to below 1.
    """
    ### BEGIN SOLUTION
    return average + (1 - beta) / (1 - beta**t) * (p - average)
    ### END SOLUTION


# %%
weight_ema = check("17.weight_ema", weight_ema)

# %% [markdown]
# ### Exercise 17.clip_by_norm


# %%
def clip_by_norm(gradients, largest):
    """Return the gradients as a list, shortened together if their norm is above largest.

    gradients: list of tensors of any shapes.   largest: number above 0.
    """
    ### BEGIN SOLUTION
    norm = torch.stack([g.norm() for g in gradients]).norm()
    share = (largest / norm).clamp(max=1)
    return [share * g for g in gradients]
    ### END SOLUTION


# %%
clip_by_norm = check("17.clip_by_norm", clip_by_norm)

# %% [markdown]
# ### Exercise 17.warmup_cosine


# %%
def warmup_cosine(t, updates, *, warm, final=0.0):
    """Return the share of the learning rate at update t of so many, a number.

    t: 1, 2, …, updates.   warm: how many updates the warm-up takes, 1 or more.
    final: the share at which the cosine would end, at the update after the last.
    """
    ### BEGIN SOLUTION
    if t < warm:
        return t / warm
    angle = math.pi * (t - warm) / (updates - warm + 1)
    return final + (1 - final) * (1 + math.cos(angle)) / 2
    ### END SOLUTION


# %%
warmup_cosine = check("17.warmup_cosine", warmup_cosine)

# %% [markdown]
# ### Exercise 17.decoupled


# %%
def decoupled(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    """Return the parameter and its velocity after one step: two tensors.

    p: tensor of any shape, the parameter.   g: its gradient.   v: its velocity before.
    lr: learning rate.   beta: what the velocity keeps.   weight_decay: the decay.
    """
    ### BEGIN SOLUTION
    v = beta * v + g
    return (1 - lr * weight_decay) * p - lr * v, v
    ### END SOLUTION


# %%
decoupled = check("17.decoupled", decoupled)
