"""Part III: Jacobians, Lipschitz constants, signal propagation (from lesson 13 on).

What a module does to a small change: module, then linear_maps, pointwise, normalise, batchnorm,
weights and attention. Every module once, with random weights: examples. How much it can stretch:
constants, bounds, power_iteration. What becomes of sizes in wide layers: mean_field. What
becomes of signals and gradients in many: propagation; in float16: half_precision.
"""

from course_lib.analysis.attention import cosine_attention, dot_product_attention, l2_attention
from course_lib.analysis.batchnorm import batch_norm, batch_norm_evaluation
from course_lib.analysis.bounds import (
    exact_norm,
    exact_norm_circular,
    upper_norm_by_frobenius,
    upper_norm_by_reshape,
    upper_norm_by_sums,
    upper_norm_zero_padded,
)
from course_lib.analysis.constants import CONSTANTS, SOFTMAX, Constant
from course_lib.analysis.examples import EXAMPLES, example
from course_lib.analysis.half_precision import lost_in_half, next_scale, scaled_back
from course_lib.analysis.linear_maps import average_pool, convolution, dropout, linear
from course_lib.analysis.mean_field import (
    chi_1,
    critical_gain,
    depth_scale,
    fixed_point,
    mean_squares,
    next_correlation,
    next_q,
)
from course_lib.analysis.module import (
    Module,
    chain,
    deep_norm,
    on_each,
    post_norm,
    pre_norm,
    residual,
    sum_of,
)
from course_lib.analysis.normalise import (
    center_norm,
    l2_normalise,
    layer_norm,
    rms_norm,
)
from course_lib.analysis.pointwise import (
    activation,
    feed_forward,
    max_pool,
    soft_max,
)
from course_lib.analysis.power_iteration import lower_norm, lower_norm_at
from course_lib.analysis.propagation import (
    blocks,
    depth_limit,
    gradients,
    keeping_gain,
    likeness,
    log_norms,
    signals,
    sizes,
    spectra,
)
from course_lib.analysis.weights import spectral_norm, weight_norm, weight_norm_of_v

__all__ = [
    "CONSTANTS",
    "EXAMPLES",
    "SOFTMAX",
    "Constant",
    "Module",
    "activation",
    "average_pool",
    "batch_norm",
    "batch_norm_evaluation",
    "blocks",
    "center_norm",
    "chain",
    "chi_1",
    "convolution",
    "cosine_attention",
    "critical_gain",
    "deep_norm",
    "depth_limit",
    "depth_scale",
    "dot_product_attention",
    "dropout",
    "exact_norm",
    "exact_norm_circular",
    "example",
    "feed_forward",
    "fixed_point",
    "gradients",
    "keeping_gain",
    "l2_attention",
    "l2_normalise",
    "layer_norm",
    "likeness",
    "linear",
    "log_norms",
    "lost_in_half",
    "lower_norm",
    "lower_norm_at",
    "max_pool",
    "mean_squares",
    "next_correlation",
    "next_q",
    "next_scale",
    "on_each",
    "post_norm",
    "pre_norm",
    "residual",
    "rms_norm",
    "scaled_back",
    "signals",
    "sizes",
    "soft_max",
    "spectra",
    "spectral_norm",
    "sum_of",
    "upper_norm_by_frobenius",
    "upper_norm_by_reshape",
    "upper_norm_by_sums",
    "upper_norm_zero_padded",
    "weight_norm",
    "weight_norm_of_v",
]
