"""Part IV: curvature, fuzzy inference, the fuzzy optimizer (from lesson 18 on).

Curvature: vectors, products, differences, hutchinson, gauss_newton, lanczos, steps, refresh.
Fuzzy inference: membership, rules, inference, then controller, frozen, rate.
The fuzzy optimizer: update, steering, fuzzy_optimizer.
"""

from course_lib.second_order.controller import Mamdani, Sugeno, Variable
from course_lib.second_order.differences import (
    central_probe,
    diagonal_fd,
    forward_probe,
    joint_quotient,
    secant,
    secant_noise,
)
from course_lib.second_order.frozen import Frozen, bilinear, freeze
from course_lib.second_order.fuzzy_optimizer import FuzzySecondOrder
from course_lib.second_order.gauss_newton import (
    cross_entropy_curvature,
    gauss_newton_diagonal,
    squared_error_curvature,
)
from course_lib.second_order.hutchinson import hutchinson, hutchinson_deviation
from course_lib.second_order.inference import centroid, outline, sugeno
from course_lib.second_order.lanczos import lanczos, lower_eigenvalues
from course_lib.second_order.membership import (
    bells,
    coverage,
    gaussmf,
    partition,
    sigmf,
    trapmf,
    trimf,
)
from course_lib.second_order.products import exact_diagonal, hvp
from course_lib.second_order.rate import (
    PLAN,
    PROGRESS,
    RULES,
    SLOPE,
    plan,
    policy,
    rate_controller,
    slope_ratio,
    steered,
)
from course_lib.second_order.refresh import due, refreshes
from course_lib.second_order.rules import firing, rule_table
from course_lib.second_order.steering import Steering, inner_products, loss_trend
from course_lib.second_order.steps import diagonal_step, guard, newton_step
from course_lib.second_order.update import update
from course_lib.second_order.vectors import as_vector

__all__ = [
    "PLAN",
    "PROGRESS",
    "RULES",
    "SLOPE",
    "Frozen",
    "FuzzySecondOrder",
    "Mamdani",
    "Steering",
    "Sugeno",
    "Variable",
    "as_vector",
    "bells",
    "bilinear",
    "central_probe",
    "centroid",
    "coverage",
    "cross_entropy_curvature",
    "diagonal_fd",
    "diagonal_step",
    "due",
    "exact_diagonal",
    "firing",
    "forward_probe",
    "freeze",
    "gauss_newton_diagonal",
    "gaussmf",
    "guard",
    "hutchinson",
    "hutchinson_deviation",
    "hvp",
    "inner_products",
    "joint_quotient",
    "lanczos",
    "loss_trend",
    "lower_eigenvalues",
    "newton_step",
    "outline",
    "partition",
    "plan",
    "policy",
    "rate_controller",
    "refreshes",
    "rule_table",
    "secant",
    "secant_noise",
    "sigmf",
    "slope_ratio",
    "squared_error_curvature",
    "steered",
    "sugeno",
    "trapmf",
    "trimf",
    "update",
]
