"""Part III: Jacobians, Lipschitz constants, signal propagation (from lesson 13 on).

What a module does to a small change: module, then linear_maps, pointwise, normalise, batchnorm,
weights, attention and shortcuts. Every module once, with random weights: examples. How much it can
stretch: constants, bounds, lipschitz, attention_bounds, power_iteration; a whole network: compose,
torch_modules, network, sampled. What becomes of signals and gradients: mean_field, propagation,
half_precision.
"""

from course_lib.analysis.attention import attend_by_cosine, cosine_attention, dot_product_attention, l2_attention
from course_lib.analysis.attention_bounds import exact_dot_product_attention, growing_tokens, mean_square_apart, upper_cosine_attention, upper_cosine_attention_lipsformer, upper_l2_attention
from course_lib.analysis.batchnorm import batch_norm, batch_norm_evaluation
from course_lib.analysis.bounds import exact_norm, exact_norm_circular, upper_norm_by_frobenius, upper_norm_by_reshape, upper_norm_by_sums, upper_norm_zero_padded
from course_lib.analysis.compose import upper_of_blocks, upper_of_chain
from course_lib.analysis.constants import CONSTANTS, Constant, MAX_POOL, SOFTMAX
from course_lib.analysis.examples import EXAMPLES, example
from course_lib.analysis.half_precision import lost_in_half, next_scale, scaled_back
from course_lib.analysis.linear_maps import average_pool, convolution, dropout, linear
from course_lib.analysis.lipschitz import exact_average_pool, exact_batch_norm, exact_batch_norm_evaluation, exact_center_norm, exact_dropout, exact_l2_normalise, exact_layer_norm, exact_rms_norm, exact_weight_norm, lower_residual, upper_center_norm, upper_feed_forward, upper_layer_norm, upper_post_norm, upper_pre_norm, upper_residual
from course_lib.analysis.mean_field import chi_1, critical_gain, depth_scale, fixed_point, mean_squares, next_correlation, next_q
from course_lib.analysis.module import Module, chain, deep_norm, deep_norm_scale, on_each, post_norm, pre_norm, residual, sum_of
from course_lib.analysis.network import NetworkBound, Residual, lower_of_network, upper_of_network
from course_lib.analysis.normalise import center_norm, l2_normalise, layer_norm, rms_norm
from course_lib.analysis.pointwise import activation, feed_forward, max_pool, soft_max
from course_lib.analysis.power_iteration import lower_norm, lower_norm_at
from course_lib.analysis.propagation import blocks, depth_limit, gradients, keeping_gain, likeness, log_norms, signals, sizes, spectra
from course_lib.analysis.sampled import lower_constant, norms_by_scale
from course_lib.analysis.shortcuts import norm_jacobians, rezero_vjp
from course_lib.analysis.weights import spectral_norm, weight_norm, weight_norm_of_v

__all__ = [
    "CONSTANTS",
    "Constant",
    "EXAMPLES",
    "MAX_POOL",
    "Module",
    "NetworkBound",
    "Residual",
    "SOFTMAX",
    "activation",
    "attend_by_cosine",
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
    "deep_norm_scale",
    "depth_limit",
    "depth_scale",
    "dot_product_attention",
    "dropout",
    "exact_average_pool",
    "exact_batch_norm",
    "exact_batch_norm_evaluation",
    "exact_center_norm",
    "exact_dot_product_attention",
    "exact_dropout",
    "exact_l2_normalise",
    "exact_layer_norm",
    "exact_norm",
    "exact_norm_circular",
    "exact_rms_norm",
    "exact_weight_norm",
    "example",
    "feed_forward",
    "fixed_point",
    "gradients",
    "growing_tokens",
    "keeping_gain",
    "l2_attention",
    "l2_normalise",
    "layer_norm",
    "likeness",
    "linear",
    "log_norms",
    "lost_in_half",
    "lower_constant",
    "lower_norm",
    "lower_norm_at",
    "lower_of_network",
    "lower_residual",
    "max_pool",
    "mean_square_apart",
    "mean_squares",
    "next_correlation",
    "next_q",
    "next_scale",
    "norm_jacobians",
    "norms_by_scale",
    "on_each",
    "post_norm",
    "pre_norm",
    "residual",
    "rezero_vjp",
    "rms_norm",
    "scaled_back",
    "signals",
    "sizes",
    "soft_max",
    "spectra",
    "spectral_norm",
    "sum_of",
    "upper_center_norm",
    "upper_cosine_attention",
    "upper_cosine_attention_lipsformer",
    "upper_feed_forward",
    "upper_l2_attention",
    "upper_layer_norm",
    "upper_norm_by_frobenius",
    "upper_norm_by_reshape",
    "upper_norm_by_sums",
    "upper_norm_zero_padded",
    "upper_of_blocks",
    "upper_of_chain",
    "upper_of_network",
    "upper_post_norm",
    "upper_pre_norm",
    "upper_residual",
    "weight_norm",
    "weight_norm_of_v",
]
