import pytest
import torch

from course_lib.lab import digits, generator
from course_lib.lab.corruption import blur, fade, noise


def image(*inked):
    x = torch.zeros(1, 8, 8, dtype=torch.float64)
    for row, column in inked:
        x[0, row, column] = 1
    return x.flatten(1)


def test_a_dot_becomes_the_gaussian_around_it():
    row, column = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    bell = torch.exp(-((row - 3) ** 2 + (column - 4) ** 2) / (2 * 0.8**2))
    dot = blur(image((3, 4)), 0.8).view(8, 8)
    torch.testing.assert_close((dot / dot.max()).float(), bell)


@pytest.mark.parametrize("width", [0.3, 0.75, 1.5])
def test_ink_is_kept_but_for_what_runs_off_the_image(width):
    x = digits().test.x.double()
    assert (blur(x, width).sum(dim=1) <= x.sum(dim=1) + 1e-9).all()
    torch.testing.assert_close(
        blur(image((3, 4)), 0.5).sum(), torch.tensor(1.0, dtype=torch.float64)
    )


def test_blur_is_linear_and_treats_both_directions_alike():
    a, b = image((2, 5)), image((5, 1), (6, 6))
    torch.testing.assert_close(blur(2 * a + b, 1.0), 2 * blur(a, 1.0) + blur(b, 1.0))
    turned = blur(a.view(1, 8, 8).mT.flatten(1), 1.0)
    torch.testing.assert_close(turned.view(8, 8).T, blur(a, 1.0).view(8, 8))


def test_blurring_twice_adds_the_squares_of_the_widths():
    x = image((3, 3), (4, 4))
    once = blur(x, 2.5**0.5)
    assert (blur(blur(x, 1.5), 0.5) - once).abs().max() < 0.02 * once.max()


def test_no_damage_leaves_the_images_alone():
    x = digits().test.x
    assert torch.equal(blur(x, 0), x)
    assert torch.equal(noise(x, 0.0, generator(0)), x)
    assert torch.equal(fade(x, 1.0), x)


def test_noise_has_its_level_and_no_direction():
    x = digits().train.x.double()
    added = noise(x, 0.3, generator(0)) - x
    assert added.std() == pytest.approx(0.3, rel=0.02)
    assert abs(added.mean()) < 0.3 * 4 / added.numel() ** 0.5
    assert torch.equal(noise(x, 0.3, generator(0)) - x, added)
    assert not torch.equal(noise(x, 0.3, generator(1)) - x, added)


def test_muting_scales():
    x = digits().test.x
    assert torch.equal(fade(x, 0.25), x / 4)


def test_the_type_of_the_images_is_kept():
    x = digits().test.x
    for dtype in (torch.float32, torch.float64):
        for worse in (blur(x.to(dtype), 1.0), noise(x.to(dtype), 0.1, generator(0))):
            assert worse.dtype == dtype
            assert worse.shape == x.shape


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: blur(x, -1.0), "width is -1.0; it must be 0 or more"),
        (lambda x: noise(x, -0.1, generator(0)), "level is -0.1; it must be 0 or more"),
        (lambda x: fade(x, float("nan")), "factor is nan; it must be 0 or more"),
    ],
)
def test_a_negative_damage_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(digits().test.x)
