"""The losses of article A's library, Keras, on torch: where they are ours and where a dialect."""

import math

import pytest
import torch

from course_lib.nn.cross_entropy import bce, bce_logits, categorical, categorical_logits
from course_lib.nn.losses import absolute, huber, mse


@pytest.fixture(scope="module")
def keras_losses(keras):
    return keras.losses


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (mse, "MeanSquaredError", {}),
        (absolute, "MeanAbsoluteError", {}),
        (huber, "Huber", {}),
        (lambda p, y: huber(p, y, 0.3), "Huber", {"delta": 0.3}),
    ],
)
def test_numbers(keras_losses, ours, name, settings):
    p, y = draw(20), 2 * draw(20, seed=1)
    theirs = getattr(keras_losses, name)(dtype="float64", **settings)(y, p)
    torch.testing.assert_close(ours(p, y), theirs)


def test_classes(keras_losses):
    z, y = draw(20), (draw(20, seed=1) > 0).double()
    for from_logits, ours, outputs in ((True, bce_logits, z), (False, bce, torch.sigmoid(z))):
        theirs = keras_losses.BinaryCrossentropy(from_logits=from_logits, dtype="float64")
        torch.testing.assert_close(ours(outputs, y), theirs(y, outputs))
    z, y = draw(20, 4), torch.arange(20) % 4
    p = torch.softmax(z, dim=1)
    for from_logits, ours, outputs in ((True, categorical_logits, z), (False, categorical, p)):
        theirs = keras_losses.SparseCategoricalCrossentropy(
            from_logits=from_logits, dtype="float64"
        )
        exact = ours(outputs, y).float()  # what this loss of Keras comes out in, whatever is asked
        torch.testing.assert_close(exact, theirs(y, outputs).float())


def test_keras_clips_probabilities_and_torch_clips_logarithms(keras_losses):
    p, y = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    theirs = keras_losses.BinaryCrossentropy(dtype="float64")(y, p).item()
    assert theirs == pytest.approx(-math.log(1e-7)) == pytest.approx(16.12, abs=0.005)
    certain_yes = keras_losses.BinaryCrossentropy()(torch.zeros(1), torch.ones(1)).item()
    assert certain_yes == pytest.approx(15.94, abs=0.005)  # 1 − 1e-7 is rounded in float32
    assert torch.nn.functional.binary_cross_entropy(p, y).item() == 100
    assert bce(p, y) == torch.inf


def test_keras_divides_rows_by_their_sum(keras_losses):
    p, y = torch.tensor([[0.2, 0.2]], dtype=torch.float64), torch.tensor([0])
    theirs = keras_losses.SparseCategoricalCrossentropy(dtype="float64")(y, p).item()
    assert theirs == pytest.approx(-math.log(0.5))
    assert categorical(p, y).item() == pytest.approx(-math.log(0.2))
