"""Part II: update rules and what runs them (from lesson 07 on).

What runs a rule: rules, signature, settings, paths, probe, groups, bucket, compiled, one_graph,
in_graph, optimizer, then cost, surfaces, tuning, schedules. What a lesson needs of its own: descent
(07), batches (08), averages (09), adaptive (10), correction, dialects and lamb (11), clipping,
weight_average, decay and spectral (17).
"""

from course_lib.optim.adaptive import (
    adagrad_step,
    constant_average,
    constant_step,
    effective_lr,
    limit_cycle,
    rotated,
    step_ratio,
)
from course_lib.optim.averages import (
    best_momentum,
    critical_beta,
    ema,
    ema_weights,
    lag,
    spectral_radius,
    step_matrix,
    window,
)
from course_lib.optim.batches import (
    accumulate,
    batches,
    epoch_updates,
    gradient_noise,
    noise_floor,
    noise_scale,
    sgd_step,
    stream_epoch,
)
from course_lib.optim.clipping import clip_by_norm, clip_by_value
from course_lib.optim.correction import (
    adam_partly_corrected,
    corrected,
    first_step,
    rmsprop_by_adam,
    uncorrected_factor,
    weight_given,
)
from course_lib.optim.cost import cost, cost_gradient
from course_lib.optim.decay import momentum_decoupled, momentum_l2
from course_lib.optim.descent import (
    best_lr,
    condition_number,
    descend,
    factors,
    line_hessian,
    max_lr,
    rate,
    steps_needed,
)
from course_lib.optim.dialects import (
    TABLE,
    adam_epsilon_hat,
    adam_l2,
    adamw_paper,
    momentum_lr_inside,
    rmsprop_inside,
)
from course_lib.optim.lamb import lamb
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.paths import path
from course_lib.optim.rules import (
    adagrad,
    adam,
    adamw,
    gd,
    momentum,
    momentum_ema,
    nesterov,
    rmsprop,
)
from course_lib.optim.schedules import cosine, scheduled, step_decay, warm_up, warm_up_cosine
from course_lib.optim.signature import apply, hyper_names, rule_name, slot_names
from course_lib.optim.spectral import cap_step, capped, spectral_normalise
from course_lib.optim.surfaces import (
    BEALE,
    HIMMELBLAU,
    RAVINE,
    ROSENBROCK,
    SADDLE,
    SURFACES,
    Surface,
    bowl,
    neuron,
)
from course_lib.optim.tuning import decades_near_best, rank_ranges, tune
from course_lib.optim.weight_average import weight_ema, weight_ema_from_first

__all__ = [
    "BEALE",
    "HIMMELBLAU",
    "RAVINE",
    "ROSENBROCK",
    "SADDLE",
    "SURFACES",
    "TABLE",
    "RuleOptimizer",
    "Surface",
    "accumulate",
    "adagrad",
    "adagrad_step",
    "adam",
    "adam_epsilon_hat",
    "adam_l2",
    "adam_partly_corrected",
    "adamw",
    "adamw_paper",
    "apply",
    "batches",
    "best_lr",
    "best_momentum",
    "bowl",
    "cap_step",
    "capped",
    "clip_by_norm",
    "clip_by_value",
    "condition_number",
    "constant_average",
    "constant_step",
    "corrected",
    "cosine",
    "cost",
    "cost_gradient",
    "critical_beta",
    "decades_near_best",
    "descend",
    "effective_lr",
    "ema",
    "ema_weights",
    "epoch_updates",
    "factors",
    "first_step",
    "gd",
    "gradient_noise",
    "hyper_names",
    "lag",
    "lamb",
    "limit_cycle",
    "line_hessian",
    "max_lr",
    "momentum",
    "momentum_decoupled",
    "momentum_ema",
    "momentum_l2",
    "momentum_lr_inside",
    "nesterov",
    "neuron",
    "noise_floor",
    "noise_scale",
    "path",
    "rank_ranges",
    "rate",
    "rmsprop",
    "rmsprop_by_adam",
    "rmsprop_inside",
    "rotated",
    "rule_name",
    "scheduled",
    "sgd_step",
    "slot_names",
    "spectral_normalise",
    "spectral_radius",
    "step_decay",
    "step_matrix",
    "step_ratio",
    "steps_needed",
    "stream_epoch",
    "tune",
    "uncorrected_factor",
    "warm_up",
    "warm_up_cosine",
    "weight_ema",
    "weight_ema_from_first",
    "weight_given",
    "window",
]
