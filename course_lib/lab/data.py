"""Real data that needs no download, always divided in the same way."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from torch import Tensor

from course_lib.lab.device import generator


@dataclass(frozen=True)
class Split:
    """Examples and their answers: x `(n, d)` and y `(n,)`."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def to(self, device: torch.device | str) -> "Split":
        return Split(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class Dataset:
    """A data set in three parts that share no example.

    Fit on `train`, choose settings on `validation`, report on `test`.
    """

    name: str
    train: Split
    validation: Split
    test: Split

    def to(self, device: torch.device | str) -> "Dataset":
        """Return the same data on `device`."""
        parts = (part.to(device) for part in (self.train, self.validation, self.test))
        return Dataset(self.name, *parts)


def digits() -> Dataset:
    """Return scikit-learn's handwritten digits: 1797 images of 8×8 pixels, ten classes.

    x `(n, 64)` float32, 0 for blank paper to 1 for full ink, row by row from the top left.
    y `(n,)` int64, the digit. 1000 images to train on, 300 to validate, 497 to test.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), the test
    part.
    """
    raw = load_digits()
    x = torch.tensor(raw.data / 16, dtype=torch.float32)
    y = torch.tensor(raw.target, dtype=torch.int64)
    return _divide("digits", x, y, train=1000, validation=300)


def breast_cancer() -> Dataset:
    """Return scikit-learn's breast cancer data: 569 tumours, 30 measures of their cells.

    x `(n, 30)` float32, each measure with mean 0 and standard deviation 1 over the training part.
    y `(n,)` int64, 1 for malignant (37 % of all) and 0 for benign. 340 tumours to train on, 114 to
    validate, 115 to test. Source: Wolberg, Street and Mangasarian, Breast Cancer Wisconsin
    (Diagnostic), UCI (1995).
    """
    raw = load_breast_cancer()
    x = torch.tensor(raw.data, dtype=torch.float64)
    y = torch.tensor(1 - raw.target, dtype=torch.int64)  # there 0 stands for malignant
    return _standardise(_divide("breast_cancer", x, y, train=340, validation=114))


def diabetes() -> Dataset:
    """Return scikit-learn's diabetes data: 442 patients, 10 measures, and a number to predict.

    x `(n, 10)` float32: age, sex, body mass index, blood pressure and six blood values, each with
    mean 0 and standard deviation 1 over the training part. y `(n,)` float32: how far the disease
    had gone a year later, a number without a unit from 25 to 346. 264 patients to train on, 88 to
    validate, 90 to test. Source: Efron, Hastie, Johnstone and Tibshirani, Least Angle Regression,
    Annals of Statistics 32(2), 2004.
    """
    raw = load_diabetes(scaled=False)
    x = torch.tensor(raw.data, dtype=torch.float64)
    y = torch.tensor(raw.target, dtype=torch.float32)
    return _standardise(_divide("diabetes", x, y, train=264, validation=88))


def resplit(data: Dataset, generator: torch.Generator) -> Dataset:
    """Return the same examples divided anew, at random, into parts of the same sizes."""
    parts = (data.train, data.validation, data.test)
    x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])
    order = torch.randperm(len(y), generator=generator).to(y.device)
    chosen = order.split([len(part) for part in parts])
    return Dataset(data.name, *(Split(x[part], y[part]) for part in chosen))


def imbalanced(split: Split, share: float, generator: torch.Generator) -> Split:
    """Return a split in which class 1 is rare: all of class 0, and a random few of class 1.

    share: of class 1 in the result, above 0 and below 1, rounded to whole examples. The order of
    the examples stays. Raises ValueError where class 1 has too few examples to make up this share.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; it must be above 0 and below 1")
    rare = (split.y == 1).nonzero().flatten()
    wanted = round(share / (1 - share) * int((split.y == 0).sum()))
    if wanted > len(rare):
        raise ValueError(f"share is {share}; class 1 has {len(rare)} examples, {wanted} are needed")
    kept = split.y == 0
    kept[rare[torch.randperm(len(rare), generator=generator)[:wanted].to(rare.device)]] = True
    return Split(split.x[kept], split.y[kept])


def _divide(name: str, x: Tensor, y: Tensor, *, train: int, validation: int) -> Dataset:
    """Shuffle once, from seed 0, and cut: train, validation, and the rest to test."""
    order = torch.randperm(len(y), generator=generator(0))
    cuts = order.tensor_split([train, train + validation])
    return Dataset(name, *(Split(x[part], y[part]) for part in cuts))


def _standardise(data: Dataset) -> Dataset:
    """Scale each measure to mean 0 and standard deviation 1 over the training part, in float32."""
    mean, spread = data.train.x.mean(dim=0), data.train.x.std(dim=0)
    parts = (data.train, data.validation, data.test)
    return Dataset(data.name, *(Split(((p.x - mean) / spread).float(), p.y) for p in parts))
