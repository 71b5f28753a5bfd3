"""Part III: Jacobians, Lipschitz constants, signal propagation (from lesson 13 on).

What a module does to a small change: module, then linear_maps, pointwise, normalise, batchnorm,
weights and attention. Every module once, with random weights: examples. How much it can stretch:
constants, bounds, power_iteration, sampled; of
whole networks: compose, torch_modules, network. What becomes of sizes in wide layers: mean_field.
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
from course_lib.analysis.compose import upper_of_blocks, upper_of_chain
from course_lib.analysis.constants import CONSTANTS, SOFTMAX, Constant
from course_lib.analysis.examples import EXAMPLES, example
from course_lib.analysis.linear_maps import average_pool, convolution, dropout, linear
from course_lib.analysis.mean_field import mean_squares
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
from course_lib.analysis.network import (
    NetworkBound,
    Residual,
    lower_of_network,
    upper_of_network,
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
from course_lib.analysis.sampled import lower_constant, norms_by_scale
from course_lib.analysis.weights import spectral_norm, weight_norm, weight_norm_of_v

__all__ = [
    "CONSTANTS",
    "EXAMPLES",
    "SOFTMAX",
    "Constant",
    "Module",
    "NetworkBound",
    "Residual",
    "activation",
    "average_pool",
    "batch_norm",
    "batch_norm_evaluation",
    "center_norm",
    "chain",
    "convolution",
    "cosine_attention",
    "deep_norm",
    "dot_product_attention",
    "dropout",
    "exact_norm",
    "exact_norm_circular",
    "example",
    "feed_forward",
    "l2_attention",
    "l2_normalise",
    "layer_norm",
    "linear",
    "lower_constant",
    "lower_norm",
    "lower_norm_at",
    "lower_of_network",
    "max_pool",
    "mean_squares",
    "norms_by_scale",
    "on_each",
    "post_norm",
    "pre_norm",
    "residual",
    "rms_norm",
    "soft_max",
    "spectral_norm",
    "sum_of",
    "upper_norm_by_frobenius",
    "upper_norm_by_reshape",
    "upper_norm_by_sums",
    "upper_norm_zero_padded",
    "upper_of_blocks",
    "upper_of_chain",
    "upper_of_network",
    "weight_norm",
    "weight_norm_of_v",
]
