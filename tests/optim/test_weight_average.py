"""Averages of weights against torch's AveragedModel, and against lesson 09's average, corrected."""

import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.lab import generator
from course_lib.optim.averages import ema
from course_lib.optim.correction import corrected
from course_lib.optim.weight_average import weight_ema, weight_ema_from_first

POINTS = torch.randn(12, generator=generator(0), dtype=torch.float64)


def run(rule, points, beta):
    average, found = torch.zeros_like(points[0]), []
    for t, p in enumerate(points, start=1):
        average = rule(average, p, t=t, beta=beta)
        found.append(average)
    return torch.stack(found)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_it_is_the_corrected_average(beta):
    plain = ema(POINTS, beta)
    expected = torch.stack([corrected(a, beta, t) for t, a in enumerate(plain, start=1)])
    torch.testing.assert_close(run(weight_ema, POINTS, beta), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_begun_at_the_first_weights_it_is_that_of_torch(beta):
    model = torch.nn.Linear(3, 2, dtype=torch.float64)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(beta))
    source, points, expected = generator(1), [], []
    for _ in range(6):
        with torch.no_grad():
            model.weight += torch.randn(2, 3, generator=source, dtype=torch.float64)
        averaged.update_parameters(model)
        points.append(model.weight.detach().clone())
        expected.append(averaged.module.weight.detach().clone())
    torch.testing.assert_close(
        run(weight_ema_from_first, torch.stack(points), beta), torch.stack(expected)
    )


def test_the_first_weights_count_as_the_docstrings_say():
    impulse = torch.zeros(5, dtype=torch.float64)
    impulse[0] = 1
    beta, t = 0.9, 5
    assert run(weight_ema_from_first, impulse, beta)[-1].item() == pytest.approx(beta ** (t - 1))
    own = (1 - beta) * beta ** (t - 1) / (1 - beta**t)
    assert run(weight_ema, impulse, beta)[-1].item() == pytest.approx(own)
