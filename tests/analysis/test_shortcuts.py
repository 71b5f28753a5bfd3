"""Formulas of blocks against the modules that are put together, and against autograd."""

import torch
from torch.func import jacrev

from course_lib.analysis import (
    attend_by_cosine,
    chain,
    deep_norm_scale,
    feed_forward,
    layer_norm,
    norm_jacobians,
    post_norm,
    pre_norm,
    residual,
    rezero_vjp,
)
from course_lib.lab import generator


def drawing(seed):
    source = generator(seed)
    return lambda *shape: torch.randn(shape, generator=source, dtype=torch.float64)


def branch(draw, d=5, hidden=7):
    return feed_forward(draw(hidden, d), draw(hidden), draw(d, hidden), draw(d), "tanh")


def test_the_gradients_of_a_block_are_those_of_autograd():
    draw = drawing(0)
    f, x, g = branch(draw), draw(4, 5).requires_grad_(), draw(4, 5)
    alpha = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    (residual(f, alpha).forward(x) * g).sum().backward()
    with torch.no_grad():
        of_x, of_alpha = rezero_vjp(g, f.forward(x), f.jacobian(x), alpha)
    torch.testing.assert_close(of_x, x.grad)
    torch.testing.assert_close(of_alpha, alpha.grad)


def test_both_orders_of_a_norm_have_the_jacobians_of_autograd():
    draw = drawing(1)
    f, norm, x = branch(draw), layer_norm(draw(5), draw(5)), draw(5)
    pre, _ = norm_jacobians(f.jacobian(norm.forward(x)), norm.jacobian(x))
    _, post = norm_jacobians(f.jacobian(x), norm.jacobian(residual(f).forward(x)))
    torch.testing.assert_close(pre, jacrev(pre_norm(f, norm).forward)(x))
    torch.testing.assert_close(post, jacrev(post_norm(f, norm).forward)(x))


def test_norms_of_many_blocks_at_once():
    draw = drawing(2)
    J, J_norm = draw(3, 4, 4), draw(3, 4, 4)
    for whole, k in zip(zip(*norm_jacobians(J, J_norm), strict=True), range(3), strict=True):
        for mine, alone in zip(whole, norm_jacobians(J[k], J_norm[k]), strict=True):
            torch.testing.assert_close(mine, alone)


def test_attention_by_cosines_is_torchs_attention_of_unit_rows():
    draw = drawing(3)
    Q, K, V = draw(2, 5, 4), draw(2, 6, 4), draw(2, 6, 3)
    unit = torch.nn.functional.normalize
    expected = torch.nn.functional.scaled_dot_product_attention(
        unit(Q, dim=-1), unit(K, dim=-1), unit(V, dim=-1), scale=3.0
    )
    torch.testing.assert_close(attend_by_cosine(Q, K, V, nu=2.0, tau=3.0, eps=0.0), 2 * expected)


def test_no_row_of_cosine_attention_is_longer_than_nu():
    draw = drawing(4)
    rows = attend_by_cosine(100 * draw(9, 4), draw(9, 4), 1e4 * draw(9, 4), nu=0.5, tau=9.0)
    assert rows.norm(dim=-1).max() <= 0.5


def test_deep_norm_keeps_the_share_of_a_branch_falling_as_the_power_three_quarters():
    """A branch of two matrices counts β² against α of the shortcut."""
    shares = [beta**2 / alpha for alpha, beta in map(deep_norm_scale, (1, 16))]
    assert abs(shares[0] / shares[1] - 16**0.75) < 1e-12
    alpha, beta = deep_norm_scale(6)  # the paper's own numbers for an encoder of 6 layers
    assert (round(alpha, 3), round(beta, 3)) == (1.861, 0.38)


def test_weights_of_one_over_the_depth_keep_the_bound_below_e():
    """Branches of norm 1: the norm of a chain of L blocks is at most (1 + 1/L)^L."""
    draw, blocks = drawing(5), 20
    each = []
    for _ in range(blocks):
        W = draw(6, 6)
        W = W / torch.linalg.matrix_norm(W, ord=2)
        eye, zero = torch.eye(6).double(), torch.zeros(6).double()
        each.append(residual(feed_forward(W, zero, eye, zero, "ReLU"), 1 / blocks))
    assert torch.linalg.matrix_norm(chain(*each).jacobian(draw(6)), ord=2) < torch.e
