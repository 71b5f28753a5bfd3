import pytest
import torch

from course_lib.lab import generator
from course_lib.lab.toys import spirals, xor


@pytest.mark.parametrize("make", [xor, spirals])
def test_types_shapes_and_shares(make):
    points = make(101, 0.1, generator(0))
    assert points.x.shape == (101, 2)
    assert points.y.shape == (101,)
    assert (points.x.dtype, points.y.dtype) == (torch.float32, torch.int64)
    assert points.y.bincount().tolist() in ([51, 50], [50, 51])


@pytest.mark.parametrize("make", [xor, spirals])
def test_the_seed_decides(make):
    first, again, other = (make(50, 0.1, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.y, again.y)
    assert not torch.equal(first.x, other.x)
    assert not torch.equal(first.y, other.y), "the order is random too"


def test_xor_without_noise_is_its_corners():
    points = xor(40, 0.0, generator(0))
    assert (points.x.abs() == 1).all()
    assert torch.equal(points.y == 1, points.x.prod(dim=1) == -1)
    for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        assert int((points.x == torch.tensor(corner)).all(dim=1).sum()) == 10


def test_the_noise_of_xor_has_its_size():
    points = xor(4000, 0.2, generator(0))
    corner = points.x.sign()  # five standard deviations away from the axes
    error = points.x - corner
    assert error.std().item() == pytest.approx(0.2, rel=0.05)
    assert error.mean(dim=0).abs().max() < 4 * 0.2 / 4000**0.5


def test_the_arms_of_the_spirals():
    points = spirals(400, 0.0, generator(0))
    radius = points.x.norm(dim=1)
    assert radius.min() >= 0.0999
    assert radius.max() <= 1.0001
    angle = torch.atan2(points.x[:, 1], points.x[:, 0])
    wound = 3 * torch.pi * (radius - 0.1) / 0.9 + torch.pi * points.y
    torch.testing.assert_close(torch.cos(angle - wound), torch.ones(400), atol=1e-5, rtol=0)


def test_one_arm_is_the_other_turned_by_half_a_circle():
    """A point of the opposite class lies nearer to a mirrored point than any of its own class."""
    points = spirals(4000, 0.0, generator(0))
    near = torch.cdist(-points.x, points.x).argmin(dim=1)
    assert (points.y[near] != points.y).double().mean() > 0.99


def test_the_noise_of_the_spirals_has_its_size():
    clear, noisy = spirals(4000, 0.0, generator(0)), spirals(4000, 0.1, generator(0))
    assert torch.equal(clear.y, noisy.y)
    assert (noisy.x - clear.x).std().item() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("make", [xor, spirals])
@pytest.mark.parametrize(
    ("n", "noise", "words"), [(-1, 0.1, "n is -1"), (5, -0.1, r"noise is -0\.1; .* 0 or more")]
)
def test_a_wrong_argument_is_named(make, n, noise, words):
    with pytest.raises(ValueError, match=words):
        make(n, noise, generator(0))


@pytest.mark.parametrize("make", [xor, spirals])
def test_no_points_at_all(make):
    assert make(0, 0.1, generator(0)).x.shape == (0, 2)
