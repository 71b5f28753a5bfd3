"""LAMB: an update rule that looks at a whole tensor at once."""

import torch

from course_lib.optim.rules import adam


def lamb(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-06, weight_decay=0.01):
    """Return the parameter and both its averages after a step of LAMB.

    With m̂ and v̂ as in Adam, `r = m̂ / (√v̂ + ε) + λ p` is where AdamW would go. LAMB goes there
    too, but as far as lr times the norm of the parameter: `p ← p − lr · (‖p‖ / ‖r‖) r`. The factor
    `‖p‖ / ‖r‖` is the trust ratio. Both norms are taken over the whole tensor, which is to be one
    layer's: so the rule is not elementwise, and a tensor must not be cut up or joined.
    Source: You and others (2020), algorithm 2, with φ(z) = z. Deviation: the ratio is 1 where a
    norm is 0, as implementations have it, or what starts at zero would stay there.

    >>> p, zero = torch.tensor([3.0, 4.0]), torch.zeros(2)
    >>> (lamb(p, torch.tensor([7.0, -7.0]), zero, zero, t=1, lr=0.1)[0] - p).norm()
    tensor(0.5000)
    """
    adam_step, m, v = adam(
        torch.zeros_like(p), g, m, v, t=t, lr=1.0, beta1=beta1, beta2=beta2, eps=eps
    )
    r = weight_decay * p - adam_step
    of_p, of_r = p.norm(), r.norm()
    trust = torch.where((of_p > 0) & (of_r > 0), of_p / of_r.clamp(min=1e-30), 1.0)
    return p - lr * trust * r, m, v
