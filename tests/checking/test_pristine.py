"""An answer is judged alike in every notebook, and leaves no trace in it."""

import functools
import gc
import math
import os
import random
import sys
import warnings

import matplotlib
import numpy as np
import pytest
import torch

from course_lib.checking import evaluate
from course_lib.checking.pristine import restore

from .conftest import TOY


def right(x, k):
    return x / k + 1


@pytest.fixture
def restored():
    yield
    restore()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def state():
    return [
        repr(torch.tensor([math.pi])),
        torch.get_deterministic_debug_mode(),
        torch.get_float32_matmul_precision(),
        torch.is_anomaly_enabled(),
        np.get_printoptions(),
        dict(matplotlib.rcParams),
        gc.isenabled(),
        list(sys.path),
        umask(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),
        random.getstate(),
        sys.getrecursionlimit(),
        os.getcwd(),
        dict(os.environ),
        list(warnings.filters),
    ]


def test_an_answer_leaves_no_trace():
    def answer(x, k):
        torch.set_default_dtype(torch.float64)
        torch.set_printoptions(precision=2)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_float32_matmul_precision("medium")
        torch.autograd.set_detect_anomaly(True)
        np.set_printoptions(precision=2)
        matplotlib.rcParams["text.usetex"] = True
        gc.disable()
        sys.path.insert(0, "/elsewhere")
        os.umask(0o777)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        torch.set_num_threads(1 + torch.get_num_threads())
        torch.manual_seed(len(x))
        np.random.seed(len(x))
        random.seed(len(x))
        sys.setrecursionlimit(200)
        os.chdir("/")
        os.environ["ADDED"] = "1"
        os.environ.pop("PATH", None)
        warnings.simplefilter("ignore")
        return right(x, k)

    before = state()
    assert evaluate(TOY, answer).passed
    assert state() == before


def test_settings_of_the_notebook_play_no_part(monkeypatch):
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("error")
            assert evaluate(TOY, right).usable
            assert evaluate(TOY, TOY.slips[0].answer).slip == TOY.slips[0].name
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)  # "cpu" would leave a mode that torch.compile does not like


def test_a_deep_recursion_ends_at_once():
    def answer(x, k):
        sys.setrecursionlimit(10**9)
        return answer(x, k)

    assert "without end" in evaluate(TOY, answer).message


def test_replaced_functions_are_put_back_before_judging(restored):
    add, allclose = torch.Tensor.__add__, torch.allclose
    torch.Tensor.__add__ = lambda a, b: torch.zeros(3)
    torch.allclose = lambda *_, **__: True
    torch.Tensor.sum = lambda a: 0
    torch.Tensor.shape = property(lambda a: ())
    outcome = evaluate(TOY, lambda x, k: x / k)
    assert outcome.status == "wrong_value"
    assert "torch.allclose" in outcome.message
    assert torch.Tensor.__add__ is add
    assert torch.allclose is allclose
    assert torch.ones(3).sum() == 3
    assert torch.ones(3).shape == (3,)


def replaces_a_property(x, k):
    torch.Tensor.shape = property(lambda a: ())
    return x


def replaces_what_torch_asks_first(x, k):
    torch.Tensor.__torch_function__ = classmethod(lambda *_, **__: 0)
    return 1


def replaces_what_compares(x, k):
    np.isclose = lambda *_, **__: np.True_
    return x


def replaces_with_a_wrapper(x, k):
    torch.exp = functools.wraps(torch.exp)(lambda z: z)
    return right(x, k)


def replaces_a_class(x, k):
    torch.nn.Linear = torch.nn.Identity
    return right(x, k)


def replaces_a_constant(x, k):
    math.pi, torch.float32 = 3.0, torch.float64
    return right(x, k)


@pytest.mark.parametrize(
    "answer",
    [
        replaces_a_property,
        replaces_what_torch_asks_first,
        replaces_what_compares,
        replaces_with_a_wrapper,
        replaces_a_class,
        replaces_a_constant,
    ],
)
def test_what_is_replaced_while_running_never_passes(answer, restored):
    outcome = evaluate(TOY, answer)
    assert outcome.status == "changed_input"
    assert "replaces" in outcome.message
    assert evaluate(TOY, right).message == "Right. The lesson goes on with your own version."


def test_importing_more_of_torch_or_setting_a_dtype_counts_as_no_replacement():
    import torch._dynamo

    torch.set_default_dtype(torch.float64)
    try:
        assert restore() == []
    finally:
        torch.set_default_dtype(torch.float32)
