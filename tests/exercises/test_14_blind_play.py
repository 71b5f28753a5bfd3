"""Answers to lesson 14 that were written without a look at the code, and what must come back."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def constant_with_sign(f, z):
    y = f(z)
    return max((y[k + 1] - y[k]) / (z[k + 1] - z[k]) for k in range(len(z) - 1))


def constant_from_zero(f, z):
    return (f(z) / z).abs().max()


def constant_of_the_step(f, z):
    h = z[1] - z[0]
    return (f(z).diff() / h).abs().max()


def constant_signed_and_averaged(f, z):
    return (f(z).diff() / z.diff()).mean()


def power_never_divided(product, transposed, v, rounds):
    for _ in range(rounds):
        v = transposed(product(v))
    return torch.linalg.vector_norm(product(v))


def power_eigenvalue(product, transposed, v, rounds):
    v = v / v.norm()
    for _ in range(rounds):
        v = transposed(product(v))
        v = v / v.norm()
    return product(v).norm() ** 2


def power_rayleigh(product, transposed, v, rounds):
    v = v / v.norm()
    for _ in range(rounds):
        v = transposed(product(v))
        v = v / v.norm()
    return v @ transposed(product(v))


def power_only_ahead(product, transposed, v, rounds):
    v = v / v.norm()
    for _ in range(rounds):
        v = product(v)
        v = v / v.norm()
    return product(v).norm()


def power_of_one_step_less(product, transposed, v, rounds):
    v = v / v.norm()
    sigma = product(v).norm()
    for _ in range(rounds):
        sigma = product(v).norm()
        v = transposed(product(v))
        v = v / v.norm()
    return sigma


def conv_as_matrix(kernel, rows, columns):
    return torch.linalg.matrix_norm(kernel.reshape(len(kernel), -1), ord=2)


def conv_without_size(kernel, rows, columns):
    waves = torch.fft.fft2(kernel)
    return torch.linalg.svdvals(waves.permute(2, 3, 0, 1)).max()


def conv_of_the_last_axes(kernel, rows, columns):
    return torch.linalg.svdvals(torch.fft.fft2(kernel, s=(rows, columns))).max()


def conv_largest_number(kernel, rows, columns):
    return torch.fft.fft2(kernel, s=(rows, columns)).abs().max()


def compose_forgets(branches, skips):
    return branches.prod()


def compose_with_sign(branches, skips):
    total = torch.ones((), dtype=branches.dtype)
    for layers, s in zip(branches, skips, strict=True):
        total = total * (s + layers.prod())
    return total


def compose_adds(branches, skips):
    return (skips.abs() + branches.prod(dim=1)).sum()


def compose_adds_layers(branches, skips):
    return (skips.abs() + branches.sum(dim=1)).prod()


def compose_adds_layers_with_sign(branches, skips):
    return (skips + branches.sum(dim=1)).prod()


def growth_frobenius(f, X, scales):
    return torch.stack([torch.func.jacrev(f)(s * X).norm() for s in scales])


def growth_of_the_scaled_function(f, X, scales):
    norms = []
    for s in scales:
        J = torch.func.jacrev(lambda X, s=s: f(s * X))(X)
        norms.append(torch.linalg.matrix_norm(J.reshape(f(X).numel(), -1), ord=2))
    return torch.stack(norms)


def growth_at_one_place(f, X, scales):
    J = torch.func.jacrev(f)(X).reshape(f(X).numel(), -1)
    return torch.stack([torch.linalg.matrix_norm(J, ord=2) for _ in scales])


def growth_scaled_afterwards(f, X, scales):
    J = torch.func.jacrev(f)(X).reshape(f(X).numel(), -1)
    return torch.stack([s * torch.linalg.matrix_norm(J, ord=2) for s in scales])


def constant_of_the_whole_range(f, z):
    return (f(z).max() - f(z).min()) / (z.max() - z.min())


def constant_of_two_maxima(f, z):
    return f(z).diff().abs().max() / z.diff().abs().max()


def constant_by_the_derivative(f, z):
    return torch.func.vmap(torch.func.grad(f))(z).abs().max()


def power_half_a_round_early(product, transposed, v, rounds):
    for _ in range(rounds):
        u = product(v)
        u = u / u.norm()
        v = transposed(u)
    return v.norm()


def power_by_the_last_length(product, transposed, v, rounds):
    n = v.norm()
    v = v / n
    for _ in range(rounds):
        v = transposed(product(v))
        n = v.norm()
        v = v / n
    return n


def power_by_the_root_of_it(product, transposed, v, rounds):
    return power_by_the_last_length(product, transposed, v, rounds).sqrt()


def conv_by_eigenvalues(kernel, rows, columns):
    waves = torch.fft.fft2(kernel, s=(rows, columns)).permute(2, 3, 0, 1)
    return torch.linalg.eigvals(waves.mT @ waves).abs().max().sqrt()


def compose_keeps_the_last(branches, skips):
    for layers, s in zip(branches, skips, strict=True):
        bound = abs(s) + layers.prod()
    return bound


def compose_weighs_both_ways(branches, skips):
    return (skips.abs() * (1 + branches.prod(dim=1))).prod()


def growth_by_the_first_axis(f, X, scales):
    matrices = [torch.func.jacrev(f)(s * X).flatten(1) for s in scales]
    return torch.stack([torch.linalg.matrix_norm(J, ord=2) for J in matrices])


def growth_of_the_sum(f, X, scales):
    return torch.stack([torch.func.grad(lambda X: f(X).sum())(s * X).norm() for s in scales])


def growth_over_the_scale(f, X, scales):
    norms = []
    for s in scales:
        J = torch.func.jacrev(f)(s * X).reshape(f(X).numel(), X.numel())
        norms.append(torch.linalg.matrix_norm(J, ord=2) / s)
    return torch.stack(norms)


WRONG = {
    constant_of_the_whole_range: ("14.activation_constant", "range over range"),
    constant_of_two_maxima: ("14.activation_constant", "largest over largest"),
    constant_by_the_derivative: ("14.activation_constant", "derivative"),
    power_half_a_round_early: ("14.power_iteration", "way back"),
    power_by_the_last_length: ("14.power_iteration", "length in the last round"),
    power_by_the_root_of_it: ("14.power_iteration", "root of the last length"),
    conv_by_eigenvalues: ("14.conv_norm", "without the conjugate"),
    compose_keeps_the_last: ("14.compose", "last block only"),
    compose_weighs_both_ways: ("14.compose", "weight on both ways"),
    growth_by_the_first_axis: ("14.attention_growth", "a row for each token"),
    growth_of_the_sum: ("14.attention_growth", "outputs added up"),
    growth_over_the_scale: ("14.attention_growth", "norm over the scale"),
    constant_with_sign: ("14.activation_constant", "no size"),
    constant_from_zero: ("14.activation_constant", "from the origin"),
    constant_of_the_step: ("14.activation_constant", "even spacing"),
    power_never_divided: ("14.power_iteration", "no normalising"),
    power_eigenvalue: ("14.power_iteration", "eigenvalue"),
    power_rayleigh: ("14.power_iteration", "eigenvalue"),
    power_of_one_step_less: ("14.power_iteration", "a round too few"),
    conv_as_matrix: ("14.conv_norm", "reshaped kernel"),
    conv_without_size: ("14.conv_norm", "size of the kernel"),
    conv_of_the_last_axes: ("14.conv_norm", "images for matrices"),
    conv_largest_number: ("14.conv_norm", "largest entry"),
    compose_forgets: ("14.compose", "shortcut forgotten"),
    compose_with_sign: ("14.compose", "with its sign"),
    compose_adds: ("14.compose", "blocks added up"),
    compose_adds_layers: ("14.compose", "layers added up"),
    growth_frobenius: ("14.attention_growth", "all squares"),
    growth_of_the_scaled_function: ("14.attention_growth", "times the scale"),
    growth_at_one_place: ("14.attention_growth", "never scaled"),
    growth_scaled_afterwards: ("14.attention_growth", "output scaled"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_answer_is_named(answer, seed):
    exercise, slip = WRONG[answer]
    outcome = evaluate(EXERCISES[exercise], answer, seed=seed)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)


@pytest.mark.parametrize("seed", [0, 1])
def test_j_alone_is_named_although_it_raises(seed):
    outcome = evaluate(EXERCISES["14.power_iteration"], power_only_ahead, seed=seed)
    assert outcome.slip == "J alone"


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("14.activation_constant", constant_signed_and_averaged),
        ("14.compose", compose_adds_layers_with_sign),
    ],
)
def test_two_slips_at_once_are_told_apart_from_one(exercise, answer):
    outcome = evaluate(EXERCISES[exercise], answer, seed=0)
    assert (outcome.status, outcome.slip) == ("wrong_value", None)
    assert outcome.kind
