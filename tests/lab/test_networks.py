import pytest
import torch
from torch import nn

from course_lib.lab import generator, networks
from course_lib.nn.initializers import he_normal


@pytest.mark.parametrize("sizes", [[64, 10], [64, 32, 10], [5, 4, 3, 2]])
@pytest.mark.parametrize(("f", "layer"), [(torch.relu, nn.ReLU), (torch.tanh, nn.Tanh)])
def test_a_network_is_that_of_torch_nn(sizes, f, layer):
    params = networks.start(sizes, generator(0))
    for name in params:
        params[name] = params[name] + 0.1  # biases too
    modules = []
    for weight, bias in zip(*[iter(params.values())] * 2, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": weight, "bias": bias})
        modules += [linear, layer()]
    x = torch.randn(7, sizes[0], generator=generator(1))
    expected = nn.Sequential(*modules[:-1])(x)
    torch.testing.assert_close(networks.network(params, x, f), expected)


def test_a_start_keeps_the_size_of_the_signals():
    params = networks.start([400, 500, 600, 300], generator(0))
    x = torch.randn(200, 400, generator=generator(1))
    sizes = []
    for layer in (1, 2, 3):
        x = x @ params[f"W{layer}"].T
        sizes.append(x.square().mean().sqrt().item())
        x = x.clamp(min=0)
    assert sizes == pytest.approx([1, 1, 1], abs=0.08)
    assert all((params[f"b{layer}"] == 0).all() for layer in (1, 2, 3))


def test_an_initializer_draws_every_layer_from_one_source():
    params = networks.start([6, 4, 3], generator(5), he_normal)
    source = generator(5)
    for name, shape in {"W1": (4, 6), "W2": (3, 4)}.items():
        assert torch.equal(params[name], he_normal(shape, generator=source))
    assert list(params) == ["W1", "b1", "W2", "b2"]
