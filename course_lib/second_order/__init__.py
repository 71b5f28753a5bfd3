"""Part IV: curvature, fuzzy inference, the fuzzy optimizer (from lesson 18 on).

Curvature: vectors, products, differences, hutchinson, gauss_newton, lanczos, steps, refresh.
"""

from course_lib.second_order.differences import (
    central_probe,
    diagonal_fd,
    forward_probe,
    joint_quotient,
    secant,
    secant_noise,
)
from course_lib.second_order.gauss_newton import (
    cross_entropy_curvature,
    gauss_newton_diagonal,
    squared_error_curvature,
)
from course_lib.second_order.hutchinson import hutchinson, hutchinson_deviation
from course_lib.second_order.lanczos import lanczos, lower_eigenvalues
from course_lib.second_order.products import exact_diagonal, hvp
from course_lib.second_order.refresh import due, refreshes
from course_lib.second_order.steps import diagonal_step, guard, newton_step
from course_lib.second_order.vectors import as_vector

__all__ = [
    "as_vector",
    "central_probe",
    "cross_entropy_curvature",
    "diagonal_fd",
    "diagonal_step",
    "due",
    "exact_diagonal",
    "forward_probe",
    "gauss_newton_diagonal",
    "guard",
    "hutchinson",
    "hutchinson_deviation",
    "hvp",
    "joint_quotient",
    "lanczos",
    "lower_eigenvalues",
    "newton_step",
    "refreshes",
    "secant",
    "secant_noise",
    "squared_error_curvature",
]
