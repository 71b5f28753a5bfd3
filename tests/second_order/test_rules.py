"""Tables of rules, and how strongly each fires."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.second_order.membership import partition
from course_lib.second_order.rules import firing, rule_table

ROWS, COLUMNS = ("cold", "mild", "hot"), ("dry", "wet")


def test_the_first_rule_that_fits_counts():
    rules = [("cold", "wet", 1.0), ("any", "wet", 2.0), ("cold", "any", 3.0), ("any", "any", 4.0)]
    expected = [[3.0, 1.0], [4.0, 2.0], [4.0, 2.0]]
    table = rule_table(rules, ROWS, COLUMNS)
    assert table.tolist() == expected
    assert table.dtype == torch.float64
    assert rule_table(rules, ROWS, COLUMNS, torch.float32).dtype == torch.float32


@given(st.permutations([("a", "x", 0.0), ("a", "y", 1.0), ("b", "x", 2.0), ("b", "y", 3.0)]))
def test_the_order_of_rules_for_single_pairs_does_not_matter(rules):
    assert rule_table(rules, ("a", "b"), ("x", "y")).tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_a_pair_without_a_rule_is_refused():
    with pytest.raises(ValueError, match="no rule fits 'mild' and 'dry'"):
        rule_table([("cold", "any", 1.0), ("any", "wet", 2.0)], ROWS, COLUMNS)


@pytest.mark.parametrize("rule", [("warm", "dry", 1.0), ("cold", "damp", 1.0), ("dry", "cold", 1)])
def test_an_unknown_word_is_refused(rule):
    with pytest.raises(ValueError, match="a rule has the word"):
        rule_table([rule, ("any", "any", 0.0)], ROWS, COLUMNS)


DEGREES = st.lists(st.floats(0, 1), min_size=1, max_size=4).map(
    lambda d: torch.tensor(d, dtype=torch.float64)
)


@given(DEGREES, DEGREES)
def test_and_is_a_t_norm(a, b):
    for norm in ("product", "minimum"):
        both = firing(a, b, norm)
        assert both.shape == (len(a), len(b))
        torch.testing.assert_close(both, firing(b, a, norm).T)  # the order does not matter
        assert (both <= torch.minimum(a[:, None], b)).all()  # no more than either
        one = torch.ones(1, dtype=torch.float64)
        torch.testing.assert_close(firing(a, one, norm)[:, 0], a)  # 1 changes nothing
        assert (firing(a, 0 * one, norm) == 0).all()  # and 0 leaves nothing
    assert (firing(a, b, "product") <= firing(a, b, "minimum")).all()


@given(DEGREES, DEGREES, DEGREES)
def test_three_inputs_go_two_by_two(a, b, c):
    for norm in ("product", "minimum"):
        left = firing(firing(a, b, norm).flatten(-2), c, norm).flatten()
        right = firing(a, firing(b, c, norm).flatten(-2), norm).flatten()
        torch.testing.assert_close(left, right)


def test_products_of_partitions_add_up_to_one_and_minima_do_not():
    corners = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    x = torch.linspace(0, 3, 31, dtype=torch.float64)
    mu = partition(x, corners)
    torch.testing.assert_close(firing(mu, mu).sum((-1, -2)), torch.ones(31).double())
    assert firing(mu, mu, "minimum").sum((-1, -2)).max() > 1.4


@pytest.mark.parametrize("norm", ["product", "minimum"])
def test_batches_and_gradients(norm):
    source = torch.Generator().manual_seed(0)
    a = torch.rand(5, 3, dtype=torch.float64, generator=source, requires_grad=True)
    b = torch.rand(5, 2, dtype=torch.float64, generator=source, requires_grad=True)
    found = firing(a, b, norm)
    assert found.shape == (5, 3, 2)
    torch.testing.assert_close(found[2], firing(a[2], b[2], norm))
    assert torch.autograd.gradcheck(lambda a, b: firing(a, b, norm), (a, b))


def test_another_norm_is_refused():
    with pytest.raises(ValueError, match="norm is 'sum'"):
        firing(torch.ones(2), torch.ones(2), "sum")
