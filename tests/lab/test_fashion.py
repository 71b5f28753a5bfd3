"""Fashion-MNIST's files, read from small ones of the same kind."""

import gzip

import pytest
import torch

from course_lib.lab import fashion_mnist
from course_lib.lab.fashion import VARIABLE, read_idx


def idx(values: torch.Tensor) -> bytes:
    lengths = b"".join(length.to_bytes(4, "big") for length in values.shape)
    return bytes([0, 0, 8, values.ndim]) + lengths + bytes(values.flatten().tolist())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Files like the package's: 12 images to train on, 4 to test, one part packed, one not."""
    source = torch.Generator().manual_seed(0)
    for name, n, pack in (("train", 12, True), ("t10k", 4, False)):
        images = torch.randint(0, 256, (n, 28, 28), generator=source)
        for kind, values in (("images-idx3", images), ("labels-idx1", torch.arange(n) % 10)):
            file = tmp_path / f"{name}-{kind}-ubyte"
            if pack:
                file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(idx(values)))
            else:
                file.write_bytes(idx(values))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_images_are_means_of_four_pixels_with_their_labels(folder):
    data = fashion_mnist(train=8, validation=4)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [8, 4, 4]
    assert data.test.y.tolist() == [0, 1, 2, 3]
    raw = read_idx(folder / "t10k-images-idx3-ubyte").double() / 255
    expected = raw[2, 4:6, 10:12].mean().item()
    assert data.test.x[2].view(14, 14)[2, 5].item() == pytest.approx(expected, abs=1e-6)
    raw = read_idx(folder / "train-images-idx3-ubyte.gz").double().view(12, 14, 2, 14, 2) / 255
    small = raw.mean(dim=(2, 4)).flatten(1).float()
    for x, y in zip(data.train.x, data.train.y, strict=True):
        same = (small - x).abs().amax(dim=1).argmin().item()
        assert same % 10 == y
        torch.testing.assert_close(small[same], x)
    together = torch.cat([data.train.x, data.validation.x])
    assert len(together.unique(dim=0)) == 12  # no image stands twice


def test_a_missing_folder_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"dataset-fashion-mnist.*COURSE_FASHION_MNIST"):
        fashion_mnist()


@pytest.mark.parametrize(
    ("broken", "match"),
    [(b"\x00\x00\x0d\x01\x00\x00\x00\x00", "no IDX"), (bytes([0, 0, 8, 1, 0, 0, 0, 3, 7]), "1 by")],
)
def test_a_broken_file_is_refused(tmp_path, broken, match):
    file = tmp_path / "file"
    file.write_bytes(broken)
    with pytest.raises(ValueError, match=match):
        read_idx(file)
