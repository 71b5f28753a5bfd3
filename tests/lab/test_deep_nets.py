"""Deep networks against torch's own, and against the Jacobians of their blocks."""

import pytest
import torch
from torch import nn
from torch.func import jacrev

from course_lib.analysis import chain
from course_lib.lab import accuracy, digits, draw_runs, generator, grid, resplit
from course_lib.lab.deep_nets import ATTENTIONS, NORMS, SCHEMES, DeepNet, Transformer, patches
from course_lib.lab.grid import Run
from course_lib.optim.rules import adam


def drawn(net, seed=0, dtype=torch.float64):
    """Return a start, with biases and scales that are not 0 and 1."""
    params, noise = net.start(generator(seed)), generator(seed + 1)
    return {
        name: (p + 0.1 * torch.randn(p.shape, generator=noise)).to(dtype)
        for name, p in params.items()
    }


def randn(*shape, seed=5):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("norm", NORMS)
def test_the_blocks_have_the_jacobian_of_autograd(scheme, norm):
    net = DeepNet(blocks=3, scheme=scheme, norm=norm, activation="tanh", width=5)
    whole = chain(*net.blocks_of(drawn(net)))
    x = randn(5)
    torch.testing.assert_close(whole.jacobian(x), jacrev(whole.forward)(x))


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_the_layers_of_a_transformer_have_the_jacobian_of_autograd(attention):
    net = Transformer(layers=1, attention=attention, width=4)
    whole = chain(*net.blocks_of(drawn(net)))
    x = randn(3, 4)
    torch.testing.assert_close(whole.jacobian(x), jacrev(whole.forward)(x).reshape(12, 12))


@pytest.mark.parametrize("first", [True, False])
def test_a_layer_of_a_transformer_is_that_of_torch(first):
    net = Transformer(layers=1, scheme="Pre-LN" if first else "Post-LN", width=6, heads=2)
    params = drawn(net)
    theirs = nn.TransformerEncoderLayer(
        6, 2, 6, dropout=0.0, activation="gelu", batch_first=True, norm_first=first
    ).double()
    values, joined = randn(2, 3, 6), randn(6, 6, seed=6)  # theirs: values of each head, then a join
    for head in range(2):
        params[f"0.V{head}"] = values[head].T @ joined[:, 3 * head : 3 * head + 3].T
    heads = {name: [params[f"0.{name}{head}"].T for head in range(2)] for name in "QK"}
    theirs.load_state_dict(
        {
            "self_attn.in_proj_weight": torch.cat([*heads["Q"], *heads["K"], *values]),
            "self_attn.in_proj_bias": torch.zeros(18),
            "self_attn.out_proj.weight": joined,
            "self_attn.out_proj.bias": torch.zeros(6),
            **{f"linear{i}.weight": params[f"1.W{i}"] for i in (1, 2)},
            **{f"linear{i}.bias": params[f"1.b{i}"] for i in (1, 2)},
            **{f"norm{i}.weight": params[f"{i - 1}.gamma"] for i in (1, 2)},
            **{f"norm{i}.bias": params[f"{i - 1}.beta"] for i in (1, 2)},
        }
    )
    x = randn(4, 64)
    h = theirs(net.tokens(params, x))
    if first:
        h = nn.functional.layer_norm(h, (6,))
    expected = h.mean(dim=1) @ params["W_out"].T + params["b_out"]
    torch.testing.assert_close(net.forward(params, x), expected)


def test_a_patch_is_two_by_two_pixels():
    image = torch.arange(64.0).reshape(1, 64)
    expected = nn.functional.unfold(image.view(1, 1, 8, 8), kernel_size=2, stride=2).mT
    assert torch.equal(patches(image), expected)


def test_some_starts_are_the_identity_or_smaller():
    net = DeepNet(blocks=4, scheme="ReZero", width=5)
    whole = chain(*net.blocks_of(net.start(generator(0))))
    assert torch.equal(whole.jacobian(torch.ones(5)), torch.eye(5))
    plain, deep = (DeepNet(8, scheme=name).start(generator(0)) for name in ("Post-LN", "DeepNorm"))
    torch.testing.assert_close(deep["3.W1"], plain["3.W1"] * 32**-0.25)


@pytest.mark.parametrize(
    "net",
    [
        DeepNet(6, scheme="Pre-LN"),
        DeepNet(6, scheme="ReZero"),
        Transformer(2),
        Transformer(2, scheme="DeepNorm", attention="L2"),
        Transformer(2, scheme="LayerScale", attention="cosine", norm="RMSNorm"),
    ],
)
def test_a_sweep_trains_them(net):
    def draw(seed):
        return Run(net.start(generator(seed)), resplit(digits(), generator(seed)), generator(seed))

    how = {"rule": adam, "epochs": 6, "batch_size": 50, "label": None}
    found = grid(net.forward, draw_runs(draw, range(2)), settings={"lr": [0.01]}, **how)
    assert found.measure(accuracy, "train").min() > 0.5  # ten classes: chance is a tenth
