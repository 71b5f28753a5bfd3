"""Fashion-MNIST, read from the files that the Debian package `dataset-fashion-mnist` brings."""

import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib.lab.data import Dataset, Split
from course_lib.lab.device import generator

VARIABLE = "COURSE_FASHION_MNIST"
INSTALLED = "/usr/share/datasets/fashion-mnist"


def read_idx(file: Path) -> Tensor:
    """Return what an IDX file of bytes holds, uint8, in the shape that it names; `.gz` is undone.

    Its head is big-endian: two bytes of 0, 8 for bytes, the number of axes, then each length in
    four bytes. Raises ValueError for a file that begins otherwise or has another size.
    """
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{file.name} is no IDX file of bytes")
    axes = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    values = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * axes)
    if len(values) != np.prod(shape):
        raise ValueError(f"{file.name} holds {len(values)} bytes; its shape is {shape}")
    return torch.from_numpy(values.copy()).view(shape)


def fashion_mnist(train: int = 10_000, validation: int = 2_000) -> Dataset:
    """Return Fashion-MNIST at 14×14 pixels: clothes in ten classes.

    x `(n, 196)` float32, 0 to 1, each the mean of 2×2 pixels; y `(n,)` int64. Training and
    validation images are drawn from the 60,000 of the training part, from seed 0; the test part
    has 10,000. The files are looked for in the folder that the environment variable
    COURSE_FASHION_MNIST names, or where Debian puts them.
    Raises FileNotFoundError, with how to get them, if they are not there.
    Source: Xiao, Rasul and Vollgraf (2017), Fashion-MNIST.
    """
    folder = Path(os.environ.get(VARIABLE) or INSTALLED)
    x, y = _part(folder, "train")
    order = torch.randperm(len(y), generator=generator(0))[: train + validation]
    first, second = order.split([train, validation])
    splits = Split(x[first], y[first]), Split(x[second], y[second]), Split(*_part(folder, "t10k"))
    return Dataset("fashion_mnist", *splits)


def _part(folder: Path, name: str) -> tuple[Tensor, Tensor]:
    images = read_idx(_file(folder, f"{name}-images-idx3-ubyte"))
    small = torch.nn.functional.avg_pool2d(images[:, None].float() / 255, 2)
    return small.flatten(1), read_idx(_file(folder, f"{name}-labels-idx1-ubyte")).long()


def _file(folder: Path, name: str) -> Path:
    for file in (folder / f"{name}.gz", folder / name):
        if file.is_file():
            return file
    raise FileNotFoundError(
        f"{folder} holds no {name}: install Debian's package dataset-fashion-mnist, or unpack it "
        f"and let the environment variable {VARIABLE} name the folder of its files"
    )
