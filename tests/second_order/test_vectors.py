"""Parameters as a vector, and back."""

import torch

from course_lib.second_order import as_vector

from .small import randn


def test_there_and_back():
    params = {"W": randn(3, 2), "b": randn(4, seed=1), "c": randn(seed=2)}
    p, apart = as_vector(params)
    assert p.shape == (11,)
    back = apart(p)
    assert list(back) == list(params)
    assert all(torch.equal(back[name], params[name]) for name in params)
    torch.testing.assert_close(p, torch.nn.utils.parameters_to_vector(params.values()))


def test_derivatives_go_through():
    _, apart = as_vector({"W": torch.zeros(2, 2), "b": torch.zeros(2)})
    g = torch.func.grad(lambda p: (apart(p)["b"] ** 2).sum())(torch.arange(6.0))
    assert g.tolist() == [0, 0, 0, 0, 8, 10]
