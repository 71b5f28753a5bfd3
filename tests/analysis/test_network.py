"""Constants of whole networks: against the SVD of whole Jacobians, and lower ≤ true ≤ upper."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import jacrev

from course_lib.analysis import (
    Residual,
    exact_norm,
    lower_of_network,
    upper_of_blocks,
    upper_of_network,
)
from course_lib.lab import generator

ROUNDING = 1 + 1e-9
seeds = st.integers(0, 10_000)


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def filled(model, seed=0):
    """Return a model in float64 with random parameters and running variances."""
    source = generator(seed)
    for p in model.double().parameters():
        p.data = torch.randn(p.shape, generator=source, dtype=torch.float64) / p[0].numel() ** 0.5
    for name, kept in model.named_buffers():
        if name.endswith("running_var"):
            kept.copy_(torch.rand(kept.shape, generator=source) + 0.1)
    return model


def norm_at(model, x):
    """Return the norm of the whole Jacobian at one example, or at a batch taken as one."""
    return exact_norm(jacrev(model)(x).detach().reshape(-1, x.numel())).item()


ACTIVATIONS = (nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.SiLU(), nn.GELU(), nn.GELU("tanh"),
               nn.Softplus(), nn.LeakyReLU(2.0), nn.ELU(1.7), nn.Softmax(dim=-1),
               nn.Identity())  # fmt: skip
# What works on rows of 6 numbers.
ROWS = {
    "Linear": lambda: nn.Linear(6, 6),
    "LayerNorm": lambda: nn.LayerNorm(6, eps=0.1),
    "LayerNorm of one scale": lambda: nn.LayerNorm(6, eps=0.1, elementwise_affine=False),
    "RMSNorm": lambda: nn.RMSNorm(6, eps=0.1),
    "BatchNorm": lambda: nn.BatchNorm1d(6).eval(),
    "Residual": lambda: Residual(nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 6)), -0.7),
    "Residual in Residual": lambda: Residual(nn.Sequential(nn.Tanh(), Residual(nn.Linear(6, 6)))),
}


@given(
    names=st.lists(st.sampled_from([*ROWS, *range(len(ACTIVATIONS))]), min_size=1, max_size=5),
    scale=st.floats(0.0, 5.0),
    seed=seeds,
)
@settings(deadline=None, max_examples=80)
def test_lower_true_upper(names, scale, seed):
    parts = [ROWS[name]() if isinstance(name, str) else ACTIVATIONS[name] for name in names]
    model, x = filled(nn.Sequential(*parts), seed), scale * randn(3, 6, seed=seed + 1)
    lower = lower_of_network(model, x, 3, generator(seed + 2))
    upper = upper_of_network(model, (6,)).upper
    for at, found in zip(x, lower.tolist(), strict=True):
        true = norm_at(model, at[None])
        assert found <= true * ROUNDING
        assert true <= upper * ROUNDING


@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 2)),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
    circular=st.booleans(),
    seed=seeds,
)
@settings(deadline=None, max_examples=80)
def test_a_convolution(kernel, stride, padding, dilation, groups, circular, seed):
    mode = "circular" if circular else "zeros"
    if circular:  # around the image at most once
        padding = tuple(dilation * (k - 1) // 2 for k in kernel)
    conv = nn.Conv2d(2, 4, kernel, stride, padding, dilation, groups, padding_mode=mode)
    conv, x = filled(conv, seed), randn(1, 2, 6, 7, seed=seed)
    (row,) = upper_of_network(conv, (2, 6, 7)).rows
    true = norm_at(conv, x)
    assert true <= row.upper * ROUNDING
    if row.exact:
        assert true == pytest.approx(row.upper, rel=1e-9)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_padding_in_words(padding):
    for mode in ("zeros", "circular") if padding == "same" else ("zeros",):
        conv = filled(nn.Conv2d(2, 2, 3, padding=padding, padding_mode=mode))
        (row,) = upper_of_network(conv, (2, 5, 5)).rows
        assert norm_at(conv, randn(1, 2, 5, 5)) <= row.upper * ROUNDING
        assert row.exact == (mode == "circular")


POOLS = [
    nn.MaxPool2d(2), nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 1, padding=1),
    nn.MaxPool2d(2, 2, dilation=2),
    nn.AvgPool2d(2), nn.AvgPool2d(3, 2), nn.AvgPool2d(3, 1, padding=1), nn.AvgPool2d((2, 3)),
    nn.AdaptiveAvgPool2d(1),
]  # fmt: skip


@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_a_pool(pool):
    (row,) = upper_of_network(pool, (2, 7, 7)).rows
    found = [norm_at(pool, randn(1, 2, 7, 7, seed=seed)) for seed in range(5)]
    assert max(found) <= row.upper * ROUNDING
    if row.exact:
        assert max(found) == pytest.approx(row.upper, rel=1e-9)


@pytest.mark.parametrize("norm", [nn.LayerNorm(6, eps=0.01), nn.RMSNorm(6, eps=0.01)], ids=str)
def test_a_normalisation_reaches_its_constant(norm):
    x = torch.zeros(1, 6, dtype=torch.float64)
    (row,) = upper_of_network(filled(norm), (6,)).rows
    assert row.exact
    assert norm_at(norm, x) == pytest.approx(row.upper, rel=1e-9)


def test_rms_norm_takes_the_eps_that_torch_takes():
    norm, x = nn.RMSNorm(6).double(), torch.zeros(1, 6, dtype=torch.float64)
    assert norm_at(norm, x) == pytest.approx(upper_of_network(norm, (6,)).upper, rel=1e-9)


def test_batch_norm_in_training_is_a_function_of_the_whole_batch():
    norm = filled(nn.BatchNorm1d(3, eps=0.01))
    bound = upper_of_network(norm, (3,)).upper
    norm.track_running_stats, norm.running_mean, norm.running_var = False, None, None
    assert upper_of_network(norm.eval(), (3,)).upper == bound  # it keeps no statistics
    for x in (randn(5, 3), randn(5, 3) / 100):
        assert norm_at(norm.train(), x) <= bound * ROUNDING
    equal = torch.ones(5, 3, dtype=torch.float64)
    assert norm_at(norm, equal) == pytest.approx(bound, rel=1e-9)
    images = filled(nn.BatchNorm2d(3, eps=0.01))
    bound = upper_of_network(images, (3, 2, 2)).upper
    images.track_running_stats, images.running_mean, images.running_var = False, None, None
    assert norm_at(images, randn(4, 3, 2, 2) / 50) <= bound * ROUNDING


def test_dropout_in_both_modes():
    assert upper_of_network(nn.Dropout(0.2).eval(), (5,)).upper == 1
    assert upper_of_network(nn.Dropout(0.2), (5,)).upper == pytest.approx(1.25)


def test_the_rows_of_a_small_network_for_images():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Sequential(nn.Flatten(), nn.Linear(64, 8), Residual(nn.Linear(8, 8), 0.5)),
    ).eval()  # fmt: skip
    model, x = filled(model), randn(1, 1, 8, 8)
    found = upper_of_network(model, (1, 8, 8))
    names = ["0", "1", "2", "3", "4.0", "4.1", "4.2", "4.2.branch"]
    assert [row.name for row in found.rows] == names
    assert [row.depth for row in found.rows] == [0] * 7 + [1]
    W = model[4][2].branch.weight
    assert found.rows[6].upper == pytest.approx(1 + 0.5 * exact_norm(W).item())
    product = math.prod(row.upper for row in found.rows[:7])
    assert found.upper == pytest.approx(product)
    lower = lower_of_network(model, x, 200, generator(1)).item()
    true = norm_at(model, x)
    assert lower <= true * ROUNDING
    assert lower == pytest.approx(true, rel=1e-6)
    assert true < found.upper
    assert "4.2.branch Linear" in str(found)


@pytest.mark.parametrize("first", [True, False])
def test_a_transformer_is_not_lipschitz_and_says_why(first):
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=first).eval()
    found = upper_of_network(nn.Sequential(layer, nn.Flatten(), nn.Linear(40, 3)), (5, 8))
    assert found.upper == math.inf
    (attention,) = (row for row in found.rows if row.kind == "MultiheadAttention")
    assert attention.name == "0.self_attn"
    assert "not Lipschitz" in attention.note
    names = [row.name for row in found.rows]
    assert {"0.norm1", "0.norm2", "0.linear1", "0.activation", "0.linear2"} < set(names)
    norms = [row.depth for row in found.rows if row.kind == "LayerNorm"]
    assert norms == ([1, 1] if first else [0, 0])


@pytest.mark.parametrize("scores", [True, False])
def test_infinity_is_not_exact_for_attention_that_is_linear(scores):
    attention = filled(nn.MultiheadAttention(4, 2, batch_first=True).eval())
    if not scores:
        attention.in_proj_weight.data[:8] = 0  # of queries and keys
    tokens = 1 if scores else 3
    out = attention.out_proj.weight @ attention.in_proj_weight[8:]
    for size in (1.0, 1e3):
        x = size * randn(1, tokens, 4)
        true = norm_at(lambda x: attention(x, x, x)[0], x)
        assert true == pytest.approx(exact_norm(out).item(), rel=1e-9)
    (row,) = upper_of_network(attention, (tokens, 4)).rows
    assert (row.upper, row.exact) == (math.inf, False)


@pytest.mark.parametrize("first", [True, False])
def test_without_attention_a_layer_of_a_transformer_is_two_residual_blocks(first):
    layer = nn.TransformerEncoderLayer(6, 1, 8, norm_first=first, layer_norm_eps=0.1).eval()
    layer = filled(layer)
    layer.self_attn = nn.Identity()
    found = upper_of_network(layer, (6,)).upper

    def by_hand(x):
        feed = lambda h: layer.linear2(torch.relu(layer.linear1(h)))  # noqa: E731
        if first:
            x = x + layer.norm1(x)
            return x + feed(layer.norm2(x))
        x = layer.norm1(2 * x)
        return layer.norm2(x + feed(x))

    for scale in (0.0, 0.1, 1.0):
        assert norm_at(by_hand, scale * randn(1, 6)) <= found * ROUNDING


@pytest.mark.parametrize(
    "norm", [nn.LayerNorm(6, eps=0), nn.RMSNorm(6, eps=0), nn.BatchNorm1d(6, eps=0)]
)
def test_without_eps_a_normalisation_is_not_lipschitz(norm):
    (row,) = upper_of_network(norm, (6,)).rows
    assert row.upper == math.inf
    assert row.note.startswith("not Lipschitz: ε = 0")


def test_nothing_is_handed_on_by_zeros_even_through_attention():
    last = nn.Linear(8, 3)
    last.weight.data.zero_()
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    assert upper_of_network(nn.Sequential(layer, last), (5, 8)).upper == 0


class Doubling(nn.Module):
    def forward(self, x):
        return 2 * x


class Shifted(nn.Linear):
    def forward(self, x):
        return super().forward(3 * x)


def test_a_module_of_ones_own():
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(Doubling()))
    with pytest.raises(ValueError, match=r"the module '1\.0', a Doubling, is not known; hand in"):
        upper_of_network(model, (4,))
    found = upper_of_network(model, (4,), own={Doubling: lambda module, shape: 2.0})
    assert found.upper == pytest.approx(2 * exact_norm(model[0].weight).item())
    with pytest.raises(ValueError, match="the model itself, a Shifted, is not known"):
        upper_of_network(Shifted(4, 4), (4,))


def test_what_cannot_be_bounded_is_said():
    with pytest.raises(ValueError, match="padding_mode 'reflect'"):
        upper_of_network(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), (1, 5, 5))
    with pytest.raises(ValueError, match="circular padding that repeats"):
        upper_of_network(nn.Conv2d(1, 1, 3, padding=2, padding_mode="circular"), (1, 5, 5))
    with pytest.raises(ValueError, match="ceil_mode"):
        upper_of_network(nn.AvgPool2d(2, ceil_mode=True), (1, 5, 5))
    with pytest.raises(ValueError, match="set eps"):
        upper_of_network(nn.RMSNorm(4, elementwise_affine=False), (4,))
    with pytest.raises(ValueError, match="nothing can be added"):
        upper_of_network(Residual(nn.Linear(4, 3)), (4,))
    with pytest.raises(ValueError, match="is in training"):
        lower_of_network(nn.Sequential(nn.Dropout()), torch.ones(2, 3))


@pytest.mark.parametrize(
    ("kind", "places"),
    [(nn.BatchNorm1d, ()), (nn.BatchNorm2d, (2, 2)), (nn.BatchNorm3d, (2, 2, 2))],
)
def test_batch_norm_without_statistics_mixes_examples_in_evaluation_too(kind, places):
    model = nn.Sequential(nn.Tanh(), kind(3, track_running_stats=False)).eval()
    x = torch.ones(2, 3, *places)
    other = torch.stack([x[0], 3 * x[1]])
    assert not torch.allclose(model(x)[0], model(other)[0])  # the second example reaches the first
    with pytest.raises(ValueError, match=r"the module '1', a BatchNorm.d, keeps no running stat"):
        lower_of_network(model, x)


@pytest.mark.parametrize("drops", [nn.Dropout2d(), nn.AlphaDropout(), nn.BatchNorm3d(2)], ids=str)
def test_relatives_of_dropout_and_batch_norm_are_refused_in_training(drops):
    with pytest.raises(ValueError, match="is in training"):
        lower_of_network(nn.Sequential(drops), torch.ones(1, 2, 1, 1, 1))


def test_the_same_module_twice_counts_twice():
    layer = nn.Linear(4, 4)
    found = upper_of_network(nn.Sequential(layer, layer), (4,))
    assert len(found.rows) == 2
    assert found.upper == pytest.approx(exact_norm(layer.weight).item() ** 2)


def test_a_spectral_parametrization_is_read():
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4), n_power_iterations=60)
    assert upper_of_network(layer.eval(), (4,)).upper == pytest.approx(1.0, rel=1e-3)


def test_blocks():
    branches = torch.tensor([[2.0, 0.5], [3.0, 2.0]])
    assert upper_of_blocks(branches, torch.tensor([1.0, -0.5])) == 2 * 6.5


def test_the_mode_and_the_statistics_of_a_model_stay_as_they_are():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3))
    before = model[0].running_var.clone()
    upper_of_network(model, (3,))
    assert model.training
    assert model[0].training
    assert torch.equal(model[0].running_var, before)
