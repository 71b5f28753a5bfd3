"""Every line of the table of dialects against torch and Keras themselves, step by step."""

import ast
import inspect
import math
from pathlib import Path

import pytest
import torch

from course_lib.optim import dialects, rules
from course_lib.optim.correction import weight_given
from course_lib.optim.signature import apply, slot_names

TESTS = Path(__file__).resolve().parents[1]
HERE, INITIALIZERS = "optim/test_dialects.py", "nn/test_initializers.py"
ROWS = {
    "RMSProp: where ε stands": (
        (HERE, "test_torch_has_epsilon_outside_the_root_and_keras_inside"),
        (HERE, "test_two_forms_of_epsilon_go_apart"),
    ),
    "RMSProp: how long it remembers": ((HERE, "test_defaults"),),
    "AdaGrad: where its sum starts": ((HERE, "test_the_sum_of_adagrad_starts_at"),),
    "momentum: where lr stands": (
        (HERE, "test_keras_has_lr_inside_the_velocity"),
        (HERE, "test_where_lr_stands_matters_under_a_schedule_alone"),
    ),
    "momentum: a sum or an average": ((HERE, "test_the_average_is_the_sum_with_a_smaller_lr"),),
    "Adam: ε": (
        (HERE, "test_keras_adds_epsilon_before_the_correction"),
        (HERE, "test_epsilon_hat_is_a_larger_epsilon_at_first"),
        (HERE, "test_defaults"),
    ),
    "Adam: its argument weight_decay": (
        (HERE, "test_decay_of_adam_is_l2_in_torch_and_decoupled_in_keras"),
    ),
    "AdamW: decay in a step": (
        (HERE, "test_adamw_of_torch_and_keras_scale_the_decay_by_lr"),
        (HERE, "test_the_paper_scales_the_decay_by_the_schedule_alone"),
        (HERE, "test_defaults"),
    ),
    "Glorot and He normal": (
        (INITIALIZERS, "test_from_one_seed_torch_draws_the_same_numbers"),
        (INITIALIZERS, "test_scales_are_those_of_keras"),
    ),
    "weights of a layer": ((HERE, "test_weights_of_a_layer"),),
    "Huber": (
        ("nn/test_losses.py", "test_divided_by_delta_it_is_torchs_smooth_l1"),
        ("nn/test_losses.py", "test_the_value_is_torchs"),
        ("nn/test_keras_losses.py", "test_numbers"),
    ),
    "cross-entropy at p = 0": (
        ("nn/test_keras_losses.py", "test_keras_clips_probabilities_and_torch_clips_logarithms"),
    ),
}


def test_every_line_of_the_table_has_a_test():
    assert ROWS.keys() == dialects.TABLE.keys()
    for tests in ROWS.values():
        assert tests
        for file, name in tests:
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert all(len(cells) == 2 and all(cells) for cells in dialects.TABLE.values())


def schedule(t):
    """A learning rate that changes at every step, exact in float32, where Keras keeps it."""
    return (0.125, 0.25, 0.0625, 0.5)[t % 4]


def draw(*shape, seed=0):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


START, GRADIENTS = draw(6, seed=1), draw(30, 6)


def of_rule(rule, lr=schedule, **hyper):
    """The points that a rule of ours visits on fixed gradients, `(steps + 1, 6)`."""
    p, slots = START, (torch.zeros_like(START),) * len(slot_names(rule))
    points = [p]
    for t, g in enumerate(GRADIENTS, start=1):
        p, slots = apply(rule, p, g, slots, t=t, lr=lr(t), **hyper)
        points.append(p)
    return torch.stack(points)


def of_torch(optimizer, lr=schedule, **hyper):
    """Those that a torch optimizer visits."""
    p = START.clone().requires_grad_()
    rule = optimizer([p], lr=0.125, **hyper)
    points = [START]
    for t, g in enumerate(GRADIENTS, start=1):
        p.grad = g.clone()
        rule.param_groups[0]["lr"] = lr(t)
        rule.step()
        points.append(p.detach().clone())
    return torch.stack(points)


def of_keras(keras, name, lr=schedule, **hyper):
    """Those that a Keras optimizer visits."""
    p = keras.Variable(START.numpy(), dtype="float64")
    rule = getattr(keras.optimizers, name)(learning_rate=0.125, **hyper)
    points = [START]
    for t, g in enumerate(GRADIENTS, start=1):
        rule.learning_rate = lr(t)
        rule.apply([g.clone()], [p])
        points.append(p.value.detach().clone())
    return torch.stack(points)


def same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def apart(one, other):
    assert (one - other).abs().max() > 1e-3


def test_torch_has_epsilon_outside_the_root_and_keras_inside(keras):
    hyper = {"beta": 0.8, "eps": 1e-2}
    outside, inside = (of_rule(rule, **hyper) for rule in (rules.rmsprop, dialects.rmsprop_inside))
    same(outside, of_torch(torch.optim.RMSprop, alpha=0.8, eps=1e-2))
    same(inside, of_keras(keras, "RMSprop", rho=0.8, epsilon=1e-2))
    apart(outside, inside)


def test_two_forms_of_epsilon_go_apart():
    """Next to a small s the ε outside counts as ε, inside as its root."""
    g, zero, eps = torch.full((1,), 1e-4), torch.zeros(1), 1e-4
    outside = rules.rmsprop(zero, g, zero, lr=1.0, beta=0.0, eps=eps)[0]
    inside = dialects.rmsprop_inside(zero, g, zero, lr=1.0, beta=0.0, eps=eps)[0]
    assert outside.item() == pytest.approx(-0.5)
    assert inside.item() == pytest.approx(-1e-4 / math.sqrt(1e-8 + 1e-4))


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def test_defaults(keras):
    optim, theirs = torch.optim, keras.optimizers
    ours = defaults(rules.rmsprop)
    assert (ours["beta"], ours["eps"]) == (0.99, 1e-8)
    assert (defaults(optim.RMSprop)["alpha"], defaults(optim.RMSprop)["eps"]) == (0.99, 1e-8)
    assert defaults(theirs.RMSprop.__init__)["rho"] == 0.9
    assert defaults(theirs.RMSprop.__init__)["epsilon"] == 1e-7
    assert defaults(dialects.rmsprop_inside) == {"beta": 0.9, "eps": 1e-7}
    assert defaults(rules.adam) == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert defaults(optim.Adam)["betas"] == (0.9, 0.999)
    assert defaults(optim.Adam)["eps"] == 1e-8
    assert defaults(theirs.Adam.__init__)["epsilon"] == 1e-7
    assert defaults(dialects.adam_epsilon_hat)["eps"] == 1e-7
    of_adamw = (rules.adamw, optim.AdamW)
    assert [defaults(f)["weight_decay"] for f in of_adamw] == [0.01, 0.01]
    assert defaults(theirs.AdamW.__init__)["weight_decay"] == 0.004


def test_the_sum_of_adagrad_starts_at(keras):
    from_zero = of_rule(rules.adagrad, eps=1e-3)
    same(from_zero, of_torch(torch.optim.Adagrad, eps=1e-3))
    assert defaults(torch.optim.Adagrad)["initial_accumulator_value"] == 0
    assert defaults(keras.optimizers.Adagrad.__init__)["initial_accumulator_value"] == 0.1
    p, s = START, torch.full_like(START, 0.1)
    theirs = of_keras(keras, "Adagrad", epsilon=1e-12)
    for t, g in enumerate(GRADIENTS, start=1):
        p, s = rules.adagrad(p, g, s, lr=schedule(t), eps=0.0)
        torch.testing.assert_close(p, theirs[t], rtol=1e-6, atol=1e-6)  # its 0.1 is a float32
    apart(theirs, from_zero)


def test_keras_has_lr_inside_the_velocity(keras):
    inside, outside = (
        of_rule(rule, beta=0.5) for rule in (dialects.momentum_lr_inside, rules.momentum)
    )
    same(inside, of_keras(keras, "SGD", momentum=0.5))
    same(outside, of_torch(torch.optim.SGD, momentum=0.5))
    apart(inside, outside)


def test_where_lr_stands_matters_under_a_schedule_alone():
    constant = {"lr": lambda t: 0.125, "beta": 0.8}
    same(of_rule(dialects.momentum_lr_inside, **constant), of_rule(rules.momentum, **constant))


def test_the_average_is_the_sum_with_a_smaller_lr(keras):
    average = of_rule(rules.momentum_ema, beta=0.75)
    smaller = of_rule(rules.momentum, lambda t: 0.25 * schedule(t), beta=0.75)
    same(average, smaller)
    of_sum = of_torch(torch.optim.SGD, lambda t: 0.25 * schedule(t), momentum=0.75)
    same(average, of_sum)
    constant = {"lr": lambda t: 0.125}
    a_sum = of_keras(keras, "SGD", momentum=0.75, **constant)
    same(a_sum, of_rule(rules.momentum, beta=0.75, **constant))
    apart(a_sum, of_rule(rules.momentum_ema, beta=0.75, **constant))


def test_keras_adds_epsilon_before_the_correction(keras):
    hyper = {"beta1": 0.5, "beta2": 0.99, "eps": 1e-2}
    before, behind = (of_rule(rule, **hyper) for rule in (dialects.adam_epsilon_hat, rules.adam))
    same(before, of_keras(keras, "Adam", beta_1=0.5, beta_2=0.99, epsilon=1e-2))
    same(behind, of_torch(torch.optim.Adam, betas=(0.5, 0.99), eps=1e-2))
    apart(before, behind)


def test_epsilon_hat_is_a_larger_epsilon_at_first():
    p, g, m, v = START, GRADIENTS[0], GRADIENTS[1], GRADIENTS[2] ** 2
    for t in (1, 2, 100):
        larger = 1e-3 / math.sqrt(weight_given(0.999, t))
        before = dialects.adam_epsilon_hat(p, g, m, v, t=t, lr=0.1, eps=1e-3)[0]
        same(before, rules.adam(p, g, m, v, t=t, lr=0.1, eps=larger)[0])


def test_decay_of_adam_is_l2_in_torch_and_decoupled_in_keras(keras):
    hyper = {"weight_decay": 0.25, "beta1": 0.5, "beta2": 0.75, "eps": 1e-9}
    penalty, decoupled = (of_rule(rule, **hyper) for rule in (dialects.adam_l2, rules.adamw))
    in_torch = {"betas": (0.5, 0.75), "eps": 1e-9, "weight_decay": 0.25}
    same(penalty, of_torch(torch.optim.Adam, **in_torch))
    apart(penalty, decoupled)
    in_keras = {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-9, "weight_decay": 0.25}
    theirs = of_keras(keras, "Adam", **in_keras)
    torch.testing.assert_close(theirs, decoupled, rtol=1e-5, atol=1e-6)  # their ε is another one


def test_adamw_of_torch_and_keras_scale_the_decay_by_lr(keras):
    still = {"weight_decay": 0.25, "eps": 1e30}  # so large an ε that only the decay is left
    shrink = math.prod(1 - 0.25 * schedule(t) for t in range(1, 31))
    for end in (
        of_rule(rules.adamw, **still)[-1],
        of_torch(torch.optim.AdamW, **still)[-1],
        of_keras(keras, "AdamW", weight_decay=0.25, epsilon=1e30)[-1],
    ):
        torch.testing.assert_close(end, shrink * START, rtol=1e-9, atol=0)


def test_the_paper_scales_the_decay_by_the_schedule_alone():
    hyper = {"eps": 1e-3, "weight_decay": 0.01, "lr": lambda t: 0.125}
    same(
        of_rule(dialects.adamw_paper, **hyper),
        of_rule(rules.adamw, **(hyper | {"weight_decay": 0.01 / 0.125})),
    )
    zero = torch.zeros(1)
    for schedule_factor in (1.0, 0.5):
        for lr in (0.1, 0.7):
            moved = dialects.adamw_paper(
                torch.ones(1), zero, zero, zero, t=1, lr=lr, weight_decay=0.2,
                schedule=schedule_factor,
            )[0]  # fmt: skip
            assert moved.item() == pytest.approx(1 - 0.2 * schedule_factor)


def test_weights_of_a_layer(keras):
    layer = keras.layers.Dense(3)
    layer.build((None, 5))
    assert tuple(layer.kernel.shape) == (5, 3)
    assert torch.nn.Linear(5, 3).weight.shape == (3, 5)


RULES = [
    function
    for name, function in vars(dialects).items()
    if inspect.isfunction(function) and function.__module__ == dialects.__name__
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_works_place_by_place(rule):
    p, g, *slots = draw(2 + len(slot_names(rule)), 5).abs()
    whole, kept = apply(rule, p, g, tuple(slots), t=3, lr=0.1)
    part, parts = apply(rule, p[:2], g[:2], tuple(s[:2] for s in slots), t=3, lr=0.1)
    torch.testing.assert_close(whole[:2], part, rtol=0, atol=0)
    for one, other in zip(kept, parts, strict=True):
        torch.testing.assert_close(one[:2], other, rtol=0, atol=0)
