"""Controllers as a whole: by hand, against scikit-fuzzy, in every dtype, differentiated."""

import pytest
import skfuzzy
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.second_order.controller import Mamdani, Sugeno, Variable
from course_lib.second_order.membership import bells, partition

HEAT = Variable(("cold", "mild", "hot"), torch.tensor([0.0, 20.0, 40.0], dtype=torch.float64))
AIR = Variable(("dry", "wet"), torch.tensor([0.0, 1.0], dtype=torch.float64))
SPEED = Variable(("off", "slow", "fast"), torch.tensor([0.0, 3.0, 9.0], dtype=torch.float64))
NUMBERS = [("hot", "wet", 9.0), ("hot", "any", 5.0), ("cold", "any", 0.0), ("any", "any", 3.0)]
WORDS = [("hot", "wet", "fast"), ("cold", "any", "off"), ("any", "any", "slow")]


def controllers(**more):
    return (
        Sugeno.of(NUMBERS, HEAT, AIR, otherwise=-1.0, **more),
        Mamdani.of(WORDS, HEAT, AIR, SPEED, otherwise=-1.0, **more),
    )


def test_a_sugeno_controller_by_hand():
    # 30 is mild by ½ and hot by ½; 0.25 is dry by ¾ and wet by ¼
    by_hand = 0.5 * 3 + 0.5 * (0.75 * 5 + 0.25 * 9)
    fan = controllers()[0]
    x, y = torch.tensor(30.0), torch.tensor(0.25)
    assert fan(x, y).item() == pytest.approx(by_hand)
    fan = controllers(norm="minimum")[0]  # mild: ½, ¼; hot: ½, ¼
    by_hand = (0.5 * 3 + 0.25 * 3 + 0.5 * 5 + 0.25 * 9) / 1.5
    assert fan(x, y).item() == pytest.approx(by_hand)


def test_a_mamdani_controller_against_scikit_fuzzy():
    import numpy as np

    grid = np.linspace(0, 9, 201)
    off, slow, fast = (
        skfuzzy.trimf(grid, corners) for corners in ([0, 0, 3], [0, 3, 9], [3, 9, 9])
    )
    fan = controllers()[1]
    for heat, air in [(30.0, 0.25), (5.0, 0.9), (40.0, 1.0), (0.0, 0.3), (33.3, 0.71)]:
        cold, mild, hot = (
            skfuzzy.trimf(np.array([heat]), corners)[0]
            for corners in ([0, 0, 20], [0, 20, 40], [20, 40, 40])
        )
        dry, wet = 1 - air, air
        parts = [
            (min(hot, wet), fast),
            (min(cold, dry), off),
            (min(cold, wet), off),
            (min(hot, dry), slow),
            (min(mild, dry), slow),
            (min(mild, wet), slow),
        ]
        height = np.max([np.fmin(w, mu) for w, mu in parts], axis=0)
        expected = skfuzzy.defuzz(grid, height, "centroid")
        found = fan(*torch.tensor([heat, air], dtype=torch.float64))
        assert found.item() == pytest.approx(expected, abs=1e-9)


def test_by_the_product_rules_scale_their_sets():
    fan = controllers(norm="product")[1]
    x, y = torch.tensor([30.0, 0.25], dtype=torch.float64)
    off, slow, fast = SPEED(SPEED.grid(fan.points)).T
    # mild by ½ and hot by ½; dry by ¾ and wet by ¼; hot and wet: fast, all else: slow
    by_hand = torch.stack([0 * off, 0.5 * 0.75 * slow, 0.125 * fast]).amax(dim=0)
    torch.testing.assert_close(fan.outline(x, y), by_hand)


@pytest.mark.parametrize("fan", controllers(), ids=["Sugeno", "Mamdani"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_dtype(fan, dtype):
    x, y = torch.linspace(-5, 45, 7, dtype=dtype)[:, None], torch.linspace(0, 1, 4, dtype=dtype)
    found = fan(x, y)
    assert found.shape == (7, 4)
    assert found.dtype == dtype
    torch.testing.assert_close(found[3, 2], fan(x[3, 0], y[2]))
    torch.testing.assert_close(fan.like(x)(x, y), found)
    assert fan.like(x).rows.corners.dtype == dtype


@pytest.mark.parametrize("fan", controllers(), ids=["Sugeno", "Mamdani"])
def test_gradients_by_both_inputs(fan):
    x = torch.tensor([3.11, 15.07, 33.13], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([0.217, 0.453, 0.891], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fan, (x, y))


def test_the_gradient_by_a_table_is_how_strongly_each_rule_fires():
    fan = controllers()[0]
    table = fan.table.clone().requires_grad_()
    x, y = torch.tensor(30.0).double(), torch.tensor(0.25).double()
    Sugeno(HEAT, AIR, table, 0.0)(x, y).backward()
    torch.testing.assert_close(table.grad, torch.outer(HEAT(x), AIR(y)))


@pytest.mark.parametrize("fan", controllers(), ids=["Sugeno", "Mamdani"])
def test_vmap(fan):
    x, y = torch.linspace(0, 40, 9), torch.linspace(0, 1, 9)
    torch.testing.assert_close(torch.func.vmap(fan)(x, y), fan(x, y))


@pytest.mark.parametrize("fan", controllers(), ids=["Sugeno", "Mamdani"])
def test_it_can_be_one_graph_for_the_compiler(fan):
    x, y = torch.linspace(0, 40, 9), torch.linspace(0, 1, 9)
    graph = torch.compile(fan.like(x), fullgraph=True, backend="eager")
    torch.testing.assert_close(graph(x, y), fan(x, y))


@given(st.floats(-100, 100), st.floats(-3, 3))
def test_results_stay_within_what_the_rules_say(heat, air):
    x, y = torch.tensor(heat, dtype=torch.float64), torch.tensor(air, dtype=torch.float64)
    for fan in controllers():
        assert -1e-9 <= fan(x, y) <= 9 + 1e-9


@given(st.lists(st.floats(-9, 9), min_size=6, max_size=6), st.floats(0, 40), st.floats(0, 1))
def test_products_and_partitions_make_a_surface_that_is_bilinear_between_corners(table, x, y):
    """Typed again with numpy: two lines along one input, then a line along the other."""
    import numpy as np

    values = torch.tensor(table, dtype=torch.float64).reshape(3, 2)
    found = Sugeno(HEAT, AIR, values, 0.0)(torch.tensor(x).double(), torch.tensor(y).double())
    x, y = float(torch.tensor(x)), float(torch.tensor(y))  # as float32 holds them
    dry, wet = (np.interp(x, [0, 20, 40], values[:, j].numpy()) for j in (0, 1))
    assert found.item() == pytest.approx(np.interp(y, [0, 1], [dry, wet]), abs=1e-12)


def test_where_no_rule_fires():
    apart = Variable(
        ("low", "high"),
        torch.tensor([0.0, 10.0], dtype=torch.float64),
        lambda x, corners: (1 - (x[..., None] - corners).abs()).clamp(min=0),
    )
    fan = Sugeno.of([("any", "any", 2.0)], apart, AIR, otherwise=-1.0)
    assert apart.coverage() == 0
    assert fan(torch.tensor([0.5, 5.0, 9.5]), torch.tensor(0.5)).tolist() == [2.0, -1.0, 2.0]
    fan = Mamdani.of([("any", "any", "slow")], apart, AIR, SPEED, otherwise=-1.0)
    found = fan(torch.tensor([0.5, 5.0, 9.5]), torch.tensor(0.5))
    assert found[1] == -1
    assert (found[::2] > 2).all()


def test_coverage():
    assert HEAT.coverage() == pytest.approx(0.5)
    bell = Variable(HEAT.words, HEAT.corners, bells)
    assert bell.coverage() == pytest.approx(0.458, abs=1e-3)
    uneven = Variable(("a", "b", "c"), torch.tensor([0.0, 1.0, 10.0]))
    assert uneven.coverage() == pytest.approx(0.5, abs=1e-2)


def test_a_nan_comes_through():
    for fan in controllers():
        assert fan(torch.tensor(torch.nan), torch.tensor(0.5)).isnan()


@pytest.mark.parametrize(
    ("words", "corners", "sentence"),
    [
        (("a", "a"), [0.0, 1.0], "must differ"),
        (("a", "any"), [0.0, 1.0], "none be 'any'"),
        (("a", "b"), [0.0, 1.0, 2.0], "one for each"),
        (("a",), [0.0], "one for each"),
        (("a", "b"), [1.0, 1.0], "must grow"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(words, corners, sentence):
    with pytest.raises(ValueError, match=sentence):
        Variable(words, torch.tensor(corners))


def test_a_controller_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"table has shape \(2, 3\); it must be \(3, 2\)"):
        Sugeno(HEAT, AIR, torch.ones(2, 3), 0.0)
    with pytest.raises(ValueError, match="table has shape"):
        Mamdani(HEAT, AIR, SPEED, torch.ones(2, 3).long(), 0.0)
    for wrong in (Sugeno, lambda *a, **k: Mamdani(HEAT, AIR, SPEED, *a[2:], **k)):
        with pytest.raises(ValueError, match="norm is 'sum'"):
            wrong(HEAT, AIR, torch.zeros(3, 2).long(), 0.0, norm="sum")
    with pytest.raises(ValueError, match="a rule says 'idle'"):
        Mamdani.of([("any", "any", "idle")], HEAT, AIR, SPEED, 0.0)


def test_the_default_shape_is_a_partition():
    x = torch.linspace(-1, 50, 9, dtype=torch.float64)
    torch.testing.assert_close(HEAT(x), partition(x, HEAT.corners))
