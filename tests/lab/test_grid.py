import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Split,
    accuracy,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    stack_data,
    stack_params,
    train,
)
from course_lib.lab.grid import parts
from course_lib.optim.rules import momentum

SEEDS = [3, 5]
HOW = {"epochs": 2, "batch_size": 100}


def draw(seed):
    whole = resplit(digits(), generator(seed))
    data = Dataset("few", *(Split(part.x[:200], part.y[:200]) for part in parts(whole)))
    return Run(networks.start([64, 8, 10], generator(50 + seed)), data, generator(70 + seed))


def alone(seed, lr, beta, start=None):
    run = draw(seed)
    return train(
        networks.network, start or run.start, run.data, lr=lr, momentum=beta,
        generator=run.order, label=None, **HOW,
    )  # fmt: skip


def test_every_cell_of_a_grid_is_the_run_that_a_loop_would_do():
    settings = {"lr": [0.01, 0.3, 0.1], "beta": [0.0, 0.5, 0.9]}
    found = grid(networks.network, draw_runs(draw, SEEDS), settings=settings, rule=momentum, **HOW)
    right, losses = found.measure(accuracy), found.measure(cross_entropy, "train")
    assert right.shape == (3, 2)
    assert found.history["train_loss"].shape == (3, 2, 3)
    for row, (lr, beta) in enumerate(zip(*settings.values(), strict=True)):
        for column, seed in enumerate(SEEDS):
            params, history = alone(seed, lr, beta)
            for name, value in params.items():
                torch.testing.assert_close(found.params[name][row, column], value)
            test = draw(seed).data.test
            own = (networks.network(params, test.x).argmax(dim=1) == test.y).float().mean()
            assert right[row, column].item() == pytest.approx(own.item())
            last = history["train_loss"][-1]
            torch.testing.assert_close(losses[row, column], last)
            assert (
                found.last_loss()[row, column] == found.history["validation_loss"][row, column, 2]
            )


def test_a_setting_may_start_elsewhere():
    runs = draw_runs(draw, SEEDS)
    starts = stack_params([{k: scale * v for k, v in runs.start.items()} for scale in (1.0, 2.0)])
    settings = {"lr": [0.1, 0.1], "beta": [0.5, 0.5]}
    how = {"settings": settings, "rule": momentum, **HOW}
    found = grid(networks.network, runs, starts=starts, **how)
    twice = {name: 2 * value for name, value in draw(SEEDS[1]).start.items()}
    params, _ = alone(SEEDS[1], 0.1, 0.5, twice)
    torch.testing.assert_close(found.params["W1"][1, 1], params["W1"])


def test_a_grid_leaves_its_runs_as_they_are_so_that_a_second_gives_the_same():
    runs = draw_runs(draw, SEEDS)
    how = {"settings": {"lr": [0.1]}, **HOW}
    first, second = (grid(networks.network, runs, **how) for _ in range(2))
    assert torch.equal(first.params["W1"], second.params["W1"])


def test_a_run_that_diverged_has_an_infinite_loss():
    found = grid(networks.network, draw_runs(draw, SEEDS), settings={"lr": [0.1, 1e30]}, **HOW)
    assert found.last_loss()[0].isfinite().all()
    assert (found.last_loss()[1] == torch.inf).all()


def test_so_has_one_that_came_back_from_infinity():
    history = {
        "validation_loss": torch.tensor([[[2.0, 1.0], [2.0, 0.5]]]),
        "diverged": torch.tensor([[False, True]]),
    }
    found = Grid(networks.network, {}, history, draw(SEEDS[0]).data)
    assert found.last_loss().tolist() == [[1.0, torch.inf]]


def test_no_loss_counts_for_more_than_the_bound_not_even_that_of_a_run_that_diverged():
    settings = {"lr": [0.1, 100.0, 1e30]}
    found = grid(networks.network, draw_runs(draw, SEEDS), settings=settings, **HOW)
    losses, plain = found.loss("test", at_most=3.0), found.measure(cross_entropy, "test")
    assert losses.shape == (3, 2)
    assert losses.dtype == torch.float64
    torch.testing.assert_close(losses[0], plain[0].double())
    assert plain[1].isfinite().all()
    assert (plain[1] > 3).all()
    assert plain[2].isnan().all()
    assert (losses[1:] == 3).all()
    assert not torch.equal(losses[0], found.loss("train", at_most=3.0)[0])


def test_repeated_runs_come_in_rounds_and_share_no_generator():
    runs = draw_runs(draw, SEEDS)
    again = runs.repeat(2)
    for seed in range(4):
        assert torch.equal(again.data.test.x[seed], draw(SEEDS[seed % 2]).data.test.x)
        assert torch.equal(again.start["W2"][seed], runs.start["W2"][seed % 2])
    drawn = [torch.rand(1, generator=own).item() for own in again.orders]
    assert drawn == 2 * [torch.rand(1, generator=draw(seed).order).item() for seed in SEEDS]


def test_runs_move_with_their_data_and_keep_their_orders():
    runs = draw_runs(draw, SEEDS)
    moved = runs.to("meta")
    tensors = [*moved.start.values(), *(part.x for part in parts(moved.data))]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert moved.orders is runs.orders


def test_stacked_data_hold_each_part_of_each_set():
    each = [draw(seed).data for seed in SEEDS]
    together = stack_data(each)
    for own, part in zip(parts(each[1]), parts(together), strict=True):
        assert torch.equal(part.x[1], own.x)
        assert torch.equal(part.y[1], own.y)


@pytest.mark.parametrize("settings", [{}, {"lr": []}, {"lr": [0.1, 0.2], "beta": [0.9]}])
def test_settings_of_different_lengths_are_refused(settings):
    runs = draw_runs(draw, SEEDS)
    with pytest.raises(ValueError, match="all names need as many values"):
        grid(networks.network, runs, settings=settings, rule=momentum, **HOW)
