"""Part IV: curvature, fuzzy inference, the fuzzy optimizer (from lesson 18 on).

Fuzzy inference (19): membership, rules, inference, then controller, frozen, rate.
"""

from course_lib.second_order.controller import Mamdani, Sugeno, Variable
from course_lib.second_order.frozen import Frozen, bilinear, freeze
from course_lib.second_order.inference import centroid, outline, sugeno
from course_lib.second_order.membership import (
    bells,
    coverage,
    gaussmf,
    partition,
    sigmf,
    trapmf,
    trimf,
)
from course_lib.second_order.rate import (
    PLAN,
    PROGRESS,
    RULES,
    SLOPE,
    plan,
    rate_controller,
    slope_ratio,
    steered,
)
from course_lib.second_order.rules import firing, rule_table

__all__ = [
    "PLAN",
    "PROGRESS",
    "RULES",
    "SLOPE",
    "Frozen",
    "Mamdani",
    "Sugeno",
    "Variable",
    "bells",
    "bilinear",
    "centroid",
    "coverage",
    "firing",
    "freeze",
    "gaussmf",
    "outline",
    "partition",
    "plan",
    "rate_controller",
    "rule_table",
    "sigmf",
    "slope_ratio",
    "steered",
    "sugeno",
    "trapmf",
    "trimf",
]
