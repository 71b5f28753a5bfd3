"""Whatever comes back is recorded as plain data, and every change of an argument is seen."""

import numpy as np
import pytest
import torch

from course_lib.checking import Case
from course_lib.checking.record import call, describe


def conjugated():
    return torch.tensor([1 + 1j, 1 + 1j], dtype=torch.complex128).conj()


class Refuses:
    """Raises whenever it is looked at."""

    def __getattr__(self, name):
        raise RuntimeError("no attributes")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None

    @property
    def __class__(self):
        raise RuntimeError("no class")


@pytest.mark.parametrize(
    ("value", "kind", "type_name"),
    [
        (torch.ones(2).to_sparse(), "other", "sparse tensor"),
        (np.float32(1), "array", "float32"),
        (np.array([1, None]), "other", "ndarray"),
        (10**400, "number", "int"),
        (torch.ones, "function", "builtin_function_or_method"),
        (torch.ones(1).sum, "function", "builtin_function_or_method"),
        (torch.max(torch.ones(2), 0), "sequence", "max"),
        ({1}, "other", "set"),
        (b"bytes", "other", "bytes"),
    ],
)
def test_every_value_has_a_kind(value, kind, type_name):
    assert (describe(value).kind, describe(value).type_name) == (kind, type_name)


def test_lazy_tensors_are_resolved():
    assert describe(conjugated()).values.tolist() == [1 - 1j, 1 - 1j]
    assert describe(conjugated().imag).values.tolist() == [-1, -1]


def test_endless_and_huge_sequences_are_cut():
    endless = []
    endless.append(endless)
    assert describe(endless).kind == "sequence"
    assert len(describe([0.0] * 1_000_000).items) == 1_000


def test_an_object_that_refuses_to_be_looked_at_is_an_error():
    result = call(lambda: Refuses(), Case("nothing"))
    assert (result.kind, result.type_name, result.text) == ("error", "RuntimeError", "no class")


def test_a_callable_that_refuses_to_be_looked_at_is_an_error():
    class RefusesToo(Refuses):
        def __call__(self):
            raise ValueError

    assert call(RefusesToo(), Case("nothing")).type_name == "ValueError"


def sets_nan_to_zero(x):
    x.nan_to_num_()


def keeps_a_gradient(x):
    x.requires_grad_().sum().backward()
    x.requires_grad_(False)


def changes_the_class(x):
    x.__class__ = type("Other", (torch.Tensor,), {})


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        (sets_nan_to_zero, torch.tensor([1.0, torch.nan])),
        (keeps_a_gradient, torch.ones(2)),
        (changes_the_class, torch.ones(2)),
        (lambda x: x.resize_(3), torch.ones(2)),
        (lambda x: x.sort(), [3, 1, 2]),
        (lambda x: x.__setitem__(0, 5), [3, 1, 2]),
        (lambda x: x.__setitem__(0, 5), np.ones(2)),
        (lambda x: x.update(a=2), {"a": 1}),
        (lambda x: x[0].add_(1), [torch.ones(2)]),
    ],
)
def test_a_changed_argument_is_seen(change, argument):
    def by_position(x):
        change(x)

    def by_name(*, x):
        change(x)

    assert call(by_position, Case("one", (argument,))).changed == 0
    assert call(by_name, Case("one", (), {"x": argument})).changed == "x"
    assert call(lambda x: None, Case("one", (argument,))).changed is None


def test_an_import_in_vain_is_told_without_a_path():
    def answer():
        from torch import unknown  # noqa: F401

    result = call(answer, Case("with nothing"))
    assert result.text == "cannot import name 'unknown' from 'torch'"
